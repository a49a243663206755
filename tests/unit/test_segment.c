/*
 * test_segment - masks and classes of pixels, against naive twins that compute the whole
 * picture in double precision; key points.
 */
#include <math.h>

#include "model/package_inside.h"
#include "model/points.h"
#include "model/segment.h"
#include "model/semantic.h"
#include "model/model_inside.h"
#include "test.h"
#include "vision/box_layout.h"
#include "vision/class_map.h"
#include "vision/prototype.h"

static Arena arena;
static Error err;

static void begin(void)
{
    err = (Error){ 0 };
    arena_init(&arena, GIB(1));
}

/* Numbers that look random, the same every time. */
static float noise(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (float)(*seed >> 8) / (float)(1 << 24) * 2 - 1;
}

static float *noises(int count, uint32_t seed)
{
    float *numbers = arena_array(&arena, float, count);

    for (int i = 0; numbers && i < count; i++) {
        numbers[i] = noise(&seed);
    }
    return numbers;
}

/* ---- stretching ------------------------------------------------------------------------ */

/* What torchvision computes for new cell `i`, told plainly. */
static double twin_cell(const double *cells, int from, int to, int i)
{
    double scale = (double)from / to, reach = fmax(scale, 1), center = scale * (i + 0.5);
    double sum = 0, total = 0;

    for (int k = 0; k < from; k++) {
        double weight = fmax(0, 1 - fabs((k + 0.5 - center) / reach));

        sum += weight * cells[k];
        total += weight;
    }
    return sum / total;
}

TEST(stretch_is_the_plain_sum_of_a_triangle)
{
    static const int sizes[][2] = { { 1, 1 }, { 1, 9 }, { 9, 1 }, { 7, 7 }, { 5, 23 }, { 23, 5 },
                                    { 80, 53 }, { 53, 640 }, { 640, 53 } };

    begin();
    for (size_t s = 0; s < COUNT_OF(sizes); s++) {
        int    from = sizes[s][0], to = sizes[s][1];
        float *cells = noises(from, 7), *out = arena_array(&arena, float, to);
        double exact[640];
        Axis   axis;

        for (int i = 0; i < from; i++) {
            exact[i] = (double)cells[i];
        }
        CHECK(axis_make(&arena, from, to, &axis));
        axis_stretch(&axis, cells, 0, from, 0, to, out);
        for (int i = 0; i < to; i++) {
            CHECK_NEAR((double)out[i], twin_cell(exact, from, to, i), 1e-5);
        }
    }
    arena_fini(&arena);
}

TEST(stretch_reaches_what_a_cell_has_part_in)
{
    Axis axis;
    int  from, to;

    begin();
    CHECK(axis_make(&arena, 4, 16, &axis));
    axis_reach(&axis, 1, 2, &from, &to);
    CHECK_INT(from, 2);
    CHECK_INT(to, 10);
    axis_reach(&axis, 0, 4, &from, &to);
    CHECK_INT(from, 0);
    CHECK_INT(to, 16);
    arena_fini(&arena);
}

TEST(stretch_has_an_exponential)
{
    for (double x = 0; x > -86; x -= 0.0137) {
        CHECK_NEAR((double)exp_negative((float)x) / exp((double)(float)x), 1, 3e-7);
    }
    CHECK(exp_negative(-1000) == 0);
    CHECK(exp_negative(-INFINITY) == 0);
    CHECK(exp_negative(NAN) == 0);
}

/* ---- masks ------------------------------------------------------------------------------ */

enum { GRID = 20, COUNT = 4, MARGIN = 3 };

typedef struct Fixture {
    Axis       across, down;
    Prototypes from;
    float      coefficients[COUNT];
} Fixture;

/* Prototypes whose upper MARGIN rows are padding. */
static void fixture(Fixture *f, int width, int height)
{
    uint32_t seed = 99;

    begin();
    CHECK(axis_make(&arena, GRID, width, &f->across));
    CHECK(axis_make(&arena, GRID - MARGIN, height, &f->down));
    f->from = (Prototypes){ noises(COUNT * GRID * GRID, 5), COUNT, GRID, GRID, 0, MARGIN,
                            &f->across, &f->down };
    for (int k = 0; k < COUNT; k++) {
        f->coefficients[k] = 3 * noise(&seed);
    }
}

static double twin_value(const Fixture *f, Cells box, int x, int y)
{
    double sum = 0;

    if (x < box.x1 || x >= box.x2 || y < box.y1 || y >= box.y2) {
        return 0;
    }
    for (int k = 0; k < COUNT; k++) {
        sum += (double)f->coefficients[k] * (double)f->from.data[(k * GRID + y) * GRID + x];
    }
    return 1 / (1 + exp(-sum));
}

/* The pixel of the whole resized picture; *close where rounding may decide. */
static bool twin_pixel(const Fixture *f, Cells box, int x, int y, bool *close)
{
    double rows[GRID], row[GRID], value;

    for (int v = 0; v < GRID - MARGIN; v++) {
        for (int u = 0; u < GRID; u++) {
            row[u] = twin_value(f, box, u, v + MARGIN);
        }
        rows[v] = twin_cell(row, GRID, f->across.to, x);
    }
    value  = twin_cell(rows, GRID - MARGIN, f->down.to, y);
    *close = fabs(value - 0.5) < 1e-5;
    return value > 0.5;
}

static void check_mask(int width, int height, Cells box)
{
    MaskAllowance left = MASK_ALLOWANCE;
    Fixture       f;
    Mask          mask;
    bool          close;
    int           wrong = 0;

    fixture(&f, width, height);
    CHECK(mask_from_prototypes(&arena, &f.from, f.coefficients, box, 0, 0, &left, &mask, &err));
    CHECK(mask.x >= 0 && mask.y >= 0 && mask.x + mask.width <= width &&
          mask.y + mask.height <= height);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            bool covered = twin_pixel(&f, box, x, y, &close);

            wrong += covered != mask_at(&mask, x, y) && !close;
        }
    }
    CHECK_INT(wrong, 0);
    arena_fini(&arena);
}

TEST(prototypes_make_the_mask_of_the_whole_picture)
{
    check_mask(50, 41, (Cells){ 0, 0, GRID, GRID });
    check_mask(50, 41, (Cells){ 4, 5, 15, 17 });
    check_mask(50, 41, (Cells){ -7, 1, 9, 400 });
    check_mask(9, 7, (Cells){ 2, 4, 18, 19 });
    check_mask(1, 60, (Cells){ 0, 0, GRID, GRID });
}

TEST(prototypes_cover_nothing_outside_of_the_picture)
{
    static const Cells boxes[] = { { 5, 5, 5, 9 }, { 9, 5, 5, 9 }, { 0, 0, GRID, MARGIN },
                                   { 100, 100, 200, 200 }, { -9, -9, -1, -1 } };
    MaskAllowance      left = MASK_ALLOWANCE;
    Fixture            f;
    Mask               mask;

    fixture(&f, 30, 30);
    for (size_t i = 0; i < COUNT_OF(boxes); i++) {
        CHECK(mask_from_prototypes(&arena, &f.from, f.coefficients, boxes[i], 0, 0, &left, &mask,
                                   &err));
        CHECK_INT(mask.width, 0);
    }
    arena_fini(&arena);
}

TEST(prototypes_stand_numbers_that_are_none)
{
    static const float odd[] = { NAN, INFINITY, -INFINITY, 3e38f };
    MaskAllowance      left = MASK_ALLOWANCE;
    Fixture            f;
    Mask               mask;

    fixture(&f, 30, 30);
    for (size_t i = 0; i < COUNT_OF(odd); i++) {
        f.coefficients[1] = odd[i];
        CHECK(mask_from_prototypes(&arena, &f.from, f.coefficients, (Cells){ 0, 0, GRID, GRID },
                                   0, 0, &left, &mask, &err));
        CHECK(i != 0 || mask.width == 0);
    }
    left.bytes = 10;
    f.coefficients[1] = 1;
    CHECK(!mask_from_prototypes(&arena, &f.from, f.coefficients, (Cells){ 0, 0, GRID, GRID }, 0,
                                0, &left, &mask, &err));
    CHECK_INT(err.kind, ERR_TOO_LARGE);
    arena_fini(&arena);
}

/* ---- layouts ------------------------------------------------------------------------------ */

TEST(box_layout_finds_the_numbers_behind_a_box)
{
    enum { CLASSES = 3, EXTRA = 4, N = 17 };
    static const struct {
        BoxLayout layout;
        int64_t   rows, columns;
        int       skip;
    } cases[] = {
        { BOXES_COLUMNS, 4 + CLASSES + EXTRA, N, 4 + CLASSES },
        { BOXES_ROWS, N, 4 + CLASSES + EXTRA, 4 + CLASSES },
        { BOXES_OBJECTNESS, N, 5 + CLASSES + EXTRA, 5 + CLASSES },
    };

    begin();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        BoxTensor  tensor = { cases[i].rows, cases[i].columns, NULL, 0 };
        BoxReading how = { .classes = CLASSES, .extra = EXTRA };
        float      found[EXTRA];

        tensor.data = noises((int)(tensor.rows * tensor.columns), 3);
        how.layout  = box_layout_of(&tensor, 1, CLASSES, EXTRA, "yolov5");
        CHECK_INT(how.layout, cases[i].layout);
        box_layout_extra(&how, &tensor, 7, found);
        for (int k = 0; k < EXTRA; k++) {
            int64_t at = how.layout == BOXES_COLUMNS ? (cases[i].skip + k) * tensor.columns + 7
                                                     : 7 * tensor.columns + cases[i].skip + k;

            CHECK(found[k] == tensor.data[at]);
        }
    }
    CHECK_INT(box_layout_of(&(BoxTensor){ 300, 6 + 32, NULL, 0 }, 1, 80, 32, "yolo26"),
              BOXES_FINISHED);
    CHECK_INT(box_layout_of(&(BoxTensor){ 300, 77, NULL, 0 }, 1, 80, 32, NULL), BOXES_UNKNOWN);
    arena_fini(&arena);
}

/* ---- classes of pixels -------------------------------------------------------------------- */

TEST(class_map_is_the_best_of_the_whole_picture)
{
    enum { CLASSES = 5, SIDE = 8, WIDTH = 21, HEIGHT = 13 };
    ClassScores scores;
    Axis        across, down;
    uint8_t     classes[WIDTH * HEIGHT], confidences[WIDTH * HEIGHT];
    int         wrong = 0;

    begin();
    CHECK(axis_make(&arena, SIDE, WIDTH, &across) && axis_make(&arena, SIDE - 2, HEIGHT, &down));
    scores = (ClassScores){ noises(CLASSES * SIDE * SIDE, 17), CLASSES, SIDE, SIDE, 0, 2,
                            &across, &down };
    CHECK(class_map(&arena, &scores, (ClassChoice){ 0.3f, 2 }, NULL, classes, confidences, WIDTH,
                    &err));
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        double rows[SIDE], row[SIDE], best = -1e9, sum = 0, value[CLASSES];
        int    chosen = 0;

        for (int c = 0; c < CLASSES; c++) {
            for (int v = 0; v < SIDE - 2; v++) {
                for (int u = 0; u < SIDE; u++) {
                    row[u] = (double)scores.data[(c * SIDE + v + 2) * SIDE + u];
                }
                rows[v] = twin_cell(row, SIDE, WIDTH, i % WIDTH);
            }
            value[c] = twin_cell(rows, SIDE - 2, HEIGHT, i / WIDTH);
            chosen   = value[c] > best ? c : chosen;
            best     = fmax(best, value[c]);
        }
        for (int c = 0; c < CLASSES; c++) {
            sum += exp(value[c] - best);
        }
        chosen = 1 / sum < 0.3 ? 2 : chosen;
        wrong += classes[i] != chosen;
        wrong += fabs(confidences[i] - (1 / sum < 0.3 ? 0 : 255 / sum)) > 1.01;
    }
    CHECK_INT(wrong, 0);
    arena_fini(&arena);
}

TEST(class_map_takes_what_is_no_number_for_background)
{
    static const float odd[] = { NAN, INFINITY, -INFINITY };
    uint8_t            classes[4], confidences[4];
    float              data[8];
    Axis               axis;

    begin();
    CHECK(axis_make(&arena, 2, 2, &axis));
    for (size_t i = 0; i < COUNT_OF(odd); i++) {
        ClassScores scores = { data, 2, 2, 2, 0, 0, &axis, &axis };

        for (int k = 0; k < 8; k++) {
            data[k] = odd[i];
        }
        CHECK(class_map(&arena, &scores, (ClassChoice){ 0, 1 }, NULL, classes, confidences, 2,
                        &err));
        CHECK_INT(classes[3], 1);
        CHECK_INT(confidences[3], 0);
    }
    arena_fini(&arena);
}

/* ---- whole models --------------------------------------------------------------------------- */

/* What the next run of the engine below gives. */
static ModelOutputs given;

static const Port input_port = { "images", 4, { -1, 3, 16, 16 } };
static const Port output_port = { "output0", 3, { -1, -1, -1 } };

static Session *open_given(const char *weights, int threads, Error *problem)
{
    (void)weights, (void)threads, (void)problem;
    return (Session *)&given;
}

static void close_given(Session *session)
{
    (void)session;
}

static Ports ports_given(const Session *session)
{
    (void)session;
    return (Ports){ &input_port, &output_port, 1 };
}

static size_t memory_given(const Session *session)
{
    (void)session;
    return 1;
}

static bool run_given(Session *session, Arena *to, const Tensor *input, const Cancel *cancel,
                      ModelOutputs *outputs, Error *problem)
{
    (void)session, (void)to, (void)input, (void)cancel, (void)problem;
    *outputs = given;
    return true;
}

static const Engine engine_given = { open_given, close_given, ports_given, memory_given,
                                     run_given };

static Model *open_model(Task task, int classes)
{
    static const Text names[] = { { "background", 10 }, { "cat", 3 }, { "dog", 3 } };
    static Package    package;

    package = (Package){ .id = "test/1", .weights = "none", .task = task,
                         .architecture = "yolov8", .classes = names, .class_count = classes,
                         .preprocess = { .width = 16, .height = 16 } };
    return model_open(&package, &engine_given, 1, &err);
}

static Tensor tensor_of(int rank, int64_t a, int64_t b, int64_t c, int64_t d, uint32_t seed)
{
    Tensor tensor = { rank, { a, b, c, d }, NULL };

    tensor.data = noises((int)(a * MAX(b, 1) * MAX(c, 1) * MAX(d, 1)), seed);
    return tensor;
}

/* True when it went well; an error says that the output is not understood. */
static bool segments(Model *model, Found *found)
{
    DetectOptions options = { .confidence = -5, .iou = 0.9, .most = 50 };
    Image        *image = image_new(40, 30, 3, TEXT("test"), &err);
    bool          ok;

    err = (Error){ 0 };
    ok  = model_segment(model, &arena, &image, 1, (PreprocessOff){ 0 }, &options,
                        (MaskReduction){ 0 }, NULL, found, &err);
    CHECK(ok || err.kind == ERR_UNSUPPORTED);
    image_unref(image);
    return ok;
}

TEST(segment_gives_a_mask_for_every_box)
{
    Model *model;
    Found  found;
    float *boxes;

    begin();
    model = open_model(TASK_INSTANCE_SEGMENTATION, 3);
    if (!CHECK(model != NULL)) {
        return;
    }
    given = (ModelOutputs){ 2, { tensor_of(3, 1, 4 + 3 + 5, 20, 0, 1),
                                 tensor_of(4, 1, 5, 4, 4, 2) } };
    boxes = given.tensors[0].data;
    for (int i = 0; i < 80; i++) {
        boxes[i] = i < 40 ? 8 + 8 * boxes[i] : 9 + 6 * boxes[i];
    }
    CHECK(segments(model, &found));
    CHECK(found.count > 3 && found.masks != NULL);
    for (int i = 0; i < found.count; i++) {
        const Mask *m = &found.masks[i];

        CHECK(m->width == 0 || (m->x >= 0 && m->y >= 0 && m->x + m->width <= 40 &&
                                m->y + m->height <= 30));
    }
    for (int i = 0; i < 12 * 20; i++) {
        boxes[i] = i % 3 == 0 ? NAN : i % 3 == 1 ? INFINITY : -3e38f;
    }
    CHECK(segments(model, &found));
    model_unref(model);
    arena_fini(&arena);
}

TEST(segment_refuses_outputs_of_other_shapes)
{
    Model *model;
    Found  found;

    begin();
    model = open_model(TASK_INSTANCE_SEGMENTATION, 3);
    given = (ModelOutputs){ 1, { tensor_of(3, 1, 12, 20, 0, 1) } };
    CHECK(!segments(model, &found));
    given = (ModelOutputs){ 1, { tensor_of(4, 1, 5, 4, 4, 2) } };
    CHECK(!segments(model, &found));
    given = (ModelOutputs){ 2, { tensor_of(3, 1, 13, 20, 0, 1), tensor_of(4, 1, 5, 4, 4, 2) } };
    CHECK(!segments(model, &found));
    given = (ModelOutputs){ 2, { tensor_of(2, 12, 20, 0, 0, 1), tensor_of(4, 1, 5, 4, 0, 2) } };
    CHECK(!segments(model, &found));
    given = (ModelOutputs){ 2, { tensor_of(3, 1, 12, 0, 0, 1), tensor_of(4, 1, 5, 1, 1, 2) } };
    given.tensors[0].shape[2] = 0;
    CHECK(segments(model, &found));
    CHECK_INT(found.count, 0);
    model_unref(model);
    arena_fini(&arena);
}

/* Two boxes of three classes with two points each, as the columns of a 16 x 16 input that
 * stands for 40 x 30 pixels, stretched. */
TEST(points_are_brought_back_and_rounded)
{
    static const float columns[4 + 3 + 6][2] = {
        { 8, 4 }, { 8, 4 }, { 4, 2 }, { 4, 2 }, { 0.9f, 0 }, { 0, 0.8f }, { 0, 0 },
        { 8, 4.1f }, { 8, 4 }, { 0.5f, 0 }, { -2, NAN }, { 20, 4 }, { 0.25f, 0.75f },
    };
    DetectOptions options = { .confidence = 0.5, .iou = 0.3, .most = 10 };
    Image        *image = image_new(40, 30, 3, TEXT("test"), &err);
    Tensor        boxes = { 3, { 1, 13, 2 }, NULL };
    Model        *model;
    Found         found;

    begin();
    model = open_model(TASK_KEYPOINTS, 3);
    boxes.data = arena_array(&arena, float, 26);
    memcpy(boxes.data, columns, sizeof(columns));
    given = (ModelOutputs){ 1, { boxes } };
    CHECK(model_find_points(model, &arena, &image, 1, (PreprocessOff){ 0 }, &options, NULL,
                            &found, &err));
    CHECK_INT(found.count, 2);
    CHECK_INT(found.slots, 2);
    CHECK(found.points[0].x == 20 && found.points[0].y == 15);
    CHECK(found.points[0].confidence == 0.5f);
    CHECK(found.points[1].x == -5 && found.points[1].y == 38);     /* 37.5, to even; outside */
    CHECK(found.points[2].x == 10 && found.points[2].y == 8);      /* 10.25; 7.5, to even */
    CHECK(found.points[2].confidence == 0);
    CHECK(found.points[3].x == 0 && found.points[3].y == 8);       /* no number: 0 */
    CHECK(text_is(point_name(model_package(model), &arena, 0, 1), "1"));

    boxes.shape[1] = 7;                  /* no room for points */
    given = (ModelOutputs){ 1, { boxes } };
    CHECK(!model_find_points(model, &arena, &image, 1, (PreprocessOff){ 0 }, &options, NULL,
                             &found, &err));
    CHECK_INT(err.kind, ERR_UNSUPPORTED);
    model_unref(model);
    image_unref(image);
    arena_fini(&arena);
}

TEST(names_of_points_are_read)
{
    static const char *const bad[] = {
        "{}", "[1]", "[{\"object_class_id\":-1,\"keypoints\":{}}]", "[", "[{\"keypoints\":{}}]",
        "[{\"object_class_id\":0,\"keypoints\":{\"x\":\"a\"}}]",
        "[{\"object_class_id\":0,\"keypoints\":{\"1024\":\"a\"}}]",
        "[{\"object_class_id\":0,\"keypoints\":{\"0\":1}}]",
    };
    static const char good[] = "[{\"object_class_id\":1,\"keypoints\":{\"0\":\"nose\","
                               "\"2\":\"tail\"}},{\"object_class_id\":9,\"keypoints\":{}}]";
    Package package = { .class_count = 2 };

    begin();
    CHECK(key_points_parse(&arena, (Text){ 0 }, &package, &err) && !package.key_points);
    CHECK(key_points_parse(&arena, text_of(good), &package, &err));
    CHECK_INT(package.key_points[0].count, 0);
    CHECK_INT(package.key_points[1].count, 3);
    CHECK(text_is(point_name(&package, &arena, 1, 2), "tail"));
    CHECK(text_is(point_name(&package, &arena, 1, 1), "1"));
    CHECK(text_is(point_name(&package, &arena, 0, 0), "0"));
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        err = (Error){ 0 };
        CHECK(!key_points_parse(&arena, text_of(bad[i]), &package, &err));
        CHECK(strstr(err.text, "keypoints_metadata.json") != NULL);
    }
    arena_fini(&arena);
}

static bool classifies(Model *model, ClassMasks *masks)
{
    Image *image = image_new(40, 30, 3, TEXT("test"), &err);
    bool   ok;

    err = (Error){ 0 };
    ok  = model_segment_classes(model, &arena, &image, 1, (PreprocessOff){ 0 }, 0.1, NULL, masks,
                                &err);
    image_unref(image);
    return ok;
}

TEST(semantic_gives_a_class_for_every_pixel)
{
    Model     *model;
    ClassMasks masks;
    int        seen[3] = { 0 };

    begin();
    model = open_model(TASK_SEMANTIC_SEGMENTATION, 3);
    given = (ModelOutputs){ 1, { tensor_of(4, 1, 3, 6, 6, 9) } };
    if (CHECK(classifies(model, &masks))) {
        for (int y = 0; y < 30; y++) {
            for (int x = 0; x < 40; x++) {
                int id = image_pixels(masks.classes)[(size_t)y * image_stride(masks.classes) +
                                                     (size_t)x];

                CHECK(id < 3);
                seen[id % 3]++;
            }
        }
        CHECK(seen[0] > 50 && seen[1] > 50 && seen[2] > 50);
    }
    given.tensors[0].shape[1] = 2;
    CHECK(!classifies(model, &masks));
    CHECK_INT(err.kind, ERR_UNSUPPORTED);
    given.tensors[0].rank = 3;
    CHECK(!classifies(model, &masks));
    CHECK_INT(err.kind, ERR_UNSUPPORTED);
    model_unref(model);
    arena_fini(&arena);
}

TEST(semantic_takes_one_score_against_background)
{
    Model     *model;
    ClassMasks masks;

    begin();
    model = open_model(TASK_SEMANTIC_SEGMENTATION, 2);
    given = (ModelOutputs){ 1, { tensor_of(4, 1, 1, 1, 1, 9) } };
    given.tensors[0].data[0] = 1;
    CHECK(classifies(model, &masks));
    CHECK_INT(image_pixels(masks.classes)[0], 1);
    CHECK_INT(image_pixels(masks.confidences)[0], (int)(255 / (1 + exp(-1))));
    model_unref(model);
    arena_fini(&arena);
}
