/*
 * budget - one ceiling over all pixel memory of the process.
 *
 * One counter under one lock: pictures are taken and given back a few times
 * per request, so there is nothing to win from anything cleverer.  Waiting is
 * done in short slices, because a Cancel's flag wakes nobody.
 *
 * The default ceiling leaves three quarters of the memory to models, arenas
 * and the rest, and knows that a container may have less than the machine.
 */
#include "image/budget.h"

#include <pthread.h>
#include <unistd.h>

static const double  PATIENCE_SECONDS = 10;
static const int64_t SLICE            = 50 * 1000 * 1000;   /* nanoseconds */
static const int64_t SECOND           = 1000 * 1000 * 1000;

static struct {
    pthread_mutex_t lock;
    pthread_once_t  once;
    pthread_cond_t  given;    /* on the monotonic clock, so not initialised here */
    size_t          used;
    size_t          limit;    /* 0: not known yet */
} budget = { .lock = PTHREAD_MUTEX_INITIALIZER, .once = PTHREAD_ONCE_INIT };

static void open_condition(void)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&budget.given, &attributes);
    pthread_condattr_destroy(&attributes);
}

/* ---- the default ----------------------------------------------------------- */

/* The number in a one-line file; SIZE_MAX for "max" or no such file. */
static size_t read_limit(const char *path)
{
    size_t limit = SIZE_MAX;
    FILE  *file  = fopen(path, "re");

    if (!file)
        return SIZE_MAX;

    unsigned long long number;
    if (fscanf(file, "%llu", &number) == 1 && number < SIZE_MAX)
        limit = (size_t)number;
    fclose(file);
    return limit;
}

/* The smallest memory.max from this process's cgroup (version 2) up to the
 * root: any of them stops us. */
static size_t cgroup_limit(void)
{
    char   group[512] = "", path[600];
    size_t limit = SIZE_MAX;
    FILE  *file  = fopen("/proc/self/cgroup", "re");

    if (!file)
        return SIZE_MAX;
    while (fgets(path, sizeof path, file)) {
        if (sscanf(path, "0::%511[^\n]", group) == 1)
            break;
    }
    fclose(file);

    for (char *end = group + strlen(group); end; end = strrchr(group, '/')) {
        *end = '\0';
        snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.max", group);
        limit = MIN(limit, read_limit(path));
    }
    return limit;
}

static size_t default_limit(void)
{
    long   pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    size_t memory = GIB(1);           /* when the system does not say */

    if (pages > 0 && page > 0)
        memory = (size_t)pages * (size_t)page;
    return MAX(MIN(memory, cgroup_limit()) / 4, 1);
}

/* ---- taking and giving ----------------------------------------------------- */

/* The ceiling; the lock is held. */
static size_t limit_now(void)
{
    if (budget.limit == 0)
        budget.limit = default_limit();
    return budget.limit;
}

static bool fits(size_t bytes)
{
    size_t limit = limit_now();

    return budget.used <= limit && bytes <= limit - budget.used;
}

void budget_set(size_t bytes)
{
    pthread_once(&budget.once, open_condition);
    pthread_mutex_lock(&budget.lock);
    budget.limit = bytes;
    pthread_cond_broadcast(&budget.given);
    pthread_mutex_unlock(&budget.lock);
}

/* Sleep until something is given back, a slice has passed or `end` comes. */
static void wait_slice(int64_t end)
{
    int64_t         until = MIN(clock_now() + SLICE, end);
    struct timespec time  = { .tv_sec = until / SECOND, .tv_nsec = until % SECOND };

    pthread_cond_timedwait(&budget.given, &budget.lock, &time);
}

/* Take when it fits; the lock is held. */
static bool take(size_t bytes, double patience, const Cancel *cancel, Error *err)
{
    int64_t end = clock_now() + (int64_t)(patience * (double)SECOND);

    for (;;) {
        if (bytes > limit_now())
            return fail(err, ERR_TOO_LARGE,
                        "a picture needs %zu MB; all pictures together may take %zu MB",
                        bytes >> 20, limit_now() >> 20);
        if (fits(bytes)) {
            budget.used += bytes;
            return true;
        }
        if (!cancel_check(cancel, err))
            return false;
        if (clock_now() >= end)
            return fail(err, ERR_BUSY, "the memory for pictures is taken; try again later");
        wait_slice(end);
    }
}

bool budget_take_within(size_t bytes, double patience, const Cancel *cancel, Error *err)
{
    pthread_once(&budget.once, open_condition);
    pthread_mutex_lock(&budget.lock);
    bool taken = take(bytes, patience, cancel, err);
    pthread_mutex_unlock(&budget.lock);
    return taken;
}

bool budget_take(size_t bytes, const Cancel *cancel, Error *err)
{
    return budget_take_within(bytes, PATIENCE_SECONDS, cancel, err);
}

void budget_give(size_t bytes)
{
    pthread_once(&budget.once, open_condition);
    pthread_mutex_lock(&budget.lock);
    assert(bytes <= budget.used);
    budget.used -= bytes;
    pthread_cond_broadcast(&budget.given);
    pthread_mutex_unlock(&budget.lock);
}

size_t budget_used(void)
{
    pthread_mutex_lock(&budget.lock);
    size_t used = budget.used;
    pthread_mutex_unlock(&budget.lock);
    return used;
}

size_t budget_limit(void)
{
    pthread_mutex_lock(&budget.lock);
    size_t limit = limit_now();
    pthread_mutex_unlock(&budget.lock);
    return limit;
}
