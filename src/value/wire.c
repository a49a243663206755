/*
 * wire - reading inputs by their declared kinds, writing any value.
 */
#include "value/wire.h"

#include <math.h>

#include "base/clock.h"
#include "base/text.h"
#include "image/encode.h"
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

static bool read_bytes(const Reading *in, const Json *json, Value *out, Error *err)
{
    Text     text = json_text(json);
    uint8_t *bytes;
    int64_t  length;

    if (!json_is(json, JSON_STRING)) {
        return refuse(err, json, "base64 text");
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
    [KIND_ACT] = read_list,
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

/* ---- writing ---------------------------------------------------------------- */

void wire_write_secret(JsonWriter *w, Text secret)
{
    char masked[16] = "********";

    if (secret.length >= 8) {
        snprintf(masked, sizeof(masked), "%.2s********%.2s", secret.at,
                 secret.at + secret.length - 2);
    }
    json_write_string(w, masked);
}

static void write_number_of(JsonWriter *w, const Array *array, int64_t i)
{
    switch (array->type) {
    case ARRAY_U8:  json_write_int(w, ((const uint8_t *)array->data)[i]); break;
    case ARRAY_I32: json_write_int(w, ((const int32_t *)array->data)[i]); break;
    case ARRAY_I64: json_write_int(w, ((const int64_t *)array->data)[i]); break;
    case ARRAY_F32: json_write_double(w, ((const float *)array->data)[i]); break;
    case ARRAY_F64: json_write_double(w, ((const double *)array->data)[i]); break;
    }
}

/* Nested lists, as the reference's encoder writes arrays. */
static void write_array(JsonWriter *w, const Array *array, int axis, int64_t *at)
{
    if (axis == array->rank) {
        write_number_of(w, array, (*at)++);
        return;
    }
    json_begin_array(w);
    for (int64_t i = 0; i < array->shape[axis]; i++) {
        write_array(w, array, axis + 1, at);
    }
    json_end_array(w);
}

static bool write_items(JsonWriter *w, Value value, Error *err)
{
    json_begin_array(w);
    for (uint32_t i = 0; i < value.count; i++) {
        if (!wire_write(w, value.as.items[i], err)) {
            return false;
        }
    }
    json_end_array(w);
    return true;
}

static bool write_pairs(JsonWriter *w, Value value, Error *err)
{
    json_begin_object(w);
    for (uint32_t i = 0; i < value.count; i++) {
        json_key_text(w, value.as.pairs[i].key);
        if (!wire_write(w, value.as.pairs[i].value, err)) {
            return false;
        }
    }
    json_end_object(w);
    return true;
}

bool wire_write(JsonWriter *w, Value value, Error *err)
{
    char    iso[CLOCK_ISO_SIZE];
    int64_t at = 0;

    switch ((ValueType)value.type) {
    case VALUE_NULL:       json_write_null(w); break;
    case VALUE_BOOL:       json_write_bool(w, value.as.boolean); break;
    case VALUE_INT:        json_write_int(w, value.as.integer); break;
    case VALUE_UINT:       json_write_uint(w, value.as.natural); break;
    case VALUE_DOUBLE:     json_write_double(w, value.as.number); break;
    case VALUE_STRING:     json_write_text(w, value_as_text(value)); break;
    case VALUE_BYTES:      json_write_base64(w, value.as.text, value.count); break;
    case VALUE_SECRET:     wire_write_secret(w, value_as_text(value)); break;
    case VALUE_LIST:
    case VALUE_TUPLE:      return write_items(w, value, err);
    case VALUE_DICT:       return write_pairs(w, value, err);
    case VALUE_ARRAY:      write_array(w, value.as.array, 0, &at); break;
    case VALUE_VIDEO:      wire_write_video(w, value.as.video); break;
    case VALUE_IMAGE:      return wire_write_image(w, value.as.image, err);
    case VALUE_DETECTIONS: return detections_write(w, value.as.detections, err);
    case VALUE_DETECTION:
        return fail(err, ERR_INVALID, "a single detection has no form on the wire");
    case VALUE_TIMESTAMP:
        clock_iso(iso, value.as.timestamp->microseconds, value.as.timestamp->offset);
        json_write_string(w, iso);
        break;
    }
    return true;
}
