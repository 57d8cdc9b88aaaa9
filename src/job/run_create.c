/*
 * Making a run. Everything is built in run.sqlite.ingest, without journal or fsync, and becomes run.sqlite by
 * one fsync and one rename when it is whole: a run.sqlite is never half a run, and ingest costs no durability
 * it does not need. What an interrupted ingest leaves is removed by the next.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "job/check.h"
#include "job/ingest.h"
#include "job/run_priv.h"

enum { PROGRESS_ROWS = 8192 };

struct maker {
    const char *dir;
    const struct ora_job *job;
    char *final; /* RUN/run.sqlite, or the file in the job's database folder that RUN/run.sqlite links to */
    char *building; /* <final>.ingest */
    struct ora_db db;
    struct ora_ingest *ingest;
    void (*on_progress)(void *ctx, const struct ora_ingest_stats *);
    void *ctx;
    uint64_t next_report;
    struct ora_run_source source;
};

/* Also a -wal without its run.sqlite (somebody removed that alone): SQLite would play it into the new one. */
static void remove_leftovers(struct maker *m)
{
    static const char *const suffixes[] = {".ingest", ".ingest-journal", ".ingest-wal", ".ingest-shm", "-wal",
                                           "-shm"};
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char *path = ora_fmt("%s%s", m->final, suffixes[i]);
        unlink(path);
        free(path);
    }
}

/* Rows and indexes come to some 5 times the text of short lines; the audio is `plan`'s and the coordinator's
 * affair. */
static int check_space(struct maker *m, struct ora_err *err)
{
    uint64_t text = 0, bytes, available;
    for (size_t i = 0; i < m->job->input_count; i++)
        if (ora_file_size(m->job->inputs[i].file, &bytes, NULL) == 0)
            text += bytes;
    int rc = ora_file_free_bytes(m->dir, &available, err);
    if (rc < 0)
        return rc;
    uint64_t need = 5 * text + (16u << 20);
    if (available < need)
        return ora_err_set(err, ORA_E_DISK_FULL,
                           "%s: %" PRIu64 " MB free, and the job table alone needs some %" PRIu64 " MB",
                           m->dir, available >> 20, need >> 20);
    return 0;
}

static int on_item(void *ctx, const struct ora_item *item, struct ora_err *err)
{
    struct maker *m = ctx;
    int rc = ora_ingest_item(m->ingest, item, err);
    const struct ora_ingest_totals *t = ora_ingest_totals(m->ingest);
    if (rc == 0 && m->on_progress && t->utterances >= m->next_report) {
        m->on_progress(m->ctx, &(struct ora_ingest_stats){t->lines, t->utterances, t->rejected, t->chars});
        m->next_report = t->utterances + PROGRESS_ROWS;
    }
    return rc;
}

static int set_meta(struct maker *m, const char *key, const char *value, struct ora_err *err)
{
    return ora_db_run(&m->db, ORA_SQL_META_SET, err, "tt", key, value);
}

static int write_meta(struct maker *m, const char *yaml, struct ora_err *err)
{
    unsigned char random[16];
    char id[33], created[24];
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(id, sizeof id, random, sizeof random);
    snprintf(created, sizeof created, "%" PRId64, ora_clock_wall_ms());
    int rc = set_meta(m, "run_id", id, err);
    if (rc == 0)
        rc = set_meta(m, "job_yaml", yaml, err);
    if (rc == 0)
        rc = set_meta(m, ORA_META_PRECISION, ora_run_precision_asked(m->job), err);
    if (rc == 0)
        rc = set_meta(m, ORA_META_ARITHMETIC, m->job->arithmetic, err);
    if (rc == 0)
        rc = set_meta(m, "created_ms", created, err);
    if (rc == 0)
        rc = set_meta(m, ORA_META_MADE_BY, ORA_MADE_BY, err);
    return rc;
}

static int build(struct maker *m, const char *yaml, struct ora_err *err)
{
    struct ora_job_check *check = m->source.check;
    struct ora_ingest_voices voices = ora_job_check_voices(check);
    int rc = ora_db_open(&m->db, m->building, ORA_DB_INGEST, err);
    if (rc < 0)
        return rc;
    rc = ora_ingest_begin(&m->ingest, &m->db, m->job, check ? &voices : NULL, err);
    if (rc == 0)
        rc = m->source.read(m->source.ctx, &m->db, m->ingest, on_item, m, err);
    if (rc == 0)
        rc = write_meta(m, yaml, err);
    if (rc == 0 && check)
        rc = ora_job_check_write_voices(check, &m->db, err);
    if (rc == 0)
        rc = ora_ingest_end(m->ingest, err);
    ora_ingest_free(&m->ingest);
    ora_db_close(&m->db);
    return rc;
}

static int make_link(struct maker *m, struct ora_err *err)
{
    char *link = ora_path_join(m->dir, "run.sqlite"), *fresh = ora_path_join(m->dir, "run.sqlite.link");
    int rc = 0;
    unlink(fresh);
    if (symlink(m->final, fresh) < 0)
        rc = ora_err_errno(err, errno, "%s", fresh);
    else
        rc = ora_file_rename_durable(fresh, link, err);
    free(link);
    free(fresh);
    return rc;
}

/* WAL is a mark in the file; set before it has its name, so that the first reader needs no write. */
static int publish(struct maker *m, const char *yaml, struct ora_err *err)
{
    struct ora_db db;
    int rc = ora_db_open(&db, m->building, ORA_DB_WRITE, err);
    if (rc < 0)
        return rc;
    ora_db_close(&db);
    int fd = open(m->building, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        rc = ora_err_errno(err, errno, "fsync %s", m->building);
    if (fd >= 0)
        close(fd);
    char *job = ora_path_join(m->dir, "job.yaml");
    if (rc == 0)
        rc = ora_file_write_atomic(job, yaml, strlen(yaml), 0644, err);
    if (rc == 0)
        rc = ora_file_rename_durable(m->building, m->final, err);
    if (rc == 0 && m->job->database)
        rc = make_link(m, err);
    free(job);
    return rc;
}

static int make_folders(const char *dir, struct ora_err *err)
{
    static const char *const names[] = {"audio", "views", "logs"};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof names / sizeof names[0]; i++) {
        char *path = ora_path_join(dir, names[i]);
        rc = ora_file_mkdirs(path, 0755, err);
        free(path);
    }
    return rc;
}

/* Where the job table lies. In a database folder its name tells its run, so that what an interrupted ingest
 * left is found. */
static int choose_place(struct maker *m, struct ora_err *err)
{
    char *real = realpath(m->dir, NULL), *folder = NULL, hex[65];
    int rc = real ? 0 : ora_err_errno(err, errno, "%s", m->dir);
    if (rc == 0 && !m->job->database) {
        m->final = ora_path_join(m->dir, "run.sqlite");
        rc = ora_run_check_filesystem(m->dir, m->job->network_fs, err);
    } else if (rc == 0) {
        folder = ora_path_join(m->job->base_dir, m->job->database);
        ora_sha256_of(real, strlen(real), hex);
        m->final = ora_fmt("%s/%s-%.8s.sqlite", folder, ora_path_base(real), hex);
        rc = ora_file_mkdirs(folder, 0755, err);
        if (rc == 0)
            rc = ora_run_check_filesystem(folder, m->job->network_fs, err);
    }
    if (rc == 0)
        m->building = ora_fmt("%s.ingest", m->final);
    free(folder);
    free(real);
    return rc;
}

static int make(struct maker *m, struct ora_err *err)
{
    struct ora_str yaml = ORA_STR_INIT;
    int rc = choose_place(m, err);
    if (rc < 0)
        goto out_free;
    remove_leftovers(m);
    rc = ora_job_to_yaml(m->job, &yaml, err);
    if (rc == 0)
        rc = check_space(m, err);
    if (rc == 0)
        rc = make_folders(m->dir, err);
    if (rc == 0)
        rc = build(m, ora_str_c(&yaml), err);
    if (rc == 0)
        rc = publish(m, ora_str_c(&yaml), err);
    if (rc < 0)
        remove_leftovers(m);
out_free:
    free(m->building);
    free(m->final);
    ora_str_release(&yaml);
    return rc;
}

/* A run that could not be made leaves no folder, unless something else lies in it. */
static void remove_if_empty(const char *dir)
{
    static const char *const names[] = {"audio", "views", "logs"};
    char *lock = ora_path_join(dir, "lock");
    unlink(lock);
    free(lock);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *path = ora_path_join(dir, names[i]);
        rmdir(path);
        free(path);
    }
    rmdir(dir);
}

int ora_run_create_from(const char *dir, const struct ora_job *job, const struct ora_run_source *source,
                        void (*on_progress)(void *ctx, const struct ora_ingest_stats *), void *ctx,
                        struct ora_run **run, struct ora_err *err)
{
    struct maker m = {.dir = dir, .job = job, .source = *source, .on_progress = on_progress, .ctx = ctx};
    int lock = -1;
    *run = NULL;
    int rc = ora_file_mkdirs(dir, 0755, err);
    if (rc == 0)
        rc = ora_run_take_lock(dir, &lock, err);
    if (rc == 0 && ora_run_exists(dir))
        rc = ora_err_set(err, ORA_E_STATE, "%s: has a run already", dir);
    if (rc == 0 && (rc = make(&m, err)) < 0)
        remove_if_empty(dir);
    if (rc == 0)
        rc = ora_run_open_locked(dir, lock, run, err); /* takes the lock over, also on failure */
    else if (lock >= 0)
        close(lock);
    return rc;
}
