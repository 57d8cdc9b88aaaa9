/* oratorio plan: what a job would become, without rendering anything. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "coordinator/open_run.h"
#include "coordinator/options.h"
#include "coordinator/progress.h"
#include "coordinator/tuning.h"
#include "base/clock.h"
#include "job/plan.h"
#include "nn/kernels/precision.h"

static const char text[] =
    "Reads the inputs as a run would, makes nothing, and tells what would come of them. Hours, core-hours "
    "and the time that a run takes\n"
    "on this host rest on what `oratorio tune` measured here. Where nothing was measured they are what the "
    "voice's family expects of\n"
    "text of this length, set right by a second of measuring now: a few sentences are spoken and thrown "
    "away, or, of "
    "a voice that is\n"
    "too slow for that, this processor's rate is taken; it says so.\n"
    "Exit 0, also when some lines would be rejected; 2 when the job could not run.\n\n"
    "Examples:\n"
    "  oratorio plan corpus.yaml\n"
    "  oratorio plan book.md --json\n"
    "  oratorio plan corpus.yaml --examples 1000 | grep rejected\n";

static void row(struct ora_str *out, const char *name, const char *value)
{
    ora_str_addf(out, "%-22s %s\n", name, value);
}

static void count_row(struct ora_str *out, const char *name, uint64_t n)
{
    struct ora_str s = ORA_STR_INIT;
    ora_count_text(n, &s);
    row(out, name, s.data);
    ora_str_release(&s);
}

/* The level at which this host would render the job; NULL: it cannot. */
static const char *level_here(const struct ora_job *job)
{
    struct ora_levels here;
    if (ora_levels_here(&here, NULL) < 0)
        return NULL;
    return ora_precision_level(job->arithmetic, job->kernels, &here, "this host", NULL);
}

static void precision_rows(const struct ora_job *job, struct ora_str *out)
{
    struct ora_str s = ORA_STR_INIT;
    const char *level = level_here(job);
    ora_str_addf(&s, "%s, %s%s", job->arithmetic,
                 level ? "here at level " : "which this host has no level of", level ? level : "");
    row(out, "arithmetic:", s.data);
    ora_str_clear(&s);
    ora_precision_needs(job->arithmetic, job->kernels, &s);
    row(out, "processors that can:", ora_str_c(&s));
    ora_str_release(&s);
}

static json_t *precision_json(const struct ora_job *job)
{
    struct ora_str needs = ORA_STR_INIT;
    ora_precision_needs(job->arithmetic, job->kernels, &needs);
    json_t *o =
        json_pack("{s:s, s:s, s:s?, s:s}", "precision", job->precision ? job->precision : "exact",
                  "arithmetic", job->arithmetic, "level_here", level_here(job), "needs", ora_str_c(&needs));
    ora_str_release(&needs);
    return o;
}

/* "1 m 20 s with 2 workers at level avx512 (measured on this host on 2026-11-25)" */
static void eta_rows(struct ora_str *out, const struct ora_eta *eta)
{
    struct ora_str s = ORA_STR_INIT;
    char day[32];
    if (eta->seconds < 0) {
        row(out, "time here:", "none: this host cannot render it ('arithmetic')");
        return;
    }
    ora_clock_rfc3339(eta->measured_ms, day);
    ora_duration_text(eta->seconds, &s);
    ora_str_addf(&s, " with %u worker%s", eta->workers, eta->workers == 1 ? "" : "s");
    if (eta->measured_ms)
        ora_str_addf(&s, " at level %s (measured on this host on %.10s)", eta->level, day);
    else
        ora_str_addf(&s, " (the family's estimate%s; measurement: %s; 'oratorio tune JOB' makes one)",
                     eta->spoken   ? ", set right by sentences spoken now"
                     : eta->scaled ? ", set right by this processor's rate"
                                   : "",
                     eta->why_not);
    row(out, "time here:", s.data);
    ora_str_clear(&s);
    ora_str_addf(&s, "%.1f now: it takes longer while others use this machine", eta->load);
    if (eta->load > 0)
        row(out, "load:", s.data);
    ora_str_release(&s);
}

static void voice_row(struct ora_str *out, const struct ora_plan_voice *v)
{
    struct ora_str s = ORA_STR_INIT;
    ora_str_addf(&s, "%s, ", v->voice);
    ora_count_text(v->utterances, &s);
    ora_str_addf(&s, " utterance%s, ", v->utterances == 1 ? "" : "s");
    ora_duration_text(v->audio_s, &s);
    row(out, "voice:", s.data);
    ora_str_release(&s);
}

static void print_text(const struct ora_job_plan *p, const struct ora_job *job, const struct ora_eta *eta)
{
    struct ora_str out = ORA_STR_INIT, s = ORA_STR_INIT;
    count_row(&out, "utterances:", p->utterances);
    count_row(&out, "characters:", p->chars);
    count_row(&out, "batches:", p->batches);
    ora_duration_text(p->audio_s, &s);
    ora_str_add(&s, " expected");
    row(&out, "audio:", s.data);
    ora_str_clear(&s);
    ora_duration_text(p->core_s, &s);
    ora_str_add(&s, " of one core expected");
    row(&out, "compute:", s.data);
    ora_str_clear(&s);
    eta_rows(&out, eta);
    ora_bytes_text(p->audio_bytes, &s);
    ora_str_add(&s, " of audio, ");
    ora_bytes_text(p->database_bytes, &s);
    ora_str_add(&s, " of database");
    row(&out, "disk:", s.data);
    precision_rows(job, &out);
    for (size_t i = 0; i < p->voice_count; i++)
        voice_row(&out, &p->voices[i]);
    if (p->cuts)
        count_row(&out, "cuts (over max_chars):", p->cuts);
    count_row(&out, "lines of structure:", p->structure_lines);
    count_row(&out, "rejected:", p->rejected);
    for (size_t i = 0; i < p->reason_count; i++)
        ora_str_addf(&out, "  %llu x %s\n", (unsigned long long)p->reasons[i].count, p->reasons[i].code);
    for (size_t i = 0; i < p->example_count; i++) {
        const struct ora_plan_example *e = &p->examples[i];
        ora_str_addf(&out, "  rejected %s:%llu: %s%s%s\n", e->path, (unsigned long long)e->line, e->reason,
                     e->text && e->text[0] ? ": " : "", e->text ? e->text : "");
    }
    fputs(out.data, stdout);
    ora_str_release(&out);
    ora_str_release(&s);
}

static json_t *examples_json(const struct ora_job_plan *p)
{
    json_t *list = json_array();
    for (size_t i = 0; i < p->example_count; i++) {
        const struct ora_plan_example *e = &p->examples[i];
        json_array_append_new(list, json_pack("{s:s, s:I, s:s?, s:s, s:s, s:s?}", "path", e->path, "line",
                                              (json_int_t)e->line, "id", e->id, "code", e->code, "reason",
                                              e->reason, "text", e->text));
    }
    return list;
}

static json_t *eta_json(const struct ora_eta *eta)
{
    char when[32];
    ora_clock_rfc3339(eta->measured_ms, when);
    bool can = eta->seconds >= 0;
    return json_pack("{s:o, s:I, s:s?, s:s?, s:s?, s:s?, s:f}", "seconds",
                     can ? json_real(eta->seconds) : json_null(), "workers", (json_int_t)eta->workers,
                     "level", eta->level[0] ? eta->level : NULL, "source",
                     !can               ? NULL
                     : eta->measured_ms ? "measured"
                     : eta->spoken      ? "spoken"
                     : eta->scaled      ? "scaled"
                                        : "estimate",
                     "measured", eta->measured_ms ? when : NULL, "why_not_measured",
                     eta->measured_ms ? NULL : eta->why_not, "load", eta->load);
}

static void print_json(const struct ora_job_plan *p, const struct ora_job *job, const struct ora_eta *eta)
{
    json_t *reasons = json_object(), *voices = json_array();
    for (size_t i = 0; i < p->reason_count; i++)
        json_object_set_new(reasons, p->reasons[i].code, json_integer((json_int_t)p->reasons[i].count));
    for (size_t i = 0; i < p->voice_count; i++)
        json_array_append_new(voices, json_pack("{s:s, s:I, s:I, s:f, s:f}", "voice", p->voices[i].voice,
                                                "utterances", (json_int_t)p->voices[i].utterances, "chars",
                                                (json_int_t)p->voices[i].chars, "audio_s",
                                                p->voices[i].audio_s, "core_s", p->voices[i].core_s));
    json_t *json =
        json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:I, s:I, s:o, s:o, s:o, s:o}", "utterances",
                  (json_int_t)p->utterances, "rejected", (json_int_t)p->rejected, "structure_lines",
                  (json_int_t)p->structure_lines, "chars", (json_int_t)p->chars, "cuts", (json_int_t)p->cuts,
                  "batches", (json_int_t)p->batches, "audio_s", p->audio_s, "core_s", p->core_s,
                  "audio_bytes", (json_int_t)p->audio_bytes, "database_bytes", (json_int_t)p->database_bytes,
                  "voices", voices, "reasons", reasons, "examples", examples_json(p), "eta", eta_json(eta));
    json_object_update_new(json, precision_json(job));
    char *s = json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    json_decref(json);
    if (s)
        puts(s);
    free(s);
}

static int run(int argc, char **argv)
{
    long examples = 10;
    const char *precision = NULL;
    bool json = false;
    const struct ora_option options[] = {
        {.name = "examples",
         .arg = "N",
         .help = "rejections to show one by one (default: 10)",
         .type = ORA_OPT_INT,
         .value = &examples,
         .min = 0,
         .max = 1000000},
        ORA_OPTION_PRECISION(&precision),
        {.name = "json", .help = "one JSON object", .type = ORA_OPT_FLAG, .value = &json},
        {0},
    };
    struct ora_words args;
    enum ora_parse parsed = ora_options_parse(&ora_verb_plan, options, argc, argv, &args);
    if (parsed != ORA_PARSE_OK)
        return parsed == ORA_PARSE_HELP ? 0 : 2;
    struct ora_err err = {0};
    struct ora_job_plan *plan = NULL;
    struct ora_job *job = ora_read_job(args.item[0], precision, &err);
    int rc = job ? ora_plan_job(job, (size_t)examples, &plan, &err) : err.code;
    struct ora_tuning tuning;
    struct ora_eta eta;
    struct ora_err ignored = {0}; /* a level that is not here: others may have it */
    if (rc == 0) {
        ora_tuning_init(&tuning, job, NULL, NULL, &ignored);
        ora_tuning_eta(&tuning, plan, &eta);
    }
    if (rc == 0 && json)
        print_json(plan, job, &eta);
    else if (rc == 0)
        print_text(plan, job, &eta);
    else
        fprintf(stderr, "oratorio plan: %s\n", err.message);
    ora_plan_free(&plan);
    ora_job_free(&job);
    return rc < 0 ? ora_exit_code_of_error(rc) : 0;
}

const struct ora_verb ora_verb_plan = {
    .name = "plan",
    .synopsis = "JOB|TEXT|- [OPTION]...",
    .summary = "tell what a job would become, render nothing",
    .text = text,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
