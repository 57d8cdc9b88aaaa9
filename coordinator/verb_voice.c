/* oratorio voice: list, describe, check, import, add and make voices. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "coordinator/open_run.h"
#include "coordinator/options.h"
#include "models/family.h"
#include "voice/add.h"
#include "voice/check.h"
#include "voice/import.h"
#include "voice/voice.h"

static const char text[] =
    "  list                     voices found, with family, language, rate, speakers and licence\n"
    "  describe VOICE           what a voice is: licence, source, dims, settings, untrained symbols\n"
    "  check VOICE              verifies its files, renders a sentence and judges it; exit 1 when something "
    "fails\n"
    "  import [FAMILY] PATH     makes a voice of a foreign model; vits reads a Piper .onnx with its "
    ".onnx.json beside it,\n"
    "                           megatts3 the five folders of the release (a base for voices: see `voice "
    "add`)\n"
    "  add [NAME]               makes a cloned voice of a recording: needs --base, --prompt, --consent and "
    "--license; of a\n"
    "                           folder of recordings one voice a file, named by the files (behind NAME- if "
    "given)\n"
    "  make-random FAMILY       makes a voice whose weights are random numbers: it speaks noise, for tests "
    "and "
    "benchmarks\n\n"
    "VOICE is a name or a folder. Voices are looked for in $ORATORIO_VOICES, ./voices, "
    "$XDG_DATA_HOME/oratorio/voices,\n"
    "/usr/local/share/oratorio/voices and /usr/share/oratorio/voices.\n\n"
    "Examples:\n"
    "  oratorio voice import vits ~/Downloads/en_GB-alba-medium.onnx --license 'CC BY 4.0'\n"
    "  oratorio voice import megatts3 ~/Downloads/MegaTTS3 --name megatts3-base\n"
    "  oratorio voice add ann --base megatts3-base --prompt ann.wav --latents ann.npy \\\n"
    "    --consent 'Ann Example, by letter of 2026-10-02' --license 'our audiobooks only'\n"
    "  oratorio voice make-random megatts3 --dims mini --seed 1 --name noise\n"
    "  oratorio voice check en_GB-alba-medium\n"
    "  oratorio voice list --json\n";

struct voice_options {
    const char *name, *out, *license, *note, *source, *sentence, *kernels, *dims, *seed;
    const char *base, *family, *prompt, *latents, *consent, *encoder_seed, *lang;
    bool replace, json;
};

static void print_json(json_t *json)
{
    char *s = json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    if (s)
        puts(s);
    free(s);
}

static bool is_base(const struct ora_voice *v)
{
    const struct ora_family *f = ora_family_find(v->family);
    return f->is_base && f->is_base(v);
}

static bool is_ready(const struct ora_voice *v, struct ora_err *why)
{
    const struct ora_family *f = ora_family_find(v->family);
    return !f->ready || f->ready(v, why) == 0;
}

static void list_in_json(json_t *list, const struct ora_voice *v)
{
    struct ora_err why = {0};
    bool ready = is_ready(v, &why);
    json_t *o = json_pack("{s:s, s:s, s:s?, s:i, s:i, s:s?, s:s?, s:b, s:b, s:b}", "name", v->name, "family",
                          v->family, "lang", v->lang, "sample_rate_hz", v->sample_rate_hz, "speakers",
                          v->speaker_count, "license", v->license, "dir", v->dir, "is_base", is_base(v),
                          "weights_random", v->weights_random, "ready", ready);
    if (v->base_name)
        json_object_set_new(o, "base", json_string(v->base_name));
    if (!ready)
        json_object_set_new(o, "why_not_ready", json_string(why.message));
    json_array_append_new(list, o);
}

static void list_in_text(const struct ora_voice *v)
{
    struct ora_err why = {0};
    printf("%-28s %-9s %-7s %5d Hz  %3d speaker%s  ", v->name, v->family, v->lang ? v->lang : "-",
           v->sample_rate_hz, v->speaker_count, v->speaker_count == 1 ? " " : "s");
    if (is_base(v))
        printf("a base for `voice add`; ");
    if (v->base_name)
        printf("base: %s; ", v->base_name);
    if (v->weights_random)
        printf("weights: random; ");
    printf("%s", v->license ? v->license : "");
    if (is_ready(v, &why))
        printf("\n");
    else
        printf("; NOT READY: %s\n", why.message);
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
        list_in_json(list, v);
    else
        list_in_text(v);
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
    if (!f->is_base || !f->is_base(v))
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

/* ---- making voices -------------------------------------------------------------------------- */

struct shown {
    int64_t last_ms;
    bool line_open;
};

/* On a terminal one line that changes; elsewhere a line now and then, so that a log stays short. */
static void on_progress(void *ctx, const char *what, double share)
{
    struct shown *s = ctx;
    bool terminal = isatty(STDERR_FILENO);
    int64_t now = ora_clock_mono_ms();
    if (now - s->last_ms < (terminal ? 100 : 5000))
        return;
    s->last_ms = now;
    fprintf(stderr, terminal ? "\r%-12s %3.0f %%" : "%s %.0f %%\n", what, 100 * share);
    s->line_open = terminal;
}

static void end_line(struct shown *s)
{
    if (s->line_open)
        fprintf(stderr, "\r%20s\r", "");
    s->line_open = false;
}

static void on_note(void *ctx, const char *note)
{
    end_line(ctx);
    fprintf(stderr, "note: %s\n", note);
}

static struct ora_voice_import_request request_of(const struct voice_options *o, struct shown *shown)
{
    return (struct ora_voice_import_request){.name = o->name,
                                             .out_dir = o->out,
                                             .license = o->license,
                                             .license_note = o->note,
                                             .source = o->source,
                                             .replace = o->replace,
                                             .dims = o->dims,
                                             .progress = on_progress,
                                             .note = on_note,
                                             .progress_ctx = shown};
}

static int finish(int rc, char *dir, struct shown *shown)
{
    end_line(shown);
    if (rc == 0)
        printf("%s\n", dir);
    free(dir);
    return rc;
}

static int import(const struct ora_words *args, const struct voice_options *o, struct ora_err *err)
{
    bool named = args->count == 3;
    struct shown shown = {.last_ms = ora_clock_mono_ms()};
    struct ora_voice_import_request q = request_of(o, &shown);
    char *dir = NULL;
    q.path = args->item[named ? 2 : 1];
    q.family = named ? args->item[1] : NULL;
    int rc = ora_voice_import(&q, &dir, err);
    return finish(rc, dir, &shown);
}

static int make_random(const struct ora_words *args, const struct voice_options *o, struct ora_err *err)
{
    struct shown shown = {.last_ms = ora_clock_mono_ms()};
    struct ora_voice_import_request q = request_of(o, &shown);
    char *dir = NULL, *name = ora_fmt("%s-random", args->item[1]);
    q.family = args->item[1];
    q.name = o->name ? o->name : name;
    int rc = ora_voice_make_random(&q, o->seed ? o->seed : "0", &dir, err);
    free(name);
    return finish(rc, dir, &shown);
}

static void on_added(void *ctx, const char *name, const char *dir, const struct ora_err *why)
{
    end_line(ctx);
    if (dir)
        printf("%s\n", dir);
    else
        fprintf(stderr, "oratorio voice: %s: %s\n", name, why->message);
}

/* When on_added told why a voice was not made: of a folder's some may have been, one alone is an error like
 * any other. */
static int not_made(int rc, const char *prompt)
{
    struct stat st;
    bool folder = stat(prompt, &st) == 0 && S_ISDIR(st.st_mode);
    return folder ? 1 : ora_exit_code_of_error(rc);
}

/* Returns the exit code when a voice was not made, and on_added told why. */
static int add(const struct ora_words *args, const struct voice_options *o, struct ora_err *err)
{
    struct shown shown = {.last_ms = ora_clock_mono_ms()};
    struct ora_err first = {0};
    const struct ora_voice_add_request q = {.name = args->count > 1 ? args->item[1] : o->name,
                                            .family = o->family,
                                            .base = o->base,
                                            .prompt = o->prompt,
                                            .latents = o->latents,
                                            .encoder_seed = o->encoder_seed,
                                            .consent = o->consent,
                                            .license = o->license,
                                            .license_note = o->note,
                                            .source = o->source,
                                            .lang = o->lang,
                                            .out_dir = o->out,
                                            .kernels = o->kernels,
                                            .replace = o->replace,
                                            .progress = on_progress,
                                            .note = on_note,
                                            .ctx = &shown};
    size_t failed = 0;
    int rc = ora_voice_add(&q, on_added, &shown, &failed, &first);
    end_line(&shown);
    if (rc < 0 && failed)
        return not_made(rc, o->prompt);
    if (rc < 0 && err)
        *err = first;
    return rc;
}

/* ---- the verb ------------------------------------------------------------------------------- */

static int list_voices(const struct ora_words *args, const struct voice_options *o, struct ora_err *err)
{
    (void)args;
    return list(o, err);
}
static int describe_voice(const struct ora_words *args, const struct voice_options *o, struct ora_err *err)
{
    return describe(args->item[1], o, err);
}
static int check_voice(const struct ora_words *args, const struct voice_options *o, struct ora_err *err)
{
    return check(args->item[1], o, err);
}

static const struct deed {
    const char *name, *usage;
    size_t least, most; /* words, its own name included */
    int (*run)(const struct ora_words *args, const struct voice_options *o, struct ora_err *err);
} deeds[] = {
    {"list", "list", 1, 1, list_voices},
    {"describe", "describe VOICE", 2, 2, describe_voice},
    {"check", "check VOICE", 2, 2, check_voice},
    {"import", "import [FAMILY] PATH", 2, 3, import},
    {"add", "add [NAME] --base VOICE --prompt FILE --consent TEXT --license TEXT", 1, 2, add},
    {"make-random", "make-random FAMILY", 2, 2, make_random},
};
enum { DEEDS = sizeof deeds / sizeof *deeds };

static int unknown_deed(const char *word, struct ora_err *err)
{
    const char *names[DEEDS], *near;
    struct ora_str list_of = ORA_STR_INIT;
    for (size_t i = 0; i < DEEDS; i++) {
        names[i] = deeds[i].name;
        ora_str_addf(&list_of, "%s%s", i == 0 ? "" : i + 1 < DEEDS ? ", " : " or ", names[i]);
    }
    near = ora_nearest(word, names, DEEDS);
    int rc = near ? ora_err_set(err, ORA_E_BAD_USAGE, "unknown '%s', did you mean '%s'?", word, near)
                  : ora_err_set(err, ORA_E_BAD_USAGE, "unknown '%s': %s", word, ora_str_c(&list_of));
    ora_str_release(&list_of);
    return rc;
}

static int dispatch(const struct ora_words *args, const struct voice_options *o, struct ora_err *err)
{
    for (size_t i = 0; i < DEEDS; i++) {
        if (strcmp(args->item[0], deeds[i].name) != 0)
            continue;
        if (args->count < deeds[i].least || args->count > deeds[i].most)
            return ora_err_set(err, ORA_E_BAD_USAGE, "usage: oratorio voice %s", deeds[i].usage);
        return deeds[i].run(args, o, err);
    }
    return unknown_deed(args->item[0], err);
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
         .help = "describe, check, add: kernel level, e.g. avx2",
         .type = ORA_OPT_TEXT,
         .value = &o.kernels},
        {.name = "name",
         .arg = "NAME",
         .help = "import, make-random: the voice's name (import: the file's if not given)",
         .type = ORA_OPT_TEXT,
         .value = &o.name},
        {.name = "out",
         .arg = "DIR",
         .help = "import, add, make-random: the folder of voices",
         .type = ORA_OPT_TEXT,
         .value = &o.out},
        {.name = "license",
         .arg = "TEXT",
         .help = "import, add: licence of the voice",
         .type = ORA_OPT_TEXT,
         .value = &o.license},
        {.name = "note",
         .arg = "TEXT",
         .help = "import, add: what else a user must know of its licence",
         .type = ORA_OPT_TEXT,
         .value = &o.note},
        {.name = "source",
         .arg = "TEXT",
         .help = "import, add: where the model or the recording came from",
         .type = ORA_OPT_TEXT,
         .value = &o.source},
        {.name = "base",
         .arg = "VOICE",
         .help = "add: the voice whose networks the new one speaks with",
         .type = ORA_OPT_TEXT,
         .value = &o.base},
        {.name = "family",
         .arg = "FAMILY",
         .help = "add: what the base must be of (default: whatever it is)",
         .type = ORA_OPT_TEXT,
         .value = &o.family},
        {.name = "prompt",
         .arg = "FILE",
         .help = "add: a recording, WAV or FLAC, best 5 to 20 s; or a folder of them",
         .type = ORA_OPT_TEXT,
         .value = &o.prompt},
        {.name = "latents",
         .arg = "FILE",
         .help = "add: the recording's latents, .npy, where the base has no encoder",
         .type = ORA_OPT_TEXT,
         .value = &o.latents},
        {.name = "encoder-seed",
         .arg = "N",
         .help = "add: draw the latents with noise of this seed (default: their means)",
         .type = ORA_OPT_TEXT,
         .value = &o.encoder_seed},
        {.name = "consent",
         .arg = "TEXT",
         .help = "add: whose voice it is and that they agreed; in every record",
         .type = ORA_OPT_TEXT,
         .value = &o.consent},
        {.name = "lang",
         .arg = "TAG",
         .help = "add: the voice's language (default: the base's)",
         .type = ORA_OPT_TEXT,
         .value = &o.lang},
        {.name = "dims",
         .arg = "SIZES",
         .help = "import: a JSON file of other sizes than the released model's; make-random: mini, full or "
                 "such a file",
         .type = ORA_OPT_TEXT,
         .value = &o.dims},
        {.name = "seed",
         .arg = "SEED",
         .help = "make-random: letters and digits that the weights are made of (default: 0)",
         .type = ORA_OPT_TEXT,
         .value = &o.seed},
        {.name = "replace",
         .help = "import, add, make-random: replace a voice of that name",
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
    .synopsis =
        "list|describe VOICE|check VOICE|import [FAMILY] PATH|add NAME|make-random FAMILY [OPTION]...",
    .summary = "list, describe, check, import, add and make voices",
    .text = text,
    .min_args = 1,
    .max_args = 3,
    .run = run,
};
