/* Text fields. Beyond ASCII a slug keeps every code point but the blocks of punctuation and blanks that
 * titles use. */
#include "views/text_field.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

static bool opens(const char *text, const char *at)
{
    return at == text || strchr(" ([{-|\t\n\r", at[-1]);
}

void ora_text_field(struct ora_str *s, const char *text)
{
    bool curl = text[0] == '"';
    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c < 0x20 || c == 0x7f || c == '|')
            ora_str_addc(s, ' ');
        else if (c == '"' && curl)
            ora_str_add(s, opens(text, p) ? "\xE2\x80\x9C" : "\xE2\x80\x9D");
        else
            ora_str_addc(s, *p);
    }
}

static bool in_slug(uint32_t cp)
{
    if (cp < 0x80)
        return (cp >= '0' && cp <= '9') || (cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z');
    bool mark = cp < 0xC0 || cp == 0xD7 || cp == 0xF7 || (cp >= 0x2000 && cp <= 0x2BFF) ||
                (cp >= 0x2E00 && cp <= 0x2E7F) || (cp >= 0x3000 && cp <= 0x303F) ||
                (cp >= 0xE000 && cp <= 0xF8FF) || (cp >= 0xFE00 && cp <= 0xFE4F) ||
                (cp >= 0xFF00 && cp <= 0xFF0F) || (cp >= 0x1F000 && cp <= 0x1FAFF);
    return !mark || cp == 0xAA || cp == 0xB5 || cp == 0xBA;
}

void ora_text_slug(struct ora_str *s, const char *title, size_t max_bytes)
{
    size_t start = s->len, len = strlen(title);
    bool gap = false;
    for (size_t at = 0; at < len;) {
        uint32_t cp;
        size_t used = ora_utf8_decode(title + at, len - at, &cp);
        bool keep = used && in_slug(cp);
        if (keep) {
            if (s->len - start + used + gap > max_bytes)
                return;
            if (gap && s->len > start)
                ora_str_addc(s, '-');
            char lower = cp >= 'A' && cp <= 'Z' ? (char)(cp + 32) : title[at];
            ora_str_addc(s, lower);
            ora_str_addn(s, title + at + 1, used - 1);
        }
        gap = !keep;
        at += used ? used : 1;
    }
}
