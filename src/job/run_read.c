/* A run's items from the job's inputs, by way of the reader, with a note of what every file was when it was
 * read. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "job/check.h"
#include "job/inputs.h"
#include "job/run_priv.h"

struct reading {
    const struct ora_job *job;
    const struct ora_job_check *check;
    char
        *folder; /* RUN/ingest: holds the copy of stdin, which can be read but once, and is hashed and read */
};

static int add_row(struct ora_db *db, size_t index, const char *role, const char *path,
                   const struct ora_input_facts *f, struct ora_err *err)
{
    return ora_db_run(db, ORA_SQL_ADD_INPUT, err, "itttiit", (int64_t)index, role, path, f->file,
                      (int64_t)f->bytes, f->mtime_ns, f->sha256);
}

static int check_unchanged(const char *file, const struct ora_input_facts *before, struct ora_err *err)
{
    struct ora_input_facts now;
    int rc = ora_input_stat(file, &now, err);
    if (rc == 0 && (now.bytes != before->bytes || now.mtime_ns != before->mtime_ns))
        rc = ora_err_set(err, ORA_E_STATE, "%s: changed while it was read; start again", file);
    return rc;
}

static int read_input(struct reading *r, struct ora_db *db, struct ora_ingest *in, struct ora_reader *reader,
                      size_t i, ora_item_fn *on_item, void *item_ctx, struct ora_err *err)
{
    const struct ora_job_input *input = &r->job->inputs[i];
    bool is_stdin = strcmp(input->file, "-") == 0;
    char *file = is_stdin ? ora_path_join(r->folder, "stdin") : ora_xstrdup(input->file);
    struct ora_input_facts facts;
    int rc = is_stdin ? ora_input_copy_stdin(file, &facts, err) : ora_input_facts(file, &facts, err);
    if (rc == 0)
        rc = add_row(db, i, "text", input->path, &facts, err);
    if (rc == 0)
        rc = ora_ingest_input(in, i, err);
    if (rc == 0) {
        struct ora_input text = ora_input_of(input, file);
        rc = ora_reader_input(reader, &text, on_item, item_ctx, err);
    }
    if (rc == 0 && !is_stdin)
        rc = check_unchanged(file, &facts, err);
    free(file);
    return rc;
}

static int read_inputs(struct reading *r, struct ora_db *db, struct ora_ingest *in, ora_item_fn *on_item,
                       void *item_ctx, struct ora_err *err)
{
    struct ora_reader_limits limits = {.max_chars = r->job->max_chars, .lang = ora_job_check_lang(r->check)};
    struct ora_reader *reader = ora_reader_create(&limits, err);
    if (!reader)
        return err ? err->code : ORA_E_NO_MEMORY;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < r->job->input_count; i++)
        rc = read_input(r, db, in, reader, i, on_item, item_ctx, err);
    if (rc == 0)
        rc = ora_reader_finish(reader, on_item, item_ctx, err);
    ora_reader_destroy(&reader);
    return rc;
}

static int read_all(void *ctx, struct ora_db *db, struct ora_ingest *in, ora_item_fn *on_item, void *item_ctx,
                    struct ora_err *err)
{
    struct reading *r = ctx;
    const struct ora_job *job = r->job;
    struct ora_input_facts lexicon;
    int rc = ora_file_mkdirs(r->folder, 0700, err);
    if (rc == 0)
        rc = read_inputs(r, db, in, on_item, item_ctx, err);
    if (rc == 0 && job->lexicon)
        rc = ora_input_facts(job->render.lexicon_path, &lexicon, err);
    if (rc == 0 && job->lexicon)
        rc = add_row(db, job->input_count, "lexicon", job->lexicon, &lexicon, err);
    ora_file_remove_tree(r->folder, NULL);
    return rc;
}

int ora_run_create(const char *dir, const struct ora_job *job,
                   void (*on_progress)(void *ctx, const struct ora_ingest_stats *), void *ctx,
                   struct ora_run **run, struct ora_err *err)
{
    struct ora_job_check *check;
    int rc = ora_job_check_create(job, &check, err);
    if (rc < 0)
        return rc;
    struct reading r = {job, check, ora_path_join(dir, "ingest")};
    struct ora_run_source source = {.read = read_all, .ctx = &r, .check = check};
    rc = ora_run_create_from(dir, job, &source, on_progress, ctx, run, err);
    free(r.folder);
    ora_job_check_free(&check);
    return rc;
}
