/* Noise: Philox blocks to normals, in double so that the float results do not hang on one last bit. */
#include "nn/noise.h"

#include "nn/dmath.h"

static void normals_of(const uint32_t word[4], float out[4])
{
    static const double scale = 1.0 / 4294967296.0;
    for (int pair = 0; pair < 2; pair++) {
        double u = (word[2 * pair] + 0.5) * scale, turn = (word[2 * pair + 1] + 0.5) * scale, s, c;
        double radius = __builtin_sqrt(-2 * ora_dlog(u));
        ora_dsincos_turns(turn, &s, &c);
        out[2 * pair] = (float)(radius * c);
        out[2 * pair + 1] = (float)(radius * s);
    }
}

void ora_noise_row(struct ora_rng_key key, uint32_t tensor, uint32_t row, uint32_t first, size_t count,
                   size_t stride, float *out)
{
    for (size_t j = 0; j < count; j += 4) {
        uint32_t counter[4] = {first / 4 + (uint32_t)(j / 4), row, tensor, 0}, word[4];
        float four[4];
        ora_philox(key, counter, word);
        normals_of(word, four);
        for (size_t i = 0; i < 4 && j + i < count; i++)
            out[(j + i) * stride] = four[i];
    }
}
