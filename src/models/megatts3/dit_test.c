/*
 * The diffusion transformer's fast form against its plain one, on a small model of formula weights at every
 * level: each saving on its own by the weights of the branches and the place of the prompt; the arena is
 * exactly as large as promised; nothing is read that was not written; a table at hand changes no bit.
 *
 * SNR floor 115 dB: folded maps round elsewhere, and 3 layers and 3 steps carry it on (126 dB are measured).
 */
#include "models/megatts3/dit_plain.h"
#include "models/megatts3/tiny_rig.h"
#include "nn/solver.h"

/* SPLIT: two bfloat16 an operand leave 98 dB and more here, where a layer has 109. PLAIN: one, where another
 * rounding before it may give its neighbour: 57 dB and more. */
enum {
    SNR_FLOOR_DB = 115,
    SPLIT_FLOOR_DB = 90,
    PLAIN_FLOOR_DB = 45,
    PHONES = 19,
    ROWS_MAX = 64,
    STEPS = 3,
    PLAIN_BYTES = 8 << 20
};

struct dit_case {
    const char *what;
    int phones, frames, prompt_rows;
    double p_w, t_w;
    int branches; /* that have a weight */
};
static const struct dit_case cases[] = {
    {"three branches", 19, 88, 9, 1.6, 2.5, 3},
    {"branch 1 has no weight", 19, 88, 9, 1.75, 1.75, 2},
    {"branch 2 has no weight", 19, 88, 9, 1, 2.5, 2},
    {"branch 0 alone", 19, 88, 9, 1, 1, 1},
    {"branch 1 alone", 7, 40, 3, 1, 0, 1},
    {"branch 2 alone", 7, 40, 3, 0, 0, 1},
    {"no prompt", 19, 88, 0, 1.6, 2.5, 3},
    {"one target row", 19, 88, 21, 1.6, 2.5, 3},
    {"shortest", 1, 8, 1, 1.6, 2.5, 3},
    {"longer than a tile of rows", 19, 256, 20, 1.6, 2.5, 3},
};
enum { CASES = sizeof cases / sizeof *cases };

struct rig {
    struct tiny_rig t;
    struct mega_dit m;
    int32_t phones[PHONES], tones[PHONES], mel2ph[4 * ROWS_MAX];
    float prompt[ROWS_MAX * MEGA_LATENT];
    float x[2][ROWS_MAX * MEGA_LATENT];
};

static void bind(struct ora_binder *b, void *model)
{
    mega_dit_bind(b, &tiny_dit, model);
    mega_dit_bind_plain(b, &tiny_dit, model);
}

static void noise(void *ctx, int index, float *out, size_t n)
{
    (void)ctx;
    mega_formula_normals(mega_formula_key("T", "noise") + (uint64_t)index * 7919, out, n);
}

static struct mega_dit_input input_of(struct rig *g, const struct dit_case *c)
{
    uint64_t key = mega_formula_key("T", "phones");
    for (int i = 0; i < PHONES; i++) {
        g->phones[i] = 3 + (int32_t)(mega_formula_word(key, (uint64_t)i) >> 33) % 140;
        g->tones[i] = 3 + i % 12;
    }
    /* Durations of all sorts, and frames that hold no phone. */
    for (int i = 0, ph = 1; i < c->frames; i++) {
        g->mel2ph[i] = mega_formula_word(key, (uint64_t)(1000 + i)) % 17 == 0 ? 0 : ph;
        ph += ph < c->phones && mega_formula_word(key, (uint64_t)(2000 + i)) % 3 == 0;
    }
    mega_formula_normals(mega_formula_key("T", "prompt"), g->prompt, ROWS_MAX * MEGA_LATENT);
    return (struct mega_dit_input){.phones = g->phones,
                                   .tones = g->tones,
                                   .phone_count = c->phones,
                                   .mel2ph = g->mel2ph,
                                   .frames = c->frames,
                                   .prompt = g->prompt,
                                   .prompt_rows = c->prompt_rows};
}

static struct mega_sampling sampling_of(const struct dit_case *c)
{
    return (struct mega_sampling){.steps = STEPS, .p_w = c->p_w, .t_w = c->t_w, .noise = noise};
}

static void check_case(struct rig *g, const struct dit_case *c)
{
    struct ora_err err = {0};
    struct mega_dit_input in = input_of(g, c);
    struct mega_sampling how = sampling_of(c);
    size_t first = (size_t)in.prompt_rows * MEGA_LATENT, n = (size_t)mega_dit_rows(&in) * MEGA_LATENT;
    tiny_arena(&g->t, PLAIN_BYTES);
    ORA_CHECK_INT(mega_dit_sample_plain(&g->t.c, &g->m, &in, &how, g->x[0], &err), 0);
    size_t bytes = mega_dit_bytes(&g->m, g->t.k, &in, &how);
    tiny_arena(&g->t, bytes);
    ORA_CHECK_INT(mega_dit_sample(&g->t.c, &g->m, &in, &how, g->x[1], &err), 0);
    if (g->t.arena.peak_bytes != bytes)
        ORA_FAIL("%s: arena of %zu bytes, %zu used", c->what, bytes, g->t.arena.peak_bytes);
    double snr = tiny_snr_db(g->x[1] + first, g->x[0] + first, n - first);
    static const int floors_db[] = {[ORA_OPERANDS_NONE] = SNR_FLOOR_DB,
                                    [ORA_OPERANDS_HI] = PLAIN_FLOOR_DB,
                                    [ORA_OPERANDS_HI_LO] = SPLIT_FLOOR_DB};
    int floor_db = floors_db[g->m.layer[0].w1.operands];
    if (!(snr >= floor_db))
        ORA_FAIL("%s, %s: SNR %.1f dB, wanted %d", g->t.k->name, c->what, snr, floor_db);
    tiny_arena(&g->t, bytes - 64);
    ORA_CHECK_INT(mega_dit_sample(&g->t.c, &g->m, &in, &how, g->x[1], &err), ORA_E_NO_MEMORY);
}

ORA_TEST(fast_equals_plain)
{
    struct rig *g = ora_xcalloc(1, sizeof *g);
    for (size_t l = 0; ora_kernels_at(l); l++) {
        if (!tiny_begin(&g->t, ora_kernels_at(l), bind, &g->m))
            continue;
        for (int i = 0; i < CASES; i++)
            check_case(g, &cases[i]);
        tiny_end(&g->t);
    }
    free(g);
}

/* Branches without weight are not run: the work of a step is that of the others. */
ORA_TEST(idle_branches_cost_nothing)
{
    struct rig *g = ora_xcalloc(1, sizeof *g);
    double of_three = 0;
    ORA_REQUIRE(tiny_begin(&g->t, ora_kernels_find("auto", NULL), bind, &g->m));
    for (int i = 0; i < 4; i++) {
        struct ora_err err = {0};
        struct mega_dit_input in = input_of(g, &cases[i]);
        struct mega_sampling how = sampling_of(&cases[i]);
        double macs[2] = {0};
        for (int j = 0; j < 2; j++) {
            how.steps = 1 + j;
            tiny_arena(&g->t, mega_dit_bytes(&g->m, g->t.k, &in, &how));
            g->t.c.count = &macs[j];
            ORA_CHECK_INT(mega_dit_sample(&g->t.c, &g->m, &in, &how, g->x[0], &err), 0);
        }
        double d = tiny_dit.dim,
               own = tiny_dit.time_freqs * d + d * d + 6 * d * d * tiny_dit.layers + 2 * d * d;
        double rows = mega_dit_rows(&in) - in.prompt_rows;
        double step = macs[1] - macs[0] - own - rows * MEGA_LATENT * d;
        of_three = i == 0 ? step : of_three;
        ORA_CHECK_INT(3 * step, cases[i].branches * of_three);
    }
    tiny_end(&g->t);
    free(g);
}

ORA_TEST(direct_levels_have_one_set_of_bits)
{
    static const char *const names[] = {"scalar", "avx2", "avx512"};
    struct rig *g = ora_xcalloc(1, sizeof *g);
    for (int i = 0; i < 3; i++) {
        struct ora_err err = {0};
        if (!tiny_begin(&g->t, ora_kernels_find(names[i], &err), bind, &g->m))
            continue;
        struct mega_dit_input in = input_of(g, &cases[0]);
        struct mega_sampling how = sampling_of(&cases[0]);
        tiny_arena(&g->t, mega_dit_bytes(&g->m, g->t.k, &in, &how));
        ORA_CHECK_INT(mega_dit_sample(&g->t.c, &g->m, &in, &how, g->x[i > 0], &err), 0);
        if (memcmp(g->x[0], g->x[i > 0], sizeof *g->x[0] * (size_t)mega_dit_rows(&in) * MEGA_LATENT) != 0)
            ORA_FAIL("%s: other bits than scalar's", names[i]);
        tiny_end(&g->t);
    }
    free(g);
}

ORA_TEST(a_table_at_hand_changes_no_bit)
{
    struct rig *g = ora_xcalloc(1, sizeof *g);
    struct ora_err err = {0};
    double times[STEPS];
    ORA_REQUIRE(tiny_begin(&g->t, ora_kernels_find("auto", NULL), bind, &g->m));
    float *table = ora_xmalloc(sizeof *table * STEPS * mega_dit_table_floats(&g->m));
    struct mega_dit_input in = input_of(g, &cases[0]);
    struct mega_sampling how = sampling_of(&cases[0]);
    size_t with = mega_dit_bytes(&g->m, g->t.k, &in, &how);
    tiny_arena(&g->t, with);
    ORA_CHECK_INT(mega_dit_sample(&g->t.c, &g->m, &in, &how, g->x[0], &err), 0);
    for (int i = 0; i < STEPS; i++)
        times[i] = ora_sway_time(i, STEPS);
    tiny_arena(&g->t, PLAIN_BYTES);
    ORA_CHECK_INT(mega_dit_table(&g->t.c, &g->m, times, STEPS, table, &err), 0);
    how.table = table;
    ORA_CHECK(mega_dit_bytes(&g->m, g->t.k, &in, &how) < with);
    tiny_arena(&g->t, mega_dit_bytes(&g->m, g->t.k, &in, &how));
    ORA_CHECK_INT(mega_dit_sample(&g->t.c, &g->m, &in, &how, g->x[1], &err), 0);
    ORA_CHECK(memcmp(g->x[0], g->x[1], sizeof *g->x[0] * (size_t)mega_dit_rows(&in) * MEGA_LATENT) == 0);
    free(table);
    tiny_end(&g->t);
    free(g);
}

ORA_TEST(blocks_of_steps_change_no_bit)
{
    static const int blocks[] = {0, 7, 6, 5, 3, 1};
    enum { MANY = 7 };
    struct rig *g = ora_xcalloc(1, sizeof *g);
    struct ora_err err = {0};
    ORA_REQUIRE(tiny_begin(&g->t, ora_kernels_find("auto", NULL), bind, &g->m));
    struct mega_dit_input in = input_of(g, &cases[0]);
    struct mega_sampling how = sampling_of(&cases[0]);
    size_t floats = (size_t)mega_dit_rows(&in) * MEGA_LATENT, bytes = SIZE_MAX;
    how.steps = MANY;
    for (int i = 0; i < 6; i++) {
        how.table_steps = blocks[i];
        ORA_CHECK(mega_dit_bytes(&g->m, g->t.k, &in, &how) <= bytes);
        bytes = mega_dit_bytes(&g->m, g->t.k, &in, &how);
        tiny_arena(&g->t, bytes);
        ORA_CHECK_INT(mega_dit_sample(&g->t.c, &g->m, &in, &how, g->x[i > 0], &err), 0);
        ORA_CHECK(memcmp(g->x[0], g->x[i > 0], floats * sizeof(float)) == 0);
    }
    how.table_steps = 0;
    how.steps = 1000;
    size_t thousand = mega_dit_bytes(&g->m, g->t.k, &in, &how);
    how.steps = 10000;
    ORA_CHECK(mega_dit_bytes(&g->m, g->t.k, &in, &how) <= thousand + 9000 * sizeof(double) + 64);
    tiny_end(&g->t);
    free(g);
}

/* The AdaLN weights lie together and make up what they should: who drops them drops nothing else. */
ORA_TEST(modulation_weights_lie_together)
{
    struct rig *g = ora_xcalloc(1, sizeof *g);
    ORA_REQUIRE(tiny_begin(&g->t, ora_kernels_find("auto", NULL), bind, &g->m));
    const struct mega_dit_modulation *a = &g->m.modulation;
    const char *from = a->from;
    const struct ora_conv *all[] = {&a->time[0], &a->time[1], &a->layer[0], &a->layer[2], &a->last};
    for (int i = 0; i < 5; i++) {
        const char *w = all[i]->weights;
        struct ora_conv_spec s = {.in = all[i]->in, .out = all[i]->out, .taps = 1};
        ORA_CHECK(w >= from && w + g->t.k->pack_bytes(&s) <= from + a->bytes);
    }
    ORA_CHECK((const char *)g->m.layer[0].q.weights >= from + a->bytes);
    tiny_end(&g->t);
    free(g);
}
