/*
 * test_average_precision - the figures of COCO's own tool, to the sixth decimal.
 *
 * tests/data/average_precision.json is printed by make_average_precision_cases.py.
 */
#include "vision/average_precision.h"

#include <math.h>

#include "base/file.h"
#include "base/json.h"
#include "test.h"

static const double NEAR = 1e-9;

/* A list of numbers; null is NaN. */
static int numbers(const Json *list, double *out, int most)
{
    JsonWalk walk  = json_walk(list);
    int      count = 0;

    while (json_next(&walk) && count < most) {
        out[count++] = json_is_number(walk.value) ? json_double(walk.value, 0) : NAN;
    }
    return count;
}

static Box box_of(const double *v)
{
    return (Box){ v[0], v[1], v[0] + v[2], v[1] + v[3] };
}

static BoxSet read_set(Arena *arena, const Json *json)
{
    size_t    truths = json_count(json_get(json, "truths"));
    size_t    found  = json_count(json_get(json, "found"));
    TrueBox  *t      = arena_array(arena, TrueBox, truths + 1);
    FoundBox *f      = arena_array(arena, FoundBox, found + 1);
    JsonWalk  walk   = json_walk(json_get(json, "truths"));
    double    v[8];

    while (json_next(&walk)) {
        numbers(walk.value, v, 8);
        t[walk.index] = (TrueBox){ box_of(v + 2), v[6], (int)v[0], (int)v[1], v[7] != 0 };
    }
    walk = json_walk(json_get(json, "found"));
    while (json_next(&walk)) {
        numbers(walk.value, v, 7);
        f[walk.index] = (FoundBox){ box_of(v + 2), v[6], (int)v[0], (int)v[1] };
    }
    return (BoxSet){ t, truths, f, found, (int)json_int(json_get(json, "classes"), 0) };
}

static void check_areas(const Json *rows, int class_id, const double got[AREA_COUNT])
{
    JsonWalk walk = json_walk(rows);
    double   wanted[AREA_COUNT];

    while (json_next(&walk)) {
        if ((int)walk.index == class_id) {
            numbers(walk.value, wanted, AREA_COUNT);
            for (int i = 0; i < AREA_COUNT; i++) {
                CHECK_NEAR(got[i], wanted[i], NEAR);
            }
        }
    }
}

/* Where nothing was to be found COCO's tool says -1. */
static void check_figure(const Json *mean, const char *key, double got)
{
    CHECK_NEAR(isnan(got) ? -1 : got, json_double(json_get(mean, key), 0), NEAR);
}

static void check_mean(const Json *mean, const MeanPrecision *got)
{
    check_figure(mean, "ap", got->ap[AREA_ALL]);
    check_figure(mean, "ap50", got->ap50);
    check_figure(mean, "ap75", got->ap75);
    check_figure(mean, "recall", got->recall[AREA_ALL]);
    check_figure(mean, "small", got->ap[AREA_SMALL]);
    check_figure(mean, "medium", got->ap[AREA_MEDIUM]);
    check_figure(mean, "large", got->ap[AREA_LARGE]);
}

static void check_case(const Json *json)
{
    Arena           arena;
    Error           err = { 0 };
    BoxSet          set;
    ClassPrecision *classes;
    MeanPrecision   mean;
    double          ap50[16], ap75[16];

    arena_init(&arena, MIB(64));
    set     = read_set(&arena, json);
    classes = arena_array(&arena, ClassPrecision, set.class_count);
    numbers(json_get(json, "ap50"), ap50, 16);
    numbers(json_get(json, "ap75"), ap75, 16);
    if (CHECK(average_precision(&arena, &set, NULL, classes, &err))) {
        for (int i = 0; i < set.class_count; i++) {
            check_areas(json_get(json, "ap"), i, classes[i].ap);
            check_areas(json_get(json, "recall"), i, classes[i].recall);
            CHECK_NEAR(classes[i].ap50, ap50[i], NEAR);
            CHECK_NEAR(classes[i].ap75, ap75[i], NEAR);
            CHECK((classes[i].precision != NULL) == (classes[i].truths > 0));
        }
        mean = mean_precision(classes, set.class_count);
        check_mean(json_get(json, "mean"), &mean);
    }
    arena_fini(&arena);
}

TEST(average_precision_is_that_of_coco_s_tool)
{
    Arena       arena;
    Error       err = { 0 };
    Buffer      text;
    const Json *cases = NULL;
    JsonWalk    walk;

    arena_init(&arena, MIB(64));
    buffer_init(&text, MIB(4));
    if (CHECK(file_read("tests/data/average_precision.json", MIB(4), &text, &err))) {
        cases = json_parse(&arena, (Text){ text.data, text.length }, JSON_STRICT, &err);
    }
    CHECK_INT((int)json_count(cases), 6);
    walk = json_walk(cases);
    while (json_next(&walk)) {
        check_case(walk.value);
    }
    buffer_fini(&text);
    arena_fini(&arena);
}

TEST(average_precision_of_nothing)
{
    Arena          arena;
    Error          err = { 0 };
    FoundBox       found = { { 0, 0, 10, 10 }, 0.5, 0, 1 };
    BoxSet         set = { .found = &found, .found_count = 1, .class_count = 2 };
    ClassPrecision classes[2];
    MeanPrecision  mean;

    arena_init(&arena, MIB(1));
    if (CHECK(average_precision(&arena, &set, NULL, classes, &err))) {
        mean = mean_precision(classes, 2);
        CHECK(isnan(mean.ap50) && isnan(classes[1].ap50) && mean.classes == 0);
        CHECK_INT((int)classes[1].at50.count, 1);
        CHECK_INT(classes[1].at50.right[0], 0);
    }
    arena_fini(&arena);
}

/* Boxes without an area, infinite or not numbers at all are never right. */
TEST(average_precision_takes_any_box)
{
    Arena          arena;
    Error          err = { 0 };
    TrueBox        truths[] = { { { 0, 0, 0, 0 }, 0, 0, 0, false },
                                { { NAN, 0, 5, 5 }, 25, 0, 0, false },
                                { { -1e300, -1e300, 1e300, 1e300 }, 1e300, 0, 0, false } };
    FoundBox       found[] = { { { 0, 0, 0, 0 }, 0.9, 0, 0 }, { { NAN, 0, 5, 5 }, 0.8, 0, 0 },
                               { { 5, 5, -5, -5 }, 0.7, 0, 0 } };
    BoxSet         set = { truths, 3, found, 3, 1 };
    ClassPrecision one;

    arena_init(&arena, MIB(1));
    if (CHECK(average_precision(&arena, &set, NULL, &one, &err))) {
        CHECK_NEAR(one.ap50, 0, 1e-12);
        CHECK_INT(one.truths, 3);
    }
    arena_fini(&arena);
}
