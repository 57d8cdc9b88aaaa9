/* Any text through both normalisers and chunkers of MegaTTS 3: chunks that lie in the spoken text one after
 * the other, cut between characters, none empty, each with ids or phones; halves that make up their whole; no
 * script of what mega_text_check refuses. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "models/megatts3/phones.h"
#include "models/megatts3/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_chunk(const struct mega_script *s, const struct mega_chunk *c)
{
    const char *all = s->normalized.data;
    if (!c->len || c->start + c->len > s->normalized.len || !c->parts ||
        ora_utf8_valid_prefix(all + c->start, c->len) != c->len)
        abort();
    for (size_t k = 0; k < c->parts; k++) {
        const struct mega_chunk_part *p = &c->part[k];
        if (!p->count || !p->ids == !p->phones || p->start < c->start ||
            p->start + p->len > c->start + c->len)
            abort();
        for (int i = 0; p->phones && i < p->count; i++)
            if (!mega_phone_valid(p->phones[i]))
                abort();
    }
    struct mega_word *word;
    size_t count = mega_chunk_words(s, c, &word);
    for (size_t i = 0; i < count; i++)
        if (word[i].start < c->start || word[i].start + word[i].len > c->start + c->len || !word[i].len)
            abort();
    free(word);
}

static void check_script(const struct mega_text *text, const struct mega_script *s)
{
    size_t end = 0;
    for (size_t i = 0; i < s->chunks; i++) {
        struct mega_chunk halves[2];
        struct ora_err err = {0};
        check_chunk(s, &s->chunk[i]);
        if (s->chunk[i].start < end)
            abort();
        end = s->chunk[i].start + s->chunk[i].len;
        if (mega_chunk_split(text, s, &s->chunk[i], halves, &err) < 0)
            continue;
        check_chunk(s, &halves[0]);
        check_chunk(s, &halves[1]);
        bool inner = halves[0].is_phones && !s->chunk[i].is_phones; /* what stands in its only [[ ]] */
        size_t half_end = halves[1].start + halves[1].len;
        if (inner ? halves[0].start < s->chunk[i].start + 2 || half_end + 2 > end
                  : halves[0].start != s->chunk[i].start || half_end != end)
            abort();
        if (halves[0].start + halves[0].len > halves[1].start)
            abort();
        mega_chunk_release(&halves[0]);
        mega_chunk_release(&halves[1]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mega_text *text;
    struct mega_script script;
    struct ora_err err = {0};
    if (size < 1 || size > 8192)
        return 0;
    if (!text && mega_text_open_bytes(&text, &err) < 0)
        abort();
    char *copy = malloc(size);
    memcpy(copy, data + 1, size - 1);
    copy[size - 1] = '\0';
    struct mega_text_request request = {.text = copy,
                                        .text_is_phonemes = data[0] % 8 == 7,
                                        .lang = data[0] & 16 ? "zh" : "en",
                                        .reference = (data[0] & 32) != 0};
    int rc = mega_script_make(text, &request, &script, &err);
    if (rc < 0 && !err.message[0])
        abort();
    if (mega_text_check(copy, request.text_is_phonemes, NULL) < 0 && rc == 0)
        abort();
    if (rc == 0) {
        check_script(text, &script);
        mega_script_release(&script);
    }
    free(copy);
    return 0;
}
