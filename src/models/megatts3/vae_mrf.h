/*
 * Residual blocks of the WaveVAE decoder: the mean of three chains of dilated convolutions (Kong et al.,
 * "HiFi-GAN", 2020), kernels 3, 7, 11, dilations 1, 3, 5.
 *
 *     chain: three times x += conv(leaky(conv_dilated(leaky(x))));   y = (chain3(x) + chain7(x) + chain11(x))
 * / 3
 *
 *     mega_mrf_forward(&c, &m, x, x_from, rows, y, lo, hi, 0, &err);
 *
 * Runs in tiles of rows; a tile's inner tensors reach into its neighbours and are computed again there (60
 * rows of x to each side; more where the kernels make rows in groups, kernels.h). Tiles begin at whole
 * groups, and how rows are cut never changes a bit.
 *
 * Threads: const after bind.
 */
#ifndef ORA_MODELS_MEGATTS3_VAE_MRF_H
#define ORA_MODELS_MEGATTS3_VAE_MRF_H

#include "nn/binder.h"
#include "nn/compute.h"

enum { MEGA_MRF_CHAINS = 3, MEGA_MRF_PAIRS = 3 };

struct mega_mrf {
    int channels;
    struct ora_conv first[MEGA_MRF_CHAINS][MEGA_MRF_PAIRS], second[MEGA_MRF_CHAINS][MEGA_MRF_PAIRS];
};

/* `item`: its number in model_up. */
void mega_mrf_bind(struct ora_binder *b, struct mega_mrf *m, int channels, int item);

/* out, of an utterance of `rows` rows, becomes whole groups of rows: what a forward can make. Returns the
 * rows of x that it reads. */
struct ora_rows mega_mrf_needs(const struct mega_mrf *m, struct ora_rows *out, int rows);
/* Arena bytes of a forward over n rows; tile_bytes: of one inner tensor, 0 the default. */
size_t mega_mrf_bytes(const struct mega_mrf *m, int n, size_t tile_bytes);
/* Rows [lo, hi) of an utterance of `rows` rows, as mega_mrf_needs leaves them; y's row 0 is row lo. x's row 0
 * is row x_from; the rows that mega_mrf_needs returns are there. x and y are two tensors. */
int mega_mrf_forward(const struct ora_compute *c, const struct mega_mrf *m, struct ora_b16 x, int x_from,
                     int rows, struct ora_b16 y, int lo, int hi, size_t tile_bytes, struct ora_err *err);
/* One chain alone, over all rows of an utterance. */
int mega_mrf_chain(const struct ora_compute *c, const struct mega_mrf *m, int which, struct ora_b16 x,
                   int rows, struct ora_b16 y, struct ora_err *err);

#endif
