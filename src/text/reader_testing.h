/*
 * For tests of the reader: an input given as a string, the items written as lines of text.
 *
 *     D title | C title | S sentence | H heading | L id text | R code line[-last] | X kind line[-last]
 *
 * Utterances are followed by what differs from the common case: " ~para" for the gap, " [s01/3]", "
 * id<source".
 */
#ifndef ORA_TEXT_READER_TESTING_H
#define ORA_TEXT_READER_TESTING_H

#include "base/str.h"
#include "text/reader.h"

struct ora_reading {
    struct ora_reader_limits limits;
    enum ora_layout layout;
    enum ora_format format;
    const char *const *columns;
    size_t column_count;
    bool structure;    /* tell X items too */
    bool gaps;         /* tell gaps */
    bool ids;          /* tell ids of sentences */
    ora_item_fn *also; /* called with every item before it is told; may be NULL */
    void *also_ctx;
};

/* Reads `bytes` as a file of this name in a fresh folder. The answer is told in out; returns the reader's
 * code. */
int ora_reading_of(const struct ora_reading *how, const char *name, const char *bytes, size_t len,
                   struct ora_str *out, struct ora_err *err);

#endif
