/*
 * services - what blocks need from the world.
 *
 * Blocks never include store, server or net.  Whoever runs a workflow fills this
 * table; a NULL member means "not available here", and the block that needs it
 * says so.  Clock and randomness come through it too, so that a test can fix
 * both.
 */
#ifndef OCELLUS_BLOCKS_SERVICES_H
#define OCELLUS_BLOCKS_SERVICES_H

#include "base/cancel.h"
#include "base/pool.h"
#include "model/model.h"

typedef struct Services {
    void   *context;          /* handed to every function below */
    Models *models;           /* NULL: no models here */
    Pool   *pool;             /* NULL: run on the calling thread */
    bool    sinks_off;        /* sinks do nothing and say so */
    int     dispatch_depth;   /* how often this workflow was handed from server to server */

    /* Microseconds of local wall time. */
    int64_t (*now)(void *context);

    /* Microseconds since 1970-01-01 UTC. */
    int64_t (*utc)(void *context);

    /* A new identifier (uuid4 text). */
    void (*new_id)(void *context, char out[37]);

    /* The text of an environment variable that a workflow may read as a secret;
     * NULL: not set.  NULL member: reading them is not allowed here. */
    const char *(*environment)(void *context, const char *name);

    /* Append to, or create, a file for a sink.  `folder` and `name` are what the
     * workflow says; the provider decides where they may lie. */
    bool (*write_file)(void *context, Text folder, Text name, Text content, bool append,
                       Error *err);
} Services;

/* Real clock, real randomness, the process's environment, no files, no models. */
void services_init(Services *services);

#endif
