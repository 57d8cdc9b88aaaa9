/*
 * Format: what an input is, told by the user, by its name, or by its first bytes.
 */
#ifndef ORA_TEXT_FORMAT_H
#define ORA_TEXT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "text/reader.h"

/* By extension: .txt .text; .md .markdown; .jsonl .ndjson; .tsv .tab. AUTO for any other. */
enum ora_format ora_format_by_name(const char *path);
/* By content, for what the name does not tell (stdin; .csv, .lst, .json …): lines that are objects are JSONL;
 * lines with one and the same number of tabs or bars are TSV or LIST; Markdown's headings and fences make MD;
 * else TXT. Errors: FORMAT for comma-separated tables and JSON arrays, with what to do. */
int ora_format_by_content(const char *path, const char *bytes, size_t len, enum ora_format *format,
                          struct ora_err *err);
/* Whether what is named as a text is a list all the same: its first lines have one and the same number of
 * bars, and before the first an id ("LJ001-0001", "clips/one.wav": no spaces, and more than letters). */
bool ora_format_is_list(const char *bytes, size_t len);
const char *ora_format_name(enum ora_format f);

#endif
