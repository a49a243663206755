/*
 * watchdog - deadlines and hang-ups, seen from outside.
 *
 * A connection's own thread is blocked in the library or in a handler; one thread
 * looks at all of them twenty times a second.  A head that does not come to its
 * end in time and a body that trickles are answered 408 and closed; a client that
 * takes its answer by the drop is closed.  While a handler runs, a client that
 * hung up turns into a stop of the request's Cancel.
 *
 * The library notes inactivity by itself, after LIMIT_IDLE_SECONDS.  What is still
 * in PHASE_IDLE for longer than that has been sending pieces of a head.
 */
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "server/inside.h"

enum { TICK_MILLISECONDS = 50, STACK = 128 * 1024 };

static const int64_t SECOND = 1000000000;

void raw_answer(int socket, int status, const char *message)
{
    char text[600], body[300];
    int  length;

    snprintf(body, sizeof(body), "{\"message\":\"%s\"}", message);
    length = snprintf(text, sizeof(text),
                      "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
                      "Connection: close\r\n\r\n%s", status,
                      status == 408 ? "Request Timeout" : "Content Too Large", strlen(body), body);
    send(socket, text, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Answer and close from outside, unless its thread goes on this very moment. */
static void expire(Connection *c, Phase phase, const char *message)
{
    int expected = (int)phase;

    if (atomic_compare_exchange_strong(&c->phase, &expected, (int)PHASE_EXPIRED)) {
        raw_answer(c->socket, 408, message);
        shutdown(c->socket, SHUT_RDWR);
    }
}

static void check_head(Connection *c, int64_t age)
{
    int64_t most = LIMIT_HEADER_SECONDS + (c->served ? LIMIT_IDLE_SECONDS : 0);

    if (age > most * SECOND) {
        expire(c, PHASE_IDLE, "the head of the request did not come in time");
    }
}

static void check_body(Connection *c, int64_t age)
{
    int64_t received = atomic_load_explicit(&c->received, memory_order_relaxed);

    if (age > LIMIT_HEADER_SECONDS * SECOND &&
        received < age / SECOND * LIMIT_BODY_BYTE_RATE) {
        expire(c, PHASE_BODY, "the body of the request came too slowly");
    }
}

/* Bytes of the connection that the client's machine has confirmed. */
static uint64_t bytes_taken(const Connection *c)
{
    struct tcp_info info = { 0 };
    socklen_t       size = sizeof(info);

    return getsockopt(c->socket, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info.tcpi_bytes_acked
                                                                           : UINT64_MAX;
}

/* The library waits for ever for a client that takes a byte now and then: every
 * while, see that it has taken enough since the last look. */
static void check_answer(Connection *c, int64_t now, int64_t age)
{
    int64_t  since = now - age;
    uint64_t taken;

    if (age < LIMIT_HEADER_SECONDS * SECOND ||
        (c->noted_since == since && now - c->noted_at < LIMIT_HEADER_SECONDS * SECOND)) {
        return;
    }
    taken = bytes_taken(c);
    if (c->noted_since == since &&
        taken - c->noted_bytes < LIMIT_HEADER_SECONDS * LIMIT_BODY_BYTE_RATE) {
        shutdown(c->socket, SHUT_RDWR);
    }
    c->noted_since = since;
    c->noted_at    = now;
    c->noted_bytes = taken;
}

/* Ask the kernel about all running connections at once. */
static void check_running(Watchdog *dog, int count)
{
    if (count == 0 || poll(dog->sockets, (nfds_t)count, 0) <= 0) {
        return;
    }
    for (int i = 0; i < count; i++) {
        if (dog->sockets[i].revents & (POLLRDHUP | POLLHUP | POLLERR)) {
            cancel_stop(&dog->handled[i]->cancel);
        }
    }
}

static void check_all(Watchdog *dog)
{
    int64_t now   = clock_now();
    int     count = 0;

    for (Connection *c = dog->first; c; c = c->next) {
        int     phase = atomic_load_explicit(&c->phase, memory_order_acquire);
        int64_t age   = now - atomic_load_explicit(&c->since, memory_order_relaxed);

        if (phase == PHASE_IDLE) {
            check_head(c, age);
        } else if (phase == PHASE_BODY) {
            check_body(c, age);
        } else if (phase == PHASE_SENDING) {
            check_answer(c, now, age);
        } else if (phase == PHASE_RUNNING && count < LIMIT_CONNECTIONS) {
            dog->sockets[count]   = (struct pollfd){ .fd = c->socket, .events = POLLRDHUP };
            dog->handled[count++] = c;
        }
    }
    check_running(dog, count);
}

static void wait_a_tick(Watchdog *dog)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += TICK_MILLISECONDS * 1000000L;
    until.tv_sec  += until.tv_nsec / SECOND;
    until.tv_nsec %= SECOND;
    pthread_cond_timedwait(&dog->wake, &dog->lock, &until);
}

/* Sleeps for good while there is no connection. */
static void *watch(void *context)
{
    Watchdog *dog = context;

    pthread_mutex_lock(&dog->lock);
    while (!dog->stop) {
        if (dog->first) {
            check_all(dog);
            wait_a_tick(dog);
        } else {
            pthread_cond_wait(&dog->wake, &dog->lock);
        }
    }
    pthread_mutex_unlock(&dog->lock);
    return NULL;
}

bool watchdog_open(Server *server, Error *err)
{
    Watchdog          *dog = &server->watchdog;
    pthread_condattr_t monotonic;
    pthread_attr_t     small;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&dog->lock, NULL);
    pthread_cond_init(&dog->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, STACK);
    dog->running = pthread_create(&dog->thread, &small, watch, dog) == 0;
    pthread_attr_destroy(&small);
    return dog->running || fail(err, ERR_MEMORY, "cannot start the server's watchdog");
}

void watchdog_close(Server *server)
{
    Watchdog *dog = &server->watchdog;

    if (dog->running) {
        pthread_mutex_lock(&dog->lock);
        dog->stop = true;
        pthread_cond_signal(&dog->wake);
        pthread_mutex_unlock(&dog->lock);
        pthread_join(dog->thread, NULL);
    }
    pthread_cond_destroy(&dog->wake);
    pthread_mutex_destroy(&dog->lock);
}

void watchdog_add(Connection *c)
{
    Watchdog *dog = &c->server->watchdog;

    pthread_mutex_lock(&dog->lock);
    c->next = dog->first;
    if (c->next) {
        c->next->before = c;
    } else {
        pthread_cond_signal(&dog->wake);
    }
    dog->first = c;
    pthread_mutex_unlock(&dog->lock);
}

void watchdog_remove(Connection *c)
{
    Watchdog *dog = &c->server->watchdog;

    pthread_mutex_lock(&dog->lock);
    if (c->before) {
        c->before->next = c->next;
    } else {
        dog->first = c->next;
    }
    if (c->next) {
        c->next->before = c->before;
    }
    pthread_mutex_unlock(&dog->lock);
}

void watchdog_stop_all(Server *server)
{
    pthread_mutex_lock(&server->watchdog.lock);
    for (Connection *c = server->watchdog.first; c; c = c->next) {
        cancel_stop(&c->cancel);
    }
    pthread_mutex_unlock(&server->watchdog.lock);
}
