/* Verify: see verify.h. One pass over the rows, one over the folder. */
#include "job/verify.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "dataset/store.h"
#include "job/run_priv.h"

typedef int bad_fn(void *ctx, const char *path, const char *what);

int ora_run_each_file(struct ora_run *run,
                      int (*fn)(void *ctx, uint32_t batch, const char *file_sha256, struct ora_err *err),
                      void *ctx, struct ora_err *err)
{
    sqlite3_stmt *q = ora_db_query(&run->db, ORA_SQL_EACH_FILE, err, "");
    if (!q)
        return err ? err->code : ORA_E_DATABASE;
    int rc;
    while ((rc = ora_db_step(&run->db, q, err)) > 0) {
        rc = fn(ctx, (uint32_t)sqlite3_column_int64(q, 0), ora_db_text(q, 1), err);
        if (rc < 0) {
            ora_db_reset(q);
            return rc;
        }
    }
    return rc;
}

struct verifying {
    const char *audio;
    enum ora_store_kind kind;
    bad_fn *on_bad;
    void *ctx;
    uint64_t files;
};

static int verify_batch(void *ctx, uint32_t batch, const char *sha256, struct ora_err *err)
{
    struct verifying *v = ctx;
    char *path = ora_store_final_path(v->audio, batch, v->kind);
    char found[65];
    struct ora_err why = {0};
    int rc = 0;
    (void)err;
    if (!ora_file_exists(path))
        rc = v->on_bad(v->ctx, path, "missing");
    else if (ora_store_sha256(path, v->kind, found, &why) < 0)
        rc = v->on_bad(v->ctx, path, why.message);
    else if (strcmp(found, sha256) != 0)
        rc = v->on_bad(v->ctx, path, "sha256 differs");
    v->files++;
    free(path);
    return rc;
}

/* Is this name that of a batch's file, and is there such a batch with a file? */
static int is_claimed(struct ora_run *run, const char *name, bool *claimed, struct ora_err *err)
{
    char *end;
    unsigned long batch = strtoul(name, &end, 10);
    const char *suffix = run->job->store == ORA_STORE_TAR ? ".tar" : "";
    *claimed = false;
    if (end == name || strcmp(end, suffix) != 0 || batch > UINT32_MAX)
        return 0;
    char *path = ora_store_final_path("", (uint32_t)batch, run->job->store);
    bool same = strcmp(ora_path_base(path), name) == 0;
    free(path);
    int64_t found;
    int rc = same ? ora_db_int(&run->db, ORA_SQL_HAS_FILE, &found, err, "u", (uint32_t)batch) : 0;
    *claimed = rc > 0;
    return rc < 0 ? rc : 0;
}

static int verify_folder(struct ora_run *run, const char *audio, bad_fn *on_bad, void *ctx,
                         struct ora_err *err)
{
    DIR *dir = opendir(audio);
    if (!dir)
        return ora_err_errno(err, errno, "%s", audio);
    int rc = 0;
    for (struct dirent *e; rc >= 0 && (e = readdir(dir));) {
        bool claimed;
        /* what begins with a dot is work in progress under a token name */
        if (e->d_name[0] == '.' ||
            (!isdigit((unsigned char)e->d_name[0]) && !ora_ends_with(e->d_name, ".tar")))
            continue;
        rc = is_claimed(run, e->d_name, &claimed, err);
        if (rc < 0 || claimed)
            continue;
        char *path = ora_path_join(audio, e->d_name);
        rc = on_bad(ctx, path, "not in the ledger");
        free(path);
    }
    closedir(dir);
    return rc < 0 ? rc : 0;
}

int ora_run_verify_files(struct ora_run *run, int (*on_bad)(void *ctx, const char *path, const char *what),
                         void *ctx, uint64_t *files, struct ora_err *err)
{
    char *audio = ora_path_join(run->dir, "audio");
    struct verifying v = {.audio = audio, .kind = run->job->store, .on_bad = on_bad, .ctx = ctx};
    int rc = ora_run_each_file(run, verify_batch, &v, err);
    *files = v.files;
    if (rc == 0)
        rc = verify_folder(run, audio, on_bad, ctx, err);
    free(audio);
    return rc;
}
