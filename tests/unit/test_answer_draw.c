/*
 * test_answer_draw - pictures of answers: frames, plates, points and classes.
 */
#include <math.h>

#include "base/text.h"
#include "image/decode.h"
#include "server/answer.h"
#include "test.h"

enum { WIDTH = 160, HEIGHT = 120 };

static const Text classes[] = { { "cat", 3 }, { "d\xC3\xB6g", 4 } };

static Arena    arena;
static Error    err;
static Package  package;
static Question question;
static Reply    reply;
static Image   *given, *drawn;

static void begin(Task task)
{
    err = (Error){ 0 };
    arena_init(&arena, MIB(64));
    given    = image_new(WIDTH, HEIGHT, 3, TEXT("picture"), &err);
    package  = (Package){ .id = "a/1", .task = task, .classes = classes, .class_count = 2 };
    question = (Question){ .stroke = 4, .confidence = 0.4 };
    reply    = (Reply){ .question = &question, .package = &package, .image = given,
                        .arena = &arena };
    for (int y = 0; given && y < HEIGHT; y++)
        memset(image_edit(given) + (size_t)y * image_stride(given), 128, 4 * WIDTH);
}

static bool draw(void)
{
    Buffer jpeg;

    image_unref(drawn);
    drawn = NULL;
    err   = (Error){ 0 };
    buffer_init(&jpeg, MIB(4));
    if (answer_draw(&reply, &jpeg, &err))
        drawn = image_decode(jpeg.data, jpeg.length, TEXT("drawn"), NULL, &err);
    buffer_fini(&jpeg);
    return drawn != NULL;
}

static void end(void)
{
    image_unref(given);
    image_unref(drawn);
    drawn = NULL;
    arena_fini(&arena);
}

/* What JPEG leaves of a colour. */
static bool is_color(int x, int y, int red, int green, int blue)
{
    const uint8_t *at = image_pixels(drawn) + (size_t)y * image_stride(drawn) + 4 * x;

    return abs(at[0] - blue) < 30 && abs(at[1] - green) < 30 && abs(at[2] - red) < 30;
}

TEST(answer_draws_objects_as_the_reference_does)
{
    Proposal   boxes[] = { { 20, 16, 140, 100, 0.9f, 0, 0 } };
    FoundPoint points[] = { { 60, 60, 0.5f }, { 80, 60, 0 }, { 1e30f, NAN, 1 } };
    Found      found = { .items = boxes, .count = 1 };

    begin(TASK_DETECTION);
    reply.found = &found;
    if (CHECK(draw())) {
        CHECK(is_color(20, 60, 0x48, 0x92, 0xEA) && is_color(140, 60, 0x48, 0x92, 0xEA));
        CHECK(is_color(80, 16, 0x48, 0x92, 0xEA) && is_color(80, 100, 0x48, 0x92, 0xEA));
        CHECK(is_color(80, 60, 128, 128, 128) && is_color(30, 24, 128, 128, 128));
    }
    question.labels = true;
    CHECK(draw() && is_color(24, 20, 0xEA, 0x92, 0x48) && is_color(80, 60, 128, 128, 128));
    boxes[0].class_id = 1;
    CHECK(draw() && is_color(24, 20, 0xEA, 0x92, 0x48));
    question.labels = false;
    question.stroke = -1;
    CHECK(draw() && is_color(80, 60, 0x48, 0x92, 0xEA));

    found.points = points;
    found.slots  = 3;
    CHECK(!draw());
    CHECK_INT(err.kind, ERR_INTERNAL);
    question.stroke = 4;
    CHECK(draw() && is_color(60, 60, 0x48, 0x92, 0xEA) && is_color(80, 60, 128, 128, 128));
    boxes[0] = (Proposal){ -1e30f, NAN, 1e30f, 1e30f, NAN, 0, 0 };
    question.labels = true;
    CHECK(draw());
    end();
}

TEST(answer_draws_outlines_also_of_reduced_masks)
{
    static uint8_t bits[20 * 10];
    Proposal boxes[] = { { 10, 10, 30, 20, 0.9f, 0, 0 } };
    Mask     masks[] = { { .x = 10, .y = 10, .width = 20, .height = 10, .bits = bits } };
    Found    found = { .items = boxes, .count = 1, .masks = masks, .grid = { 40, 30 } };

    begin(TASK_INSTANCE_SEGMENTATION);
    memset(bits, 1, sizeof bits);
    reply.found     = &found;
    question.stroke = 3;
    if (CHECK(draw())) {
        CHECK(is_color(40, 60, 0x48, 0x92, 0xEA) && is_color(80, 40, 0x48, 0x92, 0xEA));
        CHECK(is_color(115, 60, 0x48, 0x92, 0xEA));
        CHECK(is_color(80, 60, 128, 128, 128));
    }
    memset(bits, 0, sizeof bits);
    CHECK(draw() && is_color(120, 60, 0x48, 0x92, 0xEA));
    end();
}

TEST(answer_draws_classes_with_a_frame_on_its_side)
{
    static const float scores[] = { 0.25f, 0.75f };

    begin(TASK_CLASSIFICATION);
    reply.scores = scores;
    if (CHECK(draw())) {
        CHECK(is_color(2, 100, 0xFF, 0x40, 0x40));
        CHECK(is_color(118, 60, 0xFF, 0x40, 0x40) && is_color(150, 60, 128, 128, 128));
        CHECK(is_color(5, 20, 0xFF, 0x40, 0x40) && is_color(60, 80, 128, 128, 128));
    }
    question.confidence = 0.9;
    CHECK(draw() && is_color(2, 100, 128, 128, 128));
    question.confidence = 0.4;
    question.stroke     = 100000;
    CHECK(draw() && is_color(60, 80, 0xFF, 0x40, 0x40));

    question.stroke = 0;
    package.task    = TASK_MULTI_LABEL;
    if (CHECK(draw())) {
        CHECK(is_color(4, 20, 0x48, 0x92, 0xEA) && is_color(4, 50, 0x48, 0x92, 0xEA));
        CHECK(is_color(4, 75, 128, 128, 128));
    }
    end();
}
