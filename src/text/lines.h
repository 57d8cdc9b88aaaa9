/*
 * Lines: a file or stdin, one line at a time, in flat memory.
 *
 *     struct ora_lines *l = NULL;
 *     rc = ora_lines_open("book.txt", &l, &err);            // "-" is stdin
 *     ora_lines_peek(l, &bytes, &n, &whole, &err);          // the first bytes, to tell encoding and format
 *     while ((rc = ora_lines_next(l, &line, &err)) > 0)
 *         …
 *     ora_lines_close(&l);
 *
 * LF, CRLF and CR end a line, a byte-order mark is skipped. A line longer than ORA_LINE_MAX_BYTES comes in
 * pieces, cut between UTF-8 sequences. Bytes are not checked to be UTF-8.
 */
#ifndef ORA_TEXT_LINES_H
#define ORA_TEXT_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { ORA_LINE_MAX_BYTES = 1 << 20 };

struct ora_line {
    const char *text; /* without its end, not NUL-terminated; holds until the next call */
    size_t len;
    uint64_t number;   /* 1-based */
    uint64_t offset;   /* of text[0], in bytes from the start of the file */
    bool starts, ends; /* this piece is the first, the last of its line */
};

struct ora_lines;

int ora_lines_open(const char *path, struct ora_lines **lines, struct ora_err *err);
void ora_lines_close(struct ora_lines **lines);
/* Bytes that the next ora_lines_next will read from: at most ORA_LINE_MAX_BYTES; *whole when the input holds
 * no more. */
int ora_lines_peek(struct ora_lines *l, const char **bytes, size_t *len, bool *whole, struct ora_err *err);
/* 1 and a line, 0 at the end, or an error. */
int ora_lines_next(struct ora_lines *l, struct ora_line *line, struct ora_err *err);

#endif
