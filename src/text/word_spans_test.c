/* Which phonemes are whose. */
#include "text/phonemes.h"

#include <stdlib.h>

#include "base/str.h"
#include "base/test.h"
#include "base/utf8.h"

/* Bytes of the first n code points. */
static size_t bytes_of(const char *s, size_t n)
{
    size_t at = 0;
    uint32_t cp;
    while (n-- && s[at])
        at += ora_utf8_decode(s + at, strlen(s + at), &cp);
    return at;
}

/* "word=phonemes+flags …" of all sentences. */
static char *spans_of(const char *voice, const char *text)
{
    struct ora_phoneme_text p;
    struct ora_err err = {0};
    struct ora_str s = ORA_STR_INIT;
    ORA_CHECK_OK(ora_phonemes_of(voice, text, &p, &err), err);
    for (size_t i = 0; i < p.count; i++) {
        struct ora_word_span *w = NULL;
        size_t n = 0;
        ORA_CHECK_OK(ora_word_spans(voice, text, &p.sentence[i], &w, &n, &err), err);
        for (size_t k = 0; k < n; k++) {
            const char *ipa = p.sentence[i].phonemes;
            size_t from = bytes_of(ipa, w[k].first), to = bytes_of(ipa, w[k].first + w[k].count);
            ora_str_addf(
                &s, "%s%.*s=%.*s%s%s%s", s.len ? " " : "", (int)w[k].text_len, text + w[k].text_start,
                (int)(to - from), ipa + from, w[k].flags & ORA_SPAN_MERGED ? "+M" : "",
                w[k].flags & ORA_SPAN_APPROXIMATE ? "+A" : "", w[k].flags & ORA_SPAN_UNKNOWN ? "+U" : "");
        }
        free(w);
    }
    ora_phoneme_text_release(&p);
    return ora_str_detach(&s);
}

ORA_TEST(words_find_their_phonemes)
{
    static const char *const cases[][2] = {
        {"A quick brown fox.", "A=ɐ quick=kwˈɪk brown=bɹˈaʊn fox=fˈɑːks"},
        {"The end of the day.", "The=ðɪ end=ˈɛnd of=ʌvðə+M the=ʌvðə+M day=dˈeɪ"},
        {"He had been to a boy, in the air.",
         "He=hiː had=hɐdbɪn+M been=hɐdbɪn+M to=tʊ a=ɐ boy=bˈɔɪ in=ɪnðɪ+M the=ɪnðɪ+M air=ˈɛɹ"},
        {"\"Yes,\" she said (quickly).", "Yes=jˈɛs she=ʃiː said=sˈɛd quickly=kwˈɪkli"},
        {"It is 42 now.", "It=ɪɾ is=ɪz 42=fˈoːɹɾi tˈuː now=nˈaʊ"},
        {"Say [[tə mˈɑː]] again.", "Say=sˈeɪ [[tə mˈɑː]]=tə mˈɑː again=ɐɡˈɛn"},
        {"It's well-known\u2014they don\u2019t.", "It's=ɪts well-known=wˈɛlnˈoʊn they=ðeɪ don\u2019t=dˈoʊnt"},
        {"Dr. Smith, J. R.", "Dr=dˈɑːktɚ Smith=smˈɪθ J=dʒˈeɪ R=ˈɑːɹ"},
        {"One. Two.", "One=wˈʌn Two=tˈuː"},
        {"...", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *got = spans_of("en-us", cases[i][0]);
        ORA_CHECK_STR(got, cases[i][1]);
        free(got);
    }
}

ORA_TEST(again_from_the_cache)
{
    char *first = spans_of("en-us", "The very same words, the very same spans.");
    for (int i = 0; i < 3; i++) {
        free(spans_of("de", "Die very same anderen words."));
        char *again = spans_of("en-us", "The very same words, the very same spans.");
        ORA_CHECK_STR(again, first);
        free(again);
    }
    free(first);
}

/* Phonemes that have nothing to do with the text, or far too few: no crash, and the spans stay inside. */
ORA_TEST(a_hopeless_sentence)
{
    static const char *const phonemes[] = {"", ". , !", "zzz", "ˈ", "p t k p t k p t k p t k p t k p t k"};
    const char *text = "These words were never said, not by anyone.";
    for (size_t i = 0; i < sizeof phonemes / sizeof *phonemes; i++) {
        char copy[64];
        strcpy(copy, phonemes[i]);
        struct ora_phoneme_sentence s = {copy, 0, strlen(text)};
        struct ora_word_span *w = NULL;
        struct ora_err err = {0};
        size_t n = 0, points = ora_utf8_length(copy, strlen(copy));
        ORA_CHECK_OK(ora_word_spans("en-us", text, &s, &w, &n, &err), err);
        ORA_CHECK_INT(n, 8);
        for (size_t k = 0; k < n; k++) {
            ORA_CHECK(w[k].first + w[k].count <= points);
            ORA_CHECK(w[k].count > 0 || (w[k].flags & ORA_SPAN_UNKNOWN));
        }
        free(w);
    }
}

/* Spans follow the text: neither their words nor their phonemes ever go back. */
ORA_TEST(a_long_sentence_stays_in_order)
{
    struct ora_str text = ORA_STR_INIT;
    for (int i = 0; i < 150; i++)
        ora_str_add(&text, "and the boy had been to a town of the west ");
    struct ora_phoneme_text p;
    struct ora_err err = {0};
    ORA_CHECK_OK(ora_phonemes_of("en-us", text.data, &p, &err), err);
    for (size_t i = 0; i < p.count; i++) {
        struct ora_word_span *w = NULL;
        size_t n = 0, unknown = 0;
        ORA_CHECK_OK(ora_word_spans("en-us", text.data, &p.sentence[i], &w, &n, &err), err);
        for (size_t k = 1; k < n; k++) {
            ORA_CHECK(w[k].text_start > w[k - 1].text_start);
            ORA_CHECK(w[k].first >= w[k - 1].first || (w[k].flags & ORA_SPAN_UNKNOWN));
            unknown += (w[k].flags & ORA_SPAN_UNKNOWN) != 0;
        }
        ORA_CHECK_INT(unknown, 0);
        free(w);
    }
    ora_phoneme_text_release(&p);
    ora_str_release(&text);
}
