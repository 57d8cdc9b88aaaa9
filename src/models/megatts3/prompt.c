/* Making a prompt: three stages that share nothing but the recording, each with its own network and arena. */
#include "models/megatts3/prompt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audio/log_mel.h"
#include "audio/resample.h"
#include "base/mem.h"
#include "models/megatts3/formula.h"
#include "models/megatts3/level.h"
#include "models/megatts3/vae_encoder.h"

enum { TAIL = MEGA_SAMPLE_RATE / 2, MEL_RATE = 16000, MEL_HOP = 160, MELS = 80 };

void mega_prompt_release(struct mega_prompt *p)
{
    free(p->phones);
    free(p->tones);
    free(p->durations);
    free(p->latents);
    *p = (struct mega_prompt){0};
}

/* ---- a packed network and its work space ----------------------------------------------------------------
 */

struct stage {
    void *packed;
    struct ora_arena arena;
    struct ora_compute compute;
};

typedef void bind_fn(struct ora_binder *b, const struct mega_dims *d, void *model);

static void bind_aligner(struct ora_binder *b, const struct mega_dims *d, void *model)
{
    mega_aligner_bind(b, &d->align, model);
}

static void bind_encoder(struct ora_binder *b, const struct mega_dims *d, void *model)
{
    mega_vae_encoder_bind(b, &d->vae, model);
}

static int pack(const struct mega_prompt_base *base, bind_fn *bind, void *model, void **packed,
                struct ora_err *err)
{
    struct ora_packer p;
    struct ora_binder b = {.source = base->tensors, .packer = &p, .err = err};
    ora_packer_init(&p, base->kernels, ORA_PACK_MEASURE, NULL, 0);
    bind(&b, base->dims, model);
    if (b.rc < 0)
        return b.rc;
    size_t bytes = p.bytes;
    *packed = ora_tryaligned(64, bytes);
    if (!*packed)
        return ora_err_set(err, ORA_E_NO_MEMORY, "no memory for %zu bytes of weights", bytes);
    ora_packer_init(&p, base->kernels, ORA_PACK_WRITE, *packed, bytes);
    bind(&b, base->dims, model);
    if (b.rc == 0 && (p.overrun || p.bytes != bytes))
        b.rc = ora_err_set(err, ORA_E_INTERNAL, "packing: two walks over the layers differ");
    return b.rc;
}

/* Arena bytes that the bound model takes, beside compute's own. */
typedef size_t bytes_fn(const struct ora_compute *c, const void *model, const struct mega_prompt_wave *w);

static int stage_begin(struct stage *s, const struct mega_prompt_base *base, bind_fn *bind, void *model,
                       bytes_fn *bytes, const struct mega_prompt_wave *w, struct ora_err *err)
{
    enum { ROUNDING = 4096 }; /* what aligning each buffer takes */
    const struct ora_compute dry = {.k = base->kernels};
    size_t all;
    *s = (struct stage){0};
    int rc = pack(base, bind, model, &s->packed, err);
    if (rc == 0 && !ora_size_add(bytes(&dry, model, w), base->kernels->scratch_bytes + ROUNDING, &all))
        rc = ora_err_set(err, ORA_E_LIMIT, "the prompt takes more memory than can be counted");
    if (rc == 0)
        rc = ora_arena_init(&s->arena, all, err);
    return rc < 0 ? rc : ora_compute_init(&s->compute, base->kernels, &s->arena, err);
}

static void stage_end(struct stage *s)
{
    ora_arena_release(&s->arena);
    free(s->packed);
}

/* Widths as buffers have them. */
static size_t wide(int channels)
{
    return ORA_LANES * (size_t)ora_blocks(channels);
}

/* Tokens that an alignment may have. */
static int aligner_limit(const struct mega_aligner *m)
{
    return MEGA_ALIGN_TOKENS_MAX < m->dims.text_ctx ? MEGA_ALIGN_TOKENS_MAX : m->dims.text_ctx;
}

static size_t aligner_bytes(const struct ora_compute *c, const void *model, const struct mega_prompt_wave *w)
{
    const struct mega_aligner *m = model;
    size_t rows = (size_t)w->frames / 2, audio = ora_b16_floats(m->dims.state, rows, 0) * sizeof(float), all;
    size_t encode = mega_aligner_encode_bytes(c, m, w->frames);
    size_t align = mega_aligner_align_bytes(c, m, (int)rows, aligner_limit(m));
    return ora_size_add(audio, encode > align ? encode : align, &all) ? all : SIZE_MAX;
}

/* A stage has half the row width of samples before it, so the first one's buffers decide: five of them, what
 * its strided convolution gathers, and the sum of all later ones make not quite six. */
static size_t encoder_bytes(const struct ora_compute *c, const void *model, const struct mega_prompt_wave *w)
{
    const struct mega_vae_dims *d = &((const struct mega_vae_encoder *)model)->dims;
    size_t row = wide(d->enc_filters), late = wide(d->lstm) * 8 + wide(d->enc_dim) + wide(2 * d->z);
    size_t latents = 8 * (size_t)mega_vae_latents((int)w->samples) * MEGA_LATENT;
    (void)c;
    return sizeof(float) * ((w->samples + 256) * row * 7 + latents + (1 << 16) +
                            (w->samples / MEGA_LATENT_HOP + 64) * (late + 4 * wide(d->lstm)));
}

/* ---- hearing --------------------------------------------------------------------------------------------
 */

size_t mega_prompt_padded(size_t samples, int win_size)
{
    size_t ws = (size_t)win_size, over = samples % ws;
    return samples + (over < ws - 1 ? ws - 1 - over : 0) + TAIL;
}

int mega_prompt_frames(size_t padded_samples)
{
    size_t at_16k = (padded_samples * 2 + 2) / 3, frames = at_16k / MEL_HOP;
    return (int)(frames / MEGA_FRAME_MULTIPLE * MEGA_FRAME_MULTIPLE);
}

int mega_prompt_latents(const struct mega_prompt_input *in, int win_size)
{
    uint64_t rate = (uint64_t)in->sample_rate_hz, n = in->samples;
    n = (n * MEGA_SAMPLE_RATE + rate - 1) / rate;
    return mega_prompt_frames(mega_prompt_padded((size_t)n, win_size ? win_size : MEGA_WIN_SIZE)) /
           MEGA_LATENT_FRAMES;
}

static double seconds_of(const struct mega_prompt_input *in)
{
    return (double)in->samples / in->sample_rate_hz;
}

static int check_length(const struct mega_prompt_input *in, struct ora_err *err)
{
    double seconds = seconds_of(in);
    if (seconds > MEGA_PROMPT_SECONDS_MAX)
        return ora_err_set(err, ORA_E_BAD_INPUT,
                           "the prompt is %.1f s long, at most %d s can be used: cut it at a pause", seconds,
                           MEGA_PROMPT_SECONDS_MAX);
    if (seconds * 1000 < MEGA_PROMPT_MS_MIN)
        return ora_err_set(err, ORA_E_BAD_INPUT,
                           "the prompt is %.2f s long: a voice needs %.1f s at least, and 5 to 20 s to sound "
                           "like itself",
                           seconds, MEGA_PROMPT_MS_MIN / 1000.0);
    return 0;
}

/* To 24 kHz, padded. */
static int pad(const struct mega_prompt_input *in, int win_size, struct mega_prompt_wave *w,
               struct ora_err *err)
{
    struct ora_resampler r = {0};
    const float *x = in->mono;
    size_t n = in->samples;
    int rc = 0;
    if (in->sample_rate_hz != MEGA_SAMPLE_RATE) {
        rc = ora_resample_ceil(in->samples, in->sample_rate_hz, MEGA_SAMPLE_RATE, &n, err);
        if (rc == 0)
            rc = ora_resample_to(&r, in->mono, in->samples, in->sample_rate_hz, MEGA_SAMPLE_RATE, n, &x, err);
    }
    if (rc == 0) {
        w->samples = mega_prompt_padded(n, win_size);
        w->wave = ora_xcalloc(w->samples, sizeof *w->wave);
        memcpy(w->wave, x, n * sizeof *x);
    }
    ora_resampler_release(&r);
    return rc;
}

/* [80][all] -> [80][frames] in place. */
static void cut_mel(float *mel, size_t all, size_t frames)
{
    for (size_t i = 1; i < MELS; i++)
        memmove(mel + i * frames, mel + i * all, frames * sizeof *mel);
}

static int listen(struct mega_prompt_wave *w, struct ora_err *err)
{
    struct ora_resampler r = {0};
    struct ora_log_mel *m = ora_log_mel_create(&ora_log_mel_whisper);
    const float *x;
    size_t n;
    int rc = ora_resample_ceil(w->samples, MEGA_SAMPLE_RATE, MEL_RATE, &n, err);
    if (rc == 0)
        rc = ora_resample_to(&r, w->wave, w->samples, MEGA_SAMPLE_RATE, MEL_RATE, n, &x, err);
    if (rc == 0) {
        size_t all = ora_log_mel_frames(m, n);
        w->frames = mega_prompt_frames(w->samples);
        w->mel = ora_xcalloc(MELS * all, sizeof *w->mel);
        rc = ora_log_mel_forward(m, x, n, w->mel, err);
        cut_mel(w->mel, all, (size_t)w->frames);
    }
    ora_log_mel_destroy(&m);
    ora_resampler_release(&r);
    return rc;
}

static int check_samples(const struct mega_prompt_input *in, struct ora_err *err)
{
    for (size_t i = 0; i < in->samples; i++)
        if (!(fabsf(in->mono[i]) <= MEGA_PROMPT_SAMPLE_MAX))
            return ora_err_set(err, ORA_E_BAD_INPUT,
                               "sample %zu of the prompt is %g, wanted %d at most (full scale is 1)", i,
                               (double)in->mono[i], MEGA_PROMPT_SAMPLE_MAX);
    return 0;
}

static int check_loudness(double lufs, struct ora_err *err)
{
    if (!(lufs >= MEGA_PROMPT_LUFS_MIN))
        return ora_err_set(err, ORA_E_BAD_INPUT,
                           "the prompt is silent (loudness %.1f LUFS, wanted %d at least)", lufs,
                           MEGA_PROMPT_LUFS_MIN);
    if (lufs > MEGA_PROMPT_LUFS_MAX)
        return ora_err_set(err, ORA_E_BAD_INPUT,
                           "the prompt is louder than full scale (loudness %.1f LUFS, wanted %d at most): "
                           "its samples must lie between -1 and 1",
                           lufs, MEGA_PROMPT_LUFS_MAX);
    return 0;
}

int mega_prompt_hear(const struct mega_prompt_input *in, int win_size, struct mega_prompt_wave *w,
                     struct ora_err *err)
{
    *w = (struct mega_prompt_wave){.seconds = seconds_of(in)};
    int rc = check_length(in, err);
    if (rc == 0)
        rc = check_samples(in, err);
    if (rc == 0)
        rc = pad(in, win_size ? win_size : MEGA_WIN_SIZE, w, err);
    if (rc == 0) {
        w->lufs = mega_loudness(w->wave, w->samples);
        rc = check_loudness(w->lufs, err);
    }
    if (rc == 0)
        rc = listen(w, err);
    if (rc < 0)
        mega_prompt_wave_release(w);
    return rc;
}

void mega_prompt_wave_release(struct mega_prompt_wave *w)
{
    free(w->wave);
    free(w->mel);
    *w = (struct mega_prompt_wave){0};
}

/* ---- aligning -------------------------------------------------------------------------------------------
 */

/* What the aligner can hear, without the silence behind a prompt and its rounding; down to tenths. */
static double usable_seconds(const struct mega_align_dims *d)
{
    int tenths = (d->audio_ctx - 28) / 5; /* 50 a second; 25 of silence, up to 2.5 of rounding */
    return tenths > 0 ? tenths / 10.0 : 0;
}

/* Of the aligner's encoder, which halves the frames. */
static int rows_heard(int frames)
{
    return frames / 2;
}

static int refuse_long(const struct mega_align_dims *d, double seconds, struct ora_err *err)
{
    double most = usable_seconds(d);
    return ora_err_set(err, ORA_E_BAD_INPUT,
                       "the prompt is %.2f s long, this base's aligner takes at most %.1f s of it (its "
                       "'align.audio_ctx' is %d): %s",
                       seconds, most, d->audio_ctx,
                       most * 1000 < MEGA_PROMPT_MS_MIN ? "no recording can become a voice"
                                                        : "cut it at a pause");
}

/* Of the two limits the nearer one is told, before any work; mega_prompt_hear tells the other. */
static int check_fits(const struct mega_prompt_base *base, const struct mega_prompt_input *in,
                      struct ora_err *err)
{
    const struct mega_align_dims *d = &base->dims->align;
    double seconds = seconds_of(in);
    bool fits =
        seconds > MEGA_PROMPT_SECONDS_MAX
            ? usable_seconds(d) >= MEGA_PROMPT_SECONDS_MAX
            : rows_heard(MEGA_LATENT_FRAMES * mega_prompt_latents(in, base->win_size)) <= d->audio_ctx;
    return fits ? 0 : refuse_long(d, seconds, err);
}

int mega_prompt_align(const struct mega_prompt_base *base, const struct mega_prompt_wave *w, int32_t *tokens,
                      int *count, struct ora_err *err)
{
    const struct mega_align_dims *d = &base->dims->align;
    struct mega_aligner *m = ora_xcalloc(1, sizeof *m);
    struct stage s;
    int rows = rows_heard(w->frames);
    struct ora_fpu_state fpu = ora_fpu_enter();
    int rc = stage_begin(&s, base, bind_aligner, m, aligner_bytes, w, err);
    if (rc == 0 && rows > d->audio_ctx)
        rc = refuse_long(d, w->seconds, err);
    if (rc == 0) {
        bool ok = true;
        struct ora_b16 audio = ora_buffer(&s.compute, d->state, rows, 0, &ok);
        rc = ok ? 0 : ora_no_room(err, "the prompt's audio");
        if (rc == 0)
            rc = mega_aligner_encode(&s.compute, m, w->mel, w->frames, audio, err);
        if (rc == 0)
            rc = mega_aligner_align(&s.compute, m, audio, rows, aligner_limit(m), tokens, count, NULL, err);
    }
    stage_end(&s);
    ora_fpu_leave(fpu);
    free(m);
    return rc;
}

static int set_phones(struct mega_prompt *p, const int32_t *tokens, int count, int frames,
                      struct ora_err *err)
{
    size_t room = (size_t)count / 2 + 1;
    p->phones = ora_xcalloc(room, sizeof *p->phones);
    p->tones = ora_xcalloc(room, sizeof *p->tones);
    p->durations = ora_xcalloc(room, sizeof *p->durations);
    p->phone_count = (int)mega_alignment(tokens, (size_t)count, frames, p->phones, p->tones, p->durations);
    p->rows = frames / MEGA_LATENT_FRAMES;
    if (!p->phone_count)
        return ora_err_set(err, ORA_E_BAD_INPUT, "the aligner heard no speech in the prompt");
    return 0;
}

/* Networks of random weights must speak whatever their seed, and their aligner may well hear nothing. */
static void make_up(const struct mega_prompt_base *base, int frames, struct mega_prompt *p, int32_t *tokens,
                    int *count)
{
    if (*count || !base->formula_seed)
        return;
    *count = mega_formula_alignment(mega_formula_key(base->formula_seed, "prompt.alignment"), frames, tokens,
                                    MEGA_ALIGN_TOKENS_MAX);
    p->by_formula = true;
}

/* ---- latents --------------------------------------------------------------------------------------------
 */

/* Deviates come channels first. */
static int draw(const struct ora_compute *c, const struct mega_prompt_input *in, const float *mean,
                const float *logvar, int rows, float *out, struct ora_err *err)
{
    size_t n = (size_t)rows * MEGA_LATENT;
    bool ok = true;
    float *raw = ora_floats(c, n, &ok), *eps = ora_floats(c, n, &ok);
    if (!ok)
        return ora_no_room(err, "the prompt's latents");
    in->noise(in->noise_ctx, raw, n);
    for (int t = 0; t < rows; t++)
        for (int i = 0; i < MEGA_LATENT; i++)
            eps[t * MEGA_LATENT + i] = raw[i * rows + t];
    mega_vae_draw(c, mean, logvar, eps, out, n);
    return 0;
}

static double noise_rms(const float *logvar, size_t n)
{
    double variance = 0;
    for (size_t i = 0; i < n; i++)
        variance += exp((double)logvar[i]);
    return sqrt(variance / (double)n);
}

/* All rows that the padded wave makes into p->latents. */
static int encode(const struct mega_prompt_base *base, const struct mega_prompt_input *in,
                  const struct mega_prompt_wave *w, int rows, struct mega_prompt *p, struct ora_err *err)
{
    struct mega_vae_encoder *m = ora_xcalloc(1, sizeof *m);
    struct stage s;
    size_t n = (size_t)rows * MEGA_LATENT;
    bool ok = true;
    struct ora_fpu_state fpu = ora_fpu_enter();
    int rc = stage_begin(&s, base, bind_encoder, m, encoder_bytes, w, err);
    if (rc == 0) {
        float *mean = ora_floats(&s.compute, n, &ok), *logvar = ora_floats(&s.compute, n, &ok);
        rc = ok ? 0 : ora_no_room(err, "the prompt's latents");
        if (rc == 0)
            rc = mega_vae_encode(&s.compute, m, w->wave, (int)w->samples, mean, logvar, err);
        if (rc == 0)
            p->noise_rms = noise_rms(logvar, (size_t)p->rows * MEGA_LATENT);
        if (rc == 0 && in->noise)
            rc = draw(&s.compute, in, mean, logvar, rows, p->latents, err);
        else if (rc == 0)
            memcpy(p->latents, mean, n * sizeof *mean);
    }
    stage_end(&s);
    ora_fpu_leave(fpu);
    free(m);
    return rc;
}

int mega_latents_check(const float *latents, size_t rows, double *rms, struct ora_err *err)
{
    double square = 0;
    size_t n = rows * MEGA_LATENT;
    for (size_t i = 0; i < n; i++) {
        double v = (double)latents[i];
        if (!(fabs(v) <= MEGA_LATENT_MAX))
            return ora_err_set(err, ORA_E_BAD_INPUT, "latent %zu, channel %zu is %g, wanted %d at most",
                               i / MEGA_LATENT, i % MEGA_LATENT, v, MEGA_LATENT_MAX);
        square += v * v;
    }
    double found = n ? sqrt(square / (double)n) : 0;
    if (rms)
        *rms = found;
    if (found > MEGA_LATENT_RMS_MAX)
        return ora_err_set(err, ORA_E_BAD_INPUT, "the latents have an RMS of %g, wanted %d at most", found,
                           MEGA_LATENT_RMS_MAX);
    return 0;
}

/* The alignment's last `frames` frames go; phones may be left with none. */
static void cut_alignment(struct mega_prompt *p, int frames)
{
    for (int i = p->phone_count - 1; i >= 0 && frames > 0; i--) {
        int cut = p->durations[i] < frames ? p->durations[i] : frames;
        p->durations[i] -= cut;
        frames -= cut;
    }
}

/* See MEGA_LATENTS_SHORT. Rows stay even. */
static int fit_latents(const struct mega_prompt_input *in, struct mega_prompt *p, struct ora_err *err)
{
    int want = p->rows, least = want - MEGA_LATENTS_SHORT, most = want + MEGA_LATENTS_OVER;
    least = least < 2 ? 2 : least;
    if (in->latent_rows < (size_t)least || in->latent_rows > (size_t)most)
        return ora_err_set(
            err, ORA_E_BAD_INPUT,
            "%zu latents, wanted %d for a recording of %.2f s (25 a second of it and of the 0.5 "
            "s of silence behind it; %d to %d are taken): they are of another recording",
            in->latent_rows, want, seconds_of(in), least, most);
    int got = in->latent_rows < (size_t)want ? (int)in->latent_rows : want;
    p->rows_missing = want - got;
    p->rows = got / 2 * 2;
    cut_alignment(p, (want - p->rows) * MEGA_LATENT_FRAMES);
    return 0;
}

static int set_latents(const struct mega_prompt_base *base, const struct mega_prompt_input *in,
                       const struct mega_prompt_wave *w, struct mega_prompt *p, struct ora_err *err)
{
    int made = mega_vae_latents((int)w->samples), rc = in->latents ? fit_latents(in, p, err) : 0;
    size_t n = (size_t)p->rows * MEGA_LATENT;
    if (rc < 0)
        return rc;
    if (!in->latents && !base->has_encoder)
        return ora_err_set(err, ORA_E_VOICE,
                           "the base voice lacks the WaveVAE encoder, which ByteDance's release leaves out: "
                           "give the prompt's latents as a .npy file, or import a whole WaveVAE");
    p->latents = ora_xcalloc((size_t)(made > p->rows ? made : p->rows) * MEGA_LATENT, sizeof *p->latents);
    if (in->latents)
        memcpy(p->latents, in->latents, n * sizeof *p->latents);
    else
        rc = encode(base, in, w, made, p, err);
    return rc < 0 ? rc : mega_latents_check(p->latents, (size_t)p->rows, NULL, err);
}

/* ---- the whole ------------------------------------------------------------------------------------------
 */

static void tell(const struct mega_prompt_input *in, const char *what, double share)
{
    if (in->progress)
        in->progress(in->progress_ctx, what, share);
}

int mega_prompt_make(const struct mega_prompt_base *base, const struct mega_prompt_input *in,
                     struct mega_prompt *p, struct ora_err *err)
{
    struct mega_prompt_wave w;
    int32_t tokens[MEGA_ALIGN_TOKENS_MAX];
    int count = 0;
    *p = (struct mega_prompt){.noise_rms = NAN};
    tell(in, "listening to the prompt", 0);
    int rc = check_fits(base, in, err);
    if (rc == 0)
        rc = mega_prompt_hear(in, base->win_size, &w, err);
    if (rc < 0)
        return rc;
    p->lufs = w.lufs;
    tell(in, "aligning its phones", 0.1);
    rc = mega_prompt_align(base, &w, tokens, &count, err);
    if (rc == 0) {
        make_up(base, w.frames, p, tokens, &count);
        rc = set_phones(p, tokens, count, w.frames, err);
    }
    if (rc == 0) {
        tell(in, "its latents", 0.5);
        rc = set_latents(base, in, &w, p, err);
    }
    mega_prompt_wave_release(&w);
    if (rc < 0)
        mega_prompt_release(p);
    else
        tell(in, "done", 1);
    return rc;
}

/* ---- using one ------------------------------------------------------------------------------------------
 */

int mega_prompt_prime(const struct ora_compute *c, const struct mega_duration *m, const struct mega_prompt *p,
                      struct mega_duration_state *s, int capacity, struct ora_err *err)
{
    int32_t *codes = ora_xcalloc((size_t)p->phone_count, sizeof *codes);
    mega_prompt_codes(p->durations, (size_t)p->phone_count, codes);
    int rc = mega_duration_begin(c, m, s, capacity, err);
    if (rc == 0)
        rc = mega_duration_prompt(c, m, s, p->phones, p->tones, codes, p->phone_count, err);
    free(codes);
    return rc;
}
