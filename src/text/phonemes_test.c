/* espeak-ng's phonemes, raw (as Piper has them) and as Oratorio asks for them. */
#include "text/phonemes.h"

#include <stdlib.h>

#include "base/str.h"
#include "base/test.h"
#include "text/phonemes_foreign.h"

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
        {"Dr Smith went.", "dˈɑːktɚ smˈɪθ wˈɛnt."},
        {"J. R. R. Tolkien wrote.", "dʒˈeɪ ˈɑːɹ ˈɑːɹ tolkˈiːn ɹˈoʊt."},
        {"The U.S. Army.", "ðə jˌuːˈɛs ˈɑːɹmi."},
        {"In the U.S. He came.", "ɪnðə jˌuːˈɛs. | hiː kˈeɪm."},
        {"Wait... what?", "wˈeɪt wˌʌt?"},
        {"One.\n\nTwo.", "wˈʌn. | tˈuː."},
        {"hel\u00ADlo\u200B wor\u2060ld", "həlˈoʊ wˈɜːld"},
        {"bell\a\x1B rings", "bˈɛl ɹˈɪŋz"},
    };
    check_pairs("en-us", pairs, sizeof pairs / sizeof *pairs, false);
}

ORA_TEST(brackets_are_pauses)
{
    static const struct pair pairs[] = {
        {"He came (late, as ever) and left.", "hiː kˈeɪm, lˈeɪt, æz ˈɛvɚ, ænd lˈɛft."},
        {"He came [late] and left.", "hiː kˈeɪm, lˈeɪt, ænd lˈɛft."},
        {"He came (late).", "hiː kˈeɪm, lˈeɪt."},
        {"(He came late.) Then", "hiː kˈeɪm lˈeɪt. | ðˈɛn"},
        {"(Late) he came.", "lˈeɪt, hiː kˈeɪm."},
        {"He came (late), and left.", "hiː kˈeɪm, lˈeɪt, ænd lˈɛft."},
        {"He came, (late) and left.", "hiː kˈeɪm, lˈeɪt, ænd lˈɛft."},
        {"He came (\"late\") and left.", "hiː kˈeɪm, lˈeɪt, ænd lˈɛft."},
        {"He came (late) — he left.", "hiː kˈeɪm, lˈeɪt; hiː lˈɛft."},
        {"He came (late) (twice) and left.", "hiː kˈeɪm, lˈeɪt, twˈaɪs, ænd lˈɛft."},
        {"the word(s) and f(x) here", "ðə wˈɜːd ˈɛs ænd ˈɛf ˈɛks hˈɪɹ"},
        {"a) First", "ˈeɪ, fˈɜːst"},
        {"(one) First", "wˈʌn, fˈɜːst"},
        {"(one)", "wˈʌn"},
        {"Is it (?) or not", "ɪz ɪt? | ɔːɹ nˈɑːt"},
        {"say ([[tə]]) it", "sˈeɪ, tə, ɪt"},
    };
    check_pairs("en-us", pairs, sizeof pairs / sizeof *pairs, false);
}

ORA_TEST(brackets_are_pauses_in_other_languages)
{
    static const struct pair pairs[] = {{"Er kam (spät) an.", "ɛɾ kˌɑːm, ʃpˈɛːt, ˈan."}};
    check_pairs("de", pairs, sizeof pairs / sizeof *pairs, false);
}

ORA_TEST(raw_phonemes_stand_in_their_place)
{
    static const struct pair pairs[] = {
        {"[[həlˈoʊ]]", "həlˈoʊ"},
        {"A [[tˈɛst]], ok.", "ɐ tˈɛst, ˌoʊkˈeɪ."}, /* the article stays weak, the comma is seen */
        {"The [[ˈæpəl]]. The [[pˈɛɹ]]!", "ðɪ ˈæpəl. | ðə pˈɛɹ!"},
        {"[[wˈʌn]] [[tˈuː]] [[θɹˈiː]]?", "wˈʌn tˈuː θɹˈiː?"},
        {"No [[ ]] here, nor [[here.", "nˈoʊ hˈɪɹ, nˈɔːɹ hˈɪɹ."},
        {"[[ç]]", "c\u0327"},
    };
    check_pairs("en-us", pairs, sizeof pairs / sizeof *pairs, false);
}

ORA_TEST(raw_phonemes_in_other_languages)
{
    static const char *const voices[] = {"en-gb", "de", "fr", "es", "it", "nl",  "pt", "pl",
                                         "ru",    "sv", "tr", "fi", "el", "cmn", "hi", "ar"};
    for (size_t i = 0; i < sizeof voices / sizeof *voices; i++) {
        char *got = spoken(voices[i], "[[tˈɛst]], [[ɔtˈɛ]]", false);
        if (strcmp(got, "tˈɛst, ɔtˈɛ") != 0)
            ORA_FAIL("%s: %s", voices[i], got);
        free(got);
    }
}

ORA_TEST(sentences_know_their_text)
{
    const char *text = "Dr. Smith said \"No.\" Then [[wˈʌn]] left\u00AD. (He \u2019came.\u2019) End";
    static const char *const want[] = {"Dr. Smith said \"No.\"", "Then [[wˈʌn]] left\u00AD.",
                                       "(He \u2019came.\u2019)", "End"};
    struct ora_phoneme_text out;
    struct ora_err err = {0};
    ORA_CHECK_OK(ora_phonemes_of("en-us", text, &out, &err), err);
    ORA_CHECK_INT(out.count, 4);
    for (size_t i = 0; i < out.count && i < 4; i++) {
        char *got = ora_fmt("%.*s", (int)out.sentence[i].text_len, text + out.sentence[i].text_start);
        ORA_CHECK_STR(got, want[i]);
        free(got);
    }
    ora_phoneme_text_release(&out);
}

ORA_TEST(the_same_whatever_was_said_before)
{
    static const char *const texts[] = {"The first of May, 1821.", "Wait... what? No!",
                                        "et tu, Brute: say; it", "a"};
    char *first[4];
    for (size_t i = 0; i < 4; i++)
        first[i] = spoken("en-us", texts[i], false);
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 4; i-- > 0;) {
            free(spoken(round == 1 ? "de" : "en-gb", texts[(i + 1) % 4], round == 2));
            char *again = spoken("en-us", texts[i], false);
            ORA_CHECK_STR(again, first[i]);
            free(again);
        }
    }
    for (size_t i = 0; i < 4; i++)
        free(first[i]);
}

/* Texts that have broken speech programs: they end, and what they give is UTF-8. */
ORA_TEST(odd_texts_come_to_an_end)
{
    static const char *const parts[] = {
        "a",  "1", "\u0301", "日", "\U0001F600", "[[",   "ˈ",    "<a>", "&amp;", "-",    "'",
        ".",  "…", "\u200D", "ק",  "ا",          "\a",   "\x7F", "%s",  "\\",    "א ב ", "_",
        "()", "#", "ﷺ",      "𝕏",  "\uFFFF",     "\n\n", "a.",   "Dr.", "{{",    "=",    "ß"};
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
        struct ora_str text = ORA_STR_INIT;
        while (text.len < 5000)
            ora_str_add(&text, parts[k]);
        char *got = spoken("en-us", text.data, false);
        ORA_CHECK(got != NULL);
        free(got);
        ora_str_release(&text);
    }
}

/* espeak-ng 1.51 would read freed memory for the first, and crash on the second. */
ORA_TEST(foreign_letters_without_a_name_are_silent)
{
    char *got = spoken("fr", "oui \u03E2\u0915\u0531 non", false), *plain = spoken("fr", "oui non", false);
    ORA_CHECK_STR(got, plain);
    free(got);
    free(plain);
    got = spoken("hi", "\u0915\u0932 ** ++ \u0915\u0932", false);
    ORA_CHECK(strlen(got) > 10);
    free(got);
    got = spoken("en-us", "the letter \u03B1", false);
    ORA_CHECK_STR(got, "ðə lˈɛɾɚɹ ˈælfə");
    free(got);
}

ORA_TEST(texts_in_foreign_scripts_are_known)
{
    static const struct {
        const char *lang, *text, *script; /* NULL: it can be read */
    } cases[] = {
        {"en-us", "你好。", "Han"},
        {"en-us", "Привет мир.", "Cyrillic"},
        {"en-us", "He said привет и пока.", "Cyrillic"},
        {"en-us", "He said привет to all of us.", NULL},
        {"en-us", "γνωθι", "Greek"},
        {"en-us", "π", NULL},
        {"en-us", "α, β and (γ)", NULL},
        {"en-us", "[[θχβ]]", NULL},
        {"en-us", "Ærøskøbing, Ångström", NULL},
        {"en-us", "12.5 %", NULL},
        {"en-us", "", NULL},
        {"ru", "Привет мир.", NULL},
        {"ru", "Hello world.", NULL},
        {"ru", "你好。", "Han"},
        {"cmn", "你好。", NULL},
        {"ja", "日本語のカタカナ。", NULL},
        {"ko", "안녕하세요", NULL},
        {"el", "γνωθι", NULL},
        {"de", "שלום עולם", "Hebrew"},
        {"fr", "नमस्ते", "Devanagari"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *script;
        size_t foreign, letters;
        bool is = ora_mostly_foreign(cases[i].lang, cases[i].text, &script, &foreign, &letters);
        if (is != (cases[i].script != NULL))
            ORA_FAIL("%s \"%s\": %zu of %zu letters foreign", cases[i].lang, cases[i].text, foreign, letters);
        else if (is)
            ORA_CHECK_STR(script, cases[i].script);
    }
}

ORA_TEST(errors_name_what_is_wrong)
{
    struct ora_phoneme_text out;
    struct ora_err err = {0};
    struct ora_str dots = ORA_STR_INIT;
    while (dots.len < 170)
        ora_str_add(&dots, "a.");
    ORA_CHECK_INT(ora_phonemes_raw("en-us", dots.data, &out, &err),
                  ORA_E_LIMIT); /* espeak-ng 1.51 would abort */
    ora_str_release(&dots);
    ORA_CHECK_INT(ora_phonemes_of("en-us", "caf\xE9", &out, &err), ORA_E_BAD_INPUT);
    ORA_CHECK(strstr(err.message, "byte 3") != NULL);
    ORA_CHECK_INT(ora_phonemes_raw("en-us",
                                   "a\x01"
                                   "B",
                                   &out, &err),
                  ORA_E_BAD_INPUT);
    ORA_CHECK_INT(ora_phonemes_raw("no-such-voice", "hello", &out, &err), ORA_E_UNSUPPORTED);
    ORA_CHECK(strstr(err.message, "no-such-voice") != NULL);
    ORA_CHECK_INT(ora_phonemes_raw(NULL, "hello", &out, &err), ORA_E_UNSUPPORTED);
    ORA_CHECK_OK(ora_phonemes_raw("en-us", "hello", &out, &err), err);
    ora_phoneme_text_release(&out);
}
