/*
 * An utterance on its way: a request whose text became chunks (text.h), each of them a segment: one run of
 * the transformer. Filled stage by stage (speak.h).
 *
 * Threads: belongs to the one that speaks. Ownership: everything is the utterance's.
 */
#ifndef ORA_MODELS_MEGATTS3_SEGMENT_H
#define ORA_MODELS_MEGATTS3_SEGMENT_H

#include "models/megatts3/model.h"
#include "models/megatts3/words.h"

/* Phones that one segment may have: what its memory is planned for. The language model writes at most 256. */
enum { MEGA_SEGMENT_PHONES_MAX = 512 };

struct mega_segment {
    struct mega_chunk chunk;      /* owned */
    struct mega_reading *reading; /* [chunk.parts]: what the G2P wrote; of parts without ids empty */
    bool read;                    /* reading is there */
    int32_t *ids;                 /* [count] relative ids, sil first; set once read */
    int32_t *phones, *tones;      /* [count] of them */
    int32_t *codes;               /* [count] of the duration model; NULL before it ran */
    int32_t *given, *given_codes; /* [count] frames that the text asks for, and as codes; 0: the model's */
    int32_t *durations;           /* [count] mel frames */
    int count;
    int frames;                    /* their sum, a multiple of 8 */
    float *latents;                /* [frames/4][32] */
    struct mega_spoken_word *word; /* [words] of the chunk */
    struct mega_reading *alone;    /* [words]: what the G2P reads for each alone, where it is needed */
    size_t words;
    uint32_t start, samples; /* of the utterance: its own; they lap over the neighbours' by the cross-fade */
};

struct mega_utterance {
    const struct ora_request *request;
    int rc; /* below 0: `why` tells, and the rest is not meaningful */
    struct ora_err why;
    struct mega_script script; /* its chunks moved into the segments */
    struct mega_segment *segment;
    int count, room;
    uint32_t splits; /* chunks that had to be cut */
    float *pcm;      /* set by mega_speak_wave */
    size_t samples;
};

/* The text's chunks become segments; a text that cannot be spoken sets rc. *u was zeroed. */
void mega_utterance_read(const struct ora_model *m, const struct ora_request *q, struct mega_utterance *u);
void mega_utterance_release(struct mega_utterance *u);
/* Cuts the chunk of segment `at` in two, both unread; LIMIT when it cannot be cut. */
int mega_utterance_split(const struct ora_model *m, struct mega_utterance *u, int at);
/* Phones and tones of a segment whose readings are all there; false when it has none. Before the next segment
 * (last false) a phone of given duration is followed by sil: the cross-fade takes from the model's tail. */
bool mega_segment_keep(struct mega_segment *s, bool last);

#endif
