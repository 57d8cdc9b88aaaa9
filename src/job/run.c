/*
 * Run: opening, closing, the turn, meta and counters. The steps of a turn are in run_lease.c and
 * run_workers.c, making in run_create.c, reading in run_rows.c, the user's hand in run_retry.c.
 */
#include "job/run.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "job/run_priv.h"

/* The lock is the flock; the text in the file only says who has it. */
int ora_run_take_lock(const char *dir, int *fd, struct ora_err *err)
{
    char *path = ora_path_join(dir, "lock");
    int rc = ora_file_lock(path, false, fd, err);
    if (rc == ORA_E_BUSY) {
        char *text = NULL;
        size_t len;
        long pid = ora_file_read(path, 64, &text, &len, NULL) == 0 ? strtol(text, NULL, 10) : 0;
        free(text);
        rc = pid > 0 ? ora_err_set(err, ORA_E_BUSY, "%s: process %ld is at work on this run", dir, pid)
                     : ora_err_set(err, ORA_E_BUSY, "%s: another process is at work on this run", dir);
    } else if (rc == 0) {
        char text[32];
        int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
        if (ftruncate(*fd, 0) < 0 || pwrite(*fd, text, (size_t)n, 0) != n) {
            rc = ora_err_errno(err, errno, "%s", path);
            close(*fd);
            *fd = -1;
        }
    }
    free(path);
    return rc;
}

/* A link counts, even when what it leads to is not on this host: that is a run all the same. */
bool ora_run_exists(const char *dir)
{
    char *path = ora_path_join(dir, "run.sqlite");
    struct stat st;
    bool exists = lstat(path, &st) == 0;
    free(path);
    return exists;
}

const char *ora_run_precision_asked(const struct ora_job *job)
{
    return job->precision ? job->precision : "exact";
}

/* job.yaml of a run says the class; one of schema 2 says none, and was made in what was the only one then,
 * unless it named a level. */
static int load_arithmetic(struct ora_run *run, struct ora_err *err)
{
    char *kept = NULL;
    int rc = ora_run_meta_get(run, ORA_META_ARITHMETIC, &kept, err);
    if (rc == 0 && !kept && strcmp(run->job->kernels, "auto") == 0)
        rc = ora_job_set_precision(run->job, "f32-direct", err);
    if (rc == 0 && kept && strcmp(kept, run->job->arithmetic) != 0)
        rc = ora_err_set(err, ORA_E_FORMAT, "%s: its job says precision %s and its meta %s", run->db.path,
                         run->job->arithmetic, kept);
    free(kept);
    return rc;
}

static int load(struct ora_run *run, struct ora_err *err)
{
    char *yaml = NULL;
    int rc = ora_run_meta_get(run, "job_yaml", &yaml, err);
    if (rc == 0)
        rc = ora_run_meta_get(run, "run_id", &run->id, err);
    if (rc == 0 && (!yaml || !run->id))
        rc = ora_err_set(err, ORA_E_FORMAT, "%s: has no job in it", run->db.path);
    if (rc == 0) {
        run->job = ora_job_parse(yaml, strlen(yaml), "job.yaml of the run", run->dir, err);
        rc = run->job ? 0 : err ? err->code : ORA_E_FORMAT;
    }
    if (rc == 0)
        rc = load_arithmetic(run, err);
    free(yaml);
    return rc;
}

static int open_database(struct ora_run *run, enum ora_run_mode mode, struct ora_err *err)
{
    char *path = ora_path_join(run->dir, "run.sqlite");
    int rc = 0;
    char target[PATH_MAX];
    ssize_t n = readlink(path, target, sizeof target - 1);
    if (!ora_file_exists(path) && n > 0)
        rc = ora_err_set(err, ORA_E_NOT_FOUND,
                         "%s: its job table %.*s is not there: is this the host that made the run?", run->dir,
                         (int)n, target);
    else if (!ora_file_exists(path))
        rc = ora_err_set(err, ORA_E_NOT_FOUND, "%s: no run in this folder (no run.sqlite)", run->dir);
    else
        rc = ora_db_open(&run->db, path, mode == ORA_RUN_READ ? ORA_DB_READ : ORA_DB_WRITE, err);
    free(path);
    if (rc == 0)
        rc = ora_db_check_schema(&run->db, err);
    return rc;
}

/* run.sqlite may be a link to a local disk. */
static int check_place(struct ora_run *run, struct ora_err *err)
{
    char *real = realpath(run->db.path, NULL);
    if (!real)
        return ora_err_errno(err, errno, "%s", run->db.path);
    char *folder = ora_path_dir(real);
    int rc = ora_run_check_filesystem(folder, run->job->network_fs, err);
    free(folder);
    free(real);
    return rc;
}

static int open_run(const char *dir, enum ora_run_mode mode, int lock_fd, struct ora_run **out,
                    struct ora_err *err)
{
    struct ora_run *run = ora_xcalloc(1, sizeof *run);
    run->dir = ora_xstrdup(dir);
    run->lock_fd = lock_fd;
    int rc = open_database(run, mode, err);
    if (rc == 0)
        rc = load(run, err);
    if (rc == 0 && mode == ORA_RUN_WRITE)
        rc = check_place(run, err);
    if (rc == 0 && mode == ORA_RUN_WRITE)
        rc = ora_run_finish_removals(run, err);
    if (rc < 0)
        ora_run_close(&run);
    *out = run;
    return rc;
}

int ora_run_open_locked(const char *dir, int lock_fd, struct ora_run **run, struct ora_err *err)
{
    return open_run(dir, ORA_RUN_WRITE, lock_fd, run, err);
}

int ora_run_open(const char *dir, enum ora_run_mode mode, struct ora_run **run, struct ora_err *err)
{
    int lock_fd = -1, rc = 0;
    *run = NULL;
    if (mode == ORA_RUN_WRITE && ora_run_exists(dir))
        rc = ora_run_take_lock(dir, &lock_fd, err);
    return rc < 0 ? rc : open_run(dir, mode, lock_fd, run, err);
}

void ora_run_close(struct ora_run **run)
{
    struct ora_run *r = *run;
    if (!r)
        return;
    ora_db_close(&r->db);
    if (r->lock_fd >= 0)
        close(r->lock_fd);
    ora_job_free(&r->job);
    free(r->id);
    free(r->dir);
    free(r);
    *run = NULL;
}

const char *ora_run_dir(const struct ora_run *run)
{
    return run->dir;
}

const char *ora_run_id(const struct ora_run *run)
{
    return run->id;
}

const struct ora_job *ora_run_job(const struct ora_run *run)
{
    return run->job;
}

int ora_run_begin(struct ora_run *run, struct ora_err *err)
{
    return ora_db_run(&run->db, ORA_SQL_BEGIN, err, "");
}

int ora_run_commit(struct ora_run *run, struct ora_err *err)
{
    int rc = ora_db_run(&run->db, ORA_SQL_COMMIT, err, "");
    if (rc < 0)
        ora_run_rollback(run);
    return rc;
}

void ora_run_rollback(struct ora_run *run)
{
    if (!sqlite3_get_autocommit(run->db.handle)) /* some errors have rolled back already */
        ora_db_run(&run->db, ORA_SQL_ROLLBACK, NULL, "");
}

int ora_run_move(struct ora_run *run, const struct ora_run_move *m, struct ora_err *err)
{
    return ora_db_run(&run->db, ORA_SQL_MOVE, err, "iiiiiiiiii", m->open, m->done, m->rejected, m->failed,
                      m->batches_leased, m->batches_done, m->chars_done, m->audio_us, m->synth_us,
                      m->audio_bytes);
}

int ora_run_progress(struct ora_run *run, struct ora_progress *p, struct ora_err *err)
{
    sqlite3_stmt *q = ora_db_query(&run->db, ORA_SQL_COUNTERS, err, "");
    if (!q)
        return err ? err->code : ORA_E_DATABASE;
    int rc = ora_db_step(&run->db, q, err);
    if (rc <= 0)
        return rc < 0 ? rc
                      : ora_err_set(err, ORA_E_DATABASE, "%s: the row of counters is gone", run->db.path);
    uint64_t v[14];
    for (int i = 0; i < 14; i++)
        v[i] = (uint64_t)sqlite3_column_int64(q, i);
    ora_db_reset(q);
    *p = (struct ora_progress){.utterances = v[0],
                               .open = v[1],
                               .done = v[2],
                               .rejected = v[3],
                               .failed = v[4],
                               .batches = v[5],
                               .batches_leased = v[6],
                               .batches_done = v[7],
                               .structure_lines = v[8],
                               .chars = v[9],
                               .chars_done = v[10],
                               .audio_s = (double)v[11] * 1e-6,
                               .synth_s = (double)v[12] * 1e-6,
                               .audio_bytes = v[13]};
    return 0;
}

int ora_run_peak_limited(struct ora_run *run, uint64_t *clips, struct ora_err *err)
{
    sqlite3_stmt *q = ora_db_query(&run->db, ORA_SQL_PEAK_LIMITED, err, "");
    if (!q)
        return err ? err->code : ORA_E_DATABASE;
    int rc = ora_db_step(&run->db, q, err);
    *clips = rc > 0 ? (uint64_t)sqlite3_column_int64(q, 0) : 0;
    if (rc > 0)
        ora_db_reset(q);
    return rc < 0 ? rc : 0;
}

int ora_run_meta_get(struct ora_run *run, const char *key, char **value, struct ora_err *err)
{
    *value = NULL;
    sqlite3_stmt *q = ora_db_query(&run->db, ORA_SQL_META_GET, err, "t", key);
    if (!q)
        return err ? err->code : ORA_E_DATABASE;
    int rc = ora_db_step(&run->db, q, err);
    if (rc > 0) {
        *value = ora_xstrdup(ora_db_text(q, 0));
        ora_db_reset(q);
    }
    return rc < 0 ? rc : 0;
}

int ora_run_meta_set(struct ora_run *run, const char *key, const char *value, struct ora_err *err)
{
    return value ? ora_db_run(&run->db, ORA_SQL_META_SET, err, "tt", key, value)
                 : ora_db_run(&run->db, ORA_SQL_META_UNSET, err, "t", key);
}
