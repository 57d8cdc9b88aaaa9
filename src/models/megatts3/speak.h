/*
 * Speaking: the stages of a batch of utterances, each over all segments before the next begins, so that a
 * network's weights stream through the processor once for many segments and only one network is in memory at
 * a time. A segment is a chunk of text (text.h) on its way to samples: one run of the transformer.
 *
 *     struct mega_batch b = {.m = m, .utterance = u, .count = n};
 *     ora_compute_init(&b.c, m->k, arena, &err);
 *     for each: mega_utterance_read(m, request, &u[i]);          // the text's chunks
 *     mega_speak_phones(&b, &err);                               // phones and durations
 *     mega_speak_latents(&b, &err);
 *     for each: mega_speak_wave(&b, &u[i], &err);                // u.pcm
 *
 * What an utterance becomes depends on it alone: every network gives a row the same bits whatever stands
 * beside it, noise is keyed by (seed, id, segment), and chunks are split by their own readings only.
 *
 * A chunk whose reading reaches the limit of ids, or whose durations sum to more than max_chunk_seconds, is
 * cut in two at the best place and both halves are read again; one that cannot be cut fails its utterance
 * (RUNAWAY): nothing is ever cut off. Random weights do not know an end; what they read is given a
 * length instead, an id a token and 4.
 *
 * Pauses: a chunk that is not the last has a forced tail (0.32 s), and each begins with the least silence of
 * a stop; between two sentences the job's pause is made up to, not added: only what is missing of it is put
 * in.
 *
 * Errors: what an utterance can be blamed for is in its rc and why, and the functions go on with the others;
 * a negative return (NO_MEMORY, INTERNAL) ends the batch.
 */
#ifndef ORA_MODELS_MEGATTS3_SPEAK_H
#define ORA_MODELS_MEGATTS3_SPEAK_H

#include "models/megatts3/segment.h"
#include "nn/compute.h"

struct mega_batch {
    const struct ora_model *m;
    struct ora_compute c;
    struct mega_utterance *utterance;
    size_t count;
    int rounds; /* of mega_speak_phones: one, and one more each time that chunks had to be cut */
};

/* Segments that the duration model takes side by side; each seat holds the keys and values of a prompt and a
 * segment (32 kB a phone). */
enum { MEGA_DURATION_SEATS = 8 };
/* Latents before its own that a sample of the decoder hangs on. */
enum { MEGA_VAE_REACH = 6 };

int mega_speak_phones(struct mega_batch *b, struct ora_err *err);
int mega_speak_latents(struct mega_batch *b, struct ora_err *err);
int mega_speak_wave(struct mega_batch *b, struct mega_utterance *u, struct ora_err *err);

/* Arena bytes of any batch: what the hungriest stage takes for the longest segment that the model was opened
 * for. */
int mega_speak_bytes(const struct ora_model *m, size_t *bytes, struct ora_err *err);

#endif
