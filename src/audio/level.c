/* Level: the sums are split in four, in a fixed order, which a compiler may put into SIMD lanes; what a piece
 * has beyond whole fours waits for the next. */
#include "audio/level.h"

#include <math.h>

static void add_fours(double sum[4], const float *x, size_t n)
{
    double s[4] = {sum[0], sum[1], sum[2], sum[3]};
    for (size_t i = 0; i + 4 <= n; i += 4)
        for (size_t k = 0; k < 4; k++)
            s[k] += (double)x[i + k] * (double)x[i + k];
    for (size_t k = 0; k < 4; k++)
        sum[k] = s[k];
}

static void add_squares(struct ora_level_meter *m, const float *x, size_t n)
{
    while (m->waiting_count && n) {
        m->waiting[m->waiting_count++] = *x++;
        n--;
        if (m->waiting_count == 4) {
            add_fours(m->squares, m->waiting, 4);
            m->waiting_count = 0;
        }
    }
    add_fours(m->squares, x, n);
    for (size_t i = n / 4 * 4; i < n; i++)
        m->waiting[m->waiting_count++] = x[i];
}

static double sum_of_squares(const struct ora_level_meter *m)
{
    double first = m->squares[0];
    for (size_t i = 0; i < m->waiting_count; i++)
        first += (double)m->waiting[i] * (double)m->waiting[i];
    return (first + m->squares[1]) + (m->squares[2] + m->squares[3]);
}

static bool sounds(float x)
{
    return fabsf(x) > ORA_SILENCE_LEVEL;
}

static void add_silences(struct ora_level_meter *m, const float *x, size_t n)
{
    size_t i = 0, silent = m->silent, longest = m->max_silence;
    if (!m->sounded) {
        while (i < n && !sounds(x[i]))
            i++;
        m->lead += i;
        m->sounded = i < n;
    }
    for (; i < n; i++) {
        if (!sounds(x[i])) {
            silent++;
            continue;
        }
        longest = silent > longest ? silent : longest;
        silent = 0;
    }
    m->silent = silent;
    m->max_silence = longest;
}

void ora_level_add(struct ora_level_meter *m, const float *x, size_t n)
{
    float peak = m->peak;
    for (size_t i = 0; i < n; i++) {
        float a = fabsf(x[i]);
        peak = a > peak ? a : peak;
    }
    m->peak = peak;
    m->samples += n;
    add_squares(m, x, n);
    add_silences(m, x, n);
}

void ora_level_read(const struct ora_level_meter *m, struct ora_level *level)
{
    size_t n = m->samples;
    *level = (struct ora_level){.peak = m->peak, .rms = n ? sqrt(sum_of_squares(m) / (double)n) : 0};
    level->lead = m->lead;
    level->trail = m->sounded ? m->silent : n;
    level->max_silence = m->sounded ? m->max_silence : n;
}

void ora_level_measure(const float *x, size_t n, struct ora_level *level)
{
    struct ora_level_meter m = {0};
    ora_level_add(&m, x, n);
    ora_level_read(&m, level);
}

void ora_level_trim(const struct ora_level *level, size_t n, size_t margin, size_t *start, size_t *count)
{
    size_t lead = level->lead, trail = level->trail;
    *start = 0;
    *count = n;
    if (lead == n)
        return;
    size_t cut_lead = lead > margin ? lead - margin : 0, cut_trail = trail > margin ? trail - margin : 0;
    *start = cut_lead;
    *count = n - cut_lead - cut_trail;
}
