/* Inside the text facade: how chunks are made of text. */
#ifndef ORA_MODELS_MEGATTS3_SCRIPT_H
#define ORA_MODELS_MEGATTS3_SCRIPT_H

#include "models/megatts3/text.h"
#include "text/bpe.h"

struct mega_text {
    char *name;
    struct ora_bpe *bpe;
    struct mega_g2p_dims dims;
};

enum {
    /* The G2P writes at most 256 ids. A chunk that will surely need more is cut before it is tried. */
    MEGA_CHUNK_PHONES = 220,
    MEGA_GIVEN_PHONES = 240,
};

/* About how many phones a text has: two a Han character, one a letter or digit, and those in [[ ]]. */
size_t mega_phones_about(const char *text, size_t len);
/* Fills chunk->part from normalized[chunk->start..+len]. */
int mega_chunk_fill(const struct mega_text *t, const char *normalized, struct mega_chunk *chunk,
                    struct ora_err *err);
/* The two spans that a chunk is cut into; false when it cannot be cut. */
bool mega_cut_text(const char *normalized, const struct mega_chunk *chunk, struct mega_chunk halves[2]);
/* The same for a chunk that is phones and nothing else. */
bool mega_cut_phones(const char *normalized, const struct mega_chunk *chunk, struct mega_chunk halves[2]);

#endif
