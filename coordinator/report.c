/* Report: figures come from the ledger alone, so that a report of a finished run is the same whenever it is
 * made; but for the speed, which is of the last call that rendered: report.json hands it on. */
#include "coordinator/report.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "coordinator/progress.h"

int ora_report_exit_code(const struct ora_progress *l)
{
    if (l->done + l->rejected + l->failed < l->utterances)
        return 3;
    return l->rejected || l->failed ? 1 : 0;
}

/* Counts of rejections and failures by reason, most first, as [[reason_code, count, example], …]. */
struct reason {
    char *code;
    char *example;
    uint64_t count;
    bool failed;
};
struct reasons {
    struct reason item[32];
    size_t count;
    uint64_t others;
};

static void reasons_add(struct reasons *r, const struct ora_run_row *row)
{
    const char *code = row->reason_code ? row->reason_code : "unknown";
    bool failed = row->state == ORA_UTT_FAILED;
    for (size_t i = 0; i < r->count; i++)
        if (r->item[i].failed == failed && strcmp(r->item[i].code, code) == 0) {
            r->item[i].count++;
            return;
        }
    if (r->count == sizeof r->item / sizeof r->item[0]) {
        r->others++;
        return;
    }
    struct reason *n = &r->item[r->count++];
    n->code = ora_xstrdup(code);
    n->example = ora_fmt("%s:%llu: %s", row->utt.path ? row->utt.path : "?",
                         (unsigned long long)row->utt.line, row->reason ? row->reason : code);
    n->count = 1;
    n->failed = failed;
}

static void reasons_release(struct reasons *r)
{
    for (size_t i = 0; i < r->count; i++) {
        free(r->item[i].code);
        free(r->item[i].example);
    }
}

static int by_count(const void *a, const void *b)
{
    const struct reason *x = a, *y = b;
    return x->count < y->count ? 1 : x->count > y->count ? -1 : strcmp(x->code, y->code);
}

static int reasons_collect(struct ora_run *run, struct reasons *r, struct ora_err *err)
{
    static const struct ora_run_filter filter = {
        .state = -1, .doc = -1, .chapter = -1, .without_audio = true};
    struct ora_run_rows *rows;
    struct ora_run_row row;
    memset(r, 0, sizeof *r);
    int rc = ora_run_rows_open(run, &filter, &rows, err);
    if (rc < 0)
        return rc;
    while ((rc = ora_run_rows_next(rows, &row, err)) > 0)
        reasons_add(r, &row);
    ora_run_rows_close(&rows);
    if (rc < 0)
        return rc;
    qsort(r->item, r->count, sizeof r->item[0], by_count);
    return 0;
}

static double ratio(double a, double b)
{
    return b > 0 ? a / b : 0;
}

struct speed {
    double wall_s, audio_s_per_wall_s;
};

/* Of this call, or else what the report of an earlier one says. */
static struct speed speed_of(struct ora_run *run, const struct ora_report *r)
{
    struct speed s = {r->wall_s, ratio(r->rendered_audio_s, r->wall_s)};
    if (r->rendered_audio_s > 0)
        return s;
    char *path = ora_path_join(ora_run_dir(run), "report.json");
    json_t *before = json_load_file(path, 0, NULL), *speed = json_object_get(before, "speed");
    const char *id = json_string_value(json_object_get(before, "run_id"));
    double rate = json_number_value(json_object_get(speed, "audio_s_per_wall_s"));
    if (id && strcmp(id, ora_run_id(run)) == 0 && rate > 0)
        s = (struct speed){json_number_value(json_object_get(speed, "wall_s")), rate};
    json_decref(before);
    free(path);
    return s;
}

json_t *ora_report_json(struct ora_run *run, const struct ora_report *r, struct ora_err *err)
{
    const struct ora_progress *l = &r->ledger;
    struct speed speed = speed_of(run, r);
    struct reasons reasons;
    uint64_t limited;
    if (ora_run_peak_limited(run, &limited, err) < 0)
        return NULL;
    if (reasons_collect(run, &reasons, err) < 0) {
        reasons_release(&reasons);
        return NULL;
    }
    json_t *list = json_array();
    for (size_t i = 0; i < reasons.count; i++)
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:I, s:s}", "state", reasons.item[i].failed ? "failed" : "rejected",
                            "code", reasons.item[i].code, "count", (json_int_t)reasons.item[i].count, "first",
                            reasons.item[i].example));
    reasons_release(&reasons);
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:{s:I, s:I, s:I, s:I}, s:o, s:{s:f, s:f, s:I, s:I}, s:{s:f, s:f, "
        "s:f, s:f}, s:b}",
        "generator", "oratorio " ORA_VERSION, "run_id", ora_run_id(run), "arithmetic",
        ora_run_job(run)->arithmetic, "end", r->end, "why", r->why, "ledger", "utterances",
        (json_int_t)l->utterances, "done", (json_int_t)l->done, "rejected", (json_int_t)l->rejected, "failed",
        (json_int_t)l->failed, "reasons", list, "audio", "hours", l->audio_s / 3600, "seconds", l->audio_s,
        "bytes", (json_int_t)l->audio_bytes, "peak_limited", (json_int_t)limited, "speed", "wall_s",
        speed.wall_s, "audio_s_per_wall_s", speed.audio_s_per_wall_s, "core_s", l->synth_s,
        "core_s_per_audio_hour", ratio(l->synth_s * 3600, l->audio_s), "ai_generated", 1);
}

int ora_report_write(struct ora_run *run, const struct ora_report *r, struct ora_err *err)
{
    json_t *json = ora_report_json(run, r, err);
    if (!json)
        return err ? err->code : ORA_E_INTERNAL;
    char *text = json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    json_decref(json);
    char *path = ora_path_join(ora_run_dir(run), "report.json");
    int rc = text ? ora_file_write_atomic(path, text, strlen(text), 0644, err)
                  : ora_err_set(err, ORA_E_INTERNAL, "report.json: a text in it is not UTF-8");
    free(path);
    free(text);
    return rc;
}

static void list_chapters(struct ora_run *run, struct ora_str *out)
{
    char *dir = ora_path_join(ora_run_dir(run), "views/chapters");
    struct dirent **entry = NULL;
    int n = scandir(dir, &entry, NULL, alphasort), shown = 0, audio = 0;
    for (int i = 0; i < n; i++) {
        bool is_audio = ora_ends_with(entry[i]->d_name, ".flac") || ora_ends_with(entry[i]->d_name, ".wav");
        audio += is_audio;
        if (is_audio && shown < 12) {
            ora_str_addf(out, "%s %s/%s\n", shown++ ? "           " : "chapters:  ", dir, entry[i]->d_name);
        }
        free(entry[i]);
    }
    if (audio > shown)
        ora_str_addf(out, "            and %d more in %s\n", audio - shown, dir);
    free(entry);
    free(dir);
}

int ora_report_text(struct ora_run *run, const struct ora_report *r, struct ora_str *out, struct ora_err *err)
{
    const struct ora_progress *l = &r->ledger;
    ora_str_add(out, "utterances: ");
    ora_count_text(l->done, out);
    ora_str_add(out, " done, ");
    ora_count_text(l->rejected, out);
    ora_str_add(out, " rejected, ");
    ora_count_text(l->failed, out);
    ora_str_add(out, " failed");
    uint64_t open = l->utterances - l->done - l->rejected - l->failed;
    if (open) {
        ora_str_add(out, ", ");
        ora_count_text(open, out);
        ora_str_add(out, " open");
    }
    ora_str_addf(out, "\naudio:      %.3f h (", l->audio_s / 3600);
    ora_bytes_text(l->audio_bytes, out);
    ora_str_add(out, ")\n");
    if (r->wall_s > 0 && r->rendered_audio_s > 0)
        ora_str_addf(out,
                     "speed:      %.1f audio seconds per wall second, %.0f core-seconds per audio hour\n",
                     r->rendered_audio_s / r->wall_s, ratio(l->synth_s * 3600, l->audio_s));
    uint64_t limited;
    struct reasons reasons = {0};
    int rc = ora_run_peak_limited(run, &limited, err);
    if (rc == 0 && limited)
        ora_str_addf(out, "loudness:   %llu utterances limited by the peak ceiling stay below the target\n",
                     (unsigned long long)limited);
    if (rc == 0)
        rc = reasons_collect(run, &reasons, err);
    for (size_t i = 0; rc == 0 && i < reasons.count; i++)
        ora_str_addf(out, "%s   %llu x %s (first: %s)\n", reasons.item[i].failed ? "failed:  " : "rejected:",
                     (unsigned long long)reasons.item[i].count, reasons.item[i].code,
                     reasons.item[i].example);
    reasons_release(&reasons);
    if (rc < 0)
        return rc;
    list_chapters(run, out);
    char *manifest = ora_path_join(ora_run_dir(run), "views/jsonl/manifest.jsonl");
    if (ora_file_exists(manifest))
        ora_str_addf(out, "manifest:   %s\n", manifest);
    free(manifest);
    ora_str_addf(out, "clips:      %s/audio/\n", ora_run_dir(run));
    return 0;
}
