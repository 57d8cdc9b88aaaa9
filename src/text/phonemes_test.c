/* espeak-ng's phonemes, raw (as Piper has them) and as Oratorio asks for them. */
#include "text/phonemes.h"

#include <stdlib.h>

#include "base/str.h"
#include "base/test.h"

/* The sentences of a text, joined by " | ". */
static char *spoken(const char *voice, const char *text, bool raw)
{
    struct ora_phoneme_text out;
    struct ora_err err = {0};
    struct ora_str s = ORA_STR_INIT;
    int rc = raw ? ora_phonemes_raw(voice, text, &out, &err) : ora_phonemes_of(voice, text, &out, &err);
    ORA_CHECK_OK(rc, err);
    for (size_t i = 0; i < out.count; i++)
        ora_str_addf(&s, "%s%s", i ? " | " : "", out.sentence[i].phonemes);
    ora_phoneme_text_release(&out);
    return ora_str_detach(&s);
}

struct pair {
    const char *text, *want;
};

static void check_pairs(const char *voice, const struct pair *pairs, size_t count, bool raw)
{
    for (size_t i = 0; i < count; i++) {
        char *got = spoken(voice, pairs[i].text, raw);
        if (strcmp(got, pairs[i].want) != 0)
            ORA_FAIL("\"%s\"\n  gave   %s\n  wanted %s", pairs[i].text, got, pairs[i].want);
        free(got);
    }
}

/* Texts whose phonemes the default voice's own runtime (piper-tts 1.8.0) gives too. */
ORA_TEST(raw_is_what_piper_says)
{
    static const struct pair pairs[] = {
        {"Yes.", "jˈɛs."},
        {"A quick brown fox jumps over the lazy dog.",
         "ɐ kwˈɪk bɹˈaʊn fˈɑːks dʒˈʌmps ˌoʊvɚ ðə lˈeɪzi dˈɑːɡ."},
        {"What time is it, and who is at the gate?", "wˌʌt tˈaɪm ɪz ɪt, ænd hˌuː ɪz æt ðə ɡˈeɪt?"},
        {"He took the lamp, the rope and a small tin box; then, without a word, he walked down into the "
         "cellar.",
         "hiː tˈʊk ðə lˈæmp, ðə ɹˈoʊp ænd ɐ smˈɔːl tˈɪn bˈɑːks; ðˈɛn, wɪðˌaʊt ɐ wˈɜːd, hiː wˈɔːkt dˌaʊn "
         "ˌɪntʊ ðə sˈɛlɚ."},
        {"The letter had been lying under a heap of old bills since the summer, and when Anna at last picked "
         "it up, wiped away "
         "the dust and read the first line aloud, no one in the room could think of anything to say: it was "
         "from her brother, "
         "whom they had all believed lost at sea.",
         "ðə lˈɛɾɚ hɐdbɪn lˈaɪɪŋ ˌʌndɚɹ ɐ hˈiːp ʌv ˈoʊld bˈɪlz sˈɪns ðə sˈʌmɚ, ænd wɛn ˈænə æt lˈæst pˈɪkt "
         "ɪɾ ˈʌp, wˈaɪpt "
         "ɐwˈeɪ ðə dˈʌst ænd ɹˈiːd ðə fˈɜːst lˈaɪn ɐlˈaʊd, nˈoʊwˈʌn ɪnðə ɹˈuːm kʊd θˈɪŋk ʌv ˈɛnɪθˌɪŋ tə "
         "sˈeɪ: ɪt wʌz fɹʌm "
         "hɜː bɹˈʌðɚ, hˈuːm ðeɪ hæd ˈɔːl bᵻlˈiːvd lˈɔst æt sˈiː."},
        {"Hello world. This is a test, really: yes; no? Wow! End",
         "həlˈoʊ wˈɜːld. | ðɪs ɪz ɐ tˈɛst, ɹˈiəli: jˈɛs; nˈoʊ? | wˈaʊ! | ˈɛnd"},
        {"A—b – c", "ɐ bˈiː; sˈiː"},
        {"He said \"yes.\" Then left.", "hiː sˈɛd jˈɛs. | ðˈɛn lˈɛft."},
        {"Wait... what", "wˈeɪtwˌʌt"},
        {"Dr. Smith", "dˈɑːktɚ. | smˈɪθ"},
        {"", ""},
        {"   ", ""},
        {"...", ""},
    };
    check_pairs("en-us", pairs, sizeof pairs / sizeof *pairs, true);
}

ORA_TEST(sentences_survive_abbreviations)
{
    static const struct pair pairs[] = {
        {"Dr. Smith went.", "dˈɑːktɚ smˈɪθ wˈɛnt."},
        {"J. R. R. Tolkien wrote.", "dʒˈeɪ ˈɑːɹ ˈɑːɹ tolkˈiːn ɹˈoʊt."},
        {"Wait... what?", "wˈeɪt wˌʌt?"},
        {"One.\n\nTwo.", "wˈʌn. | tˈuː."},
    };
    check_pairs("en-us", pairs, sizeof pairs / sizeof *pairs, false);
}

ORA_TEST(errors_name_what_is_wrong)
{
    struct ora_phoneme_text out;
    struct ora_err err = {0};
    ORA_CHECK_INT(ora_phonemes_of("en-us", "caf\xE9", &out, &err), ORA_E_BAD_INPUT);
    ORA_CHECK(strstr(err.message, "byte 3") != NULL);
    ORA_CHECK_INT(ora_phonemes_raw("no-such-voice", "hello", &out, &err), ORA_E_UNSUPPORTED);
    ORA_CHECK(strstr(err.message, "no-such-voice") != NULL);
}
