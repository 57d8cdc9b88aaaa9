/* Dates, years and times of day. */
#include "text/normalise_zh_rules.h"

static bool month_ok(long m)
{
    return m >= 1 && m <= 12;
}

static bool day_ok(long d)
{
    return d >= 1 && d <= 31;
}

static void say_date(struct ora_zh *z, size_t year, long month, long day)
{
    ora_zh_say_digits(z, year, year + 4, false);
    ora_zh_say(z, "年");
    ora_zh_say_value(z, (uint64_t)month);
    ora_zh_say(z, "月");
    if (day) {
        ora_zh_say_value(z, (uint64_t)day);
        ora_zh_say(z, "日");
    }
}

static bool year_ok(const struct ora_zh *z, size_t i, size_t end)
{
    long y = ora_zh_value(z, i, end);
    return end - i == 4 && y >= 1000 && y <= 2999;
}

static bool touches_digit_or_letter(const struct ora_zh *z, size_t i)
{
    uint32_t cp = ora_zh_at(z, i - 1);
    return ora_zh_digit(z, i - 1) || ora_zh_latin(z, i - 1) || cp == '.' || cp == '/' || cp == '-';
}

static bool same_separator(const struct ora_zh *z, size_t a, size_t b)
{
    uint32_t cp = ora_zh_at(z, a);
    return (cp == '-' || cp == '/' || cp == '.') && ora_zh_at(z, b) == cp;
}

static bool date_ends(const struct ora_zh *z, size_t i)
{
    uint32_t cp = ora_zh_at(z, i);
    return !ora_zh_digit(z, i) && !(cp == '.' && ora_zh_digit(z, i + 1)) && cp != '/' &&
           !ora_zh_latin(z, i) &&
           !(cp == '-' && ora_zh_digit(z, i + 1) && ora_zh_digits_end(z, i + 1) > i + 5);
}

/* "2024-05-01", "2024/5/1", "2024.5.1"; "12/25/2023", "25/12/2023"; "2024-05" */
size_t ora_zh_rule_date(struct ora_zh *z, size_t i)
{
    size_t a = ora_zh_digits_end(z, i), b = ora_zh_digits_end(z, a + 1), c = ora_zh_digits_end(z, b + 1);
    if (a == i || b == a + 1 || touches_digit_or_letter(z, i))
        return 0;
    long first = ora_zh_value(z, i, a), second = ora_zh_value(z, a + 1, b), third = ora_zh_value(z, b + 1, c);
    size_t skip = ora_zh_in(z, c, "日 号");
    if (c > b + 1 && same_separator(z, a, b) && date_ends(z, c)) {
        if (year_ok(z, i, a) && month_ok(second) && day_ok(third) && b - a <= 3 && c - b <= 3) {
            say_date(z, i, second, third);
            return c + skip - i;
        }
        if (year_ok(z, b + 1, c) && a - i <= 2 && b - a <= 3 && ora_zh_at(z, a) != '-' &&
            ((month_ok(first) && day_ok(second)) || (day_ok(first) && month_ok(second)))) {
            bool month_first = month_ok(first);
            say_date(z, b + 1, month_first ? first : second, month_first ? second : first);
            return c + skip - i;
        }
        return 0;
    }
    uint32_t separator = ora_zh_at(z, a);
    if (year_ok(z, i, a) && first >= 1900 && b - a == 3 && month_ok(second) && date_ends(z, b) &&
        (separator == '-' || separator == '/')) {
        say_date(z, i, second, 0);
        return b + ora_zh_is(z, b, "月") - i;
    }
    return 0;
}

/* "2024年", "1998-2005年", "1990年代", "98年3月", "90后" */
size_t ora_zh_rule_year(struct ora_zh *z, size_t i)
{
    size_t end = ora_zh_digits_end(z, i), second = end + 1, last = ora_zh_digits_end(z, second);
    if (end == i || ora_zh_latin(z, i - 1))
        return 0;
    if (year_ok(z, i, end) && ora_zh_dash(z, end) && year_ok(z, second, last) &&
        ora_zh_in(z, last, "年 赛季 学年 财年")) {
        ora_zh_say_digits(z, i, end, false);
        ora_zh_say(z, "到");
        ora_zh_say_digits(z, second, last, false);
        return last - i;
    }
    size_t space = ora_zh_at(z, end) == ' ';
    bool thousands = end - i == 4 && ora_zh_is(z, i + 1, "000") && ora_zh_at(z, i) != '2'; /* "1000年" */
    if (ora_zh_is(z, end + space, "年") &&
        ((year_ok(z, i, end) && !thousands &&
          !ora_zh_in(z, end + space + 1, "历史 前 后的 多 以上 的历史")) ||
         (end - i == 2 && ora_zh_digit(z, end + 1) && ora_zh_in(z, ora_zh_digits_end(z, end + 1), "月")))) {
        ora_zh_say_digits(z, i, end, false);
        return end + space - i;
    }
    if (year_ok(z, i, end) && ora_zh_value(z, i, end) >= 1900 && ora_zh_value(z, i, end) < 2100 &&
        ora_zh_in(z, end, "款 版 届 赛季 年度 奥运 冬奥 世界杯 北京 高考 财年")) {
        ora_zh_say_digits(z, i, end, false);
        return end - i;
    }
    if (end - i == 2 && (ora_zh_at(z, end - 1) == '0' || ora_zh_at(z, end - 1) == '5') &&
        ora_zh_is(z, end, "后") && !ora_zh_in(z, end + 1, "来 面 天 年") &&
        (ora_zh_at(z, i) >= '5' || ora_zh_at(z, i) == '0')) {
        ora_zh_say_digits(z, i, end, false);
        return end - i;
    }
    return 0;
}

/* "05月01日", "8点05分": a zero before the number of a month or day is not said, before a minute it is. */
size_t ora_zh_rule_month(struct ora_zh *z, size_t i)
{
    size_t end = ora_zh_digits_end(z, i);
    long v = ora_zh_value(z, i, end);
    if (end - i != 2 || ora_zh_at(z, i) != '0' || v < 1)
        return 0;
    if (ora_zh_in(z, end, "月 日 号 时 点")) {
        if (v == 2 && ora_zh_in(z, end, "时 点"))
            ora_zh_say(z, "两");
        else
            ora_zh_say_value(z, (uint64_t)v);
    } else if (ora_zh_in(z, end, "分 秒")) {
        ora_zh_say_digits(z, i, end, false);
    } else {
        return 0;
    }
    z->quantity = ORA_ZH_QUANTITY;
    return end - i;
}

/* ---- times
 * -------------------------------------------------------------------------------------------------- */

struct time_of_day {
    long hour, minute, second; /* second -1: none */
    size_t end;
};

static bool time_at(const struct ora_zh *z, size_t i, struct time_of_day *t)
{
    size_t h = ora_zh_digits_end(z, i), m = ora_zh_digits_end(z, h + 1), s = ora_zh_digits_end(z, m + 1);
    t->hour = ora_zh_value(z, i, h);
    t->minute = ora_zh_value(z, h + 1, m);
    t->second = -1;
    t->end = m;
    if (h == i || h - i > 2 || !ora_zh_colon(z, h) || m != h + 3 || t->hour < 0 || t->hour > 24 ||
        t->minute > 59)
        return false;
    if (ora_zh_colon(z, m) && s == m + 3 && ora_zh_value(z, m + 1, s) <= 59) {
        t->second = ora_zh_value(z, m + 1, s);
        t->end = s;
    }
    return !ora_zh_colon(z, t->end) || !ora_zh_digit(z, t->end + 1);
}

static void say_small(struct ora_zh *z, long v, const char *unit)
{
    if (v < 10)
        ora_zh_say(z, "零");
    if (v)
        ora_zh_say_value(z, (uint64_t)v);
    ora_zh_say(z, unit);
}

static void say_time(struct ora_zh *z, const struct time_of_day *t)
{
    if (t->hour == 2)
        ora_zh_say(z, "两");
    else
        ora_zh_say_value(z, (uint64_t)t->hour);
    ora_zh_say(z, "点");
    if (t->minute || t->second > 0)
        say_small(z, t->minute, "分");
    if (t->second > 0)
        say_small(z, t->second, "秒");
    z->quantity = ORA_ZH_QUANTITY;
}

/* "am", "p.m." after a time, over one space: its code points, and what it is called. */
static size_t half_day(const struct ora_zh *z, size_t i, const char **name)
{
    size_t space = ora_zh_at(z, i) == ' ', n = ora_zh_in(z, i + space, "a.m. A.M. am AM"), p = 0;
    if (!n)
        p = ora_zh_in(z, i + space, "p.m. P.M. pm PM");
    *name = n ? "上午" : "下午";
    n = n ? n : p;
    return n && !ora_zh_latin(z, i + space + n) ? space + n : 0;
}

/* "3:30", "15:45:30", "9:00-17:30", "8:05 am" */
size_t ora_zh_rule_time(struct ora_zh *z, size_t i)
{
    struct time_of_day t, u;
    const char *name;
    if (ora_zh_digit(z, i - 1) || ora_zh_colon(z, i - 1) || ora_zh_at(z, i - 1) == '.' ||
        !time_at(z, i, &t) || ora_zh_before(z, i, 8, "比分 比例 比率 配比 以 战胜 大胜 击败 险胜 战平 赔率"))
        return 0;
    size_t half = half_day(z, t.end, &name);
    if (half)
        ora_zh_say(z, name);
    say_time(z, &t);
    if (ora_zh_dash(z, t.end) && time_at(z, t.end + 1, &u)) {
        ora_zh_say(z, "到");
        say_time(z, &u);
        return u.end - i;
    }
    return t.end + half - i;
}
