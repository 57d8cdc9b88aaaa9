/*
 * megatts3-e2e DIR [--index INDEX.json] [--checkpoints RELEASE-DIR | --weights model.safetensors]
 *              [--tokenizer DIR] [--kernels LEVEL] [--seed S] [--verbose]
 *
 * The whole engine against the reference's own preprocess() and forward(): a recording and chunks of text go
 * in, 16-bit samples come out. DIR (or DIR/mini) holds e2e.json and e2e.safetensors; INDEX gives the sizes
 * (dims.mini; default: index.json in DIR or above it). Weights are made by the formula, or are a base
 * voice's, given or imported on the spot. The texts' tokens come from TOKENIZER's vocab.json and merges.txt,
 * from the base voice, or, where there is neither, from the expected ids. --seed makes weights of another
 * seed: then it must fail. Every integer must be equal, samples within 1. Closes with "N passed, N failed";
 * exit 1 when one failed.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "golden.h"
#include "models/megatts3/crossfade.h"
#include "models/megatts3/base_voice.h"
#include "models/megatts3/dit.h"
#include "models/megatts3/g2p.h"
#include "models/megatts3/level.h"
#include "models/megatts3/prompt.h"
#include "models/megatts3/vae_decoder.h"
#include "text/bpe.h"

enum { CHUNKS_MAX = 16, CONTEXT = 6 /* latents before a sample that it depends on */, WAVE = 4800 };

struct chunk {
    const char *text;
    int32_t *ids; /* of the prompt and what the G2P adds */
    int prompt_ids, written;
    int count;                           /* phones */
    int32_t *phones, *tones, *durations; /* [count] */
    int frames;
    float *latents; /* of prompt and chunk */
};

struct e2e {
    struct golden g;
    json_t *spec;
    struct ora_tensor_source source;
    struct mega_prompt prompt;
    struct chunk chunk[CHUNKS_MAX];
    int chunks;
};

struct options {
    const char *dir, *index, *weights, *checkpoints, *tokenizer, *kernels, *seed;
    bool verbose;
};

static double number(const struct e2e *e, const char *key)
{
    return json_number_value(json_object_get(e->spec, key));
}

static void bind_dit(struct ora_binder *b, void *model, const struct mega_dims *d)
{
    mega_dit_bind(b, &d->dit, model);
}

static void bind_duration(struct ora_binder *b, void *model, const struct mega_dims *d)
{
    mega_duration_bind(b, &d->dur, model);
}

static void bind_g2p(struct ora_binder *b, void *model, const struct mega_dims *d)
{
    mega_g2p_bind(b, &d->g2p, model);
}

static void bind_decoder(struct ora_binder *b, void *model, const struct mega_dims *d)
{
    mega_vae_decoder_bind(b, &d->vae, model);
}

static void check_number(struct e2e *e, const char *what, double got, double want, double tolerance)
{
    bool good = fabs(got - want) <= tolerance;
    if (!good || e->g.verbose)
        printf("%s %s: %.9g, wanted %.9g\n", good ? "ok  " : "FAIL", what, got, want);
    *(good ? &e->g.passed : &e->g.failed) += 1;
}

/* ---- the voice ------------------------------------------------------------------------------------------
 */

/* The seed of the random numbers is the case's, whatever the weights'. */
static void draw(const struct e2e *e, const char *name, float *out, size_t n)
{
    mega_formula_normals(mega_formula_key(json_string_value(json_object_get(e->spec, "seed")), name), out, n);
}

static void voice_noise(void *ctx, float *out, size_t n)
{
    draw(ctx, "in.e2e.voice.noise.0", out, n);
}

static void check_tokens(struct e2e *e, const struct mega_prompt_base *base,
                         const struct mega_prompt_input *in)
{
    struct ora_err err = {0};
    struct mega_prompt_wave w;
    int32_t tokens[MEGA_ALIGN_TOKENS_MAX + 2] = {MEGA_ALIGN_START};
    int count;
    golden_must(mega_prompt_hear(in, base->win_size, &w, &err), &err, "the prompt");
    golden_must(mega_prompt_align(base, &w, tokens + 1, &count, &err), &err, "the alignment");
    tokens[count + 1] = MEGA_ALIGN_END;
    golden_check_i32(&e->g, tokens, (size_t)count + 2, "e2e/voice.aligner_tokens");
    mega_prompt_wave_release(&w);
}

static void check_prompt(struct e2e *e)
{
    const struct mega_prompt *p = &e->prompt;
    size_t n = (size_t)p->phone_count, frames = (size_t)p->rows * MEGA_LATENT_FRAMES;
    int32_t *codes = ora_xcalloc(n + frames, sizeof *codes), *mel2ph = codes + n;
    mega_prompt_codes(p->durations, n, codes);
    golden_check_f32(&e->g, p->latents, (size_t)p->rows * MEGA_LATENT, "e2e/voice.latents");
    golden_check_i32(&e->g, p->phones, n, "e2e/voice.phones");
    golden_check_i32(&e->g, p->tones, n, "e2e/voice.tones");
    golden_check_i32(&e->g, codes, n, "e2e/voice.ctx");
    golden_check_i32(&e->g, mel2ph, mega_mel2ph(p->durations, n, mel2ph, frames), "e2e/voice.mel2ph");
    check_number(e, "loudness_prompt", p->lufs, number(e, "loudness_prompt"), 1e-6);
    free(codes);
}

static void make_voice(struct e2e *e)
{
    struct ora_err err = {0};
    const struct ora_tensor *pcm = ora_weights_find(e->g.tensors, "e2e/in.prompt_pcm");
    struct mega_prompt_base base = {
        .dims = &e->g.dims, .kernels = e->g.kernels, .tensors = &e->source, .has_encoder = true};
    if (!pcm || pcm->dtype != ORA_I16)
        golden_must(ora_err_set(&err, ORA_E_FORMAT, "no e2e/in.prompt_pcm of I16"), &err, "e2e");
    float *mono = ora_xcalloc(pcm->count, sizeof *mono);
    for (size_t i = 0; i < pcm->count; i++) {
        int16_t v;
        memcpy(&v, (const char *)pcm->data + 2 * i, 2);
        mono[i] = (float)v / 32768;
    }
    struct mega_prompt_input in = {.mono = mono,
                                   .samples = pcm->count,
                                   .sample_rate_hz = MEGA_SAMPLE_RATE,
                                   .noise = voice_noise,
                                   .noise_ctx = e};
    check_tokens(e, &base, &in);
    golden_must(mega_prompt_make(&base, &in, &e->prompt, &err), &err, "the prompt");
    check_prompt(e);
    free(mono);
}

/* ---- phones ---------------------------------------------------------------------------------------------
 */

/* [BOT] text [BOS] [sil] */
static void tokens_of_text(struct e2e *e, struct chunk *k, const struct ora_bpe *bpe)
{
    const struct mega_g2p_dims *d = &e->g.dims.g2p;
    struct ora_err err = {0};
    struct ora_ids ids = {0};
    ora_ids_add(&ids, d->bot);
    golden_must(ora_bpe_encode(bpe, k->text, strlen(k->text), &ids, &err), &err, "the tokenizer");
    ora_ids_add(&ids, d->bos);
    ora_ids_add(&ids, d->speech_start + MEGA_SIL);
    k->prompt_ids = (int)ids.count;
    k->ids = ora_xcalloc(ids.count + MEGA_G2P_LIMIT, sizeof *k->ids);
    memcpy(k->ids, ids.id, ids.count * sizeof *ids.id);
    ora_ids_release(&ids);
}

/* The expected ids up to BOS and sil. */
static void tokens_expected(struct e2e *e, struct chunk *k, int at_chunk)
{
    size_t n, at = 0;
    int32_t *all = golden_i32(&e->g, &n, "e2e/chunk%d.g2p_ids", at_chunk);
    while (at < n && all[at] != e->g.dims.g2p.bos)
        at++;
    at = at + 2 < n ? at + 2 : n;
    k->prompt_ids = (int)at;
    k->ids = ora_xcalloc(at + MEGA_G2P_LIMIT, sizeof *k->ids);
    memcpy(k->ids, all, at * sizeof *all);
    free(all);
}

static struct ora_bpe *open_tokenizer(const char *dir)
{
    struct ora_err err = {0};
    struct ora_bpe *bpe = NULL;
    char *vocab = ora_path_join(dir, "vocab.json"), *merges = ora_path_join(dir, "merges.txt");
    char *v = NULL, *m = NULL;
    struct ora_bpe_files files = {.name = dir};
    golden_must(ora_file_read(vocab, ORA_BPE_MAX_BYTES, &v, &files.vocab_bytes, &err), &err, "tokenizer");
    golden_must(ora_file_read(merges, ORA_BPE_MAX_BYTES, &m, &files.merges_bytes, &err), &err, "tokenizer");
    files.vocab = v;
    files.merges = m;
    golden_must(ora_bpe_open(&files, &bpe, &err), &err, "tokenizer");
    free(v);
    free(m);
    free(vocab);
    free(merges);
    return bpe;
}

/* The base voice's own; NULL when it has none. */
static struct ora_bpe *tokenizer_of(const struct ora_weights *w)
{
    struct ora_err err = {0};
    struct ora_bpe *bpe = NULL;
    const struct ora_tensor *vocab = w ? ora_weights_find(w, MEGA_TENSOR_VOCAB) : NULL;
    const struct ora_tensor *merges = w ? ora_weights_find(w, MEGA_TENSOR_MERGES) : NULL;
    if (!vocab || !merges)
        return NULL;
    struct ora_bpe_files files = {ora_weights_path(w), vocab->data, vocab->bytes, merges->data,
                                  merges->bytes};
    golden_must(ora_bpe_open(&files, &bpe, &err), &err, "tokenizer");
    return bpe;
}

static void read_texts(struct e2e *e, const char *tokenizer, const struct ora_weights *base)
{
    struct ora_bpe *bpe = tokenizer ? open_tokenizer(tokenizer) : tokenizer_of(base);
    for (int i = 0; i < e->chunks; i++)
        if (bpe)
            tokens_of_text(e, &e->chunk[i], bpe);
        else
            tokens_expected(e, &e->chunk[i], i);
    ora_bpe_close(&bpe);
}

static void find_phones(struct e2e *e)
{
    struct ora_err err = {0};
    struct mega_g2p *m = ora_xcalloc(1, sizeof *m);
    struct mega_g2p_chunk runs[CHUNKS_MAX] = {0};
    golden_pack(&e->g, bind_g2p, m);
    for (int i = 0; i < e->chunks; i++)
        runs[i] = (struct mega_g2p_chunk){.ids = e->chunk[i].ids,
                                          .count = e->chunk[i].prompt_ids,
                                          .out = e->chunk[i].ids + e->chunk[i].prompt_ids,
                                          .limit = MEGA_G2P_LIMIT};
    golden_must(mega_g2p_run(&e->g.compute, m, runs, e->chunks, MEGA_G2P_WIDTH, &err), &err, "the G2P");
    for (int i = 0; i < e->chunks; i++) {
        struct chunk *k = &e->chunk[i];
        k->written = k->count = runs[i].written;
        k->phones = ora_xcalloc(3 * (size_t)k->count, sizeof *k->phones);
        k->tones = k->phones + k->count;
        k->durations = k->tones + k->count;
        mega_g2p_phones(runs[i].out, k->written, k->phones, k->tones);
        for (int j = 0; j < k->written; j++)
            runs[i].out[j] += e->g.dims.g2p.speech_start;
        golden_check_i32(&e->g, k->ids, (size_t)(k->prompt_ids + k->written), "e2e/chunk%d.g2p_ids", i);
    }
    free(m);
}

/* ---- durations ------------------------------------------------------------------------------------------
 */

static void find_durations(struct e2e *e)
{
    struct ora_err err = {0};
    struct mega_duration *m = ora_xcalloc(1, sizeof *m);
    golden_pack(&e->g, bind_duration, m);
    for (int i = 0; i < e->chunks; i++) {
        struct chunk *k = &e->chunk[i];
        struct mega_duration_state s;
        struct mega_timing how = {.first_chunk = i == 0,
                                  .last_chunk = i + 1 == e->chunks,
                                  .alpha = 1,
                                  .floor_stop = 64,
                                  .floor_comma = 32};
        int32_t *codes = ora_xcalloc((size_t)k->count, sizeof *codes);
        size_t mark = ora_arena_mark(&e->g.arena);
        golden_must(
            mega_prompt_prime(&e->g.compute, m, &e->prompt, &s, e->prompt.phone_count + k->count, &err), &err,
            "the prompt's durations");
        golden_must(mega_duration_run(&e->g.compute, m, &s, k->phones, k->tones, NULL, k->count, codes, &err),
                    &err, "durations");
        mega_durations(k->phones, codes, (size_t)k->count, &how, k->durations);
        for (int j = 0; j < k->count; j++)
            k->frames += k->durations[j];
        ora_arena_reset(&e->g.arena, mark);
        free(codes);
    }
    free(m);
}

/* ---- latents --------------------------------------------------------------------------------------------
 */

struct draws {
    const struct e2e *e;
    int next; /* of all chunks, in their order */
};

static void speech_noise(void *ctx, int index, float *out, size_t n)
{
    struct draws *d = ctx;
    char name[64];
    (void)index;
    snprintf(name, sizeof name, "in.e2e.speech.noise.%d", d->next++);
    draw(d->e, name, out, n);
}

/* Prompt and chunk as one. */
struct joined {
    int32_t *phones, *tones, *mel2ph;
    struct mega_dit_input in;
};

static void join(const struct e2e *e, const struct chunk *k, struct joined *j)
{
    const struct mega_prompt *p = &e->prompt;
    size_t own = (size_t)k->count, before = (size_t)p->phone_count, n = before + own;
    size_t head = (size_t)p->rows * MEGA_LATENT_FRAMES, frames = head + (size_t)k->frames;
    j->phones = ora_xcalloc(2 * n + frames, sizeof *j->phones);
    j->tones = j->phones + n;
    j->mel2ph = j->tones + n;
    memcpy(j->phones, p->phones, before * sizeof *p->phones);
    memcpy(j->phones + before, k->phones, own * sizeof *k->phones);
    memcpy(j->tones, p->tones, before * sizeof *p->tones);
    memcpy(j->tones + before, k->tones, own * sizeof *k->tones);
    mega_mel2ph(p->durations, before, j->mel2ph, head);
    mega_mel2ph(k->durations, own, j->mel2ph + head, (size_t)k->frames);
    for (size_t f = head; f < frames; f++)
        j->mel2ph[f] += p->phone_count;
    j->in = (struct mega_dit_input){.phones = j->phones,
                                    .tones = j->tones,
                                    .phone_count = (int)n,
                                    .mel2ph = j->mel2ph,
                                    .frames = (int)frames,
                                    .prompt = p->latents,
                                    .prompt_rows = p->rows};
}

/* The expected latents have rows of the prompt, which the engine does not compute, because the true ones
 * replace them: they are left out of the comparison. */
static void check_latents(struct e2e *e, struct chunk *k, size_t n, int i)
{
    size_t count, head = (size_t)e->prompt.rows * MEGA_LATENT;
    float *want = golden_f32(&e->g, &count, "e2e/chunk%d.latents", i);
    if (count >= head && n >= head)
        memcpy(k->latents, want, head * sizeof *want);
    golden_check_f32(&e->g, k->latents, n, "e2e/chunk%d.latents", i);
    free(want);
}

static void find_latents(struct e2e *e)
{
    struct ora_err err = {0};
    struct mega_dit *m = ora_xcalloc(1, sizeof *m);
    struct draws draws = {e, 0};
    struct mega_sampling how = {.steps = (int)number(e, "steps"),
                                .p_w = number(e, "p_w"),
                                .t_w = number(e, "t_w"),
                                .noise = speech_noise,
                                .ctx = &draws};
    golden_pack(&e->g, bind_dit, m);
    for (int i = 0; i < e->chunks; i++) {
        struct chunk *k = &e->chunk[i];
        struct joined j;
        join(e, k, &j);
        golden_check_i32(&e->g, j.phones, (size_t)j.in.phone_count, "e2e/chunk%d.phones", i);
        golden_check_i32(&e->g, j.tones, (size_t)j.in.phone_count, "e2e/chunk%d.tones", i);
        golden_check_i32(&e->g, j.mel2ph, (size_t)j.in.frames, "e2e/chunk%d.mel2ph", i);
        size_t n = (size_t)mega_dit_rows(&j.in) * MEGA_LATENT;
        k->latents = ora_xcalloc(n, sizeof *k->latents);
        draws.next = i * (how.steps + 1);
        golden_must(mega_dit_sample(&e->g.compute, m, &j.in, &how, k->latents, &err), &err, "sampling");
        check_latents(e, k, n, i);
        memcpy(k->latents, e->prompt.latents, (size_t)e->prompt.rows * MEGA_LATENT * sizeof *k->latents);
        free(j.phones);
    }
    free(m);
}

/* ---- samples --------------------------------------------------------------------------------------------
 */

static void check_pcm(struct e2e *e, const float *speech, size_t n)
{
    const struct ora_tensor *t = ora_weights_find(e->g.tensors, "e2e/pcm");
    double worst = 0;
    size_t at = 0;
    check_number(e, "samples", (double)n, number(e, "pcm_samples"), 0);
    if (!t || t->dtype != ORA_I16 || t->count != n) {
        check_number(e, "samples of e2e/pcm", (double)n, t ? (double)t->count : NAN, 0);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        int16_t want;
        memcpy(&want, (const char *)t->data + 2 * i, 2);
        double off = fabs(trunc((double)speech[i] * 32767) - want);
        if (!(off <= worst)) {
            worst = off >= 0 ? off : INFINITY;
            at = i;
        }
    }
    printf("pcm: off by %.0f at most (sample %zu)\n", worst, at);
    check_number(e, "pcm", worst, 0, 1);
}

static void speak(struct e2e *e)
{
    struct ora_err err = {0};
    struct mega_vae_decoder *m = ora_xcalloc(1, sizeof *m);
    int tp = e->prompt.rows, from = tp > CONTEXT ? tp - CONTEXT : 0;
    size_t all = 0, have = 0;
    for (int i = 0; i < e->chunks; i++)
        all += (size_t)(tp * MEGA_LATENT_HOP + e->chunk[i].frames * MEGA_HOP);
    float *speech = ora_xcalloc(all, sizeof *speech), *wave = ora_xcalloc(all, sizeof *wave);
    golden_pack(&e->g, bind_decoder, m);
    for (int i = 0; i < e->chunks; i++) {
        struct chunk *k = &e->chunk[i];
        size_t n = (size_t)k->frames * MEGA_HOP;
        float *own = wave + (tp - from) * MEGA_LATENT_HOP;
        char key[32];
        golden_must(mega_vae_decode(&e->g.compute, m, k->latents + from * MEGA_LATENT,
                                    tp - from + k->frames / MEGA_LATENT_FRAMES, wave, &err),
                    &err, "decoding");
        mega_level(own, n, mega_level_gain(e->prompt.lufs, mega_loudness(own, n)));
        golden_check_f32(&e->g, own, n < WAVE ? n : WAVE, "e2e/chunk%d.wave", i);
        snprintf(key, sizeof key, "chunk%d_samples", i);
        check_number(e, key, (double)n, number(e, key), 0);
        have = mega_crossfade(speech, have, own, n);
    }
    check_pcm(e, speech, have);
    free(speech);
    free(wave);
    free(m);
}

/* ---- the case -------------------------------------------------------------------------------------------
 */

/* What golden_check_… wants: a row a tensor, with twenty times the reference's own rounding as tolerance. */
static void expect(struct e2e *e)
{
    e->g.expected = json_object();
    for (size_t i = 0; i < ora_weights_count(e->g.tensors); i++) {
        const struct ora_tensor *t = ora_weights_at(e->g.tensors, i);
        json_t *shape = json_array(), *row = json_object();
        for (size_t d = 0; d < t->shape.rank; d++)
            json_array_append_new(shape, json_integer((json_int_t)t->shape.dim[d]));
        json_object_set_new(row, "shape", shape);
        double err32 = json_number_value(json_object_get(json_object_get(e->spec, "err32"), t->name));
        json_object_set_new(row, "tol", json_real(20 * err32));
        json_object_set_new(e->g.expected, t->name, row);
    }
}

static void close_case(struct e2e *e)
{
    const char *name;
    json_t *row;
    json_object_foreach(e->g.expected, name, row) if (!json_object_get(row, "checked") &&
                                                      !strstr(name, "in.") && strcmp(name, "e2e/pcm") != 0)
    {
        printf("FAIL %s: not computed\n", name);
        e->g.failed++;
    }
    for (int i = 0; i < e->chunks; i++) {
        free(e->chunk[i].ids);
        free(e->chunk[i].phones);
        free(e->chunk[i].latents);
    }
    mega_prompt_release(&e->prompt);
    json_decref(e->g.expected);
    json_decref(e->spec);
    ora_weights_close(&e->g.tensors);
    ora_arena_release(&e->g.arena);
    free(e->g.packed);
}

/* DIR/name, DIR/mini/name or DIR/../name, whichever is there. */
static char *beside(const char *dir, const char *name)
{
    static const char *const where[] = {"", "mini/", "../"};
    char *path = NULL;
    for (size_t i = 0; i < sizeof where / sizeof *where && !path; i++) {
        path = ora_fmt("%s/%s%s", dir, where[i], name);
        if (!ora_file_exists(path)) {
            free(path);
            path = NULL;
        }
    }
    return path ? path : ora_fmt("%s/%s", dir, name);
}

static json_t *load(const char *path)
{
    json_error_t why;
    json_t *j = json_load_file(path, 0, &why);
    if (!j) {
        fprintf(stderr, "megatts3-e2e: %s: %s\n", path, why.text);
        exit(2);
    }
    return j;
}

static void open_case(struct e2e *e, const struct options *o)
{
    struct ora_err err = {0};
    char *spec = beside(o->dir, "e2e.json"), *tensors = beside(o->dir, "e2e.safetensors");
    char *index_path = o->index ? ora_xstrdup(o->index) : beside(o->dir, "index.json");
    json_t *index = load(index_path);
    e->spec = load(spec);
    e->g.kernels = ora_kernels_find(o->kernels, &err);
    golden_must(e->g.kernels ? 0 : -1, &err, "kernels");
    golden_must(mega_dims_read(json_object_get(json_object_get(index, "dims"), "mini"), &e->g.dims, &err),
                &err, "the index");
    golden_must(ora_weights_open(tensors, &e->g.tensors, &err), &err, "the case");
    golden_must(ora_arena_init(&e->g.arena, (size_t)192 << 20, &err), &err, "the arena");
    golden_must(ora_compute_init(&e->g.compute, e->g.kernels, &e->g.arena, &err), &err, "the arena");
    e->g.verbose = o->verbose;
    const json_t *chunks = json_object_get(e->spec, "chunks");
    e->chunks = (int)json_array_size(chunks);
    if (e->chunks < 1 || e->chunks > CHUNKS_MAX)
        golden_must(ora_err_set(&err, ORA_E_FORMAT, "%d chunks", e->chunks), &err, spec);
    for (int i = 0; i < e->chunks; i++)
        e->chunk[i].text = json_string_value(json_array_get(chunks, (size_t)i));
    expect(e);
    json_decref(index);
    free(spec);
    free(tensors);
    free(index_path);
}

static bool parse(int argc, char **argv, struct options *o)
{
    const struct {
        const char *name;
        const char **value;
    } known[] = {
        {"--index", &o->index},         {"--weights", &o->weights}, {"--checkpoints", &o->checkpoints},
        {"--tokenizer", &o->tokenizer}, {"--kernels", &o->kernels}, {"--seed", &o->seed}};
    *o = (struct options){.kernels = "auto"};
    for (int i = 1; i < argc; i++) {
        size_t k = 0;
        while (k < sizeof known / sizeof *known && strcmp(argv[i], known[k].name) != 0)
            k++;
        if (k < sizeof known / sizeof *known && i + 1 < argc)
            *known[k].value = argv[++i];
        else if (strcmp(argv[i], "--verbose") == 0)
            o->verbose = true;
        else if (argv[i][0] != '-' && !o->dir)
            o->dir = argv[i];
        else
            return false;
    }
    return o->dir;
}

int main(int argc, char **argv)
{
    struct options o;
    struct ora_err err = {0};
    if (!parse(argc, argv, &o)) {
        fprintf(stderr,
                "usage: megatts3-e2e DIR [--index INDEX.json] [--weights model.safetensors] "
                "[--checkpoints RELEASE-DIR] [--tokenizer DIR] [--kernels LEVEL] [--seed S] [--verbose]\n");
        return 2;
    }
    struct e2e *e = ora_xcalloc(1, sizeof *e);
    struct mega_formula formula = {.seed = o.seed};
    struct golden_imported base = {0};
    open_case(e, &o);
    if (!formula.seed)
        formula.seed = json_string_value(json_object_get(e->spec, "seed"));
    e->source = mega_formula_source(&formula);
    e->g.source = &e->source;
    if (o.weights) {
        golden_must(ora_weights_open(o.weights, &base.weights, &err), &err, "the weights");
        e->source = ora_file_source(&base.file, base.weights);
    } else if (o.checkpoints) {
        golden_import(&e->g, o.checkpoints, &base);
        e->source = base.source;
    }
    struct ora_fpu_state fpu = ora_fpu_enter();
    make_voice(e);
    read_texts(e, o.tokenizer, base.weights);
    find_phones(e);
    find_durations(e);
    find_latents(e);
    speak(e);
    ora_fpu_leave(fpu);
    close_case(e);
    int passed = e->g.passed, failed = e->g.failed;
    printf("at most %.2f of the tolerance (%s)\n", e->g.worst, e->g.worst_name);
    printf("%d passed, %d failed\n", passed, failed);
    mega_formula_release(&formula);
    golden_import_release(&base);
    free(e);
    return failed || !passed;
}
