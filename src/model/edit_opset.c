/*
 * edit_opset - operations of ONNX's opsets 9 to 12 said as opset 13 has them.
 *
 * Weights quantised a channel at a time came with opset 13.  Most operations mean the same
 * in it; what was an attribute and is an input now is moved; a softmax over all axes from
 * one on is said with two shapes around it.  What is not listed here is refused: it may
 * have changed.
 */
#include "model/edit.h"
#include "model/edit_fields.h"
#include "model/excerpt.h"

enum { OLDEST = 9, WANTED = 13, MOST_INTS = 64, GROWTH = 4 };

/* What they compute did not change from 9 to 13. */
static const char *const same[] = {
    "Abs", "Add", "And", "ArgMax", "ArgMin", "AveragePool", "BatchNormalization", "Cast", "Ceil",
    "Concat", "Constant", "ConstantOfShape", "Conv", "ConvTranspose", "Cos", "CumSum",
    "DepthToSpace", "Div", "Einsum", "Elu", "Equal", "Erf", "Exp", "Expand", "Flatten", "Floor",
    "GRU", "Gather", "GatherElements", "GatherND", "Gemm", "GlobalAveragePool", "GlobalMaxPool",
    "Greater", "GreaterOrEqual", "HardSigmoid", "Identity", "InstanceNormalization", "LRN",
    "LSTM", "LeakyRelu", "Less", "LessOrEqual", "Log", "LpNormalization", "MatMul", "Max",
    "MaxPool", "Mean", "Min", "Mod", "Mul", "Neg", "NonMaxSuppression", "NonZero", "Not", "Or",
    "PRelu", "Pow", "Range", "Reciprocal", "ReduceL1", "ReduceL2", "ReduceMax", "ReduceMean",
    "ReduceMin", "ReduceProd", "Relu", "Reshape", "Round", "ScatterElements", "ScatterND", "Selu",
    "Shape", "Sigmoid", "Sign", "Sin", "Size", "Softplus", "Softsign", "SpaceToDepth", "Sqrt",
    "Sub", "Sum", "Tan", "Tanh", "Tile", "Transpose", "Where", "Xor",
};

/* The same, from that opset on. */
static const struct {
    const char *kind;
    int         since;
} since[] = { { "Clip", 11 }, { "Pad", 11 }, { "Slice", 10 }, { "Resize", 11 }, { "TopK", 11 } };

typedef struct Raising {
    EditGraph *graph;
    EditNode  *nodes;      /* the new ones */
    int        count, made;
    Error     *err;
} Raising;

static Text new_name(Raising *r, const char *what)
{
    return text_of(arena_printf(r->graph->arena, "ocellus/raised/%s%d", what, ++r->made));
}

/* ---- new inputs ---------------------------------------------------------------------- */

/* Inputs 1 and on in the place of those that were there. */
static bool set_inputs(Raising *r, EditNode *node, const Text *more, int count)
{
    Text *inputs = arena_array(r->graph->arena, Text, count + 1);

    if (!inputs) {
        return false;
    }
    inputs[0] = edit_input(node, 0);
    for (int i = 0; i < count; i++) {
        inputs[i + 1] = more[i];
    }
    node->inputs      = inputs;
    node->input_count = count + 1;
    return true;
}

static void drop_attribute(Raising *r, EditNode *node, const char *name)
{
    Text *kept  = arena_array(r->graph->arena, Text, node->attribute_count + 1);
    int   count = 0;

    for (int i = 0; kept && i < node->attribute_count; i++) {
        if (!text_is(edit_first(node->attributes[i], ATTRIBUTE_NAME), name)) {
            kept[count++] = node->attributes[i];
        }
    }
    if (kept) {
        node->attributes      = kept;
        node->attribute_count = count;
    }
}

static Text add_numbers(Raising *r, const int64_t *values, int count)
{
    int64_t size = count;
    Text    name = new_name(r, "numbers");

    return edit_add_weight(r->graph, name, GRAPH_INT64, &size, 1, values) ? name : (Text){ 0 };
}

static Text add_scalar(Raising *r, float value)
{
    Text name = new_name(r, "number");

    return edit_add_weight(r->graph, name, GRAPH_FLOAT32, NULL, 0, &value) ? name : (Text){ 0 };
}

/* The attribute of whole numbers becomes input 1. */
static bool move_ints(Raising *r, EditNode *node, const char *name)
{
    int64_t values[MOST_INTS];
    int     count = edit_ints(node, name, values, MOST_INTS);

    if (count < 0) {
        return true;
    }
    Text input = add_numbers(r, values, count);
    drop_attribute(r, node, name);
    return set_inputs(r, node, &input, 1);
}

/* ---- single operations --------------------------------------------------------------- */

static bool move_slice(Raising *r, EditNode *node)
{
    static const char *const names[] = { "starts", "ends", "axes" };
    int64_t values[MOST_INTS];
    Text    inputs[3];
    int     moved = 0;

    for (int i = 0; i < 3; i++) {
        int count = edit_ints(node, names[i], values, MOST_INTS);

        if (count >= 0) {
            inputs[moved++] = add_numbers(r, values, count);
            drop_attribute(r, node, names[i]);
        }
    }
    return moved >= 2 && set_inputs(r, node, inputs, moved);
}

static bool move_pad(Raising *r, EditNode *node)
{
    int64_t values[MOST_INTS];
    int     count     = edit_ints(node, "pads", values, MOST_INTS);
    float   value     = edit_float(node, "value", 0);
    Text    inputs[2] = { count >= 0 ? add_numbers(r, values, count) : (Text){ 0 },
                          add_scalar(r, value) };
    Text    mode      = edit_string(node, "mode");
    Text   *kept      = arena_array(r->graph->arena, Text, 1);

    if (!kept || count < 0) {
        return false;
    }
    kept[0] = edit_make_string(r->graph->arena, "mode", text_is(mode, "reflect") ? "reflect"
                               : text_is(mode, "edge") ? "edge" : "constant");
    node->attributes      = kept;
    node->attribute_count = 1;
    return set_inputs(r, node, inputs, 2);
}

static bool move_clip(Raising *r, EditNode *node)
{
    Text inputs[2] = { add_scalar(r, edit_float(node, "min", -3.402823466e+38f)),
                       add_scalar(r, edit_float(node, "max", 3.402823466e+38f)) };

    node->attribute_count = 0;
    return set_inputs(r, node, inputs, 2);
}

/* Before opset 11 pixels were counted from the corner, and the lower one was taken. */
static bool move_resize(Raising *r, EditNode *node)
{
    Text  scales = edit_input(node, 1), mode = edit_string(node, "mode");
    bool  linear = text_is(mode, "linear") || text_is(mode, "bilinear");
    Text *kept   = arena_array(r->graph->arena, Text, 3);
    Text  inputs[2] = { { 0 }, scales };

    if (!kept || scales.length == 0) {
        return false;
    }
    kept[0] = edit_make_string(r->graph->arena, "mode", linear ? "linear" : "nearest");
    kept[1] = edit_make_string(r->graph->arena, "coordinate_transformation_mode", "asymmetric");
    kept[2] = edit_make_string(r->graph->arena, "nearest_mode", "floor");
    node->kind            = TEXT("Resize");
    node->attributes      = kept;
    node->attribute_count = 3;
    return set_inputs(r, node, inputs, 2);
}

static bool drop_dropout(EditNode *node)
{
    node->kind            = TEXT("Identity");
    node->input_count     = MIN(node->input_count, 1);
    node->attribute_count = 0;
    for (int i = 1; i < node->output_count; i++) {
        if (node->outputs[i].length > 0) {
            return false;
        }
    }
    node->output_count = MIN(node->output_count, 1);
    return true;
}

/* ---- softmax ------------------------------------------------------------------------- */

static bool add_step(Raising *r, const char *kind, Text first, Text second, Text output, Text
                     attribute)
{
    Text *texts = arena_array(r->graph->arena, Text, 4);

    if (!texts) {
        return false;
    }
    texts[0] = first;
    texts[1] = second;
    texts[2] = output;
    texts[3] = attribute;
    r->nodes[r->count++] = (EditNode){
        .kind = text_of(kind), .inputs = texts, .outputs = texts + 2,
        .attributes = texts + 3, .input_count = second.length > 0 ? 2 : 1, .output_count = 1,
        .attribute_count = attribute.at ? 1 : 0, .plain = true,
    };
    return true;
}

/* It was over all axes from `axis` on, as if they were one; now it is over one. */
static bool spread_softmax(Raising *r, const EditNode *node)
{
    Text    shape = new_name(r, "shape"), flat = new_name(r, "flat"), done = new_name(r, "done");
    Text    none  = { 0 }, input = edit_input(node, 0);
    int64_t axis  = edit_int(node, "axis", 1);
    Arena  *arena = r->graph->arena;

    if (node->output_count != 1 || input.length == 0) {
        return false;
    }
    if (axis == -1) {
        r->nodes[r->count++] = *node;
        return true;
    }
    const char *kind = arena_printf(arena, "%.*s", SHOW(node->kind));
    return add_step(r, "Shape", input, none, shape, none) &&
           add_step(r, "Flatten", input, none, flat, edit_make_int(arena, "axis", axis)) &&
           add_step(r, kind, flat, none, done, edit_make_int(arena, "axis", 1)) &&
           add_step(r, "Reshape", done, shape, node->outputs[0], none);
}

/* ---- all of them --------------------------------------------------------------------- */

static bool is_same(const EditNode *node, int64_t opset)
{
    for (size_t i = 0; i < COUNT_OF(same); i++) {
        if (text_is(node->kind, same[i])) {
            return true;
        }
    }
    for (size_t i = 0; i < COUNT_OF(since); i++) {
        if (text_is(node->kind, since[i].kind) && opset >= since[i].since) {
            return true;
        }
    }
    return false;
}

/* False where it cannot be said in opset 13. */
static bool change(Raising *r, EditNode *node)
{
    Text kind = node->kind;

    if (text_is(kind, "Squeeze") || text_is(kind, "Unsqueeze") || text_is(kind, "ReduceSum")) {
        return move_ints(r, node, "axes");
    }
    if (text_is(kind, "Split")) {
        return move_ints(r, node, "split");
    }
    if (text_is(kind, "Slice")) {
        return move_slice(r, node);
    }
    if (text_is(kind, "Pad")) {
        return move_pad(r, node);
    }
    if (text_is(kind, "Clip")) {
        return move_clip(r, node);
    }
    if (text_is(kind, "Upsample") || text_is(kind, "Resize")) {
        return move_resize(r, node);
    }
    return text_is(kind, "Dropout") && drop_dropout(node);
}

static bool raise_node(Raising *r, EditNode *node)
{
    bool own = node->domain.length == 0 || text_is(node->domain, "ai.onnx");
    bool done;

    if (node->plain && (text_is(node->kind, "Softmax") || text_is(node->kind, "LogSoftmax"))) {
        done = spread_softmax(r, node);
    } else {
        done = !own || (node->plain && (is_same(node, r->graph->opset) || change(r, node)));
        r->nodes[r->count++] = *node;
    }
    return done || fail(r->err, ERR_UNSUPPORTED, "%s is of opset %lld, and its operation %.*s "
                        "cannot be brought to opset 13; export it again with opset 13 or newer",
                        r->graph->name, (long long)r->graph->opset,
                        SHOW(excerpt(node->kind, 40)));
}

bool edit_raise(EditGraph *graph, Error *err)
{
    Raising r = { .graph = graph, .err = err };

    if (graph->opset >= WANTED) {
        return true;
    }
    if (graph->opset < OLDEST) {
        return fail(err, ERR_UNSUPPORTED, "%s is of opset %lld; export it again with opset 13 or "
                    "newer", graph->name, (long long)graph->opset);
    }
    r.nodes = arena_array(graph->arena, EditNode, GROWTH * graph->node_count + 1);
    for (int i = 0; r.nodes && i < graph->node_count; i++) {
        if (!raise_node(&r, &graph->nodes[i])) {
            return false;
        }
    }
    if (!r.nodes || arena_failed(graph->arena)) {
        return fail(err, ERR_MEMORY, "no memory to take %s apart", graph->name);
    }
    graph->nodes      = r.nodes;
    graph->node_count = r.count;
    graph->opset      = WANTED;
    return edit_index(graph, err);
}
