/* Records: what all formats of one record a line share, and the plainest of them, text. */
#include "text/records.h"

#include <stdarg.h>
#include <string.h>

#include "text/chars.h"
#include "text/encoding.h"

struct reading {
    struct ora_emitter *e;
    struct ora_record record;
    struct ora_str text, reason;
    uint64_t run_first, run_last; /* structure not yet told */
    const char *run_kind;
};

void ora_record_reject(struct ora_record *r, const char *code, const char *fmt, ...)
{
    va_list ap;
    r->reject_code = code;
    ora_str_clear(&r->reject_reason);
    va_start(ap, fmt);
    ora_str_vaddf(&r->reject_reason, fmt, ap);
    va_end(ap);
}

static int end_run(struct reading *r, struct ora_err *err)
{
    const char *kind = r->run_kind;
    r->run_kind = NULL;
    return kind ? ora_emit_structure(r->e, r->run_first, r->run_last, kind, err) : 0;
}

static int structure(struct reading *r, uint64_t line, const char *kind, struct ora_err *err)
{
    int rc = r->run_kind && strcmp(r->run_kind, kind) != 0 ? end_run(r, err) : 0;
    if (!r->run_kind)
        r->run_first = line;
    r->run_kind = kind;
    r->run_last = line;
    return rc;
}

static int rejected(struct reading *r, const struct ora_line *line, const char *code, const char *reason,
                    struct ora_err *err)
{
    int rc = end_run(r, err);
    return rc < 0 ? rc
                  : ora_emit_record_rejected(r->e, line->number, r->record.id, line->text, line->len, code,
                                             reason, err);
}

static int accept(struct reading *r, const struct ora_line *line, struct ora_err *err)
{
    const struct ora_record *rec = &r->record;
    bool space = true;
    ora_str_clear(&r->text);
    ora_clean(&r->text, rec->text, rec->text_len, &space);
    ora_trim_end(&r->text);
    struct ora_said said = {ORA_ROLE_LINE, line->number, line->number,  ora_str_c(&r->text),
                            r->text.len,   rec->id,      rec->voice,    rec->speaker,
                            rec->lang,     rec->speed,   rec->settings, rec->extra};
    int rc = end_run(r, err);
    if (rc == 0)
        rc = ora_emit_utterance(r->e, &said, err);
    ora_emit_paragraph_end(r->e);
    return rc;
}

static bool is_blank(const char *text, size_t len)
{
    for (size_t at = 0, end; at < len; at = end) {
        uint32_t cp = ora_cp_at(text, len, at, &end);
        if (!ora_cp_is_space(cp) && !ora_cp_is_dropped(cp))
            return false;
    }
    return true;
}

static int one_line(struct reading *r, const struct ora_line *line, ora_record_fn *parse, void *format,
                    struct ora_err *err)
{
    const char *code;
    struct ora_str reject_reason = r->record.reject_reason;
    r->record = (struct ora_record){.speed = -1, .reject_reason = reject_reason};
    if (!line->ends) {
        char reason[96];
        snprintf(reason, sizeof reason, "the line is longer than %d bytes", ORA_LINE_MAX_BYTES);
        return rejected(r, line, "too-long", reason, err);
    }
    if (!ora_encoding_line_ok(line->text, line->len, line->offset, &code, &r->reason))
        return rejected(r, line, code, r->reason.data, err);
    if (is_blank(line->text, line->len))
        return structure(r, line->number, "blank", err);
    int rc = parse(format, line->text, line->len, &r->record, err);
    if (rc < 0)
        return rc;
    if (r->record.reject_code)
        return rejected(r, line, r->record.reject_code, ora_str_c(&r->record.reject_reason), err);
    if (r->record.structure)
        return structure(r, line->number, r->record.structure, err);
    return accept(r, line, err);
}

int ora_records_read(struct ora_emitter *e, struct ora_lines *lines, ora_record_fn *parse, void *format,
                     struct ora_err *err)
{
    struct reading r = {.e = e};
    struct ora_line line;
    int rc;
    while ((rc = ora_lines_next(lines, &line, err)) > 0) {
        rc = line.starts ? one_line(&r, &line, parse, format, err) : 0; /* the rest of a line too long */
        if (rc < 0)
            break;
    }
    if (rc == 0)
        rc = end_run(&r, err);
    ora_str_release(&r.text);
    ora_str_release(&r.reason);
    ora_str_release(&r.record.reject_reason);
    return rc;
}

/* ---- plain text, one utterance a line ---- */

/* Strokes that lines are drawn with; other marks without words ("?!", "...") are a text that cannot be
 * spoken. */
static bool is_rule(const char *line, size_t len)
{
    static const char strokes[] = "*-_=~#+.";
    size_t marks = 0;
    for (size_t at = 0, end; at < len; at = end) {
        uint32_t cp = ora_cp_at(line, len, at, &end);
        if (cp < 0x80 && cp != ' ' && cp != '\t' && (!strchr(strokes, (int)cp) || (cp == '.' && !marks)))
            return false;
        marks += cp != ' ' && cp != '.';
    }
    return marks > 0 && ora_is_ornament(line, len);
}

static int parse_txt(void *format, const char *line, size_t len, struct ora_record *r, struct ora_err *err)
{
    (void)format;
    (void)err;
    if (is_rule(line, len)) {
        r->structure = "ornament";
    } else {
        r->text = line;
        r->text_len = len;
    }
    return 0;
}

int ora_records_read_txt(struct ora_emitter *e, struct ora_lines *lines, struct ora_err *err)
{
    return ora_records_read(e, lines, parse_txt, NULL, err);
}
