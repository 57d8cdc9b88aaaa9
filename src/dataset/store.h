/*
 * Store: the audio of one finished batch, written once. `tar`: audio/NNNNNN.tar, a ustar of <id>.<ext> and
 * <id>.json in order (mtime 0, mode 0444, uid/gid 0: a WebDataset as it lies). `files`: the folder
 * audio/NNNNNN/ with the same members.
 *
 * Written under a name with the lease token (audio/.NNNNNN.<token>.part), fsynced; only the coordinator
 * renames it to its final name. A batch whose utterances were all rejected has an empty archive, so that
 * every batch has its file.
 *
 *     ora_store_begin(part, kind, &w, &err);                     // the worker
 *     ora_store_add(w, id, "flac", &audio, record, m, &audio_member, &record_member, &err);
 *     ora_store_finish(&w, sha256, &bytes, &err);                // or ora_store_abort(&w): nothing is left
 *     ora_store_commit(part, final, sha256, kind, &err);         // the coordinator
 *
 * Threads: a writer belongs to one thread. The same members in the same order give the same bytes.
 */
#ifndef ORA_DATASET_STORE_H
#define ORA_DATASET_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/spool.h"
#include "dataset/kinds.h"

struct ora_member {
    uint64_t offset, bytes; /* of the member's data in the tar; offset 0 for FILES */
};

struct ora_store_writer;

char *ora_store_part_path(const char *audio_dir, uint32_t batch, const char *token); /* caller frees */
char *ora_store_final_path(const char *audio_dir, uint32_t batch, enum ora_store_kind kind);

/* Replaces a part of that name, if any. */
int ora_store_begin(const char *part_path, enum ora_store_kind kind, struct ora_store_writer **w,
                    struct ora_err *err);
/* Id and extension: letters, digits, '_' and '-' (formats that split at the first dot allow no other).
 * Audio is read once, block by block
 * (ora_bytes_rest). Errors: BAD_INPUT (a name that does not fit), LIMIT (a member over 8 GiB), DISK_FULL, IO.
 * After an error only abort is left to do. */
int ora_store_add(struct ora_store_writer *w, const char *id, const char *extension,
                  const struct ora_bytes *audio, const char *record, size_t record_bytes,
                  struct ora_member *audio_member, struct ora_member *record_member, struct ora_err *err);
/* Ends the archive, fsyncs file (or all files) and folder. file_sha256: of the tar; for FILES of its lines
 * "<sha256>  <name>\n" in order of the names. *bytes: size on disk. Frees *w; on error nothing is left on
 * disk. */
int ora_store_finish(struct ora_store_writer **w, char file_sha256[65], uint64_t *bytes, struct ora_err *err);
void ora_store_abort(struct ora_store_writer **w); /* removes what was written; NULL is fine */

/* The coordinator's half; the caller knows that the part's lease is current, so what else stands under the
 * final name is left over from a crash and is replaced. Idempotent: when the final name has this sha256, the
 * part is removed and 0 returned. NOT_FOUND: neither the part nor such a final file is there (the batch must
 * be rendered again). */
int ora_store_commit(const char *part_path, const char *final_path, const char *file_sha256,
                     enum ora_store_kind kind, struct ora_err *err);
/* Recomputes what finish gave. */
int ora_store_sha256(const char *path, enum ora_store_kind kind, char file_sha256[65], struct ora_err *err);
/* Removes .part files of tokens for which keep(token) is false (keep NULL: all). Returns 0; what cannot be
 * removed is an error. */
int ora_store_sweep(const char *audio_dir, int (*keep)(void *ctx, const char *token), void *ctx,
                    struct ora_err *err);

#endif
