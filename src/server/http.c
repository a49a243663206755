/*
 * http - libmicrohttpd, and nothing else.
 *
 * One thread per connection, as its manual advises for handlers that block: a
 * slow inference holds up its own connection and no other.  What happens in a
 * request is exchange.c's; here its callbacks are answered and a Response becomes
 * bytes.  Threads have 512 KB of stack: 64 KB of it are the arenas' scratch, and a
 * workflow that decodes, infers (MobileNetV2) and draws touched 36 KB more.
 */
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "server/inside.h"
#include "server/metrics.h"

enum {
    CONNECTION_MEMORY   = 64 << 10,    /* the largest head; zeroed for every request */
    STACK               = 512 << 10,
    STREAM_PIECE        = 32 << 10,
    STREAM_PAUSE        = 10000,       /* microseconds between two looks */
    LINGER_MILLISECONDS = 2000,
    LINGER_BYTES        = 16 << 20,
    FILES               = 2 * LIMIT_CONNECTIONS,
};

#define PAGE_POLICY \
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; " \
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

/* ---- answering ------------------------------------------------------------------ */

/* Streams are read until they give something, end, or nobody waits any more.  They
 * may be longer than other requests, and the end of the server ends them. */
static ssize_t read_stream(void *context, uint64_t position, char *out, size_t size)
{
    Connection *c = context;
    Error       gone;

    (void)position;
    c->cancel.deadline = 0;
    for (;;) {
        int64_t got = c->response.read(c->response.context, out, size);

        if (got > 0) {
            return (ssize_t)got;
        }
        if (got < 0 || atomic_load_explicit(&c->server->draining, memory_order_relaxed)) {
            return MHD_CONTENT_READER_END_OF_STREAM;
        }
        if (!cancel_check(&c->cancel, &gone)) {
            return MHD_CONTENT_READER_END_WITH_ERROR;
        }
        usleep(STREAM_PAUSE);
    }
}

static struct MHD_Response *file_response(Connection *c)
{
    struct stat status;
    int         file = open(c->response.file, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    if (file < 0 || fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
        log_line(LOG_ERROR, "server", "cannot open %s to send it", c->response.file);
        if (file >= 0) {
            close(file);
        }
        return NULL;
    }
    return MHD_create_response_from_fd64((uint64_t)status.st_size, file);
}

static struct MHD_Response *body_response(Connection *c)
{
    Response *r = &c->response;
    size_t    length;
    char     *data;

    switch (r->kind) {
    case BODY_STATIC:
        return MHD_create_response_from_buffer(r->fixed.length, (void *)(uintptr_t)r->fixed.at,
                                               MHD_RESPMEM_PERSISTENT);
    case BODY_FILE:
        return file_response(c);
    case BODY_STREAM:
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_PIECE, read_stream, c,
                                                 NULL);
    default:
        data = buffer_take(&r->buffer, &length);
        return data ? MHD_create_response_from_buffer(length, data, MHD_RESPMEM_MUST_FREE) : NULL;
    }
}

static void add_headers(const Connection *c, struct MHD_Response *response)
{
    const Response *r = &c->response;

    if (r->content_type) {
        MHD_add_response_header(response, "Content-Type", r->content_type);
        if (strncmp(r->content_type, "text/html", 9) == 0) {
            MHD_add_response_header(response, "Content-Security-Policy", PAGE_POLICY);
        }
    }
    MHD_add_response_header(response, "X-Request-ID", c->id);
    MHD_add_response_header(response, "x-inference-engine", "inference-models");
    MHD_add_response_header(response, "vary", "Origin");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (c->origin) {
        MHD_add_response_header(response, "Access-Control-Allow-Origin", c->origin);
        MHD_add_response_header(response, "Access-Control-Expose-Headers",
                                "X-Request-ID, x-inference-engine, x-model-id, ETag");
        if (c->credentials) {
            MHD_add_response_header(response, "Access-Control-Allow-Credentials", "true");
        }
    }
    for (int i = 0; i < r->header_count; i++) {
        MHD_add_response_header(response, r->headers[i].name, r->headers[i].value);
    }
    if (c->close || c->unread || atomic_load_explicit(&c->server->draining, memory_order_relaxed)) {
        MHD_add_response_header(response, "Connection", "close");
    }
}

static enum MHD_Result answer(Connection *c, struct MHD_Connection *mhd)
{
    struct MHD_Response *response = body_response(c);
    enum MHD_Result      result;

    if (!response) {
        response_message(&c->response, 500, "the answer cannot be sent");
        response = body_response(c);
    }
    if (!response) {
        return MHD_NO;
    }
    add_headers(c, response);
    result = MHD_queue_response(mhd, (unsigned)c->response.status, response);
    MHD_destroy_response(response);
    return result;
}

/* ---- callbacks ------------------------------------------------------------------ */

typedef struct Collect {
    Header *headers;
    int     count;
    size_t  bytes;
} Collect;

static enum MHD_Result collect(void *context, enum MHD_ValueKind kind, const char *name,
                               size_t name_length, const char *value, size_t value_length)
{
    Collect *all = context;

    (void)kind;
    all->bytes += name_length + value_length + 4;
    if (all->count < LIMIT_HEADERS) {
        all->headers[all->count] = (Header){ { name, name_length },
                                             { value ? value : "", value_length } };
    }
    all->count++;
    return MHD_YES;
}

static Step begin(Connection *c, struct MHD_Connection *mhd, const char *method,
                  const char *version)
{
    Collect all = { .headers = arena_array(&c->arena, Header, LIMIT_HEADERS) };
    Head    head;

    if (!all.headers) {
        return STEP_GIVE_UP;
    }
    MHD_get_connection_values_n(mhd, MHD_HEADER_KIND, collect, &all);
    head = (Head){ .method = method, .old = strcmp(version, "HTTP/1.1") != 0,
                   .headers = all.headers, .count = all.count, .bytes = all.bytes };
    return exchange_begin(c, &head);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *mhd, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **slot)
{
    Connection *c = *slot;

    (void)context;
    (void)url;
    if (!c) {
        return MHD_NO;
    }
    if (c->fresh) {
        c->fresh = false;
        switch (begin(c, mhd, method, version)) {
        case STEP_READ:   return MHD_YES;
        case STEP_ANSWER: return answer(c, mhd);
        default:          return MHD_NO;
        }
    }
    if (*size > 0) {
        size_t length = *size;

        *size = 0;
        return exchange_body(c, data, length) ? MHD_YES : MHD_NO;
    }
    return exchange_run(c) ? answer(c, mhd) : MHD_NO;
}

static void *on_target(void *context, const char *target, struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    Connection *c = info ? info->socket_context : NULL;

    (void)context;
    if (c) {
        exchange_target(c, text_of(target));
    }
    return c;
}

/* Closing a socket that still has bytes to read would throw the answer away on
 * its way to the client: read them, for a while. */
static void linger(int socket)
{
    char          bytes[8192];
    int64_t       until = clock_now() + LINGER_MILLISECONDS * 1000000LL;
    size_t        total = 0;
    struct pollfd look  = { .fd = socket, .events = POLLIN };

    shutdown(socket, SHUT_WR);
    while (total < LINGER_BYTES && clock_now() < until) {
        ssize_t got;

        if (poll(&look, 1, LINGER_MILLISECONDS) <= 0) {
            return;
        }
        got = recv(socket, bytes, sizeof(bytes), MSG_DONTWAIT);
        if (got <= 0) {
            return;
        }
        total += (size_t)got;
    }
}

static void on_completed(void *context, struct MHD_Connection *mhd, void **slot,
                         enum MHD_RequestTerminationCode how)
{
    Connection *c = *slot;

    (void)context;
    (void)mhd;
    (void)how;
    if (c) {
        if (c->counted && c->unread) {
            linger(c->socket);
        }
        exchange_end(c);
    }
    *slot = NULL;
}

static Connection *connection_open(Server *server, int socket)
{
    Connection *c  = calloc(1, sizeof(*c));
    int         on = 1;

    if (!c) {
        return NULL;
    }
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    c->server = server;
    c->socket = socket;
    arena_init(&c->arena, LIMIT_RUN_MEMORY);
    buffer_init(&c->body, LIMIT_REQUEST_BODY);
    c->body.budget = &budget_bodies;
    cancel_init(&c->cancel, 0);
    connection_enter(c, PHASE_IDLE, clock_now());
    watchdog_add(c);
    return c;
}

static void connection_close(Connection *c)
{
    watchdog_remove(c);
    exchange_end(c);
    buffer_fini(&c->body);
    arena_fini(&c->arena);
    free(c);
}

static void on_connection(void *context, struct MHD_Connection *mhd, void **slot,
                          enum MHD_ConnectionNotificationCode what)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);

    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        *slot = info ? connection_open(context, info->connect_fd) : NULL;
    } else if (*slot) {
        connection_close(*slot);
        *slot = NULL;
    }
}

static void on_log(void *context, const char *format, va_list args)
{
    char text[300];

    (void)context;
    vsnprintf(text, sizeof(text), format, args);
    text[strcspn(text, "\n")] = '\0';
    log_line(LOG_DEBUG, "http", "%s", text);
}

/* ---- the server ----------------------------------------------------------------- */

#if MHD_VERSION >= 0x00097601
#define STRICTNESS MHD_OPTION_CLIENT_DISCIPLINE_LVL
#else
#define STRICTNESS MHD_OPTION_STRICT_FOR_CLIENT
#endif

static struct MHD_Daemon *start_daemon(Server *server)
{
    unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
                     MHD_USE_POLL | MHD_USE_ITC | MHD_USE_ERROR_LOG;

    return MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, server,
        MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
        MHD_OPTION_LISTEN_SOCKET, server->listener,
        STRICTNESS, 1,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)LIMIT_CONNECTIONS,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)LIMIT_IDLE_SECONDS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
        MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK,
        MHD_OPTION_URI_LOG_CALLBACK, on_target, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
        MHD_OPTION_END);
}

/* Room for every connection, where the system allows it: shells often start
 * programs with 1024 files, and some are needed for other things. */
static void raise_file_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < FILES) {
        limit.rlim_cur = MIN(limit.rlim_max, FILES);
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static bool open_parts(Server *server, const char *host, Error *err)
{
    raise_file_limit();
    server->listener = listen_open(host, &server->port, &server->loopback, err);
    if (server->listener < 0 || !watchdog_open(server, err)) {
        return false;
    }
    server->daemon = start_daemon(server);
    return server->daemon || fail(err, ERR_INTERNAL, "the HTTP server does not start");
}

Server *server_open(const ServerConfig *config, Error *err)
{
    Server *server = calloc(1, sizeof(*server));

    if (!server) {
        fail(err, ERR_MEMORY, "no memory for the server");
        return NULL;
    }
    arena_init(&server->arena, MIB(1));
    server->app           = config->app;
    server->port          = config->port;
    server->listener      = -1;
    server->request_level = getenv("STRUCTURED_API_LOGGING") ? LOG_INFO : LOG_DEBUG;
    origins_open(&server->origins, &server->arena, getenv("ALLOW_ORIGINS"));
    metrics_open();
    if (!open_parts(server, config->host, err)) {
        server_close(server, 0);
        return NULL;
    }
    return server;
}

int server_port(const Server *server)
{
    return server->port;
}

/* True once nothing runs any more. */
static bool drain(Server *server, double seconds)
{
    int64_t until = clock_now() + (int64_t)(seconds * 1e9);

    while (atomic_load(&server->in_flight) > 0) {
        if (clock_now() >= until) {
            return false;
        }
        usleep(5000);
    }
    return true;
}

void server_close(Server *server, double seconds)
{
    if (server->daemon) {
        atomic_store(&server->draining, true);
        MHD_quiesce_daemon(server->daemon);
        shutdown(server->listener, SHUT_RDWR);
        if (!drain(server, seconds)) {
            log_line(LOG_WARNING, "server", "stopping with %d requests unfinished",
                     atomic_load(&server->in_flight));
        }
        atomic_store(&server->stopping, true);
        watchdog_stop_all(server);
        MHD_stop_daemon(server->daemon);
    }
    if (server->listener >= 0) {
        close(server->listener);
    }
    if (server->watchdog.running) {
        watchdog_close(server);
    }
    arena_fini(&server->arena);
    free(server);
}
