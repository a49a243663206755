/*
 * test_heat_mask - visits, their colours, and how long objects are remembered.
 */
#include <math.h>

#include "base/text.h"
#include "draw/heat_mask.h"
#include "base/budget.h"
#include "image/encode.h"
#include "test.h"
#include "workflow/run.h"

static const HeatLook sharp = { .low = 125, .top = 0, .kernel = 1, .opacity = 1 };

static Image *gray(int width, int height, int channels)
{
    Image *image = image_new(width, height, channels, TEXT("image"), NULL);

    for (int y = 0; y < height; y++) {
        memset(image_edit(image) + (size_t)y * image_stride(image), 128,
               (size_t)width * (size_t)image_pixel_bytes(image));
    }
    return image;
}

static bool pixel_is(const Image *image, int x, int y, uint8_t blue, uint8_t green, uint8_t red)
{
    const uint8_t *at = image_pixels(image) + (size_t)y * image_stride(image) + (size_t)x * 4;

    return at[0] == blue && at[1] == green && at[2] == red && at[3] == 128;
}

static void visit(HeatMask *mask, Size size, ContourPoint at, int radius)
{
    CHECK(heat_mask_visit(mask, size, &at, 1, radius, NULL, NULL));
}

static Image *painted(const HeatMask *mask, HeatLook look)
{
    Image *image = gray(mask->size.width, mask->size.height, 3);

    CHECK(heat_mask_blend(mask, image, look, NULL, NULL));
    return image;
}

/* Colours are those of OpenCV for hues 0, 62 (of 62.5), 83 and 254 (of -2); the last pixels
 * of a row have other ones. */
TEST(heat_goes_from_low_to_top_with_the_visits)
{
    HeatMask mask = { 0 };
    Size     size = { 40, 20 };
    Image   *image;

    visit(&mask, size, (ContourPoint){ 35, 10 }, 1);
    visit(&mask, size, (ContourPoint){ 5, 5 }, 2);
    visit(&mask, size, (ContourPoint){ 5, 5 }, 2);
    visit(&mask, size, (ContourPoint){ 20, 10 }, 1);
    image = painted(&mask, sharp);
    CHECK(pixel_is(image, 5, 5, 0, 0, 255) && pixel_is(image, 7, 5, 0, 0, 255));
    CHECK(pixel_is(image, 20, 10, 17, 255, 0) && pixel_is(image, 21, 10, 17, 255, 0));
    CHECK(pixel_is(image, 8, 5, 128, 128, 128) && pixel_is(image, 21, 11, 128, 128, 128));
    image_unref(image);
    image = painted(&mask, (HeatLook){ .low = -5, .top = 0, .kernel = 1, .opacity = 1 });
    CHECK(pixel_is(image, 20, 10, 119, 255, 0));
    image_unref(image);
    visit(&mask, size, (ContourPoint){ 5, 5 }, 2);
    image = painted(&mask, sharp);
    CHECK(pixel_is(image, 20, 10, 195, 255, 0) && pixel_is(image, 35, 10, 196, 255, 0));
    image_unref(image);
    heat_mask_fini(&mask);
}

TEST(heat_counts_overlapping_discs_of_one_frame_once)
{
    const ContourPoint places[] = { { 5, 5 }, { 6, 5 }, { 5, 5 }, { -900, 5 }, { 5, 1 << 29 } };
    HeatMask           mask     = { 0 };

    CHECK(heat_mask_visit(&mask, (Size){ 30, 20 }, places, 5, 3, NULL, NULL));
    CHECK_NEAR(mask.most, 1, 0);
    heat_mask_fini(&mask);
}

TEST(heat_mixes_as_addWeighted_does_and_saturates)
{
    HeatMask mask = { 0 };
    Image   *image;

    visit(&mask, (Size){ 9, 9 }, (ContourPoint){ 4, 4 }, 1);
    image = painted(&mask, (HeatLook){ .low = 125, .top = 0, .kernel = 1, .opacity = 0.2 });
    CHECK(pixel_is(image, 4, 4, 102, 102, 153));      /* 102.4, 153.4 */
    image_unref(image);
    image = painted(&mask, (HeatLook){ .low = 125, .top = 0, .kernel = 1, .opacity = 3 });
    CHECK(pixel_is(image, 4, 4, 0, 0, 255));
    image_unref(image);
    image = painted(&mask, (HeatLook){ .low = 125, .top = 0, .kernel = 1, .opacity = NAN });
    image_unref(image);
    heat_mask_fini(&mask);
}

TEST(heat_begins_anew_with_another_size_and_gives_its_memory_back)
{
    size_t   before = budget_used(&budget_pictures);
    HeatMask mask   = { 0 };
    Image   *image;

    visit(&mask, (Size){ 30, 20 }, (ContourPoint){ 5, 5 }, 2);
    CHECK_INT((intmax_t)(budget_used(&budget_pictures) - before), 30 * 20 * 4);
    CHECK(heat_mask_visit(&mask, (Size){ 20, 30 }, NULL, 0, 2, NULL, NULL));
    CHECK_INT((intmax_t)(budget_used(&budget_pictures) - before), 30 * 20 * 4);
    image = painted(&mask, sharp);
    CHECK(pixel_is(image, 5, 5, 128, 128, 128));
    image_unref(image);
    heat_mask_fini(&mask);
    CHECK_INT((intmax_t)(budget_used(&budget_pictures) - before), 0);
}

/* ---- the block's memory --------------------------------------------------------------------- */

static int64_t time_now(void *context)
{
    return *(int64_t *)context;
}

static const Json *inputs_of(Arena *arena, int x)
{
    Image      *image = gray(100, 40, 3);
    Buffer      png, text;
    char       *base64;
    const Json *json;

    buffer_init(&png, MIB(1));
    buffer_init(&text, MIB(1));
    CHECK(image_encode(image, as_png(), &png, NULL));
    base64 = arena_array(arena, char, base64_size(png.length) + 1);
    base64_encode(base64, png.data, png.length);
    buffer_printf(&text, "{\"image\":{\"type\":\"base64\",\"value\":\"%s\"},\"p\":{\"image\":"
                  "{\"width\":100,\"height\":40},\"predictions\":[{\"x\":%d,\"y\":20,\"width\":2,"
                  "\"height\":2,\"confidence\":0.5,\"class\":\"a\",\"class_id\":0,"
                  "\"tracker_id\":7}]}}", base64, x);
    json = json_parse(arena, (Text){ text.data, text.length }, JSON_STRICT, NULL);
    CHECK(json != NULL);
    buffer_fini(&png);
    buffer_fini(&text);
    image_unref(image);
    return json;
}

/* Whether an object that is seen again after so many seconds, far away, leaves heat. */
static bool counts_after(int seconds)
{
    static const char text[] =
        "{\"version\":\"1.0\",\"inputs\":[{\"type\":\"WorkflowImage\",\"name\":\"image\"},"
        "{\"type\":\"WorkflowBatchInput\",\"name\":\"p\",\"kind\":"
        "[\"object_detection_prediction\"]}],\"steps\":[{\"type\":\"HeatmapVisualization\","
        "\"name\":\"h\",\"image\":\"$inputs.image\",\"predictions\":\"$inputs.p\",\"radius\":3}],"
        "\"outputs\":[{\"type\":\"JsonField\",\"name\":\"o\",\"selector\":\"$steps.h.image\"}]}";
    Arena       arena;
    Services    services;
    int64_t     time    = 1000000;
    Problem     problem = { 0 };
    RunOptions  options = { .services = &services };
    const Plan *plan;
    Session    *session;
    bool        counted[2];

    arena_init(&arena, MIB(16));
    services_init(&services);
    services.context = &time;
    services.utc     = time_now;
    plan    = plan_compile(json_parse(&arena, text_of(text), JSON_STRICT, NULL), NULL, &arena,
                           &problem);
    session = session_open(plan, NULL);
    for (int i = 0; i < 2; i++) {
        int          x   = 20 + 50 * i;
        Run         *run = run_open(session, inputs_of(&arena, x), &options);
        const Value *out = run_value(run, plan->outputs[0].slot, 0);

        CHECK(!run_problem(run));
        counted[i] = image_pixels(out->as.image)[20 * image_stride(out->as.image) +
                                                 (size_t)x * 4 + 2] != 128;
        time += (int64_t)seconds * 1000000;
        run_close(run);
    }
    session_close(session);
    plan_unref(plan);
    arena_fini(&arena);
    CHECK(!counted[0]);
    return counted[1];
}

TEST(heat_forgets_objects_after_a_minute)
{
    CHECK(counts_after(0) && counts_after(59) && counts_after(60));
    CHECK(!counts_after(61));
}
