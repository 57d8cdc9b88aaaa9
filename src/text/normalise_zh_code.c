/*
 * What is read digit by digit or letter by letter: telephone numbers, codes, versions, addresses. In
 * telephone numbers and codes 1 is 幺, as people say it.
 */
#include <string.h>

#include "text/normalise_zh_rules.h"

/* ---- telephone numbers
 * -------------------------------------------------------------------------------------- */

/* Whether a group of n digits and no more stands at i. */
static bool group(const struct ora_zh *z, size_t i, size_t n)
{
    return ora_zh_digits_end(z, i) == i + n;
}

static bool separator(const struct ora_zh *z, size_t i)
{
    return ora_zh_at(z, i) == '-' || ora_zh_at(z, i) == ' ';
}

/* The end of a mobile number at i: "13812345678", "138-1234-5678", 0 when it is none. */
static size_t mobile_end(const struct ora_zh *z, size_t i)
{
    if (ora_zh_at(z, i) != '1' || ora_zh_at(z, i + 1) < '3' || ora_zh_at(z, i + 1) > '9')
        return 0;
    if (group(z, i, 11))
        return i + 11;
    if (group(z, i, 3) && separator(z, i + 3) && group(z, i + 4, 4) && separator(z, i + 8) &&
        group(z, i + 9, 4))
        return i + 13;
    return 0;
}

/* "010-12345678", "(0755)1234567", "0755 12345678" */
static size_t landline_end(const struct ora_zh *z, size_t i)
{
    size_t open = ora_zh_at(z, i) == '(', a = i + open, b = ora_zh_digits_end(z, a), c = b + 1;
    if (ora_zh_at(z, a) != '0' || b - a < 3 || b - a > 4)
        return 0;
    if (open && ora_zh_at(z, b) != ')')
        return 0;
    if (!open && !separator(z, b))
        return 0;
    c += open && ora_zh_at(z, c) == ' ';
    size_t end = ora_zh_digits_end(z, c);
    if (end - c == 4 && separator(z, end) && group(z, end + 1, 4))
        return end + 5;
    return end - c == 7 || end - c == 8 ? end : 0;
}

/* "400-800-1234", "4008001234", "800 820 8820" */
static size_t service_end(const struct ora_zh *z, size_t i)
{
    if ((ora_zh_at(z, i) != '4' && ora_zh_at(z, i) != '8') || !ora_zh_is(z, i + 1, "00"))
        return 0;
    if (group(z, i, 10))
        return i + 10;
    if (!group(z, i, 3) || !separator(z, i + 3))
        return 0;
    size_t a = i + 4;
    if (group(z, a, 7))
        return a + 7;
    if (group(z, a, 3) && separator(z, a + 3) && group(z, a + 4, 4))
        return a + 8;
    if (group(z, a, 4) && separator(z, a + 4) && group(z, a + 5, 3))
        return a + 8;
    return 0;
}

/* "+1 800 555 0199", "+86 13812345678": at least 9 digits in groups. */
static size_t international_end(const struct ora_zh *z, size_t i)
{
    size_t digits = 0, end = i + 1;
    if (ora_zh_at(z, i) != '+' || !ora_zh_digit(z, end))
        return 0;
    for (;;) {
        size_t open = ora_zh_at(z, end) == '(', last = ora_zh_digits_end(z, end + open);
        if (last == end + open)
            break;
        digits += last - end - open;
        end = last + (open && ora_zh_at(z, last) == ')');
        if (!separator(z, end) || !(ora_zh_digit(z, end + 1) || ora_zh_at(z, end + 1) == '('))
            break;
        end++;
    }
    return digits >= 9 && digits <= 16 ? end : 0;
}

size_t ora_zh_rule_phone(struct ora_zh *z, size_t i)
{
    uint32_t before = ora_zh_at(z, i - 1);
    size_t end;
    if (ora_zh_digit(z, i - 1) || before == '.' || ora_zh_latin(z, i - 1))
        return 0;
    if ((end = international_end(z, i)))
        ora_zh_say(z, "加");
    else if (!(end = mobile_end(z, i)) && !(end = landline_end(z, i)))
        end = service_end(z, i);
    if (!end)
        return 0;
    ora_zh_say_digits(z, i, end, true);
    return end - i;
}

/* ---- codes
 * -------------------------------------------------------------------------------------------------- */

static const char callers[] =
    "电话 拨打 致电 热线 手机 客服 QQ 微信号 编号 密码 验证码 账号 帐号 卡号 邮编 学号 工号 代码 号码 尾号 "
    "车牌 航班 订单号 单号 流水号 序列号 身份证 证号 分机 拨 口令";

/* The end of three or more groups of digits with dashes between: "978-7-111-12345-6". 0 when there are fewer.
 */
static size_t groups_end(const struct ora_zh *z, size_t i)
{
    size_t groups = 1, end = ora_zh_digits_end(z, i);
    for (; ora_zh_at(z, end) == '-' && ora_zh_digit(z, end + 1); groups++)
        end = ora_zh_digits_end(z, end + 1);
    return groups >= 3 && ora_zh_at(z, end) != '=' ? end : 0;
}

/* "请拨打110", "代码600519", "302房间", "G1234", "007" */
size_t ora_zh_rule_code(struct ora_zh *z, size_t i)
{
    size_t end = ora_zh_digits_end(z, i), len = end - i;
    uint32_t before = ora_zh_at(z, i - 1), after = ora_zh_at(z, end);
    bool point = (after == '.' || after == ',') && ora_zh_digit(z, end + 1);
    if (!len || point || ora_zh_digit(z, i - 1) ||
        ((before == '.' || before == ',') && ora_zh_digit(z, i - 2)))
        return 0;
    bool times = (before == 'x' || before == 'X') && ora_zh_digit(z, i - 2);
    bool letter =
        (ora_zh_latin(z, i - 1) && !times) || before == '_' || (before == '-' && ora_zh_latin(z, i - 2));
    bool called = len >= 3 && ora_zh_before(z, i, 6, callers) && !ora_zh_counts(z, end) && after != '%';
    bool dialled = len >= 3 && len <= 5 && before == 0x6253 && !ora_zh_counts(z, end); /* 打 */
    bool site = (len >= 4 && len <= 6 && ora_zh_in(z, end, "官网 热线 客服 服务热线 平台")) ||
                (len == 3 && ora_zh_in(z, end, "报警 急救 火警"));
    bool room = len >= 3 && len <= 4 && ora_zh_in(z, end, "房间 室 号房 教室 路公交 路车 号楼 宿舍 包厢");
    bool extension = before == 0x8F6C && z->quantity; /* 转 */
    size_t groups = groups_end(z, i);
    if (groups && !called) {
        ora_zh_say_digits(z, i, groups, true);
        return groups - i;
    }
    bool endless = len > 16 || (len > 11 && !ora_zh_is(z, end - 4, "0000"));
    bool zeros = len > 1 && ora_zh_at(z, i) == '0';
    if (!(called || dialled || extension || site || room || zeros || endless ||
          (letter && (len >= 3 || ora_zh_at(z, i) == '0'))))
        return 0;
    /* "编号2024-001": groups of one code */
    while (called && ora_zh_at(z, end) == '-' && ora_zh_digit(z, end + 1))
        end = ora_zh_digits_end(z, end + 1);
    ora_zh_say_digits(z, i, end, true);
    return end - i;
}

/* "1.2.3", "192.168.1.1": more than one point. */
size_t ora_zh_rule_version(struct ora_zh *z, size_t i)
{
    size_t end = ora_zh_digits_end(z, i), parts = 1, part = i;
    if (end == i || ora_zh_digit(z, i - 1) || (ora_zh_at(z, i - 1) == '.' && ora_zh_digit(z, i - 2)))
        return 0;
    while (ora_zh_at(z, end) == '.' && ora_zh_digit(z, end + 1)) {
        end = ora_zh_digits_end(z, end + 1);
        parts++;
    }
    if (parts < 3)
        return 0;
    for (size_t k = 0; k < parts; k++) {
        size_t stop = ora_zh_digits_end(z, part);
        if (k)
            ora_zh_say(z, "点");
        ora_zh_say_digits(z, part, stop, false);
        part = stop + 1;
    }
    return end - i;
}

/* ---- addresses
 * ---------------------------------------------------------------------------------------------- */

/* "https://" goes; a dot, @, / or : inside is said. */
size_t ora_zh_rule_address(struct ora_zh *z, size_t i)
{
    size_t n = ora_zh_latin(z, i - 1) ? 0 : ora_zh_in(z, i, "https:// http:// ftp://");
    if (n)
        return n;
    uint32_t cp = ora_zh_at(z, i);
    bool left = ora_zh_latin(z, i - 1), right = ora_zh_latin(z, i + 1);
    bool left_digit = ora_zh_digit(z, i - 1), right_digit = ora_zh_digit(z, i + 1);
    if (cp == '.' && ((left && (right || right_digit)) || (left_digit && right && ora_zh_latin(z, i + 2)))) {
        ora_zh_say(z, "点");
        return 1;
    }
    if (cp == '@' && (left || left_digit) && (right || right_digit)) {
        ora_zh_say(z, "艾特");
        return 1;
    }
    return 0;
}

/* "U.S.", "U.S.A." -> US, USA; "Mr." -> Mr: their dots would become ends of sentences. */
size_t ora_zh_rule_dotted(struct ora_zh *z, size_t i)
{
    char letters[12];
    size_t n = 0, at = i;
    if (!ora_zh_latin(z, i) || ora_zh_latin(z, i - 1) || ora_zh_digit(z, i - 1))
        return 0;
    while (n < sizeof letters - 1 && ora_zh_latin(z, at) && ora_zh_at(z, at + 1) == '.') {
        letters[n++] = (char)ora_zh_at(z, at);
        at += 2;
    }
    if (n >= 2 && !ora_zh_latin(z, at)) {
        letters[n] = '\0';
        ora_zh_say(z, letters);
        z->quantity = 0;
        /* The last dot may end the sentence as well. */
        return at - i - (at >= z->count);
    }
    static const char *const shortened[] = {"Mr.",   "Mrs.", "Ms.",  "Dr.",   "St.", "vs.",
                                            "Prof.", "Inc.", "Ltd.", "Corp.", "Co.", "Jr."};
    for (size_t k = 0; k < sizeof shortened / sizeof *shortened; k++) {
        size_t len = ora_zh_is(z, i, shortened[k]);
        bool goes_on = ora_zh_at(z, i + len) == ',' || ora_zh_at(z, i + len) == ')' ||
                       ora_zh_han(z, i + len) || (ora_zh_at(z, i + len) == ' ' && i + len + 1 < z->count);
        if (len && goes_on) {
            memcpy(letters, shortened[k], len - 1);
            letters[len - 1] = '\0';
            ora_zh_say(z, letters);
            return len;
        }
    }
    return 0;
}
