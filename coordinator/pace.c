#include "coordinator/pace.h"

void ora_pace_add(struct ora_pace *p, int64_t now_ms, double audio_s, uint64_t chars_done)
{
    const struct ora_pace_sample *last =
        p->count ? &p->sample[(p->next + ORA_PACE_SAMPLES - 1) % ORA_PACE_SAMPLES] : 0;
    if (last && now_ms - last->at_ms < ORA_PACE_EVERY_MS)
        return;
    p->sample[p->next] =
        (struct ora_pace_sample){.at_ms = now_ms, .audio_s = audio_s, .chars_done = chars_done};
    p->next = (p->next + 1) % ORA_PACE_SAMPLES;
    if (p->count < ORA_PACE_SAMPLES)
        p->count++;
}

static double span(const struct ora_pace *p, const struct ora_pace_sample **first,
                   const struct ora_pace_sample **last)
{
    if (p->count < 2)
        return 0;
    *last = &p->sample[(p->next + ORA_PACE_SAMPLES - 1) % ORA_PACE_SAMPLES];
    *first = &p->sample[p->count < ORA_PACE_SAMPLES ? 0 : p->next];
    return (double)((*last)->at_ms - (*first)->at_ms) / 1000;
}

double ora_pace_audio_rate(const struct ora_pace *p)
{
    const struct ora_pace_sample *first = NULL, *last = NULL;
    double s = span(p, &first, &last);
    /* What a crashed engine had finished of its batch is counted back. */
    return s > 0 && last->audio_s > first->audio_s ? (last->audio_s - first->audio_s) / s : 0;
}

double ora_pace_eta_s(const struct ora_pace *p, uint64_t chars_left)
{
    const struct ora_pace_sample *first = NULL, *last = NULL;
    double s = span(p, &first, &last);
    if (chars_left == 0)
        return 0;
    if (s <= 0 || last->chars_done <= first->chars_done)
        return -1;
    return (double)chars_left * s / (double)(last->chars_done - first->chars_done);
}
