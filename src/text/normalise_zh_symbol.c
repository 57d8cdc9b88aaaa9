/* Signs: minus and plus before numbers, what parts the ends of a range, operators, powers, particles, and
 * marks that nobody reads aloud. */
#include "text/normalise_zh_rules.h"

static bool ends_word(const struct ora_zh *z, size_t i)
{
    uint32_t cp = ora_zh_at(z, i);
    return ora_zh_latin(z, i) || ora_zh_digit(z, i) || cp == ')' || cp == '%' || cp == 0xB0 || cp == 0x2103;
}

/* "-5", "+3%", "±2": a sign, not a dash between words. */
size_t ora_zh_rule_sign(struct ora_zh *z, size_t i)
{
    uint32_t cp = ora_zh_at(z, i);
    bool money = ora_zh_in(z, i + 1, "¥ $ € £") && ora_zh_digit(z, i + 2);
    if (!ora_zh_digit(z, i + 1) && !money && !(ora_zh_at(z, i + 1) == '.' && ora_zh_digit(z, i + 2)))
        return 0;
    if (cp == 0xB1) {
        ora_zh_say(z, "正负");
        return 1;
    }
    bool told = ora_zh_in(z, i - 1, "度 温 为 是 到 至 约 于 在 达 跌 从 负 得 和 与 或 值 比") > 0;
    if (ends_word(z, i - 1) || (z->quantity && !told))
        return 0;
    if (cp == '+') {
        ora_zh_say(z, "正");
        return 1;
    }
    if ((cp == '-' || cp == 0x2212) && (told || !ora_zh_han(z, i - 1))) {
        ora_zh_say(z, "负");
        return 1;
    }
    return 0;
}

/* A dash between two amounts, whatever their units: "5月1日-7日", "周一-周五", "5kg~10kg". */
size_t ora_zh_rule_to(struct ora_zh *z, size_t i)
{
    if (!ora_zh_dash(z, i) || ora_zh_in(z, i - 1, "到 至 和 与 或 于 为"))
        return 0;
    bool amount = z->quantity && (!ora_zh_digit(z, i - 1) || ora_zh_before(z, i, 6, "第")) &&
                  (ora_zh_digit(z, i + 1) || (ora_zh_minus(z, i + 1) && ora_zh_digit(z, i + 2)) ||
                   ora_zh_in(z, i + 1, "¥ $ 第 ½"));
    bool named = ora_zh_han(z, i - 1) && ora_zh_in(z, i + 1, "周 星期 礼拜 上午 下午 第") &&
                 ora_zh_before(z, i, 4, "周 星期 礼拜 上午 下午 第");
    if (!amount && !named)
        return 0;
    ora_zh_say(z, "到");
    return 1;
}

static size_t over_spaces(const struct ora_zh *z, size_t i, bool back)
{
    while (ora_zh_at(z, i) == ' ')
        i = back ? i - 1 : i + 1;
    return i;
}

static bool operand_before(const struct ora_zh *z, size_t i)
{
    uint32_t cp = ora_zh_at(z, i);
    return ora_zh_digit(z, i) || ora_zh_latin(z, i) || cp == ')' || (cp >= 0x391 && cp <= 0x3C9) ||
           cp == 0xB2 || cp == 0xB3 || cp == '%';
}

static bool operand_after(const struct ora_zh *z, size_t i)
{
    uint32_t cp = ora_zh_at(z, i);
    return ora_zh_digit(z, i) || ora_zh_latin(z, i) || cp == '(' || (cp >= 0x391 && cp <= 0x3C9) ||
           cp == 0x221A || ((cp == '-' || cp == '+') && ora_zh_digit(z, i + 1)) || cp == '?';
}

/* What is said for an operator: between operands only where `both` is set. */
static const struct {
    uint32_t cp;
    const char *said;
    bool both;
} operators[] = {
    {'+', "加", true},           {0xD7, "乘", true},          {'*', "乘", true},
    {0xF7, "除以", true},        {'=', "等于", true},         {0x2248, "约等于", false},
    {0x2260, "不等于", false},   {'<', "小于", true},         {'>', "大于", true},
    {0x2264, "小于等于", false}, {0x2265, "大于等于", false}, {0x2266, "小于等于", false},
    {0x2267, "大于等于", false}, {0x221A, "根号", false},     {0x221E, "无穷大", false},
    {0x3C0, "派", false},        {0x2220, "角", false},       {0x2234, "所以", false},
    {0x2235, "因为", false},     {'%', "百分号", false},      {0x2030, "千分号", false},
    {0x2103, "摄氏度", false},   {0x2109, "华氏度", false},   {0xB0, "度", false},
    {0x2192, "到", true},
};

/* "3+5=8", "6÷2", "a≥b", "x - y = 2" */
size_t ora_zh_rule_operator(struct ora_zh *z, size_t i)
{
    uint32_t cp = ora_zh_at(z, i);
    size_t left = over_spaces(z, i - 1, true), right = over_spaces(z, i + 1, false);
    bool between = operand_before(z, left) && operand_after(z, right);
    size_t used = cp == '<' || cp == '>' ? 1 + (ora_zh_at(z, i + 1) == '=') : 1;
    if (used == 2) {
        ora_zh_say(z, cp == '<' ? "小于等于" : "大于等于");
        return used;
    }
    if (cp == '+' && (ora_zh_digit(z, i - 1) || ora_zh_latin(z, i - 1) ||
                      (ora_zh_at(z, i - 1) == '+' && ora_zh_latin(z, i - 2)))) {
        ora_zh_say(z, z->quantity && ora_zh_han(z, i + 1) ? "多" : "加");
        return 1;
    }
    /* A minus needs digits on both sides: a hyphen joins words. A slash divides only between digits. */
    bool digits = ora_zh_digit(z, left) && (ora_zh_digit(z, right) || ora_zh_at(z, right) == '(');
    bool spaced = left != i - 1 && right != i + 1;
    if (ora_zh_minus(z, i) && (digits || (between && spaced))) {
        ora_zh_say(z, "减");
        return 1;
    }
    if (cp == '/' && digits) {
        ora_zh_say(z, ora_zh_in_sum(z, i) || ora_zh_at(z, right) == '(' ? "除以" : "比");
        return 1;
    }
    if (cp == 'x' && ora_zh_digit(z, left) && ora_zh_digit(z, right) && (left == i - 1) == (right == i + 1)) {
        ora_zh_say(z, "乘");
        return 1;
    }
    for (size_t k = 0; k < sizeof operators / sizeof *operators; k++) {
        if (operators[k].cp != cp || (operators[k].both && !between))
            continue;
        ora_zh_say(z, operators[k].said);
        return 1;
    }
    return 0;
}

/* "x²", "10³", "2^10" */
size_t ora_zh_rule_power(struct ora_zh *z, size_t i)
{
    uint32_t cp = ora_zh_at(z, i);
    struct ora_zh_number n;
    if (!operand_before(z, i - 1))
        return 0;
    if (cp == 0xB2 || cp == 0xB3) {
        ora_zh_say(z, cp == 0xB2 ? "的平方" : "的立方");
        return 1;
    }
    if (cp != '^')
        return 0;
    size_t minus = ora_zh_minus(z, i + 1);
    if (ora_zh_number_at(z, i + 1 + minus, &n)) {
        ora_zh_say(z, minus ? "的负" : "的");
        ora_zh_say_number(z, &n);
        ora_zh_say(z, "次方");
        return n.end - i;
    }
    return 0;
}

/* Only where the reference's grammars are followed: 啊 and 呃 go, and the 儿 that is only a coloured ending.
 */
size_t ora_zh_rule_particle(struct ora_zh *z, size_t i)
{
    uint32_t cp = ora_zh_at(z, i);
    if (!z->drop_particles)
        return 0;
    if (cp == 0x554A || cp == 0x5443)
        return 1;
    if (cp != 0x513F || !ora_zh_han(z, i - 1))
        return 0;
    /* Children, and names of places: here it is a syllable. */
    bool child =
        ora_zh_in(
            z, i - 1,
            "女儿 幼儿 婴儿 孤儿 胎儿 少儿 小儿 妻儿 宠儿 健儿 男儿 生儿 育儿 托儿 台儿 鹿儿 正儿 吊儿 痴儿 "
            "佳儿 养儿 弃儿 患儿 混血儿") ||
        ora_zh_in(z, i, "儿子 儿女 儿童 儿孙 儿媳 儿歌 儿科 儿戏 儿化 儿时 儿郎 儿行 儿不");
    return !child;
}

/* "5元/斤", "¥12/kg", "5g/100ml", "男/女" */
static size_t slash(struct ora_zh *z, size_t i)
{
    const char *name, *per;
    size_t n = z->quantity ? ora_zh_unit(z, i + 1, &name, &per) : 0;
    if (n) {
        ora_zh_say(z, "每");
        ora_zh_say(z, name);
        return 1 + n;
    }
    if (z->quantity && (ora_zh_han(z, i + 1) || ora_zh_digit(z, i + 1)))
        ora_zh_say(z, "每");
    else if (ora_zh_han(z, i - 1) && ora_zh_han(z, i + 1))
        ora_zh_say(z, "、");
    else
        z->space = true;
    return 1;
}

/* Numbers in circles and brackets: "①", "⑴", "⒈". */
static size_t enclosed(struct ora_zh *z, uint32_t cp)
{
    if (cp < 0x2460 || cp > 0x249B)
        return 0;
    ora_zh_say_item(z, (cp - 0x2460) % 20 + 1);
    return 1;
}

/* Marks that are taken for something else, or for nothing. */
size_t ora_zh_rule_symbol(struct ora_zh *z, size_t i)
{
    uint32_t cp = ora_zh_at(z, i);
    switch (cp) {
    case '&':
        ora_zh_say(z, "和");
        return 1;
    case '@':
        ora_zh_say(z, "艾特");
        return 1;
    case '/':
        return slash(z, i);
    case '_':
    case '|':
    case '\\':
        z->space = true;
        return 1;
    case '-':
        if (!(ora_zh_latin(z, i - 1) || ora_zh_han(z, i - 1)) || !ora_zh_digit(z, i + 1))
            return 0;
        z->space = true;
        return 1;
    case '[':
        ora_zh_say(z, "(");
        return 1;
    case ']':
        ora_zh_say(z, ")");
        return 1;
    case 0x2039: /* ‹ › */
    case 0x203A:
    case '#':
    case '*':
    case '^':
    case '`':
    case '{':
    case '}':
    case 0xAE:
    case 0xA9:
    case 0x2122:
        return 1;
    default:
        return enclosed(z, cp);
    }
}
