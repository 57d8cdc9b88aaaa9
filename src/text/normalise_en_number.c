/* Numbers in English text: plain, negative, decimal, ordinal, fractions, ranges, years, telephone numbers,
 * units. */
#include <stdlib.h>
#include <string.h>

#include "text/normalise_en.h"
#include "text/normalise_number.h"

/* ---- telephone numbers and other codes in groups ---- */

enum { GROUPS = 8 };

struct groups {
    size_t at[GROUPS]; /* token of each group */
    size_t count, tokens;
};

static bool separates_groups(const struct ora_en *n, size_t i, bool spaces)
{
    return ora_en_mark(n, i, '-') || ora_en_mark(n, i, '.') || (spaces && ora_en_is(n, i, ORA_TOKEN_SPACE));
}

static void read_groups(const struct ora_en *n, size_t i, bool spaces, struct groups *g)
{
    *g = (struct groups){.at = {i}, .count = 1, .tokens = 1};
    while (g->count < GROUPS && separates_groups(n, i + g->tokens, spaces) &&
           ora_en_is(n, i + g->tokens + 1, ORA_TOKEN_NUMBER)) {
        g->at[g->count++] = i + g->tokens + 1;
        g->tokens += 2;
    }
}

static void say_groups(struct ora_en *n, const struct groups *g)
{
    for (size_t k = 0; k < g->count; k++) {
        if (k)
            ora_str_addc(n->out, ',');
        ora_en_digits(ora_en_out(n), ora_en_text(n, g->at[k]), ora_en_at(n, g->at[k])->len);
    }
}

static size_t lengths(const struct ora_en *n, const struct groups *g)
{
    size_t code = 0;
    for (size_t k = 0; k < g->count; k++)
        code = 100 * code + (ora_en_at(n, g->at[k])->len < 99 ? ora_en_at(n, g->at[k])->len : 99);
    return code;
}

/* "+44 20 7946 0958", "(555) 123-4567", "555-123-4567", "555-1234", "978-3-16-148410-0" */
size_t ora_rule_phone(struct ora_en *n, size_t i)
{
    struct groups g;
    if (ora_en_mark(n, i, '+') && ora_en_starts(n, i) && ora_en_is(n, i + 1, ORA_TOKEN_NUMBER)) {
        read_groups(n, i + 1, true, &g);
        if (g.count < 3 && ora_en_at(n, i + 1)->len < 7)
            return 0;
        ora_en_say(n, "plus");
        say_groups(n, &g);
        return 1 + g.tokens;
    }
    if (ora_en_mark(n, i, '(') && ora_en_at(n, i + 1)->len == 3 && ora_en_is(n, i + 1, ORA_TOKEN_NUMBER) &&
        ora_en_mark(n, i + 2, ')')) {
        size_t after = i + 3 + ora_en_is(n, i + 3, ORA_TOKEN_SPACE);
        read_groups(n, after, false, &g);
        if (!ora_en_is(n, after, ORA_TOKEN_NUMBER) || g.count != 2 || lengths(n, &g) != 304)
            return 0;
        ora_en_digits(ora_en_out(n), ora_en_text(n, i + 1), 3);
        ora_str_addc(n->out, ',');
        say_groups(n, &g);
        return after - i + g.tokens;
    }
    if (!ora_en_is(n, i, ORA_TOKEN_NUMBER) || !ora_en_starts(n, i))
        return 0;
    read_groups(n, i, false, &g);
    size_t shape = lengths(n, &g);
    if (ora_en_is(n, i + g.tokens, ORA_TOKEN_WORD))
        return 0;
    bool hyphens = g.count > 1 && ora_en_mark(n, i + 1, '-');
    bool phone =
        shape == 30304 || (hyphens && (shape == 304 || shape == 1030304 || (g.count >= 3 && shape != 40202)));
    if (!phone)
        return 0;
    say_groups(n, &g);
    return g.tokens;
}

/* What is numbered in steps: "section 3.10" is the tenth, not a decimal. */
static const char numbered[] = " section sections chapter chapters appendix figure fig figures table tables "
                               "listing example exercise clause paragraph version versions release kernel ";
/* What has versions. */
static const char programs[] =
    " perl python debian ubuntu fedora mint linux php ruby java rust go gcc clang glibc gtk qt gnome kde "
    "node "
    "apache nginx mysql mariadb postgresql sqlite openssl openssh samba postfix firefox chrome libreoffice "
    "android ios macos windows unicode tex emacs vim git cmake ";

/* "4.2." or "4.2 Title" at the start of a text. */
static bool opens_heading(const struct ora_en *n, size_t i, size_t end)
{
    if (i != 0)
        return false;
    end += ora_en_mark(n, end, '.');
    const struct ora_token *t = ora_en_at(n, end + 1);
    return ora_en_is(n, end, ORA_TOKEN_SPACE) && ora_en_capital(n, end + 1) && t->len >= 3 &&
           n->text[t->start + 1] >= 'a'; /* not "2.4 GHz" */
}

/* The first token of "3.1" whose last is i. */
static size_t first_of_number(const struct ora_en *n, size_t i)
{
    for (int parts = 0; parts < 4 && ora_en_mark(n, i - 1, '.') && ora_en_is(n, i - 2, ORA_TOKEN_NUMBER);
         parts++)
        i -= 2;
    return i;
}

/* The token before the list that the number at i is in: "sections" of "sections 3.1, 3.2 and 3.10". */
static size_t before_list(const struct ora_en *n, size_t i)
{
    for (int numbers = 0; numbers < 4; numbers++) {
        size_t word = ora_en_previous(n, i), last = SIZE_MAX;
        if (word != SIZE_MAX && word >= 2 && ora_en_word_in(n, word, " and or to "))
            last = word - 2 - ora_en_mark(n, word - 2, ',');
        else if (i >= 3 && ora_en_is(n, i - 1, ORA_TOKEN_SPACE) && ora_en_mark(n, i - 2, ','))
            last = i - 3;
        if (!ora_en_is(n, last, ORA_TOKEN_NUMBER))
            return word;
        i = first_of_number(n, last);
    }
    return ora_en_previous(n, i);
}

/* Whether the number at i, which ends before `end`, counts in steps. */
static bool is_stepped(const struct ora_en *n, size_t i, size_t end)
{
    size_t before = before_list(n, i);
    return ora_en_word_in(n, before, numbered) ||
           (ora_en_word_in(n, before, programs) && ora_en_capital(n, before)) || opens_heading(n, i, end) ||
           (ora_en_is(n, end, ORA_TOKEN_SPACE) &&
            ora_en_word_in(n, end + 1, " version versions release kernel ")) ||
           (ora_en_mark(n, i - 1, '-') && ora_en_is(n, i - 2, ORA_TOKEN_WORD)); /* "xen-utils-4.14" */
}

static void say_step(struct ora_en *n, size_t i)
{
    const struct ora_token *t = ora_en_at(n, i);
    struct ora_amount a = {.tokens = 1, .spellable = true};
    if (t->len > 4 || (t->len > 1 && n->text[t->start] == '0')) {
        ora_en_digits(ora_en_out(n), n->text + t->start, t->len);
        return;
    }
    a.value = (uint64_t)ora_en_integer(n, i);
    ora_en_say_amount(n, &a);
}

/* "1.2.3", "192.168.1.1", "section 3.10", "Perl 5.10": no date, no decimal. Each part is a number; four parts
 * are an address on the network, unless they are a section's. */
size_t ora_rule_version(struct ora_en *n, size_t i)
{
    struct groups g;
    read_groups(n, i, false, &g);
    for (size_t k = 0; k + 1 < g.count; k++) {
        if (!ora_en_mark(n, g.at[k] + 1, '.')) { /* "2.9.4-2" */
            g.count = k + 1;
            g.tokens = 2 * k + 1;
        }
    }
    if (g.count < 2 || ora_en_mark(n, i - 1, '.'))
        return 0;
    bool stepped = (g.count == 2 || g.count == 4) && is_stepped(n, i, i + g.tokens);
    if (g.count == 2 && (!stepped || ora_en_at(n, g.at[1])->len > 2))
        return 0;
    for (size_t k = 0; k < g.count; k++) {
        if (k)
            ora_en_say(n, g.count == 4 && !stepped ? "dot" : "point");
        say_step(n, g.at[k]);
    }
    if (ora_en_mark(n, i + g.tokens, '-') && ora_en_is(n, i + g.tokens + 1, ORA_TOKEN_NUMBER)) {
        ora_en_say(n, "dash ");
        return g.tokens + 1;
    }
    return g.tokens;
}

/* "RFC 2822": by pairs, as people say such numbers. */
size_t ora_rule_standard(struct ora_en *n, size_t i)
{
    long v = ora_en_integer(n, i);
    if (!ora_en_word_in(n, ora_en_previous(n, i), " rfc rfcs iso bug bugs ") || ora_en_at(n, i)->len != 4 ||
        v < 1000 || v % 1000 == 0 || ora_en_mark(n, i + 1, '.'))
        return 0;
    ora_en_year(ora_en_out(n), (unsigned)v, false);
    return 1;
}

/* ---- fractions ---- */

static bool speaks_as_fraction(long a, long b)
{
    static const unsigned char denominators[] = {2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 20, 32, 64, 100};
    return a > 0 && a < b && b <= 100 && memchr(denominators, (int)b, sizeof denominators);
}

static void say_fraction(struct ora_en *n, long a, long b)
{
    struct ora_str *out = ora_en_out(n);
    ora_en_cardinal(out, (uint64_t)a, n->british);
    ora_str_addc(out, ' ');
    if (b == 2)
        ora_str_add(out, "half");
    else if (b == 4)
        ora_str_add(out, "quarter");
    else
        ora_en_ordinal(out, (uint64_t)b, n->british);
    if (a > 1)
        ora_en_pluralise(out);
}

static bool is_slashed(const struct ora_en *n, size_t i)
{
    return ora_en_is(n, i, ORA_TOKEN_NUMBER) &&
           (ora_en_mark(n, i + 1, '/') || ora_en_mark(n, i + 1, 0x2044)) &&
           ora_en_is(n, i + 2, ORA_TOKEN_NUMBER) && !ora_en_mark(n, i + 3, '/') &&
           !ora_en_mark(n, i - 1, '/');
}

/* "1/2", "3/4 of it"; "24/7", "9/11" and "50/50" have readings of their own; "12/31" is read as it stands. */
size_t ora_rule_fraction(struct ora_en *n, size_t i)
{
    long a = ora_en_integer(n, i), b = ora_en_integer(n, i + 2);
    if (!is_slashed(n, i) || a < 0 || b < 0 || a > 9999 || b > 9999)
        return 0;
    if (speaks_as_fraction(a, b) && !ora_en_attached(n, i + 3)) {
        say_fraction(n, a, b);
        return 3;
    }
    bool plain = (a == 24 && b == 7) || (a == 9 && b == 11) || (a == b);
    ora_en_cardinal(ora_en_out(n), (uint64_t)a, n->british);
    ora_en_say(n, plain ? "" : "slash ");
    ora_en_cardinal(n->out, (uint64_t)b, n->british);
    return 3;
}

/* "1 1/2" */
size_t ora_rule_mixed(struct ora_en *n, size_t i)
{
    long whole = ora_en_integer(n, i), a = ora_en_integer(n, i + 2), b = ora_en_integer(n, i + 4);
    if (whole < 0 || whole > 999 || !(ora_en_is(n, i + 1, ORA_TOKEN_SPACE) || ora_en_mark(n, i + 1, '-')) ||
        !is_slashed(n, i + 2) || !speaks_as_fraction(a, b) || ora_en_attached(n, i + 5) ||
        !ora_en_starts(n, i))
        return 0;
    ora_en_cardinal(ora_en_out(n), (uint64_t)whole, n->british);
    ora_en_say(n, "and");
    if (a == 1 && b <= 4)
        ora_en_say(n, b == 2 ? "a half" : b == 3 ? "a third" : "a quarter");
    else
        say_fraction(n, a, b);
    return 5;
}

static const struct {
    uint32_t cp;
    unsigned char a, b;
} vulgar[] = {{0xBC, 1, 4},   {0xBD, 1, 2},   {0xBE, 3, 4},   {0x2150, 1, 7}, {0x2151, 1, 9}, {0x2152, 1, 10},
              {0x2153, 1, 3}, {0x2154, 2, 3}, {0x2155, 1, 5}, {0x2156, 2, 5}, {0x2157, 3, 5}, {0x2158, 4, 5},
              {0x2159, 1, 6}, {0x215A, 5, 6}, {0x215B, 1, 8}, {0x215C, 3, 8}, {0x215D, 5, 8}, {0x215E, 7, 8}};

/* "½", "1½" */
size_t ora_rule_vulgar(struct ora_en *n, size_t i)
{
    for (size_t k = 0; k < sizeof vulgar / sizeof *vulgar; k++) {
        if (!ora_en_mark(n, i, vulgar[k].cp))
            continue;
        bool mixed = ora_en_is(n, i - 1, ORA_TOKEN_NUMBER);
        if (mixed)
            ora_en_say(n, "and");
        if (mixed && vulgar[k].a == 1 && vulgar[k].b <= 4)
            ora_en_say(n, vulgar[k].b == 2 ? "a half" : vulgar[k].b == 3 ? "a third" : "a quarter");
        else
            say_fraction(n, vulgar[k].a, vulgar[k].b);
        return 1;
    }
    return 0;
}

/* ---- years, decades, ordinals ---- */

bool ora_en_is_year(const struct ora_en *n, size_t i)
{
    long v = ora_en_integer(n, i);
    return ora_en_at(n, i)->len == 4 && v >= 1000 && v <= 2099;
}

/* Whether the word after a number of four digits is what it counts: "1500 people", "2000 years". */
bool ora_en_is_counted(const struct ora_en *n, size_t i)
{
    const struct ora_token *t = ora_en_at(n, i);
    if (t->kind != ORA_TOKEN_WORD || t->len < 3 || !(t->cp >= 'a' && t->cp <= 'z'))
        return false;
    if (ora_en_word_in(n, i,
                       " people men women children percent million billion feet sheep fish cattle of dozen "))
        return true;
    const char *w = ora_en_text(n, i);
    return w[t->len - 1] == 's' && w[t->len - 2] != 's' && w[t->len - 2] != '\'' &&
           !ora_en_word_in(
               n, i,
               " was is has its this his as does thus yes always perhaps sometimes towards besides across ");
}

/* "1999", "in 1066": a year unless it counts something. */
size_t ora_rule_year(struct ora_en *n, size_t i)
{
    long v = ora_en_integer(n, i);
    bool decimal = ora_en_mark(n, i + 1, '.') && ora_en_is(n, i + 2, ORA_TOKEN_NUMBER);
    bool inside =
        ora_en_mark(n, i - 1, ',') || ora_en_mark(n, i - 1, '.') || ora_en_is(n, i - 1, ORA_TOKEN_WORD);
    if (!ora_en_is_year(n, i) || decimal || inside || ora_en_is(n, i + 1, ORA_TOKEN_WORD))
        return 0;
    if (ora_en_is(n, i + 1, ORA_TOKEN_SPACE) && ora_en_is_counted(n, i + 2))
        return 0;
    size_t before = ora_en_previous(n, i);
    if (ora_en_is(n, i - 1, ORA_TOKEN_SPACE) && ora_en_mark(n, i - 2, '.'))
        before = i - 3;
    bool era = ora_en_is(n, i + 1, ORA_TOKEN_SPACE) && ora_en_word_in(n, i + 2, " ad bc bce ce ");
    bool told =
        era ||
        ora_en_word_in(
            n, before,
            " in since by until till from to after before during around circa year years early late mid "
            "about anno of spring summer autumn fall winter and c ca between ");
    /* 1000-1099 and round thousands are more often counts. */
    if ((v < 1100 || v % 1000 == 0) && !told)
        return 0;
    ora_en_year(ora_en_out(n), (unsigned)v, n->british);
    return 1;
}

/* "1990s", "1990's", "'90s", "in his 30s" */
size_t ora_rule_decade(struct ora_en *n, size_t i)
{
    size_t number = i;
    if (ora_en_mark(n, i, '\'') || ora_en_mark(n, i, 0x2019) || ora_en_mark(n, i, 0x2018))
        number = i + 1;
    long v = ora_en_integer(n, number);
    size_t end = number + 1;
    const struct ora_token *t = ora_en_at(n, number);
    if (v < 10 || v % 10 || !((t->len == 4 && v >= 1000 && v <= 2990) || t->len == 2))
        return 0;
    if (number == i && (ora_en_mark(n, i - 1, '.') || ora_en_mark(n, i - 1, ',')))
        return 0;
    if (ora_en_mark(n, end, '\'') || ora_en_mark(n, end, 0x2019))
        end++;
    if (!ora_en_word_exact(n, end, "s") || (number != i && !ora_en_starts(n, i)))
        return 0;
    ora_en_decade(ora_en_out(n), (unsigned)v);
    return end + 1 - i;
}

/* "21st", "1,000th" */
size_t ora_rule_ordinal(struct ora_en *n, size_t i)
{
    struct ora_amount a;
    if (!ora_en_amount(n, i, &a) || a.fraction[0] || !a.spellable ||
        !ora_en_word_in(n, i + a.tokens, " st nd rd th "))
        return 0;
    ora_en_ordinal(ora_en_out(n), a.value, n->british);
    return a.tokens + 1;
}
