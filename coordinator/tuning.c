/*
 * Tuning: from what is kept to what is done.
 *
 * A run starts as many workers as pay for the voice that most of its text is for; batches of other voices go
 * to the same workers. The time is that of the batches as they will be cut, handed out in their order to
 * whoever is free: a short job is over when its longest worker is, not after its mean.
 */
#include "coordinator/tuning.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tune/sentences.h"
#include "voice/pace.h"
#include "voice/voice.h"

/* From the command to the first batch in work, apart from what the voice needs: mpirun, MPI, the handshake.
 */
static const double LAUNCH_S = 0.7;
/* Load a core from which on a run shares the cores with somebody. */
static const double BUSY = 0.25;
/* Seconds after which no further voice's pace is measured: a job may have hundreds. */
static const double PACES_S = 4;

int ora_tuning_init(struct ora_tuning *t, const struct ora_job *job, const char *precision,
                    const char *kernels, struct ora_err *err)
{
    *t = (struct ora_tuning){0};
    ora_host_read("/", &t->host);
    int rc = ora_levels_here(&t->here, err);
    if (job) {
        precision = precision ? precision : job->arithmetic;
        kernels = kernels ? kernels : job->kernels;
    }
    if (rc == 0)
        rc = ora_precision_class(precision, kernels, &t->here, &t->arithmetic, err);
    if (rc == 0)
        t->level = ora_precision_level(t->arithmetic, kernels, &t->here, "this processor", err);
    if (t->level && kernels && strcmp(kernels, "auto") != 0)
        t->kernels = t->level;
    return t->level ? 0 : err->code;
}

bool ora_tuning_of_voice(const struct ora_tuning *t, const struct ora_voice *voice,
                         struct ora_tune_result *result, struct ora_str *why)
{
    struct ora_tune_key key;
    if (!t->level) {
        ora_str_add(why, "this host has no level of the job's precision");
        return false;
    }
    ora_tune_key_of(&t->host, &t->here, voice, t->arithmetic, &key);
    if (!ora_tune_load(NULL, &key, result, why))
        return false;
    if (!t->kernels || ora_tune_choose(result, t->kernels) < result->row_count)
        return true;
    ora_str_addf(why, "it has no level %s", t->kernels);
    return false;
}

static bool of_name(const struct ora_tuning *t, const char *name, struct ora_tune_result *r,
                    struct ora_str *why)
{
    struct ora_err err = {0};
    struct ora_voice *voice = NULL;
    if (ora_voice_open(name, &voice, &err) < 0) {
        ora_str_addf(why, "%s", err.message);
        return false;
    }
    bool found = ora_tuning_of_voice(t, voice, r, why);
    ora_voice_close(&voice);
    return found;
}

static const struct ora_tune_row *best_row(const struct ora_tuning *t, const struct ora_tune_result *r)
{
    return &r->row[ora_tune_choose(r, t->kernels)];
}

uint32_t ora_tuning_workers(const struct ora_tuning *t, const char *voice, struct ora_str *said)
{
    struct ora_tune_result *r = ora_xmalloc(sizeof *r);
    struct ora_str why = ORA_STR_INIT;
    uint32_t workers = t->host.cores;
    if (of_name(t, voice, r, &why)) {
        char day[32];
        ora_clock_rfc3339(r->measured_ms, day);
        workers = best_row(t, r)->workers;
        ora_str_addf(said, "%u worker%s, as measured on this host on %.10s", workers, workers == 1 ? "" : "s",
                     day);
    } else {
        ora_str_addf(said,
                     "%u worker%s, one a core; measurement of what pays here: %s ('oratorio tune' makes one)",
                     workers, workers == 1 ? "" : "s", ora_str_c(&why));
    }
    ora_str_release(&why);
    free(r);
    return workers;
}

/* ---- time
 * ---------------------------------------------------------------------------------------------------- */

struct tuned_voice {
    bool found;
    struct ora_tune_result result;
    struct ora_voice_pace pace; /* of one that was not */
};

/* What may be learnt about a voice in a second. One that cannot be opened keeps its family's figures: the run
 * will tell what is wrong with it. */
static void take_pace(const struct ora_tuning *t, const char *name, bool in_time, struct tuned_voice *v,
                      struct ora_eta *eta)
{
    struct ora_err err = {0};
    struct ora_voice *voice = NULL;
    int rc = t->level && in_time ? ora_voice_open(name, &voice, &err) : ORA_E_UNSUPPORTED;
    if (rc == 0)
        rc = ora_voice_pace(voice, t->level, ora_tune_sentences(voice->lang), &v->pace, &err);
    if (rc < 0)
        v->pace = (struct ora_voice_pace){.longer = 1, .dearer = 1};
    eta->spoken = eta->spoken && v->pace.sentences > 0;
    eta->scaled = eta->scaled || (rc == 0 && !v->pace.sentences);
    ora_voice_close(&voice);
}

static void look_up(const struct ora_tuning *t, const struct ora_job_plan *plan, struct tuned_voice *voices,
                    struct ora_eta *eta)
{
    struct ora_str why = ORA_STR_INIT;
    size_t most = 0;
    double begin_s = ora_clock_mono_s();
    eta->spoken = true;
    for (size_t i = 0; i < plan->voice_count; i++) {
        voices[i].found = of_name(t, plan->voices[i].voice, &voices[i].result, &why);
        if (!voices[i].found)
            take_pace(t, plan->voices[i].voice, ora_clock_mono_s() - begin_s < PACES_S, &voices[i], eta);
        if (!voices[i].found && !eta->why_not[0])
            snprintf(eta->why_not, sizeof eta->why_not, "%s", ora_str_c(&why));
        if (voices[i].found && (!eta->measured_ms || voices[i].result.measured_ms < eta->measured_ms))
            eta->measured_ms = voices[i].result.measured_ms;
        if (plan->voices[i].core_s > plan->voices[most].core_s)
            most = i;
        ora_str_clear(&why);
    }
    ora_str_release(&why);
    if (eta->why_not[0])
        eta->measured_ms = 0;
    if (plan->voice_count && voices[most].found) {
        const struct ora_tune_row *row = best_row(t, &voices[most].result);
        eta->workers = row->workers;
        memcpy(eta->level, row->level, sizeof eta->level);
    }
}

static void correct(const struct ora_tuning *t, struct ora_job_plan *plan, const struct tuned_voice *voices)
{
    double foretold_s = plan->audio_s;
    plan->audio_s = plan->core_s = 0;
    for (size_t i = 0; i < plan->voice_count; i++) {
        const struct ora_tune_result *r = &voices[i].result;
        struct ora_plan_voice *v = &plan->voices[i];
        if (voices[i].found && r->audio_s_per_char > 0 && r->estimate.audio_s_per_char > 0 &&
            r->estimate.core_s_per_audio_s > 0) {
            double longer = r->audio_s_per_char / r->estimate.audio_s_per_char;
            v->audio_s *= longer;
            v->core_s *= longer * best_row(t, r)->core_s_per_audio_s / r->estimate.core_s_per_audio_s;
        } else if (!voices[i].found) {
            v->audio_s *= voices[i].pace.longer;
            v->core_s *= voices[i].pace.longer * voices[i].pace.dearer;
        }
        plan->audio_s += v->audio_s;
        plan->core_s += v->core_s;
    }
    if (foretold_s > 0) {
        uint64_t clips = (uint64_t)((double)plan->clip_bytes * plan->audio_s / foretold_s);
        plan->audio_bytes += clips - plan->clip_bytes;
        plan->clip_bytes = clips;
    }
}

void ora_tuning_eta(const struct ora_tuning *t, struct ora_job_plan *plan, struct ora_eta *eta)
{
    *eta = (struct ora_eta){.workers = t->level ? t->host.cores : 0, .seconds = t->level ? 0 : -1};
    struct tuned_voice *voices = ora_xcalloc(plan->voice_count + 1, sizeof *voices);
    double *batch_s = ora_xcalloc(plan->batches + 1, sizeof *batch_s), start_s = 0;
    look_up(t, plan, voices, eta);
    uint32_t busy = eta->workers < plan->batches ? eta->workers : (uint32_t)plan->batches;
    for (size_t i = 0; i < plan->batches; i++) {
        const struct ora_plan_batch *b = &plan->batch[i];
        const struct tuned_voice *v = &voices[b->voice];
        batch_s[i] = v->found ? ora_tune_seconds(&v->result, best_row(t, &v->result)->level, busy, b->audio_s,
                                                 b->core_s)
                              : b->core_s * v->pace.longer * v->pace.dearer;
        double voice_start_s = v->found ? v->result.start_s : v->pace.start_s;
        start_s = voice_start_s > start_s ? voice_start_s : start_s;
    }
    double load = ora_host_load("/");
    eta->load = load > BUSY * t->host.cores ? load : 0;
    if (plan->batches && t->level)
        eta->seconds = LAUNCH_S + start_s + ora_tune_makespan(batch_s, plan->batches, busy);
    correct(t, plan, voices);
    free(batch_s);
    free(voices);
}
