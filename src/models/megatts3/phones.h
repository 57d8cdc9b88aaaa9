/*
 * Ids of speech: what the G2P and the aligner emit, and the phones, tones and durations that the other models
 * take.
 *
 * A relative id is 0..173 a phone without tone, 201..788 a Mandarin phone with its tone, 798 and 799 the
 * aligner's start and end, 801 the G2P's end; 800 + f is the aligner's "until mel frame f".
 *
 * Threads: pure.
 */
#ifndef ORA_MODELS_MEGATTS3_PHONES_H
#define ORA_MODELS_MEGATTS3_PHONES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MEGA_SIL = 145, /* the first phone of every chunk */
    MEGA_ALIGN_START = 798,
    MEGA_ALIGN_END = 799,
    MEGA_ALIGN_TIME = 800, /* + frame */
    MEGA_G2P_END = 801,
    MEGA_SPEECH_IDS = 802, /* what the G2P may emit, relative to speech_start */
    MEGA_TONE_NONE = 3,
    MEGA_CODE_MAX = 128, /* frames + 1, at most */
    MEGA_CODE_BOS = 129,
};

/* A phone that may be spoken: 1..173, 201..788. */
bool mega_phone_valid(int32_t id);
void mega_phone_split(int32_t id, int32_t *phone, int32_t *tone);
/* The id that splits into these; a valid id's parts give it again. */
int32_t mega_phone_join(int32_t phone, int32_t tone);

/* An aligner's tokens (without start and end: phone, end time, phone, end time …) as phones with durations
 * that sum to exactly `frames`: too little goes to the last, too much is taken from each in turn. Returns the
 * number of phones; phones, tones, durations have room for count/2. */
size_t mega_alignment(const int32_t *tokens, size_t count, int32_t frames, int32_t *phones, int32_t *tones,
                      int32_t *durations);
/* mel2ph[f] = 1-based phone of each frame; returns the frames written, at most `room`. */
size_t mega_mel2ph(const int32_t *durations, size_t count, int32_t *mel2ph, size_t room);
/* The duration model's codes of a prompt: min(frames, 127) + 1. */
void mega_prompt_codes(const int32_t *durations, size_t count, int32_t *codes);

/* ---- durations of a chunk --------------------------------------------------------------------------------
 */

struct mega_timing {
    bool first_chunk, last_chunk;
    double alpha;                 /* slower above 1 */
    double disturb;               /* 0.1: up to 10 % longer or shorter; 0: none */
    const float *choice, *amount; /* [count] uniforms for it; not read when disturb is 0 */
    int floor_stop, floor_comma;  /* least frames at 。！？sil and at ，； (64, 32) */
    const int32_t *given;         /* [count] frames that must be kept, 0: the model's; NULL: none */
};

/* Codes -> durations in mel frames, whose sum is a multiple of 8. What is missing of it is added to the last
 * phone, as in the reference; where that one is given, to the first (silence), else to the last that is not
 * given, and where all are, to the last all the same. */
void mega_durations(const int32_t *phones, const int32_t *codes, size_t count, const struct mega_timing *how,
                    int32_t *durations);

#endif
