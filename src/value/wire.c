/*
 * wire - reading inputs by their declared kinds.
 */
#include "value/wire.h"

#include <math.h>

#include "base/clock.h"
#include "base/text.h"
#include "value/detections.h"
#include "value/wire_image.h"

/* Everything a reader may need. */
typedef struct Reading {
    Arena        *arena;
    Text          id;
    const Cancel *cancel;
} Reading;

typedef bool (*Reader)(const Reading *in, const Json *json, Value *out, Error *err);

static bool refuse(Error *err, const Json *json, const char *wanted)
{
    static const char *const types[] = {
        "null", "a boolean", "an integer", "an integer", "a number", "a text", "a list",
        "a dictionary",
    };
    return fail(err, ERR_INVALID, "expected %s, got %s", wanted, types[json_type(json)]);
}

static bool read_image(const Reading *in, const Json *json, Value *out, Error *err)
{
    return wire_read_image(in->arena, json, in->id, in->cancel, out, err);
}

static bool read_video(const Reading *in, const Json *json, Value *out, Error *err)
{
    VideoMeta *video = arena_new(in->arena, VideoMeta);

    *out = (Value){ .type = VALUE_VIDEO, .as.video = video };
    return wire_read_video(json, video, err);
}

static bool read_text(const Reading *in, const Json *json, Value *out, Error *err)
{
    (void)in;
    *out = value_text(json_text(json));
    return json_is(json, JSON_STRING) || refuse(err, json, "a text");
}

static bool read_key(const Reading *in, const Json *json, Value *out, Error *err)
{
    *out = value_null();
    return json_is(json, JSON_NULL) || read_text(in, json, out, err);
}

/* Python's bool is an int: true reads as 1.0. */
static bool read_float(const Reading *in, const Json *json, Value *out, Error *err)
{
    (void)in;
    if (json_is(json, JSON_BOOL)) {
        *out = value_double(json_bool(json, false) ? 1 : 0);
        return true;
    }
    *out = value_double(json_double(json, 0));
    return json_is_number(json) || refuse(err, json, "a number");
}

static bool read_float01(const Reading *in, const Json *json, Value *out, Error *err)
{
    if (!read_float(in, json, out, err)) {
        return false;
    }
    if (!(out->as.number >= 0 && out->as.number <= 1)) {
        return fail(err, ERR_INVALID, "%g is not between 0 and 1", out->as.number);
    }
    return true;
}

static bool read_integer(const Reading *in, const Json *json, Value *out, Error *err)
{
    JsonType type = json_type(json);

    *out = value_from_json(in->arena, json);
    return type == JSON_INT || type == JSON_UINT || type == JSON_BOOL ||
           refuse(err, json, "an integer");
}

static bool read_boolean(const Reading *in, const Json *json, Value *out, Error *err)
{
    (void)in;
    *out = value_bool(json_bool(json, false));
    return json_is(json, JSON_BOOL) || refuse(err, json, "a boolean");
}

static bool read_list(const Reading *in, const Json *json, Value *out, Error *err)
{
    *out = value_from_json(in->arena, json);
    return json_is(json, JSON_ARRAY) || refuse(err, json, "a list");
}

static bool read_dict(const Reading *in, const Json *json, Value *out, Error *err)
{
    *out = value_from_json(in->arena, json);
    return json_is(json, JSON_OBJECT) || refuse(err, json, "a dictionary");
}

/* The first `count` elements as a tuple; every one a number when asked. */
static bool read_tuple(const Reading *in, const Json *json, uint32_t count, bool numbers,
                       const char *wanted, Value *out, Error *err)
{
    double ignored;

    if (!json_is(json, JSON_ARRAY) || json_count(json) < count) {
        return refuse(err, json, wanted);
    }
    *out = value_from_json(in->arena, json);
    for (uint32_t i = 0; numbers && i < count && i < out->count; i++) {
        if (!value_to_double(out->as.items[i], &ignored)) {
            return fail(err, ERR_INVALID, "element %u is not a number", i);
        }
    }
    out->type  = VALUE_TUPLE;
    out->count = MIN(count, out->count);
    return true;
}

static bool read_color(const Reading *in, const Json *json, Value *out, Error *err)
{
    if (json_is(json, JSON_STRING)) {
        return read_text(in, json, out, err);
    }
    return read_tuple(in, json, 3, false, "a colour: a text or a list of three", out, err);
}

static bool read_point(const Reading *in, const Json *json, Value *out, Error *err)
{
    return read_tuple(in, json, 2, true, "a point: a list of two numbers", out, err);
}

static bool read_zone(const Reading *in, const Json *json, Value *out, Error *err)
{
    JsonWalk walk = json_walk(json);

    if (!json_is(json, JSON_ARRAY) || json_count(json) < 3) {
        return refuse(err, json, "a polygon: a list of at least three points");
    }
    while (json_next(&walk)) {
        JsonWalk point = json_walk(walk.value);

        if (!json_is(walk.value, JSON_ARRAY) || json_count(walk.value) != 2) {
            return fail(err, ERR_INVALID, "point %zu is not a list of two numbers", walk.index);
        }
        while (json_next(&point)) {
            if (!json_is_number(point.value)) {
                return fail(err, ERR_INVALID, "point %zu is not a list of two numbers",
                            walk.index);
            }
        }
    }
    *out = value_from_json(in->arena, json);
    return true;
}

/* Python's truth of a value, true where there is none. */
static bool is_positive(Arena *arena, const Json *json)
{
    return !json || value_truth(value_from_json(arena, json));
}

static bool is_coordinate(const Json *json)
{
    return json_is_number(json) || json_is(json, JSON_BOOL);
}

/* {"x", "y", "positive"}, [x, y] or [x, y, positive]. */
static bool read_labeled_point(const Reading *in, const Json *json, size_t index, Value *out,
                               Error *err)
{
    const Json *parts[3] = { json_get(json, "x"), json_get(json, "y"), json_get(json, "positive") };
    JsonWalk    walk     = json_walk(json);
    DictBuilder point    = dict_builder(in->arena, 3);
    bool        pair     = json_is(json, JSON_ARRAY);

    if (pair ? json_count(json) < 2 || json_count(json) > 3 : !json_is(json, JSON_OBJECT)) {
        return fail(err, ERR_INVALID, "point %zu is neither a dictionary with x and y nor a list "
                                      "of x, y and whether it is positive", index);
    }
    while (pair && json_next(&walk)) {
        parts[walk.index] = walk.value;
    }
    if (!is_coordinate(parts[0]) || !is_coordinate(parts[1])) {
        return fail(err, ERR_INVALID, "point %zu: x and y must be numbers", index);
    }
    dict_set(&point, TEXT("x"), value_from_json(in->arena, parts[0]));
    dict_set(&point, TEXT("y"), value_from_json(in->arena, parts[1]));
    dict_set(&point, TEXT("positive"), value_bool(is_positive(in->arena, parts[2])));
    *out = dict_done(&point);
    return true;
}

static bool read_labeled_points(const Reading *in, const Json *json, Value *out, Error *err)
{
    ListBuilder list = list_builder(in->arena, json_count(json));
    JsonWalk    walk = json_walk(json);

    if (!json_is(json, JSON_ARRAY)) {
        return refuse(err, json, "a list of points");
    }
    while (json_next(&walk)) {
        Value point;

        if (!read_labeled_point(in, walk.value, walk.index, &point, err)) {
            return false;
        }
        list_add(&list, point);
    }
    *out = list_done(&list);
    return true;
}

/* One recognised action, its keys in the order in which it leaves. */
static bool read_action(const Reading *in, const Json *json, size_t index, Value *out, Error *err)
{
    static const char *const numbers[] = { "start_frame_idx", "end_frame_idx", "class_id" };
    const Json *class      = json_get(json, "class");
    const Json *confidence = json_get(json, "confidence");
    DictBuilder action     = dict_builder(in->arena, 5);
    int64_t     whole[3];
    double      number = 0;

    for (int i = 0; i < 3; i++) {
        const Json *member = json_get(json, numbers[i]);

        if (!wire_whole(member, &whole[i]) || (double)whole[i] != json_double(member,
                                                                              (double)whole[i])) {
            return fail(err, ERR_INVALID, "action %zu: '%s' is not a whole number", index,
                        numbers[i]);
        }
    }
    if (!json_is(class, JSON_STRING)) {
        return fail(err, ERR_INVALID, "action %zu: 'class' is not a text", index);
    }
    if (json_is(confidence, JSON_NULL)) {
        confidence = NULL;
    }
    if (confidence && (!wire_number(confidence, &number) || !(number >= 0 && number <= 1))) {
        return fail(err, ERR_INVALID, "action %zu: 'confidence' is not between 0 and 1", index);
    }
    dict_set(&action, text_of(numbers[0]), value_int(whole[0]));
    dict_set(&action, text_of(numbers[1]), value_int(whole[1]));
    dict_set(&action, TEXT("class"), value_text(json_text(class)));
    if (confidence) {
        dict_set(&action, TEXT("confidence"), value_double(number));
    }
    dict_set(&action, text_of(numbers[2]), value_int(whole[2]));
    *out = dict_done(&action);
    return true;
}

static bool read_actions(const Reading *in, const Json *json, Value *out, Error *err)
{
    ListBuilder list = list_builder(in->arena, json_count(json));
    JsonWalk    walk = json_walk(json);

    if (!json_is(json, JSON_ARRAY)) {
        return refuse(err, json, "a list of actions");
    }
    while (json_next(&walk)) {
        Value action;

        if (!read_action(in, walk.value, walk.index, &action, err)) {
            return false;
        }
        list_add(&list, action);
    }
    *out = list_done(&list);
    return true;
}

/* The text without the characters of the other base64 alphabet, which is not read
 * here; false when it has characters that no base64 has. */
static bool plain_base64(Arena *arena, Text *text)
{
    char  *kept = arena_try(arena, text->length + 1, 1);
    size_t length = 0;

    for (size_t i = 0; kept && i < text->length; i++) {
        if ((unsigned char)text->at[i] >= 128) {
            return false;
        }
        if (text->at[i] != '-' && text->at[i] != '_') {
            kept[length++] = text->at[i];
        }
    }
    *text = (Text){ kept, kept ? length : 0 };
    return true;
}

static bool read_bytes(const Reading *in, const Json *json, Value *out, Error *err)
{
    Text     text = json_text(json);
    uint8_t *bytes;
    int64_t  length;

    if (!json_is(json, JSON_STRING)) {
        return refuse(err, json, "base64 text");
    }
    if (!plain_base64(in->arena, &text)) {
        return fail(err, ERR_INVALID, "base64 text holds ASCII characters only");
    }
    bytes = arena_try(in->arena, (text.length / 4 + 1) * 3 + 1, 1);
    if (!bytes) {
        return fail(err, ERR_MEMORY, "no memory for %zu bytes of base64", text.length);
    }
    length = base64_decode(bytes, text, NULL);
    if (length < 0) {
        return fail(err, ERR_INVALID, "the base64 text is incomplete: its padding is wrong");
    }
    *out = (Value){ .type = VALUE_BYTES, .count = (uint32_t)length, .as.text = (char *)bytes };
    return true;
}

static bool read_timestamp(const Reading *in, const Json *json, Value *out, Error *err)
{
    Timestamp *stamp = arena_new(in->arena, Timestamp);

    *out = (Value){ .type = VALUE_TIMESTAMP, .as.timestamp = stamp };
    if (!json_is(json, JSON_STRING)) {
        return refuse(err, json, "a point in time as ISO 8601 text");
    }
    if (!clock_parse_iso(json_text(json), &stamp->microseconds, &stamp->offset)) {
        return fail(err, ERR_INVALID, "'%.*s' is not a point in time in ISO 8601",
                    SHOW(json_text(json)));
    }
    return true;
}

static bool read_classification(const Reading *in, const Json *json, Value *out, Error *err)
{
    return wire_read_classification(in->arena, json, in->id, out, err);
}

static bool read_detections(const Reading *in, const Json *json, Value *out, Error *err)
{
    return detections_read(in->arena, json, in->id, out, err);
}

/* Kinds without a reader take JSON as it is. */
static const Reader readers[KIND_COUNT] = {
    [KIND_IMAGE] = read_image,          [KIND_VIDEO_METADATA] = read_video,
    [KIND_MODEL_ID] = read_text,        [KIND_PROJECT] = read_text,
    [KIND_SOLUTION] = read_text,        [KIND_API_KEY] = read_key,
    [KIND_MANAGED_KEY] = read_key,      [KIND_STRING] = read_text,
    [KIND_TOP_CLASS] = read_text,       [KIND_LMO] = read_text,
    [KIND_PREDICTION_TYPE] = read_text, [KIND_PARENT_ID] = read_text,
    [KIND_INFERENCE_ID] = read_text,    [KIND_FLOAT01] = read_float01,
    [KIND_FLOAT] = read_float,          [KIND_INTEGER] = read_integer,
    [KIND_BOOLEAN] = read_boolean,      [KIND_LIST] = read_list,
    [KIND_DICTIONARY] = read_dict,      [KIND_OVERLAPS] = read_list,
    [KIND_COLOR] = read_color,          [KIND_POINT] = read_point,
    [KIND_ZONE] = read_zone,            [KIND_ARRAY] = read_list,
    [KIND_BYTES] = read_bytes,          [KIND_TIMESTAMP] = read_timestamp,
    [KIND_CLS] = read_classification,   [KIND_OD] = read_detections,
    [KIND_IS] = read_detections,        [KIND_KP] = read_detections,
    [KIND_QR] = read_detections,        [KIND_BAR] = read_detections,
    [KIND_RLE] = read_detections,       [KIND_SEM] = read_detections,
    [KIND_ACT] = read_actions,         [KIND_LABELED_POINTS] = read_labeled_points,
};

bool wire_read(Arena *arena, const Json *json, KindRefs kinds, Text id, const Cancel *cancel,
               Value *out, Error *err)
{
    Reading in    = { arena, id, cancel };
    int     tried = 0;
    Error   why   = { 0 };
    char    told[200] = "";
    size_t  length = 0;

    for (int i = 0; i < kinds.count; i++) {
        Reader reader = kinds.refs[i].id < 0 ? NULL : readers[kinds.refs[i].id];

        if (!reader) {
            continue;
        }
        if (reader(&in, json, out, &why)) {
            return true;
        }
        if (why.kind != ERR_INVALID && why.kind != ERR_UNSUPPORTED) {
            return err ? (*err = why, false) : false;
        }
        length += (size_t)snprintf(told + length, sizeof(told) - length, "%s%.*s: %.150s",
                                   tried ? "; " : "", SHOW(kinds.refs[i].name), why.text);
        length = MIN(length, sizeof(told) - 1);
        tried++;
    }
    if (tried > 0) {
        return fail(err, why.kind, "%s", told);
    }
    *out = value_from_json(arena, json);
    return true;
}

/* A member of a dict under construction, only if the request did not give it. */
static void fill(DictBuilder *dict, const Json *json, const char *key, Value value)
{
    if (!json_get(json, key) || json_is(json_get(json, key), JSON_NULL)) {
        dict_set(dict, text_of(key), value);
    }
}

bool wire_read_classification(Arena *arena, const Json *json, Text id, Value *out, Error *err)
{
    const Json *image = json_get(json, "image");
    DictBuilder dict;
    JsonWalk    walk = json_walk(json);
    char        uuid[UUID_SIZE];

    if (!json_is(json, JSON_OBJECT)) {
        return refuse(err, json, "a classification: a dictionary");
    }
    if (!image || !json_get(json, "predictions")) {
        return fail(err, ERR_INVALID, "a classification needs '%s'",
                    image ? "predictions" : "image");
    }
    if (!json_get(json, "predicted_classes") &&
        !(json_get(json, "top") && json_get(json, "confidence"))) {
        return fail(err, ERR_INVALID, "a classification needs 'top' and 'confidence', or "
                                      "'predicted_classes'");
    }
    dict = dict_builder(arena, json_count(json) + 4);
    while (json_next(&walk)) {
        dict_set(&dict, walk.key, value_from_json(arena, walk.value));
    }
    uuid4(uuid);
    fill(&dict, json, "prediction_type", value_string("classification"));
    fill(&dict, json, "inference_id", value_text(arena_text(arena, text_of(uuid))));
    fill(&dict, json, "parent_id", value_text(id));
    fill(&dict, json, "root_parent_id", value_text(id));
    *out = dict_done(&dict);
    return true;
}
