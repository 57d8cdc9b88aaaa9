/*
 * The user's lexicon: how words are to be said, one a line, "word<TAB>respelling".
 *
 *     # a comment
 *     Nguyen<TAB>Win
 *     New Scientist<TAB>new scientist
 *     gif<TAB>[[dʒˈɪf]]            phonemes, taken as they are
 *
 * A word is matched whole (Unicode word boundaries), the longest first, from left to right in one pass; what
 * was said is never looked at again, neither by the lexicon nor by the normaliser. A key as it is written
 * wins; a key all in small letters matches any case. White space in a key matches any white space.
 *
 * Read-only after loading; shared by threads. 10,000 entries cost a hash look-up a word.
 */
#ifndef ORA_TEXT_LEXICON_H
#define ORA_TEXT_LEXICON_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "text/normalise_token.h"

struct ora_lexicon;

/* Errors: NOT_FOUND, PERMISSION, IO; FORMAT with "path:line: what": no tab, a blank field, a key given twice
 * (both lines are named), not UTF-8, brackets of phonemes that do not match, fields that are too long. */
int ora_lexicon_open(const char *path, struct ora_lexicon **lexicon, struct ora_err *err);
/* The same from memory; name stands in messages. */
int ora_lexicon_parse(const char *name, const char *data, size_t len, struct ora_lexicon **lexicon,
                      struct ora_err *err);
void ora_lexicon_close(struct ora_lexicon **lexicon);
/* Calls fn with each respelling until it returns other than 0, which is returned. */
int ora_lexicon_each(const struct ora_lexicon *lexicon, int (*fn)(void *ctx, const char *said, uint32_t line),
                     void *ctx);
size_t ora_lexicon_count(const struct ora_lexicon *lexicon);

/* Appends text with its words respelled. *said: a fresh array of the *count spans of out->data that the
 * lexicon wrote; caller frees (NULL when there are none). text must be valid UTF-8. */
void ora_lexicon_apply(const struct ora_lexicon *lexicon, const char *text, size_t len, struct ora_str *out,
                       struct ora_span **said, size_t *count);

#endif
