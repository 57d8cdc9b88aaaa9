#include "base/test.h"

#include "models/vits/dmath.h"
#include "models/vits/noise.h"
#include "models/vits/spline.h"

ORA_TEST(exp_log_and_sincos_agree_with_libm)
{
    double worst_exp = 0, worst_log = 0, worst_trig = 0;
    for (int i = -70000; i <= 70900; i++) {
        double x = i * 0.01 + 1e-5 * i, s, c;
        if (x < 709)
            worst_exp = fmax(worst_exp, fabs(vits_exp(x) / exp(x) - 1));
        double y = exp(x * 0.5);
        worst_log = fmax(worst_log, fabs(vits_log(y) - log(y)) / fmax(fabs(log(y)), 1e-3));
        double turn = (i + 70000) / 140900.0;
        vits_sincos_turns(turn, &s, &c);
        worst_trig = fmax(worst_trig, fmax(fabs(s - sin(2 * M_PI * turn)), fabs(c - cos(2 * M_PI * turn))));
    }
    ORA_CHECK_NEAR(worst_exp, 0, 5e-16);
    ORA_CHECK_NEAR(worst_log, 0, 5e-16);
    ORA_CHECK_NEAR(worst_trig, 0, 1e-15);
    ORA_CHECK(vits_exp(-1e9) == 0 && vits_exp(1e9) < HUGE_VAL && vits_exp(0) == 1);
}

ORA_TEST(noise_does_not_depend_on_how_it_is_cut)
{
    struct ora_rng_key key = ora_rng_key_of(7, "u1", 0), other = ora_rng_key_of(7, "u1", 1);
    float whole[64], part[64], strided[128], seg[64];
    vits_noise_row(key, VITS_NOISE_PRIOR, 3, 0, 61, 1, whole);
    vits_noise_row(key, VITS_NOISE_PRIOR, 3, 0, 20, 1, part);
    vits_noise_row(key, VITS_NOISE_PRIOR, 3, 20, 41, 1, part + 20);
    vits_noise_row(key, VITS_NOISE_PRIOR, 3, 0, 61, 2, strided);
    vits_noise_row(other, VITS_NOISE_PRIOR, 3, 0, 61, 1, seg);
    int same = 0;
    for (int i = 0; i < 61; i++) {
        ORA_CHECK(whole[i] == part[i] && whole[i] == strided[2 * i]);
        same += whole[i] == seg[i];
    }
    ORA_CHECK_INT(same, 0);
}

ORA_TEST(noise_is_standard_normal)
{
    struct ora_rng_key key = ora_rng_key_of(1, "x", 0);
    static float v[100000];
    double sum = 0, squares = 0, fourth = 0;
    vits_noise_row(key, VITS_NOISE_DURATION, 0, 0, 100000, 1, v);
    for (int i = 0; i < 100000; i++) {
        double x = v[i];
        sum += x, squares += x * x, fourth += x * x * x * x;
    }
    ORA_CHECK_NEAR(sum / 1e5, 0, 0.013);
    ORA_CHECK_NEAR(squares / 1e5, 1, 0.02);
    ORA_CHECK_NEAR(fourth / 1e5, 3, 0.15);
}

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
        vits_noise_row(ora_rng_key_of((uint64_t)seed, "spline", 0), VITS_NOISE_PRIOR, 0, 0, 29, 1, noise);
        for (int i = 0; i < 29; i++)
            h[i] = noise[i] * (i < 20 ? 20 : 3);
        for (double x = -4.99; x < 5; x += 0.173)
            ORA_CHECK_NEAR(vits_spline_inverse(forward(x, h, 10, 192), h, 1, 10, 192), x, 1e-8);
        ORA_CHECK_NEAR(vits_spline_inverse(5, h, 1, 10, 192), 5, 1e-9);
        ORA_CHECK_NEAR(vits_spline_inverse(-5, h, 1, 10, 192), -5, 1e-9);
        ORA_CHECK(vits_spline_inverse(5.001, h, 1, 10, 192) == 5.001);
    }
}
