/*
 * A random life of a run against a model of it: a few arrays that say what the table must say. After every
 * commit, and after every rollback and reopening, each row, each lease and each counter is compared.
 */
#include <stdlib.h>

#include "base/file.h"
#include "base/rng.h"
#include "base/str.h"
#include "base/test.h"
#include "job/run_fixture.h"

enum { UTTERANCES = 60, PER_BATCH = 4, BATCHES = UTTERANCES / PER_BATCH, WORKERS = 3, ATTEMPTS = 3 };

struct model_batch {
    enum ora_batch_state state;
    int token, worker, attempts;
    int64_t deadline;
    bool has_file;
};

struct model {
    struct model_batch batch[BATCHES];
    enum ora_utt_state utt[UTTERANCES];
    int crashes[UTTERANCES];
};

struct world {
    struct ora_run *run;
    struct model now;
    int next_token;
    int64_t clock;
    uint32_t serial, seed;
    char *dir;
};

static uint32_t any(struct world *w, uint32_t below)
{
    uint32_t counter[4] = {w->serial++, 0, 0, 0}, out[4];
    ora_philox((struct ora_rng_key){{w->seed, 7}}, counter, out);
    return out[0] % below;
}

static const char *worker_name(int i)
{
    static const char *const names[WORKERS] = {"w0", "w1", "w2"};
    return names[i];
}

static void token_text(int token, char out[16])
{
    snprintf(out, 16, "token-%d", token);
}

/* ---- the model's half of each step
 * -------------------------------------------------------------------------- */

static bool nothing_open(const struct model *m, int b)
{
    for (int i = 0; i < PER_BATCH; i++)
        if (m->utt[b * PER_BATCH + i] == ORA_UTT_NEW)
            return false;
    return true;
}

static void model_end_lease(struct model *m, int b, bool counts)
{
    struct model_batch *batch = &m->batch[b];
    batch->attempts += counts;
    batch->token = 0;
    if (batch->attempts >= ATTEMPTS)
        for (int i = 0; i < PER_BATCH; i++)
            if (m->utt[b * PER_BATCH + i] == ORA_UTT_NEW)
                m->utt[b * PER_BATCH + i] = ORA_UTT_FAILED;
    batch->state = nothing_open(m, b) ? ORA_BATCH_DONE : ORA_BATCH_NEW;
}

static int model_next_new(const struct model *m)
{
    for (int b = 0; b < BATCHES; b++)
        if (m->batch[b].state == ORA_BATCH_NEW)
            return b;
    return -1;
}

/* ---- steps
 * -------------------------------------------------------------------------------------------------- */

static void step_lease(struct world *w)
{
    struct ora_err err = {0};
    struct ora_batch batch;
    char token[16];
    int who = (int)any(w, WORKERS), want = model_next_new(&w->now), id = w->next_token++;
    int64_t deadline = w->clock + 5 + any(w, 40);
    token_text(id, token);
    int rc = ora_run_lease(w->run, worker_name(who), token, w->clock, deadline, &batch, &err);
    ORA_CHECK_OK(rc, err);
    ORA_CHECK_INT(rc, want >= 0);
    if (rc == 1 && want >= 0) {
        struct model_batch *b = &w->now.batch[want];
        ORA_CHECK_INT(batch.number, want);
        ORA_CHECK_INT(batch.attempt, b->attempts + 1);
        size_t open = 0;
        for (int i = 0; i < PER_BATCH; i++)
            if (w->now.utt[want * PER_BATCH + i] == ORA_UTT_NEW)
                ORA_CHECK_INT(batch.utt_rowid[open++], want * PER_BATCH + i + 1);
        ORA_CHECK_INT(batch.count, open);
        b->state = ORA_BATCH_LEASED;
        b->token = id;
        b->worker = who;
        b->deadline = deadline;
    }
    ora_batch_release(&batch);
}

/* A batch and a token that is its current one, or (one time in four) is not. */
static int pick_batch(struct world *w, char token[16], bool *current)
{
    int b = (int)any(w, BATCHES);
    for (int i = 0; i < BATCHES && w->now.batch[b].state != ORA_BATCH_LEASED; i++)
        b = (b + 1) % BATCHES;
    int id = w->now.batch[b].token;
    *current = w->now.batch[b].state == ORA_BATCH_LEASED && any(w, 4) != 0;
    token_text(*current ? id : id > 1 ? id - 1 : 999999, token);
    return b;
}

static void step_finish(struct world *w)
{
    struct ora_err err = {0};
    char token[16];
    bool current, duplicate;
    int b = pick_batch(w, token, &current);
    struct ora_utt_result results[PER_BATCH];
    enum ora_utt_state states[PER_BATCH];
    size_t n = 0;
    for (int i = 0; i < PER_BATCH; i++) {
        int u = b * PER_BATCH + i;
        states[i] = w->now.utt[u];
        if (states[i] != ORA_UTT_NEW)
            continue;
        uint32_t dice = any(w, 10);
        states[i] = dice == 0 ? ORA_UTT_REJECTED : dice == 1 ? ORA_UTT_FAILED : ORA_UTT_DONE;
        results[n++] = (struct ora_utt_result){
            .utt_rowid = (uint64_t)u + 1,
            .state = states[i],
            .reason_code = "why",
            .reason = "because",
            .samples = 1 + any(w, 100000),
            .sample_rate_hz = any(w, 2) ? 22050 : 16000,
            .pcm_sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            .synth_s = any(w, 1000) * 1e-5,
        };
    }
    struct ora_batch_result r = {.batch = (uint32_t)b,
                                 .token = token,
                                 .file_bytes = 100 + any(w, 1000),
                                 .kernel_level = "scalar",
                                 .file_sha256 =
                                     "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                                 .results = results,
                                 .count = n};
    int rc = ora_run_finish(w->run, &r, w->clock, &duplicate, &err);
    ORA_CHECK_OK(rc, err);
    ORA_CHECK_INT(rc, current);
    if (!current) {
        ORA_CHECK_INT(duplicate, w->now.batch[b].state == ORA_BATCH_DONE && w->now.batch[b].has_file);
        return;
    }
    for (int i = 0; i < PER_BATCH; i++)
        w->now.utt[b * PER_BATCH + i] = states[i];
    w->now.batch[b].state = ORA_BATCH_DONE;
    w->now.batch[b].has_file = true;
}

static void step_give_back(struct world *w)
{
    struct ora_err err = {0};
    char token[16];
    bool current, counts = any(w, 2);
    int b = pick_batch(w, token, &current);
    int rc = ora_run_give_back(w->run, (uint32_t)b, token, counts, "asked", w->clock, &err);
    ORA_CHECK_OK(rc, err);
    ORA_CHECK_INT(rc, current);
    if (current)
        model_end_lease(&w->now, b, counts);
}

static void step_crash(struct world *w)
{
    struct ora_err err = {0};
    char token[16];
    bool current;
    int b = pick_batch(w, token, &current), u = b * PER_BATCH + (int)any(w, PER_BATCH);
    int rc = ora_run_crashed(w->run, (uint32_t)b, token, (uint64_t)u + 1, 11, &err);
    ORA_CHECK_OK(rc, err);
    bool counted = current && w->now.utt[u] == ORA_UTT_NEW;
    if (counted && ++w->now.crashes[u] == 2)
        w->now.utt[u] = ORA_UTT_FAILED;
    ORA_CHECK_INT(rc, counted && w->now.utt[u] == ORA_UTT_FAILED);
}

static void step_expire(struct world *w)
{
    struct ora_err err = {0};
    int want = 0;
    w->clock += any(w, 30);
    for (int b = 0; b < BATCHES; b++)
        if (w->now.batch[b].state == ORA_BATCH_LEASED && w->now.batch[b].deadline <= w->clock) {
            model_end_lease(&w->now, b, true);
            want++;
        }
    int rc = ora_run_expire(w->run, w->clock, &err);
    ORA_CHECK_OK(rc, err);
    ORA_CHECK_INT(rc, want);
}

static void step_worker(struct world *w)
{
    struct ora_err err = {0};
    int who = (int)any(w, WORKERS), want = 0;
    uint32_t what = any(w, 3);
    int64_t deadline = w->clock + 50;
    for (int b = 0; b < BATCHES; b++) {
        struct model_batch *batch = &w->now.batch[b];
        if (batch->state != ORA_BATCH_LEASED || batch->worker != who)
            continue;
        want++;
        if (what == 0)
            batch->deadline = deadline;
        else
            model_end_lease(&w->now, b, what == 1);
    }
    int rc = what == 0   ? ora_run_renew(w->run, worker_name(who), deadline, &err)
             : what == 1 ? ora_run_lost_worker(w->run, worker_name(who), w->clock, &err)
                         : ora_run_worker_left(w->run, worker_name(who), "bye", w->clock, &err);
    ORA_CHECK_OK(rc, err);
    ORA_CHECK_INT(rc, what == 0 ? 0 : want);
    ORA_CHECK_OK(ora_fixture_join(w->run, worker_name(who), &err), err);
}

static void model_reopen(struct model *m, int b)
{
    for (int i = 0; i < PER_BATCH; i++) {
        m->utt[b * PER_BATCH + i] = ORA_UTT_NEW;
        m->crashes[b * PER_BATCH + i] = 0;
    }
    m->batch[b] = (struct model_batch){.state = ORA_BATCH_NEW};
}

static void step_retry(struct world *w)
{
    struct ora_err err = {0};
    char id[16];
    bool failed = any(w, 2);
    int u = (int)any(w, UTTERANCES), b = u / PER_BATCH, want = 0;
    snprintf(id, sizeof id, "u%06d", u);
    for (int k = 0; failed && k < BATCHES; k++) {
        bool any_failed = false;
        for (int i = 0; i < PER_BATCH; i++)
            any_failed = any_failed || w->now.utt[k * PER_BATCH + i] == ORA_UTT_FAILED;
        if (any_failed && w->now.batch[k].state == ORA_BATCH_DONE) {
            model_reopen(&w->now, k);
            want++;
        }
    }
    bool done = w->now.batch[b].state == ORA_BATCH_DONE;
    int rc = ora_run_retry(w->run, failed, failed ? NULL : id, w->clock, &err);
    if (!failed && !done) {
        ORA_CHECK_INT(rc, ORA_E_STATE);
        return;
    }
    ORA_CHECK_OK(rc, err);
    ORA_CHECK_INT(rc, failed ? want : 1);
    if (!failed)
        model_reopen(&w->now, b);
}

/* ---- comparing
 * ---------------------------------------------------------------------------------------------- */

static int compare_lease(void *ctx, uint32_t batch, const char *worker, const char *token,
                         int64_t deadline_ms)
{
    struct world *w = ctx;
    const struct model_batch *b = &w->now.batch[batch];
    char want[16];
    token_text(b->token, want);
    ORA_CHECK_INT(b->state, ORA_BATCH_LEASED);
    ORA_CHECK_STR(token, want);
    ORA_CHECK_STR(worker, worker_name(b->worker));
    ORA_CHECK_INT(deadline_ms, b->deadline);
    return 0;
}

static void compare(struct world *w)
{
    struct ora_err err = {0};
    struct ora_run_rows *rows;
    struct ora_run_row row;
    int rc = ora_run_rows_open(w->run, NULL, &rows, &err), i = 0;
    while (rc >= 0 && i < UTTERANCES && (rc = ora_run_rows_next(rows, &row, &err)) > 0) {
        if (row.state != w->now.utt[i])
            ORA_FAIL("utterance %d is %d, wanted %d (seed %u, step %u)", i, row.state, w->now.utt[i], w->seed,
                     w->serial);
        i++;
    }
    ORA_CHECK_OK(rc, err);
    ORA_CHECK_INT(i, UTTERANCES);
    ora_run_rows_close(&rows);
    struct ora_progress p;
    uint64_t leased = 0, done = 0;
    for (int b = 0; b < BATCHES; b++) {
        leased += w->now.batch[b].state == ORA_BATCH_LEASED;
        done += w->now.batch[b].state == ORA_BATCH_DONE;
    }
    ORA_CHECK_OK(ora_run_progress(w->run, &p, &err), err);
    ORA_CHECK_INT(p.batches_leased, leased);
    ORA_CHECK_INT(p.batches_done, done);
    ORA_CHECK_OK(ora_run_each_lease(w->run, compare_lease, w, &err), err);
    ORA_CHECK_OK(ora_fixture_audit(w->run, &err), err);
}

static void reopen(struct world *w)
{
    struct ora_err err = {0};
    ora_run_close(&w->run);
    ORA_CHECK_OK(ora_run_open(w->dir, ORA_RUN_WRITE, &w->run, &err), err);
}

static void turn(struct world *w)
{
    static void (*const steps[])(struct world *) = {step_lease,  step_lease,  step_lease,
                                                    step_finish, step_finish, step_give_back,
                                                    step_crash,  step_expire, step_worker};
    struct ora_err err = {0};
    struct model before = w->now;
    ORA_CHECK_OK(ora_run_begin(w->run, &err), err);
    for (uint32_t i = 0, n = 1 + any(w, 8); i < n; i++)
        steps[any(w, sizeof steps / sizeof steps[0])](w);
    if (any(w, 8) == 0) {
        ora_run_rollback(w->run);
        w->now = before;
    } else {
        ORA_CHECK_OK(ora_run_commit(w->run, &err), err);
    }
}

ORA_TEST(a_random_life_is_what_the_model_says)
{
    for (uint32_t seed = 1; seed <= 3; seed++) {
        struct ora_err err = {0};
        char name[16];
        snprintf(name, sizeof name, "life-%u", seed);
        struct world w = {.seed = seed, .next_token = 1, .dir = ora_path_join(ora_test_tmpdir(), name)};
        ORA_CHECK_OK(ora_fixture_create(
                         w.dir,
                         &(struct ora_fixture){.yaml = "limits: {attempts: 3}\nbatch: {utterances: 4}\n",
                                               .utterances = UTTERANCES},
                         &w.run, &err),
                     err);
        ORA_REQUIRE(w.run);
        for (int i = 0; i < WORKERS; i++)
            ORA_CHECK_OK(ora_fixture_join(w.run, worker_name(i), &err), err);
        for (int i = 0; i < 250 && w.run; i++) {
            turn(&w);
            if (any(&w, 6) == 0)
                step_retry(&w);
            if (any(&w, 20) == 0)
                reopen(&w);
            compare(&w);
        }
        ora_run_close(&w.run);
        free(w.dir);
    }
}
