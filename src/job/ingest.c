/* Ingest: see ingest.h. The hot path (one utterance) binds one prepared statement and allocates nothing. */
#include "job/ingest.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "job/manners.h"
#include "job/schema_text.h"

enum { OPEN_BATCHES = 64, MAX_BATCH_BYTES = 4 << 20 };

struct open_batch {
    char *voice; /* NULL: free */
    uint32_t number, count;
    uint64_t chars;
    double minutes; /* of one core */
    size_t bytes;   /* of texts and of what is carried through: a batch must fit one message */
    uint64_t used;  /* when last, for throwing out the one that rested longest */
};

struct chapter {
    uint32_t doc, chapter;
    char *title;
    int64_t first_utt;
    uint64_t utterances;
};

struct ora_ingest {
    struct ora_db *db; /* NULL: count only */
    const struct ora_job *job;
    struct ora_ingest_voices voices;
    struct ora_manners *manners;
    struct ora_ingest_totals totals;
    size_t input;
    struct open_batch batch[OPEN_BATCHES];
    uint32_t next_batch, last_batch;
    uint64_t clock;
    uint64_t lines_before; /* of earlier inputs */
    bool in_chapter, in_document;
    struct chapter chapter;
    uint32_t doc, index; /* index counts utterances of the document */
    int64_t utt;         /* rowid of the last row */
    void (*watch)(void *ctx, const struct ora_item *, const struct ora_manner *, uint32_t, const char *,
                  const char *);
    void *watch_ctx;
};

int ora_ingest_begin(struct ora_ingest **out, struct ora_db *db, const struct ora_job *job,
                     const struct ora_ingest_voices *voices, struct ora_err *err)
{
    struct ora_ingest *in = ora_xcalloc(1, sizeof *in);
    in->db = db;
    in->job = job;
    if (voices)
        in->voices = *voices;
    in->manners = ora_manners_new(db, job, voices);
    int rc = db ? ora_db_run(db, ORA_SQL_BEGIN, err, "") : 0;
    if (rc == 0)
        rc = db ? ora_db_exec(db, ora_schema, err) : 0;
    if (rc < 0)
        ora_ingest_free(&in);
    *out = in;
    return rc;
}

void ora_ingest_free(struct ora_ingest **in)
{
    if (!*in)
        return;
    for (int i = 0; i < OPEN_BATCHES; i++)
        free((*in)->batch[i].voice);
    free((*in)->chapter.title);
    ora_manners_free(&(*in)->manners);
    free(*in);
    *in = NULL;
}

const struct ora_ingest_totals *ora_ingest_totals(const struct ora_ingest *in)
{
    return &in->totals;
}

uint32_t ora_ingest_last_batch(const struct ora_ingest *in)
{
    return in->last_batch;
}

void ora_ingest_watch(struct ora_ingest *in,
                      void (*fn)(void *ctx, const struct ora_item *, const struct ora_manner *, uint32_t,
                                 const char *, const char *),
                      void *ctx)
{
    in->watch = fn;
    in->watch_ctx = ctx;
}

int ora_ingest_input(struct ora_ingest *in, size_t index, struct ora_err *err)
{
    in->input = index;
    in->lines_before = in->totals.lines;
    return ora_manners_input(in->manners, &in->job->inputs[index], err);
}

/* ---- documents and chapters
 * --------------------------------------------------------------------------------- */

static int end_chapter(struct ora_ingest *in, struct ora_err *err)
{
    if (!in->in_chapter)
        return 0;
    struct chapter *c = &in->chapter;
    in->in_chapter = false;
    if (!in->db)
        return 0;
    return ora_db_run(in->db, ORA_SQL_ADD_CHAPTER, err, "uutiii", c->doc, c->chapter, c->title, c->first_utt,
                      in->utt, (int64_t)c->utterances);
}

static int begin_document(struct ora_ingest *in, const struct ora_item *item, struct ora_err *err)
{
    if (in->in_document && in->doc == item->doc)
        return 0; /* a refused record came before the document was announced */
    int rc = end_chapter(in, err);
    if (rc == 0 && in->db)
        rc = ora_db_run(in->db, ORA_SQL_ADD_DOCUMENT, err, "uitt", item->doc, (int64_t)in->input,
                        item->doc_id ? item->doc_id : "",
                        item->kind == ORA_ITEM_DOCUMENT && item->title ? item->title : "");
    in->in_document = true;
    in->doc = item->doc;
    in->index = 0;
    return rc;
}

static int begin_chapter(struct ora_ingest *in, const struct ora_item *item, struct ora_err *err)
{
    if (in->in_chapter && in->chapter.doc == item->doc && in->chapter.chapter == item->chapter) {
        /* A refused record came before the chapter was announced: it keeps its row and gets its title. */
        if (item->kind == ORA_ITEM_CHAPTER && item->title) {
            free(in->chapter.title);
            in->chapter.title = ora_xstrdup(item->title);
        }
        return 0;
    }
    int rc = end_chapter(in, err);
    free(in->chapter.title);
    in->chapter = (struct chapter){
        .doc = item->doc,
        .chapter = item->chapter,
        .title = ora_xstrdup(item->kind == ORA_ITEM_CHAPTER && item->title ? item->title : ""),
        .first_utt = in->utt + 1,
    };
    in->in_chapter = true;
    return rc;
}

/* Rows refer to a document and a chapter, whether the text announced them or not. */
static int enter(struct ora_ingest *in, const struct ora_item *item, struct ora_err *err)
{
    int rc = 0;
    if (!in->in_document || in->doc != item->doc)
        rc = begin_document(in, item, err);
    if (rc == 0 && (!in->in_chapter || in->chapter.chapter != item->chapter))
        rc = begin_chapter(in, item, err);
    return rc;
}

/* ---- batches
 * ------------------------------------------------------------------------------------------------ */

static int close_batch(struct ora_ingest *in, struct open_batch *b, struct ora_err *err)
{
    int rc = 0;
    if (in->db)
        rc = ora_db_run(in->db, ORA_SQL_ADD_BATCH, err, "utui", b->number, b->voice, b->count,
                        (int64_t)b->chars);
    free(b->voice);
    *b = (struct open_batch){0};
    return rc;
}

static void open_batch(struct ora_ingest *in, struct open_batch *b, const char *voice)
{
    *b = (struct open_batch){.voice = ora_xstrdup(voice), .number = in->next_batch++};
    in->totals.batches++;
}

static struct open_batch *slot_of(struct ora_ingest *in, const char *voice)
{
    struct open_batch *oldest = &in->batch[0];
    for (int i = 0; i < OPEN_BATCHES; i++) {
        struct open_batch *b = &in->batch[i];
        if (b->voice && strcmp(b->voice, voice) == 0)
            return b;
        if (b->used < oldest->used)
            oldest = b;
    }
    return oldest; /* a free one has used 0 */
}

/* Batches grow with what was ingested before them, so that the last one of a small job does not keep one
 * worker busy while the others have nothing left. The rest of the text is not known yet, nor may workers
 * count. */
static uint64_t auto_chars(const struct ora_ingest *in)
{
    uint64_t chars = in->totals.chars / ORA_BATCHES_BEFORE;
    return chars < ORA_BATCH_CHARS_LEAST ? ORA_BATCH_CHARS_LEAST
           : chars > ORA_BATCH_CHARS     ? ORA_BATCH_CHARS
                                         : chars;
}

/* Would an utterance of so much be too much for the batch? Its first never is. */
static bool is_full(const struct ora_ingest *in, const struct open_batch *b, uint32_t chars, double minutes,
                    size_t bytes)
{
    const struct ora_job *job = in->job;
    bool dear = job->batch_chars ? b->chars + chars > job->batch_chars
                                 : b->chars + chars > auto_chars(in) || b->minutes + minutes > 1;
    return dear || b->count >= job->batch_utterances || b->bytes + bytes > MAX_BATCH_BYTES;
}

/* The batch of the next utterance of this manner. */
static int batch_for(struct ora_ingest *in, const struct ora_manner_row *manner, uint32_t chars, size_t bytes,
                     uint32_t *number, struct ora_err *err)
{
    const char *voice = manner->manner.voice;
    struct open_batch *b = slot_of(in, voice);
    int rc = 0;
    double minutes = manner->minute_chars > 0 ? chars / manner->minute_chars : 0;
    bool other = b->voice && strcmp(b->voice, voice) != 0;
    bool full = b->voice && is_full(in, b, chars, minutes, bytes);
    if (b->voice && b->count && (other || full))
        rc = close_batch(in, b, err);
    if (!b->voice)
        open_batch(in, b, voice);
    b->count++;
    b->chars += chars;
    b->minutes += minutes;
    b->bytes += bytes;
    b->used = ++in->clock;
    *number = in->last_batch = b->number;
    return rc;
}

/* ---- rows
 * --------------------------------------------------------------------------------------------------- */

struct row {
    int64_t batch;  /* -1: none */
    int64_t manner; /* 0: none */
    uint32_t chars;
    const char *reason_code, *reason;
};

static int bind_text(sqlite3_stmt *q, int i, const char *s)
{
    return s ? sqlite3_bind_text(q, i, s, -1, SQLITE_STATIC) : sqlite3_bind_null(q, i);
}

static int write_row(struct ora_ingest *in, const struct ora_item *item, const struct row *row,
                     struct ora_err *err)
{
    sqlite3_stmt *q = ora_db_query(in->db, ORA_SQL_ADD_UTTERANCE, err, "");
    if (!q)
        return err ? err->code : ORA_E_DATABASE;
    bool taken = row->batch >= 0;
    const int64_t numbers[] = {
        item->doc,           item->chapter,     item->paragraph, in->index,
        (int64_t)item->line, item->role,        item->gap_after, in->job->pause_ms[item->gap_after],
        item->split,         item->split_count, row->chars};
    char *extra = item->extra && json_object_size(item->extra) ? json_dumps(item->extra, JSON_COMPACT) : NULL;
    sqlite3_bind_int64(q, 1, in->utt);
    sqlite3_bind_int64(q, 2, taken ? ORA_UTT_NEW : ORA_UTT_REJECTED);
    taken ? sqlite3_bind_int64(q, 3, row->batch) : sqlite3_bind_null(q, 3);
    bind_text(q, 4, taken ? item->id : NULL);
    for (int i = 0; i < 11; i++)
        sqlite3_bind_int64(q, 5 + i, numbers[i]);
    row->manner ? sqlite3_bind_int64(q, 16, row->manner) : sqlite3_bind_null(q, 16);
    bind_text(q, 17, item->text ? item->text : "");
    bind_text(q, 18, taken || item->source_id ? item->source_id : item->id);
    bind_text(q, 19, extra);
    bind_text(q, 20, row->reason_code);
    bind_text(q, 21, row->reason);
    int rc = ora_db_step(in->db, q, err);
    free(extra);
    return rc;
}

static int add_row(struct ora_ingest *in, const struct ora_item *item, const struct row *row,
                   struct ora_err *err)
{
    in->utt++;
    in->totals.utterances++;
    int rc = in->db ? write_row(in, item, row, err) : 0;
    if (row->batch < 0) {
        in->totals.rejected++;
        return rc;
    }
    in->totals.chars += row->chars;
    in->totals.splits += item->split > 1; /* each further piece is one cut */
    in->chapter.utterances++;
    in->index++;
    return rc;
}

static int add_rejected(struct ora_ingest *in, const struct ora_item *item, const char *code,
                        const char *reason, struct ora_err *err)
{
    struct row row = {.batch = -1, .reason_code = code ? code : "rejected", .reason = reason ? reason : ""};
    int rc = enter(in, item, err);
    if (rc == 0)
        rc = add_row(in, item, &row, err);
    if (in->watch)
        in->watch(in->watch_ctx, item, NULL, 0, row.reason_code, row.reason);
    return rc;
}

static size_t bytes_of(const struct ora_item *item)
{
    size_t extra = item->extra ? json_dumpb(item->extra, NULL, 0, JSON_COMPACT) : 0;
    size_t settings = item->settings ? json_dumpb(item->settings, NULL, 0, JSON_COMPACT) : 0;
    return item->text_len + extra + settings + (item->source_id ? strlen(item->source_id) : 0);
}

static bool phones_are_good(struct ora_ingest *in, const struct ora_item *item, const struct ora_manner *m,
                            struct ora_err *why)
{
    bool given = in->job->text_is_phonemes || memmem(item->text, item->text_len, "[[", 2);
    return !given || !in->voices.check_phones ||
           in->voices.check_phones(in->voices.ctx, m, item->text, why) == 0;
}

static int add_utterance(struct ora_ingest *in, const struct ora_item *item, struct ora_err *err)
{
    const struct ora_manner_row *manner;
    struct ora_err why = {0};
    uint32_t batch, chars = (uint32_t)ora_utf8_length(item->text, item->text_len);
    int rc = ora_manners_of(in->manners, item, &manner, err);
    if (rc == 0 && manner->reject_code)
        return add_rejected(in, item, manner->reject_code, manner->reject_reason, err);
    if (rc == 0 && !phones_are_good(in, item, &manner->manner, &why))
        return add_rejected(in, item, why.code == ORA_E_NO_WORDS ? "no-words" : "bad-phones", why.message,
                            err);
    if (rc == 0)
        rc = enter(in, item, err);
    if (rc == 0)
        rc = batch_for(in, manner, chars, bytes_of(item), &batch, err);
    if (rc == 0)
        rc = add_row(in, item, &(struct row){.batch = batch, .manner = manner->row, .chars = chars}, err);
    if (rc == 0 && in->watch)
        in->watch(in->watch_ctx, item, &manner->manner, chars, NULL, NULL);
    return rc;
}

int ora_ingest_item(void *ctx, const struct ora_item *item, struct ora_err *err)
{
    struct ora_ingest *in = ctx;
    uint64_t lines = item->last_line >= item->line ? item->last_line - item->line + 1 : 1;
    if (in->lines_before + item->last_line > in->totals.lines)
        in->totals.lines = in->lines_before + item->last_line;
    switch (item->kind) {
    case ORA_ITEM_DOCUMENT:
        return begin_document(in, item, err);
    case ORA_ITEM_CHAPTER:
        return begin_chapter(in, item, err);
    case ORA_ITEM_UTTERANCE:
        return add_utterance(in, item, err);
    case ORA_ITEM_REJECTED:
        return add_rejected(in, item, item->reason_code, item->reason, err);
    case ORA_ITEM_STRUCTURE:
        in->totals.structure_lines += lines;
        return 0;
    }
    return ora_err_set(err, ORA_E_INTERNAL, "an item of unknown kind %d", item->kind);
}

int ora_ingest_end(struct ora_ingest *in, struct ora_err *err)
{
    int rc = end_chapter(in, err);
    /* by number, so that the table is written in order */
    for (;;) {
        struct open_batch *next = NULL;
        for (int i = 0; i < OPEN_BATCHES; i++)
            if (in->batch[i].voice && (!next || in->batch[i].number < next->number))
                next = &in->batch[i];
        if (!next || rc < 0)
            break;
        rc = close_batch(in, next, err);
    }
    const struct ora_ingest_totals *t = &in->totals;
    if (!in->db || rc < 0)
        return rc;
    rc = ora_db_run(in->db, ORA_SQL_SET_TOTALS, err, "iiiiii", (int64_t)t->utterances,
                    (int64_t)(t->utterances - t->rejected), (int64_t)t->rejected, (int64_t)t->batches,
                    (int64_t)t->structure_lines, (int64_t)t->chars);
    if (rc == 0)
        rc = ora_db_exec(in->db, ora_schema_indexes, err);
    if (rc == 0)
        rc = ora_db_run(in->db, ORA_SQL_COMMIT, err, "");
    return rc;
}
