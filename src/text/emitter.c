/*
 * Emitter: numbering, ids, splitting, and the one utterance held back for its gap.
 */
#include "text/emitter.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "text/brackets.h"
#include "text/chars.h"
#include "text/ids.h"

enum { EXCERPT_BYTES = 160 };

void ora_emitter_init(struct ora_emitter *e, uint32_t max_chars)
{
    *e = (struct ora_emitter){.max_chars = max_chars, .ids = ora_id_set_create()};
}

void ora_emitter_release(struct ora_emitter *e)
{
    json_decref((json_t *)e->held.settings);
    json_decref((json_t *)e->held.extra);
    struct ora_str *const strings[] = {&e->doc_id,    &e->doc_title,  &e->held_id,      &e->held_source,
                                       &e->held_text, &e->held_voice, &e->held_speaker, &e->held_lang,
                                       &e->id,        &e->text,       &e->piece_id,     &e->nfc};
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        ora_str_release(strings[i]);
    ora_id_set_destroy(&e->ids);
}

static struct ora_item new_item(const struct ora_emitter *e, enum ora_item_kind kind, uint64_t line,
                                uint64_t last_line)
{
    return (struct ora_item){.kind = kind,
                             .path = e->path,
                             .line = line,
                             .last_line = last_line,
                             .doc = e->doc,
                             .chapter = e->chapter,
                             .paragraph = e->paragraph,
                             .doc_id = ora_str_c(&e->doc_id),
                             .text = "",
                             .speed = -1};
}

static int no_memory(struct ora_err *err)
{
    return ora_err_set(err, ORA_E_NO_MEMORY, "no memory for the set of ids");
}

/* ---- the utterance held back ---- */

static const char *keep(struct ora_str *s, const char *text)
{
    if (!text)
        return NULL;
    ora_str_clear(s);
    ora_str_add(s, text);
    return ora_str_c(s);
}

static int flush(struct ora_emitter *e, struct ora_err *err)
{
    if (!e->pending)
        return 0;
    e->held.gap_after = e->gap;
    e->pending = false;
    int rc = e->on_item(e->ctx, &e->held, err);
    json_decref((json_t *)e->held.settings);
    json_decref((json_t *)e->held.extra);
    e->held.settings = e->held.extra = NULL;
    return rc < 0 ? rc : 0;
}

static int hold(struct ora_emitter *e, const struct ora_item *item, struct ora_err *err)
{
    int rc = flush(e, err);
    if (rc < 0)
        return rc;
    e->held = *item;
    e->held.id = keep(&e->held_id, item->id);
    e->held.source_id = keep(&e->held_source, item->source_id);
    ora_str_clear(&e->held_text);
    ora_str_addn(&e->held_text, item->text, item->text_len);
    e->held.text = ora_str_c(&e->held_text);
    e->held.voice = keep(&e->held_voice, item->voice);
    e->held.speaker = keep(&e->held_speaker, item->speaker);
    e->held.lang = keep(&e->held_lang, item->lang);
    json_incref((json_t *)e->held.settings);
    json_incref((json_t *)e->held.extra);
    e->pending = true;
    e->gap = item->split && item->split < item->split_count ? ORA_GAP_SPLIT : ORA_GAP_SENTENCE;
    return 0;
}

void ora_emit_gap(struct ora_emitter *e, enum ora_gap at_least)
{
    if (e->gap < at_least)
        e->gap = at_least;
}

/* ---- documents, chapters, paragraphs ---- */

/* A doc id of its own: "-2", "-3" … where the name is taken. Doc ids share the set, behind a '/' that no id
 * has. */
static int claim_doc_id(struct ora_emitter *e, const char *wanted)
{
    struct ora_str key = ORA_STR_INIT;
    int added = 0;
    for (unsigned n = 1; added == 0; n++) {
        ora_str_clear(&key);
        ora_str_addf(&key, n == 1 ? "/%s" : "/%s-%u", wanted, n);
        added = ora_id_set_add(e->ids, key.data, key.len);
    }
    ora_str_clear(&e->doc_id);
    ora_str_add(&e->doc_id, key.data + 1);
    ora_str_release(&key);
    return added;
}

void ora_emit_document(struct ora_emitter *e, const char *path, const char *doc_id, const char *title)
{
    e->path = path;
    e->doc = e->docs_begun++;
    e->chapter = e->paragraph = 0;
    e->records = 0;
    e->announced = e->in_chapter = e->in_paragraph = false;
    ora_str_clear(&e->doc_id);
    ora_str_add(&e->doc_id, doc_id);
    ora_str_clear(&e->doc_title);
    ora_str_add(&e->doc_title, title);
    ora_emit_gap(e, ORA_GAP_DOCUMENT);
}

static int announce(struct ora_emitter *e, struct ora_err *err)
{
    if (e->announced)
        return 0;
    char *wanted = ora_str_detach(&e->doc_id);
    int rc = claim_doc_id(e, wanted);
    free(wanted);
    if (rc < 0)
        return no_memory(err);
    e->announced = true;
    struct ora_item item = new_item(e, ORA_ITEM_DOCUMENT, 1, 1);
    item.title = ora_str_c(&e->doc_title);
    rc = e->on_item(e->ctx, &item, err);
    return rc < 0 ? rc : 0;
}

int ora_emit_document_end(struct ora_emitter *e, struct ora_err *err)
{
    int rc = announce(e, err);
    ora_emit_gap(e, ORA_GAP_DOCUMENT);
    /* The path is the caller's: it may go before the next input comes. */
    return rc < 0 ? rc : flush(e, err);
}

int ora_emit_chapter(struct ora_emitter *e, const char *title, uint64_t line, struct ora_err *err)
{
    int rc = announce(e, err);
    ora_emit_gap(e, ORA_GAP_CHAPTER);
    if (rc == 0)
        rc = flush(e, err);
    if (rc < 0)
        return rc;
    e->chapter += e->in_chapter;
    e->in_chapter = true;
    e->paragraph = 0;
    e->in_paragraph = false;
    struct ora_item item = new_item(e, ORA_ITEM_CHAPTER, line, line);
    item.title = title;
    rc = e->on_item(e->ctx, &item, err);
    return rc < 0 ? rc : 0;
}

void ora_emit_paragraph_end(struct ora_emitter *e)
{
    ora_emit_gap(e, ORA_GAP_PARAGRAPH);
    e->paragraph += e->in_paragraph;
    e->in_paragraph = false;
}

/* ---- rejections and structure ---- */

/* The start of any bytes, as clean UTF-8. */
static void excerpt(struct ora_str *out, const char *text, size_t len)
{
    struct ora_str valid = ORA_STR_INIT;
    bool space = true;
    size_t at = 0;
    while (at < len && valid.len < EXCERPT_BYTES) {
        uint32_t cp;
        size_t n = ora_utf8_decode(text + at, len - at, &cp);
        ora_str_addn(&valid, n ? text + at : "\xEF\xBF\xBD", n ? n : 3);
        at += n ? n : 1;
    }
    ora_str_clear(out);
    if (valid.len)
        ora_clean(out, valid.data, valid.len, &space);
    ora_trim_end(out);
    if (at < len)
        ora_str_add(out, "\xE2\x80\xA6");
    ora_str_release(&valid);
}

/* Into e->id: what the document's record of this number is named where it names itself not. */
static void make_id(struct ora_emitter *e)
{
    ora_str_clear(&e->id);
    ora_str_addf(&e->id, "%s-%06llu", ora_str_c(&e->doc_id), (unsigned long long)e->records);
    for (unsigned n = 2; ora_id_set_has(e->ids, e->id.data, e->id.len); n++) {
        ora_str_clear(&e->id);
        ora_str_addf(&e->id, "%s-%06llu-x%u", ora_str_c(&e->doc_id), (unsigned long long)e->records, n);
    }
}

int ora_emit_rejected(struct ora_emitter *e, uint64_t line, uint64_t last_line, const char *id,
                      const char *text, size_t len, const char *code, const char *reason, struct ora_err *err)
{
    int rc = announce(e, err);
    if (rc < 0)
        return rc;
    struct ora_str start = ORA_STR_INIT, safe = ORA_STR_INIT;
    struct ora_item item = new_item(e, ORA_ITEM_REJECTED, line, last_line);
    excerpt(&start, text, len);
    item.text = ora_str_c(&start);
    item.text_len = start.len;
    item.reason_code = code;
    item.reason = reason;
    if (id && *id)
        item.source_id = ora_id_map(id, ORA_ID_MAX, &safe) ? id : NULL;
    else
        ora_str_addf(&safe, "%s-line%llu", ora_str_c(&e->doc_id), (unsigned long long)line);
    item.id = ora_str_c(&safe);
    rc = e->on_item(e->ctx, &item, err);
    ora_str_release(&start);
    ora_str_release(&safe);
    return rc < 0 ? rc : 0;
}

int ora_emit_record_rejected(struct ora_emitter *e, uint64_t line, const char *id, const char *text,
                             size_t len, const char *code, const char *reason, struct ora_err *err)
{
    int rc = announce(e, err); /* now the document has its id */
    e->records++;
    if (rc == 0 && !(id && *id)) {
        make_id(e);
        id = ora_str_c(&e->id);
    }
    return rc < 0 ? rc : ora_emit_rejected(e, line, line, id, text, len, code, reason, err);
}

int ora_emit_structure(struct ora_emitter *e, uint64_t line, uint64_t last_line, const char *kind,
                       struct ora_err *err)
{
    int rc = announce(e, err);
    if (rc < 0)
        return rc;
    struct ora_item item = new_item(e, ORA_ITEM_STRUCTURE, line, last_line);
    item.reason_code = kind;
    rc = e->on_item(e->ctx, &item, err);
    return rc < 0 ? rc : 0;
}

/* ---- utterances ---- */

static int reject_said(struct ora_emitter *e, const struct ora_said *said, const char *code,
                       const char *reason, struct ora_err *err)
{
    if (!said->id && !e->id.len)
        make_id(e);
    return ora_emit_rejected(e, said->line, said->last_line, said->id ? said->id : ora_str_c(&e->id),
                             said->text, said->len, code, reason, err);
}

static size_t suffix_len(size_t count)
{
    size_t digits = 2;
    for (size_t n = 100; n <= count; n *= 10)
        digits++;
    return 2 + digits; /* "-s" and the number */
}

static void piece_id(struct ora_emitter *e, size_t number, size_t count)
{
    ora_str_clear(&e->piece_id);
    ora_str_addf(&e->piece_id, "%s-s%0*zu", ora_str_c(&e->id), (int)suffix_len(count) - 2, number);
}

/* Puts the id of the utterance into e->id; 1 when it is its own, 0 when another has it. */
static int claim_id(struct ora_emitter *e, const struct ora_said *said, size_t pieces, bool *mapped)
{
    *mapped = false;
    if (said->id) {
        *mapped = ora_id_map(said->id, pieces > 1 ? ORA_ID_MAX - suffix_len(pieces) : ORA_ID_MAX, &e->id);
    } else {
        make_id(e);
    }
    for (size_t i = 1; pieces > 1 && i <= pieces; i++) {
        piece_id(e, i, pieces);
        if (ora_id_set_has(e->ids, e->piece_id.data, e->piece_id.len))
            return 0;
    }
    int rc = ora_id_set_add(e->ids, e->id.data, e->id.len);
    for (size_t i = 1; pieces > 1 && i <= pieces && rc == 1; i++) {
        piece_id(e, i, pieces);
        rc = ora_id_set_add(e->ids, e->piece_id.data, e->piece_id.len) < 0 ? -1 : 1;
    }
    return rc;
}

/* One utterance, or one piece of it (number 1…count; 0 when whole). */
static int emit_piece(struct ora_emitter *e, const struct ora_said *said, bool mapped, const char *text,
                      size_t len, size_t number, size_t count, struct ora_err *err)
{
    while (len && text[len - 1] == ' ')
        len--;
    while (len && *text == ' ')
        text++, len--;
    if (number)
        piece_id(e, number, count);
    const char *id = ora_str_c(number ? &e->piece_id : &e->id);
    if (number && !ora_has_words(text, len))
        return ora_emit_rejected(e, said->line, said->last_line, id, text, len, "no-words",
                                 "this part of an over-long text has no words", err);
    struct ora_item item = new_item(e, ORA_ITEM_UTTERANCE, said->line, said->last_line);
    item.role = said->role;
    item.id = id;
    item.source_id = mapped ? said->id : NULL;
    item.text = text;
    item.text_len = len;
    item.split = (uint32_t)number;
    item.split_count = number ? (uint32_t)count : 0;
    item.voice = said->voice;
    item.speaker = said->speaker;
    item.lang = said->lang;
    item.speed = said->speed;
    item.settings = said->settings;
    item.extra = said->extra;
    e->in_paragraph = true;
    return hold(e, &item, err);
}

int ora_emit_utterance(struct ora_emitter *e, const struct ora_said *given, struct ora_err *err)
{
    struct ora_said said = *given;
    const size_t *ends = NULL;
    size_t pieces = 1, from = 0;
    bool mapped;
    struct ora_err why = {0};
    int rc = announce(e, err);
    if (rc == 0 && !e->in_chapter)
        rc = ora_emit_chapter(e, "", said.line, err);
    if (rc < 0)
        return rc;
    e->records++;
    ora_str_clear(&e->id);
    if (ora_brackets_check(said.text, said.len, &why) < 0)
        return reject_said(e, &said, "bad-phones", why.message, err);
    if (!ora_has_words(said.text, said.len))
        return reject_said(
            e, &said, said.len ? "no-words" : "empty",
            said.len ? "the text has no letters and no digits: nothing to speak" : "the text is empty", err);
    said.text = ora_nfc(said.text, &said.len, &e->nfc);
    if (said.len > e->max_chars && ora_utf8_length(said.text, said.len) > e->max_chars) {
        rc = ora_sentences_pieces(e->sentences, said.text, said.len, e->max_chars, &ends, &pieces, err);
        if (rc < 0)
            return rc;
    }
    rc = claim_id(e, &said, pieces, &mapped);
    if (rc < 0)
        return no_memory(err);
    if (rc == 0)
        return reject_said(e, &said, "duplicate-id", "another utterance of this job has the same id", err);
    if (pieces == 1)
        return emit_piece(e, &said, mapped, said.text, said.len, 0, 0, err);
    for (size_t i = 0; i < pieces; i++) {
        rc = emit_piece(e, &said, mapped, said.text + from, ends[i] - from, i + 1, pieces, err);
        if (rc < 0)
            return rc;
        from = ends[i];
    }
    return 0;
}

int ora_emit_finish(struct ora_emitter *e, struct ora_err *err)
{
    return flush(e, err);
}
