/*
 * Finish: the steps in their order, each a walk over blocks of the samples. Loudness is measured once, before
 * the gain: a gain moves it by exactly itself. The last walk does all that needs the final samples at once,
 * so that they are never stored as floats.
 */
#include "render/finish.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audio/level.h"
#include "audio/loudness.h"
#include "audio/pcm.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/utf8.h"

enum { TRIM_MARGIN_MS = 50, BLOCK = 1 << 14, RESAMPLED_KEEP_BYTES = 8 << 20 };

static const double SHORT_OF_LU = 0.05; /* less is rounding */

void ora_finish_init(struct ora_finish *f, const char *spool_dir)
{
    *f = (struct ora_finish){.spectrum = ora_spectrum_create()};
    ora_spool_init(&f->resampled, spool_dir, RESAMPLED_KEEP_BYTES);
    ora_encoder_init(&f->encoder, spool_dir);
    f->gained = ora_xmalloc(BLOCK * sizeof *f->gained);
    f->s16 = ora_xmalloc(BLOCK * sizeof *f->s16);
}

void ora_finish_release(struct ora_finish *f)
{
    ora_resampler_release(&f->resampler);
    ora_spool_release(&f->resampled);
    ora_spectrum_destroy(&f->spectrum);
    ora_encoder_release(&f->encoder);
    free(f->gained);
    free(f->s16);
    *f = (struct ora_finish){0};
}

void ora_finish_clear(struct ora_finish *f)
{
    ora_spool_clear(&f->resampled);
    ora_encoder_clear(&f->encoder);
}

/* ---- samples in blocks --------------------------------------------------------------------------------- */

struct sound {
    const float *pcm;
    size_t samples;
    int rate_hz;
    const struct ora_map *map; /* that pcm lies in, or NULL */
};

/* The block at *at, or NULL at the end; lets the one before it go. For a loop that adds *n to *at. */
static const float *block_at(const struct sound *s, size_t at, size_t *n)
{
    struct ora_bytes bytes = {(const unsigned char *)s->pcm, s->samples * sizeof *s->pcm, s->map};
    if (at)
        ora_bytes_rest(&bytes, (at - *n) * sizeof *s->pcm, *n * sizeof *s->pcm);
    *n = s->samples - at < BLOCK ? s->samples - at : BLOCK;
    return *n ? s->pcm + at : NULL;
}

#define EACH_BLOCK(s, x, at, n)                                                                              \
    size_t at = 0, n = 0;                                                                                    \
    for (const float *x; (x = block_at(s, at, &n)); at += n)

/* ---- the steps ----------------------------------------------------------------------------------------- */

/* Are they all numbers? And the level, when the ends are to be trimmed. */
static int check_spoken(const struct sound *s, struct ora_level_meter *level, struct ora_err *err)
{
    if (!s->samples)
        return ora_err_set(err, ORA_E_BAD_INPUT, "the model gave no samples");
    EACH_BLOCK(s, x, at, n)
    {
        size_t bad = ora_pcm_first_not_finite(x, n);
        if (bad < n)
            return ora_err_set(err, ORA_E_NOT_FINITE, "sample %zu of %zu is %g", at + bad, s->samples,
                               (double)x[bad]);
        if (level)
            ora_level_add(level, x, n);
    }
    return 0;
}

static void trim(struct sound *s, const struct ora_level_meter *meter, size_t *trimmed)
{
    struct ora_level level;
    ora_level_read(meter, &level);
    ora_level_trim(&level, s->samples, (size_t)s->rate_hz * TRIM_MARGIN_MS / 1000, trimmed, &s->samples);
    s->pcm += *trimmed;
}

static int keep_resampled(void *ctx, const float *x, size_t n, struct ora_err *err)
{
    struct ora_spool *spool = ctx;
    return ora_spool_put(spool, spool->len, x, n * sizeof *x, err);
}

static int resample(struct ora_finish *f, struct sound *s, int to_hz, struct ora_err *err)
{
    struct ora_bytes bytes;
    size_t want;
    ora_spool_clear(&f->resampled);
    int rc = ora_resample_begin(&f->resampler, s->samples, s->rate_hz, to_hz, &want, err);
    if (rc < 0)
        return rc;
    EACH_BLOCK(s, x, at, n)
    {
        rc = ora_resample_add(&f->resampler, x, n, keep_resampled, &f->resampled, err);
        if (rc < 0)
            return rc;
    }
    rc = ora_resample_end(&f->resampler, keep_resampled, &f->resampled, err);
    if (rc == 0)
        rc = ora_spool_read(&f->resampled, &bytes, err);
    if (rc < 0)
        return rc;
    *s = (struct sound){(const float *)(const void *)bytes.data, want, to_hz, bytes.map};
    return want ? 0 : ora_err_set(err, ORA_E_BAD_INPUT, "no samples are left at %d Hz", to_hz);
}

/* What gain() goes by. */
static int hear(const struct sound *s, bool loudness, double *lufs, float *peak, struct ora_err *err)
{
    struct ora_loudness_meter *meter = NULL;
    int rc = loudness ? ora_loudness_begin(&meter, s->rate_hz, s->samples, err) : 0;
    *peak = 0;
    EACH_BLOCK(s, x, at, n)
    {
        float highest = ora_pcm_peak(x, n);
        *peak = highest > *peak ? highest : *peak;
        if (rc == 0 && meter)
            rc = ora_loudness_add(meter, x, n, err);
    }
    int ended = ora_loudness_end(&meter, rc == 0 ? lufs : NULL, err);
    return rc < 0 ? rc : ended;
}

static int choose_gain(const struct sound *s, const struct ora_render_spec *spec, struct ora_checks *checks,
                       double *gain, struct ora_err *err)
{
    double lufs = NAN;
    float peak;
    *gain = 1;
    checks->lufs = NAN;
    if (isnan(spec->loudness_lufs) && isnan(spec->peak_dbfs))
        return 0;
    int rc = hear(s, !isnan(spec->loudness_lufs), &lufs, &peak, err);
    if (rc < 0)
        return rc;
    *gain =
        ora_loudness_gain(isnan(lufs) ? -INFINITY : lufs, (double)peak, spec->loudness_lufs, spec->peak_dbfs);
    checks->lufs = lufs + ora_pcm_dbfs(*gain);
    checks->peak_limited = isfinite(checks->lufs) && checks->lufs < spec->loudness_lufs - SHORT_OF_LU;
    return 0;
}

/* Code points that are spoken: not white space, not ,.!?"' */
static size_t letters(const char *text)
{
    size_t n = 0, len = text ? strlen(text) : 0;
    for (size_t at = 0; at < len;) {
        uint32_t cp;
        size_t used = ora_utf8_decode(text + at, len - at, &cp);
        at += used ? used : 1;
        bool blank = cp <= ' ' || cp == 0xa0 || (cp >= 0x2000 && cp <= 0x200b) || cp == 0x3000;
        n += used && !blank && !(cp < 0x80 && strchr(",.!?\"'", (int)cp));
    }
    return n;
}

/* ---- the last walk ------------------------------------------------------------------------------------- */

static void fill_checks(struct ora_finish *f, const struct ora_spoken *spoken,
                        const struct ora_level_meter *meter, struct ora_finished *out)
{
    struct ora_level level;
    ora_level_read(meter, &level);
    double rate = out->sample_rate_hz, duration = (double)out->samples / rate;
    struct ora_checks *c = &out->checks;
    c->rms_dbfs = ora_pcm_dbfs(level.rms);
    c->peak_dbfs = ora_pcm_dbfs(level.peak);
    c->lead_silence_s = (double)level.lead / rate;
    c->trail_silence_s = (double)level.trail / rate;
    c->max_silence_s = (double)level.max_silence / rate;
    c->chars_per_s = (double)letters(spoken->normalized_text) / duration;
    c->s_per_phone = spoken->phone_count ? duration / (double)spoken->phone_count : 0;
    c->bandwidth_hz = ora_spectrum_end_bandwidth_hz(f->spectrum);
}

/* A block of final samples into sum and file. */
static int store_block(struct ora_finish *f, enum ora_codec codec, const float *x, size_t n,
                       struct ora_sha256 *sum, uint32_t *clipped, struct ora_err *err)
{
    if (codec == ORA_CODEC_WAV_F32) {
        ora_sha256_update(sum, x, n * sizeof *x);
        return ora_encode_f32(&f->encoder, x, n, err);
    }
    *clipped += ora_pcm_to_s16(x, n, f->s16);
    ora_sha256_update(sum, f->s16, n * sizeof *f->s16);
    return ora_encode_s16(&f->encoder, f->s16, n, err);
}

static int measure_and_encode(struct ora_finish *f, const struct ora_render_spec *spec, const struct sound *s,
                              double gain, const struct ora_spoken *spoken, struct ora_finished *out,
                              struct ora_err *err)
{
    struct ora_level_meter level = {0};
    struct ora_sha256 sum;
    ora_sha256_init(&sum);
    ora_spectrum_begin(f->spectrum, s->rate_hz);
    int rc = ora_encode_begin(&f->encoder, spec->codec, s->rate_hz, err);
    if (rc < 0)
        return rc;
    EACH_BLOCK(s, x, at, n)
    {
        const float *y = x;
        if (gain != 1) {
            memcpy(f->gained, x, n * sizeof *x);
            ora_pcm_gain(f->gained, n, gain);
            y = f->gained;
        }
        ora_level_add(&level, y, n);
        ora_spectrum_add(f->spectrum, y, n);
        rc = store_block(f, spec->codec, y, n, &sum, &out->checks.clip_count, err);
        if (rc < 0)
            return rc;
    }
    out->samples = s->samples;
    out->sample_rate_hz = s->rate_hz;
    fill_checks(f, spoken, &level, out);
    ora_sha256_hex(&sum, out->pcm_sha256);
    return ora_encode_end(&f->encoder, &out->audio, err);
}

int ora_finish_run(struct ora_finish *f, const struct ora_render_spec *spec, const struct ora_spoken *spoken,
                   struct ora_finished *out, struct ora_err *err)
{
    struct sound s = {spoken->pcm, spoken->samples, spoken->sample_rate_hz, spoken->map};
    struct ora_level_meter ends = {0};
    double gain = 1;
    *out = (struct ora_finished){0};
    int rc = check_spoken(&s, spec->trim_silence ? &ends : NULL, err);
    if (rc == 0 && spec->trim_silence)
        trim(&s, &ends, &out->trimmed);
    if (rc == 0 && spec->sample_rate_hz && spec->sample_rate_hz != s.rate_hz)
        rc = resample(f, &s, spec->sample_rate_hz, err);
    if (rc == 0)
        rc = choose_gain(&s, spec, &out->checks, &gain, err);
    return rc < 0 ? rc : measure_and_encode(f, spec, &s, gain, spoken, out, err);
}
