/*
 * Keep: what was measured stays in the user's cache folder, a file a host, voice and class (README.md), so
 * that a home that many hosts share holds a file for each.
 *
 *     ora_tune_key_of(&host, &here, voice, "f32-direct", &key);
 *     if (ora_tune_load(NULL, &key, &result, &why)) …          // else why: "none was made", "damaged: …"
 *     ora_tune_save(NULL, &result, &err);
 *
 * A file that cannot be read, is damaged or was made under other circumstances is never an error: it is as if
 * there were none, and `why` says so. Saving is atomic. Threads: safe; the last writer wins.
 */
#ifndef ORA_TUNE_KEEP_H
#define ORA_TUNE_KEEP_H

#include "models/family.h"
#include "nn/kernels/precision.h"
#include "tune/host.h"
#include "tune/result.h"

void ora_tune_key_of(const struct ora_host *host, const struct ora_levels *here,
                     const struct ora_voice *voice, const char *arithmetic, struct ora_tune_key *key);
/* Where it is kept; dir NULL: ora_cache_dir(). NULL when there is no such folder. Caller frees. */
char *ora_tune_path(const char *dir, const struct ora_tune_key *key);
bool ora_tune_load(const char *dir, const struct ora_tune_key *key, struct ora_tune_result *result,
                   struct ora_str *why);
/* The level that was measured to be the best for a voice on this host, and that it has; NULL: nothing is
 * kept. A constant. For struct ora_render_spec.prefer. */
const char *ora_tune_prefer(const struct ora_voice *voice, const char *arithmetic);
int ora_tune_save(const char *dir, const struct ora_tune_result *result, struct ora_err *err);

#endif
