/*
 * test_drawing - every visualisation block on every kind of picture and prediction.
 *
 * Values are put into the runs as they are, without their wire form: JSON knows no NaN,
 * and pictures that arrive have other channels than those that steps make.
 */
#include <math.h>

#include "test.h"
#include "value/wire.h"
#include "workflow/inside.h"

enum { MANY = 10000, VARIANTS = 3 };

typedef enum Objects { OBJECTS_NONE, OBJECTS_OUTSIDE, OBJECTS_WILD, OBJECTS_MANY, SETS } Objects;

static const Size sizes[] = { { 1, 1 }, { 1, 20000 }, { 20000, 1 }, { 3, 3 }, { 640, 480 } };
static const Size largest = { 4000, 3000 };

/* What fields without a default are given. */
static const struct { const char *field, *json; } required[] = {
    { "icon", "\"$inputs.icon\"" },              { "images", "[\"$inputs.image\"]" },
    { "anomaly_map", "\"$inputs.map\"" },        { "anomaly_threshold", "1.5" },
    { "text", "\"some text\\nof two lines\"" },  { "zone", "[[-5, 3], [700, 90], [40, 1e9]]" },
    { "reference_path", "[[-1e300, 3], [5, 5]]" },
};

typedef struct World {
    Arena        arena;           /* of one picture and set */
    Services     services;
    const Plan  *plan;
    const Block *block;
    Image       *image, *icon;
    Size         size;
    bool         in_place;        /* copy_image off */
    Value        objects, class, map;
    int          answers;
} World;

/* ---- values -------------------------------------------------------------------------------- */

static Image *picture(Size size, int channels)
{
    Image *image = image_new(size.width, size.height, channels, TEXT("image"), NULL);
    int    bytes = channels == 1 ? 1 : 4;

    for (int y = 0; y < size.height; y++) {
        uint8_t *at = image_edit(image) + (size_t)y * image_stride(image);

        for (int x = 0; x < size.width * bytes; x++) {
            at[x] = channels == 3 && x % 4 == 3 ? 255 : (uint8_t)(x * 7 + y * 3);
        }
    }
    return image;
}

static void write_object(Buffer *text, Objects kind, int i, Size size)
{
    double x = 10 + i % 400, y = 10 + i % 300, width = 20 + i % 50, height = 15 + i % 40;

    if (kind == OBJECTS_OUTSIDE) {
        x = i % 2 ? -5000 : size.width + 300;
        y = i % 3 ? -100 : 9000;
    }
    buffer_printf(text, "%s{\"x\":%g,\"y\":%g,\"width\":%g,\"height\":%g,\"confidence\":0.%d,"
                  "\"class\":\"c%d\",\"class_id\":%d,\"detection_id\":\"d%d\",\"tracker_id\":%d,"
                  "\"points\":[", i ? "," : "", x, y, width, height, i % 10, i % 7, i % 7 - 1, i,
                  i % 50 - 1);
    for (int k = 0; k < 4; k++) {
        buffer_printf(text, "%s{\"x\":%g,\"y\":%g}", k ? "," : "",
                      x + (k == 0 || k == 3 ? -width : width) / 2,
                      y + (k < 2 ? -height : height) / 2);
    }
    buffer_string(text, "],\"keypoints\":[");
    for (int k = 0; k < 3; k++) {
        buffer_printf(text, "%s{\"x\":%g,\"y\":%g,\"confidence\":0.9,\"class_id\":%d,"
                      "\"class\":\"k%d\"}", k ? "," : "", x + 5 * k, y - 5 * k, k, k);
    }
    buffer_string(text, "]}");
}

/* Boxes and key points that no detector would give, but arithmetic may. */
static void make_wild(World *w, Detections *set)
{
    static const double wild[] = { NAN, INFINITY, -INFINITY, 1e300, -1e300, 2147483648.0,
                                   -2147483649.0, 4294967296.0, -0.5, 1e18 };
    const int n = (int)COUNT_OF(wild);
    Box      *boxes = detections_own_boxes(&w->arena, set);

    for (int i = 0; i < set->count; i++) {
        KeyPoint *points = (KeyPoint *)set->keypoints[i].points;

        boxes[i] = (Box){ wild[i % n], wild[i / n % n], wild[(i + i / n + 1) % n],
                          wild[i * 3 % n] };
        if (i % 4 == 0) {
            boxes[i] = (Box){ wild[i % n], 0, 5, wild[i / n % n] };
        }
        for (int k = 0; k < set->keypoints[i].count; k++) {
            points[k].x = wild[(i + k) % n];
            points[k].y = wild[(i / n + k) % n];
        }
    }
}

static Value read(World *w, const char *json, KindMask kind)
{
    Error      err = { 0 };
    Value      out = value_null();
    const Json *value = json_parse(&w->arena, text_of(json), JSON_STRICT, &err);

    if (kind == KIND(CLS)) {
        CHECK(wire_read_classification(&w->arena, value, TEXT("image"), &out, &err));
    } else {
        CHECK(detections_read(&w->arena, value, TEXT("image"), &out, &err));
    }
    if (err.kind) {
        fprintf(stderr, "%s\n", err.text);
    }
    return out;
}

static void make_values(World *w, Objects kind)
{
    static const int counts[] = { 0, 7, 110, MANY };
    Buffer text;

    buffer_init(&text, MIB(64));
    buffer_printf(&text, "{\"image\":{\"width\":%d,\"height\":%d},\"predictions\":[",
                  w->size.width, w->size.height);
    for (int i = 0; i < counts[kind]; i++) {
        write_object(&text, kind, i, w->size);
    }
    buffer_string(&text, "]}");
    w->objects = read(w, text.data, KIND(OD));
    buffer_fini(&text);
    if (kind == OBJECTS_WILD) {
        make_wild(w, (Detections *)w->objects.as.detections);
    }
    w->class = read(w, "{\"image\":{\"width\":9,\"height\":9},\"predictions\":[{\"class\":\"cat\","
                    "\"class_id\":1,\"confidence\":0.9}],\"top\":\"cat\",\"confidence\":0.9}",
                    KIND(CLS));
    w->map = value_from_json(&w->arena, json_parse(&w->arena, TEXT("[[0, 1e300], [-1e300, 2]]"),
                                                   JSON_STRICT, NULL));
}

/* ---- workflows ----------------------------------------------------------------------------- */

static void write_field(const World *w, JsonWriter *to, const Field *field, int variant)
{
    const char *selector = field->type == FIELD_IMAGE        ? "$inputs.image"
                           : field->type == FIELD_DETECTIONS ? "$inputs.objects"
                           : field->kinds == KIND(CLS)       ? "$steps.pass.output"
                                                             : NULL;
    bool        choice   = field->type == FIELD_CHOICE;
    int         count    = 0;

    if (w->in_place && strcmp(field->name, "copy_image") == 0) {
        json_key(to, field->name);
        json_write_bool(to, false);
    }
    for (size_t i = 0; i < COUNT_OF(required); i++) {
        if (strcmp(required[i].field, field->name) == 0 && !field->preset && !choice) {
            json_key(to, field->name);
            json_write_raw(to, text_of(required[i].json));
            return;
        }
    }
    if (selector) {
        json_key(to, field->name);
        json_write_string(to, selector);
    }
    while (choice && (variant > 0 || !field->preset) && field->choices[count].name) {
        count++;
    }
    if (count > 0) {
        json_key(to, field->name);
        json_write_string(to, field->choices[(variant * 5 + 1) % count].name);
    }
}

static const Plan *compile(World *w, int variant)
{
    Problem     problem = { 0 };
    Buffer      text;
    JsonWriter  to;
    const Plan *plan;

    buffer_init(&text, MIB(1));
    buffer_string(&text, "{\"version\":\"1.0\",\"outputs\":[],\"inputs\":["
                  "{\"type\":\"WorkflowImage\",\"name\":\"image\"},"
                  "{\"type\":\"WorkflowImage\",\"name\":\"icon\"},"
                  "{\"type\":\"WorkflowBatchInput\",\"name\":\"objects\"},"
                  "{\"type\":\"WorkflowBatchInput\",\"name\":\"class\"},"
                  "{\"type\":\"WorkflowBatchInput\",\"name\":\"map\"}],\"steps\":["
                  "{\"type\":\"FirstNonEmptyOrDefault\",\"name\":\"pass\","
                  "\"data\":[\"$inputs.class\"]},");
    to = json_writer(&text);
    json_begin_object(&to);
    json_key(&to, "type");
    json_write_string(&to, w->block->type);
    json_key(&to, "name");
    json_write_string(&to, "s");
    for (const Field *field = w->block->fields; field->name; field++) {
        write_field(w, &to, field, variant);
    }
    json_end_object(&to);
    buffer_string(&text, "]}");
    plan = plan_compile(json_parse(&w->arena, (Text){ text.data, text.length }, JSON_STRICT, NULL),
                        NULL, &w->arena, &problem);
    if (!plan) {
        fprintf(stderr, "%s: %s\n", w->block->type, problem.message);
    }
    buffer_fini(&text);
    return plan;
}

static bool give_input(void *context, Run *run, int input)
{
    World           *w     = context;
    const PlanInput *given = &run->plan->inputs[input];
    Value           *slot  = arena_array(&run->arena, Value, 1);

    slot[0] = text_is(given->name, "image")     ? value_image(w->image)
              : text_is(given->name, "icon")    ? value_image(w->icon)
              : text_is(given->name, "objects") ? w->objects
              : text_is(given->name, "class")   ? w->class
                                                : w->map;
    run->slots[given->slot] = slot;
    return true;
}

static ReuseAnswer run_it(void *context, StepRun *step, int *elements)
{
    (void)context;
    (void)step;
    (void)elements;
    return REUSE_NOTHING;
}

/* Answered with a picture, or refused as a step refuses. */
static void check_run(World *w)
{
    Reuse          reuse   = { w, give_input, run_it };
    RunOptions     options = { .services = &w->services, .reuse = &reuse };
    Session       *session = session_open(w->plan, NULL);
    const Json    *inputs  = json_parse(&w->arena, TEXT("{\"image\": [0], \"icon\": [0], "
                                        "\"objects\": [0], \"class\": [0], \"map\": [0]}"),
                                        JSON_STRICT, NULL);
    Run           *run     = run_open(session, inputs, &options);
    const Problem *problem = run_problem(run);
    const Value   *out     = NULL;

    for (int i = 0; i < w->plan->step_count; i++) {
        if (text_is(w->plan->steps[i].name, "s")) {
            out = run_value(run, w->plan->steps[i].first_slot, 0);
        }
    }
    if (problem) {
        bool long_side = MAX(w->size.width, w->size.height) > LIMIT_IMAGE_SIDE / 2;

        /* Of a long picture an enlarged part may be too long. */
        if (!CHECK(problem->class == PROBLEM_STEP ||
                   (long_side && problem->class == PROBLEM_LIMITS))) {
            fprintf(stderr, "%s: %s\n", w->block->type, problem->message);
        }
    } else if (CHECK(out && out->type == VALUE_IMAGE)) {
        bool same = image_width(out->as.image) == w->size.width &&
                    image_height(out->as.image) == w->size.height;

        CHECK(same || strstr(w->block->type, "/grid_"));
        w->answers++;
    }
    run_close(run);
    session_close(session);
}

static void check_picture(World *w, Objects kind, Size size, int channels)
{
    w->size  = size;
    w->image = picture(size, channels);
    w->icon  = picture((Size){ 7, 9 }, channels);
    make_values(w, kind);
    check_run(w);
    image_unref(w->icon);
    image_unref(w->image);
}

static void check_pictures(World *w, Objects kind)
{
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        for (int channels = 1; channels <= 4; channels += channels == 1 ? 2 : 1) {
            if (kind == OBJECTS_MANY && (channels != 3 || i + 1 < COUNT_OF(sizes))) {
                continue;              /* they take long wherever they are */
            }
            check_picture(w, kind, sizes[i], channels);
        }
    }
}

static void check_block(const Block *block, Objects kind)
{
    World w = { .block = block };

    services_init(&w.services);
    for (int variant = 0; variant < (kind == OBJECTS_MANY ? 1 : VARIANTS); variant++) {
        arena_init(&w.arena, GIB(1));
        w.in_place = variant == 1;
        w.plan     = compile(&w, variant);
        if (CHECK(w.plan != NULL)) {
            check_pictures(&w, kind);
            plan_unref(w.plan);
        }
        arena_fini(&w.arena);
    }
    if (!CHECK(w.answers > 0 || kind == OBJECTS_NONE || kind == OBJECTS_WILD)) {
        fprintf(stderr, "%s never answered\n", block->type);
    }
}

static void check_blocks(Objects kind)
{
    int count = 0;

    for (int i = 0; block_table[i]; i++) {
        if (block_table[i]->category == CATEGORY_VISUALIZATION) {
            check_block(block_table[i], kind);
            count++;
        }
    }
    CHECK(count > 25);
}

TEST(drawings_of_no_objects)
{
    check_blocks(OBJECTS_NONE);
}

TEST(drawings_of_objects_outside_the_picture)
{
    check_blocks(OBJECTS_OUTSIDE);
}

TEST(drawings_of_objects_that_are_no_numbers_or_huge)
{
    check_blocks(OBJECTS_WILD);
}

TEST(drawings_of_many_objects)
{
    check_blocks(OBJECTS_MANY);
}

/* Pictures of twelve million pixels. */
static void check_largest(const Block *block, int channels)
{
    World w = { .block = block, .in_place = true };

    services_init(&w.services);
    arena_init(&w.arena, GIB(1));
    w.plan = compile(&w, 0);
    if (CHECK(w.plan != NULL)) {
        check_picture(&w, OBJECTS_WILD, largest, channels);
        plan_unref(w.plan);
    }
    arena_fini(&w.arena);
}

static void check_all_largest(int channels)
{
    for (int i = 0; block_table[i]; i++) {
        if (block_table[i]->category == CATEGORY_VISUALIZATION) {
            check_largest(block_table[i], channels);
        }
    }
}

TEST(drawings_on_large_gray_pictures)
{
    check_all_largest(1);
}

TEST(drawings_on_large_pictures)
{
    check_all_largest(3);
}

TEST(drawings_on_large_pictures_with_alpha)
{
    check_all_largest(4);
}
