/*
 * interrupt - Ctrl-C in commands that take long, and the line that shows how far they are.
 */
#include "cli/interrupt.h"

#include <signal.h>

enum { INTERRUPTED = 130 };      /* as shells have it: 128 and SIGINT */

static Cancel stop;
static bool   shown;             /* a line of progress */

static void on_signal(int number)
{
    cancel_stop(&stop);
    signal(number, SIG_DFL);
}

const Cancel *interrupt_catch(void)
{
    cancel_init(&stop, 0);
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    return &stop;
}

int interrupt_end(Error *err, const char *said)
{
    if (err->kind != ERR_CANCELLED)
        return -1;
    progress_clear();
    fprintf(stderr, "%s\n", said);
    *err = (Error){ 0 };
    return INTERRUPTED;
}

void progress_show(const char *what, int done, int total)
{
    static const int64_t pause = 100000000;      /* nanoseconds */
    static int64_t       last;
    int64_t              now   = clock_now();

    if (done >= total) {
        progress_clear();
        return;
    }
    if (now - last < pause)
        return;
    last  = now;
    shown = true;
    fprintf(stderr, "\r\033[K%s: %d of %d", what, done, total);
    fflush(stderr);
}

void progress_clear(void)
{
    if (shown)
        fputs("\r\033[K", stderr);
    shown = false;
}
