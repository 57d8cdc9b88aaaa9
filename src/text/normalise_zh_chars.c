/*
 * Traditional characters. ICU's transliterator knows what each becomes; it is asked once for every character,
 * and its answers kept in a table, since a transliterator is slow and locked. It looks at single characters
 * only, so those that are simplified ones as well are decided here by their neighbours.
 */
#include <pthread.h>
#include <uchar.h>
#include <unicode/utrans.h>

#include "text/normalise_zh_rules.h"

enum { FIRST = 0x3400, LAST = 0x9FFF };

static uint16_t simplified[LAST - FIRST + 1];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_table(void)
{
    static const UChar id[] = u"Traditional-Simplified";
    static const UChar both[] = u"俱吒夥姊摺箝苎菸跤阪麽瞭"; /* in use in simplified texts too */
    UErrorCode status = U_ZERO_ERROR;
    UTransliterator *t = utrans_openU(id, -1, UTRANS_FORWARD, NULL, 0, NULL, &status);
    for (int c = FIRST; c <= LAST; c++) {
        UChar buffer[8] = {(UChar)c, 0};
        int32_t len = 1, limit = 1;
        UErrorCode each = status;
        simplified[c - FIRST] = (uint16_t)c;
        if (U_SUCCESS(each))
            utrans_transUChars(t, buffer, &len, 8, 0, &limit, &each);
        if (U_SUCCESS(each) && len == 1)
            simplified[c - FIRST] = buffer[0];
    }
    for (size_t i = 0; both[i]; i++)
        simplified[both[i] - FIRST] = both[i];
    if (t)
        utrans_close(t);
}

uint32_t ora_zh_simplified(uint32_t cp)
{
    if (cp < FIRST || cp > LAST)
        return cp;
    pthread_once(&once, make_table);
    return simplified[cp - FIRST];
}

static bool among(uint32_t cp, const char16_t *list)
{
    for (; *list; list++)
        if (cp == *list)
            return true;
    return false;
}

/* Whether cp[i] stays as it is because of what stands beside it. */
static bool stays(const uint32_t *cp, size_t count, size_t i)
{
    uint32_t before = i ? cp[i - 1] : 0, after = i + 1 < count ? cp[i + 1] : 0;
    switch (cp[i]) {
    case 0x8457: /* 著: 着 but in "famous", "to write" */
        return among(after, u"名作者称稱述书書录錄") ||
               among(before, u"显顯名原编編专專土卓昭论論遗遺巨译譯合拙旧舊新");
    case 0x4E7E: /* 乾: 干 but for heaven and an emperor */
        return among(after, u"坤隆卦元") || before == 0x5EB7;
    case 0x5FB5: /* 徵, the fourth note */
        return before == 0x89D2;
    case 0x85C9: /* 藉 */
        return among(before, u"狼慰蕴蘊枕");
    default:
        return false;
    }
}

void ora_zh_simplify(uint32_t *cp, size_t count)
{
    /* What is decided by neighbours looks at the text as it was written: from the back, so that those before
     * are. */
    for (size_t i = count; i-- > 0;)
        if (!stays(cp, count, i))
            cp[i] = ora_zh_simplified(cp[i]);
}
