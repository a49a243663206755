/*
 * quantize_range - which numbers flow through a tensor, and what part of their range is
 * worth the few steps that a byte has.
 */
#include <math.h>

#include "model/excerpt.h"
#include "model/quantize_inside.h"

/* What a percentile leaves out at either end. */
static const double left_out = 1e-4;

/* Two counts become one until a number fits. */
static void widen(Flow *flow, double number)
{
    if (flow->limit == 0) {
        flow->limit = ldexp(1, (int)fmax(ceil(log2(number)), -100));
    }
    while (number > flow->limit) {
        for (int i = 0; i < COUNTS / 4; i++) {
            int up = COUNTS / 2 + 2 * i, down = COUNTS / 2 - 1 - 2 * i;

            flow->counts[COUNTS / 2 + i]     = flow->counts[up] + flow->counts[up + 1];
            flow->counts[COUNTS / 2 - 1 - i] = flow->counts[down] + flow->counts[down - 1];
        }
        for (int i = 0; i < COUNTS / 4; i++) {
            flow->counts[i] = flow->counts[COUNTS - 1 - i] = 0;
        }
        flow->limit *= 2;
    }
}

bool flow_add(Flow *flow, const float *numbers, size_t count, Error *err)
{
    float  least = flow->least, most = flow->most;
    double sum   = 0;

    for (size_t i = 0; i < count; i++) {
        least = MIN(least, numbers[i]);
        most  = MAX(most, numbers[i]);
        sum  += numbers[i] - numbers[i];      /* NaN where one of them is none */
    }
    if (isnan(sum) || most > 1e30f || least < -1e30f) {
        return fail(err, ERR_INVALID, "'%.*s' holds numbers that are infinite or none with one of "
                    "the pictures; such a network cannot be quantised",
                    SHOW(excerpt(flow->name, 80)));
    }
    flow->least = least;
    flow->most  = most;
    if (MAX(most, -least) == 0) {
        return true;
    }
    widen(flow, MAX(most, -least));

    float scale = (float)(COUNTS / 2 / flow->limit);
    for (size_t i = 0; i < count; i++) {
        int place = (int)floorf(numbers[i] * scale) + COUNTS / 2;

        flow->counts[MIN(MAX(place, 0), COUNTS - 1)]++;
    }
    return true;
}

static double middle(const Flow *flow, int i)
{
    return ((double)i + 0.5 - COUNTS / 2) * flow->limit / (COUNTS / 2);
}

static Range percentile(const Flow *flow)
{
    uint64_t all = 0, allowed, seen = 0;
    int      low = 0, high = COUNTS - 1;

    for (int i = 0; i < COUNTS; i++) {
        all += flow->counts[i];
    }
    allowed = (uint64_t)((double)all * left_out);
    while (low < COUNTS / 2 && seen + flow->counts[low] <= allowed) {
        seen += flow->counts[low++];
    }
    seen = 0;
    while (high >= COUNTS / 2 && seen + flow->counts[high] <= allowed) {
        seen += flow->counts[high--];
    }
    double step = flow->limit / (COUNTS / 2);
    return (Range){ (float)fmax(flow->least, (low - COUNTS / 2) * step),
                    (float)fmin(flow->most, (high + 1 - COUNTS / 2) * step) };
}

/* Of rounding within the range, and of cutting off what is outside. */
static double error_of(const Flow *flow, double low, double high)
{
    double step = (high - low) / 255, sum = 0;

    for (int i = 0; i < COUNTS; i++) {
        double number = middle(flow, i);
        double beyond = fmax(fmax(low - number, number - high), 0);

        sum += (double)flow->counts[i] * (step * step / 12 + beyond * beyond);
    }
    return sum;
}

static Range least_error(const Flow *flow)
{
    Range  best  = { flow->least, flow->most };
    double error = INFINITY;

    for (int down = 20; down >= 4; down--) {
        for (int up = 20; up >= 4; up--) {
            double low  = (double)flow->least * (down / 20.0);
            double high = (double)flow->most * (up / 20.0);
            double here = error_of(flow, low, high);

            if (here < error) {
                error = here;
                best  = (Range){ (float)low, (float)high };
            }
            if (flow->most == 0) {
                break;
            }
        }
        if (flow->least == 0) {
            break;
        }
    }
    return best;
}

Range flow_range(const Flow *flow, QuantizeMethod method)
{
    if (flow->limit == 0) {
        return (Range){ 0, 0 };
    }
    switch (method) {
    case QUANTIZE_PERCENTILE: return percentile(flow);
    case QUANTIZE_ERROR:      return least_error(flow);
    case QUANTIZE_BEST: case QUANTIZE_MIN_MAX: break;
    }
    return (Range){ flow->least, flow->most };
}

const char *quantize_method_name(QuantizeMethod method)
{
    static const char *const names[QUANTIZE_METHODS] = {
        [QUANTIZE_BEST] = "best", [QUANTIZE_MIN_MAX] = "minmax",
        [QUANTIZE_PERCENTILE] = "percentile", [QUANTIZE_ERROR] = "error",
    };

    return names[method];
}
