/*
 * Headings of plain text: which short lines, standing alone between blank lines, begin a chapter or a
 * section.
 */
#ifndef ORA_TEXT_HEADINGS_H
#define ORA_TEXT_HEADINGS_H

#include <stdbool.h>
#include <stddef.h>

/* In order of depth; PART and CHAPTER begin a chapter, and a TITLE belongs to one. */
enum ora_heading {
    ORA_HEADING_NONE,
    ORA_HEADING_PART,    /* "PART TWO", "BOOK I", "Erster Teil" */
    ORA_HEADING_CHAPTER, /* "CHAPTER I", "Chapter 3: The Storm", "PROLOGUE", "XIV.", "Kapitel 2", "第三章" …
                          */
    ORA_HEADING_SECTION, /* a line all in capitals; "6.2.1. Installing" */
    ORA_HEADING_TITLE,   /* of a chapter, under its number; told by what stands above, never by ora_heading_of
                          */
};

/* One line, cleaned, trimmed, and followed by a NUL or by what is no letter. *bare (may be NULL): it has a
 * number but no title, so that a title may stand on the next line. */
enum ora_heading ora_heading_of(const char *line, size_t len, bool *bare);
/* Whether a short line under a bare heading is its title: no stop at its end, most long words with a capital.
 */
bool ora_heading_is_title(const char *line, size_t len);

#endif
