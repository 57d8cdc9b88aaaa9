#include "base/test.h"

#include "models/vits/run.h"
#include "models/vits/spline.h"
#include "nn/noise.h"

/* The forward spline, to invert what was inverted. */
static double forward(double x, const float *h, int bins, int hidden)
{
    double e = 1e-3, cw[33], ch[33], d[33], sw = 0, sh = 0;
    for (int k = 0; k < bins; k++)
        sw += exp(h[k] / sqrt(hidden)), sh += exp(h[bins + k] / sqrt(hidden));
    cw[0] = ch[0] = -5;
    d[0] = d[bins] = 1;
    for (int k = 0; k < bins; k++) {
        cw[k + 1] = cw[k] + 10 * (e + (1 - e * bins) * exp(h[k] / sqrt(hidden)) / sw);
        ch[k + 1] = ch[k] + 10 * (e + (1 - e * bins) * exp(h[bins + k] / sqrt(hidden)) / sh);
        if (k)
            d[k] = e + log1p(exp(h[2 * bins + k - 1]));
    }
    int k = 0;
    while (k + 1 < bins && x >= cw[k + 1])
        k++;
    double w = cw[k + 1] - cw[k], hh = ch[k + 1] - ch[k], s = hh / w, t = (x - cw[k]) / w;
    return ch[k] + hh * (s * t * t + d[k] * t * (1 - t)) / (s + (d[k] + d[k + 1] - 2 * s) * t * (1 - t));
}

ORA_TEST(spline_inverse_undoes_the_spline)
{
    float h[29], noise[32];
    for (int seed = 0; seed < 50; seed++) {
        ora_noise_row(ora_rng_key_of((uint64_t)seed, "spline", 0), VITS_NOISE_PRIOR, 0, 0, 29, 1, noise);
        for (int i = 0; i < 29; i++)
            h[i] = noise[i] * (i < 20 ? 20 : 3);
        for (double x = -4.99; x < 5; x += 0.173)
            ORA_CHECK_NEAR(vits_spline_inverse(forward(x, h, 10, 192), h, 1, 10, 192), x, 1e-8);
        ORA_CHECK_NEAR(vits_spline_inverse(5, h, 1, 10, 192), 5, 1e-9);
        ORA_CHECK_NEAR(vits_spline_inverse(-5, h, 1, 10, 192), -5, 1e-9);
        ORA_CHECK(vits_spline_inverse(5.001, h, 1, 10, 192) == 5.001);
    }
}
