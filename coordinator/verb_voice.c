/* oratorio voice: list, describe, check and import voices. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/open_run.h"
#include "coordinator/options.h"
#include "models/family.h"
#include "voice/check.h"
#include "voice/import.h"
#include "voice/voice.h"

static const char text[] =
    "  list                     voices found, with family, language, rate, speakers and licence\n"
    "  describe VOICE           what a voice is: licence, source, dims, settings, untrained symbols\n"
    "  check VOICE              verifies its files, renders a sentence and judges it; exit 1 when something "
    "fails\n"
    "  import [FAMILY] PATH     makes a voice of a foreign model; vits reads a Piper .onnx with its "
    ".onnx.json beside it\n\n"
    "VOICE is a name or a folder. Voices are looked for in $ORATORIO_VOICES, ./voices, "
    "$XDG_DATA_HOME/oratorio/voices,\n"
    "/usr/local/share/oratorio/voices and /usr/share/oratorio/voices.\n\n"
    "Examples:\n"
    "  oratorio voice import vits ~/Downloads/en_GB-alba-medium.onnx --license 'CC BY 4.0'\n"
    "  oratorio voice check en_GB-alba-medium\n"
    "  oratorio voice list --json\n";

struct voice_options {
    const char *name, *out, *license, *note, *source, *sentence, *kernels;
    bool replace, json;
};

static void print_json(json_t *json)
{
    char *s = json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    if (s)
        puts(s);
    free(s);
}

static int on_listed(void *ctx, const struct ora_voice *v, const char *dir, const struct ora_err *why)
{
    json_t *list = ctx;
    if (!v) {
        if (!list)
            printf("%-28s not usable: %s\n", dir, why->message);
        else
            json_array_append_new(list, json_pack("{s:s, s:s}", "dir", dir, "error", why->message));
        return 0;
    }
    if (list)
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s?, s:i, s:i, s:s?, s:s?}", "name", v->name, "family",
                                        v->family, "lang", v->lang, "sample_rate_hz", v->sample_rate_hz,
                                        "speakers", v->speaker_count, "license", v->license, "dir", v->dir));
    else
        printf("%-28s %-9s %-7s %5d Hz  %3d speaker%s  %s\n", v->name, v->family, v->lang ? v->lang : "-",
               v->sample_rate_hz, v->speaker_count, v->speaker_count == 1 ? " " : "s",
               v->license ? v->license : "");
    return 0;
}

static int list(const struct voice_options *o, struct ora_err *err)
{
    json_t *json = o->json ? json_array() : NULL;
    int rc = ora_voice_list(on_listed, json, err);
    if (rc == 0 && json)
        print_json(json);
    json_decref(json);
    return rc;
}

static int describe(const char *name, const struct voice_options *o, struct ora_err *err)
{
    struct ora_voice *v = NULL;
    struct ora_model *model = NULL;
    struct ora_str out = ORA_STR_INIT;
    json_t *json = NULL;
    int rc = ora_voice_open(name, &v, err);
    if (rc < 0)
        return rc;
    const struct ora_family *f = ora_family_find(v->family);
    rc = f->open(v, &(struct ora_open_options){.kernels = o->kernels}, &model, err);
    if (rc == 0)
        rc = ora_voice_describe(v, model, o->json ? NULL : &out, o->json ? &json : NULL, err);
    if (rc == 0 && json)
        print_json(json);
    else if (rc == 0)
        fputs(ora_str_c(&out), stdout);
    json_decref(json);
    ora_str_release(&out);
    f->close(&model);
    ora_voice_close(&v);
    return rc;
}

/* Returns 1 when something failed. */
static int check(const char *name, const struct voice_options *o, struct ora_err *err)
{
    struct ora_voice *v = NULL;
    struct ora_voice_report report = {0};
    int rc = ora_voice_open(name, &v, err);
    if (rc == 0)
        rc = ora_voice_check(
            v, &(struct ora_voice_check_options){.text = o->sentence, .speaker = -1, .kernels = o->kernels},
            &report, err);
    if (rc == 0 && o->json)
        print_json(report.json);
    else if (rc == 0)
        fputs(ora_str_c(&report.text), stdout);
    if (rc == 0 && report.worst == ORA_VERDICT_FAIL)
        rc = 1;
    ora_voice_report_release(&report);
    ora_voice_close(&v);
    return rc;
}

static int import(const struct ora_words *args, const struct voice_options *o, struct ora_err *err)
{
    bool named = args->count == 3;
    struct ora_voice_import_request q = {.path = args->item[named ? 2 : 1],
                                         .family = named ? args->item[1] : NULL,
                                         .name = o->name,
                                         .out_dir = o->out,
                                         .license = o->license,
                                         .license_note = o->note,
                                         .source = o->source,
                                         .replace = o->replace};
    char *dir = NULL;
    int rc = ora_voice_import(&q, &dir, err);
    if (rc == 0)
        printf("%s\n", dir);
    free(dir);
    return rc;
}

static int dispatch(const struct ora_words *args, const struct voice_options *o, struct ora_err *err)
{
    static const struct {
        const char *name;
        size_t least, most;
    } table[] = {{"list", 1, 1}, {"describe", 2, 2}, {"check", 2, 2}, {"import", 2, 3}};
    static const char *const names[] = {"list", "describe", "check", "import"};
    size_t i = 0;
    while (i < 4 && strcmp(args->item[0], names[i]) != 0)
        i++;
    if (i == 4) {
        const char *near = ora_nearest(args->item[0], names, 4);
        return near ? ora_err_set(err, ORA_E_BAD_USAGE, "unknown '%s', did you mean '%s'?", args->item[0],
                                  near)
                    : ora_err_set(err, ORA_E_BAD_USAGE, "unknown '%s': list, describe, check or import",
                                  args->item[0]);
    }
    if (args->count < table[i].least || args->count > table[i].most)
        return ora_err_set(err, ORA_E_BAD_USAGE, "usage: oratorio voice %s",
                           i == 0   ? "list"
                           : i == 3 ? "import [FAMILY] PATH"
                           : i == 1 ? "describe VOICE"
                                    : "check VOICE");
    return i == 0   ? list(o, err)
           : i == 1 ? describe(args->item[1], o, err)
           : i == 2 ? check(args->item[1], o, err)
                    : import(args, o, err);
}

static int run(int argc, char **argv)
{
    struct voice_options o = {0};
    const struct ora_option options[] = {
        {.name = "json", .help = "list, describe, check: JSON", .type = ORA_OPT_FLAG, .value = &o.json},
        {.name = "text",
         .arg = "TEXT",
         .help = "check: the sentence to render",
         .type = ORA_OPT_TEXT,
         .value = &o.sentence},
        {.name = "kernels",
         .arg = "LEVEL",
         .help = "describe, check: kernel level, e.g. avx2",
         .type = ORA_OPT_TEXT,
         .value = &o.kernels},
        {.name = "name",
         .arg = "NAME",
         .help = "import: the voice's name (default: the file's)",
         .type = ORA_OPT_TEXT,
         .value = &o.name},
        {.name = "out",
         .arg = "DIR",
         .help = "import: the folder of voices",
         .type = ORA_OPT_TEXT,
         .value = &o.out},
        {.name = "license",
         .arg = "TEXT",
         .help = "import: licence of the voice",
         .type = ORA_OPT_TEXT,
         .value = &o.license},
        {.name = "note",
         .arg = "TEXT",
         .help = "import: what else a user must know of its licence",
         .type = ORA_OPT_TEXT,
         .value = &o.note},
        {.name = "source",
         .arg = "TEXT",
         .help = "import: where the model came from",
         .type = ORA_OPT_TEXT,
         .value = &o.source},
        {.name = "replace",
         .help = "import: replace a voice of that name",
         .type = ORA_OPT_FLAG,
         .value = &o.replace},
        {0},
    };
    struct ora_words args;
    enum ora_parse p = ora_options_parse(&ora_verb_voice, options, argc, argv, &args);
    if (p != ORA_PARSE_OK)
        return p == ORA_PARSE_HELP ? 0 : 2;
    struct ora_err err = {0};
    int rc = dispatch(&args, &o, &err);
    if (rc < 0)
        fprintf(stderr, "oratorio voice: %s\n", err.message);
    return rc < 0 ? 2 : rc;
}

const struct ora_verb ora_verb_voice = {
    .name = "voice",
    .synopsis = "list|describe VOICE|check VOICE|import [FAMILY] PATH [OPTION]...",
    .summary = "list, describe, check and import voices",
    .text = text,
    .min_args = 1,
    .max_args = 3,
    .run = run,
};
