/*
 * test_model_files - networks and packages for the tests, put together.
 */
#include "test_model_files.h"

#include "base/file.h"
#include "test.h"

/* ONNX Runtime is not instrumented: what it does inside is not ours to judge, and
 * locks that it takes there look unlocked from outside.  Weak, so that whoever
 * links more than one of these is not disturbed. */
const char *__tsan_default_suppressions(void);
const char *__lsan_default_suppressions(void);

__attribute__((weak)) const char *__tsan_default_suppressions(void)
{
    return "called_from_lib:libonnxruntime.so.1\n"
           "mutex:std::condition_variable::wait\n"
           "mutex:__run_exit_handlers\n";
}

__attribute__((weak)) const char *__lsan_default_suppressions(void)
{
    /* fontconfig keeps its configuration, behind offsets that no checker can follow. */
    return "leak:libonnxruntime.so.1\n"
           "leak:libfontconfig.so.1\n";
}

/* ---- protobuf ------------------------------------------------------------------ */

void proto_put_varint(Buffer *out, uint64_t value)
{
    for (; value > 127; value >>= 7)
        buffer_char(out, (char)(value | 128));
    buffer_char(out, (char)value);
}

void proto_put_number(Buffer *out, unsigned field, uint64_t value)
{
    proto_put_varint(out, field << 3);
    proto_put_varint(out, value);
}

void proto_put_bytes(Buffer *out, unsigned field, const void *bytes, size_t length)
{
    proto_put_varint(out, field << 3 | 2);
    proto_put_varint(out, length);
    buffer_append(out, bytes, length);
}

void proto_put_text(Buffer *out, unsigned field, const char *text)
{
    proto_put_bytes(out, field, text, strlen(text));
}

void proto_put_message(Buffer *out, unsigned field, Buffer *message)
{
    proto_put_bytes(out, field, message->data ? message->data : "", message->length);
    buffer_clear(message);
}

/* ---- networks ------------------------------------------------------------------ */

/* ValueInfoProto: name, then type -> tensor -> element type and shape. */
static void put_value(Buffer *graph, unsigned field, const char *name, int type,
                      const int64_t *shape, int rank)
{
    Buffer parts[5];

    for (int i = 0; i < 5; i++)
        buffer_init(&parts[i], KIB(64));
    for (int i = 0; i < rank; i++) {
        if (shape[i] > 0)
            proto_put_number(&parts[0], 1, (uint64_t)shape[i]);
        else
            proto_put_text(&parts[0], 2, i == 0 ? "N" : "any");
        proto_put_message(&parts[1], 1, &parts[0]);
    }
    proto_put_number(&parts[2], 1, (uint64_t)type);
    proto_put_message(&parts[2], 2, &parts[1]);
    proto_put_message(&parts[3], 1, &parts[2]);
    proto_put_text(&parts[4], 1, name);
    proto_put_message(&parts[4], 2, &parts[3]);
    proto_put_message(graph, field, &parts[4]);
    for (int i = 0; i < 5; i++)
        buffer_fini(&parts[i]);
}

static void put_node(Buffer *graph, const char *kind, const char *in, const char *second,
                     const char *out)
{
    Buffer node;

    buffer_init(&node, KIB(64));
    proto_put_text(&node, 1, in);
    if (second)
        proto_put_text(&node, 1, second);
    proto_put_text(&node, 2, out);
    proto_put_text(&node, 4, kind);
    proto_put_message(graph, 1, &node);
    buffer_fini(&node);
}

static void put_slow_nodes(Buffer *graph)
{
    char in[16] = "x", out[16];

    for (int i = 0; i < 200; i++) {
        snprintf(out, sizeof out, "x%d", i);
        put_node(graph, "MatMul", in, "x", out);
        memcpy(in, out, sizeof in);
    }
    put_node(graph, "GlobalAveragePool", in, NULL, "m");
    put_node(graph, "Flatten", "m", NULL, "y");
}

static void put_nodes(Buffer *graph, NetKind kind)
{
    static const char *const last[] = { [NET_SOFTMAX] = "Softmax", [NET_SIGMOID] = "Sigmoid",
                                        [NET_UNKNOWN] = "NoSuchThing" };

    if (kind == NET_SLOW) {
        put_slow_nodes(graph);
    } else if (kind == NET_CYCLE) {
        put_node(graph, "Add", "x", "b", "a");
        put_node(graph, "Identity", "a", NULL, "b");
        put_node(graph, "Flatten", "a", NULL, "y");
    } else if (kind == NET_ECHO) {
        put_node(graph, "Flatten", "x", NULL, "y");
    } else if (kind == NET_MEANS) {
        put_node(graph, "GlobalAveragePool", "x", NULL, "m");
        put_node(graph, "Flatten", "m", NULL, "y");
    } else {
        put_node(graph, "GlobalAveragePool", "x", NULL, "m");
        put_node(graph, "Flatten", "m", NULL, "f");
        put_node(graph, last[kind], "f", NULL, "y");
    }
}

static void put_pair(Buffer *out, unsigned field, const char *key, const char *value)
{
    Buffer pair;

    buffer_init(&pair, MIB(1));
    proto_put_text(&pair, 1, key);
    proto_put_text(&pair, 2, value);
    proto_put_message(out, field, &pair);
    buffer_fini(&pair);
}

/* One float that lies elsewhere. */
static void put_external(Buffer *graph, const char *location)
{
    Buffer tensor;

    buffer_init(&tensor, KIB(64));
    proto_put_number(&tensor, 1, 1);
    proto_put_number(&tensor, 2, 1);
    proto_put_text(&tensor, 8, "w");
    put_pair(&tensor, 13, "location", location);
    put_pair(&tensor, 13, "offset", "0");
    put_pair(&tensor, 13, "length", "4");
    proto_put_number(&tensor, 14, 1);
    proto_put_message(graph, 5, &tensor);
    buffer_fini(&tensor);
}

/* A weight, and an output that is the same. */
static void put_constant(Buffer *graph, const char *name, const NetConstant *constant)
{
    size_t count = 1;
    float *zeros;
    char   weight[16];
    Buffer tensor;

    snprintf(weight, sizeof weight, "weight-%s", name);
    buffer_init(&tensor, MIB(1));
    for (int i = 0; i < constant->rank; i++) {
        proto_put_number(&tensor, 1, (uint64_t)constant->shape[i]);
        count *= (size_t)constant->shape[i];
    }
    zeros = calloc(count, sizeof *zeros);
    proto_put_number(&tensor, 2, 1);
    proto_put_text(&tensor, 8, weight);
    proto_put_bytes(&tensor, 9, constant->data ? constant->data : zeros, count * sizeof *zeros);
    proto_put_message(graph, 5, &tensor);
    buffer_fini(&tensor);
    free(zeros);
    put_node(graph, "Identity", weight, NULL, name);
    put_value(graph, 12, name, 1, constant->shape, constant->rank);
}

void net_write(Buffer *out, const Net *net)
{
    static const int64_t in_shape[4] = { 0, 3, 8, 8 }, out_shape[4] = { 0, 3 };
    static const char *const names[3] = { "y", "z", "w" };
    bool   shaped = net->shape[1] | net->shape[2];
    Buffer graph, opset;

    buffer_init(&graph, MIB(1));
    buffer_init(&opset, KIB(1));
    buffer_clear(out);
    if (net->constants[0].rank == 0)
        put_nodes(&graph, net->kind);
    proto_put_text(&graph, 2, "test");
    if (net->external)
        put_external(&graph, net->external);
    put_value(&graph, 11, "x", net->type ? net->type : 1, shaped ? net->shape : in_shape, 4);
    if (net->constants[0].rank == 0)
        put_value(&graph, 12, "y", 1, net->answer_rank ? net->answer : out_shape,
                  net->answer_rank ? net->answer_rank : 2);
    for (int i = 0; i < 3 && net->constants[i].rank > 0; i++)
        put_constant(&graph, names[i], &net->constants[i]);

    proto_put_number(out, 1, 8);
    proto_put_text(out, 2, "tests");
    proto_put_message(out, 7, &graph);
    proto_put_text(&opset, 1, "");
    proto_put_number(&opset, 2, 13);
    proto_put_message(out, 8, &opset);
    for (int i = 0; i < 12 && net->notes[i]; i += 2)
        put_pair(out, 14, net->notes[i], net->notes[i + 1]);
    CHECK(!out->failed);
    buffer_fini(&graph);
    buffer_fini(&opset);
}

/* ---- folders ------------------------------------------------------------------- */

const char *make_folder(Arena *arena)
{
    const char *path = folder_make_temporary(arena, "ocellus-test", NULL);

    CHECK(path != NULL);
    return path ? path : "/nowhere";
}

void put_file(const char *path, const char *text)
{
    CHECK(file_write(path, text, strlen(text), NULL));
}

void put_package(Arena *arena, const char *folder, const char *id, const Net *net)
{
    const char *path = path_join(arena, folder, id);
    Buffer      file;

    CHECK(folder_make(path, NULL));
    put_file(path_join(arena, path, "model_config.json"),
             "{\"task_type\": \"classification\", \"model_architecture\": \"resnet\"}");
    put_file(path_join(arena, path, "inference_config.json"),
             "{\"network_input\": {\"training_input_size\": {\"width\": 8, \"height\": 8}, "
             "\"color_mode\": \"rgb\", \"resize_mode\": \"stretch\", \"scaling_factor\": 255}, "
             "\"post_processing\": {\"type\": \"softmax\", \"fused\": true}}");
    put_file(path_join(arena, path, "class_names.txt"), "red\ngreen\nblue\n");
    buffer_init(&file, MIB(1));
    net_write(&file, net);
    CHECK(file_write(path_join(arena, path, "weights.onnx"), file.data, file.length, NULL));
    buffer_fini(&file);
}
