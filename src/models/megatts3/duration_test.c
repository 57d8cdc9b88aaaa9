/*
 * Durations of many chunks at once, on a small model of formula weights: the bits of one by one, at every
 * level, with any number of seats, with and without forced codes; the prompt's state stays as it was; the
 * arena is as large as promised. Whether the numbers are right is told by tests/golden/megatts3.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/test.h"
#include "models/megatts3/duration.h"
#include "models/megatts3/tiny_rig.h"

static const struct mega_dur_dims dims = {
    .text = {.symbols = 174, .tones = 23, .dim = 32, .heads = 2, .layers = 2, .ffn = 48},
    .dec = 24,
    .layers = 2,
    .heads = 3,
    .ffn = 56,
    .code_size = 128};

enum { CHUNKS = 9, PHONES = 40, PROMPT = 21, ARENA_BYTES = 16 << 20 };

struct rig {
    struct mega_duration m;
    struct tiny_rig t;
    struct mega_duration_state prompt;
    int32_t phones[CHUNKS + 1][PHONES], tones[CHUNKS + 1][PHONES], forced[CHUNKS + 1][PHONES];
    int32_t codes[CHUNKS][PHONES];
    float d[CHUNKS][PHONES];
    struct mega_duration_chunk chunks[CHUNKS];
};

static void bind(struct ora_binder *b, void *model)
{
    mega_duration_bind(b, &dims, model);
}

static void fill(int32_t *to, const char *what, int i, int32_t below)
{
    uint64_t key = mega_formula_key("T", what);
    for (int t = 0; t < PHONES; t++)
        to[t] = 1 + (int32_t)(mega_formula_word(key, (uint64_t)(i * PHONES + t)) >> 33) % below;
}

/* Chunks of 1 to 40 phones, every third with forced codes; the last set of phones is the prompt's. */
static struct rig *rig_create(const char *level)
{
    struct ora_err err = {0};
    const struct ora_kernels *k = ora_kernels_find(level, &err);
    if (!k) {
        ora_test_skip(err.message);
        return NULL;
    }
    struct rig *g = ora_xcalloc(1, sizeof *g);
    ORA_CHECK(tiny_begin(&g->t, k, bind, &g->m));
    tiny_arena(&g->t, ARENA_BYTES);
    for (int i = 0; i <= CHUNKS; i++) {
        fill(g->phones[i], "in.phones", i, 173);
        fill(g->tones[i], "in.tones", i, 15);
        fill(g->forced[i], "in.forced", i, 128);
        if (i < CHUNKS)
            g->chunks[i] = (struct mega_duration_chunk){.phones = g->phones[i],
                                                        .tones = g->tones[i],
                                                        .n = i == 4 ? PHONES : 1 + 3 * i,
                                                        .forced = i % 3 == 2 ? g->forced[i] : NULL,
                                                        .codes = g->codes[i],
                                                        .d = g->d[i]};
    }
    ORA_CHECK_INT(mega_duration_begin(&g->t.c, &g->m, &g->prompt, PROMPT, &err), 0);
    ORA_CHECK_INT(mega_duration_prompt(&g->t.c, &g->m, &g->prompt, g->phones[CHUNKS], g->tones[CHUNKS],
                                       g->forced[CHUNKS], PROMPT, &err),
                  0);
    return g;
}

static void rig_destroy(struct rig *g)
{
    tiny_end(&g->t);
    free(g);
}

static void check_same(const struct rig *g, const struct rig *want, int from, int to, int width)
{
    for (int i = from; i < to; i++) {
        size_t n = (size_t)g->chunks[i].n;
        if (memcmp(g->codes[i], want->codes[i], n * sizeof *g->codes[i]) != 0)
            ORA_FAIL("chunk %d with %d seats has other codes", i, width);
        if (memcmp(g->d[i], want->d[i], n * sizeof *g->d[i]) != 0)
            ORA_FAIL("chunk %d with %d seats has other bits", i, width);
    }
}

/* One by one in the state itself, with the other function. */
static void run_alone(struct rig *g, int i)
{
    struct ora_err err = {0};
    struct mega_duration_state s;
    const struct mega_duration_chunk *k = &g->chunks[i];
    size_t mark = ora_arena_mark(&g->t.arena);
    ORA_CHECK_INT(mega_duration_begin(&g->t.c, &g->m, &s, PROMPT + k->n, &err), 0);
    ora_kv_copy(&s.cache, &g->prompt.cache);
    s.last_code = g->prompt.last_code;
    ORA_CHECK_INT(mega_duration_run(&g->t.c, &g->m, &s, k->phones, k->tones, k->forced, k->n, k->codes, &err),
                  0);
    ora_arena_reset(&g->t.arena, mark);
}

static void check_level(const char *level)
{
    static const int widths[] = {1, 2, 3, 16};
    struct ora_err err = {0};
    struct rig *want = rig_create("scalar"), *g = rig_create(level);
    for (int i = 0; g && i < CHUNKS; i++)
        ORA_CHECK_INT(mega_duration_batch(&want->t.c, &want->m, &want->prompt, &want->chunks[i], 1, 1, &err),
                      0);
    for (size_t w = 0; g && w < sizeof widths / sizeof *widths; w++) {
        memset(g->codes, -1, sizeof g->codes);
        ORA_CHECK_INT(mega_duration_batch(&g->t.c, &g->m, &g->prompt, g->chunks, CHUNKS, widths[w], &err), 0);
        check_same(g, want, 0, CHUNKS, widths[w]);
        memset(g->codes, -1, sizeof g->codes);
        ORA_CHECK_INT(mega_duration_batch(&g->t.c, &g->m, &g->prompt, g->chunks + 3, 4, widths[w], &err), 0);
        check_same(g, want, 3, 7, widths[w]);
        ORA_CHECK_INT(g->prompt.cache.length, PROMPT);
    }
    memset(g ? g->codes : want->codes, -1, sizeof want->codes);
    for (int i = 0; g && i < CHUNKS; i++)
        run_alone(g, i);
    if (g)
        check_same(g, want, 0, CHUNKS, 0);
    if (g)
        rig_destroy(g);
    rig_destroy(want);
}

ORA_TEST(batches_have_the_bits_of_one_scalar)
{
    check_level("scalar");
}
ORA_TEST(batches_have_the_bits_of_one_avx2)
{
    check_level("avx2");
}
ORA_TEST(batches_have_the_bits_of_one_avx512)
{
    check_level("avx512");
}

ORA_TEST(the_arena_is_as_large_as_promised)
{
    struct ora_err err = {0};
    struct rig *g = rig_create("scalar");
    size_t at = ora_arena_mark(&g->t.arena);
    g->t.arena.peak_bytes = at;
    ORA_CHECK_INT(mega_duration_batch(&g->t.c, &g->m, &g->prompt, g->chunks, CHUNKS, 4, &err), 0);
    ORA_CHECK_INT(g->t.arena.peak_bytes - at, mega_duration_batch_bytes(&g->t.c, &g->m, 4, PROMPT, PHONES));
    struct mega_duration_state s;
    g->t.arena.peak_bytes = at;
    ORA_CHECK_INT(mega_duration_begin(&g->t.c, &g->m, &s, PHONES + 5, &err), 0);
    ORA_CHECK_INT(
        mega_duration_prompt(&g->t.c, &g->m, &s, g->phones[0], g->tones[0], g->forced[0], PHONES, &err), 0);
    ORA_CHECK_INT(g->t.arena.peak_bytes - at, mega_duration_prompt_bytes(&g->t.c, &g->m, PHONES + 5, PHONES));
    ora_arena_reset(&g->t.arena, at);
    g->t.arena.size_bytes = at + 4096;
    ORA_CHECK_INT(mega_duration_batch(&g->t.c, &g->m, &g->prompt, g->chunks, CHUNKS, 4, &err),
                  ORA_E_NO_MEMORY);
    ORA_CHECK_INT(ora_arena_mark(&g->t.arena), at);
    rig_destroy(g);
}
