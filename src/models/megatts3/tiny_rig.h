/*
 * What the tests of the family's fast forms share: a small model of formula weights, an arena of exactly so
 * many bytes whose memory is NaN before each run (what is read before it is written shows), and a measure of
 * difference. For tests only.
 */
#ifndef ORA_MODELS_MEGATTS3_TINY_RIG_H
#define ORA_MODELS_MEGATTS3_TINY_RIG_H

#include <stdlib.h>

#include "base/mem.h"
#include "base/test.h"
#include "models/megatts3/dims.h"
#include "models/megatts3/formula.h"
#include "nn/compute.h"

/* Head size no multiple of 16, channels neither. */
static const struct mega_dit_dims tiny_dit = {
    .dim = 40,
    .layers = 3,
    .heads = 2,
    .ffn = 56,
    .local_cond = 24,
    .ctx_mask = 16,
    .latent = MEGA_LATENT,
    .time_freqs = 32,
    .max_pos = 2048,
    .text = {.symbols = 302, .tones = 32, .dim = 40, .heads = 2, .layers = 2, .ffn = 48}};
static const struct mega_vae_dims tiny_vae = {
    .z = MEGA_LATENT, .dec_in = 24, .dec_up = 12, .ngf = 3, .dec_ratios = {5, 4, 4, 3}};

struct tiny_rig {
    const struct ora_kernels *k;
    struct ora_compute c;
    struct ora_arena arena;
    void *packed, *scratch;
    struct ora_fpu_state fpu;
};

/* False: this processor lacks the level. */
static inline bool tiny_begin(struct tiny_rig *g, const struct ora_kernels *k,
                              void (*bind)(struct ora_binder *b, void *model), void *model)
{
    struct mega_formula formula = {.seed = "T"};
    struct ora_tensor_source source = mega_formula_source(&formula);
    struct ora_err err = {0};
    struct ora_packer p;
    struct ora_binder b = {.source = &source, .packer = &p, .err = &err};
    *g = (struct tiny_rig){.k = k};
    if (!k || !k->available())
        return false;
    g->fpu = ora_fpu_enter();
    g->scratch = ora_tryaligned(64, k->scratch_bytes + 64);
    ora_packer_init(&p, k, ORA_PACK_MEASURE, NULL, 0);
    bind(&b, model);
    size_t bytes = p.bytes;
    uint64_t digest = p.digest;
    g->packed = ora_tryaligned(64, bytes);
    ora_packer_init(&p, k, ORA_PACK_WRITE, g->packed, bytes);
    bind(&b, model);
    mega_formula_release(&formula);
    ORA_CHECK_INT(b.rc, 0);
    ORA_CHECK(p.bytes == bytes && p.digest == digest && !p.overrun);
    return true;
}

/* A fresh arena of `bytes`, full of NaN; no call reads what it has not written. */
static inline void tiny_arena(struct tiny_rig *g, size_t bytes)
{
    struct ora_err err = {0};
    ora_arena_release(&g->arena);
    ORA_CHECK_INT(ora_arena_init(&g->arena, bytes, &err), 0);
    memset(g->arena.base, 0xff, bytes);
    g->c = (struct ora_compute){.k = g->k, .arena = &g->arena, .scratch = g->scratch};
}

static inline void tiny_end(struct tiny_rig *g)
{
    ora_arena_release(&g->arena);
    free(g->packed);
    free(g->scratch);
    ora_fpu_leave(g->fpu);
}

static inline double tiny_snr_db(const float *got, const float *want, size_t n)
{
    double signal = 0, error = 1e-300;
    for (size_t i = 0; i < n; i++) {
        double d = (double)got[i] - (double)want[i];
        signal += (double)want[i] * (double)want[i];
        error += d * d;
        if (isnan(got[i]) || isnan(want[i]))
            return -1;
    }
    return 10 * log10(signal / error);
}

#endif
