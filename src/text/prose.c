/*
 * Prose: the state between two lines of running text, and the way out to the emitter.
 */
#include "text/prose.h"

#include <string.h>

#include "text/chars.h"
#include "text/encoding.h"
#include "text/markup.h"

/* A longer paragraph gives its finished sentences away. Long enough for any sentence's context, short enough
 * to be flat. */
enum { PARAGRAPH_BYTES = 64 * 1024, TITLE_PARTS = 3 };

void ora_prose_init(struct ora_prose *p, struct ora_emitter *e)
{
    *p = (struct ora_prose){.e = e, .empty_kind = "blank"};
    ora_para_clear(&p->para);
}

void ora_prose_release(struct ora_prose *p)
{
    ora_para_release(&p->para);
    ora_str_release(&p->bad_reason);
    ora_str_release(&p->bad_text);
    ora_str_release(&p->scratch);
    ora_str_release(&p->voice);
    for (size_t i = 0; i < ORA_PROSE_HEADINGS; i++)
        ora_str_release(&p->heading[i].text);
}

bool ora_prose_check(struct ora_prose *p, uint64_t line, uint64_t offset, const char *text, size_t len)
{
    const char *code;
    if (ora_encoding_line_ok(text, len, offset, &code, &p->scratch))
        return false;
    if (p->bad_line)
        return true;
    p->bad_line = line;
    p->bad_code = code;
    ora_str_clear(&p->bad_reason);
    ora_str_addf(&p->bad_reason, "paragraph not read: line %llu %s", (unsigned long long)line,
                 p->scratch.data);
    ora_str_clear(&p->bad_text);
    ora_str_addn(&p->bad_text, text, len < 256 ? len : 256);
    return true;
}

/* ---- structure ---- */

static int end_run(struct ora_prose *p, struct ora_err *err)
{
    if (!p->run_kind)
        return 0;
    const char *kind = p->run_kind;
    p->run_kind = NULL;
    return ora_emit_structure(p->e, p->run_first, p->run_last, kind, err);
}

int ora_prose_structure(struct ora_prose *p, uint64_t line, const char *kind, struct ora_err *err)
{
    int rc = 0;
    if (p->run_kind && (strcmp(p->run_kind, kind) != 0 || p->run_last + 1 < line))
        rc = end_run(p, err);
    if (!p->run_kind)
        p->run_first = line;
    p->run_kind = kind;
    p->run_last = line;
    return rc;
}

int ora_prose_scene_break(struct ora_prose *p, uint64_t line, struct ora_err *err)
{
    ora_emit_gap(p->e, ORA_GAP_HEADING);
    return ora_prose_structure(p, line, "ornament", err);
}

/* ---- headings ---- */

static int emit_heading(struct ora_prose *p, const struct ora_prose_heading *h, struct ora_err *err)
{
    ora_emit_paragraph_end(p->e);
    ora_emit_gap(p->e, ORA_GAP_HEADING);
    struct ora_said said = {ORA_ROLE_HEADING,
                            h->line,
                            h->last_line,
                            ora_str_c(&h->text),
                            h->text.len,
                            NULL,
                            NULL,
                            NULL,
                            NULL,
                            -1,
                            NULL,
                            NULL};
    int rc = ora_emit_utterance(p->e, &said, err);
    ora_emit_paragraph_end(p->e);
    ora_emit_gap(p->e, ORA_GAP_HEADING);
    return rc;
}

/* The headings that waited leave: a chapter with the title of them all, then each as an utterance. */
static int end_headings(struct ora_prose *p, struct ora_err *err)
{
    size_t count = p->headings;
    int rc = 0;
    p->headings = 0;
    if (count && p->heading[0].chapter) {
        struct ora_str title = ORA_STR_INIT;
        for (size_t i = 0; i < count && i < TITLE_PARTS && p->heading[i].chapter; i++)
            ora_str_addf(&title, "%s%s", i ? " \xE2\x80\x93 " : "", ora_str_c(&p->heading[i].text));
        rc = ora_emit_chapter(p->e, ora_str_c(&title), p->heading[0].line, err);
        ora_str_release(&title);
    }
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = emit_heading(p, &p->heading[i], err);
    return rc;
}

int ora_prose_heading(struct ora_prose *p, int depth, bool chapter, const char *text, size_t len,
                      uint64_t line, uint64_t last_line, struct ora_err *err)
{
    int rc = end_run(p, err);
    bool below =
        p->headings && depth > p->heading[p->headings - 1].depth && (p->heading[0].chapter || !chapter);
    if (rc == 0 && (!below || p->headings == ORA_PROSE_HEADINGS))
        rc = end_headings(p, err);
    struct ora_prose_heading *h = &p->heading[p->headings++];
    ora_str_clear(&h->text);
    ora_str_addn(&h->text, text, len);
    ora_trim_end(&h->text);
    h->line = line;
    h->last_line = last_line;
    h->depth = depth;
    h->chapter = chapter;
    return rc;
}

/* ---- paragraphs ---- */

static int begin_speech(struct ora_prose *p, struct ora_err *err)
{
    int rc = end_run(p, err);
    return rc < 0 ? rc : end_headings(p, err);
}

static int reject_bad(struct ora_prose *p, struct ora_err *err)
{
    struct ora_para *para = &p->para;
    uint64_t first = para->first_line ? para->first_line : p->bad_line;
    uint64_t last = para->last_line > p->bad_line ? para->last_line : p->bad_line;
    int rc = begin_speech(p, err);
    if (rc == 0)
        rc = ora_emit_rejected(p->e, first, last, NULL, p->bad_text.data, p->bad_text.len, p->bad_code,
                               p->bad_reason.data, err);
    p->bad_line = 0;
    return rc;
}

static size_t last_space(const char *text, size_t from, size_t to)
{
    size_t cut = to;
    while (cut > from && text[cut - 1] != ' ')
        cut--;
    return cut > from ? cut : to;
}

/* text[from..to) as an utterance. `last`: it ends the paragraph. */
static int emit_sentence(struct ora_prose *p, size_t from, size_t to, bool last, struct ora_err *err)
{
    const struct ora_para *para = &p->para;
    uint64_t line = ora_para_line_at(para, from),
             last_line = last ? para->last_line : ora_para_line_at(para, to - 1);
    /* Lines that left nothing in the text belong to the sentence after them. */
    line = line > p->next_line ? p->next_line : line;
    p->next_line = last_line + 1;
    struct ora_said said = {.role = ORA_ROLE_SENTENCE,
                            .line = line,
                            .last_line = last_line,
                            .text = para->text.data + from,
                            .len = to - from,
                            .voice = p->voice.len ? p->voice.data : NULL,
                            .speed = -1};
    p->spoken = true;
    return ora_emit_utterance(p->e, &said, err);
}

/* Sentences of text[from..to); all but the last one when more of it is to come. *done: where the first one
 * begins that has not left. */
static int emit_span(struct ora_prose *p, size_t from, size_t to, bool more, size_t *done,
                     struct ora_err *err)
{
    const struct ora_para *para = &p->para;
    const char *text = para->text.data;
    const size_t *ends;
    size_t count, base = from;
    int rc = ora_sentences_split(p->e->sentences, text + base, to - base, &ends, &count, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        size_t end = base + ends[i], last = end;
        if (more && i + 1 == count && count > 1)
            break;
        if (more && count == 1) /* one endless sentence is cut where it stands: at the last space */
            end = last = last_space(text, base, end);
        while (last > from && text[last - 1] == ' ')
            last--;
        while (from < last && text[from] == ' ')
            from++;
        rc = from < last ? emit_sentence(p, from, last, !more && end == para->text.len, err) : 0;
        from = end;
    }
    *done = from;
    return rc;
}

/* The same, cut where a line was found to begin a paragraph of its own. */
static int emit_parts(struct ora_prose *p, size_t from, size_t to, bool more, size_t *done,
                      struct ora_err *err)
{
    const struct ora_para *para = &p->para;
    int rc = 0;
    for (size_t i = 0; i < para->marks && rc == 0; i++) {
        size_t at = para->mark[i].at;
        if (!para->mark[i].parted || at <= from || at >= to)
            continue;
        rc = emit_span(p, from, at, false, done, err);
        ora_emit_paragraph_end(p->e);
        from = at;
    }
    return rc < 0 ? rc : emit_span(p, from, to, more, done, err);
}

/* The same for the whole paragraph in hand, cut at its tags (text/markup.h). */
static int emit_sentences(struct ora_prose *p, bool more, size_t *done, struct ora_err *err)
{
    const struct ora_str *text = &p->para.text;
    struct ora_tag tag;
    size_t from = 0;
    int rc = 0;
    p->next_line = p->para.first_line;
    while (rc == 0 && ora_markup_find(text->data, text->len, from, &tag)) {
        rc = emit_parts(p, from, tag.start, false, done, err);
        if (tag.kind == ORA_TAG_PAUSE)
            ora_emit_gap(p->e, tag.gap);
        else
            ora_str_clear(&p->voice);
        if (tag.kind == ORA_TAG_VOICE)
            ora_str_addn(&p->voice, tag.name, tag.name_len);
        from = tag.end;
    }
    return rc < 0 ? rc : emit_parts(p, from, text->len, more, done, err);
}

int ora_prose_grown(struct ora_prose *p, struct ora_err *err)
{
    if (p->para.text.len < PARAGRAPH_BYTES || p->bad_line)
        return p->para.text.len < 4 * PARAGRAPH_BYTES ? 0 : ora_prose_paragraph(p, err);
    size_t done = 0;
    int rc = begin_speech(p, err);
    if (rc == 0)
        rc = emit_sentences(p, true, &done, err);
    if (rc == 0)
        ora_para_keep_from(&p->para, done);
    p->continued = true;
    return rc;
}

static int lines_as_structure(struct ora_prose *p, const char *kind, struct ora_err *err)
{
    int rc = 0;
    for (uint64_t line = p->para.first_line; rc == 0 && line <= p->para.last_line; line++)
        rc = ora_prose_structure(p, line, kind, err);
    return rc;
}

static int wordless_paragraph(struct ora_prose *p, struct ora_err *err)
{
    const struct ora_para *para = &p->para;
    if (!para->text.len)
        return lines_as_structure(p, p->empty_kind, err);
    if (ora_is_ornament(para->text.data, para->text.len)) {
        ora_emit_gap(p->e, p->continued ? ORA_GAP_PARAGRAPH : ORA_GAP_HEADING);
        return lines_as_structure(p, "ornament", err);
    }
    int rc = begin_speech(p, err);
    if (rc == 0)
        rc = ora_emit_rejected(p->e, para->first_line, para->last_line, NULL, para->text.data, para->text.len,
                               "no-words", "the paragraph has no letters and no digits: nothing to speak",
                               err);
    return rc;
}

static int spoken_paragraph(struct ora_prose *p, struct ora_err *err)
{
    size_t done;
    p->spoken = false;
    int rc = begin_speech(p, err);
    if (rc == 0)
        rc = emit_sentences(p, false, &done, err);
    if (rc == 0 && !p->spoken) /* tags alone */
        rc = lines_as_structure(p, "markup", err);
    return rc;
}

int ora_prose_paragraph(struct ora_prose *p, struct ora_err *err)
{
    struct ora_para *para = &p->para;
    int rc = 0;
    ora_trim_end(&para->text);
    if (p->bad_line)
        rc = reject_bad(p, err);
    else if (para->first_line && ora_has_words(ora_str_c(&para->text), para->text.len))
        rc = spoken_paragraph(p, err);
    else if (para->first_line)
        rc = wordless_paragraph(p, err);
    if (para->first_line)
        ora_emit_paragraph_end(p->e);
    ora_para_clear(para);
    p->continued = false;
    return rc;
}

/* ---- markers ---- */

int ora_prose_marker(struct ora_prose *p, const char *text, size_t len, uint64_t line, struct ora_err *err)
{
    const char *value;
    size_t n;
    enum ora_marker marker = ora_markup_marker(text, len, &value, &n);
    if (marker == ORA_MARKER_NONE)
        return 0;
    int rc = ora_prose_paragraph(p, err);
    if (rc == 0)
        rc = end_headings(p, err);
    if (rc == 0 && marker == ORA_MARKER_CHAPTER) {
        ora_str_clear(&p->scratch);
        ora_str_addn(&p->scratch, value, n);
        rc = ora_emit_chapter(p->e, ora_str_c(&p->scratch), line, err);
    }
    if (marker == ORA_MARKER_TITLE && !p->e->announced) {
        ora_str_clear(&p->e->doc_title);
        ora_str_addn(&p->e->doc_title, value, n);
    }
    rc = rc < 0 ? rc : ora_prose_structure(p, line, "marker", err);
    return rc < 0 ? rc : 1;
}

int ora_prose_end(struct ora_prose *p, struct ora_err *err)
{
    int rc = ora_prose_paragraph(p, err);
    if (rc == 0)
        rc = end_headings(p, err);
    return rc < 0 ? rc : end_run(p, err);
}
