/*
 * identify_outliers - which embeddings point elsewhere than the ones before.
 *
 * Keeps a window of the last embeddings, the new one among them, and their mean
 * direction.  An embedding is ranked by how well it is aligned with that
 * direction; one at either end of the ranking is an outlier.  What is remembered
 * belongs to the step, not to a video.
 */
#include <math.h>

#include "blocks/embedding.h"

typedef struct Args {
    Value   embedding;
    double  threshold;
    int64_t warmup;
    int64_t window_size;
} Args;

static const Field fields[] = {
    { "embedding", VALUE(Args, embedding), .kinds = KIND(EMBEDDING), .selector_only = true,
      .help = "The embedding to compare with those before it." },

    { "threshold_percentile", NUMBER(Args, threshold), .kinds = KIND(FLOAT01), .preset = "0.05",
      .help = "The share of embeddings at either end of the ranking that are outliers." },

    { "warmup", INTEGER(Args, warmup), .kinds = KIND(INTEGER), .preset = "3",
      .help = "With how many embeddings the ranking begins." },

    { "window_size", INTEGER(Args, window_size), .kinds = KIND(INTEGER), .preset = "32",
      .nullable = true, .help = "How many embeddings are remembered." },

    { 0 },
};

enum { OUT_OUTLIER, OUT_PERCENTILE, OUT_WARMING };

static const Output outputs[] = {
    [OUT_OUTLIER] = { "is_outlier", KIND(BOOLEAN), "Whether the embedding is unusual." },
    [OUT_PERCENTILE] = { "percentile", KIND(FLOAT01), "The share that is less aligned." },
    [OUT_WARMING] = { "warming_up", KIND(BOOLEAN), "Whether it is too early to tell." },
    { 0 },
};

typedef struct State {
    int64_t samples;
    Window  window;
} State;

static void state_fini(void *state)
{
    window_fini(&((State *)state)->window);
}

/* The direction of the window's mean. */
static void mean_direction(const Window *window, double *direction, int64_t length)
{
    double norm;

    window_mean(window, direction, length);
    norm = sqrt(dot_in_order(direction, direction, length));
    for (int64_t k = 0; k < length; k++) {
        direction[k] /= norm;
    }
}

/* The share of the window that is less aligned with its mean than `x` is.  The
 * products round as the reference's do, so that a vector may be below itself. */
static bool rank(Call *call, const Window *window, const double *x, int64_t length, double *share,
                 Error *err)
{
    double *direction = arena_array(call->arena, double, (size_t)length + 1);
    double  aligned;
    int64_t below = 0;

    if (!direction) {
        return fail(err, ERR_MEMORY, "no memory for a direction of %lld numbers",
                    (long long)length);
    }
    mean_direction(window, direction, length);
    aligned = dot_in_order(x, direction, length);
    for (int64_t k = 0; k < window->count; k++) {
        if (!cancel_check(call->cancel, err)) {
            return false;
        }
        below += dot_in_lanes(window_at(window, k), direction, length) < aligned;
    }
    *share = (double)below / (double)window->count;
    return true;
}

static bool identify(Call *call, int i, const Args *in, State *state)
{
    double  share = 0.5;
    Error   err   = { 0 };
    double *x;
    int64_t length;
    bool    warming;

    if (!embedding_unit(call, i, in->embedding, &x, &length)) {
        return false;
    }
    if (state->window.count > 0 && !embedding_fits(call, i, length, state->window.length)) {
        return false;
    }
    state->samples++;
    warming = state->samples < in->warmup;
    if (!warming && in->window_size < 1) {
        return embedding_no_window(call, i, in->window_size);
    }
    if (!window_add(&state->window, x, length, in->window_size, &err) ||
        (!warming && !rank(call, &state->window, x, length, &share, &err))) {
        return call_fail_error(call, i, &err);
    }
    emit_bool(call, i, OUT_OUTLIER,
              !warming && (share < in->threshold || share > 1 - in->threshold));
    emit_value(call, i, OUT_PERCENTILE, value_double(share));
    emit_bool(call, i, OUT_WARMING, warming);
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

const Block block_identify_outliers_v1 = {
    .type       = "roboflow_core/identify_outliers@v1",
    .title      = "Identify Outliers",
    .category   = CATEGORY_TRACKER,
    .work       = WORK(COMPUTATION) | WORK(BUFFERING),
    .caveats    = CAVEATS_VIDEO,
    .summary    = "Tell which embeddings point elsewhere than the ones before.",
    .state_size = sizeof(State),
    .state_fini = state_fini,
    .args_size  = sizeof(Args),
    .fields     = fields,
    .outputs    = outputs,
    .run        = run,
};
