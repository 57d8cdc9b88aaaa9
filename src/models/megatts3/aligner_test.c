/*
 * The aligner's promises, on a small model of formula weights: what it chooses is a sentence of the grammar,
 * step by step has the bits of all at once, levels agree, the arena is as large as promised. Whether the
 * numbers are right is told by tests/golden/megatts3.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/test.h"
#include "models/megatts3/aligner.h"
#include "models/megatts3/tiny_rig.h"

enum { VOCAB = 1001 };
static const struct mega_align_dims dims = {.state = 32,
                                            .heads = 2,
                                            .enc_layers = 1,
                                            .dec_layers = 2,
                                            .mlp = 48,
                                            .vocab = VOCAB,
                                            .audio_ctx = 100,
                                            .text_ctx = 64,
                                            .mels = 20};

enum { FRAMES = 88, ROWS = FRAMES / 2, TOKENS = 40, ARENA_BYTES = 8 << 20 };

struct rig {
    struct mega_aligner m;
    struct tiny_rig t;
    float mel[20 * FRAMES];
    struct ora_b16 audio;
};

static void bind(struct ora_binder *b, void *model)
{
    mega_aligner_bind(b, &dims, model);
}

static struct rig *rig_create(const char *level)
{
    struct ora_err err = {0};
    const struct ora_kernels *k = ora_kernels_find(level, &err);
    bool ok = true;
    if (!k) {
        ora_test_skip(err.message);
        return NULL;
    }
    struct rig *g = ora_xcalloc(1, sizeof *g);
    ORA_CHECK(tiny_begin(&g->t, k, bind, &g->m));
    tiny_arena(&g->t, ARENA_BYTES);
    mega_formula_normals(mega_formula_key("T", "in.mel"), g->mel, 20 * FRAMES);
    g->audio = ora_buffer(&g->t.c, dims.state, ROWS, 0, &ok);
    ORA_CHECK(ok);
    return g;
}

static void rig_destroy(struct rig *g)
{
    tiny_end(&g->t);
    free(g);
}

static void align(struct rig *g, int32_t *tokens, float *margins, int *count)
{
    struct ora_err err = {0};
    ORA_CHECK_INT(mega_aligner_encode(&g->t.c, &g->m, g->mel, FRAMES, g->audio, &err), 0);
    ORA_CHECK_INT(mega_aligner_align(&g->t.c, &g->m, g->audio, ROWS, TOKENS, tokens, count, margins, &err),
                  0);
}

ORA_TEST(levels_choose_the_same_with_the_same_margins)
{
    static const char *const levels[] = {"scalar", "avx2", "avx512"};
    int32_t want[TOKENS], got[TOKENS];
    float want_margins[TOKENS] = {0}, margins[TOKENS] = {0};
    int want_count = 0, count;
    for (int l = 0; l < 3; l++) {
        if (!ora_kernels_find(levels[l], NULL))
            continue;
        struct rig *g = rig_create(levels[l]);
        align(g, l ? got : want, l ? margins : want_margins, l ? &count : &want_count);
        if (l > 0) {
            ORA_CHECK_INT(count, want_count);
            ORA_CHECK(memcmp(got, want, sizeof *got * (size_t)count) == 0);
            ORA_CHECK(memcmp(margins, want_margins, sizeof margins) == 0);
        }
        rig_destroy(g);
    }
    ORA_CHECK(want_count > 0 && want_count % 2 == 0);
    for (int i = 0; i < want_count; i += 2) {
        ORA_CHECK(mega_phone_valid(want[i]));
        ORA_CHECK(want[i + 1] >= (i ? want[i - 1] : MEGA_ALIGN_TIME));
    }
}

/* All tokens in one call and one a call: the same logits. */
ORA_TEST(steps_have_the_bits_of_one_pass)
{
    static float whole[6 * VOCAB], step[VOCAB];
    static const int32_t tokens[6] = {MEGA_ALIGN_START, 20, 805, 150, 812, 7};
    struct ora_err err = {0};
    struct mega_aligner_state s;
    struct rig *g = rig_create("auto");
    ORA_CHECK_INT(mega_aligner_encode(&g->t.c, &g->m, g->mel, FRAMES, g->audio, &err), 0);
    ORA_CHECK_INT(mega_aligner_begin(&g->t.c, &g->m, g->audio, ROWS, 6, &s, &err), 0);
    ORA_CHECK_INT(mega_aligner_step(&g->t.c, &g->m, &s, tokens, 6, whole, &err), 0);
    s.self.length = 0;
    for (int i = 0; i < 6; i++) {
        ORA_CHECK_INT(mega_aligner_step(&g->t.c, &g->m, &s, &tokens[i], 1, step, &err), 0);
        if (memcmp(step, whole + (ptrdiff_t)VOCAB * i, sizeof step) != 0)
            ORA_FAIL("token %d has other logits", i);
    }
    rig_destroy(g);
}

ORA_TEST(the_arena_is_as_large_as_promised)
{
    struct ora_err err = {0};
    int32_t tokens[TOKENS];
    int count;
    struct rig *g = rig_create("scalar");
    size_t at = ora_arena_mark(&g->t.arena);
    ORA_CHECK_INT(mega_aligner_encode(&g->t.c, &g->m, g->mel, FRAMES, g->audio, &err), 0);
    ORA_CHECK_INT(g->t.arena.peak_bytes - at, mega_aligner_encode_bytes(&g->t.c, &g->m, FRAMES));
    g->t.arena.peak_bytes = at;
    size_t promised = mega_aligner_align_bytes(&g->t.c, &g->m, ROWS, TOKENS);
    g->t.arena.size_bytes = at + promised;
    ORA_CHECK_INT(mega_aligner_align(&g->t.c, &g->m, g->audio, ROWS, TOKENS, tokens, &count, NULL, &err), 0);
    ORA_CHECK_INT(g->t.arena.peak_bytes - at, promised);
    g->t.arena.size_bytes = at + promised - 64;
    ORA_CHECK_INT(mega_aligner_align(&g->t.c, &g->m, g->audio, ROWS, TOKENS, tokens, &count, NULL, &err),
                  ORA_E_NO_MEMORY);
    ORA_CHECK_INT(ora_arena_mark(&g->t.arena), at);
    rig_destroy(g);
}
