/*
 * test_in_place - steps that draw into the picture of the step before.
 *
 * What such steps may do behind each other's back must never be seen: every workflow
 * here gives the same answers whether its steps draw in place or, because somebody
 * looks at all values (RunOptions.keep), each into a copy.
 */
#include "base/text.h"
#include "base/budget.h"
#include "image/encode.h"
#include "test.h"
#include "workflow/run.h"

enum { WIDTH = 160, HEIGHT = 120, PASSES = 3 };

#define STEP(TYPE, NAME, IMAGE, MORE) \
    "{\"type\":\"roboflow_core/" TYPE "\",\"name\":\"" NAME "\",\"image\":\"" IMAGE "\"" MORE "}"
#define DRAW(TYPE, NAME, IMAGE) \
    STEP(TYPE "_visualization@v1", NAME, IMAGE, ",\"predictions\":\"$inputs.predictions\"")
#define OUTPUT(NAME, SELECTOR) \
    "{\"type\":\"JsonField\",\"name\":\"" NAME "\",\"selector\":\"" SELECTOR "\"}"

#define CHAIN \
    DRAW("bounding_box", "a", "$inputs.image") "," DRAW("corner", "b", "$steps.a.image") "," \
    DRAW("circle", "c", "$steps.b.image") "," DRAW("dot", "d", "$steps.c.image") "," \
    DRAW("label", "e", "$steps.d.image")

typedef struct World {
    Arena       arena;
    Services    services;
    const Json *inputs[PASSES];
    Image      *pictures[PASSES];
} World;

static int64_t noon(void *context)
{
    (void)context;
    return (int64_t)1767225600 * 1000000;
}

/* Identifiers are not compared: always the same one. */
static void no_identifier(void *context, char out[37])
{
    (void)context;
    memset(out, '0', 36);
    out[36] = '\0';
}

static Image *picture(int number)
{
    Image *image = image_new(WIDTH, HEIGHT, 3, TEXT("image"), NULL);

    for (int y = 0; y < HEIGHT; y++) {
        uint8_t *at = image_edit(image) + (size_t)y * image_stride(image);

        for (int x = 0; x < WIDTH; x++, at += 4) {
            at[0] = (uint8_t)(x + 40 * number);
            at[1] = (uint8_t)(y * 2);
            at[2] = (uint8_t)(x ^ y);
            at[3] = 255;
        }
    }
    return image;
}

static const Json *inputs_of(Arena *arena, const Image *image, int number)
{
    Buffer      png, text;
    char       *base64;
    const Json *json;
    size_t      length;

    buffer_init(&png, MIB(4));
    buffer_init(&text, MIB(4));
    CHECK(image_encode(image, as_png(), &png, NULL));
    base64 = arena_array(arena, char, (png.length / 3 + 2) * 4);
    length = (png.length + 2) / 3 * 4;
    base64_encode(base64, png.data, png.length);
    buffer_printf(&text, "{\"image\":[{\"type\":\"base64\",\"value\":\"%.*s\",\"video_metadata\":"
                  "{\"video_identifier\":\"v\",\"frame_number\":%d,\"frame_timestamp\":"
                  "\"2026-01-01T00:00:00\",\"fps\":30,\"comes_from_video_file\":true}}],"
                  "\"predictions\":[{\"image\":{\"width\":%d,\"height\":%d},\"predictions\":[",
                  (int)length, base64, number, WIDTH, HEIGHT);
    for (int i = 0; i < 3; i++) {
        buffer_printf(&text, "%s{\"x\":%d,\"y\":%d,\"width\":40,\"height\":30,\"confidence\":0.5,"
                      "\"class\":\"thing\",\"class_id\":%d,\"tracker_id\":%d,"
                      "\"detection_id\":\"d%d\"}", i ? "," : "", 30 + 40 * i + 5 * number,
                      40 + 25 * i, i, i, i);
    }
    buffer_string(&text, "]}]}");
    json = json_parse(arena, (Text){ text.data, text.length }, JSON_STRICT, NULL);
    CHECK(json != NULL);
    buffer_fini(&text);
    buffer_fini(&png);
    return json;
}

static void world_open(World *w)
{
    *w = (World){ 0 };
    arena_init(&w->arena, MIB(64));
    services_init(&w->services);
    w->services.now    = w->services.utc = noon;
    w->services.new_id = no_identifier;
    for (int i = 0; i < PASSES; i++) {
        w->pictures[i] = picture(i);
        w->inputs[i]   = inputs_of(&w->arena, w->pictures[i], i);
    }
}

static void world_close(World *w)
{
    for (int i = 0; i < PASSES; i++) {
        image_unref(w->pictures[i]);
    }
    arena_fini(&w->arena);
}

static const Plan *compile(World *w, const char *steps, const char *outputs)
{
    Problem     problem = { 0 };
    const Plan *plan;
    const char *text = arena_printf(&w->arena, "{\"version\":\"1.0\",\"inputs\":["
                                    "{\"type\":\"WorkflowImage\",\"name\":\"image\"},"
                                    "{\"type\":\"WorkflowBatchInput\",\"name\":\"predictions\","
                                    "\"kind\":[\"object_detection_prediction\"]}],"
                                    "\"steps\":[%s],\"outputs\":[%s]}", steps, outputs);

    plan = plan_compile(json_parse(&w->arena, text_of(text), JSON_STRICT, NULL), NULL, &w->arena,
                        &problem);
    if (!plan) {
        fprintf(stderr, "%s\n", problem.message);
    }
    CHECK(plan != NULL);
    return plan;
}

static bool same_pixels(const Image *a, const Image *b)
{
    for (int y = 0; y < HEIGHT; y++) {
        if (memcmp(image_pixels(a) + (size_t)y * image_stride(a),
                   image_pixels(b) + (size_t)y * image_stride(b), (size_t)WIDTH * 4) != 0) {
            return false;
        }
    }
    return true;
}

static Run *run_pass(World *w, Session *session, int number, bool keep)
{
    RunOptions options = { .services = &w->services, .keep = keep };
    Run       *run     = run_open(session, w->inputs[number], &options);
    const Problem *problem = run_problem(run);

    if (problem) {
        fprintf(stderr, "%s\n", problem->message);
    }
    CHECK(!problem);
    return run;
}

/* The answers of all passes through one session; where somebody looks at all values, that no
 * input was changed either. */
static void answers_of(World *w, const Plan *plan, bool keep, Buffer *text)
{
    Session *session = session_open(plan, NULL);

    for (int i = 0; i < PASSES; i++) {
        Run         *run = run_pass(w, session, i, keep);
        JsonWriter   to  = json_writer(text);
        const Value *in  = run_value(run, plan->inputs[0].slot, 0);

        if (!CHECK(run_write_outputs(run, &to, NULL))) {
            fprintf(stderr, "%s\n", run_problem(run)->message);
        }
        CHECK(in && in->type == VALUE_IMAGE);
        CHECK(!keep || plan_redraws(plan) || same_pixels(in->as.image, w->pictures[i]));
        run_close(run);
    }
    session_close(session);
}

static void check_same_answers(World *w, const char *steps, const char *outputs)
{
    const Plan *plan = compile(w, steps, outputs);
    Buffer      fast, kept;

    buffer_init(&fast, MIB(16));
    buffer_init(&kept, MIB(16));
    if (plan) {
        answers_of(w, plan, false, &fast);
        answers_of(w, plan, true, &kept);
        plan_unref(plan);
    }
    CHECK(fast.length > 1000 && fast.length == kept.length);
    if (!CHECK(fast.length == kept.length && memcmp(fast.data, kept.data, fast.length) == 0)) {
        fprintf(stderr, "steps: %s\n", steps);
    }
    buffer_fini(&fast);
    buffer_fini(&kept);
}

TEST(a_chain_of_drawings_gives_the_same_picture_in_place)
{
    World w;

    world_open(&w);
    check_same_answers(&w, CHAIN, OUTPUT("o", "$steps.e.image"));
    world_close(&w);
}

/* Pixel memory that a run holds when it has gone through, in pictures. */
static size_t pictures_held(World *w, const Plan *plan, bool keep)
{
    Session *session = session_open(plan, NULL);
    size_t   before  = budget_used(&budget_pictures), held;
    Run     *run     = run_pass(w, session, 0, keep);

    held = (budget_used(&budget_pictures) - before) / ((size_t)WIDTH * HEIGHT * 4);
    run_close(run);
    session_close(session);
    return held;
}

TEST(a_chain_of_drawings_copies_the_picture_only_where_others_read_it)
{
    World       w;
    const Plan *plan, *shown, *given;

    world_open(&w);
    plan  = compile(&w, CHAIN, OUTPUT("o", "$steps.e.image"));
    shown = compile(&w, CHAIN, OUTPUT("o", "$steps.e.image") "," OUTPUT("m", "$steps.b.image"));
    given = compile(&w, CHAIN, OUTPUT("o", "$steps.e.image") "," OUTPUT("i", "$inputs.image"));
    CHECK_INT((intmax_t)pictures_held(&w, plan, false), 1);
    CHECK_INT((intmax_t)pictures_held(&w, plan, true), 1 + 5);
    CHECK_INT((intmax_t)pictures_held(&w, shown, false), 1 + 1);
    CHECK_INT((intmax_t)pictures_held(&w, given, false), 1 + 1);
    plan_unref(given);
    plan_unref(plan);
    plan_unref(shown);
    world_close(&w);
}

TEST(an_output_in_the_middle_of_a_chain_keeps_its_picture)
{
    World       w;
    const Plan *whole, *part;
    Session    *sessions[2];
    Run        *runs[2];

    world_open(&w);
    whole = compile(&w, CHAIN, OUTPUT("m", "$steps.b.image") "," OUTPUT("o", "$steps.e.image"));
    part  = compile(&w, DRAW("bounding_box", "a", "$inputs.image") ","
                    DRAW("corner", "b", "$steps.a.image"), OUTPUT("m", "$steps.b.image"));
    sessions[0] = session_open(whole, NULL);
    sessions[1] = session_open(part, NULL);
    for (int i = 0; i < 2; i++) {
        runs[i] = run_pass(&w, sessions[i], 0, false);
    }
    CHECK(same_pixels(run_value(runs[0], whole->outputs[0].slot, 0)->as.image,
                      run_value(runs[1], part->outputs[0].slot, 0)->as.image));
    CHECK(!same_pixels(run_value(runs[0], whole->outputs[0].slot, 0)->as.image,
                       run_value(runs[0], whole->outputs[1].slot, 0)->as.image));
    for (int i = 0; i < 2; i++) {
        run_close(runs[i]);
        session_close(sessions[i]);
    }
    plan_unref(whole);
    plan_unref(part);
    world_close(&w);
}

#define FIRST "{\"type\":\"FirstNonEmptyOrDefault\",\"name\":\"f\",\"data\":[\"$steps.a.image\"]}"
#define DELAY(OFFSET) \
    STEP("frame_delay@v1", "f", "$inputs.image", \
         ",\"data\":\"$steps.a.image\",\"offset\":" OFFSET)
#define SET \
    STEP("cache_set@v1", "s", "$inputs.image", ",\"key\":\"k\",\"value\":\"$steps.a.image\"")
#define GET(NAME, KEY) \
    STEP("cache_get@v1", NAME, "$inputs.image", ",\"key\":\"" KEY "\"")
#define BOXES DRAW("bounding_box", "a", "$inputs.image")

/* Blocks that hand on a picture as it is, or keep it for later: the one who draws into it
 * then must not reach what others see of it. */
TEST(pictures_that_pass_through_other_blocks_are_not_drawn_into)
{
    World w;

    world_open(&w);
    check_same_answers(&w, BOXES "," FIRST "," DRAW("dot", "d", "$steps.f.output"),
                       OUTPUT("a", "$steps.a.image") "," OUTPUT("d", "$steps.d.image"));
    check_same_answers(&w, BOXES "," FIRST "," DRAW("dot", "d", "$steps.f.output") ","
                       DRAW("corner", "c", "$steps.f.output"),
                       OUTPUT("c", "$steps.c.image") "," OUTPUT("d", "$steps.d.image"));
    check_same_answers(&w, "{\"type\":\"FirstNonEmptyOrDefault\",\"name\":\"f\",\"data\":"
                       "[\"$inputs.image\"]}," DRAW("dot", "d", "$steps.f.output"),
                       OUTPUT("d", "$steps.d.image") "," OUTPUT("i", "$inputs.image"));
    check_same_answers(&w, BOXES ",{\"type\":\"DimensionCollapse\",\"name\":\"l\",\"data\":"
                       "\"$steps.a.image\"},{\"type\":\"FirstNonEmptyOrDefault\",\"name\":\"f\","
                       "\"data\":[\"$steps.l.output\"]}," DRAW("dot", "d", "$steps.a.image"),
                       OUTPUT("l", "$steps.f.output") "," OUTPUT("d", "$steps.d.image"));
    world_close(&w);
}

TEST(pictures_that_are_remembered_are_not_drawn_into)
{
    World w;

    world_open(&w);
    check_same_answers(&w, BOXES "," DELAY("0") "," DRAW("dot", "d", "$steps.f.output"),
                       OUTPUT("d", "$steps.d.image"));
    check_same_answers(&w, BOXES "," DELAY("-1") "," DRAW("dot", "d", "$steps.f.output"),
                       OUTPUT("d", "$steps.d.image") "," OUTPUT("n", "$steps.f.is_available"));
    check_same_answers(&w, BOXES "," SET "," DRAW("dot", "d", "$steps.s.output") ","
                       GET("g", "k") "," DRAW("corner", "c", "$steps.d.image"),
                       OUTPUT("c", "$steps.c.image"));
    check_same_answers(&w, BOXES "," SET "," DRAW("dot", "d", "$steps.a.image"),
                       OUTPUT("s", "$steps.s.output") "," OUTPUT("d", "$steps.d.image"));
    world_close(&w);
}

/* Who has run before does not matter, who runs later or at the same time does. */
TEST(the_last_reader_of_a_picture_draws_into_it)
{
    World       w;
    const Plan *later, *beside;

    world_open(&w);
    later  = compile(&w, STEP("convert_grayscale@v1", "g", "$inputs.image", "") ","
                     "{\"type\":\"FirstNonEmptyOrDefault\",\"name\":\"f\",\"data\":"
                     "[\"$inputs.predictions\"]}," STEP("bounding_box_visualization@v1", "a",
                     "$inputs.image", ",\"predictions\":\"$steps.f.output\""),
                     OUTPUT("g", "$steps.g.image") "," OUTPUT("o", "$steps.a.image"));
    beside = compile(&w, DRAW("corner", "c", "$inputs.image") ","
                     DRAW("bounding_box", "a", "$steps.c.image") ","
                     "{\"type\":\"roboflow_core/model_comparison_visualization@v1\",\"name\":\"m\","
                     "\"image\":\"$inputs.image\",\"predictions_a\":\"$inputs.predictions\","
                     "\"predictions_b\":\"$inputs.predictions\"}",
                     OUTPUT("o", "$steps.a.image") "," OUTPUT("m", "$steps.m.image"));
    CHECK_INT((intmax_t)pictures_held(&w, later, false), 1);       /* and a quarter: g */
    CHECK_INT((intmax_t)pictures_held(&w, beside, false), 3);
    plan_unref(later);
    plan_unref(beside);
    world_close(&w);
}

/* ---- workflows at random ------------------------------------------------------------------- */

enum { STEPS = 7, WORKFLOWS = 300, DEEPEST = 6 };

/* The predictions again, behind so many steps: who draws them comes late. */
static const char *predictions_behind(Arena *arena, uint32_t depth)
{
    return depth == 0 ? "$inputs.predictions" : arena_printf(arena, "$steps.p%u.output", depth);
}

static void write_predictions(Arena *arena, Buffer *out)
{
    for (uint32_t depth = 1; depth <= DEEPEST; depth++) {
        buffer_printf(out, "{\"type\":\"FirstNonEmptyOrDefault\",\"name\":\"p%u\",\"data\":"
                      "[\"%s\"]},", depth, predictions_behind(arena, depth - 1));
    }
}

/* A step that reads one of the pictures before it, by a selector; most draw. */
static const char *random_step(Arena *arena, int number, const char *from, uint32_t dice)
{
    static const char *const drawings[] = { "bounding_box", "corner", "circle", "dot", "label",
                                            "triangle", "pixelate", "blur" };

    switch (dice % 16) {
    case 0:
        return arena_printf(arena, "{\"type\":\"FirstNonEmptyOrDefault\",\"name\":\"s%d\","
                            "\"data\":[\"%s\"]}", number, from);
    case 1:
        return arena_printf(arena, STEP("cache_set@v1", "s%d", "$inputs.image",
                                        ",\"key\":\"k%d\",\"value\":\"%s\""), number, number, from);
    case 2:
        return arena_printf(arena, STEP("frame_delay@v1", "s%d", "$inputs.image",
                                        ",\"data\":\"%s\",\"offset\":0"), number, from);
    case 3:
        return arena_printf(arena, STEP("absolute_static_crop@v1", "s%d", "%s",
                                        ",\"x_center\":80,\"y_center\":60,\"width\":160,"
                                        "\"height\":120"), number, from);
    default:
        return arena_printf(arena, STEP("%s_visualization@v1", "s%d", "%s",
                                        ",\"predictions\":\"%s\",\"copy_image\":%s"),
                            drawings[dice / 16 % 8], number, from,
                            predictions_behind(arena, dice / 512 % (DEEPEST + 1)),
                            dice / 128 % 4 ? "true" : "false");
    }
}

/* What a random step gives is "output" in three of its kinds, else a picture. */
static const char *random_output(Arena *arena, int number, uint32_t dice)
{
    static const char *const names[] = { "output", "output", "output", "crops" };

    return arena_printf(arena, "$steps.s%d.%s", number, dice % 16 < 4 ? names[dice % 16] : "image");
}

static void check_random_workflow(World *w, uint32_t seed)
{
    const char *sources[STEPS + 1] = { "$inputs.image" };
    Buffer      steps, outputs;

    buffer_init(&steps, KIB(16));
    buffer_init(&outputs, KIB(16));
    buffer_string(&outputs, OUTPUT("n", "$inputs.predictions"));
    write_predictions(&w->arena, &steps);
    for (int i = 0; i < STEPS; i++) {
        uint32_t dice = (seed = seed * 1664525 + 1013904223) >> 8;
        uint32_t back = (seed = seed * 1664525 + 1013904223) >> 8;
        /* mostly what came last, so that there are chains */
        int      from = back % 3 ? i : (int)(back / 3 % (uint32_t)(i + 1));

        buffer_printf(&steps, "%s%s", i ? "," : "",
                      random_step(&w->arena, i, sources[from], dice));
        sources[i + 1] = random_output(&w->arena, i, dice);
        if (i == STEPS - 1 || back / 1024 % 4 == 0) {
            buffer_printf(&outputs, "," OUTPUT("o%d", "%s"), i, sources[i + 1]);
        }
    }
    if (seed >> 16 & 1) {
        buffer_string(&outputs, "," OUTPUT("i", "$inputs.image"));
    }
    check_same_answers(w, steps.data, outputs.data);
    buffer_fini(&outputs);
    buffer_fini(&steps);
}

TEST(random_workflows_answer_the_same_in_place)
{
    for (uint32_t seed = 1; seed <= WORKFLOWS; seed++) {
        World w;

        world_open(&w);
        check_random_workflow(&w, seed * 7919);
        world_close(&w);
    }
}
