/*
 * query - one statement being run.
 */
#include "store/inside.h"

/* The prepared statement of a literal; prepares it when it is first used. */
static sqlite3_stmt *prepare(Link *link, const char *sql)
{
    sqlite3_stmt *statement = NULL;

    for (int i = 0; i < link->count; i++) {
        if (link->prepared[i].sql == sql) {
            return link->prepared[i].statement;
        }
    }
    assert(link->count < PREPARED);
    if (sqlite3_prepare_v3(link->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) ==
        SQLITE_OK) {
        link->prepared[link->count++] = (Prepared){ sql, statement };
    }
    return statement;
}

static void query_fail(Query *query)
{
    if (!query->failed) {
        link_fail(query->link, "use the store", query->err);
    }
    query->failed = true;
}

void query_open(Query *query, Link *link, const char *sql, Error *err)
{
    *query = (Query){ .link = link, .err = err };
    query->statement = prepare(link, sql);
    if (!query->statement) {
        query_fail(query);
    }
}

/* Look at what binding a parameter gave. */
static void bound(Query *query, int code)
{
    if (code != SQLITE_OK) {
        query_fail(query);
    }
}

void query_text(Query *query, Text text)
{
    if (!query->failed) {
        bound(query, sqlite3_bind_text64(query->statement, ++query->bound, text.at ? text.at : "",
                                         text.length, SQLITE_STATIC, SQLITE_UTF8));
    }
}

void query_int(Query *query, int64_t number)
{
    if (!query->failed) {
        bound(query, sqlite3_bind_int64(query->statement, ++query->bound, number));
    }
}

void query_double(Query *query, double number)
{
    if (!query->failed) {
        bound(query, sqlite3_bind_double(query->statement, ++query->bound, number));
    }
}

bool query_row(Query *query)
{
    int code = query->failed ? SQLITE_ERROR : sqlite3_step(query->statement);

    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        query_fail(query);
    }
    return code == SQLITE_ROW;
}

bool query_close(Query *query)
{
    if (query->statement) {
        sqlite3_reset(query->statement);
        sqlite3_clear_bindings(query->statement);
    }
    return !query->failed;
}

bool query_run(Query *query)
{
    while (query_row(query)) {
    }
    return query_close(query);
}

Text query_get_text(const Query *query, Arena *arena, int column)
{
    const char *text = (const char *)sqlite3_column_text(query->statement, column);

    return arena_text(arena, (Text){ text ? text : "",
                                     (size_t)sqlite3_column_bytes(query->statement, column) });
}

int64_t query_get_int(const Query *query, int column)
{
    return sqlite3_column_int64(query->statement, column);
}

double query_get_double(const Query *query, int column)
{
    return sqlite3_column_double(query->statement, column);
}

bool rows_copied(const Arena *arena, Error *err)
{
    return !arena_failed(arena) || fail(err, ERR_MEMORY, "no memory for what the store holds");
}

/* Doubles whenever the count is a power of two. */
void *rows_add(Arena *arena, void *list, int count, size_t size)
{
    char *grown;

    if (count > 0 && (count & (count - 1)) != 0) {
        return list;
    }
    grown = arena_try(arena, (size_t)MAX(2 * count, 1), size);
    if (grown && count > 0) {
        memcpy(grown, list, (size_t)count * size);
    }
    return grown;
}
