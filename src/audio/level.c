/* Level: the sums are split in four, in a fixed order, which a compiler may put into SIMD lanes. */
#include "audio/level.h"

#include <math.h>
#include <stdbool.h>

static double sum_of_squares(const float *x, size_t n)
{
    double s[4] = {0, 0, 0, 0};
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (size_t k = 0; k < 4; k++)
            s[k] += (double)x[i + k] * (double)x[i + k];
    for (; i < n; i++)
        s[0] += (double)x[i] * (double)x[i];
    return (s[0] + s[1]) + (s[2] + s[3]);
}

static bool sounds(float x)
{
    return fabsf(x) > ORA_SILENCE_LEVEL;
}

static size_t first_sound(const float *x, size_t n)
{
    size_t i = 0;
    while (i < n && !sounds(x[i]))
        i++;
    return i;
}

/* Samples after the last one that sounds; there is one. */
static size_t silent_tail(const float *x, size_t n)
{
    size_t i = n;
    while (!sounds(x[i - 1]))
        i--;
    return n - i;
}

/* The longest run of silence in x, which starts and ends with a sounding sample. */
static size_t longest_silence(const float *x, size_t n)
{
    size_t longest = 0, since = 0;
    for (size_t i = 1; i < n; i++)
        if (sounds(x[i])) {
            size_t run = i - since - 1;
            longest = run > longest ? run : longest;
            since = i;
        }
    return longest;
}

void ora_level_measure(const float *x, size_t n, struct ora_level *level)
{
    float peak = 0;
    for (size_t i = 0; i < n; i++) {
        float a = fabsf(x[i]);
        peak = a > peak ? a : peak;
    }
    *level = (struct ora_level){.peak = peak, .rms = n ? sqrt(sum_of_squares(x, n) / (double)n) : 0};
    level->lead = first_sound(x, n);
    if (level->lead == n) {
        level->trail = level->max_silence = n;
        return;
    }
    level->trail = silent_tail(x, n);
    level->max_silence = longest_silence(x + level->lead, n - level->lead - level->trail);
}

void ora_level_trim(const float *x, size_t n, size_t margin, size_t *start, size_t *count)
{
    *start = 0;
    *count = n;
    size_t lead = first_sound(x, n);
    if (lead == n)
        return;
    size_t trail = silent_tail(x, n);
    size_t cut_lead = lead > margin ? lead - margin : 0, cut_trail = trail > margin ? trail - margin : 0;
    *start = cut_lead;
    *count = n - cut_lead - cut_trail;
}
