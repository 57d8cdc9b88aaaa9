/*
 * A dry run: a model's forward pass on kernels that compute nothing, over weights that are not there, to
 * learn how many multiply-adds the pass does (what ora_count adds up: no padding, rows that tiles repeat
 * included).
 *
 *     struct ora_dry d;
 *     ora_dry_init(&d, bind, &model, arena_bytes, &err);           // bind: as for the pack cache
 *     mega_vae_decode(&d.c, &model, latents, rows, wave, &err);     // numbers that come out mean nothing
 *     … d.macs …
 *     ora_dry_release(&d);
 *
 * Weights read as zeros and take address space only. Threads: one dry run belongs to one thread.
 */
#ifndef ORA_NN_DRY_H
#define ORA_NN_DRY_H

#include "nn/compute.h"
#include "nn/pack_cache.h"

struct ora_dry {
    struct ora_kernels kernels;
    struct ora_compute c;
    struct ora_arena arena;
    double macs; /* c counts here; set it to 0 as you like */
    void *weights;
    size_t weight_bytes;
};

int ora_dry_init(struct ora_dry *d, ora_pack_bind_fn *bind, void *model, size_t arena_bytes,
                 struct ora_err *err);
void ora_dry_release(struct ora_dry *d);

#endif
