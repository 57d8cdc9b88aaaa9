#include "base/test.h"

#include "nn/dmath.h"
#include "nn/noise.h"

ORA_TEST(exp_log_and_sincos_agree_with_libm)
{
    double worst_exp = 0, worst_log = 0, worst_trig = 0;
    for (int i = -70000; i <= 70900; i++) {
        double x = i * 0.01 + 1e-5 * i, s, c;
        if (x < 709)
            worst_exp = fmax(worst_exp, fabs(ora_dexp(x) / exp(x) - 1));
        double y = exp(x * 0.5);
        worst_log = fmax(worst_log, fabs(ora_dlog(y) - log(y)) / fmax(fabs(log(y)), 1e-3));
        double turn = (i + 70000) / 140900.0;
        ora_dsincos_turns(turn, &s, &c);
        worst_trig = fmax(worst_trig, fmax(fabs(s - sin(2 * M_PI * turn)), fabs(c - cos(2 * M_PI * turn))));
    }
    ORA_CHECK_NEAR(worst_exp, 0, 5e-16);
    ORA_CHECK_NEAR(worst_log, 0, 5e-16);
    ORA_CHECK_NEAR(worst_trig, 0, 1e-15);
    ORA_CHECK(ora_dexp(-1e9) == 0 && ora_dexp(1e9) < HUGE_VAL && ora_dexp(0) == 1);
}

ORA_TEST(noise_does_not_depend_on_how_it_is_cut)
{
    struct ora_rng_key key = ora_rng_key_of(7, "u1", 0), other = ora_rng_key_of(7, "u1", 1);
    float whole[64], part[64], strided[128], seg[64];
    ora_noise_row(key, 1, 3, 0, 61, 1, whole);
    ora_noise_row(key, 1, 3, 0, 20, 1, part);
    ora_noise_row(key, 1, 3, 20, 41, 1, part + 20);
    ora_noise_row(key, 1, 3, 0, 61, 2, strided);
    ora_noise_row(other, 1, 3, 0, 61, 1, seg);
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
    ora_noise_row(key, 0, 0, 0, 100000, 1, v);
    for (int i = 0; i < 100000; i++) {
        double x = v[i];
        sum += x, squares += x * x, fourth += x * x * x * x;
    }
    ORA_CHECK_NEAR(sum / 1e5, 0, 0.013);
    ORA_CHECK_NEAR(squares / 1e5, 1, 0.02);
    ORA_CHECK_NEAR(fourth / 1e5, 3, 0.15);
}
