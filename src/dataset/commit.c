/*
 * The coordinator's half of the store: final names, sums of what lies there, and the removal of stray parts.
 *
 * A folder cannot be renamed over another one, so what stands under the final name of a `files` batch is
 * first moved aside under a part's name (token "replaced"); after a crash in between the next sweep removes
 * it, and the batch, which is not DONE in the table, is committed again.
 */
#include "dataset/store.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "dataset/listing.h"

static int folder_sha256(const char *path, char hex[65], struct ora_err *err)
{
    DIR *dir = opendir(path);
    if (!dir)
        return ora_err_errno(err, errno, "%s", path);
    struct ora_listing l = {NULL, 0, 0};
    int rc = 0;
    struct dirent *d;
    while (rc == 0 && (errno = 0, d = readdir(dir))) {
        if (d->d_name[0] == '.')
            continue;
        char *file = ora_path_join(path, d->d_name), sum[65];
        rc = ora_file_sha256(file, sum, err);
        if (rc == 0)
            ora_listing_add(&l, d->d_name, sum);
        free(file);
    }
    if (rc == 0 && errno)
        rc = ora_err_errno(err, errno, "reading %s", path);
    if (rc == 0)
        ora_listing_sha256(&l, hex);
    ora_listing_release(&l);
    closedir(dir);
    return rc;
}

int ora_store_sha256(const char *path, enum ora_store_kind kind, char file_sha256[65], struct ora_err *err)
{
    return kind == ORA_STORE_TAR ? ora_file_sha256(path, file_sha256, err)
                                 : folder_sha256(path, file_sha256, err);
}

/* "audio/000012" → "audio/.000012.replaced.part" */
static int move_aside(const char *final_path, char **aside, struct ora_err *err)
{
    char *dir = ora_path_dir(final_path);
    *aside = ora_fmt("%s/.%s.replaced.part", dir, ora_path_base(final_path));
    free(dir);
    int rc = ora_file_remove_tree(*aside, err);
    if (rc == 0 && rename(final_path, *aside) < 0)
        rc = ora_err_errno(err, errno, "rename %s to %s", final_path, *aside);
    return rc;
}

int ora_store_commit(const char *part_path, const char *final_path, const char *file_sha256,
                     enum ora_store_kind kind, struct ora_err *err)
{
    char *aside = NULL;
    int rc = 0;
    if (ora_file_exists(final_path)) {
        char there[65];
        rc = ora_store_sha256(final_path, kind, there, err);
        if (rc < 0)
            return rc;
        if (!strcmp(there, file_sha256))
            return ora_file_remove_tree(part_path, err);
        if (!ora_file_exists(part_path))
            return ora_err_set(err, ORA_E_NOT_FOUND, "%s is missing, and %s has sha256 %s, expected %s",
                               part_path, final_path, there, file_sha256);
        if (kind == ORA_STORE_FILES)
            rc = move_aside(final_path, &aside, err);
    }
    if (rc == 0)
        rc = ora_file_rename_durable(part_path, final_path, err);
    if (rc == 0 && aside)
        rc = ora_file_remove_tree(aside, err);
    free(aside);
    return rc;
}

/* ".000012.<token>.part": the token, in name; or NULL. */
static char *token_of(const char *name)
{
    size_t len = strlen(name), digits = strspn(name + 1, "0123456789");
    if (name[0] != '.' || digits < 6 || name[1 + digits] != '.' || !ora_ends_with(name, ".part"))
        return NULL;
    size_t start = digits + 2, tail = strlen(".part");
    return start + tail < len ? ora_xstrndup(name + start, len - tail - start) : NULL;
}

int ora_store_sweep(const char *audio_dir, int (*keep)(void *ctx, const char *token), void *ctx,
                    struct ora_err *err)
{
    DIR *dir = opendir(audio_dir);
    if (!dir)
        return ora_err_errno(err, errno, "%s", audio_dir);
    int rc = 0;
    struct dirent *d;
    while (rc == 0 && (errno = 0, d = readdir(dir))) {
        char *token = token_of(d->d_name);
        if (token && !(keep && keep(ctx, token))) {
            char *path = ora_path_join(audio_dir, d->d_name);
            rc = ora_file_remove_tree(path, err);
            free(path);
        }
        free(token);
    }
    if (rc == 0 && errno)
        rc = ora_err_errno(err, errno, "reading %s", audio_dir);
    closedir(dir);
    return rc;
}
