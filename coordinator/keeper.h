/*
 * Keeper: how many workers to start now. Pure: it is told what is, and answers with a number.
 *
 * Workers that died are replaced, later each time; when replacements die too and no batch is done in between,
 * it gives up: something is wrong that another start will not cure.
 */
#ifndef COORDINATOR_KEEPER_H
#define COORDINATOR_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

enum { ORA_KEEPER_STARTS = 5 }; /* in a row without a batch done */

struct ora_keeper {
    uint32_t wanted;
    /* its memory */
    unsigned starts; /* since a batch was done */
    uint64_t done_at_start;
    int64_t started_ms;
    uint64_t expected_joins; /* `joined` once all of the last start have joined; 0: none is awaited */
    int64_t not_before_ms;
};

struct ora_keeper_view {
    uint64_t open_batches; /* that nobody holds */
    uint64_t batches_done;
    uint32_t alive;  /* workers of this kind that live */
    uint64_t joined; /* that ever joined: one that died at once has joined, too */
    bool launching;  /* some mpirun lives */
};

/* 0: none; > 0: start so many; < 0: it gives up. */
int64_t ora_keeper_ask(struct ora_keeper *k, const struct ora_keeper_view *view, int64_t now_ms);

#endif
