/*
 * costs - what steps of workflows took, by what they are.
 */
#include "base/clock.h"
#include "store/inside.h"

/* A new figure counts a quarter, so that one slow run does not stay. */
static bool keep(Link *link, const StoredCost *cost, int64_t now, Error *err)
{
    Query query;

    query_open(&query, link,
               "INSERT INTO step_cost (key, nanoseconds, updated) VALUES (?, ?, ?)"
               " ON CONFLICT (key) DO UPDATE SET"
               " nanoseconds = nanoseconds + (excluded.nanoseconds - nanoseconds) / 4,"
               " updated = excluded.updated", err);
    query_text(&query, cost->key);
    query_int(&query, cost->nanoseconds);
    query_int(&query, now);
    return query_run(&query);
}

/* Only the latest stay. */
static bool prune(Link *link, Error *err)
{
    Query query;

    query_open(&query, link,
               "DELETE FROM step_cost WHERE updated <"
               " (SELECT updated FROM step_cost ORDER BY updated DESC LIMIT 1 OFFSET ?)", err);
    query_int(&query, LIMIT_COSTS - 1);
    return query_run(&query);
}

bool store_costs_keep(Store *store, const StoredCost *costs, int count, Error *err)
{
    int64_t now  = clock_wall();
    Link   *link = count > 0 ? store_begin(store, err) : NULL;
    bool    ok   = link != NULL;

    if (count == 0) {
        return true;
    }
    for (int i = 0; ok && i < count; i++) {
        ok = keep(link, &costs[i], now, err);
    }
    return link && store_end(store, ok && prune(link, err), err);
}

bool store_costs_read(Store *store, StoredCost *costs, int count, Error *err)
{
    Link *link = store_reader(store, err);
    bool  ok   = link != NULL;

    for (int i = 0; ok && i < count; i++) {
        Query query;

        query_open(&query, link, "SELECT nanoseconds FROM step_cost WHERE key = ?", err);
        query_text(&query, costs[i].key);
        costs[i].nanoseconds = query_row(&query) ? query_get_int(&query, 0) : 0;
        ok = query_close(&query);
    }
    if (link) {
        store_return(store, link);
    }
    return ok;
}
