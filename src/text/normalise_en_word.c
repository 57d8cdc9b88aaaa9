/* Words in English text: titles, abbreviations, roman numerals, books of the Bible, eras. */
#include <string.h>
#include <strings.h>

#include "text/normalise_en.h"
#include "text/normalise_number.h"

/* ---- titles and other short words ---- */

enum {
    BEFORE_NAME = 1,   /* only before a capital word or an initial */
    AFTER_NAME = 2,    /* only after a capital word or a number */
    BEFORE_NUMBER = 4, /* only before a number or a roman numeral */
    NEEDS_DOT = 8,     /* only with its dot */
    CAPITAL = 16,      /* only as written, capital included */
};

static const struct abbreviation {
    const char *shorter, *said;
    unsigned when;
} abbreviations[] = {
    {"Mr", "Mister", BEFORE_NAME},
    {"Mrs", "Mrs", BEFORE_NAME},
    {"Ms", "Miz", BEFORE_NAME},
    {"Mr", "Mister", NEEDS_DOT | CAPITAL},
    {"Mrs", "Mrs", NEEDS_DOT | CAPITAL},
    {"Messrs", "Messers", BEFORE_NAME},
    {"Dr", "Doctor", BEFORE_NAME},
    {"Dr", "Drive", AFTER_NAME | NEEDS_DOT},
    {"St", "Saint", BEFORE_NAME | CAPITAL},
    {"St", "Street", AFTER_NAME | CAPITAL},
    {"Ste", "Suite", BEFORE_NUMBER | NEEDS_DOT | CAPITAL},
    {"Prof", "Professor", BEFORE_NAME},
    {"Gen", "General", BEFORE_NAME | NEEDS_DOT | CAPITAL},
    {"Capt", "Captain", BEFORE_NAME | CAPITAL},
    {"Cpt", "Captain", BEFORE_NAME | NEEDS_DOT | CAPITAL},
    {"Col", "Colonel", BEFORE_NAME | NEEDS_DOT | CAPITAL},
    {"Lt", "Lieutenant", BEFORE_NAME | CAPITAL},
    {"Maj", "Major", BEFORE_NAME | NEEDS_DOT | CAPITAL},
    {"Adm", "Admiral", BEFORE_NAME | NEEDS_DOT | CAPITAL},
    {"Cmdr", "Commander", BEFORE_NAME | CAPITAL},
    {"Sgt", "Sergeant", BEFORE_NAME | CAPITAL},
    {"Cpl", "Corporal", BEFORE_NAME | CAPITAL},
    {"Pvt", "Private", BEFORE_NAME | CAPITAL},
    {"Rev", "Reverend", BEFORE_NAME | NEEDS_DOT | CAPITAL},
    {"Revd", "Reverend", BEFORE_NAME | CAPITAL},
    {"Fr", "Father", BEFORE_NAME | NEEDS_DOT | CAPITAL},
    {"Hon", "Honorable", BEFORE_NAME | NEEDS_DOT | CAPITAL},
    {"Sen", "Senator", BEFORE_NAME | NEEDS_DOT | CAPITAL},
    {"Rep", "Representative", BEFORE_NAME | NEEDS_DOT | CAPITAL},
    {"Gov", "Governor", BEFORE_NAME | NEEDS_DOT | CAPITAL},
    {"Pres", "President", BEFORE_NAME | NEEDS_DOT | CAPITAL},
    {"Supt", "Superintendent", BEFORE_NAME | CAPITAL},
    {"Mt", "Mount", BEFORE_NAME | CAPITAL},
    {"Ft", "Fort", BEFORE_NAME | NEEDS_DOT | CAPITAL},
    {"Pt", "Point", BEFORE_NAME | NEEDS_DOT | CAPITAL},
    {"Jr", "Junior", AFTER_NAME | CAPITAL},
    {"Sr", "Senior", AFTER_NAME | CAPITAL},
    {"Esq", "Esquire", AFTER_NAME | CAPITAL},
    {"Inc", "Incorporated", AFTER_NAME | CAPITAL | NEEDS_DOT},
    {"Ltd", "Limited", AFTER_NAME | CAPITAL},
    {"Corp", "Corporation", AFTER_NAME | CAPITAL | NEEDS_DOT},
    {"Co", "Company", AFTER_NAME | CAPITAL | NEEDS_DOT},
    {"Bros", "Brothers", AFTER_NAME | CAPITAL | NEEDS_DOT},
    {"Ave", "Avenue", AFTER_NAME | CAPITAL | NEEDS_DOT},
    {"Blvd", "Boulevard", AFTER_NAME | CAPITAL},
    {"Rd", "Road", AFTER_NAME | CAPITAL},
    {"Ln", "Lane", AFTER_NAME | CAPITAL | NEEDS_DOT},
    {"Sq", "Square", AFTER_NAME | CAPITAL | NEEDS_DOT},
    {"Hwy", "Highway", CAPITAL},
    {"dept", "department", NEEDS_DOT},
    {"Univ", "University", NEEDS_DOT | CAPITAL},
    {"No", "number", BEFORE_NUMBER | NEEDS_DOT},
    {"Nos", "numbers", BEFORE_NUMBER},
    {"Nr", "number", BEFORE_NUMBER},
    {"vol", "volume", BEFORE_NUMBER | NEEDS_DOT},
    {"vols", "volumes", BEFORE_NUMBER | NEEDS_DOT},
    {"p", "page", BEFORE_NUMBER | NEEDS_DOT},
    {"pp", "pages", BEFORE_NUMBER},
    {"pg", "page", BEFORE_NUMBER},
    {"fig", "figure", BEFORE_NUMBER},
    {"figs", "figures", BEFORE_NUMBER},
    {"ch", "chapter", BEFORE_NUMBER | NEEDS_DOT},
    {"chap", "chapter", BEFORE_NUMBER},
    {"sec", "section", BEFORE_NUMBER | NEEDS_DOT},
    {"sect", "section", BEFORE_NUMBER},
    {"art", "article", BEFORE_NUMBER | NEEDS_DOT},
    {"par", "paragraph", BEFORE_NUMBER | NEEDS_DOT},
    {"para", "paragraph", BEFORE_NUMBER | NEEDS_DOT},
    {"eq", "equation", BEFORE_NUMBER | NEEDS_DOT},
    {"ref", "reference", BEFORE_NUMBER | NEEDS_DOT},
    {"ext", "extension", BEFORE_NUMBER},
    {"ca", "circa", BEFORE_NUMBER | NEEDS_DOT},
    {"c", "circa", BEFORE_NUMBER | NEEDS_DOT},
    {"approx", "approximately", 0},
    {"etc", "et cetera", 0},
    {"vs", "versus", 0},
    {"v", "versus", AFTER_NAME | BEFORE_NAME | NEEDS_DOT},
    {"viz", "namely", NEEDS_DOT},
    {"cf", "compare", NEEDS_DOT},
    {"incl", "including", NEEDS_DOT},
    {"esp", "especially", NEEDS_DOT},
    {"ed", "edited by", BEFORE_NAME | NEEDS_DOT},
    {"eds", "edited by", BEFORE_NAME | NEEDS_DOT},
};

/* Whether a number, or a roman numeral of capitals, stands at token i. */
static bool numeral(const struct ora_en *n, size_t i)
{
    const struct ora_token *t = ora_en_at(n, i);
    return t->kind == ORA_TOKEN_NUMBER ||
           (t->kind == ORA_TOKEN_WORD && ora_en_roman(n->text + t->start, t->len));
}

static bool allowed(const struct ora_en *n, size_t i, const struct abbreviation *a, bool dot)
{
    size_t next = i + 1 + dot + ora_en_is(n, i + 1 + dot, ORA_TOKEN_SPACE);
    bool spaced = next > i + 1 + dot || dot;
    if (((a->when & NEEDS_DOT) && !dot) || ((a->when & CAPITAL) && !ora_en_capital(n, i)))
        return false;
    if ((a->when & BEFORE_NAME) && !(spaced && ora_en_capital(n, next)))
        return false;
    if ((a->when & BEFORE_NUMBER) && !(spaced && numeral(n, next)))
        return false;
    if (a->when & AFTER_NAME) {
        size_t before = ora_en_previous(n, i);
        bool comma = ora_en_is(n, i - 1, ORA_TOKEN_SPACE) &&
                     (ora_en_mark(n, i - 2, ',') || ora_en_mark(n, i - 2, '.')) && ora_en_capital(n, i - 3);
        if (!comma && !ora_en_capital(n, before) && !(i >= 2 && ora_en_is(n, i - 2, ORA_TOKEN_NUMBER)))
            return false;
        /* "near St. Paul" and "the Dr. Smith": a name before it alone does not make a street of it. */
        if (strcmp(a->said, "Street") == 0 && ora_en_capital(n, next) && spaced &&
            !(dot && ora_en_dot_ends(n, i + 1)))
            return false;
    }
    return true;
}

static size_t expand(struct ora_en *n, size_t i, const struct abbreviation *a, bool dot)
{
    bool capital = ora_en_capital(n, i);
    struct ora_str *out = ora_en_out(n);
    size_t at = out->len;
    ora_str_add(out, a->said);
    if (capital && out->data[at] >= 'a' && out->data[at] <= 'z')
        out->data[at] = (char)(out->data[at] - 'a' + 'A');
    bool ends = dot && !(a->when & (BEFORE_NAME | BEFORE_NUMBER)) && ora_en_dot_ends(n, i + 1);
    if (ends)
        ora_str_addc(out, '.');
    /* "Sec.5" needs its space. */
    return 1 + dot;
}

static size_t abbreviation_at(struct ora_en *n, size_t i, bool titles)
{
    const struct ora_token *t = ora_en_at(n, i);
    if (t->len > 6 || ora_en_is(n, i + 1, ORA_TOKEN_NUMBER) || ora_en_mark(n, i + 1, '-') ||
        ora_en_mark(n, i + 1, '_') || !ora_en_starts(n, i))
        return 0;
    bool dot = ora_en_mark(n, i + 1, '.') && !ora_en_is(n, i + 2, ORA_TOKEN_WORD);
    for (size_t k = 0; k < sizeof abbreviations / sizeof *abbreviations; k++) {
        const struct abbreviation *a = &abbreviations[k];
        if (titles == ((a->when & BEFORE_NAME) != 0) && ora_en_word(n, i, a->shorter) &&
            allowed(n, i, a, dot))
            return expand(n, i, a, dot);
    }
    return 0;
}

/* "Dr. Smith", "St. Paul", "Gen. Lee" */
size_t ora_rule_title(struct ora_en *n, size_t i)
{
    return abbreviation_at(n, i, true);
}

/* "Main St.", "Acme Inc.", "No. 5", "p. 7", "etc." */
size_t ora_rule_abbreviation(struct ora_en *n, size_t i)
{
    /* "v1.2" */
    if (ora_en_word_exact(n, i, "v") && ora_en_is(n, i + 1, ORA_TOKEN_NUMBER) && ora_en_mark(n, i + 2, '.') &&
        ora_en_is(n, i + 3, ORA_TOKEN_NUMBER) && ora_en_starts(n, i)) {
        ora_en_say(n, "version");
        return 1;
    }
    return abbreviation_at(n, i, false);
}

/* ---- what is written with dots or slashes inside ---- */

static const struct {
    const char *shorter, *said;
} dotted[] = {
    {"e.g.", "for example,"},
    {"e.g", "for example,"},
    {"i.e.", "that is,"},
    {"i.e", "that is,"},
    {"a.k.a.", "also known as"},
    {"&c.", "et cetera"},
    {"Ph.D.", "PhD"},
    {"Ph.D", "PhD"},
    {"M.D.", "MD"},
    {"w/o", "without"},
    {"w/", "with"},
    {"b/c", "because"},
    {"c/o", "care of"},
    {"n/a", "not applicable"},
    {"N/A", "not applicable"},
    {"and/or", "and or"},
    {"et al.", "et al"},
    {"i.a.", "inter alia"},
    {"A/C", "air conditioning"},
    {"C#", "C sharp"},
    {"C++", "C plus plus"},
    {"F#", "F sharp"},
    {"A.D.", "A.D."},
    {"B.C.", "BC"},
    {"B.C.E.", "BCE"},
    {"CO2", "C O two"},
    {"d/b/a", "doing business as"},
    {"R&B", "R and B"},
};

size_t ora_rule_dotted(struct ora_en *n, size_t i)
{
    const struct ora_token *t = ora_en_at(n, i);
    if (!ora_en_starts(n, i))
        return 0;
    for (size_t k = 0; k < sizeof dotted / sizeof *dotted; k++) {
        size_t l = strlen(dotted[k].shorter), used = 0, at = t->start;
        bool dot = dotted[k].shorter[l - 1] == '.';
        if (n->len - at < l || strncasecmp(n->text + at, dotted[k].shorter, l) != 0 ||
            (dotted[k].shorter[0] >= 'A' && dotted[k].shorter[0] <= 'Z' &&
             memcmp(n->text + at, dotted[k].shorter, l) != 0))
            continue;
        while (at < t->start + l)
            at += ora_en_at(n, i + used++)->len;
        if (at != t->start + l || ora_en_attached(n, i + used) ||
            (strchr("w&", dotted[k].shorter[0]) == NULL && ora_en_mark(n, i + used, '/')))
            continue;
        bool ends = dot && ora_en_dot_ends(n, i + used - 1);
        ora_en_say(n, dotted[k].said);
        char last = n->out->data[n->out->len - 1];
        if (last == ',' && (ora_en_mark(n, i + used, ',') || ora_en_mark(n, i + used, ':')))
            n->out->data[--n->out->len] = '\0';
        else if (ends && last != '.' && last != ',')
            ora_str_addc(n->out, '.');
        return used;
    }
    return 0;
}

/* "AD 500", "500 AD": espeak-ng would say "add". */
size_t ora_rule_era(struct ora_en *n, size_t i)
{
    if (!ora_en_word_exact(n, i, "AD"))
        return 0;
    bool number = (ora_en_is(n, i + 1, ORA_TOKEN_SPACE) && ora_en_is(n, i + 2, ORA_TOKEN_NUMBER)) ||
                  (ora_en_is(n, i - 1, ORA_TOKEN_SPACE) && ora_en_is(n, i - 2, ORA_TOKEN_NUMBER)) ||
                  ora_en_word(n, ora_en_previous(n, i), "century");
    if (!number)
        return 0;
    ora_en_say(n, "A.D");
    if (!ora_en_mark(n, i + 1, '.'))
        ora_str_addc(n->out, '.');
    return 1;
}

/* ---- roman numerals ---- */

static const char headings[] = " chapter part book volume vol act scene section sec article art appendix "
                               "canto psalm lesson phase type class grade level stage title "
                               "table figure fig plate letter number no unit episode season round verse "
                               "stanza sonnet exhibit annex schedule tier category mark "
                               "symphony opus op wars war bowl olympiad division corps group ";

static const char rulers[] = " adrian albert alexander alfonso alexios amadeus baldwin basil benedict "
                             "boniface callixtus carlos catherine celestine charles christian "
                             "clement cleopatra constantine cyrus darius david edgar edmund edward elizabeth "
                             "emmanuel eric eugene ferdinand francis franz frederick "
                             "friedrich george gregory gustav haakon harald harold henri henry honorius "
                             "humbert innocent isabella ivan james jean joan john juan "
                             "julius justinian leo leopold louis ludwig margaret maria martin mary matilda "
                             "maximilian mehmed michael murad napoleon nicholas olaf "
                             "otto paul pedro peter philip philippe pius ptolemy ramesses ramses richard "
                             "robert rudolf selim sixtus stephen suleiman theodosius "
                             "thutmose umberto urban victor vittorio wilhelm william xerxes zog ";

/* Capitals that are roman numerals, but more often something else. */
static const char other_words[] =
    " MIX DI MI LI CD MD DC CC MC DM DIM MM CM CIV CV LCD DVD ML MILL VIM XL XXL XXX LX ";

/* "Scene iii": small letters only after a heading, and never a lone one. */
static unsigned small_roman(const struct ora_en *n, size_t i, size_t before)
{
    const struct ora_token *t = ora_en_at(n, i);
    char upper[8];
    if (t->len < 2 || t->len >= sizeof upper || !ora_en_word_in(n, before, headings))
        return 0;
    for (uint32_t k = 0; k < t->len; k++)
        upper[k] = (char)(n->text[t->start + k] - ('a' - 'A'));
    unsigned v = ora_en_roman(upper, t->len);
    return v < 40 ? v : 0;
}

static void say_roman(struct ora_en *n, unsigned v, bool ordinal, bool article)
{
    if (!ordinal) {
        ora_en_cardinal(ora_en_out(n), v, n->british);
        return;
    }
    if (article)
        ora_en_say(n, "the");
    ora_en_ordinal(ora_en_out(n), v, n->british);
}

/* After these a single I is always the numeral: "World War I began". */
static const char sure_headings[] =
    " chapter act scene volume vol war phase type division article section appendix canto annex ";

/* After a single I: what lets it be "the first" or "one" rather than the speaker. */
static bool ends_name(const struct ora_en *n, size_t i)
{
    if (ora_en_is(n, i, ORA_TOKEN_SPACE))
        return ora_en_word_in(n, i + 1, " of and or ") || ora_en_capital(n, i + 1);
    return ora_en_at(n, i)->kind == ORA_TOKEN_END ||
           (ora_en_is(n, i, ORA_TOKEN_MARK) && !ora_en_mark(n, i, '\'') && !ora_en_dash(n, i));
}

/* "I. The Garden": the label of a title. Of what is not known to be a heading only "I. THE GARDEN": "I.
 * Newton" is a name, "I. You know him." speech. */
static bool labels_title(const struct ora_en *n, size_t i)
{
    size_t words = 0;
    if (i != 0 || !(ora_en_mark(n, 1, '.') || ora_en_mark(n, 1, ':')) || !ora_en_is(n, 2, ORA_TOKEN_SPACE) ||
        !ora_en_capital(n, 3))
        return false;
    for (size_t k = 3; k < n->count && !n->heading; k++) {
        const struct ora_token *t = ora_en_at(n, k);
        for (uint32_t at = 0; at < t->len; at++)
            if (n->text[t->start + at] >= 'a' && n->text[t->start + at] <= 'z')
                return false;
        words += t->kind == ORA_TOKEN_WORD;
    }
    return n->heading || words > 1;
}

/* "Chapter IV", "Henry VIII", "the XIX century", "World War II", "III." at the start; never "I am" or "MIX".
 * A text that is only "I" is the speaker, a heading that is only "I" a number.
 */
size_t ora_rule_roman(struct ora_en *n, size_t i)
{
    const struct ora_token *t = ora_en_at(n, i);
    const char *word = n->text + t->start;
    size_t before = ora_en_previous(n, i);
    unsigned v = t->len <= 15 ? ora_en_roman(word, t->len) : 0;
    if (!v)
        v = small_roman(n, i, before);
    if (!v || ora_en_attached(n, i + 1) || ora_en_mark(n, i + 1, '\'') || ora_en_mark(n, i + 1, 0x2019) ||
        ora_en_mark(n, i - 1, '\'') || ora_en_mark(n, i + 1, '-') || ora_en_mark(n, i - 1, '-') ||
        ora_en_mark(n, i + 1, '&') || ora_en_mark(n, i - 1, '&') || ora_en_mark(n, i - 1, '.') ||
        ora_en_attached(n, i - 1))
        return 0;
    bool alone = i == 0 && (n->count == 1 || (n->count == 2 && ora_en_mark(n, 1, '.')));
    bool label = i == 0 && ora_en_mark(n, 1, '.') && t->len > 1;
    bool heading = ora_en_word_in(n, before, headings) ||
                   (ora_en_mark(n, i - 2, '.') && ora_en_word_in(n, i - 3, headings));
    if (ora_en_is(n, i + 1, ORA_TOKEN_SPACE) && ora_en_word_in(n, i + 2, " century centuries ")) {
        say_roman(n, v, true, false);
        return 1;
    }
    if (t->len == 1) {
        bool name = ora_en_word_in(n, before, rulers) && ora_en_capital(n, before);
        bool titled =
            ora_en_word_in(n, ora_en_previous(n, before), " king queen pope emperor tsar czar kaiser saint ");
        bool pause = ends_name(n, i + 1) || titled;
        bool one_letter_numeral = t->cp == 'I' || t->cp == 'V' || t->cp == 'X';
        alone = (alone && (t->cp != 'I' || n->heading)) || labels_title(n, i);
        if (!one_letter_numeral || !(alone ||
                                     (heading && ora_en_capital(n, before) &&
                                      (t->cp != 'I' || pause || ora_en_word_in(n, before, sure_headings))) ||
                                     (name && pause)))
            return 0;
        say_roman(n, v, name, true);
        return 1;
    }
    if (ora_en_word_in(n, before, rulers) && ora_en_capital(n, before)) {
        say_roman(n, v, true, true);
        return 1;
    }
    /* "an IV drip" */
    if (ora_en_word(n, before, "an") || ora_en_word(n, before, "a")) {
        if (!heading)
            return 0;
    }
    char spaced[20];
    spaced[0] = ' ';
    memcpy(spaced + 1, word, t->len);
    memcpy(spaced + 1 + t->len, " ", 2);
    bool plain = v < 40 && !strstr(other_words, spaced);
    if (!(heading || label || (plain && t->len >= 2)))
        return 0;
    say_roman(n, v, false, false);
    return 1;
}

/* ---- references to the Bible ---- */

static const struct {
    const char *shorter, *book;
} books[] = {{"Gen", "Genesis"},
             {"Ge", "Genesis"},
             {"Ex", "Exodus"},
             {"Exod", "Exodus"},
             {"Lev", "Leviticus"},
             {"Num", "Numbers"},
             {"Deut", "Deuteronomy"},
             {"Josh", "Joshua"},
             {"Judg", "Judges"},
             {"Sam", "Samuel"},
             {"Kgs", "Kings"},
             {"Chr", "Chronicles"},
             {"Neh", "Nehemiah"},
             {"Ps", "Psalm"},
             {"Prov", "Proverbs"},
             {"Eccl", "Ecclesiastes"},
             {"Isa", "Isaiah"},
             {"Jer", "Jeremiah"},
             {"Ezek", "Ezekiel"},
             {"Dan", "Daniel"},
             {"Hos", "Hosea"},
             {"Mic", "Micah"},
             {"Zech", "Zechariah"},
             {"Mal", "Malachi"},
             {"Matt", "Matthew"},
             {"Mk", "Mark"},
             {"Lk", "Luke"},
             {"Jn", "John"},
             {"Rom", "Romans"},
             {"Cor", "Corinthians"},
             {"Gal", "Galatians"},
             {"Eph", "Ephesians"},
             {"Phil", "Philippians"},
             {"Col", "Colossians"},
             {"Thess", "Thessalonians"},
             {"Tim", "Timothy"},
             {"Heb", "Hebrews"},
             {"Jas", "James"},
             {"Pet", "Peter"},
             {"Rev", "Revelation"}};

/* "Gen. 1:1", "Matt 5:3": only before chapter and verse. */
size_t ora_rule_book(struct ora_en *n, size_t i)
{
    size_t at = i + 1 + ora_en_mark(n, i + 1, '.');
    at += ora_en_is(n, at, ORA_TOKEN_SPACE);
    if (!ora_en_capital(n, i) || !ora_en_is(n, at, ORA_TOKEN_NUMBER) || !ora_en_mark(n, at + 1, ':') ||
        !ora_en_is(n, at + 2, ORA_TOKEN_NUMBER))
        return 0;
    for (size_t k = 0; k < sizeof books / sizeof *books; k++) {
        if (ora_en_word_exact(n, i, books[k].shorter)) {
            ora_en_say(n, books[k].book);
            return at - i - ora_en_is(n, at - 1, ORA_TOKEN_SPACE);
        }
    }
    return 0;
}
