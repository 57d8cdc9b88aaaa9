/* Any text through espeak-ng and the alignment of its words: it ends, sentences and spans stay inside the
 * text and the phonemes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "text/phonemes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_spans(const char *voice, const char *text, const struct ora_phoneme_sentence *s)
{
    struct ora_word_span *spans = NULL;
    struct ora_err err = {0};
    size_t count = 0, points = ora_utf8_length(s->phonemes, strlen(s->phonemes));
    if (ora_word_spans(voice, text, s, &spans, &count, &err) == 0) {
        for (size_t i = 0; i < count; i++)
            if ((size_t)spans[i].first + spans[i].count > points || spans[i].text_start < s->text_start ||
                (size_t)spans[i].text_start + spans[i].text_len > s->text_start + s->text_len)
                abort();
    }
    free(spans);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const voices[] = {"en-us", "de", "fr", "es"};
    struct ora_phoneme_text out;
    struct ora_err err = {0};
    if (size < 1 || size > 4096)
        return 0;
    const char *voice = voices[data[0] % 4];
    char *text = malloc(size);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    size_t len = strlen(text);
    bool valid = ora_utf8_valid_prefix(text, len) == len;
    int rc = ora_phonemes_of(voice, text, &out, &err);
    if (!valid && rc != ORA_E_BAD_INPUT)
        abort();
    for (size_t i = 0; rc == 0 && i < out.count; i++) {
        const struct ora_phoneme_sentence *s = &out.sentence[i];
        size_t n = strlen(s->phonemes);
        if (!n || ora_utf8_valid_prefix(s->phonemes, n) != n || s->text_start + s->text_len > len)
            abort();
        check_spans(voice, text, s);
    }
    ora_phoneme_text_release(&out);
    if (ora_phonemes_raw(voice, text, &out, &err) == 0)
        ora_phoneme_text_release(&out);
    free(text);
    return 0;
}
