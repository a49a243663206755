/*
 * bench - how fast a model answers on this machine.
 */
#include "model/bench.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/file.h"
#include "model/model_inside.h"
#include "model/runtime.h"

enum {
    WARM_UPS = 3,             /* runs that do not count: memory is found, code is read */
    SAMPLES  = 100000,        /* of one measurement, at most */
    WIDTH    = 1280,
    HEIGHT   = 720,
};

typedef struct Bench {
    Model              *model;
    const BenchOptions *options;
    const Cancel       *cancel;
    Image              *image;
    float              *input;          /* of the largest batch */
    Size                size;           /* of the network's input for the picture */
    Error              *err;
} Bench;

/* ---- one measurement ------------------------------------------------------------------ */

typedef bool (*Work)(Bench *bench, int count, Arena *arena, Error *err);

static bool run_network(Bench *bench, int count, Arena *arena, Error *err)
{
    Tensor       tensor = model_input(bench->model, count, bench->size, bench->input);
    ModelOutputs outputs;

    return model_run_tensor(bench->model, arena, &tensor, bench->cancel, &outputs, err);
}

static bool run_whole(Bench *bench, int count, Arena *arena, Error *err)
{
    ModelOutputs outputs;

    return model_run(bench->model, arena, &bench->image, count, (PreprocessOff){ 0 },
                     bench->cancel, &outputs, err);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static BenchTimes summarise(double *samples, int count)
{
    if (count == 0) {
        return (BenchTimes){ 0 };
    }
    qsort(samples, (size_t)count, sizeof *samples, by_size);
    return (BenchTimes){ samples[0], samples[count / 2], samples[MIN(count * 99 / 100, count - 1)],
                         count };
}

static bool run_once(Bench *bench, Work work, int count, double *milliseconds, Error *err)
{
    Arena   arena;
    int64_t start = clock_now();

    arena_init(&arena, LIMIT_RUN_MEMORY);
    bool done = work(bench, count, &arena, err);
    arena_fini(&arena);
    *milliseconds = (double)(clock_now() - start) / 1e6;
    return done;
}

/* At least three runs, and as many as there is time for. */
static bool measure(Bench *bench, Work work, int count, BenchTimes *times)
{
    double *samples = malloc(SAMPLES * sizeof *samples), unused;
    int     taken   = 0;
    bool    done    = samples != NULL;

    if (!done) {
        return fail(bench->err, ERR_MEMORY, "no memory for the times of a bench");
    }
    for (int i = 0; i < WARM_UPS && done; i++) {
        done = run_once(bench, work, count, &unused, bench->err);
    }
    int64_t end = clock_now() + (int64_t)(bench->options->seconds * 1e9);
    while (done && taken < SAMPLES && (taken < 3 || clock_now() < end)) {
        done = run_once(bench, work, count, &samples[taken++], bench->err);
    }
    *times = summarise(samples, done ? taken : 0);
    free(samples);
    return done;
}

static bool measure_batches(Bench *bench, BenchResult *out)
{
    for (int size = 1; size <= bench->options->batch && out->batch_count < BENCH_BATCHES;
         size *= 2) {
        BenchBatch *batch = &out->batch[out->batch_count];

        if (size > 1 && !out->batches) {
            break;
        }
        batch->size = size;
        if (!measure(bench, run_network, size, &batch->times)) {
            return fail_prefix(bench->err, "a batch of %d", size);
        }
        batch->rate = batch->times.p50 > 0 ? 1000 * size / batch->times.p50 : 0;
        out->batch_count++;
    }
    return true;
}

/* ---- clients at once ------------------------------------------------------------------ */

typedef struct Crowd {
    Bench          *bench;
    pthread_mutex_t lock;
    double         *samples;
    int             taken;
    int64_t         end;
    bool            failed;
    Error           error;         /* of the first that failed */
} Crowd;

/* False when it is time to stop. */
static bool note_sample(Crowd *crowd, double sample, bool done, const Error *error)
{
    pthread_mutex_lock(&crowd->lock);
    if (!done && !crowd->failed) {
        crowd->failed = true;
        crowd->error  = *error;
    }
    if (done && crowd->taken < SAMPLES) {
        crowd->samples[crowd->taken++] = sample;
    }
    bool more = !crowd->failed && crowd->taken < SAMPLES && clock_now() < crowd->end;
    pthread_mutex_unlock(&crowd->lock);
    return more;
}

static void *ask_on(void *argument)
{
    Crowd *crowd = argument;
    Error  error = { 0 };
    double sample;
    bool   done;

    do {
        done = run_once(crowd->bench, run_whole, 1, &sample, &error);
    } while (note_sample(crowd, sample, done, &error));
    return NULL;
}

static bool run_crowd(Crowd *crowd, int count, Error *err)
{
    pthread_t threads[BENCH_CLIENTS];
    int       started = 0;

    while (started < count && pthread_create(&threads[started], NULL, ask_on, crowd) == 0) {
        started++;
    }
    for (int i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    if (started < count) {
        return fail(err, ERR_MEMORY, "only %d of %d threads can be had", started, count);
    }
    if (crowd->failed && err) {
        *err = crowd->error;
    }
    return !crowd->failed;
}

static bool measure_clients(Bench *bench, int count, BenchClients *out)
{
    Crowd   crowd = { .bench = bench, .samples = malloc(SAMPLES * sizeof(double)) };
    int64_t start = clock_now();

    if (!crowd.samples) {
        return fail(bench->err, ERR_MEMORY, "no memory for the times of a bench");
    }
    pthread_mutex_init(&crowd.lock, NULL);
    crowd.end = start + (int64_t)(bench->options->seconds * 1e9);
    bool   done    = run_crowd(&crowd, count, bench->err);
    double seconds = (double)(clock_now() - start) / 1e9;

    BenchTimes times = summarise(crowd.samples, crowd.taken);
    *out = (BenchClients){ count, crowd.taken / fmax(seconds, 1e-9), times.p50, times.p99 };
    free(crowd.samples);
    pthread_mutex_destroy(&crowd.lock);
    return done;
}

/* ---- the whole bench ------------------------------------------------------------------ */

/* Not a plain colour: preprocessing may look at the pixels. */
static Image *made_up(Error *err)
{
    Image *image = image_new(WIDTH, HEIGHT, 3, TEXT("bench"), err);

    for (int y = 0; image && y < HEIGHT; y++) {
        uint8_t *at = image_edit(image) + (size_t)y * image_stride(image);

        for (int x = 0; x < WIDTH; x++, at += 4) {
            memcpy(at, (uint8_t[]){ (uint8_t)(x / 8 + y / 5), (uint8_t)(x / 7),
                                    (uint8_t)(y / 4 + 40), 255 }, 4);
        }
    }
    return image;
}

static Image *read_picture(const char *path, Error *err)
{
    Buffer bytes;
    Image *image = NULL;

    buffer_init(&bytes, LIMIT_REQUEST_BODY);
    if (file_read(path, LIMIT_REQUEST_BODY, &bytes, err)) {
        image = image_decode(bytes.data ? bytes.data : "", bytes.length, TEXT("bench"), NULL, err);
    }
    buffer_fini(&bytes);
    if (!image) {
        fail_prefix(err, "%s", path);
    }
    return image;
}

/* The picture, prepared as often as the largest batch has room for. */
static bool prepare(Bench *bench)
{
    Model *model = bench->model;
    int    count = model->batches ? bench->options->batch : 1;

    bench->size = preprocess_size(&model->how, bench->image, (PreprocessOff){ 0 });

    size_t one = 3 * (size_t)bench->size.width * (size_t)bench->size.height;

    bench->input = calloc(((size_t)count + 1) * MAX(one, 1), sizeof(float));
    if (!bench->input) {
        return fail(bench->err, ERR_MEMORY, "no memory for a batch of %d", count);
    }
    if (!model_prepare(model, bench->image, (PreprocessOff){ 0 }, bench->size, bench->input,
                       bench->input + (size_t)count * one, bench->err)) {
        return false;
    }
    for (int i = 1; i < count; i++) {
        memcpy(bench->input + (size_t)i * one, bench->input, one * sizeof(float));
    }
    return true;
}

static bool measure_all(Bench *bench, BenchResult *out)
{
    struct rusage usage;

    out->width   = bench->size.width;
    out->height  = bench->size.height;
    out->batches = bench->model->batches;
    /* First what refuses pictures that are too large. */
    if (!measure(bench, run_whole, 1, &out->whole) ||
        !measure(bench, run_network, 1, &out->network)) {
        return false;
    }
    for (int count = 1; count <= bench->options->clients; count++) {
        if (!measure_clients(bench, count, &out->clients[out->client_count++])) {
            return false;
        }
    }
    bool done = measure_batches(bench, out);
    getrusage(RUSAGE_SELF, &usage);
    out->peak = (size_t)usage.ru_maxrss << 10;
    return done;
}

static bool bench_model(Bench *bench, Models *models, Text id, BenchResult *out)
{
    int64_t start = clock_now();

    bench->model = models_get(models, id, bench->cancel, bench->err);
    out->load_ms = (double)(clock_now() - start) / 1e6;
    if (!bench->model) {
        return false;
    }
    out->threads = bench->model->threads;
    out->memory  = models_stats(models).memory;
    bench->image = bench->options->picture ? read_picture(bench->options->picture, bench->err)
                                           : made_up(bench->err);
    bool done = bench->image && prepare(bench) && measure_all(bench, out);
    free(bench->input);
    image_unref(bench->image);
    model_unref(bench->model);
    return done;
}

bool bench_run(const char *folder, Text id, const BenchOptions *options, const Cancel *cancel,
               BenchResult *result, Error *err)
{
    Bench   bench  = { .options = options, .cancel = cancel, .err = err };
    Models *models = models_open(&(ModelsConfig){ .folder = folder }, err);

    *result = (BenchResult){ 0 };
    if (!models) {
        return false;
    }
    bool done = bench_model(&bench, models, id, result);
    models_close(models);
    return done;
}
