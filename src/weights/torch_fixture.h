/*
 * Small torch files, made for tests: the pickle of one state dict, in either container.
 *
 *     struct ora_str file = ORA_STR_INIT;
 *     struct torch_file f = TORCH_FILE_INIT;                       // {"state_dict": {"dit":
 * OrderedDict(a=[2, 3])}} torch_file_zip(&f, &file);                                   // or
 * torch_file_stream(&f, &file)
 *
 * A test changes a field and sees what the reader says.
 */
#ifndef ORA_WEIGHTS_TORCH_FIXTURE_H
#define ORA_WEIGHTS_TORCH_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct torch_file {
    const char *storage_class; /* "FloatStorage" */
    const char *key, *location;
    uint32_t promised; /* elements that the pickle says the storage has */
    uint32_t offset;
    uint32_t rank, size[4], stride[4];
    const char
        *extra; /* pickle opcodes before the tensor is put into the dict, extra_len bytes; may be NULL */
    size_t extra_len;
    float values[6]; /* what the storage has */
    size_t value_count;
};

#define TORCH_FILE_INIT                                                                                      \
    {                                                                                                        \
        .storage_class = "FloatStorage", .key = "0", .location = "cpu", .promised = 6, .rank = 2,            \
        .size = {2, 3}, .stride = {3, 1}, .values = {1, 2, 3, 4, 5, 6}, .value_count = 6                     \
    }

void torch_file_pickle(const struct torch_file *f, bool stream, struct ora_str *out);
void torch_file_zip(const struct torch_file *f, struct ora_str *out);
void torch_file_stream(const struct torch_file *f, struct ora_str *out);

/* Any archive. `method` is what each entry says (0: stored). crc: recorded or 0. */
struct zip_part {
    const char *name, *data;
    size_t bytes;
    uint32_t method;
};
void zip_file(const struct zip_part *parts, size_t count, bool crc, struct ora_str *out);
/* The same with every size and offset in zip64 records, as archives beyond 4 GiB have them. */
void zip64_file(const struct zip_part *parts, size_t count, struct ora_str *out);

#endif
