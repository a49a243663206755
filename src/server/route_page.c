/*
 * route_page - the page, its files, and the list of routes.
 */
#include "server/inside.h"
#include "server/routes.h"
#include "web_assets.h"

/* ---- files ---------------------------------------------------------------------- */

static const WebAsset *find_asset(const char *folder, Text name)
{
    size_t prefix = strlen(folder);

    for (int i = 0; web_assets[i].path; i++) {
        Text path = text_of(web_assets[i].path);

        if (text_starts(path, folder) &&
            text_equal((Text){ path.at + prefix, path.length - prefix }, name)) {
            return &web_assets[i];
        }
    }
    return NULL;
}

/* Whether a comma separated header lists a word. */
static bool lists(Text header, const char *word)
{
    return header.at && memmem(header.at, header.length, word, strlen(word)) != NULL;
}

static void answer_asset(Request *request, Response *response, const WebAsset *asset)
{
    response->kind         = BODY_STATIC;
    response->content_type = asset->type;
    response_header(response, "ETag", asset->etag);
    response_header(response, "Cache-Control", "no-cache");
    if (lists(request_header(request, "If-None-Match"), asset->etag)) {
        response->status = 304;
        response->fixed  = TEXT("");
    } else if (asset->gzip && lists(request_header(request, "Accept-Encoding"), "gzip")) {
        response->fixed = (Text){ (const char *)asset->gzip, asset->gzip_size };
        response_header(response, "Content-Encoding", "gzip");
        response_header(response, "Vary", "Accept-Encoding");
    } else {
        response->fixed = (Text){ (const char *)asset->data, asset->size };
    }
}

static void file(App *app, Request *request, Response *response)
{
    Text            name  = request->params[0];
    const WebAsset *asset = memchr(name.at, '/', name.length) ? NULL : find_asset("", name);

    (void)app;
    if (asset) {
        answer_asset(request, response, asset);
    } else {
        response_message(response, 404, "there is nothing at %.*s; GET /docs lists what there is",
                         (int)MIN(request->path.length, 200), request->path.at);
    }
}

static void example(App *app, Request *request, Response *response)
{
    Text            name  = request->params[0];
    const WebAsset *asset = find_asset("examples/", name);

    (void)app;
    if (!asset) {
        asset = find_asset("examples/", text_of(arena_printf(request->arena, "%.*s.json",
                                                             SHOW(name))));
    }
    if (asset) {
        answer_asset(request, response, asset);
    } else {
        response_message(response, 404, "there is no example '%.*s'; GET /examples/index.json "
                         "lists them", (int)MIN(name.length, 100), name.at);
    }
}

/* ---- the list of routes --------------------------------------------------------- */

static void escape(Buffer *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '<': buffer_string(out, "&lt;"); break;
        case '>': buffer_string(out, "&gt;"); break;
        case '&': buffer_string(out, "&amp;"); break;
        case '"': buffer_string(out, "&quot;"); break;
        default:  buffer_char(out, *text);
        }
    }
}

static void write_route(Buffer *out, const Route *route)
{
    buffer_printf(out, "<tr><td>%s%s%s%s</td><td><code>",
                  route->methods & METHOD_GET ? "GET " : "",
                  route->methods & METHOD_POST ? "POST " : "",
                  route->methods & METHOD_PUT ? "PUT " : "",
                  route->methods & METHOD_DELETE ? "DELETE " : "");
    escape(out, route->pattern);
    buffer_string(out, "</code></td><td>");
    escape(out, route->summary);
    buffer_string(out, "</td></tr>\n");
}

static void docs(App *app, Request *request, Response *response)
{
    Buffer *out = &response->buffer;

    (void)app;
    (void)request;
    response->content_type = "text/html; charset=utf-8";
    buffer_string(out, "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">"
                       "<title>Ocellus: the HTTP API</title>\n<h1>Ocellus</h1>\n"
                       "<p>What this server answers. Bodies and answers are JSON; the inference "
                       "and workflow routes are those of the Roboflow inference server.</p>\n"
                       "<table>\n<tr><th>Method</th><th>Path</th><th></th></tr>\n");
    for (int i = 0; router_route(i); i++) {
        write_route(out, router_route(i));
    }
    buffer_string(out, "</table>\n</html>\n");
}

static void page(App *app, Request *request, Response *response)
{
    const WebAsset *asset = find_asset("", TEXT("index.html"));

    if (asset) {
        answer_asset(request, response, asset);
    } else {
        docs(app, request, response);
    }
}

const Route routes_page[] = {
    { METHOD_GET, "/", page, 0, "The page." },
    { METHOD_GET, "/docs", docs, 0, "This list." },
    { METHOD_GET, "/examples/{name}", example, 0, "An example workflow." },
    { METHOD_GET, "/{file}", file, 0, "A file of the page." },
    { 0 },
};
