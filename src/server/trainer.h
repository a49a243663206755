/*
 * trainer - works on the queue of trainings, one at a time.
 *
 * Each training is a process of its own (child.h), so that a crash in it, or a lack of
 * memory, never harms serving.  What it says becomes events (run_log.h) and the job's
 * progress.  A process that crashed is started again and goes on with what its run has; after
 * LIMIT_JOB_CRASHES the job has failed.  When the server ends, so does the process, and the
 * job waits for the next start.
 */
#ifndef OCELLUS_SERVER_TRAINER_H
#define OCELLUS_SERVER_TRAINER_H

#include "store/store.h"

#define JOB_TRAIN_CLASSIFY "train-classify"

typedef struct Trainer Trainer;

/* Begins to work at once on what is queued. */
Trainer *trainer_open(const char *data, Store *store, Error *err) MUST_USE;

/* The running job is queued again. */
void trainer_close(Trainer *trainer);

/* A job has been queued. */
void trainer_wake(Trainer *trainer);

/* A queued job is taken out of the queue.  A running one is asked to end, and at the second
 * time ended.  ERR_CONFLICT when it has ended already. */
bool trainer_stop(Trainer *trainer, Text job, Error *err) MUST_USE;

#endif
