/* Entities of HTML that prose uses: Latin-1, typography, Greek is left to the letters themselves. */
#include <stdlib.h>
#include <string.h>

#include "text/md_inline.h"

/* U+00A0 … U+00FF in order. */
static const char *const latin1[] = {
    "nbsp",   "iexcl",  "cent",   "pound",  "curren", "yen",    "brvbar", "sect",   "uml",    "copy",
    "ordf",   "laquo",  "not",    "shy",    "reg",    "macr",   "deg",    "plusmn", "sup2",   "sup3",
    "acute",  "micro",  "para",   "middot", "cedil",  "sup1",   "ordm",   "raquo",  "frac14", "frac12",
    "frac34", "iquest", "Agrave", "Aacute", "Acirc",  "Atilde", "Auml",   "Aring",  "AElig",  "Ccedil",
    "Egrave", "Eacute", "Ecirc",  "Euml",   "Igrave", "Iacute", "Icirc",  "Iuml",   "ETH",    "Ntilde",
    "Ograve", "Oacute", "Ocirc",  "Otilde", "Ouml",   "times",  "Oslash", "Ugrave", "Uacute", "Ucirc",
    "Uuml",   "Yacute", "THORN",  "szlig",  "agrave", "aacute", "acirc",  "atilde", "auml",   "aring",
    "aelig",  "ccedil", "egrave", "eacute", "ecirc",  "euml",   "igrave", "iacute", "icirc",  "iuml",
    "eth",    "ntilde", "ograve", "oacute", "ocirc",  "otilde", "ouml",   "divide", "oslash", "ugrave",
    "uacute", "ucirc",  "uuml",   "yacute", "thorn",  "yuml"};

static const struct {
    const char *name;
    uint32_t cp;
} others[] = {
    {"amp", '&'},       {"lt", '<'},        {"gt", '>'},        {"quot", '"'},      {"apos", '\''},
    {"hellip", 0x2026}, {"mdash", 0x2014},  {"ndash", 0x2013},  {"lsquo", 0x2018},  {"rsquo", 0x2019},
    {"ldquo", 0x201C},  {"rdquo", 0x201D},  {"sbquo", 0x201A},  {"bdquo", 0x201E},  {"lsaquo", 0x2039},
    {"rsaquo", 0x203A}, {"bull", 0x2022},   {"dagger", 0x2020}, {"Dagger", 0x2021}, {"permil", 0x2030},
    {"prime", 0x2032},  {"Prime", 0x2033},  {"euro", 0x20AC},   {"trade", 0x2122},  {"OElig", 0x152},
    {"oelig", 0x153},   {"Scaron", 0x160},  {"scaron", 0x161},  {"Yuml", 0x178},    {"ensp", 0x2002},
    {"emsp", 0x2003},   {"thinsp", 0x2009}, {"zwnj", 0x200C},   {"zwj", 0x200D},    {"lrm", 0x200E},
    {"rlm", 0x200F},    {"larr", 0x2190},   {"rarr", 0x2192},   {"minus", 0x2212},  {"ne", 0x2260},
    {"le", 0x2264},     {"ge", 0x2265},     {"infin", 0x221E},  {"hearts", 0x2665}, {"lbrack", '['},
    {"rbrack", ']'},    {"ast", '*'},       {"lowbar", '_'},    {"num", '#'},       {"vert", '|'},
    {"grave", '`'},     {"colon", ':'},     {"comma", ','},     {"period", '.'},
};

static uint32_t numeric(const char *text, size_t n)
{
    uint32_t cp = 0;
    bool hex = n > 1 && (text[0] == 'x' || text[0] == 'X');
    if (n == (size_t)hex)
        return 0;
    for (size_t i = hex; i < n; i++) {
        char c = text[i];
        uint32_t digit = c >= '0' && c <= '9'                            ? (uint32_t)(c - '0')
                         : hex && (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (uint32_t)((c | 0x20) - 'a' + 10)
                                                                         : 99;
        if (digit == 99)
            return 0;
        cp = cp * (hex ? 16 : 10) + digit;
        if (cp > 0x10FFFF)
            return 0xFFFD;
    }
    return cp ? cp : 0xFFFD;
}

uint32_t ora_md_entity(const char *text, size_t len, size_t *used)
{
    enum { LONGEST = 12 };
    const char *end = len > 2 && text[0] == '&' ? memchr(text, ';', len < LONGEST ? len : LONGEST) : NULL;
    if (!end)
        return 0;
    size_t n = (size_t)(end - text) - 1;
    *used = n + 2;
    if (n > 1 && text[1] == '#')
        return numeric(text + 2, n - 1);
    for (size_t i = 0; i < sizeof latin1 / sizeof *latin1; i++)
        if (strlen(latin1[i]) == n && strncmp(text + 1, latin1[i], n) == 0)
            return 0xA0 + (uint32_t)i;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strlen(others[i].name) == n && strncmp(text + 1, others[i].name, n) == 0)
            return others[i].cp;
    return 0;
}
