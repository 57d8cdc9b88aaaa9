/*
 * The coordinator's life while it works on a run:
 *
 *     prepare   keys, port, what the database says of workers and leases, mpirun
 *     work      turns of the loop, until no batch is open, somebody says stop, or the run pauses
 *     wind down DRAIN to all, a moment for their BYE, then an end to what was started here
 *
 * Nothing here needs to succeed for the run to be safe: whatever is cut short is found again in the database.
 */
#include "coordinator/service.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
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
#include "base/str.h"
#include "coordinator/core.h"
#include "coordinator/dispatch.h"
#include "coordinator/keeper.h"
#include "coordinator/keys.h"
#include "coordinator/launch.h"
#include "coordinator/pace.h"
#include "dataset/store.h"
#include "nn/kernels/precision.h"

#define META_ENDPOINT "endpoint"
#define ANY_LOOPBACK  "tcp://127.0.0.1:*"

enum {
    BEAT_MS = 1000,
    SILENCE_MS = 20000,        /* a worker is lost */
    WORKER_SILENCE_MS = 60000, /* a worker leaves; long enough to start a coordinator again by hand */
    LOOK_MS = 250,             /* progress, cancel, disk, local processes, mpirun */
    BYE_PATIENCE_MS = 10000,
    END_PATIENCE_MS = 3000,
    MIN_FREE_BYTES = 64 << 20,
    LEAST_FILES = 64,     /* the job table, sockets, logs, one worker */
    WANTED_FILES = 65536, /* a connection is a descriptor: as many as we may have */
};

struct service {
    const struct ora_service_options *o;
    struct ora_dispatch d;
    struct ora_launcher *launcher;
    struct ora_keeper keeper;
    struct ora_pace pace;
    char *audio_dir, *key_file;
    bool many_hosts; /* mpirun may start workers on other hosts too */
    char machine[ORA_MACHINE_SIZE];
    uint64_t min_free_bytes;
    int signal_fd, log_fd;
    sigset_t old_mask;
    int signals; /* SIGINT, SIGTERM and SIGHUP so far */
    int64_t started_ms, looked_ms;
    size_t reasons_told; /* of workers that were turned away */
};

/* ---- prepare ---- */

static int open_signals(struct service *s, struct ora_err *err)
{
    sigset_t set;
    struct sigaction hangup;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGCHLD);
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN) /* nohup means it */
        sigaddset(&set, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    if (pthread_sigmask(SIG_BLOCK, &set, &s->old_mask) != 0 ||
        (s->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC)) < 0)
        return ora_err_errno(err, errno, "signals");
    return 0;
}

static bool any_port(const char *endpoint)
{
    return ora_ends_with(endpoint, ":*") || ora_ends_with(endpoint, ":0");
}

/* The port of the last time, so that workers that lived on find us; another one when somebody else has taken
 * it. */
static int open_channel(struct service *s, const struct ora_net_server_keys *keys, struct ora_err *err)
{
    char *last = NULL;
    const char *wish = s->o->listen ? s->o->listen : ANY_LOOPBACK;
    int rc = ora_run_meta_get(s->o->run, META_ENDPOINT, &last, err);
    if (rc < 0)
        return rc;
    size_t host = strlen(wish) - (any_port(wish) ? strlen(strrchr(wish, ':')) : 0);
    bool same_host = last && any_port(wish) && strncmp(last, wish, host) == 0 && last[host] == ':';
    rc = ORA_E_BUSY;
    if (same_host)
        rc = ora_net_server_open(last, keys, &s->d.server, err);
    if (rc == ORA_E_BUSY && same_host)
        ora_log(ORA_LOG_WARN, "%s is in use by another program; workers of before will not find this one",
                last);
    if (rc == ORA_E_BUSY)
        rc = ora_net_server_open(wish, keys, &s->d.server, err);
    if (rc == 0)
        rc = ora_run_meta_set(s->o->run, META_ENDPOINT, ora_net_server_endpoint(s->d.server), err);
    free(last);
    return rc;
}

/* Where a worker connects to: a wildcard is no address. */
static char *connect_endpoint(const char *bound, bool from_this_host)
{
    static const char any[] = "tcp://0.0.0.0:";
    char host[256] = "127.0.0.1";
    if (!ora_starts_with(bound, any))
        return ora_xstrdup(bound);
    if (!from_this_host)
        gethostname(host, sizeof host - 1);
    return ora_fmt("tcp://%s:%s", host, bound + sizeof any - 1);
}

/* Workers on this host would be turned away one by one: that is told before any is started. */
static void look_at_levels(struct service *s)
{
    const struct ora_job *job = ora_run_job(s->o->run);
    struct ora_levels here;
    struct ora_err err = {0};
    char why[512];
    if (ora_levels_here(&here, &err) == 0 &&
        ora_precision_level(job->arithmetic, job->kernels, &here, "this host", &err))
        return;
    snprintf(why, sizeof why,
             "no worker can be started here: %.300s; workers of other hosts can join with --launch none",
             err.message);
    ora_core_pause(s->d.core, why, &s->d.fx);
}

static int tell_and_launch(struct service *s, struct ora_err *err)
{
    const char *bound = ora_net_server_endpoint(s->d.server);
    char *near = connect_endpoint(bound, true), *far = connect_endpoint(bound, false);
    int rc = 0;
    if (s->o->on_ready)
        s->o->on_ready(s->o->ctx, far, s->key_file);
    if (s->o->launch_mpirun) {
        s->many_hosts = getenv("SLURM_JOB_ID") != NULL;
        struct ora_launcher_options lo = {.endpoint = s->many_hosts ? far : near,
                                          .key_file = s->key_file,
                                          .worker_program = s->o->worker_program};
        rc = ora_launcher_create(&lo, s->o->run, &s->launcher, err);
        if (rc == 0 && !s->many_hosts)
            look_at_levels(s);
    }
    free(near);
    free(far);
    return rc;
}

static int restore_worker(void *ctx, const struct ora_worker_info *info)
{
    struct service *s = ctx;
    ora_core_restore_worker(s->d.core, info, ora_dispatch_now());
    return 0;
}

static int restore_lease(void *ctx, uint32_t batch, const char *worker, const char *token,
                         int64_t deadline_ms)
{
    struct service *s = ctx;
    ora_core_restore_lease(s->d.core, batch, worker, token, deadline_ms);
    return 0;
}

static int open_core(struct service *s, struct ora_err *err)
{
    struct ora_run *run = s->o->run;
    struct ora_str yaml = ORA_STR_INIT;
    uint64_t epoch;
    randombytes_buf(&epoch, sizeof epoch);
    ora_process_machine(s->machine);
    int rc = ora_job_to_yaml(ora_run_job(run), &yaml, err);
    if (rc == 0) {
        struct ora_core_config config = {.run_id = ora_run_id(run),
                                         .job_yaml = yaml.data,
                                         .audio_dir = s->audio_dir,
                                         .arithmetic = ora_run_job(run)->arithmetic,
                                         .kernels = ora_run_job(run)->kernels,
                                         .machine = s->machine,
                                         .beat_ms = BEAT_MS,
                                         .silence_ms = SILENCE_MS,
                                         .worker_silence_ms = WORKER_SILENCE_MS,
                                         .lease_ms = (int64_t)ora_run_job(run)->lease_s * 1000,
                                         .expected_workers = s->o->launch_mpirun ? s->o->workers : 0,
                                         .epoch = epoch};
        s->d.core = ora_core_create(&config);
        rc = ora_run_each_worker(run, restore_worker, s, err);
    }
    if (rc == 0)
        rc = ora_run_each_lease(run, restore_lease, s, err);
    ora_str_release(&yaml);
    return rc;
}

/* What happens to workers is told in RUN/logs/coordinator.log: the terminal has the progress line. */
static int open_log(struct service *s, struct ora_err *err)
{
    char *dir = ora_path_join(ora_run_dir(s->o->run), "logs"), *path = ora_path_join(dir, "coordinator.log");
    int rc = ora_file_mkdirs(dir, 0755, err);
    if (rc == 0 && (s->log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) < 0)
        rc = ora_err_errno(err, errno, "%s", path);
    if (rc == 0)
        ora_log_setup(s->log_fd, ORA_LOG_INFO, "oratorio");
    free(path);
    free(dir);
    return rc;
}

static void close_log(struct service *s)
{
    ora_log_setup(2, ORA_LOG_WARN, "oratorio");
    if (s->log_fd >= 0)
        close(s->log_fd);
}

static int make_audio_dir(struct service *s, struct ora_err *err)
{
    char *dir = ora_path_join(ora_run_dir(s->o->run), "audio");
    int rc = ora_file_mkdirs(dir, 0755, err);
    s->audio_dir = rc == 0 ? realpath(dir, NULL) : NULL;
    if (rc == 0 && !s->audio_dir)
        rc = ora_err_errno(err, errno, "%s", dir);
    free(dir);
    return rc;
}

static int prepare(struct service *s, struct ora_err *err)
{
    struct ora_net_server_keys keys;
    const char *floor_mb = getenv("ORATORIO_MIN_FREE_MB"); /* for tests, and for those who know their disk */
    s->min_free_bytes = floor_mb ? strtoull(floor_mb, NULL, 10) << 20 : MIN_FREE_BYTES;
    int rc;
    if ((rc = ora_file_claim_descriptors(LEAST_FILES, WANTED_FILES, err)) < 0 ||
        (rc = open_log(s, err)) < 0 || (rc = make_audio_dir(s, err)) < 0 ||
        (rc = ora_keys_prepare(ora_run_dir(s->o->run), ora_run_id(s->o->run), &keys, &s->key_file, err)) <
            0 ||
        (rc = open_signals(s, err)) < 0 || (rc = open_channel(s, &keys, err)) < 0 ||
        (rc = open_core(s, err)) < 0)
        return rc;
    s->d.audio_dir = s->audio_dir;
    if ((rc = ora_dispatch_init(&s->d, err)) < 0)
        return rc;
    return tell_and_launch(s, err);
}

/* ---- look round, four times a second ---- */

static bool seat_is_dead(const struct ora_core_seat *seat)
{
    return seat->local && ora_process_start_time(seat->pid) != seat->start_time;
}

/* Local workers whose process is gone need not be waited for. Returns how many live. */
static uint32_t look_at_processes(struct service *s)
{
    uint32_t alive = 0;
    for (size_t i = ora_core_seats(s->d.core); i-- > 0;) {
        struct ora_core_seat seat = ora_core_seat(s->d.core, i);
        if (seat_is_dead(&seat)) {
            char *name = ora_xstrdup(seat.worker);
            ora_core_died(s->d.core, name, &s->d.fx);
            free(name);
        } else {
            alive += seat.local || (s->many_hosts && seat.present);
        }
    }
    return alive;
}

static void look_at_disk(struct service *s)
{
    uint64_t free_bytes;
    char why[256];
    if (ora_file_free_bytes(s->audio_dir, &free_bytes, NULL) < 0 || free_bytes >= s->min_free_bytes)
        return;
    snprintf(why, sizeof why, "the disk of %.150s has only %llu MB left", s->audio_dir,
             (unsigned long long)(free_bytes >> 20));
    ora_core_pause(s->d.core, why, &s->d.fx);
}

static void keep_workers(struct service *s, uint32_t alive, int64_t now_ms)
{
    if (!s->launcher)
        return;
    ora_launcher_reap(s->launcher);
    if (ora_core_draining(s->d.core))
        return;
    /* Of so many it has been seen that their host cannot do it: they are not started again. */
    const struct ora_admission *admission = ora_core_admission(s->d.core);
    uint64_t away = s->many_hosts ? admission->turned_away : admission->turned_away_local;
    s->keeper.wanted = s->o->workers > away ? s->o->workers - (uint32_t)away : 0;
    const struct ora_progress *p = &s->d.ledger;
    struct ora_keeper_view view = {.open_batches = p->batches - p->batches_done - p->batches_leased,
                                   .batches_done = p->batches_done,
                                   .alive = alive,
                                   .joined = ora_core_joins(s->d.core, !s->many_hosts) + away,
                                   .launching = ora_launcher_running(s->launcher) > 0};
    int64_t n = ora_keeper_ask(&s->keeper, &view, now_ms);
    struct ora_err err = {0};
    char why[512];
    if (s->keeper.wanted == 0 && alive == 0 && ora_core_present(s->d.core) == 0) {
        snprintf(why, sizeof why, "no worker can join: %.400s", ora_core_last_trouble(s->d.core));
        ora_core_pause(s->d.core, why, &s->d.fx);
    } else if (n > 0 && ora_launcher_start(s->launcher, (uint32_t)n, &err) < 0) {
        ora_core_pause(s->d.core, err.message, &s->d.fx);
    } else if (n < 0) {
        const char *trouble = ora_core_last_trouble(s->d.core);
        snprintf(why, sizeof why, "no worker stays alive%s%.300s; see logs/ in the run's folder",
                 *trouble ? ": " : "", trouble);
        ora_core_pause(s->d.core, why, &s->d.fx);
    }
}

static void tell_turned_away(struct service *s)
{
    const struct ora_admission *a = ora_core_admission(s->d.core);
    for (; s->reasons_told < a->reason_count; s->reasons_told++)
        if (s->o->on_turned_away)
            s->o->on_turned_away(s->o->ctx, a->reason[s->reasons_told]);
}

/* Characters of what is finished in batches in work: an estimate, all utterances taken as equally long. */
static uint64_t chars_with(const struct ora_progress *p, uint64_t in_work)
{
    uint64_t open = p->chars > p->chars_done ? p->chars - p->chars_done : 0;
    uint64_t more = p->utterances ? in_work * p->chars / p->utterances : 0;
    return p->chars_done + (more < open ? more : open);
}

static struct ora_service_state state_now(const struct service *s)
{
    const struct ora_progress *p = &s->d.ledger;
    struct ora_core_in_work in_work = ora_core_in_work(s->d.core);
    uint64_t chars = chars_with(p, in_work.utterances);
    return (struct ora_service_state){.ledger = *p,
                                      .in_work = in_work.utterances,
                                      .in_work_audio_s = in_work.audio_s,
                                      .workers = (uint32_t)ora_core_present(s->d.core),
                                      .elapsed_s = (double)(ora_clock_mono_ms() - s->started_ms) / 1000,
                                      .rate_audio_s = ora_pace_audio_rate(&s->pace),
                                      .eta_s =
                                          ora_pace_eta_s(&s->pace, p->chars > chars ? p->chars - chars : 0)};
}

static void stop(struct service *s)
{
    ora_core_drain(s->d.core, s->signals > 1 ? ORA_DRAIN_AT_ONCE : ORA_DRAIN_FINISH, &s->d.fx);
}

static void look_round(struct service *s)
{
    int64_t now_ms = ora_clock_mono_ms();
    if (now_ms - s->looked_ms < LOOK_MS)
        return;
    s->looked_ms = now_ms;
    uint32_t alive = look_at_processes(s);
    look_at_disk(s);
    keep_workers(s, alive, now_ms);
    tell_turned_away(s);
    if (!s->signals && s->o->asked_to_stop && s->o->asked_to_stop(s->o->ctx)) {
        s->signals = 1;
        stop(s);
    }
    struct ora_core_in_work in_work = ora_core_in_work(s->d.core);
    ora_pace_add(&s->pace, now_ms, s->d.ledger.audio_s + in_work.audio_s,
                 chars_with(&s->d.ledger, in_work.utterances));
    if (s->o->on_progress) {
        struct ora_service_state state = state_now(s);
        s->o->on_progress(s->o->ctx, &state);
    }
}

static void take_signals(struct service *s)
{
    struct signalfd_siginfo info;
    while (read(s->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGCHLD)
            continue; /* looked for at the next look round */
        s->signals++;
        stop(s);
    }
}

static int turn(struct service *s, struct ora_err *err)
{
    struct pollfd fd = {.fd = s->signal_fd, .events = POLLIN};
    int rc = ora_dispatch_turn(&s->d, &fd, 1,
                               s->d.moved || s->d.fx.row_count || s->d.fx.send_count ? 0 : LOOK_MS, err);
    take_signals(s);
    look_round(s);
    return rc;
}

/* ---- work ---- */

/* Draining is over when nobody who is here holds anything; who is not here is not waited for. */
static bool drained(const struct service *s)
{
    size_t held = 0;
    for (size_t i = 0; i < ora_core_seats(s->d.core); i++) {
        struct ora_core_seat seat = ora_core_seat(s->d.core, i);
        held += seat.present ? seat.leases : 0;
    }
    return held == 0;
}

static int work(struct service *s, struct ora_err *err)
{
    int rc = 0;
    while (rc == 0 && !ora_dispatch_finished(&s->d)) {
        if (ora_core_draining(s->d.core) && (s->signals > 1 || drained(s)) && s->d.fx.send_count == 0)
            break;
        rc = turn(s, err);
    }
    return rc;
}

/* ---- wind down ---- */

static bool anybody_left(const struct service *s)
{
    return ora_core_present(s->d.core) > 0 || (s->launcher && ora_launcher_running(s->launcher) > 0);
}

static int wait_for_byes(struct service *s, int patience_ms)
{
    int rc = 0;
    int64_t end = ora_clock_mono_ms() + patience_ms;
    while (rc == 0 && anybody_left(s) && ora_clock_mono_ms() < end &&
           (s->signals < 2 || patience_ms <= END_PATIENCE_MS))
        rc = turn(s, NULL);
    return rc;
}

/* Local workers by pid: mpirun's death does not always reach them. */
static void signal_workers(struct service *s, int signal)
{
    for (size_t i = 0; s->launcher && i < ora_core_seats(s->d.core); i++) {
        struct ora_core_seat seat = ora_core_seat(s->d.core, i);
        if (seat.local && !seat_is_dead(&seat))
            kill(seat.pid, signal);
    }
}

static void wind_down(struct service *s)
{
    if (s->d.core && s->d.server) {
        ora_core_drain(s->d.core, s->signals > 1 ? ORA_DRAIN_AT_ONCE : ORA_DRAIN_FINISH, &s->d.fx);
        wait_for_byes(s, s->signals > 1 ? END_PATIENCE_MS : BYE_PATIENCE_MS);
    }
    static const int steps[] = {SIGTERM, SIGKILL};
    for (size_t i = 0; i < 2 && s->launcher && anybody_left(s); i++) {
        ora_launcher_end(s->launcher, steps[i]);
        signal_workers(s, steps[i]);
        wait_for_byes(s, END_PATIENCE_MS);
    }
    ora_launcher_destroy(&s->launcher);
}

static int is_current(void *ctx, const char *token)
{
    return ora_core_token_is_current(ctx, token);
}

static void sweep(struct service *s)
{
    struct ora_err err = {0};
    if (s->d.core && ora_store_sweep(s->audio_dir, is_current, s->d.core, &err) < 0)
        ora_log(ORA_LOG_WARN, "%s", err.message);
}

static void release(struct service *s)
{
    close_log(s);
    ora_dispatch_release(&s->d);
    ora_core_destroy(&s->d.core);
    ora_net_server_close(&s->d.server);
    free(s->audio_dir);
    free(s->key_file);
    if (s->signal_fd >= 0) {
        struct timespec none = {0};
        sigset_t ours;
        sigemptyset(&ours);
        sigaddset(&ours, SIGINT);
        sigaddset(&ours, SIGTERM);
        while (s->signals && sigtimedwait(&ours, NULL, &none) > 0)
            continue; /* one more Ctrl-C while we end asks for what is being done */
        close(s->signal_fd);
        pthread_sigmask(SIG_SETMASK, &s->old_mask, NULL);
    }
}

static void summarise(const struct service *s, int rc, const struct ora_err *err,
                      struct ora_service_summary *sum)
{
    *sum = (struct ora_service_summary){.last = state_now(s),
                                        .wall_s = (double)(ora_clock_mono_ms() - s->started_ms) / 1000};
    const char *paused = ora_core_paused(s->d.core);
    if (rc < 0) {
        sum->end = ORA_SERVICE_PAUSED;
        snprintf(sum->why, sizeof sum->why, "%.500s", err->message);
    } else if (ora_dispatch_finished(&s->d)) {
        sum->end = ORA_SERVICE_FINISHED;
    } else if (paused) {
        sum->end = ORA_SERVICE_PAUSED;
        snprintf(sum->why, sizeof sum->why, "%s", paused);
    } else {
        sum->end = ORA_SERVICE_STOPPED;
        snprintf(sum->why, sizeof sum->why, "told to stop");
    }
}

int ora_service_run(const struct ora_service_options *options, struct ora_service_summary *summary,
                    struct ora_err *err)
{
    struct service s = {.o = options,
                        .d = {.run = options->run},
                        .signal_fd = -1,
                        .log_fd = -1,
                        .started_ms = ora_clock_mono_ms()};
    struct ora_err why = {0};
    int rc = prepare(&s, err);
    if (rc == 0) {
        int worked = work(&s, &why);
        wind_down(&s);
        sweep(&s);
        summarise(&s, worked, &why, summary);
        if (options->on_progress)
            options->on_progress(options->ctx, &summary->last);
    } else {
        ora_launcher_destroy(&s.launcher);
    }
    release(&s);
    return rc;
}
