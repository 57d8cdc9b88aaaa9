#include "models/megatts3/words.h"

#include <stdlib.h>
#include <string.h>

#include "base/test.h"
#include "models/megatts3/symbols.h"

enum { WORDS_MAX = 16 };

/* Words of the text: every character beyond ASCII, every run of letters. */
static size_t words_of(const char *text, struct mega_spoken_word *w)
{
    size_t n = 0;
    for (uint32_t at = 0; text[at];) {
        unsigned char c = (unsigned char)text[at];
        uint32_t len = c >= 0xE0 ? 3 : 1;
        bool han = len == 3 && c >= 0xE4 && c <= 0xE9;
        while (!han && c < 128 && text[at + len] && strchr("abcdefghijklmnopqrstuvwxyz", text[at + len]) &&
               c >= 'a')
            len++;
        if (han || (c >= 'a' && c <= 'z'))
            w[n++].word = (struct mega_word){at, len, han};
        at += len;
    }
    return n;
}

static void read_alone(struct mega_reading *r, struct ora_ids *ids, const char *phones)
{
    struct ora_err err = {0};
    ORA_CHECK_OK(mega_symbols_read(phones, strlen(phones), ids, &err), err);
    *r = (struct mega_reading){ids->id, (int)ids->count, true};
}

/* "first+count" of each word, "~" behind an approximate one, "=" behind merged ones, "?" for an unknown one.
 */
static void show(const struct mega_spoken_word *w, size_t n, char *out, size_t room)
{
    size_t at = 0;
    out[0] = 0;
    for (size_t i = 0; i < n; i++)
        if (w[i].flags & ORA_WORD_UNKNOWN)
            at += (size_t)snprintf(out + at, room - at, "%s?", i ? " " : "");
        else
            at += (size_t)snprintf(out + at, room - at, "%s%d+%d%s%s", i ? " " : "", w[i].first, w[i].count,
                                   w[i].flags & ORA_WORD_APPROXIMATE ? "~" : "",
                                   w[i].flags & ORA_WORD_MERGED ? "=" : "");
}

ORA_TEST(words_find_their_phones)
{
    static const struct {
        const char *text, *phones;
        const char *alone[WORDS_MAX]; /* what the words are read as by themselves */
        const char *want;
    } row[] = {
        {"你好。", "sil n3 i3 h3 ao3 。", {NULL}, "1+2 3+2"},
        {"你好，我。", "sil n3 i3 h3 ao3 ， uo3 。", {NULL}, "1+2 3+2 6+1"},
        {"花儿好。", "sil h1 uar1 h3 ao3 。", {NULL}, "1+2= 1+2= 3+2"},
        {"花儿好。", "sil h1 ua1 er2 h3 ao3 。", {NULL}, "1+2 3+1 4+2"},
        {"你好吗。", "sil n3 i3 h3 ao3 。", {NULL}, "? ? ?"},
        {"hello world.", "sil hh ax l ow w er l d 。", {"hh ax l ow", "w er l d"}, "1+4~ 5+4~"},
        {"hello world.", "sil hh ax l ow w ao l d 。", {"hh eh l ow", "w er l d"}, "1+4~ 5+4~"},
        {"hello.", "sil hh ax l ow 。", {NULL}, "1+4"},
        {"one, two.", "sil w ah n ， t uw 。", {NULL}, "1+3 5+2"},
        {"one, two.", "sil w ah n t uw 。", {"w ah n", "t uw"}, "1+3~ 4+2~"},   /* the comma was not spoken */
        {"one two.", "sil w ah n ， t uw 。", {"w ah n", "t uw"}, "1+3~ 5+2~"}, /* one more than written */
        {"one two.", "sil b b b b b b b 。", {"w ah n", "t uw"}, "? ?"},
        {"用 maya 吧。", "sil iong4 m ay ax b5 a5 。", {NULL}, "1+1 2+3 5+2"},
        {"you", "sil 。", {NULL}, "?"},
        {"", "sil hh", {NULL}, ""},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct mega_spoken_word w[WORDS_MAX] = {0};
        struct mega_reading alone[WORDS_MAX];
        struct ora_ids ids = {0}, own[WORDS_MAX] = {0};
        struct ora_err err = {0};
        char got[256];
        ORA_CHECK_OK(mega_symbols_read(row[i].phones, strlen(row[i].phones), &ids, &err), err);
        size_t n = words_of(row[i].text, w);
        for (size_t k = 0; k < n; k++)
            if (row[i].alone[k]) {
                read_alone(&alone[k], &own[k], row[i].alone[k]);
                w[k].reading = &alone[k];
            }
        mega_words_align(row[i].text, w, n, ids.id, (int)ids.count);
        show(w, n, got, sizeof got);
        if (strcmp(got, row[i].want) != 0)
            ORA_FAIL("%s / %s: got %s, wanted %s", row[i].text, row[i].phones, got, row[i].want);
        ora_ids_release(&ids);
        for (size_t k = 0; k < n; k++)
            ora_ids_release(&own[k]);
    }
}
