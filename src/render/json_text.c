/* JSON text. Integers and fixed decimals are made by integer arithmetic: the same text everywhere, and
 * several times faster than printf. */
#include "render/json_text.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* Bytes from text that can stand in a JSON string as they are. */
static size_t plain_run(const char *text, size_t len)
{
    size_t n = 0;
    while (n < len) {
        unsigned char c = (unsigned char)text[n];
        if (c < 0x20 || c == '"' || c == '\\' || c >= 0x7f)
            break;
        n++;
    }
    return n;
}

static void escape(struct ora_str *s, unsigned char c)
{
    static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (size_t i = 0; i + 1 < sizeof named; i += 2)
        if ((unsigned char)named[i] == c) {
            ora_str_addc(s, '\\');
            ora_str_addc(s, named[i + 1]);
            return;
        }
    ora_str_addf(s, "\\u%04x", c);
}

void ora_json_string(struct ora_str *s, const char *text, size_t len)
{
    ora_str_addc(s, '"');
    for (size_t at = 0; text && at < len;) {
        size_t n = plain_run(text + at, len - at);
        ora_str_addn(s, text + at, n);
        at += n;
        if (at == len)
            break;
        uint32_t cp;
        size_t used = ora_utf8_decode(text + at, len - at, &cp);
        if (used == 0)
            ora_str_add(s, "\xEF\xBF\xBD");
        else if (used == 1)
            escape(s, (unsigned char)cp);
        else
            ora_str_addn(s, text + at, used);
        at += used ? used : 1;
    }
    ora_str_addc(s, '"');
}

void ora_json_uint(struct ora_str *s, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + value % 10);
    while (value /= 10);
    ora_str_addn(s, digits + at, sizeof digits - at);
}

static const uint64_t power_of_ten[] = {1,      10,      100,      1000,      10000,
                                        100000, 1000000, 10000000, 100000000, 1000000000};

/* value * 10^decimals as a decimal number. */
static void put_scaled(struct ora_str *s, uint64_t value, int decimals)
{
    ora_json_uint(s, value / power_of_ten[decimals]);
    if (!decimals)
        return;
    char digits[16];
    uint64_t fraction = value % power_of_ten[decimals];
    for (int i = decimals; i-- > 0; fraction /= 10)
        digits[i] = (char)('0' + fraction % 10);
    ora_str_addc(s, '.');
    ora_str_addn(s, digits, (size_t)decimals);
}

void ora_json_seconds(struct ora_str *s, uint64_t samples, uint64_t rate_hz, int decimals)
{
    uint64_t unit = power_of_ten[decimals];
    uint64_t whole = samples / rate_hz, rest = samples % rate_hz;
    put_scaled(s, whole * unit + (rest * unit + rate_hz / 2) / rate_hz, decimals);
}

void ora_json_fixed(struct ora_str *s, double value, int decimals)
{
    double scaled = round(value * (double)power_of_ten[decimals]);
    if (!(fabs(scaled) < 1e18)) {
        ora_str_add(s, "null");
        return;
    }
    if (scaled < 0)
        ora_str_addc(s, '-');
    put_scaled(s, (uint64_t)fabs(scaled), decimals);
}

void ora_json_real(struct ora_str *s, double value)
{
    char text[32];
    if (!isfinite(value)) {
        ora_str_add(s, "null");
        return;
    }
    snprintf(text, sizeof text, "%.9g", value);
    ora_str_add(s, text);
    if (!strpbrk(text, ".e"))
        ora_str_add(s, ".0");
}
