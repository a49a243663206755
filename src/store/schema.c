/*
 * schema - the tables, and bringing an older file up to date.
 *
 * Each entry of `migrations` makes the next version out of the one before; what
 * has been released is never edited.  Before the first step on a file that holds
 * something, a copy of it is put beside it.  The SQL is what both SQLite and
 * PostgreSQL understand: text keys, bigint times in microseconds, no types or
 * functions of one of them.
 */
#include <unistd.h>

#include "base/log.h"
#include "store/inside.h"

static const char *const migrations[] = {
    /* 1: workflows with their revisions, models, keys, jobs */
    "CREATE TABLE workflow ("
    "  key TEXT NOT NULL PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL,"
    "  revision BIGINT NOT NULL, created BIGINT NOT NULL, updated BIGINT NOT NULL);"
    "CREATE INDEX workflow_updated ON workflow (updated);"
    "CREATE TABLE workflow_revision ("
    "  workflow TEXT NOT NULL REFERENCES workflow (key) ON DELETE CASCADE,"
    "  revision BIGINT NOT NULL, name TEXT NOT NULL, definition TEXT NOT NULL,"
    "  created BIGINT NOT NULL, PRIMARY KEY (workflow, revision));"
    "CREATE TABLE model ("
    "  key TEXT NOT NULL PRIMARY KEY, id TEXT NOT NULL UNIQUE, task TEXT NOT NULL,"
    "  source TEXT NOT NULL, report TEXT NOT NULL, revision BIGINT NOT NULL,"
    "  created BIGINT NOT NULL, updated BIGINT NOT NULL);"
    "CREATE TABLE api_key ("
    "  key TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE, hash TEXT NOT NULL UNIQUE,"
    "  revision BIGINT NOT NULL, created BIGINT NOT NULL, updated BIGINT NOT NULL);"
    "CREATE TABLE job ("
    "  key TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, state TEXT NOT NULL,"
    "  owner TEXT NOT NULL, input TEXT NOT NULL, result TEXT NOT NULL,"
    "  progress DOUBLE PRECISION NOT NULL, revision BIGINT NOT NULL,"
    "  created BIGINT NOT NULL, updated BIGINT NOT NULL);"
    "CREATE INDEX job_waiting ON job (state, kind, key);",

    /* 2: what steps of workflows took */
    "CREATE TABLE step_cost ("
    "  key TEXT NOT NULL PRIMARY KEY, nanoseconds BIGINT NOT NULL, updated BIGINT NOT NULL);"
    "CREATE INDEX step_cost_updated ON step_cost (updated);",

    /* 3: how often the program of a job crashed */
    "ALTER TABLE job ADD COLUMN crashes BIGINT NOT NULL DEFAULT 0;",
};

enum {
    NEWEST        = COUNT_OF(migrations),
    MARK          = 0x4F43454C,     /* "OCEL" in the file's head */
    CHECKED_PAGES = 1024,
};

static bool read_number(Link *link, const char *sql, int64_t *number, Error *err)
{
    Query query;

    query_open(&query, link, sql, err);
    if (query_row(&query)) {
        *number = query_get_int(&query, 0);
    }
    return query_close(&query);
}

/* A copy of the whole database beside it, made with SQLite's own backup, which
 * sees what the log still holds. */
static bool keep_copy(Link *link, int64_t version, Error *err)
{
    sqlite3        *copy   = NULL;
    sqlite3_backup *backup = NULL;
    char           *path;
    int             code   = SQLITE_NOMEM;

    if (asprintf(&path, "%s.version-%lld", link->path, (long long)version) < 0) {
        return fail(err, ERR_MEMORY, "no memory to open the store");
    }
    unlink(path);
    if (sqlite3_open(path, &copy) == SQLITE_OK) {
        backup = sqlite3_backup_init(copy, "main", link->db, "main");
    }
    if (backup) {
        code = sqlite3_backup_step(backup, -1);
        sqlite3_backup_finish(backup);
    }
    sqlite3_close(copy);
    if (code == SQLITE_DONE) {
        log_line(LOG_INFO, "store", "kept a copy of version %lld in %s", (long long)version, path);
    } else {
        fail(err, ERR_INTERNAL, "cannot keep a copy of the store in %.180s", path);
    }
    free(path);
    return code == SQLITE_DONE;
}

/* The steps that are missing; another program may have made them meanwhile. */
static bool migrate(Link *link, Error *err)
{
    char    sql[100];
    int64_t version = 0;
    bool    ok;

    if (!link_run(link, "BEGIN IMMEDIATE", err)) {
        return false;
    }
    ok = read_number(link, "PRAGMA user_version", &version, err);
    for (int64_t i = version; ok && i < NEWEST; i++) {
        ok = link_run(link, migrations[i], err);
    }
    snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
             MARK, (int)NEWEST);
    ok = ok && link_run(link, sql, err);
    if (!ok && !sqlite3_get_autocommit(link->db)) {
        sqlite3_exec(link->db, "ROLLBACK", NULL, NULL, NULL);
    }
    return ok;
}

/* Look over a small file when it is opened: it costs a millisecond, and damage
 * is better told now than after it has been written over.  A large one shows
 * its damage when the damaged page is read. */
static bool check_pages(Link *link, Error *err)
{
    int64_t pages = 0;
    bool    sound;
    Query   query;

    if (!read_number(link, "PRAGMA page_count", &pages, err)) {
        return false;
    }
    if (pages > CHECKED_PAGES) {
        return true;
    }
    query_open(&query, link, "PRAGMA quick_check(1)", err);
    sound = query_row(&query) &&
            strcmp((const char *)sqlite3_column_text(query.statement, 0), "ok") == 0;
    return query_close(&query) &&
           (sound || fail(err, ERR_INVALID, "%.180s is damaged; put a copy back in its place",
                          link->path));
}

bool schema_update(Link *link, Error *err)
{
    int64_t version = 0, mark = 0, tables = 0;

    if (!read_number(link, "PRAGMA user_version", &version, err) ||
        !read_number(link, "PRAGMA application_id", &mark, err) ||
        !read_number(link, "SELECT count(*) FROM sqlite_master", &tables, err)) {
        return false;
    }
    if (tables > 0 && mark != MARK) {
        return fail(err, ERR_INVALID, "%.180s is a database of another program", link->path);
    }
    if (version > NEWEST) {
        return fail(err, ERR_INVALID, "%.140s was written by a newer Ocellus (its schema is %lld, "
                    "this program knows %d); run that one", link->path, (long long)version,
                    (int)NEWEST);
    }
    if (version == NEWEST) {
        return check_pages(link, err);
    }
    return (tables == 0 || keep_copy(link, version, err)) && migrate(link, err);
}
