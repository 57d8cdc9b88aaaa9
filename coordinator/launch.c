/*
 * mpirun's options, each for a measured reason (Open MPI 4.1):
 *   --enable-recovery           a rank that dies does not take the others with it
 *   pml ob1, btl self,vader,tcp no probing of fabrics: MPI_Init in 0.02 s instead of 0.3 s
 *   plm isolated                without ssh mpirun refuses to start even on one host
 *   --oversubscribe             slots are counted in physical cores, workers by the user
 *   --bind-to none              a second mpirun, for a worker that died, would bind to the same core as the
 * first orte_tmpdir_base, btl_vader_backing_directory a folder of ours, so that what a killed mpirun leaves
 * is found and removed
 */
#include "coordinator/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/process.h"
#include "base/str.h"

#define SCRATCH_PREFIX "/tmp/oratorio-mpi-"
#define META_KEY                                                                                             \
    "launches" /* "pid start_time folder" lines: for the next coordinator, when this one is killed */

enum { MAX_ARGS = 48, WORDS = 3, MAX_META = 64 << 10 };

extern char **environ;

struct child {
    pid_t pid;
    uint64_t start_time;
    char *scratch;
};

struct ora_launcher {
    struct ora_run *run;
    char *endpoint, *key_file, *program, *log_dir;
    struct child *child;
    size_t count, cap;
};

/* ---- what others left ---- */

static void remove_scratch(const char *path)
{
    struct stat st;
    struct ora_err err = {0};
    if (!ora_starts_with(path, SCRATCH_PREFIX) || strchr(path + sizeof SCRATCH_PREFIX - 1, '/') ||
        lstat(path, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid())
        return;
    if (ora_file_remove_tree(path, &err) < 0)
        ora_log(ORA_LOG_WARN, "left behind: %s", err.message);
}

/* One line of the list: 1 when its mpirun still runs. */
static int look_at_leftover(char *line, struct child *c)
{
    char *word[WORDS], *save = NULL;
    for (int i = 0; i < WORDS; i++)
        if (!(word[i] = strtok_r(i ? NULL : line, " ", &save)))
            return 0;
    *c = (struct child){.pid = (pid_t)strtol(word[0], NULL, 10), .start_time = strtoull(word[1], NULL, 10)};
    if (c->pid > 1 && ora_process_start_time(c->pid) == c->start_time) {
        c->scratch = ora_xstrdup(word[2]);
        return 1;
    }
    remove_scratch(word[2]);
    return 0;
}

static void add_child(struct ora_launcher *l, struct child c)
{
    if (l->count == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 4;
        l->child = ora_xrealloc(l->child, l->cap * sizeof *l->child);
    }
    l->child[l->count++] = c;
}

/* An mpirun of a coordinator that was killed is taken over as if it were our child: its workers may live. */
static int take_over(struct ora_launcher *l, struct ora_err *err)
{
    char *text = NULL, *save = NULL;
    int rc = ora_run_meta_get(l->run, META_KEY, &text, err);
    struct child c;
    for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line; line = strtok_r(NULL, "\n", &save))
        if (look_at_leftover(line, &c))
            add_child(l, c);
    free(text);
    return rc < 0 ? rc : 0;
}

static int write_list(struct ora_launcher *l, struct ora_err *err)
{
    struct ora_str text = ORA_STR_INIT;
    for (size_t i = 0; i < l->count; i++)
        ora_str_addf(&text, "%ld %llu %s\n", (long)l->child[i].pid,
                     (unsigned long long)l->child[i].start_time, l->child[i].scratch);
    int rc = ora_run_meta_set(l->run, META_KEY, text.len ? text.data : NULL, err);
    ora_str_release(&text);
    return rc;
}

/* ---- starting ---- */

static bool in_path(const char *program)
{
    const char *path = getenv("PATH");
    char *copy = ora_xstrdup(path ? path : "/usr/bin:/bin"), *save = NULL;
    bool found = false;
    for (char *dir = strtok_r(copy, ":", &save); dir && !found; dir = strtok_r(NULL, ":", &save)) {
        char *full = ora_path_join(dir, program);
        found = access(full, X_OK) == 0;
        free(full);
    }
    free(copy);
    return found;
}

static char *program_beside_this(void)
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = '\0';
    char *dir = ora_path_dir(self), *beside = ora_path_join(dir, "oratorio-worker");
    free(dir);
    if (access(beside, X_OK) < 0) {
        free(beside);
        beside = NULL;
    }
    return beside;
}

static void arguments(const struct ora_launcher *l, const char *workers, const char *scratch,
                      const char *argv[MAX_ARGS])
{
    const char *fixed[] = {"mpirun",
                           "--enable-recovery",
                           "--oversubscribe",
                           "--bind-to",
                           "none",
                           "--mca",
                           "pml",
                           "ob1",
                           "--mca",
                           "btl",
                           "self,vader,tcp",
                           "--mca",
                           "orte_tmpdir_base",
                           scratch,
                           "--mca",
                           "btl_vader_backing_directory",
                           scratch,
                           "-n",
                           workers};
    const char *worker[] = {l->program,  "--connect", l->endpoint, "--key",
                            l->key_file, "--log-dir", l->log_dir,  NULL};
    size_t n = 0;
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        argv[n++] = fixed[i];
    if (!in_path("ssh") && !in_path("rsh") && !getenv("SLURM_JOB_ID")) {
        argv[n++] = "--mca";
        argv[n++] = "plm";
        argv[n++] = "isolated";
    }
    for (size_t i = 0; i < sizeof worker / sizeof *worker; i++)
        argv[n++] = worker[i];
}

/* What a surrounding mpirun or srun tells its own ranks, and would confuse ours. */
static bool of_another_launch(const char *variable)
{
    static const char *const prefixes[] = {"PMIX_",        "OMPI_COMM_WORLD_", "OMPI_UNIVERSE_",
                                           "OMPI_MCA_ess", "OMPI_MCA_orte_",   "OMPI_MCA_pmix"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (ora_starts_with(variable, prefixes[i]))
            return true;
    return false;
}

static char **environment(void)
{
    size_t n = 0, kept = 0;
    while (environ[n])
        n++;
    char **env = ora_xcalloc(n + 4, sizeof *env);
    for (size_t i = 0; i < n; i++)
        if (!of_another_launch(environ[i]))
            env[kept++] = environ[i];
    if (geteuid() == 0) {
        env[kept++] = (char *)(uintptr_t) "OMPI_ALLOW_RUN_AS_ROOT=1";
        env[kept++] = (char *)(uintptr_t) "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1";
    }
    env[kept++] = (char *)(uintptr_t) "OPENBLAS_NUM_THREADS=1";
    return env;
}

static int spawn(const struct ora_launcher *l, const char *const argv[], pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    char *log = ora_path_join(l->log_dir, "mpirun.log");
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0644);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setpgroup(&attr, 0);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &all);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    char **env = environment();
    int rc = posix_spawnp(pid, argv[0], &actions, &attr, (char *const *)(uintptr_t)argv, env);
    free(env);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    free(log);
    return rc;
}

int ora_launcher_start(struct ora_launcher *l, uint32_t workers, struct ora_err *err)
{
    char scratch[] = SCRATCH_PREFIX "XXXXXX", count[16];
    const char *argv[MAX_ARGS];
    if (!in_path("mpirun"))
        return ora_err_set(err, ORA_E_NOT_FOUND,
                           "mpirun is not in PATH: install Open MPI (Debian: openmpi-bin), or use "
                           "--launch none");
    if (!mkdtemp(scratch))
        return ora_err_errno(err, errno, "%s", scratch);
    snprintf(count, sizeof count, "%u", workers);
    arguments(l, count, scratch, argv);
    struct child c = {0};
    int rc = spawn(l, argv, &c.pid);
    if (rc != 0) {
        remove_scratch(scratch);
        return ora_err_errno(err, rc, "starting mpirun");
    }
    c.start_time = ora_process_start_time(c.pid);
    c.scratch = ora_xstrdup(scratch);
    add_child(l, c);
    ora_log(ORA_LOG_INFO, "started mpirun, pid %ld, for %u worker%s", (long)c.pid, workers,
            workers == 1 ? "" : "s");
    return write_list(l, err);
}

/* ---- ending ---- */

/* One that was taken over is nobody's child here: it is gone when its pid is, or is another's. */
static bool has_ended(const struct child *c)
{
    int how;
    pid_t rc = waitpid(c->pid, &how, WNOHANG);
    return rc == c->pid || (rc < 0 && ora_process_start_time(c->pid) != c->start_time);
}

void ora_launcher_reap(struct ora_launcher *l)
{
    bool changed = false;
    for (size_t i = l->count; i-- > 0;) {
        struct child *c = &l->child[i];
        if (!has_ended(c))
            continue;
        ora_log(ORA_LOG_INFO, "mpirun, pid %ld, ended", (long)c->pid);
        remove_scratch(c->scratch);
        free(c->scratch);
        *c = l->child[--l->count];
        changed = true;
    }
    if (changed)
        write_list(l, NULL);
}

size_t ora_launcher_running(const struct ora_launcher *l)
{
    return l->count;
}

void ora_launcher_end(struct ora_launcher *l, int signal)
{
    for (size_t i = 0; i < l->count; i++)
        if (kill(-l->child[i].pid, signal) < 0)
            kill(l->child[i].pid, signal);
}

/* ---- life ---- */

int ora_launcher_create(const struct ora_launcher_options *o, struct ora_run *run, struct ora_launcher **out,
                        struct ora_err *err)
{
    struct ora_launcher *l = ora_xcalloc(1, sizeof *l);
    int rc;
    l->run = run;
    l->endpoint = ora_xstrdup(o->endpoint);
    l->key_file = ora_xstrdup(o->key_file);
    l->program = o->worker_program ? ora_xstrdup(o->worker_program) : program_beside_this();
    char *dir = realpath(ora_run_dir(run), NULL);
    l->log_dir = ora_path_join(dir ? dir : ora_run_dir(run), "logs");
    free(dir);
    if (!l->program)
        rc = ora_err_set(err, ORA_E_NOT_FOUND, "oratorio-worker is not beside this program");
    else if ((rc = ora_file_mkdirs(l->log_dir, 0755, err)) == 0)
        rc = take_over(l, err);
    if (rc < 0)
        ora_launcher_destroy(&l);
    *out = l;
    return rc;
}

void ora_launcher_destroy(struct ora_launcher **launcher)
{
    struct ora_launcher *l = *launcher;
    if (!l)
        return;
    ora_launcher_reap(l);
    for (size_t i = 0; i < l->count; i++)
        free(l->child[i].scratch);
    free(l->child);
    free(l->endpoint);
    free(l->key_file);
    free(l->program);
    free(l->log_dir);
    free(l);
    *launcher = NULL;
}
