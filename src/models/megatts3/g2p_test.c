/*
 * The G2P's promises about batches, on a small model of formula weights: ids, margins and logits of a chunk
 * have the same bits alone and in any company, with any number of seats, from the cache and without; the
 * arena is as large as promised. Whether the numbers are right is told by tests/golden/megatts3.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/test.h"
#include "models/megatts3/g2p_cache.h"
#include "models/megatts3/tiny_rig.h"

static const struct mega_g2p_dims dims = {.hidden = 56,
                                          .layers = 2,
                                          .heads = 7,
                                          .kv_heads = 1,
                                          .mlp = 88,
                                          .vocab = 1150,
                                          .speech_start = 324,
                                          .bot = 322,
                                          .bos = 323,
                                          .rope_theta = 1e6,
                                          .eps = 1e-6};

enum { CHUNKS = 19, IDS_MAX = 270, LIMIT = 16, ARENA_BYTES = 32 << 20 };

struct rig {
    struct mega_g2p m;
    struct tiny_rig t;
    int32_t ids[CHUNKS][IDS_MAX], out[CHUNKS][LIMIT];
    float margins[CHUNKS][LIMIT];
    struct mega_g2p_chunk chunks[CHUNKS];
};

static void bind(struct ora_binder *b, void *model)
{
    mega_g2p_bind(b, &dims, model);
}

/* Chunks of 3 to 20 ids; number 5 is longer than a pass. */
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
    uint64_t key = mega_formula_key("T", "in.ids");
    for (int i = 0; i < CHUNKS; i++) {
        int n = i == 5 ? IDS_MAX : 3 + i;
        for (int t = 0; t < n; t++)
            g->ids[i][t] = (int32_t)(mega_formula_word(key, (uint64_t)(i * IDS_MAX + t)) % 324);
        g->chunks[i] = (struct mega_g2p_chunk){
            .ids = g->ids[i], .count = n, .out = g->out[i], .limit = LIMIT - i % 5, .margins = g->margins[i]};
    }
    return g;
}

static void rig_destroy(struct rig *g)
{
    tiny_end(&g->t);
    free(g);
}

static void check_same(const struct rig *g, const struct rig *want, int from, int to, const char *what)
{
    for (int i = from; i < to; i++) {
        size_t n = (size_t)want->chunks[i].written;
        ORA_CHECK_INT(g->chunks[i].written, want->chunks[i].written);
        ORA_CHECK_INT(g->chunks[i].ended, want->chunks[i].ended);
        if (memcmp(g->out[i], want->out[i], n * sizeof *g->out[i]) != 0)
            ORA_FAIL("%s: chunk %d has other ids", what, i);
        if (memcmp(g->margins[i], want->margins[i], n * sizeof *g->margins[i]) != 0)
            ORA_FAIL("%s: chunk %d has other margins", what, i);
    }
}

/* `want` runs one by one at the level scalar. */
static void check_batches(const char *level)
{
    static const int widths[] = {1, 2, 3, 16, 64};
    struct ora_err err = {0};
    struct rig *want = rig_create(strcmp(level, "blas") == 0 ? "blas" : "scalar");
    struct rig *g = want ? rig_create(level) : NULL;
    for (int i = 0; g && i < CHUNKS; i++)
        ORA_CHECK_INT(mega_g2p_run(&want->t.c, &want->m, &want->chunks[i], 1, 1, &err), 0);
    for (size_t w = 0; g && w < sizeof widths / sizeof *widths; w++) {
        memset(g->out, -1, sizeof g->out);
        ORA_CHECK_INT(mega_g2p_run(&g->t.c, &g->m, g->chunks, CHUNKS, widths[w], &err), 0);
        check_same(g, want, 0, CHUNKS, level);
        memset(g->out, -1, sizeof g->out);
        ORA_CHECK_INT(mega_g2p_run(&g->t.c, &g->m, g->chunks + 4, 3, widths[w], &err), 0);
        check_same(g, want, 4, 7, level);
    }
    int ended = 0, cut = 0;
    for (int i = 0; g && i < CHUNKS; i++)
        *(want->chunks[i].ended ? &ended : &cut) += 1;
    ORA_CHECK(!g || cut > 0);
    if (g)
        rig_destroy(g);
    if (want)
        rig_destroy(want);
}

ORA_TEST(batches_of_any_width_scalar)
{
    check_batches("scalar");
}
ORA_TEST(batches_of_any_width_avx2)
{
    check_batches("avx2");
}
ORA_TEST(batches_of_any_width_avx512)
{
    check_batches("avx512");
}
ORA_TEST(batches_of_any_width_blas)
{
    check_batches("blas");
}

/* Logits of one sequence's rows, alone and as one row each among `beside` others. */
static void logits_of(struct rig *g, int beside, float *logits)
{
    enum { ROWS = 3 + CHUNKS };
    struct ora_err err = {0};
    size_t mark = ora_arena_mark(&g->t.arena);
    bool ok = true;
    struct ora_kv_cache cache[ROWS];
    struct ora_decode_row rows[ROWS];
    int32_t ids[ROWS];
    float *rope = ora_floats(&g->t.c, ora_qwen2_rope_floats(&g->m.lm, 8), &ok);
    float *all = ora_floats(&g->t.c, MEGA_SPEECH_IDS * ROWS, &ok);
    struct ora_b16 h = ora_buffer(&g->t.c, dims.hidden, ROWS, 0, &ok);
    ora_qwen2_rope(&g->m.lm, rope, 8);
    for (int i = 0; i <= beside; i++)
        ora_qwen2_cache_place(&g->m.lm, &cache[i],
                              ora_floats(&g->t.c, ora_qwen2_cache_floats(&g->m.lm, 8), &ok), 8);
    ORA_REQUIRE(ok);
    for (int t = 0; t < 8; t++) {
        for (int i = 0; i <= beside; i++) { /* the sequence that is looked at stands last */
            rows[i] = (struct ora_decode_row){&cache[i], t};
            ids[i] = g->ids[i == beside ? 18 : i % 18][t % 3];
        }
        ORA_CHECK_INT(ora_qwen2_forward(&g->t.c, &g->m.lm, rope, ids, rows, beside + 1, h, &err), 0);
        ORA_CHECK_INT(ora_qwen2_logits(&g->t.c, &g->m.lm, h, beside + 1, all, &err), 0);
        memcpy(logits + (ptrdiff_t)t * MEGA_SPEECH_IDS, all + (ptrdiff_t)beside * MEGA_SPEECH_IDS,
               sizeof *logits * MEGA_SPEECH_IDS);
    }
    ora_arena_reset(&g->t.arena, mark);
}

ORA_TEST(logits_of_1_3_and_16_have_the_same_bits)
{
    static float one[8 * MEGA_SPEECH_IDS], other[8 * MEGA_SPEECH_IDS];
    static const char *const levels[] = {"scalar", "avx2", "avx512"};
    for (int l = 0; l < 3; l++) {
        if (!ora_kernels_find(levels[l], NULL))
            continue;
        struct rig *g = rig_create(levels[l]);
        if (l == 0)
            logits_of(g, 0, one);
        for (int beside = 0; beside < 17; beside++) {
            logits_of(g, beside, other);
            if (memcmp(one, other, sizeof one) != 0)
                ORA_FAIL("%s: logits among %d others have other bits", levels[l], beside);
        }
        rig_destroy(g);
    }
}

/* Forced ids are what follows, and the choices beside them are those of a run that chose them itself. */
ORA_TEST(forced_ids_are_followed_to_the_limit)
{
    struct ora_err err = {0};
    struct rig *want = rig_create("scalar"), *g = rig_create("scalar");
    ORA_CHECK_INT(mega_g2p_run(&want->t.c, &want->m, want->chunks, 3, 3, &err), 0);
    for (int i = 0; i < 3; i++) {
        g->chunks[i].forced = want->out[i];
        g->chunks[i].limit = want->chunks[i].written;
    }
    ORA_CHECK_INT(mega_g2p_run(&g->t.c, &g->m, g->chunks, 3, 2, &err), 0);
    for (int i = 0; i < 3; i++)
        ORA_CHECK_INT(g->chunks[i].ended, false);
    for (int i = 0; i < 3; i++)
        want->chunks[i].ended = false;
    check_same(g, want, 0, 3, "forced");
    int32_t bad[LIMIT] = {7, MEGA_SPEECH_IDS};
    g->chunks[1].forced = bad;
    g->chunks[1].limit = 2;
    ORA_CHECK(mega_g2p_run(&g->t.c, &g->m, g->chunks, 3, 2, &err) < 0);
    rig_destroy(g);
    rig_destroy(want);
}

ORA_TEST(the_arena_is_as_large_as_promised)
{
    struct ora_err err = {0};
    struct rig *g = rig_create("scalar");
    size_t before = ora_arena_mark(&g->t.arena);
    ORA_CHECK_INT(mega_g2p_run(&g->t.c, &g->m, g->chunks, CHUNKS, 7, &err), 0);
    size_t promised = mega_g2p_arena_bytes(&g->t.c, &g->m, 7, IDS_MAX + LIMIT);
    /* a full pass at the very end of its cache is promised for: some hundred bytes of scores more */
    ORA_CHECK(g->t.arena.peak_bytes - before <= promised &&
              promised - (g->t.arena.peak_bytes - before) < 1024);
    g->t.arena.size_bytes = before + promised - 1024;
    ORA_CHECK_INT(mega_g2p_run(&g->t.c, &g->m, g->chunks, CHUNKS, 7, &err), ORA_E_NO_MEMORY);
    ORA_CHECK_INT(ora_arena_mark(&g->t.arena), before);
    rig_destroy(g);
}

ORA_TEST(refuses_tokens_outside_the_vocabulary)
{
    struct ora_err err = {0};
    struct rig *g = rig_create("scalar");
    g->ids[3][2] = dims.vocab;
    ORA_CHECK(mega_g2p_run(&g->t.c, &g->m, g->chunks, 5, 3, &err) < 0);
    ORA_CHECK(strstr(err.message, "1150") != NULL);
    rig_destroy(g);
}

/* ---- cache ----------------------------------------------------------------------------------------------
 */

/* Texts 0..5 over and over, through a cache of `entries`; results are those of runs without it. */
static void check_cache(size_t entries, uint64_t least_hits)
{
    struct ora_err err = {0};
    struct rig *want = rig_create("scalar"), *g = rig_create("scalar");
    struct mega_g2p_cache cache;
    mega_g2p_cache_init(&cache, entries);
    for (int i = 0; i < CHUNKS; i++) {
        want->chunks[i].ids = g->chunks[i].ids = want->ids[i % 5];
        want->chunks[i].count = g->chunks[i].count = 3 + i % 5;
        want->chunks[i].limit = g->chunks[i].limit = LIMIT - i % 2;
        want->chunks[i].margins = g->chunks[i].margins = NULL;
    }
    ORA_CHECK_INT(mega_g2p_run(&want->t.c, &want->m, want->chunks, CHUNKS, 4, &err), 0);
    for (int round = 0; round < 4; round++)
        for (int i = 0, n; i < CHUNKS; i += n) {
            n = 1 + round * 3 < CHUNKS - i ? 1 + round * 3 : CHUNKS - i;
            memset(g->out[i], -1, sizeof g->out[i]);
            ORA_CHECK_INT(mega_g2p_run_cached(&g->t.c, &g->m, &cache, g->chunks + i, n, 3, &err), 0);
        }
    check_same(g, want, 0, CHUNKS, "cache");
    ORA_CHECK(cache.hits >= least_hits);
    ORA_CHECK_INT(cache.hits + cache.misses, 4 * CHUNKS);
    mega_g2p_cache_release(&cache);
    rig_destroy(g);
    rig_destroy(want);
}

ORA_TEST(a_large_cache_gives_what_a_run_gives)
{
    check_cache(1024, 3 * CHUNKS);
}
ORA_TEST(a_cache_that_forgets_gives_what_a_run_gives)
{
    check_cache(1, 1);
}
ORA_TEST(no_cache_gives_what_a_run_gives)
{
    check_cache(0, 0);
}

ORA_TEST(an_entry_answers_for_its_own_text_only)
{
    int32_t ids[] = {1, 2, 3}, out[] = {7, 8, 801}, got[3];
    struct mega_g2p_chunk k = {.ids = ids, .count = 3, .out = out, .limit = 3, .written = 3, .ended = true};
    struct mega_g2p_cache cache;
    mega_g2p_cache_init(&cache, 4); /* one set: all texts meet */
    mega_g2p_cache_put(&cache, &k);
    k.out = got;
    ORA_CHECK(mega_g2p_cache_get(&cache, &k));
    ORA_CHECK(memcmp(got, out, sizeof out) == 0 && k.written == 3 && k.ended);
    k.limit = 4;
    ORA_CHECK(!mega_g2p_cache_get(&cache, &k));
    k.limit = 3;
    k.count = 2;
    ORA_CHECK(!mega_g2p_cache_get(&cache, &k));
    k.count = 3;
    ids[2] = 4;
    ORA_CHECK(!mega_g2p_cache_get(&cache, &k));
    for (int i = 0; i < 4; i++) { /* four newer texts push the first out */
        ids[0] = 10 + i;
        k.out = out;
        mega_g2p_cache_put(&cache, &k);
    }
    ids[0] = 1;
    ids[2] = 3;
    k.out = got;
    ORA_CHECK(!mega_g2p_cache_get(&cache, &k));
    mega_g2p_cache_release(&cache);
}
