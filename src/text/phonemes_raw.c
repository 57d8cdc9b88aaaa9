/* Raw phonemes and their stand-ins. */
#include "text/phonemes_raw.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "text/ipa.h"
#include "text/phonemes_clause.h"
#include "text/word_phonemes.h"

/* Voiced throughout, so that no language hardens their ends, and no word of any. */
static const char before_consonant[] = "munimlum", before_vowel[] = "unimlum";

static uint32_t first_letter(const char *s, size_t len)
{
    size_t n;
    for (size_t at = 0; at < len; at += n) {
        uint32_t cp = 0;
        n = ora_utf8_decode(s + at, len - at, &cp);
        if (!n)
            break;
        if (ora_ipa_is_letter(cp))
            return cp;
    }
    return 0;
}

size_t ora_raw_phonemes_at(const char *text, size_t len, size_t at)
{
    if (len - at < 5 || memcmp(text + at, "[[", 2) != 0)
        return 0;
    const char *close = memmem(text + at + 2, len - at - 2, "]]", 2);
    if (!close || !first_letter(text + at + 2, (size_t)(close - (text + at + 2))))
        return 0;
    return (size_t)(close + 2 - (text + at));
}

const char *ora_raw_phonemes_stand_in(const char *text, size_t at, size_t bytes)
{
    return ora_ipa_is_vowel(first_letter(text + at + 2, bytes - 4)) ? before_vowel : before_consonant;
}

/* The bytes of s[at..) that are the pattern's letters, whatever stress and length stand between, or 0. */
static size_t match(const char *s, size_t len, size_t at, const char *pattern, size_t pattern_len)
{
    size_t p = 0, start = at, n = 0, m = 0;
    while (p < pattern_len) {
        uint32_t a = 0, b = 0;
        m = ora_utf8_decode(pattern + p, pattern_len - p, &a);
        if (!ora_ipa_is_letter(a)) {
            p += m ? m : 1;
            continue;
        }
        do {
            if (at >= len || !(n = ora_utf8_decode(s + at, len - at, &b)) || b == ' ')
                return 0;
            at += n;
        } while (!ora_ipa_is_letter(b));
        if (a != b)
            return 0;
        p += m;
    }
    return at - start;
}

/* Replaces the next stand-in from *from on in the sentence; false when there is none. */
static bool replace(struct ora_phoneme_sentence *s, size_t *from, const struct ora_str *pattern,
                    const struct ora_str *raw)
{
    size_t len = strlen(s->phonemes);
    for (size_t at = *from; at < len; at++) {
        size_t n = ((unsigned char)s->phonemes[at] & 0xC0) == 0x80
                       ? 0
                       : match(s->phonemes, len, at, pattern->data, pattern->len);
        if (!n)
            continue;
        struct ora_str joined = ORA_STR_INIT;
        ora_str_addn(&joined, s->phonemes, at);
        ora_str_addn(&joined, raw->data, raw->len);
        *from = joined.len;
        ora_str_add(&joined, s->phonemes + at + n);
        free(s->phonemes);
        s->phonemes = ora_str_detach(&joined);
        return true;
    }
    return false;
}

static void read_raw(const char *text, const struct ora_mask_raw *r, struct ora_str *out)
{
    size_t from = r->source + 2, to = r->source + r->bytes - 2;
    while (from < to && (text[from] == ' ' || text[from] == '\t'))
        from++;
    while (to > from && (text[to - 1] == ' ' || text[to - 1] == '\t'))
        to--;
    ora_str_clear(out);
    ora_phonemes_append_raw(out, text + from, to - from);
}

int ora_raw_phonemes_set(const char *espeak_voice, const char *text, const struct ora_masked *masked,
                         struct ora_phoneme_text *out, struct ora_err *err)
{
    static const struct ora_text_word words[2] = {{0, sizeof before_consonant - 1},
                                                  {sizeof before_consonant, sizeof before_vowel - 1}};
    struct ora_str pattern[2] = {ORA_STR_INIT, ORA_STR_INIT}, raw = ORA_STR_INIT;
    size_t sentence = 0, from = 0;
    if (!masked->raw_count)
        return 0;
    char *both = ora_fmt("%s %s", before_consonant, before_vowel);
    int rc = ora_word_phonemes(espeak_voice, both, words, 2, pattern, err);
    for (size_t i = 0; rc == 0 && i < masked->raw_count; i++) {
        const struct ora_mask_raw *r = &masked->raw[i];
        const struct ora_str *p =
            &pattern[ora_raw_phonemes_stand_in(text, r->source, r->bytes) == before_vowel];
        read_raw(text, r, &raw);
        while (sentence < out->count && (!p->len || !replace(&out->sentence[sentence], &from, p, &raw))) {
            sentence++;
            from = 0;
        }
        if (sentence == out->count)
            rc = ora_err_set(err, ORA_E_UNSUPPORTED,
                             "raw phonemes \"%.*s\" cannot be set with espeak-ng voice \"%s\"", (int)r->bytes,
                             text + r->source, espeak_voice);
    }
    free(both);
    ora_str_release(&pattern[0]);
    ora_str_release(&pattern[1]);
    ora_str_release(&raw);
    return rc;
}
