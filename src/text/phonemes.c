/*
 * Phonemes of a text: checks it, hides what espeak-ng would trip over (text/phonemes_mask.h), joins
 * espeak-ng's clauses into sentences (text/phonemes_clause.h), and puts raw phonemes "[[həlˈoʊ]]" in their
 * places (text/phonemes_raw.h).
 */
#include "text/phonemes.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "text/phonemes_clause.h"
#include "text/phonemes_espeak.h"
#include "text/phonemes_foreign.h"
#include "text/phonemes_mask.h"
#include "text/phonemes_raw.h"

static int check_utf8(const char *text, size_t len, struct ora_err *err)
{
    size_t good = ora_utf8_valid_prefix(text, len);
    if (good < len)
        return ora_err_set(err, ORA_E_BAD_INPUT, "text is not UTF-8 at byte %zu (0x%02X)", good,
                           (unsigned char)text[good]);
    return 0;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Raw texts are not masked, so what espeak-ng does not survive is refused; U+0001 starts a command of its
 * own, and may lead it beyond the text's end. */
static int check_speakable(const char *voice, const char *text, size_t len, struct ora_err *err)
{
    uint32_t cp, last = 0;
    for (size_t at = 0; at < len; last = cp) {
        at += ora_utf8_decode(text + at, len - at, &cp);
        bool control = cp < ' ' && !is_space((char)cp);
        if (control || ora_unspeakable(voice, cp) || ora_stands_alone(voice, cp) ||
            (cp == last && ora_parts_signs(voice)))
            return ora_err_set(err, ORA_E_BAD_INPUT,
                               "espeak-ng voice \"%s\" cannot be given U+%04X as it stands", voice, cp);
    }
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
        rc = check_speakable(espeak_voice, text, len, err);
    if (rc == 0)
        rc = ora_espeak_clauses(espeak_voice, text, len, false, &clauses, err);
    if (rc == 0)
        ora_clauses_join(text, &clauses, false, out);
    ora_clauses_release(&clauses);
    return rc;
}

/* The bytes of a closing quote or bracket at s[0..n), or 0. */
static size_t closing(const char *s, size_t n)
{
    static const char *const marks[] = {"\"", "'", ")", "]", "}", "”", "’", "»"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        size_t l = strlen(marks[i]);
        if (n >= l && !memcmp(s, marks[i], l))
            return l;
    }
    return 0;
}

/* Offsets of the masked text become the text's. espeak-ng's clauses end right after their mark: a quote or
 * bracket that closes there is the ended sentence's, and no sentence starts or ends with spaces. */
static void place_sentences(const char *text, size_t len, const struct ora_masked *m,
                            struct ora_phoneme_text *out)
{
    size_t done = 0;
    for (size_t i = 0; i < out->count; i++) {
        struct ora_phoneme_sentence *s = &out->sentence[i];
        size_t start = ora_mask_source(m, s->text_start),
               end = ora_mask_source(m, s->text_start + s->text_len), l;
        start = start < done ? done : start;
        while (start < end && is_space(text[start]))
            start++;
        while (end > start && is_space(text[end - 1]))
            end--;
        if (end > start && strchr(".?!", text[end - 1]))
            while ((l = closing(text + end, len - end)) != 0)
                end += l;
        end = end < start ? start : end;
        *s = (struct ora_phoneme_sentence){s->phonemes, start, end - start};
        done = end;
    }
}

int ora_phonemes_of(const char *espeak_voice, const char *text, struct ora_phoneme_text *out,
                    struct ora_err *err)
{
    struct ora_clauses clauses = {0};
    struct ora_masked masked = {0};
    size_t len = strlen(text);
    *out = (struct ora_phoneme_text){0};
    int rc = check_utf8(text, len, err);
    if (rc < 0)
        goto out_release;
    ora_mask(espeak_voice, text, len, &masked);
    rc = ora_espeak_clauses(espeak_voice, ora_str_c(&masked.text), masked.text.len, masked.sounds, &clauses,
                            err);
    if (rc < 0)
        goto out_release;
    ora_clauses_join(ora_str_c(&masked.text), &clauses, true, out);
    rc = ora_raw_phonemes_set(espeak_voice, text, &masked, out, err);
    if (rc < 0)
        goto out_release;
    place_sentences(text, len, &masked, out);
out_release:
    if (rc < 0)
        ora_phoneme_text_release(out);
    ora_clauses_release(&clauses);
    ora_masked_release(&masked);
    return rc;
}

void ora_phoneme_text_release(struct ora_phoneme_text *t)
{
    for (size_t i = 0; i < t->count; i++)
        free(t->sentence[i].phonemes);
    free(t->sentence);
    *t = (struct ora_phoneme_text){0};
}
