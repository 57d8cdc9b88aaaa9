/* Symbols of phones: every id is printed and read back; pinyin and bare initials. */
#include "models/megatts3/symbols.h"

#include "base/test.h"
#include "models/megatts3/phones.h"

ORA_TEST(every_id_comes_back)
{
    for (int32_t id = 1; id <= 788; id++) {
        struct ora_str text = ORA_STR_INIT;
        struct ora_ids ids = {0};
        struct ora_err err = {0};
        if (!mega_phone_valid(id))
            continue;
        mega_symbol_add(id, &text);
        ORA_CHECK_OK(mega_symbols_read(text.data, text.len, &ids, &err), err);
        if (ids.count != 1 || ids.id[0] != id)
            ORA_FAIL("%d is printed as \"%s\", which is read as %d", id, text.data,
                     ids.count ? ids.id[0] : -1);
        ora_ids_release(&ids);
        ora_str_release(&text);
    }
}

ORA_TEST(many_forms)
{
    static const struct {
        const char *text, *printed;
    } cases[] = {
        {"n i3 h ao3", "n3 i3 h3 ao3"},
        {"ni3 hao3", "n3 i3 h3 ao3"},
        {"n0 i3", "n0 i3"},
        {"hh ax l ow", "hh ax l ow"},
        {"n ay s", "n ay s"},
        {"b ih n b a4", "b ih n b4 a4"},
        {"zhi1 zi3 ri4 shi4 si4", "zh1 iii1 z3 ii3 r4 iii4 sh4 iii4 s4 ii4"},
        {"lv4 lü4 lu:4 lue4 nve4", "l4 v4 l4 v4 l4 v4 l4 ve4 n4 ve4"},
        {"jiu3 gui4 lun2 jun1 xue2 quan2 ju1", "j3 iou3 g4 uei4 l2 uen2 j1 vn1 x2 ve2 q2 van2 j1 v1"},
        {"yi1 wu3 yuan2 yue4 wo3 weng1 you3 er2", "i1 u3 van2 ve4 uo3 ueng1 iou3 er2"},
        {"huar1 wanr2 zher4", "h1 uar1 uanr2 zh4 er4"},
        {"ma5 ma6", "m5 a5 m6 a6"},
        {"sil ， . ? ! …", "sil ， 。 ？ ！ …"},
        {"NI3  #57\t#206", "n3 i3 n0 a6"},
        {"n:60 i3:120 h ao3:200", "n3 i3 h3 ao3"},
        {"lu:4 lu:4 v4:100 : ::50 ，:300", "l4 v4 l4 v4 v4 ： ： ，"},
        {"lu:e4 LU:E4 u:4 u:4:120", "l4 ve4 l4 ve4 v4 v4"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ora_str text = ORA_STR_INIT;
        struct ora_ids ids = {0};
        struct ora_err err = {0};
        ORA_CHECK_OK(mega_symbols_read(cases[i].text, strlen(cases[i].text), &ids, &err), err);
        mega_symbols_print(ids.id, ids.count, &text);
        ORA_CHECK_STR(ora_str_c(&text), cases[i].printed);
        ora_ids_release(&ids);
        ora_str_release(&text);
    }
}

ORA_TEST(durations_behind_phones)
{
    static const char text[] = "sil:10000 n i3:124 h:10 ao3:125 .:300 #57:80";
    static const int32_t want[] = {1000, 0, 12, 1, 13, 30, 8};
    static const char *const bad[] = {"i3:09", "i3:10001", "i3:99999999999", "i3:5",     "n:5 i3:120",
                                      "n:9",   "n:-60",    "n:+60",          "i3:200.5", "i3:1x0",
                                      "i3:",   "b:c",      "x:60 i3:5",      "x:5 i3",   "：:5"};
    struct ora_ids ids = {0}, frames = {0};
    struct ora_err err = {0};
    ORA_CHECK_OK(mega_symbols_read_timed(text, strlen(text), &ids, &frames, &err), err);
    ORA_CHECK_INT(ids.count, 7);
    ORA_REQUIRE(frames.count == 7);
    for (size_t i = 0; i < 7; i++)
        ORA_CHECK_INT(frames.id[i], want[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (mega_symbols_read(bad[i], strlen(bad[i]), &ids, &err) != ORA_E_BAD_INPUT ||
            !strstr(err.message, "a duration is 10 to 10000 milliseconds, a whole number"))
            ORA_FAIL("\"%s\": %s", bad[i], err.message);
    ORA_CHECK_INT(mega_symbols_read("ni3:120", 7, &ids, &err), ORA_E_BAD_INPUT);
    ORA_CHECK(strstr(err.message, "is no phone alone") != NULL);
    ora_ids_release(&ids);
    ora_ids_release(&frames);
}

ORA_TEST(what_is_no_phone_is_named)
{
    static const char *const bad[] = {"ni3 qqq", "hello", "ni7", "#0",   "#174",   "#189",    "#1000",
                                      "ao9",     "hh0",   "ni",  "lu:9", "lu:100", "qqq:120", "hello:5"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct ora_ids ids = {0};
        struct ora_err err = {0};
        if (mega_symbols_read(bad[i], strlen(bad[i]), &ids, &err) != ORA_E_BAD_INPUT)
            ORA_FAIL("\"%s\" is taken", bad[i]);
        ORA_CHECK(strstr(err.message, "is no phone") != NULL);
        ora_ids_release(&ids);
    }
}
