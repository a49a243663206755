/*
 * store - opening the database, its writer and its readers.
 *
 * One writer behind a lock and a few readers, opened when they are first needed.
 * In WAL mode readers never wait for the writer; the writer waits for programs
 * beside this one for as long as the busy timeout says.  A change is durable
 * when it has been committed, because `synchronous` is FULL.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/inside.h"

enum { BUSY_MILLISECONDS = 5000 };

/* ---- connections ---------------------------------------------------------------- */

bool link_fail(const Link *link, const char *doing, Error *err)
{
    int         code = link->db ? sqlite3_errcode(link->db) : SQLITE_NOMEM;
    const char *text = link->db ? sqlite3_errmsg(link->db) : "out of memory";

    switch (code & 0xFF) {
    case SQLITE_NOMEM:
        return fail(err, ERR_MEMORY, "no memory to %s", doing);
    case SQLITE_FULL:
        return fail(err, ERR_MEMORY, "cannot %s: the disk of %s is full", doing, link->path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return fail(err, ERR_BUSY, "cannot %s: another program is using %s", doing, link->path);
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        return fail(err, ERR_INVALID, "%s is damaged or is no store of Ocellus; move it away, or "
                    "put a copy back in its place", link->path);
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return fail(err, ERR_REFUSED, "cannot %s: %s and its folder must be writable", doing,
                    link->path);
    case SQLITE_TOOBIG:
        return fail(err, ERR_TOO_LARGE, "cannot %s: a value is too large", doing);
    default:
        return fail(err, ERR_INTERNAL, "cannot %s: %s", doing, text);
    }
}

bool link_run(Link *link, const char *sql, Error *err)
{
    return sqlite3_exec(link->db, sql, NULL, NULL, NULL) == SQLITE_OK ||
           link_fail(link, "use the store", err);
}

bool link_open(Link *link, const char *path, Error *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

    link->path = path;
    if (sqlite3_open_v2(path, &link->db, flags, NULL) != SQLITE_OK) {
        link_fail(link, "open the store", err);
        link_close(link);
        return false;
    }
    sqlite3_busy_timeout(link->db, BUSY_MILLISECONDS);
    if (!link_run(link, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                        "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"
                        "PRAGMA cache_size = -1024", err)) {
        link_close(link);
        return false;
    }
    return true;
}

void link_close(Link *link)
{
    for (int i = 0; i < link->count; i++) {
        sqlite3_finalize(link->prepared[i].statement);
    }
    sqlite3_close(link->db);
    link->db    = NULL;
    link->count = 0;
}

/* ---- the store ------------------------------------------------------------------ */

/* Definitions may hold keys of other services, so a new file is its owner's
 * alone; SQLite gives the files beside it the same mode. */
static bool make_file(const char *path, Error *err)
{
    int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (file < 0) {
        return errno == EEXIST || fail_errno(err, errno, "cannot make %s", path);
    }
    close(file);
    return true;
}

Store *store_open(const char *folder, Error *err)
{
    Store *store = calloc(1, sizeof(*store));

    if (!store || asprintf(&store->path, "%s/ocellus.db", folder) < 0 ||
        !(store->folder = strdup(folder))) {
        fail(err, ERR_MEMORY, "no memory to open the store");
        free(store);
        return NULL;
    }
    pthread_mutex_init(&store->write_lock, NULL);
    pthread_mutex_init(&store->read_lock, NULL);
    pthread_cond_init(&store->read_free, NULL);
    store->owner_lock = -1;
    uuid4(store->owner);
    if (!make_file(store->path, err) || !link_open(&store->writer, store->path, err) ||
        !schema_update(&store->writer, err) || !jobs_requeue(store, err)) {
        store_close(store);
        return NULL;
    }
    return store;
}

void store_close(Store *store)
{
    if (!store) {
        return;
    }
    jobs_close(store);
    for (int i = 0; i < READERS; i++) {
        link_close(&store->readers[i]);
    }
    link_close(&store->writer);
    pthread_cond_destroy(&store->read_free);
    pthread_mutex_destroy(&store->read_lock);
    pthread_mutex_destroy(&store->write_lock);
    free(store->folder);
    free(store->path);
    free(store);
}

/* A reader that nobody has, an open one first; NULL if all are lent. */
static Link *free_reader(Store *store)
{
    Link *found = NULL;

    for (int i = 0; i < READERS; i++) {
        Link *reader = &store->readers[i];

        if (!reader->busy && (!found || (reader->db && !found->db))) {
            found = reader;
        }
    }
    return found;
}

Link *store_reader(Store *store, Error *err)
{
    Link *reader;

    pthread_mutex_lock(&store->read_lock);
    while (!(reader = free_reader(store))) {
        pthread_cond_wait(&store->read_free, &store->read_lock);
    }
    reader->busy = true;
    pthread_mutex_unlock(&store->read_lock);

    if (!reader->db) {
        if (!link_open(reader, store->path, err) ||
            !link_run(reader, "PRAGMA query_only = ON", err)) {
            link_close(reader);
            store_return(store, reader);
            return NULL;
        }
    }
    return reader;
}

void store_return(Store *store, Link *reader)
{
    pthread_mutex_lock(&store->read_lock);
    reader->busy = false;
    pthread_cond_signal(&store->read_free);
    pthread_mutex_unlock(&store->read_lock);
}

Link *store_begin(Store *store, Error *err)
{
    pthread_mutex_lock(&store->write_lock);
    if (!link_run(&store->writer, "BEGIN IMMEDIATE", err)) {
        pthread_mutex_unlock(&store->write_lock);
        return NULL;
    }
    return &store->writer;
}

bool store_end(Store *store, bool ok, Error *err)
{
    ok = ok && link_run(&store->writer, "COMMIT", err);
    if (!ok && !sqlite3_get_autocommit(store->writer.db)) {
        sqlite3_exec(store->writer.db, "ROLLBACK", NULL, NULL, NULL);
    }
    pthread_mutex_unlock(&store->write_lock);
    return ok;
}
