/*
 * http - requests in, responses out; libmicrohttpd stays behind this header.
 *
 * A handler is straight-line code on a thread of its own: it reads the request,
 * works, and fills the response.  Requests arrive whole (the body is read up to
 * the route's limit, refused before reading when Content-Length is over it).
 * One watchdog thread enforces header deadlines and minimum body rates, and
 * turns a client's hang-up into a stop of the request's Cancel.
 *
 * Routes are declared like blocks: a file ends in a `const Route[]`, one line in
 * routes.c lists it.
 */
#ifndef OCELLUS_SERVER_HTTP_H
#define OCELLUS_SERVER_HTTP_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/cancel.h"
#include "base/error.h"

typedef struct App App;          /* server/app.h */

typedef enum Method { METHOD_GET = 1, METHOD_POST = 2, METHOD_DELETE = 4, METHOD_PUT = 8 } Method;

typedef struct Request {
    Method      method;
    Text        path;            /* decoded, one leading slash, "//" collapsed */
    Text        body;
    Text        content_type;    /* empty if none */
    Text        id;              /* X-Request-ID: the client's UUID or a new one */
    Text        params[6];       /* what the route's {…} matched */
    Arena      *arena;           /* dies with the request */
    Cancel     *cancel;          /* deadline and hang-up */
    struct RequestInside *inside;
} Request;

/* A query parameter or header by name (headers case-insensitive); {NULL, 0} if
 * absent.  "?flag" gives an empty, non-NULL text. */
Text request_query(const Request *request, const char *name);
Text request_header(const Request *request, const char *name);

/* How a stream is read: fill up to `size` bytes, return how many, 0 = wait
 * (call again later), -1 = end.  Called on the connection's thread. */
typedef int64_t (*StreamRead)(void *context, char *out, size_t size);

typedef enum ResponseBody { BODY_BUFFER, BODY_STATIC, BODY_FILE, BODY_STREAM } ResponseBody;

typedef struct Response {
    int          status;             /* 200 at first */
    const char  *content_type;       /* "application/json" at first */
    ResponseBody kind;
    Buffer       buffer;             /* BODY_BUFFER: taken over by the server */
    Text         fixed;              /* BODY_STATIC: lives for ever */
    const char  *file;               /* BODY_FILE: path in the request's arena */
    StreamRead   read;               /* BODY_STREAM */
    void       (*close)(void *context);
    void        *context;
    struct { const char *name, *value; } headers[12];   /* texts in the arena or static */
    int          header_count;
} Response;

void response_header(Response *response, const char *name, const char *value);

/* Throw away what was written and answer {"message": text} with the status of
 * the error; BUSY gets a Retry-After. */
void response_error(Response *response, const Error *err);
void response_message(Response *response, int status, const char *format, ...) PRINTF_LIKE(3);

typedef void (*Handler)(App *app, Request *request, Response *response);

typedef struct Route {
    unsigned    methods;             /* METHOD_GET | METHOD_POST ... */
    const char *pattern;             /* "/model/add", "/{workspace}/workflows/{id}" */
    Handler     handler;
    size_t      body_limit;          /* 0 = no body */
    const char *summary;             /* for the API page; one sentence */
} Route;

/* All routes, in the order they are tried: fixed paths before patterns. */
extern const Route *const route_tables[];

typedef struct Server Server;

typedef struct ServerConfig {
    const char *host;                /* "127.0.0.1" */
    int         port;                /* 0 = any free one */
    App        *app;
} ServerConfig;

/* Start to listen; ERR_CONFLICT with the port when it is in use. */
Server *server_open(const ServerConfig *config, Error *err) MUST_USE;
int     server_port(const Server *server);

/* Stop accepting, let running requests finish for at most `seconds`, stop. */
void server_close(Server *server, double seconds);

#endif
