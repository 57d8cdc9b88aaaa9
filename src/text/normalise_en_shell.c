/*
 * What belongs to computers in English text: paths, options of commands, digests, and the marks between them.
 * espeak-ng runs over most of these marks in silence; here each becomes the word that people say for it.
 */
#include <string.h>
#include <strings.h>

#include "text/normalise_en.h"
#include "text/normalise_number.h"

enum { LONGEST = 512 };

struct run {
    const char *s;
    size_t len, tokens;
};

/* The tokens without space from i on, without the marks that close a sentence or bracket behind them. */
static struct run run_at(const struct ora_en *n, size_t i)
{
    struct run r = {ora_en_text(n, i), 0, 0};
    size_t end = i;
    while (ora_en_is(n, end, ORA_TOKEN_WORD | ORA_TOKEN_NUMBER | ORA_TOKEN_MARK) &&
           ora_en_at(n, end)->start - ora_en_at(n, i)->start < LONGEST)
        end++;
    while (end > i) {
        const struct ora_token *t = ora_en_at(n, end - 1);
        if (t->kind != ORA_TOKEN_MARK || (t->cp < 128 && !strchr(".,;:!?)]}>\"'`*_|", (int)t->cp)))
            break;
        end--;
    }
    r.tokens = end - i;
    if (r.tokens)
        r.len = ora_en_at(n, end - 1)->start + ora_en_at(n, end - 1)->len - ora_en_at(n, i)->start;
    return r;
}

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ---- paths ---- */

/* "/usr/share/doc", "~/.bashrc", "./configure", "../src", "C:\Users", "$HOME/bin" */
static bool is_rooted(const struct run *r)
{
    const char *s = r->s;
    size_t len = r->len;
    if (len >= 2 && s[0] == '/' && (is_alpha(s[1]) || is_digit(s[1]) || strchr("._*$", s[1])))
        return true;
    if (len >= 2 && !memcmp(s, "./", 2))
        return true;
    if (len >= 5 && !memcmp(s, ".../", 4))
        return true;
    if (len >= 3 && (!memcmp(s, "~/", 2) || (s[0] == '$' && memchr(s, '/', len))))
        return true;
    if (len >= 4 && !memcmp(s, "../", 3))
        return true;
    return len >= 3 && is_alpha(s[0]) && s[1] == ':' && s[2] == '\\';
}

/* "src/text/file.c", "doc/a.txt": slashes, and at the end a file's kind. */
static bool is_relative(const struct run *r)
{
    const char *slash = memrchr(r->s, '/', r->len);
    if (!slash || !is_alpha(r->s[0]))
        return false;
    const char *end = r->s + r->len, *dot = memrchr(slash, '.', (size_t)(end - slash));
    if (!dot || end - dot < 2 || end - dot > 6 ||
        (end - dot == 2 && !strchr("achop", dot[1]))) /* "a.m./p.m." */
        return false;
    for (const char *p = dot + 1; p < end; p++)
        if (!((*p >= 'a' && *p <= 'z') || is_digit(*p)))
            return false;
    return true;
}

/* "man-db_2.9.4-2_amd64.deb", "ssh.service": a name with a hyphen, an underscore or a digit, and an ending of
 * a file's. */
static bool is_file(const struct run *r)
{
    static const char endings[] =
        " deb udeb rpm dsc conf service socket timer target mount txt html htm list gz xz bz2 zip "
        "tar tgz py sh pl rb log cfg ini xml json yaml yml md pdf png jpg iso img so ko desktop ";
    const char *dot = memrchr(r->s, '.', r->len);
    size_t n = dot ? (size_t)(r->s + r->len - dot) : 0;
    char needle[12] = " ";
    bool made = false;
    if (n < 3 || n > 9 || !is_alpha(r->s[0]))
        return false;
    memcpy(needle + 1, dot + 1, n - 1);
    needle[n] = ' ';
    for (const char *p = r->s; p < dot; p++) {
        if (!is_alpha(*p) && !is_digit(*p) && !strchr("-_.+~", *p))
            return false;
        made = made || !is_alpha(*p);
    }
    return made && strstr(endings, needle);
}

static bool is_path(const struct run *r)
{
    if (!is_rooted(r) && !is_relative(r) && !is_file(r))
        return false;
    for (size_t k = 0; k < r->len; k++)
        if ((unsigned char)r->s[k] < 128 && strchr("<>\"|()", r->s[k]))
            return false;
    return true;
}

size_t ora_rule_path(struct ora_en *n, size_t i)
{
    const struct ora_token *t = ora_en_at(n, i);
    if (!ora_en_starts(n, i) || ora_en_mark(n, i - 1, '<') ||
        (t->kind == ORA_TOKEN_MARK && (t->cp > 127 || !strchr("/~.$", (int)t->cp))))
        return 0;
    struct run r = run_at(n, i);
    if (r.tokens < 2 || !is_path(&r))
        return 0;
    ora_en_say_address(n, r.s, r.len);
    /* "/etc/": the folder itself, with the slash that the reader sees. */
    return r.tokens;
}

/* ---- options ---- */

static bool has_vowel(const char *s, size_t len)
{
    for (size_t k = 0; k < len; k++)
        if (strchr("aeiouyAEIOUY", s[k]))
            return true;
    return false;
}

/* After a dash that opens speech or a clause such words come, and no option has their name. */
static const char plain_words[] =
    " and but or nor for so yet the a an this that these those he she it they we you i my his her its our "
    "your "
    "their then when while if in on at by with without not no yes oh ah well what who how why where there "
    "here "
    "is was are were be have has had do did does of to from as all some one even only just ";

/* The hyphens of "--dry-run" are not said: the bytes of such a name, up to a value, or 0. */
static size_t hyphened_name(const char *s, size_t len)
{
    size_t n = 0;
    while (n < len && (is_alpha(s[n]) || (s[n] == '-' && n + 1 < len && is_alpha(s[n + 1]))))
        n++;
    return n == len || s[n] == '=' ? n : 0;
}

/* "--help", "--prefix=/usr", "-v", "-xzf": at the start of a run, of ASCII, and no word of prose. */
size_t ora_rule_option(struct ora_en *n, size_t i)
{
    if (!ora_en_mark(n, i, '-') || !ora_en_starts(n, i))
        return 0;
    size_t dashes = ora_en_mark(n, i + 1, '-') ? 2 : 1, word = i + dashes;
    const struct ora_token *t = ora_en_at(n, word);
    if (t->kind != ORA_TOKEN_WORD || t->cp > 127 || ora_en_mark(n, word, '-'))
        return 0;
    struct run r = run_at(n, word);
    for (size_t k = 0; k < r.len; k++)
        if ((unsigned char)r.s[k] > 127)
            return 0;
    bool value =
        ora_en_mark(n, word + 1, '=') || ora_en_mark(n, word + 1, '-') || ora_en_mark(n, word + 1, '_');
    bool alone = !ora_en_is(n, word + 1, ORA_TOKEN_MARK) || r.tokens == 1;
    const char *name = ora_en_text(n, word);
    if (dashes == 2 && (!(t->cp >= 'a' && t->cp <= 'z') || ora_en_word_in(n, word, plain_words)) && !value)
        return 0;
    if (dashes == 1 && !(t->len == 1 && (alone || value)) &&
        !(t->len <= 5 && alone && !has_vowel(name, t->len)))
        return 0;
    ora_en_say(n, dashes == 2 ? "dash dash" : "dash");
    size_t hyphened = dashes == 2 ? hyphened_name(r.s, r.len) : 0;
    if (hyphened)
        ora_str_addn(ora_en_out(n), r.s, hyphened);
    ora_en_say_address(n, r.s + hyphened, r.len - hyphened);
    return dashes + r.tokens;
}

/* ---- digests ---- */

struct hex {
    size_t letters, digits, groups[8], count;
};

/* Hexadecimal digits in groups with hyphens between them; false when there is anything else. */
static bool read_hex(const char *s, size_t len, struct hex *h)
{
    *h = (struct hex){.count = 1};
    for (size_t k = 0; k < len; k++) {
        bool letter = (s[k] >= 'a' && s[k] <= 'f') || (s[k] >= 'A' && s[k] <= 'F');
        h->letters += letter;
        h->digits += is_digit(s[k]);
        if (s[k] == '-' && h->count < 8)
            h->count++;
        else if (letter || is_digit(s[k]))
            h->groups[h->count - 1]++;
        else
            return false;
    }
    return true;
}

static bool is_uuid(const struct hex *h)
{
    return h->count == 5 && h->groups[0] == 8 && h->groups[1] == 4 && h->groups[2] == 4 &&
           h->groups[3] == 4 && h->groups[4] == 12;
}

static void spell(struct ora_en *n, const char *s, size_t len)
{
    for (size_t k = 0, since = 0; k < len; k++) {
        if (since++ == 4 || s[k] == '-') {
            ora_str_addc(n->out, ',');
            since = s[k] != '-';
        }
        if (s[k] == '-')
            continue;
        struct ora_str *out = ora_en_out(n);
        if (is_digit(s[k]))
            ora_en_digits(out, s + k, 1);
        else
            ora_str_addc(out, (char)(s[k] >= 'a' ? s[k] - 'a' + 'A' : s[k]));
    }
}

/* "58afce0321b8…": a digest is spelled while it can be followed; of a long one the first eight are, and the
 * last. */
size_t ora_rule_digest(struct ora_en *n, size_t i)
{
    enum { SHORTEST = 7, SPELLED = 16, SHOWN = 8 };
    struct hex h;
    if (!ora_en_starts(n, i) || !(ora_en_attached(n, i + 1) || ora_en_mark(n, i + 1, '-')))
        return 0;
    struct run r = run_at(n, i);
    if (r.tokens < 2 || r.len < SHORTEST || !read_hex(r.s, r.len, &h) || h.letters < 2 || h.digits < 2 ||
        !(h.count == 1 || is_uuid(&h)))
        return 0;
    if (r.len <= SPELLED || h.count > 1) {
        spell(n, r.s, r.len);
    } else {
        spell(n, r.s, SHOWN);
        ora_str_add(n->out, ", and so on to");
        spell(n, r.s + r.len - SHOWN, SHOWN);
    }
    return r.tokens;
}

/* ---- marks ---- */

/* "->", "=>" */
static size_t arrow(struct ora_en *n, size_t i)
{
    bool right = (ora_en_mark(n, i, '-') || ora_en_mark(n, i, '=')) && ora_en_mark(n, i + 1, '>');
    bool spaced = ora_en_is(n, i - 1, ORA_TOKEN_SPACE) && ora_en_is(n, i + 2, ORA_TOKEN_SPACE);
    if (!right || !(spaced || (ora_en_attached(n, i - 1) && ora_en_attached(n, i + 2))))
        return 0;
    ora_en_say(n, "to");
    return 2;
}

enum { NEAR_TOKENS = 24 }; /* how far a name in angle brackets goes */

/* "<file>", "vector<int>", "<<name>>": a name in brackets is the name. The signs at i open one that is closed
 * near by. */
static size_t opens_name(struct ora_en *n, size_t i)
{
    size_t name = i + 1 + ora_en_mark(n, i + 1, '<'), end = name;
    if (!ora_en_is(n, name, ORA_TOKEN_WORD | ORA_TOKEN_MARK))
        return 0;
    bool spaces = !ora_en_attached(n, i - 1); /* not in "x<y and y>z" */
    while (end - i < NEAR_TOKENS && ora_en_at(n, end)->kind != ORA_TOKEN_END && !ora_en_mark(n, end, '>') &&
           !ora_en_mark(n, end, '<') && (spaces || !ora_en_is(n, end, ORA_TOKEN_SPACE)))
        end++;
    if (end == name || !ora_en_mark(n, end, '>') || ora_en_is(n, end - 1, ORA_TOKEN_SPACE))
        return 0;
    n->said = true;
    return name - i;
}

/* The signs behind a name that opens_name() took off. */
static size_t closes_name(struct ora_en *n, size_t i)
{
    size_t open = i;
    if (i == 0 || ora_en_is(n, i - 1, ORA_TOKEN_SPACE))
        return 0;
    while (open && i - open < NEAR_TOKENS && !ora_en_mark(n, open - 1, '<') && !ora_en_mark(n, open - 1, '>'))
        open--;
    if (!open || !ora_en_mark(n, open - 1, '<') || !ora_en_is(n, open, ORA_TOKEN_WORD | ORA_TOKEN_MARK))
        return 0;
    for (size_t k = open; ora_en_attached(n, open - 2) && k < i; k++)
        if (ora_en_is(n, k, ORA_TOKEN_SPACE))
            return 0;
    n->said = true;
    return 1 + ora_en_mark(n, i + 1, '>');
}

/* "x<y", "cat <<EOF", "a >> b"; at the start of a text they mark a quotation, as in a letter. */
static size_t angle(struct ora_en *n, size_t i)
{
    uint32_t cp = ora_en_at(n, i)->cp;
    size_t used = cp == '<' ? opens_name(n, i) : closes_name(n, i), end = i;
    if (used)
        return used;
    while (ora_en_mark(n, end, cp))
        end++;
    bool before = i && (ora_en_at(n, i - 1)->kind != ORA_TOKEN_MARK || ora_en_starts(n, i)),
         after = ora_en_at(n, end)->kind != ORA_TOKEN_END;
    if (i == 0 && after)
        return end + ora_en_is(n, end, ORA_TOKEN_SPACE);
    if (!before || !after)
        return 0;
    for (; i < end; i++, used++)
        ora_en_say(n, cp == '<' ? "less than" : "greater than");
    return used;
}

static bool all_capitals(const struct ora_en *n, size_t i)
{
    const struct ora_token *t = ora_en_at(n, i);
    for (uint32_t k = 0; k < t->len; k++)
        if (!(n->text[t->start + k] >= 'A' && n->text[t->start + k] <= 'Z'))
            return false;
    return t->kind == ORA_TOKEN_WORD;
}

static bool is_small(const struct ora_en *n, size_t i)
{
    const struct ora_token *t = ora_en_at(n, i);
    return t->kind == ORA_TOKEN_WORD && t->cp >= 'a' && t->cp <= 'z';
}

/* "he/she", "name / address"; of "TCP/IP" and "I/O" only the letters are said. */
static size_t slash(struct ora_en *n, size_t i, bool between, bool spaced)
{
    if (!between && !spaced)
        return 0;
    if (between && all_capitals(n, i - 1) && all_capitals(n, i + 1))
        n->said = true;
    else
        ora_en_say(n, "slash");
    return 1;
}

/* "ls | grep" is a command's; "Home | About" parts names. */
static size_t bar(struct ora_en *n, size_t i, bool spaced)
{
    if (spaced && !(is_small(n, i - 2) && is_small(n, i + 2))) {
        while (n->out->len > n->base && n->out->data[n->out->len - 1] == ' ')
            n->out->data[--n->out->len] = '\0';
        ora_str_addc(n->out, ',');
        return 1;
    }
    ora_en_say(n, "pipe");
    return 1;
}

/* "std::string", "root:adm"; "Note:this" lacks its space only. */
static size_t colon(struct ora_en *n, size_t i)
{
    bool twice = ora_en_mark(n, i + 1, ':');
    if (!ora_en_is(n, i - 1, ORA_TOKEN_WORD) || !ora_en_is(n, i + 1 + twice, ORA_TOKEN_WORD))
        return 0;
    if (!twice && (ora_en_capital(n, i - 1) || ora_en_capital(n, i + 1)))
        ora_str_add(n->out, ": ");
    else
        ora_en_say(n, twice ? "colon colon" : "colon");
    return 1 + twice;
}

/* What else stands between words or before one, and is spoken by its name. */
static size_t named(struct ora_en *n, size_t i, bool between, bool spaced)
{
    static const struct {
        uint32_t cp;
        bool spaced, before; /* also with spaces round it; also before a word */
        const char *said;
    } marks[] = {
        {'\\', true, true, "backslash"}, {'=', false, true, "equals"},    {'@', true, false, "at"},
        {'^', true, false, "caret"},     {'#', true, false, "hash"},      {'~', true, true, "tilde"},
        {'+', false, true, "plus"},      {'*', false, false, "asterisk"}, {'$', true, true, "dollar"}};
    uint32_t cp = ora_en_at(n, i)->cp;
    bool before = ora_en_starts(n, i) && ora_en_attached(n, i + 1);
    for (size_t k = 0; k < sizeof marks / sizeof *marks; k++) {
        if (marks[k].cp != cp)
            continue;
        bool twice = cp == '\\' && ora_en_mark(n, i + 1, cp);
        bool assigns = cp == '=' && ora_en_attached(n, i - 1) && ora_en_is(n, i + 1, ORA_TOKEN_MARK);
        if (!(between || twice || assigns || (spaced && marks[k].spaced) || (before && marks[k].before)))
            return 0;
        ora_en_say(n, marks[k].said);
        return 1;
    }
    return 0;
}

/* Slashes and other marks between words. */
size_t ora_rule_between(struct ora_en *n, size_t i)
{
    uint32_t cp = ora_en_at(n, i)->cp;
    size_t used = arrow(n, i);
    if (i == 0 && (cp == '#' || cp == '$') && ora_en_is(n, 1, ORA_TOKEN_SPACE)) /* a shell's prompt */
        return 2;
    if (used || cp == '<' || cp == '>')
        return used ? used : angle(n, i);
    bool between = ora_en_attached(n, i - 1) && ora_en_attached(n, i + 1);
    bool spaced = ora_en_is(n, i - 1, ORA_TOKEN_SPACE) && ora_en_is(n, i + 1, ORA_TOKEN_SPACE) && i > 1;
    if (cp == '/') {
        bool dotted = ora_en_mark(n, i - 1, '.') && ora_en_is(n, i - 2, ORA_TOKEN_WORD); /* "a.m./p.m." */
        return slash(n, i, between || (dotted && ora_en_attached(n, i + 1)), spaced);
    }
    if (cp == '|')
        return between || spaced ? bar(n, i, spaced) : 0;
    if (cp == ':')
        return colon(n, i);
    if (cp == '&' && between && ora_en_at(n, i - 1)->len > 2 && ora_en_at(n, i + 1)->len > 2) {
        ora_en_say(n, "and");
        return 1;
    }
    if (cp == '.' && ora_en_starts(n, i) && ora_en_is(n, i + 1, ORA_TOKEN_WORD)) {
        ora_en_say(n, "dot");
        return 1;
    }
    return named(n, i, between, spaced);
}
