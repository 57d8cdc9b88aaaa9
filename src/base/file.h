/*
 * Files: whole reads with a bound, durable writes, maps. Nothing half-written ever has its final name.
 */
#ifndef ORA_BASE_FILE_H
#define ORA_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Reads a whole regular file of at most max_bytes; *data is NUL-terminated (beyond *len) and owned by the caller. */
int ora_file_read(const char *path, size_t max_bytes, char **data, size_t *len, struct ora_err *err);
/* Writes path.tmp-<pid>, fsyncs, renames over path, fsyncs the folder. */
int ora_file_write_atomic(const char *path, const void *data, size_t len, unsigned mode, struct ora_err *err);
/* rename + fsync of the target's folder. */
int ora_file_rename_durable(const char *from, const char *to, struct ora_err *err);
int ora_file_fsync_dir(const char *dir, struct ora_err *err);
int ora_file_mkdirs(const char *dir, unsigned mode, struct ora_err *err); /* existing is fine */
int ora_file_remove_tree(const char *path, struct ora_err *err);         /* missing is fine */
bool ora_file_exists(const char *path);
int ora_file_size(const char *path, uint64_t *bytes, struct ora_err *err);
int ora_file_free_bytes(const char *path, uint64_t *bytes, struct ora_err *err); /* for an unprivileged writer */
int ora_file_sha256(const char *path, char hex[65], struct ora_err *err);
char *ora_path_join(const char *a, const char *b); /* caller frees; b absolute gives b */
char *ora_path_dir(const char *path);              /* caller frees; "." when there is none */
const char *ora_path_base(const char *path);       /* points into path */
/* The user's cache: $XDG_CACHE_HOME/oratorio, else $HOME/.cache/oratorio; NULL: neither is an absolute path. Caller frees. */
char *ora_cache_dir(void);

/* A read-only shared map of a file; pages are shared by all processes that map it. */
struct ora_map {
    const unsigned char *data; /* page-aligned; NULL for an empty file */
    size_t len;
};
int ora_map_open(struct ora_map *m, const char *path, struct ora_err *err);
void ora_map_release(struct ora_map *m);
/* The pages of bytes [from, from + n) are not needed for a while: they leave this process, not the page cache of
 * the node, and come back by themselves when they are read. */
void ora_map_rest(const struct ora_map *m, size_t from, size_t n);

/* Takes an exclusive advisory lock (flock) on path, created when missing; *fd holds it until closed.
 * wait=false: ORA_E_BUSY at once when another process has it. The holder may remove the file: who waited for it then
 * locks a new one. */
int ora_file_lock(const char *path, bool wait, int *fd, struct ora_err *err);
/* Raises this process's limit of open files to `wanted`, as far as its hard limit lets; an error, which says what
 * to do, when fewer than `least` are left to have. */
int ora_file_claim_descriptors(uint64_t least, uint64_t wanted, struct ora_err *err);
/* write(2) until done, EINTR-safe. */
int ora_fd_write_all(int fd, const void *data, size_t len, struct ora_err *err);
/* read(2) exactly len bytes; *got < len only at the end of file. */
int ora_fd_read_all(int fd, void *data, size_t len, size_t *got, struct ora_err *err);

#endif
