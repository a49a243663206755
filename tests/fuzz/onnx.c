/*
 * onnx - fuzzes the reader of ONNX files, of class names in their metadata, and what takes
 * a classifier's head off.
 *
 * Whatever is accepted keeps the reader's promises: names are text, shapes are
 * within bounds, weights lie in plain paths below the file.  Whatever is refused
 * has a sentence that says why.  What is written again can be read.
 */
#include "base/file.h"
#include "base/text.h"
#include "model/graph.h"
#include "model/head.h"
#include "model/metadata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_value(Arena *arena, const GraphValue *value)
{
    assert(utf8_valid(value->name));
    assert(value->rank >= -1 && value->rank <= GRAPH_DIMENSIONS);
    for (int i = 0; i < value->rank; i++)
        assert(value->shape[i] >= -1 && utf8_valid(value->symbols[i]));
    assert(graph_shape(arena, value)[0]);
    assert(graph_type_name(value->type)[0]);
}

static void check_graph(Arena *arena, const Graph *graph)
{
    for (int i = 0; i < graph->input_count; i++)
        check_value(arena, &graph->inputs[i]);
    for (int i = 0; i < graph->output_count; i++)
        check_value(arena, &graph->outputs[i]);
    for (int i = 0; i < graph->note_count; i++)
        assert(utf8_valid(graph->notes[i].key) && utf8_valid(graph->notes[i].value));
    for (int i = 0; i < graph->external_count; i++)
        assert(path_is_safe(graph->external[i]) && utf8_valid(graph->external[i]));
}

static void check_names(Arena *arena, Text text)
{
    const Text *names;
    int         count, numbers[2];
    Error       err = { 0 };

    if (metadata_names(arena, text, &names, &count, &err)) {
        assert(count > 0 && count <= LIMIT_CLASSES);
        for (int i = 0; i < count; i++)
            assert(names[i].at && utf8_valid(names[i]) && names[i].length <= LIMIT_CLASS_NAME);
    } else {
        assert(err.kind == ERR_INVALID && err.text[0]);
    }
    assert(metadata_numbers(text, numbers, 2) <= 2);
}

static void check_head(Arena *arena, Text text)
{
    static const float numbers[2] = { 1, -1 };
    const Text  names[] = { TEXT("a"), TEXT("b") };
    NetworkHead head    = { names, 2, 1, numbers, numbers, false };
    Error       err     = { 0 };
    Text        features;
    Buffer      out;

    if (!head_find_features(arena, "fuzz.onnx", text, &features, &err))
        return;
    buffer_init(&out, MIB(64));
    assert(head_replace("fuzz.onnx", text, features, POOL_PLACES, &head, &out, &err));
    const Graph *graph = graph_parse(arena, "again.onnx", (Text){ out.data, out.length }, &err);
    assert(graph && graph->output_count == 1 && graph->outputs[0].shape[1] == 2);
    buffer_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Memory that ends with the file, so that reading past it is seen. */
    char *copy = malloc(size + 1);
    if (!copy)
        return 0;
    if (size > 0)
        memcpy(copy + 1, data, size);

    Text  text = { copy + 1, size };
    Error err  = { 0 };
    Arena arena;

    arena_init(&arena, MIB(256));
    const Graph *graph = graph_parse(&arena, "fuzz.onnx", text, &err);
    if (graph)
        check_graph(&arena, graph);
    else
        assert((err.kind == ERR_INVALID || err.kind == ERR_REFUSED || err.kind == ERR_TOO_LARGE) &&
               err.text[0] && utf8_valid(text_of(err.text)));
    check_names(&arena, text);
    if (graph)
        check_head(&arena, text);
    arena_fini(&arena);
    free(copy);
    return 0;
}
