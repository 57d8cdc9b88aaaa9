/*
 * Prose: what plain text and Markdown share: paragraphs become sentences, headings begin chapters, lines that
 * speak of nothing are counted. Private to the reader.
 *
 * A paragraph of any length passes in flat memory: once it is longer than a bound, its sentences leave, save
 * the last one. A paragraph with a line that is not UTF-8 (or holds a NUL) is rejected whole: half a sentence
 * must not be spoken. Headings wait for what follows them, so that "PART TWO" and the "CHAPTER I" right below
 * it open one chapter.
 */
#ifndef ORA_TEXT_PROSE_H
#define ORA_TEXT_PROSE_H

#include "text/emitter.h"
#include "text/para.h"

enum { ORA_PROSE_HEADINGS = 6 };

struct ora_prose_heading {
    struct ora_str text;
    uint64_t line, last_line;
    int depth;    /* 1 is the outermost */
    bool chapter; /* begins a chapter */
};

struct ora_prose {
    struct ora_emitter *e;
    struct ora_para para;
    bool continued;    /* sentences of this paragraph are out already */
    uint64_t bad_line; /* of the first line that cannot be read, 0 when all can */
    struct ora_str bad_reason, bad_text;
    const char *bad_code;
    struct ora_prose_heading heading[ORA_PROSE_HEADINGS];
    size_t headings;
    uint64_t run_first, run_last; /* structure lines of one kind, not yet told */
    const char *run_kind;
    const char *empty_kind; /* of lines whose characters are never spoken: "blank"; in Markdown "markup" */
    struct ora_str voice;   /* set by a [voice:…], empty otherwise */
    uint64_t next_line;     /* the first line of this paragraph that no utterance has told of */
    bool spoken;            /* something of this paragraph was handed to the emitter */
    struct ora_str scratch;
};

void ora_prose_init(struct ora_prose *p, struct ora_emitter *e);
void ora_prose_release(struct ora_prose *p);

/* Says why a line cannot be read; true when it cannot (bad UTF-8, a NUL). The paragraph is then lost as one
 * rejection. */
bool ora_prose_check(struct ora_prose *p, uint64_t line, uint64_t offset, const char *text, size_t len);
/* After text was added to p->para: lets sentences leave when the paragraph has grown long. */
int ora_prose_grown(struct ora_prose *p, struct ora_err *err);
int ora_prose_paragraph(struct ora_prose *p, struct ora_err *err); /* the paragraph ends */
int ora_prose_heading(struct ora_prose *p, int depth, bool chapter, const char *text, size_t len,
                      uint64_t line, uint64_t last_line, struct ora_err *err);
/* A line that is structure, outside any paragraph. Runs of one kind become one item. */
int ora_prose_structure(struct ora_prose *p, uint64_t line, const char *kind, struct ora_err *err);
int ora_prose_scene_break(struct ora_prose *p, uint64_t line, struct ora_err *err);
/* A trimmed line that may be a marker (text/markup.h): 1 when it was one; it ends the paragraph. */
int ora_prose_marker(struct ora_prose *p, const char *text, size_t len, uint64_t line, struct ora_err *err);
int ora_prose_end(struct ora_prose *p, struct ora_err *err);

struct ora_lines;
int ora_prose_read_txt(struct ora_emitter *e, struct ora_lines *lines, struct ora_err *err);
int ora_prose_read_md(struct ora_emitter *e, struct ora_lines *lines, struct ora_err *err);

#endif
