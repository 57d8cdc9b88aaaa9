/*
 * Measure: crews at levels, rounds in turns.
 *
 * Rounds of different levels alternate, so that a neighbour who comes or goes hits all of them. What a slow
 * voice needs is known beforehand from the family and, since that may err, from the first sentence of the
 * first crew: a pass is then made of fewer sentences, or the whole is refused before anybody waits for it.
 */
#include "tune/measure.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "tune/crew.h"
#include "tune/sentences.h"

enum { ROUNDS = 2, LEVELS_MAX = ORA_LEVELS_MAX, COUNTS_MAX = 32, ROUNDS_AT_LEAST = 4 };
static const double NEAR = 0.85; /* of the fastest with one worker: beyond it more workers change nothing */
static const double PASS_SHARE = 0.05; /* of the budget that one pass may take */

struct contender {
    const char *level;
    char used[24]; /* as the voice tells it */
    struct ora_crew_options options;
    struct ora_crew *crew;
    double audio_s_per_wall_s; /* with one worker */
};

struct measurement {
    const struct ora_tune_options *o;
    struct ora_tune_result *result;
    struct ora_str *notes;
    struct contender contender[LEVELS_MAX];
    size_t count;
    double begin_s;
    uint64_t own_bytes; /* of a worker */
    uint32_t most;      /* workers that fit */
    double audio_s;     /* of all that was spoken, and its characters */
    uint64_t chars;
};

static double left_s(const struct measurement *m)
{
    return m->o->budget_s - (ora_clock_mono_s() - m->begin_s);
}

double ora_tune_share(double quota, uint32_t workers)
{
    return quota > 0 && quota < workers ? quota / workers : 1;
}

size_t ora_tune_counts(uint32_t most, uint32_t *out, size_t room)
{
    size_t n = 0;
    for (uint32_t w = 2; w < most && n < room; w *= 2) {
        out[n++] = w;
        uint32_t between = w + w / 2; /* 3, 6, 12 … */
        if (w >= 2 && between < most && n < room)
            out[n++] = between;
    }
    return n;
}

/* ---- who takes part
 * -------------------------------------------------------------------------------------------- */

static bool is_pinned(const struct measurement *m, const char *level)
{
    return m->o->kernels && strcmp(m->o->kernels, level) == 0;
}

/* The portable level shows nothing where a vector level of its class is: it is some twenty times slower. */
static int gather(struct measurement *m, struct ora_err *err)
{
    const struct ora_tune_options *o = m->o;
    const char *best = ora_precision_level(o->key->arithmetic, NULL, o->here, "this processor", err);
    if (!best || !ora_precision_level(o->key->arithmetic, o->kernels, o->here, "this processor", err))
        return err->code;
    for (size_t i = 0; i < o->here->count; i++) {
        const char *level = o->here->name[i], *class_ = ora_arithmetic_of_level(level);
        bool slow = strcmp(level, "scalar") == 0 && strcmp(best, "scalar") != 0;
        if (class_ && strcmp(class_, o->key->arithmetic) == 0 && (!slow || is_pinned(m, level)))
            m->contender[m->count++] = (struct contender){.level = level};
    }
    return 0;
}

static int refuse(const struct measurement *m, double sentence_s, struct ora_err *err)
{
    return ora_err_set(
        err, ORA_E_UNSUPPORTED,
        "voice %s speaks too slowly to be measured in %.0f s: its shortest sentence takes about %.*f s "
        "of a core. --budget %.0f measures it all the same; without it `plan` tells what the voice's "
        "family foretells, and a run has one worker a core",
        m->o->named, m->o->budget_s, sentence_s < 10 ? 1 : 0, sentence_s,
        ceil(sentence_s * ROUNDS_AT_LEAST * 3 / 60) * 60);
}

/* What the family foretells: before anything is started. */
static int ask_family(struct measurement *m, const char *const *sentences, struct ora_err *err)
{
    const struct ora_voice *voice = m->o->voice;
    const struct ora_family *f = ora_family_find(voice->family);
    struct ora_settings settings;
    struct ora_cost cost;
    if (!f)
        return ora_err_set(err, ORA_E_VOICE, "voice '%s' is of family '%s', which this build does not have",
                           voice->name, voice->family);
    int rc = ora_settings_init(f, voice, &settings, err);
    if (rc < 0)
        return rc;
    ora_family_cost(f, voice, &settings, &cost);
    m->result->estimate = (struct ora_tune_estimate){cost.audio_s_per_char, cost.core_s_per_audio_s};
    double chars = (double)ora_utf8_length(sentences[0], strlen(sentences[0]));
    double sentence_s = chars * cost.audio_s_per_char * cost.core_s_per_audio_s;
    return sentence_s * ROUNDS_AT_LEAST > m->o->budget_s ? refuse(m, sentence_s, err) : 0;
}

/* ---- crews ---- */

static int grow(struct measurement *m, struct contender *c, uint32_t workers, struct ora_err *err)
{
    struct ora_crew_start start = {0};
    int rc = ora_crew_grow(c->crew, workers, &start, err);
    if (rc < 0)
        return rc;
    if (start.start_s > m->result->start_s)
        m->result->start_s = start.start_s;
    if (start.own_bytes > m->own_bytes)
        m->own_bytes = start.own_bytes;
    return 0;
}

/* The first one of a level, and how much of the sentences a pass can be. */
static int start_first(struct measurement *m, struct contender *c, const char *const *sentences,
                       struct ora_err *err)
{
    const struct ora_tune_options *o = m->o;
    struct ora_crew_start start = {0};
    c->options = (struct ora_crew_options){.voice = o->named,
                                           .level = c->level,
                                           .cache_dir = o->cache_dir,
                                           .sentences = sentences,
                                           .patience_s = o->budget_s / 3};
    int rc = ora_crew_create(&c->options, m->most, &c->crew, err);
    if (rc == 0)
        rc = ora_crew_grow(c->crew, 1, &start, err);
    if (rc == ORA_E_TIMEOUT)
        return refuse(m, o->budget_s / 3, err);
    if (rc < 0)
        return rc;
    if (start.first_s * ROUNDS_AT_LEAST > left_s(m))
        return refuse(m, start.first_s, err);
    memcpy(c->used, start.level, sizeof c->used);
    m->own_bytes = start.own_bytes > m->own_bytes ? start.own_bytes : m->own_bytes;
    if (m->most == 1) /* else a later one tells it: the first may have packed the weights */
        m->result->start_s = start.start_s;
    double first_chars = (double)ora_utf8_length(sentences[0], strlen(sentences[0])), chars = 0;
    uint32_t n = 0;
    for (; sentences[n]; n++) {
        chars += (double)ora_utf8_length(sentences[n], strlen(sentences[n]));
        if (n && chars / first_chars * start.first_s > PASS_SHARE * o->budget_s)
            break;
    }
    ora_crew_pass(c->crew, n);
    return 0;
}

/* Rounds of one crew; a point goes into the result. Where other programs take the cores, the clock on the
 * wall times them as well: then CPU time tells what the machine is worth, since what workers do to each other
 * (a core's siblings, memory) makes that longer, too. What a quota takes does not: it is taken off. */
struct point {
    struct ora_crew_round sum;
    double rates, others_cores; /* sums of the rounds */
    int rounds;
};

static int one_round(struct measurement *m, struct contender *c, uint32_t workers, struct point *p,
                     struct ora_err *err)
{
    struct ora_crew_round r;
    if (m->o->progress)
        m->o->progress(m->o->ctx, c->level, workers);
    int rc = ora_crew_work(c->crew, workers, m->o->round_s, &r, err);
    if (rc < 0)
        return rc;
    bool disturbed = r.others_cores > ORA_TUNE_DISTURBED * m->o->key->cores;
    p->rates +=
        disturbed ? r.audio_s_per_core_s * ora_tune_share(m->o->quota, workers) : r.audio_s_per_wall_s;
    p->others_cores += r.others_cores;
    p->rounds++;
    p->sum.cpu_s += r.cpu_s;
    p->sum.audio_s += r.audio_s;
    p->sum.memory_bytes = r.memory_bytes;
    m->audio_s += r.audio_s;
    m->chars += r.chars;
    return 0;
}

static int keep(struct measurement *m, const struct contender *c, uint32_t workers, const struct point *p,
                struct ora_err *err)
{
    struct ora_tune_row row = {.workers = workers,
                               .audio_s_per_wall_s = p->rates / p->rounds,
                               .core_s_per_audio_s = p->sum.cpu_s / p->sum.audio_s,
                               .memory_bytes = p->sum.memory_bytes};
    if (p->others_cores / p->rounds > m->result->others_cores)
        m->result->others_cores = p->others_cores / p->rounds;
    snprintf(row.level, sizeof row.level, "%s", c->used);
    return ora_tune_add_row(m->result, &row, err);
}

/* ---- the three parts ---- */

static int with_one_worker(struct measurement *m, struct ora_err *err)
{
    struct point p[LEVELS_MAX] = {0};
    int rc = 0;
    for (int round = 0; rc == 0 && round < ROUNDS; round++)
        for (size_t i = 0; rc == 0 && i < m->count; i++)
            rc = one_round(m, &m->contender[i], 1, &p[i], err);
    for (size_t i = 0; rc == 0 && i < m->count; i++) {
        rc = keep(m, &m->contender[i], 1, &p[i], err);
        m->contender[i].audio_s_per_wall_s = p[i].rates / ROUNDS;
    }
    return rc;
}

/* Memory is for all workers of a host: a number that does not fit is not tried. */
static void limit_to_memory(struct measurement *m)
{
    double room = 0.8 * (double)m->o->free_bytes;
    if (!m->o->free_bytes || !m->own_bytes || room / (double)m->own_bytes >= m->most)
        return;
    m->most = room < (double)m->own_bytes ? 1 : (uint32_t)(room / (double)m->own_bytes);
    ora_str_addf(m->notes, "not more than %u worker%s fit the memory that is free: %.1f GB, %.0f MB each\n",
                 m->most, m->most == 1 ? "" : "s", (double)m->o->free_bytes / 1e9,
                 (double)m->own_bytes / 1e6);
}

static int with_workers(struct measurement *m, struct contender *c, uint32_t workers, struct ora_err *err)
{
    struct point p = {0};
    int rc = grow(m, c, workers, err);
    if (rc < 0)
        return rc;
    for (int round = 0; rc == 0 && round < ROUNDS; round++)
        rc = one_round(m, c, workers, &p, err);
    return rc < 0 ? rc : keep(m, c, workers, &p, err);
}

/* Only the crew that leads lives on, and that of a pinned level: those that wait hold memory. */
static int with_all(struct measurement *m, struct ora_err *err)
{
    double fastest = 0, lead = 0;
    struct contender *leader = NULL;
    int rc = 0;
    for (size_t i = 0; i < m->count; i++)
        fastest = fmax(fastest, m->contender[i].audio_s_per_wall_s);
    for (size_t i = 0; rc == 0 && i < m->count; i++) {
        struct contender *c = &m->contender[i], *loser = c;
        if ((c->audio_s_per_wall_s >= NEAR * fastest || is_pinned(m, c->level)) && left_s(m) > 0) {
            rc = with_workers(m, c, m->most, err);
            double rate = rc < 0 ? 0 : m->result->row[m->result->row_count - 1].audio_s_per_wall_s;
            if (rate > lead) {
                loser = leader;
                leader = c;
                lead = rate;
            }
        }
        if (loser && !is_pinned(m, loser->level))
            ora_crew_destroy(&loser->crew);
    }
    return rc;
}

/* From many to few: where the number of workers stops to pay lies mostly near the number of cores. */
static int between(struct measurement *m, struct ora_err *err)
{
    uint32_t counts[COUNTS_MAX];
    size_t n = ora_tune_counts(m->most, counts, COUNTS_MAX);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < m->count; i++)
        for (size_t w = n; rc == 0 && w-- > 0 && m->contender[i].crew;) {
            if (left_s(m) > 0)
                rc = with_workers(m, &m->contender[i], counts[w], err);
            else
                ora_str_addf(m->notes, "%u workers were not tried: the budget of %.0f s was used up\n",
                             counts[w], m->o->budget_s);
        }
    return rc;
}

int ora_tune_measure(const struct ora_tune_options *o, struct ora_tune_result *result, struct ora_str *notes,
                     struct ora_err *err)
{
    struct measurement m = {
        .o = o, .result = result, .notes = notes, .begin_s = ora_clock_mono_s(), .most = o->key->cores};
    const char *const *sentences = ora_tune_sentences(o->voice->lang);
    *result = (struct ora_tune_result){.key = *o->key, .measured_ms = ora_clock_wall_ms()};
    if (m.most > ORA_TUNE_WORKERS_MAX)
        m.most = ORA_TUNE_WORKERS_MAX;
    int rc = gather(&m, err);
    if (rc == 0)
        rc = ask_family(&m, sentences, err);
    for (size_t i = 0; rc == 0 && i < m.count; i++) {
        rc = start_first(&m, &m.contender[i], sentences, err);
        if (rc == 0 && strcmp(m.contender[i].used, m.contender[i].level) != 0)
            m.count = i + 1; /* a family without kernels: its level is always the same */
    }
    if (rc == 0)
        rc = with_one_worker(&m, err);
    if (rc == 0)
        limit_to_memory(&m);
    if (rc == 0 && m.most > 1)
        rc = with_all(&m, err);
    if (rc == 0 && m.most > 2)
        rc = between(&m, err);
    for (size_t i = 0; i < m.count; i++)
        ora_crew_destroy(&m.contender[i].crew);
    if (rc < 0)
        return rc;
    result->best = ora_tune_choose(result, NULL);
    result->audio_s_per_char = m.chars ? m.audio_s / (double)m.chars : 0;
    if (result->others_cores > ORA_TUNE_DISTURBED * o->key->cores)
        ora_str_addf(
            notes,
            "other programs kept up to %.1f cores busy meanwhile: speeds are reckoned from CPU time, for "
            "an idle machine; measure again (--again) when it is\n",
            result->others_cores);
    result->took_s = ora_clock_mono_s() - m.begin_s;
    return 0;
}
