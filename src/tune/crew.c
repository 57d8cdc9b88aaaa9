/*
 * Crew: a socket a process, and a page of shared memory for what they count.
 *
 * A round is timed so that its edges do not count: everybody works until the parent raises `stop`, and what
 * counts of each is the passes that ended before, by its own clock. So the last pass of the slowest is made
 * beside the load of all others, as in the middle of a run.
 */
#include "tune/crew.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/process.h"
#include "base/str.h"
#include "base/utf8.h"
#include "render/render.h"
#include "tune/host.h"

enum { SENTENCES_MAX = 16, MAX_CHARS = 600, POLL_MS = 2 };
enum { READY = 'r', GO = 'g', DONE = 'd', FAILED = 'f' };

/* One process's; written by it alone, read after its word. */
struct slot {
    atomic_uint passes; /* ended in this round */
    double start_s, first_s, first_audio_s;
    double wall_s, cpu_s, audio_s; /* at the end of the last pass that counts */
    uint64_t chars;
    double all_cpu_s; /* of the round, with what does not count */
    uint64_t own_bytes, shared_bytes;
    char level[24];
    struct ora_err why;
};

struct shared {
    atomic_uint stop;
    atomic_uint sentences; /* of a pass */
    struct slot slot[];
};

struct member {
    pid_t pid;
    int fd;
};

struct ora_crew {
    struct ora_crew_options o;
    struct shared *shared;
    size_t shared_bytes;
    struct member *member;
    uint32_t count, most;
};

/* ---- the process that speaks
 * ----------------------------------------------------------------------------------- */

struct speaker {
    struct ora_renderer *renderer;
    struct ora_utterance utterance[SENTENCES_MAX];
    uint32_t count;
    struct shared *shared;
    struct slot *slot;
    double audio_s; /* of the pass in work */
    uint64_t chars;
    bool in_round; /* `stop` is meant for it */
};

static int on_rendered(void *ctx, const struct ora_rendered *r, struct ora_err *err)
{
    struct speaker *s = ctx;
    if (r->rc < 0)
        return ora_err_set(err, r->rc, "'%s': %s", s->utterance[r->index].text, r->why.message);
    const char *text = s->utterance[r->index].text;
    s->audio_s += (double)r->samples / r->sample_rate_hz;
    s->chars += ora_utf8_length(text, strlen(text));
    if (s->in_round && atomic_load_explicit(&s->shared->stop, memory_order_relaxed))
        return ora_err_set(err, ORA_E_CANCELLED, "stop");
    return 0;
}

static int speak(struct speaker *s, uint32_t count, struct ora_err *err)
{
    s->audio_s = 0;
    s->chars = 0;
    return ora_renderer_run(s->renderer, s->utterance, count, NULL, on_rendered, s, err);
}

static int open_voice(struct speaker *s, const struct ora_crew_options *o, struct ora_err *err)
{
    struct ora_render_spec spec = {.codec = ORA_CODEC_FLAC,
                                   .loudness_lufs = NAN,
                                   .peak_dbfs = NAN,
                                   .sentence_pause_ms = 250,
                                   .max_chars = MAX_CHARS,
                                   .kernels = o->level,
                                   .cache_dir = o->cache_dir};
    while (s->count < SENTENCES_MAX && o->sentences[s->count]) {
        s->utterance[s->count] = (struct ora_utterance){.id = "tune",
                                                        .doc_id = "tune",
                                                        .role = "line",
                                                        .path = "tune",
                                                        .line = s->count + 1,
                                                        .text = o->sentences[s->count],
                                                        .voice = o->voice,
                                                        .speaker = o->speaker,
                                                        .speed = 1,
                                                        .settings_json = o->settings_json};
        s->count++;
    }
    int rc = ora_renderer_create(&spec, &s->renderer, err);
    if (rc == 0)
        rc = ora_renderer_voice(s->renderer, o->voice, NULL, NULL, err);
    return rc;
}

/* What is its own, and what it shares with others: files that are mapped. Buffers grow to the longest
 * utterance and stay, so what is there after a round is the peak (VmHWM would count weights that were only
 * packed). */
static void tell_memory(struct slot *slot)
{
    slot->own_bytes = ora_process_memory_bytes("RssAnon");
    slot->shared_bytes = ora_process_memory_bytes("RssFile");
}

static int first_sentence(struct speaker *s, double begun_s, struct ora_err *err)
{
    double cpu_s = ora_clock_thread_cpu_s(), ready_s = ora_clock_mono_s();
    int rc = speak(s, 1, err);
    s->slot->start_s = ready_s - begun_s;
    s->slot->first_s = ora_clock_thread_cpu_s() - cpu_s;
    s->slot->first_audio_s = s->audio_s;
    snprintf(s->slot->level, sizeof s->slot->level, "%s", ora_renderer_level(s->renderer));
    tell_memory(s->slot);
    return rc;
}

static int passes(struct speaker *s, struct ora_err *err)
{
    struct slot *slot = s->slot;
    double start_s = ora_clock_mono_s(), cpu_s = ora_clock_thread_cpu_s();
    uint32_t asked = atomic_load(&s->shared->sentences), count = asked < s->count ? asked : s->count;
    int rc = 0;
    slot->audio_s = 0;
    slot->chars = 0;
    s->in_round = true;
    while (rc == 0 && !atomic_load(&s->shared->stop)) {
        rc = speak(s, count, err);
        if (rc == ORA_E_CANCELLED || (rc == 0 && atomic_load(&s->shared->stop)))
            break;
        slot->wall_s = ora_clock_mono_s() - start_s;
        slot->cpu_s = ora_clock_thread_cpu_s() - cpu_s;
        slot->audio_s += s->audio_s;
        slot->chars += s->chars;
        if (rc == 0)
            atomic_fetch_add(&slot->passes, 1);
    }
    slot->all_cpu_s = ora_clock_thread_cpu_s() - cpu_s;
    tell_memory(slot);
    return rc == ORA_E_CANCELLED ? 0 : rc;
}

static void say(int fd, char word)
{
    while (send(fd, &word, 1, MSG_NOSIGNAL) < 0 && errno == EINTR)
        ;
}

static _Noreturn void member_main(struct ora_crew *crew, uint32_t index, int fd, pid_t parent)
{
    struct speaker s = {.shared = crew->shared, .slot = &crew->shared->slot[index]};
    struct ora_err err = {0};
    double begun_s = ora_clock_mono_s();
    char word;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    int rc = open_voice(&s, &crew->o, &err);
    if (rc == 0)
        rc = first_sentence(&s, begun_s, &err);
    word = READY;
    while (rc == 0) {
        say(fd, word);
        if (read(fd, &word, 1) != 1 || word != GO)
            _exit(0);
        rc = passes(&s, &err);
        word = DONE;
    }
    s.slot->why = err;
    say(fd, FAILED);
    _exit(1);
}

/* ---- the parent
 * ------------------------------------------------------------------------------------------------ */

static int start_member(struct ora_crew *crew, struct ora_err *err)
{
    int ends[2];
    pid_t self = getpid();
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return ora_err_errno(err, errno, "a socket for a measuring process");
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        member_main(crew, crew->count, ends[1], self);
    }
    int why = errno;
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return ora_err_errno(err, why, "starting a measuring process");
    }
    crew->member[crew->count++] = (struct member){pid, ends[0]};
    return 0;
}

static int what_ended_it(struct ora_crew *crew, uint32_t i, struct ora_err *err)
{
    int how = 0;
    struct member *m = &crew->member[i];
    waitpid(m->pid, &how, 0);
    m->pid = 0;
    if (WIFSIGNALED(how))
        return ora_err_set(err, ORA_E_CRASH, "a measuring process at level %s was ended by signal %d (%s)",
                           crew->o.level, WTERMSIG(how), strsignal(WTERMSIG(how)));
    return ora_err_set(err, ORA_E_CRASH, "a measuring process at level %s ended with status %d",
                       crew->o.level, WEXITSTATUS(how));
}

/* Reads the word of process i if it has come; 1: it has, 0: not yet. */
static int hear(struct ora_crew *crew, uint32_t i, char expected, int timeout_ms, struct ora_err *err)
{
    struct pollfd p = {.fd = crew->member[i].fd, .events = POLLIN};
    char word;
    int n = poll(&p, 1, timeout_ms);
    if (n == 0 || (n < 0 && errno == EINTR))
        return 0;
    if (n < 0 || read(p.fd, &word, 1) != 1)
        return what_ended_it(crew, i, err);
    if (word == expected)
        return 1;
    *err = crew->shared->slot[i].why;
    return ora_err_wrap(err, "level %s", crew->o.level);
}

static int hear_all(struct ora_crew *crew, uint32_t from, uint32_t to, char word, double until_s,
                    struct ora_err *err)
{
    for (uint32_t i = from; i < to; i++) {
        int rc;
        while ((rc = hear(crew, i, word, POLL_MS, err)) == 0)
            if (ora_clock_mono_s() > until_s)
                return ora_err_set(err, ORA_E_TIMEOUT, "level %s: no sentence was finished within %.0f s",
                                   crew->o.level, crew->o.patience_s);
        if (rc < 0)
            return rc;
    }
    return 0;
}

int ora_crew_create(const struct ora_crew_options *options, uint32_t most, struct ora_crew **out,
                    struct ora_err *err)
{
    struct ora_crew *crew = ora_xcalloc(1, sizeof *crew);
    *crew = (struct ora_crew){.o = *options, .most = most};
    crew->member = ora_xcalloc(most, sizeof *crew->member);
    crew->shared_bytes = sizeof *crew->shared + most * sizeof crew->shared->slot[0];
    void *map = mmap(NULL, crew->shared_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    *out = crew;
    if (map != MAP_FAILED) {
        crew->shared = map;
        ora_crew_pass(crew, SENTENCES_MAX);
        return 0;
    }
    int why = errno;
    ora_crew_destroy(out);
    return ora_err_errno(err, why, "%zu bytes of shared memory", sizeof(struct slot) * most);
}

void ora_crew_pass(struct ora_crew *crew, uint32_t sentences)
{
    atomic_store(&crew->shared->sentences, sentences);
}

int ora_crew_grow(struct ora_crew *crew, uint32_t count, struct ora_crew_start *start, struct ora_err *err)
{
    int rc = 0;
    uint32_t from = crew->count;
    if (count > crew->most)
        count = crew->most;
    while (rc == 0 && crew->count < count)
        rc = start_member(crew, err);
    if (rc == 0)
        rc = hear_all(crew, from, crew->count, READY, ora_clock_mono_s() + crew->o.patience_s, err);
    if (rc < 0 || !crew->count)
        return rc;
    const struct slot *last = &crew->shared->slot[crew->count - 1];
    *start = (struct ora_crew_start){.start_s = last->start_s,
                                     .first_s = last->first_s,
                                     .audio_s = last->first_audio_s,
                                     .own_bytes = last->own_bytes};
    memcpy(start->level, last->level, sizeof start->level);
    return 0;
}

static bool all_passed(const struct ora_crew *crew, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (atomic_load(&crew->shared->slot[i].passes) == 0)
            return false;
    return true;
}

/* busy_s: of everybody, in the `wall_s` that the round took */
static void sum_up(const struct ora_crew *crew, uint32_t count, double busy_s, double wall_s,
                   struct ora_crew_round *round)
{
    uint64_t shared = 0;
    *round = (struct ora_crew_round){.others_cores = busy_s};
    for (uint32_t i = 0; i < count; i++) {
        const struct slot *s = &crew->shared->slot[i];
        round->audio_s_per_wall_s += s->audio_s / s->wall_s;
        round->audio_s_per_core_s += s->audio_s / s->cpu_s;
        round->others_cores -= s->all_cpu_s;
        round->audio_s += s->audio_s;
        round->cpu_s += s->cpu_s;
        round->wall_s += s->wall_s;
        round->chars += s->chars;
        round->memory_bytes += s->own_bytes;
        shared = s->shared_bytes > shared ? s->shared_bytes : shared;
    }
    round->memory_bytes += shared;
    round->others_cores = fmax(0, round->others_cores / wall_s);
}

int ora_crew_work(struct ora_crew *crew, uint32_t count, double seconds, struct ora_crew_round *round,
                  struct ora_err *err)
{
    double busy_s = ora_host_busy_s("/"), begin_s = ora_clock_mono_s(),
           until_s = begin_s + seconds + crew->o.patience_s;
    int rc = 0;
    atomic_store(&crew->shared->stop, 0);
    for (uint32_t i = 0; i < count; i++)
        atomic_store(&crew->shared->slot[i].passes, 0);
    for (uint32_t i = 0; i < count; i++)
        say(crew->member[i].fd, GO);
    while (rc == 0 && (ora_clock_mono_s() - begin_s < seconds || !all_passed(crew, count))) {
        poll(NULL, 0, POLL_MS);
        for (uint32_t i = 0; rc == 0 && i < count; i++) /* only a failure speaks before `stop` */
            rc = hear(crew, i, DONE, 0, err);
        if (rc == 0 && ora_clock_mono_s() > until_s)
            rc = ora_err_set(err, ORA_E_TIMEOUT, "level %s: no pass was finished within %.0f s",
                             crew->o.level, until_s - begin_s);
    }
    atomic_store(&crew->shared->stop, 1);
    if (rc >= 0)
        rc = hear_all(crew, 0, count, DONE, until_s, err);
    if (rc == 0)
        sum_up(crew, count, ora_host_busy_s("/") - busy_s, ora_clock_mono_s() - begin_s, round);
    return rc;
}

void ora_crew_destroy(struct ora_crew **out)
{
    struct ora_crew *crew = *out;
    if (!crew)
        return;
    for (uint32_t i = 0; i < crew->count; i++) {
        struct member *m = &crew->member[i];
        if (m->pid > 0) {
            kill(m->pid, SIGKILL);
            waitpid(m->pid, NULL, 0);
        }
        close(m->fd);
    }
    if (crew->shared)
        munmap(crew->shared, crew->shared_bytes);
    free(crew->member);
    free(crew);
    *out = NULL;
}
