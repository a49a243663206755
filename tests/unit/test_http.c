/*
 * test_http - heads, targets, routes and origins, without a socket.
 */
#include "server/inside.h"
#include "test.h"

/* ---- heads ---------------------------------------------------------------------- */

/* A GET with a Host and up to two more headers. */
static bool strict(const char *a, const char *b, const char *c, const char *d, bool host)
{
    Header headers[3] = { { TEXT("Host"), TEXT("localhost") } };
    int    count      = host;
    Head   head       = { .method = "GET", .headers = headers };
    Error  err        = { 0 };

    if (a) {
        headers[count++] = (Header){ text_of(a), text_of(b) };
    }
    if (c) {
        headers[count++] = (Header){ text_of(c), text_of(d) };
    }
    head.count = count;
    return strict_check(&head, &err);
}

TEST(http_takes_plain_heads)
{
    CHECK(strict(NULL, NULL, NULL, NULL, true));
    CHECK(strict("Content-Length", "0", NULL, NULL, true));
    CHECK(strict("content-length", "12345", "X-A", "b\tc", true));
    CHECK(strict("Transfer-Encoding", "Chunked", NULL, NULL, true));
    CHECK(strict("X-A", "\xC3\xA9", NULL, NULL, true));
}

TEST(http_refuses_ambiguous_heads)
{
    CHECK(!strict(NULL, NULL, NULL, NULL, false));
    CHECK(!strict("host", "other", NULL, NULL, true));
    CHECK(!strict("Content-Length", "5", "content-length", "5", true));
    CHECK(!strict("Content-Length", "5", "Transfer-Encoding", "chunked", true));
    CHECK(!strict("Transfer-Encoding", "chunked", "Transfer-Encoding", "chunked", true));
    CHECK(!strict("Transfer-Encoding", "gzip", NULL, NULL, true));
    CHECK(!strict("Content-Length", "+5", NULL, NULL, true));
    CHECK(!strict("Content-Length", "", NULL, NULL, true));
    CHECK(!strict("Content-Length", "5,5", NULL, NULL, true));
    CHECK(!strict("X A", "b", NULL, NULL, true));
    CHECK(!strict("X-A ", "b", NULL, NULL, true));
    CHECK(!strict("", "b", NULL, NULL, true));
    CHECK(!strict("X-A", "b\rc", NULL, NULL, true));
}

TEST(http_counts_headers_and_bytes)
{
    static Header headers[LIMIT_HEADERS + 1];
    Head          head = { .method = "GET", .headers = headers, .count = LIMIT_HEADERS };
    Error         err  = { 0 };

    for (int i = 0; i <= LIMIT_HEADERS; i++) {
        headers[i] = (Header){ i ? TEXT("X") : TEXT("Host"), TEXT("y") };
    }
    CHECK(strict_check(&head, &err));
    head.count++;
    CHECK(!strict_check(&head, &err) && err.kind == ERR_TOO_LARGE);
    head.count = 1;
    head.bytes = LIMIT_HEADER_BYTES;
    CHECK(strict_check(&head, &err));
    head.bytes++;
    CHECK(!strict_check(&head, &err) && err.kind == ERR_TOO_LARGE);
}

/* ---- targets -------------------------------------------------------------------- */

/* The path of a target; "!" if it is refused. */
static const char *path_of(Arena *arena, const char *target)
{
    Text  path, query;
    Error err;

    return target_split(arena, text_of(target), &path, &query, &err)
               ? arena_text(arena, path).at : "!";
}

TEST(http_decodes_paths_once)
{
    Arena arena;

    arena_init(&arena, MIB(1));
    CHECK_STR(path_of(&arena, "/"), "/");
    CHECK_STR(path_of(&arena, "/a/b?c=/d"), "/a/b");
    CHECK_STR(path_of(&arena, "//a///b/"), "/a/b");
    CHECK_STR(path_of(&arena, "/a%20b+c%2Fd"), "/a b+c/d");
    CHECK_STR(path_of(&arena, "/%252e"), "/%2e");
    CHECK_STR(path_of(&arena, "/\xC3\xA9%C3%A9"), "/\xC3\xA9\xC3\xA9");
    CHECK_STR(path_of(&arena, "/.../..a/.b"), "/.../..a/.b");
    arena_fini(&arena);
}

TEST(http_refuses_paths_that_are_none)
{
    static const char *const wrong[] = {
        "", "a", "?a", "/..", "/a/../b", "/.", "/a/./b", "/%2e%2e/a", "/%2E", "/a%00b", "/a%0Ab",
        "/a%", "/a%4", "/a%4x", "/a\\b", "/a%5cb", "/%C0%AE", "/%FF", "/\x7F",
    };
    Arena arena;
    char  longest[LIMIT_URL + 2];

    arena_init(&arena, MIB(1));
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        if (!CHECK_STR(path_of(&arena, wrong[i]), "!")) {
            printf("    %s\n", wrong[i]);
        }
    }
    memset(longest, 'a', sizeof(longest));
    longest[0]             = '/';
    longest[LIMIT_URL]     = '\0';
    CHECK(path_of(&arena, longest)[0] == '/');
    longest[LIMIT_URL]     = 'a';
    longest[LIMIT_URL + 1] = '\0';
    CHECK_STR(path_of(&arena, longest), "!");
    arena_fini(&arena);
}

TEST(http_reads_queries)
{
    Arena         arena;
    RequestInside inside  = { .query = TEXT("a=1&b=x+y%26z&flag&c=%zz&a=2&e=&=q") };
    Request       request = { .arena = &arena, .inside = &inside };

    arena_init(&arena, MIB(1));
    CHECK(text_is(request_query(&request, "a"), "1"));
    CHECK(text_is(request_query(&request, "b"), "x y&z"));
    CHECK(request_query(&request, "flag").at && request_query(&request, "flag").length == 0);
    CHECK(request_query(&request, "c").length == 0);
    CHECK(request_query(&request, "e").at && request_query(&request, "e").length == 0);
    CHECK(request_query(&request, "nope").at == NULL);
    inside.query = TEXT("");
    CHECK(request_query(&request, "a").at == NULL);
    arena_fini(&arena);
}

/* ---- routes --------------------------------------------------------------------- */

static const char *pattern_of(unsigned method, const char *path)
{
    Match match = router_find(method, text_of(path));

    return match.route ? match.route->pattern : match.methods ? "405" : "404";
}

TEST(http_finds_routes)
{
    CHECK_STR(pattern_of(METHOD_GET, "/healthz"), "/healthz");
    CHECK_STR(pattern_of(METHOD_POST, "/healthz"), "405");
    CHECK_STR(pattern_of(METHOD_GET, "/nope/nope/nope"), "404");
    CHECK_STR(pattern_of(METHOD_POST, "/workflows/run"), "/workflows/run");
    CHECK_STR(pattern_of(METHOD_GET, "/workflows/run"), "405");
    CHECK_STR(pattern_of(METHOD_POST, "/w/workflows/x"), "/{workspace}/workflows/{workflow}");
    CHECK_STR(pattern_of(METHOD_DELETE, "/w/workflows/x"), "/{workspace}/workflows/{workflow}");
    CHECK_STR(pattern_of(METHOD_POST, "/infer/workflows/a/b"),
              "/infer/workflows/{workspace}/{workflow}");
    CHECK_STR(pattern_of(METHOD_POST, "/parts/1"), "/{project}/{version}");
    CHECK_STR(pattern_of(METHOD_GET, "/start/parts/1"), "/start/{project}/{version}");
    CHECK_STR(pattern_of(METHOD_GET, "/"), "/");
    CHECK_STR(pattern_of(METHOD_GET, "/app.js"), "/{file}");
    CHECK_STR(pattern_of(0, "/healthz"), "405");
}

TEST(http_takes_pieces_of_paths)
{
    Match match = router_find(METHOD_POST, TEXT("/my work/workflows/count-1"));

    if (CHECK(match.route != NULL)) {
        CHECK(text_is(match.params[0], "my work"));
        CHECK(text_is(match.params[1], "count-1"));
        CHECK(match.params[2].at == NULL);
        CHECK(router_route(match.index) == match.route);
    }
    CHECK(match.methods == (METHOD_GET | METHOD_POST | METHOD_PUT | METHOD_DELETE));
}

/* Metrics and the API page rely on it. */
TEST(http_routes_are_sound)
{
    for (int i = 0; router_route(i); i++) {
        const Route *route = router_route(i);
        size_t       n     = strlen(route->summary);

        CHECK(route->pattern[0] == '/' && route->handler && route->methods);
        CHECK(n > 0 && route->summary[n - 1] == '.');
        CHECK(route->body_limit <= LIMIT_REQUEST_BODY);
        CHECK(i < 96);
    }
}

/* ---- origins -------------------------------------------------------------------- */

/* A server with a list of origins. */
static Server *server_with(Arena *arena, bool loopback, const char *list)
{
    Server *server = arena_new(arena, Server);

    server->loopback = loopback;
    origins_open(&server->origins, arena, list);
    return server;
}

TEST(http_knows_its_hosts)
{
    Arena   arena;
    Server *here, *open, *listed, *any;

    arena_init(&arena, MIB(1));
    here   = server_with(&arena, true, NULL);
    open   = server_with(&arena, false, "");
    listed = server_with(&arena, true, " https://a.example:8443/ ,http://b.example");
    any    = server_with(&arena, true, "*");
    CHECK(host_allowed(here, TEXT("localhost:9001")) && host_allowed(here, TEXT("127.0.0.1")));
    CHECK(host_allowed(here, TEXT("[::1]:80")) && host_allowed(here, (Text){ 0 }));
    CHECK(!host_allowed(here, TEXT("a.example")) && !host_allowed(here, TEXT("")));
    CHECK(!host_allowed(here, TEXT("localhost.")) && !host_allowed(here, TEXT("[::1].x")));
    CHECK(!host_allowed(here, TEXT("127.0.0.1.nip.io")));
    CHECK(host_allowed(open, TEXT("a.example")));
    CHECK(host_allowed(listed, TEXT("A.example:1")) && host_allowed(listed, TEXT("b.example")));
    CHECK(!host_allowed(listed, TEXT("c.example")));
    CHECK(host_allowed(any, TEXT("c.example")));
    arena_fini(&arena);
}

TEST(http_knows_its_pages)
{
    Arena   arena;
    Server *here, *listed, *any;
    Text    host = TEXT("box.example:9001");

    arena_init(&arena, MIB(1));
    here   = server_with(&arena, false, NULL);
    listed = server_with(&arena, false, "https://a.example,https://b.example");
    any    = server_with(&arena, false, "https://a.example,*");
    CHECK_INT(origin_judge(here, (Text){ 0 }, host), ASKER_NO_PAGE);
    CHECK_INT(origin_judge(here, TEXT("http://box.example:9001"), host), ASKER_KNOWN);
    CHECK_INT(origin_judge(here, TEXT("http://localhost:3000"), host), ASKER_KNOWN);
    CHECK_INT(origin_judge(here, TEXT("http://box.example"), host), ASKER_FOREIGN);
    CHECK_INT(origin_judge(here, TEXT("null"), host), ASKER_FOREIGN);
    CHECK_INT(origin_judge(here, TEXT(""), host), ASKER_FOREIGN);
    CHECK_INT(origin_judge(here, TEXT("ftp://localhost"), host), ASKER_FOREIGN);
    CHECK_INT(origin_judge(listed, TEXT("https://b.example"), host), ASKER_KNOWN);
    CHECK_INT(origin_judge(listed, TEXT("http://b.example"), host), ASKER_FOREIGN);
    CHECK_INT(origin_judge(any, TEXT("http://c.example"), host), ASKER_ANYONE);
    CHECK_INT(origin_judge(any, TEXT("https://a.example"), host), ASKER_KNOWN);
    arena_fini(&arena);
}
