/*
 * Rows: utterances in reading order, for views, verify and reports. The rowid is the reading order, so
 * nothing is sorted and a view of millions of rows starts at once. Only those without audio are sorted, by
 * line: a line that the reader refuses is told before the utterance ahead of it, which is held back for its
 * gap and which a voice may then refuse. A sample is chosen by a hash of (seed,
 * rowid): the same for the same run and seed, whatever else was done to the run.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"
#include "job/run_priv.h"

struct ora_run_rows {
    struct ora_run *run;
    sqlite3_stmt *q;
    char pcm_sha256[65];
};

#define COLUMNS                                                                                              \
    "u.utt, u.id, u.source_id, d.doc_id, h.title, u.doc, u.chapter, u.paragraph, u.idx, u.split, "           \
    "u.split_count, u.role, "                                                                                \
    "i.path, u.line, u.text, m.phonemes, m.voice, m.speaker, m.lang, m.speed, m.settings, u.extra, "         \
    "u.batch, u.state, u.reason_code, u.reason, u.gap_after, u.pause_after_ms, u.chars, "                    \
    "c.samples, c.sample_rate_hz, c.audio_offset, c.audio_bytes, c.record_offset, c.record_bytes, "          \
    "c.pcm_sha256, c.synth_us, "                                                                             \
    "w.incarnation, w.host, b.kernel_level, l.attempt, b.done_ms "
#define TABLES                                                                                               \
    "FROM utterances u JOIN documents d USING (doc) JOIN inputs i USING (input) LEFT JOIN manners m USING "  \
    "(manner) "                                                                                              \
    "LEFT JOIN chapters h ON h.doc = u.doc AND h.chapter = u.chapter LEFT JOIN clips c USING (utt) "         \
    "LEFT JOIN batches b ON b.batch = u.batch LEFT JOIN leases l ON l.lease = b.done_lease LEFT JOIN "       \
    "workers w ON w.worker = l.worker "

static void pick(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    (void)argc;
    uint64_t seed = (uint64_t)sqlite3_value_int64(argv[0]), utt = (uint64_t)sqlite3_value_int64(argv[1]);
    struct ora_rng_key key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
    uint32_t counter[4] = {(uint32_t)utt, (uint32_t)(utt >> 32), 0, 0}, out[4];
    ora_philox(key, counter, out);
    sqlite3_result_int64(ctx, (int64_t)((uint64_t)out[0] << 31 | out[1] >> 1));
}

/* The rows of one filter, as a condition on u; binds are ?1 id, ?2 seed, ?3 sample. */
static void add_conditions(struct ora_str *sql, const struct ora_run_filter *f)
{
    ora_str_add(sql, "u.utt > 0");
    if (f->state >= 0)
        ora_str_addf(sql, " AND u.state = %d", f->state);
    if (f->without_audio)
        ora_str_addf(sql, " AND u.state >= %d", ORA_UTT_REJECTED);
    if (f->id)
        ora_str_add(sql, " AND u.id = ?1");
    /* A chapter is a range of rowids; a document is the ranges of its chapters. */
    if (f->doc >= 0 && f->chapter >= 0)
        ora_str_addf(
            sql,
            " AND u.utt BETWEEN (SELECT first_utt FROM chapters WHERE doc = %d AND chapter = %d) AND "
            "(SELECT last_utt FROM chapters WHERE doc = %d AND chapter = %d)",
            f->doc, f->chapter, f->doc, f->chapter);
    else if (f->doc >= 0)
        ora_str_addf(sql,
                     " AND u.utt BETWEEN (SELECT min(first_utt) FROM chapters WHERE doc = %d) AND "
                     "(SELECT max(last_utt) FROM chapters WHERE doc = %d)",
                     f->doc, f->doc);
    else if (f->chapter >= 0)
        ora_str_addf(sql, " AND u.chapter = %d", f->chapter);
}

static char *sql_of(const struct ora_run_filter *f)
{
    struct ora_str sql = ORA_STR_INIT;
    ora_str_add(&sql, "SELECT " COLUMNS TABLES "WHERE ");
    if (f->sample) {
        ora_str_add(&sql, "u.utt IN (SELECT u.utt FROM utterances u WHERE ");
        add_conditions(&sql, f);
        ora_str_add(&sql, " ORDER BY ora_pick(?2, u.utt), u.utt LIMIT ?3)");
    } else {
        add_conditions(&sql, f);
    }
    ora_str_add(&sql, f->without_audio ? " ORDER BY d.input, u.line, u.utt" : " ORDER BY u.utt");
    return ora_str_detach(&sql);
}

int ora_run_rows_open(struct ora_run *run, const struct ora_run_filter *filter, struct ora_run_rows **rows,
                      struct ora_err *err)
{
    static const struct ora_run_filter all = {.state = -1, .doc = -1, .chapter = -1};
    const struct ora_run_filter *f = filter ? filter : &all;
    struct ora_run_rows *r = ora_xcalloc(1, sizeof *r);
    r->run = run;
    char *sql = sql_of(f);
    int rc = 0;
    sqlite3_create_function_v2(run->db.handle, "ora_pick", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, pick,
                               NULL, NULL, NULL);
    if (sqlite3_prepare_v2(run->db.handle, sql, -1, &r->q, NULL) != SQLITE_OK)
        rc = ora_db_error(&run->db, "reading rows", err);
    free(sql);
    if (rc == 0 && f->id)
        sqlite3_bind_text(r->q, 1, f->id, -1, SQLITE_TRANSIENT);
    if (rc == 0 && f->sample) {
        sqlite3_bind_int64(r->q, 2, (int64_t)f->sample_seed);
        sqlite3_bind_int64(r->q, 3, f->sample);
    }
    if (rc < 0)
        ora_run_rows_close(&r);
    *rows = r;
    return rc;
}

static void result_of(struct ora_run_rows *r, struct ora_run_row *row)
{
    sqlite3_stmt *q = r->q;
    enum { FIRST = 29 };
    row->samples = (uint64_t)sqlite3_column_int64(q, FIRST);
    row->sample_rate_hz = sqlite3_column_int(q, FIRST + 1);
    row->audio_offset = (uint64_t)sqlite3_column_int64(q, FIRST + 2);
    row->audio_bytes = (uint64_t)sqlite3_column_int64(q, FIRST + 3);
    row->record_offset = (uint64_t)sqlite3_column_int64(q, FIRST + 4);
    row->record_bytes = (uint64_t)sqlite3_column_int64(q, FIRST + 5);
    const unsigned char *sha256 = sqlite3_column_blob(q, FIRST + 6);
    if (sha256 && sqlite3_column_bytes(q, FIRST + 6) == 32) {
        for (int i = 0; i < 32; i++) {
            r->pcm_sha256[2 * i] = "0123456789abcdef"[sha256[i] >> 4];
            r->pcm_sha256[2 * i + 1] = "0123456789abcdef"[sha256[i] & 15];
        }
        row->pcm_sha256 = r->pcm_sha256;
    }
    row->synth_s = (double)sqlite3_column_int64(q, FIRST + 7) * 1e-6;
    row->worker = (const char *)sqlite3_column_text(q, FIRST + 8);
    row->host = (const char *)sqlite3_column_text(q, FIRST + 9);
    row->kernel_level = (const char *)sqlite3_column_text(q, FIRST + 10);
    row->attempt = (uint32_t)sqlite3_column_int64(q, FIRST + 11);
    row->done_ms = sqlite3_column_int64(q, FIRST + 12);
}

int ora_run_rows_next(struct ora_run_rows *r, struct ora_run_row *row, struct ora_err *err)
{
    sqlite3_stmt *q = r->q;
    int rc = ora_db_step(&r->run->db, q, err);
    if (rc <= 0)
        return rc;
    *row = (struct ora_run_row){.rowid = (uint64_t)sqlite3_column_int64(q, 0)};
    ora_run_utterance_of(q, 1, &row->utt);
    row->batch =
        sqlite3_column_type(q, 22) == SQLITE_NULL ? UINT32_MAX : (uint32_t)sqlite3_column_int64(q, 22);
    row->state = (enum ora_utt_state)sqlite3_column_int(q, 23);
    row->reason_code = (const char *)sqlite3_column_text(q, 24);
    row->reason = (const char *)sqlite3_column_text(q, 25);
    row->gap_after = (enum ora_gap)sqlite3_column_int(q, 26);
    row->pause_after_ms = (uint32_t)sqlite3_column_int64(q, 27);
    row->chars = (uint32_t)sqlite3_column_int64(q, 28);
    if (row->state == ORA_UTT_DONE)
        result_of(r, row);
    return 1;
}

void ora_run_rows_close(struct ora_run_rows **rows)
{
    if (!*rows)
        return;
    sqlite3_finalize((*rows)->q);
    free(*rows);
    *rows = NULL;
}

int ora_run_each_chapter(struct ora_run *run,
                         int (*fn)(void *ctx, uint32_t doc, const char *doc_id, uint32_t chapter,
                                   const char *title, uint64_t utterances),
                         void *ctx, struct ora_err *err)
{
    sqlite3_stmt *q = ora_db_query(&run->db, ORA_SQL_EACH_CHAPTER, err, "");
    if (!q)
        return err ? err->code : ORA_E_DATABASE;
    int rc;
    while ((rc = ora_db_step(&run->db, q, err)) > 0) {
        rc =
            fn(ctx, (uint32_t)sqlite3_column_int64(q, 0), ora_db_text(q, 1),
               (uint32_t)sqlite3_column_int64(q, 2), ora_db_text(q, 3), (uint64_t)sqlite3_column_int64(q, 4));
        if (rc < 0) {
            ora_db_reset(q);
            return rc;
        }
    }
    return rc;
}
