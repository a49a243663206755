/*
 * bench - how fast a model answers on this machine.
 *
 * One bench loads the model on a shelf of its own and measures it with the threads that
 * runtime.h says.  As these are settings of the process, other threads take another
 * process.
 */
#ifndef OCELLUS_MODEL_BENCH_H
#define OCELLUS_MODEL_BENCH_H

#include "model/model.h"

enum { BENCH_BATCHES = 7, BENCH_CLIENTS = 16 };

/* Milliseconds. */
typedef struct BenchTimes {
    double min, p50, p99;
    int    runs;
} BenchTimes;

typedef struct BenchBatch {
    int        size;
    BenchTimes times;
    double     rate;          /* pictures a second */
} BenchBatch;

typedef struct BenchClients {
    int    count;
    double rate;              /* pictures a second, of all of them */
    double p50, p99;
} BenchClients;

/* Plain data: it goes from process to process as it is. */
typedef struct BenchResult {
    int          threads;
    double       load_ms;
    size_t       memory;                /* bytes that it holds while idle */
    size_t       peak;                  /* bytes that the process took at most */
    int          width, height;         /* of the network's input */
    bool         batches;               /* the network takes several pictures at once */
    BenchTimes   network, whole;        /* one picture: prepared already, or not yet */
    BenchBatch   batch[BENCH_BATCHES];  /* 1, 2, 4 ... prepared already */
    int          batch_count;
    BenchClients clients[BENCH_CLIENTS];
    int          client_count;
} BenchResult;

typedef struct BenchOptions {
    double      seconds;      /* of each measurement */
    int         batch;        /* the largest, 1 .. LIMIT_BATCH */
    int         clients;      /* at most, 1 .. BENCH_CLIENTS */
    const char *picture;      /* a file; NULL: one is made up, of 1280 x 720 */
} BenchOptions;

bool bench_run(const char *folder, Text id, const BenchOptions *options, const Cancel *cancel,
               BenchResult *result, Error *err) MUST_USE;

#endif
