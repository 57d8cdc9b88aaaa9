/*
 * Reader: one input of a job (a file, or stdin) becomes items.
 *
 *     struct ora_reader *r = ora_reader_create(&limits, &err);   // over all inputs of a job
 *     ora_reader_input(r, &input, on_item, ctx, &err);           // once an input, in the job's order
 *     ora_reader_finish(r, on_item, ctx, &err);
 *     ora_reader_destroy(&r);
 *
 * Memory does not grow with the input, save about 16 bytes an id to find duplicates. Threads: one reader a
 * thread. Errors: BAD_USAGE, NOT_FOUND, PERMISSION, IO for an input that cannot be read at all; FORMAT for one
 * that is no UTF-8 text (named: "looks like UTF-16LE …: convert it with 'iconv …'"). A bad record is an item,
 * not an error. After an error of an input the reader must not be used for another.
 *
 * Layout lines: one line, one record, one utterance.
 *   txt    a line is a text. Blank lines and drawn rules ("-----", "* * *") are structure.
 *   jsonl  an object a line; its keys are told in records_jsonl.c. Keys that mean nothing here become `extra`.
 *   tsv, list   columns by `columns`, by a header line, or by shape; told in records_table.c.
 * A text whose [[ ]] are not closed or empty is rejected ("bad-phones"; text/brackets.h).
 * A text without letters and digits is rejected ("no-words"), and so is a line that is not UTF-8, holds a NUL,
 * or is longer than 1 MiB. gap_after is PARAGRAPH between records.
 *
 * Layout prose: one sentence, one utterance.
 *   txt    told in prose_txt.c, headings in headings.h
 *   md     told in prose_md.c: code blocks are structure, table rows are read cell by cell
 * Structure has its kind in reason_code. Ornament ("***") lengthens the gap to that of a heading. A paragraph
 * with a line that is not UTF-8 is rejected whole, and one without words that is no ornament (emoji) too.
 * markup.h tells the marks of narration that are understood ([pause], [voice:…], <<CHAPTER_MARKER:…>>).
 *
 * Every text leaves with single spaces, without control and zero-width characters, in NFC, and of at most
 * max_chars code points: a longer one is split into "<id>-s01" … and nothing is cut off. Ids: ids.h.
 */
#ifndef ORA_TEXT_READER_H
#define ORA_TEXT_READER_H

#include <stdint.h>

#include "text/item.h"

enum ora_layout { ORA_LAYOUT_AUTO, ORA_LAYOUT_PROSE, ORA_LAYOUT_LINES };
enum ora_format {
    ORA_FORMAT_AUTO,
    ORA_FORMAT_TXT,
    ORA_FORMAT_MD,
    ORA_FORMAT_JSONL,
    ORA_FORMAT_TSV,
    ORA_FORMAT_LIST
};

struct ora_reader_limits {
    uint32_t max_chars; /* code points of one utterance; longer ones are split */
    const char *lang;   /* BCP-47, chooses ICU rules and abbreviations; NULL: "en" */
};

struct ora_input {
    const char *path;           /* "-" is stdin */
    const char *doc_id;         /* NULL: from the file's name */
    enum ora_layout layout;     /* AUTO: prose for txt and md, lines for the rest */
    enum ora_format format;     /* AUTO: by extension, then by content; a .txt of ids and bars is a LIST */
    const char *const *columns; /* TSV and LIST: "id", "text", "speaker", "voice", "lang", "speed", "-"
                                   (ignored), other = extra; NULL: by header or shape */
    size_t column_count;
};

struct ora_reader;

struct ora_reader *ora_reader_create(const struct ora_reader_limits *limits, struct ora_err *err);
void ora_reader_destroy(struct ora_reader **r);
int ora_reader_input(struct ora_reader *r, const struct ora_input *input, ora_item_fn *on_item, void *ctx,
                     struct ora_err *err);
int ora_reader_finish(struct ora_reader *r, ora_item_fn *on_item, void *ctx, struct ora_err *err);

#endif
