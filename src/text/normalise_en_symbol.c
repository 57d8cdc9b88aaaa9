/* Marks in English text that espeak-ng swallows, spells out or misplaces. */
#include <string.h>

#include "text/normalise_en.h"
#include "text/normalise_number.h"

/* ---- pauses ---- */

static size_t dots_at(const struct ora_en *n, size_t i)
{
    size_t k = 0;
    if (ora_en_mark(n, i, 0x2026))
        return 1;
    while (ora_en_mark(n, i + k, '.'))
        k++;
    return k >= 2 ? k : 0;
}

/* "wait... what": espeak-ng would run the words together without a pause, and lose the mark of "What...?". */
size_t ora_rule_ellipsis(struct ora_en *n, size_t i)
{
    size_t used = dots_at(n, i), at = i + used;
    if (!used)
        return 0;
    while (ora_en_is(n, at, ORA_TOKEN_SPACE) && dots_at(n, at + 1)) {
        at += 1 + dots_at(n, at + 1);
        used = at - i;
    }
    /* "? …" and a text that starts with dots: nothing to end. */
    const struct ora_token *before = ora_en_at(n, i - 1 - ora_en_is(n, i - 1, ORA_TOKEN_SPACE));
    if (before->kind == ORA_TOKEN_END ||
        (before->kind == ORA_TOKEN_MARK && before->cp < 128 && strchr(".,;:!?([{\"", (int)before->cp)))
        return used + (before->kind == ORA_TOKEN_END && ora_en_is(n, at, ORA_TOKEN_SPACE));
    while (n->out->len > n->base && n->out->data[n->out->len - 1] == ' ') {
        n->out->data[--n->out->len] = '\0';
    }
    if (ora_en_mark(n, at, '?') || ora_en_mark(n, at, '!') || ora_en_mark(n, at, ',') ||
        ora_en_mark(n, at, ';') || ora_en_mark(n, at, '.'))
        return used;
    size_t next = at + ora_en_is(n, at, ORA_TOKEN_SPACE);
    bool goes_on = (ora_en_is(n, next, ORA_TOKEN_WORD) && !ora_en_capital(n, next)) ||
                   ora_en_is(n, next, ORA_TOKEN_NUMBER) || (ora_en_is(n, at, ORA_TOKEN_WORD));
    ora_str_addc(n->out, goes_on ? ',' : '.');
    if (next == at && ora_en_attached(n, at))
        ora_str_addc(n->out, ' ');
    return used;
}

/* "yes—no", "A - B", "A -- B": a dash that parts words is a pause only with spaces round it. */
size_t ora_rule_pause(struct ora_en *n, size_t i)
{
    size_t dashes = 0;
    bool space = ora_en_is(n, i - 1, ORA_TOKEN_SPACE);
    while (ora_en_mark(n, i + dashes, '-'))
        dashes++;
    bool em = dashes == 0 && (ora_en_mark(n, i, 0x2014) || ora_en_mark(n, i, 0x2013));
    bool spaced = dashes == 1 && space && ora_en_is(n, i + 1, ORA_TOKEN_SPACE);
    /* The dash of a list's item is no word and no pause. */
    if ((em || dashes) && ora_en_at(n, i - 1)->kind == ORA_TOKEN_END &&
        ora_en_is(n, i + (dashes ? dashes : 1), ORA_TOKEN_SPACE))
        return (dashes ? dashes : 1) + 1;
    if (!(em || spaced || dashes >= 2) || ora_en_at(n, i - 1)->kind == ORA_TOKEN_END)
        return 0;
    /* "apt --reinstall": an option, no pause. */
    if (dashes >= 2 && space && ora_en_is(n, i + dashes, ORA_TOKEN_WORD))
        return 0;
    /* An en dash without spaces joins ("the Paris–Dakar road"). */
    if (em && ora_en_mark(n, i, 0x2013) && !space)
        return 0;
    size_t used = dashes ? dashes : 1;
    bool words_follow =
        ora_en_is(n, i + used + ora_en_is(n, i + used, ORA_TOKEN_SPACE), ORA_TOKEN_WORD | ORA_TOKEN_NUMBER);
    if (n->out->len > n->base && n->out->data[n->out->len - 1] != ' ')
        ora_str_addc(n->out, ' ');
    ora_str_add(n->out, "—");
    if (!ora_en_is(n, i + used, ORA_TOKEN_SPACE) && words_follow)
        ora_str_addc(n->out, ' ');
    n->said = false;
    return used;
}

/* ---- marks that are no words ---- */

/* "*stress*", "_stress_", "note*": marks of emphasis and of footnotes touch a word on one side only. */
size_t ora_rule_emphasis(struct ora_en *n, size_t i)
{
    size_t used = 0;
    while (ora_en_mark(n, i + used, '*') || ora_en_mark(n, i + used, '_') || ora_en_mark(n, i + used, '`'))
        used++;
    if (!used)
        return 0;
    bool left = ora_en_attached(n, i - 1), right = ora_en_attached(n, i + used);
    if (left && right)
        return 0;
    /* " * " leaves one space. */
    bool spaced = ora_en_is(n, i - 1, ORA_TOKEN_SPACE) && ora_en_is(n, i + used, ORA_TOKEN_SPACE);
    return used + spaced;
}

static const struct {
    uint32_t cp;
    const char *said;
} symbols[] = {
    {'&', "and"},
    {0xA7, "section"},
    {0xB6, "paragraph"},
    {0x2116, "number"},
    {0x2248, "approximately"},
    {0xB1, "plus or minus"},
    {0xD7, "times"},
    {0xF7, "divided by"},
    {0x2264, "less than or equal to"},
    {0x2265, "greater than or equal to"},
    {0x2260, "is not equal to"},
    {0x221A, "square root of"},
    {0x221E, "infinity"},
    {0x2192, "to"},
    {0xB0, "degrees"},
    {'%', "percent"},
};

static size_t compare(struct ora_en *n, size_t i)
{
    bool equal = ora_en_mark(n, i + 1, '=');
    size_t next = i + 1 + equal;
    bool spaced = ora_en_starts(n, i) && ora_en_is(n, next, ORA_TOKEN_SPACE) && i > 0;
    bool numbers = ora_en_is(n, i - 1, ORA_TOKEN_NUMBER) && ora_en_is(n, next, ORA_TOKEN_NUMBER);
    bool before_number = ora_en_is(n, next, ORA_TOKEN_NUMBER) && ora_en_starts(n, i);
    if (!(spaced || numbers || before_number))
        return 0;
    ora_en_say(n, ora_en_mark(n, i, '<') ? "less than" : "greater than");
    if (equal)
        ora_en_say(n, "or equal to");
    return equal ? 2 : 1;
}

/* "2+2=4", "a = b" */
static size_t sum(struct ora_en *n, size_t i, const char *said)
{
    bool spaced = ora_en_is(n, i - 1, ORA_TOKEN_SPACE) && ora_en_is(n, i + 1, ORA_TOKEN_SPACE);
    bool number = ora_en_is(n, i + 1, ORA_TOKEN_NUMBER) && !ora_en_mark(n, i - 1, '+');
    if (!spaced && !number)
        return 0;
    ora_en_say(n, said);
    return 1;
}

/* What adorns a word or opens a list's item. */
static bool is_ornament(uint32_t cp)
{
    static const uint32_t marks[] = {0xAE,   0x2122, 0x2120, 0x2022, 0x2023, 0x25E6, 0x25AA,
                                     0x25CF, 0x25BA, 0x2043, 0xB7,   0x2020, 0x2021};
    for (size_t k = 0; k < sizeof marks / sizeof *marks; k++)
        if (marks[k] == cp)
            return true;
    return false;
}

/* "#1" is number one; "#word" a hashtag. */
static size_t hash(struct ora_en *n, size_t i)
{
    if (!ora_en_starts(n, i) || !ora_en_attached(n, i + 1))
        return 0;
    ora_en_say(n, ora_en_is(n, i + 1, ORA_TOKEN_NUMBER) ? "number" : "hashtag");
    return 1;
}

size_t ora_rule_symbol(struct ora_en *n, size_t i)
{
    uint32_t cp = ora_en_at(n, i)->cp;
    if (cp == '<' || cp == '>')
        return ora_en_mark(n, i + 1, cp) || ora_en_mark(n, i - 1, cp) ? 0 : compare(n, i);
    if (cp == '#')
        return hash(n, i);
    if (cp == '+' || cp == '=')
        return sum(n, i, cp == '+' ? "plus" : "equals");
    if (is_ornament(cp))
        return 1 + (ora_en_at(n, i - 1)->kind == ORA_TOKEN_END && ora_en_is(n, i + 1, ORA_TOKEN_SPACE));
    if (cp == '~' && ora_en_is(n, i + 1, ORA_TOKEN_NUMBER)) {
        ora_en_say(n, "about");
        return 1;
    }
    if (cp == '@' && ora_en_starts(n, i) && ora_en_is(n, i + 1, ORA_TOKEN_WORD)) {
        ora_en_say(n, "at");
        return 1;
    }
    /* "AT&T": espeak-ng knows such names; taken apart it would say "at and T". */
    if (cp == '&' && ora_en_is(n, i - 1, ORA_TOKEN_WORD) && ora_en_is(n, i + 1, ORA_TOKEN_WORD) &&
        (ora_en_at(n, i - 1)->len > 1 || ora_en_at(n, i + 1)->len > 1))
        return 0;
    for (size_t k = 0; k < sizeof symbols / sizeof *symbols; k++) {
        if (symbols[k].cp != cp)
            continue;
        if (cp == 0xA7 && ora_en_mark(n, i + 1, 0xA7)) {
            ora_en_say(n, "sections");
            return 2;
        }
        ora_en_say(n, symbols[k].said);
        return cp == '&' && ora_en_mark(n, i + 1, '&') ? 2 : 1;
    }
    return 0;
}

/* "x²" is squared; a raised digit after a longer word is a footnote's. "10^6", "10⁶" are powers. */
size_t ora_rule_superscript(struct ora_en *n, size_t i)
{
    uint32_t cp = ora_en_at(n, i)->cp;
    const struct ora_token *base = ora_en_at(n, i - 1);
    bool caret = cp == '^' && ora_en_integer(n, i + 1) >= 0;
    long power = caret                          ? ora_en_integer(n, i + 1)
                 : cp == 0xB9                   ? 1
                 : cp == 0xB2                   ? 2
                 : cp == 0xB3                   ? 3
                 : cp == 0x2070                 ? 0
                 : cp >= 0x2074 && cp <= 0x2079 ? (long)(cp - 0x2070)
                                                : -1;
    if (power < 0 || !(base->kind & (ORA_TOKEN_WORD | ORA_TOKEN_NUMBER)))
        return 0;
    if (base->kind == ORA_TOKEN_WORD && base->len > 2 && !caret)
        return 1;
    if (power == 2 || power == 3) {
        ora_en_say(n, power == 2 ? "squared" : "cubed");
    } else {
        ora_en_say(n, "to the power of");
        ora_en_cardinal(ora_en_out(n), (uint64_t)power, n->british);
    }
    return caret ? 2 : 1;
}
