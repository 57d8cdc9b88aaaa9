/* IPA signs by kind. */
#include "text/ipa.h"

#include <stddef.h>

bool ora_ipa_is_vowel(uint32_t cp)
{
    switch (cp) {
    case 'a':
    case 'e':
    case 'i':
    case 'o':
    case 'u':
    case 'y':
    case 0x00E6: /* æ */
    case 0x00F8: /* ø */
    case 0x0153: /* œ */
    case 0x0250: /* ɐ */
    case 0x0251: /* ɑ */
    case 0x0252: /* ɒ */
    case 0x0254: /* ɔ */
    case 0x0258: /* ɘ */
    case 0x0259: /* ə */
    case 0x025A: /* ɚ */
    case 0x025B: /* ɛ */
    case 0x025C: /* ɜ */
    case 0x025D: /* ɝ */
    case 0x025E: /* ɞ */
    case 0x0264: /* ɤ */
    case 0x0268: /* ɨ */
    case 0x026A: /* ɪ */
    case 0x026F: /* ɯ */
    case 0x0275: /* ɵ */
    case 0x0276: /* ɶ */
    case 0x0289: /* ʉ */
    case 0x028A: /* ʊ */
    case 0x028C: /* ʌ */
    case 0x028F: /* ʏ */
    case 0x1D7B: /* ᵻ */
        return true;
    default:
        return false;
    }
}

bool ora_ipa_is_clause_mark(uint32_t cp)
{
    return cp == '.' || cp == ',' || cp == ':' || cp == ';' || cp == '?' || cp == '!';
}

bool ora_ipa_is_letter(uint32_t cp)
{
    bool mark = cp == 0x02C8 || cp == 0x02CC || cp == 0x02D0 || cp == 0x02D1 || (cp >= 0x0300 && cp < 0x0370);
    return cp > ' ' && !mark && !ora_ipa_is_clause_mark(cp);
}
