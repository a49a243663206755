/*
 * cosine_similarity - how alike two embeddings are.
 *
 * The cosine of the angle between two vectors: 1 for the same direction, 0 for
 * nothing in common, -1 for opposite ones.  A vector of zeros has no direction,
 * and nothing is said about it.
 */
#include <math.h>

#include "blocks/embedding.h"

typedef struct Args {
    Value first, second;
} Args;

static const Field fields[] = {
    { "embedding_1", VALUE(Args, first), .kinds = KIND(EMBEDDING), .selector_only = true,
      .help = "The one embedding." },

    { "embedding_2", VALUE(Args, second), .kinds = KIND(EMBEDDING), .selector_only = true,
      .help = "The other embedding, of the same length." },

    { 0 },
};

enum { OUT_SIMILARITY };

static const Output outputs[] = {
    [OUT_SIMILARITY] = { "similarity", KIND(FLOAT), "From -1 to 1." },
    { 0 },
};

/* What the reference says about an element that is no number. */
static bool bad_element(Call *call, int i, const Args *in, int64_t at)
{
    Value first = in->first.type == VALUE_ARRAY ? value_int(0) : in->first.as.items[at];
    Value other = in->second.type == VALUE_ARRAY ? value_int(0) : in->second.as.items[at];
    bool  text  = first.type == VALUE_STRING || other.type == VALUE_STRING;

    return call_fail(call, i, text ? "ValueError" : "TypeError", "element %lld of an embedding is "
                     "no number", (long long)at);
}

static bool compare(Call *call, int i, const Args *in)
{
    double  dot = 0, first = 0, second = 0;
    int64_t length;

    if (!embedding_is(in->first) || !embedding_is(in->second)) {
        return call_fail(call, i, "TypeError", "an embedding is a list of numbers, not %s",
                         value_type_name((ValueType)(embedding_is(in->first) ? in->second.type
                                                                          : in->first.type)));
    }
    length = embedding_length(in->first);
    if (length != embedding_length(in->second)) {
        return call_fail(call, i, "RuntimeError", "the embeddings have %lld and %lld numbers; only "
                         "those of one model can be compared", (long long)length,
                         (long long)embedding_length(in->second));
    }
    for (int64_t k = 0; k < length; k++) {
        double a, b;

        if (!embedding_number(in->first, k, &a) || !embedding_number(in->second, k, &b)) {
            return bad_element(call, i, in, k);
        }
        dot    += a * b;
        first  += a * a;
        second += b * b;
    }
    dot /= sqrt(first) * sqrt(second);
    emit_value(call, i, OUT_SIMILARITY, value_double(dot));
    return true;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        if (!compare(call, i, call_args(call, i))) {
            return false;
        }
    }
    return true;
}

const Block block_cosine_similarity_v1 = {
    .type      = "roboflow_core/cosine_similarity@v1",
    .title     = "Cosine Similarity",
    .category  = CATEGORY_ANALYTICS,
    .work      = WORK(COMPUTATION),
    .summary   = "Measure how alike two embeddings are.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
