#include "base/utf8.h"

#include "base/test.h"

ORA_TEST(round_trip_at_every_edge)
{
    static const uint32_t edge[] = {0, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF};
    for (size_t i = 0; i < sizeof edge / sizeof edge[0]; i++) {
        char b[4];
        uint32_t cp = 1;
        size_t n = ora_utf8_encode(edge[i], b);
        ORA_CHECK_INT(ora_utf8_decode(b, n, &cp), n);
        ORA_CHECK_INT(cp, edge[i]);
        if (n > 1)
            ORA_CHECK_INT(ora_utf8_decode(b, n - 1, &cp), 0);
    }
}

ORA_TEST(refuses_what_is_not_utf8)
{
    static const char *const bad[] = {
        "\xC0\x80",         "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
        "\xF0\x80\x80\x80", "\x80",     "\xFF",         "\xC3("};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint32_t cp;
        ORA_CHECK_INT(ora_utf8_decode(bad[i], strlen(bad[i]), &cp), 0);
    }
    ORA_CHECK_INT(ora_utf8_valid_prefix("ab\xC3\xA9\xFFz", 6), 4);
    ORA_CHECK_INT(ora_utf8_length("ab\xC3\xA9", 4), 3);
}
