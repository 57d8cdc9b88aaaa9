/*
 * Importing a Piper voice: <voice>.onnx and <voice>.onnx.json -> model.safetensors and the family's part of
 * voice.yaml. Facts of the format: the public exporters' graphs (tensor names of the VITS code, weights that
 * lost their names recovered from their bias's); nothing is executed. float32 exports only.
 */
#ifndef ORA_MODELS_VITS_IMPORT_H
#define ORA_MODELS_VITS_IMPORT_H

#include <jansson.h>

#include "models/family.h"
#include "weights/onnx.h"

#define VITS_IMPORT_READS                                                                                    \
    "a Piper voice: its .onnx with the .onnx.json beside it, or the folder that holds the two"
/* family->import_knows */
bool vits_import_knows(const char *path, struct ora_str *what);
int vits_import(const char *path, const struct ora_import_options *options, struct ora_str *yaml,
                struct ora_err *err);

/* ---- import_onnx.c: which initialiser is which tensor ---------------------------------------- */

enum { VITS_IMPORT_TENSORS_MAX = 4096, VITS_IMPORT_CONVS_MAX = 1024 };

struct vits_named_tensor {
    char *name; /* canonical: "flow.flows.6.enc.in_layers.0.weight" */
    const struct ora_tensor *tensor;
    float *values; /* owned; instead of the tensor's where they had to be computed */
};

/* import_position.c: the convolutions' names by their order, for exports that lost all others. */
struct vits_positions {
    char **stem; /* "enc_p.proj", … one a Conv or ConvTranspose, in the graph's order */
    size_t count;
};
/* VOICE when the graph has not the number of convolutions that its shapes ask for. Release also after errors.
 */
int vits_positions_read(const struct ora_onnx *onnx, struct vits_positions *p, struct ora_err *err);
void vits_positions_release(struct vits_positions *p);

struct vits_graph {
    struct vits_named_tensor *tensor; /* sorted by name after vits_graph_read */
    size_t count;
    int rates[16], rate_count; /* of the transposed convolutions, in order */
    struct {
        int block, step, dilation;
    } dilations[VITS_IMPORT_CONVS_MAX]; /* of the residual blocks' first convolutions */
    size_t dilation_count;
    size_t conv; /* while reading: how many convolutions were met */
    struct vits_positions positions;
};

/* UNSUPPORTED for half-precision and quantised exports; VOICE for what is no VITS graph, saying what was
 * found. */
int vits_graph_read(const struct ora_onnx *onnx, struct vits_graph *g, struct ora_err *err);
void vits_graph_release(struct vits_graph *g);
/* "8,8,4" and "1,2;2,6;3,12" */
int vits_graph_metadata(const struct ora_onnx *onnx, const struct vits_graph *g, struct ora_str *rates,
                        struct ora_str *dilations, struct ora_err *err);

/* ---- import_yaml.c: the voice's JSON, as YAML ------------------------------------------------ */

struct vits_import_facts {
    int symbols;     /* rows of the embedding: ids at or above it are left out */
    int dropped_ids; /* set: how many were */
};
int vits_import_yaml(const json_t *config, const char *config_name, struct vits_import_facts *facts,
                     struct ora_str *yaml, struct ora_err *err);

#endif
