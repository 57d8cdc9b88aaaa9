/*
 * Db: what src/job needs of SQLite: opening with the pragmas of a job table, a cache of prepared statements,
 * errors in the house's form. All SQL of the run stands in sql.def.
 *
 *     rc = ora_db_run(db, ORA_SQL_SET_LEASED, err, "i", batch);                  // no rows wanted
 *     sqlite3_stmt *q = ora_db_query(db, ORA_SQL_NEXT_NEW, err, "");              // NULL: err
 *     while ((rc = ora_db_step(db, q, err)) > 0) { … sqlite3_column_… (q, 0) … }  // 0 and errors reset q
 *     ora_db_reset(q);                                                            // needed only when left
 * early
 *
 * A statement is in use from query to the end of its rows: a function must not run the same one inside the
 * loop. Bind letters: i int64_t, u uint32_t, d double, t const char * (NULL: null), b 32 bytes, n null (takes
 * no argument). Texts are not copied: they must live until the statement's end. Threads: one a handle.
 */
#ifndef ORA_JOB_DB_H
#define ORA_JOB_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum { ORA_RUN_SCHEMA = 3, ORA_RUN_SCHEMA_OLDEST = 2, ORA_RUN_APPLICATION_ID = 0x4F524154 };

enum ora_sql {
#define ORA_SQL(name, text) ORA_SQL_##name,
#include "job/sql.def"
#undef ORA_SQL
    ORA_SQL_COUNT
};

struct ora_db {
    sqlite3 *handle;
    char *path;
    sqlite3_stmt *stmt[ORA_SQL_COUNT]; /* prepared at first use */
};

enum ora_db_mode {
    ORA_DB_INGEST, /* a private new file: no journal, no fsync; it gets its name when it is whole */
    ORA_DB_WRITE,  /* WAL, synchronous=FULL, foreign keys */
    ORA_DB_READ,
};

int ora_db_open(struct ora_db *db, const char *path, enum ora_db_mode mode, struct ora_err *err);
void ora_db_close(struct ora_db *db);
/* DATABASE, FORMAT, UNSUPPORTED: not our file, another schema, damaged. */
int ora_db_check_schema(struct ora_db *db, struct ora_err *err);
int ora_db_exec(struct ora_db *db, const char *sql, struct ora_err *err);
/* The last error of the handle as a code of the house: FULL → DISK_FULL, CORRUPT → DATABASE, BUSY → BUSY, …
 */
int ora_db_error(struct ora_db *db, const char *what, struct ora_err *err);

sqlite3_stmt *ora_db_query(struct ora_db *db, enum ora_sql which, struct ora_err *err, const char *letters,
                           ...);
int ora_db_step(struct ora_db *db, sqlite3_stmt *q, struct ora_err *err); /* 1 row, 0 end */
void ora_db_reset(sqlite3_stmt *q);
int ora_db_run(struct ora_db *db, enum ora_sql which, struct ora_err *err, const char *letters, ...);
/* The first column of the first row, 0 when there is none or it is null; returns 1 when there was a row. */
int ora_db_int(struct ora_db *db, enum ora_sql which, int64_t *value, struct ora_err *err,
               const char *letters, ...);

/* All or nothing for several statements, inside a transaction or without one. */
int ora_db_save(struct ora_db *db, struct ora_err *err);
int ora_db_keep(struct ora_db *db, int rc, struct ora_err *err); /* rc < 0: undoes and returns rc */

/* A text column that is never NULL ("" for null). */
static inline const char *ora_db_text(sqlite3_stmt *q, int column)
{
    const char *s = (const char *)sqlite3_column_text(q, column);
    return s ? s : "";
}

#endif
