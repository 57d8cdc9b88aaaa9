/*
 * safetensors: the weights of a voice, mapped, so that all processes of a node share one copy.
 *
 * Reading:
 *
 *     struct ora_weights *w = NULL;
 *     ora_weights_open(path, &w, &err);
 *     const float *weight;                                  // 64-byte aligned when we wrote the file
 *     ora_weights_bind(w, &weight, ORA_SHAPE(h, h, 1), &err, "enc_p.attn_layers.%d.conv_q.weight", i);
 *     ora_weights_close(&w);
 *
 * Writing (all tensors are declared first, since the header comes first; then their bytes flow through):
 *
 *     ora_weights_writer_create(path, &wr, &err);
 *     ora_weights_writer_meta(wr, "family", "vits");
 *     for each: ora_weights_writer_declare(wr, name, ORA_F32, shape, &err);
 *     for each, in the same order: ora_weights_writer_put(wr, data, bytes, &err);    // or in pieces
 *     ora_weights_writer_commit(wr, sha256_hex, &err);      // fsync, rename to path
 *     ora_weights_writer_destroy(&wr);                      // without commit: nothing is left
 *
 * Format: https://github.com/huggingface/safetensors ("Format"): an 8-byte little-endian length, a JSON
 * header, the data without holes. The writer aligns the data and every tensor to 64 bytes; the gaps are
 * tensors of their own ("_pad.N", U8), because the format forbids holes. Same tensors and metadata in the
 * same order give the same bytes.
 *
 * Threads: an open file is read-only and may be shared. A writer belongs to one thread.
 */
#ifndef ORA_WEIGHTS_SAFETENSORS_H
#define ORA_WEIGHTS_SAFETENSORS_H

#include "base/err.h"
#include "weights/tensor.h"

struct ora_weights;

/* Maps and checks the whole header: lengths, types, shapes, no overlap, no hole, nothing beyond the end. */
int ora_weights_open(const char *path, struct ora_weights **w, struct ora_err *err);
/* The same over bytes of the caller, which must outlive *w. `name` is for messages. */
int ora_weights_parse(const void *bytes, size_t len, const char *name, struct ora_weights **w,
                      struct ora_err *err);
void ora_weights_close(struct ora_weights **w);
/* Hashes the whole file; VOICE when it is not what was recorded (64 hex digits). */
int ora_weights_verify(const char *path, const char *sha256, struct ora_err *err);
/* What was read so far may leave this process's memory; it comes back when it is read again. */
void ora_weights_rest(const struct ora_weights *w);

const char *ora_weights_path(const struct ora_weights *w);
size_t ora_weights_count(const struct ora_weights *w);                              /* without padding */
const struct ora_tensor *ora_weights_at(const struct ora_weights *w, size_t index); /* sorted by name */
const struct ora_tensor *ora_weights_find(const struct ora_weights *w, const char *name); /* or NULL */
const struct ora_tensor *ora_weights_findf(const struct ora_weights *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
size_t ora_weights_align(
    const struct ora_weights *w); /* every tensor starts at a multiple of it in the file: 1..64 */

/* The header's __metadata__: a string, or NULL. */
const char *ora_weights_meta(const struct ora_weights *w, const char *key);
/* A metadata entry that must be a whole number within the bounds; VOICE when it is missing or is not. */
int ora_weights_meta_int(const struct ora_weights *w, const char *key, int64_t min, int64_t max,
                         int64_t *value, struct ora_err *err);

/* Binds one F32 tensor by name and exact shape. VOICE when missing, of another type or shape, or not aligned
 * to 4 bytes: "model.safetensors: tensor 'dec.conv_pre.weight': wanted F32 [256, 192, 7], found F32 [512,
 * 192, 7]". */
int ora_weights_bind(const struct ora_weights *w, const float **data, struct ora_shape shape,
                     struct ora_err *err, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* The same for any type; data is aligned to the element's size. */
int ora_weights_bind_as(const struct ora_weights *w, enum ora_dtype dtype, const void **data,
                        struct ora_shape shape, struct ora_err *err, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));

/* ---- writing -------------------------------------------------------------------------------- */

struct ora_weights_writer;

int ora_weights_writer_create(const char *path, struct ora_weights_writer **wr, struct ora_err *err);
/* Adds or replaces one metadata entry (UTF-8). Before the first put. */
int ora_weights_writer_meta(struct ora_weights_writer *wr, const char *key, const char *value,
                            struct ora_err *err);
int ora_weights_writer_declare(struct ora_weights_writer *wr, const char *name, enum ora_dtype dtype,
                               struct ora_shape shape, struct ora_err *err);
/* The next `bytes` of the tensors, in the order of declaration; a call never crosses a tensor's end. */
int ora_weights_writer_put(struct ora_weights_writer *wr, const void *data, size_t bytes,
                           struct ora_err *err);
/* All tensors must be complete. sha256 (of the whole file) may be NULL. */
int ora_weights_writer_commit(struct ora_weights_writer *wr, char sha256[65], struct ora_err *err);
void ora_weights_writer_destroy(struct ora_weights_writer **wr);

#endif
