/* Family vits: the table, and the loop over the requests of a batch. */
#include <string.h>

#include "models/vits/import.h"
#include "models/vits/speech.h"

static const struct ora_setting_def settings[] = {
    [VITS_NOISE_SCALE] = {.name = "noise_scale",
                          .fallback = 0.667,
                          .min = 0,
                          .max = 2,
                          .help = "how much the sound varies; 0 is the mean voice, the same for every seed"},
    [VITS_LENGTH_SCALE] = {.name = "length_scale",
                           .fallback = 1,
                           .min = 0.05,
                           .max = 20,
                           .help = "length of every phone; 2 is half as fast (speed divides it)"},
    [VITS_NOISE_W] = {.name = "noise_w",
                      .fallback = 0.8,
                      .min = 0,
                      .max = 2,
                      .help = "how much the rhythm varies (stochastic duration predictors)"},
    {0},
};

static int check_phones(const struct ora_voice *voice, const char *text, bool text_is_phonemes,
                        struct ora_err *err)
{
    struct vits_symbols symbols;
    if (text_is_phonemes) /* what the voice lacks is left out and counted */
        return 0;
    int rc = vits_symbols_open(&symbols, voice, NULL, 0, 0, err);
    if (rc == 0)
        rc = vits_check_phonemes(&symbols, text, err);
    vits_symbols_close(&symbols);
    return rc;
}

static int plan(const struct ora_model *m, const struct ora_limits *limits, struct ora_plan *out,
                struct ora_err *err)
{
    (void)err;
    out->arena_bytes = vits_speech_samples(m, limits->max_chars) * sizeof(float) + vits_run_bytes(m) + 4096;
    out->max_batch = 1;
    return 0;
}

/* What the arena has left when a run has what it needs: the buffer for samples. */
static size_t samples_of(const struct ora_model *m, const struct ora_arena *arena)
{
    size_t free_bytes = arena->size_bytes - arena->used_bytes, run = vits_run_bytes(m) + 64;
    return free_bytes > run ? (free_bytes - run) / sizeof(float) & ~(size_t)15 : 0;
}

static int speak_one(const struct ora_model *m, struct ora_arena *arena, const struct ora_request *q,
                     size_t index, ora_emit_fn *emit, void *ctx)
{
    struct ora_err why = {0};
    struct vits_script script;
    struct vits_speech s = {.m = m, .arena = arena, .request = q, .script = &script};
    ora_spool_init(&s.spool, m->spool_dir, 0);
    size_t mark = ora_arena_mark(arena);
    int rc =
        q->speaker < 0 || q->speaker >= m->cfg.speakers
            ? ora_err_set(&why, ORA_E_BAD_INPUT, "speaker %d of a voice with %d", q->speaker, m->cfg.speakers)
            : 0;
    memset(&script, 0, sizeof script);
    if (rc == 0)
        rc = vits_script_make(m, q, &script, &why);
    if (rc == 0)
        rc = vits_speak(&s, samples_of(m, arena), &why);
    int result;
    if (rc == 0) {
        json_t *detail = vits_speech_detail(&s);
        struct ora_spoken spoken = {
            .pcm = s.pcm,
            .samples = s.samples,
            .map = s.map,
            .sample_rate_hz = m->sample_rate_hz,
            .normalized_text = ora_str_c(&script.normalized),
            .phonemes = ora_str_c(&s.phonemes),
            .phones = s.phone,
            .phone_count = s.phones,
            .words = s.word,
            .word_count = s.words,
            .segments = (uint32_t)s.segments,
            .frames = s.total_frames,
            .dropped_phonemes = script.dropped,
            .forced_cuts = s.cuts,
            .detail = detail,
        };
        result = emit(ctx, index, 0, &spoken, NULL);
        json_decref(detail);
    } else {
        result = emit(ctx, index, rc, NULL, &why);
    }
    vits_speech_release(&s);
    vits_script_release(&script);
    ora_arena_reset(arena, mark);
    return result;
}

static int synth(const struct ora_model *m, struct ora_arena *arena, const struct ora_request *requests,
                 size_t count, ora_emit_fn *emit, void *ctx, struct ora_err *err)
{
    (void)err; /* what fails, fails a request */
    for (size_t i = 0; i < count; i++) {
        int rc = speak_one(m, arena, &requests[i], i, emit, ctx);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static const char *level(const struct ora_model *m)
{
    return m->k->name;
}

const struct ora_family ora_family_vits = {
    .name = "vits",
    .summary = "VITS voices as Piper trains and exports them: fast, small, many languages",
    .settings = settings,
    .usual = {.chars_per_minute = 25000,
              .audio_s_per_char = 0.062,
              .core_s_per_audio_s =
                  0.056}, /* 18 audio seconds a second: one core of a Zen 4 server, AVX-512 */
    .open = vits_model_open,
    .close = vits_model_close,
    .plan = plan,
    .synth = synth,
    .level = level,
    .check_phones = check_phones,
    .import = vits_import,
    .import_reads = VITS_IMPORT_READS,
    .import_knows = vits_import_knows,
    .describe = vits_model_describe,
};
