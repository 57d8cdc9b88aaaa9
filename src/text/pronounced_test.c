/* Words told by sound: what is heard in espeak-ng's own voice, and that the text keeps its words. */
#include "text/pronounced.h"

#include <stdlib.h>

#include "base/test.h"
#include "text/phonemes.h"

static char *heard(const char *voice, const char *text)
{
    struct ora_phoneme_text p;
    struct ora_err err = {0};
    struct ora_str s = ORA_STR_INIT;
    ORA_CHECK_OK(ora_phonemes_of(voice, text, &p, &err), err);
    for (size_t i = 0; i < p.count; i++)
        ora_str_addf(&s, "%s%s", i ? " | " : "", p.sentence[i].phonemes);
    ora_phoneme_text_release(&p);
    return ora_str_detach(&s);
}

static const struct {
    const char *voice, *text, *want;
} cases[] = {
    {"en-us", "Thou hast said.", "ðˈaʊ hˈæst sˈɛd."},
    {"en-gb", "Thou hast said.", "ðˈaʊ hˈast sˈɛd."},
    {"en-us", "Whither goest thou?", "wˈɪðɚ ɡˈoʊɪst ðˈaʊ?"},
    {"en-us", "Where thou diest, will I die.", "wˌɛɹ ðˈaʊ dˈaɪɪst, wɪl aɪ dˈaɪ."},
    {"en-us", "He liveth: seest thou? HOWBEIT", "hiː lˈɪvəθ: sˈiːɪst ðˈaʊ? | haʊbˈiːɪt"},
    {"en-us", "Boaz, of Boaz's (Boaz) \"Boaz,\" house.", "bˈoʊæz, ʌv bˈoʊæzɪz, bˈoʊæz, bˈoʊæz, hˈaʊs."},
    {"en-us", "Leah\u2019s tent; Elimelech\u2019s wife", "lˈiːəz tˈɛnt; ɪlˈɪməlɛks wˈaɪf"},
    {"en-us", "Boaz\u2014Boaz.", "bˈoʊæz; bˈoʊæz."},
    {"en-us", "hastily, Hasty, obed, eli", "hˈeɪstili, hˈeɪsti, ˈoʊbd, ᵻli"},
    {"en-us", "thou hast [[ ]] a [[", "ðˈaʊ hˈæst ɐ"},
    {"de", "du hast Boaz", "duː hast bˈoːɑːts"},
};

ORA_TEST(words_are_heard_as_told)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *got = heard(cases[i].voice, cases[i].text);
        if (strcmp(got, cases[i].want) != 0)
            ORA_FAIL("%s \"%s\"\n  gave   %s\n  wanted %s", cases[i].voice, cases[i].text, got,
                     cases[i].want);
        free(got);
    }
}

/* Every word of the table is found, whatever its case, and its sounds are no more than one word. */
ORA_TEST(the_table_is_sorted_and_speaks)
{
    static const char *const words[][2] = {
#define WORD(written_, sounds_) {written_, sounds_},
#include "text/pronounced.def"
#undef WORD
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct ora_str sounds = ORA_STR_INIT;
        ORA_CHECK_INT(ora_pronounced_at(words[i][0], strlen(words[i][0]), 0, &sounds), strlen(words[i][0]));
        ORA_CHECK_STR(ora_str_c(&sounds), words[i][1]);
        char *got = heard("en-us", words[i][0]);
        ORA_CHECK(got[0] && !strchr(got, ' '));
        free(got);
        ora_str_release(&sounds);
    }
}

ORA_TEST(sentences_and_words_keep_their_text)
{
    const char *text = "Then (Boaz) said. Thou hast it.";
    struct ora_phoneme_text p;
    struct ora_err err = {0};
    ORA_CHECK_OK(ora_phonemes_of("en-us", text, &p, &err), err);
    ORA_REQUIRE(p.count == 2);
    ORA_CHECK_INT(p.sentence[0].text_len, 17);
    ORA_CHECK_INT(p.sentence[1].text_start, 18);
    struct ora_word_span *w = NULL;
    size_t n = 0;
    ORA_CHECK_OK(ora_word_spans("en-us", text, &p.sentence[1], &w, &n, &err), err);
    ORA_REQUIRE(n == 3);
    ORA_CHECK_INT(w[1].text_start, 23);
    ORA_CHECK_INT(w[1].flags, 0);
    free(w);
    ora_phoneme_text_release(&p);
}
