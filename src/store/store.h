/*
 * store - what the workspace remembers, in SQLite.
 *
 * One database file below the data folder, opened in WAL mode with one writer
 * and a pool of readers; every change is durable before the call returns.  Rows
 * have text UUIDv7 keys, a revision and integer microseconds; the schema is
 * brought up to date when the store is opened (a copy of the old file is kept).
 * Several programs may have it open at once, such as a server and the command
 * line beside it; two *servers* on one folder are refused by the server's lock.
 */
#ifndef OCELLUS_STORE_STORE_H
#define OCELLUS_STORE_STORE_H

#include "base/arena.h"
#include "base/error.h"

typedef struct Store Store;

/* Open (and create, if absent) the store below `folder`. */
Store *store_open(const char *folder, Error *err) MUST_USE;
void   store_close(Store *store);

/* ---- workflows ---------------------------------------------------------------- */

typedef struct StoredWorkflow {
    Text    id;              /* unique slug: [A-Za-z0-9_-]+ */
    Text    name;
    Text    definition;      /* JSON text of the specification */
    int64_t revision;        /* 1 and up */
    int64_t created, updated;    /* microseconds */
} StoredWorkflow;

/* Make or replace; *revision gets the new one. */
bool store_workflow_save(Store *store, Text id, Text name, Text definition, int64_t *revision,
                         Error *err) MUST_USE;

/* ERR_NOT_FOUND if there is none.  revision 0 = the newest; older revisions are
 * kept. */
bool store_workflow_load(Store *store, Arena *arena, Text id, int64_t revision,
                         StoredWorkflow *out, Error *err) MUST_USE;

bool store_workflow_remove(Store *store, Text id, Error *err) MUST_USE;

/* All, newest change first, without their definitions. */
bool store_workflow_list(Store *store, Arena *arena, StoredWorkflow **list, int *count,
                         Error *err) MUST_USE;

bool workflow_id_valid(Text id);

/* ---- costs of steps --------------------------------------------------------------- */

/* What a step took lately, under a key of its content. */
typedef struct StoredCost {
    Text    key;
    int64_t nanoseconds;
} StoredCost;

/* Mix new figures in; the latest LIMIT_COSTS keys stay. */
bool store_costs_keep(Store *store, const StoredCost *costs, int count, Error *err) MUST_USE;

/* Fill in the nanoseconds of keys, 0 for those that are not known. */
bool store_costs_read(Store *store, StoredCost *costs, int count, Error *err) MUST_USE;

/* ---- models --------------------------------------------------------------------- */

/* A record per imported model: where it came from and what was seen.  The
 * package on disk stays the truth; a package without a record is fine. */
typedef struct StoredModel {
    Text    id, task, source, report;
    int64_t created;
} StoredModel;

bool store_model_save(Store *store, const StoredModel *model, Error *err) MUST_USE;
bool store_model_remove(Store *store, Text id, Error *err) MUST_USE;
bool store_model_list(Store *store, Arena *arena, StoredModel **list, int *count,
                      Error *err) MUST_USE;

/* ---- keys ----------------------------------------------------------------------- */

/* Make a key: 32 random bytes; only its hash is stored.  `key` is shown once. */
bool store_key_create(Store *store, Arena *arena, Text name, Text *key, Error *err) MUST_USE;
bool store_key_check(Store *store, Text key, bool *valid, Error *err) MUST_USE;
bool store_key_remove(Store *store, Text name, Error *err) MUST_USE;

/* ---- jobs ------------------------------------------------------------------------ */

typedef struct Job {
    Text    id, kind, state;      /* queued, running, done, failed, stopped */
    Text    input, result;        /* JSON */
    int64_t created, updated;
    double  progress;             /* 0..1 */
    int64_t crashes;              /* of whoever worked on it, since it was queued by hand */
} Job;

/* ERR_BUSY when LIMIT_JOBS_WAITING wait already. */
bool store_job_add(Store *store, Arena *arena, Text kind, Text input, Text *id,
                   Error *err) MUST_USE;

/* Claim the oldest queued job of a kind; *found false if there is none.  A job
 * whose program died is queued again when the store is next opened. */
bool store_job_claim(Store *store, Arena *arena, Text kind, Job *job, bool *found,
                     Error *err) MUST_USE;
bool store_job_update(Store *store, Text id, Text state, double progress, Text result,
                      Error *err) MUST_USE;
bool store_job_get(Store *store, Arena *arena, Text id, Job *job, Error *err) MUST_USE;

/* Newest first, at most `most`, of those older than the job `before` (empty: of all). */
bool store_job_list(Store *store, Arena *arena, Text before, int most, Job **list, int *count,
                    Error *err) MUST_USE;

/* A running, stopped or failed job waits again, with so many crashes on its record;
 * ERR_CONFLICT when it is in another state. */
bool store_job_requeue(Store *store, Text id, int64_t crashes, Error *err) MUST_USE;

/* Note one more crash of whoever works on a job. */
bool store_job_crashed(Store *store, Text id, Error *err) MUST_USE;

/* Take a queued job out of the queue; *stopped false when it is in another state. */
bool store_job_withdraw(Store *store, Text id, bool *stopped, Error *err) MUST_USE;

#endif
