/*
 * Store: the audio of one finished batch, written once. `tar`: audio/NNNNNN.tar, a ustar of <id>.<ext> and <id>.json in
 * order (mtime 0, mode 0444, uid/gid 0: a WebDataset as it lies). `files`: the folder audio/NNNNNN/ with the same members.
 *
 * Written under a name with the lease token (audio/.NNNNNN.<token>.part), fsynced; only the coordinator renames it to its
 * final name. A batch whose utterances were all rejected has an empty archive, so that every batch has its file.
 */
#ifndef ORA_DATASET_STORE_H
#define ORA_DATASET_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "dataset/kinds.h"

struct ora_member {
    uint64_t offset, bytes;    /* of the member's data in the tar; offset 0 for FILES */
};

struct ora_store_writer;

char *ora_store_part_path(const char *audio_dir, uint32_t batch, const char *token);   /* caller frees */
char *ora_store_final_path(const char *audio_dir, uint32_t batch, enum ora_store_kind kind);

int ora_store_begin(const char *part_path, enum ora_store_kind kind, struct ora_store_writer **w, struct ora_err *err);
int ora_store_add(struct ora_store_writer *w, const char *id, const char *extension, const void *audio, size_t audio_bytes,
                  const char *record, size_t record_bytes, struct ora_member *audio_member, struct ora_member *record_member,
                  struct ora_err *err);
/* Ends the archive, fsyncs file (or all files) and folder. file_sha256: of the tar; for FILES of the concatenation of
 * "<sha256>  <name>\n" lines in order. *bytes: size on disk. */
int ora_store_finish(struct ora_store_writer **w, char file_sha256[65], uint64_t *bytes, struct ora_err *err);
void ora_store_abort(struct ora_store_writer **w); /* removes what was written; NULL is fine */

/* The coordinator's half. Commit is idempotent: when the final name exists with this sha256 the part is removed and 0 returned. */
int ora_store_commit(const char *part_path, const char *final_path, const char *file_sha256, enum ora_store_kind kind,
                     struct ora_err *err);
/* Recomputes what finish gave. */
int ora_store_sha256(const char *path, enum ora_store_kind kind, char file_sha256[65], struct ora_err *err);
/* Removes .part files of tokens for which keep(token) is false. */
int ora_store_sweep(const char *audio_dir, int (*keep)(void *ctx, const char *token), void *ctx, struct ora_err *err);

#endif
