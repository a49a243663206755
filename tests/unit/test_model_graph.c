/*
 * test_model_graph - ONNX files: what is read, and what is refused.
 */
#include "model/graph.h"

#include "base/file.h"
#include "test.h"
#include "test_model_files.h"

static const char *const models = "../shared/assets/models";

static Buffer file;
static Arena  arena;
static Error  err;

static void begin(const Net *net)
{
    err = (Error){ 0 };
    arena_init(&arena, MIB(64));
    buffer_init(&file, MIB(4));
    net_write(&file, net);
}

static void end(void)
{
    buffer_fini(&file);
    arena_fini(&arena);
}

static const Graph *parse(void)
{
    return graph_parse(&arena, "net.onnx", (Text){ file.data, file.length }, &err);
}

TEST(graph_tells_what_the_file_says)
{
    Net net = { .kind = NET_SOFTMAX, .notes = { "names", "{0: 'a'}", "task", "classify" } };

    begin(&net);
    const Graph *graph = parse();
    if (CHECK(graph != NULL)) {
        CHECK_INT(graph->ir_version, 8);
        CHECK_INT(graph->opset, 13);
        CHECK(text_is(graph->producer, "tests"));
        CHECK_INT(graph->node_count, 3);
        CHECK_INT(graph->input_count, 1);
        CHECK_INT(graph->output_count, 1);
        CHECK(text_is(graph->inputs[0].name, "x"));
        CHECK_STR(graph_shape(&arena, &graph->inputs[0]), "[N, 3, 8, 8]");
        CHECK_INT(graph->inputs[0].type, GRAPH_FLOAT32);
        CHECK_STR(graph_shape(&arena, &graph->outputs[0]), "[N, 3]");
        CHECK(text_is(graph->outputs[0].made_by, "Softmax"));
        CHECK(text_is(graph_note(graph, "task"), "classify"));
        CHECK(graph_note(graph, "nothing").at == NULL);
        CHECK(graph_check(graph, "net.onnx", 8, &err));
    }
    end();
}

/* Cut off anywhere it is refused, or it was whole by chance: a message may end
 * after any of its fields. */
TEST(graph_survives_being_cut_off_and_scribbled_on)
{
    Net net = { .kind = NET_MEANS, .external = "weights.bin", .notes = { "a", "b" } };

    begin(&net);
    size_t length = file.length;
    for (size_t cut = 0; cut < length; cut++) {
        char *part = malloc(cut + 1);

        memcpy(part + 1, file.data, cut);
        const Graph *graph = graph_parse(&arena, "net.onnx", (Text){ part + 1, cut }, &err);
        CHECK(graph != NULL || (err.kind == ERR_INVALID && err.text[0]));
        free(part);
    }
    for (size_t at = 0; at < length; at++) {
        for (int bit = 0; bit < 8; bit++) {
            file.data[at] = (char)(file.data[at] ^ (1 << bit));
            if (!parse())
                CHECK(err.kind == ERR_INVALID || err.kind == ERR_REFUSED);
            file.data[at] = (char)(file.data[at] ^ (1 << bit));
        }
    }
    end();
}

TEST(graph_keeps_weights_in_its_own_folder)
{
    static const char *const bad[] = {
        "../x", "/etc/passwd", "a/../../x", "", ".", "a//b", "a\\b", "*/_ORT_MEM_ADDR_/*",
    };

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        Net net = { .external = bad[i] };

        begin(&net);
        CHECK(parse() == NULL);
        CHECK_INT(err.kind, ERR_REFUSED);
        end();
    }

    Net net = { .external = "parts/weights.bin" };
    begin(&net);
    const Graph *graph = parse();
    if (CHECK(graph != NULL)) {
        CHECK_INT(graph->external_count, 1);
        CHECK(text_is(graph->external[0], "parts/weights.bin"));
        CHECK_INT(graph->weight_count, 1);
    }
    end();
}

/* A model of one graph with one field in it. */
static void wrap(unsigned field, Buffer *content)
{
    Buffer graph;

    buffer_init(&graph, MIB(4));
    proto_put_message(&graph, field, content);
    buffer_clear(&file);
    proto_put_number(&file, 1, 8);
    proto_put_message(&file, 7, &graph);
    buffer_fini(&graph);
}

TEST(graph_does_not_believe_in_tensors_larger_than_their_data)
{
    static const uint64_t sizes[] = { 1ull << 40, 1ull << 63, UINT64_MAX };
    Net    net = { 0 };
    Buffer tensor;

    begin(&net);
    buffer_init(&tensor, KIB(1));
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        proto_put_number(&tensor, 1, sizes[i]);
        proto_put_number(&tensor, 2, 1);
        proto_put_bytes(&tensor, 9, "abcdefgh", 8);
        wrap(5, &tensor);
        CHECK(parse() == NULL);
        CHECK_INT(err.kind, ERR_INVALID);
    }
    proto_put_number(&tensor, 1, 2);
    proto_put_bytes(&tensor, 9, "abcdefgh", 8);
    wrap(5, &tensor);
    CHECK(parse() != NULL);
    buffer_fini(&tensor);
    end();
}

/* If -> then_branch -> If -> ... */
TEST(graph_refuses_deep_nesting)
{
    Net net = { 0 };

    for (int depth = 1; depth <= 1000; depth *= 10) {
        Buffer inner, outer;

        begin(&net);
        buffer_init(&inner, MIB(4));
        buffer_init(&outer, MIB(4));
        proto_put_text(&inner, 2, "innermost");
        for (int i = 0; i < depth; i++) {
            proto_put_message(&outer, 6, &inner);    /* an attribute's graph */
            proto_put_message(&inner, 5, &outer);    /* a node's attribute */
            proto_put_message(&outer, 1, &inner);    /* a graph's node */
            buffer_append(&inner, outer.data, outer.length);
            buffer_clear(&outer);
        }
        proto_put_number(&outer, 1, 8);
        proto_put_message(&outer, 7, &inner);
        buffer_append(&inner, outer.data, outer.length);
        const Graph *graph = graph_parse(&arena, "deep.onnx", (Text){ inner.data, inner.length },
                                         &err);
        CHECK((graph != NULL) == (depth < 15));
        buffer_fini(&inner);
        buffer_fini(&outer);
        end();
    }
}

TEST(graph_takes_weights_for_no_inputs)
{
    const Graph *graph;
    const char  *path;

    arena_init(&arena, MIB(64));
    path = path_join(&arena, models, "version-RFB-320.onnx");
    if (!file_exists(path)) {
        arena_fini(&arena);
        SKIP("no ../shared/assets/models");
    }
    graph = graph_read(&arena, path, &err);
    if (CHECK(graph != NULL)) {
        CHECK_INT(graph->input_count, 1);
        CHECK_STR(graph_shape(&arena, &graph->inputs[0]), "[1, 3, 240, 320]");
        CHECK_INT(graph->output_count, 2);
    }
    graph = graph_read(&arena, path_join(&arena, models, "yolov8n-seg_int8.onnx"), &err);
    if (CHECK(graph != NULL)) {
        CHECK(text_is(graph_note(graph, "task"), "segment"));
        CHECK(text_starts(graph_note(graph, "names"), "{0: 'person'"));
    }
    arena_fini(&arena);
}

TEST(graph_refuses_what_is_no_file_of_its_kind)
{
    arena_init(&arena, MIB(1));
    CHECK(graph_read(&arena, "/nowhere/x.onnx", &err) == NULL);
    CHECK_INT(err.kind, ERR_NOT_FOUND);
    CHECK(graph_read(&arena, "/tmp", &err) == NULL);
    CHECK_INT(err.kind, ERR_INVALID);
    CHECK(graph_read(&arena, "/dev/zero", &err) == NULL);
    CHECK_INT(err.kind, ERR_INVALID);
    CHECK(graph_read(&arena, "/proc/self/exe", &err) == NULL);
    CHECK_INT(err.kind, ERR_INVALID);
    arena_fini(&arena);
}
