/*
 * Foreign letters, by the block they stand in. Measured with valgrind over U+0080-U+3200, U+A640-U+AC00,
 * U+D700-U+FFFF and samples beyond, in the voices en-us, fr and de, each letter alone, in a word and after
 * words of other scripts.
 */
#include "text/phonemes_foreign.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>
#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include "base/utf8.h"
#include "text/phonemes_raw.h"

static const struct {
    uint32_t first, last;
    const char *languages; /* whose voices speak it */
} blocks[] = {
    {0x0370, 0x03FF, " el grc en "},       /* Greek */
    {0x0530, 0x058F, " hy hyw "},          /* Armenian */
    {0x0900, 0x097F, " hi mr ne kok sa "}, /* Devanagari */
    {0x0980, 0x09FF, " bn as bpy "},       /* Bengali */
    {0x0A00, 0x0A7F, " pa "},              /* Gurmukhi */
    {0x0A80, 0x0AFF, " gu "},              /* Gujarati */
    {0x0B80, 0x0BFF, " ta "},              /* Tamil */
    {0x0C80, 0x0CFF, " kn "},              /* Kannada */
    {0x0D00, 0x0D7F, " ml "},              /* Malayalam */
    {0x0D80, 0x0DFF, " si "},              /* Sinhala */
    {0x10A0, 0x10FF, " ka "},              /* Georgian */
    {0x1100, 0x11FF, " ko "},              /* Hangul letters, not its syllables */
    {0x1C90, 0x1CBF, " ka "},              /* Georgian capitals */
    {0x3130, 0x318F, " ko "},              /* Hangul letters */
};

static bool is_language_in(const char *lang, const char *list)
{
    size_t n = lang ? strcspn(lang, "-_") : 0;
    for (const char *p = list + 1; *p && n;) {
        const char *e = strchr(p, ' ');
        if ((size_t)(e - p) == n && !strncasecmp(p, lang, n))
            return true;
        p = e + 1;
    }
    return false;
}

/* The letters of modern Greek have names in every language. */
static bool is_modern_greek(uint32_t cp)
{
    return cp == 0x0386 || (cp >= 0x0388 && cp <= 0x03CE && cp != 0x038B && cp != 0x038D && cp != 0x03A2);
}

bool ora_unspeakable(const char *lang, uint32_t cp)
{
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks && cp >= blocks[i].first; i++)
        if (cp <= blocks[i].last)
            return !is_modern_greek(cp) && !is_language_in(lang, blocks[i].languages);
    return false;
}

bool ora_stands_alone(const char *lang, uint32_t cp)
{
    return is_modern_greek(cp) && !is_language_in(lang, blocks[0].languages);
}

bool ora_parts_signs(const char *lang)
{
    return is_language_in(lang, " hi ");
}

/* ---- texts ---- */

/* Who writes in it. Scripts that are not listed are let pass. */
static const struct {
    UScriptCode script;
    const char *languages;
} scripts[] = {
    {USCRIPT_CYRILLIC, " ru uk be bg mk sr sh bs kk ky tt ba cv mn tg uz az os ab "},
    {USCRIPT_GREEK, " el grc "},
    {USCRIPT_HAN, " zh cmn yue hak nan wuu ja ko vi "},
    {USCRIPT_HIRAGANA, " ja "},
    {USCRIPT_KATAKANA, " ja "},
    {USCRIPT_HANGUL, " ko "},
    {USCRIPT_BOPOMOFO, " zh cmn yue hak nan "},
    {USCRIPT_ARABIC, " ar fa ur sd ug ku ckb ps pa az "},
    {USCRIPT_HEBREW, " he iw yi "},
    {USCRIPT_DEVANAGARI, " hi mr ne kok sa bho mai sd "},
    {USCRIPT_BENGALI, " bn as bpy mni "},
    {USCRIPT_GURMUKHI, " pa "},
    {USCRIPT_GUJARATI, " gu "},
    {USCRIPT_ORIYA, " or "},
    {USCRIPT_TAMIL, " ta "},
    {USCRIPT_TELUGU, " te "},
    {USCRIPT_KANNADA, " kn "},
    {USCRIPT_MALAYALAM, " ml "},
    {USCRIPT_SINHALA, " si "},
    {USCRIPT_THAI, " th "},
    {USCRIPT_LAO, " lo "},
    {USCRIPT_MYANMAR, " my shn "},
    {USCRIPT_KHMER, " km "},
    {USCRIPT_TIBETAN, " bo dz "},
    {USCRIPT_GEORGIAN, " ka "},
    {USCRIPT_ARMENIAN, " hy hyw "},
    {USCRIPT_ETHIOPIC, " am ti "},
    {USCRIPT_CHEROKEE, " chr "},
    {USCRIPT_SYRIAC, " syr "},
};

enum { SCRIPTS = sizeof scripts / sizeof *scripts };

/* The row of a letter's script where the language is not written in it, else SCRIPTS. */
static size_t foreign_row(const char *lang, uint32_t cp)
{
    UErrorCode status = U_ZERO_ERROR;
    UScriptCode script = cp < 0x370 ? USCRIPT_LATIN : uscript_getScript((UChar32)cp, &status);
    for (size_t i = 0; i < SCRIPTS; i++)
        if (scripts[i].script == script)
            return is_language_in(lang, scripts[i].languages) ? SCRIPTS : i;
    return SCRIPTS;
}

bool ora_mostly_foreign(const char *lang, const char *text, const char **script, size_t *foreign,
                        size_t *letters)
{
    size_t len = strlen(text), n, counts[SCRIPTS + 1] = {0}, lone = SCRIPTS, most = 0, raw;
    uint32_t before = 0, cp = 0;
    *letters = *foreign = 0;
    for (size_t at = 0; at <= len; at += n, before = cp) {
        cp = 0;
        n = at < len ? ora_utf8_decode(text + at, len - at, &cp) : 1;
        n = n ? n : 1;
        bool letter = u_isalpha((UChar32)cp);
        if (lone < SCRIPTS && !letter && scripts[lone].script == USCRIPT_GREEK)
            counts[lone]--, counts[SCRIPTS]++;
        lone = SCRIPTS;
        if (cp == '[' && (raw = ora_raw_phonemes_at(text, len, at)) != 0) {
            n = raw;
        } else if (letter) {
            size_t row = foreign_row(lang, cp);
            counts[row]++;
            lone = u_isalpha((UChar32)before) ? SCRIPTS : row;
            ++*letters;
        }
    }
    for (size_t i = 0; i < SCRIPTS; i++) {
        *foreign += counts[i];
        most = counts[i] > counts[most] ? i : most;
    }
    *script = uscript_getName(scripts[most].script);
    return 2 * *foreign > *letters;
}
