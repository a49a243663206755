/*
 * inside - what the files that make the HTTP server share.
 *
 * A Connection lives as long as its socket and is used by the thread that MHD
 * gave it; what lies in it is made ready again for each request instead of
 * being allocated anew.  The watchdog looks at its phase from outside.
 *
 *     http.c      libmicrohttpd's callbacks           exchange.c  one request, step by step
 *     strict.c    is the head free of tricks          target.c    path and query
 *     origin.c    which hosts and pages may ask       router.c    which route
 *     watchdog.c  deadlines and hang-ups              listen.c    the socket
 */
#ifndef OCELLUS_SERVER_INSIDE_H
#define OCELLUS_SERVER_INSIDE_H

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/log.h"
#include "base/text.h"
#include "server/app.h"
#include "server/http.h"

typedef enum Phase {
    PHASE_IDLE,         /* between requests, or in the middle of a head */
    PHASE_BODY,         /* reading a body */
    PHASE_RUNNING,      /* a handler works, or a stream is being written */
    PHASE_SENDING,      /* the answer goes out */
    PHASE_EXPIRED,      /* the watchdog has answered and closed */
} Phase;

typedef struct Header {
    Text name, value;
} Header;

/* The head of a request, as it came. */
typedef struct Head {
    const char   *method;
    bool          old;              /* HTTP/1.0 */
    const Header *headers;
    int           count;
    size_t        bytes;
} Head;

typedef struct RequestInside {
    Server       *server;
    const Header *headers;
    int           count;
    Text          query;            /* not decoded */
} RequestInside;

typedef struct Connection {
    struct Connection *next, *before;    /* under the watchdog's lock */
    Server            *server;
    int                socket;

    /* Written by the connection's thread and looked at by the watchdog. */
    atomic_int         phase;
    _Atomic int64_t    since;            /* when the phase began */
    _Atomic int64_t    received;         /* bytes of the body so far */
    atomic_bool        served;           /* a request has been answered before */
    Cancel             cancel;

    /* The watchdog's own notes on an answer that takes long. */
    int64_t            noted_since, noted_at;
    uint64_t           noted_bytes;

    /* The request. */
    Arena              arena;
    Buffer             body;
    int                pieces;           /* that the body has come in */
    Text               target;           /* of the request line, as it came */
    bool               fresh;            /* its head has not been looked at yet */
    bool               old;              /* HTTP/1.0 */
    bool               unread;           /* answered without reading its body */
    bool               close;            /* the connection ends with this answer */
    bool               counted;          /* among those in flight */
    int64_t            started;
    const char        *method;
    const Route       *route;            /* NULL: none */
    int                route_index;
    const char        *origin;           /* that may read the answer; NULL: none */
    bool               credentials;
    char               id[UUID_SIZE];
    uint8_t            random[256];      /* for the next ids; drawing costs a system call */
    int                random_left;
    Request            request;
    RequestInside      inside;
    Response           response;
} Connection;

/* ---- the server ----------------------------------------------------------------- */

/* Pages of other sites that may ask: ALLOW_ORIGINS. */
typedef struct Origins {
    bool        any;
    const Text *list;
    int         count;
} Origins;

typedef struct Watchdog {
    pthread_t       thread;
    pthread_mutex_t lock;
    pthread_cond_t  wake;
    Connection     *first;
    bool            stop, running;

    /* Its scratch: the connections whose handlers run. */
    struct pollfd   sockets[LIMIT_CONNECTIONS];
    Connection     *handled[LIMIT_CONNECTIONS];
} Watchdog;

struct Server {
    void         *daemon;
    App          *app;
    int           listener, port;
    bool          loopback;         /* only this machine can reach it */
    LogLevel      request_level;    /* of the line about each request */
    Origins       origins;
    Arena         arena;
    Watchdog      watchdog;
    atomic_bool   draining;         /* connections end with their answer */
    atomic_bool   stopping;         /* handlers too */
    atomic_int    in_flight;
};

/* A listening socket; *port and *loopback say what it came to. */
int listen_open(const char *host, int *port, bool *loopback, Error *err) MUST_USE;

/* ---- one request ---------------------------------------------------------------- */

typedef enum Step { STEP_READ, STEP_ANSWER, STEP_GIVE_UP } Step;

/* The request line is there. */
void exchange_target(Connection *c, Text target);

/* The head is there: read the body, answer at once, or close. */
Step exchange_begin(Connection *c, const Head *head);

/* A piece of the body; false: refused, and answered on the socket. */
bool exchange_body(Connection *c, const char *bytes, size_t length);

/* All is there: let the handler fill c->response.  False: give up. */
bool exchange_run(Connection *c);

/* The answer has gone out, or could not. */
void exchange_end(Connection *c);

/* Write a short answer on the socket itself, where the library takes none any
 * more.  Nothing may have been sent for this request yet. */
void raw_answer(int socket, int status, const char *message);

/* ---- parts ---------------------------------------------------------------------- */

/* Fill err with what makes this head ambiguous, or with ERR_TOO_LARGE. */
bool strict_check(const Head *head, Error *err) MUST_USE;

/* The value of a header by its name in any case; {NULL, 0} if absent. */
Text header_find(const Header *headers, int count, const char *name);
bool text_equal_caseless(Text a, const char *b);

/* Split and decode "/a%20b?x=1"; the path gets one leading slash, no doubled and
 * no last one. */
bool target_split(Arena *arena, Text target, Text *path, Text *query, Error *err) MUST_USE;

/* Decode %XX (and '+' when `form`); false if malformed or with a NUL in it. */
bool percent_decode(Arena *arena, Text text, bool form, Text *out) MUST_USE;

typedef struct Match {
    const Route *route;         /* NULL: no route, or none for this method */
    int          index;
    unsigned     methods;       /* of the routes with this path */
    Text         params[6];
} Match;

Match        router_find(unsigned method, Text path);
const Route *router_route(int index);       /* NULL beyond the last */

void origins_open(Origins *origins, Arena *arena, const char *list);

/* Whether a server that listens on the loopback address answers for this Host. */
bool host_allowed(const Server *server, Text host);

typedef enum Asker {
    ASKER_NO_PAGE,      /* no browser, or its own page without saying so */
    ASKER_KNOWN,        /* our own page, one of this machine, or a listed one */
    ASKER_ANYONE,       /* allowed because everyone is */
    ASKER_FOREIGN,
} Asker;

Asker origin_judge(const Server *server, Text origin, Text host);

/* ---- the watchdog --------------------------------------------------------------- */

bool watchdog_open(Server *server, Error *err) MUST_USE;
void watchdog_close(Server *server);
void watchdog_add(Connection *c);
void watchdog_remove(Connection *c);

/* Stop whatever is still running. */
void watchdog_stop_all(Server *server);

static inline void connection_enter(Connection *c, Phase phase, int64_t now)
{
    atomic_store_explicit(&c->since, now, memory_order_relaxed);
    atomic_store_explicit(&c->phase, (int)phase, memory_order_release);
}

#endif
