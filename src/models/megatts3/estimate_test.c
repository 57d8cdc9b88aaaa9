/* What is foretold of a chunk against what is counted, and what a voice and its settings make of it. */
#include "models/megatts3/estimate.h"
#include "models/megatts3/tiny_clone.h"
#include "models/megatts3/tiny_rig.h"

extern const struct ora_family ora_family_megatts3;

/* The estimate beside the dry run: sizes, prompts, chunks, steps, guidance. */
ORA_TEST(an_estimate_is_near_the_count)
{
    struct mega_dims mini = {.dit = tiny_dit, .vae = tiny_vae};
    struct mega_macs m;
    struct ora_err err = {0};
    static const struct mega_chunk_size sizes[] = {
        {.phones = 240, .frames = 2048, .prompt_rows = 262, .steps = 8, .p_w = 1.6, .t_w = 2.5},
        {.phones = 240, .frames = 2048, .prompt_rows = 262, .steps = 32, .p_w = 1.6, .t_w = 2.5},
        {.phones = 60, .frames = 800, .prompt_rows = 75, .steps = 1, .p_w = 1, .t_w = 1},
        {.phones = 240, .frames = 2048, .prompt_rows = 262, .steps = 8, .p_w = 1.6, .t_w = 1.6},
        {.phones = 200, .frames = 1600, .prompt_rows = 25, .steps = 4, .p_w = 1, .t_w = 3},
        {.phones = 200, .frames = 1600, .prompt_rows = 25, .steps = 4, .p_w = 0, .t_w = 0},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int full = 0; full < 1 + (i == 1); full++) {
            const struct mega_dims *d = full ? &mega_dims_official : &mini;
            ORA_CHECK_INT(mega_count(d, &sizes[i], MEGA_FAST, &m, &err), 0);
            double off = mega_estimate(d, &sizes[i]) / m.total - 1;
            ORA_CHECK_NEAR(off, 0, 0.05);
        }
}

/* Sizes and steps count: a mini base costs little, 32 steps less than four times 8, since the decoder runs
 * once. */
ORA_TEST(cost_hangs_on_voice_and_settings)
{
    const struct ora_family *f = &ora_family_megatts3;
    struct ora_voice *v, full = {.name = "full"};
    struct ora_settings s;
    struct ora_cost usual, slow, mini, longer;
    struct ora_err err = {0};
    ORA_CHECK_OK(tiny_clone_make(ora_test_tmpdir(), &v, &err), err);
    ORA_CHECK_OK(ora_settings_init(f, &full, &s, &err), err);
    ora_family_cost(f, &full, &s, &usual);
    ORA_CHECK_NEAR(usual.core_s_per_audio_s / f->usual.core_s_per_audio_s, 1, 0.05);
    ORA_CHECK_NEAR(usual.chars_per_minute / f->usual.chars_per_minute, 1, 0.05);
    ORA_CHECK_NEAR(usual.audio_s_per_char, f->usual.audio_s_per_char, 1e-9);
    ora_family_cost(f, v, &s, &mini);
    ORA_CHECK(mini.core_s_per_audio_s > 0 && mini.core_s_per_audio_s < 0.01 * usual.core_s_per_audio_s);
    ORA_CHECK_OK(ora_settings_from_text(f, "steps=32", &s, &err), err);
    ora_family_cost(f, &full, &s, &slow);
    ORA_CHECK(slow.core_s_per_audio_s > 2 * usual.core_s_per_audio_s &&
              slow.core_s_per_audio_s < 3 * usual.core_s_per_audio_s);
    ORA_CHECK_OK(ora_settings_from_text(f, "alpha=2", &s, &err), err);
    ora_family_cost(f, &full, &s, &longer);
    ORA_CHECK_NEAR(longer.audio_s_per_char, 2 * usual.audio_s_per_char, 1e-9);
    ORA_CHECK_NEAR(longer.chars_per_minute, slow.chars_per_minute / 2, 1e-6);
    tiny_clone_free(&v);
}
