/*
 * Rules: what is put right in a text before a front end reads it: the user's lexicon, then what espeak-ng
 * would misread (text/normalise.c lists it). Read-only after loading; shared by threads.
 */
#ifndef ORA_TEXT_RULES_H
#define ORA_TEXT_RULES_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "text/normalise_token.h"

struct ora_text_rules;

/* lexicon_path: TSV "word<TAB>respelling" (whole word, longest first, one pass, never re-scanned), or NULL.
 */
int ora_text_rules_open(const char *lexicon_path, const char *lang, struct ora_text_rules **rules,
                        struct ora_err *err);
void ora_text_rules_close(struct ora_text_rules **rules);
/* Only cleaning and the lexicon: appends the text, and gives the spans of out that the lexicon said (*said is
 * fresh, the caller frees it), for a front end with a normaliser of its own. */
int ora_text_respell(const struct ora_text_rules *rules, const char *text, struct ora_str *out,
                     struct ora_span **said, size_t *said_count, struct ora_err *err);
/* Appends the text as it is to be spoken. rules may be NULL (default normalising only). heading: the text is
 * one. */
int ora_text_normalise(const struct ora_text_rules *rules, const char *lang, bool heading, const char *text,
                       struct ora_str *out, struct ora_err *err);

#endif
