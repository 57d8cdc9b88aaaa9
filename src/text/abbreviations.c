/*
 * Abbreviations: tables and the rule that reads them.
 *
 * A word before a dot has one of five natures, and what follows the dot decides the rest. A table of plain
 * words with a class is used rather than a trained model because an operator must be able to see why a
 * sentence was cut, and because both ends of the pipeline (splitting, and hiding dots from espeak-ng) must
 * agree for ever on the same text.
 */
#include "text/abbreviations.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <unicode/uchar.h>

#include "base/utf8.h"

enum nature {
    NOT_KNOWN,
    TITLE,  /* a name follows: never an end */
    MIDDLE, /* never stands at an end: e.g., vs. */
    NUMBER, /* an abbreviation only before a number: No. 5, fig. 3, Jan. 6 */
    ENDING, /* may end a sentence: an end before a capital: etc., p.m. */
    NAME,   /* often before a name: an end only before a word that starts sentences: Inc., Ave., U.S. */
};

struct words {
    enum nature nature;
    const char *list; /* words between spaces, without the last dot; small letters match any case, capitals
                         only themselves */
};

struct language {
    const char *code;
    const struct words *words;
    const char *starters; /* words that start sentences and are hardly ever names, in small letters */
    bool ordinal_dots;    /* "3. Mai" is an ordinal */
    const char *after_ordinal;
};

static const struct words english[] = {
    {TITLE, " mr mrs ms mx dr drs prof rev revd fr hon messrs mme mlle gen lt col maj capt cpt cdr cmdr adm "
            "sgt cpl pvt sen rep gov "
            "pres supt insp det sr. esq. mgr bro msgr ven "},
    {MIDDLE, " e.g i.e eg ie a.k.a cf vs v viz approx ca c c.f incl esp resp "},
    {NUMBER,
     " no nos nr vol vols p pp pg fig figs ch chap sec sect art eq eqs ref refs op ed pt par para pl tab ex "
     "app "
     "Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec Mon Tue Tues Wed Thu Thur Thurs Fri Sat Sun Gen Ex "
     "Lev Num Deut Josh "
     "Sam Chr Neh Ps Prov Eccl Isa Jer Ezek Dan Matt Mk Lk Jn Rom Cor Gal Eph Phil Col Thess Tim Heb Jas Pet "
     "Rev "},
    {ENDING, " etc a.m p.m ibid viz. est tel dept univ min max avg misc "},
    {NAME, " St Inc Ltd Co Corp Bros Jr Sr Esq Ave Blvd Rd Mt Ft Pt Sq Ph.D M.D B.A M.A B.Sc M.Sc D.Phil U.S "
           "U.K U.N E.U U.S.A D.C "
           "al assn Pty plc "},
    /* Behind the names: "Ft. Worth". */
    {NUMBER, " ft yd yds lb lbs oz hr hrs gal "},
    {NOT_KNOWN, NULL}};

static const struct words german[] = {
    {TITLE, " hr fr frl dr prof dipl ing mag hl st gen "},
    {MIDDLE, " z.b d.h u.a i.d.r z.t o.ä bzw ca vgl sog evtl ggf inkl exkl allg bspw s.o s.u v.a "},
    {NUMBER, " nr bd s abb kap art abs tab vol Jan Feb Apr Aug Sept Okt Nov Dez "},
    {ENDING, " usw etc u.s.w uvm str "},
    {NAME, " Co Str e.V "},
    {NOT_KNOWN, NULL}};

static const struct words french[] = {
    {TITLE, " m mm mme mmes mlle mlles dr drs pr me mgr st ste "},
    {MIDDLE, " c.-à-d p.ex cf env "},
    {NUMBER, " no n p pp vol chap art fig janv févr avr juil sept oct nov déc "},
    {ENDING, " etc "},
    {NAME, " Cie "},
    {NOT_KNOWN, NULL}};

static const struct words spanish[] = {
    {TITLE, " sr sra sres sras srta dr dra dres d dña prof profa gral cap lic ing fr sto sta "},
    {MIDDLE, " p.ej cf aprox "},
    {NUMBER, " no núm nº pág págs p pp vol cap art fig "},
    {ENDING, " etc a.m p.m "},
    {NAME, " Cía S.A EE.UU Ud Uds Vd Vds "},
    {NOT_KNOWN, NULL}};

static const struct words italian[] = {
    {TITLE, " sig sig.ra sig.na sigg dott dr prof prof.ssa ing avv on mons s ss "},
    {MIDDLE, " es p.es cfr ca "},
    {NUMBER, " n nr p pp pag pagg vol cap art fig "},
    {ENDING, " ecc "},
    {NAME, " S.p.A S.r.l "},
    {NOT_KNOWN, NULL}};

static const struct words dutch[] = {{TITLE, " dhr mevr mw mej dr drs prof ir ing mr ds st "},
                                     {MIDDLE, " bijv bv d.w.z i.p.v m.b.t o.a t.o.v ca vgl resp incl excl "},
                                     {NUMBER, " nr blz p pp vol hfst art fig afb "},
                                     {ENDING, " enz etc "},
                                     {NAME, " B.V N.V "},
                                     {NOT_KNOWN, NULL}};

static const struct words portuguese[] = {{TITLE, " sr sra srta srs dr dra prof profa eng d sto sta "},
                                          {MIDDLE, " p.ex cf aprox "},
                                          {NUMBER, " no nº n pág págs p pp vol cap art fig "},
                                          {ENDING, " etc "},
                                          {NAME, " Cia Ltda S.A "},
                                          {NOT_KNOWN, NULL}};

static const struct words no_words[] = {{NOT_KNOWN, NULL}};

static const struct language languages[] = {
    {"en", english,
     " the a an this that these those he she it they we you i there then when while but and or nor so if in "
     "on at by for from with "
     "without after before as his her its their our my your what who whom whose which why how where no yes "
     "not now here some any "
     "most all many much few each every both either neither however although though because since once until "
     "unless meanwhile "
     "finally perhaps maybe indeed let is are was were do does did has have had can could would should will "
     "shall may might must "
     "to of into upon over under between during about against only even just still yet also another other "
     "such thus hence yesterday today tomorrow tonight later soon afterwards suddenly eventually instead ",
     false, NULL},
    {"de", german,
     " der die das ein eine er sie es wir ihr ich du und aber oder doch dann da als wenn weil im in am an "
     "auf mit nach vor zu "
     "dieser diese dieses so nun hier dort was wer wie warum wo nicht kein keine man seine ihre ",
     true,
     " januar februar märz april mai juni juli august september oktober november dezember jahrhundert "
     "jahrhunderts kapitel teil "
     "band jh klasse etage stock tag woche monat platz mal "},
    {"fr", french,
     " le la les un une des il elle ils elles nous vous je tu on ce cette ces et mais ou donc puis alors "
     "quand si dans "
     "en à au pour par avec sans après avant comme qui que quoi où ",
     false, NULL},
    {"es", spanish,
     " el la los las un una él ella ellos nosotros yo tú y pero o luego entonces cuando si en a al por para "
     "con sin "
     "después antes como qué quién dónde no sí este esta eso ",
     false, NULL},
    {"it", italian,
     " il lo la i gli le un una egli lei lui loro noi voi io tu e ma o poi allora quando se in a al per con "
     "senza dopo "
     "prima come che chi dove non questo questa ",
     false, NULL},
    {"nl", dutch,
     " de het een hij zij ze wij we ik jij je u en maar of dan toen als in op aan met naar voor na van er "
     "hier daar wat "
     "wie waar niet dit dat deze die ",
     false, NULL},
    {"pt", portuguese,
     " o a os as um uma ele ela eles elas nós eu tu você e mas ou então quando se em no na por para com sem "
     "depois "
     "antes como que quem onde não sim este esta isso ",
     false, NULL},
};
static const char dates[] =
    " monday tuesday wednesday thursday friday saturday sunday january february march april may june july "
    "august september october november december est edt cst pst pdt gmt utc bst cet ";
static const struct language unknown_language = {"", no_words, " ", false, NULL};

enum { LOOK_BYTES = 256, WORD_BYTES = 32 };

static bool is_lang(const char *lang, const char *code)
{
    size_t n = strlen(code);
    return !strncasecmp(lang, code, n) && (!lang[n] || lang[n] == '-' || lang[n] == '_');
}

/* Texts without spaces have full stops in foreign names and words only, and those are English as a rule. */
static bool is_unspaced(const char *lang)
{
    static const char *const codes[] = {"zh", "cmn", "yue", "ja", "ko", "th"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (is_lang(lang, codes[i]))
            return true;
    return false;
}

static const struct language *language_of(const char *lang)
{
    if (!lang || !*lang || is_unspaced(lang))
        return &languages[0];
    for (size_t i = 0; i < sizeof languages / sizeof *languages; i++)
        if (is_lang(lang, languages[i].code))
            return &languages[i];
    return &unknown_language;
}

static uint32_t before(const char *text, size_t at, size_t *start)
{
    size_t s = at;
    uint32_t cp = 0;
    if (!at)
        return 0;
    do
        s--;
    while (s && at - s < 4 && ((unsigned char)text[s] & 0xC0) == 0x80);
    if (!ora_utf8_decode(text + s, at - s, &cp))
        cp = 0xFFFD;
    *start = s;
    return cp;
}

static uint32_t after(const char *text, size_t len, size_t at, size_t *end)
{
    uint32_t cp = 0;
    if (at >= len)
        return 0;
    size_t n = ora_utf8_decode(text + at, len - at, &cp);
    *end = at + (n ? n : 1);
    return n ? cp : 0xFFFD;
}

static bool is_quote_or_bracket(uint32_t cp)
{
    return cp && (strchr("\"')]}*_", (int)(cp < 128 ? cp : '~')) != NULL || cp == 0x2019 || cp == 0x201D ||
                  cp == 0x00BB || cp == 0x203A || cp == 0x2018 || cp == 0x201C || cp == 0x00AB);
}

static bool is_clause_mark(uint32_t cp)
{
    return cp == ',' || cp == ';' || cp == ':' || cp == '.' || cp == '?' || cp == '!';
}

/* Looks for the word, folded to small letters, in a list between spaces; a capital in the list stands for
 * itself or a capital word. */
static bool in_list(const char *list, const char *word, size_t n)
{
    if (!n)
        return false;
    for (const char *p = list + 1; *p;) {
        const char *e = strchr(p, ' ');
        if ((size_t)(e - p) == n && !strncasecmp(p, word, n) &&
            (!(*p >= 'A' && *p <= 'Z') || (*word >= 'A' && *word <= 'Z')))
            return true;
        p = e + 1;
    }
    return false;
}

static enum nature nature_of(const struct language *l, const char *word, size_t n)
{
    for (const struct words *w = l->words; w->list; w++)
        if (in_list(w->list, word, n))
            return w->nature;
    return NOT_KNOWN;
}

/* "U.S", "N.A.T.O": capitals with dots between them. */
static bool dotted_capitals(const char *word, size_t n)
{
    if (n < 3 || n % 2 == 0)
        return false;
    for (size_t i = 0; i < n; i++)
        if (i % 2 ? word[i] != '.' : !(word[i] >= 'A' && word[i] <= 'Z'))
            return false;
    return true;
}

/* What stands after the dot and its quotes and spaces. */
struct next {
    enum { NOTHING, SMALL, CAPITAL, DIGIT, MARK, CLAUSE_MARK } kind;
    bool starter; /* a word that starts sentences */
    bool initial; /* one letter and a dot */
    bool roman;
    bool date; /* a weekday, month or time zone: "5 p.m. Monday" */
    const char *word;
    size_t word_len;
};

static struct next look_ahead(const struct language *l, const char *text, size_t len, size_t at)
{
    struct next n = {.kind = NOTHING};
    size_t end = at, limit = len - at > LOOK_BYTES ? at + LOOK_BYTES : len;
    uint32_t cp = 0;
    while (at < limit) {
        cp = after(text, len, at, &end);
        if (!u_isUWhiteSpace((UChar32)cp) && !is_quote_or_bracket(cp) && cp != '(' && cp != '[')
            break;
        at = end;
    }
    if (at >= limit)
        return n;
    if (u_isdigit((UChar32)cp)) {
        n.kind = DIGIT;
        return n;
    }
    if (!u_isalpha((UChar32)cp)) {
        n.kind = is_clause_mark(cp) ? CLAUSE_MARK : MARK;
        return n;
    }
    /* In scripts without case (Arabic, Hangul, Devanagari …) every letter may begin a sentence. */
    n.kind = u_islower((UChar32)cp) ? SMALL : CAPITAL;
    n.word = text + at;
    size_t letters = 0;
    bool roman = true;
    while (at < len && n.word_len < WORD_BYTES) {
        cp = after(text, len, at, &end);
        if (!u_isalpha((UChar32)cp))
            break;
        roman = roman && cp < 128 && strchr("IVXLC", (int)cp);
        n.word_len += end - at;
        at = end;
        letters++;
    }
    n.roman = roman && letters > 0;
    n.initial = letters == 1 && at < len && text[at] == '.';
    n.starter = !n.initial && in_list(l->starters, n.word, n.word_len);
    n.date = in_list(dates, n.word, n.word_len);
    return n;
}

/* The token that ends at the dot: letters, digits and inner dots, at most WORD_BYTES of it. */
static size_t token_start(const char *text, size_t dot)
{
    size_t at = dot, s = dot;
    while (at && dot - at < WORD_BYTES) {
        uint32_t cp = before(text, at, &s);
        if (!u_isalnum((UChar32)cp) && cp != '.' && cp != '-' &&
            u_charType((UChar32)cp) != U_NON_SPACING_MARK && cp != 0xBA)
            break;
        at = s;
    }
    while (at < dot && (text[at] == '-' || text[at] == '.'))
        at++;
    return at;
}

/* Whether only space and opening marks stand before `at`, from the start of the text or of its line. */
static bool at_line_start(const char *text, size_t at)
{
    size_t s = at;
    for (size_t steps = 0; at && steps < 16; steps++) {
        uint32_t cp = before(text, at, &s);
        if (cp == '\n')
            return true;
        if (!u_isUWhiteSpace((UChar32)cp) && cp != '(' && cp != '"' && cp != 0x201C && cp != '*' && cp != '-')
            return false;
        at = s;
    }
    return at == 0;
}

/* "So do I." ends; "Frederick I. Taylor" does not: the word before begins with a small letter. */
static bool after_small_word(const char *text, size_t at)
{
    size_t s = at, steps = 0;
    uint32_t cp = before(text, at, &s), first = 0;
    if (!at || !u_isUWhiteSpace((UChar32)cp))
        return false;
    for (at = s; at && steps < WORD_BYTES; at = s, steps++) {
        cp = before(text, at, &s);
        if (!u_isalpha((UChar32)cp))
            break;
        first = cp;
    }
    return u_islower((UChar32)first);
}

static bool all_digits(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] < '0' || s[i] > '9')
            return false;
    return n > 0;
}

static enum ora_dot of_single_letter(const char *text, size_t start, uint32_t cp, const struct next *next)
{
    if (next->kind != CAPITAL || next->starter || !u_isUUppercase((UChar32)cp))
        return ORA_DOT_END;
    if (cp == 'I' && after_small_word(text, start))
        return ORA_DOT_END;
    return ORA_DOT_INITIAL;
}

static enum ora_dot of_number(const struct language *l, const char *text, size_t start, size_t digits,
                              const struct next *next)
{
    if (digits <= 3 && at_line_start(text, start) && next->kind != DIGIT)
        return ORA_DOT_ORDINAL;
    if (l->ordinal_dots && digits <= 2 && next->word && in_list(l->after_ordinal, next->word, next->word_len))
        return ORA_DOT_ORDINAL;
    return ORA_DOT_END;
}

static enum ora_dot of_word(enum nature nature, const struct next *next)
{
    bool number = next->kind == DIGIT || (next->roman && !next->initial && !next->starter);
    switch (nature) {
    case TITLE:
    case MIDDLE:
        return ORA_DOT_ABBREVIATION;
    case NUMBER:
        return number ? ORA_DOT_ABBREVIATION : ORA_DOT_END;
    case ENDING:
        return number || next->date ? ORA_DOT_ABBREVIATION : ORA_DOT_END;
    case NAME:
        return (next->kind == CAPITAL && !next->starter) || next->kind == DIGIT ? ORA_DOT_ABBREVIATION
                                                                                : ORA_DOT_END;
    case NOT_KNOWN:
        break;
    }
    return ORA_DOT_END;
}

enum ora_dot ora_dot_at(const char *lang, const char *text, size_t len, size_t offset)
{
    const struct language *l = language_of(lang);
    size_t end = offset + 1;
    uint32_t follower = after(text, len, offset + 1, &end);
    if (follower == '.' || (follower && (u_isalnum((UChar32)follower) ||
                                         strchr("/@_\\", (int)(follower < 128 ? follower : '~')))))
        return ORA_DOT_INNER;

    struct next next = look_ahead(l, text, len, offset + 1);
    if (next.kind == NOTHING)
        return ORA_DOT_END;
    size_t start = token_start(text, offset), n = offset - start;
    enum nature nature = nature_of(l, text + start, n);
    if (nature == NOT_KNOWN && dotted_capitals(text + start, n))
        nature = NAME;
    if (next.word_len == 3 && !strncasecmp(next.word, "cit", 3) &&
        (n == 2 || n == 3)) /* "Op. Cit.", "loc. cit." */
        return ORA_DOT_ABBREVIATION;
    /* "Dr.," and "etc.);": the mark that follows rules, the dot belongs to the abbreviation. */
    if (follower == ',' || follower == ';' || follower == ':')
        return nature == NOT_KNOWN ? ORA_DOT_CONTINUED : ORA_DOT_ABBREVIATION;
    if (next.kind == CLAUSE_MARK && nature != NOT_KNOWN)
        return ORA_DOT_ABBREVIATION;
    bool dash = follower == '-' || follower == 0x2013 || follower == 0x2014;
    if (dash && nature != NOT_KNOWN)
        return ORA_DOT_ABBREVIATION;
    if (next.kind == SMALL)
        return nature == NOT_KNOWN ? ORA_DOT_CONTINUED : ORA_DOT_ABBREVIATION;
    uint32_t only = 0;
    if (nature == NOT_KNOWN && n && ora_utf8_decode(text + start, n, &only) == n && u_isalpha((UChar32)only))
        return of_single_letter(text, start, only, &next);
    if (all_digits(text + start, n))
        return of_number(l, text, start, n, &next);
    return of_word(nature, &next);
}
