/*
 * head - another last layer on a network that has learnt to see.
 *
 * Field numbers are those of onnx.proto, as in graph.c, which has checked the file
 * before anything here reads it.
 */
#include "model/head.h"

#include "base/json.h"
#include "base/map.h"
#include "model/graph.h"
#include "model/protobuf_write.h"

/* Fields of ModelProto, GraphProto and NodeProto. */
enum { MODEL_PRODUCER = 2, MODEL_PRODUCER_VERSION = 3, MODEL_GRAPH = 7, MODEL_NOTES = 14 };
enum { GRAPH_NODE = 1, GRAPH_WEIGHTS = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12, GRAPH_VALUE = 13 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_KIND = 4, NODE_ATTRIBUTE = 5 };
enum { ATTRIBUTE_GRAPH = 6, ATTRIBUTE_GRAPHS = 11 };

/* Names of what is added; none can be a tensor that an exporter made. */
static const char *const scores_name  = "ocellus/scores";
static const char *const shares_name  = "ocellus/shares";
static const char *const pooled_name  = "ocellus/pooled";
static const char *const turned_name  = "ocellus/turned";
static const char *const vector_name  = "ocellus/features";
static const char *const weights_name = "ocellus/weights";
static const char *const biases_name  = "ocellus/biases";

const char *const head_producer = "ocellus";

/* A file taken apart. */
typedef struct Network {
    const char *name;
    Arena       arena;
    Text        graph;        /* GraphProto */
    Text       *nodes;        /* NodeProto each, in order */
    size_t      node_count;
    Map         maker;        /* tensor -> 1 + index of the node that makes it */
    Map         weights;      /* names of initializers */
    Map         needed;       /* names of tensors that the new file needs */
    Error      *err;
} Network;

/* The next field of that number; false after the last. */
static bool next_of(Proto *message, uint32_t number, ProtoField *field)
{
    while (proto_next(message, field)) {
        if (field->number == number && field->type == PROTO_BYTES)
            return true;
    }
    return false;
}

/* The first field of that number; {NULL, 0} without one. */
static Text first_of(Text bytes, uint32_t number)
{
    Proto      message = proto_of(bytes);
    ProtoField field;

    return next_of(&message, number, &field) ? field.bytes : (Text){ 0 };
}

/* Call `each` for every field of that number. */
static void each_of(Network *network, Text bytes, uint32_t number,
                    void (*each)(Network *network, Text bytes))
{
    Proto      message = proto_of(bytes);
    ProtoField field;

    while (next_of(&message, number, &field))
        each(network, field.bytes);
}

/* ---- taking apart ----------------------------------------------------------------- */

static void note_weight(Network *network, Text tensor)
{
    map_put(&network->weights, first_of(tensor, 8), network);
}

static void count_node(Network *network, Text node)
{
    (void)node;
    network->node_count++;
}

static void note_node(Network *network, Text node)
{
    Proto      message = proto_of(node);
    ProtoField field;

    network->nodes[network->node_count++] = node;
    while (next_of(&message, NODE_OUTPUT, &field)) {
        if (field.bytes.length > 0)
            map_put(&network->maker, field.bytes, (void *)(uintptr_t)network->node_count);
    }
}

static bool take_apart(Network *network, Text bytes)
{
    Arena        facts;
    const Graph *graph;

    arena_init(&facts, MIB(64));
    graph = graph_parse(&facts, network->name, bytes, network->err);

    bool external = graph && graph->external_count > 0;
    bool usable   = graph && graph_check(graph, network->name, 64, network->err);
    arena_fini(&facts);
    if (external)
        return fail(network->err, ERR_UNSUPPORTED, "%s keeps its weights in other files; save it "
                    "as one file", network->name);
    if (!usable)
        return false;

    map_init(&network->maker, &network->arena);
    map_init(&network->weights, &network->arena);
    map_init(&network->needed, &network->arena);
    network->graph = first_of(bytes, MODEL_GRAPH);
    each_of(network, network->graph, GRAPH_NODE, count_node);
    network->nodes = arena_array(&network->arena, Text, network->node_count + 1);
    if (!network->nodes)
        return fail(network->err, ERR_MEMORY, "no memory to read %s", network->name);
    network->node_count = 0;
    each_of(network, network->graph, GRAPH_NODE, note_node);
    each_of(network, network->graph, GRAPH_WEIGHTS, note_weight);
    return !arena_failed(&network->arena) ||
           fail(network->err, ERR_MEMORY, "no memory to read %s", network->name);
}

static void network_init(Network *network, const char *name, Error *err)
{
    *network = (Network){ .name = name, .err = err };
    arena_init(&network->arena, MIB(256));
}

/* The node that makes a tensor; {NULL, 0} if it is an input or a weight. */
static Text made_by(const Network *network, Text tensor)
{
    uintptr_t place = (uintptr_t)map_get(&network->maker, tensor);

    return place > 0 ? network->nodes[place - 1] : (Text){ 0 };
}

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
    return text_is(kind, "DynamicQuantizeLinear") || text_is(kind, "QuantizeLinear") ||
           text_is(kind, "DequantizeLinear");
}

/* The first input of a node that another node makes: the way the picture comes. */
static Text way_back(const Network *network, Text node)
{
    Proto      message = proto_of(node);
    ProtoField field;

    while (next_of(&message, NODE_INPUT, &field)) {
        if (made_by(network, field.bytes).at)
            return field.bytes;
    }
    return (Text){ 0 };
}

/* Scores multiplied by a scale that the weights' own node does not know come by two ways;
 * the way through a linear layer is the longer one. */
static Text find_linear(const Network *network, Text tensor, int depth)
{
    Text       node = made_by(network, tensor);
    Text       kind = node.at ? first_of(node, NODE_KIND) : (Text){ 0 };
    Proto      message = proto_of(node);
    ProtoField field;

    if (!node.at || depth == 0 || is_linear(kind))
        return node.at && is_linear(kind) ? node : (Text){ 0 };
    if (!is_finishing(kind))
        return (Text){ 0 };
    while (next_of(&message, NODE_INPUT, &field)) {
        Text found = find_linear(network, field.bytes, depth - 1);

        if (found.at)
            return found;
    }
    return (Text){ 0 };
}

static bool find_features(Network *network, Arena *arena, Text *features)
{
    Text output = first_of(first_of(network->graph, GRAPH_OUTPUT), 1);
    Text layer  = find_linear(network, output, 12);
    Text tensor = layer.at ? way_back(network, layer) : (Text){ 0 };
    Text node   = made_by(network, tensor);

    while (node.at && is_quantizing(first_of(node, NODE_KIND))) {
        tensor = way_back(network, node);
        node   = made_by(network, tensor);
    }
    if (!tensor.at)
        return fail(network->err, ERR_UNSUPPORTED, "%s: its output '%.*s' comes out of no linear "
                    "layer behind other layers; name the tensor that holds the features",
                    network->name, SHOW(output));
    *features = arena_text(arena, tensor);
    return true;
}

bool head_find_features(Arena *arena, const char *name, Text bytes, Text *features, Error *err)
{
    Network network;

    network_init(&network, name, err);
    bool found = take_apart(&network, bytes) && find_features(&network, arena, features);
    arena_fini(&network.arena);
    return found;
}

/* ---- what the features need ------------------------------------------------------------ */

static void need_node(Network *network, Text node);

/* Graphs inside of nodes see the tensors around them. */
static void need_graph(Network *network, Text graph)
{
    each_of(network, graph, GRAPH_NODE, need_node);
}

static void need_attribute(Network *network, Text attribute)
{
    each_of(network, attribute, ATTRIBUTE_GRAPH, need_graph);
    each_of(network, attribute, ATTRIBUTE_GRAPHS, need_graph);
}

static void need_tensor(Network *network, Text tensor)
{
    if (tensor.length > 0)
        map_put(&network->needed, tensor, network);
}

static void need_node(Network *network, Text node)
{
    each_of(network, node, NODE_INPUT, need_tensor);
    each_of(network, node, NODE_ATTRIBUTE, need_attribute);
}

static bool is_needed(const Network *network, Text node)
{
    Proto      message = proto_of(node);
    ProtoField field;

    while (next_of(&message, NODE_OUTPUT, &field)) {
        if (map_get(&network->needed, field.bytes))
            return true;
    }
    return false;
}

/* Nodes stand behind those whose tensors they take, so one pass from the end finds all. */
static bool find_needed(Network *network, Text features)
{
    if (!made_by(network, features).at)
        return fail(network->err, ERR_NOT_FOUND, "%s: there is no tensor '%.*s'", network->name,
                    SHOW(features));
    need_tensor(network, features);
    for (size_t i = network->node_count; i-- > 0;) {
        if (is_needed(network, network->nodes[i]))
            need_node(network, network->nodes[i]);
    }
    return !arena_failed(&network->arena) ||
           fail(network->err, ERR_MEMORY, "no memory to read %s", network->name);
}

/* ---- writing -------------------------------------------------------------------------- */

/* Buffers for messages inside of messages. */
typedef struct Writer {
    Buffer *out;                      /* the graph's fields */
    Buffer  node, attribute, shape, dimension;
} Writer;

static void put_attribute(Writer *w, const char *name, int64_t value)
{
    proto_write_string(&w->attribute, 1, name);
    proto_write_number(&w->attribute, 3, (uint64_t)value);
    proto_write_number(&w->attribute, 20, 2);                       /* INT */
    proto_write_message(&w->node, NODE_ATTRIBUTE, &w->attribute);
}

/* A node of up to three inputs; attributes come first, as they are in w->node already. */
static void put_node(Writer *w, const char *kind, const char *const inputs[], size_t count,
                     const char *output)
{
    for (size_t i = 0; i < count; i++)
        proto_write_string(&w->node, NODE_INPUT, inputs[i]);
    proto_write_string(&w->node, NODE_OUTPUT, output);
    proto_write_string(&w->node, 3, output);
    proto_write_string(&w->node, NODE_KIND, kind);
    proto_write_message(w->out, GRAPH_NODE, &w->node);
}

static const char *put_step(Writer *w, const char *kind, const char *input, const char *output)
{
    put_node(w, kind, &input, 1, output);
    return output;
}

/* Turn [batch, tokens, features] so that pooling over places pools over tokens. */
static const char *put_turn(Writer *w, const char *input)
{
    proto_write_string(&w->attribute, 1, "perm");
    proto_write_number(&w->attribute, 8, 0);
    proto_write_number(&w->attribute, 8, 2);
    proto_write_number(&w->attribute, 8, 1);
    proto_write_number(&w->attribute, 20, 7);                       /* INTS */
    proto_write_message(&w->node, NODE_ATTRIBUTE, &w->attribute);
    return put_step(w, "Transpose", input, turned_name);
}

/* From features as the network has them to [batch, features]. */
static const char *put_pooling(Writer *w, const char *input, HeadPooling pooling)
{
    if (pooling == POOL_LOOK)
        return input;
    if (pooling == POOL_TOKENS)
        input = put_turn(w, input);
    if (pooling != POOL_NONE)
        input = put_step(w, "GlobalAveragePool", input, pooled_name);
    put_attribute(w, "axis", 1);
    return put_step(w, "Flatten", input, vector_name);
}

static void put_weights(Writer *w, const char *name, const float *values, int rows, int columns)
{
    size_t count = (size_t)MAX(rows, 1) * (size_t)columns;

    if (rows > 0)
        proto_write_number(&w->node, 1, (uint64_t)rows);
    proto_write_number(&w->node, 1, (uint64_t)columns);
    proto_write_number(&w->node, 2, GRAPH_FLOAT32);
    proto_write_string(&w->node, 8, name);
    proto_write_text(&w->node, 9, (Text){ (const char *)values, count * sizeof *values });
    proto_write_message(w->out, GRAPH_WEIGHTS, &w->node);
}

static void put_head(Writer *w, const char *input, const Head *head)
{
    const char *inputs[] = { input, weights_name, biases_name };

    put_weights(w, weights_name, head->weights, head->class_count, head->feature_count);
    put_weights(w, biases_name, head->biases, 0, head->class_count);
    put_attribute(w, "transB", 1);
    put_node(w, "Gemm", inputs, 3, scores_name);
    if (!head->sigmoid)
        put_attribute(w, "axis", 1);
    put_step(w, head->sigmoid ? "Sigmoid" : "Softmax", scores_name, shares_name);
}

/* A tensor of float32, [batch, columns]; 0: a size nobody knows yet. */
static void put_output(Writer *w, const char *name, int columns)
{
    proto_write_number(&w->node, 1, GRAPH_FLOAT32);
    if (columns > 0) {
        proto_write_string(&w->dimension, 2, "batch");
        proto_write_message(&w->shape, 1, &w->dimension);
        proto_write_number(&w->dimension, 1, (uint64_t)columns);
        proto_write_message(&w->shape, 1, &w->dimension);
        proto_write_message(&w->node, 2, &w->shape);
    }
    proto_write_message(&w->attribute, 1, &w->node);                /* TypeProto.tensor_type */
    proto_write_string(&w->node, 1, name);
    proto_write_message(&w->node, 2, &w->attribute);
    proto_write_message(w->out, GRAPH_OUTPUT, &w->node);
}

/* What of the old graph stays. */
static bool stays(const Network *network, const ProtoField *field)
{
    if (field->type != PROTO_BYTES)
        return true;
    switch (field->number) {
    case GRAPH_NODE:
        return is_needed(network, field->bytes);
    case GRAPH_WEIGHTS:
        return map_get(&network->needed, first_of(field->bytes, 8));
    case GRAPH_INPUT:       /* old files list weights among the inputs */
        return !map_get(&network->weights, first_of(field->bytes, 1)) ||
               map_get(&network->needed, first_of(field->bytes, 1));
    case GRAPH_VALUE:
        return map_get(&network->needed, first_of(field->bytes, 1));
    }
    return field->number != GRAPH_OUTPUT;
}

static void write_graph(Network *network, Text features, HeadPooling pooling, const Head *head,
                        Buffer *out)
{
    Proto       message = proto_of(network->graph);
    ProtoField  field;
    Writer      w     = { .out = out };
    const char *input = arena_text(&network->arena, features).at;
    Buffer     *inner[] = { &w.node, &w.attribute, &w.shape, &w.dimension };

    for (size_t i = 0; i < COUNT_OF(inner); i++)
        buffer_init(inner[i], out->limit);
    while (proto_next(&message, &field)) {
        if (stays(network, &field))
            proto_write_field(out, &field);
    }
    input = put_pooling(&w, input, pooling);
    if (head)
        put_head(&w, input, head);
    put_output(&w, head ? shares_name : input, head ? head->class_count : 0);
    for (size_t i = 0; i < COUNT_OF(inner); i++)
        buffer_fini(inner[i]);
}

/* Class names as exporters write them, so that the file alone is enough. */
static void write_notes(const Head *head, Buffer *out)
{
    Buffer names, note;

    buffer_init(&names, out->limit);
    buffer_init(&note, out->limit);
    JsonWriter w = json_writer(&names);
    json_begin_array(&w);
    for (int i = 0; i < head->class_count; i++)
        json_write_text(&w, head->classes[i]);
    json_end_array(&w);
    proto_write_string(&note, 1, "names");
    proto_write_message(&note, 2, &names);
    proto_write_message(out, MODEL_NOTES, &note);
    proto_write_string(&note, 1, "task");
    proto_write_string(&note, 2, "classify");
    proto_write_message(out, MODEL_NOTES, &note);
    buffer_fini(&names);
    buffer_fini(&note);
}

/* Notes about the old head would be wrong of the new one. */
static bool is_about_head(const ProtoField *field)
{
    Text key = first_of(field->bytes, 1);

    return field->number == MODEL_NOTES && (text_is(key, "names") || text_is(key, "task"));
}

static void write_model(Network *network, Text bytes, Text features, HeadPooling pooling,
                        const Head *head, Buffer *out)
{
    Proto      message = proto_of(bytes);
    ProtoField field;
    Buffer     graph;

    buffer_init(&graph, out->limit);
    while (proto_next(&message, &field)) {
        bool ours = field.number == MODEL_PRODUCER || field.number == MODEL_PRODUCER_VERSION ||
                    field.number == MODEL_GRAPH;

        if (!ours && !(field.type == PROTO_BYTES && is_about_head(&field)))
            proto_write_field(out, &field);
    }
    write_graph(network, features, pooling, head, &graph);
    proto_write_string(out, MODEL_PRODUCER, head_producer);
    proto_write_message(out, MODEL_GRAPH, &graph);
    if (head)
        write_notes(head, out);
    buffer_fini(&graph);
}

bool head_replace(const char *name, Text bytes, Text features, HeadPooling pooling,
                  const Head *head, Buffer *out, Error *err)
{
    Network network;

    network_init(&network, name, err);
    bool done = take_apart(&network, bytes) && find_needed(&network, features);
    if (done) {
        write_model(&network, bytes, features, pooling, head, out);
        done = !out->failed || fail(err, ERR_MEMORY, "no memory to write a network after %s", name);
    }
    arena_fini(&network.arena);
    return done;
}
