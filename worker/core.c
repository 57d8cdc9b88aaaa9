/*
 * The supervisor's decisions. Why this way: the coordinator may vanish and come back at any moment and
 * messages may be lost around it, so nothing here waits for an answer; every message can be said again, and
 * what must not be lost (a result) is kept until its ACK and said again after every WELCOME.
 *
 * Who holds what is judged by (batch, token) alone. The engine gets one batch at a time; the queue behind it
 * hides the way to the coordinator and back, so its length follows the length of a batch.
 */
#include "worker/core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
    HELLO_AGAIN_MS = 1000,   /* while no WELCOME came */
    UNSENT_AGAIN_MS = 50,    /* while there is no connection */
    RESULT_AGAIN_MS = 10000, /* while no ACK came over a living connection */
    AHEAD_MS = 500,          /* work wanted in the queue, in time */
    CREDIT_MIN = 2,
    CREDIT_MAX = 16,
    ENGINE_STUCK_MS = 600000, /* neither an utterance is begun nor a layer done */
    BACKOFF_MIN_MS = 100,
    BACKOFF_MAX_MS = 5000,
    ENGINE_STREAK_MAX = 6, /* deaths in a row before any utterance: it will not live here */
    BEAT_MS = 1000,        /* until WELCOME says another */
};

enum lease_state { QUEUED, IN_WORK, KEPT };

struct lease {
    enum lease_state state;
    uint32_t batch;
    char token[ORA_WIRE_TOKEN_MAX + 1];
    struct ora_str frame; /* QUEUED, IN_WORK: the WORK; KEPT: the RESULT */
    bool revoked;         /* IN_WORK: not ours any more; what comes of it is dropped */
    int64_t since_ms;     /* IN_WORK: handed to the engine; KEPT: last sent */
};

enum engine_state { ENGINE_NONE, ENGINE_IDLE, ENGINE_BUSY };

struct ora_worker_core {
    struct ora_worker_identity who;
    struct lease *lease; /* in the order they came */
    size_t count, cap;

    bool welcomed, left;
    int64_t started_ms, hello_ms, heard_ms, beat_ms, silence_ms, last_beat_ms;
    struct ora_str welcome; /* the engine's first frame, at every start */

    enum engine_state engine;
    int64_t engine_again_ms; /* ENGINE_NONE: not before */
    unsigned engine_streak;
    uint64_t engine_rowid;
    uint64_t engine_beats;
    int64_t engine_moved_ms;

    uint32_t drain; /* 0, or a mode of DRAIN */
    uint32_t credit_told;
    double batch_ms; /* a running mean; 0: none yet */
    uint64_t rss_bytes;
    uint32_t in_work, in_work_audio_ms;
};

/* ---- effects ---- */

static struct ora_worker_effect *add(struct ora_worker_effects *fx, enum ora_worker_op op)
{
    if (fx->count == fx->cap) {
        size_t cap = fx->cap ? fx->cap * 2 : 16;
        fx->item = ora_xrealloc(fx->item, cap * sizeof *fx->item);
        memset(fx->item + fx->cap, 0, (cap - fx->cap) * sizeof *fx->item);
        fx->cap = cap;
    }
    struct ora_worker_effect *e = &fx->item[fx->count++];
    ora_str_clear(&e->frame);
    e->op = op;
    e->batch = 0;
    e->token[0] = '\0';
    e->code = 0;
    return e;
}

void ora_worker_effects_clear(struct ora_worker_effects *fx)
{
    fx->count = 0;
}

void ora_worker_effects_release(struct ora_worker_effects *fx)
{
    for (size_t i = 0; i < fx->cap; i++)
        ora_str_release(&fx->item[i].frame);
    free(fx->item);
    *fx = (struct ora_worker_effects){0};
}

/* Messages that this program makes are within bounds; one that is not would be a bug, and is not sent. */
static void say(struct ora_worker_effects *fx, const struct ora_wire_msg *msg)
{
    struct ora_worker_effect *e = add(fx, ORA_WORKER_SEND);
    if (ora_wire_encode(msg, &e->frame, NULL) < 0)
        fx->count--;
}

static void say_lease(struct ora_worker_effects *fx, enum ora_wire_kind kind,
                      const struct ora_wire_lease *lease)
{
    struct ora_wire_msg m = {.kind = kind, .lease = *lease};
    say(fx, &m);
}

static void pass_on(struct ora_worker_effects *fx, enum ora_worker_op op, const struct ora_str *frame)
{
    struct ora_worker_effect *e = add(fx, op);
    ora_str_addn(&e->frame, ora_str_c(frame), frame->len);
}

static void drop_part(struct ora_worker_effects *fx, const struct lease *l)
{
    struct ora_worker_effect *e = add(fx, ORA_WORKER_DROP_PART);
    e->batch = l->batch;
    memcpy(e->token, l->token, sizeof e->token);
}

/* ---- leases ---- */

static struct lease *find(struct ora_worker_core *c, uint32_t batch, const char *token)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->lease[i].batch == batch && strcmp(c->lease[i].token, token) == 0)
            return &c->lease[i];
    return NULL;
}

static struct lease *first_in(struct ora_worker_core *c, enum lease_state state)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->lease[i].state == state)
            return &c->lease[i];
    return NULL;
}

static void forget(struct ora_worker_core *c, struct lease *l)
{
    size_t i = (size_t)(l - c->lease);
    ora_str_release(&l->frame);
    memmove(l, l + 1, (c->count - i - 1) * sizeof *l);
    c->count--;
}

static void keep_work(struct ora_worker_core *c, const struct ora_wire_work *work,
                      const struct ora_str *frame)
{
    if (find(c, work->batch, work->token))
        return;
    if (c->count == c->cap) {
        c->cap = c->cap ? c->cap * 2 : 8;
        c->lease = ora_xrealloc(c->lease, c->cap * sizeof *c->lease);
    }
    struct lease *l = &c->lease[c->count++];
    *l = (struct lease){.state = QUEUED, .batch = work->batch};
    snprintf(l->token, sizeof l->token, "%s", work->token);
    ora_str_addn(&l->frame, frame->data, frame->len);
}

static void give_back(struct ora_worker_core *c, struct lease *l, enum ora_err_class class_, bool counts,
                      const char *why, struct ora_worker_effects *fx)
{
    say_lease(fx, ORA_WIRE_RETURN,
              &(struct ora_wire_lease){
                  .batch = l->batch, .token = l->token, .class_ = class_, .counts = counts, .why = why});
    forget(c, l);
}

static void give_back_queue(struct ora_worker_core *c, const char *why, struct ora_worker_effects *fx)
{
    for (struct lease *l; (l = first_in(c, QUEUED));)
        give_back(c, l, ORA_CLASS_NONE, false, why, fx);
}

/* ---- leaving ---- */

static void leave(struct ora_worker_core *c, int code, const char *why, struct ora_worker_effects *fx)
{
    if (c->left)
        return;
    c->left = true;
    struct ora_worker_effect *e = add(fx, ORA_WORKER_LEAVE);
    e->code = code;
    ora_str_add(&e->frame, why);
}

/* Says goodbye to a coordinator that listens, handing back all that is not done. */
static void leave_politely(struct ora_worker_core *c, int code, const char *why,
                           struct ora_worker_effects *fx)
{
    if (c->left)
        return;
    give_back_queue(c, why, fx);
    struct lease *l = first_in(c, IN_WORK);
    if (l) {
        struct ora_worker_effect *e = add(fx, ORA_WORKER_ENGINE_KILL);
        e->code = 9;
        drop_part(fx, l);
        give_back(c, l, ORA_CLASS_NONE, false, why, fx);
    }
    struct ora_wire_msg bye = {.kind = ORA_WIRE_BYE, .text = {.why = why}};
    say(fx, &bye);
    leave(c, code, why, fx);
}

/* Nobody is there to take what we hold. */
static void leave_alone(struct ora_worker_core *c, int code, const char *why, struct ora_worker_effects *fx)
{
    for (size_t i = 0; i < c->count; i++)
        drop_part(fx, &c->lease[i]);
    leave(c, code, why, fx);
}

static void drain(struct ora_worker_core *c, uint32_t mode, struct ora_worker_effects *fx)
{
    if (mode > c->drain)
        c->drain = mode;
    if (c->drain == ORA_DRAIN_AT_ONCE)
        leave_politely(c, 0, "told to stop at once", fx);
    else
        give_back_queue(c, "draining", fx);
}

/* ---- moving on ---- */

static void say_hello(struct ora_worker_core *c, int64_t now, struct ora_worker_effects *fx)
{
    struct ora_wire_held *held = ora_xcalloc(c->count + 1, sizeof *held);
    size_t n = 0;
    for (size_t i = 0; i < c->count; i++)
        if (!c->lease[i].revoked)
            held[n++] = (struct ora_wire_held){.batch = c->lease[i].batch, .token = c->lease[i].token};
    struct ora_wire_msg m = {.kind = ORA_WIRE_HELLO,
                             .hello = {.worker = c->who.worker,
                                       .run_id = c->who.run_id,
                                       .host = c->who.host,
                                       .machine = c->who.machine,
                                       .levels = c->who.levels,
                                       .level_count = c->who.level_count,
                                       .engine_version = ORA_VERSION,
                                       .pid = c->who.pid,
                                       .cores = c->who.cores,
                                       .start_time = c->who.start_time,
                                       .free_memory_bytes = c->who.free_memory_bytes,
                                       .held = held,
                                       .held_count = n}};
    say(fx, &m);
    free(held);
    c->hello_ms = now;
}

static uint32_t credit_wanted(const struct ora_worker_core *c)
{
    if (c->drain)
        return 0;
    double ahead = c->batch_ms > 0 ? AHEAD_MS / c->batch_ms : 0;
    uint32_t credit = CREDIT_MIN + (ahead < CREDIT_MAX ? (uint32_t)ahead : CREDIT_MAX);
    return credit < CREDIT_MAX ? credit : CREDIT_MAX;
}

static void tell_credit(struct ora_worker_core *c, struct ora_worker_effects *fx)
{
    uint32_t credit = credit_wanted(c);
    if (!c->welcomed || credit == c->credit_told)
        return;
    struct ora_wire_msg m = {.kind = ORA_WIRE_READY, .ready = {.credit = credit}};
    say(fx, &m);
    c->credit_told = credit;
}

/* Gives the engine its next batch; starts it when there is none; leaves when drained. */
static void move_on(struct ora_worker_core *c, int64_t now, struct ora_worker_effects *fx)
{
    if (c->left)
        return;
    if (c->engine == ENGINE_NONE && c->welcome.len && !c->drain && now >= c->engine_again_ms) {
        pass_on(fx, ORA_WORKER_ENGINE_START, &c->welcome);
        c->engine = ENGINE_IDLE;
    }
    struct lease *next = first_in(c, QUEUED);
    if (c->engine == ENGINE_IDLE && next) {
        next->state = IN_WORK;
        next->since_ms = now;
        pass_on(fx, ORA_WORKER_ENGINE_SEND, &next->frame);
        c->engine = ENGINE_BUSY;
        c->engine_rowid = 0;
        c->engine_moved_ms = now;
    }
    tell_credit(c, fx);
    if (c->drain && c->count == 0)
        leave_politely(c, 0, "drained", fx);
}

/* ---- events: the coordinator ---- */

static void on_welcome(struct ora_worker_core *c, const struct ora_wire_welcome *m,
                       const struct ora_str *frame, int64_t now, struct ora_worker_effects *fx)
{
    if (strcmp(m->run_id, c->who.run_id) != 0) {
        leave_alone(c, 1, "the coordinator there works on another run", fx);
        return;
    }
    ora_str_clear(&c->welcome);
    ora_str_addn(&c->welcome, frame->data, frame->len);
    c->beat_ms = m->beat_ms;
    c->silence_ms = m->silence_ms;
    c->welcomed = true;
    c->credit_told = UINT32_MAX; /* a coordinator that was started again does not know it */
    for (size_t i = 0; i < m->revoked_count; i++) {
        struct lease *l = find(c, m->revoked[i].batch, m->revoked[i].token);
        if (!l)
            continue;
        if (l->state == IN_WORK) {
            l->revoked = true;
        } else {
            drop_part(fx, l);
            forget(c, l);
        }
    }
    for (size_t i = 0; i < c->count; i++)
        if (c->lease[i].state == KEPT) {
            pass_on(fx, ORA_WORKER_SEND, &c->lease[i].frame);
            c->lease[i].since_ms = now;
        }
}

static void on_ack(struct ora_worker_core *c, const struct ora_wire_lease *m, struct ora_worker_effects *fx)
{
    struct lease *l = find(c, m->batch, m->token);
    if (!l || l->state != KEPT)
        return;
    if (!m->taken)
        drop_part(fx, l);
    forget(c, l);
}

void ora_worker_core_message(struct ora_worker_core *c, const struct ora_wire_msg *msg,
                             const struct ora_str *frame, int64_t now, struct ora_worker_effects *fx)
{
    c->heard_ms = now;
    switch (msg->kind) {
    case ORA_WIRE_WELCOME:
        on_welcome(c, &msg->welcome, frame, now, fx);
        break;
    case ORA_WIRE_WHO:
        c->welcomed = false;
        if (now - c->hello_ms >= HELLO_AGAIN_MS || c->hello_ms == 0)
            say_hello(c, now, fx);
        break;
    case ORA_WIRE_WORK:
        keep_work(c, &msg->work, frame);
        if (c->drain)
            give_back_queue(c, "draining", fx);
        break;
    case ORA_WIRE_ACK:
        on_ack(c, &msg->lease, fx);
        break;
    case ORA_WIRE_DRAIN:
        drain(c, msg->drain.mode, fx);
        break;
    case ORA_WIRE_REFUSED:
        leave_alone(c, 1, msg->text.why, fx);
        break;
    default: /* BEAT, and what a coordinator never says */
        break;
    }
    move_on(c, now, fx);
}

/* ---- events: the engine ---- */

static void on_result(struct ora_worker_core *c, struct lease *l, const struct ora_str *frame, int64_t now,
                      struct ora_worker_effects *fx)
{
    double took = (double)(now - l->since_ms);
    c->batch_ms = c->batch_ms > 0 ? 0.8 * c->batch_ms + 0.2 * took : took;
    if (c->batch_ms < 1)
        c->batch_ms = 1;
    if (l->revoked) {
        drop_part(fx, l);
        forget(c, l);
        return;
    }
    l->state = KEPT;
    l->since_ms = now;
    ora_str_clear(&l->frame);
    ora_str_addn(&l->frame, frame->data, frame->len);
    pass_on(fx, ORA_WORKER_SEND, frame);
}

static void on_return(struct ora_worker_core *c, struct lease *l, const struct ora_wire_lease *m,
                      struct ora_worker_effects *fx)
{
    char why[512];
    snprintf(why, sizeof why, "%s", m->why);
    enum ora_err_class class_ = m->class_;
    drop_part(fx, l);
    if (l->revoked)
        forget(c, l);
    else
        give_back(c, l, class_, m->counts, why, fx);
    if (class_ == ORA_CLASS_FATAL_HERE)
        leave_politely(c, 1, why, fx);
    else if (class_ == ORA_CLASS_STOP)
        give_back_queue(c, why, fx);
}

void ora_worker_core_engine(struct ora_worker_core *c, const struct ora_wire_msg *msg,
                            const struct ora_str *frame, int64_t now, struct ora_worker_effects *fx)
{
    struct lease *l = first_in(c, IN_WORK);
    bool about_it = l && ((msg->kind == ORA_WIRE_RESULT && msg->result.batch == l->batch &&
                           strcmp(msg->result.token, l->token) == 0) ||
                          (msg->kind == ORA_WIRE_RETURN && msg->lease.batch == l->batch &&
                           strcmp(msg->lease.token, l->token) == 0));
    if (!about_it)
        return;
    c->engine = ENGINE_IDLE;
    c->engine_streak = 0;
    if (msg->kind == ORA_WIRE_RESULT)
        on_result(c, l, frame, now, fx);
    else
        on_return(c, l, &msg->lease, fx);
    move_on(c, now, fx);
}

static int64_t backoff_ms(unsigned streak)
{
    int64_t ms = BACKOFF_MIN_MS;
    while (streak-- > 1 && ms < BACKOFF_MAX_MS)
        ms *= 2;
    return ms < BACKOFF_MAX_MS ? ms : BACKOFF_MAX_MS;
}

void ora_worker_core_engine_ended(struct ora_worker_core *c, int signal, int status, uint64_t rowid,
                                  int64_t now, struct ora_worker_effects *fx)
{
    if (c->left)
        return;
    char why[128];
    if (signal)
        snprintf(why, sizeof why, "the engine was ended by signal %d", signal);
    else
        snprintf(why, sizeof why, "the engine ended by itself with status %d", status);
    c->engine = ENGINE_NONE;
    c->engine_streak = rowid ? 0 : c->engine_streak + 1;
    c->engine_again_ms = c->engine_streak ? now + backoff_ms(c->engine_streak) : now;
    struct lease *l = first_in(c, IN_WORK);
    if (l) {
        drop_part(fx, l);
        if (l->revoked) {
            forget(c, l);
        } else if (signal) {
            say_lease(fx, ORA_WIRE_CRASH,
                      &(struct ora_wire_lease){
                          .batch = l->batch, .token = l->token, .rowid = rowid, .signal = (uint32_t)signal});
            forget(c, l);
        } else {
            give_back(c, l, ORA_CLASS_RETRY, true, why, fx);
        }
    }
    if (c->engine_streak >= ENGINE_STREAK_MAX)
        leave_politely(c, 1, why, fx);
    move_on(c, now, fx);
}

void ora_worker_core_engine_at(struct ora_worker_core *c, uint64_t rowid, uint64_t beats, int64_t now)
{
    if (rowid != c->engine_rowid || beats != c->engine_beats) {
        c->engine_rowid = rowid;
        c->engine_beats = beats;
        c->engine_moved_ms = now;
    }
}

/* ---- events: time and signals ---- */

static void check_engine(struct ora_worker_core *c, int64_t now, struct ora_worker_effects *fx)
{
    if (c->engine != ENGINE_BUSY || now - c->engine_moved_ms < ENGINE_STUCK_MS)
        return;
    c->engine_moved_ms = now;
    add(fx, ORA_WORKER_ENGINE_KILL)->code = 6; /* SIGABRT: a fault of its own, so the utterance is counted */
}

static void send_kept_again(struct ora_worker_core *c, int64_t now, struct ora_worker_effects *fx)
{
    for (size_t i = 0; i < c->count; i++) {
        struct lease *l = &c->lease[i];
        if (l->state != KEPT || now - l->since_ms < RESULT_AGAIN_MS)
            continue;
        pass_on(fx, ORA_WORKER_SEND, &l->frame);
        l->since_ms = now;
    }
}

void ora_worker_core_tick(struct ora_worker_core *c, int64_t now, struct ora_worker_effects *fx)
{
    if (c->left)
        return;
    int64_t patience = c->silence_ms ? c->silence_ms : c->who.patience_ms;
    if (now - c->heard_ms >= patience) {
        leave_alone(c, 3, "the coordinator is silent", fx);
        return;
    }
    if (!c->welcomed) {
        if (c->hello_ms == 0 || now - c->hello_ms >= HELLO_AGAIN_MS)
            say_hello(c, now, fx);
    } else {
        if (now - c->last_beat_ms >= c->beat_ms) {
            uint32_t queued = 0;
            for (size_t i = 0; i < c->count; i++)
                queued += c->lease[i].state == QUEUED;
            struct ora_wire_msg m = {.kind = ORA_WIRE_BEAT,
                                     .beat = {.rss_bytes = c->rss_bytes,
                                              .queued = queued,
                                              .in_work = c->in_work,
                                              .in_work_audio_ms = c->in_work_audio_ms}};
            say(fx, &m);
            c->last_beat_ms = now;
        }
        send_kept_again(c, now, fx);
    }
    check_engine(c, now, fx);
    move_on(c, now, fx);
}

void ora_worker_core_stop(struct ora_worker_core *c, int64_t now, struct ora_worker_effects *fx)
{
    drain(c, c->drain ? ORA_DRAIN_AT_ONCE : ORA_DRAIN_FINISH, fx);
    move_on(c, now, fx);
}

void ora_worker_core_unsent(struct ora_worker_core *c, int64_t now)
{
    if (!c->welcomed)
        c->hello_ms = now - HELLO_AGAIN_MS + UNSENT_AGAIN_MS;
}

void ora_worker_core_figures(struct ora_worker_core *c, uint64_t rss_bytes, uint32_t in_work,
                             uint32_t in_work_audio_ms)
{
    c->rss_bytes = rss_bytes;
    c->in_work = in_work;
    c->in_work_audio_ms = in_work_audio_ms;
}

int64_t ora_worker_core_due_ms(const struct ora_worker_core *c)
{
    int64_t due = c->welcomed ? c->last_beat_ms + c->beat_ms : c->hello_ms + HELLO_AGAIN_MS;
    if (c->engine == ENGINE_NONE && c->welcome.len && c->engine_again_ms < due)
        due = c->engine_again_ms;
    return due;
}

struct ora_worker_core *ora_worker_core_create(const struct ora_worker_identity *who, int64_t now)
{
    struct ora_worker_core *c = ora_xcalloc(1, sizeof *c);
    c->who = *who;
    c->started_ms = c->heard_ms = now;
    c->beat_ms = BEAT_MS;
    return c;
}

void ora_worker_core_destroy(struct ora_worker_core **core)
{
    struct ora_worker_core *c = *core;
    if (!c)
        return;
    for (size_t i = 0; i < c->count; i++)
        ora_str_release(&c->lease[i].frame);
    free(c->lease);
    ora_str_release(&c->welcome);
    free(c);
    *core = NULL;
}
