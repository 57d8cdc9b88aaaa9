/*
 * Phonemes of a text: checks it, hides what espeak-ng would trip over, and joins espeak-ng's clauses into
 * sentences.
 */
#include "text/phonemes.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "text/abbreviations.h"
#include "text/phonemes_clause.h"
#include "text/phonemes_espeak.h"

static int check_utf8(const char *text, size_t len, struct ora_err *err)
{
    size_t good = ora_utf8_valid_prefix(text, len);
    if (good < len)
        return ora_err_set(err, ORA_E_BAD_INPUT, "text is not UTF-8 at byte %zu (0x%02X)", good,
                           (unsigned char)text[good]);
    return 0;
}

int ora_phonemes_raw(const char *espeak_voice, const char *text, struct ora_phoneme_text *out,
                     struct ora_err *err)
{
    struct ora_clauses clauses = {0};
    size_t len = strlen(text);
    *out = (struct ora_phoneme_text){0};
    int rc = check_utf8(text, len, err);
    if (rc == 0)
        rc = ora_espeak_clauses(espeak_voice, text, len, &clauses, err);
    if (rc == 0)
        ora_clauses_join(text, &clauses, false, out);
    ora_clauses_release(&clauses);
    return rc;
}

/* Dots that espeak-ng would take for a sentence's end become spaces: the same length, so offsets stay. */
static void mask_dots(const char *lang, const char *text, char *masked, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (masked[i] == '\n' || masked[i] == '\r')
            masked[i] = ' ';
        if (text[i] != '.')
            continue;
        enum ora_dot dot = ora_dot_at(lang, text, len, i);
        if (dot == ORA_DOT_ABBREVIATION || dot == ORA_DOT_INITIAL || dot == ORA_DOT_ORDINAL)
            masked[i] = ' ';
    }
}

int ora_phonemes_of(const char *espeak_voice, const char *text, struct ora_phoneme_text *out,
                    struct ora_err *err)
{
    struct ora_clauses clauses = {0};
    size_t len = strlen(text);
    char *masked = NULL;
    *out = (struct ora_phoneme_text){0};
    int rc = check_utf8(text, len, err);
    if (rc < 0)
        return rc;
    masked = ora_xstrndup(text, len);
    mask_dots(espeak_voice, text, masked, len);
    rc = ora_espeak_clauses(espeak_voice, masked, len, &clauses, err);
    if (rc == 0)
        ora_clauses_join(masked, &clauses, true, out);
    ora_clauses_release(&clauses);
    free(masked);
    return rc;
}

void ora_phoneme_text_release(struct ora_phoneme_text *t)
{
    for (size_t i = 0; i < t->count; i++)
        free(t->sentence[i].phonemes);
    free(t->sentence);
    *t = (struct ora_phoneme_text){0};
}
