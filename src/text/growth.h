/*
 * Growth: whether what is done with a text takes time as its length does. For tests: a text of `units` units is
 * timed beside one of eight times as many, on the thread's own clock, the least of several runs each, so that a
 * slow or busy machine changes both alike. Linear work gives about 8, quadratic 64.
 */
#ifndef ORA_TEXT_GROWTH_H
#define ORA_TEXT_GROWTH_H

#include <stddef.h>

/* Halfway between the two, on the scale of factors. */
#define ORA_GROWTH_LINEAR 24.0

struct ora_growth_text {
    const char *head, *unit, *tail; /* head, unit as often as it takes, tail */
};

double ora_growth_of(void (*run)(void *ctx, const char *text, size_t len), void *ctx,
                     const struct ora_growth_text *text, size_t units);

/* Texts that what looks forwards or backwards for something far away is slow on. */
extern const struct ora_growth_text ora_growth_texts[];
extern const size_t ora_growth_text_count;

#endif
