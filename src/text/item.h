/*
 * Items: what a text becomes, in order, one at a time, whatever file it came from.
 *
 * Every line of every input ends as exactly one of: part of an utterance, structure (headings without words,
 * blank lines, lines of mere ornament, comments of a list), or a rejection with a reason. The reader
 * (text/reader.h) produces items by callback, so that a million lines need no million items in memory.
 *
 * Documents, chapters and utterances come in reading order. An utterance is held back until the gap after it is known, so
 * a rejection or structure may come one utterance early.
 */
#ifndef ORA_TEXT_ITEM_H
#define ORA_TEXT_ITEM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum ora_item_kind {
    ORA_ITEM_DOCUMENT,  /* a new document begins: doc, title */
    ORA_ITEM_CHAPTER,   /* a new chapter begins: chapter, title (may be "") */
    ORA_ITEM_UTTERANCE,
    ORA_ITEM_REJECTED,  /* reason */
    ORA_ITEM_STRUCTURE, /* lines that speak of nothing: counted only */
};

enum ora_item_role { ORA_ROLE_SENTENCE, ORA_ROLE_HEADING, ORA_ROLE_LINE };

/* The widest gap that follows an utterance in reading order. */
enum ora_gap { ORA_GAP_SPLIT, ORA_GAP_SENTENCE, ORA_GAP_PARAGRAPH, ORA_GAP_HEADING, ORA_GAP_CHAPTER, ORA_GAP_DOCUMENT };

struct ora_item {
    enum ora_item_kind kind;
    enum ora_item_role role;
    enum ora_gap gap_after;    /* utterances: chosen once the next item is known */
    const char *path;          /* the input as the user named it */
    uint64_t line, last_line;  /* 1-based, in that input */
    uint32_t doc, chapter, paragraph; /* 0-based, counted over the whole job (doc), the doc (chapter), the chapter */
    const char *doc_id;        /* "story": safe for ids */
    const char *title;         /* DOCUMENT, CHAPTER */
    const char *id;            /* utterance id, matches ^[A-Za-z0-9_-]{1,90}$; for REJECTED the one given, or that it would have had */
    const char *source_id;     /* the id as given where it had to be mapped, else NULL */
    const char *text;          /* UTF-8, NFC, NUL-terminated; for REJECTED: the start of what was rejected, maybe "" */
    size_t text_len;
    uint32_t split, split_count; /* "-s01" … of this many; 0,0 when whole */
    const char *reason;        /* REJECTED: one line, for people */
    const char *reason_code;   /* STRUCTURE: "blank", "ornament", "code", "table-rule", "comment", "header", "front-matter" …;
                                  REJECTED: "empty", "no-words", "duplicate-id", "bad-phones", "bad-utf8", "bad-json", "missing-field", … */
    /* per-record overrides, layout lines only (voice also in prose, by a [voice:…]); NULL / negative when not given */
    const char *voice;
    const char *speaker;       /* a name or a number, as text */
    const char *lang;
    double speed;              /* < 0: not given */
    const json_t *settings;    /* object or NULL */
    const json_t *extra;       /* unknown keys, carried through to the record; object or NULL */
};

/* A negative return ends the reading with that code. The item holds until the callback returns. */
typedef int ora_item_fn(void *ctx, const struct ora_item *item, struct ora_err *err);

#endif
