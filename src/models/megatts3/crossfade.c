/* Cross-fade. The window is made by turning a vector, not by a cosine of the C library, whose last bits are
 * not the same everywhere. */
#include "models/megatts3/crossfade.h"

#include <string.h>

/* cos and sin of 2*pi/7679: the window has 7680 points. */
static const double TURN_COS = 0x1.fffff4c4854fap-1, TURN_SIN = 0x1.acfce8c72f8a6p-11;

void mega_crossfade_window(float fade[MEGA_FADE])
{
    double re = 1, im = 0;
    for (int i = 0; i < MEGA_FADE; i++) {
        fade[i] = (float)(0.5 - 0.5 * re);
        double next = re * TURN_COS - im * TURN_SIN;
        im = re * TURN_SIN + im * TURN_COS;
        re = next;
    }
}

static size_t overlap(size_t have, size_t n)
{
    size_t most = have < n ? have : n;
    return most < MEGA_FADE ? most : MEGA_FADE;
}

size_t mega_crossfade_samples(size_t have, size_t n)
{
    return have + n - overlap(have, n);
}

size_t mega_crossfade(float *out, size_t have, const float *next, size_t n)
{
    size_t over = overlap(have, n);
    float fade[MEGA_FADE], *tail = out + (have - over);
    if (over)
        mega_crossfade_window(fade);
    for (size_t i = 0; i < over; i++) {
        /* a shorter overlap walks the window faster */
        size_t at = over == MEGA_FADE ? i : i * MEGA_FADE / over;
        tail[i] = tail[i] * fade[MEGA_FADE - 1 - at] + next[i] * fade[at];
    }
    memcpy(tail + over, next + over, (n - over) * sizeof *next);
    return have + n - over;
}
