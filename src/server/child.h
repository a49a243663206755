/*
 * child - this program once more, as a process that may crash alone.
 *
 * It runs at low priority in a process group of its own, has none of our descriptors, is
 * the first to go when memory is short, and dies with the thread that started it: nothing
 * of it is left when we are killed.
 */
#ifndef OCELLUS_SERVER_CHILD_H
#define OCELLUS_SERVER_CHILD_H

#include <sys/types.h>

#include "base/error.h"

typedef struct Child {
    pid_t pid;
    int   out, err;      /* what it says, to be read and closed by the caller */
} Child;

/* Start /proc/self/exe with these words (NULL-terminated, the first one its name), and with
 * OCELLUS_MEMORY set to so many bytes. */
bool child_start(Child *child, const char *const words[], size_t memory, Error *err) MUST_USE;

#endif
