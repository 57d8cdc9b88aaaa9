/*
 * Reader: members of the store by batch and offset, without unpacking. Keeps the last batch open, so that
 * reading in order opens each file once.
 *
 *     ora_store_reader_init(&r, "run/audio", ORA_STORE_TAR);
 *     ora_store_read(&r, batch, id, "flac", offset, bytes, &buffer, &err);   // buffer is cleared first
 *     ora_store_reader_release(&r);
 *
 * Threads: one a reader.
 */
#ifndef ORA_DATASET_READER_H
#define ORA_DATASET_READER_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "dataset/kinds.h"

enum { ORA_STORE_READ_MAX = 1 << 30 }; /* bytes of one member: a damaged row must not take the memory */

struct ora_store_reader {
    char *audio_dir;
    enum ora_store_kind kind;
    uint32_t batch;
    int fd; /* of the batch: the tar, or the folder; -1: none */
};

void ora_store_reader_init(struct ora_store_reader *r, const char *audio_dir, enum ora_store_kind kind);
void ora_store_reader_release(struct ora_store_reader *r);
/* For FILES the offset is not looked at. A file that is shorter than said is FORMAT. */
int ora_store_read(struct ora_store_reader *r, uint32_t batch, const char *id, const char *extension,
                   uint64_t offset, uint64_t bytes, struct ora_str *out, struct ora_err *err);

#endif
