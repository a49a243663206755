/*
 * origin - which hosts and pages may ask.
 *
 * Two attacks come through the user's own browser, past any firewall.  A page of
 * some other site can send requests to this machine: it is told apart by its
 * Origin, may not change anything, and is not shown the answer.  And a site can
 * give its own name the address 127.0.0.1: so a server that only this machine
 * can reach answers for no name but this machine's.
 *
 * ALLOW_ORIGINS lists further origins, comma separated ("https://a.example"), or
 * is "*"; the hosts of listed origins are also answered for, which is what a
 * proxy in front of a loopback server needs.
 */
#include "server/inside.h"

void origins_open(Origins *origins, Arena *arena, const char *list)
{
    Text *items = arena_array(arena, Text, list ? strlen(list) / 2 + 1 : 1);

    *origins = (Origins){ .list = items };
    while (items && list && *list) {
        size_t length = strcspn(list, ",");
        Text   item   = { list, length };

        while (item.length > 0 && *item.at == ' ') {
            item = (Text){ item.at + 1, item.length - 1 };
        }
        while (item.length > 0 && (item.at[item.length - 1] == ' ' ||
                                   item.at[item.length - 1] == '/')) {
            item.length--;
        }
        origins->any = origins->any || text_is(item, "*");
        if (item.length > 0) {
            items[origins->count++] = arena_text(arena, item);
        }
        list += length + (list[length] == ',');
    }
}

/* "host:port" of "http://host:port"; empty if it is no such thing. */
static Text host_of_origin(Text origin)
{
    size_t skip = text_starts(origin, "http://") ? 7 : text_starts(origin, "https://") ? 8 : 0;

    return skip ? (Text){ origin.at + skip, origin.length - skip } : TEXT("");
}

/* The name before ":port"; all of it when what follows is no port. */
static Text without_port(Text host)
{
    const char *bracket = host.length && host.at[0] == '[' ? memchr(host.at, ']', host.length)
                                                           : NULL;
    size_t      skip    = bracket ? (size_t)(bracket - host.at) : 0;
    const char *colon   = host.length ? memchr(host.at + skip, ':', host.length - skip) : NULL;
    Text        name    = host;

    if (!colon) {
        return host;
    }
    for (const char *c = colon + 1; c < host.at + host.length; c++) {
        if (*c < '0' || *c > '9') {
            return host;
        }
    }
    name.length = (size_t)(colon - host.at);
    return name;
}

static bool is_this_machine(Text host)
{
    Text name = without_port(host);

    return text_equal_caseless(name, "localhost") || text_is(name, "127.0.0.1") ||
           text_is(name, "[::1]");
}

static bool same_host(Text a, Text b)
{
    char name[300];

    snprintf(name, sizeof(name), "%.*s", SHOW(b));
    return a.length > 0 && a.length == b.length && text_equal_caseless(a, name);
}

bool host_allowed(const Server *server, Text host)
{
    if (!server->loopback || server->origins.any || !host.at || is_this_machine(host)) {
        return true;
    }
    for (int i = 0; i < server->origins.count; i++) {
        Text listed = host_of_origin(server->origins.list[i]);

        if (same_host(without_port(host), without_port(listed))) {
            return true;
        }
    }
    return false;
}

Asker origin_judge(const Server *server, Text origin, Text host)
{
    Text asking = host_of_origin(origin);

    if (!origin.at) {
        return ASKER_NO_PAGE;
    }
    if (is_this_machine(asking) || same_host(asking, host)) {
        return ASKER_KNOWN;
    }
    for (int i = 0; i < server->origins.count; i++) {
        if (same_host(origin, server->origins.list[i])) {
            return ASKER_KNOWN;
        }
    }
    return server->origins.any ? ASKER_ANYONE : ASKER_FOREIGN;
}
