/*
 * test_quantize - small networks made of whole numbers answer as they did before.
 */
#include <math.h>

#include "base/file.h"
#include "model/probe.h"
#include "model/quantize_inside.h"
#include "test.h"
#include "test_model_files.h"

enum { SIDE = 8, NUMBERS = 3 * SIDE * SIDE, RUNS = 12 };

static Arena  arena;
static Error  err;
static Buffer graph, file, written;

static void begin(void)
{
    err = (Error){ 0 };
    arena_init(&arena, GIB(1));
    buffer_init(&graph, MIB(1));
    buffer_init(&file, MIB(1));
    buffer_init(&written, MIB(4));
}

static void end(void)
{
    buffer_fini(&graph);
    buffer_fini(&file);
    buffer_fini(&written);
    arena_fini(&arena);
}

/* Say what is behind a check that fails. */
static bool told(bool fine)
{
    if (!fine)
        fprintf(stderr, "%s\n", err.text);
    return fine;
}

static bool within(double difference, double most)
{
    if (!(difference > 0 && difference < most))
        fprintf(stderr, "%g\n", difference);
    return difference > 0 && difference < most;
}

static Text text_in(const Buffer *buffer)
{
    return (Text){ buffer->data ? buffer->data : "", buffer->length };
}

/* ---- putting networks together ------------------------------------------------------- */

/* One attribute: whole numbers, or one number, or text. */
typedef struct Attribute {
    const char *name, *text;
    int64_t     numbers[8];
    int         count;             /* 0: one number, `numbers[0]` */
    float       real;              /* not 0: that instead */
} Attribute;

static void put_attribute(Buffer *node, const Attribute *attribute)
{
    Buffer message;

    buffer_init(&message, KIB(4));
    proto_put_text(&message, 1, attribute->name);
    if (attribute->text) {
        proto_put_text(&message, 4, attribute->text);
        proto_put_number(&message, 20, 3);
    } else if (attribute->real != 0) {
        proto_put_varint(&message, 2 << 3 | 5);
        buffer_append(&message, &attribute->real, sizeof attribute->real);
        proto_put_number(&message, 20, 1);
    } else {
        for (int i = 0; i < MAX(attribute->count, 1); i++)
            proto_put_number(&message, attribute->count ? 8 : 3, (uint64_t)attribute->numbers[i]);
        proto_put_number(&message, 20, attribute->count ? 7 : 2);
    }
    proto_put_message(node, 5, &message);
    buffer_fini(&message);
}

/* "a,b,c": inputs; an empty name is one left out. */
static void put(const char *kind, const char *inputs, const char *output,
                const Attribute *attributes, int count)
{
    Buffer node;

    buffer_init(&node, KIB(16));
    for (const char *at = inputs; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        proto_put_bytes(&node, 1, at, strcspn(at, ","));
    proto_put_text(&node, 2, output);
    proto_put_text(&node, 4, kind);
    for (int i = 0; i < count; i++)
        put_attribute(&node, &attributes[i]);
    proto_put_message(&graph, 1, &node);
    buffer_fini(&node);
}

#define PUT(kind, inputs, output, ...) \
    put(kind, inputs, output, (Attribute[]){ __VA_ARGS__ }, \
        (int)(sizeof((Attribute[]){ __VA_ARGS__ }) / sizeof(Attribute)))

/* Numbers that look random and are always the same. */
static float noise(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return (float)(*state >> 8) / (float)(1 << 23) - 1;
}

static void put_tensor(const char *name, int type, const int64_t *shape, int rank,
                       const void *data, size_t bytes)
{
    Buffer tensor;

    buffer_init(&tensor, KIB(256));
    for (int i = 0; i < rank; i++)
        proto_put_number(&tensor, 1, (uint64_t)shape[i]);
    proto_put_number(&tensor, 2, (uint64_t)type);
    proto_put_text(&tensor, 8, name);
    proto_put_bytes(&tensor, 9, data, bytes);
    proto_put_message(&graph, 5, &tensor);
    buffer_fini(&tensor);
}

/* Noise of `size` around `middle`. */
static void put_weights(const char *name, float size, float middle, int rank, int64_t a,
                        int64_t b, int64_t c, int64_t d)
{
    int64_t  shape[] = { a, b, c, d };
    size_t   count = 1;
    uint32_t state = 7;

    for (const char *at = name; *at; at++)
        state = state * 31 + (uint8_t)*at;
    for (int i = 0; i < rank; i++)
        count *= (size_t)shape[i];
    float *values = arena_array(&arena, float, count);
    for (size_t i = 0; i < count; i++)
        values[i] = middle + size * noise(&state);
    put_tensor(name, 1, shape, rank, values, count * sizeof *values);
}

static void put_value(unsigned field, const char *name, int rank, const int64_t *shape)
{
    Buffer parts[4];

    for (int i = 0; i < 4; i++)
        buffer_init(&parts[i], KIB(4));
    for (int i = 0; i < rank; i++) {
        proto_put_number(&parts[0], 1, (uint64_t)shape[i]);
        proto_put_message(&parts[1], 1, &parts[0]);
    }
    proto_put_number(&parts[2], 1, 1);
    if (rank > 0)
        proto_put_message(&parts[2], 2, &parts[1]);
    proto_put_message(&parts[3], 1, &parts[2]);
    proto_put_text(&parts[0], 1, name);
    proto_put_message(&parts[0], 2, &parts[3]);
    proto_put_message(&graph, field, &parts[0]);
    for (int i = 0; i < 4; i++)
        buffer_fini(&parts[i]);
}

/* The file: input "x", output "y". */
static void finish(int opset)
{
    Buffer version;

    buffer_init(&version, KIB(1));
    put_value(11, "x", 4, (int64_t[]){ 1, 3, SIDE, SIDE });
    put_value(12, "y", 0, NULL);
    buffer_clear(&file);
    proto_put_number(&file, 1, opset >= 10 ? 7 : 4);
    proto_put_message(&file, 7, &graph);
    proto_put_text(&version, 1, "");
    proto_put_number(&version, 2, (uint64_t)opset);
    proto_put_message(&file, 8, &version);
    CHECK(!file.failed);
    buffer_fini(&version);
}

#define PADS { .name = "pads", .numbers = { 1, 1, 1, 1 }, .count = 4 }

static void put_tail(void)
{
    put_weights("g", 1, 0, 2, 3, 4, 0, 0);
    put_weights("h", 1, 0, 1, 3, 0, 0, 0);
    put("GlobalAveragePool", "r", "p", NULL, 0);
    PUT("Flatten", "p", "f", { .name = "axis", .numbers = { 1 } });
    PUT("Gemm", "f,g,h", "y", { .name = "transB", .numbers = { 1 } });
}

static void put_normalised(void)
{
    put_weights("w", 1, 0, 4, 4, 3, 3, 3);
    put_weights("s", 0.3f, 1, 1, 4, 0, 0, 0);
    put_weights("o", 1, 0, 1, 4, 0, 0, 0);
    put_weights("m", 1, 0, 1, 4, 0, 0, 0);
    put_weights("v", 0.5f, 1, 1, 4, 0, 0, 0);
    PUT("Conv", "x,w", "c", PADS);
    put("BatchNormalization", "c,s,o,m,v", "n", NULL, 0);
    put("Relu", "n", "r", NULL, 0);
    put_tail();
}

static void put_residual(void)
{
    put_weights("w", 0.5f, 0, 4, 4, 3, 3, 3);
    put_weights("b", 0.5f, 0, 1, 4, 0, 0, 0);
    put_weights("w2", 0.5f, 0, 4, 4, 4, 3, 3);
    put_weights("w3", 0.5f, 0, 4, 4, 4, 1, 1);
    PUT("Conv", "x,w,b", "c", PADS);
    put("Sigmoid", "c", "e", NULL, 0);
    put("Mul", "c,e", "k", NULL, 0);
    PUT("Conv", "k,w2", "c2", PADS);
    put("Add", "k,c2", "a", NULL, 0);
    put("Relu", "a", "a2", NULL, 0);
    PUT("MaxPool", "a2", "q", { .name = "kernel_shape", .numbers = { 2, 2 }, .count = 2 });
    put("Conv", "q,w3", "r", NULL, 0);
    put_tail();
}

static void put_product(void)
{
    put_weights("w", 0.3f, 0, 2, NUMBERS, 4, 0, 0);
    put_weights("w2", 0.3f, 0, 2, 4, 3, 0, 0);
    PUT("Flatten", "x", "f", { .name = "axis", .numbers = { 1 } });
    put_weights("o", 2, 1, 1, 3, 0, 0, 0);
    put("MatMul", "f,w", "a", NULL, 0);
    put("MatMul", "a,w2", "b", NULL, 0);
    put("Add", "o,b", "y", NULL, 0);
}

/* What became inputs, or means something else, in opset 13. */
static void put_old(void)
{
    float scales[] = { 1, 1, 2, 2 };

    put_weights("w", 0.5f, 0, 4, 4, 3, 3, 3);
    put_tensor("u", 1, (int64_t[]){ 4 }, 1, scales, sizeof scales);
    PUT("Pad", "x", "p1", { .name = "pads", .numbers = { 0, 0, 1, 0, 0, 0, 0, 1 }, .count = 8 },
        { .name = "value", .real = 0.5f });
    put("Conv", "p1,w", "c", NULL, 0);
    PUT("Clip", "c", "c2", { .name = "min", .real = -0.25f }, { .name = "max", .real = 1.5f });
    PUT("Upsample", "c2,u", "l", { .name = "mode", .text = "nearest" });
    PUT("Slice", "l", "l2", { .name = "starts", .numbers = { 1, 2 }, .count = 2 },
        { .name = "ends", .numbers = { 3, 16 }, .count = 2 },
        { .name = "axes", .numbers = { 1, 3 }, .count = 2 });
    PUT("Unsqueeze", "l2", "l3", { .name = "axes", .numbers = { 0 }, .count = 1 });
    PUT("Squeeze", "l3", "l4", { .name = "axes", .numbers = { 0 }, .count = 1 });
    PUT("Dropout", "l4", "l5", { .name = "ratio", .real = 0.5f });
    PUT("Softmax", "l5", "y", { .name = "axis", .numbers = { 2 } });
}

/* ---- running ------------------------------------------------------------------------------ */

typedef struct Seen {
    float  numbers[2048];
    size_t count;
} Seen;

static bool look(void *subject, int output, const Tensor *tensor, Error *unused)
{
    Seen  *seen  = subject;
    size_t count = 1;

    (void)unused;
    for (int i = 0; i < tensor->rank; i++)
        count *= (size_t)tensor->shape[i];
    CHECK(output == 0 && count <= COUNT_OF(seen->numbers));
    memcpy(seen->numbers, tensor->data, count * sizeof(float));
    seen->count = count;
    return true;
}

static Tensor input(int number)
{
    static float numbers[NUMBERS];
    uint32_t     state = (uint32_t)number + 1;

    for (int i = 0; i < NUMBERS; i++)
        numbers[i] = noise(&state) + 0.2f;
    return (Tensor){ 4, { 1, 3, SIDE, SIDE }, numbers };
}

/* The greatest difference of two files' answers, over the greatest answer. */
static double difference(Text one, Text two)
{
    Probe *a = probe_open("one", one, 1, &err), *b = probe_open("two", two, 1, &err);
    double most = 0, greatest = 1e-9;
    Seen   first, second;

    CHECK(told(a && b));
    for (int i = 0; i < RUNS; i++) {
        Tensor tensor = input(i);

        CHECK(probe_run(a, &tensor, look, &first, NULL, &err));
        CHECK(told(probe_run(b, &tensor, look, &second, NULL, &err)));
        CHECK(first.count == second.count && first.count > 0);
        for (size_t k = 0; k < first.count; k++) {
            most     = fmax(most, fabs((double)first.numbers[k] - second.numbers[k]));
            greatest = fmax(greatest, fabs((double)first.numbers[k]));
        }
    }
    probe_close(a);
    probe_close(b);
    return most / greatest;
}

static bool see_flow(void *subject, int output, const Tensor *tensor, Error *why)
{
    size_t count = 1;

    for (int i = 0; i < tensor->rank; i++)
        count *= (size_t)tensor->shape[i];
    return flow_add((Flow *)subject + output, tensor->data, count, why);
}

static Range *find_ranges(const Plan *plan, QuantizeMethod method)
{
    Flow  *flows  = arena_array(&arena, Flow, plan->tensor_count);
    Range *ranges = arena_array(&arena, Range, plan->tensor_count);

    buffer_clear(&written);
    CHECK(plan->tensor_count > 0 &&
          quantize_write_flows(plan, 0, plan->tensor_count, &written, &err));
    Probe *probe = probe_open("flows", text_in(&written), 1, &err);
    CHECK(told(probe && probe_output_count(probe) == plan->tensor_count));
    for (int i = 0; i < RUNS; i++) {
        Tensor tensor = input(i);

        CHECK(told(probe_run(probe, &tensor, see_flow, flows, NULL, &err)));
    }
    probe_close(probe);
    for (int i = 0; i < plan->tensor_count; i++)
        ranges[i] = flow_range(&flows[i], method);
    return ranges;
}

static void make_plan(Plan *plan, EditGraph *edited)
{
    CHECK(told(edit_read(edited, &arena, "test.onnx", text_in(&file), &err)));
    CHECK(told(quantize_plan(plan, edited, &err)));
}

/* Quantise the file with ranges of the test's own inputs; how far the answers are. */
static double quantized(int layers, QuantizeMethod method, bool portable, bool keep)
{
    EditGraph edited;
    Plan      plan;

    make_plan(&plan, &edited);
    CHECK(plan.layer_count == layers);
    bool *kept = arena_array(&arena, bool, layers);
    memset(kept, keep, (size_t)layers);

    Range *ranges = find_ranges(&plan, method);
    buffer_clear(&written);
    CHECK(told(quantize_write(&(QuantizeDraft){ &plan, kept, ranges, portable }, &written, &err)));
    return difference(text_in(&file), text_in(&written));
}

static int count_kind(Text bytes, const char *kind)
{
    EditGraph edited;
    int       count = 0;

    CHECK(told(edit_read(&edited, &arena, "written.onnx", bytes, &err)));
    for (int i = 0; i < edited.node_count; i++)
        count += text_is(edited.nodes[i].kind, kind);
    return count;
}

/* ---- tests --------------------------------------------------------------------------------- */

TEST(quantize_a_normalised_convolution)
{
    begin();
    put_normalised();
    finish(13);
    double most = quantized(2, QUANTIZE_MIN_MAX, false, false);
    CHECK(within(most, 0.02));
    CHECK(count_kind(text_in(&written), "BatchNormalization") == 0);
    CHECK(count_kind(text_in(&written), "QuantizeLinear") == 4);    /* x, r, p, f */
    end();
}

TEST(quantize_around_a_residual_sum)
{
    begin();
    put_residual();
    finish(13);
    double most = quantized(4, QUANTIZE_MIN_MAX, false, false);
    CHECK(within(most, 0.06));
    most = quantized(4, QUANTIZE_ERROR, false, false);
    CHECK(within(most, 0.06));
    end();
}

TEST(quantize_products)
{
    begin();
    put_product();
    finish(13);
    double most = quantized(2, QUANTIZE_PERCENTILE, false, false);
    CHECK(within(most, 0.03));
    CHECK(count_kind(text_in(&written), "QuantizeLinear") == 2);    /* f, a; y stays as it is */
    end();
}

TEST(quantize_with_seven_bits)
{
    begin();
    put_residual();
    finish(13);
    double most = quantized(4, QUANTIZE_MIN_MAX, true, false);
    CHECK(within(most, 0.08));
    end();
}

TEST(quantize_nothing_changes_nothing)
{
    begin();
    put_residual();
    finish(13);
    CHECK(quantized(4, QUANTIZE_MIN_MAX, false, true) < 1e-5);
    CHECK(count_kind(text_in(&written), "QuantizeLinear") == 0);
    end();
}

TEST(quantize_folds_exactly)
{
    EditGraph edited;

    begin();
    put_normalised();
    finish(13);
    CHECK(edit_read(&edited, &arena, "test.onnx", text_in(&file), &err));
    CHECK(edit_fold(&edited, &err) && edit_write(&edited, &written, &err));
    CHECK(count_kind(text_in(&written), "BatchNormalization") == 0);
    CHECK(difference(text_in(&file), text_in(&written)) < 1e-5);
    end();
}

TEST(quantize_raises_old_opsets)
{
    EditGraph edited;

    begin();
    put_old();
    finish(9);
    CHECK(edit_read(&edited, &arena, "test.onnx", text_in(&file), &err));
    CHECK(told(edit_raise(&edited, &err)));
    CHECK(edited.opset == 13 && edit_write(&edited, &written, &err));
    CHECK(count_kind(text_in(&written), "Upsample") == 0);
    CHECK(difference(text_in(&file), text_in(&written)) < 1e-6);
    end();
}

static void refuses(const char *part, ErrorKind kind)
{
    EditGraph edited;
    Plan      plan;

    err = (Error){ 0 };
    CHECK(!(edit_read(&edited, &arena, "test.onnx", text_in(&file), &err) &&
            quantize_plan(&plan, &edited, &err)));
    CHECK(told(err.kind == kind && strstr(err.text, part)));
    buffer_clear(&graph);
}

TEST(quantize_refuses)
{
    begin();
    put_normalised();
    finish(8);
    refuses("of opset 8", ERR_UNSUPPORTED);

    put("Softsign", "x", "a", NULL, 0);
    put("Scatter", "a", "y", NULL, 0);
    finish(10);
    refuses("Scatter", ERR_UNSUPPORTED);

    put("QuantizeLinear", "x,s", "y", NULL, 0);
    finish(13);
    refuses("quantised already", ERR_UNSUPPORTED);

    put_tensor("w", 10, (int64_t[]){ 2 }, 1, "abcd", 4);
    put("Add", "x,w", "y", NULL, 0);
    finish(13);
    refuses("float16", ERR_UNSUPPORTED);

    put("Relu", "x", "y", NULL, 0);
    finish(13);
    refuses("nothing to quantise", ERR_UNSUPPORTED);

    put("Conv", "x,x", "y", NULL, 0);
    finish(13);
    refuses("computed", ERR_UNSUPPORTED);

    put("Add", "x,b", "a", NULL, 0);
    put("Identity", "a", "b", NULL, 0);
    finish(13);
    refuses("before it is made", ERR_INVALID);
    end();
}

TEST(quantize_refuses_weights_elsewhere)
{
    EditGraph edited;

    begin();
    net_write(&file, &(Net){ .kind = NET_MEANS, .external = "weights.bin" });
    CHECK(!edit_read(&edited, &arena, "test.onnx", text_in(&file), &err));
    CHECK(told(err.kind == ERR_UNSUPPORTED && strstr(err.text, "other files")));
    end();
}

TEST(quantize_ranges)
{
    Flow   flow = { .name = TEXT("t") };
    float  numbers[20000];
    Range  range;

    err = (Error){ 0 };
    for (int i = 0; i < 20000; i++)
        numbers[i] = (float)(i % 1000) / 1000;
    CHECK(flow_add(&flow, numbers, 20000, &err));
    range = flow_range(&flow, QUANTIZE_MIN_MAX);
    CHECK(range.low == 0 && range.high == numbers[999]);
    CHECK(flow_add(&flow, (float[]){ -3, 1000 }, 2, &err));
    range = flow_range(&flow, QUANTIZE_MIN_MAX);
    CHECK(range.low == -3 && range.high == 1000);
    range = flow_range(&flow, QUANTIZE_PERCENTILE);
    CHECK(range.low > -1.01 && range.high < 2.1 && range.high >= 0.99);
    range = flow_range(&flow, QUANTIZE_ERROR);
    CHECK(range.low <= 0 && range.high <= 1000 && range.high > 1);
    CHECK(!flow_add(&flow, (float[]){ 1, NAN }, 2, &err) && err.kind == ERR_INVALID);
    CHECK(!flow_add(&flow, (float[]){ 1, INFINITY }, 2, &err));
    flow = (Flow){ .name = TEXT("zero") };
    CHECK(flow_add(&flow, (float[]){ 0, 0 }, 2, &err));
    CHECK(flow_add(&flow, (float[]){ 1e-38f, -1e-40f }, 2, &err));
    range = flow_range(&flow, QUANTIZE_ERROR);
    CHECK(range.low <= 0 && range.high > 0);
}

TEST(quantize_tells_answers_apart)
{
    Answers one = { .outputs = 1, .samples = 2 }, two = one;
    float   a[2][4] = { { 1, 2, 3, 4 }, { 2, 3, 4, 6 } }, b[2][4];
    double  most, mean;
    Tensor  as[2], bs[2];

    memcpy(b, a, sizeof b);
    for (int i = 0; i < 2; i++) {
        as[i] = (Tensor){ 2, { 1, 4 }, a[i] };
        bs[i] = (Tensor){ 2, { 1, 4 }, b[i] };
    }
    one.tensors = as;
    two.tensors = bs;
    CHECK(answers_signal(&one, &two, false) == INFINITY);
    b[1][2] += 0.1f;
    double signal = answers_signal(&one, &two, false);
    CHECK(signal > 15 && signal < 30);
    answers_difference(&one, &two, &most, &mean);
    CHECK(fabs(most - 0.1) < 1e-6 && fabs(mean - 0.1 / 8) < 1e-6);
    b[1][2] = NAN;
    CHECK(answers_signal(&one, &two, false) == -INFINITY);
    bs[0].shape[1] = 3;
    CHECK(answers_signal(&one, &two, false) == -INFINITY);
}
