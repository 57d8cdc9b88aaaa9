/*
 * The coordinator's decisions. Transitions of a batch and where they are made:
 *
 *     NEW → LEASED    ora_core_schedule wishes, settle_lease sends the WORK once the row is written
 *     LEASED → DONE   on_result wishes, settle_finish acknowledges once file and rows are written
 *     LEASED → NEW    give_back (RETURN, CRASH, HELLO without the lease, BYE), lose (silence, deadline,
 * death, bad frame) utterance → FAILED by crashes: on_crash; REJECTED comes inside a result
 *
 * A worker is known by the incarnation id of its HELLO; the peer number is only the connection it speaks over
 * now. What comes from a peer that has not said HELLO on this connection is not believed: it is asked WHO,
 * and answers with all it holds. That one rule covers this program's own restart, a cut that healed, and a
 * send that failed.
 */
#include "coordinator/core.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "coordinator/admission.h"
#include "coordinator/roster.h"
#include "coordinator/scheduler.h"

enum { LEASES_A_TURN = 128 }; /* bounds the turn's transaction */

struct ora_core {
    struct ora_core_config config;
    struct ora_roster roster;
    struct ora_strangers strangers;
    uint32_t token_number;
    uint64_t joins, local_joins;
    struct ora_admission admission;
    uint32_t drain; /* 0, or a mode */
    char pause_why[512];
    char trouble[512];
};

/* ---- sending ---- */

static void say_drain(struct ora_core *c, uint64_t peer, struct ora_effects *fx)
{
    struct ora_wire_msg m = {.kind = ORA_WIRE_DRAIN, .drain = {.mode = c->drain}};
    ora_effects_say(fx, peer, &m);
}

static void note_trouble(struct ora_core *c, const struct ora_roster_worker *w, const char *why)
{
    snprintf(c->trouble, sizeof c->trouble, "%s", why);
    ora_log(ORA_LOG_WARN, "worker %s: %s", w->id, why);
}

static void give_back(struct ora_roster_worker *w, struct ora_roster_lease *l, bool counts, const char *why,
                      struct ora_effects *fx)
{
    struct ora_row_effect *e = ora_effects_row(fx, ORA_ROW_GIVE_BACK, w->id);
    e->batch = l->batch;
    memcpy(e->token, l->token, sizeof e->token);
    e->counts = counts;
    snprintf(e->why, sizeof e->why, "%s", why);
    ora_roster_remove_lease(w, l);
}

static void part(struct ora_core *c, struct ora_roster_worker *w, const char *why, struct ora_effects *fx)
{
    struct ora_row_effect *e = ora_effects_row(fx, ORA_ROW_LEFT, w->id);
    snprintf(e->why, sizeof e->why, "%s", why);
    ora_roster_remove(&c->roster, w);
}

/* A worker that will hand in nothing more. */
static void lose(struct ora_core *c, struct ora_roster_worker *w, const char *why, struct ora_effects *fx)
{
    note_trouble(c, w, why);
    ora_effects_row(fx, ORA_ROW_LOST, w->id);
    part(c, w, why, fx);
}

/* ---- peers that are not known ---- */

static void ask_who(struct ora_core *c, uint64_t peer, struct ora_now now, struct ora_effects *fx)
{
    if (!ora_strangers_may_ask(&c->strangers, peer, now.mono_ms))
        return;
    struct ora_wire_msg m = {.kind = ORA_WIRE_WHO};
    ora_effects_say(fx, peer, &m);
}

/* ---- messages ---- */

/* The level at which this worker will render, or NULL: it was turned away. */
static const char *admit(struct ora_core *c, uint64_t peer, const struct ora_wire_hello *m,
                         struct ora_effects *fx)
{
    struct ora_err why = {0};
    const char *level = ora_admission_level(&c->admission, m, &why);
    if (level)
        return level;
    snprintf(c->trouble, sizeof c->trouble, "%.500s", why.message);
    ora_log(ORA_LOG_WARN, "worker %s was turned away: %s", m->worker, why.message);
    ora_effects_refuse(fx, peer, why.message);
    struct ora_roster_worker *w = ora_roster_find(&c->roster, m->worker);
    if (w)
        lose(c, w, why.message, fx);
    return NULL;
}

static void join(struct ora_core *c, struct ora_roster_worker *w, const struct ora_wire_hello *m,
                 const char *level, struct ora_effects *fx)
{
    w->local = m->machine[0] && strcmp(m->machine, c->config.machine) == 0;
    w->pid = (int)m->pid;
    w->start_time = m->start_time;
    c->joins++;
    c->local_joins += w->local;
    struct ora_row_effect *e = ora_effects_row(fx, ORA_ROW_JOIN, w->id);
    e->info = (struct ora_worker_info){.worker = m->worker,
                                       .host = m->host,
                                       .pid = (int)m->pid,
                                       .start_time = m->start_time,
                                       .cores = (int)m->cores,
                                       .kernel_level = level,
                                       .local = w->local};
}

static bool is_held(const struct ora_wire_hello *m, const struct ora_roster_lease *l)
{
    for (size_t i = 0; i < m->held_count; i++)
        if (m->held[i].batch == l->batch && strcmp(m->held[i].token, l->token) == 0)
            return true;
    return false;
}

/* Both sides agree on what the worker holds: what it does not know of goes back, what is not its own any more
 * is revoked. */
static void reconcile(struct ora_core *c, struct ora_roster_worker *w, const struct ora_wire_hello *m,
                      struct ora_effects *fx)
{
    for (size_t i = w->lease_count; i-- > 0;)
        if (!is_held(m, &w->lease[i]))
            give_back(w, &w->lease[i], false, "the worker does not hold it", fx);
    struct ora_wire_held *revoked = ora_xcalloc(m->held_count + 1, sizeof *revoked);
    size_t n = 0;
    for (size_t i = 0; i < m->held_count; i++)
        if (!ora_roster_find_lease(w, m->held[i].batch, m->held[i].token))
            revoked[n++] = m->held[i];
    struct ora_wire_msg welcome = {.kind = ORA_WIRE_WELCOME,
                                   .welcome = {.run_id = c->config.run_id,
                                               .job_yaml = c->config.job_yaml,
                                               .audio_dir = c->config.audio_dir,
                                               .beat_ms = c->config.beat_ms,
                                               .silence_ms = c->config.worker_silence_ms,
                                               .revoked = revoked,
                                               .revoked_count = n}};
    ora_effects_say(fx, w->peer, &welcome);
    free(revoked);
}

static void on_hello(struct ora_core *c, uint64_t peer, const struct ora_wire_hello *m, struct ora_now now,
                     struct ora_effects *fx)
{
    if (strcmp(m->run_id, c->config.run_id) != 0) {
        ora_log(ORA_LOG_WARN, "worker %s was refused: it is of run %s", m->worker, m->run_id);
        ora_effects_refuse(fx, peer, "this coordinator works on another run");
        return;
    }
    const char *level = admit(c, peer, m, fx);
    if (!level)
        return;
    struct ora_roster_worker *w = ora_roster_find_peer(&c->roster, peer);
    if (w && strcmp(w->id, m->worker) != 0)
        w->peer = 0; /* one process, one name: the old name is not heard of again */
    w = ora_roster_find(&c->roster, m->worker);
    if (!w) {
        w = ora_roster_add(&c->roster, m->worker);
        join(c, w, m, level, fx);
        ora_log(ORA_LOG_INFO, "worker %s joined: pid %u on %s, %s", m->worker, m->pid, m->host, level);
    }
    w->peer = peer;
    w->credit = 0;
    w->heard_ms = now.mono_ms;
    w->restored = false;
    reconcile(c, w, m, fx);
    if (w->lease_count) {
        w->deadline_ms = now.wall_ms + c->config.lease_ms;
        ora_effects_row(fx, ORA_ROW_RENEW, w->id)->deadline_ms = w->deadline_ms;
    }
    if (c->drain)
        say_drain(c, peer, fx);
}

static void on_result(struct ora_core *c, struct ora_roster_worker *w, const struct ora_batch_result *m,
                      struct ora_effects *fx)
{
    (void)c;
    if (!ora_roster_find_lease(w, m->batch, m->token)) {
        ora_effects_ack(fx, w->peer, m->batch, m->token, false);
        return;
    }
    struct ora_row_effect *e = ora_effects_row(fx, ORA_ROW_FINISH, w->id);
    e->batch = m->batch;
    snprintf(e->token, sizeof e->token, "%s", m->token);
    e->result = m;
}

static void on_return(struct ora_core *c, struct ora_roster_worker *w, const struct ora_wire_lease *m,
                      struct ora_effects *fx)
{
    struct ora_roster_lease *l = ora_roster_find_lease(w, m->batch, m->token);
    if (m->class_ != ORA_CLASS_NONE)
        note_trouble(c, w, m->why);
    if (l)
        give_back(w, l, m->counts, m->why, fx);
    if (m->class_ == ORA_CLASS_FATAL_HERE)
        w->credit = 0;
    if (m->class_ == ORA_CLASS_STOP)
        ora_core_pause(c, m->why, fx);
}

static bool own_fault(uint32_t signal)
{
    return signal == SIGSEGV || signal == SIGBUS || signal == SIGABRT || signal == SIGFPE || signal == SIGILL;
}

static void on_crash(struct ora_core *c, struct ora_roster_worker *w, const struct ora_wire_lease *m,
                     struct ora_effects *fx)
{
    char why[128];
    struct ora_roster_lease *l = ora_roster_find_lease(w, m->batch, m->token);
    snprintf(why, sizeof why, "its engine was ended by signal %u", m->signal);
    note_trouble(c, w, why);
    if (!l)
        return;
    bool named = own_fault(m->signal) && m->rowid; /* counted on the utterance, not on the batch */
    if (named) {
        struct ora_row_effect *e = ora_effects_row(fx, ORA_ROW_CRASHED, w->id);
        e->batch = m->batch;
        snprintf(e->token, sizeof e->token, "%s", m->token);
        e->rowid = m->rowid;
        e->signal = (int)m->signal;
    }
    give_back(w, l, !named, why, fx);
}

static void on_beat(struct ora_roster_worker *w, const struct ora_wire_msg *msg, struct ora_effects *fx)
{
    w->in_work = w->lease_count ? msg->beat.in_work : 0;
    w->in_work_audio_ms = w->lease_count ? msg->beat.in_work_audio_ms : 0;
    struct ora_wire_msg m = {.kind = ORA_WIRE_BEAT};
    ora_effects_say(fx, w->peer, &m);
}

static void on_bye(struct ora_core *c, struct ora_roster_worker *w, const char *why, struct ora_effects *fx)
{
    ora_log(ORA_LOG_INFO, "worker %s left: %s", w->id, why);
    snprintf(c->trouble, sizeof c->trouble, "%s", why);
    while (w->lease_count)
        give_back(w, &w->lease[w->lease_count - 1], false, why, fx);
    part(c, w, why, fx);
}

void ora_core_message(struct ora_core *c, uint64_t peer, const struct ora_wire_msg *msg, struct ora_now now,
                      struct ora_effects *fx)
{
    if (ora_strangers_banned(&c->strangers, peer))
        return;
    if (msg->kind == ORA_WIRE_HELLO) {
        on_hello(c, peer, &msg->hello, now, fx);
        return;
    }
    struct ora_roster_worker *w = ora_roster_find_peer(&c->roster, peer);
    if (!w) {
        if (msg->kind != ORA_WIRE_BYE)
            ask_who(c, peer, now, fx);
        return;
    }
    w->heard_ms = now.mono_ms;
    switch (msg->kind) {
    case ORA_WIRE_READY:
        w->credit = msg->ready.credit;
        break;
    case ORA_WIRE_RESULT:
        w->in_work = w->in_work_audio_ms = 0;
        on_result(c, w, &msg->result, fx);
        break;
    case ORA_WIRE_RETURN:
        on_return(c, w, &msg->lease, fx);
        break;
    case ORA_WIRE_CRASH:
        on_crash(c, w, &msg->lease, fx);
        break;
    case ORA_WIRE_BEAT:
        on_beat(w, msg, fx);
        break;
    case ORA_WIRE_BYE:
        on_bye(c, w, msg->text.why, fx);
        break;
    default:
        ora_core_bad_frame(c, peer, "a worker does not say this", fx);
        break;
    }
}

void ora_core_bad_frame(struct ora_core *c, uint64_t peer, const char *why, struct ora_effects *fx)
{
    if (ora_strangers_banned(&c->strangers, peer))
        return;
    ora_strangers_ban(&c->strangers, peer);
    ora_effects_refuse(fx, peer, why);
    struct ora_roster_worker *w = ora_roster_find_peer(&c->roster, peer);
    if (w)
        lose(c, w, why, fx);
    else
        ora_log(ORA_LOG_WARN, "a peer that never said HELLO is not heard any more: %s", why);
}

void ora_core_unreachable(struct ora_core *c, uint64_t peer)
{
    struct ora_roster_worker *w = ora_roster_find_peer(&c->roster, peer);
    if (w)
        w->peer = 0;
}

void ora_core_died(struct ora_core *c, const char *id, struct ora_effects *fx)
{
    struct ora_roster_worker *w = ora_roster_find(&c->roster, id);
    if (w)
        lose(c, w, "its process is gone", fx);
}

/* ---- time ---- */

void ora_core_tick(struct ora_core *c, struct ora_now now, struct ora_effects *fx)
{
    for (size_t i = c->roster.count; i-- > 0;) {
        struct ora_roster_worker *w = &c->roster.worker[i];
        bool silent = now.mono_ms - w->heard_ms >= c->config.silence_ms;
        if (!w->restored && silent)
            lose(c, w, "silent for too long", fx);
        else if (w->restored && (w->lease_count ? now.wall_ms >= w->deadline_ms : silent))
            lose(c, w, "did not come back", fx);
        else if (w->peer && w->lease_count && w->deadline_ms - now.wall_ms < c->config.lease_ms / 2) {
            w->deadline_ms = now.wall_ms + c->config.lease_ms;
            ora_effects_row(fx, ORA_ROW_RENEW, w->id)->deadline_ms = w->deadline_ms;
        }
    }
}

static void make_token(struct ora_core *c, char token[ORA_WIRE_TOKEN_MAX + 1])
{
    snprintf(token, ORA_WIRE_TOKEN_MAX + 1, "%016llx%08x", (unsigned long long)c->config.epoch,
             ++c->token_number);
}

void ora_core_schedule(struct ora_core *c, uint64_t open_batches, struct ora_now now, struct ora_effects *fx)
{
    if (c->drain || open_batches == 0 || c->roster.count == 0)
        return;
    struct ora_want *wants = ora_xcalloc(c->roster.count, sizeof *wants);
    for (size_t i = 0; i < c->roster.count; i++)
        if (c->roster.worker[i].peer)
            wants[i] = (struct ora_want){.credit = c->roster.worker[i].credit,
                                         .leases = (uint32_t)c->roster.worker[i].lease_count};
    for (int n = 0; n < LEASES_A_TURN; n++) {
        long i = ora_scheduler_next(wants, c->roster.count, c->config.expected_workers, open_batches);
        if (i == ORA_SCHEDULER_NOBODY)
            break;
        struct ora_roster_worker *w = &c->roster.worker[i];
        struct ora_row_effect *e = ora_effects_row(fx, ORA_ROW_LEASE, w->id);
        make_token(c, e->token);
        e->deadline_ms = now.wall_ms + c->config.lease_ms;
        wants[i].leases++;
        open_batches--;
    }
    free(wants);
}

/* ---- what became of the rows ---- */

static void settle_lease(struct ora_core *c, struct ora_roster_worker *w, const struct ora_row_effect *e,
                         const struct ora_batch *batch, struct ora_effects *fx)
{
    struct ora_err err = {0};
    struct ora_wire_msg m = {.kind = ORA_WIRE_WORK,
                             .work = {.batch = batch->number,
                                      .token = e->token,
                                      .attempt = batch->attempt,
                                      .alone = batch->alone,
                                      .voice_mark = batch->voice_mark,
                                      .utterances = batch->utterances,
                                      .rowid = batch->utt_rowid,
                                      .count = batch->count}};
    ora_roster_add_lease(w, batch->number, e->token, e->deadline_ms);
    if (ora_effects_send(fx, w->peer, &m, &err) < 0) {
        char why[512];
        snprintf(why, sizeof why, "batch %u cannot be sent: %.400s", batch->number, err.message);
        give_back(w, ora_roster_find_lease(w, batch->number, m.work.token), false, why, fx);
        ora_core_pause(c, why, fx);
    }
}

static void settle_finish(struct ora_core *c, struct ora_roster_worker *w, const struct ora_row_effect *e,
                          int outcome, const struct ora_err *err, struct ora_effects *fx)
{
    struct ora_roster_lease *l = ora_roster_find_lease(w, e->batch, e->token);
    ora_effects_ack(fx, w->peer, e->batch, e->token, outcome > 0);
    if (!l)
        return;
    if (outcome >= 0) {
        ora_roster_remove_lease(w, l);
        return;
    }
    char why[512];
    snprintf(why, sizeof why, "batch %u could not be taken: %.400s", e->batch, err->message);
    if (err->code == ORA_E_NOT_FOUND ||
        err->code == ORA_E_FORMAT) { /* no file where we look, or rows that do not fit */
        ora_effects_refuse(fx, w->peer, why);
        lose(c, w, why, fx);
        return;
    }
    note_trouble(c, w, why);
    bool stop = ora_err_class_of(err->code) == ORA_CLASS_STOP;
    give_back(w, l, !stop, why, fx);
    if (stop)
        ora_core_pause(c, why, fx);
}

void ora_core_settle(struct ora_core *c, size_t index, int outcome, const struct ora_batch *batch,
                     const struct ora_err *err, struct ora_effects *fx)
{
    struct ora_row_effect e = fx->row[index]; /* a copy: settling may grow the list */
    struct ora_roster_worker *w = ora_roster_find(&c->roster, e.worker);
    if (e.op == ORA_ROW_CRASHED && outcome > 0)
        ora_log(ORA_LOG_WARN, "utterance row %llu of batch %u ended an engine twice and is set aside",
                (unsigned long long)e.rowid, e.batch);
    if (!w) {
        if (e.op == ORA_ROW_LEASE && outcome > 0) {
            struct ora_row_effect *back = ora_effects_row(fx, ORA_ROW_GIVE_BACK, e.worker);
            back->batch = batch->number;
            memcpy(back->token, e.token, sizeof back->token);
        }
        return;
    }
    if (e.op == ORA_ROW_LEASE && outcome > 0)
        settle_lease(c, w, &e, batch, fx);
    else if (e.op == ORA_ROW_FINISH)
        settle_finish(c, w, &e, outcome, err, fx);
}

/* ---- stopping ---- */

void ora_core_drain(struct ora_core *c, uint32_t mode, struct ora_effects *fx)
{
    if (mode <= c->drain)
        return;
    c->drain = mode;
    for (size_t i = 0; i < c->roster.count; i++)
        say_drain(c, c->roster.worker[i].peer, fx);
}

void ora_core_pause(struct ora_core *c, const char *why, struct ora_effects *fx)
{
    if (!c->pause_why[0])
        snprintf(c->pause_why, sizeof c->pause_why, "%s", why);
    ora_core_drain(c, ORA_DRAIN_FINISH, fx);
}

/* ---- looking ---- */

const char *ora_core_paused(const struct ora_core *c)
{
    return c->pause_why[0] ? c->pause_why : NULL;
}

const struct ora_admission *ora_core_admission(const struct ora_core *c)
{
    return &c->admission;
}

const char *ora_core_last_trouble(const struct ora_core *c)
{
    return c->trouble;
}

bool ora_core_draining(const struct ora_core *c)
{
    return c->drain != 0;
}

size_t ora_core_seats(const struct ora_core *c)
{
    return c->roster.count;
}

struct ora_core_seat ora_core_seat(const struct ora_core *c, size_t index)
{
    const struct ora_roster_worker *w = &c->roster.worker[index];
    return (struct ora_core_seat){.worker = w->id,
                                  .present = w->peer != 0,
                                  .local = w->local,
                                  .pid = w->pid,
                                  .start_time = w->start_time,
                                  .leases = w->lease_count,
                                  .credit = w->credit};
}

size_t ora_core_present(const struct ora_core *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->roster.count; i++)
        n += c->roster.worker[i].peer != 0;
    return n;
}

struct ora_core_in_work ora_core_in_work(const struct ora_core *c)
{
    struct ora_core_in_work sum = {0};
    for (size_t i = 0; i < c->roster.count; i++) {
        const struct ora_roster_worker *w = &c->roster.worker[i];
        sum.utterances += w->peer ? w->in_work : 0;
        sum.audio_s += w->peer ? (double)w->in_work_audio_ms / 1000 : 0;
    }
    return sum;
}

uint64_t ora_core_joins(const struct ora_core *c, bool local_only)
{
    return local_only ? c->local_joins : c->joins;
}

size_t ora_core_leases(const struct ora_core *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->roster.count; i++)
        n += c->roster.worker[i].lease_count;
    return n;
}

bool ora_core_token_is_current(const struct ora_core *c, const char *token)
{
    for (size_t i = 0; i < c->roster.count; i++)
        for (size_t k = 0; k < c->roster.worker[i].lease_count; k++)
            if (strcmp(c->roster.worker[i].lease[k].token, token) == 0)
                return true;
    return false;
}

/* ---- life ---- */

struct ora_core *ora_core_create(const struct ora_core_config *config)
{
    struct ora_core *c = ora_xcalloc(1, sizeof *c);
    c->config = *config;
    c->config.run_id = ora_xstrdup(config->run_id);
    c->config.job_yaml = ora_xstrdup(config->job_yaml);
    c->config.audio_dir = ora_xstrdup(config->audio_dir);
    c->config.machine = ora_xstrdup(config->machine);
    ora_admission_init(&c->admission, config->arithmetic, config->kernels, config->machine);
    c->config.arithmetic = c->config.kernels = NULL; /* the admission has copies */
    return c;
}

void ora_core_destroy(struct ora_core **core)
{
    struct ora_core *c = *core;
    if (!c)
        return;
    ora_roster_release(&c->roster);
    ora_admission_release(&c->admission);
    free((char *)(uintptr_t)c->config.run_id);
    free((char *)(uintptr_t)c->config.job_yaml);
    free((char *)(uintptr_t)c->config.audio_dir);
    free((char *)(uintptr_t)c->config.machine);
    free(c);
    *core = NULL;
}

void ora_core_restore_worker(struct ora_core *c, const struct ora_worker_info *info, struct ora_now now)
{
    struct ora_roster_worker *w = ora_roster_find(&c->roster, info->worker);
    if (!w)
        w = ora_roster_add(&c->roster, info->worker);
    w->local = info->local;
    w->pid = info->pid;
    w->start_time = info->start_time;
    w->heard_ms = now.mono_ms;
    w->restored = true;
}

void ora_core_restore_lease(struct ora_core *c, uint32_t batch, const char *worker, const char *token,
                            int64_t deadline_ms)
{
    struct ora_roster_worker *w = ora_roster_find(&c->roster, worker);
    if (!w)
        w = ora_roster_add(&c->roster, worker);
    ora_roster_add_lease(w, batch, token, deadline_ms);
}
