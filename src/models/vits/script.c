/* The front end: normaliser, espeak-ng or plain letters, symbols. */
#include "models/vits/script.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "base/mem.h"
#include "text/chars.h"
#include "text/phonemes_foreign.h"
#include "text/rules.h"

/* ---- letters as phonemes --------------------------------------------------------------------- */

/* Lower case where asked, then canonical decomposition. */
static int decompose(const char *text, bool lower, struct ora_str *out, struct ora_err *err)
{
    UErrorCode status = U_ZERO_ERROR;
    size_t len = strlen(text), cap = 8 * len + 16;
    if (len > (1u << 24))
        return ora_err_set(err, ORA_E_LIMIT, "a text of %zu bytes", len);
    UChar *a = ora_xmalloc(cap * sizeof *a), *b = ora_xmalloc(cap * sizeof *b);
    char *utf8 = ora_xmalloc(3 * cap + 1);
    int32_t n = 0, bytes = 0, room = (int32_t)cap;
    u_strFromUTF8(a, room, &n, text, (int32_t)len, &status);
    if (lower) {
        n = u_strToLower(b, room, a, n, "", &status);
        memcpy(a, b, (size_t)(U_SUCCESS(status) ? n : 0) * sizeof *a);
    }
    n = unorm2_normalize(unorm2_getNFDInstance(&status), a, n, b, room, &status);
    u_strToUTF8(utf8, 3 * room, &bytes, b, n, &status);
    if (U_SUCCESS(status))
        ora_str_addn(out, utf8, (size_t)bytes);
    free(a);
    free(b);
    free(utf8);
    return U_SUCCESS(status) ? 0 : ora_err_set(err, ORA_E_BAD_INPUT, "not a text: %s", u_errorName(status));
}

/* The next run without white space; false at the end. *points counts code points from *at on. */
static bool next_word(const char *text, size_t *at, size_t *len, uint32_t *point, uint32_t *points)
{
    while (text[*at] && strchr(" \t\r\n", text[*at]))
        (*at)++, (*point)++;
    *len = *points = 0;
    for (; text[*at + *len] && !strchr(" \t\r\n", text[*at + *len]); (*len)++)
        *points += ((unsigned char)text[*at + *len] & 0xC0) != 0x80;
    return *len > 0;
}

/* Letters: word i of the text is word i of its decomposed form. */
static void letter_spans(const char *text, const char *letters, struct vits_sentence *s)
{
    size_t at = 0, len, from = 0, from_len;
    uint32_t point = 0, points, ignored = 0, ignored_points;
    while (next_word(text, &at, &len, &ignored, &ignored_points) &&
           next_word(letters, &from, &from_len, &point, &points)) {
        s->span = ora_xrealloc(s->span, (s->spans + 1) * sizeof *s->span);
        s->span[s->spans++] = (struct ora_word_span){(uint32_t)at, (uint32_t)len, point, points, 0};
        at += len, from += from_len, point += points;
    }
}

/* ---- sentences ------------------------------------------------------------------------------- */

static bool says_something(const struct vits_spelling *w)
{
    for (size_t i = 0; i < w->count; i++)
        if (strcmp(w->token[i].text, " "))
            return true;
    return false;
}

static void count_dropped(struct vits_script *s, const struct vits_dropped *d)
{
    size_t i = 0;
    s->dropped += d->count;
    while (i < s->dropped_kinds && strcmp(s->dropped_kind[i].text, d->text))
        i++;
    if (i == s->dropped_kinds) {
        s->dropped_kind = ora_xrealloc(s->dropped_kind, (i + 1) * sizeof *s->dropped_kind);
        s->dropped_kind[s->dropped_kinds++] = *d;
    } else {
        s->dropped_kind[i].count += d->count;
    }
}

/* Takes `sentence` over when it has anything to say. */
static void keep(struct vits_script *s, struct vits_sentence *sentence)
{
    for (size_t i = 0; i < sentence->spelling.dropped_count; i++)
        count_dropped(s, &sentence->spelling.dropped[i]);
    s->rewritten += sentence->spelling.rewritten;
    if (!says_something(&sentence->spelling)) {
        vits_spelling_release(&sentence->spelling);
        free(sentence->span);
        return;
    }
    for (size_t i = 0; i < sentence->spelling.count; i++)
        s->ids += (size_t)sentence->spelling.token[i].ids;
    s->tokens += sentence->spelling.count;
    s->spans += sentence->spans;
    sentence->when = ora_xmalloc((sentence->spelling.source_count + 1) * sizeof *sentence->when);
    for (uint32_t i = 0; i <= sentence->spelling.source_count; i++)
        sentence->when[i] = (struct vits_when){UINT32_MAX, 0};
    s->sentence = ora_xrealloc(s->sentence, (s->count + 1) * sizeof *s->sentence);
    s->sentence[s->count++] = *sentence;
}

/* What espeak-ng would spell out letter by letter, or name by their signs, is not spoken. */
static int check_readable(const char *voice, const char *text, struct ora_err *err)
{
    const char *script;
    size_t foreign, letters;
    if (!ora_has_words(text, strlen(text)))
        return ora_err_set(err, ORA_E_NO_WORDS, "no-words: there are no letters or digits in this text");
    if (voice && ora_mostly_foreign(voice, text, &script, &foreign, &letters))
        return ora_err_set(err, ORA_E_FOREIGN_SCRIPT,
                           "foreign-script: %zu of %zu letters are not of a script that '%s' is written in; "
                           "most of them are %s",
                           foreign, letters, voice, script);
    return 0;
}

static int from_espeak(const struct ora_model *m, struct vits_script *s, struct ora_err *err)
{
    struct ora_phoneme_text text = {0};
    const char *voice = m->symbols.espeak_voice;
    int rc = ora_phonemes_of(voice, ora_str_c(&s->normalized), &text, err);
    for (size_t i = 0; rc == 0 && i < text.count; i++) {
        struct vits_sentence sentence = {0};
        vits_spell(&m->symbols, text.sentence[i].phonemes, &sentence.spelling);
        rc = ora_word_spans(voice, ora_str_c(&s->normalized), &text.sentence[i], &sentence.span,
                            &sentence.spans, err);
        keep(s, &sentence);
    }
    ora_phoneme_text_release(&text);
    return rc;
}

static int from_letters(const struct ora_model *m, struct vits_script *s, struct ora_err *err)
{
    struct ora_str letters = ORA_STR_INIT;
    int rc = decompose(ora_str_c(&s->normalized), true, &letters, err);
    if (rc == 0) {
        struct vits_sentence sentence = {0};
        vits_spell(&m->symbols, ora_str_c(&letters), &sentence.spelling);
        letter_spans(ora_str_c(&s->normalized), ora_str_c(&letters), &sentence);
        keep(s, &sentence);
    }
    ora_str_release(&letters);
    return rc;
}

/* Phonemes given by the caller: a line is a sentence. */
static int from_phonemes(const struct ora_model *m, struct vits_script *s, const char *text,
                         struct ora_err *err)
{
    struct ora_str all = ORA_STR_INIT;
    int rc = decompose(text, false, &all, err);
    char *save = NULL;
    for (char *line = rc == 0 && all.len ? strtok_r(all.data, "\r\n", &save) : NULL; line;
         line = strtok_r(NULL, "\r\n", &save)) {
        struct vits_sentence sentence = {0};
        vits_spell(&m->symbols, line, &sentence.spelling);
        keep(s, &sentence);
    }
    ora_str_release(&all);
    return rc;
}

int vits_script_make(const struct ora_model *m, const struct ora_request *q, struct vits_script *s,
                     struct ora_err *err)
{
    memset(s, 0, sizeof *s);
    int rc = 0;
    if (q->text_is_phonemes) {
        ora_str_add(&s->normalized, q->text);
        rc = from_phonemes(m, s, q->text, err);
    } else {
        rc = vits_check_phonemes(&m->symbols, q->text, err);
        if (rc == 0)
            rc = ora_text_normalise(q->rules, q->lang ? q->lang : m->lang, q->is_heading, q->text,
                                    &s->normalized, err);
        if (rc == 0)
            rc = check_readable(m->symbols.from_text ? NULL : m->symbols.espeak_voice,
                                ora_str_c(&s->normalized), err);
        if (rc == 0)
            rc = m->symbols.from_text ? from_letters(m, s, err) : from_espeak(m, s, err);
    }
    if (rc == 0 && s->count == 0)
        rc = ora_err_set(err, ORA_E_BAD_INPUT, "nothing in this text can be spoken%s",
                         s->dropped ? ": the voice lacks its phonemes" : "");
    return rc;
}

void vits_script_release(struct vits_script *s)
{
    for (size_t i = 0; i < s->count; i++) {
        vits_spelling_release(&s->sentence[i].spelling);
        free(s->sentence[i].span);
        free(s->sentence[i].when);
    }
    free(s->sentence);
    free(s->dropped_kind);
    ora_str_release(&s->normalized);
    memset(s, 0, sizeof *s);
}
