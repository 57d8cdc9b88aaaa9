/*
 * Reader: one input of a job (a file, or stdin) becomes items.
 *
 *     struct ora_reader *r = ora_reader_create(&limits);           // lives over all inputs of a job: ids are
 * unique in it ora_reader_input(r, &input, on_item, ctx, &err);             // once an input, in the job's
 * order ora_reader_finish(r, on_item, ctx, &err); ora_reader_destroy(&r);
 *
 * Streams: memory does not grow with the input, save 8-16 bytes an id to find duplicates.
 * Errors: BAD_USAGE/NOT_FOUND/PERMISSION for an input that cannot be read at all, FORMAT for an encoding that
 * is not UTF-8 (named: "looks like UTF-16LE, convert it with iconv -f UTF-16LE -t UTF-8"); a bad record is an
 * item, not an error.
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
    enum ora_format format;     /* AUTO: by extension, then by content */
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
