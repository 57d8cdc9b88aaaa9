/* Plan: ingest without a database, watched. */
#include "job/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "job/check.h"
#include "job/ingest.h"
#include "job/inputs.h"

struct planner {
    const struct ora_job *job;
    struct ora_job_check *check;
    struct ora_ingest *ingest;
    struct ora_job_plan *plan;
    size_t max_examples;
    size_t input;          /* that is being read */
    size_t input_examples; /* of the inputs before it */
    size_t batch_room;
};

/* ---- what an utterance costs
 * -------------------------------------------------------------------------------- */

static struct ora_plan_voice *voice_of(struct ora_job_plan *p, const char *name)
{
    for (size_t i = 0; i < p->voice_count; i++)
        if (strcmp(p->voices[i].voice, name) == 0)
            return &p->voices[i];
    p->voices = ora_xrealloc(p->voices, (p->voice_count + 1) * sizeof *p->voices);
    struct ora_plan_voice *v = &p->voices[p->voice_count++];
    *v = (struct ora_plan_voice){.voice = ora_xstrdup(name)};
    return v;
}

/* Clean speech packs to somewhat more than half of its 16 bits in FLAC. */
static double bytes_per_sample(enum ora_codec codec)
{
    return codec == ORA_CODEC_FLAC ? 1.2 : codec == ORA_CODEC_WAV ? 2 : 4;
}

/* Two headers and paddings of tar, and a record: some 1.2 kB and 25 bytes a character for phones and words.
 */
enum { BYTES_PER_MEMBERS = 1024 + 512 + 1200, RECORD_BYTES_PER_CHAR = 25, ROW_BYTES = 210 };

static void add_to_batch(struct planner *p, size_t voice, double audio_s, double core_s)
{
    struct ora_job_plan *plan = p->plan;
    size_t number = ora_ingest_last_batch(p->ingest);
    if (number >= p->batch_room) {
        size_t room = 2 * number + 64;
        plan->batch = ora_xrealloc(plan->batch, room * sizeof *plan->batch);
        memset(plan->batch + p->batch_room, 0, (room - p->batch_room) * sizeof *plan->batch);
        p->batch_room = room;
    }
    struct ora_plan_batch *b = &plan->batch[number];
    b->voice = voice;
    b->audio_s += audio_s;
    b->core_s += core_s;
}

static void count_utterance(struct planner *p, const struct ora_item *item, const struct ora_manner *m,
                            uint32_t chars)
{
    const struct ora_voice *voice = ora_job_check_voice(p->check, m->voice, NULL);
    struct ora_plan_voice *v = voice_of(p->plan, m->voice);
    int rate = p->job->render.sample_rate_hz ? p->job->render.sample_rate_hz
               : voice                       ? voice->sample_rate_hz
                                             : 0;
    struct ora_cost cost = {0};
    ora_job_check_cost(p->check, m, &cost);
    double audio_s = chars * cost.audio_s_per_char / m->speed;
    v->utterances++;
    v->chars += chars;
    v->audio_s += audio_s;
    v->core_s += audio_s * cost.core_s_per_audio_s;
    add_to_batch(p, (size_t)(v - p->plan->voices), audio_s, audio_s * cost.core_s_per_audio_s);
    uint64_t clip_bytes = (uint64_t)(audio_s * rate * bytes_per_sample(p->job->render.codec));
    p->plan->clip_bytes += clip_bytes;
    p->plan->audio_bytes += clip_bytes + BYTES_PER_MEMBERS + (uint64_t)chars * RECORD_BYTES_PER_CHAR;
    p->plan->database_bytes += ROW_BYTES + item->text_len;
}

/* ---- what would be rejected
 * --------------------------------------------------------------------------------- */

static void count_reason(struct ora_job_plan *p, const char *code)
{
    size_t i = 0;
    while (i < p->reason_count && strcmp(p->reasons[i].code, code) != 0)
        i++;
    if (i == p->reason_count) {
        p->reasons = ora_xrealloc(p->reasons, (i + 1) * sizeof *p->reasons);
        p->reasons[p->reason_count++] = (struct ora_plan_reason){.code = ora_xstrdup(code)};
    }
    p->reasons[i].count++;
}

static void release_example(struct ora_plan_example *e)
{
    free(e->path);
    free(e->id);
    free(e->code);
    free(e->reason);
    free(e->text);
}

/* A place by input and line: what the reader refuses comes before the utterance ahead of it, which is held
 * back and may be refused then. NULL: there are enough that stand before it. */
static struct ora_plan_example *make_room(struct planner *p, uint64_t line)
{
    struct ora_job_plan *plan = p->plan;
    size_t at = plan->example_count;
    while (at > p->input_examples && plan->examples[at - 1].line > line)
        at--;
    if (at >= p->max_examples)
        return NULL;
    if (plan->example_count == p->max_examples)
        release_example(&plan->examples[--plan->example_count]);
    plan->examples = ora_xrealloc(plan->examples, (plan->example_count + 1) * sizeof *plan->examples);
    struct ora_plan_example *e = plan->examples + at;
    memmove(e + 1, e, (plan->example_count++ - at) * sizeof *e);
    return e;
}

static void add_example(struct planner *p, const struct ora_item *item, const char *code, const char *reason)
{
    const char *id = item->source_id ? item->source_id : item->id;
    struct ora_plan_example *e = make_room(p, item->line);
    if (!e)
        return;
    *e = (struct ora_plan_example){
        .path = ora_xstrdup(p->job->inputs[p->input].path),
        .line = item->line,
        .id = ora_xstrdup(id),
        .code = ora_xstrdup(code),
        .reason = ora_xstrdup(reason),
        .text = ora_xstrdup(item->text ? item->text : ""),
    };
}

static void watch(void *ctx, const struct ora_item *item, const struct ora_manner *manner, uint32_t chars,
                  const char *reason_code, const char *reason)
{
    struct planner *p = ctx;
    if (!reason_code) {
        count_utterance(p, item, manner, chars);
        return;
    }
    count_reason(p->plan, reason_code);
    add_example(p, item, reason_code, reason);
}

/* ---- reading
 * ------------------------------------------------------------------------------------------------ */

static int read_all(struct planner *p, struct ora_err *err)
{
    const struct ora_job *job = p->job;
    struct ora_reader_limits limits = {.max_chars = job->max_chars, .lang = ora_job_check_lang(p->check)};
    struct ora_reader *reader = ora_reader_create(&limits, err);
    if (!reader)
        return err ? err->code : ORA_E_NO_MEMORY;
    int rc = 0;
    for (p->input = 0; rc == 0 && p->input < job->input_count; p->input++) {
        const struct ora_job_input *in = &job->inputs[p->input];
        struct ora_input input = ora_input_of(in, in->file);
        p->input_examples = p->plan->example_count;
        rc = ora_ingest_input(p->ingest, p->input, err);
        if (rc == 0)
            rc = ora_reader_input(reader, &input, ora_ingest_item, p->ingest, err);
    }
    p->input = job->input_count - 1; /* what the reader still held back was of the last one */
    if (rc == 0)
        rc = ora_reader_finish(reader, ora_ingest_item, p->ingest, err);
    ora_reader_destroy(&reader);
    return rc;
}

static int more_often(const void *a, const void *b)
{
    const struct ora_plan_reason *x = a, *y = b;
    return x->count != y->count ? (x->count < y->count) - (x->count > y->count) : strcmp(x->code, y->code);
}

static void sum_up(struct planner *p)
{
    struct ora_job_plan *plan = p->plan;
    const struct ora_ingest_totals *t = ora_ingest_totals(p->ingest);
    plan->utterances = t->utterances - t->rejected;
    plan->rejected = t->rejected;
    plan->structure_lines = t->structure_lines;
    plan->lines = t->lines;
    plan->chars = t->chars;
    plan->cuts = t->splits;
    plan->batches = t->batches;
    for (size_t i = 0; i < plan->voice_count; i++) {
        plan->audio_s += plan->voices[i].audio_s;
        plan->core_s += plan->voices[i].core_s;
    }
    if (plan->reason_count)
        qsort(plan->reasons, plan->reason_count, sizeof *plan->reasons, more_often);
}

int ora_plan_job(const struct ora_job *job, size_t max_examples, struct ora_job_plan **out,
                 struct ora_err *err)
{
    struct planner p = {.job = job, .max_examples = max_examples, .plan = ora_xcalloc(1, sizeof *p.plan)};
    int rc = ora_job_check_create(job, &p.check, err);
    if (rc == 0) {
        struct ora_ingest_voices voices = ora_job_check_voices(p.check);
        rc = ora_ingest_begin(&p.ingest, NULL, job, &voices, err);
    }
    if (rc == 0) {
        ora_ingest_watch(p.ingest, watch, &p);
        rc = read_all(&p, err);
    }
    if (rc == 0)
        rc = ora_ingest_end(p.ingest, err);
    if (rc == 0)
        sum_up(&p);
    else
        ora_plan_free(&p.plan);
    ora_ingest_free(&p.ingest);
    ora_job_check_free(&p.check);
    *out = p.plan;
    return rc;
}

void ora_plan_free(struct ora_job_plan **plan)
{
    struct ora_job_plan *p = *plan;
    if (!p)
        return;
    for (size_t i = 0; i < p->voice_count; i++)
        free(p->voices[i].voice);
    for (size_t i = 0; i < p->reason_count; i++)
        free(p->reasons[i].code);
    for (size_t i = 0; i < p->example_count; i++)
        release_example(&p->examples[i]);
    free(p->voices);
    free(p->batch);
    free(p->reasons);
    free(p->examples);
    free(p);
    *plan = NULL;
}
