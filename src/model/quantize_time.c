/*
 * quantize_time - two networks timed in turns, so that what disturbs one disturbs both.
 */
#include <math.h>

#include "base/clock.h"
#include "model/probe.h"
#include "model/quantize_inside.h"

enum { WARM_UPS = 3, LEAST_RUNS = 15, MOST_RUNS = 400 };

/* Of timing with one number of threads; more where noise leaves it open which is faster. */
static const double seconds = 2, patience = 8;

/* What is faster by less than this is not worth another model. */
static const double notable = 0.02;

static bool time_run(Probe *probe, const Tensor *input, const Cancel *cancel, double *out,
                     Error *err)
{
    int64_t start = clock_now();
    bool    done  = probe_run(probe, input, NULL, NULL, cancel, err);

    *out = (double)(clock_now() - start) / 1e6;
    return done;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *samples, int count)
{
    qsort(samples, (size_t)count, sizeof *samples, by_size);
    return samples[count / 2];
}

/* The standard error of a median, out of the median distance from it: one slow run in ten
 * does not spoil it.  The samples are lost. */
static double spread(double *samples, int count, double middle)
{
    for (int i = 0; i < count; i++) {
        samples[i] = fabs(samples[i] - middle);
    }
    return 1.2533 * 1.4826 * median(samples, count) / sqrt(count);
}

static void summarise(double samples[2][MOST_RUNS], int count, QuantizeTimes *out)
{
    double before[MOST_RUNS], after[MOST_RUNS];

    memcpy(before, samples[0], (size_t)count * sizeof *before);
    memcpy(after, samples[1], (size_t)count * sizeof *after);
    out->runs       = count;
    out->before     = median(before, count);
    out->before_min = before[0];
    out->after      = median(after, count);
    out->after_min  = after[0];

    double noise = hypot(spread(before, count, out->before), spread(after, count, out->after));
    out->noise = fmax(3 * noise, notable * out->before);
}

static bool is_enough(double samples[2][MOST_RUNS], int count, int64_t start, QuantizeTimes *out)
{
    double taken = (double)(clock_now() - start) / 1e9;

    if (count < LEAST_RUNS || taken < seconds) {
        return false;
    }
    summarise(samples, count, out);
    return taken >= patience || fabs(out->before - out->after) > out->noise;
}

static bool time_both(Probe *probes[2], const Tensor *input, const Cancel *cancel,
                      QuantizeTimes *out, Error *err)
{
    double  samples[2][MOST_RUNS], unused;
    int64_t start;
    int     count = 0;

    for (int i = 0; i < 2 * WARM_UPS; i++) {
        if (!time_run(probes[i % 2], input, cancel, &unused, err)) {
            return false;
        }
    }
    start = clock_now();
    for (; count < MOST_RUNS && !is_enough(samples, count, start, out); count++) {
        for (int i = 0; i < 2; i++) {
            int which = (i + count) % 2;      /* each goes first as often as second */

            if (!time_run(probes[which], input, cancel, &samples[which][count], err)) {
                return false;
            }
        }
    }
    summarise(samples, count, out);
    return true;
}

bool quantize_time(const char *name, Text before, Text after, int threads, const Tensor *input,
                   const Cancel *cancel, QuantizeTimes *out, Error *err)
{
    Probe *probes[2] = { probe_open(name, before, threads, err), NULL };
    bool   done;

    *out      = (QuantizeTimes){ .threads = threads };
    probes[1] = probes[0] ? probe_open(name, after, threads, err) : NULL;
    done      = probes[1] && time_both(probes, input, cancel, out, err);
    probe_close(probes[0]);
    probe_close(probes[1]);
    return done;
}
