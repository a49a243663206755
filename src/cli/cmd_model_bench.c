/*
 * cmd_model_bench - how fast a model answers here, and which settings are best.
 *
 * The threads of an inference are a setting of the process, so each number of threads
 * is measured in a process of its own, which tells its figures through a pipe.
 */
#include <math.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/pool.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/print.h"
#include "model/bench.h"
#include "model/runtime.h"

enum { SETTINGS = 10 };       /* numbers of threads tried: 1, 2, 4 ... */

typedef struct Plan {
    const char  *folder, *id, *providers;
    BenchOptions options;
    int          threads[SETTINGS];
    int          count;
} Plan;

/* ---- a process for each number of threads ------------------------------------------------ */

typedef struct Report {
    bool        ok;
    Error       error;
    BenchResult result;
} Report;

static bool write_all(int file, const void *bytes, size_t length)
{
    const char *at = bytes;

    while (length > 0) {
        ssize_t n = write(file, at, length);

        if (n <= 0) {
            return false;
        }
        at     += n;
        length -= (size_t)n;
    }
    return true;
}

static bool read_all(int file, void *bytes, size_t length)
{
    char *at = bytes;

    while (length > 0) {
        ssize_t n = read(file, at, length);

        if (n <= 0) {
            return false;
        }
        at     += n;
        length -= (size_t)n;
    }
    return true;
}

/* The child's part: measure, tell, end without the parent's clean-up. */
static void measure_and_tell(const Plan *plan, int threads, int file)
{
    Report report = { 0 };

    report.ok = runtime_set(threads, plan->providers, &report.error) &&
                bench_run(plan->folder, text_of(plan->id), &plan->options, interrupt_catch(),
                          &report.result, &report.error);
    _exit(write_all(file, &report, sizeof report) ? 0 : 1);
}

static bool measure(const Plan *plan, int threads, BenchResult *result, Error *err)
{
    Report report = { 0 };
    int    ends[2];

    if (pipe(ends) != 0) {
        return fail(err, ERR_INTERNAL, "no pipe can be made");
    }
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        measure_and_tell(plan, threads, ends[1]);
    }
    close(ends[1]);
    bool told = child > 0 && read_all(ends[0], &report, sizeof report);
    close(ends[0]);
    if (child > 0) {
        waitpid(child, NULL, 0);
    }
    if (!told) {
        return fail(err, ERR_INTERNAL, "the process that measures has died: there may be too "
                    "little memory for a batch of %d", plan->options.batch);
    }
    if (!report.ok) {
        *err = report.error;
        return false;
    }
    *result = report.result;
    return true;
}

/* ---- which is best ----------------------------------------------------------------------- */

typedef struct Best {
    int    latency_threads, rate_threads, rate_clients, batch;
    double latency, rate, gain;       /* gain: of the batch, over one by one */
} Best;

/* What differs by less than this is noise. */
static const double notable = 1.05;

/* Settings that come first win where others are not notably better: fewer threads, fewer
 * clients, smaller batches. */
static Best find_best(const BenchResult results[], int count)
{
    Best best = { .latency = INFINITY, .batch = 1, .gain = 1 };

    for (int i = 0; i < count; i++) {
        const BenchResult *r = &results[i];

        if (r->whole.p50 * notable < best.latency) {
            best.latency         = r->whole.p50;
            best.latency_threads = r->threads;
        }
        for (int k = 0; k < r->client_count; k++) {
            if (r->clients[k].rate > best.rate * notable) {
                best.rate         = r->clients[k].rate;
                best.rate_threads = r->threads;
                best.rate_clients = r->clients[k].count;
            }
        }
    }
    for (int i = 0; i < count; i++) {
        for (int k = 1; k < results[i].batch_count && results[i].threads == best.latency_threads;
             k++) {
            double gain = results[i].batch[k].rate / fmax(results[i].batch[0].rate, 1e-9);

            if (gain > best.gain * notable) {
                best.gain  = gain;
                best.batch = results[i].batch[k].size;
            }
        }
    }
    return best;
}

/* ---- for people --------------------------------------------------------------------------- */

static void print_times(Buffer *out, const char *what, const BenchTimes *times)
{
    buffer_printf(out, "  %-30s %8.2f %8.2f %8.2f\n", what, times->min, times->p50, times->p99);
}

static void print_result(Buffer *out, const BenchResult *r)
{
    char what[64];

    buffer_printf(out, "%d thread%s an inference: loaded in %.0f ms, holds %.1f MB, process "
                  "%.0f MB at most\n", r->threads, r->threads == 1 ? "" : "s", r->load_ms,
                  (double)r->memory / (double)MIB(1), (double)r->peak / (double)MIB(1));
    buffer_printf(out, "  %-30s %8s %8s %8s %10s\n", "milliseconds", "min", "p50", "p99",
                  "pictures/s");
    snprintf(what, sizeof what, "network alone, %d x %d", r->width, r->height);
    print_times(out, what, &r->network);
    print_times(out, "with preprocessing", &r->whole);
    for (int i = 1; i < r->batch_count; i++) {
        const BenchBatch *b = &r->batch[i];

        buffer_printf(out, "  batch of %-21d %8.2f %8.2f %8.2f %10.1f  %.2fx of one by one\n",
                      b->size, b->times.min, b->times.p50, b->times.p99, b->rate,
                      b->rate / fmax(r->batch[0].rate, 1e-9));
    }
    if (!r->batches) {
        buffer_string(out, "  this network takes one picture at a time\n");
    }
    for (int i = 0; i < r->client_count; i++) {
        const BenchClients *c = &r->clients[i];

        buffer_printf(out, "  %d client%-21s %8s %8.2f %8.2f %10.1f\n", c->count,
                      c->count == 1 ? "" : "s at once", "", c->p50, c->p99, c->rate);
    }
    buffer_char(out, '\n');
}

static void print_best(Buffer *out, const Best *best)
{
    buffer_printf(out, "best here: --threads %d for one picture (%.2f ms)", best->latency_threads,
                  best->latency);
    buffer_printf(out, "; --threads %d with %d client%s for most pictures (%.1f a second)",
                  best->rate_threads, best->rate_clients, best->rate_clients == 1 ? "" : "s",
                  best->rate);
    if (best->batch > 1) {
        buffer_printf(out, "; batches of %d (%.2fx of one by one)\n", best->batch, best->gain);
    } else {
        buffer_string(out, "; batches do not pay\n");
    }
}

/* ---- for programs ------------------------------------------------------------------------- */

static void number(JsonWriter *w, const char *key, double value)
{
    json_member_double(w, key, round(value * 1000) / 1000);
}

static void write_times(JsonWriter *w, const BenchTimes *times)
{
    number(w, "min_ms", times->min);
    number(w, "p50_ms", times->p50);
    number(w, "p99_ms", times->p99);
    json_member_int(w, "runs", times->runs);
}

static void write_result(JsonWriter *w, const BenchResult *r)
{
    json_begin_object(w);
    json_member_int(w, "threads", r->threads);
    number(w, "load_ms", r->load_ms);
    json_member_int(w, "memory_bytes", (int64_t)r->memory);
    json_member_int(w, "peak_bytes", (int64_t)r->peak);
    json_member_int(w, "input_width", r->width);
    json_member_int(w, "input_height", r->height);
    json_key(w, "network");
    json_begin_object(w);
    write_times(w, &r->network);
    json_end_object(w);
    json_key(w, "with_preprocessing");
    json_begin_object(w);
    write_times(w, &r->whole);
    json_end_object(w);
    json_key(w, "batches");
    json_begin_array(w);
    for (int i = 0; i < r->batch_count; i++) {
        json_begin_object(w);
        json_member_int(w, "size", r->batch[i].size);
        write_times(w, &r->batch[i].times);
        number(w, "pictures_per_second", r->batch[i].rate);
        json_end_object(w);
    }
    json_end_array(w);
    json_key(w, "clients");
    json_begin_array(w);
    for (int i = 0; i < r->client_count; i++) {
        json_begin_object(w);
        json_member_int(w, "count", r->clients[i].count);
        number(w, "p50_ms", r->clients[i].p50);
        number(w, "p99_ms", r->clients[i].p99);
        number(w, "pictures_per_second", r->clients[i].rate);
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
}

static void write_json(Buffer *out, const Plan *plan, const BenchResult results[],
                       const Best *best)
{
    JsonWriter w = json_writer(out);

    json_begin_object(&w);
    json_member_string(&w, "model_id", plan->id);
    json_member_string(&w, "providers", plan->providers ? plan->providers : runtime_providers());
    json_member_int(&w, "cores", pool_cores());
    json_key(&w, "settings");
    json_begin_array(&w);
    for (int i = 0; i < plan->count; i++) {
        write_result(&w, &results[i]);
    }
    json_end_array(&w);
    json_key(&w, "best");
    json_begin_object(&w);
    json_member_int(&w, "latency_threads", best->latency_threads);
    number(&w, "latency_ms", best->latency);
    json_member_int(&w, "rate_threads", best->rate_threads);
    json_member_int(&w, "rate_clients", best->rate_clients);
    number(&w, "pictures_per_second", best->rate);
    json_member_int(&w, "batch", best->batch);
    number(&w, "batch_gain", best->gain);
    json_end_object(&w);
    json_end_object(&w);
    buffer_char(out, '\n');
}

/* ---- the command --------------------------------------------------------------------------- */

static bool read_seconds(const Invocation *in, double *seconds, Error *err)
{
    const char *text = option_text(in, "seconds", "1");

    return (text_to_double(text_of(text), seconds) && *seconds > 0 && *seconds <= 600) ||
           fail(err, ERR_INVALID, "--seconds: '%.40s' is not above 0 and at most 600", text);
}

static bool make_plan(Invocation *in, Plan *plan, Error *err)
{
    int64_t batch   = option_int(in, "batch", 16), threads = option_int(in, "threads", 0);
    int64_t clients = option_int(in, "clients", MIN(pool_cores(), BENCH_CLIENTS));
    int     cores   = MIN(pool_cores(), RUNTIME_THREADS);

    *plan = (Plan){ .folder = models_path(in),
                    .id = in->words[0], .providers = option_text(in, "providers", NULL) };
    if (batch < 1 || batch > LIMIT_BATCH) {
        return fail(err, ERR_INVALID, "--batch: %lld is not from 1 to %d", (long long)batch,
                    LIMIT_BATCH);
    }
    if (clients < 1 || clients > BENCH_CLIENTS) {
        return fail(err, ERR_INVALID, "--clients: %lld is not from 1 to %d", (long long)clients,
                    BENCH_CLIENTS);
    }
    if (option_given(in, "threads") && (threads < 1 || threads > RUNTIME_THREADS)) {
        return fail(err, ERR_INVALID, "--threads: %lld is not from 1 to %d", (long long)threads,
                    RUNTIME_THREADS);
    }
    plan->options.batch   = (int)batch;
    plan->options.clients = (int)clients;
    plan->options.picture = option_text(in, "picture", NULL);
    if (threads > 0) {
        plan->threads[plan->count++] = (int)threads;
    }
    for (int n = 1; threads == 0 && n < cores && plan->count < SETTINGS - 1; n *= 2) {
        plan->threads[plan->count++] = n;
    }
    if (threads == 0) {
        plan->threads[plan->count++] = cores;
    }
    return read_seconds(in, &plan->options.seconds, err);
}

static bool measure_plan(const Plan *plan, bool json, BenchResult results[], Error *err)
{
    for (int i = 0; i < plan->count; i++) {
        Buffer text;

        if (!measure(plan, plan->threads[i], &results[i], err)) {
            return false;
        }
        if (json) {
            continue;
        }
        buffer_init(&text, KIB(64));
        print_result(&text, &results[i]);
        bool ok = print_out(&text, err);
        buffer_fini(&text);
        if (!ok) {
            return false;
        }
    }
    return true;
}

static int run(Invocation *in, Error *err)
{
    Plan         plan;
    bool         json    = option_given(in, "json");
    BenchResult *results = arena_array(in->arena, BenchResult, SETTINGS);
    Best         best;
    Buffer       out;

    if (!results || !make_plan(in, &plan, err) || !measure_plan(&plan, json, results, err)) {
        return -1;
    }
    best = find_best(results, plan.count);
    buffer_init(&out, KIB(256));
    if (json) {
        write_json(&out, &plan, results, &best);
    } else {
        print_best(&out, &best);
    }
    bool ok = print_out(&out, err);
    buffer_fini(&out);
    return ok ? 0 : -1;
}

static const Option options[] = {
    { "threads", 0, OPTION_INTEGER, "N", "Threads of one inference (1, 2, 4 ... all cores, one "
      "after the other)." },
    { "batch", 0, OPTION_INTEGER, "N", "The largest batch tried (16)." },
    { "clients", 0, OPTION_INTEGER, "N", "How many ask at once, at most (all cores)." },
    { "seconds", 0, OPTION_TEXT, "S", "How long each line is measured (1)." },
    { "picture", 0, OPTION_TEXT, "FILE", "The picture to ask about (one of 1280 x 720, made up)." },
    { "providers", 0, OPTION_TEXT, "LIST", "What networks run on, best first: cuda:0,cpu (cpu, or "
      "$OCELLUS_PROVIDERS)." },
    { "json", 0, OPTION_FLAG, NULL, "Print JSON." },
    { 0 },
};

const Command command_model_bench = {
    .name    = "model bench",
    .usage   = "NAME/VERSION [options]",
    .summary = "Measure a model on this machine, and tell which settings are best.",
    .example = "ocellus model bench parts/1 --data build/demo --seconds 0.2",
    .details = "Loads the model in a process of its own for each number of threads and times one "
               "picture, batches\nand several clients at once.  Nothing else should run "
               "meanwhile.\n"
               "What it advises is set with 'ocellus serve --threads'.",
    .options = options,
    .least   = 1,
    .most    = 1,
    .data    = true,
    .run     = run,
};
