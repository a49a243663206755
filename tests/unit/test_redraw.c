/*
 * test_redraw - steps with copy_image off, which draw into a picture that others have.
 *
 * Who sees such a drawing and who does not is as measured on the reference: it shows in
 * the picture, in whatever else has it, and in crops, which share its pixels.
 */
#include "base/pool.h"
#include "base/text.h"
#include "image/encode.h"
#include "test.h"
#include "workflow/keys.h"
#include "workflow/replay.h"
#include "workflow/run.h"

enum { WIDTH = 160, HEIGHT = 120, INSIDE_X = 60, INSIDE_Y = 50 };

#define STEP(TYPE, NAME, IMAGE, MORE) \
    "{\"type\":\"" TYPE "\",\"name\":\"" NAME "\",\"image\":\"" IMAGE "\"" MORE "}"
#define DRAW(TYPE, NAME, IMAGE, MORE) \
    STEP("roboflow_core/" TYPE "_visualization@v1", NAME, IMAGE, \
         ",\"predictions\":\"$inputs.objects\"" MORE)
#define HERE  ",\"copy_image\":false"
#define COLOR DRAW("color", "c", "$inputs.image", HERE ",\"opacity\":1.0")
#define DOT(IMAGE) DRAW("dot", "d", IMAGE, ",\"radius\":3")
#define CROP \
    "{\"type\":\"AbsoluteStaticCrop\",\"name\":\"crop\",\"images\":\"$inputs.image\"," \
    "\"x_center\":60,\"y_center\":50,\"width\":20,\"height\":10}"

typedef struct World {
    Arena       arena;
    Services    services;
    const Json *inputs;
    Image      *picture;
    Session    *session;
    const Plan *plan;
    Run        *run;
} World;

static Image *picture(void)
{
    Image *image = image_new(WIDTH, HEIGHT, 3, TEXT("image"), NULL);

    for (int y = 0; y < HEIGHT; y++) {
        uint8_t *at = image_edit(image) + (size_t)y * image_stride(image);

        for (int x = 0; x < WIDTH; x++, at += 4) {
            at[0] = (uint8_t)x;
            at[1] = (uint8_t)(y * 2);
            at[2] = (uint8_t)(x ^ y);
            at[3] = 255;
        }
    }
    return image;
}

static void world_open(World *w)
{
    Buffer png, text;
    char  *base64;

    *w = (World){ .picture = picture() };
    arena_init(&w->arena, MIB(64));
    services_init(&w->services);
    w->services.pool = pool_open(3);
    buffer_init(&png, MIB(4));
    buffer_init(&text, MIB(4));
    CHECK(image_encode(w->picture, as_png(), &png, NULL));
    base64 = arena_array(&w->arena, char, base64_size(png.length) + 1);
    base64_encode(base64, png.data, png.length);
    buffer_printf(&text, "{\"copy\":false,\"image\":{\"type\":\"base64\",\"value\":\"%s\"},"
                  "\"objects\":{\"image\":{\"width\":%d,\"height\":%d},\"predictions\":[{\"x\":%d,"
                  "\"y\":%d,\"width\":40,\"height\":30,\"confidence\":0.5,\"class\":\"thing\","
                  "\"class_id\":1,\"detection_id\":\"d\"}]}}", base64, WIDTH, HEIGHT, INSIDE_X,
                  INSIDE_Y);
    w->inputs = json_parse(&w->arena, (Text){ text.data, text.length }, JSON_STRICT, NULL);
    buffer_fini(&text);
    buffer_fini(&png);
}

static void close_run(World *w)
{
    run_close(w->run);
    session_close(w->session);
    plan_unref(w->plan);
}

static void world_close(World *w)
{
    close_run(w);
    image_unref(w->picture);
    pool_close(w->services.pool);
    arena_fini(&w->arena);
}

/* Outputs are "i", the input picture, and of what `selectors` names: "a", "b" ... */
static const Plan *compile(World *w, const char *steps, const char *const *selectors)
{
    Problem     problem = { 0 };
    Buffer      text;
    const Plan *plan;

    buffer_init(&text, MIB(1));
    buffer_printf(&text, "{\"version\":\"1.0\",\"inputs\":[{\"type\":\"WorkflowImage\",\"name\":"
                  "\"image\"},{\"type\":\"WorkflowParameter\",\"name\":\"copy\"},{\"type\":"
                  "\"WorkflowBatchInput\",\"name\":\"objects\",\"kind\":"
                  "[\"object_detection_prediction\"]}],\"steps\":[%s],\"outputs\":[{\"type\":"
                  "\"JsonField\",\"name\":\"i\",\"selector\":\"$inputs.image\"}", steps);
    for (int i = 0; selectors[i]; i++) {
        buffer_printf(&text, ",{\"type\":\"JsonField\",\"name\":\"%c\",\"selector\":\"%s\"}",
                      'a' + i, selectors[i]);
    }
    buffer_string(&text, "]}");
    plan = plan_compile(json_parse(&w->arena, (Text){ text.data, text.length }, JSON_STRICT, NULL),
                        NULL, &w->arena, &problem);
    if (!CHECK(plan != NULL)) {
        fprintf(stderr, "%s\n", problem.message);
    }
    buffer_fini(&text);
    return plan;
}

static void run_steps(World *w, const char *steps, const char *const *selectors)
{
    RunOptions options = { .services = &w->services };

    close_run(w);
    w->plan    = compile(w, steps, selectors);
    w->session = session_open(w->plan, NULL);
    w->run     = run_open(w->session, w->inputs, &options);
    if (!CHECK(!run_problem(w->run))) {
        fprintf(stderr, "%s\n", run_problem(w->run)->message);
    }
}

/* The picture of output 0, the input, or of what was selected from 1 on. */
static const Image *shown(const World *w, int output)
{
    const Value *value = run_value(w->run, w->plan->outputs[output].slot, 0);

    return CHECK(value && value->type == VALUE_IMAGE) ? value->as.image : w->picture;
}

static bool same(const Image *a, const Image *b)
{
    bool ok = image_width(a) == image_width(b) && image_height(a) == image_height(b);

    for (int y = 0; ok && y < image_height(a); y++) {
        ok = memcmp(image_pixels(a) + (size_t)y * image_stride(a),
                    image_pixels(b) + (size_t)y * image_stride(b), (size_t)image_width(a) * 4) == 0;
    }
    return ok;
}

/* Whether the pixel at the object's corner, away from dots, has the colour of class 1. */
static bool is_colored(const Image *image, int x, int y)
{
    const uint8_t *at = image_pixels(image) + (size_t)y * image_stride(image) + (size_t)x * 4;

    return at[0] == 0x40 && at[1] == 0x40 && at[2] == 0xff;
}

TEST(a_drawing_without_copy_image_shows_in_the_picture)
{
    World w = { 0 };

    world_open(&w);
    run_steps(&w, COLOR, (const char *const[]){ "$steps.c.image", NULL });
    CHECK(same(shown(&w, 0), shown(&w, 1)) && is_colored(shown(&w, 0), 45, 40));
    CHECK(!image_encoded(shown(&w, 0)).at && !image_source_text(shown(&w, 0)).at);
    run_steps(&w, DRAW("color", "c", "$inputs.image", ",\"opacity\":1.0"),
              (const char *const[]){ "$steps.c.image", NULL });
    CHECK(same(shown(&w, 0), w.picture) && is_colored(shown(&w, 1), 45, 40));
    CHECK(image_encoded(shown(&w, 0)).at != NULL);
    run_steps(&w, DRAW("dot", "c", "$inputs.image", ",\"copy_image\":\"$inputs.copy\""),
              (const char *const[]){ "$steps.c.image", NULL });
    CHECK(same(shown(&w, 0), shown(&w, 1)) && !same(shown(&w, 0), w.picture));
    world_close(&w);
}

TEST(a_chain_without_copy_image_ends_in_one_picture)
{
    World w = { 0 };

    world_open(&w);
    run_steps(&w, COLOR "," DRAW("dot", "d", "$steps.c.image", HERE),
              (const char *const[]){ "$steps.c.image", "$steps.d.image", NULL });
    CHECK(same(shown(&w, 0), shown(&w, 2)) && same(shown(&w, 1), shown(&w, 2)));
    run_steps(&w, COLOR "," DRAW("corner", "d", "$steps.c.image", ""),
              (const char *const[]){ "$steps.c.image", "$steps.d.image", NULL });
    CHECK(same(shown(&w, 0), shown(&w, 1)) && !same(shown(&w, 1), shown(&w, 2)));
    run_steps(&w, DOT("$inputs.image") "," DRAW("color", "c", "$steps.d.image", HERE) ","
              DRAW("corner", "e", "$steps.c.image", ""),
              (const char *const[]){ "$steps.d.image", "$steps.c.image", "$steps.e.image", NULL });
    CHECK(same(shown(&w, 0), w.picture) && same(shown(&w, 1), shown(&w, 2)));
    CHECK(!same(shown(&w, 2), shown(&w, 3)) && !same(shown(&w, 1), w.picture));
    world_close(&w);
}

TEST(crops_share_what_is_drawn_without_copy_image)
{
    World w = { 0 };

    world_open(&w);
    run_steps(&w, CROP "," COLOR, (const char *const[]){ "$steps.crop.crops", NULL });
    CHECK(is_colored(shown(&w, 1), 0, 0));
    run_steps(&w, CROP ",{\"type\":\"roboflow_core/reference_path_visualization@v1\",\"name\":"
              "\"p\",\"image\":\"$steps.crop.crops\",\"reference_path\":[[0,0],[19,9]]" HERE "}",
              (const char *const[]){ "$steps.p.image", "$steps.crop.crops", NULL });
    CHECK(same(shown(&w, 1), shown(&w, 2)) && !same(shown(&w, 0), w.picture));
    /* The picture is still known by the bytes it came as: only the crop was drawn on. */
    CHECK(image_encoded(shown(&w, 0)).at != NULL);
    world_close(&w);
}

TEST(pictures_that_are_remembered_are_not_redrawn)
{
    World w = { 0 };

    world_open(&w);
    run_steps(&w, STEP("roboflow_core/frame_delay@v1", "f", "$inputs.image",
                       ",\"data\":\"$inputs.image\",\"offset\":0") ","
              DRAW("color", "c", "$steps.f.output", HERE ",\"opacity\":1.0"),
              (const char *const[]){ "$steps.c.image", "$steps.f.output", NULL });
    CHECK(is_colored(shown(&w, 1), 45, 40) && same(shown(&w, 1), shown(&w, 2)));
    CHECK(same(shown(&w, 0), w.picture) && image_encoded(shown(&w, 0)).at);
    world_close(&w);
}

TEST(blocks_that_leave_the_picture_alone_without_copy_image)
{
    World w = { 0 };

    world_open(&w);
    run_steps(&w, STEP("roboflow_core/label_visualization@v2", "v", "$inputs.image",
                       ",\"predictions\":\"$inputs.objects\"" HERE),
              (const char *const[]){ "$steps.v.image", NULL });
    CHECK(same(shown(&w, 0), w.picture) && image_encoded(shown(&w, 0)).at);
    run_steps(&w, STEP("roboflow_core/polygon_zone_visualization@v1", "v", "$inputs.image",
                       ",\"zone\":[[1,1],[90,1],[50,90]]" HERE),
              (const char *const[]){ "$steps.v.image", NULL });
    CHECK(same(shown(&w, 0), w.picture) && image_encoded(shown(&w, 0)).at);
    run_steps(&w, DRAW("background_color", "v", "$inputs.image", HERE),
              (const char *const[]){ "$steps.v.image", NULL });
    CHECK(same(shown(&w, 0), w.picture) && !same(shown(&w, 0), shown(&w, 1)));
    CHECK(!image_encoded(shown(&w, 0)).at);
    world_close(&w);
}

/* Steps of one group, on several threads if they could: in their order instead, so that the
 * answer is always the same, and nobody reads what is being drawn. */
TEST(steps_beside_one_that_redraws_run_in_their_order)
{
    World w = { 0 };

    world_open(&w);
    for (int i = 0; i < 20; i++) {
        run_steps(&w, DRAW("triangle", "m", "$inputs.image", "") "," DOT("$inputs.image") ","
                  COLOR "," DRAW("blur", "b", "$inputs.image", "") "," CROP,
                  (const char *const[]){ "$steps.d.image", "$steps.c.image", "$steps.b.image",
                                         NULL });
        CHECK(is_colored(shown(&w, 2), 45, 40) && !is_colored(shown(&w, 1), 45, 40));
        CHECK(is_colored(shown(&w, 3), 45, 40));
    }
    world_close(&w);
}

TEST(nothing_is_replayed_of_steps_that_redraw)
{
    World   w       = { 0 };
    Error   err     = { 0 };
    Records records = { 0 };

    world_open(&w);
    run_steps(&w, COLOR, (const char *const[]){ "$steps.c.image", NULL });
    CHECK(plan_redraws(w.plan) && text_is(plan_redraws(w.plan)->name, "c"));
    CHECK(!replay_open(w.plan, NULL, records, false, &err) && err.kind == ERR_INVALID);
    run_steps(&w, DOT("$inputs.image"), (const char *const[]){ "$steps.d.image", NULL });
    CHECK(!plan_redraws(w.plan));
    world_close(&w);
}
