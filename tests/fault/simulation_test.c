/*
 * The coordinator's core and several workers' cores in one process, with a network that cuts, engines that
 * crash, workers and coordinators that are killed: thousands of accidents a second, none of them twice the
 * same, all of them repeatable by seed.
 *
 * What must hold after every turn: the core and the table agree on who holds what. What must hold in the end:
 * every batch is done, once, and nobody holds anything.
 */
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"
#include "coordinator/core.h"
#include "worker/core.h"

enum {
    BATCHES = 300,
    WORKERS = 4,
    STEP_MS = 20,
    CHAOS_MS = 120000,    /* accidents happen so long … */
    PATIENCE_MS = 900000, /* … and then all must come to its end */
    SILENCE_MS = 5000,
    WORKER_SILENCE_MS = 15000,
    LEASE_MS = 30000,
    FLIGHT_MAX = 4096,
};

#define SHA "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

/* ---- the world ---- */

struct row { /* of the table */
    enum ora_batch_state state;
    char token[ORA_WIRE_TOKEN_MAX + 1], worker[64];
    int64_t deadline_ms;
    unsigned finished;
};

struct actor {                    /* a worker */
    struct ora_worker_core *core; /* NULL: dead */
    char name[64];
    struct ora_worker_identity who;
    uint64_t peer;   /* its connection; 0: cut */
    int64_t back_ms; /* cut or dead until then */
    bool engine;
    uint32_t batch; /* in work, when token is set */
    char token[ORA_WIRE_TOKEN_MAX + 1];
    int64_t ready_ms;
};

struct flight { /* a frame on its way */
    bool up;    /* to the coordinator */
    uint64_t peer;
    int64_t at_ms;
    struct ora_str frame;
};

struct world {
    uint64_t random;
    int64_t now_ms;
    struct row row[BATCHES];
    struct actor actor[WORKERS];
    struct flight flight[FLIGHT_MAX];
    size_t flights;
    struct ora_core *core; /* NULL: dead */
    int64_t core_back_ms;
    uint64_t last_peer;
    unsigned incarnations, restarts, kills, cuts, crashes;
    struct ora_effects fx;
    struct ora_worker_effects wfx;
};

static uint32_t dice(struct world *w, uint32_t sides)
{
    w->random = w->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(w->random >> 33) % sides;
}

static struct ora_now now_of(const struct world *w)
{
    return (struct ora_now){.mono_ms = w->now_ms, .wall_ms = w->now_ms};
}

static void fly(struct world *w, bool up, uint64_t peer, const struct ora_str *frame)
{
    if (!peer || w->flights == FLIGHT_MAX)
        return;
    struct flight *f = &w->flight[w->flights++];
    *f = (struct flight){.up = up, .peer = peer, .at_ms = w->now_ms + 1 + dice(w, 30)};
    for (size_t i = 0; i + 1 < w->flights; i++) /* one connection keeps its order */
        if (w->flight[i].peer == peer && w->flight[i].up == up && w->flight[i].at_ms > f->at_ms)
            f->at_ms = w->flight[i].at_ms;
    ora_str_addn(&f->frame, frame->data, frame->len);
}

static void lose_flights(struct world *w, uint64_t peer, bool all)
{
    for (size_t i = 0; i < w->flights;) {
        if (all || w->flight[i].peer == peer) {
            ora_str_release(&w->flight[i].frame);
            memmove(&w->flight[i], &w->flight[i + 1], (w->flights - i - 1) * sizeof *w->flight);
            w->flights--;
        } else {
            i++;
        }
    }
}

/* ---- the coordinator's side ---- */

static int apply(struct world *w, const struct ora_row_effect *e, struct ora_batch *batch)
{
    static struct ora_utterance u = {
        .id = "a", .doc_id = "d", .role = "line", .path = "p", .text = "t", .voice = "tone", .speed = 1};
    static uint64_t rowid[BATCHES];
    struct row *r = &w->row[e->batch];
    bool current = r->state == ORA_BATCH_LEASED && strcmp(r->token, e->token) == 0;
    switch (e->op) {
    case ORA_ROW_LEASE:
        for (uint32_t i = 0; i < BATCHES; i++) {
            if (w->row[i].state != ORA_BATCH_NEW)
                continue;
            w->row[i].state = ORA_BATCH_LEASED;
            w->row[i].deadline_ms = e->deadline_ms;
            memcpy(w->row[i].token, e->token, sizeof e->token);
            snprintf(w->row[i].worker, sizeof w->row[i].worker, "%.60s", e->worker);
            rowid[i] = i + 1;
            *batch = (struct ora_batch){
                .number = i, .attempt = 1, .utterances = &u, .utt_rowid = &rowid[i], .count = 1};
            return 1;
        }
        return 0;
    case ORA_ROW_FINISH:
        if (!current)
            return 0;
        r->state = ORA_BATCH_DONE;
        r->finished++;
        return 1;
    case ORA_ROW_GIVE_BACK:
        if (current)
            r->state = ORA_BATCH_NEW;
        return current;
    case ORA_ROW_LOST:
    case ORA_ROW_LEFT:
        for (uint32_t i = 0; i < BATCHES; i++)
            if (w->row[i].state == ORA_BATCH_LEASED && strcmp(w->row[i].worker, e->worker) == 0)
                w->row[i].state = ORA_BATCH_NEW;
        return 0;
    case ORA_ROW_RENEW:
        for (uint32_t i = 0; i < BATCHES; i++)
            if (w->row[i].state == ORA_BATCH_LEASED && strcmp(w->row[i].worker, e->worker) == 0)
                w->row[i].deadline_ms = e->deadline_ms;
        return 0;
    default:
        return 0;
    }
}

static void check_agreement(const struct world *w)
{
    size_t leased = 0;
    for (uint32_t i = 0; i < BATCHES; i++) {
        if (w->row[i].state != ORA_BATCH_LEASED)
            continue;
        leased++;
        if (!ora_core_token_is_current(w->core, w->row[i].token))
            ORA_FAIL("batch %u is leased in the table, and the core does not know it", i);
    }
    ORA_CHECK_INT(ora_core_leases(w->core), leased);
}

static struct actor *behind(struct world *w, uint64_t peer)
{
    for (size_t i = 0; i < WORKERS; i++)
        if (w->actor[i].core && w->actor[i].peer == peer)
            return &w->actor[i];
    return NULL;
}

/* One turn, as coordinator/dispatch.c takes it. A coordinator that dies in it dies before the commit or after
 * it. */
static void core_turn(struct world *w, struct ora_wire_msg **msg, const uint64_t *peer, size_t count)
{
    uint64_t open = 0;
    for (size_t i = 0; i < count; i++)
        ora_core_message(w->core, peer[i], msg[i], now_of(w), &w->fx);
    for (uint32_t i = 0; i < BATCHES; i++)
        open += w->row[i].state == ORA_BATCH_NEW;
    ora_core_tick(w->core, now_of(w), &w->fx);
    ora_core_schedule(w->core, open, now_of(w), &w->fx);
    for (size_t i = 0; i < w->fx.row_count; i++) {
        struct ora_row_effect e = w->fx.row[i];
        struct ora_batch batch = {0};
        int outcome = apply(w, &e, &batch);
        ora_core_settle(w->core, i, outcome, &batch, NULL, &w->fx);
    }
    check_agreement(w);
    for (size_t i = 0; i < w->fx.send_count; i++) {
        if (behind(w, w->fx.send[i].peer))
            fly(w, false, w->fx.send[i].peer, &w->fx.send[i].frame);
        else
            ora_core_unreachable(w->core, w->fx.send[i].peer);
    }
    ora_effects_clear(&w->fx);
}

static void core_start(struct world *w)
{
    struct ora_core_config config = {.run_id = "run",
                                     .job_yaml = "x: 1\n",
                                     .audio_dir = "/a",
                                     .machine = "here",
                                     .arithmetic = "f32-direct",
                                     .beat_ms = 500,
                                     .silence_ms = SILENCE_MS,
                                     .worker_silence_ms = WORKER_SILENCE_MS,
                                     .lease_ms = LEASE_MS,
                                     .epoch = dice(w, 1u << 30)};
    w->core = ora_core_create(&config);
    for (uint32_t i = 0; i < BATCHES; i++) {
        if (w->row[i].state != ORA_BATCH_LEASED)
            continue;
        struct ora_worker_info info = {.worker = w->row[i].worker, .host = "h", .pid = 1, .start_time = 1};
        ora_core_restore_worker(w->core, &info, now_of(w));
        ora_core_restore_lease(w->core, i, w->row[i].worker, w->row[i].token, w->row[i].deadline_ms);
    }
}

static void core_kill(struct world *w)
{
    ora_core_destroy(&w->core);
    lose_flights(w, 0, true);
    for (size_t i = 0; i < WORKERS; i++)
        w->actor[i].peer = 0; /* they connect again once it is back */
}

/* ---- the workers' side ---- */

static void actor_start(struct world *w, struct actor *a)
{
    static const char *const levels[] = {"scalar"};
    snprintf(a->name, sizeof a->name, "w-%u", ++w->incarnations);
    a->who = (struct ora_worker_identity){.worker = a->name,
                                          .run_id = "run",
                                          .host = "h",
                                          .machine = "there",
                                          .levels = levels,
                                          .level_count = 1,
                                          .pid = 1,
                                          .cores = 1,
                                          .start_time = 1,
                                          .patience_ms = WORKER_SILENCE_MS};
    a->core = ora_worker_core_create(&a->who, w->now_ms);
    a->engine = false;
    a->token[0] = '\0';
    a->peer = 0;
    a->back_ms = w->now_ms;
}

static void actor_die(struct world *w, struct actor *a, int64_t away_ms)
{
    ora_worker_core_destroy(&a->core);
    lose_flights(w, a->peer, false);
    a->peer = 0;
    a->back_ms = w->now_ms + away_ms;
}

static void actor_do(struct world *w, struct actor *a)
{
    bool leaves = false;
    for (size_t i = 0; i < w->wfx.count; i++) {
        struct ora_worker_effect *e = &w->wfx.item[i];
        if (e->op == ORA_WORKER_SEND && a->peer)
            fly(w, true, a->peer, &e->frame);
        else if (e->op == ORA_WORKER_SEND)
            ora_worker_core_unsent(a->core, w->now_ms);
        else if (e->op == ORA_WORKER_ENGINE_START)
            a->engine = true;
        leaves = leaves || e->op == ORA_WORKER_LEAVE;
        if (e->op != ORA_WORKER_ENGINE_SEND)
            continue;
        struct ora_wire_msg *msg = NULL;
        struct ora_err err = {0};
        ORA_CHECK_OK(ora_wire_decode(e->frame.data, e->frame.len, &msg, &err), err);
        ORA_CHECK(a->engine && !a->token[0]); /* one batch at a time */
        a->batch = msg->work.batch;
        snprintf(a->token, sizeof a->token, "%s", msg->work.token);
        a->ready_ms = w->now_ms + 200 + dice(w, 1500);
        ora_wire_free(&msg);
    }
    ora_worker_effects_clear(&w->wfx);
    if (leaves) {
        lose_flights(w, 0, false);
        ora_worker_core_destroy(&a->core);
        a->peer = 0;
        a->back_ms = w->now_ms + 500;
    }
}

static void engine_answers(struct world *w, struct actor *a)
{
    struct ora_utt_result r = {.utt_rowid = a->batch + 1, .state = ORA_UTT_DONE, .pcm_sha256 = SHA};
    struct ora_wire_msg m = {
        .kind = ORA_WIRE_RESULT,
        .result = {.batch = a->batch, .token = a->token, .file_sha256 = SHA, .results = &r, .count = 1}};
    struct ora_str frame = ORA_STR_INIT;
    struct ora_wire_msg *msg = NULL;
    ora_wire_encode(&m, &frame, NULL);
    ora_wire_decode(frame.data, frame.len, &msg, NULL);
    a->token[0] = '\0';
    ora_worker_core_engine(a->core, msg, &frame, w->now_ms, &w->wfx);
    ora_wire_free(&msg);
    ora_str_release(&frame);
    actor_do(w, a);
}

static void engine_crashes(struct world *w, struct actor *a)
{
    a->engine = false;
    a->token[0] = '\0';
    ora_worker_core_engine_ended(a->core, 9, 0, a->batch + 1, w->now_ms, &w->wfx);
    actor_do(w, a);
}

static void actor_step(struct world *w, struct actor *a)
{
    if (!a->core) {
        if (w->now_ms >= a->back_ms)
            actor_start(w, a);
        return;
    }
    if (!a->peer && w->core && w->now_ms >= a->back_ms)
        a->peer = ++w->last_peer; /* connected: another number than before */
    if (a->token[0] && w->now_ms >= a->ready_ms)
        engine_answers(w, a);
    if (a->core) {
        ora_worker_core_tick(a->core, w->now_ms, &w->wfx);
        actor_do(w, a);
    }
}

/* ---- time ---- */

static void deliver(struct world *w)
{
    struct ora_wire_msg *msg[FLIGHT_MAX];
    uint64_t peer[FLIGHT_MAX];
    size_t ups = 0;
    for (size_t i = 0; i < w->flights;) {
        struct flight f = w->flight[i];
        if (f.at_ms > w->now_ms) {
            i++;
            continue;
        }
        memmove(&w->flight[i], &w->flight[i + 1], (w->flights - i - 1) * sizeof *w->flight);
        w->flights--;
        struct ora_wire_msg *m = NULL;
        struct ora_err err = {0};
        ORA_CHECK_OK(ora_wire_decode(f.frame.data, f.frame.len, &m, &err), err);
        struct actor *a = f.up ? NULL : behind(w, f.peer);
        if (f.up && w->core) {
            msg[ups] = m;
            peer[ups++] = f.peer;
            m = NULL;
        } else if (a) {
            ora_worker_core_message(a->core, m, &f.frame, w->now_ms, &w->wfx);
            actor_do(w, a);
            i = 0; /* the list may have changed */
        }
        ora_wire_free(&m);
        ora_str_release(&f.frame);
    }
    if (w->core)
        core_turn(w, msg, peer, ups);
    for (size_t i = 0; i < ups; i++)
        ora_wire_free(&msg[i]);
}

static void accident(struct world *w)
{
    struct actor *a = &w->actor[dice(w, WORKERS)];
    uint32_t what = dice(w, 400);
    if (what < 3 && a->peer) { /* cut, for a moment or for longer than patience lasts */
        lose_flights(w, a->peer, false);
        a->peer = 0;
        a->back_ms = w->now_ms + (what == 0 ? dice(w, 30000) : dice(w, 1000));
        w->cuts++;
    } else if (what == 3 && a->core) {
        actor_die(w, a, dice(w, 3000));
        w->kills++;
    } else if (what < 6 && a->core && a->token[0]) {
        engine_crashes(w, a);
        w->crashes++;
    } else if (what == 6 && w->core && dice(w, 4) == 0) {
        core_kill(w);
        w->core_back_ms = w->now_ms + dice(w, 8000);
        w->restarts++;
    }
}

static bool all_done(const struct world *w)
{
    for (uint32_t i = 0; i < BATCHES; i++)
        if (w->row[i].state != ORA_BATCH_DONE)
            return false;
    return true;
}

static void run(uint64_t seed)
{
    struct world *w = ora_xcalloc(1, sizeof *w);
    w->random = seed;
    w->now_ms = 1000;
    core_start(w);
    for (; w->now_ms < PATIENCE_MS && !(all_done(w) && w->now_ms > CHAOS_MS / 4); w->now_ms += STEP_MS) {
        if (w->now_ms < CHAOS_MS)
            accident(w);
        if (!w->core && w->now_ms >= w->core_back_ms)
            core_start(w);
        for (size_t i = 0; i < WORKERS; i++)
            actor_step(w, &w->actor[i]);
        deliver(w);
    }
    if (!all_done(w))
        ORA_FAIL("seed %llu: not done after %d s", (unsigned long long)seed, PATIENCE_MS / 1000);
    for (uint32_t i = 0; i < BATCHES; i++)
        if (w->row[i].finished > 1)
            ORA_FAIL("seed %llu: batch %u was finished %u times", (unsigned long long)seed, i,
                     w->row[i].finished);
    ORA_CHECK(w->cuts + w->kills + w->crashes + w->restarts > 3);
    if (w->core)
        core_kill(w);
    lose_flights(w, 0, true);
    for (size_t i = 0; i < WORKERS; i++)
        ora_worker_core_destroy(&w->actor[i].core);
    ora_effects_release(&w->fx);
    ora_worker_effects_release(&w->wfx);
    free(w);
}

ORA_TEST(every_batch_is_done_once_whatever_happens)
{
    ora_log_setup(2, ORA_LOG_NONE, "test");
    for (uint64_t seed = 1; seed <= 60; seed++)
        run(seed * 0x9E3779B97F4A7C15u);
}
