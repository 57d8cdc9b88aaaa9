/*
 * Prose: the state between two lines of running text, and the way out to the emitter.
 */
#include "text/prose.h"

#include <string.h>

#include "text/chars.h"
#include "text/encoding.h"

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

/* ---- structure
 * ---------------------------------------------------------------------------------------------------- */

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

/* ---- headings
 * ----------------------------------------------------------------------------------------------------- */

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

/* ---- paragraphs
 * --------------------------------------------------------------------------------------------------- */

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

/* Sentences of the paragraph; all but the last one when more of it is to come. *done: bytes that have left.
 */
static int emit_sentences(struct ora_prose *p, bool more, size_t *done, struct ora_err *err)
{
    struct ora_para *para = &p->para;
    const size_t *ends;
    size_t count, from = 0;
    uint64_t next_line = para->first_line;
    int rc = ora_sentences_split(p->e->sentences, para->text.data, para->text.len, &ends, &count, err);
    /* One endless sentence is cut where it stands: at the last space. */
    size_t cut = para->text.len;
    if (rc == 0 && more && count == 1) {
        while (cut && para->text.data[cut - 1] != ' ')
            cut--;
        cut = cut ? cut : para->text.len;
    }
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (more && i + 1 == count && count > 1)
            break;
        size_t end = more && count == 1 ? cut : ends[i], last = end;
        while (last > from + 1 && para->text.data[last - 1] == ' ')
            last--;
        uint64_t line = next_line,
                 last_line = i + 1 == count && !more ? para->last_line : ora_para_line_at(para, last - 1);
        struct ora_said said = {ORA_ROLE_SENTENCE,
                                line,
                                last_line,
                                para->text.data + from,
                                last - from,
                                NULL,
                                NULL,
                                NULL,
                                NULL,
                                -1,
                                NULL,
                                NULL};
        rc = ora_emit_utterance(p->e, &said, err);
        from = end;
        if (from < para->text.len) {
            next_line = ora_para_line_at(para, from);
            next_line = next_line > last_line ? last_line + 1 : next_line;
        }
    }
    *done = from;
    return rc;
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

int ora_prose_paragraph(struct ora_prose *p, struct ora_err *err)
{
    struct ora_para *para = &p->para;
    size_t done;
    int rc = 0;
    ora_trim_end(&para->text);
    if (p->bad_line) {
        rc = reject_bad(p, err);
    } else if (para->text.len && !ora_has_words(para->text.data, para->text.len)) {
        if (ora_is_ornament(para->text.data, para->text.len)) {
            for (uint64_t line = para->first_line; rc == 0 && line <= para->last_line; line++)
                rc = ora_prose_scene_break(p, line, err);
        } else if ((rc = begin_speech(p, err)) == 0) {
            rc = ora_emit_rejected(p->e, para->first_line, para->last_line, NULL, para->text.data,
                                   para->text.len, "no-words",
                                   "the paragraph has no letters and no digits: nothing to speak", err);
        }
    } else if (para->text.len) {
        rc = begin_speech(p, err);
        if (rc == 0)
            rc = emit_sentences(p, false, &done, err);
    } else if (para->first_line) { /* lines of characters that are never spoken */
        for (uint64_t line = para->first_line; rc == 0 && line <= para->last_line; line++)
            rc = ora_prose_structure(p, line, p->empty_kind, err);
    }
    if (para->first_line)
        ora_emit_paragraph_end(p->e);
    ora_para_clear(para);
    p->continued = false;
    return rc;
}

int ora_prose_end(struct ora_prose *p, struct ora_err *err)
{
    int rc = ora_prose_paragraph(p, err);
    if (rc == 0)
        rc = end_headings(p, err);
    return rc < 0 ? rc : end_run(p, err);
}
