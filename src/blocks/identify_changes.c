/*
 * identify_changes - when pictures begin to change faster or slower than before.
 *
 * Follows the average of the embeddings that come in, and how alike each is to
 * the average before it.  That likeness has an average and a deviation of its own;
 * an embedding that lies in the tails of it is an outlier.  What is remembered
 * belongs to the step, not to a video.
 */
#include <math.h>

#include "blocks/embedding.h"

enum { EXPONENTIAL, SIMPLE, WINDOW };

typedef struct Args {
    int     strategy;
    Value   embedding;
    double  threshold;
    int64_t warmup;
    double  smoothing;
    int64_t window_size;
} Args;

static const Choice strategies[] = {
    { "Exponential Moving Average (EMA)", EXPONENTIAL },
    { "Simple Moving Average (SMA)", SIMPLE },
    { "Sliding Window", WINDOW },
    { 0 },
};

static const Field fields[] = {
    { "strategy", CHOICE(Args, strategy, strategies),
      .preset = "\"Exponential Moving Average (EMA)\"",
      .help = "Whether new embeddings count more, all count alike, or only the last do." },

    { "embedding", VALUE(Args, embedding), .kinds = KIND(EMBEDDING), .selector_only = true,
      .help = "The embedding to compare with those before it." },

    { "threshold_percentile", NUMBER(Args, threshold), .kinds = KIND(FLOAT01), .preset = "0.2",
      .help = "The share of embeddings that are outliers, half of it at either end." },

    { "warmup", INTEGER(Args, warmup), .kinds = KIND(INTEGER), .preset = "3",
      .help = "How many embeddings come before one can be an outlier." },

    { "smoothing_factor", NUMBER(Args, smoothing), .kinds = KIND(FLOAT01), .preset = "0.1",
      .nullable = true,
      .help = "How much the newest embedding counts in an exponential average." },

    { "window_size", INTEGER(Args, window_size), .kinds = KIND(INTEGER), .preset = "10",
      .nullable = true, .help = "How many embeddings a sliding window holds." },

    { 0 },
};

enum { OUT_OUTLIER, OUT_PERCENTILE, OUT_Z_SCORE, OUT_AVERAGE, OUT_STD, OUT_WARMING };

static const Output outputs[] = {
    [OUT_OUTLIER] = { "is_outlier", KIND(BOOLEAN), "Whether the change is unusual." },
    [OUT_PERCENTILE] = { "percentile", KIND(FLOAT01), "The share that is more alike than this." },
    [OUT_Z_SCORE] = { "z_score", KIND(FLOAT), "Deviations from the average likeness." },
    [OUT_AVERAGE] = { "average", KIND(EMBEDDING), "The average of the embeddings so far." },
    [OUT_STD] = { "std", KIND(EMBEDDING), "The deviation of every number of it." },
    [OUT_WARMING] = { "warming_up", KIND(BOOLEAN), "Whether it is too early to tell." },
    { 0 },
};

/* ---- averages -------------------------------------------------------------------------- */

/* The average of vectors of one length that came one by one. */
typedef struct Average {
    bool    begun;
    int64_t length;
    double *mean, *deviation;
    double *spread;          /* variance, or the sum of squared distances */
    Window  window;
} Average;

static void average_fini(Average *average)
{
    free(average->mean);
    window_fini(&average->window);
}

/* The first vector is the average; it does not enter the window. */
static bool average_begin(Average *average, const double *first, int64_t length, Error *err)
{
    average->mean = calloc((size_t)length + 1, 3 * sizeof(double));
    if (!average->mean) {
        return fail(err, ERR_MEMORY, "no memory for an average of %lld numbers",
                    (long long)length);
    }
    memcpy(average->mean, first, sizeof(double) * (size_t)length);
    average->deviation = average->mean + length;
    average->spread    = average->deviation + length;
    average->length    = length;
    average->begun     = true;
    return true;
}

/* What comes later weighs `factor`, what came before the rest. */
static void add_exponential(Average *average, const double *x, double factor)
{
    for (int64_t k = 0; k < average->length; k++) {
        double distance;

        average->mean[k]     += factor * (x[k] - average->mean[k]);
        distance              = x[k] - average->mean[k];
        average->spread[k]    = (1 - factor) * average->spread[k] + factor * distance * distance;
        average->deviation[k] = sqrt(average->spread[k]);
    }
}

/* Welford's way to the mean and the sum of squares of `samples` vectors. */
static void add_simple(Average *average, const double *x, int64_t samples)
{
    for (int64_t k = 0; k < average->length; k++) {
        double distance = x[k] - average->mean[k];

        average->mean[k]     += distance / (double)samples;
        average->spread[k]   += distance * (x[k] - average->mean[k]);
        average->deviation[k] = sqrt(average->spread[k] / (double)(samples - 1));
    }
}

static void tell_window(Average *average)
{
    window_mean(&average->window, average->mean, average->length);
    memset(average->deviation, 0, sizeof(double) * (size_t)average->length);
    for (int64_t i = 0; i < average->window.count; i++) {
        const double *vector = window_at(&average->window, i);

        for (int64_t k = 0; k < average->length; k++) {
            double distance = vector[k] - average->mean[k];

            average->deviation[k] += distance * distance;
        }
    }
    for (int64_t k = 0; k < average->length; k++) {
        average->deviation[k] = sqrt(average->deviation[k] / (double)average->window.count);
    }
}

/* Add a vector; `samples` are there with it. */
static bool average_add(Average *average, const Args *in, const double *x, int64_t samples,
                        Error *err)
{
    switch (in->strategy) {
    case EXPONENTIAL:
        add_exponential(average, x, isnan(in->smoothing) ? 0 : in->smoothing);
        return true;
    case SIMPLE:
        add_simple(average, x, samples);
        return true;
    default:
        if (!window_add(&average->window, x, average->length, in->window_size, err)) {
            return false;
        }
        tell_window(average);
        return true;
    }
}

/* ---- the step -------------------------------------------------------------------------- */

typedef struct State {
    int64_t samples;
    Average embedding;
    Average likeness;        /* of one number */
} State;

static void state_fini(void *state)
{
    average_fini(&((State *)state)->embedding);
    average_fini(&((State *)state)->likeness);
}

static double cosine(const double *a, const double *b, int64_t length)
{
    return dot_in_order(a, b, length) /
           (sqrt(dot_in_order(a, a, length)) * sqrt(dot_in_order(b, b, length)));
}

/* A window without a place holds nothing, whose average is no vector. */
static bool holds_nothing(const Args *in, const State *state)
{
    return in->strategy == WINDOW && in->window_size < 1 && state->samples > 1;
}

static Value vector_value(Call *call, const double *vector, int64_t length)
{
    Value *items = arena_array(call->arena, Value, (size_t)length + 1);

    for (int64_t k = 0; items && k < length; k++) {
        items[k] = value_double(vector[k]);
    }
    return value_list(items, items ? (size_t)length : 0);
}

static void tell(Call *call, int i, const Args *in, const State *state, Value score)
{
    bool   warming = state->samples <= in->warmup;
    double z = 0, percentile;

    if (!value_to_double(score, &z)) {
        z = NAN;
    }
    percentile = 1 - 0.5 * (1 + erf(z / sqrt(2)));
    emit_bool(call, i, OUT_OUTLIER, !warming && (percentile <= in->threshold / 2 ||
                                                 percentile >= 1 - in->threshold / 2));
    emit_value(call, i, OUT_PERCENTILE, value_double(percentile));
    emit_value(call, i, OUT_Z_SCORE, score);
    emit_bool(call, i, OUT_WARMING, warming);
    if (!holds_nothing(in, state)) {
        const Average *average = &state->embedding;

        emit_value(call, i, OUT_AVERAGE, vector_value(call, average->mean, average->length));
        emit_value(call, i, OUT_STD, vector_value(call, average->deviation, average->length));
    }
}

/* Take an embedding in; *score is how far its likeness lies from the average one. */
static bool follow(const Args *in, State *state, const double *x, Value *score, Error *err)
{
    Average *average = &state->embedding, *likeness = &state->likeness;
    double   alike   = cosine(x, average->mean, average->length);

    if (!average_add(average, in, x, state->samples, err) ||
        !(likeness->begun ? average_add(likeness, in, &alike, state->samples, err)
                          : average_begin(likeness, &alike, 1, err))) {
        return false;
    }
    if (likeness->deviation[0] != 0) {
        *score = value_double((alike - likeness->mean[0]) / likeness->deviation[0]);
    }
    return true;
}

static bool identify(Call *call, int i, const Args *in, State *state)
{
    Value   score = value_int(0);
    Error   err   = { 0 };
    double *x;
    int64_t length;

    if (!cancel_check(call->cancel, &err)) {
        return call_fail_error(call, i, &err);
    }
    if (!embedding_unit(call, i, in->embedding, &x, &length)) {
        return false;
    }
    if (holds_nothing(in, state)) {
        return embedding_no_window(call, i, in->window_size);
    }
    state->samples++;
    if (!state->embedding.begun) {
        if (!average_begin(&state->embedding, x, length, &err)) {
            return call_fail_error(call, i, &err);
        }
    } else if (!embedding_fits(call, i, length, state->embedding.length)) {
        return false;
    } else if (!follow(in, state, x, &score, &err)) {
        return call_fail_error(call, i, &err);
    }
    tell(call, i, in, state, score);
    return true;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        if (!identify(call, i, call_args(call, i), call->state)) {
            return false;
        }
    }
    return true;
}

const Block block_identify_changes_v1 = {
    .type       = "roboflow_core/identify_changes@v1",
    .title      = "Identify Changes",
    .category   = CATEGORY_TRACKER,
    .work       = WORK(COMPUTATION) | WORK(BUFFERING),
    .caveats    = CAVEATS_VIDEO,
    .summary    = "Tell when embeddings change faster or slower than they did before.",
    .state_size = sizeof(State),
    .state_fini = state_fini,
    .args_size  = sizeof(Args),
    .fields     = fields,
    .outputs    = outputs,
    .run        = run,
};
