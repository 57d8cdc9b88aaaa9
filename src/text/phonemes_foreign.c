/*
 * Foreign letters, by the block they stand in. Measured with valgrind over U+0080-U+3200, U+A640-U+AC00,
 * U+D700-U+FFFF and samples beyond, in the voices en-us, fr and de, each letter alone, in a word and after
 * words of other scripts.
 */
#include "text/phonemes_foreign.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

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
