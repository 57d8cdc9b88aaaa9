/*
 * Family `tone`: speech without weights, for tests of everything around a model and for trying the product
 * out.
 *
 * Every code point that is not white space is a phone: a sine of `phone_ms` (20 ms) whose frequency comes
 * from the code point and the speaker. White space is as long and silent. A word is what stands between white
 * space.
 *
 * It costs nothing (some microseconds an utterance), allocates nothing in synth, calls no libm, and gives the
 * same bits on every machine: the sine is made of IEEE additions and multiplications in a fixed order.
 *
 * Three settings are aids for fault tests and do nothing unless set: `crash_on`, `fail_on` (code points: a
 * text that has this one aborts the process, or is refused), `sleep_ms` (what a request takes beside its
 * work).
 */
#ifndef ORA_MODELS_TONE_TONE_H
#define ORA_MODELS_TONE_TONE_H

#include "models/family.h"

extern const struct ora_family ora_family_tone;

/* The sine of n equal steps of one turn: table[i] = amplitude * sin(2π i/n), i < n. The same bits everywhere.
 */
void ora_tone_sine(float *table, size_t n, double amplitude);

#endif
