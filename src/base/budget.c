/*
 * budget - the ceiling over the memory of the process.
 *
 * A counter under a lock for each share: big things are taken and given back a
 * few times per request, so there is nothing to win from anything cleverer.
 * Waiting is done in short slices, because a Cancel's flag wakes nobody.
 */
#include "base/budget.h"

#include <malloc.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"

static const double  PATIENCE_SECONDS = 10;
static const double  MOMENT_SECONDS   = 2;
static const int64_t SLICE            = 50 * 1000 * 1000;   /* nanoseconds */
static const int64_t SECOND           = 1000 * 1000 * 1000;

/* What the program, ONNX Runtime, stacks and small pieces take. */
static const size_t PROGRAM_MOST = MIB(96);

#define BUDGET(name, sixteenths) \
    { .what = (name), .parts = (sixteenths), .lock = PTHREAD_MUTEX_INITIALIZER }

Budget budget_models   = BUDGET("models", 6);
Budget budget_pictures = BUDGET("pictures", 5);
Budget budget_work     = BUDGET("work", 3);
Budget budget_bodies   = BUDGET("bodies", 2);

static Budget *const budgets[] = { &budget_models, &budget_pictures, &budget_work,
                                   &budget_bodies };

static atomic_size_t memory;    /* 0: not known yet */

/* ---- what there is --------------------------------------------------------- */

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

/* The smallest limit from a group up to the root: any of them stops us.  In a
 * container only the root may be there. */
static size_t group_limit(char *group, const char *mount, const char *name)
{
    char   path[700];
    size_t limit = SIZE_MAX;

    for (char *end = group + strlen(group); end; end = strrchr(group, '/')) {
        *end = '\0';
        snprintf(path, sizeof path, "%s%s/%s", mount, group, name);
        limit = MIN(limit, read_limit(path));
    }
    return limit;
}

/* Of the process's groups: "0::/path" of version 2, "4:memory:/path" of 1. */
static size_t cgroup_limit(void)
{
    char   line[600], group[512];
    size_t limit = SIZE_MAX;
    FILE  *file  = fopen("/proc/self/cgroup", "re");

    if (!file)
        return SIZE_MAX;
    while (fgets(line, sizeof line, file)) {
        size_t found = SIZE_MAX;

        if (sscanf(line, "0::%511[^\n]", group) == 1)
            found = group_limit(group, "/sys/fs/cgroup", "memory.max");
        else if (sscanf(line, "%*d:memory:%511[^\n]", group) == 1)
            found = group_limit(group, "/sys/fs/cgroup/memory", "memory.limit_in_bytes");
        limit = MIN(limit, found);
    }
    fclose(file);
    return limit;
}

static size_t default_memory(void)
{
    long   pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    size_t bytes = GIB(1);           /* when the system does not say */

    if (pages > 0 && page > 0)
        bytes = (size_t)pages * (size_t)page;
    return MIN(bytes, cgroup_limit()) / 4 * 3;
}

size_t budget_memory(void)
{
    size_t bytes = atomic_load_explicit(&memory, memory_order_relaxed);

    if (bytes == 0) {
        bytes = default_memory();
        atomic_store_explicit(&memory, bytes, memory_order_relaxed);
    }
    return bytes;
}

static size_t share_of(const Budget *budget)
{
    size_t bytes  = budget_memory();
    size_t shared = bytes - MIN(bytes / 8 * 3, PROGRAM_MOST);

    return MAX(shared / 16 * (size_t)budget->parts, 1);
}

void budget_set_memory(size_t bytes)
{
    atomic_store_explicit(&memory, bytes, memory_order_relaxed);
    for (size_t i = 0; i < COUNT_OF(budgets); i++)
        budget_set(budgets[i], 0);
}

void budget_tame_malloc(void)
{
    size_t part = budget_memory() / 64;

    mallopt(M_ARENA_MAX, 2);
    mallopt(M_MMAP_THRESHOLD, (int)MIN(MAX(part, MIB(1)), MIB(32)));
    mallopt(M_TRIM_THRESHOLD, (int)MIN(MAX(part, MIB(1)), MIB(64)));
}

void budget_large_pages(const void *at, size_t size)
{
    uintptr_t large = MIB(2), first = ((uintptr_t)at + large - 1) / large * large;
    uintptr_t end   = ((uintptr_t)at + size) / large * large;

    if (size >= 2 * large && first < end)
        (void)madvise((void *)first, end - first, MADV_HUGEPAGE);    /* no harm in a no */
}

/* ---- taking and giving ----------------------------------------------------- */

static void open_conditions(void)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    for (size_t i = 0; i < COUNT_OF(budgets); i++)
        pthread_cond_init(&budgets[i]->given, &attributes);
    pthread_condattr_destroy(&attributes);
}

static void lock(Budget *budget)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, open_conditions);
    pthread_mutex_lock(&budget->lock);
    if (budget->limit == 0)
        budget->limit = share_of(budget);
}

static void unlock(Budget *budget)
{
    pthread_mutex_unlock(&budget->lock);
}

void budget_set(Budget *budget, size_t bytes)
{
    lock(budget);
    budget->limit = bytes > 0 ? bytes : share_of(budget);
    pthread_cond_broadcast(&budget->given);
    unlock(budget);
}

static bool fits(const Budget *budget, size_t bytes, bool enters)
{
    size_t limit = budget->limit;

    if (enters && budget->used > 0)
        limit -= limit / 4;
    return budget->used <= limit && bytes <= limit - budget->used;
}

/* Sleep until something is given back, a slice has passed or `end` comes. */
static void wait_slice(Budget *budget, int64_t end)
{
    int64_t         until = MIN(clock_now() + SLICE, end);
    struct timespec time  = { .tv_sec = until / SECOND, .tv_nsec = until % SECOND };

    pthread_cond_timedwait(&budget->given, &budget->lock, &time);
}

/* Take when it fits; the lock is held. */
static bool take(Budget *budget, size_t bytes, bool enters, double patience, const Cancel *cancel,
                 Error *err)
{
    int64_t end = 0;

    for (;;) {
        if (bytes > budget->limit)
            return fail(err, ERR_TOO_LARGE, "%zu MB are needed; all %s together may take %zu MB",
                        bytes >> 20, budget->what, budget->limit >> 20);
        if (fits(budget, bytes, enters)) {
            budget->used += bytes;
            return true;
        }
        if (!cancel_check(cancel, err))
            return false;
        end = end ? end : clock_now() + (int64_t)(patience * (double)SECOND);
        if (clock_now() >= end)
            return fail(err, ERR_BUSY, "the memory for %s is taken; try again later",
                        budget->what);
        wait_slice(budget, end);
    }
}

bool budget_take_within(Budget *budget, size_t bytes, double patience, const Cancel *cancel,
                        Error *err)
{
    lock(budget);
    bool taken = take(budget, bytes, false, patience, cancel, err);
    unlock(budget);
    return taken;
}

bool budget_take(Budget *budget, size_t bytes, const Cancel *cancel, Error *err)
{
    return budget_take_within(budget, bytes, PATIENCE_SECONDS, cancel, err);
}

bool budget_enter(Budget *budget, size_t bytes, const Cancel *cancel, Error *err)
{
    lock(budget);
    bool taken = take(budget, bytes, true, PATIENCE_SECONDS, cancel, err);
    unlock(budget);
    return taken;
}

void budget_give(Budget *budget, size_t bytes)
{
    lock(budget);
    assert(bytes <= budget->used);
    budget->used -= bytes;
    pthread_cond_broadcast(&budget->given);
    unlock(budget);
}

/* What a piece of memory is charged. */
static size_t charge_of(size_t size)
{
    return size < BUDGET_FREE ? 0 : size;
}

bool budget_grow(Budget *budget, size_t before, size_t after)
{
    size_t more = charge_of(after) - charge_of(before);

    return !budget || more == 0 ||
           budget_take_within(budget, more, MOMENT_SECONDS, NULL, NULL);
}

void budget_shrink(Budget *budget, size_t before, size_t after)
{
    size_t less = charge_of(before) - charge_of(after);

    if (budget && less > 0)
        budget_give(budget, less);
}

size_t budget_used(Budget *budget)
{
    lock(budget);
    size_t used = budget->used;
    unlock(budget);
    return used;
}

size_t budget_limit(Budget *budget)
{
    lock(budget);
    size_t limit = budget->limit;
    unlock(budget);
    return limit;
}
