/* Dates and times in English text. American and British order and wording by the language's region. */
#include <string.h>

#include "text/normalise_en.h"
#include "text/normalise_number.h"

static const char *const months[] = {"January", "February", "March",     "April",   "May",      "June",
                                     "July",    "August",   "September", "October", "November", "December"};

/* 1-12 when token i is a month, full or short; *tokens with the dot of a short one. */
static int month_at(const struct ora_en *n, size_t i, size_t *tokens)
{
    static const struct {
        const char *shorter;
        int month;
    } more[] = {{"Jan", 1}, {"Feb", 2}, {"Mar", 3},  {"Apr", 4},  {"Jun", 6},  {"Jul", 7},
                {"Aug", 8}, {"Sep", 9}, {"Sept", 9}, {"Oct", 10}, {"Nov", 11}, {"Dec", 12}};
    *tokens = 1;
    for (int m = 0; m < 12; m++)
        if (ora_en_word(n, i, months[m]) && ora_en_capital(n, i))
            return m + 1;
    for (size_t k = 0; k < sizeof more / sizeof *more; k++) {
        if (ora_en_word(n, i, more[k].shorter) && ora_en_capital(n, i)) {
            *tokens += ora_en_mark(n, i + 1, '.');
            return more[k].month;
        }
    }
    return 0;
}

/* The year after a date: ", 1821" or " 1821"; returns its tokens, 0 when there is none. */
static size_t year_after(const struct ora_en *n, size_t i, size_t *year)
{
    size_t at = i;
    if (ora_en_mark(n, at, ','))
        at++;
    if (!ora_en_is(n, at, ORA_TOKEN_SPACE))
        return 0;
    at++;
    if (ora_en_at(n, at)->len != 4 || !ora_en_is_year(n, at) || ora_en_is(n, at + 1, ORA_TOKEN_WORD) ||
        ora_en_mark(n, at + 1, ':'))
        return 0;
    *year = at;
    return at + 1 - i;
}

static void say_year(struct ora_en *n, long year)
{
    ora_en_year(ora_en_out(n), (unsigned)year, n->british);
}

/* "December thirty-first" or "the thirty-first of December" */
static void say_date(struct ora_en *n, int month, long day)
{
    if (n->british) {
        ora_en_say(n, "the");
        ora_en_ordinal(ora_en_out(n), (uint64_t)day, false);
        ora_en_say(n, "of");
        ora_en_say(n, months[month - 1]);
        return;
    }
    ora_en_say(n, months[month - 1]);
    ora_en_ordinal(ora_en_out(n), (uint64_t)day, false);
}

static size_t say_full_date(struct ora_en *n, long year, long month, long day, size_t tokens)
{
    say_date(n, (int)month, day);
    if (!n->british)
        ora_str_addc(n->out, ',');
    say_year(n, year);
    return tokens;
}

/* "1999-12-31" */
size_t ora_rule_iso_date(struct ora_en *n, size_t i)
{
    long y = ora_en_integer(n, i), m = ora_en_integer(n, i + 2), d = ora_en_integer(n, i + 4);
    char sep = ora_en_mark(n, i + 1, '-') ? '-' : '/';
    if (!ora_en_is_year(n, i) || !ora_en_mark(n, i + 1, (uint32_t)sep) ||
        !ora_en_mark(n, i + 3, (uint32_t)sep) || m < 1 || m > 12 || d < 1 || d > 31 ||
        ora_en_at(n, i + 2)->len != 2 || ora_en_at(n, i + 4)->len != 2 ||
        ora_en_mark(n, i + 5, (uint32_t)sep))
        return 0;
    size_t used = say_full_date(n, y, m, d, 5);
    /* "1999-12-31T10:30" */
    if (ora_en_word_exact(n, i + 5, "T") && ora_en_is(n, i + 6, ORA_TOKEN_NUMBER)) {
        ora_en_say(n, "at ");
        used++;
    }
    return used;
}

/* "12/31/1999", "31/12/1999", "31.12.1999"; which is the day is told by the region where both could be. */
size_t ora_rule_slash_date(struct ora_en *n, size_t i)
{
    long a = ora_en_integer(n, i), b = ora_en_integer(n, i + 2);
    uint32_t sep = ora_en_mark(n, i + 1, '/') ? '/' : '.';
    if (!ora_en_mark(n, i + 1, sep) || !ora_en_mark(n, i + 3, sep) || !ora_en_is_year(n, i + 4) || a < 1 ||
        b < 1 || a > 31 || b > 31 || ora_en_mark(n, i + 5, '/') || (a > 12 && b > 12) ||
        ora_en_mark(n, i - 1, sep))
        return 0;
    bool day_first = a > 12 || (b <= 12 && (n->british || sep == '.'));
    return say_full_date(n, ora_en_integer(n, i + 4), day_first ? b : a, day_first ? a : b, 5);
}

/* "3 May 1821", "3rd May", "5 Sept. 2020" */
size_t ora_rule_day_month(struct ora_en *n, size_t i)
{
    long day = ora_en_integer(n, i);
    size_t at = i + 1, month_tokens, year;
    if (day < 1 || day > 31 || ora_en_at(n, i)->len > 2 || ora_en_mark(n, i - 1, '.') ||
        ora_en_mark(n, i - 1, ','))
        return 0;
    at += ora_en_word_in(n, at, " st nd rd th ");
    if (!ora_en_is(n, at, ORA_TOKEN_SPACE))
        return 0;
    int month = month_at(n, at + 1, &month_tokens);
    if (!month)
        return 0;
    at += 1 + month_tokens;
    if (!ora_en_word(n, ora_en_previous(n, i), "the"))
        ora_en_say(n, "the");
    ora_en_ordinal(ora_en_out(n), (uint64_t)day, false);
    ora_en_say(n, "of");
    ora_en_say(n, months[month - 1]);
    size_t used = year_after(n, at, &year);
    if (used) {
        if (ora_en_mark(n, at, ','))
            ora_str_addc(n->out, ',');
        say_year(n, ora_en_integer(n, year));
    }
    return at + used - i;
}

static bool is_day(const struct ora_en *n, size_t i)
{
    long day = ora_en_integer(n, i);
    return day >= 1 && day <= 31 && ora_en_at(n, i)->len <= 2;
}

/* What may follow "May 3" when it is a date: no clock, decimal, percentage or unit. */
static bool ends_day(const struct ora_en *n, size_t i)
{
    if (ora_en_is(n, i, ORA_TOKEN_WORD))
        return ora_en_word_in(n, i, " st nd rd th ");
    if ((ora_en_mark(n, i, '.') || ora_en_mark(n, i, ':') || ora_en_mark(n, i, ',')) &&
        ora_en_is(n, i + 1, ORA_TOKEN_NUMBER))
        return false;
    return !ora_en_mark(n, i, '%') && !ora_en_mark(n, i, '/') && !ora_en_mark(n, i, 0xB0);
}

static size_t month_and_year(struct ora_en *n, int month, size_t at)
{
    if (!ora_en_is_year(n, at + 1) || ora_en_is(n, at + 2, ORA_TOKEN_WORD) || ora_en_mark(n, at + 2, ':'))
        return 0;
    ora_en_say(n, months[month - 1]);
    say_year(n, ora_en_integer(n, at + 1));
    return at + 2;
}

/* "May 3, 1821", "May 3rd", "Jan. 6", "May 3–5", "May 1821" */
size_t ora_rule_month_day(struct ora_en *n, size_t i)
{
    size_t month_tokens, year, at;
    int month = month_at(n, i, &month_tokens);
    at = i + month_tokens;
    if (!month || !ora_en_is(n, at, ORA_TOKEN_SPACE))
        return 0;
    if (!is_day(n, at + 1)) {
        size_t end = month_and_year(n, month, at);
        return end ? end - i : 0;
    }
    if (!ends_day(n, at + 2))
        return 0;
    ora_en_say(n, months[month - 1]);
    if (n->british)
        ora_en_say(n, "the");
    ora_en_ordinal(ora_en_out(n), (uint64_t)ora_en_integer(n, at + 1), false);
    at += 2 + ora_en_word_in(n, at + 2, " st nd rd th ");
    if ((ora_en_mark(n, at, '-') || ora_en_mark(n, at, 0x2013)) && is_day(n, at + 1) && ends_day(n, at + 2)) {
        ora_en_say(n, "to");
        ora_en_ordinal(ora_en_out(n), (uint64_t)ora_en_integer(n, at + 1), false);
        at += 2 + ora_en_word_in(n, at + 2, " st nd rd th ");
    }
    size_t used = year_after(n, at, &year);
    if (used) {
        ora_str_add(n->out, ora_en_mark(n, at, ',') ? "," : "");
        say_year(n, ora_en_integer(n, year));
    }
    return at + used - i;
}

/* "Mon. 3 May", "Sat., 5 May": a short weekday before a date. */
size_t ora_rule_weekday(struct ora_en *n, size_t i)
{
    static const struct {
        const char *shorter, *day;
    } days[] = {{"Mon", "Monday"},   {"Tue", "Tuesday"},   {"Tues", "Tuesday"},   {"Wed", "Wednesday"},
                {"Thu", "Thursday"}, {"Thur", "Thursday"}, {"Thurs", "Thursday"}, {"Fri", "Friday"},
                {"Sat", "Saturday"}, {"Sun", "Sunday"}};
    size_t at = i + 1 + ora_en_mark(n, i + 1, '.'), next = at + ora_en_mark(n, at, ','), tokens;
    if (!ora_en_capital(n, i) || !ora_en_is(n, next, ORA_TOKEN_SPACE) ||
        !(is_day(n, next + 1) || month_at(n, next + 1, &tokens)))
        return 0;
    for (size_t k = 0; k < sizeof days / sizeof *days; k++) {
        if (ora_en_word_exact(n, i, days[k].shorter)) {
            ora_en_say(n, days[k].day);
            return at - i;
        }
    }
    return 0;
}

/* "am", "p.m.", "PM" at token i; returns its tokens and which. The last dot stays when it may end the
 * sentence. */
static size_t half_of_day(const struct ora_en *n, size_t i, const char **said, bool *stop)
{
    size_t at = i + ora_en_is(n, i, ORA_TOKEN_SPACE), tokens = 0;
    *stop = false;
    if (ora_en_word(n, at, "am") || ora_en_word(n, at, "pm")) {
        *said = ora_en_word(n, at, "am") ? "AM" : "PM";
        tokens = 1;
    } else if ((ora_en_word(n, at, "a") || ora_en_word(n, at, "p")) && ora_en_mark(n, at + 1, '.') &&
               ora_en_word(n, at + 2, "m")) {
        *said = ora_en_word(n, at, "a") ? "AM" : "PM";
        tokens = 3;
        if (ora_en_mark(n, at + 3, '.')) {
            *stop = ora_en_dot_ends(n, at + 3);
            tokens = 4;
        }
    }
    return tokens ? at - i + tokens : 0;
}

static void say_minutes(struct ora_en *n, long minutes)
{
    if (minutes < 10)
        ora_en_say(n, "oh");
    ora_en_cardinal(ora_en_out(n), (uint64_t)minutes, false);
}

static void say_clock(struct ora_en *n, long hour, long minutes, bool half)
{
    if (hour == 0 && minutes == 0 && !half) {
        ora_en_say(n, "midnight");
        return;
    }
    ora_en_cardinal(ora_en_out(n), (uint64_t)hour, false);
    if (minutes)
        say_minutes(n, minutes);
    else if (!half)
        ora_en_say(n, hour <= 12 ? "o'clock" : "hundred");
}

/* "10:30", "10:05 a.m.", "17:45", "10:30:15" */
size_t ora_rule_time(struct ora_en *n, size_t i)
{
    long hour = ora_en_integer(n, i), minutes = ora_en_integer(n, i + 2), seconds = -1;
    const char *half = NULL;
    bool stop = false;
    if (!ora_en_mark(n, i + 1, ':') || hour < 0 || hour > 24 || ora_en_at(n, i)->len > 2 || minutes < 0 ||
        minutes > 59 || ora_en_at(n, i + 2)->len != 2 || ora_en_mark(n, i - 1, ':') ||
        ora_en_mark(n, i - 1, '.'))
        return 0;
    size_t at = i + 3;
    if (ora_en_mark(n, at, ':') && ora_en_is(n, at + 1, ORA_TOKEN_NUMBER)) {
        seconds = ora_en_integer(n, at + 1);
        if (seconds < 0 || seconds > 59 || ora_en_at(n, at + 1)->len != 2)
            return 0;
        at += 2;
    }
    size_t used = half_of_day(n, at, &half, &stop);
    say_clock(n, hour, minutes, half || seconds > 0);
    if (seconds > 0) {
        ora_en_say(n, "and");
        ora_en_cardinal(ora_en_out(n), (uint64_t)seconds, false);
        ora_en_say(n, seconds == 1 ? "second" : "seconds");
    }
    if (half)
        ora_en_say(n, half);
    if (stop)
        ora_str_addc(n->out, '.');
    return at + used - i;
}

/* "5pm", "5 p.m.", "12 AM" */
size_t ora_rule_hour(struct ora_en *n, size_t i)
{
    long hour = ora_en_integer(n, i);
    const char *half = NULL;
    bool stop = false;
    if (hour < 1 || hour > 12 || ora_en_at(n, i)->len > 2 || ora_en_mark(n, i - 1, ':') ||
        ora_en_mark(n, i - 1, '.') || ora_en_mark(n, i - 1, ','))
        return 0;
    size_t used = half_of_day(n, i + 1, &half, &stop);
    if (!used ||
        (ora_en_word_exact(n, i + 2, "am") && used == 2 && ora_en_word_in(n, i + 4, " i not the a ")))
        return 0;
    ora_en_cardinal(ora_en_out(n), (uint64_t)hour, false);
    ora_en_say(n, half);
    if (stop)
        ora_str_addc(n->out, '.');
    return 1 + used;
}
