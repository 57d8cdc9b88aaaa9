/* oratorio-worker: what mpirun (or a person) starts to help with a run. Its other face, --engine, is started
 * by itself. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "worker/engine.h"
#include "worker/launch.h"
#include "worker/supervisor.h"

static const char help[] =
    "Usage: oratorio-worker --connect ENDPOINT --key FILE [OPTION]...\n"
    "Joins a run and renders batches until the coordinator says that it is done.\n\n"
    "  --connect ENDPOINT  where the coordinator listens, e.g. tcp://10.0.0.5:5555\n"
    "  --key FILE          the run's worker.key (mode 600); under mpirun only rank 0 needs to see it\n"
    "  --run-id ID         refuse to work unless the key file is for this run\n"
    "  --log-dir DIR       write DIR/worker-HOST-PID.log instead of stderr\n"
    "  --patience SECONDS  leave when no coordinator answers for so long at the start (default: 60)\n"
    "  --help, --version\n\n"
    "Examples:\n"
    "  oratorio-worker --connect tcp://10.0.0.5:5555 --key worker.key\n"
    "  mpirun --enable-recovery -n 8 oratorio-worker --connect tcp://10.0.0.5:5555 --key worker.key\n\n"
    "`oratorio serve RUN` prints the line for a run. SIGTERM once: finishes the batch in work, hands back "
    "the rest.\n"
    "Exit status: 0 the work is done, or it was told to stop; 1 refused, or of no use here; 2 bad usage; 3 "
    "the coordinator\n"
    "was silent.\n";

struct arguments {
    const char *endpoint, *key_file, *run_id, *log_dir;
    int patience_s;
};

/* 0: go on; otherwise the program ends with *status. */
static int parse(int argc, char **argv, struct arguments *a, int *status)
{
    static const struct option options[] = {
        {"connect", required_argument, NULL, 'c'},  {"key", required_argument, NULL, 'k'},
        {"run-id", required_argument, NULL, 'r'},   {"log-dir", required_argument, NULL, 'l'},
        {"patience", required_argument, NULL, 'p'}, {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},        {0},
    };
    int c;
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (c) {
        case 'c':
            a->endpoint = optarg;
            break;
        case 'k':
            a->key_file = optarg;
            break;
        case 'r':
            a->run_id = optarg;
            break;
        case 'l':
            a->log_dir = optarg;
            break;
        case 'p':
            a->patience_s = atoi(optarg);
            break;
        case 'h':
            fputs(help, stdout);
            *status = 0;
            return 1;
        case 'v':
            puts("oratorio-worker " ORA_VERSION);
            *status = 0;
            return 1;
        default:
            *status = 2;
            return 1;
        }
    }
    if (!a->endpoint || !a->key_file || optind < argc || a->patience_s <= 0) {
        fputs("oratorio-worker: --connect ENDPOINT and --key FILE are needed, and nothing else; see --help\n",
              stderr);
        *status = 2;
        return 1;
    }
    return 0;
}

/* Logs, and all that libraries say, go to a file: stderr leads through mpirun, and once that is dead every
 * write to it kills. */
static int open_log(const char *dir)
{
    char host[256] = "host";
    gethostname(host, sizeof host - 1);
    char *path = ora_fmt("%s/worker-%s-%ld.log", dir, host, (long)getpid());
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644),
        null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int ok = fd >= 0 && null >= 0 && dup2(null, 0) == 0 && dup2(fd, 1) == 1 && dup2(fd, 2) == 2;
    if (!ok)
        fprintf(stderr, "oratorio-worker: %s: %s\n", path, strerror(errno));
    if (fd > 2)
        close(fd);
    if (null > 2)
        close(null);
    free(path);
    return ok ? 0 : -1;
}

enum { LEAST_FILES = 64 };

static int engine(int argc, char **argv)
{
    ora_log_setup(2, ORA_LOG_INFO, "engine");
    return argc == 4 ? ora_engine_main(atoi(argv[2]), atoi(argv[3])) : 2;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--engine") == 0)
        return engine(argc, argv);
    struct arguments a = {.patience_s = 60};
    int status;
    if (parse(argc, argv, &a, &status))
        return status;
    ora_log_setup(2, ORA_LOG_INFO, "worker");
    struct ora_launch launch;
    struct ora_err err = {0};
    int rc = ora_file_claim_descriptors(LEAST_FILES, LEAST_FILES, &err);
    if (rc == 0)
        rc = ora_launch_join(a.endpoint, a.key_file, &launch, &err);
    if (rc == 0 && a.run_id && strcmp(a.run_id, launch.ticket.run_id) != 0)
        rc = ora_err_set(&err, ORA_E_BAD_USAGE, "%s is the key of run %s, not of %s", a.key_file,
                         launch.ticket.run_id, a.run_id);
    if (rc < 0) {
        fprintf(stderr, "oratorio-worker: %s\n", err.message);
        return 2;
    }
    if (a.log_dir && open_log(a.log_dir) < 0)
        return 2;
    rc = ora_supervisor_run(&launch, a.patience_s, &err);
    if (rc < 0)
        ora_log(ORA_LOG_ERROR, "%s", err.message);
    return rc < 0 ? 1 : rc;
}
