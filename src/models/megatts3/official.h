/*
 * The tensors of MegaTTS 3, by name and shape: what a base voice holds, in the order in which it holds them.
 * The importer checks released files against this table, make-random fills it by the formula.
 *
 *     struct mega_official list;
 *     mega_official_list(&list, MEGA_PART_DIT, &dims);
 *     for (size_t i = 0; i < list.count; i++)
 *         … list.item[i].name, .shape …               // "dit.prenet.weight", [1024, 512]
 *     mega_official_release(&list);
 *
 * Names are the state dicts' own with the part's prefix; a weight-normed convolution stands once, as
 * ".weight" (released files hold .weight_g and .weight_v: mega_weight_normed). Source: the public reference
 * at commit f506233, shapes of its modules under the configurations of the release.
 */
#ifndef ORA_MODELS_MEGATTS3_OFFICIAL_H
#define ORA_MODELS_MEGATTS3_OFFICIAL_H

#include <stdbool.h>

#include "models/megatts3/dims.h"
#include "weights/tensor.h"

enum mega_part {
    MEGA_PART_DIT,
    MEGA_PART_DUR, /* without the character encoder, which nothing runs */
    MEGA_PART_ALIGN,
    MEGA_PART_VAE,         /* the decoder */
    MEGA_PART_VAE_ENCODER, /* with proj_to_z; the official release lacks it */
    MEGA_PART_G2P,
    MEGA_PARTS
};

enum { MEGA_TENSOR_NAME = 128 };

struct mega_official {
    struct mega_official_tensor {
        char name[MEGA_TENSOR_NAME];
        struct ora_shape shape;
    } * item;
    size_t count, room;
};

const char *mega_part_name(enum mega_part part);     /* as voice.yaml lists it: "vae_encoder" */
const char *mega_part_folder(enum mega_part part);   /* of the release: "wavvae" */
enum ora_dtype mega_part_dtype(enum mega_part part); /* the G2P is BF16, as released */

void mega_official_list(struct mega_official *list, enum mega_part part, const struct mega_dims *dims);
void mega_official_release(struct mega_official *list);

#endif
