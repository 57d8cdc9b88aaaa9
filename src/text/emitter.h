/*
 * Emitter: the one door through which items leave the reader, whatever format they come from. It numbers
 * documents, chapters and paragraphs, makes ids and keeps them unique, splits what is over max_chars, and
 * holds one utterance back until the gap after it is known. Private to the reader.
 *
 * Order: utterances, documents and chapters come in reading order. A rejection or structure comes as soon as
 * it is seen, which may be one utterance early.
 */
#ifndef ORA_TEXT_EMITTER_H
#define ORA_TEXT_EMITTER_H

#include "base/str.h"
#include "text/id_set.h"
#include "text/item.h"
#include "text/sentences.h"

struct ora_emitter {
    uint32_t max_chars;
    struct ora_sentences *sentences;
    struct ora_id_set *ids;
    ora_item_fn *on_item;
    void *ctx;

    const char *path;
    struct ora_str doc_id, doc_title;
    uint32_t doc, chapter, paragraph;
    uint32_t docs_begun;
    uint64_t records;  /* of this document: the number of the next generated id, less one */
    bool announced;    /* the DOCUMENT item is out */
    bool in_chapter;   /* a CHAPTER item is out */
    bool in_paragraph; /* an utterance of this paragraph is out */

    bool pending;     /* `held` waits for its gap */
    enum ora_gap gap; /* the widest seen since */
    struct ora_item held;
    struct ora_str held_id, held_source, held_text, held_voice, held_speaker, held_lang;

    struct ora_str id, text, piece_id, nfc; /* scratch */
};

/* What a format knows of an utterance. */
struct ora_said {
    enum ora_item_role role;
    uint64_t line, last_line;
    const char *text; /* cleaned (ora_clean), trimmed */
    size_t len;
    const char *id;                     /* as given, NULL when it has none */
    const char *voice, *speaker, *lang; /* NULL when not given */
    double speed;                       /* < 0 when not given */
    json_t *settings, *extra;           /* borrowed; NULL when there are none */
};

void ora_emitter_init(struct ora_emitter *e, uint32_t max_chars);
void ora_emitter_release(struct ora_emitter *e);

/* A new input begins. The DOCUMENT item leaves with the first thing that follows, so that the title may still
 * change. */
void ora_emit_document(struct ora_emitter *e, const char *path, const char *doc_id, const char *title);
int ora_emit_document_end(struct ora_emitter *e, struct ora_err *err);
int ora_emit_chapter(struct ora_emitter *e, const char *title, uint64_t line, struct ora_err *err);
void ora_emit_paragraph_end(struct ora_emitter *e); /* what follows is another paragraph */
void ora_emit_gap(struct ora_emitter *e, enum ora_gap at_least);
int ora_emit_utterance(struct ora_emitter *e, const struct ora_said *said, struct ora_err *err);
/* code: "no-words" …; id as given, or NULL: "<doc>-line<line>", as what is no record has no number. text:
 * what was rejected, its start is enough; may hold any bytes. */
int ora_emit_rejected(struct ora_emitter *e, uint64_t line, uint64_t last_line, const char *id,
                      const char *text, size_t len, const char *code, const char *reason,
                      struct ora_err *err);
/* A record of layout lines that is none, or lacks what it needs. id NULL: what it would have been named. */
int ora_emit_record_rejected(struct ora_emitter *e, uint64_t line, const char *id, const char *text,
                             size_t len, const char *code, const char *reason, struct ora_err *err);
/* kind: "blank", "ornament", "code", … */
int ora_emit_structure(struct ora_emitter *e, uint64_t line, uint64_t last_line, const char *kind,
                       struct ora_err *err);
int ora_emit_finish(struct ora_emitter *e, struct ora_err *err);

#endif
