/* Db: see db.h. SQLite's errors become the house's here and nowhere else. */
#include "job/db.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

static const char *const texts[ORA_SQL_COUNT] = {
#define ORA_SQL(name, text) [ORA_SQL_##name] = text,
#include "job/sql.def"
#undef ORA_SQL
};

static int code_of(int result, int system_errno)
{
    switch (result & 0xff) {
    case SQLITE_FULL:
        return ORA_E_DISK_FULL;
    case SQLITE_IOERR:
        return system_errno == ENOSPC || system_errno == EDQUOT || system_errno == EFBIG ? ORA_E_DISK_FULL
                                                                                         : ORA_E_DATABASE;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ORA_E_BUSY;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return ORA_E_PERMISSION;
    case SQLITE_NOMEM:
        return ORA_E_NO_MEMORY;
    default:
        return ORA_E_DATABASE;
    }
}

/* SQLite keeps the errno of a failed write with the file, and of a full WAL nowhere else. */
static int errno_of(sqlite3 *handle, int which_file)
{
    sqlite3_file *file = NULL;
    int number = 0;
    sqlite3_file_control(handle, "main", which_file, &file);
    if (file && file->pMethods)
        file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &number);
    return number;
}

static int system_errno_of(sqlite3 *handle)
{
    int number = sqlite3_system_errno(handle);
    if (!number && (sqlite3_errcode(handle) & 0xff) == SQLITE_IOERR)
        number = errno_of(handle, SQLITE_FCNTL_JOURNAL_POINTER);
    if (!number && (sqlite3_errcode(handle) & 0xff) == SQLITE_IOERR)
        number = errno_of(handle, SQLITE_FCNTL_FILE_POINTER);
    return number;
}

int ora_db_error(struct ora_db *db, const char *what, struct ora_err *err)
{
    if (!db->handle)
        return ora_err_set(err, ORA_E_NO_MEMORY, "%s: %s: out of memory", db->path, what);
    int result = sqlite3_extended_errcode(db->handle), number = system_errno_of(db->handle);
    int code = code_of(result, number), base = result & 0xff;
    if (base == SQLITE_CORRUPT || base == SQLITE_NOTADB)
        return ora_err_set(err, code,
                           "%s: the database is damaged (%s); restore it from a copy or make the run anew",
                           db->path, sqlite3_errstr(result));
    return ora_err_set(err, code, "%s: %s: %s%s%s", db->path, what, sqlite3_errmsg(db->handle),
                       number ? ": " : "", number ? strerror(number) : "");
}

int ora_db_exec(struct ora_db *db, const char *sql, struct ora_err *err)
{
    return sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK ? 0
                                                                        : ora_db_error(db, "database", err);
}

static int open_handle(struct ora_db *db, const char *name, int flags, struct ora_err *err)
{
    flags |= SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (sqlite3_open_v2(name, &db->handle, flags, NULL) == SQLITE_OK)
        return 0;
    int rc = ora_db_error(db, "cannot be opened", err);
    sqlite3_close(db->handle);
    db->handle = NULL;
    return rc;
}

static const char *pragmas_of(enum ora_db_mode mode)
{
    switch (mode) {
    case ORA_DB_INGEST:
        return "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; PRAGMA "
               "cache_size = -32768";
    case ORA_DB_WRITE:
        return "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; "
               "PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -65536";
    default:
        return "PRAGMA query_only = ON; PRAGMA cache_size = -16384";
    }
}

/* Does reading work at all? A WAL database in a folder that may not be written needs its -shm; without a
 * writer and a -wal the file alone is the whole truth. */
static int open_read(struct ora_db *db, struct ora_err *err)
{
    int rc = open_handle(db, db->path, SQLITE_OPEN_READONLY, err);
    if (rc < 0 ||
        sqlite3_exec(db->handle, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL) == SQLITE_OK)
        return rc;
    int base = sqlite3_errcode(db->handle) & 0xff;
    char *wal = ora_fmt("%s-wal", db->path);
    bool alone = (base == SQLITE_CANTOPEN || base == SQLITE_READONLY) && !ora_file_exists(wal);
    free(wal);
    if (!alone)
        return ora_db_error(db, "cannot be read", err);
    sqlite3_close(db->handle);
    struct ora_str uri = ORA_STR_INIT;
    ora_str_add(&uri, "file:");
    for (const char *p = db->path; *p; p++)
        ora_str_addf(&uri, strchr("?#%", *p) ? "%%%02X" : "%c", (unsigned char)*p);
    ora_str_add(&uri, "?immutable=1");
    rc = open_handle(db, uri.data, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, err);
    ora_str_release(&uri);
    return rc;
}

int ora_db_open(struct ora_db *db, const char *path, enum ora_db_mode mode, struct ora_err *err)
{
    *db = (struct ora_db){.path = ora_xstrdup(path)};
    int rc = mode == ORA_DB_READ
                 ? open_read(db, err)
                 : open_handle(db, path,
                               SQLITE_OPEN_READWRITE | (mode == ORA_DB_INGEST ? SQLITE_OPEN_CREATE : 0), err);
    if (rc == 0) {
        sqlite3_busy_timeout(db->handle, 10000);
        rc = ora_db_exec(db, pragmas_of(mode), err);
    }
    if (rc < 0)
        ora_db_close(db);
    return rc;
}

void ora_db_close(struct ora_db *db)
{
    for (int i = 0; i < ORA_SQL_COUNT; i++)
        sqlite3_finalize(db->stmt[i]);
    sqlite3_close(db->handle);
    free(db->path);
    *db = (struct ora_db){0};
}

static int pragma_int(struct ora_db *db, const char *sql, int *value, struct ora_err *err)
{
    sqlite3_stmt *q;
    if (sqlite3_prepare_v2(db->handle, sql, -1, &q, NULL) != SQLITE_OK)
        return ora_db_error(db, "cannot be read", err);
    int rc = sqlite3_step(q) == SQLITE_ROW ? 0 : ora_db_error(db, "cannot be read", err);
    if (rc == 0)
        *value = sqlite3_column_int(q, 0);
    sqlite3_finalize(q);
    return rc;
}

int ora_db_check_schema(struct ora_db *db, struct ora_err *err)
{
    int id = 0, version = 0;
    int rc = pragma_int(db, "PRAGMA application_id", &id, err);
    if (rc == 0)
        rc = pragma_int(db, "PRAGMA user_version", &version, err);
    if (rc < 0)
        return rc;
    if (id != ORA_RUN_APPLICATION_ID)
        return ora_err_set(err, ORA_E_FORMAT, "%s: an SQLite file, but not the job table of a run", db->path);
    if (version < ORA_RUN_SCHEMA_OLDEST || version > ORA_RUN_SCHEMA)
        return ora_err_set(
            err, ORA_E_UNSUPPORTED,
            "%s: has schema version %d, this program reads versions %d to %d: use the oratorio that made it",
            db->path, version, ORA_RUN_SCHEMA_OLDEST, ORA_RUN_SCHEMA);
    return 0;
}

static int bind(sqlite3_stmt *q, const char *letters, va_list ap)
{
    int rc = SQLITE_OK;
    for (int i = 0; letters[i] && rc == SQLITE_OK; i++) {
        switch (letters[i]) {
        case 'i':
            rc = sqlite3_bind_int64(q, i + 1, va_arg(ap, int64_t));
            break;
        case 'u':
            rc = sqlite3_bind_int64(q, i + 1, va_arg(ap, uint32_t));
            break;
        case 'd':
            rc = sqlite3_bind_double(q, i + 1, va_arg(ap, double));
            break;
        case 't':
            rc = sqlite3_bind_text(q, i + 1, va_arg(ap, const char *), -1, SQLITE_STATIC);
            break;
        case 'b':
            rc = sqlite3_bind_blob(q, i + 1, va_arg(ap, const void *), 32, SQLITE_STATIC);
            break;
        case 'n':
            rc = sqlite3_bind_null(q, i + 1);
            break;
        default:
            return SQLITE_MISUSE;
        }
    }
    return rc;
}

static sqlite3_stmt *query(struct ora_db *db, enum ora_sql which, struct ora_err *err, const char *letters,
                           va_list ap)
{
    sqlite3_stmt **q = &db->stmt[which];
    if (!*q &&
        sqlite3_prepare_v3(db->handle, texts[which], -1, SQLITE_PREPARE_PERSISTENT, q, NULL) != SQLITE_OK) {
        ora_db_error(db, "database", err);
        return NULL;
    }
    if (bind(*q, letters, ap) != SQLITE_OK) {
        ora_db_error(db, "database", err);
        sqlite3_reset(*q);
        return NULL;
    }
    return *q;
}

sqlite3_stmt *ora_db_query(struct ora_db *db, enum ora_sql which, struct ora_err *err, const char *letters,
                           ...)
{
    va_list ap;
    va_start(ap, letters);
    sqlite3_stmt *q = query(db, which, err, letters, ap);
    va_end(ap);
    return q;
}

int ora_db_step(struct ora_db *db, sqlite3_stmt *q, struct ora_err *err)
{
    int result = sqlite3_step(q);
    if (result == SQLITE_ROW)
        return 1;
    int rc = result == SQLITE_DONE ? 0 : ora_db_error(db, "database", err);
    sqlite3_reset(q);
    return rc;
}

void ora_db_reset(sqlite3_stmt *q)
{
    sqlite3_reset(q);
}

int ora_db_run(struct ora_db *db, enum ora_sql which, struct ora_err *err, const char *letters, ...)
{
    va_list ap;
    va_start(ap, letters);
    sqlite3_stmt *q = query(db, which, err, letters, ap);
    va_end(ap);
    if (!q)
        return err ? err->code : ORA_E_DATABASE;
    int rc;
    do
        rc = ora_db_step(db, q, err);
    while (rc > 0);
    return rc;
}

int ora_db_int(struct ora_db *db, enum ora_sql which, int64_t *value, struct ora_err *err,
               const char *letters, ...)
{
    va_list ap;
    va_start(ap, letters);
    sqlite3_stmt *q = query(db, which, err, letters, ap);
    va_end(ap);
    *value = 0;
    if (!q)
        return err ? err->code : ORA_E_DATABASE;
    int rc = ora_db_step(db, q, err);
    if (rc > 0) {
        *value = sqlite3_column_int64(q, 0);
        ora_db_reset(q);
    }
    return rc;
}

int ora_db_save(struct ora_db *db, struct ora_err *err)
{
    return ora_db_run(db, ORA_SQL_SAVE, err, "");
}

int ora_db_keep(struct ora_db *db, int rc, struct ora_err *err)
{
    if (rc >= 0) {
        int kept = ora_db_run(db, ORA_SQL_KEEP, err, "");
        return kept < 0 ? kept : rc;
    }
    /* After a full disk SQLite has undone the whole transaction itself, and the savepoint with it. */
    if (!sqlite3_get_autocommit(db->handle)) {
        ora_db_run(db, ORA_SQL_UNDO, NULL, "");
        ora_db_run(db, ORA_SQL_KEEP, NULL, "");
    }
    return rc;
}
