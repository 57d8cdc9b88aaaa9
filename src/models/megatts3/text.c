/*
 * From a request to chunks: clean, lexicon, normalise, cut, encode. The text that is spoken is written down
 * as it goes to the G2P, chunk after chunk, so that a chunk is a span of it and words can be told by bytes.
 */
#include "models/megatts3/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unicode/uchar.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "models/megatts3/chunks.h"
#include "models/megatts3/phones.h"
#include "models/megatts3/script.h"
#include "models/megatts3/script_clean.h"
#include "models/megatts3/symbols.h"
#include "text/brackets.h"
#include "text/chars.h"
#include "text/normalise.h"
#include "text/normalise_zh.h"
#include "text/phonemes_foreign.h"
#include "text/rules.h"

/* ---- opening
 * ------------------------------------------------------------------------------------------------ */

int mega_text_open(const struct mega_text_files *files, struct mega_text **text, struct ora_err *err)
{
    struct ora_bpe_files bpe = {files->name, files->vocab, files->vocab_bytes, files->merges,
                                files->merges_bytes};
    const struct mega_g2p_dims *d = files->dims;
    struct mega_text *t = ora_xcalloc(1, sizeof *t);
    *text = NULL;
    t->name = ora_xstrdup(files->name);
    t->dims = *d;
    int rc = ora_bpe_open(&bpe, &t->bpe, err);
    if (rc == 0 && ((size_t)d->bot < ora_bpe_tokens(t->bpe) || (size_t)d->bos < ora_bpe_tokens(t->bpe) ||
                    (size_t)d->speech_start < ora_bpe_tokens(t->bpe)))
        rc = ora_err_set(err, ORA_E_FORMAT,
                         "%s: vocab.json has ids up to %zu, which reach into those of <BOT> (%d), <BOS> (%d) "
                         "and speech (%d)",
                         files->name, ora_bpe_tokens(t->bpe) - 1, d->bot, d->bos, d->speech_start);
    if (rc < 0)
        mega_text_close(&t);
    *text = t;
    return rc;
}

int mega_text_open_bytes(struct mega_text **text, struct ora_err *err)
{
    struct ora_str vocab = ORA_STR_INIT;
    ora_bpe_byte_vocabulary(&vocab);
    struct mega_text_files files = {.name = "bytes",
                                    .vocab = vocab.data,
                                    .vocab_bytes = vocab.len,
                                    .merges = "",
                                    .dims = &mega_dims_official.g2p};
    int rc = mega_text_open(&files, text, err);
    ora_str_release(&vocab);
    return rc;
}

void mega_text_close(struct mega_text **text)
{
    if (!text || !*text)
        return;
    ora_bpe_close(&(*text)->bpe);
    free((*text)->name);
    free(*text);
    *text = NULL;
}

int mega_text_ids(const struct mega_text *text, const char *bytes, size_t len, int32_t **ids, int *count,
                  struct ora_err *err)
{
    struct ora_ids row = {0};
    ora_ids_add(&row, text->dims.bot);
    int rc = ora_bpe_encode(text->bpe, bytes, len, &row, err);
    if (rc < 0) {
        ora_ids_release(&row);
        return rc;
    }
    ora_ids_add(&row, text->dims.bos);
    ora_ids_add(&row, text->dims.speech_start + MEGA_SIL);
    *ids = row.id;
    *count = (int)row.count;
    return 0;
}

/* ---- parts
 * -------------------------------------------------------------------------------------------------- */

static struct mega_chunk_part *add_part(struct mega_chunk *c, size_t start, size_t len)
{
    c->part = ora_xrealloc(c->part, (c->parts + 1) * sizeof *c->part);
    c->part[c->parts] = (struct mega_chunk_part){.start = (uint32_t)start, .len = (uint32_t)len};
    return &c->part[c->parts++];
}

static int add_phones(struct mega_chunk *c, const char *normalized, size_t start, size_t len, size_t inner,
                      struct ora_err *err)
{
    struct ora_ids ids = {0}, frames = {0};
    int rc = mega_symbols_read_timed(normalized + start + inner, len - 2 * inner, &ids, &frames, err);
    if (rc < 0 || ids.count == 0) {
        ora_ids_release(&ids);
        ora_ids_release(&frames);
        return rc;
    }
    struct mega_chunk_part *p = add_part(c, start, len);
    p->phones = ids.id;
    p->frames = frames.id;
    p->count = (int)ids.count;
    return 0;
}

/* Marks between or behind [[ ]]: those that have a phone. */
static void add_marks(struct mega_chunk *c, const char *normalized, size_t start, size_t len)
{
    struct ora_ids ids = {0};
    for (size_t at = start, end; at < start + len; at = end) {
        ora_cp_at(normalized, start + len, at, &end);
        mega_symbols_read(normalized + at, end - at, &ids, NULL);
    }
    if (!ids.count)
        return;
    struct mega_chunk_part *p = add_part(c, start, len);
    p->phones = ids.id;
    p->count = (int)ids.count;
}

static int add_text(const struct mega_text *t, struct mega_chunk *c, const char *normalized, size_t start,
                    size_t end, struct ora_err *err)
{
    size_t next;
    while (start < end && ora_cp_is_space(ora_cp_at(normalized, end, start, &next)))
        start = next;
    while (end > start && ora_cp_is_space(ora_cp_before(normalized, end, &next)))
        end = next;
    if (start == end)
        return 0;
    if (!mega_has_speech(normalized + start, end - start)) {
        add_marks(c, normalized, start, end - start);
        return 0;
    }
    struct mega_chunk_part *p = add_part(c, start, end - start);
    return mega_text_ids(t, normalized + start, end - start, &p->ids, &p->count, err);
}

int mega_chunk_fill(const struct mega_text *t, const char *normalized, struct mega_chunk *chunk,
                    struct ora_err *err)
{
    size_t end = chunk->start + chunk->len, from = chunk->start;
    int rc = 0;
    if (chunk->is_phones)
        return add_phones(chunk, normalized, from, chunk->len, 0, err);
    for (struct ora_bracket b; rc == 0 && ora_bracket_next(normalized, end, from, &b); from = b.start + b.len)
        if ((rc = add_text(t, chunk, normalized, from, b.start, err)) == 0)
            rc = add_phones(chunk, normalized, b.start, b.len, 2, err);
    if (rc == 0)
        rc = add_text(t, chunk, normalized, from, end, err);
    return rc;
}

void mega_chunk_release(struct mega_chunk *chunk)
{
    for (size_t i = 0; i < chunk->parts; i++) {
        free(chunk->part[i].ids);
        free(chunk->part[i].phones);
        free(chunk->part[i].frames);
    }
    free(chunk->part);
    *chunk = (struct mega_chunk){0};
}

size_t mega_chunk_phones(const struct mega_chunk *chunk, const int32_t *const *generated, const int *written,
                         int32_t *out, int32_t *frames)
{
    size_t n = 1;
    out[0] = MEGA_SIL;
    frames[0] = 0;
    for (size_t i = 0; i < chunk->parts; i++) {
        const struct mega_chunk_part *p = &chunk->part[i];
        const int32_t *ids = p->phones ? p->phones : generated[i];
        int count = p->phones ? p->count : written[i] - 1;
        for (int k = 0; k < count; k++) {
            bool there = n == 1 && ids[k] == MEGA_SIL && p->phones; /* phones may begin with the first sil */
            n += !there;
            out[n - 1] = ids[k];
            frames[n - 1] = p->frames ? p->frames[k] : 0;
        }
    }
    return n;
}

/* ---- scripts
 * ------------------------------------------------------------------------------------------------ */

struct maker {
    const struct mega_text *text;
    struct mega_script *script;
    bool is_phones;
    struct ora_err *err;
    int rc;
};

size_t mega_phones_about(const char *text, size_t len)
{
    size_t n = 0;
    struct ora_ids given = {0};
    for (size_t at = 0, end; at < len; at = end) {
        size_t bracket = ora_bracket_at(text, len, at);
        uint32_t cp = ora_cp_at(text, len, at, &end);
        if (bracket) {
            mega_symbols_read(text + at + 2, bracket - 4, &given, NULL);
            end = at + bracket;
        } else {
            n += mega_is_han(cp) ? 2 : u_isalnum((UChar32)cp) != 0;
        }
    }
    n += given.count;
    ora_ids_release(&given);
    return n;
}

static void push_chunk(struct mega_script *s, struct mega_chunk c)
{
    s->chunk = ora_xrealloc(s->chunk, (s->chunks + 1) * sizeof *s->chunk);
    s->chunk[s->chunks++] = c;
}

/* Cuts what is surely too long, again and again; then makes parts. */
static void place(struct maker *m, struct mega_chunk c, int depth)
{
    const char *all = m->script->normalized.data;
    struct mega_chunk halves[2];
    bool cut = false;
    if (c.is_phones && depth < 24) {
        struct ora_ids ids = {0};
        m->rc = mega_symbols_read(all + c.start, c.len, &ids, m->err);
        cut = m->rc == 0 && ids.count > MEGA_GIVEN_PHONES && mega_cut_phones(all, &c, halves);
        ora_ids_release(&ids);
    } else if (depth < 24) {
        cut = mega_phones_about(all + c.start, c.len) > MEGA_CHUNK_PHONES && mega_cut_text(all, &c, halves);
    }
    if (m->rc < 0)
        return;
    if (cut) {
        place(m, halves[0], depth + 1);
        place(m, halves[1], depth + 1);
        return;
    }
    m->rc = mega_chunk_fill(m->text, all, &c, m->err);
    if (m->rc < 0 || c.parts == 0)
        mega_chunk_release(&c);
    else
        push_chunk(m->script, c);
}

/* A Chinese chunk may begin or end with a space beside Latin words. */
static void strip(const char **text, size_t *len)
{
    size_t at;
    while (*len && ora_cp_is_space(ora_cp_at(*text, *len, 0, &at))) {
        *text += at;
        *len -= at;
    }
    while (*len && ora_cp_is_space(ora_cp_before(*text, *len, &at)))
        *len = at;
}

static void on_chunk(void *ctx, const char *text, size_t len)
{
    struct maker *m = ctx;
    struct ora_str *all = &m->script->normalized;
    strip(&text, &len);
    if (m->rc < 0 || !len || (!m->is_phones && !mega_has_speech(text, len)))
        return;
    if (all->len && m->is_phones)
        ora_str_addc(all, '\n');
    else if (all->len && !m->script->is_zh)
        ora_str_addc(all, ' ');
    struct mega_chunk c = {.start = (uint32_t)all->len,
                           .len = (uint32_t)len,
                           .is_zh = m->script->is_zh,
                           .is_phones = m->is_phones};
    ora_str_addn(all, text, len);
    place(m, c, 0);
}

/* Lines of phones. */
static void phone_lines(struct maker *m, const char *text)
{
    m->is_phones = true;
    while (*text) {
        size_t len = strcspn(text, "\r\n");
        on_chunk(m, text, len);
        text += len + (text[len] != '\0');
    }
}

static bool path_is_zh(const struct mega_text_request *r, size_t len)
{
    if (mega_text_is_zh(r->text, len))
        return true;
    if (!r->lang || strncasecmp(r->lang, "zh", 2) != 0)
        return false;
    for (size_t at = 0, end; at < len; at = end)
        if (u_isalpha((UChar32)ora_cp_at(r->text, len, at, &end)))
            return false;
    return true;
}

/* What all phones of a script are: "zh", "en"; NULL where words stand beside them, where there are both, or
 * marks alone. */
static const char *lang_of_phones(const struct mega_script *s)
{
    bool zh = false, en = false;
    for (size_t i = 0; i < s->chunks; i++)
        for (size_t p = 0; p < s->chunk[i].parts; p++) {
            const struct mega_chunk_part *part = &s->chunk[i].part[p];
            if (!part->phones)
                return NULL;
            for (int k = 0; k < part->count; k++) {
                zh = zh || mega_phone_is_mandarin(part->phones[k]);
                en = en || mega_phone_is_english(part->phones[k]);
            }
        }
    return zh == en ? NULL : zh ? "zh" : "en";
}

/* Phones alone tell their language themselves; else it is the path's, and unknown where there is none. */
static void name_lang(const struct mega_text_request *r, struct mega_script *s)
{
    const char *path = lang_of_phones(s);
    if (!path && r->text_is_phonemes)
        return;
    if (!path)
        path = s->is_zh ? "zh" : "en";
    bool same = r->lang && !strncasecmp(r->lang, path, 2) && (!r->lang[2] || strchr("-_", r->lang[2])) &&
                strlen(r->lang) < sizeof s->lang;
    strcpy(s->lang, same ? r->lang : path);
}

/* What neither path reads is not spoken as if it were English. Counted before numbers become words. */
static int check_script(const char *text, struct ora_err *err)
{
    const char *script;
    size_t foreign, letters;
    if (!ora_mostly_foreign("zh", text, &script, &foreign, &letters))
        return 0;
    return ora_err_set(
        err, ORA_E_FOREIGN_SCRIPT,
        "foreign-script: %zu of %zu letters are neither Latin nor Chinese; most of them are %s", foreign,
        letters, script);
}

/* The text as it is to be spoken, before it is cut. */
static int normalise(const struct mega_text_request *r, size_t len, bool is_zh, struct ora_str *out,
                     struct ora_err *err)
{
    struct ora_str clean = ORA_STR_INIT, respelled = ORA_STR_INIT, words = ORA_STR_INIT;
    struct ora_span *said = NULL;
    size_t said_count = 0;
    mega_clean_before(r->text, len, is_zh, r->reference, &clean);
    int rc = ora_text_respell(r->rules, ora_str_c(&clean), &respelled, &said, &said_count, err);
    if (rc == 0)
        rc = check_script(ora_str_c(&respelled), err);
    if (rc == 0) {
        if (is_zh)
            ora_normalise_zh(ora_str_c(&respelled), respelled.len, said, said_count, r->reference, &words);
        else
            ora_normalise(r->lang && ora_lang_is_english(r->lang) ? r->lang : "en", r->heading,
                          ora_str_c(&respelled), respelled.len, said, said_count, &words);
        mega_clean_after(ora_str_c(&words), words.len, is_zh, out);
    }
    free(said);
    ora_str_release(&words);
    ora_str_release(&respelled);
    ora_str_release(&clean);
    return rc;
}

static bool sounds(const struct ora_ids *ids)
{
    for (size_t i = 0; i < ids->count; i++)
        if (mega_phone_is_mandarin(ids->id[i]) || mega_phone_is_english(ids->id[i]))
            return true;
    return false;
}

static int only_silence(const char *text, struct ora_err *err)
{
    return ora_err_set(err, ORA_E_NO_WORDS,
                       "\"%.60s\" has nothing but silence and marks: expected a phone that sounds", text);
}

static int check_lines(const char *text, struct ora_err *err)
{
    int rc = 0;
    while (*text && rc == 0) {
        struct ora_ids ids = {0};
        size_t len = strcspn(text, "\r\n");
        rc = mega_symbols_read(text, len, &ids, err);
        if (rc == 0 && ids.count && !sounds(&ids))
            rc = only_silence(text, err);
        text += len + (text[len] != '\0');
        ora_ids_release(&ids);
    }
    return rc;
}

int mega_text_check(const char *text, bool is_phonemes, struct ora_err *err)
{
    struct ora_ids ids = {0};
    struct ora_bracket b;
    size_t len = strlen(text), at = 0;
    bool words = false;
    if (is_phonemes)
        return check_lines(text, err);
    int rc = ora_brackets_check(text, len, err);
    for (; rc == 0 && ora_bracket_next(text, len, at, &b); at = b.start + b.len) {
        words = words || ora_has_words(text + at, b.start - at);
        rc = mega_symbols_read(text + b.start + 2, b.len - 4, &ids, err);
    }
    words = words || ora_has_words(text + at, len - at);
    if (rc == 0 && ids.count && !words && !sounds(&ids))
        rc = only_silence(text, err);
    ora_ids_release(&ids);
    return rc;
}

int mega_script_make(const struct mega_text *text, const struct mega_text_request *request,
                     struct mega_script *script, struct ora_err *err)
{
    struct maker m = {.text = text, .script = script, .err = err};
    size_t len = strlen(request->text), good = ora_utf8_valid_prefix(request->text, len);
    *script = (struct mega_script){.normalized = ORA_STR_INIT};
    if (good < len)
        return ora_err_set(err, ORA_E_BAD_INPUT, "text is not UTF-8 at byte %zu (0x%02X)", good,
                           (unsigned char)request->text[good]);
    if ((m.rc = mega_text_check(request->text, request->text_is_phonemes, err)) < 0)
        return m.rc;
    if (request->text_is_phonemes) {
        phone_lines(&m, request->text);
    } else {
        struct ora_str plain = ORA_STR_INIT, spoken = ORA_STR_INIT;
        struct mega_text_request r = *request;
        ora_brackets_unescape(request->text, len, &plain);
        r.text = ora_str_c(&plain);
        script->is_zh = path_is_zh(&r, plain.len);
        m.rc = normalise(&r, plain.len, script->is_zh, &spoken, err);
        if (m.rc == 0)
            (script->is_zh ? mega_chunks_zh : mega_chunks_en)(ora_str_c(&spoken), spoken.len, on_chunk, &m);
        ora_str_release(&spoken);
        ora_str_release(&plain);
    }
    if (m.rc == 0 && script->chunks == 0)
        m.rc = ora_err_set(err, ORA_E_NO_WORDS, "nothing is left to speak of \"%.60s\"", request->text);
    if (m.rc < 0)
        mega_script_release(script);
    else
        name_lang(request, script);
    return m.rc;
}

void mega_script_release(struct mega_script *script)
{
    for (size_t i = 0; i < script->chunks; i++)
        mega_chunk_release(&script->chunk[i]);
    free(script->chunk);
    ora_str_release(&script->normalized);
    *script = (struct mega_script){.normalized = ORA_STR_INIT};
}
