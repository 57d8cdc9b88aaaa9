/* The workers of a run: joining, leaving, and what the restart of a coordinator asks of them. */
#include "job/run_priv.h"

int ora_run_worker_join(struct ora_run *run, const struct ora_worker_info *info, int64_t now_ms,
                        struct ora_err *err)
{
    return ora_db_run(&run->db, ORA_SQL_JOIN_WORKER, err, "ttiiitii", info->worker, info->host,
                      (int64_t)info->pid, (int64_t)info->start_time, (int64_t)info->cores,
                      info->kernel_level ? info->kernel_level : "", (int64_t)info->local, now_ms);
}

static int leave(struct ora_run *run, const char *worker, const char *outcome, bool counts, const char *why,
                 int64_t now_ms, struct ora_err *err)
{
    int rc = ora_db_save(&run->db, err);
    if (rc < 0)
        return rc;
    rc = ora_db_run(&run->db, ORA_SQL_WORKER_LEFT, err, "tit", worker, now_ms, why);
    if (rc == 0)
        rc = ora_run_end_leases_of_worker(run, worker, outcome, counts, why, now_ms, err);
    return ora_db_keep(&run->db, rc, err);
}

int ora_run_worker_left(struct ora_run *run, const char *worker, const char *why, int64_t now_ms,
                        struct ora_err *err)
{
    return leave(run, worker, "returned", false, why, now_ms, err);
}

int ora_run_lost_worker(struct ora_run *run, const char *worker, int64_t now_ms, struct ora_err *err)
{
    return leave(run, worker, "lost", true, "worker lost", now_ms, err);
}

int ora_run_each_worker(struct ora_run *run, int (*fn)(void *ctx, const struct ora_worker_info *), void *ctx,
                        struct ora_err *err)
{
    sqlite3_stmt *q = ora_db_query(&run->db, ORA_SQL_EACH_WORKER, err, "");
    if (!q)
        return err ? err->code : ORA_E_DATABASE;
    int rc;
    while ((rc = ora_db_step(&run->db, q, err)) > 0) {
        struct ora_worker_info w = {
            .worker = ora_db_text(q, 0),
            .host = ora_db_text(q, 1),
            .pid = sqlite3_column_int(q, 2),
            .start_time = (uint64_t)sqlite3_column_int64(q, 3),
            .cores = sqlite3_column_int(q, 4),
            .kernel_level = ora_db_text(q, 5),
            .local = sqlite3_column_int(q, 6) != 0,
        };
        rc = fn(ctx, &w);
        if (rc < 0) {
            ora_db_reset(q);
            return rc;
        }
    }
    return rc;
}

int ora_run_each_lease(struct ora_run *run,
                       int (*fn)(void *ctx, uint32_t batch, const char *worker, const char *token,
                                 int64_t deadline_ms),
                       void *ctx, struct ora_err *err)
{
    sqlite3_stmt *q = ora_db_query(&run->db, ORA_SQL_EACH_LEASE, err, "");
    if (!q)
        return err ? err->code : ORA_E_DATABASE;
    int rc;
    while ((rc = ora_db_step(&run->db, q, err)) > 0) {
        rc = fn(ctx, (uint32_t)sqlite3_column_int64(q, 0), ora_db_text(q, 1), ora_db_text(q, 2),
                sqlite3_column_int64(q, 3));
        if (rc < 0) {
            ora_db_reset(q);
            return rc;
        }
    }
    return rc;
}
