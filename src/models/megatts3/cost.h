/*
 * What a chunk costs without its G2P: multiply-adds of the diffusion transformer and of the wave decoder,
 * counted by dry runs of the very code that will run (nn/dry.h). Nothing is computed and no weights are
 * needed.
 *
 *     struct mega_chunk_size s = {.phones = 240, .frames = 2048, .prompt_rows = 262, .steps = 8, 1.6, 2.5};
 *     mega_count(&mega_dims_official, &s, MEGA_FAST, &macs, &err);
 *
 * Threads: pure.
 */
#ifndef ORA_MODELS_MEGATTS3_COST_H
#define ORA_MODELS_MEGATTS3_COST_H

#include "models/megatts3/dims.h"

struct mega_chunk_size {
    int phones;      /* prompt's and target's */
    int frames;      /* mel frames of both: a multiple of MEGA_FRAME_MULTIPLE */
    int prompt_rows; /* latents of the prompt */
    int steps;
    double p_w, t_w;
};

enum mega_form { MEGA_FAST, MEGA_PLAIN };

struct mega_macs {
    double condition; /* text states, once a chunk */
    double step;      /* one step: AdaLN vectors and velocities */
    double steps;     /* all of them */
    double wave;      /* decoder */
    double total;
};

int mega_count(const struct mega_dims *dims, const struct mega_chunk_size *s, enum mega_form form,
               struct mega_macs *macs, struct ora_err *err);

#endif
