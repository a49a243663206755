/*
 * quantize - fuzzes taking ONNX files apart and writing them quantised.
 *
 * Whatever is accepted becomes a file that can be read again, with its inputs and outputs
 * as they were, and that is refused as quantised already; and whatever can be taken apart
 * can be written again.  What is refused has a sentence that says why.
 */
#include <stdio.h>

#include "base/text.h"
#include "model/edit.h"
#include "model/quantize.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_error(const Error *err)
{
    assert(err->kind != ERR_NONE && err->kind != ERR_INTERNAL && err->text[0] &&
           utf8_valid(text_of(err->text)));
}

static void check_same_borders(Text before, Text after)
{
    Error        err = { 0 };
    Arena        arena;
    const Graph *one, *two;

    arena_init(&arena, MIB(256));
    one = graph_parse(&arena, "before.onnx", before, &err);
    two = graph_parse(&arena, "after.onnx", after, &err);
    if (!two)
        fprintf(stderr, "%s\n", err.text);
    assert(one && two);
    assert(two->opset >= 13);
    assert(one->input_count == two->input_count && one->output_count == two->output_count);
    for (int i = 0; i < one->input_count; i++)
        assert(text_equal(one->inputs[i].name, two->inputs[i].name));
    for (int i = 0; i < one->output_count; i++)
        assert(text_equal(one->outputs[i].name, two->outputs[i].name));
    arena_fini(&arena);
}

static void try_quantizing(Text text)
{
    Buffer out, again;
    Error  err = { 0 };

    buffer_init(&out, MIB(64));
    buffer_init(&again, MIB(64));
    if (quantize_try("fuzz.onnx", text, &out, &err)) {
        Text written = { out.data, out.length };

        check_same_borders(text, written);
        assert(!quantize_try("again.onnx", written, &again, &err) &&
               (err.kind == ERR_UNSUPPORTED || err.kind == ERR_INVALID));
    }
    check_error(&err);
    buffer_fini(&out);
    buffer_fini(&again);
}

static void try_writing(Text text)
{
    EditGraph graph;
    Buffer    out;
    Arena     arena;
    Error     err = { 0 };

    arena_init(&arena, MIB(256));
    buffer_init(&out, MIB(64));
    if (edit_read(&graph, &arena, "fuzz.onnx", text, &err)) {
        assert(edit_write(&graph, &out, &err) || err.kind == ERR_MEMORY);
    } else {
        check_error(&err);
    }
    buffer_fini(&out);
    arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Memory that ends with the file, so that reading past it is seen. */
    char *copy = malloc(size + 1);
    if (!copy)
        return 0;
    if (size > 0)
        memcpy(copy + 1, data, size);

    try_quantizing((Text){ copy + 1, size });
    try_writing((Text){ copy + 1, size });
    free(copy);
    return 0;
}
