/*
 * Verify: the store against the ledger. Every DONE batch must have its file, with the size and SHA-256 of its
 * row, and no other .tar or batch folder may lie in audio/.
 */
#ifndef ORA_JOB_VERIFY_H
#define ORA_JOB_VERIFY_H

#include "job/run.h"

/* on_bad is called once a finding: "missing", "sha256 differs", "not in the ledger". *files: how many were
 * checked. */
int ora_run_verify_files(struct ora_run *run, int (*on_bad)(void *ctx, const char *path, const char *what),
                         void *ctx, uint64_t *files, struct ora_err *err);

/* The file of every DONE batch that has one, in the order of the batches, as the ledger knows it. */
int ora_run_each_file(struct ora_run *run,
                      int (*fn)(void *ctx, uint32_t batch, const char *file_sha256, struct ora_err *err),
                      void *ctx, struct ora_err *err);

#endif
