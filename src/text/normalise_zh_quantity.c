/* Amounts: money, percent, fractions, ratios, ranges, ordinals, numbers with what they count. */
#include <stdlib.h>
#include <string.h>

#include "text/chars.h"

#include "text/normalise_zh_rules.h"

/* "万", "亿", "k": behind a number of money; its code points, and what is said or by how many places the
 * number is larger. */
struct magnitude {
    const char *sign, *said;
    unsigned places;
};

static size_t magnitude(const struct ora_zh *z, size_t i, const struct magnitude **found)
{
    static const struct magnitude words[] = {{"万亿", "万亿", 0}, {"百万", "百万", 0}, {"千万", "千万", 0},
                                             {"百亿", "百亿", 0}, {"千亿", "千亿", 0}, {"万", "万", 0},
                                             {"亿", "亿", 0},     {"千", "千", 0},     {"k", "", 3},
                                             {"K", "", 3},        {"M", "", 6},        {"B", "", 9},
                                             {"million", "", 6},  {"billion", "", 9}};
    size_t space = ora_zh_at(z, i) == ' ';
    *found = NULL;
    for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
        size_t n = ora_zh_is(z, i, words[k].sign);
        if (!n && space && ora_zh_is(z, i + 1, words[k].sign) > 2)
            n = 1 + ora_zh_is(z, i + 1, words[k].sign);
        if (n && !(ora_zh_latin(z, i + n - 1) && ora_zh_latin(z, i + n))) {
            *found = &words[k];
            return n;
        }
    }
    return 0;
}

/* 1.5 with 6 places more: 1500000. False where that is no whole number of a size that has a name. */
static bool enlarge(struct ora_zh_number *n, unsigned places)
{
    size_t len = strlen(n->whole), fraction = strlen(n->fraction);
    if (!places || fraction > places || len + places > 16 || !n->is_cardinal)
        return false;
    memcpy(n->whole + len, n->fraction, fraction);
    memset(n->whole + len + fraction, '0', places - fraction);
    n->whole[len + places] = '\0';
    n->fraction[0] = '\0';
    n->value = strtoull(n->whole, NULL, 10);
    return true;
}

static void say_large(struct ora_zh *z, struct ora_zh_number n, const struct magnitude *m)
{
    static const char *const names[] = {[3] = "千", [6] = "百万", [9] = "十亿"};
    bool large = m && enlarge(&n, m->places);
    ora_zh_say_count(z, &n);
    if (m && !large)
        ora_zh_say(z, m->places ? names[m->places] : m->said);
}

/* ---- money
 * -------------------------------------------------------------------------------------------------- */

static const struct {
    const char *sign, *name;
} currencies[] = {{"HK$", "港元"}, {"US$", "美元"}, {"NT$", "新台币"}, {"A$", "澳元"},
                  {"C$", "加元"},  {"S$", "新元"},  {"$", "美元"},     {"¥", "元"},
                  {"€", "欧元"},   {"£", "英镑"},   {"₩", "韩元"},     {"₽", "卢布"},
                  {"₹", "卢比"},   {"฿", "泰铢"},   {"₫", "越南盾"},   {"₿", "比特币"}};

static const struct {
    const char *code, *name;
} codes[] = {{"RMB", "元"},   {"CNY", "元"},   {"USD", "美元"}, {"EUR", "欧元"},
             {"GBP", "英镑"}, {"JPY", "日元"}, {"HKD", "港元"}, {"TWD", "新台币"},
             {"KRW", "韩元"}, {"AUD", "澳元"}, {"CAD", "加元"}, {"CHF", "瑞士法郎"}};

static const char *sign_at(const struct ora_zh *z, size_t i, size_t *n)
{
    for (size_t k = 0; k < sizeof currencies / sizeof *currencies; k++)
        if ((*n = ora_zh_is(z, i, currencies[k].sign)))
            return currencies[k].name;
    return NULL;
}

static const char *code_at(const struct ora_zh *z, size_t i, size_t *n)
{
    for (size_t k = 0; k < sizeof codes / sizeof *codes; k++)
        if ((*n = ora_zh_is(z, i, codes[k].code)) && !ora_zh_latin(z, i + *n))
            return codes[k].name;
    *n = 0;
    return NULL;
}

/* A number with its magnitude, perhaps a range of two; the end. */
static size_t say_amount(struct ora_zh *z, const struct ora_zh_number *first)
{
    struct ora_zh_number b;
    const struct magnitude *times;
    size_t n = magnitude(z, first->end, &times), at = first->end + n, sign;
    say_large(z, *first, times);
    if (ora_zh_dash(z, at) && (ora_zh_digit(z, at + 1) || sign_at(z, at + 1, &sign))) {
        sign_at(z, at + 1, &sign);
        if (ora_zh_number_at(z, at + 1 + sign, &b)) {
            n = magnitude(z, b.end, &times);
            ora_zh_say(z, "到");
            say_large(z, b, times);
            at = b.end + n;
        }
    }
    return at;
}

static size_t money(struct ora_zh *z, size_t i, size_t number, const char *name)
{
    struct ora_zh_number a;
    size_t minus = ora_zh_minus(z, number);
    if (!ora_zh_number_at(z, number + minus, &a))
        return 0;
    if (minus)
        ora_zh_say(z, "负");
    size_t at = say_amount(z, &a), skip = ora_zh_is(z, at, name);
    ora_zh_say(z, name);
    if (!skip)
        skip = ora_zh_in(z, at, "元 圆 块钱");
    z->quantity = ORA_ZH_QUANTITY;
    return at + skip - i;
}

/* "¥100", "$5.5万", "€20-30" */
size_t ora_zh_rule_money(struct ora_zh *z, size_t i)
{
    size_t n;
    const char *name = sign_at(z, i, &n);
    if (!name || (n > 1 && ora_zh_latin(z, i - 1)))
        return 0;
    return money(z, i, i + n + (ora_zh_at(z, i + n) == ' '), name);
}

/* "USD 100"; "100 USD" is found by the number. */
size_t ora_zh_rule_money_code(struct ora_zh *z, size_t i)
{
    size_t n;
    const char *name = ora_zh_latin(z, i - 1) ? NULL : code_at(z, i, &n);
    return name ? money(z, i, i + n + (ora_zh_at(z, i + n) == ' '), name) : 0;
}

/* ---- percent, fractions, ratios
 * ----------------------------------------------------------------------------- */

static const char *percent_at(const struct ora_zh *z, size_t i)
{
    uint32_t cp = ora_zh_at(z, i);
    return cp == '%' ? "百分之" : cp == 0x2030 ? "千分之" : cp == 0x2031 ? "万分之" : NULL;
}

/* "3.2%", "10-20%", "10%~20%", "5‰" */
size_t ora_zh_rule_percent(struct ora_zh *z, size_t i)
{
    struct ora_zh_number a, b;
    if (!ora_zh_number_at(z, i, &a))
        return 0;
    a.end += ora_zh_at(z, a.end) == ' ' && percent_at(z, a.end + 1);
    const char *first = percent_at(z, a.end);
    size_t at = a.end + (first != NULL), negative = ora_zh_minus(z, at + 1);
    bool range = ora_zh_dash(z, at) && ora_zh_number_at(z, at + 1 + negative, &b) && percent_at(z, b.end);
    if (!first && !range)
        return 0;
    ora_zh_say(z, first ? first : percent_at(z, b.end));
    ora_zh_say_number(z, &a);
    if (!range)
        return at - i;
    ora_zh_say(z, "到");
    if (negative)
        ora_zh_say(z, "负");
    if (first)
        ora_zh_say(z, percent_at(z, b.end));
    ora_zh_say_number(z, &b);
    return b.end + 1 - i;
}

static bool whole_at(const struct ora_zh *z, size_t i, struct ora_zh_number *n)
{
    return ora_zh_number_at(z, i, n) && n->is_cardinal && !n->fraction[0] && n->end - i <= 7;
}

bool ora_zh_in_sum(const struct ora_zh *z, size_t i)
{
    for (size_t k = 0; k < 24; k++) {
        uint32_t cp = ora_zh_at(z, i + k);
        if (cp == '=')
            return true;
        if (!(cp < 128 && strchr("0123456789+-*/. ()", (int)cp) && cp) && cp != 0xD7 && cp != 0xF7)
            break;
    }
    for (size_t k = 1; k < 24 && k <= i; k++) {
        uint32_t cp = ora_zh_at(z, i - k);
        if (cp == '=')
            return true;
        if (!(cp < 128 && strchr("0123456789+-*/. ()", (int)cp) && cp) && cp != 0xD7 && cp != 0xF7)
            break;
    }
    return false;
}

static void say_fraction(struct ora_zh *z, const struct ora_zh_number *over,
                         const struct ora_zh_number *under)
{
    ora_zh_say_number(z, under);
    ora_zh_say(z, "分之");
    ora_zh_say_number(z, over);
}

/* "1/2", "3 1/4" */
size_t ora_zh_rule_fraction(struct ora_zh *z, size_t i)
{
    struct ora_zh_number a, b, c;
    if (!whole_at(z, i, &a) || ora_zh_latin(z, i - 1) || ora_zh_at(z, i - 1) == '/' || ora_zh_in_sum(z, i))
        return 0;
    if (ora_zh_at(z, a.end) == ' ' && whole_at(z, a.end + 1, &b) && ora_zh_at(z, b.end) == '/' &&
        whole_at(z, b.end + 1, &c) && b.value < c.value && !ora_zh_latin(z, c.end)) {
        ora_zh_say_number(z, &a);
        ora_zh_say(z, "又");
        say_fraction(z, &b, &c);
        return c.end - i;
    }
    if (ora_zh_at(z, a.end) != '/' || !whole_at(z, a.end + 1, &b) || !b.value || ora_zh_at(z, b.end) == '/' ||
        ora_zh_latin(z, b.end))
        return 0;
    if (a.value <= b.value) {
        say_fraction(z, &a, &b);
        return b.end - i;
    }
    /* "5/1放假" is a day; "120/80" is how blood pressure is told. */
    bool day = a.value <= 12 && b.value <= 31 && !a.fraction[0];
    ora_zh_say_number(z, &a);
    ora_zh_say(z, day ? "月" : "比");
    ora_zh_say_number(z, &b);
    ora_zh_say(z, day ? "日" : "");
    return b.end - i;
}

/* "½", "2½" */
size_t ora_zh_rule_vulgar(struct ora_zh *z, size_t i)
{
    static const struct {
        uint32_t cp;
        const char *said;
    } signs[] = {{0xBC, "四分之一"},   {0xBD, "二分之一"},   {0xBE, "四分之三"},   {0x2153, "三分之一"},
                 {0x2154, "三分之二"}, {0x2155, "五分之一"}, {0x2156, "五分之二"}, {0x2157, "五分之三"},
                 {0x2158, "五分之四"}, {0x2159, "六分之一"}, {0x215A, "六分之五"}, {0x215B, "八分之一"},
                 {0x215C, "八分之三"}, {0x215D, "八分之五"}, {0x215E, "八分之七"}};
    struct ora_zh_number a;
    size_t at = whole_at(z, i, &a) ? a.end : i;
    for (size_t k = 0; k < sizeof signs / sizeof *signs; k++) {
        if (ora_zh_at(z, at) != signs[k].cp)
            continue;
        if (at > i) {
            ora_zh_say_number(z, &a);
            ora_zh_say(z, "又");
        }
        ora_zh_say(z, signs[k].said);
        z->quantity = ORA_ZH_QUANTITY;
        return at + 1 - i;
    }
    return 0;
}

/* "3:2", "3:2:1", "1:1000", and "比分3-2" */
size_t ora_zh_rule_ratio(struct ora_zh *z, size_t i)
{
    struct ora_zh_number n;
    static const char scores[] = "比分 以 战胜 大胜 击败 险胜 战平 总分 比赛";
    if (ora_zh_latin(z, i - 1) || !ora_zh_number_at(z, i, &n))
        return 0;
    bool score = ora_zh_minus(z, n.end) && ora_zh_digits_end(z, n.end + 1) <= n.end + 4 && n.end - i <= 3 &&
                 ora_zh_before(z, i, 6, scores) && !ora_zh_counts(z, ora_zh_digits_end(z, n.end + 1));
    if (!(ora_zh_colon(z, n.end) || score) || !ora_zh_digit(z, n.end + 1))
        return 0;
    ora_zh_say_number(z, &n);
    while ((ora_zh_colon(z, n.end) || (score && ora_zh_minus(z, n.end))) &&
           ora_zh_number_at(z, n.end + 1, &n)) {
        ora_zh_say(z, "比");
        ora_zh_say_number(z, &n);
    }
    return n.end - i;
}

/* ---- ranges, ordinals, what is counted
 * ---------------------------------------------------------------------- */

/* A number's unit or counter said; the end. "每小时" has gone before the number. */
static size_t counted(struct ora_zh *z, const struct ora_zh_number *n)
{
    const char *name = NULL, *per = NULL;
    size_t space = ora_zh_at(z, n->end) == ' ', unit = ora_zh_unit(z, n->end + space, &name, &per), code;
    bool before = per && ora_zh_is(z, n->end + space, "m/s²") + ora_zh_is(z, n->end + space, "m/s2") == 0 &&
                  (!strcmp(per, "小时") || !strcmp(per, "秒") || !strcmp(per, "分钟"));
    if (!unit) {
        const char *money_name = code_at(z, n->end + space, &code);
        if (money_name && code) {
            ora_zh_say_count(z, n);
            ora_zh_say(z, money_name);
            z->quantity = ORA_ZH_QUANTITY;
            return n->end + space + code;
        }
        bool liang = ora_zh_counts(z, n->end) || (space && ora_zh_counts(z, n->end + 1));
        (liang ? ora_zh_say_count : ora_zh_say_number)(z, n);
        return n->end;
    }
    if (before) {
        ora_zh_say(z, "每");
        ora_zh_say(z, per);
    }
    ora_zh_say_count(z, n);
    ora_zh_say(z, name);
    if (per && !before) {
        ora_zh_say(z, "每");
        ora_zh_say(z, per);
    }
    z->quantity = ORA_ZH_QUANTITY;
    return n->end + space + unit;
}

/* "10~20", "10-20人", "3-5km"; "图5-3" is no range. */
size_t ora_zh_rule_range(struct ora_zh *z, size_t i)
{
    struct ora_zh_number a, b;
    if (!ora_zh_number_at(z, i, &a) || !ora_zh_dash(z, a.end) || !ora_zh_number_at(z, a.end + 1, &b) ||
        (ora_zh_latin(z, i - 1) && !ora_zh_latin(z, b.end)) || ora_zh_in_sum(z, i) ||
        (ora_zh_minus(z, b.end) && ora_zh_digit(z, b.end + 1)))
        return 0;
    if (ora_zh_minus(z, a.end) && ora_zh_before(z, i, 2, "图 表 例 式 题 楼 栋 幢 单元")) {
        ora_zh_say_number(z, &a);
        ora_zh_say(z, "杠");
        ora_zh_say_number(z, &b);
        return b.end - i;
    }
    if (ora_zh_at(z, i - 1) == '(' && a.end - i == 4 && b.end - a.end == 5 && a.value >= 1000 &&
        a.value < b.value && b.value < 2100) { /* "(1939-1945)": years */
        ora_zh_say_digits(z, i, a.end, false);
        ora_zh_say(z, "到");
        ora_zh_say_digits(z, a.end + 1, b.end, false);
        return b.end - i;
    }
    bool liang = ora_zh_counts(z, b.end);
    (liang ? ora_zh_say_count : ora_zh_say_number)(z, &a);
    ora_zh_say(z, "到");
    return counted(z, &b) - i;
}

/* "第3章", "No.5", "1st" */
size_t ora_zh_rule_ordinal(struct ora_zh *z, size_t i)
{
    struct ora_zh_number n;
    size_t prefix = ora_zh_is(z, i, "第");
    if (prefix) {
        size_t space = ora_zh_at(z, i + 1) == ' ';
        if (!whole_at(z, i + 1 + space, &n))
            return 0;
        ora_zh_say(z, "第");
        ora_zh_say_number(z, &n);
        return n.end - i;
    }
    prefix = ora_zh_latin(z, i - 1) ? 0 : ora_zh_in(z, i, "No. NO. no. Nº № #");
    if (prefix && whole_at(z, i + prefix + (ora_zh_at(z, i + prefix) == ' '), &n) &&
        !ora_zh_latin(z, n.end)) {
        ora_zh_say_number(z, &n);
        if (!ora_zh_is(z, n.end, "号"))
            ora_zh_say(z, "号");
        return n.end - i;
    }
    if (!whole_at(z, i, &n) || ora_zh_latin(z, i - 1))
        return 0;
    size_t suffix = ora_zh_in(z, n.end, "st nd rd th");
    if (!suffix || ora_zh_latin(z, n.end + suffix))
        return 0;
    ora_zh_say(z, "第");
    ora_zh_say_number(z, &n);
    return n.end + suffix - i;
}

void ora_zh_say_item(struct ora_zh *z, uint64_t v)
{
    size_t start;
    uint32_t last = z->out->len > z->base ? ora_cp_before(z->out->data, z->out->len, &start) : '.';
    if (ora_cp_is_cjk(last) && last != 0x3001)
        ora_str_addc(z->out, ',');
    ora_zh_say_value(z, v);
    ora_zh_say(z, "、");
    z->quantity = 0;
}

/* "1. 首先", "2）其次" at the start of a text or a part of it: the number of an item. */
static size_t item_number(struct ora_zh *z, size_t i)
{
    struct ora_zh_number n;
    uint32_t before = ora_zh_at(z, i - 1);
    if ((before && before != ' ' && before != 0x3002) || !whole_at(z, i, &n) || n.end - i > 2)
        return 0;
    size_t after = n.end + 1, space = ora_zh_at(z, after) == ' ';
    if (!(ora_zh_at(z, n.end) == ')' || ora_zh_at(z, n.end) == '.') || !ora_zh_han(z, after + space))
        return 0;
    ora_zh_say_item(z, n.value);
    return after + space - i;
}

size_t ora_zh_rule_quantity(struct ora_zh *z, size_t i)
{
    struct ora_zh_number n;
    size_t item = item_number(z, i);
    if (item)
        return item;
    if (!ora_zh_number_at(z, i, &n)) {
        /* Longer than any number: its digits. */
        size_t end = ora_zh_digits_end(z, i);
        if (end > i)
            ora_zh_say_digits(z, i, end, true);
        return end - i;
    }
    return counted(z, &n) - i;
}
