/*
 * edit_write - the ONNX file that an edited graph is, and attributes of its nodes.
 */
#include "model/edit.h"
#include "model/edit_fields.h"
#include "model/head.h"
#include "model/protobuf_write.h"

/* IR 7 came with opset 13.  From 4 on weights are no inputs. */
enum { OLDEST_IR = 7 };

/* ---- attributes ---------------------------------------------------------------------- */

Text edit_input(const EditNode *node, int number)
{
    return number < node->input_count ? node->inputs[number] : (Text){ 0 };
}

static Text attribute(const EditNode *node, const char *name)
{
    for (int i = 0; i < node->attribute_count; i++) {
        if (text_is(edit_first(node->attributes[i], ATTRIBUTE_NAME), name)) {
            return node->attributes[i];
        }
    }
    return (Text){ 0 };
}

static bool find_field(Text bytes, uint32_t number, ProtoType type, uint64_t *value)
{
    Proto      message = proto_of(bytes);
    ProtoField field;

    while (proto_next(&message, &field)) {
        if (field.number == number && field.type == type) {
            *value = field.value;
            return true;
        }
    }
    return false;
}

int64_t edit_int(const EditNode *node, const char *name, int64_t otherwise)
{
    uint64_t value;

    return find_field(attribute(node, name), ATTRIBUTE_INT, PROTO_VARINT, &value)
           ? (int64_t)value : otherwise;
}

float edit_float(const EditNode *node, const char *name, float otherwise)
{
    uint64_t value;
    uint32_t bits;

    if (find_field(attribute(node, name), ATTRIBUTE_FLOAT, PROTO_FIXED32, &value)) {
        bits = (uint32_t)value;
        memcpy(&otherwise, &bits, sizeof bits);
    }
    return otherwise;
}

Text edit_string(const EditNode *node, const char *name)
{
    return edit_first(attribute(node, name), ATTRIBUTE_STRING);
}

int edit_ints(const EditNode *node, const char *name, int64_t *out, int most)
{
    Text       bytes   = attribute(node, name);
    Proto      message = proto_of(bytes);
    ProtoField field;
    uint64_t   value;
    int        count = 0;

    while (proto_next(&message, &field)) {
        if (field.number == ATTRIBUTE_INTS && field.type == PROTO_BYTES) {
            Proto numbers = proto_of(field.bytes);

            while (count < most && proto_varint(&numbers, &value)) {
                out[count++] = (int64_t)value;
            }
        } else if (field.number == ATTRIBUTE_INTS && field.type == PROTO_VARINT && count < most) {
            out[count++] = (int64_t)field.value;
        }
    }
    return bytes.at ? count : -1;
}

static Text finish(Arena *arena, Buffer *out)
{
    Text text = { 0 };

    if (!out->failed) {
        text = arena_text(arena, (Text){ out->data, out->length });
    }
    buffer_fini(out);
    return text;
}

Text edit_make_int(Arena *arena, const char *name, int64_t value)
{
    Buffer out;

    buffer_init(&out, KIB(64));
    proto_write_string(&out, ATTRIBUTE_NAME, name);
    proto_write_number(&out, ATTRIBUTE_INT, (uint64_t)value);
    proto_write_number(&out, ATTRIBUTE_TYPE, 2);
    return finish(arena, &out);
}

Text edit_make_ints(Arena *arena, const char *name, const int64_t *values, int count)
{
    Buffer out;

    buffer_init(&out, KIB(64));
    proto_write_string(&out, ATTRIBUTE_NAME, name);
    for (int i = 0; i < count; i++) {
        proto_write_number(&out, ATTRIBUTE_INTS, (uint64_t)values[i]);
    }
    proto_write_number(&out, ATTRIBUTE_TYPE, 7);
    return finish(arena, &out);
}

Text edit_make_string(Arena *arena, const char *name, const char *value)
{
    Buffer out;

    buffer_init(&out, KIB(64));
    proto_write_string(&out, ATTRIBUTE_NAME, name);
    proto_write_string(&out, ATTRIBUTE_STRING, value);
    proto_write_number(&out, ATTRIBUTE_TYPE, 3);
    return finish(arena, &out);
}

/* ---- parts of the graph -------------------------------------------------------------- */

/* Buffers for messages inside of messages. */
typedef struct Writer {
    const EditGraph *graph;
    const Map       *used;      /* names that nodes or the outside use */
    Buffer          *out;       /* fields of the graph */
    Buffer           inner, deeper, deepest;
} Writer;

static void write_node(Writer *w, const EditNode *node)
{
    for (int i = 0; i < node->input_count; i++) {
        proto_write_text(&w->inner, NODE_INPUT, node->inputs[i]);
    }
    for (int i = 0; i < node->output_count; i++) {
        proto_write_text(&w->inner, NODE_OUTPUT, node->outputs[i]);
    }
    proto_write_text(&w->inner, NODE_NAME, node->name);
    proto_write_text(&w->inner, NODE_KIND, node->kind);
    for (int i = 0; i < node->attribute_count; i++) {
        proto_write_text(&w->inner, NODE_ATTRIBUTE, node->attributes[i]);
    }
    if (node->domain.length > 0) {
        proto_write_text(&w->inner, NODE_DOMAIN, node->domain);
    }
    proto_write_message(w->out, GRAPH_NODE, &w->inner);
}

static void write_weight(Writer *w, const EditWeight *weight)
{
    if (weight->tensor.at) {
        proto_write_text(w->out, GRAPH_WEIGHTS, weight->tensor);
        return;
    }
    for (int i = 0; i < weight->rank; i++) {
        proto_write_number(&w->inner, TENSOR_SHAPE, (uint64_t)weight->shape[i]);
    }
    proto_write_number(&w->inner, TENSOR_TYPE, (uint64_t)weight->type);
    proto_write_text(&w->inner, TENSOR_NAME, weight->name);
    proto_write_text(&w->inner, TENSOR_RAW, weight->data);
    proto_write_message(w->out, GRAPH_WEIGHTS, &w->inner);
}

/* [batch, columns] */
static void write_shape(Writer *w, int columns)
{
    proto_write_string(&w->deepest, 2, "batch");
    proto_write_message(&w->deeper, 1, &w->deepest);
    proto_write_number(&w->deepest, 1, (uint64_t)columns);
    proto_write_message(&w->deeper, 1, &w->deepest);
    proto_write_message(&w->inner, 2, &w->deeper);
}

/* A float32 tensor. */
static void write_output(Writer *w, Text name)
{
    proto_write_number(&w->inner, 1, GRAPH_FLOAT32);
    if (w->graph->output_columns > 0) {
        write_shape(w, w->graph->output_columns);
    }
    proto_write_message(&w->deeper, 1, &w->inner);           /* TypeProto.tensor_type */
    proto_write_text(&w->inner, 1, name);
    proto_write_message(&w->inner, 2, &w->deeper);
    proto_write_message(w->out, GRAPH_OUTPUT, &w->inner);
}

/* What of the old graph is copied: not what is written anew, and neither shapes of tensors
 * nor old notes on quantisation, which need not hold any more. */
static bool is_copied(const Writer *w, const ProtoField *field)
{
    const EditTensor *tensor;

    switch (field->number) {
    case GRAPH_NODE: case GRAPH_WEIGHTS: case GRAPH_VALUE: case GRAPH_QUANTIZATION:
        return false;
    case GRAPH_OUTPUT:
        return !w->graph->outputs;
    case GRAPH_INPUT:
        tensor = field->type == PROTO_BYTES
                 ? edit_tensor(w->graph, edit_first(field->bytes, 1)) : NULL;
        return tensor && tensor->input;
    }
    return true;
}

static bool is_used(const Writer *w, Text name)
{
    const EditTensor *tensor = edit_tensor(w->graph, name);

    return map_get(w->used, name) || (tensor && (tensor->inside || tensor->output));
}

static bool is_idle(const Writer *w, const EditNode *node)
{
    return text_is(node->kind, "Constant") && node->output_count == 1 &&
           !is_used(w, node->outputs[0]);
}

static void write_body(Writer *w)
{
    const EditGraph *graph   = w->graph;
    Proto            message = proto_of(graph->body);
    ProtoField       field;

    while (proto_next(&message, &field)) {
        if (is_copied(w, &field)) {
            proto_write_field(w->out, &field);
        }
    }
    for (int i = 0; i < graph->node_count; i++) {
        if (!graph->nodes[i].gone && !is_idle(w, &graph->nodes[i])) {
            write_node(w, &graph->nodes[i]);
        }
    }
    for (int i = 0; i < graph->weight_count; i++) {
        const EditWeight *weight = &graph->weights[i];

        if (!weight->gone && !weight->constant && is_used(w, weight->name)) {
            write_weight(w, weight);
        }
    }
    for (int i = 0; graph->outputs && i < graph->output_count; i++) {
        write_output(w, graph->outputs[i]);
    }
}

/* ---- the file ------------------------------------------------------------------------ */

static bool is_own_opset(Text opset)
{
    Text domain = edit_first(opset, 1);

    return domain.length == 0 || text_is(domain, "ai.onnx");
}

/* Is the note of the file's own one that is written anew? */
static bool is_replaced(const EditGraph *graph, Text note)
{
    Text key = edit_first(note, 1);

    for (int i = 0; i < graph->note_count; i++) {
        if (text_equal(key, graph->notes[i].key)) {
            return true;
        }
    }
    return false;
}

static void write_notes(const EditGraph *graph, Buffer *out)
{
    Buffer note;

    buffer_init(&note, out->limit);
    for (int i = 0; i < graph->note_count; i++) {
        proto_write_text(&note, 1, graph->notes[i].key);
        proto_write_text(&note, 2, graph->notes[i].value);
        proto_write_message(out, MODEL_NOTES, &note);
    }
    buffer_fini(&note);
}

static void write_file(const EditGraph *graph, Buffer *body, Buffer *out)
{
    Proto      message = proto_of(graph->bytes);
    ProtoField field;
    uint64_t   version = OLDEST_IR;
    Buffer     opset;

    buffer_init(&opset, KIB(1));
    while (proto_next(&message, &field)) {
        bool ours = field.number == MODEL_PRODUCER || field.number == MODEL_PRODUCER_VERSION ||
                    field.number == MODEL_GRAPH || field.number == MODEL_VERSION ||
                    (field.number == MODEL_OPSET && field.type == PROTO_BYTES &&
                     is_own_opset(field.bytes)) ||
                    (field.number == MODEL_NOTES && field.type == PROTO_BYTES &&
                     is_replaced(graph, field.bytes));

        if (field.number == MODEL_VERSION && field.type == PROTO_VARINT &&
            field.value <= INT32_MAX) {
            version = MAX(version, field.value);
        }
        if (!ours) {
            proto_write_field(out, &field);
        }
    }
    proto_write_number(out, MODEL_VERSION, version);
    proto_write_string(out, MODEL_PRODUCER, head_producer);
    proto_write_string(&opset, 1, "");
    proto_write_number(&opset, 2, (uint64_t)graph->opset);
    proto_write_message(out, MODEL_OPSET, &opset);
    proto_write_message(out, MODEL_GRAPH, body);
    write_notes(graph, out);
    buffer_fini(&opset);
}

static void find_used(const EditGraph *graph, Map *used)
{
    for (int i = 0; i < graph->node_count; i++) {
        const EditNode *node = &graph->nodes[i];

        for (int k = 0; k < node->input_count && !node->gone; k++) {
            if (node->inputs[k].length > 0) {
                map_put(used, node->inputs[k], used);
            }
        }
    }
}

bool edit_write(const EditGraph *graph, Buffer *out, Error *err)
{
    Map    used;
    Buffer body;
    Writer w = { .graph = graph, .used = &used, .out = &body };

    map_init(&used, graph->arena);
    find_used(graph, &used);
    buffer_init(&body, out->limit);
    buffer_init(&w.inner, out->limit);
    buffer_init(&w.deeper, KIB(64));
    buffer_init(&w.deepest, KIB(64));
    write_body(&w);
    write_file(graph, &body, out);
    buffer_fini(&body);
    buffer_fini(&w.inner);
    buffer_fini(&w.deeper);
    buffer_fini(&w.deepest);
    return (!out->failed && !arena_failed(graph->arena)) ||
           fail(err, ERR_MEMORY, "no memory to write a network after %s", graph->name);
}
