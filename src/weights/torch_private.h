/* What the parts of the torch reader share: torch.c (containers, dicts), torch_tensor.c (one tensor of the
 * pickle). */
#ifndef ORA_WEIGHTS_TORCH_PRIVATE_H
#define ORA_WEIGHTS_TORCH_PRIVATE_H

#include "base/file.h"
#include "weights/pickle.h"
#include "weights/torch.h"
#include "weights/zip.h"

enum { ORA_TORCH_KEY_MAX = 64, ORA_TORCH_STORAGES_MAX = 1 << 17 };

struct ora_torch_storage { /* what a persistent id says */
    char key[ORA_TORCH_KEY_MAX];
    enum ora_dtype dtype;
    size_t count;              /* elements */
    const unsigned char *data; /* NULL until the container gave it */
};

struct ora_torch {
    char *name;
    struct ora_map map; /* data NULL when the bytes are the caller's */
    const unsigned char *bytes;
    size_t len;
    struct ora_pickle *pickle;
    struct ora_zip *zip;               /* NULL: the older container */
    char *folder;                      /* of the zip: "archive/" */
    struct ora_torch_storage *storage; /* sorted by key, each once */
    size_t storage_count;
    struct ora_tensor *tensor; /* of the chosen dict */
    const struct ora_tensor **by_name;
    size_t count, others;
    void **copies; /* of tensors that are not in row-major order */
    size_t copy_count, copy_bytes;
};

extern const struct ora_pickle_class ora_torch_classes[];
extern const size_t ora_torch_class_count;

int ora_torch_fail(const struct ora_torch *t, struct ora_err *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* A persistent id of the pickle as a storage; data stays NULL. */
int ora_torch_read_storage(const struct ora_torch *t, const struct ora_pickle_value *ref,
                           struct ora_torch_storage *s, struct ora_err *err);
/* The storage of that key, or NULL. */
struct ora_torch_storage *ora_torch_find_storage(const struct ora_torch *t, const char *key);
bool ora_torch_is_tensor(const struct ora_pickle_value *v);
/* A call of a rebuilding function as a tensor. Without `name` it is only checked: every element must be
 * there. */
int ora_torch_read_tensor(struct ora_torch *t, const struct ora_pickle_value *call, const char *name,
                          struct ora_tensor *out, struct ora_err *err);

#endif
