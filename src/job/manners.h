/*
 * Manners: the job's, the input's and the record's voice, speaker, lang, speed and settings laid over each
 * other, and one row of `manners` for each combination.
 *
 * Records that differ in nothing share a row by way of a cache of bounded size: a job with a settings map of
 * its own on every one of a million lines writes a million rows and keeps a few thousand.
 */
#ifndef ORA_JOB_MANNERS_H
#define ORA_JOB_MANNERS_H

#include "job/ingest.h"

struct ora_manner_row {
    int64_t row;              /* of manners */
    struct ora_manner manner; /* its strings live in `text` */
    char *text;               /* also the key */
    size_t text_len;
    double minute_chars;     /* that cost a minute; 0: not known */
    const char *reject_code; /* NULL: fine */
    char *reject_reason;
};

struct ora_manners;

struct ora_manners *ora_manners_new(struct ora_db *db, const struct ora_job *job,
                                    const struct ora_ingest_voices *voices);
void ora_manners_free(struct ora_manners **m);
/* What the records of this input have when they say nothing themselves. */
int ora_manners_input(struct ora_manners *m, const struct ora_job_input *input, struct ora_err *err);
/* The manner of an item; *row belongs to m and holds until the next call. */
int ora_manners_of(struct ora_manners *m, const struct ora_item *item, const struct ora_manner_row **row,
                   struct ora_err *err);

#endif
