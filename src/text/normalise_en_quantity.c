/* Quantities in English text: plain numbers, ranges, dimensions, units, signs. */
#include <string.h>

#include "text/normalise_en.h"
#include "text/normalise_number.h"

/* Symbols of units, exactly as written. Those that are also words or ranks ("in", "A", "s") are left out. */
static const struct unit {
    const char *symbol, *one, *many, *british_one, *british_many;
} units[] = {
    {"km", "kilometer", "kilometers", "kilometre", "kilometres"},
    {"m", "meter", "meters", "metre", "metres"},
    {"cm", "centimeter", "centimeters", "centimetre", "centimetres"},
    {"mm", "millimeter", "millimeters", "millimetre", "millimetres"},
    {"nm", "nanometer", "nanometers", "nanometre", "nanometres"},
    {"mi", "mile", "miles", NULL, NULL},
    {"ft", "foot", "feet", NULL, NULL},
    {"yd", "yard", "yards", NULL, NULL},
    {"yds", "yard", "yards", NULL, NULL},
    {"kg", "kilogram", "kilograms", NULL, NULL},
    {"g", "gram", "grams", NULL, NULL},
    {"mg", "milligram", "milligrams", NULL, NULL},
    {"lb", "pound", "pounds", NULL, NULL},
    {"lbs", "pound", "pounds", NULL, NULL},
    {"oz", "ounce", "ounces", NULL, NULL},
    {"l", "liter", "liters", "litre", "litres"},
    {"L", "liter", "liters", "litre", "litres"},
    {"ml", "milliliter", "milliliters", "millilitre", "millilitres"},
    {"mL", "milliliter", "milliliters", "millilitre", "millilitres"},
    {"cl", "centiliter", "centiliters", "centilitre", "centilitres"},
    {"ha", "hectare", "hectares", NULL, NULL},
    {"mph", "mile per hour", "miles per hour", NULL, NULL},
    {"kph", "kilometer per hour", "kilometers per hour", "kilometre per hour", "kilometres per hour"},
    {"km/h", "kilometer per hour", "kilometers per hour", "kilometre per hour", "kilometres per hour"},
    {"m/s", "meter per second", "meters per second", "metre per second", "metres per second"},
    {"rpm", "revolution per minute", "revolutions per minute", NULL, NULL},
    {"bpm", "beat per minute", "beats per minute", NULL, NULL},
    {"ms", "millisecond", "milliseconds", NULL, NULL},
    {"sec", "second", "seconds", NULL, NULL},
    {"secs", "second", "seconds", NULL, NULL},
    {"min", "minute", "minutes", NULL, NULL},
    {"mins", "minute", "minutes", NULL, NULL},
    {"hr", "hour", "hours", NULL, NULL},
    {"hrs", "hour", "hours", NULL, NULL},
    {"yr", "year", "years", NULL, NULL},
    {"yrs", "year", "years", NULL, NULL},
    {"Hz", "hertz", "hertz", NULL, NULL},
    {"kHz", "kilohertz", "kilohertz", NULL, NULL},
    {"MHz", "megahertz", "megahertz", NULL, NULL},
    {"GHz", "gigahertz", "gigahertz", NULL, NULL},
    {"KB", "kilobyte", "kilobytes", NULL, NULL},
    {"kB", "kilobyte", "kilobytes", NULL, NULL},
    {"MB", "megabyte", "megabytes", NULL, NULL},
    {"GB", "gigabyte", "gigabytes", NULL, NULL},
    {"TB", "terabyte", "terabytes", NULL, NULL},
    {"PB", "petabyte", "petabytes", NULL, NULL},
    {"KiB", "kibibyte", "kibibytes", NULL, NULL},
    {"MiB", "mebibyte", "mebibytes", NULL, NULL},
    {"GiB", "gibibyte", "gibibytes", NULL, NULL},
    {"Mbps", "megabit per second", "megabits per second", NULL, NULL},
    {"Gbps", "gigabit per second", "gigabits per second", NULL, NULL},
    {"Mb/s", "megabit per second", "megabits per second", NULL, NULL},
    {"MB/s", "megabyte per second", "megabytes per second", NULL, NULL},
    {"Mbit/s", "megabit per second", "megabits per second", NULL, NULL},
    {"Gbit/s", "gigabit per second", "gigabits per second", NULL, NULL},
    {"V", "volt", "volts", NULL, NULL},
    {"kV", "kilovolt", "kilovolts", NULL, NULL},
    {"mV", "millivolt", "millivolts", NULL, NULL},
    {"W", "watt", "watts", NULL, NULL},
    {"kW", "kilowatt", "kilowatts", NULL, NULL},
    {"MW", "megawatt", "megawatts", NULL, NULL},
    {"GW", "gigawatt", "gigawatts", NULL, NULL},
    {"kWh", "kilowatt hour", "kilowatt hours", NULL, NULL},
    {"mAh", "milliamp hour", "milliamp hours", NULL, NULL},
    {"dB", "decibel", "decibels", NULL, NULL},
    {"Pa", "pascal", "pascals", NULL, NULL},
    {"hPa", "hectopascal", "hectopascals", NULL, NULL},
    {"kPa", "kilopascal", "kilopascals", NULL, NULL},
    {"psi", "pound per square inch", "pounds per square inch", NULL, NULL},
    {"kcal", "kilocalorie", "kilocalories", NULL, NULL},
    {"kJ", "kilojoule", "kilojoules", NULL, NULL},
    {"px", "pixel", "pixels", NULL, NULL},
    {"dpi", "dot per inch", "dots per inch", NULL, NULL},
    {"fps", "frame per second", "frames per second", NULL, NULL},
    {"Ω", "ohm", "ohms", NULL, NULL},
    {"sq ft", "square foot", "square feet", NULL, NULL},
    {"sq km", "square kilometer", "square kilometers", "square kilometre", "square kilometres"},
    {"sq mi", "square mile", "square miles", NULL, NULL},
};

/* The longest unit that starts at token i and ends with a token; *tokens: how many it takes. */
static const struct unit *unit_at(const struct ora_en *n, size_t i, size_t *tokens)
{
    const struct unit *best = NULL;
    size_t best_len = 0;
    const struct ora_token *t = ora_en_at(n, i);
    if (t->kind != ORA_TOKEN_WORD)
        return NULL;
    for (size_t k = 0; k < sizeof units / sizeof *units; k++) {
        size_t l = strlen(units[k].symbol), used = 0, at = t->start;
        if (l <= best_len || n->len - at < l || memcmp(n->text + at, units[k].symbol, l) != 0)
            continue;
        while (at < t->start + l)
            at += ora_en_at(n, i + used++)->len;
        if (at != t->start + l || ora_en_is(n, i + used, ORA_TOKEN_NUMBER))
            continue;
        best = &units[k];
        best_len = l;
        *tokens = used;
    }
    return best;
}

/* ² or 2 after a unit of length, read before it: "square meters". Returns "square ", "cubic " or "". */
static const char *power_at(const struct ora_en *n, size_t i)
{
    if (ora_en_mark(n, i, 0xB2))
        return "square ";
    if (ora_en_mark(n, i, 0xB3))
        return "cubic ";
    return "";
}

static bool is_length(const struct unit *u)
{
    static const char *const lengths[] = {"km", "m", "cm", "mm", "mi", "ft", "yd"};
    for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++)
        if (!strcmp(u->symbol, lengths[k]))
            return true;
    return false;
}

/* "m2" with an ordinary digit is a square metre only after a number. */
static const char *digit_power(const struct ora_en *n, size_t unit, size_t after)
{
    if (after == unit + 1 && ora_en_integer(n, after) == 2 && ora_en_at(n, after)->len == 1 &&
        !ora_en_is(n, after + 1, ORA_TOKEN_WORD))
        return "square ";
    if (after == unit + 1 && ora_en_integer(n, after) == 3 && ora_en_at(n, after)->len == 1 &&
        !ora_en_is(n, after + 1, ORA_TOKEN_WORD))
        return "cubic ";
    return "";
}

static size_t degrees(struct ora_en *n, size_t i, const struct ora_amount *a)
{
    size_t space = ora_en_is(n, i, ORA_TOKEN_SPACE);
    if (!ora_en_mark(n, i + space, 0xB0))
        return 0;
    size_t scale = i + space + 1 + ora_en_is(n, i + space + 1, ORA_TOKEN_SPACE);
    const char *name = ora_en_word_exact(n, scale, "C")   ? " Celsius"
                       : ora_en_word_exact(n, scale, "F") ? " Fahrenheit"
                       : ora_en_word_exact(n, scale, "N") ? " north"
                       : ora_en_word_exact(n, scale, "S") ? " south"
                       : ora_en_word_exact(n, scale, "E") ? " east"
                       : ora_en_word_exact(n, scale, "W") ? " west"
                                                          : "";
    ora_en_say_amount(n, a);
    ora_en_say(n, ora_en_is_one(a) ? "degree" : "degrees");
    ora_str_add(n->out, name);
    return (name[0] ? scale + 1 : i + space + 1) - i;
}

static const char *name_of(const struct ora_en *n, const struct unit *u, bool one)
{
    if (n->british && u->british_one)
        return one ? u->british_one : u->british_many;
    return one ? u->one : u->many;
}

/* "m2" and "m²" need the unit before they are known; a plain unit is a whole word. */
static const struct unit *unit_and_power(const struct ora_en *n, size_t i, size_t *tokens, const char **power)
{
    const struct unit *u = unit_at(n, i, tokens);
    *power = "";
    if (u && is_length(u)) {
        *power = power_at(n, i + *tokens);
    } else if (!u && ora_en_is(n, i + 1, ORA_TOKEN_NUMBER)) {
        for (size_t k = 0; k < sizeof units / sizeof *units; k++)
            if (is_length(&units[k]) && ora_en_word_exact(n, i, units[k].symbol))
                u = &units[k];
        *tokens = 1;
        *power = u ? digit_power(n, i, i + 1) : "";
        if (!**power)
            u = NULL;
    }
    if (u && **power)
        *tokens += 1;
    return u;
}

/* Whether the number at token i comes behind feet: "5 ft. 10". */
static bool behind_feet(const struct ora_en *n, size_t i)
{
    size_t word = i - 2 - ora_en_mark(n, i - 2, '.');
    return ora_en_is(n, i - 1, ORA_TOKEN_SPACE) && ora_en_word_in(n, word, " ft foot feet ");
}

/* "2 in. tall": only with its dot, and only where the sentence goes on, or behind feet. */
static size_t inches(struct ora_en *n, size_t i, size_t at, const struct ora_amount *a)
{
    if (!ora_en_word_exact(n, at, "in") || !ora_en_mark(n, at + 1, '.'))
        return 0;
    bool goes_on =
        ora_en_is(n, at + 2, ORA_TOKEN_SPACE) && ora_en_attached(n, at + 3) && !ora_en_capital(n, at + 3);
    if (!goes_on && !behind_feet(n, i))
        return 0;
    ora_en_say_amount(n, a);
    ora_en_say(n, ora_en_is_one(a) ? "inch" : "inches");
    return a->tokens + 2 + !ora_en_dot_ends(n, at + 1);
}

/* "1.5m people", "10k users": a letter that counts rather than measures. */
static size_t magnitude(struct ora_en *n, size_t at, const struct ora_amount *a)
{
    const char *times = ora_en_word_exact(n, at, "k") || ora_en_word_exact(n, at, "K")   ? "thousand"
                        : ora_en_word_exact(n, at, "m") || ora_en_word_exact(n, at, "M") ? "million"
                        : ora_en_word_exact(n, at, "bn")                                 ? "billion"
                                                                                         : NULL;
    if (!times || !ora_en_is(n, at + 1, ORA_TOKEN_SPACE) || !ora_en_is_counted(n, at + 2))
        return 0;
    ora_en_say_amount(n, a);
    ora_en_say(n, times);
    return a->tokens + 1;
}

/* "5 km", "5km", "20 °C", "3.5%", "5-km" */
size_t ora_rule_unit(struct ora_en *n, size_t i)
{
    struct ora_amount a;
    size_t tokens = 0;
    const char *power = "";
    if (!ora_en_amount(n, i, &a))
        return 0;
    size_t at = i + a.tokens, used = degrees(n, at, &a);
    if (used)
        return a.tokens + used;
    if ((used = magnitude(n, at, &a)) != 0)
        return used;
    bool space = ora_en_is(n, at, ORA_TOKEN_SPACE), hyphen = ora_en_mark(n, at, '-');
    if (ora_en_mark(n, at + space, '%')) {
        ora_en_say_amount(n, &a);
        ora_en_say(n, n->british ? "per cent" : "percent");
        return a.tokens + space + 1;
    }
    const struct unit *u = unit_and_power(n, at + (space || hyphen), &tokens, &power);
    if (!u)
        return space ? inches(n, i, at + 1, &a) : 0;
    /* After a space a lone capital is more often a name or a grade than volts. */
    if (space && strlen(u->symbol) == 1 && strchr("VWL", u->symbol[0]) && a.value < 5)
        return 0;
    size_t end = at + (space || hyphen) + tokens;
    ora_en_say_amount(n, &a);
    ora_en_say(n, power);
    ora_str_add(n->out, name_of(n, u, hyphen || ora_en_is_one(&a)));
    /* "5 km." keeps the stop of a sentence; "5 ft. 3" loses the abbreviation's. */
    if (ora_en_mark(n, end, '.') && ora_en_is(n, end + 1, ORA_TOKEN_SPACE) &&
        ora_en_is(n, end + 2, ORA_TOKEN_WORD | ORA_TOKEN_NUMBER) && !ora_en_capital(n, end + 2))
        end++;
    if (ora_en_mark(n, end, '/') && ora_en_is(n, end + 1, ORA_TOKEN_WORD)) {
        ora_en_say(n, "per");
        end++;
    }
    return end - i;
}

/* "6'2\"" */
size_t ora_rule_height(struct ora_en *n, size_t i)
{
    long feet = ora_en_integer(n, i), inches = ora_en_integer(n, i + 2);
    if (feet < 1 || feet > 9 || inches < 0 || inches > 11 ||
        !(ora_en_mark(n, i + 1, '\'') || ora_en_mark(n, i + 1, 0x2019)))
        return 0;
    ora_en_cardinal(ora_en_out(n), (uint64_t)feet, false);
    ora_en_say(n, "foot");
    if (inches)
        ora_en_cardinal(ora_en_out(n), (uint64_t)inches, false);
    bool quote = ora_en_mark(n, i + 3, '"') || ora_en_mark(n, i + 3, 0x201D);
    return quote ? 4 : 3;
}

/* Whether what ends before `end` and starts at i stands free: no letter, hyphen or slash touches it. */
static bool free_standing(const struct ora_en *n, size_t i, size_t end)
{
    return !ora_en_mark(n, i - 1, '-') && !ora_en_mark(n, i - 1, '/') && !ora_en_mark(n, i - 1, '.') &&
           !ora_en_is(n, i - 1, ORA_TOKEN_WORD) && !ora_en_mark(n, end, '-') && !ora_en_mark(n, end, '/');
}

/* "10-20", "10 – 20", "1914–18": says the first number and "to"; the second is left to the rules that know
 * its unit. */
size_t ora_rule_range(struct ora_en *n, size_t i)
{
    struct ora_amount a, b;
    if (!ora_en_amount(n, i, &a))
        return 0;
    size_t at = i + a.tokens, space = ora_en_is(n, at, ORA_TOKEN_SPACE);
    bool hyphen = ora_en_mark(n, at + space, '-'), dash = ora_en_mark(n, at + space, 0x2013) ||
                                                          ora_en_mark(n, at + space, 0x2014) ||
                                                          (!space && ora_en_mark(n, at, '~'));
    size_t second = at + space + 1 + ora_en_is(n, at + space + 1, ORA_TOKEN_SPACE);
    if (!(hyphen || dash) || (second != at + 1 + 2 * space) || !ora_en_amount(n, second, &b) ||
        !free_standing(n, i, second + b.tokens))
        return 0;
    bool years = ora_en_is_year(n, i) &&
                 (ora_en_is_year(n, second) || (ora_en_at(n, second)->len == 2 && b.value > a.value % 100));
    bool rising = years || b.value > a.value || (b.value == a.value && (a.fraction[0] || b.fraction[0]));
    if (hyphen && !rising && !(a.value < 100 && b.value < 100))
        return 0;
    if (hyphen && !space && !rising && a.fraction[0] &&
        !b.fraction[0]) /* "2.05-1": a version and its revision */
        return 0;
    if (space && hyphen &&
        ora_en_mark(n, second + b.tokens + ora_en_is(n, second + b.tokens, ORA_TOKEN_SPACE), '=')) {
        ora_en_say_amount(n, &a);
        ora_en_say(n, "minus ");
        return second - i;
    }
    if (years)
        ora_en_year(ora_en_out(n), (unsigned)a.value, n->british);
    else
        ora_en_say_amount(n, &a);
    ora_en_say(n, "to ");
    return second - i;
}

/* "2x4", "1920×1080", "3 × 4" */
size_t ora_rule_by(struct ora_en *n, size_t i)
{
    struct ora_amount a, b;
    if (!ora_en_amount(n, i, &a))
        return 0;
    size_t at = i + a.tokens, space = ora_en_is(n, at, ORA_TOKEN_SPACE), cross = at + space;
    if (a.whole[0] == '0' && !space) /* "0x1F" */
        return 0;
    bool x = ora_en_word_exact(n, cross, "x"),
         times = ora_en_mark(n, cross, 0xD7) || ora_en_mark(n, cross, '*');
    if (!(x || times) || ora_en_is(n, cross + 1, ORA_TOKEN_SPACE) != (space != 0) ||
        !ora_en_amount(n, cross + 1 + space, &b))
        return 0;
    ora_en_say_amount(n, &a);
    /* A product with spaces and a real sign is arithmetic; sizes are written tight or with the letter. */
    ora_en_say(n, times && (space || ora_en_mark(n, cross, '*')) ? "times " : "by ");
    return cross + 1 + space - i;
}

/* "5", "1,234", "3.14", "007" */
size_t ora_rule_number(struct ora_en *n, size_t i)
{
    struct ora_amount a;
    const struct ora_token *t = ora_en_at(n, i);
    /* "A4": the letter alone would be read as the article. */
    if (ora_en_word(n, i - 1, "a"))
        return 0;
    size_t before = ora_en_previous(n, i);
    bool dialled =
        t->len <= 4 &&
        ora_en_word_in(n, before, " call dial calls called dialed dialled calling dialing dialling ");
    if (dialled || !ora_en_amount(n, i, &a)) {
        ora_en_digits(ora_en_out(n), n->text + t->start, t->len);
        return 1;
    }
    ora_en_say_amount(n, &a);
    /* "B-52s" */
    if (ora_en_word_exact(n, i + a.tokens, "s") && !ora_en_attached(n, i + a.tokens + 1) && a.spellable &&
        !a.fraction[0]) {
        ora_en_pluralise(n->out);
        return a.tokens + 1;
    }
    if (ora_en_mark(n, i + a.tokens, '-') && ora_en_is(n, i + a.tokens + 1, ORA_TOKEN_NUMBER)) {
        ora_en_say(n, "dash");
        return a.tokens + 1;
    }
    return a.tokens;
}

static bool starts_amount(const struct ora_en *n, size_t i)
{
    const struct ora_token *t = ora_en_at(n, i);
    bool money =
        t->kind == ORA_TOKEN_MARK && (t->cp == '$' || t->cp == 0xA3 || t->cp == 0x20AC || t->cp == 0xA5);
    return t->kind == ORA_TOKEN_NUMBER ||
           ((money || ora_en_mark(n, i, '.')) && ora_en_is(n, i + 1, ORA_TOKEN_NUMBER));
}

/* "-3%~5%", "20°C~25°C", "5km~10km": what stands between two quantities; with nothing before it means about.
 */
static bool is_tilde_range(const struct ora_en *n, size_t i, bool *minus)
{
    bool unit = ora_en_is(n, i - 1, ORA_TOKEN_WORD) &&
                (ora_en_is(n, i - 2, ORA_TOKEN_NUMBER) || ora_en_mark(n, i - 2, 0xB0));
    bool left = unit || ora_en_is(n, i - 1, ORA_TOKEN_NUMBER) || ora_en_mark(n, i - 1, '%') ||
                ora_en_mark(n, i - 1, 0xB0);
    *minus = ora_en_mark(n, i + 1, '-') || ora_en_mark(n, i + 1, 0x2212);
    return ora_en_mark(n, i, '~') && left && starts_amount(n, i + 1 + *minus);
}

/* "5%-10%", "9am-5pm", "3:16-18": what the range rule leaves. */
size_t ora_rule_to(struct ora_en *n, size_t i)
{
    bool minus;
    if (is_tilde_range(n, i, &minus)) {
        ora_en_say(n, minus ? "to minus " : "to ");
        return 1 + minus;
    }
    bool dash = ora_en_mark(n, i, '-') || ora_en_mark(n, i, 0x2013);
    bool left = ora_en_is(n, i - 1, ORA_TOKEN_NUMBER) || ora_en_mark(n, i - 1, '%') ||
                ora_en_word_in(n, i - 1, " am pm ") ||
                (ora_en_mark(n, i - 1, '.') && ora_en_word(n, i - 2, "m") && ora_en_mark(n, i - 3, '.'));
    if (!dash || !left || !starts_amount(n, i + 1))
        return 0;
    ora_en_say(n, "to ");
    return 1;
}

/* "16:9", "a ratio of 2:1", "Genesis 1:1": not a clock. */
size_t ora_rule_ratio(struct ora_en *n, size_t i)
{
    struct ora_amount a, b;
    if (!ora_en_amount(n, i, &a) || !ora_en_mark(n, i + a.tokens, ':') ||
        !ora_en_amount(n, i + a.tokens + 1, &b) || ora_en_mark(n, i - 1, ':') ||
        ora_en_mark(n, i + a.tokens + 1 + b.tokens, ':'))
        return 0;
    bool verse =
        ora_en_capital(n, ora_en_previous(n, i)) || (ora_en_mark(n, i - 2, '.') && ora_en_capital(n, i - 3));
    ora_en_say_amount(n, &a);
    ora_en_say(n, verse ? "" : "to ");
    return a.tokens + 1;
}

/* ".5" */
size_t ora_rule_point(struct ora_en *n, size_t i)
{
    bool after_minus =
        (ora_en_mark(n, i - 1, '-') || ora_en_mark(n, i - 1, 0x2212)) && ora_en_starts(n, i - 1);
    if (!ora_en_mark(n, i, '.') || !ora_en_is(n, i + 1, ORA_TOKEN_NUMBER) ||
        !(ora_en_starts(n, i) || after_minus))
        return 0;
    ora_en_say(n, "point");
    const struct ora_token *t = ora_en_at(n, i + 1);
    ora_en_digits(ora_en_out(n), n->text + t->start, t->len);
    return 2;
}

/* "-5", "−5°C", "5 − 2" */
size_t ora_rule_minus(struct ora_en *n, size_t i)
{
    const struct ora_token *t = ora_en_at(n, i);
    if (t->cp == 0x2212 && starts_amount(n, i + 1 + ora_en_is(n, i + 1, ORA_TOKEN_SPACE))) {
        ora_en_say(n, "minus");
        return 1 + ora_en_is(n, i + 1, ORA_TOKEN_SPACE);
    }
    if ((t->cp != '-' && t->cp != 0x2013) || !ora_en_starts(n, i) || !starts_amount(n, i + 1))
        return 0;
    ora_en_say(n, "minus");
    return 1;
}
