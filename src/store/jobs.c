/*
 * jobs - work that outlives the request which asked for it.
 *
 * A claimed job names its owner: an id whose lock file the claiming program holds
 * for as long as it lives.  A lock that can be taken belongs to a program that is
 * gone, however it ended, in whatever container; its jobs are queued again.
 */
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "store/inside.h"

#define JOB_COLUMNS "key, kind, state, input, result, created, updated, progress, crashes"

/* The lock file of an owner, to be freed; NULL without memory. */
static char *owner_path(const Store *store, const char *owner)
{
    char *path;

    return asprintf(&path, "%s/owners/%s", store->folder, owner) < 0 ? NULL : path;
}

/* Hold the lock of this store's own claims, from the first one on. */
static bool own(Store *store, Error *err)
{
    char *folder, *path;

    if (store->owner_lock >= 0) {
        return true;
    }
    folder = owner_path(store, ".");
    path   = owner_path(store, store->owner);
    if (!folder || !path) {
        fail(err, ERR_MEMORY, "no memory to claim a job");
    } else if (folder_make(folder, err)) {
        store->owner_lock = lock_open(path, err);
    }
    free(folder);
    free(path);
    return store->owner_lock >= 0;
}

void jobs_close(Store *store)
{
    char *path = store->owner_lock >= 0 ? owner_path(store, store->owner) : NULL;

    if (path) {
        unlink(path);
    }
    if (store->owner_lock >= 0) {
        lock_close(store->owner_lock);
    }
    free(path);
}

/* Queue the jobs of an owner that is gone. */
static bool requeue_owner(Store *store, Link *link, Text owner, Error *err)
{
    char *path = owner_path(store, owner.at);
    int   lock = path && uuid_valid(owner) && file_exists(path) ? lock_open(path, NULL) : -1;
    bool  gone = lock >= 0 || !path || !file_exists(path), ok = true;
    Query query;

    if (gone) {
        query_open(&query, link, "UPDATE job SET state = 'queued', owner = '', progress = 0,"
                                 " revision = revision + 1, updated = ?"
                                 " WHERE state = 'running' AND owner = ?", err);
        query_int(&query, clock_wall());
        query_text(&query, owner);
        ok = query_run(&query);
    }
    if (lock >= 0) {
        unlink(path);
        lock_close(lock);
    }
    free(path);
    return ok;
}

static bool requeue_all(Store *store, Link *link, Error *err)
{
    Text *owners = NULL;
    int   count  = 0;
    Arena arena;
    Query query;
    bool  ok;

    arena_init(&arena, MIB(1));
    query_open(&query, link, "SELECT DISTINCT owner FROM job WHERE state = 'running'", err);
    while (query_row(&query)) {
        Text *grown = rows_add(&arena, owners, count, sizeof(*owners));

        if (!grown) {
            break;
        }
        owners          = grown;
        owners[count++] = query_get_text(&query, &arena, 0);
    }
    ok = query_close(&query) && rows_copied(&arena, err);
    for (int i = 0; ok && i < count; i++) {
        ok = requeue_owner(store, link, owners[i], err);
    }
    arena_fini(&arena);
    return ok;
}

/* Opening must not wait for a disk when nothing was running, which is nearly
 * always so. */
bool jobs_requeue(Store *store, Error *err)
{
    Link *link = &store->writer;
    bool  some;
    Query query;

    query_open(&query, link, "SELECT 1 FROM job WHERE state = 'running' LIMIT 1", err);
    some = query_row(&query);
    if (!query_close(&query)) {
        return false;
    }
    if (!some) {
        return true;
    }
    link = store_begin(store, err);
    return link && store_end(store, requeue_all(store, link, err), err);
}

static Job read_job(const Query *query, Arena *arena)
{
    return (Job){
        .id = query_get_text(query, arena, 0), .kind = query_get_text(query, arena, 1),
        .state = query_get_text(query, arena, 2), .input = query_get_text(query, arena, 3),
        .result = query_get_text(query, arena, 4), .created = query_get_int(query, 5),
        .updated = query_get_int(query, 6), .progress = query_get_double(query, 7),
        .crashes = query_get_int(query, 8),
    };
}

static bool insert(Link *link, Text id, Text kind, Text input, Error *err)
{
    int64_t now = clock_wall();
    Query   query;

    query_open(&query, link, "INSERT INTO job (key, kind, state, owner, input, result, progress,"
                             " revision, created, updated) SELECT ?, ?, 'queued', '', ?, '', 0, 1,"
                             " ?, ? WHERE (SELECT count(*) FROM job WHERE state = 'queued') < ?",
               err);
    query_text(&query, id);
    query_text(&query, kind);
    query_text(&query, input);
    query_int(&query, now);
    query_int(&query, now);
    query_int(&query, LIMIT_JOBS_WAITING);
    return query_run(&query) && (sqlite3_changes(link->db) > 0 ||
           fail(err, ERR_BUSY, "%d jobs are waiting already; let some finish or stop them",
                LIMIT_JOBS_WAITING));
}

bool store_job_add(Store *store, Arena *arena, Text kind, Text input, Text *id, Error *err)
{
    char  uuid[UUID_SIZE];
    Link *link;

    uuid7(uuid);
    *id  = arena_text(arena, text_of(uuid));
    link = rows_copied(arena, err) ? store_begin(store, err) : NULL;
    return link && store_end(store, insert(link, text_of(uuid), kind, input, err), err);
}

static bool claim(Store *store, Link *link, Arena *arena, Text kind, Job *job, bool *found,
                  Error *err)
{
    Query query;

    query_open(&query, link, "UPDATE job SET state = 'running', owner = ?,"
                             " revision = revision + 1, updated = ? WHERE key = (SELECT key"
                             " FROM job WHERE state = 'queued' AND kind = ? ORDER BY key LIMIT 1)"
                             " RETURNING " JOB_COLUMNS, err);
    query_text(&query, text_of(store->owner));
    query_int(&query, clock_wall());
    query_text(&query, kind);
    *found = query_row(&query);
    if (*found) {
        *job = read_job(&query, arena);
    }
    while (query_row(&query)) {
    }
    return query_close(&query) && rows_copied(arena, err);
}

bool store_job_claim(Store *store, Arena *arena, Text kind, Job *job, bool *found, Error *err)
{
    Link *link = store_begin(store, err);

    *found = false;
    return link && store_end(store, own(store, err) &&
                                    claim(store, link, arena, kind, job, found, err), err);
}

static bool is_state(Text state)
{
    return text_is(state, "queued") || text_is(state, "running") || text_is(state, "done") ||
           text_is(state, "failed") || text_is(state, "stopped");
}

static bool update(Link *link, Text id, Text state, double progress, Text result, Error *err)
{
    Query query;

    query_open(&query, link, "UPDATE job SET state = ?, progress = ?, result = ?,"
                             " revision = revision + 1, updated = ? WHERE key = ?", err);
    query_text(&query, state);
    query_double(&query, progress);
    query_text(&query, result);
    query_int(&query, clock_wall());
    query_text(&query, id);
    if (!query_run(&query)) {
        return false;
    }
    return sqlite3_changes(link->db) > 0 ||
           fail(err, ERR_NOT_FOUND, "there is no job '%.*s'", (int)MIN(id.length, 60),
                id.at ? id.at : "");
}

bool store_job_update(Store *store, Text id, Text state, double progress, Text result, Error *err)
{
    Link *link;

    if (!is_state(state) || !(progress >= 0 && progress <= 1)) {
        return fail(err, ERR_INVALID, "a job is queued, running, done, failed or stopped, with a "
                    "progress from 0 to 1");
    }
    link = store_begin(store, err);
    return link && store_end(store, update(link, id, state, progress, result, err), err);
}

static bool get(Link *link, Arena *arena, Text id, Job *job, Error *err)
{
    bool  found;
    Query query;

    query_open(&query, link, "SELECT " JOB_COLUMNS " FROM job WHERE key = ?", err);
    query_text(&query, id);
    found = query_row(&query);
    if (found) {
        *job = read_job(&query, arena);
    }
    if (!query_close(&query) || !rows_copied(arena, err)) {
        return false;
    }
    return found || fail(err, ERR_NOT_FOUND, "there is no job '%.*s'", (int)MIN(id.length, 60),
                         id.at ? id.at : "");
}

bool store_job_get(Store *store, Arena *arena, Text id, Job *job, Error *err)
{
    Link *link = store_reader(store, err);
    bool  ok;

    if (!link) {
        return false;
    }
    ok = get(link, arena, id, job, err);
    store_return(store, link);
    return ok;
}

static bool list_jobs(Link *link, Arena *arena, Text before, int most, Job **list, int *count,
                      Error *err)
{
    Query query;

    query_open(&query, link, "SELECT " JOB_COLUMNS " FROM job WHERE ? = '' OR key < ?"
                             " ORDER BY key DESC LIMIT ?", err);
    query_text(&query, before);
    query_text(&query, before);
    query_int(&query, most);
    while (query_row(&query)) {
        Job *grown = rows_add(arena, *list, *count, sizeof(**list));

        if (!grown) {
            break;
        }
        *list = grown;
        grown[(*count)++] = read_job(&query, arena);
    }
    return query_close(&query) && rows_copied(arena, err);
}

bool store_job_list(Store *store, Arena *arena, Text before, int most, Job **list, int *count,
                    Error *err)
{
    Link *link = store_reader(store, err);
    bool  ok;

    *list  = NULL;
    *count = 0;
    if (!link) {
        return false;
    }
    ok = list_jobs(link, arena, before, most, list, count, err);
    store_return(store, link);
    return ok;
}

static bool requeue(Link *link, Text id, int64_t crashes, Error *err)
{
    Query query;

    query_open(&query, link, "UPDATE job SET state = 'queued', owner = '', result = '',"
                             " crashes = ?, revision = revision + 1, updated = ? WHERE key = ?"
                             " AND state IN ('running', 'stopped', 'failed')", err);
    query_int(&query, crashes);
    query_int(&query, clock_wall());
    query_text(&query, id);
    return query_run(&query) && (sqlite3_changes(link->db) > 0 ||
           fail(err, ERR_CONFLICT, "only a job that was stopped or has failed can go on"));
}

bool store_job_requeue(Store *store, Text id, int64_t crashes, Error *err)
{
    Link *link = store_begin(store, err);

    return link && store_end(store, requeue(link, id, crashes, err), err);
}

static bool crashed(Link *link, Text id, Error *err)
{
    Query query;

    query_open(&query, link, "UPDATE job SET crashes = crashes + 1, revision = revision + 1,"
                             " updated = ? WHERE key = ?", err);
    query_int(&query, clock_wall());
    query_text(&query, id);
    return query_run(&query);
}

bool store_job_crashed(Store *store, Text id, Error *err)
{
    Link *link = store_begin(store, err);

    return link && store_end(store, crashed(link, id, err), err);
}

static bool withdraw(Link *link, Text id, bool *stopped, Error *err)
{
    Query query;

    query_open(&query, link, "UPDATE job SET state = 'stopped', revision = revision + 1,"
                             " updated = ? WHERE key = ? AND state = 'queued'", err);
    query_int(&query, clock_wall());
    query_text(&query, id);
    if (!query_run(&query)) {
        return false;
    }
    *stopped = sqlite3_changes(link->db) > 0;
    return true;
}

bool store_job_withdraw(Store *store, Text id, bool *stopped, Error *err)
{
    Link *link = store_begin(store, err);

    *stopped = false;
    return link && store_end(store, withdraw(link, id, stopped, err), err);
}
