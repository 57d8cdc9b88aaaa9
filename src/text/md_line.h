/*
 * A line of Markdown: what kind of block it begins or belongs to (CommonMark, GitHub's tables). Pure
 * functions of one line, and two that look over the start of a text.
 */
#ifndef ORA_TEXT_MD_LINE_H
#define ORA_TEXT_MD_LINE_H

#include <stdbool.h>
#include <stddef.h>

struct ora_md_span {
    const char *s;
    size_t n;
};

struct ora_md_span ora_md_trimmed(struct ora_md_span x);
size_t ora_md_indent_of(struct ora_md_span x, size_t *bytes); /* in columns; *bytes of it */
size_t ora_md_run_of(struct ora_md_span x, char c);           /* how many c it begins with */

/* Of trimmed lines: */
int ora_md_heading_level(struct ora_md_span x);   /* "## Title": 2; 0 when it is none */
int ora_md_underline_level(struct ora_md_span x); /* "===" or "---" under a line: 1 or 2 */
size_t ora_md_fence_run(struct ora_md_span x);    /* "```c": 3; 0 when it is none */
bool ora_md_is_rule(struct ora_md_span x);        /* "---", "* * *", "___", and what else is mere ornament */
/* "- ", "12. ": the bytes up to the item's text, 0 when it is none; *number when it has one, *first when that
 * is 1. */
size_t ora_md_item_mark(struct ora_md_span x, bool *number, bool *first);
bool ora_md_is_delimiter_row(struct ora_md_span x); /* "|---|:--:|" */
/* "[label]: target". *note: the length of "[^label]: " when it is a footnote's text instead. */
bool ora_md_is_definition(struct ora_md_span x, size_t *note);

/* The level whose headings begin chapters: 1 where the text has several of them; else (one title, or none) 2
 * where there are any; else the highest level there is. */
int ora_md_chapter_level(const char *bytes, size_t len);
/* The mark ('-' or '+') of front matter: what stands between two rules at the very start and looks like "key:
 * value". 0: none. */
char ora_md_front_matter(const char *bytes, size_t len);

#endif
