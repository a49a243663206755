/*
 * test_row_text - what labels say about objects.
 */
#include <math.h>

#include "blocks/row_text.h"
#include "test.h"

static const Detections *read_set(Arena *arena, const char *rows)
{
    Error       err  = { 0 };
    const char *text = arena_printf(arena, "{\"image\": {\"width\": 90, \"height\": 80}, "
                                           "\"predictions\": [%s]}", rows);
    const Json *json = json_parse(arena, text_of(text), JSON_STRICT, &err);
    Value       out  = value_null();

    CHECK(json && detections_read(arena, json, TEXT("p"), &out, &err));
    return out.as.detections;
}

#define ROW(extra) \
    "{\"x\": 20.5, \"y\": -3.5, \"width\": 11, \"height\": 5, \"confidence\": 0.456," \
    "\"class\": \"cat\", \"class_id\": 4, \"detection_id\": \"a\"" extra "}"

static void check_row(const char *rows, const char *what, const char *want)
{
    Arena arena;
    Error err = { 0 };
    Text  got = TEXT("");

    arena_init(&arena, MIB(1));
    CHECK(row_text(&arena, read_set(&arena, rows), 0, text_of(what), &got, &err));
    CHECK_STR(arena_string(&arena, arena_text(&arena, got).at), want);
    arena_fini(&arena);
}

TEST(row_text_has_every_choice)
{
    check_row(ROW(""), "Class", "cat");
    check_row(ROW(""), "Confidence", "0.46");
    check_row(ROW(""), "Class and Confidence", "cat 0.46");
    check_row(ROW(""), "Index", "0");
    check_row(ROW(""), "Dimensions", "20, -3 11x5");
    check_row(ROW(""), "Area", "55");
    check_row(ROW(""), "Area (mask)", "Area (mask): N/A");
    check_row(ROW(", \"area_px\": 12.5"), "Area (mask)", "Area (mask): 12.50");
    check_row(ROW(", \"area_converted\": 3"), "Area (converted)", "Area (conv): 3.00");
    check_row(ROW(""), "Tracker Id", "No Tracker ID");
    check_row(ROW(", \"tracker_id\": 7"), "Tracker Id", "7");
}

TEST(row_text_rounds_times)
{
    check_row(ROW(""), "Time In Zone", "In zone: N/A");
    check_row(ROW(", \"time_in_zone\": 0"), "Time In Zone", "In zone: N/A");
    check_row(ROW(", \"time_in_zone\": 2"), "Time In Zone", "In zone: 2s");
    check_row(ROW(", \"time_in_zone\": 3.14159"), "Time In Zone", "In zone: 3.14s");
    check_row(ROW(", \"time_in_zone\": 1e-9"), "Time In Zone", "In zone: 0.0s");
    check_row(ROW(", \"time_in_zone\": 2") "," ROW(", \"time_in_zone\": 2.5"), "Time In Zone",
              "In zone: 2.0s");
}

TEST(row_text_writes_columns)
{
    check_row(ROW(""), "class_name", "cat");
    check_row(ROW(""), "detection_id", "a");
    check_row(ROW(", \"parent_id\": \"crop\""), "parent_id", "crop");
    check_row(ROW(""), "root_parent_id", "p");
    check_row(ROW(", \"speed\": 0.0"), "speed", "");
    check_row(ROW(", \"angle\": 12.5"), "angle", "12.5");
    check_row(ROW(", \"data\": {\"k\": 1}"), "data", "{'k': 1}");
}

TEST(row_text_refuses_what_is_no_column)
{
    static const char *const names[] = { "confidence", "foo", "", "velocity", "prediction_type" };
    Arena arena;

    arena_init(&arena, MIB(1));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const Detections *set = read_set(&arena, ROW(", \"velocity\": [1, 2]"));
        Error             err = { 0 };
        Text              got;

        CHECK(!row_text(&arena, set, 0, text_of(names[i]), &got, &err));
        CHECK_INT(err.kind, ERR_INVALID);
    }
    arena_fini(&arena);
}
