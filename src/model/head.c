/*
 * head - another last layer on a network that has learnt to see.
 */
#include "model/head.h"

#include "base/json.h"
#include "model/edit.h"

const char *const head_producer = "ocellus";

/* Names of what is added; none can be a tensor that an exporter made. */
#define OWN(name) TEXT("ocellus/" name)

/* ---- finding the last layer --------------------------------------------------------- */

static bool is_one_of(Text kind, const char *const kinds[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (text_is(kind, kinds[i]))
            return true;
    }
    return false;
}

/* Operations that hold the weights of a layer. */
static bool is_linear(Text kind)
{
    static const char *const kinds[] = { "Gemm", "MatMul", "MatMulInteger", "QLinearMatMul",
                                         "QGemm", "FusedGemm", "FusedMatMul", "Conv",
                                         "ConvInteger", "QLinearConv", "FusedConv",
                                         "DynamicQuantizeMatMul", "MatMulIntegerToFloat" };

    return is_one_of(kind, kinds, COUNT_OF(kinds));
}

/* Operations behind the last layer that only finish its scores. */
static bool is_finishing(Text kind)
{
    static const char *const kinds[] = { "Softmax", "LogSoftmax", "Sigmoid", "Identity", "Cast",
                                         "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Add",
                                         "Mul", "Div", "Dropout", "DequantizeLinear",
                                         "QuantizeLinear", "GlobalAveragePool", "ReduceMean",
                                         "AveragePool", "Relu", "Clip", "QLinearAdd" };

    return is_one_of(kind, kinds, COUNT_OF(kinds));
}

/* Operations that only write the features as whole numbers. */
static bool is_quantizing(Text kind)
{
    static const char *const kinds[] = { "DynamicQuantizeLinear", "QuantizeLinear",
                                         "DequantizeLinear" };

    return is_one_of(kind, kinds, COUNT_OF(kinds));
}

/* The node that makes a tensor; NULL if it is an input or a weight. */
static const EditNode *made_by(const EditGraph *graph, Text tensor)
{
    const EditTensor *known = edit_tensor(graph, tensor);

    return known && known->maker >= 0 ? &graph->nodes[known->maker] : NULL;
}

/* The first input of a node that another node makes: the way the picture comes. */
static Text way_back(const EditGraph *graph, const EditNode *node)
{
    for (int i = 0; i < node->input_count; i++) {
        if (made_by(graph, node->inputs[i]))
            return node->inputs[i];
    }
    return (Text){ 0 };
}

/* Scores multiplied by a scale that the weights' own node does not know come by two ways;
 * the way through a linear layer is the longer one. */
static const EditNode *find_linear(const EditGraph *graph, Text tensor, int depth)
{
    const EditNode *node = made_by(graph, tensor);

    if (!node || depth == 0 || is_linear(node->kind))
        return node && is_linear(node->kind) ? node : NULL;
    for (int i = 0; i < node->input_count && is_finishing(node->kind); i++) {
        const EditNode *found = find_linear(graph, node->inputs[i], depth - 1);

        if (found)
            return found;
    }
    return NULL;
}

static bool find_features(const EditGraph *graph, Arena *arena, Text *features, Error *err)
{
    Text            output = edit_first_output(graph);
    const EditNode *layer  = find_linear(graph, output, 12);
    Text            tensor = layer ? way_back(graph, layer) : (Text){ 0 };
    const EditNode *node   = made_by(graph, tensor);

    while (node && is_quantizing(node->kind)) {
        tensor = way_back(graph, node);
        node   = made_by(graph, tensor);
    }
    if (!tensor.at)
        return fail(err, ERR_UNSUPPORTED, "%s: its output '%.*s' comes out of no linear layer "
                    "behind other layers; name the tensor that holds the features", graph->name,
                    SHOW(output));
    *features = arena_text(arena, tensor);
    return true;
}

bool head_find_features(Arena *arena, const char *name, Text bytes, Text *features, Error *err)
{
    EditGraph graph;
    Arena     memory;

    arena_init(&memory, EDIT_MEMORY);
    bool found = edit_read(&graph, &memory, name, bytes, err) &&
                 find_features(&graph, arena, features, err);
    arena_fini(&memory);
    return found;
}

/* ---- what the features need ------------------------------------------------------------ */

static bool is_needed(const EditGraph *graph, const Map *needed, const EditNode *node)
{
    for (int i = 0; i < node->output_count; i++) {
        const EditTensor *tensor = edit_tensor(graph, node->outputs[i]);

        if (map_get(needed, node->outputs[i]) || (tensor && tensor->inside))
            return true;
    }
    return false;
}

/* Nodes stand behind those whose tensors they take, so one pass from the end finds all that
 * the features do not need. */
static void leave_out_the_rest(EditGraph *graph, Text features)
{
    Map needed;

    map_init(&needed, graph->arena);
    map_put(&needed, features, graph);
    for (int i = graph->node_count; i-- > 0;) {
        EditNode *node = &graph->nodes[i];

        node->gone = !is_needed(graph, &needed, node);
        for (int k = 0; k < node->input_count && !node->gone; k++)
            map_put(&needed, node->inputs[k], graph);
    }
}

/* ---- adding ---------------------------------------------------------------------------- */

/* A node with one output and at most one attribute; it is called as what it makes. */
static Text add_node(EditGraph *graph, const char *kind, const Text inputs[], int count,
                     Text attribute, Text output)
{
    EditNode *node = edit_add_node(graph);
    Text     *texts = arena_array(graph->arena, Text, count + 2);

    if (!node || !texts)
        return output;                   /* the arena has failed, and edit_write() says so */
    memcpy(texts, inputs, (size_t)count * sizeof *texts);
    texts[count]     = output;
    texts[count + 1] = attribute;
    *node = (EditNode){ .kind = text_of(kind), .name = output, .inputs = texts,
                        .input_count = count, .outputs = &texts[count], .output_count = 1,
                        .attributes = &texts[count + 1], .attribute_count = attribute.at != NULL,
                        .plain = true };
    return output;
}

/* From features as the network has them to [batch, features]. */
static Text add_pooling(EditGraph *graph, Text input, HeadPooling pooling)
{
    static const int64_t turn[] = { 0, 2, 1 };
    Arena *arena = graph->arena;

    if (pooling == POOL_LOOK)
        return input;
    if (pooling == POOL_TOKENS)          /* so that pooling over places pools over tokens */
        input = add_node(graph, "Transpose", &input, 1, edit_make_ints(arena, "perm", turn, 3),
                         OWN("turned"));
    if (pooling != POOL_NONE)
        input = add_node(graph, "GlobalAveragePool", &input, 1, (Text){ 0 }, OWN("pooled"));
    return add_node(graph, "Flatten", &input, 1, edit_make_int(arena, "axis", 1),
                    OWN("features"));
}

static Text add_head(EditGraph *graph, Text input, const NetworkHead *head)
{
    const int64_t shape[]  = { head->class_count, head->feature_count };
    const Text    inputs[] = { input, OWN("weights"), OWN("biases") };
    Arena        *arena    = graph->arena;

    if (!edit_add_weight(graph, inputs[1], GRAPH_FLOAT32, shape, 2, head->weights) ||
        !edit_add_weight(graph, inputs[2], GRAPH_FLOAT32, shape, 1, head->biases))
        return input;
    Text scores = add_node(graph, "Gemm", inputs, 3, edit_make_int(arena, "transB", 1),
                           OWN("scores"));
    return head->sigmoid
           ? add_node(graph, "Sigmoid", &scores, 1, (Text){ 0 }, OWN("shares"))
           : add_node(graph, "Softmax", &scores, 1, edit_make_int(arena, "axis", 1),
                      OWN("shares"));
}

/* Class names as exporters write them, so that the file alone is enough. */
static Text names_note(Arena *arena, const NetworkHead *head)
{
    Buffer names;

    buffer_init(&names, MIB(512));
    JsonWriter w = json_writer(&names);
    json_begin_array(&w);
    for (int i = 0; i < head->class_count; i++)
        json_write_text(&w, head->classes[i]);
    json_end_array(&w);
    Text text = arena_text(arena, (Text){ names.data, names.failed ? 0 : names.length });
    buffer_fini(&names);
    return text;
}

static bool replace(EditGraph *graph, Text features, HeadPooling pooling, const NetworkHead *head,
                    Buffer *out, Error *err)
{
    GraphNote notes[2] = { { TEXT("names"), { 0 } }, { TEXT("task"), TEXT("classify") } };
    Text      output;

    if (!made_by(graph, features))
        return fail(err, ERR_NOT_FOUND, "%s: there is no tensor '%.*s'", graph->name,
                    SHOW(features));
    leave_out_the_rest(graph, features);
    output = add_pooling(graph, features, pooling);
    if (head) {
        output                = add_head(graph, output, head);
        graph->output_columns = head->class_count;
        notes[0].value        = names_note(graph->arena, head);
        graph->notes          = notes;
        graph->note_count     = COUNT_OF(notes);
    }
    graph->outputs      = &output;
    graph->output_count = 1;
    if (arena_failed(graph->arena))
        return fail(err, ERR_MEMORY, "no memory to write a network after %s", graph->name);
    return edit_index(graph, err) && edit_write(graph, out, err);
}

bool head_replace(const char *name, Text bytes, Text features, HeadPooling pooling,
                  const NetworkHead *head, Buffer *out, Error *err)
{
    EditGraph graph;
    Arena     memory;

    arena_init(&memory, EDIT_MEMORY);
    bool done = edit_read(&graph, &memory, name, bytes, err) &&
                replace(&graph, features, pooling, head, out, err);
    arena_fini(&memory);
    return done;
}
