/*
 * router - finds the route of a path.
 *
 * A path that some route names letter by letter belongs to that route alone: a
 * wrong method there is a 405, and never slips through to a pattern such as
 * "/{project}/{version}".
 */
#include "server/inside.h"

static bool is_pattern(const char *pattern)
{
    return strchr(pattern, '{') != NULL;
}

/* Compare piece by piece; {name} takes one piece, which is not empty. */
static bool match_pattern(const char *pattern, Text path, Text *params)
{
    const char *at = path.at, *end = path.at + path.length;
    int         count = 0;

    while (*pattern) {
        if (*pattern != '{') {
            if (at == end || *at != *pattern) {
                return false;
            }
            at++;
            pattern++;
            continue;
        }
        const char *start = at;

        while (at < end && *at != '/') {
            at++;
        }
        if (at == start || count >= 6) {
            return false;
        }
        params[count++] = (Text){ start, (size_t)(at - start) };
        pattern = strchr(pattern, '}') + 1;
    }
    return at == end;
}

/* Look through the routes of one sort, fixed ones or patterns. */
static void look(bool patterns, unsigned method, Text path, Match *match)
{
    int index = 0;

    for (int table = 0; route_tables[table]; table++) {
        for (const Route *route = route_tables[table]; route->pattern; route++, index++) {
            Text params[6] = { 0 };

            if (is_pattern(route->pattern) != patterns ||
                !(patterns ? match_pattern(route->pattern, path, params)
                           : text_is(path, route->pattern))) {
                continue;
            }
            match->methods |= route->methods;
            if (!match->route && (route->methods & method)) {
                match->route = route;
                match->index = index;
                memcpy(match->params, params, sizeof(params));
            }
        }
    }
}

Match router_find(unsigned method, Text path)
{
    Match match = { .index = -1 };

    look(false, method, path, &match);
    if (match.methods == 0) {
        look(true, method, path, &match);
    }
    return match;
}

const Route *router_route(int index)
{
    for (int table = 0; route_tables[table]; table++) {
        for (const Route *route = route_tables[table]; route->pattern; route++) {
            if (index-- == 0) {
                return route;
            }
        }
    }
    return NULL;
}
