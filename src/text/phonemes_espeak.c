/*
 * espeak-ng, used as a library: the only file that includes its header.
 *
 * The call that tells a clause's punctuation is public from espeak-ng 1.52 on; Debian 12 has 1.51. So only
 * espeak_TextToPhonemes is used, whatever the version, and the punctuation is read from the text: after a
 * call the library's pointer stands one character beyond the clause, since it has read one character ahead.
 *
 * espeak-ng is GPL-3-or-later; a program that links this file is under it as a whole.
 */
#include "text/phonemes_espeak.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <espeak-ng/speak_lib.h>

#include "base/mem.h"

enum { IPA = 0x02 /* phoneme mode: IPA as UTF-8, no ties, no separators */ };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool started;
static char current_voice[64]; /* "": none */
static bool reads_sounds;      /* "[[h'ast]]" */

static void stop(void)
{
    if (started)
        espeak_Terminate();
    started = false;
}

/* By file name ("en-us"), else by the language a voice lists ("en-gb" is the language of gmw/en). */
static int set_voice(const char *voice)
{
    if (espeak_SetVoiceByName(voice) == EE_OK)
        return 0;
    espeak_VOICE wanted = {.languages = voice};
    const espeak_VOICE **found = espeak_ListVoices(&wanted);
    for (; found && *found; found++) {
        /* languages: a priority byte and a name, again and again, then a zero byte. */
        for (const char *l = (*found)->languages; *l; l += 1 + strlen(l + 1) + 1)
            if (!strcmp(l + 1, voice))
                return espeak_SetVoiceByName((*found)->identifier) == EE_OK ? 0 : -1;
    }
    return -1;
}

/* espeak_TextToPhonemes leaves this option as the last espeak_Synth set it: an empty text sets nothing else.
 */
static int set_sounds(bool sounds, struct ora_err *err)
{
    if (sounds == reads_sounds)
        return 0;
    unsigned flags = espeakCHARS_UTF8 | (sounds ? espeakPHONEMES : 0);
    if (espeak_Synth("", 1, 0, POS_CHARACTER, 0, flags, NULL, NULL) != EE_OK)
        return ora_err_set(err, ORA_E_INTERNAL, "espeak-ng does not take an empty text");
    reads_sounds = sounds;
    return 0;
}

/* Starts the library once and sets the voice. Called with the lock held. */
static int prepare(const char *voice, struct ora_err *err)
{
    if (!started) {
        /* SYNCHRONOUS opens no sound device; DONT_EXIT keeps the library from ending the process where its
         * data is missing. */
        int rate = espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, NULL, espeakINITIALIZE_DONT_EXIT);
        if (rate <= 0)
            return ora_err_set(err, ORA_E_INTERNAL,
                               "espeak-ng does not start (%d): is the package espeak-ng-data installed?",
                               rate);
        started = true;
        atexit(stop);
    }
    /* No other code of the process uses the library (the lint of walls keeps it so): a voice stays set.
     * Setting it costs as much as reading a sentence, and phonemes are the same with and without (measured
     * over thousands of texts, in any order). */
    if (voice && *voice && !strcmp(voice, current_voice))
        return 0;
    current_voice[0] = '\0';
    if (!voice || !*voice || strlen(voice) >= sizeof current_voice || set_voice(voice) < 0)
        return ora_err_set(err, ORA_E_UNSUPPORTED,
                           "espeak-ng has no voice \"%s\" (`espeak-ng --voices` lists them)",
                           voice ? voice : "");
    strcpy(current_voice, voice);
    return 0;
}

static void add_clause(struct ora_clauses *out, const char *phonemes, size_t end, bool last)
{
    if (out->count == out->cap) {
        out->cap = out->cap ? 2 * out->cap : 16;
        out->clause = ora_xrealloc(out->clause, out->cap * sizeof *out->clause);
    }
    struct ora_clause *c = &out->clause[out->count++];
    *c = (struct ora_clause){.phonemes = out->phonemes.len, .end = end, .last = last};
    ora_str_add(&out->phonemes, phonemes ? phonemes : "");
    c->phonemes_len = out->phonemes.len - c->phonemes;
}

/* One UTF-8 character back from p, never before the text. */
static size_t one_before(const char *text, size_t p)
{
    while (p && ((unsigned char)text[--p] & 0xC0) == 0x80)
        ;
    return p;
}

/* Spaces and marks between dotted letters do not end the row; the word of two letters that ends it still
 * counts. */
static int check_dotted_letters(const char *text, struct ora_err *err)
{
    size_t row = 0, bytes = 0, letters = 0;
    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;
        bool letter = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c >= 0xC0;
        bytes += row > 0;
        if (c == '.' && letters == 1) {
            bytes += row++ ? 0 : 5;
            letters = 0;
        } else if (letter) {
            letters++;
        } else if (c < 0x80) {
            if (letters > 0)
                row = bytes = 0;
            letters = 0;
        }
        if (row > ORA_ESPEAK_MAX_DOTTED_LETTERS || (row && bytes > ORA_ESPEAK_MAX_DOTTED_BYTES))
            return ora_err_set(err, ORA_E_LIMIT,
                               "so many single letters with dots in a row are too much for espeak-ng");
    }
    return 0;
}

int ora_espeak_clauses(const char *voice, const char *text, size_t len, bool sounds, struct ora_clauses *out,
                       struct ora_err *err)
{
    int rc = check_dotted_letters(text, err);
    if (rc < 0)
        return rc;
    pthread_mutex_lock(&lock);
    rc = prepare(voice, err);
    if (rc == 0)
        rc = set_sounds(sounds, err);
    if (rc < 0)
        goto out_unlock;
    const void *p = text;
    size_t reached = 0;
    while (p) {
        const char *phonemes = espeak_TextToPhonemes(&p, espeakCHARS_UTF8, IPA);
        size_t end = p ? one_before(text, (size_t)((const char *)p - text)) : len;
        if (end < reached)
            end = reached;
        reached = end;
        add_clause(out, phonemes, end, p == NULL);
    }
out_unlock:
    pthread_mutex_unlock(&lock);
    return rc;
}

int ora_espeak_words(const char *voice, const char *const *texts, size_t count, struct ora_str *out,
                     struct ora_err *err)
{
    pthread_mutex_lock(&lock);
    int rc = prepare(voice, err);
    bool sounds = false;
    for (size_t i = 0; i < count; i++)
        sounds = sounds || strstr(texts[i], "[[");
    if (rc == 0)
        rc = set_sounds(sounds, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        /* A word that it would not survive stays without phonemes. */
        const void *p = check_dotted_letters(texts[i], NULL) == 0 ? texts[i] : NULL;
        size_t start = out[i].len;
        while (p) {
            const char *phonemes = espeak_TextToPhonemes(&p, espeakCHARS_UTF8, IPA);
            if (phonemes && *phonemes) {
                if (out[i].len > start)
                    ora_str_addc(&out[i], ' ');
                ora_str_add(&out[i], phonemes);
            }
        }
    }
    pthread_mutex_unlock(&lock);
    return rc;
}

void ora_clauses_clear(struct ora_clauses *c)
{
    ora_str_clear(&c->phonemes);
    c->count = 0;
}

void ora_clauses_release(struct ora_clauses *c)
{
    ora_str_release(&c->phonemes);
    free(c->clause);
    *c = (struct ora_clauses){0};
}

const char *ora_espeak_version(void)
{
    const char *path;
    return espeak_Info(&path);
}
