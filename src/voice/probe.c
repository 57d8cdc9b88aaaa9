/* Probe: two renderings, one spectrum each. */
#include "voice/probe.h"

#include <math.h>
#include <string.h>

#include "audio/level.h"
#include "audio/pcm.h"
#include "audio/spectrum.h"
#include "base/clock.h"
#include "voice/stage.h"

static const double DEPTH_DB = 50;

struct side {
    struct ora_probe_result *p;
    int index;
    double start_s;
    double power[ORA_SPECTRUM_BINS];
};

static int on_spoken(void *ctx, size_t index, int rc, const struct ora_spoken *s, const struct ora_err *why)
{
    struct side *side = ctx;
    struct ora_probe_result *p = side->p;
    (void)index;
    p->cpu_s[side->index] = ora_clock_thread_cpu_s() - side->start_s;
    if (rc == 0 && ora_pcm_first_not_finite(s->pcm, s->samples) < s->samples)
        rc = ora_err_set(&p->why, ORA_E_NOT_FINITE, "samples that are no numbers");
    else if (rc < 0)
        p->why = *why;
    p->failed = p->failed || rc < 0;
    if (rc < 0)
        return 0;
    struct ora_level level;
    ora_level_measure(s->pcm, s->samples, &level);
    p->seconds[side->index] = (double)s->samples / s->sample_rate_hz;
    p->rms_dbfs[side->index] = ora_pcm_dbfs(level.rms);
    struct ora_spectrum *spectrum = ora_spectrum_create();
    ora_spectrum_mean(spectrum, s->pcm, s->samples, s->sample_rate_hz, side->power);
    ora_spectrum_destroy(&spectrum);
    return 0;
}

static int render(const struct ora_family *f, const struct ora_model *model, struct ora_request q,
                  size_t setting, double value, struct side *side, struct ora_err *err)
{
    struct ora_arena arena = {0};
    q.settings.value[setting] = value;
    int rc = ora_voice_stage(f, model, q.text, &arena, err);
    side->start_s = ora_clock_thread_cpu_s();
    if (rc == 0)
        rc = f->synth(model, &arena, &q, 1, on_spoken, side, err);
    ora_arena_release(&arena);
    return rc;
}

/* Each spectrum by its own sum, so that a difference of level does not count. */
static double distance_db(const double *a, const double *b)
{
    double sum_a = 0, sum_b = 0, top = 0, square = 0;
    int count = 0;
    for (int k = 0; k < ORA_SPECTRUM_BINS; k++) {
        sum_a += a[k];
        sum_b += b[k];
    }
    if (!(sum_a > 0 && sum_b > 0))
        return sum_a > 0 || sum_b > 0 ? INFINITY : 0;
    for (int k = 0; k < ORA_SPECTRUM_BINS; k++)
        top = fmax(top, fmax(a[k] / sum_a, b[k] / sum_b));
    double least = top * pow(10, -DEPTH_DB / 10);
    for (int k = 0; k < ORA_SPECTRUM_BINS; k++) {
        double x = fmax(a[k] / sum_a, least), y = fmax(b[k] / sum_b, least);
        if (x <= least && y <= least)
            continue;
        double d = 10 * log10(x / y);
        square += d * d;
        count++;
    }
    return count ? sqrt(square / count) : 0;
}

int ora_voice_probe(const struct ora_voice *voice, const struct ora_model *model,
                    const struct ora_request *request, struct ora_probe_result *p, struct ora_err *err)
{
    const struct ora_family *f = ora_family_find(voice->family);
    struct side side[2] = {{.p = p, .index = 0}, {.p = p, .index = 1}};
    size_t setting = 0;
    *p = (struct ora_probe_result){0};
    while (f->settings[setting].name && strcmp(f->settings[setting].name, f->probe->setting) != 0)
        setting++;
    if (!f->settings[setting].name)
        return ora_err_set(err, ORA_E_INTERNAL, "family '%s' probes a setting '%s' that it has not", f->name,
                           f->probe->setting);
    int rc = render(f, model, *request, setting, f->probe->low, &side[0], err);
    if (rc == 0)
        rc = render(f, model, *request, setting, f->probe->high, &side[1], err);
    if (rc == 0 && !p->failed)
        p->spectrum_db = distance_db(side[0].power, side[1].power);
    return rc;
}

void ora_voice_probe_tell(const struct ora_probe_result *p, const struct ora_probe *probe,
                          struct ora_str *text)
{
    if (p->failed) {
        ora_str_addf(text, "%g against %g: %s", probe->low, probe->high, p->why.message);
        return;
    }
    ora_str_addf(
        text,
        "%g against %g: mean spectra %.2f dB apart, level %+.2f dB, %.2f and %.2f s of audio for %.2f "
        "and %.2f s of a core",
        probe->low, probe->high, p->spectrum_db, p->rms_dbfs[0] - p->rms_dbfs[1], p->seconds[0],
        p->seconds[1], p->cpu_s[0], p->cpu_s[1]);
}
