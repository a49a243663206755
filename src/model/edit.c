/*
 * edit - an ONNX file taken apart, so that it can be changed and written again.
 *
 * Field numbers are those of onnx.proto, as in graph.c, which has checked the file
 * before anything here reads it.
 */
#include "model/edit.h"

#include "model/edit_fields.h"
#include "model/engine.h"
#include "model/excerpt.h"

/* ---- messages ------------------------------------------------------------------------ */

bool edit_next(Proto *message, uint32_t number, Text *bytes)
{
    ProtoField field;

    while (proto_next(message, &field)) {
        if (field.number == number && field.type == PROTO_BYTES) {
            *bytes = field.bytes;
            return true;
        }
    }
    return false;
}

Text edit_first(Text bytes, uint32_t number)
{
    Proto message = proto_of(bytes);
    Text  found   = { 0 };

    return edit_next(&message, number, &found) ? found : (Text){ 0 };
}

static int count_of(Text bytes, uint32_t number)
{
    Proto message = proto_of(bytes);
    Text  unused;
    int   count = 0;

    while (count < INT32_MAX && edit_next(&message, number, &unused)) {
        count++;
    }
    return count;
}

static bool no_memory(const EditGraph *graph, Error *err)
{
    return fail(err, ERR_MEMORY, "no memory to take %s apart", graph->name);
}

/* ---- nodes --------------------------------------------------------------------------- */

static Text *read_texts(Arena *arena, Text node, uint32_t number, int *count)
{
    Proto message = proto_of(node);
    Text *texts;

    *count = count_of(node, number);
    texts  = arena_array(arena, Text, MAX(*count, 1));
    for (int i = 0; texts && i < *count && edit_next(&message, number, &texts[i]); i++) {
    }
    return texts;
}

static bool has_graph(const EditNode *node)
{
    for (int i = 0; i < node->attribute_count; i++) {
        if (edit_first(node->attributes[i], ATTRIBUTE_GRAPH).at ||
            edit_first(node->attributes[i], ATTRIBUTE_GRAPHS).at) {
            return true;
        }
    }
    return false;
}

static bool read_node(EditGraph *graph, Text bytes, EditNode *node)
{
    Arena *arena = graph->arena;

    node->kind       = edit_first(bytes, NODE_KIND);
    node->domain     = edit_first(bytes, NODE_DOMAIN);
    node->name       = edit_first(bytes, NODE_NAME);
    node->inputs     = read_texts(arena, bytes, NODE_INPUT, &node->input_count);
    node->outputs    = read_texts(arena, bytes, NODE_OUTPUT, &node->output_count);
    node->attributes = read_texts(arena, bytes, NODE_ATTRIBUTE, &node->attribute_count);
    if (!node->inputs || !node->outputs || !node->attributes) {
        return false;
    }
    node->plain = (node->domain.length == 0 || text_is(node->domain, "ai.onnx")) &&
                  !has_graph(node);
    return true;
}

EditNode *edit_add_node(EditGraph *graph)
{
    if (graph->node_count >= graph->node_room) {
        int       room  = graph->node_count + graph->node_count / 2 + 16;
        EditNode *nodes = arena_array(graph->arena, EditNode, room);

        if (!nodes) {
            return NULL;
        }
        memcpy(nodes, graph->nodes, (size_t)graph->node_count * sizeof *nodes);
        graph->nodes     = nodes;
        graph->node_room = room;
    }
    return &graph->nodes[graph->node_count++];
}

/* ---- weights ------------------------------------------------------------------------- */

static void add_dimension(EditWeight *weight, uint64_t size)
{
    if (weight->rank < GRAPH_DIMENSIONS && size <= INT64_MAX) {
        weight->shape[weight->rank] = (int64_t)size;
    }
    weight->rank++;
}

/* Shapes of more dimensions than are handled here make a weight that is only copied. */
static EditWeight read_weight(Text tensor)
{
    EditWeight weight  = { .tensor = tensor, .count = 1 };
    Proto      message = proto_of(tensor);
    ProtoField field;
    uint64_t   size;

    while (proto_next(&message, &field)) {
        if (field.number == TENSOR_SHAPE && field.type == PROTO_BYTES) {
            Proto sizes = proto_of(field.bytes);

            while (weight.rank <= GRAPH_DIMENSIONS && proto_varint(&sizes, &size)) {
                add_dimension(&weight, size);
            }
        } else if (field.number == TENSOR_SHAPE && weight.rank <= GRAPH_DIMENSIONS) {
            add_dimension(&weight, field.value);
        } else if (field.number == TENSOR_TYPE && field.type == PROTO_VARINT) {
            weight.type = field.value <= 64 ? (int)field.value : 0;
        } else if (field.number == TENSOR_NAME && field.type == PROTO_BYTES) {
            weight.name = field.bytes;
        }
    }
    if (weight.rank > GRAPH_DIMENSIONS) {
        weight.type = weight.rank = 0;
    }
    for (int i = 0; i < weight.rank; i++) {
        if (__builtin_mul_overflow(weight.count, weight.shape[i], &weight.count)) {
            weight.type = 0;
        }
    }
    return weight;
}

static Text constant_tensor(const EditNode *node)
{
    for (int i = 0; i < node->attribute_count; i++) {
        if (text_is(edit_first(node->attributes[i], ATTRIBUTE_NAME), "value")) {
            return edit_first(node->attributes[i], ATTRIBUTE_TENSOR);
        }
    }
    return (Text){ 0 };
}

static void read_constants(EditGraph *graph)
{
    for (int i = 0; i < graph->node_count; i++) {
        const EditNode *node   = &graph->nodes[i];
        bool            is     = node->plain && text_is(node->kind, "Constant");
        Text            tensor = is ? constant_tensor(node) : (Text){ 0 };

        if (tensor.at && node->output_count == 1 && graph->weight_count < graph->weight_room) {
            EditWeight weight = read_weight(tensor);

            weight.name     = node->outputs[0];
            weight.constant = true;
            graph->weights[graph->weight_count++] = weight;
        }
    }
}

static bool read_weights(EditGraph *graph)
{
    Proto message = proto_of(graph->body);
    Text  tensor;
    int   count = count_of(graph->body, GRAPH_WEIGHTS);

    /* Room for the Constant nodes, and for what is made here. */
    graph->weight_room = count + 8 * graph->node_count + 16;
    graph->weights     = arena_array(graph->arena, EditWeight, graph->weight_room);
    if (!graph->weights) {
        return false;
    }
    while (graph->weight_count < count && edit_next(&message, GRAPH_WEIGHTS, &tensor)) {
        graph->weights[graph->weight_count++] = read_weight(tensor);
    }
    read_constants(graph);
    return true;
}

EditWeight *edit_add_weight(EditGraph *graph, Text name, int type, const int64_t *shape, int rank,
                            const void *values)
{
    static const size_t sizes[] = { [GRAPH_FLOAT32] = 4, [GRAPH_UINT8] = 1, [EDIT_INT8] = 1,
                                    [EDIT_INT32] = 4, [GRAPH_INT64] = 8 };
    EditWeight weight = { .name = name, .type = type, .rank = rank, .count = 1 };

    if (graph->weight_count == graph->weight_room) {
        int         room    = 2 * graph->weight_room;
        EditWeight *weights = arena_array(graph->arena, EditWeight, room);

        if (!weights) {
            return NULL;
        }
        memcpy(weights, graph->weights, (size_t)graph->weight_count * sizeof *weights);
        graph->weights     = weights;
        graph->weight_room = room;
    }
    for (int i = 0; i < rank; i++) {
        weight.shape[i] = shape[i];
        weight.count   *= shape[i];
    }
    size_t bytes = (size_t)weight.count * sizes[type];
    char  *copy  = arena_try(graph->arena, MAX(bytes, 1), 1);
    if (!copy) {
        return NULL;
    }
    memcpy(copy, values, bytes);
    weight.data = (Text){ copy, bytes };
    graph->weights[graph->weight_count] = weight;
    return &graph->weights[graph->weight_count++];
}

/* Numbers may be raw, packed, or a field each.  With a NULL `out` they are only counted. */
static int64_t read_floats(Text tensor, float *out, int64_t room)
{
    Proto      message = proto_of(tensor);
    ProtoField field;
    int64_t    count = 0;

    while (proto_next(&message, &field)) {
        bool raw = field.number == TENSOR_RAW, listed = field.number == TENSOR_FLOATS;

        if ((raw || listed) && field.type == PROTO_BYTES) {
            int64_t more = (int64_t)(field.bytes.length / sizeof(float));

            more = MIN(more, room - count);
            if (out && more > 0) {
                memcpy(out + count, field.bytes.at, (size_t)more * sizeof(float));
            }
            count += more;
        } else if (listed && field.type == PROTO_FIXED32 && count < room) {
            uint32_t bits = (uint32_t)field.value;

            if (out) {
                memcpy(out + count, &bits, sizeof bits);
            }
            count++;
        }
    }
    return count;
}

bool edit_has_floats(const EditWeight *weight)
{
    return weight && weight->type == GRAPH_FLOAT32 && weight->count >= 1 &&
           (!weight->tensor.at ||
            read_floats(weight->tensor, NULL, weight->count) == weight->count);
}

const float *edit_floats(const EditGraph *graph, const EditWeight *weight)
{
    if (!edit_has_floats(weight)) {
        return NULL;      /* before memory is asked for what a shape promises */
    }
    if (!weight->tensor.at) {
        return (const float *)(const void *)weight->data.at;
    }
    float *out = arena_array(graph->arena, float, weight->count);
    if (out) {
        (void)read_floats(weight->tensor, out, weight->count);
    }
    return out;
}

/* ---- what is known of names ---------------------------------------------------------- */

EditTensor *edit_tensor(const EditGraph *graph, Text name)
{
    return name.length > 0 ? map_get(&graph->tensors, name) : NULL;
}

/* The tensor of that name, made if there was none. */
static EditTensor *know(EditGraph *graph, Text name)
{
    EditTensor *tensor = map_get(&graph->tensors, name);

    if (!tensor) {
        tensor  = arena_new(graph->arena, EditTensor);
        *tensor = (EditTensor){ .name = name, .index = (int)graph->tensors.count, .maker = -1,
                                .user = -1 };
        map_put(&graph->tensors, name, tensor);
    }
    return tensor;
}

/* Graphs inside of nodes see the tensors around them. */
static void know_inside(EditGraph *graph, Text body, int depth)
{
    Proto message = proto_of(body);
    Text  node, text, inner;

    while (depth > 0 && edit_next(&message, GRAPH_NODE, &node)) {
        Proto fields = proto_of(node);

        while (edit_next(&fields, NODE_INPUT, &text)) {
            if (text.length > 0) {
                know(graph, text)->inside = true;
            }
        }
        fields = proto_of(node);
        while (edit_next(&fields, NODE_ATTRIBUTE, &text)) {
            Proto graphs = proto_of(text);
            inner = edit_first(text, ATTRIBUTE_GRAPH);
            if (inner.at) {
                know_inside(graph, inner, depth - 1);
            }
            while (edit_next(&graphs, ATTRIBUTE_GRAPHS, &inner)) {
                know_inside(graph, inner, depth - 1);
            }
        }
    }
    message = proto_of(body);
    while (edit_next(&message, GRAPH_OUTPUT, &node)) {
        know(graph, edit_first(node, 1))->inside = true;
    }
}

static void know_graphs(EditGraph *graph, const EditNode *node)
{
    for (int i = 0; i < node->attribute_count && !node->plain; i++) {
        Proto message = proto_of(node->attributes[i]);
        Text  inner   = edit_first(node->attributes[i], ATTRIBUTE_GRAPH);

        if (inner.at) {
            know_inside(graph, inner, 16);
        }
        while (edit_next(&message, ATTRIBUTE_GRAPHS, &inner)) {
            know_inside(graph, inner, 16);
        }
    }
}

static bool know_node(EditGraph *graph, int i, Error *err)
{
    const EditNode *node = &graph->nodes[i];

    for (int k = 0; k < node->input_count; k++) {
        if (node->inputs[k].length > 0) {
            EditTensor *tensor = know(graph, node->inputs[k]);

            tensor->users++;
            tensor->user = i;
        }
    }
    for (int k = 0; k < node->output_count; k++) {
        if (node->outputs[k].length == 0) {
            continue;
        }
        EditTensor *tensor = know(graph, node->outputs[k]);

        if (tensor->users > 0 || tensor->maker >= 0 || tensor->input) {
            return fail(err, ERR_INVALID, "%s: tensor '%.*s' is made twice, or used before it is "
                        "made", graph->name, SHOW(excerpt(tensor->name, 80)));
        }
        tensor->maker = i;
    }
    know_graphs(graph, node);
    return true;
}

static void know_borders(EditGraph *graph)
{
    Proto message = proto_of(graph->body);
    Text  value;

    while (edit_next(&message, GRAPH_INPUT, &value)) {
        know(graph, edit_first(value, 1))->input = true;
    }
    message = proto_of(graph->body);
    while (edit_next(&message, GRAPH_OUTPUT, &value)) {
        know(graph, edit_first(value, 1))->output = true;
    }
}

bool edit_index(EditGraph *graph, Error *err)
{
    map_init(&graph->tensors, graph->arena);
    know_borders(graph);
    for (int i = 0; i < graph->weight_count; i++) {
        EditTensor *tensor = know(graph, graph->weights[i].name);

        tensor->weight = &graph->weights[i];
        tensor->input  = false;      /* old files list weights among the inputs */
    }
    for (int i = 0; i < graph->node_count; i++) {
        if (!graph->nodes[i].gone && !know_node(graph, i, err)) {
            return false;
        }
        if (arena_failed(graph->arena)) {
            return no_memory(graph, err);
        }
    }
    return true;
}

Text edit_first_output(const EditGraph *graph)
{
    return edit_first(edit_first(graph->body, GRAPH_OUTPUT), 1);
}

/* ---- the whole file ------------------------------------------------------------------ */

static bool check_file(EditGraph *graph, Error *err)
{
    Arena        facts;
    const Graph *said;

    arena_init(&facts, MIB(64));
    said = graph_parse(&facts, graph->name, graph->bytes, err);

    bool external = said && said->external_count > 0;
    bool usable   = said && !external && graph_check(said, graph->name, MODEL_OUTPUTS, err);
    bool many     = said && said->node_count > EDIT_NODES;
    bool nameless = usable && said->inputs[0].name.length == 0;
    for (int i = 0; usable && i < said->output_count; i++) {
        nameless = nameless || said->outputs[i].name.length == 0;
    }
    graph->opset  = said ? said->opset : 0;
    arena_fini(&facts);
    if (external) {
        return fail(err, ERR_UNSUPPORTED, "%s keeps its weights in other files; save it as one "
                    "file", graph->name);
    }
    if (nameless) {
        return fail(err, ERR_INVALID, "%s has an input or output without a name", graph->name);
    }
    if (usable && many) {
        return fail(err, ERR_TOO_LARGE, "%s has more than %d operations", graph->name, EDIT_NODES);
    }
    return usable;
}

bool edit_read(EditGraph *graph, Arena *arena, const char *name, Text bytes, Error *err)
{
    Proto message;
    Text  node;

    *graph = (EditGraph){ .name = name, .arena = arena, .bytes = bytes };
    if (!check_file(graph, err)) {
        return false;
    }
    graph->body = edit_first(bytes, MODEL_GRAPH);
    int count    = count_of(graph->body, GRAPH_NODE);
    graph->nodes = arena_array(arena, EditNode, count + 1);
    if (!graph->nodes) {
        return no_memory(graph, err);
    }
    message = proto_of(graph->body);
    while (graph->node_count < count && edit_next(&message, GRAPH_NODE, &node)) {
        if (!read_node(graph, node, &graph->nodes[graph->node_count++])) {
            return no_memory(graph, err);
        }
    }
    return (read_weights(graph) || no_memory(graph, err)) && edit_index(graph, err);
}
