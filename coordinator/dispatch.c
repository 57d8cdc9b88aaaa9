/*
 * Why all rows of a turn are one transaction: with synchronous=FULL a commit is an fsync; many workers'
 * messages share one, and a crash leaves either all of a turn or nothing of it. Files get their final names
 * before the rows say so: after a crash between the two, the result that is sent again finds its file in
 * place.
 */
#include "coordinator/dispatch.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "dataset/store.h"

int ora_dispatch_init(struct ora_dispatch *d, struct ora_err *err)
{
    return ora_run_progress(d->run, &d->ledger, err);
}

static void forget_messages(struct ora_dispatch *d)
{
    for (size_t i = 0; i < d->message_count; i++)
        ora_wire_free(&d->message[i]);
    d->message_count = 0;
}

void ora_dispatch_release(struct ora_dispatch *d)
{
    forget_messages(d);
    ora_effects_release(&d->fx);
    ora_str_release(&d->frame);
}

struct ora_now ora_dispatch_now(void)
{
    return (struct ora_now){.mono_ms = ora_clock_mono_ms(), .wall_ms = ora_clock_wall_ms()};
}

/* ---- messages in ---- */

static int take_messages(struct ora_dispatch *d, struct ora_now now, struct ora_err *err)
{
    uint64_t peer;
    int rc = 0;
    while (d->message_count < ORA_DISPATCH_MESSAGES &&
           (rc = ora_net_server_recv(d->server, &peer, &d->frame, err)) > 0) {
        struct ora_err why = {0};
        struct ora_wire_msg *msg = NULL;
        if (ora_wire_decode(d->frame.data, d->frame.len, &msg, &why) < 0) {
            ora_core_bad_frame(d->core, peer, why.message, &d->fx);
            continue;
        }
        d->message[d->message_count++] = msg;
        ora_core_message(d->core, peer, msg, now, &d->fx);
    }
    return rc < 0 ? rc : 0;
}

/* ---- rows ---- */

/* File first, then rows. An error of the file, or a result that does not fit, concerns its batch only: *why
 * has it. */
static int finish(struct ora_dispatch *d, const struct ora_row_effect *e, int64_t now_ms, struct ora_err *why)
{
    enum ora_store_kind kind = ora_run_job(d->run)->store;
    struct ora_batch_result result = *e->result;
    bool duplicate = false;
    result.worker = e->worker;
    char *part = ora_store_part_path(d->audio_dir, e->batch, e->token);
    char *final = ora_store_final_path(d->audio_dir, e->batch, kind);
    int rc = ora_store_commit(part, final, result.file_sha256, kind, why);
    if (rc == 0)
        rc = ora_run_finish(d->run, &result, now_ms, &duplicate, why);
    free(part);
    free(final);
    return rc;
}

static int lease(struct ora_dispatch *d, const struct ora_row_effect *e, struct ora_now now,
                 struct ora_batch *batch, struct ora_err *err)
{
    return ora_run_lease(d->run, e->worker, e->token, now.wall_ms, e->deadline_ms, batch, err);
}

/* Applies one row effect and tells the core. Negative: the database is at fault. */
static int apply(struct ora_dispatch *d, size_t index, struct ora_now now, struct ora_err *err)
{
    const struct ora_row_effect e = d->fx.row[index];
    struct ora_batch batch = {0};
    struct ora_err why = {0};
    int outcome = 0;
    switch (e.op) {
    case ORA_ROW_JOIN:
        outcome = ora_run_worker_join(d->run, &e.info, now.wall_ms, &why);
        break;
    case ORA_ROW_LEFT:
        outcome = ora_run_worker_left(d->run, e.worker, e.why, now.wall_ms, &why);
        break;
    case ORA_ROW_LEASE:
        outcome = lease(d, &e, now, &batch, &why);
        break;
    case ORA_ROW_FINISH:
        outcome = finish(d, &e, now.wall_ms, &why);
        break;
    case ORA_ROW_GIVE_BACK:
        outcome = ora_run_give_back(d->run, e.batch, e.token, e.counts, e.why, now.wall_ms, &why);
        break;
    case ORA_ROW_CRASHED:
        outcome = ora_run_crashed(d->run, e.batch, e.token, e.rowid, e.signal, &why);
        break;
    case ORA_ROW_RENEW:
        outcome = ora_run_renew(d->run, e.worker, e.deadline_ms, &why);
        break;
    case ORA_ROW_LOST:
        outcome = ora_run_lost_worker(d->run, e.worker, now.wall_ms, &why);
        break;
    }
    if (outcome < 0 && (e.op != ORA_ROW_FINISH || outcome == ORA_E_DATABASE)) {
        *err = why;
        return outcome;
    }
    ora_core_settle(d->core, index, outcome, &batch, &why, &d->fx);
    ora_batch_release(&batch);
    return 0;
}

static int write_rows(struct ora_dispatch *d, struct ora_now now, struct ora_err *err)
{
    if (d->fx.row_count == 0)
        return 0;
    int rc = ora_run_begin(d->run, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; rc == 0 && i < d->fx.row_count; i++) /* settling may add rows */
        rc = apply(d, i, now, err);
    if (rc < 0) {
        ora_run_rollback(d->run);
        return rc;
    }
    rc = ora_run_commit(d->run, err);
    return rc < 0 ? rc : ora_run_progress(d->run, &d->ledger, err);
}

/* ---- messages out ---- */

static void send_messages(struct ora_dispatch *d)
{
    for (size_t i = 0; i < d->fx.send_count; i++) {
        const struct ora_send_effect *e = &d->fx.send[i];
        struct ora_err err = {0};
        if (ora_net_server_send(d->server, e->peer, e->frame.data, e->frame.len, &err) < 0) {
            ora_log(ORA_LOG_INFO, "peer %llx: %s", (unsigned long long)e->peer, err.message);
            ora_core_unreachable(d->core, e->peer);
        }
    }
}

int ora_dispatch_turn(struct ora_dispatch *d, struct pollfd *fds, size_t count, int timeout_ms,
                      struct ora_err *err)
{
    int rc = ora_net_server_wait(d->server, fds, count, timeout_ms, err);
    struct ora_now now = ora_dispatch_now();
    if (rc == 0)
        rc = take_messages(d, now, err);
    if (rc == 0) {
        uint64_t open = d->ledger.batches - d->ledger.batches_done - d->ledger.batches_leased;
        ora_core_tick(d->core, now, &d->fx);
        ora_core_schedule(d->core, open, now, &d->fx);
        rc = write_rows(d, now, err);
    }
    if (rc == 0)
        send_messages(d);
    d->moved = d->fx.row_count > 0;
    ora_effects_clear(&d->fx);
    forget_messages(d);
    return rc;
}
