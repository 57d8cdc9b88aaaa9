/*
 * torch checkpoints: a bounded reader of the tensors in a file of torch.save, both containers: the zip
 * archive of torch >= 1.6 and the older stream of pickles. The file is mapped, tensors point into the map,
 * nothing is executed.
 *
 *     static const char *const path[] = {"state_dict", "dit"};
 *     struct ora_torch *t = NULL;
 *     ora_torch_open("model_only_last.ckpt", path, 2, &t, &err);      // torch.load(f)["state_dict"]["dit"]
 *     const struct ora_tensor *w = ora_torch_find(t, "prenet.weight");
 *     ora_torch_close(&t);
 *
 * The measure is a hostile file. What the pickle may name is a list of ten storages, OrderedDict and torch's
 * two rebuilding functions; anything else is refused by its name. Every tensor of the file, wanted or not,
 * must have its elements: storage, offset, shape and strides are compared with the bytes that are really
 * there, also where torch itself would load the file. Strides that make two elements share a byte are
 * refused, tensors that are not in row-major order are copied (together at most as large as the file).
 *
 * Data lies at any alignment (the older container has none): tensor.h. Source: torch/serialization.py of
 * torch 2.6 and its description of the formats.
 *
 * Ownership: tensors belong to the struct ora_torch. Threads: read-only after open.
 */
#ifndef ORA_WEIGHTS_TORCH_H
#define ORA_WEIGHTS_TORCH_H

#include "base/err.h"
#include "weights/tensor.h"

struct ora_torch;

/* Opens the dict of tensors that is reached by these keys (key_count 0: the outermost one). Entries of it
 * that are no tensors are left out and counted. */
int ora_torch_open(const char *file, const char *const *keys, size_t key_count, struct ora_torch **t,
                   struct ora_err *err);
/* The same over bytes of the caller, which must outlive *t. `name` is for messages. */
int ora_torch_parse(const void *bytes, size_t len, const char *name, const char *const *keys,
                    size_t key_count, struct ora_torch **t, struct ora_err *err);
void ora_torch_close(struct ora_torch **t);
/* Does the file begin as one of the two containers (or as a bare pickle, which open then refuses with its
 * reason)? */
bool ora_torch_is(const void *bytes, size_t len);

size_t ora_torch_count(const struct ora_torch *t);
const struct ora_tensor *ora_torch_at(const struct ora_torch *t,
                                      size_t index); /* in the file's order; or NULL */
const struct ora_tensor *ora_torch_find(const struct ora_torch *t, const char *name); /* or NULL */
size_t ora_torch_others(const struct ora_torch *t); /* entries that are no tensors */
/* Reads every byte of a zip container once and compares with the recorded CRC-32s; the older container has
 * none. */
int ora_torch_verify(const struct ora_torch *t, struct ora_err *err);

#endif
