/*
 * Markdown inside a paragraph: what is spoken of links, code, emphasis, images, HTML and entities.
 *
 * Kept: words of links, of inline code, of emphasis, of images' alternative texts, of autolinks. Left out:
 * marks, targets, titles, footnote marks, HTML tags and comments. What is no complete construct is text as it
 * stands.
 */
#ifndef ORA_TEXT_MD_INLINE_H
#define ORA_TEXT_MD_INLINE_H

#include <stddef.h>
#include <stdint.h>

#include "text/para.h"

/* Adds raw text (valid UTF-8, lines parted by '\n') to the paragraph; its first line is number `line`. */
void ora_md_inline(struct ora_para *para, const char *raw, size_t len, uint64_t line);
/* The character that "&name;", "&#8217;" or "&#x2019;" at the start of the text stands for, and the length of
 * the entity; 0 when it is none. */
uint32_t ora_md_entity(const char *text, size_t len, size_t *used);

#endif
