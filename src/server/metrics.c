/*
 * metrics - counters, histograms, and writing them.
 */
#include "server/metrics.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/version.h"
#include "base/budget.h"
#include "server/inside.h"
#include "server/routes.h"

typedef atomic_uint_least64_t Counter;

/* Upper bounds in seconds, from a trivial workflow to the longest request. */
static const double bounds[] = {
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
    10, 30, 60,
};

enum { BOUNDS = COUNT_OF(bounds), ROUTES = 96, BLOCKS = 512, SLOTS = 2048 };

typedef struct Histogram {
    Counter buckets[BOUNDS + 1];       /* not cumulative; the last has no bound */
    Counter nanoseconds;
} Histogram;

static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "other" };

static const int statuses[] = {
    200, 202, 204, 206, 304, 400, 401, 403, 404, 405, 408, 409, 413, 414, 415, 422, 429, 431, 499,
    500, 501, 503, 504, 507, 0,        /* 0: any other */
};

static Counter   requests[ROUTES + 1][COUNT_OF(methods)][COUNT_OF(statuses)];
static Histogram durations[ROUTES + 1];
static Histogram steps[BLOCKS];

/* Where a block's histogram is: a hash table from its address to its place. */
static struct { const Block *block; int index; } slots[SLOTS];

static size_t slot_of(const Block *block)
{
    size_t slot = ((uintptr_t)block >> 4) * 0x9E3779B97F4A7C15u >> 40 & (SLOTS - 1);

    while (slots[slot].block && slots[slot].block != block) {
        slot = (slot + 1) & (SLOTS - 1);
    }
    return slot;
}

static void index_blocks(void)
{
    for (int i = 0; block_table[i] && i < BLOCKS; i++) {
        size_t slot = slot_of(block_table[i]);

        slots[slot].block = block_table[i];
        slots[slot].index = i;
    }
}

void metrics_open(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, index_blocks);
}

/* ---- counting ------------------------------------------------------------------- */

static void add(Counter *counter, uint64_t amount)
{
    atomic_fetch_add_explicit(counter, amount, memory_order_relaxed);
}

static void observe(Histogram *histogram, int64_t nanoseconds)
{
    double seconds = (double)nanoseconds / 1e9;
    int    bucket  = 0;

    while (bucket < BOUNDS && seconds > bounds[bucket]) {
        bucket++;
    }
    add(&histogram->buckets[bucket], 1);
    add(&histogram->nanoseconds, (uint64_t)MAX(nanoseconds, 0));
}

static int place_of(int route)
{
    return route < 0 || route >= ROUTES ? ROUTES : route;
}

static int method_place(const char *method)
{
    int place = 0;

    while (place < (int)COUNT_OF(methods) - 1 && strcmp(method, methods[place]) != 0) {
        place++;
    }
    return place;
}

static int status_place(int status)
{
    int place = 0;

    while (place < (int)COUNT_OF(statuses) - 1 && status != statuses[place]) {
        place++;
    }
    return place;
}

void metrics_request(int route, const char *method, int status, int64_t nanoseconds)
{
    add(&requests[place_of(route)][method_place(method)][status_place(status)], 1);
    observe(&durations[place_of(route)], nanoseconds);
}

void metrics_step(const Block *block, int64_t nanoseconds)
{
    size_t slot = slot_of(block);

    if (slots[slot].block) {
        observe(&steps[slots[slot].index], nanoseconds);
    }
}

/* ---- writing -------------------------------------------------------------------- */

static uint64_t value(Counter *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void head(Buffer *out, const char *name, const char *type, const char *help)
{
    buffer_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_histogram(Buffer *out, Histogram *histogram, const char *name, const char *label,
                            const char *is)
{
    uint64_t total = 0;

    for (int i = 0; i <= BOUNDS; i++) {
        total += value(&histogram->buckets[i]);
    }
    if (total == 0) {
        return;
    }
    total = 0;
    for (int i = 0; i < BOUNDS; i++) {
        total += value(&histogram->buckets[i]);
        buffer_printf(out, "%s_bucket{%s=\"%s\",le=\"%g\"} %llu\n", name, label, is, bounds[i],
                      (unsigned long long)total);
    }
    total += value(&histogram->buckets[BOUNDS]);
    buffer_printf(out, "%s_bucket{%s=\"%s\",le=\"+Inf\"} %llu\n%s_sum{%s=\"%s\"} %.9f\n"
                  "%s_count{%s=\"%s\"} %llu\n", name, label, is, (unsigned long long)total,
                  name, label, is, (double)value(&histogram->nanoseconds) / 1e9,
                  name, label, is, (unsigned long long)total);
}

static const char *route_label(int place)
{
    const Route *route = place < ROUTES ? router_route(place) : NULL;

    return route ? route->pattern : "none";
}

static void write_requests(Buffer *out)
{
    static const char name[] = "ocellus_http_requests_total";

    head(out, name, "counter", "Requests answered.");
    for (int route = 0; route <= ROUTES; route++) {
        for (size_t m = 0; m < COUNT_OF(methods); m++) {
            for (size_t s = 0; s < COUNT_OF(statuses); s++) {
                uint64_t count = value(&requests[route][m][s]);

                if (count > 0) {
                    buffer_printf(out, "%s{route=\"%s\",method=\"%s\",code=\"%d\"} %llu\n", name,
                                  route_label(route), methods[m], statuses[s],
                                  (unsigned long long)count);
                }
            }
        }
    }
    head(out, "ocellus_http_request_duration_seconds", "histogram",
         "From a request's head to the end of its answer.");
    for (int route = 0; route <= ROUTES; route++) {
        write_histogram(out, &durations[route], "ocellus_http_request_duration_seconds", "route",
                        route_label(route));
    }
}

static void write_steps(Buffer *out)
{
    head(out, "ocellus_step_duration_seconds", "histogram", "Steps of workflows, by their block.");
    for (int i = 0; block_table[i] && i < BLOCKS; i++) {
        write_histogram(out, &steps[i], "ocellus_step_duration_seconds", "block",
                        block_table[i]->type);
    }
}

static void write_number(Buffer *out, const char *name, const char *type, const char *help,
                         double number)
{
    head(out, name, type, help);
    buffer_printf(out, "%s %.15g\n", name, number);
}

static void write_models(Buffer *out, const ModelsStats *stats)
{
    head(out, "ocellus_inference_seconds", "summary", "Inferences of all models.");
    buffer_printf(out, "ocellus_inference_seconds_sum %.9f\nocellus_inference_seconds_count %llu\n",
                  stats->inference_seconds, (unsigned long long)stats->inferences);
    write_number(out, "ocellus_preprocess_seconds_total", "counter",
                 "Of ocellus_inference_seconds, making tensors of pictures.",
                 stats->prepare_seconds);
    head(out, "ocellus_queue_seconds", "summary", "Waiting for a place at the models' gate.");
    buffer_printf(out, "ocellus_queue_seconds_sum %.9f\nocellus_queue_seconds_count %llu\n",
                  stats->wait_seconds, (unsigned long long)stats->waits);
    write_number(out, "ocellus_model_loads_total", "counter", "Models loaded.",
                 (double)stats->loads);
    write_number(out, "ocellus_model_load_failures_total", "counter", "Models that did not load.",
                 (double)stats->load_failures);
    write_number(out, "ocellus_model_load_seconds_total", "counter", "Time spent loading models.",
                 stats->load_seconds);
    write_number(out, "ocellus_models_loaded", "gauge", "Models in memory.", stats->loaded);
    write_number(out, "ocellus_models_running", "gauge", "Inferences running.", stats->running);
}

/* The shares of the memory (base/budget.h). */
static void write_memory(Buffer *out, const ModelsStats *stats)
{
    Budget *const budgets[] = { &budget_models, &budget_pictures, &budget_work, &budget_bodies };

    head(out, "ocellus_memory_bytes", "gauge", "Memory in use, by what for.");
    for (size_t i = 0; i < COUNT_OF(budgets); i++)
        buffer_printf(out, "ocellus_memory_bytes{share=\"%s\"} %zu\n", budgets[i]->what,
                      i == 0 ? stats->memory : budget_used(budgets[i]));
    head(out, "ocellus_memory_limit_bytes", "gauge", "What each may take.");
    for (size_t i = 0; i < COUNT_OF(budgets); i++)
        buffer_printf(out, "ocellus_memory_limit_bytes{share=\"%s\"} %zu\n", budgets[i]->what,
                      budget_limit(budgets[i]));
}

/* Bytes of this process that are in memory. */
static double resident_bytes(void)
{
    FILE         *file = fopen("/proc/self/statm", "r");
    unsigned long size = 0, resident = 0;

    if (file) {
        if (fscanf(file, "%lu %lu", &size, &resident) != 2) {
            resident = 0;
        }
        fclose(file);
    }
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static double processor_seconds(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

void metrics_write(Buffer *out, const App *app, int in_flight)
{
    ModelsStats stats = models_stats(app->models);
    double      age   = (double)(clock_now() - app->started) / 1e9;

    write_requests(out);
    write_number(out, "ocellus_http_in_flight", "gauge", "Requests being worked on.", in_flight);
    write_steps(out);
    write_models(out, &stats);
    write_memory(out, &stats);
    write_number(out, "process_resident_memory_bytes", "gauge", "Memory of this process.",
                 resident_bytes());
    write_number(out, "process_cpu_seconds_total", "counter", "Processor time of this process.",
                 processor_seconds());
    write_number(out, "process_start_time_seconds", "gauge", "When this process started.",
                 (double)clock_wall() / 1e6 - age);
    head(out, "ocellus_build_info", "gauge", "The version that runs.");
    buffer_printf(out, "ocellus_build_info{version=\"%s\"} 1\n", OCELLUS_VERSION);
}
