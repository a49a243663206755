/*
 * models - a record per imported model.
 */
#include "base/clock.h"
#include "store/inside.h"

static bool save(Link *link, const StoredModel *model, Error *err)
{
    int64_t now = clock_wall();
    char    uuid[UUID_SIZE];
    Query   query;

    uuid7(uuid);
    query_open(&query, link, "INSERT INTO model"
                             " (key, id, task, source, report, revision, created, updated)"
                             " VALUES (?, ?, ?, ?, ?, 1, ?, ?) ON CONFLICT (id) DO UPDATE SET"
                             " task = excluded.task, source = excluded.source,"
                             " report = excluded.report, revision = model.revision + 1,"
                             " created = excluded.created, updated = excluded.updated", err);
    query_text(&query, text_of(uuid));
    query_text(&query, model->id);
    query_text(&query, model->task);
    query_text(&query, model->source);
    query_text(&query, model->report);
    query_int(&query, model->created ? model->created : now);
    query_int(&query, now);
    return query_run(&query);
}

bool store_model_save(Store *store, const StoredModel *model, Error *err)
{
    Link *link = store_begin(store, err);

    return link && store_end(store, save(link, model, err), err);
}

static bool remove_model(Link *link, Text id, Error *err)
{
    Query query;

    query_open(&query, link, "DELETE FROM model WHERE id = ?", err);
    query_text(&query, id);
    if (!query_run(&query)) {
        return false;
    }
    return sqlite3_changes(link->db) > 0 ||
           fail(err, ERR_NOT_FOUND, "there is no record of a model '%.*s'",
                (int)MIN(id.length, 60), id.at ? id.at : "");
}

bool store_model_remove(Store *store, Text id, Error *err)
{
    Link *link = store_begin(store, err);

    return link && store_end(store, remove_model(link, id, err), err);
}

static bool read_list(Link *link, Arena *arena, StoredModel **list, int *count, Error *err)
{
    Query query;

    *list  = NULL;
    *count = 0;
    query_open(&query, link, "SELECT id, task, source, report, created FROM model ORDER BY id",
               err);
    while (query_row(&query)) {
        StoredModel *grown = rows_add(arena, *list, *count, sizeof(**list));

        if (!grown) {
            break;
        }
        *list         = grown;
        grown[*count] = (StoredModel){
            .id = query_get_text(&query, arena, 0), .task = query_get_text(&query, arena, 1),
            .source = query_get_text(&query, arena, 2), .report = query_get_text(&query, arena, 3),
            .created = query_get_int(&query, 4),
        };
        *count += 1;
    }
    return query_close(&query) && rows_copied(arena, err);
}

bool store_model_list(Store *store, Arena *arena, StoredModel **out, int *count, Error *err)
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
