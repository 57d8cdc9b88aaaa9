/*
 * HTML and XML in texts that are no web pages: scripts and lists exported with their tags and entities.
 *
 * Tags are not spoken and entities are the characters that they stand for. The text stays as it was given;
 * only what is spoken is without them. A tag is what a browser would take for one: an element of HTML or SSML
 * ("<b>", "</p>", "<br/>"), any closing or empty element ("</para>", "<x/>"), any that is closed
 * near by ("<x>…</x>") or has attributes ("<x a="1">"), a comment, a declaration. "a < b", "<file>" and "x<y"
 * are text.
 */
#ifndef ORA_TEXT_HTML_H
#define ORA_TEXT_HTML_H

#include <stddef.h>

#include "base/str.h"

/* The bytes of the tag, comment or declaration that starts at text[at], or 0. */
size_t ora_html_tag(const char *text, size_t len, size_t at);
/* The bytes of the tag or entity that starts at text[at], or 0: what holds letters that are not spoken. */
size_t ora_html_mark(const char *text, size_t len, size_t at);
/* Appends the text as it is read: tags off, breaks and blocks parted by a comma or a stop where the text has
 * no mark of its own, entities decoded. "&lt;b&gt;" is no tag: "‹b›"; "&#91;&#91;" opens no phonemes: "[ [".
 * [[phonemes]] are copied. */
void ora_html_take_off(const char *text, size_t len, struct ora_str *out);
/* A copy of the text, of the same length, whose tags are rows of '*': for those who look for ends of
 * sentences. NULL when there are no tags. Caller frees. */
char *ora_html_masked(const char *text, size_t len);

#endif
