/*
 * watch - ends work inside a library that knows nothing of Cancel.
 *
 * One thread looks at everything that is being watched, fifty times a second
 * while there is anything, and asks what has been cancelled to stop.
 */
#ifndef OCELLUS_MODEL_WATCH_H
#define OCELLUS_MODEL_WATCH_H

#include "base/cancel.h"

typedef struct Watch Watch;

struct Watch {
    Watch        *next, **link;     /* link is NULL while not watched */
    const Cancel *cancel;
    void        (*stop)(void *subject);
    void         *subject;
};

/* Call stop(subject) once `cancel` ends, at most a few times, from another
 * thread, until watch_end() returns.  Without a cancel, or when there can be no
 * thread, nothing is watched. */
void watch_begin(Watch *watch);
void watch_end(Watch *watch);

#endif
