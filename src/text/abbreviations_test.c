/* Which dots end a sentence: the dot meant is the one before '|', which is taken out. */
#include "text/abbreviations.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/test.h"

static const struct {
    const char *lang, *text;
    enum ora_dot want;
} cases[] = {
    {"en", "He left.| Then she came.", ORA_DOT_END},
    {"en", "He left.|", ORA_DOT_END},
    {"en", "\"He left.|\" Then she came.", ORA_DOT_END},
    {"en", "Dr.| Smith came.", ORA_DOT_ABBREVIATION},
    {"en", "DR.| SMITH CAME.", ORA_DOT_ABBREVIATION},
    {"en", "Mrs.| O'Neill", ORA_DOT_ABBREVIATION},
    {"en", "See the dr.|", ORA_DOT_END},
    {"en", "fruit, e.|g. Apples", ORA_DOT_INNER},
    {"en", "fruit, e.g.| Apples", ORA_DOT_ABBREVIATION},
    {"en", "apples, etc.| were sold", ORA_DOT_ABBREVIATION},
    {"en", "apples, etc.| The rest", ORA_DOT_END},
    {"en", "apples (etc.|) were", ORA_DOT_ABBREVIATION},
    {"en", "at 5 p.m.| The train", ORA_DOT_END},
    {"en", "at 5 p.m.| on Monday", ORA_DOT_ABBREVIATION},
    {"en", "No.| 5 is alive.", ORA_DOT_ABBREVIATION},
    {"en", "He said no.| Then he left.", ORA_DOT_END},
    {"en", "Vol.| IV of the work", ORA_DOT_ABBREVIATION},
    {"en", "Jan.| 6, 1999", ORA_DOT_ABBREVIATION},
    {"en", "He sat.| Then he", ORA_DOT_END},
    {"en", "St.| Paul's", ORA_DOT_ABBREVIATION},
    {"en", "in Main St.| The house", ORA_DOT_END},
    {"en", "Acme Inc.| The firm", ORA_DOT_END},
    {"en", "Acme Inc.| Chairman Jones", ORA_DOT_ABBREVIATION},
    {"en", "Acme Inc.| Yesterday it fell", ORA_DOT_END},
    {"en", "Martin Luther King Jr.| Day", ORA_DOT_ABBREVIATION},
    {"en", "Sammy Davis Jr.| He sang", ORA_DOT_END},
    {"en", "It was 5 ft.| 10 in. wide", ORA_DOT_ABBREVIATION},
    {"en", "It was 5 ft. 10 in.| The man", ORA_DOT_END},
    {"en", "the U.S.| Army", ORA_DOT_ABBREVIATION},
    {"en", "in the U.S.| It was", ORA_DOT_END},
    {"en", "J.| R. R. Tolkien", ORA_DOT_INITIAL},
    {"en", "by A.| A. Milne", ORA_DOT_INITIAL},
    {"en", "So do I.| Newton knew", ORA_DOT_END},
    {"en", "Plan B.| The other", ORA_DOT_END},
    {"en", "pi is 3.|14", ORA_DOT_INNER},
    {"en", "pi is 3.| Then", ORA_DOT_END},
    {"en", "1.| Open the door", ORA_DOT_ORDINAL},
    {"en", "In 1999.| Then", ORA_DOT_END},
    {"en", "www.|example.com", ORA_DOT_INNER},
    {"en", "wait.|.. what", ORA_DOT_INNER},
    {"en", "wait...| what", ORA_DOT_CONTINUED},
    {"en", "wait...| What", ORA_DOT_END},
    {"en", "said so.|, and", ORA_DOT_CONTINUED},
    {NULL, "Mr.| Fox", ORA_DOT_ABBREVIATION},
    {"en-GB", "Mr.| Fox", ORA_DOT_ABBREVIATION},
    {"de", "am 3.| Mai 1821", ORA_DOT_ORDINAL},
    {"de", "Es waren 3.| Dann kam", ORA_DOT_END},
    {"de", "z.B.| Äpfel", ORA_DOT_ABBREVIATION},
    {"de", "Dr.| Müller", ORA_DOT_ABBREVIATION},
    {"fr", "M.| Dupont", ORA_DOT_ABBREVIATION},
    {"es", "Sra.| García", ORA_DOT_ABBREVIATION},
    {"it", "Sig.| Rossi", ORA_DOT_ABBREVIATION},
    {"nl", "dhr.| Jansen", ORA_DOT_ABBREVIATION},
    {"pt", "Sr.| Silva", ORA_DOT_ABBREVIATION},
    {"ko", "\xEA\xB0\x94\xEB\x8B\xA4.| \xEA\xB7\xB8\xEB\x8A\x94", ORA_DOT_END},
    {"ar", "\xD9\x86\xD8\xB9\xD9\x85.| \xD9\x84\xD8\xA7", ORA_DOT_END},
    {"xx", "Dr.| Smith", ORA_DOT_END},
    {"xx", "J.| Smith", ORA_DOT_INITIAL},
};

ORA_TEST(dots)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = ora_xstrdup(cases[i].text), *bar = strchr(text, '|');
        memmove(bar, bar + 1, strlen(bar));
        enum ora_dot got = ora_dot_at(cases[i].lang, text, strlen(text), (size_t)(bar - text) - 1);
        if (got != cases[i].want)
            ORA_FAIL("\"%s\" (%s): got %d, wanted %d", cases[i].text, cases[i].lang ? cases[i].lang : "-",
                     got, cases[i].want);
        free(text);
    }
}

ORA_TEST(any_bytes)
{
    /* Every dot of odd texts gets an answer without reading beyond the text. */
    static const char *const odd[] = {
        ".", "..", "\xC3.", "a.\xF0\x9F", "\xF0\x9F\x98\x80.\xF0\x9F\x98\x80", ".\xE2\x80\x9D", "1.1.1.1."};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        size_t n = strlen(odd[i]);
        char *exact = ora_xmalloc(n);
        memcpy(exact, odd[i], n);
        for (size_t k = 0; k < n; k++)
            if (exact[k] == '.')
                ORA_CHECK(ora_dot_at("en", exact, n, k) <= ORA_DOT_CONTINUED);
        free(exact);
    }
}
