/*
 * test_detections - sets of found objects: reading, moving, copying, writing, kinds.
 */
#include "test.h"

#include <string.h>

#include "value/detections.h"
#include "value/wire.h"

#define ROW "\"x\": 8, \"y\": 7, \"width\": 8, \"height\": 6, \"confidence\": 0.5, " \
            "\"class\": \"a\", \"class_id\": 0, \"detection_id\": \"d\""
#define SET(rows) "{\"image\": {\"width\": 32, \"height\": 24}, \"predictions\": [" rows "]}"
#define SQUARE "\"points\": [{\"x\": 4, \"y\": 4}, {\"x\": 12, \"y\": 4}, {\"x\": 12, \"y\": 9}, " \
               "{\"x\": 4, \"y\": 9}]"
#define RLE "\"rle_mask\": {\"size\": [24, 32], \"counts\": [100, 6, 662]}"

static const Detections *read(Arena *arena, const char *text, Error *err)
{
    const Json *json = json_parse(arena, text_of(text), JSON_NAN, err);
    Value       value;

    *err = (Error){ 0 };
    return detections_read(arena, json, TEXT("x"), &value, err) ? value.as.detections : NULL;
}

static bool writes(Value value, KindRefs kinds, const char *part, Error *err)
{
    Buffer     out;
    JsonWriter w;
    bool       ok, found;

    buffer_init(&out, MIB(1));
    w     = json_writer(&out);
    ok    = wire_write_kinds(&w, value, kinds, err);
    found = ok && out.data && strstr(out.data, part);
    if (ok && !found) {
        printf("  '%s' is not in %s\n", part, out.data);
    }
    buffer_fini(&out);
    return found;
}

TEST(detections_are_read_or_refused)
{
    static const char *const refused[] = {
        "{}", "[]", "{\"image\": {}, \"predictions\": []}", "{\"predictions\": []}",
        SET("1"), SET("{}"), SET("{" ROW ", \"tracker_id\": \"x\"}"),
        SET("{" ROW ", \"keypoints\": [{\"x\": 1}]}"), SET("{" ROW ", \"points\": null}"),
        SET("{" ROW ", \"points\": [1, 2, 3]}"), SET("{" ROW ", \"speed\": 1}, {" ROW "}"),
        SET("{" ROW ", \"data\": [1]}, {" ROW ", \"data\": [1, 2]}"),
        SET("{" ROW ", \"points\": [{\"x\": NaN, \"y\": 1}, {\"x\": 1, \"y\": 1}, {\"x\": 2, "
            "\"y\": 2}]}"),
        SET("{" ROW ", \"rle_mask\": {\"size\": [0, 0], \"counts\": []}}"),
        "{\"image\": {\"width\": -3, \"height\": 4}, \"predictions\": [{" ROW ", " SQUARE "}]}",
        "{\"image\": {\"width\": 99999999, \"height\": 99999999}, \"predictions\": [{" ROW ", "
        "\"points\": [{\"x\": 0, \"y\": 0}, {\"x\": 9e7, \"y\": 0}, {\"x\": 9e7, \"y\": 9e7}]}]}",
    };
    Arena arena;
    Error err;

    arena_init(&arena, MIB(4));
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        if (!CHECK(!read(&arena, refused[i], &err) && err.kind != ERR_NONE && err.text[0])) {
            printf("  read: %s\n", refused[i]);
        }
    }
    arena_fini(&arena);
}

TEST(detections_columns_have_one_type)
{
    Arena             arena;
    Error             err;
    const Detections *set;
    const Value      *zone;

    arena_init(&arena, MIB(4));
    set = read(&arena, SET("{" ROW ", \"time_in_zone\": 1}, {" ROW ", \"time_in_zone\": 2.5}"),
               &err);
    if (CHECK(set != NULL)) {
        zone = detections_column(set, TEXT("time_in_zone"));
        CHECK(zone && zone[0].type == VALUE_DOUBLE && zone[1].type == VALUE_DOUBLE);
    }
    set = read(&arena, SET("{" ROW ", \"data\": [1, true]}, {" ROW ", \"data\": [\"a\", 2]}"),
               &err);
    if (CHECK(set != NULL)) {
        zone = detections_column(set, TEXT("data"));
        CHECK(zone && text_is(value_as_text(zone[0].as.items[1]), "True"));
    }
    arena_fini(&arena);
}

TEST(detections_masks_count_when_every_row_has_one)
{
    Arena             arena;
    Error             err;
    const Detections *set;

    arena_init(&arena, MIB(4));
    set = read(&arena, SET("{" ROW ", " SQUARE "}, {" ROW ", " RLE "}"), &err);
    CHECK(set && set->masks && mask_area(&set->masks[0]) == 54 && mask_area(&set->masks[1]) == 6);
    set = read(&arena, SET("{" ROW ", " SQUARE "}, {" ROW "}"), &err);
    CHECK(set && set->count == 2 && !set->masks);
    set = read(&arena, SET("{" ROW ", \"points\": []}, {" ROW ", " SQUARE "}"), &err);
    CHECK(set && set->count == 1 && set->masks);
    arena_fini(&arena);
}

TEST(detections_move_to_their_root)
{
    static const char text[] = SET("{" ROW ", " SQUARE ", \"polygon\": [[1.5, 2], [3, 4]], "
        "\"keypoints\": [{\"x\": 1, \"y\": 2, \"confidence\": 0.9, \"class\": \"k\", "
        "\"class_id\": 3}], \"parent_id\": \"p\", \"root_parent_id\": \"r\", "
        "\"root_parent_origin\": {\"offset_x\": 3, \"offset_y\": 2, \"width\": 12, "
        "\"height\": 48}}");
    Arena             arena, other;
    Error             err;
    const Detections *set, *root;

    arena_init(&arena, MIB(4));
    arena_init(&other, MIB(4));
    set = read(&arena, text, &err);
    if (CHECK(set != NULL)) {
        root = detections_to_root(&other, detections_copy(&other, set));
        arena_fini(&arena);
        arena_init(&arena, MIB(4));
        CHECK_NEAR(root->boxes[0].x1, 7, 0);
        CHECK(root->image_width == 12 && root->image_height == 48);
        CHECK(root->masks[0].x == 7 && root->masks[0].width == 5 && root->masks[0].y == 6);
        CHECK_NEAR(root->keypoints[0].points[0].x, 4, 0);
        CHECK_NEAR(root->keypoints[0].points[0].confidence, (double)0.9f, 0);
        CHECK(text_is(root->keypoints[0].points[0].class_name, "k"));
        CHECK(text_is(root->lineage.parent_id, "r"));
        CHECK(writes(value_detections(root), kinds_refs(&other, KIND(IS)),
                     "\"polygon\":[[4,4],[6,6]]", &err));
        CHECK(detections_to_root(&other, root) == root);
    }
    arena_fini(&arena);
    arena_fini(&other);
}

TEST(detections_leave_by_their_kind)
{
    Arena    arena;
    Error    err;
    Value    polygons, lengths;
    KindRefs rle, outline;

    arena_init(&arena, MIB(4));
    rle      = kinds_refs(&arena, KIND(RLE));
    outline  = kinds_refs(&arena, KIND(OD) | KIND(IS) | KIND(RLE));
    polygons = value_detections(read(&arena, SET("{" ROW ", " SQUARE "}"), &err));
    lengths  = value_detections(read(&arena, SET("{" ROW ", " RLE "}"), &err));
    CHECK(writes(lengths, rle, "\"rle_mask\":{\"size\":[24,32],\"counts\":[100,6,662]}", &err));
    CHECK(writes(lengths, outline, "\"points\":[{\"x\":4.0,\"y\":4.0},{\"x\":4.0,\"y\":9.0},"
                                   "{\"x\":4.0,\"y\":9.0}]", &err));
    outline = kinds_refs(&arena, KIND(IS) | KIND(RLE));
    CHECK(writes(lengths, outline, "\"rle_mask\":{", &err));
    CHECK(writes(polygons, outline, "\"points\":[", &err));
    CHECK(!writes(polygons, rle, "", &err));
    CHECK_INT(err.kind, ERR_INVALID);
    CHECK(!writes(polygons, kinds_refs(&arena, KIND(LIST)), "", &err));
    CHECK_INT(err.kind, ERR_UNSUPPORTED);
    CHECK(writes(polygons, kinds_refs(&arena, KINDS_ANY | KIND(RLE)), "\"points\"", &err));
    CHECK(writes(value_null(), rle, "null", &err));
    CHECK(writes(value_string("short"), kinds_refs(&arena, KIND(SECRET)), "\"********\"", &err));
    CHECK(writes(value_string("longer-secret"), kinds_refs(&arena, KIND(SECRET)),
                 "\"lo********et\"", &err));
    CHECK(!writes(value_string("now"), kinds_refs(&arena, KIND(TIMESTAMP)), "", &err));
    CHECK(writes(value_string("now"), kinds_refs(&arena, KIND(TIMESTAMP) | KIND(STRING)), "\"now\"",
                 &err));
    arena_fini(&arena);
}
