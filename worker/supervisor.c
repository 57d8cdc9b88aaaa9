/*
 * The loop round the core: wait, decode, ask the core, do what it says. Signals come through a signalfd, the
 * engine's frames through a socketpair, the coordinator's through src/net; the core sees plain events with a
 * time.
 */
#include "worker/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <sodium/randombytes.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/process.h"
#include "dataset/store.h"
#include "net/net.h"
#include "nn/kernels/precision.h"
#include "wire/wire.h"
#include "worker/child.h"
#include "worker/core.h"

enum { LOOP_MS = 1000, LINGER_MS = 1000 };

struct supervisor {
    struct ora_net_client *channel;
    struct ora_worker_core *core;
    struct ora_worker_effects effects;
    struct ora_child child;
    int signal_fd;
    char *audio_dir; /* from the last WELCOME; to remove parts */
    bool leaving;
    int code;
};

static uint64_t available_memory(void)
{
    long pages = sysconf(_SC_AVPHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
}

static uint32_t usable_cores(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? (uint32_t)CPU_COUNT(&set) : 1;
}

/* ---- effects ---- */

static void drop_part(struct supervisor *s, const struct ora_worker_effect *e)
{
    if (!s->audio_dir)
        return;
    struct ora_err err = {0};
    char *path = ora_store_part_path(s->audio_dir, e->batch, e->token);
    if (ora_file_remove_tree(path, &err) < 0)
        ora_log(ORA_LOG_WARN, "a part file stays until the run ends: %s", err.message);
    free(path);
}

static void start_engine(struct supervisor *s, const struct ora_worker_effect *e)
{
    struct ora_err err = {0};
    if (ora_child_start(&s->child, &err) < 0) {
        ora_log(ORA_LOG_ERROR, "%s", err.message);
        ora_worker_core_engine_ended(s->core, 0, 127, 0, ora_clock_mono_ms(), &s->effects);
        return;
    }
    ora_log(ORA_LOG_INFO, "engine started, pid %ld", (long)s->child.pid);
    ora_frame_pipe_put(&s->child.pipe, &e->frame);
}

static void leave(struct supervisor *s, const struct ora_worker_effect *e)
{
    ora_log(e->code ? ORA_LOG_ERROR : ORA_LOG_INFO, "leaving: %s", ora_str_c(&e->frame));
    s->leaving = true;
    s->code = e->code;
}

static void do_effects(struct supervisor *s)
{
    for (size_t i = 0; i < s->effects.count; i++) {
        const struct ora_worker_effect *e = &s->effects.item[i];
        switch (e->op) {
        case ORA_WORKER_SEND:
            if (ora_net_client_send(s->channel, e->frame.data, e->frame.len, NULL) < 0)
                ora_worker_core_unsent(s->core, ora_clock_mono_ms());
            break;
        case ORA_WORKER_ENGINE_START:
            start_engine(s, e);
            break;
        case ORA_WORKER_ENGINE_SEND:
            ora_frame_pipe_put(&s->child.pipe, &e->frame);
            break;
        case ORA_WORKER_ENGINE_KILL:
            ora_child_kill(&s->child, e->code);
            break;
        case ORA_WORKER_DROP_PART:
            drop_part(s, e);
            break;
        case ORA_WORKER_LEAVE:
            leave(s, e);
            break;
        }
    }
    ora_worker_effects_clear(&s->effects);
}

/* ---- events ---- */

static void take_message(struct supervisor *s, const struct ora_str *frame, int64_t now)
{
    struct ora_wire_msg *msg = NULL;
    struct ora_err err = {0};
    if (ora_wire_decode(frame->data, frame->len, &msg, &err) < 0) {
        ora_log(ORA_LOG_ERROR, "from the coordinator: %s", err.message);
        return;
    }
    if (msg->kind == ORA_WIRE_WELCOME) {
        free(s->audio_dir);
        s->audio_dir = ora_xstrdup(msg->welcome.audio_dir);
    }
    ora_worker_core_message(s->core, msg, frame, now, &s->effects);
    ora_wire_free(&msg);
    do_effects(s);
}

static void take_engine_frames(struct supervisor *s, int64_t now)
{
    struct ora_str frame = ORA_STR_INIT;
    struct ora_err err = {0};
    int rc;
    while ((rc = ora_frame_pipe_take(&s->child.pipe, &frame)) > 0) {
        struct ora_wire_msg *msg = NULL;
        if ((rc = ora_wire_decode(frame.data, frame.len, &msg, &err)) < 0)
            break;
        ora_worker_core_engine(s->core, msg, &frame, now, &s->effects);
        ora_wire_free(&msg);
        do_effects(s);
    }
    if (rc < 0) { /* it writes over its own memory: no more of it */
        ora_log(ORA_LOG_ERROR, "from the engine: %s", err.message);
        ora_child_kill(&s->child, SIGABRT);
    }
    ora_str_release(&frame);
}

static void look_after_engine(struct supervisor *s, int64_t now)
{
    int signal = 0, status = 0;
    ora_frame_pipe_flush(&s->child.pipe);
    if (s->child.pipe.fd >= 0)
        ora_frame_pipe_fill(&s->child.pipe);
    take_engine_frames(s, now);
    uint64_t rowid = atomic_load(&s->child.slate->rowid);
    if (ora_child_ended(&s->child, &signal, &status)) {
        take_engine_frames(s, now);
        ora_log(ORA_LOG_WARN, "engine ended: signal %d, status %d, utterance row %llu in work", signal,
                status, (unsigned long long)rowid);
        ora_worker_core_engine_ended(s->core, signal, status, rowid, now, &s->effects);
        do_effects(s);
    } else {
        ora_worker_core_engine_at(s->core, rowid, atomic_load(&s->child.slate->pulse.beats), now);
    }
}

static void take_signals(struct supervisor *s, int64_t now)
{
    struct signalfd_siginfo info;
    while (read(s->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGCHLD)
            continue; /* look_after_engine sees it */
        ora_log(ORA_LOG_INFO, "signal %u: stopping", info.ssi_signo);
        ora_worker_core_stop(s->core, now, &s->effects);
        do_effects(s);
    }
}

static int wait_for_something(struct supervisor *s, int64_t now, struct ora_err *err)
{
    struct pollfd fds[2] = {{.fd = s->signal_fd, .events = POLLIN}};
    size_t count = 1;
    if (s->child.pipe.fd >= 0)
        fds[count++] = (struct pollfd){
            .fd = s->child.pipe.fd,
            .events = (short)(POLLIN | (ora_frame_pipe_wants_out(&s->child.pipe) ? POLLOUT : 0))};
    int64_t wait = ora_worker_core_due_ms(s->core) - now;
    return ora_net_client_wait(s->channel, fds, count,
                               wait < 0         ? 0
                               : wait > LOOP_MS ? LOOP_MS
                                                : (int)wait,
                               err);
}

static int loop(struct supervisor *s, struct ora_err *err)
{
    struct ora_str frame = ORA_STR_INIT;
    int rc = 0;
    while (!s->leaving && rc == 0) {
        int64_t now = ora_clock_mono_ms();
        ora_worker_core_figures(s->core, ora_child_rss_bytes(&s->child), atomic_load(&s->child.slate->done),
                                atomic_load(&s->child.slate->audio_ms));
        ora_worker_core_tick(s->core, now, &s->effects);
        do_effects(s);
        ora_frame_pipe_flush(&s->child.pipe);
        if (s->leaving || (rc = wait_for_something(s, now, err)) < 0)
            break;
        now = ora_clock_mono_ms();
        take_signals(s, now);
        while (!s->leaving && (rc = ora_net_client_recv(s->channel, &frame, err)) > 0)
            take_message(s, &frame, now);
        look_after_engine(s, now);
    }
    ora_str_release(&frame);
    return rc;
}

static int open_signals(int *fd, struct ora_err *err)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGCHLD);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    /* Before libzmq starts its threads, which inherit the mask. */
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0 ||
        (*fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC)) < 0)
        return ora_err_errno(err, errno, "signals");
    return 0;
}

int ora_supervisor_run(const struct ora_launch *launch, int patience_s, struct ora_err *err)
{
    struct supervisor s = {.signal_fd = -1};
    char host[256], machine[ORA_MACHINE_SIZE], name[320];
    gethostname(host, sizeof host);
    host[sizeof host - 1] = '\0';
    ora_process_machine(machine);
    snprintf(name, sizeof name, "%.200s-%ld-%08x", host, (long)getpid(), randombytes_random());
    struct ora_levels levels;
    if (ora_levels_here(&levels, err) < 0)
        return err->code;
    const struct ora_worker_identity who = {
        .worker = name,
        .run_id = launch->ticket.run_id,
        .host = host,
        .machine = machine,
        .levels = levels.name,
        .level_count = levels.count,
        .pid = (uint32_t)getpid(),
        .cores = usable_cores(),
        .start_time = ora_process_start_time(getpid()),
        .free_memory_bytes = available_memory(),
        .patience_ms = (int64_t)patience_s * 1000,
    };
    ora_log(ORA_LOG_INFO, "worker %s, rank %d of %d (%d of %d on this host), to %s", name, launch->rank,
            launch->size, launch->local_rank, launch->local_size, launch->endpoint);
    int rc = open_signals(&s.signal_fd, err);
    if (rc == 0)
        rc = ora_child_init(&s.child, err);
    if (rc == 0)
        rc = ora_net_client_open(launch->endpoint, &launch->ticket.keys, &s.channel, err);
    if (rc == 0) {
        s.core = ora_worker_core_create(&who, ora_clock_mono_ms());
        rc = loop(&s, err);
    }
    ora_child_release(&s.child);
    ora_net_client_close(&s.channel, LINGER_MS);
    ora_worker_core_destroy(&s.core);
    ora_worker_effects_release(&s.effects);
    free(s.audio_dir);
    if (s.signal_fd >= 0)
        close(s.signal_fd);
    return rc < 0 ? rc : s.code;
}
