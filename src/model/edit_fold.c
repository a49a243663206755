/*
 * edit_fold - normalisations worked into the convolutions in front of them.
 *
 * What a network was trained with is a scale and an offset of each channel once it is
 * trained; as those are linear, they go into the weights.  ONNX Runtime does the same when
 * it loads a network, but what is quantised must be folded before.
 */
#include <math.h>

#include "model/edit.h"

/* The four numbers a channel of a normalisation. */
typedef struct Norm {
    const float *scale, *offset, *mean, *variance;
    float        epsilon;
} Norm;

static const float *channel_numbers(const EditGraph *graph, const EditNode *node, int input,
                                    int64_t channels)
{
    const EditTensor *tensor = edit_tensor(graph, edit_input(node, input));

    return tensor && tensor->weight && tensor->weight->count == channels
           ? edit_floats(graph, tensor->weight) : NULL;
}

static bool read_norm(const EditGraph *graph, const EditNode *node, int64_t channels, Norm *norm)
{
    norm->scale    = channel_numbers(graph, node, 1, channels);
    norm->offset   = channel_numbers(graph, node, 2, channels);
    norm->mean     = channel_numbers(graph, node, 3, channels);
    norm->variance = channel_numbers(graph, node, 4, channels);
    norm->epsilon  = edit_float(node, "epsilon", 1e-5f);
    return norm->scale && norm->offset && norm->mean && norm->variance &&
           edit_int(node, "training_mode", 0) == 0;
}

/* Means and variances that are given out are only read in training. */
static bool gives_one(const EditGraph *graph, const EditNode *node)
{
    for (int i = 1; i < node->output_count; i++) {
        const EditTensor *tensor = edit_tensor(graph, node->outputs[i]);

        if (tensor && (tensor->users > 0 || tensor->output || tensor->inside)) {
            return false;
        }
    }
    return node->output_count >= 1;
}

/* The convolution whose only use is this normalisation. */
static EditNode *find_convolution(const EditGraph *graph, const EditNode *node)
{
    const EditTensor *between = edit_tensor(graph, edit_input(node, 0));

    if (!between || between->maker < 0 || between->users != 1 || between->output ||
        between->inside) {
        return NULL;
    }
    EditNode *convolution = &graph->nodes[between->maker];
    return convolution->plain && text_is(convolution->kind, "Conv") &&
           convolution->output_count == 1 ? convolution : NULL;
}

static bool replace_weights(EditGraph *graph, EditNode *convolution, const EditWeight *weights,
                            const float *values, const float *biases)
{
    Arena *arena = graph->arena;
    Text  *inputs = arena_array(arena, Text, 3);
    Text   name  = convolution->outputs[0];
    Text   one   = text_of(arena_printf(arena, "ocellus/%.*s/weights", SHOW(name)));
    Text   two   = text_of(arena_printf(arena, "ocellus/%.*s/biases", SHOW(name)));
    int64_t channels = weights->shape[0];

    if (!inputs ||
        !edit_add_weight(graph, one, GRAPH_FLOAT32, weights->shape, weights->rank, values) ||
        !edit_add_weight(graph, two, GRAPH_FLOAT32, &channels, 1, biases)) {
        return false;
    }
    inputs[0] = convolution->inputs[0];
    inputs[1] = one;
    inputs[2] = two;
    convolution->inputs      = inputs;
    convolution->input_count = 3;
    return true;
}

/* False only when memory is out; what cannot be folded stays. */
static bool fold(EditGraph *graph, EditNode *convolution, EditNode *node)
{
    const EditTensor *weights = edit_tensor(graph, edit_input(convolution, 1));
    EditWeight        shape;
    const float      *values, *biases = NULL;
    Text              bias = edit_input(convolution, 2);
    Norm              norm;

    if (!weights || !weights->weight || weights->weight->rank < 3) {
        return true;
    }
    shape  = *weights->weight;        /* as adding weights may move them */
    values = edit_floats(graph, &shape);
    if (bias.length > 0) {
        biases = channel_numbers(graph, convolution, 2, shape.shape[0]);
    }
    if (!values || (bias.length > 0 && !biases) ||
        !read_norm(graph, node, shape.shape[0], &norm)) {
        return true;
    }
    int64_t channels = shape.shape[0], each = shape.count / channels;
    float  *folded = arena_array(graph->arena, float, shape.count);
    float  *moved  = arena_array(graph->arena, float, channels);

    if (!folded || !moved) {
        return false;
    }
    for (int64_t c = 0; c < channels; c++) {
        double factor = norm.scale[c] / sqrt((double)norm.variance[c] + norm.epsilon);

        for (int64_t i = 0; i < each; i++) {
            folded[c * each + i] = (float)(values[c * each + i] * factor);
        }
        moved[c] = (float)(((biases ? biases[c] : 0) - (double)norm.mean[c]) * factor +
                           norm.offset[c]);
    }
    if (!replace_weights(graph, convolution, &shape, folded, moved)) {
        return false;
    }
    convolution->outputs[0] = node->outputs[0];
    node->gone              = true;
    return true;
}

bool edit_fold(EditGraph *graph, Error *err)
{
    for (int i = 0; i < graph->node_count; i++) {
        EditNode *node = &graph->nodes[i];

        if (!node->plain || node->gone || !text_is(node->kind, "BatchNormalization") ||
            !gives_one(graph, node)) {
            continue;
        }
        EditNode *convolution = find_convolution(graph, node);
        if (convolution && !fold(graph, convolution, node)) {
            return fail(err, ERR_MEMORY, "no memory to fold the normalisations of %s",
                        graph->name);
        }
    }
    return edit_index(graph, err);
}
