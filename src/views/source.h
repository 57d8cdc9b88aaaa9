/*
 * Source: what every view reads: rows of a run in reading order, with the record and the samples of those
 * that are done, by offset from the store. Buffers are kept from row to row.
 *
 *     rc = ora_view_source_open(&s, run, &err);
 *     while ((rc = ora_view_source_next(&s, &err)) > 0) { … s.row … ora_view_source_record(&s, &err) … }
 *     ora_view_source_close(&s);
 */
#ifndef ORA_VIEWS_SOURCE_H
#define ORA_VIEWS_SOURCE_H

#include <jansson.h>

#include "audio/codec.h"
#include "base/str.h"
#include "dataset/reader.h"
#include "job/run.h"

struct ora_view_source {
    struct ora_run *run;
    struct ora_run_rows *rows;
    struct ora_run_row row; /* of the last next */
    struct ora_store_reader store;
    const char *extension; /* of the clips */
    struct ora_str record, audio;
    struct ora_decoded decoded;
};

int ora_view_source_open(struct ora_view_source *s, struct ora_run *run, struct ora_err *err);
void ora_view_source_close(struct ora_view_source *s);
int ora_view_source_next(struct ora_view_source *s, struct ora_err *err); /* 1 a row, 0 the end */
/* Of a DONE row: the record's bytes in s->record ("{…}\n", FORMAT when they are not), or parsed (caller:
 * json_decref). */
int ora_view_source_record(struct ora_view_source *s, struct ora_err *err);
int ora_view_source_json(struct ora_view_source *s, json_t **record, struct ora_err *err);
/* Of a DONE row: the file's bytes in s->audio; then its samples as 16 bit in s->decoded.s16. FORMAT when
 * their count is not that of the ledger. */
int ora_view_source_audio(struct ora_view_source *s, struct ora_err *err);
int ora_view_source_samples(struct ora_view_source *s, struct ora_err *err);

#endif
