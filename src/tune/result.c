/*
 * Result: rows and the choice among them, and the file as JSON. Whatever is read is checked field by field: a
 * file of another format, cut off or edited by hand is refused with what is wrong, and its numbers are within
 * bounds in which the arithmetic here cannot overflow or divide by zero.
 */
#include "tune/result.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "nn/kernels/precision.h"

static const double YEAR_9999_MS = 253402300799e3;

int ora_tune_add_row(struct ora_tune_result *r, const struct ora_tune_row *row, struct ora_err *err)
{
    if (r->row_count == ORA_TUNE_ROWS_MAX)
        return ora_err_set(err, ORA_E_LIMIT, "more than %d points of measurement", ORA_TUNE_ROWS_MAX);
    r->row[r->row_count++] = *row;
    return 0;
}

/* ---- what follows from the rows
 * ------------------------------------------------------------------------------ */

static bool is_of(const struct ora_tune_row *row, const char *level)
{
    return !level || strcmp(row->level, level) == 0;
}

size_t ora_tune_choose(const struct ora_tune_result *r, const char *level)
{
    size_t fastest = r->row_count;
    for (size_t i = 0; i < r->row_count; i++)
        if (is_of(&r->row[i], level) &&
            (fastest == r->row_count || r->row[i].audio_s_per_wall_s > r->row[fastest].audio_s_per_wall_s))
            fastest = i;
    size_t best = fastest;
    if (fastest == r->row_count)
        return fastest;
    for (size_t i = 0; i < r->row_count; i++)
        if (is_of(&r->row[i], r->row[fastest].level) && r->row[i].workers < r->row[best].workers &&
            r->row[i].audio_s_per_wall_s >= (1 - ORA_TUNE_SLACK) * r->row[fastest].audio_s_per_wall_s)
            best = i;
    return best;
}

double ora_tune_rate(const struct ora_tune_result *r, const char *level, uint32_t workers)
{
    const struct ora_tune_row *below = NULL, *above = NULL;
    for (size_t i = 0; i < r->row_count; i++) {
        const struct ora_tune_row *row = &r->row[i];
        if (!is_of(row, level))
            continue;
        if (row->workers <= workers && (!below || row->workers > below->workers))
            below = row;
        if (row->workers >= workers && (!above || row->workers < above->workers))
            above = row;
    }
    if (below && above && below != above && below->workers != above->workers) {
        double share = (double)(workers - below->workers) / (double)(above->workers - below->workers);
        return below->audio_s_per_wall_s + share * (above->audio_s_per_wall_s - below->audio_s_per_wall_s);
    }
    if (below)
        return below->audio_s_per_wall_s;
    return above ? above->audio_s_per_wall_s * workers / above->workers : 0;
}

double ora_tune_seconds(const struct ora_tune_result *r, const char *level, uint32_t workers, double audio_s,
                        double core_s)
{
    double rate = ora_tune_rate(r, level, workers), longer = 1, dearer = 1;
    if (rate <= 0)
        return 0;
    if (r->estimate.audio_s_per_char > 0 && r->audio_s_per_char > 0)
        longer = r->audio_s_per_char / r->estimate.audio_s_per_char;
    if (r->estimate.core_s_per_audio_s > 0 && audio_s > 0)
        dearer = core_s / audio_s / r->estimate.core_s_per_audio_s;
    return audio_s * longer * dearer * workers / rate;
}

double ora_tune_makespan(const double *batch_s, size_t count, uint32_t workers)
{
    double *busy = ora_xcalloc((size_t)workers + 1, sizeof *busy), last = 0;
    for (size_t i = 0; i < count; i++) {
        size_t first = 0;
        for (size_t w = 1; w < workers; w++)
            if (busy[w] < busy[first])
                first = w;
        busy[first] += batch_s[i];
        last = fmax(last, busy[first]);
    }
    free(busy);
    return last;
}

bool ora_tune_differs(const struct ora_tune_key *was, const struct ora_tune_key *now, struct ora_str *why)
{
    size_t before = why->len;
    if (strcmp(was->host, now->host) != 0)
        ora_str_addf(why, "made on host %s", was->host);
    else if (strcmp(was->cpu, now->cpu) != 0)
        ora_str_addf(why, "made on another processor (%s)", was->cpu);
    else if (was->cores != now->cores)
        ora_str_addf(why, "made with %u core%s, and here are %u now", was->cores, was->cores == 1 ? "" : "s",
                     now->cores);
    else if (strcmp(was->engine, now->engine) != 0)
        ora_str_addf(why, "made by version %s", was->engine);
    else if (strcmp(was->voice, now->voice) != 0)
        ora_str_addf(why, "made for voice %s", was->voice);
    else if (strcmp(was->voice_sha256, now->voice_sha256) != 0)
        ora_str_add(why, "made before the voice changed");
    else if (strcmp(was->arithmetic, now->arithmetic) != 0)
        ora_str_addf(why, "made for precision %s", was->arithmetic);
    else if (strcmp(was->levels, now->levels) != 0)
        ora_str_addf(why, "made with levels %s, and here are %s now", was->levels, now->levels);
    return why->len > before;
}

/* ---- JSON
 * ---------------------------------------------------------------------------------------------------- */

char *ora_tune_to_json(const struct ora_tune_result *r)
{
    const struct ora_tune_key *k = &r->key;
    char measured[32];
    json_t *rows = json_array();
    ora_clock_rfc3339(r->measured_ms, measured);
    for (size_t i = 0; i < r->row_count; i++) {
        const struct ora_tune_row *w = &r->row[i];
        json_array_append_new(
            rows, json_pack("{s:s, s:I, s:f, s:f, s:I}", "level", w->level, "workers", (json_int_t)w->workers,
                            "audio_s_per_wall_s", w->audio_s_per_wall_s, "core_s_per_audio_s",
                            w->core_s_per_audio_s, "memory_bytes", (json_int_t)w->memory_bytes));
    }
    json_t *doc = json_pack(
        "{s:i, s:s, s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:f, s:f, s:f, s:f, s:{s:f, s:f}, "
        "s:I, s:o}",
        "format", ORA_TUNE_FORMAT, "host", k->host, "cpu", k->cpu, "cores", (json_int_t)k->cores, "engine",
        k->engine, "voice", k->voice, "voice_sha256", k->voice_sha256, "arithmetic", k->arithmetic, "levels",
        k->levels, "measured", measured, "measured_ms", (json_int_t)r->measured_ms, "took_s", r->took_s,
        "start_s", r->start_s, "audio_s_per_char", r->audio_s_per_char, "others_cores", r->others_cores,
        "estimate", "audio_s_per_char", r->estimate.audio_s_per_char, "core_s_per_audio_s",
        r->estimate.core_s_per_audio_s, "best", (json_int_t)r->best, "rows", rows);
    char *text = doc ? json_dumps(doc, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(doc);
    return text;
}

static int bad(struct ora_err *err, const char *field, const char *wanted)
{
    return ora_err_set(err, ORA_E_FORMAT, "field '%s' is not %s", field, wanted);
}

/* Terminals obey control characters, and what is read here is told to users. */
static bool is_printable(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == '\177')
            return false;
    return true;
}

static int get_text(const json_t *map, const char *field, char *out, size_t size, struct ora_err *err)
{
    const char *v = json_string_value(json_object_get(map, field));
    if (!v || strlen(v) >= size || !is_printable(v))
        return bad(err, field, "a text of one line and of fitting length");
    memcpy(out, v, strlen(v) + 1);
    return 0;
}

/* 0, or from a billionth to max: quotients of such neither overflow nor vanish. */
static int get_number(const json_t *map, const char *field, double max, double *out, struct ora_err *err)
{
    const json_t *item = json_object_get(map, field);
    double v = json_number_value(item);
    if (!json_is_number(item) || !(v == 0 || (v >= 1e-9 && v <= max)))
        return bad(err, field, "a number in its bounds");
    *out = v;
    return 0;
}

static int get_count(const json_t *map, const char *field, uint32_t max, uint32_t *out, struct ora_err *err)
{
    double v;
    int rc = get_number(map, field, max, &v, err);
    if (rc == 0)
        *out = (uint32_t)v;
    return rc;
}

static int get_key(const json_t *doc, struct ora_tune_key *k, struct ora_err *err)
{
    const struct {
        const char *field;
        char *out;
        size_t size;
    } texts[] = {{"host", k->host, sizeof k->host},
                 {"cpu", k->cpu, sizeof k->cpu},
                 {"engine", k->engine, sizeof k->engine},
                 {"voice", k->voice, sizeof k->voice},
                 {"voice_sha256", k->voice_sha256, sizeof k->voice_sha256},
                 {"arithmetic", k->arithmetic, sizeof k->arithmetic},
                 {"levels", k->levels, sizeof k->levels}};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof texts / sizeof *texts; i++)
        rc = get_text(doc, texts[i].field, texts[i].out, texts[i].size, err);
    if (rc == 0)
        rc = get_count(doc, "cores", ORA_TUNE_WORKERS_MAX, &k->cores, err);
    return rc;
}

static int get_rows(const json_t *list, struct ora_tune_result *r, struct ora_err *err)
{
    if (!json_is_array(list) || json_array_size(list) == 0 || json_array_size(list) > ORA_TUNE_ROWS_MAX)
        return bad(err, "rows", "a list of measurements");
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        struct ora_tune_row *w = &r->row[i];
        double bytes = 0;
        rc = get_text(item, "level", w->level, sizeof w->level, err);
        if (rc == 0)
            rc = get_count(item, "workers", ORA_TUNE_WORKERS_MAX, &w->workers, err);
        if (rc == 0)
            rc = get_number(item, "audio_s_per_wall_s", 1e9, &w->audio_s_per_wall_s, err);
        if (rc == 0)
            rc = get_number(item, "core_s_per_audio_s", 1e9, &w->core_s_per_audio_s, err);
        if (rc == 0)
            rc = get_number(item, "memory_bytes", 1e18, &bytes, err);
        if (rc == 0 && (w->workers == 0 || w->audio_s_per_wall_s <= 0))
            rc = bad(err, "rows", "a list of workers that made audio");
        if (rc == 0 && !ora_arithmetic_of_level(w->level))
            rc = bad(err, "level", "a kernel level");
        w->memory_bytes = (uint64_t)bytes;
        r->row_count = i + 1;
    }
    return rc;
}

int ora_tune_parse(const char *bytes, size_t len, struct ora_tune_result *r, struct ora_err *err)
{
    json_error_t why;
    uint32_t format = 0, best = 0;
    double ms = 0;
    memset(r, 0, sizeof *r);
    json_t *doc = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &why);
    if (!doc)
        return ora_err_set(err, ORA_E_FORMAT, "not JSON (line %d: %s)", why.line, why.text);
    int rc = json_is_object(doc) ? get_count(doc, "format", 1 << 20, &format, err)
                                 : ora_err_set(err, ORA_E_FORMAT, "not a JSON object");
    if (rc == 0 && format != ORA_TUNE_FORMAT)
        rc = ora_err_set(err, ORA_E_FORMAT, "format %u, expected %d", format, ORA_TUNE_FORMAT);
    if (rc == 0)
        rc = get_key(doc, &r->key, err);
    if (rc == 0)
        rc = get_number(doc, "measured_ms", YEAR_9999_MS, &ms, err);
    if (rc == 0)
        rc = get_number(doc, "took_s", 1e9, &r->took_s, err);
    if (rc == 0)
        rc = get_number(doc, "start_s", 1e9, &r->start_s, err);
    if (rc == 0)
        rc = get_number(doc, "audio_s_per_char", 1e6, &r->audio_s_per_char, err);
    if (rc == 0)
        rc = get_number(doc, "others_cores", 1e6, &r->others_cores, err);
    const json_t *estimate = json_object_get(doc, "estimate");
    if (rc == 0)
        rc = get_number(estimate, "audio_s_per_char", 1e6, &r->estimate.audio_s_per_char, err);
    if (rc == 0)
        rc = get_number(estimate, "core_s_per_audio_s", 1e9, &r->estimate.core_s_per_audio_s, err);
    if (rc == 0)
        rc = get_rows(json_object_get(doc, "rows"), r, err);
    if (rc == 0)
        rc = get_count(doc, "best", (uint32_t)r->row_count - 1, &best, err);
    r->measured_ms = (int64_t)ms;
    r->best = best;
    json_decref(doc);
    return rc;
}
