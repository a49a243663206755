/*
 * quantize_write - a network with its whole numbers written down.
 *
 * Where a tensor becomes whole, a QuantizeLinear and a DequantizeLinear stand behind what
 * makes it; ONNX Runtime takes those, and the float32 operation between them, for one
 * operation on whole numbers.  A tensor keeps its name behind both, so whoever else uses
 * it, the network's outputs too, need not know.  Activations are uint8, weights int8 with
 * a scale for each channel, biases int32 at the product of both scales.
 */
#include <float.h>
#include <math.h>
#if defined __x86_64__ || defined __i386__
#include <cpuid.h>
#endif

#include "model/quantize_inside.h"

typedef struct Draft {
    const QuantizeDraft *draft;
    const Plan          *plan;
    EditGraph            graph;      /* that is written */
    Arena                arena;
    Choice               choice;
    int                 *range_of;   /* one a tensor: its place among ranges; -1: none */
    bool                *rounded;    /* one a tensor: float32, but rounded for layers already */
    bool                *scaled;     /* one a tensor: its scale is written */
    Text                *added;      /* one a node: what an Add adds instead of its weight */
    int                  room;       /* for nodes */
} Draft;

/* ---- processors ---------------------------------------------------------------------- */

bool quantize_is_exact_here(void)
{
#if defined __x86_64__ || defined __i386__
    unsigned a = 0, b = 0, c = 0, d = 0;

    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
        return false;
    }
    bool wide = (c & (1u << 11)) != 0;                  /* AVX512-VNNI */
    return wide || (__get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & (1u << 4)));
#else
    return true;
#endif
}

/* ---- names and nodes ----------------------------------------------------------------- */

static Text name_of(Draft *d, Text tensor, const char *what)
{
    return text_of(arena_printf(&d->arena, "ocellus/%.*s/%s", SHOW(tensor), what));
}

/* Nodes go without a name, as any might be taken. */
static bool put_node(Draft *d, const char *kind, const Text inputs[3], Text output, int64_t axis)
{
    Text *texts = arena_array(&d->arena, Text, 5);

    if (!texts || d->graph.node_count >= d->room) {
        return false;
    }
    memcpy(texts, inputs, 3 * sizeof *texts);
    texts[3] = output;
    texts[4] = axis >= 0 ? edit_make_int(&d->arena, "axis", axis) : (Text){ 0 };
    d->graph.nodes[d->graph.node_count++] = (EditNode){
        .kind = text_of(kind), .inputs = texts, .outputs = texts + 3,
        .attributes = texts + 4, .input_count = inputs[2].length > 0 ? 3 : 2, .output_count = 1,
        .attribute_count = axis >= 0 ? 1 : 0, .plain = true,
    };
    return true;
}

/* ---- scales -------------------------------------------------------------------------- */

/* The tensor whose range a tensor has: where it only was moved, that of what was moved. */
static const EditTensor *root_of(const Draft *d, const EditTensor *tensor)
{
    while (tensor->maker >= 0 && d->choice.works[tensor->maker] &&
           d->plan->places[tensor->maker].part == PART_CARRY) {
        tensor = edit_tensor(d->plan->graph, d->plan->graph->nodes[tensor->maker].inputs[0]);
    }
    return tensor;
}

/* Zero is a whole number, so that padding and what a Relu cuts off are exact.  No number
 * written is above the range's end: a Clip there then has nothing left to do. */
static float scale_of(Range range, uint8_t *zero)
{
    float scale = (float)(((double)range.high - range.low) / 255);

    if (!(scale > FLT_MIN)) {
        scale = 1.0f / 255;
    }
    if (range.low >= 0 && scale * 255 > range.high && range.high > FLT_MIN) {
        scale = nextafterf(scale, 0);
    }
    *zero = (uint8_t)fmin(fmax(nearbyint(-(double)range.low / scale), 0), 255);
    return scale;
}

static Range range_of(const Draft *d, const EditTensor *tensor)
{
    int place = d->range_of[root_of(d, tensor)->index];

    return place >= 0 ? d->draft->ranges[place] : (Range){ 0, 1 };
}

static bool write_scale(Draft *d, const EditTensor *root, Text *scale, Text *zero)
{
    uint8_t offset;
    float   step = scale_of(range_of(d, root), &offset);

    *scale = name_of(d, root->name, "scale");
    *zero  = name_of(d, root->name, "zero");
    if (d->scaled[root->index]) {
        return true;
    }
    d->scaled[root->index] = true;
    return edit_add_weight(&d->graph, *scale, GRAPH_FLOAT32, NULL, 0, &step) &&
           edit_add_weight(&d->graph, *zero, GRAPH_UINT8, NULL, 0, &offset);
}

/* From `from`, float32, to `to`, float32, by way of whole numbers. */
static bool put_pair(Draft *d, const EditTensor *tensor, Text from, Text to)
{
    Text scale, zero, whole = name_of(d, tensor->name, "whole");

    return write_scale(d, root_of(d, tensor), &scale, &zero) &&
           put_node(d, "QuantizeLinear", (Text[]){ from, scale, zero }, whole, -1) &&
           put_node(d, "DequantizeLinear", (Text[]){ whole, scale, zero }, to, -1);
}

/* ---- weights ------------------------------------------------------------------------- */

/* Weights of one layer, channel by channel. */
typedef struct Channels {
    const float *values, *biases;     /* biases: NULL if there are none */
    int64_t      outer, count, inner;
    float       *scales;              /* one a channel */
    int8_t      *whole;
    int32_t     *whole_biases;
    float       *bias_scales;
} Channels;

static bool read_channels(Draft *d, const Place *place, const EditWeight *weights, Channels *c)
{
    const EditTensor *bias = edit_tensor(d->plan->graph, place->biases);
    EditGraph         here = *d->plan->graph;

    here.arena = &d->arena;
    c->outer   = c->inner = 1;
    c->count   = weights->shape[place->axis];
    for (int i = 0; i < weights->rank; i++) {
        c->outer *= i < place->axis ? weights->shape[i] : 1;
        c->inner *= i > place->axis ? weights->shape[i] : 1;
    }
    c->values       = edit_floats(&here, weights);
    c->biases       = bias ? edit_floats(&here, bias->weight) : NULL;
    c->scales       = arena_array(&d->arena, float, c->count);
    c->whole        = arena_array(&d->arena, int8_t, weights->count);
    c->bias_scales  = arena_array(&d->arena, float, c->count);
    c->whole_biases = arena_array(&d->arena, int32_t, c->count);
    return c->values && (c->biases || !bias) && c->scales && c->whole && c->bias_scales &&
           c->whole_biases;
}

/* A channel of small weights gets a scale at which its bias fits into 32 bits. */
static void quantize_channel(Channels *c, int64_t channel, int steps, double input_scale)
{
    double most = 0, bias = c->biases ? c->biases[channel] : 0, scale;

    for (int64_t o = 0; o < c->outer; o++) {
        const float *row = c->values + (o * c->count + channel) * c->inner;

        for (int64_t i = 0; i < c->inner; i++) {
            most = fmax(most, fabs((double)row[i]));
        }
    }
    scale = fmax(fmax(most / steps, fabs(bias) / (input_scale * 1073741824.0)), 1e-12);
    scale = isfinite(scale) ? fmin(scale, 1e30) : 1;
    c->scales[channel] = (float)scale;
    scale              = c->scales[channel];
    for (int64_t o = 0; o < c->outer; o++) {
        int64_t start = (o * c->count + channel) * c->inner;

        for (int64_t i = start; i < start + c->inner; i++) {
            double step = nearbyint(c->values[i] / scale);

            c->whole[i] = (int8_t)(isnan(step) ? 0 : fmin(fmax(step, -steps), steps));
        }
    }
    c->bias_scales[channel] = (float)fmax(scale * input_scale, FLT_MIN);
    bias = nearbyint(bias / c->bias_scales[channel]);
    c->whole_biases[channel] = (int32_t)(isnan(bias) ? 0 : fmin(fmax(bias, -2147483647.0),
                                                                2147483647.0));
}

static bool put_weights(Draft *d, const EditNode *node, const Place *place, EditNode *layer)
{
    const EditGraph  *graph   = d->plan->graph;
    const EditWeight *weights = edit_tensor(graph, node->inputs[1])->weight;
    Range    range = range_of(d, edit_tensor(graph, node->inputs[0]));
    Channels c     = { 0 };
    uint8_t  zero;

    if (!read_channels(d, place, weights, &c)) {
        return false;
    }
    for (int64_t i = 0; i < c.count; i++) {
        quantize_channel(&c, i, d->draft->portable ? 63 : 127, scale_of(range, &zero));
    }
    Text names[] = { name_of(d, place->result, "weights/whole"),
                     name_of(d, place->result, "weights/scale"),
                     name_of(d, place->result, "weights/zero") };
    int8_t *zeros = arena_array(&d->arena, int8_t, c.count);

    layer->inputs[1] = name_of(d, place->result, "weights/float");
    if (!zeros ||
        !edit_add_weight(&d->graph, names[0], EDIT_INT8, weights->shape, weights->rank, c.whole) ||
        !edit_add_weight(&d->graph, names[1], GRAPH_FLOAT32, &c.count, 1, c.scales) ||
        !edit_add_weight(&d->graph, names[2], EDIT_INT8, &c.count, 1, zeros) ||
        !put_node(d, "DequantizeLinear", names, layer->inputs[1], place->axis)) {
        return false;
    }
    if (!c.biases) {
        return true;
    }
    Text biases[] = { name_of(d, place->result, "biases/whole"),
                      name_of(d, place->result, "biases/scale"), { 0 } };

    Text name = name_of(d, place->result, "biases/float");

    if (place->adder >= 0) {
        d->added[place->adder] = name;
    } else {
        layer->inputs[2] = name;
    }
    return edit_add_weight(&d->graph, biases[0], EDIT_INT32, &c.count, 1, c.whole_biases) &&
           edit_add_weight(&d->graph, biases[1], GRAPH_FLOAT32, &c.count, 1, c.bias_scales) &&
           put_node(d, "DequantizeLinear", biases, name, 0);
}

/* ---- nodes --------------------------------------------------------------------------- */

static bool copy_node(Draft *d, const EditNode *node, EditNode *copy)
{
    *copy         = *node;
    copy->inputs  = arena_array(&d->arena, Text, node->input_count + 1);
    copy->outputs = arena_array(&d->arena, Text, node->output_count + 1);
    if (!copy->inputs || !copy->outputs) {
        return false;
    }
    for (int i = 0; i < node->input_count; i++) {
        copy->inputs[i] = node->inputs[i];
    }
    for (int i = 0; i < node->output_count; i++) {
        copy->outputs[i] = node->outputs[i];
    }
    return true;
}

/* An input that is float32 is rounded for those that work on whole numbers alone. */
static bool put_sources(Draft *d, int i, EditNode *copy)
{
    for (int k = 0; k < d->plan->places[i].sources; k++) {
        const EditTensor *tensor = edit_tensor(d->plan->graph, copy->inputs[k]);

        if (d->choice.whole[tensor->index]) {
            continue;
        }
        copy->inputs[k] = name_of(d, tensor->name, "rounded");
        if (!d->rounded[tensor->index]) {
            d->rounded[tensor->index] = true;
            if (!put_pair(d, tensor, tensor->name, copy->inputs[k])) {
                return false;
            }
        }
    }
    return true;
}

/* The outputs that become whole are made under another name first. */
static bool put_copy(Draft *d, EditNode *copy)
{
    Text *outputs = arena_array(&d->arena, Text, copy->output_count + 1);
    bool  done    = outputs != NULL;

    for (int k = 0; done && k < copy->output_count; k++) {
        const EditTensor *tensor = edit_tensor(d->plan->graph, copy->outputs[k]);

        outputs[k] = tensor && d->choice.whole[tensor->index]
                     ? name_of(d, tensor->name, "float") : copy->outputs[k];
    }
    if (!done || d->graph.node_count >= d->room) {
        return false;
    }
    Text *names = copy->outputs;

    copy->outputs = outputs;
    d->graph.nodes[d->graph.node_count++] = *copy;
    for (int k = 0; done && k < copy->output_count; k++) {
        const EditTensor *tensor = edit_tensor(d->plan->graph, names[k]);

        if (tensor && d->choice.whole[tensor->index]) {
            done = put_pair(d, tensor, outputs[k], tensor->name);
        }
    }
    return done;
}

static bool put_place(Draft *d, int i)
{
    const EditNode *node = &d->plan->graph->nodes[i];
    EditNode        copy;

    if (node->gone) {
        return true;
    }
    if (!copy_node(d, node, &copy)) {
        return false;
    }
    for (int k = 0; k < node->input_count && d->added[i].length > 0; k++) {
        const EditTensor *tensor = edit_tensor(d->plan->graph, node->inputs[k]);

        /* Written so, ONNX Runtime makes one operation of product and sum; else it would
         * make one of float32, and of the weights too, for every picture. */
        if (tensor && tensor->weight) {
            copy.inputs[k] = d->added[i];
        }
    }
    if (d->choice.works[i] && !put_sources(d, i, &copy)) {
        return false;
    }
    if (d->choice.works[i] && d->plan->places[i].part == PART_LAYER &&
        !put_weights(d, node, &d->plan->places[i], &copy)) {
        return false;
    }
    return put_copy(d, &copy);
}

/* ---- the whole ----------------------------------------------------------------------- */

/* Room for all that is put, and arrays of the draft's own. */
static bool begin(Draft *d, const Plan *plan)
{
    const EditGraph *graph   = plan->graph;
    size_t           tensors = (size_t)graph->tensors.count + 1;

    arena_init(&d->arena, EDIT_MEMORY);
    d->plan        = plan;
    d->graph       = *graph;
    d->graph.arena = &d->arena;
    d->room        = plan->tensor_count + 1;
    for (int i = 0; i < graph->node_count; i++) {
        d->room += 3 + 2 * graph->nodes[i].output_count + 2 * plan->places[i].sources;
    }
    d->graph.nodes      = arena_array(&d->arena, EditNode, d->room);
    d->graph.node_count = 0;
    d->graph.weights    = arena_array(&d->arena, EditWeight, graph->weight_room + 1);
    d->range_of         = arena_array(&d->arena, int, tensors);
    d->rounded          = arena_array(&d->arena, bool, tensors);
    d->scaled           = arena_array(&d->arena, bool, tensors);
    d->added            = arena_array(&d->arena, Text, graph->node_count + 1);
    if (!d->graph.nodes || !d->graph.weights || !d->range_of || !d->rounded || !d->scaled ||
        !d->added) {
        return false;
    }
    memcpy(d->graph.weights, graph->weights, (size_t)graph->weight_count * sizeof(EditWeight));
    for (size_t i = 0; i < tensors; i++) {
        d->range_of[i] = -1;
    }
    for (int i = 0; i < plan->tensor_count; i++) {
        d->range_of[edit_tensor(graph, plan->tensors[i])->index] = i;
    }
    return true;
}

static bool put_all(Draft *d)
{
    for (int i = 0; i < d->plan->graph->node_count; i++) {
        if (!put_place(d, i)) {
            return false;
        }
    }
    return !arena_failed(&d->arena);
}

static bool no_memory(const Draft *d, Error *err)
{
    return fail(err, ERR_MEMORY, "no memory to quantise %s", d->plan->graph->name);
}

bool quantize_write(const QuantizeDraft *draft, Buffer *out, Error *err)
{
    Draft d    = { .draft = draft };
    bool  done = (begin(&d, draft->plan) &&
                  quantize_choose(draft->plan, draft->kept, &d.arena, &d.choice) &&
                  put_all(&d)) || no_memory(&d, err);

    done = done && edit_write(&d.graph, out, err);
    arena_fini(&d.arena);
    return done;
}

/* An input cannot be an output as well, so it goes through one more operation. */
static bool put_flows(Draft *d, int first, int count)
{
    const EditGraph *graph   = d->plan->graph;
    Text            *outputs = arena_array(&d->arena, Text, count);

    for (int i = 0; i < graph->node_count; i++) {
        d->graph.nodes[d->graph.node_count++] = graph->nodes[i];
    }
    for (int i = 0; outputs && i < count; i++) {
        const EditTensor *tensor = edit_tensor(graph, d->plan->tensors[first + i]);

        outputs[i] = tensor->name;
        if (tensor->input) {
            outputs[i] = name_of(d, tensor->name, "seen");
            EditNode *node = &d->graph.nodes[d->graph.node_count];
            if (!put_node(d, "Identity", (Text[]){ tensor->name, { 0 }, { 0 } }, outputs[i], -1)) {
                return false;
            }
            node->input_count = 1;
        }
    }
    d->graph.outputs      = outputs;
    d->graph.output_count = count;
    return outputs && !arena_failed(&d->arena);
}

bool quantize_write_flows(const Plan *plan, int first, int count, Buffer *out, Error *err)
{
    Draft d    = { 0 };
    bool  done = (begin(&d, plan) && put_flows(&d, first, count)) || no_memory(&d, err);

    d.graph.weight_count = plan->graph->weight_count;
    done = done && edit_write(&d.graph, out, err);
    arena_fini(&d.arena);
    return done;
}
