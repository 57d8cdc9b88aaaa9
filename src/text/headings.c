/*
 * Headings. A line is one by its words, never by its place alone: a keyword and a number, a keyword that
 * needs none, a roman numeral, or capitals throughout. What reads like a sentence ("Part of the reason was…",
 * "Book 3 was on the table.") is none.
 */
#include "text/headings.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unicode/uchar.h>

#include "base/utf8.h"
#include "text/chars.h"

enum { HEADING_CHARS = 90, CAPITALS_CHARS = 70, NAME_WORDS = 4 };

/* Folded words between spaces. */
static const char parts[] = " part book volume vol. act teil buch band akt partie livre tome acte parte "
                            "libro acto atto deel boek livro "
                            "ato часть книга том ";
static const char chapters[] =
    " chapter section canto stave scene letter episode lesson appendix psalm kapitel abschnitt szene anhang "
    "chapitre scène annexe "
    "capítulo capitulo escena apéndice capitolo scena appendice hoofdstuk cena глава ";
static const char alone[] = " prologue epilogue introduction preface foreword afterword interlude conclusion "
                            "postscript appendix contents dedication "
                            "acknowledgements acknowledgments prolog epilog vorwort nachwort einleitung "
                            "inhalt anhang épilogue préface "
                            "avant-propos postface prólogo epílogo introducción prefacio prologo epilogo "
                            "introduzione prefazione proloog epiloog "
                            "voorwoord inleiding introdução пролог эпилог предисловие ";
static const char numbers[] =
    " one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen "
    "nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred first second third fourth fifth "
    "sixth seventh "
    "eighth ninth tenth eleventh twelfth last eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf "
    "un deux trois quatre cinq six sept huit neuf dix onze douze premier première uno dos tres cuatro cinco "
    "seis "
    "siete ocho nueve diez primera primero segunda tercera due tre quattro cinque sei sette otto nove dieci "
    "primo prima seconda terza twee drie vijf zes zeven negen tien первая вторая третья ";
/* "Erstes Kapitel", "Première partie", "The First Book", "Часть первая": the number first. */
static const char ordinals[] = " first second third fourth fifth sixth seventh eighth ninth tenth eleventh "
                               "twelfth last erstes erster erste zweites zweiter "
                               "zweite drittes dritter dritte viertes vierter vierte fünftes fünfter "
                               "sechstes siebtes siebentes achtes neuntes zehntes "
                               "elftes zwölftes letztes première premier deuxième seconde second troisième "
                               "quatrième cinquième sixième septième huitième "
                               "neuvième dixième dernière dernier primera primer segunda segundo tercera "
                               "tercer cuarta quinta prima primo terza terzo quarta ";

struct word {
    const char *text;
    size_t len;
    char folded[40]; /* "" when it is longer */
};

static void fold(struct word *w)
{
    size_t n = 0;
    for (size_t at = 0, end; at < w->len; at = end) {
        uint32_t cp = (uint32_t)u_tolower((UChar32)ora_cp_at(w->text, w->len, at, &end));
        if (n + 5 > sizeof w->folded) {
            n = 0;
            break;
        }
        n += ora_utf8_encode(cp, w->folded + n);
    }
    w->folded[n] = '\0';
}

/* The next word: letters, digits, inner hyphens and apostrophes. */
static struct word take_word(const char *line, size_t len, size_t *at)
{
    size_t end;
    while (*at < len && line[*at] == ' ')
        ++*at;
    struct word w = {line + *at, 0, ""};
    for (; *at < len; *at = end) {
        uint32_t cp = ora_cp_at(line, len, *at, &end);
        if (!u_isalnum((UChar32)cp) && cp != '-' && cp != '\'')
            break;
        w.len += end - *at;
    }
    fold(&w);
    return w;
}

static bool listed(const char *list, const struct word *w)
{
    char needle[sizeof w->folded + 2];
    size_t n = strlen(w->folded);
    if (!n)
        return false;
    needle[0] = ' ';
    memcpy(needle + 1, w->folded, n);
    needle[n + 1] = ' ';
    needle[n + 2] = '\0';
    return strstr(list, needle) != NULL;
}

static bool is_roman(const struct word *w)
{
    return w->len && w->len <= 9 && strspn(w->text, "IVXLCDM") >= w->len;
}

static bool is_number(const struct word *w)
{
    if (!w->len)
        return false;
    if (is_roman(w) || listed(numbers, w))
        return true;
    const char *hyphen = memchr(w->text, '-', w->len); /* "Twenty-One" */
    if (hyphen) {
        struct word first = {w->text, (size_t)(hyphen - w->text), ""};
        fold(&first);
        return listed(numbers, &first);
    }
    for (size_t i = 0; i < w->len; i++)
        if (w->text[i] < '0' || w->text[i] > '9')
            return w->len == 1 && w->text[0] >= 'A' && w->text[0] <= 'Z'; /* "Appendix B" */
    return w->len <= 4;
}

static bool is_capital(const char *line, size_t len, size_t at)
{
    size_t end;
    return at < len && u_isUUppercase((UChar32)ora_cp_at(line, len, at, &end));
}

/* Whether what follows the number is a title, or nothing: not the rest of a sentence. */
static bool is_title(const char *line, size_t len, size_t at)
{
    size_t end;
    bool mark = false;
    for (; at < len; at = end) {
        uint32_t cp = ora_cp_at(line, len, at, &end);
        if (cp == '.' || cp == ':' || cp == '-' || cp == 0x2013 || cp == 0x2014 || cp == ')' || cp == ',')
            mark = true;
        else if (cp != ' ')
            break;
    }
    if (at == len)
        return true;
    if (!mark && line[len - 1] == '.' && !is_capital(line, len, at))
        return false;
    uint32_t cp = ora_cp_at(line, len, at, &end);
    return mark || !u_islower((UChar32)cp);
}

/* 第三章, 第12回: East Asian chapters, with or without a title. */
static bool is_cjk_chapter(const char *line, size_t len)
{
    static const char *const units[] = {"章", "回", "卷", "部", "节", "節", "巻", "話", "话", "编", "編"};
    static const char digits[] = "零〇一二三四五六七八九十百千两0123456789０１２３４５６７８９ ";
    if (len < 9 || strncmp(line, "第", 3) != 0)
        return false;
    for (size_t at = 3, end, n = 0; at < len && n < 8; at = end, n++) {
        ora_cp_at(line, len, at, &end);
        for (size_t i = 0; n && i < sizeof units / sizeof *units; i++)
            if (end - at == 3 && strncmp(line + at, units[i], 3) == 0)
                return true;
        char one[5] = {0};
        memcpy(one, line + at, end - at);
        if (!strstr(digits, one))
            return false;
    }
    return false;
}

static bool all_capitals(const char *line, size_t len)
{
    size_t letters = 0;
    for (size_t at = 0, end; at < len; at = end) {
        uint32_t cp = ora_cp_at(line, len, at, &end);
        if (u_isalpha((UChar32)cp) && !u_isUUppercase((UChar32)cp))
            return false;
        letters += u_isUUppercase((UChar32)cp);
    }
    return letters >= 3;
}

static bool ends_like_speech(const char *line, size_t len)
{
    size_t start;
    uint32_t cp = ora_cp_before(line, len, &start);
    return cp == '!' || cp == '?' || cp == ',' || cp == ';' || cp == '"' || cp == 0x201D || cp == 0x2026 ||
           cp == 0x00BB;
}

/* What kind of heading a keyword makes with a number beside it. */
static enum ora_heading of_keyword(const struct word *w)
{
    return listed(parts, w) ? ORA_HEADING_PART : listed(chapters, w) ? ORA_HEADING_CHAPTER : ORA_HEADING_NONE;
}

/* Nothing but a stop or a colon may follow. */
static bool nothing_after(const char *line, size_t len, size_t at)
{
    return at == len || (at + 1 == len && strchr(".:", line[at]));
}

static enum ora_heading by_words(const char *line, size_t len, bool *bare)
{
    size_t at = 0;
    struct word first = take_word(line, len, &at);
    size_t after_first = at;
    struct word second = take_word(line, len, &at);
    if (!first.len || first.text != line || !is_capital(line, len, 0))
        return ORA_HEADING_NONE;
    if (strcmp(first.folded, "the") == 0 && listed(ordinals, &second)) { /* "THE FIRST BOOK" */
        first = second;
        second = take_word(line, len, &at);
    }
    enum ora_heading h = of_keyword(&first);
    bool pair = h && is_number(&second);
    if (!pair && listed(ordinals, &first)) {
        h = of_keyword(&second);
        pair = h != ORA_HEADING_NONE;
    }
    if (pair && is_title(line, len, at)) {
        *bare = nothing_after(line, len, at);
        return h;
    }
    if (listed(alone, &first)) {
        bool titled = after_first + 1 < len && line[after_first] == ':' && !ends_like_speech(line, len) &&
                      line[len - 1] != '.';
        if (titled || nothing_after(line, len, after_first))
            return ORA_HEADING_CHAPTER;
    }
    if (is_roman(&first)) { /* "XIV", "IV.", "I. A SCANDAL IN BOHEMIA" */
        bool titled = after_first < len && line[after_first] == '.' && all_capitals(line, len) &&
                      !ends_like_speech(line, len);
        *bare = nothing_after(line, len, after_first);
        if (titled || *bare)
            return ORA_HEADING_CHAPTER;
    }
    return ORA_HEADING_NONE;
}

/* "Genesis 1", "1 Samuel 3", "Song of Solomon 2": a name and a number, nothing else. Not what is numbered
 * inside a text. */
static bool is_numbered_name(const char *line, size_t len)
{
    static const char inside[] =
        " page pages figure fig table listing example exhibit equation note footnote plate map version step "
        "question item line verse january february march april may june july august september october "
        "november december ";
    static const char small[] = " of the and ";
    size_t at = 0, names = 0;
    struct word w = take_word(line, len, &at);
    if (w.len == 1 && is_number(&w) && w.text[0] >= '1' && w.text[0] <= '9') /* "1 Samuel" */
        w = take_word(line, len, &at);
    for (; w.len && names <= NAME_WORDS; w = take_word(line, len, &at)) {
        if (w.text[0] >= '0' && w.text[0] <= '9')
            return names && at == len && w.len <= 3 && strspn(w.text, "0123456789") >= w.len;
        if (listed(inside, &w) || (!is_capital(w.text, w.len, 0) && !listed(small, &w)))
            return false;
        names++;
    }
    return false;
}

/* The length without a quotation that ends the line and begins in it: 'Providing a “Service”'. */
static size_t without_last_quotation(const char *line, size_t len)
{
    static const char *const pairs[][2] = {{"“", "”"}, {"\"", "\""}, {"«", "»"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        size_t n = strlen(pairs[i][1]), inner = len >= n ? len - n : 0;
        if (!inner || memcmp(line + inner, pairs[i][1], n) != 0 || strchr(".!?,;", line[inner - 1]))
            continue;
        for (size_t m = strlen(pairs[i][0]); inner >= m; inner--)
            if (!memcmp(line + inner - m, pairs[i][0], m))
                return inner - m;
    }
    return len;
}

/* "6.2.1. Installing and Removing": a number of several parts, then a title. */
static bool is_numbered_section(const char *line, size_t len)
{
    size_t at = 0, numbers_seen = 0;
    while (at < len && line[at] >= '0' && line[at] <= '9') {
        while (at < len && line[at] >= '0' && line[at] <= '9')
            at++;
        numbers_seen++;
        at += at < len && line[at] == '.';
    }
    return numbers_seen >= 2 && at + 1 < len && line[at] == ' ' && line[len - 1] != '.' &&
           !ends_like_speech(line, without_last_quotation(line, len));
}

enum ora_heading ora_heading_of(const char *line, size_t len, bool *bare)
{
    bool unused;
    bare = bare ? bare : &unused;
    *bare = false;
    if (!len || ora_utf8_length(line, len) > HEADING_CHARS)
        return ORA_HEADING_NONE;
    if (is_cjk_chapter(line, len) || is_numbered_name(line, len))
        return ORA_HEADING_CHAPTER;
    enum ora_heading h = by_words(line, len, bare);
    bool shouted = len <= CAPITALS_CHARS && all_capitals(line, len) && !ends_like_speech(line, len);
    if (h == ORA_HEADING_NONE && (shouted || is_numbered_section(line, len)))
        return ORA_HEADING_SECTION;
    return h;
}

bool ora_heading_is_title(const char *line, size_t len)
{
    size_t at = 0, long_words = 0, capitals = 0;
    if (!len || len > CAPITALS_CHARS || ends_like_speech(line, len) || strchr(".:", line[len - 1]) ||
        !is_capital(line, len, 0))
        return false;
    while (at < len) {
        struct word w = take_word(line, len, &at);
        if (!w.len && at < len) {
            size_t end;
            ora_cp_at(line, len, at, &end);
            at = end;
        }
        if (w.len < 4)
            continue;
        long_words++;
        capitals += is_capital(line, len, (size_t)(w.text - line));
    }
    return capitals * 3 >= long_words * 2;
}
