/* PCM: loops that a compiler turns into SIMD without changing what they compute. */
#include "audio/pcm.h"

#include <math.h>
#include <string.h>

size_t ora_pcm_first_not_finite(const float *x, size_t n)
{
    enum { BLOCK = 1024 };
    const uint32_t exponent = 0x7f800000u;
    for (size_t start = 0; start < n; start += BLOCK) {
        size_t end = n - start < BLOCK ? n : start + BLOCK;
        uint32_t bad = 0;
        for (size_t i = start; i < end; i++) {
            uint32_t bits;
            memcpy(&bits, x + i, sizeof bits);
            bad |= (bits & exponent) == exponent;
        }
        for (size_t i = start; bad && i < end; i++)
            if (!isfinite(x[i]))
                return i;
    }
    return n;
}

uint32_t ora_pcm_to_s16(const float *x, size_t n, int16_t *out)
{
    /* 1.5 * 2^23: a float of this size has no room for a fraction, so that adding it rounds half to even. */
    const float magic = 12582912.0f;
    uint32_t clipped = 0;
    for (size_t i = 0; i < n; i++) {
        float v = x[i] * (float)ORA_PCM_SCALE;
        clipped += (v > 32767.5f) | (v < -32768.5f);
        v = v > 32767.0f ? 32767.0f : v;
        v = v < -32768.0f ? -32768.0f : v;
        v += magic;
        int32_t bits;
        memcpy(&bits, &v, sizeof bits);
        out[i] = (int16_t)(bits - 0x4b400000);
    }
    return clipped;
}

void ora_pcm_to_float(const int16_t *x, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (float)x[i] / (float)ORA_PCM_SCALE;
}

void ora_pcm_gain(float *x, size_t n, double gain)
{
    float g = (float)gain;
    for (size_t i = 0; i < n; i++)
        x[i] *= g;
}

float ora_pcm_peak(const float *x, size_t n)
{
    float peak = 0;
    for (size_t i = 0; i < n; i++) {
        float a = fabsf(x[i]);
        peak = a > peak ? a : peak;
    }
    return peak;
}

double ora_pcm_dbfs(double x)
{
    return x > 0 ? 20.0 * log10(x) : -INFINITY;
}

double ora_pcm_from_db(double db)
{
    return pow(10.0, db / 20.0);
}
