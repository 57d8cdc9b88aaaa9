/* Text as it must be in lists and file names that other programs split. Pure functions. */
#ifndef ORA_VIEWS_TEXT_FIELD_H
#define ORA_VIEWS_TEXT_FIELD_H

#include "base/str.h"

/* Appends a field of a `|`-separated list: `|`, tabs, line breaks and other controls become blanks; if it
 * begins with a straight double quote, its straight double quotes become curly ones. */
void ora_text_field(struct ora_str *s, const char *text);
/* Appends a title as part of a file name: ASCII letters lower case, all that is not a letter or digit (of any
 * script) one '-', at most max_bytes. Nothing when there is neither. */
void ora_text_slug(struct ora_str *s, const char *title, size_t max_bytes);

#endif
