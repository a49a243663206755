/*
 * graph_file - ONNX files on disk, and how their facts are told.
 */
#include "model/graph.h"

#include "base/file.h"

/* Mapped, so that a file of gigabytes costs only the pages its headers lie in. */
const Graph *graph_read(Arena *arena, const char *path, Error *err)
{
    const Graph *graph = NULL;
    Text         bytes;

    if (!file_map(path, LIMIT_MODEL_FILE, &bytes, err)) {
        return NULL;
    }
    if (bytes.length == 0) {
        fail(err, ERR_INVALID, "%s is not an ONNX file", path);
    } else {
        graph = graph_parse(arena, path, bytes, err);
    }
    file_unmap(bytes);
    return graph;
}

bool graph_check(const Graph *graph, const char *name, int most_outputs, Error *err)
{
    if (graph->input_count != 1)
        return fail(err, ERR_UNSUPPORTED, "%s: the network has %d inputs; only networks with one "
                    "run here", name, graph->input_count);
    if (graph->inputs[0].type != GRAPH_FLOAT32)
        return fail(err, ERR_UNSUPPORTED, "%s: input '%.*s' is %s; only float32 runs here, export "
                    "the model with it", name, SHOW(graph->inputs[0].name),
                    graph_type_name(graph->inputs[0].type));
    if (graph->output_count < 1 || graph->output_count > most_outputs)
        return fail(err, ERR_UNSUPPORTED, "%s: the network has %d outputs; 1 to %d are read", name,
                    graph->output_count, most_outputs);
    for (int i = 0; i < graph->output_count; i++)
        if (graph->outputs[i].type != GRAPH_FLOAT32)
            return fail(err, ERR_UNSUPPORTED, "%s: output '%.*s' is %s; only float32 is read", name,
                        SHOW(graph->outputs[i].name), graph_type_name(graph->outputs[i].type));
    return true;
}

Text graph_note(const Graph *graph, const char *key)
{
    for (int i = 0; i < graph->note_count; i++)
        if (text_is(graph->notes[i].key, key))
            return graph->notes[i].value;
    return (Text){ 0 };
}

const char *graph_type_name(int type)
{
    static const char *const names[] = {
        "no tensor", "float32", "uint8", "int8", "uint16", "int16", "int32", "int64", "string",
        "bool", "float16", "float64", "uint32", "uint64", "complex64", "complex128", "bfloat16",
    };

    return type >= 0 && (size_t)type < COUNT_OF(names) ? names[type] : "another type";
}

const char *graph_shape(Arena *arena, const GraphValue *value)
{
    const char *text = "[";

    if (value->rank < 0)
        return "of unknown shape";
    for (int i = 0; i < value->rank; i++) {
        const char *comma = i ? ", " : "";
        Text        name  = value->symbols[i];

        if (value->shape[i] >= 0)
            text = arena_printf(arena, "%s%s%lld", text, comma, (long long)value->shape[i]);
        else if (name.length > 0 && name.length <= 16)
            text = arena_printf(arena, "%s%s%.*s", text, comma, SHOW(name));
        else
            text = arena_printf(arena, "%s%s?", text, comma);
    }
    return arena_printf(arena, "%s]", text);
}
