/* Addresses in English text: URLs, e-mail, host names, file names. Read mark by mark, as people dictate them.
 */
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "text/normalise_en.h"
#include "text/normalise_number.h"

static const char *const top_domains[] = {"com", "org", "net", "edu", "gov",  "io",  "co",  "uk",
                                          "de",  "fr",  "eu",  "us",  "info", "dev", "app", "ai",
                                          "tv",  "me",  "ca",  "au",  "ch",   "nl"};
static const char *const schemes[] = {"https://", "http://", "ftp://", "sftp://",
                                      "ssh://",   "file://", "mailto:"};

enum { LONGEST_TOKENS = 1024 };

struct chunk {
    const char *s;
    size_t len;
    size_t tokens;
    size_t scheme; /* bytes of it, 0 without one */
};

/* The run of tokens without space from i on, without the marks that close a sentence or bracket behind it. */
static void read_chunk(const struct ora_en *n, size_t i, struct chunk *c)
{
    size_t end = i;
    while (ora_en_is(n, end, ORA_TOKEN_WORD | ORA_TOKEN_NUMBER | ORA_TOKEN_MARK) && end - i < LONGEST_TOKENS)
        end++;
    while (end > i) {
        const struct ora_token *t = ora_en_at(n, end - 1);
        bool closing = t->kind == ORA_TOKEN_MARK && (t->cp > 127 || strchr(".,;:!?)]}>\"'", (int)t->cp));
        if (!closing)
            break;
        end--;
    }
    *c = (struct chunk){.s = ora_en_text(n, i), .tokens = end - i};
    if (end > i)
        c->len = ora_en_at(n, end - 1)->start + ora_en_at(n, end - 1)->len - ora_en_at(n, i)->start;
    for (size_t k = 0; k < sizeof schemes / sizeof *schemes; k++)
        if (c->len > strlen(schemes[k]) && !strncasecmp(c->s, schemes[k], strlen(schemes[k])))
            c->scheme = strlen(schemes[k]);
}

static bool is_host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
}

/* Whether s[0..n) is a host name under a known top domain. */
static bool is_host(const char *s, size_t n)
{
    size_t dot = 0;
    for (size_t k = 0; k < n; k++) {
        if (!is_host_char(s[k]))
            return false;
        if (s[k] == '.')
            dot = k;
    }
    if (!dot || s[0] == '.')
        return false;
    for (size_t k = 0; k < sizeof top_domains / sizeof *top_domains; k++)
        if (strlen(top_domains[k]) == n - dot - 1 && !memcmp(s + dot + 1, top_domains[k], n - dot - 1))
            return true;
    return false;
}

static bool is_address(const struct chunk *c)
{
    if (c->scheme || (c->len > 4 && !strncasecmp(c->s, "www.", 4)))
        return true;
    const char *at = memchr(c->s, '@', c->len), *slash = memchr(c->s, '/', c->len);
    if (at && at > c->s)
        return memchr(at, '.', c->len - (size_t)(at - c->s)) != NULL && !slash;
    return is_host(c->s, slash ? (size_t)(slash - c->s) : c->len);
}

static const char *name_of(char c)
{
    static const struct {
        char c;
        const char *name;
    } names[] = {{'.', "dot"},   {'/', "slash"},      {'-', "dash"},          {'_', "underscore"},
                 {':', "colon"}, {'@', "at"},         {'?', "question mark"}, {'=', "equals"},
                 {'&', "and"},   {'#', "hash"},       {'%', "percent"},       {'~', "tilde"},
                 {'+', "plus"},  {'\\', "backslash"}, {'$', "dollar"},        {'*', "star"},
                 {',', "comma"}};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (names[k].c == c)
            return names[k].name;
    return NULL;
}

/* Letters that are said one by one, with their country or kind. */
static const char *label(const char *s, size_t n)
{
    static const char *const spelled[] = {"www", "uk",  "us",  "eu",  "io", "tv",  "html", "php",
                                          "js",  "css", "pdf", "txt", "id", "usr", "etc",  "iso"};
    static const char *const said[] = {"www", "UK",  "US",  "EU",   "I O", "TV",   "HTML",  "PHP",
                                       "JS",  "CSS", "PDF", "text", "ID",  "user", "E T C", "I S O"};
    for (size_t k = 0; k < sizeof spelled / sizeof *spelled; k++)
        if (strlen(spelled[k]) == n && !strncasecmp(spelled[k], s, n))
            return said[k];
    return NULL;
}

static void say_number(struct ora_en *n, const char *s, size_t len)
{
    uint64_t v = 0;
    for (size_t k = 0; k < len && len <= 4; k++)
        v = 10 * v + (uint64_t)(s[k] - '0');
    if (len > 4 || (len > 1 && s[0] == '0'))
        ora_en_digits(ora_en_out(n), s, len);
    else
        ora_en_cardinal(ora_en_out(n), v, n->british);
}

/* "src", "xkcd": what has no vowel is said letter by letter. */
static bool is_spelled(const char *s, size_t len)
{
    for (size_t k = 0; k < len; k++)
        if (!((s[k] | 0x20) >= 'a' && (s[k] | 0x20) <= 'z') || strchr("aeiouyAEIOUY", s[k]))
            return false;
    return len >= 2 && len <= 5;
}

static void say_part(struct ora_en *n, const char *s, size_t len)
{
    if (label(s, len)) {
        ora_en_say(n, label(s, len));
        return;
    }
    if (!is_spelled(s, len)) {
        ora_str_addn(ora_en_out(n), s, len);
        return;
    }
    for (size_t k = 0; k < len; k++)
        ora_str_addc(ora_en_out(n), (char)(s[k] & ~0x20));
}

void ora_en_say_address(struct ora_en *n, const char *s, size_t len)
{
    for (size_t at = 0; at < len;) {
        size_t end = at;
        if (s[at] >= '0' && s[at] <= '9') {
            while (end < len && s[end] >= '0' && s[end] <= '9')
                end++;
            say_number(n, s + at, end - at);
        } else if (name_of(s[at])) {
            ora_en_say(n, name_of(s[at]));
            end++;
        } else {
            while (end < len && !name_of(s[end]) && !(s[end] >= '0' && s[end] <= '9'))
                end++;
            say_part(n, s + at, end - at);
        }
        at = end;
    }
}

/* "node.js", "file.tar.gz": dots inside a word that ends in small letters. */
static size_t file_name(struct ora_en *n, size_t i)
{
    const struct ora_token *a = ora_en_at(n, i), *b = ora_en_at(n, i + 2);
    size_t used = 3;
    if (!ora_en_mark(n, i + 1, '.') || b->kind != ORA_TOKEN_WORD || b->len < 2 || a->len < 2 ||
        a->kind != ORA_TOKEN_WORD || !(b->cp >= 'a' && b->cp <= 'z'))
        return 0;
    while (ora_en_mark(n, i + used, '.') && ora_en_is(n, i + used + 1, ORA_TOKEN_WORD) && used < 11) {
        used += 2;
        b = ora_en_at(n, i + used - 1);
    }
    if (b->len < 2 || b->len > 4 || !(b->cp >= 'a' && b->cp <= 'z'))
        return 0;
    ora_str_addn(ora_en_out(n), n->text + a->start, a->len);
    ora_en_say_address(n, n->text + a->start + a->len, b->start + b->len - a->start - a->len);
    return used;
}

/* "https://www.example.com/a?b=1", "joe@example.com", "example.co.uk", "node.js" */
size_t ora_rule_address(struct ora_en *n, size_t i)
{
    struct chunk c;
    if (!ora_en_starts(n, i))
        return 0;
    read_chunk(n, i, &c);
    if (c.tokens < 3)
        return 0;
    if (!is_address(&c))
        return file_name(n, i);
    size_t end = c.len;
    while (end > c.scheme + 1 && c.s[end - 1] == '/')
        end--;
    ora_en_say_address(n, c.s + c.scheme, end - c.scheme);
    return c.tokens;
}
