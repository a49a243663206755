/*
 * graph - what an ONNX file says about itself.
 *
 * Field numbers are those of onnx.proto, which are frozen.  Sub-graphs (bodies
 * of If, Loop, Scan), constants and functions are walked too, since any tensor
 * in them may point to a file.
 */
#include "model/graph.h"

#include "base/file.h"
#include "base/map.h"
#include "base/text.h"
#include "model/excerpt.h"
#include "model/protobuf.h"

enum { DEPTH = 16, INPUTS = 16384, OUTPUTS = 64, NOTES = 1024, EXTERNALS = 1024 };
enum { NAME_BYTES = 4096, NOTE_BYTES = 8 << 20 };

/* Names of weights are looked up, so the walk needs memory of its own. */
#define WALK_MEMORY MIB(256)

/* Inputs or outputs, as they are met. */
typedef struct Values {
    GraphValue *items;
    int         count, capacity, most;
} Values;

typedef struct Reader {
    const char *name;       /* of the file */
    const char *start;
    Arena       walk;       /* what is only needed while reading */
    Map         weights;    /* names of initializers; values mean nothing */
    Map         external;
    Values      inputs, outputs;
    GraphNote  *notes;
    Graph       graph;
    int         depth;
    Error      *err;
} Reader;

/* What is done with each field of one kind of message. */
typedef bool FieldVisitor(Reader *r, const ProtoField *field, void *subject);

static bool refuse(Reader *r, const char *at, const char *what)
{
    return fail(r->err, ERR_INVALID, "%s is not a usable ONNX file: %s at byte %zu", r->name, what,
                (size_t)(at - r->start));
}

static bool walk(Reader *r, Text bytes, FieldVisitor *visit, void *subject)
{
    Proto      message = proto_of(bytes);
    ProtoField field;

    while (proto_next(&message, &field))
        if (!visit(r, &field, subject))
            return false;
    if (message.broken)
        return refuse(r, (const char *)message.at, "damaged or cut off");
    return true;
}

static bool is_bytes(const ProtoField *field, uint32_t number)
{
    return field->number == number && field->type == PROTO_BYTES;
}

static bool is_varint(const ProtoField *field, uint32_t number)
{
    return field->number == number && field->type == PROTO_VARINT;
}

/* ---- tensors ---------------------------------------------------------------- */

typedef struct TensorFacts {
    Text     name;
    uint64_t elements;        /* product of the dimensions */
    uint64_t data;            /* bytes of values in the file */
    bool     outside;         /* data_location is EXTERNAL */
    bool     located;         /* and where is said */
    bool     bad_shape;
} TensorFacts;

static void count_dimension(TensorFacts *tensor, uint64_t dimension)
{
    if (dimension > INT64_MAX || __builtin_mul_overflow(tensor->elements, dimension,
                                                        &tensor->elements))
        tensor->bad_shape = true;
}

static bool visit_pair(Reader *r, const ProtoField *field, void *subject)
{
    Text *pair = subject;

    (void)r;
    if (is_bytes(field, 1) || is_bytes(field, 2))
        pair[field->number - 1] = field->bytes;
    return true;
}

/* Weights may lie in files of the same folder and nowhere else.  ONNX Runtime
 * also takes addresses in memory for locations; those have asterisks in them. */
static bool note_external(Reader *r, Text path)
{
    if (path.length > NAME_BYTES || !path_is_safe(path) || !utf8_valid(path) ||
        memchr(path.at, '*', path.length))
        return fail(r->err, ERR_REFUSED, "%s keeps weights in '%.*s', which is not a plain path "
                    "below its own folder", r->name, SHOW(excerpt(path, 60)));
    if (r->external.count == EXTERNALS && !map_get(&r->external, path))
        return fail(r->err, ERR_TOO_LARGE, "%s keeps weights in more than %d files", r->name,
                    EXTERNALS);
    map_put(&r->external, path, r);
    return true;
}

static bool visit_external(Reader *r, Text bytes, TensorFacts *tensor)
{
    Text pair[2] = { 0 };

    if (!walk(r, bytes, visit_pair, pair))
        return false;
    if (!text_is(pair[0], "location"))
        return true;
    tensor->located = true;
    return note_external(r, pair[1].at ? pair[1] : TEXT(""));
}

static bool visit_tensor(Reader *r, const ProtoField *field, void *subject)
{
    TensorFacts *tensor = subject;
    uint64_t     value;

    switch (field->number) {
    case 1:       /* dims, packed or not */
        if (field->type == PROTO_BYTES) {
            Proto numbers = proto_of(field->bytes);

            while (proto_varint(&numbers, &value))
                count_dimension(tensor, value);
            tensor->bad_shape |= numbers.broken;
        } else {
            count_dimension(tensor, field->value);
        }
        return true;
    case 4: case 5: case 6: case 7: case 9: case 10: case 11:    /* the values */
        tensor->data += field->type == PROTO_BYTES ? MAX(field->bytes.length, 1) : 1;
        return true;
    case 8:
        tensor->name = field->type == PROTO_BYTES ? field->bytes : tensor->name;
        return true;
    case 13:
        return field->type != PROTO_BYTES || visit_external(r, field->bytes, tensor);
    case 14:
        tensor->outside = field->value == 1;
        return true;
    }
    return true;
}

/* Every value takes at least an eighth of a byte, so a header that promises more
 * is not believed: somebody would allocate it. */
static bool read_tensor(Reader *r, Text bytes, TensorFacts *tensor)
{
    *tensor = (TensorFacts){ .elements = 1 };
    if (!walk(r, bytes, visit_tensor, tensor))
        return false;
    if (tensor->bad_shape)
        return refuse(r, bytes.at, "a tensor of impossible shape");
    if (tensor->outside && !tensor->located)
        return refuse(r, bytes.at, "weights in a file that is not named");
    if (!tensor->outside && tensor->elements / 8 > tensor->data)
        return refuse(r, bytes.at, "a tensor larger than its data");
    return true;
}

/* ---- nodes ------------------------------------------------------------------ */

static FieldVisitor visit_graph;

static bool read_graph(Reader *r, Text bytes, bool main)
{
    if (r->depth == DEPTH)
        return refuse(r, bytes.at, "graphs nested too deep");
    r->depth++;
    bool done = walk(r, bytes, visit_graph, main ? r : NULL);
    r->depth--;
    return done;
}

static bool visit_sparse(Reader *r, const ProtoField *field, void *subject)
{
    TensorFacts tensor;

    (void)subject;
    return !(is_bytes(field, 1) || is_bytes(field, 2)) || read_tensor(r, field->bytes, &tensor);
}

static bool visit_attribute(Reader *r, const ProtoField *field, void *subject)
{
    TensorFacts tensor;

    (void)subject;
    if (field->type != PROTO_BYTES)
        return true;
    switch (field->number) {
    case 5: case 10:
        return read_tensor(r, field->bytes, &tensor);
    case 6: case 11:
        return read_graph(r, field->bytes, false);
    case 22: case 23:
        return walk(r, field->bytes, visit_sparse, NULL);
    }
    return true;
}

static bool visit_node(Reader *r, const ProtoField *field, void *subject)
{
    (void)subject;
    return !is_bytes(field, 5) || walk(r, field->bytes, visit_attribute, NULL);
}

static bool visit_node_kind(Reader *r, const ProtoField *field, void *subject)
{
    (void)r;
    if (is_bytes(field, 4))
        *(Text *)subject = field->bytes;
    return true;
}

static bool visit_node_outputs(Reader *r, const ProtoField *field, void *subject)
{
    if (is_bytes(field, 2))
        for (int i = 0; i < r->outputs.count; i++)
            if (text_equal(r->outputs.items[i].name, field->bytes))
                r->outputs.items[i].made_by = *(Text *)subject;
    return true;
}

/* ---- inputs, outputs -------------------------------------------------------- */

static bool visit_dimension(Reader *r, const ProtoField *field, void *subject)
{
    GraphValue *value = subject;
    int64_t    *size  = &value->shape[value->rank];

    (void)r;
    if (is_varint(field, 1))
        *size = field->value > INT64_MAX ? -1 : (int64_t)field->value;
    else if (is_bytes(field, 2) && field->bytes.length <= NAME_BYTES)
        value->symbols[value->rank] = field->bytes;
    return true;
}

static bool visit_shape(Reader *r, const ProtoField *field, void *subject)
{
    GraphValue *value = subject;

    if (!is_bytes(field, 1))
        return true;
    if (value->rank == GRAPH_DIMENSIONS)
        return refuse(r, field->bytes.at, "a shape of more than 8 dimensions");
    value->shape[value->rank] = -1;
    if (!walk(r, field->bytes, visit_dimension, value))
        return false;
    value->rank++;
    return true;
}

static bool visit_tensor_type(Reader *r, const ProtoField *field, void *subject)
{
    GraphValue *value = subject;

    if (is_varint(field, 1))
        value->type = field->value <= 64 ? (int)field->value : 0;
    if (!is_bytes(field, 2))
        return true;
    value->rank = 0;
    return walk(r, field->bytes, visit_shape, value);
}

static bool visit_type(Reader *r, const ProtoField *field, void *subject)
{
    return !is_bytes(field, 1) || walk(r, field->bytes, visit_tensor_type, subject);
}

static bool visit_value(Reader *r, const ProtoField *field, void *subject)
{
    GraphValue *value = subject;

    if (is_bytes(field, 1))
        value->name = field->bytes;
    return !is_bytes(field, 2) || walk(r, field->bytes, visit_type, value);
}

static bool grow(Reader *r, Values *values)
{
    int         capacity = MIN(2 * values->capacity + 8, values->most);
    GraphValue *items    = arena_array(&r->walk, GraphValue, capacity);

    if (!items)
        return fail(r->err, ERR_MEMORY, "no memory to read %s", r->name);
    if (values->count > 0)
        memcpy(items, values->items, (size_t)values->count * sizeof *items);
    values->items    = items;
    values->capacity = capacity;
    return true;
}

static bool add_value(Reader *r, Text bytes, Values *values)
{
    GraphValue value = { .rank = -1 };

    if (values->count == values->most)
        return refuse(r, bytes.at, "too many inputs or outputs");
    if (!walk(r, bytes, visit_value, &value))
        return false;
    if (value.name.length > NAME_BYTES || !utf8_valid(value.name))
        return refuse(r, bytes.at, "a name that is no text");
    if (values->count == values->capacity && !grow(r, values))
        return false;
    values->items[values->count++] = value;
    return true;
}

/* ---- graph and model -------------------------------------------------------- */

/* `subject` is NULL for graphs inside of nodes: only their weights matter. */
static bool visit_graph(Reader *r, const ProtoField *field, void *subject)
{
    TensorFacts tensor;

    if (field->type != PROTO_BYTES)
        return true;
    switch (field->number) {
    case 1:
        r->graph.node_count++;
        return walk(r, field->bytes, visit_node, NULL);
    case 5:
        if (!read_tensor(r, field->bytes, &tensor))
            return false;
        r->graph.weight_count++;
        if (subject)
            map_put(&r->weights, tensor.name, r);
        return true;
    case 15:
        return walk(r, field->bytes, visit_sparse, NULL);
    case 11:
        return !subject || add_value(r, field->bytes, &r->inputs);
    case 12:
        return !subject || add_value(r, field->bytes, &r->outputs);
    }
    return true;
}

/* A second walk, when all outputs are known. */
static bool visit_graph_again(Reader *r, const ProtoField *field, void *subject)
{
    Text kind = { 0 };

    (void)subject;
    if (!is_bytes(field, 1))
        return true;
    return walk(r, field->bytes, visit_node_kind, &kind) &&
           (kind.length > NAME_BYTES || walk(r, field->bytes, visit_node_outputs, &kind));
}

static bool visit_opset(Reader *r, const ProtoField *field, void *subject)
{
    Text *domain = subject;

    if (is_bytes(field, 1))
        *domain = field->bytes;
    if (is_varint(field, 2) && (domain->length == 0 || text_is(*domain, "ai.onnx")))
        r->graph.opset = field->value > INT32_MAX ? 0 : (int64_t)field->value;
    return true;
}

static bool add_note(Reader *r, Text bytes)
{
    Text pair[2] = { 0 };

    if (!walk(r, bytes, visit_pair, pair))
        return false;
    if (r->graph.note_count < NOTES && pair[0].length <= NAME_BYTES &&
        pair[1].length <= NOTE_BYTES && utf8_valid(pair[0]) && utf8_valid(pair[1]))
        r->notes[r->graph.note_count++] = (GraphNote){ pair[0], pair[1] };
    return true;
}

static bool visit_function(Reader *r, const ProtoField *field, void *subject)
{
    (void)subject;
    return !is_bytes(field, 7) || walk(r, field->bytes, visit_node, NULL);
}

static bool visit_model(Reader *r, const ProtoField *field, void *subject)
{
    Text  domain = { 0 };
    Text *graph  = subject;

    if (is_varint(field, 1))
        r->graph.ir_version = field->value > INT32_MAX ? 0 : (int64_t)field->value;
    if (field->type != PROTO_BYTES)
        return true;
    switch (field->number) {
    case 2:
        if (field->bytes.length <= NAME_BYTES && utf8_valid(field->bytes))
            r->graph.producer = field->bytes;
        return true;
    case 7:
        if (graph->at)
            return refuse(r, field->bytes.at, "a second graph");
        *graph = field->bytes;
        return read_graph(r, field->bytes, true);
    case 8:
        return walk(r, field->bytes, visit_opset, &domain);
    case 14:
        return add_note(r, field->bytes);
    case 25:
        return walk(r, field->bytes, visit_function, NULL);
    }
    return true;
}

/* ---- copying out ------------------------------------------------------------ */

static GraphValue *copy_values(Arena *arena, const Values *values)
{
    GraphValue *copies = arena_array(arena, GraphValue, MAX(values->count, 1));

    for (int i = 0; copies && i < values->count; i++) {
        const GraphValue *value = &values->items[i];

        copies[i]         = *value;
        copies[i].name    = arena_text(arena, value->name);
        copies[i].made_by = arena_text(arena, value->made_by);
        for (int k = 0; k < value->rank; k++) {
            Text symbol = value->symbols[k];

            copies[i].symbols[k] = utf8_valid(symbol) ? arena_text(arena, symbol) : (Text){ 0 };
        }
    }
    return copies;
}

/* Older files list their weights among the inputs. */
static void drop_weights(Reader *r)
{
    int kept = 0;

    for (int i = 0; i < r->inputs.count; i++)
        if (!map_get(&r->weights, r->inputs.items[i].name))
            r->inputs.items[kept++] = r->inputs.items[i];
    r->inputs.count = kept;
}

static const Graph *copy_graph(Arena *arena, Reader *r)
{
    Graph     *graph    = arena_new(arena, Graph);
    GraphNote *notes    = arena_array(arena, GraphNote, MAX(r->graph.note_count, 1));
    Text      *external = arena_array(arena, Text, MAX(r->external.count, 1));

    drop_weights(r);
    *graph                = r->graph;
    graph->producer       = arena_text(arena, r->graph.producer);
    graph->inputs         = copy_values(arena, &r->inputs);
    graph->input_count    = r->inputs.count;
    graph->outputs        = copy_values(arena, &r->outputs);
    graph->output_count   = r->outputs.count;
    graph->notes          = notes;
    graph->external       = external;
    graph->external_count = (int)r->external.count;
    for (int i = 0; notes && i < graph->note_count; i++)
        notes[i] = (GraphNote){ arena_text(arena, r->notes[i].key),
                                arena_text(arena, r->notes[i].value) };
    for (int i = 0; external && i < graph->external_count; i++)
        external[i] = arena_text(arena, r->external.entries[i].key);
    return graph;
}

static const Graph *parse(Arena *arena, Reader *r, Text bytes)
{
    Text graph = { 0 };

    map_init(&r->weights, &r->walk);
    map_init(&r->external, &r->walk);
    r->inputs.most  = INPUTS;
    r->outputs.most = OUTPUTS;
    r->notes        = arena_array(&r->walk, GraphNote, NOTES);
    if (!r->notes) {
        fail(r->err, ERR_MEMORY, "no memory to read %s", r->name);
        return NULL;
    }
    if (!walk(r, bytes, visit_model, &graph))
        return NULL;
    if (!graph.at || r->graph.ir_version < 1) {
        fail(r->err, ERR_INVALID, "%s is not an ONNX file", r->name);
        return NULL;
    }
    if (!walk(r, graph, visit_graph_again, NULL))
        return NULL;

    const Graph *copy = copy_graph(arena, r);
    if (!arena_failed(arena) && !arena_failed(&r->walk))
        return copy;
    fail(r->err, ERR_MEMORY, "no memory to read %s", r->name);
    return NULL;
}

const Graph *graph_parse(Arena *arena, const char *name, Text bytes, Error *err)
{
    Reader r = { .name = name, .start = bytes.at, .err = err };

    arena_init(&r.walk, WALK_MEMORY);
    const Graph *graph = parse(arena, &r, bytes);
    arena_fini(&r.walk);
    return graph;
}
