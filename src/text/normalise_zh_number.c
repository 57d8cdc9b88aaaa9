/*
 * Numbers in Mandarin. Four digits make a section (千 百 十), sections are 万, 亿 and 万亿; a gap of places
 * is one 零; a leading 一十 is 十; two is 两 before 百, 千 and a section's name, as the reference's grammars
 * say it.
 */
#include <stdlib.h>
#include <string.h>

#include "text/normalise_zh_rules.h"

static const char *const digit[] = {"零", "一", "二", "三", "四", "五", "六", "七", "八", "九"};

static void section(struct ora_str *out, unsigned v, bool first)
{
    static const unsigned places[] = {1000, 100, 10, 1};
    static const char *const names[] = {"千", "百", "十", ""};
    bool said = false, gap = false;
    for (int k = 0; k < 4; k++) {
        unsigned d = v / places[k] % 10;
        if (!d) {
            gap = said;
            continue;
        }
        if (gap)
            ora_str_add(out, digit[0]);
        gap = false;
        if (!(d == 1 && k == 2 && first && !said))
            ora_str_add(out, d == 2 && k < 2 ? "两" : digit[d]);
        ora_str_add(out, names[k]);
        said = true;
    }
}

void ora_zh_cardinal(struct ora_str *out, uint64_t v)
{
    static const char *const names[] = {"", "万", "亿", "万亿", "亿亿"};
    bool said = false, gap = false;
    if (!v) {
        ora_str_add(out, digit[0]);
        return;
    }
    for (int k = 4; k >= 0; k--) {
        uint64_t unit = 1;
        for (int j = 0; j < k; j++)
            unit *= 10000;
        unsigned part = (unsigned)(v / unit % 10000);
        if (!part) {
            gap = said;
            continue;
        }
        if (said && (gap || part < 1000))
            ora_str_add(out, digit[0]);
        gap = false;
        if (part == 2 && k)
            ora_str_add(out, "两");
        else
            section(out, part, !said);
        ora_str_add(out, names[k]);
        said = true;
    }
}

void ora_zh_digits(struct ora_str *out, const char *digits, size_t n, bool yao)
{
    for (size_t i = 0; i < n; i++)
        if (digits[i] >= '0' && digits[i] <= '9')
            ora_str_add(out, yao && digits[i] == '1' ? "幺" : digit[digits[i] - '0']);
}

/* ---- in texts
 * ----------------------------------------------------------------------------------------------- */

size_t ora_zh_digits_end(const struct ora_zh *z, size_t i)
{
    while (ora_zh_digit(z, i))
        i++;
    return i;
}

long ora_zh_value(const struct ora_zh *z, size_t i, size_t end)
{
    long v = 0;
    if (end <= i || end - i > 9)
        return -1;
    for (; i < end; i++) {
        if (!ora_zh_digit(z, i))
            return -1;
        v = 10 * v + (long)(ora_zh_at(z, i) - '0');
    }
    return v;
}

/* Whether three digits and no fourth follow a comma at i. */
static bool group_at(const struct ora_zh *z, size_t i)
{
    return ora_zh_at(z, i) == ',' && ora_zh_digits_end(z, i + 1) == i + 4;
}

bool ora_zh_number_at(const struct ora_zh *z, size_t i, struct ora_zh_number *n)
{
    size_t len = 0, end = ora_zh_digits_end(z, i);
    *n = (struct ora_zh_number){.end = end};
    if (end == i || end - i >= sizeof n->whole)
        return false;
    for (size_t k = i; k < end; k++)
        n->whole[len++] = (char)ora_zh_at(z, k);
    while (end - i <= 3 && group_at(z, n->end) && len + 3 < sizeof n->whole) {
        for (size_t k = 1; k <= 3; k++)
            n->whole[len++] = (char)ora_zh_at(z, n->end + k);
        n->end += 4;
    }
    size_t point = n->end, last = ora_zh_digits_end(z, point + 1);
    if (ora_zh_at(z, point) == '.' && last > point + 1 && last - point - 1 < sizeof n->fraction) {
        for (size_t k = point + 1; k < last; k++)
            n->fraction[k - point - 1] = (char)ora_zh_at(z, k);
        n->end = last;
    }
    n->value = strtoull(n->whole, NULL, 10);
    n->is_cardinal = len <= 16 && (len == 1 || n->whole[0] != '0');
    return true;
}

static void say_number(struct ora_zh *z, const struct ora_zh_number *n, bool two_is_liang)
{
    struct ora_str *out = ora_zh_out(z);
    if (two_is_liang && n->value == 2 && n->is_cardinal && !n->fraction[0])
        ora_str_add(out, "两");
    else if (n->is_cardinal)
        ora_zh_cardinal(out, n->value);
    else
        ora_zh_digits(out, n->whole, strlen(n->whole), !n->fraction[0]);
    if (n->fraction[0]) {
        ora_str_add(out, "点");
        ora_zh_digits(out, n->fraction, strlen(n->fraction), false);
    }
    z->quantity = ORA_ZH_QUANTITY;
}

void ora_zh_say_number(struct ora_zh *z, const struct ora_zh_number *n)
{
    say_number(z, n, false);
}

void ora_zh_say_count(struct ora_zh *z, const struct ora_zh_number *n)
{
    say_number(z, n, true);
}

void ora_zh_say_value(struct ora_zh *z, uint64_t v)
{
    ora_zh_cardinal(ora_zh_out(z), v);
    z->quantity = ORA_ZH_QUANTITY;
}

void ora_zh_say_digits(struct ora_zh *z, size_t i, size_t end, bool yao)
{
    struct ora_str *out = ora_zh_out(z);
    for (; i < end; i++) {
        char c = ora_zh_digit(z, i) ? (char)ora_zh_at(z, i) : 0;
        ora_zh_digits(out, &c, 1, yao);
    }
    z->quantity = ORA_ZH_QUANTITY;
}
