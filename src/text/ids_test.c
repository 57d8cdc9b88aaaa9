/* Ids: what is kept, what is mapped, and the set that knows them again. */
#include "text/ids.h"

#include <stdlib.h>

#include "base/test.h"
#include "text/id_set.h"

ORA_TEST(safe)
{
    static const char *const good[] = {"a", "A-b_9", "-", "0123456789"}, *const bad[] = {"",         "a.b",
                                                                                         "a b",      "a/b",
                                                                                         "\xC3\xA9", "x-sub1",
                                                                                         "-sub",     "a\n"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        ORA_CHECK(ora_id_is_safe(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (ora_id_is_safe(bad[i], strlen(bad[i])))
            ORA_FAIL("'%s' passes for safe", bad[i]);
    char longest[92];
    memset(longest, 'x', sizeof longest);
    ORA_CHECK(ora_id_is_safe(longest, 90));
    ORA_CHECK(!ora_id_is_safe(longest, 91));
}

ORA_TEST(mapped)
{
    static const struct {
        const char *given,
            *stem; /* what stands before "-" and ten hex digits; NULL: the id itself, unchanged */
        bool bare; /* stem is all: no digits follow */
    } cases[] = {
        {"a1", NULL, false},
        {"a1.wav", "a1", true},
        {"wavs/a1.flac", "a1", true},
        {"./a1", "a1", true},
        {"a b", "a_b", false},
        {"a.b", "a_b", false},
        {"dir/a.wav", "dir_a", false},
        {"a  . b", "a_b", false},
        {"caf\xC3\xA9", "cafe", false},
        {"cafe\xCC\x81", "cafe", false},
        {"\xE4\xBD\xA0\xE5\xA5\xBD", "id", false},
        {"x-sub2", "x_sub2", false},
        {".wav", "wav", false},
        {"a|b", "a_b", false},
        {"a-", NULL, false},
        {"-sub-sub", "_sub_sub", false},
    };
    struct ora_str got = ORA_STR_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool changed = ora_id_map(cases[i].given, ORA_ID_MAX, &got);
        const char *want = cases[i].stem ? cases[i].stem : cases[i].given;
        bool plain = !cases[i].stem || cases[i].bare;
        if (changed != (cases[i].stem != NULL) || strncmp(got.data, want, strlen(want)) != 0 ||
            got.len != strlen(want) + (plain ? 0 : 11) || !ora_id_is_safe(got.data, got.len))
            ORA_FAIL("'%s' becomes '%s'", cases[i].given, got.data);
    }
    ora_str_release(&got);
}

ORA_TEST(mapped_apart)
{
    /* What would fall together without its digits stays apart; the same id always maps the same. */
    static const char *const given[] = {"a b", "a.b", "a/b", "a  b", "a_b c"};
    char *mapped[5];
    struct ora_str got = ORA_STR_INIT;
    for (size_t i = 0; i < 5; i++) {
        ora_id_map(given[i], ORA_ID_MAX, &got);
        mapped[i] = ora_str_detach(&got);
        ora_id_map(given[i], ORA_ID_MAX, &got);
        ORA_CHECK_STR(got.data, mapped[i]);
        for (size_t k = 0; k < i; k++)
            ORA_CHECK(strcmp(mapped[k], mapped[i]) != 0);
    }
    for (size_t i = 0; i < 5; i++)
        free(mapped[i]);
    char longid[301];
    memset(longid, 'y', 300);
    longid[300] = '\0';
    ORA_CHECK(ora_id_map(longid, ORA_ID_MAX, &got));
    ORA_CHECK_INT(got.len, ORA_ID_MAX);
    ORA_CHECK(ora_id_map(longid, 40, &got));
    ORA_CHECK_INT(got.len, 40);
    ora_str_release(&got);
}

ORA_TEST(documents)
{
    static const char *const cases[][2] = {
        {"story.txt", "story"},
        {"dir/My Book (2nd).md", "My_Book_2nd"},
        {"-", "stdin"},
        {".hidden", "hidden"},
        {"a.b.txt", "a_b"},
        {"\xC3\x9C"
         "bung.txt",
         "Ubung"},
        {"x-sub.txt", "x_sub"},
        {"noext", "noext"},
    };
    struct ora_str got = ORA_STR_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ora_doc_id_from_path(cases[i][0], &got);
        ORA_CHECK_STR(got.data, cases[i][1]);
    }
    ora_doc_id_from_path("\xE4\xB9\xA6.txt", &got);
    ORA_CHECK(ora_starts_with(got.data, "doc-") && ora_id_is_safe(got.data, got.len));
    ora_str_release(&got);
}

ORA_TEST(set)
{
    struct ora_id_set *set = ora_id_set_create();
    char id[32];
    for (int i = 0; i < 200000; i++) {
        int n = snprintf(id, sizeof id, "utt-%d", i);
        if (ora_id_set_add(set, id, (size_t)n) != 1)
            ORA_FAIL("'%s' passes for known", id);
    }
    for (int i = 0; i < 200000; i += 7) {
        int n = snprintf(id, sizeof id, "utt-%d", i);
        ORA_CHECK(ora_id_set_has(set, id, (size_t)n));
        ORA_CHECK_INT(ora_id_set_add(set, id, (size_t)n), 0);
    }
    ORA_CHECK(!ora_id_set_has(set, "utt-200000", 10));
    ORA_CHECK(!ora_id_set_has(set, "", 0));
    ORA_CHECK_INT(ora_id_set_count(set), 200000);
    ORA_CHECK(ora_id_set_bytes(set) < 200000 * 22);
    ora_id_set_destroy(&set);
}
