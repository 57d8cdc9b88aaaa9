/* oratorio voice list, describe, settings, check. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/voice_deeds.h"
#include "models/family.h"
#include "voice/check.h"
#include "voice/voice.h"

#define OPTION_JSON(p)                                                                                       \
    {                                                                                                        \
        .name = "json", .help = "JSON", .type = ORA_OPT_FLAG, .value = (p)                                   \
    }
#define OPTION_KERNELS(p)                                                                                    \
    {                                                                                                        \
        .name = "kernels", .arg = "LEVEL", .help = "kernel level, e.g. avx2 (default: the best there is)",   \
        .type = ORA_OPT_TEXT, .value = (p)                                                                   \
    }

static void print_json(json_t *json)
{
    char *s = json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    if (s)
        puts(s);
    free(s);
}

/* ---- list ----------------------------------------------------------------------------------- */

static bool is_base(const struct ora_voice *v)
{
    const struct ora_family *f = ora_family_find(v->family);
    return f->is_base && f->is_base(v);
}

/* *why: already what is wrong with its base, or nothing. */
static bool is_ready(const struct ora_voice *v, struct ora_err *why)
{
    const struct ora_family *f = ora_family_find(v->family);
    return !why->code && (!f->ready || f->ready(v, why) == 0);
}

static void list_in_json(json_t *list, const struct ora_voice *v, struct ora_err why)
{
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

static void list_in_text(const struct ora_voice *v, struct ora_err why)
{
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
    if (!v && !list)
        printf("%-28s not usable: %s\n", dir, why->message);
    else if (!v)
        json_array_append_new(list, json_pack("{s:s, s:s}", "dir", dir, "error", why->message));
    else if (list)
        list_in_json(list, v, why ? *why : (struct ora_err){0});
    else
        list_in_text(v, why ? *why : (struct ora_err){0});
    return 0;
}

static int list_run(int argc, char **argv)
{
    bool json = false;
    const struct ora_option options[] = {OPTION_JSON(&json), {0}};
    struct ora_words args;
    struct ora_err err = {0};
    enum ora_parse p = ora_options_parse(&ora_voice_list_verb, options, argc, argv, &args);
    if (p != ORA_PARSE_OK)
        return p == ORA_PARSE_HELP ? 0 : 2;
    json_t *list = json ? json_array() : NULL;
    int rc = ora_voice_list(on_listed, list, &err);
    if (rc == 0 && list)
        print_json(list);
    json_decref(list);
    return ora_voice_end(&ora_voice_list_verb, rc, &err);
}

const struct ora_verb ora_voice_list_verb = {
    .name = "voice list",
    .synopsis = "[--json]",
    .summary = "the voices that are found, one a line",
    .text =
        "A cloned voice shows its base; a base says so. NOT READY: it cannot be used as it is, because only "
        "a\n"
        "part of a release was imported, or its base is gone or another; the rest of the line holds all the\n"
        "same. A folder whose voice.yaml or weights are damaged is `not usable`.\n\n"
        "Example:\n"
        "  oratorio voice list --json | jq '.[] | select(.ready) | .name'\n",
    .max_args = 0,
    .run = list_run,
};

/* ---- describe ------------------------------------------------------------------------------- */

/* Licence and consent are worth telling of a voice that cannot speak too: *why is set where its base or its
 * weights are not what they should be, and *model stays NULL; so it does for a base. */
static int open_as_far_as_possible(const char *name, const char *kernels, struct ora_voice **v,
                                   struct ora_model **model, struct ora_err *why, struct ora_err *err)
{
    int rc = ora_voice_open(name, v, why);
    if (rc < 0)
        return ora_voice_open_alone(name, v, err);
    if (!is_base(*v))
        rc = ora_family_find((*v)->family)
                 ->open(*v, &(struct ora_open_options){.kernels = kernels}, model, why);
    if (rc == 0 || rc == ORA_E_VOICE)
        return 0;
    *err = *why;
    ora_voice_close(v);
    return rc;
}

static int describe(const char *name, const char *kernels, bool as_json, struct ora_err *err)
{
    struct ora_voice *v = NULL;
    struct ora_model *model = NULL;
    struct ora_str out = ORA_STR_INIT;
    struct ora_err why = {0};
    json_t *json = NULL;
    int rc = open_as_far_as_possible(name, kernels, &v, &model, &why, err);
    if (rc < 0)
        return rc;
    const struct ora_family *f = ora_family_find(v->family);
    rc = ora_voice_describe(v, model, why.code ? why.message : NULL, as_json ? NULL : &out,
                            as_json ? &json : NULL, err);
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

static int describe_run(int argc, char **argv)
{
    bool json = false;
    const char *kernels = NULL;
    const struct ora_option options[] = {OPTION_JSON(&json), OPTION_KERNELS(&kernels), {0}};
    struct ora_words args;
    struct ora_err err = {0};
    enum ora_parse p = ora_options_parse(&ora_voice_describe_verb, options, argc, argv, &args);
    if (p != ORA_PARSE_OK)
        return p == ORA_PARSE_HELP ? 0 : 2;
    int rc = describe(args.item[0], kernels, json, &err);
    return ora_voice_end(&ora_voice_describe_verb, rc, &err);
}

const struct ora_verb ora_voice_describe_verb = {
    .name = "voice describe",
    .synopsis = "VOICE [--json] [--kernels LEVEL]",
    .summary = "what a voice is",
    .text =
        "Licence, source, base, consent, settings, the files it was made from with their SHA-256, and "
        "what its\n"
        "family tells of it (sizes, untrained symbols, memory). Of a voice that cannot be opened, because "
        "its base\n"
        "changed or lacks something, `not_ready` says why, and the rest is told all the same.\n\n"
        "Example:\n"
        "  oratorio voice describe en_US-joe-medium\n",
    .min_args = 1,
    .max_args = 1,
    .run = describe_run,
};

/* ---- settings ------------------------------------------------------------------------------- */

static void add_value(struct ora_str *out, const struct ora_setting_def *d, double value)
{
    if (d->type == ORA_SETTING_CHOICE)
        ora_str_add(out, d->choices[(size_t)value]);
    else
        ora_str_addf(out, "%g", value);
}

/* "1 to 10000", "rules or reference". */
static void add_range(struct ora_str *out, const struct ora_setting_def *d)
{
    if (d->type != ORA_SETTING_CHOICE) {
        ora_str_addf(out, "%g to %g", d->min, d->max);
        return;
    }
    for (size_t i = 0; d->choices[i]; i++)
        ora_str_addf(out, "%s%s", i ? " or " : "", d->choices[i]);
}

static void settings_in_text(const struct ora_family *f, const struct ora_settings *s)
{
    printf("%-18s %-9s %-19s %s\n", "setting", "value", "range", "what");
    for (size_t i = 0; f->settings && f->settings[i].name; i++) {
        const struct ora_setting_def *d = &f->settings[i];
        struct ora_str value = ORA_STR_INIT, range = ORA_STR_INIT;
        add_value(&value, d, s->value[i]);
        add_range(&range, d);
        printf("%-18s %-9s %-19s %s\n", d->name, ora_str_c(&value), ora_str_c(&range),
               d->help ? d->help : "");
        ora_str_release(&value);
        ora_str_release(&range);
    }
}

static json_t *settings_in_json(const struct ora_family *f, const struct ora_settings *s)
{
    json_t *all = json_array(), *values = ora_settings_to_json(f, s);
    for (size_t i = 0; f->settings && f->settings[i].name; i++) {
        const struct ora_setting_def *d = &f->settings[i];
        struct ora_str range = ORA_STR_INIT;
        add_range(&range, d);
        json_t *o = json_pack("{s:s, s:O?, s:s, s:s?}", "name", d->name, "value",
                              json_object_get(values, d->name), "range", ora_str_c(&range), "help", d->help);
        if (d->type != ORA_SETTING_CHOICE) {
            json_object_set_new(o, "min", json_real(d->min));
            json_object_set_new(o, "max", json_real(d->max));
        }
        json_array_append_new(all, o);
        ora_str_release(&range);
    }
    json_decref(values);
    return all;
}

static int no_voice_or_family(const char *name, struct ora_err *err)
{
    const char *names[16], *near;
    struct ora_str all = ORA_STR_INIT;
    size_t count = 0;
    for (const struct ora_family *f; count < 16 && (f = ora_family_at(count)); count++) {
        names[count] = f->name;
        ora_str_addf(&all, "%s%s", count ? ", " : "", f->name);
    }
    near = ora_nearest(name, names, count);
    int rc = near ? ora_err_wrap(err, "'%.32s' is no family (did you mean '%s'?)", name, near)
                  : ora_err_wrap(err, "'%.32s' is no family (there are %s)", name, ora_str_c(&all));
    ora_str_release(&all);
    return rc;
}

static int settings(const char *name, bool as_json, struct ora_err *err)
{
    struct ora_voice *v = NULL;
    struct ora_settings s;
    const struct ora_family *f = ora_family_find(name);
    int rc = ora_voice_open(name, &v, err); /* a voice goes before a family of its name */
    if (rc == ORA_E_NOT_FOUND && !f)
        return no_voice_or_family(name, err);
    if (rc < 0 && rc != ORA_E_NOT_FOUND)
        return rc;
    f = v ? ora_family_find(v->family) : f;
    rc = ora_settings_init(f, v, &s, err);
    if (rc == 0 && as_json) {
        json_t *json = settings_in_json(f, &s);
        print_json(json);
        json_decref(json);
    } else if (rc == 0) {
        settings_in_text(f, &s);
    }
    ora_voice_close(&v);
    return rc;
}

static int settings_run(int argc, char **argv)
{
    bool json = false;
    const struct ora_option options[] = {OPTION_JSON(&json), {0}};
    struct ora_words args;
    struct ora_err err = {0};
    enum ora_parse p = ora_options_parse(&ora_voice_settings_verb, options, argc, argv, &args);
    if (p != ORA_PARSE_OK)
        return p == ORA_PARSE_HELP ? 0 : 2;
    int rc = settings(args.item[0], json, &err);
    return ora_voice_end(&ora_voice_settings_verb, rc, &err);
}

const struct ora_verb ora_voice_settings_verb = {
    .name = "voice settings",
    .synopsis = "VOICE|FAMILY [--json]",
    .summary = "the settings of a voice or a family: value, range, what they do and cost",
    .text = "A voice's own values stand in its voice.yaml (`settings: {steps: 32}`); a job's `settings`, a "
            "line's\n"
            "`settings` and `say --set NAME=VALUE` go before them.\n\n"
            "Example:\n"
            "  oratorio voice settings megatts3\n",
    .min_args = 1,
    .max_args = 1,
    .run = settings_run,
};

/* ---- check ---------------------------------------------------------------------------------- */

/* Returns 1 when something failed. */
static int check(const char *name, const struct ora_voice_check_options *o, bool json, struct ora_err *err)
{
    struct ora_voice *v = NULL;
    struct ora_voice_report report = {0};
    int rc = ora_voice_open(name, &v, err);
    if (rc == 0)
        rc = ora_voice_check(v, o, &report, err);
    if (rc == 0 && json)
        print_json(report.json);
    else if (rc == 0)
        fputs(ora_str_c(&report.text), stdout);
    if (rc == 0 && report.worst == ORA_VERDICT_FAIL)
        rc = 1;
    ora_voice_report_release(&report);
    ora_voice_close(&v);
    return rc;
}

static int check_run(int argc, char **argv)
{
    bool json = false;
    struct ora_voice_check_options o = {.speaker = -1};
    const struct ora_option options[] = {
        OPTION_JSON(&json),
        OPTION_KERNELS(&o.kernels),
        {.name = "text",
         .arg = "TEXT",
         .help = "the sentence to render (default: one of the voice's language)",
         .type = ORA_OPT_TEXT,
         .value = &o.text},
        {0},
    };
    struct ora_words args;
    struct ora_err err = {0};
    enum ora_parse p = ora_options_parse(&ora_voice_check_verb, options, argc, argv, &args);
    if (p != ORA_PARSE_OK)
        return p == ORA_PARSE_HELP ? 0 : 2;
    int rc = check(args.item[0], &o, json, &err);
    return ora_voice_end(&ora_voice_check_verb, rc, &err);
}

const struct ora_verb ora_voice_check_verb = {
    .name = "voice check",
    .synopsis = "VOICE [--text TEXT] [--kernels LEVEL] [--json]",
    .summary = "verifies a voice's files, renders a sentence and judges it",
    .text =
        "One finding a line: PASS, NOTE, WARN or FAIL, what was looked at, what was found. Exit code 1 when\n"
        "something fails, 2 when nothing could be judged. The sentence is rendered twice, then at both "
        "values of\n"
        "the family's choice where it has one (megatts3: 8 and 32 steps), then once in each other class of\n"
        "arithmetic that this processor has, unless --kernels names a level: of a slow voice that takes "
        "many\n"
        "minutes. No audio is kept. Of a base, which cannot speak, the files are judged, and the last line "
        "says what "
        "to do\n"
        "with it.\n\n"
        "Example:\n"
        "  oratorio voice check en_US-joe-medium --text 'Good morning, and a fine one.'\n",
    .min_args = 1,
    .max_args = 1,
    .run = check_run,
};
