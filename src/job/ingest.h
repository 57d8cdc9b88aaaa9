/*
 * Ingest: items of the inputs become rows, and rows become batches. Knows no file and no reader, so that
 * tests feed it items by hand; run_create.c feeds it from the reader, plan.c from the reader without a
 * database.
 *
 *     ora_ingest_begin(&in, &db, job, &voices, &err);   // db has the schema; NULL: count only
 *     ora_ingest_input(in, i, &err);                    // the items that follow come from job->inputs[i]
 *     ora_ingest_item(in, &item, &err);                 // an ora_item_fn
 *     ora_ingest_end(in, &err);                         // closes batches and chapters, writes totals and
 * indexes ora_ingest_free(&in);
 *
 * Batches: consecutive utterances of one voice; a batch is closed before the utterance that would take it
 * over batch_chars, and with the one that fills batch_utterances. Voices may alternate line by line: each of
 * the last 64 voices has its own open batch. So batches depend on items and job alone. Memory is constant but
 * for chapters' titles.
 */
#ifndef ORA_JOB_INGEST_H
#define ORA_JOB_INGEST_H

#include "job/db.h"
#include "job/run.h"

struct ora_manner { /* how an utterance is spoken; strings may be NULL but voice */
    const char *voice, *speaker, *lang;
    double speed;
    const char *settings;
};

/* What ingest asks about voices; asked once a manner (or seldom more), so it may be slow. */
struct ora_ingest_voices {
    void *ctx;
    /* 0, or negative with *why: records that want this manner are rejected, reason_code in *code (a
     * constant). */
    int (*check)(void *ctx, const struct ora_manner *manner, const char **code, struct ora_err *why);
    /* May be NULL. 0, or negative with *why for a text with phones that the voice does not have. Asked for texts
     * with "[[", and for all where the job's texts are phonemes. */
    int (*check_phones)(void *ctx, const struct ora_manner *manner, const char *text, struct ora_err *why);
    /* Characters that cost a minute when they are spoken so; 0: not known. */
    double (*minute_chars)(void *ctx, const struct ora_manner *manner);
};

struct ora_ingest_totals {
    uint64_t utterances; /* with rejected ones */
    uint64_t rejected, structure_lines, chars, batches, splits, lines;
};

struct ora_ingest;

int ora_ingest_begin(struct ora_ingest **in, struct ora_db *db, const struct ora_job *job,
                     const struct ora_ingest_voices *voices, struct ora_err *err);
int ora_ingest_input(struct ora_ingest *in, size_t index, struct ora_err *err);
int ora_ingest_item(void *ctx, const struct ora_item *item, struct ora_err *err);
int ora_ingest_end(struct ora_ingest *in, struct ora_err *err);
void ora_ingest_free(struct ora_ingest **in);
const struct ora_ingest_totals *ora_ingest_totals(const struct ora_ingest *in);
/* Called for each utterance that was taken (reason NULL) and each that was not; for plan. */
void ora_ingest_watch(struct ora_ingest *in,
                      void (*fn)(void *ctx, const struct ora_item *item, const struct ora_manner *manner,
                                 uint32_t chars, const char *reason_code, const char *reason),
                      void *ctx);

/* The number of the batch that the utterance taken last is in. */
uint32_t ora_ingest_last_batch(const struct ora_ingest *in);

#endif
