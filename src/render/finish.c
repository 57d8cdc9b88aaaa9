/* Finish: the steps in their order. Loudness is measured once, before the gain: a gain moves it by exactly
 * itself. */
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

enum { TRIM_MARGIN_MS = 50 };

static const double SHORT_OF_LU = 0.05; /* less is rounding */

void ora_finish_init(struct ora_finish *f)
{
    *f = (struct ora_finish){.spectrum = ora_spectrum_create()};
}

void ora_finish_release(struct ora_finish *f)
{
    ora_resampler_release(&f->resampler);
    ora_spectrum_destroy(&f->spectrum);
    free(f->work);
    free(f->s16);
    *f = (struct ora_finish){0};
}

/* Makes room for n elements of `size` bytes; grows by half as much again, so that a run soon allocates no
 * more. */
static int reserve(void **p, size_t *cap, size_t n, size_t size, struct ora_err *err)
{
    size_t bytes;
    if (n <= *cap)
        return 0;
    void *grown = ora_size_mul(n + n / 2, size, &bytes) ? realloc(*p, bytes) : NULL;
    if (!grown)
        return ora_err_set(err, ORA_E_NO_MEMORY, "no memory for %zu samples", n);
    *p = grown;
    *cap = n + n / 2;
    return 0;
}

static int check_spoken(const struct ora_spoken *spoken, struct ora_err *err)
{
    if (!spoken->samples)
        return ora_err_set(err, ORA_E_BAD_INPUT, "the model gave no samples");
    size_t bad = ora_pcm_first_not_finite(spoken->pcm, spoken->samples);
    if (bad < spoken->samples)
        return ora_err_set(err, ORA_E_NOT_FINITE, "sample %zu of %zu is %g", bad, spoken->samples,
                           (double)spoken->pcm[bad]);
    return 0;
}

static int gain(struct ora_finish *f, const struct ora_render_spec *spec, struct ora_finished *out,
                struct ora_err *err)
{
    int rc = 0;
    double lufs = NAN;
    if (!isnan(spec->loudness_lufs))
        rc = ora_loudness_lufs(out->pcm, out->samples, out->sample_rate_hz, &lufs, err);
    if (rc < 0)
        return rc;
    double g = ora_loudness_gain(isnan(lufs) ? -INFINITY : lufs, (double)ora_pcm_peak(out->pcm, out->samples),
                                 spec->loudness_lufs, spec->peak_dbfs);
    out->checks.lufs = lufs + ora_pcm_dbfs(g);
    out->checks.peak_limited =
        isfinite(out->checks.lufs) && out->checks.lufs < spec->loudness_lufs - SHORT_OF_LU;
    if (g == 1.0)
        return 0;
    rc = reserve((void **)&f->work, &f->work_cap, out->samples, sizeof *f->work, err);
    if (rc < 0)
        return rc;
    memcpy(f->work, out->pcm, out->samples * sizeof *f->work);
    ora_pcm_gain(f->work, out->samples, g);
    out->pcm = f->work;
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

static void measure(struct ora_finish *f, const struct ora_spoken *spoken, struct ora_finished *out)
{
    struct ora_level level;
    ora_level_measure(out->pcm, out->samples, &level);
    double rate = out->sample_rate_hz, duration = (double)out->samples / rate;
    struct ora_checks *c = &out->checks;
    c->rms_dbfs = ora_pcm_dbfs(level.rms);
    c->peak_dbfs = ora_pcm_dbfs(level.peak);
    c->lead_silence_s = (double)level.lead / rate;
    c->trail_silence_s = (double)level.trail / rate;
    c->max_silence_s = (double)level.max_silence / rate;
    c->chars_per_s = (double)letters(spoken->normalized_text) / duration;
    c->s_per_phone = spoken->phone_count ? duration / (double)spoken->phone_count : 0;
    c->bandwidth_hz = ora_spectrum_bandwidth_hz(f->spectrum, out->pcm, out->samples, out->sample_rate_hz);
}

int ora_finish_run(struct ora_finish *f, const struct ora_render_spec *spec, const struct ora_spoken *spoken,
                   struct ora_finished *out, struct ora_err *err)
{
    *out = (struct ora_finished){
        .pcm = spoken->pcm, .samples = spoken->samples, .sample_rate_hz = spoken->sample_rate_hz};
    int rc = check_spoken(spoken, err);
    if (rc == 0 && spec->trim_silence) {
        ora_level_trim(spoken->pcm, spoken->samples, (size_t)spoken->sample_rate_hz * TRIM_MARGIN_MS / 1000,
                       &out->trimmed, &out->samples);
        out->pcm += out->trimmed;
    }
    if (rc == 0 && spec->sample_rate_hz && spec->sample_rate_hz != out->sample_rate_hz) {
        rc = ora_resample(&f->resampler, out->pcm, out->samples, out->sample_rate_hz, spec->sample_rate_hz,
                          &out->pcm, &out->samples, err);
        out->sample_rate_hz = spec->sample_rate_hz;
        if (rc == 0 && !out->samples)
            rc = ora_err_set(err, ORA_E_BAD_INPUT, "no samples are left at %d Hz", spec->sample_rate_hz);
    }
    if (rc == 0)
        rc = gain(f, spec, out, err);
    if (rc < 0)
        return rc;
    measure(f, spoken, out);
    if (spec->codec == ORA_CODEC_WAV_F32) {
        ora_sha256_of(out->pcm, out->samples * sizeof *out->pcm, out->pcm_sha256);
        return 0;
    }
    rc = reserve((void **)&f->s16, &f->s16_cap, out->samples, sizeof *f->s16, err);
    if (rc < 0)
        return rc;
    out->checks.clip_count = ora_pcm_to_s16(out->pcm, out->samples, f->s16);
    out->s16 = f->s16;
    ora_sha256_of(f->s16, out->samples * sizeof *f->s16, out->pcm_sha256);
    return 0;
}
