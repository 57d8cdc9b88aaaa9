/*
 * Reader: finds out what an input is and hands it to the reader of that format.
 *
 *   lines (bytes → lines) → encoding, format → records_* (a line, a record) or prose_* (paragraphs,
 * sentences) → emitter → items
 */
#include "text/reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "text/emitter.h"
#include "text/encoding.h"
#include "text/format.h"
#include "text/ids.h"
#include "text/lines.h"
#include "text/prose.h"
#include "text/records.h"

enum { MAX_CHARS_LEAST = 16 };

struct ora_reader {
    struct ora_emitter emitter;
};

struct ora_reader *ora_reader_create(const struct ora_reader_limits *limits, struct ora_err *err)
{
    if (limits->max_chars < MAX_CHARS_LEAST) {
        ora_err_set(err, ORA_E_BAD_USAGE, "max_chars is %u; at least %d was expected", limits->max_chars,
                    MAX_CHARS_LEAST);
        return NULL;
    }
    struct ora_sentences *sentences = ora_sentences_create(limits->lang, err);
    if (!sentences)
        return NULL;
    struct ora_reader *r = ora_xcalloc(1, sizeof *r);
    ora_emitter_init(&r->emitter, limits->max_chars);
    r->emitter.sentences = sentences;
    return r;
}

void ora_reader_destroy(struct ora_reader **reader)
{
    struct ora_reader *r = *reader;
    if (!r)
        return;
    ora_sentences_destroy(&r->emitter.sentences);
    ora_emitter_release(&r->emitter);
    free(r);
    *reader = NULL;
}

static int choose(const struct ora_input *input, const char *bytes, size_t len, enum ora_format *format,
                  enum ora_layout *layout, struct ora_err *err)
{
    *format = input->format;
    *layout = input->layout;
    if (*format == ORA_FORMAT_AUTO)
        *format = ora_format_by_name(input->path);
    if (input->format == ORA_FORMAT_AUTO && *format == ORA_FORMAT_TXT && *layout == ORA_LAYOUT_AUTO &&
        ora_format_is_list(bytes, len))
        *format = ORA_FORMAT_LIST;
    if (*format == ORA_FORMAT_AUTO) {
        int rc = ora_format_by_content(input->path, bytes, len, format, err);
        if (rc < 0)
            return rc;
    }
    bool prose = *format == ORA_FORMAT_TXT || *format == ORA_FORMAT_MD;
    if (*layout == ORA_LAYOUT_AUTO)
        *layout = prose ? ORA_LAYOUT_PROSE : ORA_LAYOUT_LINES;
    if (*layout == ORA_LAYOUT_PROSE && !prose)
        return ora_err_set(err, ORA_E_BAD_USAGE, "input '%s' is %s: layout 'prose' is for txt and md only",
                           input->path, ora_format_name(*format));
    return 0;
}

static int read_as(struct ora_reader *r, const struct ora_input *input, struct ora_lines *lines,
                   enum ora_format format, enum ora_layout layout, struct ora_err *err)
{
    struct ora_emitter *e = &r->emitter;
    switch (format) {
    case ORA_FORMAT_JSONL:
        return ora_records_read_jsonl(e, lines, err);
    case ORA_FORMAT_TSV:
    case ORA_FORMAT_LIST:
        return ora_records_read_table(e, lines, input, format == ORA_FORMAT_TSV ? '\t' : '|', err);
    case ORA_FORMAT_MD:
        if (layout == ORA_LAYOUT_PROSE)
            return ora_prose_read_md(e, lines, err);
        return ora_records_read_txt(e, lines, err);
    case ORA_FORMAT_TXT:
    case ORA_FORMAT_AUTO:
        break;
    }
    return layout == ORA_LAYOUT_PROSE ? ora_prose_read_txt(e, lines, err)
                                      : ora_records_read_txt(e, lines, err);
}

static char *title_of(const char *path)
{
    const char *base = strcmp(path, "-") ? ora_path_base(path) : "stdin", *dot = strrchr(base, '.');
    return ora_xstrndup(base, dot && dot > base ? (size_t)(dot - base) : strlen(base));
}

static int begin_document(struct ora_reader *r, const struct ora_input *input, struct ora_err *err)
{
    struct ora_str doc_id = ORA_STR_INIT;
    if (input->doc_id &&
        (strlen(input->doc_id) > ORA_DOC_ID_MAX || !ora_id_is_safe(input->doc_id, strlen(input->doc_id))))
        return ora_err_set(err, ORA_E_BAD_USAGE,
                           "input '%s': document id '%s' may hold letters, digits, '_' and '-' only, not "
                           "'-sub', and at most %d "
                           "of them",
                           input->path, input->doc_id, ORA_DOC_ID_MAX);
    if (!input->doc_id)
        ora_doc_id_from_path(input->path, &doc_id);
    char *title = title_of(input->path);
    ora_emit_document(&r->emitter, input->path, input->doc_id ? input->doc_id : doc_id.data, title);
    free(title);
    ora_str_release(&doc_id);
    return 0;
}

int ora_reader_input(struct ora_reader *r, const struct ora_input *input, ora_item_fn *on_item, void *ctx,
                     struct ora_err *err)
{
    struct ora_lines *lines = NULL;
    enum ora_format format;
    enum ora_layout layout;
    const char *bytes;
    size_t len;
    bool whole;
    r->emitter.on_item = on_item;
    r->emitter.ctx = ctx;
    int rc = ora_lines_open(input->path, &lines, err);
    if (rc == 0)
        rc = ora_lines_peek(lines, &bytes, &len, &whole, err);
    if (rc == 0)
        rc = ora_encoding_check_kind(input->path, bytes, len, err);
    if (rc == 0)
        rc = choose(input, bytes, len, &format, &layout, err);
    if (rc == 0 && layout == ORA_LAYOUT_PROSE)
        rc = ora_encoding_check_prose(input->path, bytes, len, err);
    if (rc == 0)
        rc = begin_document(r, input, err);
    if (rc == 0 && !len)
        rc = ora_emit_rejected(&r->emitter, 1, 1, NULL, "", 0, "empty", "the input is empty", err);
    else if (rc == 0)
        rc = read_as(r, input, lines, format, layout, err);
    if (rc == 0)
        rc = ora_emit_document_end(&r->emitter, err);
    ora_lines_close(&lines);
    return rc;
}

int ora_reader_finish(struct ora_reader *r, ora_item_fn *on_item, void *ctx, struct ora_err *err)
{
    r->emitter.on_item = on_item;
    r->emitter.ctx = ctx;
    return ora_emit_finish(&r->emitter, err);
}
