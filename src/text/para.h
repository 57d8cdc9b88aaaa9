/*
 * Paragraph: source lines joined into running text, which remembers the line that each byte came from.
 *
 *     ora_para_line(&p, number);                 // a source line begins
 *     ora_para_add(&p, bytes, n);                // its text, in one piece or several; cleaned on the way
 *     … ora_sentences_split(…, p.text.data, p.text.len, …) …
 *     ora_para_line_at(&p, offset);
 *     ora_para_keep_from(&p, offset);            // or ora_para_clear
 *
 * Lines are joined by a space; without one after a hyphen that ends a line ("exam-" + "ple" stays "exam-ple":
 * whether the hyphen was the printer's or the word's own nobody can tell), after a soft hyphen (which goes),
 * and between CJK characters.
 */
#ifndef ORA_TEXT_PARA_H
#define ORA_TEXT_PARA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct ora_para_mark {
    size_t at;
    uint64_t line;
    bool parted; /* a paragraph's end was found before this line after all: set by the reader */
};

struct ora_para {
    struct ora_str text;        /* cleaned; may end with a space */
    struct ora_para_mark *mark; /* where each source line begins in text */
    size_t marks, marks_cap;
    uint64_t first_line, last_line;
    bool space; /* text is empty or ends with a space */
    bool joint; /* a line ended: the next character decides how it is joined */
    bool soft;  /* the line ended with a soft hyphen */
};

void ora_para_release(struct ora_para *p);
void ora_para_clear(struct ora_para *p);
void ora_para_line(struct ora_para *p, uint64_t number);
void ora_para_add(struct ora_para *p, const char *text, size_t len); /* valid UTF-8 */
uint64_t ora_para_line_at(const struct ora_para *p, size_t offset);
/* Drops text[0..offset); what follows stays, with its lines. */
void ora_para_keep_from(struct ora_para *p, size_t offset);

#endif
