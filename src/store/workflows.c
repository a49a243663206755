/*
 * workflows - saved definitions and their revisions.
 */
#include "base/clock.h"
#include "store/inside.h"

bool workflow_id_valid(Text id)
{
    if (id.length == 0 || id.length > LIMIT_NAME) {
        return false;
    }
    for (size_t i = 0; i < id.length; i++) {
        char c = id.at[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '_')) {
            return false;
        }
    }
    return true;
}

static bool check_workflow(Text id, Text name, Text definition, Error *err)
{
    if (!workflow_id_valid(id)) {
        return fail(err, ERR_INVALID, "'%.*s' cannot be a workflow's id: letters, digits, '-' and "
                    "'_' can, at most %d of them", (int)MIN(id.length, 60), id.at ? id.at : "",
                    LIMIT_NAME);
    }
    if (name.length > LIMIT_NAME) {
        return fail(err, ERR_TOO_LARGE, "a workflow's name has at most %d bytes", LIMIT_NAME);
    }
    if (definition.length > LIMIT_DEFINITION) {
        return fail(err, ERR_TOO_LARGE, "the definition is over %zu bytes",
                    (size_t)LIMIT_DEFINITION);
    }
    return true;
}

/* The key and newest revision of a workflow; revision 0 if there is none. */
static bool find_workflow(Link *link, Text id, Arena *arena, Text *key, int64_t *revision,
                          Error *err)
{
    Query query;

    *revision = 0;
    query_open(&query, link, "SELECT key, revision FROM workflow WHERE id = ?", err);
    query_text(&query, id);
    if (query_row(&query)) {
        *key      = query_get_text(&query, arena, 0);
        *revision = query_get_int(&query, 1);
    }
    return query_close(&query) && rows_copied(arena, err);
}

static bool insert_workflow(Link *link, Text key, Text id, Text name, int64_t now, Error *err)
{
    int64_t count = 0;
    Query   query;

    query_open(&query, link, "SELECT count(*) FROM workflow", err);
    if (query_row(&query)) {
        count = query_get_int(&query, 0);
    }
    if (!query_close(&query)) {
        return false;
    }
    if (count >= LIMIT_STORED_WORKFLOWS) {
        return fail(err, ERR_TOO_LARGE, "there are %d workflows already, and more are not kept",
                    LIMIT_STORED_WORKFLOWS);
    }
    query_open(&query, link, "INSERT INTO workflow (key, id, name, revision, created, updated)"
                             " VALUES (?, ?, ?, 1, ?, ?)", err);
    query_text(&query, key);
    query_text(&query, id);
    query_text(&query, name);
    query_int(&query, now);
    query_int(&query, now);
    return query_run(&query);
}

static bool update_workflow(Link *link, Text key, Text name, int64_t revision, int64_t now,
                            Error *err)
{
    Query query;

    query_open(&query, link, "UPDATE workflow SET name = ?, revision = ?, updated = ?"
                             " WHERE key = ?", err);
    query_text(&query, name);
    query_int(&query, revision);
    query_int(&query, now);
    query_text(&query, key);
    return query_run(&query);
}

static bool insert_revision(Link *link, Text key, int64_t revision, Text name, Text definition,
                            int64_t now, Error *err)
{
    Query query;

    query_open(&query, link, "INSERT INTO workflow_revision"
                             " (workflow, revision, name, definition, created)"
                             " VALUES (?, ?, ?, ?, ?)", err);
    query_text(&query, key);
    query_int(&query, revision);
    query_text(&query, name);
    query_text(&query, definition);
    query_int(&query, now);
    return query_run(&query);
}

static bool save(Link *link, Text id, Text name, Text definition, int64_t *revision, Error *err)
{
    int64_t now = clock_wall(), newest;
    char    uuid[UUID_SIZE];
    Arena   arena;
    Text    key;
    bool    ok;

    arena_init(&arena, KIB(64));
    uuid7(uuid);
    key = text_of(uuid);
    ok  = find_workflow(link, id, &arena, &key, &newest, err);
    ok  = ok && (newest == 0 ? insert_workflow(link, key, id, name, now, err)
                             : update_workflow(link, key, name, newest + 1, now, err));
    ok  = ok && insert_revision(link, key, newest + 1, name, definition, now, err);
    *revision = newest + 1;
    arena_fini(&arena);
    return ok;
}

bool store_workflow_save(Store *store, Text id, Text name, Text definition, int64_t *revision,
                         Error *err)
{
    Link *link;

    if (!check_workflow(id, name, definition, err)) {
        return false;
    }
    link = store_begin(store, err);
    return link && store_end(store, save(link, id, name, definition, revision, err), err);
}

static bool load(Link *link, Arena *arena, Text id, int64_t revision, StoredWorkflow *out,
                 Error *err)
{
    bool  found = false;
    Query query;

    query_open(&query, link, "SELECT w.id, r.name, r.definition, r.revision, w.created, r.created"
                             " FROM workflow w JOIN workflow_revision r ON r.workflow = w.key"
                             " WHERE w.id = ? AND (r.revision = ? OR (? = 0"
                             " AND r.revision = w.revision))", err);
    query_text(&query, id);
    query_int(&query, revision);
    query_int(&query, revision);
    if (query_row(&query)) {
        found = true;
        *out  = (StoredWorkflow){
            .id = query_get_text(&query, arena, 0), .name = query_get_text(&query, arena, 1),
            .definition = query_get_text(&query, arena, 2), .revision = query_get_int(&query, 3),
            .created = query_get_int(&query, 4), .updated = query_get_int(&query, 5),
        };
    }
    if (!query_close(&query) || !rows_copied(arena, err)) {
        return false;
    }
    if (!found && revision != 0) {
        return fail(err, ERR_NOT_FOUND, "workflow '%.*s' has no revision %lld",
                    (int)MIN(id.length, 60), id.at, (long long)revision);
    }
    return found || fail(err, ERR_NOT_FOUND, "there is no workflow '%.*s'",
                         (int)MIN(id.length, 60), id.at ? id.at : "");
}

bool store_workflow_load(Store *store, Arena *arena, Text id, int64_t revision,
                         StoredWorkflow *out, Error *err)
{
    Link *link = store_reader(store, err);
    bool  ok;

    if (!link) {
        return false;
    }
    ok = load(link, arena, id, revision, out, err);
    store_return(store, link);
    return ok;
}

static bool remove_workflow(Link *link, Text id, Error *err)
{
    Query query;

    query_open(&query, link, "DELETE FROM workflow WHERE id = ?", err);
    query_text(&query, id);
    if (!query_run(&query)) {
        return false;
    }
    return sqlite3_changes(link->db) > 0 ||
           fail(err, ERR_NOT_FOUND, "there is no workflow '%.*s'", (int)MIN(id.length, 60),
                id.at ? id.at : "");
}

bool store_workflow_remove(Store *store, Text id, Error *err)
{
    Link *link = store_begin(store, err);

    return link && store_end(store, remove_workflow(link, id, err), err);
}

static bool read_list(Link *link, Arena *arena, StoredWorkflow **list, int *count, Error *err)
{
    Query query;

    *list  = NULL;
    *count = 0;
    query_open(&query, link, "SELECT id, name, revision, created, updated FROM workflow"
                             " ORDER BY updated DESC, key DESC", err);
    while (query_row(&query)) {
        StoredWorkflow *grown = rows_add(arena, *list, *count, sizeof(**list));

        if (!grown) {
            break;
        }
        *list         = grown;
        grown[*count] = (StoredWorkflow){
            .id = query_get_text(&query, arena, 0), .name = query_get_text(&query, arena, 1),
            .revision = query_get_int(&query, 2), .created = query_get_int(&query, 3),
            .updated = query_get_int(&query, 4),
        };
        *count += 1;
    }
    return query_close(&query) && rows_copied(arena, err);
}

bool store_workflow_list(Store *store, Arena *arena, StoredWorkflow **out, int *count, Error *err)
{
    Link *link = store_reader(store, err);
    bool  ok;

    if (!link) {
        return false;
    }
    ok = read_list(link, arena, out, count, err);
    store_return(store, link);
    return ok;
}
