/*
 * A direct-mapped cache of single words' phonemes: one slot a hash value, the newcomer replaces who sits
 * there. For a language's frequent words that is as good as keeping order of use, without any lists.
 */
#include "text/word_phonemes.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/phonemes_clause.h"
#include "text/phonemes_espeak.h"
#include "text/phonemes_mask.h"

enum { SLOTS = 4096, MAX_WORD_BYTES = 40, MAX_VOICE_BYTES = 24, MAX_IPA_BYTES = 116 };

struct slot {
    uint8_t voice_len, word_len, ipa_len; /* word_len 0: empty */
    char voice[MAX_VOICE_BYTES], word[MAX_WORD_BYTES], ipa[MAX_IPA_BYTES];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct slot *cache; /* lives as long as the process; freed at its end */

static void drop_cache(void)
{
    free(cache);
    cache = NULL;
}

static struct slot *slot_of(const char *voice, const char *word, size_t len)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (const char *v = voice; *v; v++)
        h = (h ^ (unsigned char)*v) * UINT64_C(0x100000001b3);
    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)word[i]) * UINT64_C(0x100000001b3);
    return &cache[(h ^ h >> 32) % SLOTS];
}

static int find(const char *voice, const char *word, size_t len, struct ora_str *out)
{
    const struct slot *s = slot_of(voice, word, len);
    if (s->word_len != len || memcmp(s->word, word, len) != 0 || s->voice_len != strlen(voice) ||
        memcmp(s->voice, voice, s->voice_len) != 0)
        return 0;
    ora_str_addn(out, s->ipa, s->ipa_len);
    return 1;
}

static void keep(const char *voice, const char *word, size_t len, const struct ora_str *ipa)
{
    size_t voice_len = strlen(voice);
    if (len > MAX_WORD_BYTES || voice_len > MAX_VOICE_BYTES || ipa->len > MAX_IPA_BYTES)
        return;
    struct slot *s = slot_of(voice, word, len);
    s->word_len = (uint8_t)len;
    s->voice_len = (uint8_t)voice_len;
    s->ipa_len = (uint8_t)ipa->len;
    memcpy(s->voice, voice, voice_len);
    memcpy(s->word, word, len);
    memcpy(s->ipa, ora_str_c(ipa), ipa->len);
}

/* Fills what the cache knows; returns how many words it does not, their indices in missing. */
static size_t look_up(const char *voice, const char *text, const struct ora_text_word *words, size_t count,
                      struct ora_str *out, size_t *missing)
{
    size_t n = 0;
    pthread_mutex_lock(&lock);
    if (!cache) {
        cache = ora_xcalloc(SLOTS, sizeof *cache);
        atexit(drop_cache);
    }
    for (size_t i = 0; i < count; i++) {
        const char *word = text + words[i].start;
        size_t len = words[i].len;
        if (len >= 4 && !memcmp(word, "[[", 2))
            ora_phonemes_append_raw(&out[i], word + 2, len - 4);
        else if (len > MAX_WORD_BYTES || !find(voice, word, len, &out[i]))
            missing[n++] = i;
    }
    pthread_mutex_unlock(&lock);
    return n;
}

/* What espeak-ng may be given of a word (text/phonemes_mask.h). */
static char *masked_word(const char *voice, const char *word, size_t len)
{
    struct ora_masked m = {0};
    ora_mask(voice, word, len, &m);
    char *masked = ora_str_detach(&m.text);
    ora_masked_release(&m);
    return masked;
}

static int ask(const char *voice, const char *text, const struct ora_text_word *words, const size_t *missing,
               size_t count, struct ora_str *out, struct ora_err *err)
{
    char **texts = ora_xcalloc(count, sizeof *texts);
    struct ora_str *ipa = ora_xcalloc(count, sizeof *ipa);
    for (size_t k = 0; k < count; k++)
        texts[k] = masked_word(voice, text + words[missing[k]].start, words[missing[k]].len);
    int rc = ora_espeak_words(voice, (const char *const *)texts, count, ipa, err);
    if (rc == 0) {
        pthread_mutex_lock(&lock);
        for (size_t k = 0; k < count; k++) {
            struct ora_str *o = &out[missing[k]];
            ora_phonemes_append(o, ora_str_c(&ipa[k]), ipa[k].len);
            keep(voice, text + words[missing[k]].start, words[missing[k]].len, o);
        }
        pthread_mutex_unlock(&lock);
    }
    for (size_t k = 0; k < count; k++) {
        free(texts[k]);
        ora_str_release(&ipa[k]);
    }
    free(texts);
    free(ipa);
    return rc;
}

int ora_word_phonemes(const char *espeak_voice, const char *text, const struct ora_text_word *words,
                      size_t count, struct ora_str *out, struct ora_err *err)
{
    size_t *missing = ora_xcalloc(count ? count : 1, sizeof *missing);
    size_t n = look_up(espeak_voice, text, words, count, out, missing);
    int rc = n ? ask(espeak_voice, text, words, missing, n, out, err) : 0;
    free(missing);
    return rc;
}
