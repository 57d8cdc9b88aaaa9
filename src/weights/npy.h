/*
 * NumPy's .npy files of one array of float32, as ready-made latents of voices come.
 *
 *     struct ora_npy a;
 *     ora_npy_parse(&a, bytes, len, "prompt.npy", &err);
 *     … a.shape, a.data: little-endian floats inside `bytes`, at any address: memcpy them …
 *
 * Read: format versions 1.0 to 3.0, '<f4', C order. Anything else (other types, Fortran order, objects, which
 * NumPy stores as pickles) is refused with what was found and what was wanted. Nothing is executed: the
 * header is matched against the one form that NumPy writes.
 *
 * Format: numpy.lib.format's documentation. Threads: pure. Ownership: a view of the caller's bytes.
 */
#ifndef ORA_WEIGHTS_NPY_H
#define ORA_WEIGHTS_NPY_H

#include "base/err.h"
#include "weights/tensor.h"

struct ora_npy {
    struct ora_shape shape;
    size_t count; /* elements */
    const unsigned char *data;
};

/* FORMAT: "prompt.npy: an array of '<f8', wanted '<f4'". */
int ora_npy_parse(struct ora_npy *a, const void *bytes, size_t len, const char *name, struct ora_err *err);

#endif
