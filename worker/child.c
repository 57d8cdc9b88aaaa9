#include "worker/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

enum { ENGINE_FD = 3, SLATE_FD = 4, FIRST_CLOSED_FD = 5, GENTLE_END_MS = 2000 };

extern char **environ;

int ora_child_init(struct ora_child *c, struct ora_err *err)
{
    *c = (struct ora_child){.slate_fd = memfd_create("slate", MFD_CLOEXEC)};
    ora_frame_pipe_init(&c->pipe, -1);
    if (c->slate_fd < 0 || ftruncate(c->slate_fd, sizeof *c->slate) < 0)
        return ora_err_errno(err, errno, "a page to share with the engine");
    c->slate = mmap(NULL, sizeof *c->slate, PROT_READ | PROT_WRITE, MAP_SHARED, c->slate_fd, 0);
    if (c->slate == MAP_FAILED) {
        c->slate = NULL;
        return ora_err_errno(err, errno, "a page to share with the engine");
    }
    return 0;
}

/* This process's environment with one thread for every library that would like more. */
static char **engine_environment(void)
{
    size_t n = 0, kept = 0;
    while (environ[n])
        n++;
    char **env = ora_xcalloc(n + 3, sizeof *env);
    for (size_t i = 0; i < n; i++)
        if (!ora_starts_with(environ[i], "OPENBLAS_NUM_THREADS=") &&
            !ora_starts_with(environ[i], "OMP_NUM_THREADS="))
            env[kept++] = environ[i];
    env[kept++] = (char *)(uintptr_t) "OPENBLAS_NUM_THREADS=1";
    env[kept++] = (char *)(uintptr_t) "OMP_NUM_THREADS=1";
    return env;
}

static int spawn(pid_t *pid, int fd, int slate_fd)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attr);
    /* Through high numbers, so that neither dup2 hits the other's source. */
    posix_spawn_file_actions_adddup2(&actions, fd, 100);
    posix_spawn_file_actions_adddup2(&actions, slate_fd, 101);
    posix_spawn_file_actions_adddup2(&actions, 100, ENGINE_FD);
    posix_spawn_file_actions_adddup2(&actions, 101, SLATE_FD);
    posix_spawn_file_actions_addclosefrom_np(&actions, FIRST_CLOSED_FD);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &all);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    char fd_text[16], slate_text[16];
    snprintf(fd_text, sizeof fd_text, "%d", ENGINE_FD);
    snprintf(slate_text, sizeof slate_text, "%d", SLATE_FD);
    char *argv[] = {(char *)(uintptr_t) "oratorio-worker", (char *)(uintptr_t) "--engine", fd_text,
                    slate_text, NULL};
    char **env = engine_environment();
    int rc = posix_spawn(pid, "/proc/self/exe", &actions, &attr, argv, env);
    free(env);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    return rc;
}

int ora_child_start(struct ora_child *c, struct ora_err *err)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return ora_err_errno(err, errno, "a socket for the engine");
    atomic_store(&c->slate->rowid, 0);
    atomic_store(&c->slate->done, 0);
    atomic_store(&c->slate->audio_ms, 0);
    int rc = spawn(&c->pid, ends[1], c->slate_fd);
    close(ends[1]);
    if (rc != 0) {
        c->pid = 0;
        close(ends[0]);
        return ora_err_errno(err, rc, "starting the engine");
    }
    ora_frame_pipe_release(&c->pipe);
    ora_frame_pipe_init(&c->pipe, ends[0]);
    return 0;
}

int ora_child_ended(struct ora_child *c, int *signal, int *status)
{
    int how;
    if (c->pid == 0 || waitpid(c->pid, &how, WNOHANG) != c->pid)
        return 0;
    c->pid = 0;
    *signal = WIFSIGNALED(how) ? WTERMSIG(how) : 0;
    *status = WIFEXITED(how) ? WEXITSTATUS(how) : 0;
    if (c->pipe.fd >= 0) {
        ora_frame_pipe_fill(&c->pipe);
        close(c->pipe.fd);
        c->pipe.fd = -1;
    }
    return 1;
}

void ora_child_kill(struct ora_child *c, int signal)
{
    if (c->pid)
        kill(c->pid, signal);
}

void ora_child_release(struct ora_child *c)
{
    ora_frame_pipe_release(&c->pipe);
    if (c->pid) {
        int how, waited_ms = 0;
        while (waitpid(c->pid, &how, WNOHANG) == 0) {
            if (waited_ms == GENTLE_END_MS)
                kill(c->pid, SIGKILL);
            poll(NULL, 0, 10);
            waited_ms += 10;
        }
        c->pid = 0;
    }
    if (c->slate)
        munmap(c->slate, sizeof *c->slate);
    c->slate = NULL;
    if (c->slate_fd >= 0)
        close(c->slate_fd);
    c->slate_fd = -1;
}

uint64_t ora_child_rss_bytes(const struct ora_child *c)
{
    char path[64];
    unsigned long long total = 0, resident = 0;
    snprintf(path, sizeof path, "/proc/%ld/statm", (long)c->pid);
    FILE *f = c->pid ? fopen(path, "re") : NULL;
    if (!f)
        return 0;
    if (fscanf(f, "%llu %llu", &total, &resident) != 2)
        resident = 0;
    fclose(f);
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}
