/*
 * View jsonl: manifest.jsonl, a line for each finished utterance: its record as it lies in the store, and
 * behind it what the ledger knows (where it lies, who rendered it, when, how fast); rejected.jsonl, a line
 * for each that has no audio, with the reason; SHA256SUMS of the store, for `sha256sum -c
 * views/jsonl/SHA256SUMS` in the run's folder.
 *
 * audio_filepath follows NeMo: with a store of tars it is the member's name, and `shard` (relative to the
 * run's folder) the tar; with a store of files it is a path relative to the manifest, absolute when the view
 * was exported out of the run's folder. Records are copied as bytes: a million lines are a million reads and
 * no parsing.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "dataset/store.h"
#include "job/verify.h"
#include "render/json_text.h"
#include "text/ids.h"
#include "views/outfile.h"
#include "views/source.h"
#include "views/views.h"

struct jsonl {
    struct ora_view_source source;
    struct ora_outfile manifest, rejected, sums;
    struct ora_str line;
    char *audio_prefix; /* of a clip's path in a store of files */
    enum ora_store_kind kind;
};

static void put_text(struct ora_str *s, const char *name, const char *text)
{
    ora_str_add(s, s->len > 1 ? ",\"" : "\"");
    ora_str_add(s, name);
    ora_str_add(s, "\":");
    ora_json_string(s, text, text ? strlen(text) : 0);
}

static void put_uint(struct ora_str *s, const char *name, uint64_t value)
{
    ora_str_add(s, s->len > 1 ? ",\"" : "\"");
    ora_str_add(s, name);
    ora_str_add(s, "\":");
    ora_json_uint(s, value);
}

static void put_place(struct jsonl *v, const struct ora_run_row *row)
{
    struct ora_str *s = &v->line;
    char *member = ora_fmt("%s.%s", row->utt.id, v->source.extension);
    char *shard = ora_store_final_path("audio", row->batch, v->kind);
    put_uint(s, "shard_id", row->batch);
    put_text(s, "shard", shard);
    put_text(s, "member", member);
    if (v->kind == ORA_STORE_TAR) {
        put_uint(s, "member_offset", row->audio_offset);
        put_uint(s, "member_bytes", row->audio_bytes);
        put_text(s, "audio_filepath", member);
    } else {
        char *path = ora_fmt("%s/%06u/%s", v->audio_prefix, row->batch, member);
        put_text(s, "audio_filepath", path);
        free(path);
    }
    free(shard);
    free(member);
}

static int put_done(struct jsonl *v, struct ora_err *err)
{
    const struct ora_run_row *row = &v->source.row;
    struct ora_str *s = &v->line;
    int rc = ora_view_source_record(&v->source, err);
    if (rc < 0)
        return rc;
    char when[32];
    ora_clock_rfc3339(row->done_ms, when);
    ora_str_addn(s, v->source.record.data, v->source.record.len - strlen("}\n"));
    put_place(v, row);
    put_text(s, "worker", row->worker);
    put_text(s, "host", row->host);
    put_uint(s, "attempt", row->attempt);
    put_text(s, "kernel_level", row->kernel_level);
    ora_str_add(s, ",\"synth_seconds\":");
    ora_json_fixed(s, row->synth_s, 6);
    put_text(s, "generated_at", when);
    ora_str_add(s, "}\n");
    return ora_outfile_put(&v->manifest, s, err);
}

static int put_without_audio(struct jsonl *v, const struct ora_run_row *row, struct ora_err *err)
{
    const struct ora_utterance *u = &row->utt;
    struct ora_str *s = &v->line, id = ORA_STR_INIT;
    const char *given = u->source_id ? u->source_id : u->id;
    if (!u->id && given) /* refused by ingest: the one it would have had */
        ora_id_map(given, ORA_ID_MAX, &id);
    ora_str_addc(s, '{');
    put_text(s, "id", u->id ? u->id : ora_str_c(&id));
    ora_str_release(&id);
    put_text(s, "source_id", given);
    put_text(s, "doc_id", u->doc_id);
    put_text(s, "source_file", u->path ? ora_path_base(u->path) : NULL);
    put_uint(s, "source_line", u->line);
    put_text(s, "text", u->text);
    put_text(s, "state", row->state == ORA_UTT_FAILED ? "failed" : "rejected");
    put_text(s, "reason_code", row->reason_code);
    put_text(s, "reason", row->reason);
    ora_str_add(s, "}\n");
    return ora_outfile_put(&v->rejected, s, err);
}

/* The members of one folder of a store of files, in the order of their names. */
static int put_folder_sums(struct jsonl *v, const char *audio_dir, uint32_t batch, struct ora_err *err)
{
    char *dir = ora_store_final_path(audio_dir, batch, ORA_STORE_FILES);
    struct dirent **entry = NULL;
    int n = scandir(dir, &entry, NULL, alphasort), rc = 0;
    if (n < 0)
        rc = ora_err_errno(err, errno, "%s", dir);
    for (int i = 0; i < n; i++) {
        char *path = ora_path_join(dir, entry[i]->d_name), sum[65];
        if (rc == 0 && entry[i]->d_name[0] != '.') {
            rc = ora_file_sha256(path, sum, err);
            ora_str_addf(&v->line, "%s  audio/%06u/%s\n", sum, batch, entry[i]->d_name);
            if (rc == 0)
                rc = ora_outfile_put(&v->sums, &v->line, err);
        }
        free(path);
        free(entry[i]);
    }
    free(entry);
    free(dir);
    return rc;
}

static int put_sum(void *ctx, uint32_t batch, const char *file_sha256, struct ora_err *err)
{
    struct jsonl *v = ctx;
    if (v->kind == ORA_STORE_FILES)
        return put_folder_sums(v, v->source.store.audio_dir, batch, err);
    ora_str_addf(&v->line, "%s  audio/%06u.tar\n", file_sha256, batch);
    return ora_outfile_put(&v->sums, &v->line, err);
}

/* "../../audio" when the view lies in RUN/views, else the absolute path of RUN/audio. */
static char *audio_prefix_of(struct ora_run *run, const char *dir)
{
    char *views = ora_path_join(ora_run_dir(run), "views"), *parent = ora_path_dir(dir);
    char here[PATH_MAX], there[PATH_MAX], *prefix = NULL;
    if (realpath(views, there) && realpath(parent, here) && !strcmp(here, there))
        prefix = ora_xstrdup("../../audio");
    else if (realpath(ora_run_dir(run), there))
        prefix = ora_path_join(there, "audio");
    else
        prefix = ora_path_join(ora_run_dir(run), "audio");
    free(views);
    free(parent);
    return prefix;
}

static int write_manifest(struct jsonl *v, struct ora_err *err)
{
    int rc = 0;
    while (rc == 0 && (rc = ora_view_source_next(&v->source, err)) > 0)
        rc = v->source.row.state == ORA_UTT_DONE ? put_done(v, err) : 0;
    return rc;
}

static int write_rejected(struct jsonl *v, struct ora_err *err)
{
    static const struct ora_run_filter filter = {
        .state = -1, .doc = -1, .chapter = -1, .without_audio = true};
    struct ora_run_rows *rows;
    struct ora_run_row row;
    int rc = ora_run_rows_open(v->source.run, &filter, &rows, err);
    if (rc < 0)
        return rc;
    while (rc == 0 && (rc = ora_run_rows_next(rows, &row, err)) > 0)
        rc = put_without_audio(v, &row, err);
    ora_run_rows_close(&rows);
    return rc;
}

static int make(struct ora_run *run, const char *dir, struct ora_err *err)
{
    struct jsonl v = {.kind = ora_run_job(run)->store};
    int rc = ora_view_source_open(&v.source, run, err);
    if (rc < 0)
        return rc;
    v.audio_prefix = audio_prefix_of(run, dir);
    rc = ora_outfile_open(&v.manifest, dir, "manifest.jsonl", err);
    if (rc == 0)
        rc = ora_outfile_open(&v.rejected, dir, "rejected.jsonl", err);
    if (rc == 0)
        rc = ora_outfile_open(&v.sums, dir, "SHA256SUMS", err);
    if (rc == 0)
        rc = write_manifest(&v, err);
    if (rc == 0)
        rc = write_rejected(&v, err);
    if (rc == 0)
        rc = ora_run_each_file(run, put_sum, &v, err);
    struct ora_outfile *files[] = {&v.manifest, &v.rejected, &v.sums};
    for (size_t i = 0; i < 3; i++) {
        int closed = ora_outfile_close(files[i], rc < 0 ? NULL : err);
        rc = rc < 0 ? rc : closed;
    }
    free(v.audio_prefix);
    ora_str_release(&v.line);
    ora_view_source_close(&v.source);
    return rc;
}

const struct ora_view ora_view_jsonl = {
    .name = "jsonl",
    .summary = "manifest.jsonl: a line of JSON for each utterance, with all that is known of it",
    .make = make};
