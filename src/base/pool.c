/*
 * pool - a few threads that help with loops.
 *
 * A loop is a note on its caller's stack, hung on the pool's list while it
 * has work left.  Helpers join the newest loop, which is the innermost when
 * loops nest, and take indices from a shared counter until none are left.
 * The caller does the same, then takes the note off the list and waits for
 * the helpers that are still in it.  Nobody ever waits for a loop to be
 * picked up, so loops inside loops cannot lock each other out.
 */
#include "base/pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

typedef struct Loop Loop;

struct Loop {
    Loop           *next;
    void          (*work)(void *context, int i);
    void           *context;
    int64_t         count;
    _Atomic int64_t at;        /* the next index; wider than int, since every
                                  thread counts once past the end */
    int             helpers;   /* that are in the loop, under the pool's lock */
};

struct Pool {
    pthread_mutex_t lock;
    pthread_cond_t  wanted;    /* there is a loop, or the pool closes */
    pthread_cond_t  left;      /* a loop's last helper has left it */
    Loop           *loops;     /* newest first */
    bool            closing;
    int             helpers;
    pthread_t       threads[];
};

static bool has_work(Loop *loop)
{
    return atomic_load_explicit(&loop->at, memory_order_relaxed) < loop->count;
}

/* Relaxed is enough: the lock orders what helpers did before the caller's
 * return. */
static void take_part(Loop *loop)
{
    int64_t i;

    while ((i = atomic_fetch_add_explicit(&loop->at, 1, memory_order_relaxed)) < loop->count)
        loop->work(loop->context, (int)i);
}

static Loop *find_loop(const Pool *pool)
{
    Loop *loop = pool->loops;

    while (loop && !has_work(loop))
        loop = loop->next;
    return loop;
}

static void *help(void *argument)
{
    Pool *pool = argument;

    pthread_mutex_lock(&pool->lock);
    while (!pool->closing) {
        Loop *loop = find_loop(pool);

        if (!loop) {
            pthread_cond_wait(&pool->wanted, &pool->lock);
            continue;
        }
        loop->helpers++;
        pthread_mutex_unlock(&pool->lock);
        take_part(loop);
        pthread_mutex_lock(&pool->lock);
        if (--loop->helpers == 0)
            pthread_cond_broadcast(&pool->left);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* Threads take no signals: those are for whoever the program told to wait
 * for them.  A thread that cannot be had is done without. */
static void start_threads(Pool *pool, int helpers)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (pool->helpers < helpers &&
           pthread_create(&pool->threads[pool->helpers], NULL, help, pool) == 0) {
        pthread_setname_np(pool->threads[pool->helpers], "helper");
        pool->helpers++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

Pool *pool_open(int helpers)
{
    size_t count = (size_t)MAX(helpers, 0);
    Pool  *pool  = calloc(1, sizeof *pool + count * sizeof pool->threads[0]);

    if (!pool)
        return NULL;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wanted, NULL);
    pthread_cond_init(&pool->left, NULL);
    start_threads(pool, (int)count);
    return pool;
}

void pool_close(Pool *pool)
{
    if (!pool)
        return;

    pthread_mutex_lock(&pool->lock);
    pool->closing = true;
    pthread_cond_broadcast(&pool->wanted);
    pthread_mutex_unlock(&pool->lock);

    for (int i = 0; i < pool->helpers; i++)
        pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->left);
    pthread_cond_destroy(&pool->wanted);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

static void take_off(Pool *pool, const Loop *loop)
{
    Loop **link = &pool->loops;

    while (*link != loop)
        link = &(*link)->next;
    *link = loop->next;
}

void pool_each(Pool *pool, int count, void (*work)(void *context, int i), void *context)
{
    if (!pool || pool->helpers == 0 || count <= 1) {
        for (int i = 0; i < count; i++)
            work(context, i);
        return;
    }

    Loop loop = { .work = work, .context = context, .count = count };

    pthread_mutex_lock(&pool->lock);
    loop.next   = pool->loops;
    pool->loops = &loop;
    for (int i = 0; i < MIN(pool->helpers, count - 1); i++)
        pthread_cond_signal(&pool->wanted);
    pthread_mutex_unlock(&pool->lock);

    take_part(&loop);

    pthread_mutex_lock(&pool->lock);
    take_off(pool, &loop);
    while (loop.helpers > 0)
        pthread_cond_wait(&pool->left, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

/* ---- cores -------------------------------------------------------------- */

static int cores_of_affinity(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return CPU_COUNT(&set);

    /* More cores than a cpu_set_t has room for. */
    return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

/* The quota that one cgroup sets, in whole cores; INT32_MAX for none.  Its
 * file holds "max" or the microseconds granted, and those of a period. */
static int cores_of_cgroup(const char *folder)
{
    char      path[4096 + 32];
    long long quota, period;
    int       cores = INT32_MAX;

    snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", folder);
    FILE *file = fopen(path, "re");
    if (!file)
        return cores;
    if (fscanf(file, "%lld %lld", &quota, &period) == 2 && quota > 0 && period > 0)
        cores = (int)MIN((quota - 1) / period + 1, INT32_MAX);
    fclose(file);
    return cores;
}

/* The least quota of this process's cgroup and those above it. */
static int cores_of_quota(void)
{
    char line[4096], *slash;
    int  cores = INT32_MAX;

    FILE *file = fopen("/proc/self/cgroup", "re");
    if (!file)
        return cores;

    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, "0::/", 4) != 0)   /* 0 is version 2's hierarchy */
            continue;
        char *folder = line + 3;

        folder[strcspn(folder, "\n")] = '\0';
        while ((slash = strrchr(folder, '/'))) {
            cores  = MIN(cores, cores_of_cgroup(folder));
            *slash = '\0';
        }
    }
    fclose(file);
    return MIN(cores, cores_of_cgroup(""));
}

int pool_cores(void)
{
    return MAX(1, MIN(cores_of_affinity(), cores_of_quota()));
}

int pool_thread(void)
{
    static _Atomic int      last;
    static _Thread_local int number;

    if (number == 0) {
        number = atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1;
    }
    return number;
}
