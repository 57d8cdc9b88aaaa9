/* For tests of the reader. */
#include "text/reader_testing.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/test.h"

struct telling {
    const struct ora_reading *how;
    struct ora_str *out;
};

static void tell_utterance(const struct telling *t, const struct ora_item *i)
{
    static const char *const gaps[] = {"split", "sentence", "para", "heading", "chapter", "doc"};
    static const char role[] = "SHL";
    ora_str_addf(t->out, "%c ", role[i->role]);
    if (i->role == ORA_ROLE_LINE || t->how->ids)
        ora_str_addf(t->out, "%s ", i->id);
    ora_str_add(t->out, i->text);
    if (t->how->gaps && i->gap_after != ORA_GAP_SENTENCE)
        ora_str_addf(t->out, " ~%s", gaps[i->gap_after]);
    if (i->split)
        ora_str_addf(t->out, " [%u/%u]", i->split, i->split_count);
    if (i->source_id)
        ora_str_addf(t->out, " <%s", i->source_id);
    if (i->voice)
        ora_str_addf(t->out, " voice=%s", i->voice);
    if (i->speaker)
        ora_str_addf(t->out, " speaker=%s", i->speaker);
    if (i->lang)
        ora_str_addf(t->out, " lang=%s", i->lang);
    if (i->speed >= 0)
        ora_str_addf(t->out, " speed=%g", i->speed);
    if (i->settings) {
        char *json = json_dumps(i->settings, JSON_COMPACT);
        ora_str_addf(t->out, " settings=%s", json);
        free(json);
    }
    if (i->extra) {
        char *json = json_dumps(i->extra, JSON_COMPACT);
        ora_str_addf(t->out, " extra=%s", json);
        free(json);
    }
    ora_str_add(t->out, "\n");
}

static int tell(void *ctx, const struct ora_item *i, struct ora_err *err)
{
    const struct telling *t = ctx;
    char lines[48];
    if (t->how->also) {
        int rc = t->how->also(t->how->also_ctx, i, err);
        if (rc < 0)
            return rc;
    }
    if (i->line == i->last_line)
        snprintf(lines, sizeof lines, "%llu", (unsigned long long)i->line);
    else
        snprintf(lines, sizeof lines, "%llu-%llu", (unsigned long long)i->line,
                 (unsigned long long)i->last_line);
    switch (i->kind) {
    case ORA_ITEM_DOCUMENT:
        ora_str_addf(t->out, "D %s\n", i->title);
        break;
    case ORA_ITEM_CHAPTER:
        ora_str_addf(t->out, "C %s\n", i->title);
        break;
    case ORA_ITEM_UTTERANCE:
        tell_utterance(t, i);
        break;
    case ORA_ITEM_REJECTED:
        ora_str_addf(t->out, "R %s %s%s%s\n", i->reason_code, lines, i->id ? " " : "", i->id ? i->id : "");
        break;
    case ORA_ITEM_STRUCTURE:
        if (t->how->structure)
            ora_str_addf(t->out, "X %s %s\n", i->reason_code, lines);
        break;
    }
    return 0;
}

int ora_reading_of(const struct ora_reading *how, const char *name, const char *bytes, size_t len,
                   struct ora_str *out, struct ora_err *err)
{
    struct ora_reader_limits limits = how->limits;
    limits.max_chars = limits.max_chars ? limits.max_chars : 400;
    char *path = ora_path_join(ora_test_tmpdir(), name);
    struct ora_input input = {.path = path,
                              .layout = how->layout,
                              .format = how->format,
                              .columns = how->columns,
                              .column_count = how->column_count};
    struct telling t = {how, out};
    struct ora_reader *r = ora_reader_create(&limits, err);
    int rc = r ? ora_file_write_atomic(path, bytes, len, 0644, err) : err->code;
    ora_str_clear(out);
    if (rc == 0)
        rc = ora_reader_input(r, &input, tell, &t, err);
    if (rc == 0)
        rc = ora_reader_finish(r, tell, &t, err);
    ora_reader_destroy(&r);
    free(path);
    return rc;
}
