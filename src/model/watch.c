/*
 * watch - ends work inside a library that knows nothing of Cancel.
 *
 * Beginning and ending cost a lock each; the thread is woken at most once a
 * tick, since after waking it first lets a tick go by.
 */
#include "model/watch.h"

#include <pthread.h>
#include <signal.h>

enum { TICK_MS = 20 };

static pthread_mutex_t lock   = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t  wanted = PTHREAD_COND_INITIALIZER;
static Watch          *watched;
static bool            started, asleep;

static void look(void)
{
    for (Watch *watch = watched; watch; watch = watch->next) {
        Error err;

        if (!cancel_check(watch->cancel, &err))
            watch->stop(watch->subject);
    }
}

static void *keep_watch(void *unused)
{
    const struct timespec tick = { .tv_nsec = TICK_MS * 1000000L };

    pthread_mutex_lock(&lock);
    for (;;) {
        while (!watched) {
            asleep = true;
            pthread_cond_wait(&wanted, &lock);
            asleep = false;
        }
        pthread_mutex_unlock(&lock);
        nanosleep(&tick, NULL);
        pthread_mutex_lock(&lock);
        look();
    }
    return unused;
}

static bool start(void)
{
    sigset_t  all, before;
    pthread_t thread;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool done = pthread_create(&thread, NULL, keep_watch, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (done) {
        pthread_setname_np(thread, "watch");
        pthread_detach(thread);
    }
    return done;
}

void watch_begin(Watch *watch)
{
    watch->link = NULL;
    if (!watch->cancel)
        return;

    pthread_mutex_lock(&lock);
    if (!started)
        started = start();
    if (started) {
        watch->next = watched;
        watch->link = &watched;
        if (watched)
            watched->link = &watch->next;
        watched = watch;
        if (asleep)
            pthread_cond_signal(&wanted);
    }
    pthread_mutex_unlock(&lock);
}

void watch_end(Watch *watch)
{
    if (!watch->cancel)
        return;

    /* Whoever ends the one before writes the link, so it is looked at under the lock. */
    pthread_mutex_lock(&lock);
    if (watch->link) {
        *watch->link = watch->next;
        if (watch->next)
            watch->next->link = watch->link;
        watch->link = NULL;
    }
    pthread_mutex_unlock(&lock);
}
