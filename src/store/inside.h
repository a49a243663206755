/*
 * inside - what the files of the store share.
 *
 * A Link is one connection to the database with the statements it has prepared.
 * Changes go through the one writer, between store_begin() and store_end();
 * looking takes one of a few readers.  A Query is one statement being run; its
 * functions do nothing once it has failed, so that one look at the end is
 * enough:
 *
 *     Query q;
 *     query_open(&q, link, "SELECT name FROM workflow WHERE id = ?", err);
 *     query_text(&q, id);
 *     while (query_row(&q)) { name = query_get_text(&q, arena, 0); }
 *     return query_close(&q);
 */
#ifndef OCELLUS_STORE_INSIDE_H
#define OCELLUS_STORE_INSIDE_H

#include <pthread.h>
#include <sqlite3.h>

#include "base/text.h"
#include "store/store.h"

enum { READERS = 4, PREPARED = 48 };

typedef struct Prepared {
    const char   *sql;             /* a literal: found again by its address */
    sqlite3_stmt *statement;
} Prepared;

typedef struct Link {
    sqlite3    *db;
    const char *path;
    Prepared    prepared[PREPARED];
    int         count;
    bool        busy;              /* readers: lent */
} Link;

struct Store {
    char           *folder, *path;
    Link            writer;
    pthread_mutex_t write_lock;
    Link            readers[READERS];
    pthread_mutex_t read_lock;
    pthread_cond_t  read_free;
    char            owner[UUID_SIZE];    /* of the jobs that this store has claimed */
    int             owner_lock;          /* held while it lives; -1: no claim yet */
};

/* Open a connection with the settings that every one of them has. */
bool link_open(Link *link, const char *path, Error *err) MUST_USE;
void link_close(Link *link);

/* Fill err with what the connection says is wrong; returns false. */
bool link_fail(const Link *link, const char *doing, Error *err);

/* Run statements that give no rows. */
bool link_run(Link *link, const char *sql, Error *err) MUST_USE;

/* Bring the schema up to date; refuses what is no store of ours. */
bool schema_update(Link *link, Error *err) MUST_USE;

/* Lend a reader; NULL only when it cannot be opened.  Give it back. */
Link *store_reader(Store *store, Error *err) MUST_USE;
void  store_return(Store *store, Link *reader);

/* Begin a change: the writer is the caller's until store_end(), which commits
 * it when `ok` and takes it back otherwise.  NULL: nothing to end. */
Link *store_begin(Store *store, Error *err) MUST_USE;
bool  store_end(Store *store, bool ok, Error *err) MUST_USE;

/* Queue again what was claimed by programs that are gone. */
bool jobs_requeue(Store *store, Error *err) MUST_USE;
void jobs_close(Store *store);

typedef struct Query {
    Link         *link;
    sqlite3_stmt *statement;
    Error        *err;
    int           bound;
    bool          failed;
} Query;

void query_open(Query *query, Link *link, const char *sql, Error *err);

/* Bind the next parameter.  Texts are borrowed until the query is closed. */
void query_text(Query *query, Text text);
void query_int(Query *query, int64_t number);
void query_double(Query *query, double number);

bool query_row(Query *query);
bool query_close(Query *query);

/* Columns of the row.  Texts are copied; out of memory shows in the arena. */
Text    query_get_text(const Query *query, Arena *arena, int column);
int64_t query_get_int(const Query *query, int column);
double  query_get_double(const Query *query, int column);

/* Run a query that gives no rows, and close it. */
bool query_run(Query *query);

/* False with ERR_MEMORY when the arena failed while rows were copied. */
bool rows_copied(const Arena *arena, Error *err);

/* A list under construction: room for one more of `size` bytes, or NULL. */
void *rows_add(Arena *arena, void *list, int count, size_t size);

#endif
