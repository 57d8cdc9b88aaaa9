/* Family megatts3: the table, and the way of a batch. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "models/megatts3/clone.h"
#include "models/megatts3/estimate.h"
#include "models/megatts3/import.h"
#include "models/megatts3/inspect.h"
#include "models/megatts3/make_random.h"
#include "models/megatts3/ready.h"
#include "models/megatts3/result.h"
#include "models/megatts3/settings.h"
#include "nn/kernels/kernels.h"

/* What helps the language model and the duration model, whose weights stream once for all. */
enum { REQUESTS_MAX = 16 };

static int plan(const struct ora_model *m, const struct ora_limits *limits, struct ora_plan *out,
                struct ora_err *err)
{
    (void)limits; /* a text of any length is spoken in segments */
    out->max_batch = REQUESTS_MAX;
    return mega_speak_bytes(m, &out->arena_bytes, err);
}

static int hand_on(const struct mega_utterance *u, size_t index, ora_emit_fn *emit, void *ctx)
{
    struct mega_result r;
    if (u->rc < 0)
        return emit(ctx, index, u->rc, NULL, &u->why);
    mega_result_make(u, &r);
    struct ora_spoken spoken = {
        .pcm = u->pcm,
        .samples = u->samples,
        .sample_rate_hz = MEGA_SAMPLE_RATE,
        .normalized_text = ora_str_c(&u->script.normalized),
        .phonemes = ora_str_c(&r.phonemes),
        .lang = u->script.lang[0] ? u->script.lang : NULL,
        .phones = r.phone,
        .phone_count = r.phones,
        .words = r.word,
        .word_count = r.words,
        .segments = (uint32_t)u->count,
        .frames = r.frames,
        .forced_cuts = u->splits,
        .detail = r.detail,
    };
    int rc = emit(ctx, index, 0, &spoken, NULL);
    mega_result_release(&r);
    return rc;
}

static int speak_batch(struct mega_batch *b, ora_emit_fn *emit, void *ctx, struct ora_err *err)
{
    int rc = mega_speak_phones(b, err);
    if (rc == 0)
        rc = mega_read_words(b, err);
    mega_model_rest(b->m, MEGA_NET_G2P);
    if (rc == 0)
        rc = mega_speak_latents(b, err);
    for (size_t i = 0; rc == 0 && i < b->count; i++) {
        struct mega_utterance *u = &b->utterance[i];
        rc = u->rc == 0 ? mega_speak_wave(b, u, err) : 0;
        if (rc == 0)
            rc = hand_on(u, i, emit, ctx);
        mega_utterance_release(u); /* its samples are many */
    }
    mega_model_rest(b->m, MEGA_NET_VAE);
    return rc;
}

static int synth(const struct ora_model *m, struct ora_arena *arena, const struct ora_request *requests,
                 size_t count, ora_emit_fn *emit, void *ctx, struct ora_err *err)
{
    struct mega_batch b = {.m = m, .count = count};
    size_t mark = ora_arena_mark(arena);
    int rc = ora_compute_init(&b.c, m->k, arena, err);
    b.c.pulse = m->pulse;
    b.utterance = ora_xcalloc(count + 1, sizeof *b.utterance);
    if (rc == 0) {
        for (size_t i = 0; i < count; i++)
            mega_utterance_read(m, &requests[i], &b.utterance[i]);
        rc = speak_batch(&b, emit, ctx, err);
    }
    for (size_t i = 0; i < count; i++)
        mega_utterance_release(&b.utterance[i]);
    free(b.utterance);
    ora_arena_reset(arena, mark);
    return rc;
}

static const char *level(const struct ora_model *m)
{
    return m->k->name;
}

static int check_phones(const struct ora_voice *voice, const char *text, bool text_is_phonemes,
                        struct ora_err *err)
{
    (void)voice; /* all voices have the same phones */
    return mega_text_check(text, text_is_phonemes, err);
}

/* The steps for batches against the reference's. */
static const struct ora_probe probe = {"steps", 8, 32};

const struct ora_family ora_family_megatts3 = {
    .name = "megatts3",
    .summary = "MegaTTS 3: clones a voice from seconds of audio; English, Chinese and mixed",
    .settings = mega_settings,
    .ends_silent = true,
    .usual = {.chars_per_minute = 72, .audio_s_per_char = 0.075, .core_s_per_audio_s = 11.1},
    .cost = mega_cost,
    .open = mega_model_open,
    .close = mega_model_close,
    .plan = plan,
    .synth = synth,
    .level = level,
    .check_phones = check_phones,
    .import = mega_import,
    .import_reads = MEGA_IMPORT_READS,
    .import_knows = mega_import_knows,
    .known_files = mega_known_files,
    .import_license = MEGA_LICENSE,
    .import_note = MEGA_NOTICE,
    .make_random = mega_make_random,
    .add = mega_clone_add,
    .is_base = mega_is_base,
    .ready = mega_ready,
    .inspect = mega_inspect,
    .probe = &probe,
    .describe = mega_model_describe,
};
