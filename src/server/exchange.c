/*
 * exchange - one request and its answer, step by step.
 *
 * What is refused is refused as early as it can be: a head that could be read in
 * two ways, a host or a page that may not ask, a path that is not there, a body
 * that will be too large.  Bodies share a budget, so that many large ones at once
 * are told to come again instead of taking the machine's memory.
 */
#include "base/clock.h"
#include "base/text.h"
#include "server/inside.h"
#include "server/metrics.h"

enum {
    KEPT_BYTES  = 64 << 10,     /* memory a connection keeps between requests */
    STRAY_BODY  = 64 << 10,     /* what a route without a body swallows */
    ID_BYTES    = 16,
};

/* ---- beginning ------------------------------------------------------------------ */

void exchange_target(Connection *c, Text target)
{
    c->fresh  = true;
    c->target = arena_text(&c->arena, (Text){ target.at, MIN(target.length, LIMIT_URL + 1) });
}

/* The client's own id if it is a UUID, else a new one. */
static void choose_id(Connection *c)
{
    Text given = header_find(c->inside.headers, c->inside.count, "X-Request-ID");

    if (uuid_valid(given)) {
        memcpy(c->id, given.at, given.length);
        c->id[given.length] = '\0';
        return;
    }
    if (c->random_left < ID_BYTES) {
        random_bytes(c->random, sizeof(c->random));
        c->random_left = sizeof(c->random);
    }
    c->random_left -= ID_BYTES;
    hex_encode(c->id, c->random + c->random_left, ID_BYTES);
}

static void start(Connection *c, const Head *head, int64_t now)
{
    c->started     = now;
    c->method      = head->method;
    c->route       = NULL;
    c->route_index = -1;
    c->pieces      = 0;
    c->old         = head->old;
    c->unread = c->close = c->credentials = false;
    c->origin   = NULL;
    c->inside   = (RequestInside){ .server = c->server, .headers = head->headers,
                                   .count = MIN(head->count, LIMIT_HEADERS) };
    c->request  = (Request){ .arena = &c->arena, .cancel = &c->cancel, .inside = &c->inside };
    c->response = (Response){ .status = 200, .content_type = "application/json" };
    buffer_init(&c->response.buffer, LIMIT_RESPONSE_BODY);
    c->response.buffer.budget = &budget_work;
    choose_id(c);
    c->request.id = text_of(c->id);
    c->counted    = true;
    atomic_fetch_add_explicit(&c->server->in_flight, 1, memory_order_relaxed);
}

static bool refuse_error(Connection *c, int status, const Error *err)
{
    response_message(&c->response, status, "%s", err->text);
    return false;
}

/* ---- who asks, and for what ----------------------------------------------------- */

static Method method_of(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ? METHOD_GET
         : strcmp(method, "POST") == 0   ? METHOD_POST
         : strcmp(method, "PUT") == 0    ? METHOD_PUT
         : strcmp(method, "DELETE") == 0 ? METHOD_DELETE : 0;
}

static const char *allow_list(Arena *arena, unsigned methods)
{
    return arena_printf(arena, "%s%s%s%sOPTIONS", methods & METHOD_GET ? "GET, HEAD, " : "",
                        methods & METHOD_POST ? "POST, " : "", methods & METHOD_PUT ? "PUT, " : "",
                        methods & METHOD_DELETE ? "DELETE, " : "");
}

/* A browser asks whether a page may send what it wants to. */
static bool answer_preflight(Connection *c, Asker asker)
{
    Text wanted = request_header(&c->request, "Access-Control-Request-Headers");

    if (request_header(&c->request, "Access-Control-Request-Private-Network").at) {
        response_message(&c->response, 400, "pages of the internet may not ask this server");
    } else if (asker == ASKER_FOREIGN) {
        response_message(&c->response, 403, "this page may not use the server; list its origin in "
                                            "ALLOW_ORIGINS to allow it");
    } else {
        c->response.status       = 204;
        c->response.content_type = NULL;
        response_header(&c->response, "Access-Control-Allow-Methods",
                        "GET, HEAD, POST, PUT, DELETE, OPTIONS");
        response_header(&c->response, "Access-Control-Max-Age", "600");
        if (wanted.at) {
            response_header(&c->response, "Access-Control-Allow-Headers",
                            arena_text(&c->arena, wanted).at);
        }
    }
    return false;
}

static bool check_asker(Connection *c, bool changes)
{
    Text  host   = request_header(&c->request, "Host");
    Text  origin = request_header(&c->request, "Origin");
    Asker asker  = origin_judge(c->server, origin, host);

    if (!host_allowed(c->server, host)) {
        response_message(&c->response, 403, "this server listens on this machine only and does not "
                         "answer for the host '%.*s'; list its origin in ALLOW_ORIGINS to allow "
                         "it", (int)MIN(host.length, 100), host.at);
        return false;
    }
    if (asker == ASKER_KNOWN || asker == ASKER_ANYONE) {
        c->origin      = arena_text(&c->arena, origin).at;
        c->credentials = asker == ASKER_KNOWN;
    }
    if (strcmp(c->method, "OPTIONS") == 0 &&
        request_header(&c->request, "Access-Control-Request-Method").at) {
        return answer_preflight(c, asker);
    }
    if (changes && asker == ASKER_FOREIGN) {
        response_message(&c->response, 403, "pages of '%.*s' may not use this server; list that "
                         "origin in ALLOW_ORIGINS to allow it", (int)MIN(origin.length, 100),
                         origin.at);
        return false;
    }
    return true;
}

static bool find_route(Connection *c)
{
    Match match = router_find(c->request.method, c->request.path);

    if (!match.route && match.methods == 0) {
        response_message(&c->response, 404, "there is nothing at %.*s; GET /docs lists what there "
                         "is", (int)MIN(c->request.path.length, 200), c->request.path.at);
        return false;
    }
    if (!match.route) {
        bool options = strcmp(c->method, "OPTIONS") == 0;

        response_message(&c->response, options ? 200 : 405, options ? "see the header Allow"
                         : "%.20s is not a method of %.*s", c->method,
                         (int)MIN(c->request.path.length, 200), c->request.path.at);
        response_header(&c->response, "Allow", allow_list(&c->arena, match.methods));
        return false;
    }
    c->route       = match.route;
    c->route_index = match.index;
    memcpy(c->request.params, match.params, sizeof(match.params));
    return true;
}

/* ---- the body ------------------------------------------------------------------- */

static bool refuse_busy(Connection *c)
{
    Error err;

    fail(&err, ERR_BUSY, "the server is reading as many large requests as it has memory for");
    response_error(&c->response, &err);
    return false;
}

static bool prepare_body(Connection *c, Text length)
{
    size_t limit = MAX(c->route->body_limit, (size_t)STRAY_BODY);
    size_t size  = length.length > 15 ? SIZE_MAX : (size_t)strtoull(length.at ? length.at : "0",
                                                                    NULL, 10);

    limit = MIN(limit, budget_limit(&budget_bodies));
    c->body.limit = limit;
    if (size > limit) {
        response_message(&c->response, 413, "the body of the request is over %zu bytes", limit);
        return false;
    }
    return size == 0 || buffer_room(&c->body, size) || refuse_busy(c);
}

/* True when the request may go on to its handler. */
static bool judge(Connection *c, const Head *head)
{
    Error  err    = { 0 };
    Method method = method_of(head->method);

    if (!strict_check(head, &err)) {
        c->close = true;
        return refuse_error(c, err.kind == ERR_TOO_LARGE ? 431 : 400, &err);
    }
    if (!target_split(&c->arena, c->target, &c->request.path, &c->inside.query, &err)) {
        return refuse_error(c, err.kind == ERR_TOO_LARGE ? 414 : 400, &err);
    }
    c->request.method       = method;
    c->request.content_type = request_header(&c->request, "Content-Type");
    if (!c->request.content_type.at) {
        c->request.content_type = TEXT("");
    }
    return check_asker(c, method != METHOD_GET) && find_route(c) &&
           prepare_body(c, request_header(&c->request, "Content-Length"));
}

/* Whether bytes of a body follow the head. */
static bool has_body(const Connection *c)
{
    Text length = request_header(&c->request, "Content-Length");

    return request_header(&c->request, "Transfer-Encoding").at ||
           (length.at && !text_is(length, "0"));
}

Step exchange_begin(Connection *c, const Head *head)
{
    int     expected = PHASE_IDLE;
    int64_t now      = clock_now();

    atomic_store_explicit(&c->received, 0, memory_order_relaxed);
    atomic_store_explicit(&c->since, now, memory_order_relaxed);
    if (!atomic_compare_exchange_strong(&c->phase, &expected, PHASE_BODY)) {
        return STEP_GIVE_UP;
    }
    start(c, head, now);
    if (judge(c, head)) {
        return STEP_READ;
    }
    c->unread = has_body(c);
    connection_enter(c, PHASE_SENDING, now);
    return STEP_ANSWER;
}

/* Refuse what has been read in part, on the socket itself. */
static bool cut_short(Connection *c, int status, const char *message)
{
    int expected = PHASE_BODY;

    if (atomic_compare_exchange_strong(&c->phase, &expected, PHASE_EXPIRED)) {
        raw_answer(c->socket, status, message);
        c->response.status = status;
    }
    c->unread = true;
    return false;
}

bool exchange_body(Connection *c, const char *bytes, size_t length)
{
    size_t total = c->body.length + length;

    atomic_fetch_add_explicit(&c->received, (int64_t)length, memory_order_relaxed);
    if (++c->pieces > LIMIT_BODY_CHUNKS) {
        return cut_short(c, 413, "the body of the request comes in too many pieces");
    }
    if (total > c->body.limit) {
        return cut_short(c, 413, "the body of the request is too large");
    }
    buffer_append(&c->body, bytes, length);
    return !c->body.failed ||
           cut_short(c, 503, "the server is reading as many large requests as it can");
}

/* ---- running -------------------------------------------------------------------- */

/* What the handler could not notice itself. */
static void check_answer(Connection *c)
{
    if (arena_failed(&c->arena)) {
        response_message(&c->response, 507, "the request needs more memory than it may have");
    } else if (c->response.kind == BODY_BUFFER && c->response.buffer.failed) {
        response_message(&c->response, 507, "the answer is over %zu MB",
                         (size_t)LIMIT_RESPONSE_BODY >> 20);
    }
}

bool exchange_run(Connection *c)
{
    int expected = PHASE_BODY;

    cancel_init(&c->cancel, LIMIT_REQUEST_SECONDS);
    if (atomic_load_explicit(&c->server->stopping, memory_order_relaxed)) {
        cancel_stop(&c->cancel);
    }
    if (!atomic_compare_exchange_strong(&c->phase, &expected, PHASE_RUNNING)) {
        return false;
    }
    c->request.body = c->body.data ? (Text){ c->body.data, c->body.length } : TEXT("");
    c->route->handler(c->server->app, &c->request, &c->response);
    check_answer(c);
    if (c->response.kind != BODY_STREAM) {
        connection_enter(c, PHASE_SENDING, clock_now());
    }
    return true;
}

/* ---- ending --------------------------------------------------------------------- */

/* A request that ended in its body was left by the client, or by the watchdog. */
static void account(Connection *c, int64_t now)
{
    int64_t taken = now - c->started;
    int     phase = atomic_load_explicit(&c->phase, memory_order_relaxed);

    if (phase == PHASE_BODY) {
        c->response.status = 499;
    } else if (phase == PHASE_EXPIRED && c->response.status == 200) {
        c->response.status = 408;
    }
    metrics_request(c->route_index, c->method, c->response.status, taken);
    log_line(c->server->request_level, "server", "%s %.*s %d %.1f ms %s", c->method,
             SHOW(c->request.path), c->response.status, (double)taken / 1e6, c->id);
    atomic_fetch_sub_explicit(&c->server->in_flight, 1, memory_order_relaxed);
}

void exchange_end(Connection *c)
{
    int64_t now = clock_now();

    if (!c->counted) {
        return;
    }
    account(c, now);
    c->counted = false;
    if (c->response.kind == BODY_STREAM && c->response.close) {
        c->response.close(c->response.context);
    }
    buffer_fini(&c->response.buffer);
    if (c->body.capacity > KEPT_BYTES) {
        buffer_fini(&c->body);
    } else {
        buffer_clear(&c->body);
    }
    if (c->arena.used > KEPT_BYTES) {
        arena_fini(&c->arena);
    } else {
        arena_reset(&c->arena);
    }
    atomic_store_explicit(&c->served, true, memory_order_relaxed);
    connection_enter(c, PHASE_IDLE, now);
}
