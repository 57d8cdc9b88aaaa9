/*
 * Records: layout lines: one line, one record, one utterance. Private to the reader.
 */
#ifndef ORA_TEXT_RECORDS_H
#define ORA_TEXT_RECORDS_H

#include "text/emitter.h"
#include "text/lines.h"
#include "text/reader.h"

/* What a format finds in one line. Pointers hold until the next line. */
struct ora_record {
    const char *id;   /* NULL: one is made */
    const char *text; /* NULL: the line is structure or rejected */
    size_t text_len;
    const char *voice, *speaker, *lang;
    double speed;
    json_t *settings, *extra; /* owned by the format */
    const char *structure;    /* kind of structure, or NULL */
    const char *reject_code;
    struct ora_str reject_reason;
};

/* Reads one line of valid UTF-8 without NUL into *r, which has its defaults. Negative for what ends the
 * reading. */
typedef int ora_record_fn(void *format, const char *line, size_t len, struct ora_record *r,
                          struct ora_err *err);

int ora_records_read(struct ora_emitter *e, struct ora_lines *lines, ora_record_fn *parse, void *format,
                     struct ora_err *err);

int ora_records_read_txt(struct ora_emitter *e, struct ora_lines *lines, struct ora_err *err);
int ora_records_read_jsonl(struct ora_emitter *e, struct ora_lines *lines, struct ora_err *err);
/* TSV and LIST: `separator` is '\t' or '|'. */
int ora_records_read_table(struct ora_emitter *e, struct ora_lines *lines, const struct ora_input *input,
                           char separator, struct ora_err *err);

void ora_record_reject(struct ora_record *r, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
