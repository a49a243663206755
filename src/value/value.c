/*
 * value - making, looking at and copying values.
 */
#include "value/value.h"

#include <math.h>

#include "base/map.h"
#include "value/detections.h"

/* Above this many members, duplicate keys are found with a map. */
enum { FEW_PAIRS = 16 };

DictBuilder dict_builder(Arena *arena, size_t expected)
{
    DictBuilder builder = { .arena = arena };

    if (expected > 0) {
        builder.pairs    = arena_array(arena, ValuePair, expected);
        builder.capacity = builder.pairs ? (uint32_t)expected : 0;
    }
    return builder;
}

/* Room for one more pair; false when memory is out. */
static bool dict_grow(DictBuilder *builder)
{
    uint32_t   capacity = builder->capacity ? builder->capacity * 2 : 8;
    ValuePair *pairs;

    if (builder->count < builder->capacity) {
        return true;
    }
    pairs = arena_array(builder->arena, ValuePair, capacity);
    if (!pairs) {
        return false;
    }
    if (builder->count > 0) {
        memcpy(pairs, builder->pairs, builder->count * sizeof(*pairs));
    }
    builder->pairs    = pairs;
    builder->capacity = capacity;
    return true;
}

void dict_set(DictBuilder *builder, Text key, Value value)
{
    for (uint32_t i = 0; i < builder->count; i++) {
        if (text_equal(builder->pairs[i].key, key)) {
            builder->pairs[i].value = value;
            return;
        }
    }
    if (dict_grow(builder)) {
        builder->pairs[builder->count++] = (ValuePair){ key, value };
    }
}

Value dict_done(const DictBuilder *builder)
{
    return value_dict(builder->pairs, builder->count);
}

ListBuilder list_builder(Arena *arena, size_t expected)
{
    ListBuilder builder = { .arena = arena };

    if (expected > 0) {
        builder.items    = arena_array(arena, Value, expected);
        builder.capacity = builder.items ? (uint32_t)expected : 0;
    }
    return builder;
}

void list_add(ListBuilder *builder, Value value)
{
    if (builder->count == builder->capacity) {
        uint32_t capacity = builder->capacity ? builder->capacity * 2 : 8;
        Value   *items    = arena_array(builder->arena, Value, capacity);

        if (!items) {
            return;
        }
        if (builder->count > 0) {
            memcpy(items, builder->items, builder->count * sizeof(*items));
        }
        builder->items    = items;
        builder->capacity = capacity;
    }
    builder->items[builder->count++] = value;
}

Value list_done(const ListBuilder *builder)
{
    return value_list(builder->items, builder->count);
}

/* An object with many members: duplicates are found with a map, so that hostile
 * objects cost linear time. */
static Value large_dict(Arena *arena, const Json *json)
{
    ValuePair *pairs = arena_array(arena, ValuePair, json_count(json));
    uint32_t   count = 0;
    Map        seen;
    JsonWalk   walk = json_walk(json);

    map_init(&seen, arena);
    while (pairs && json_next(&walk)) {
        ValuePair *earlier = map_get(&seen, walk.key);

        if (earlier) {
            earlier->value = value_from_json(arena, walk.value);
            continue;
        }
        pairs[count] = (ValuePair){ walk.key, value_from_json(arena, walk.value) };
        map_put(&seen, walk.key, &pairs[count]);
        count++;
    }
    return value_dict(pairs, count);
}

static Value dict_from_json(Arena *arena, const Json *json)
{
    DictBuilder builder;
    JsonWalk    walk = json_walk(json);

    if (json_count(json) > FEW_PAIRS) {
        return large_dict(arena, json);
    }
    builder = dict_builder(arena, json_count(json));
    while (json_next(&walk)) {
        dict_set(&builder, walk.key, value_from_json(arena, walk.value));
    }
    return dict_done(&builder);
}

static Value list_from_json(Arena *arena, const Json *json)
{
    ListBuilder builder = list_builder(arena, json_count(json));
    JsonWalk    walk    = json_walk(json);

    while (json_next(&walk)) {
        list_add(&builder, value_from_json(arena, walk.value));
    }
    return list_done(&builder);
}

Value value_from_json(Arena *arena, const Json *json)
{
    switch (json_type(json)) {
    case JSON_BOOL:   return value_bool(json_bool(json, false));
    case JSON_INT:    return value_int(json_int(json, 0));
    case JSON_UINT:   return (Value){ .type = VALUE_UINT, .as.natural = json_uint(json) };
    case JSON_DOUBLE: return value_double(json_double(json, 0));
    case JSON_STRING: return value_text(json_text(json));
    case JSON_ARRAY:  return list_from_json(arena, json);
    case JSON_OBJECT: return dict_from_json(arena, json);
    case JSON_NULL:   break;
    }
    return value_null();
}

bool value_to_double(Value v, double *out)
{
    switch (v.type) {
    case VALUE_BOOL:   *out = v.as.boolean ? 1 : 0; return true;
    case VALUE_INT:    *out = (double)v.as.integer; return true;
    case VALUE_UINT:   *out = (double)v.as.natural; return true;
    case VALUE_DOUBLE: *out = v.as.number; return true;
    default:           return false;
    }
}

const Value *value_get(Value dict, Text key)
{
    if (dict.type != VALUE_DICT) {
        return NULL;
    }
    for (uint32_t i = 0; i < dict.count; i++) {
        if (text_equal(dict.as.pairs[i].key, key)) {
            return &dict.as.pairs[i].value;
        }
    }
    return NULL;
}

static bool is_number(Value v)
{
    return v.type >= VALUE_BOOL && v.type <= VALUE_DOUBLE;
}

/* Whole numbers are compared as such: doubles cannot tell 2^53 from 2^53 + 1. */
static bool numbers_equal(Value a, Value b)
{
    double x = 0, y = 0;

    if (a.type == VALUE_INT && b.type == VALUE_INT) {
        return a.as.integer == b.as.integer;
    }
    if (a.type == VALUE_UINT && b.type == VALUE_UINT) {
        return a.as.natural == b.as.natural;
    }
    return value_to_double(a, &x) && value_to_double(b, &y) && x == y;
}

static bool dicts_equal(Value a, Value b)
{
    if (a.count != b.count) {
        return false;
    }
    for (uint32_t i = 0; i < a.count; i++) {
        const Value *other = value_get(b, a.as.pairs[i].key);

        if (!other || !value_equal(a.as.pairs[i].value, *other)) {
            return false;
        }
    }
    return true;
}

bool value_equal(Value a, Value b)
{
    if (is_number(a) && is_number(b)) {
        return numbers_equal(a, b);
    }
    if (a.type != b.type) {
        return false;
    }
    switch ((ValueType)a.type) {
    case VALUE_NULL:
        return true;
    case VALUE_STRING:
    case VALUE_SECRET:
    case VALUE_BYTES:
        return a.count == b.count && memcmp(a.as.text, b.as.text, a.count) == 0;
    case VALUE_LIST:
    case VALUE_TUPLE:
        for (uint32_t i = 0; i < a.count && a.count == b.count; i++) {
            if (!value_equal(a.as.items[i], b.as.items[i])) {
                return false;
            }
        }
        return a.count == b.count;
    case VALUE_DICT:
        return dicts_equal(a, b);
    case VALUE_TIMESTAMP:
        return a.as.timestamp->microseconds == b.as.timestamp->microseconds;
    default:
        return a.as.items == b.as.items;   /* the same object */
    }
}

bool value_truth(Value v)
{
    switch ((ValueType)v.type) {
    case VALUE_NULL:       return false;
    case VALUE_BOOL:       return v.as.boolean;
    case VALUE_INT:        return v.as.integer != 0;
    case VALUE_DOUBLE:     return v.as.number != 0;
    case VALUE_STRING:
    case VALUE_SECRET:
    case VALUE_BYTES:
    case VALUE_LIST:
    case VALUE_TUPLE:
    case VALUE_DICT:       return v.count > 0;
    case VALUE_DETECTIONS: return v.as.detections->count > 0;
    default:               return true;
    }
}

const char *value_type_name(ValueType type)
{
    static const char *const names[] = {
        [VALUE_NULL] = "null", [VALUE_BOOL] = "boolean", [VALUE_INT] = "integer",
        [VALUE_UINT] = "integer", [VALUE_DOUBLE] = "number", [VALUE_STRING] = "text",
        [VALUE_BYTES] = "bytes", [VALUE_LIST] = "list", [VALUE_TUPLE] = "tuple",
        [VALUE_DICT] = "dictionary", [VALUE_TIMESTAMP] = "timestamp", [VALUE_ARRAY] = "array",
        [VALUE_IMAGE] = "picture", [VALUE_DETECTIONS] = "detections",
        [VALUE_DETECTION] = "one detection",
        [VALUE_VIDEO] = "video metadata", [VALUE_SECRET] = "secret",
    };
    return names[type];
}

/* ---- copying --------------------------------------------------------------- */

static Value copy_items(Arena *arena, Value v)
{
    Value *items = arena_array(arena, Value, v.count);

    for (uint32_t i = 0; items && i < v.count; i++) {
        items[i] = value_copy(arena, v.as.items[i]);
    }
    v.as.items = items;
    v.count    = items ? v.count : 0;
    return v;
}

static Value copy_pairs(Arena *arena, Value v)
{
    ValuePair *pairs = arena_array(arena, ValuePair, v.count);

    for (uint32_t i = 0; pairs && i < v.count; i++) {
        pairs[i].key   = arena_text(arena, v.as.pairs[i].key);
        pairs[i].value = value_copy(arena, v.as.pairs[i].value);
    }
    v.as.pairs = pairs;
    v.count    = pairs ? v.count : 0;
    return v;
}

static Value copy_array(Arena *arena, Value v)
{
    static const size_t sizes[] = { 1, 4, 8, 4, 8 };
    Array  *copy  = arena_new(arena, Array);
    size_t  count = 1;
    void   *data;

    *copy = *v.as.array;
    for (int i = 0; i < copy->rank; i++) {
        count *= (size_t)copy->shape[i];
    }
    data = arena_try(arena, count, sizes[copy->type]);
    if (!data) {
        return value_null();
    }
    memcpy(data, v.as.array->data, count * sizes[copy->type]);
    copy->data = data;
    v.as.array = copy;
    return v;
}

static Value copy_video(Arena *arena, Value v)
{
    VideoMeta *copy = arena_new(arena, VideoMeta);

    *copy          = *v.as.video;
    copy->video_id = arena_text(arena, copy->video_id);
    v.as.video     = copy;
    return v;
}

Value value_copy(Arena *arena, Value v)
{
    switch ((ValueType)v.type) {
    case VALUE_STRING:
    case VALUE_SECRET:
    case VALUE_BYTES:
        v.as.text = arena_text(arena, (Text){ v.as.text, v.count }).at;
        return v.as.text ? v : value_null();
    case VALUE_LIST:
    case VALUE_TUPLE:
        return v.count ? copy_items(arena, v) : v;
    case VALUE_DICT:
        return v.count ? copy_pairs(arena, v) : v;
    case VALUE_TIMESTAMP: {
        Timestamp *copy = arena_new(arena, Timestamp);

        *copy          = *v.as.timestamp;
        v.as.timestamp = copy;
        return v;
    }
    case VALUE_ARRAY:
        return copy_array(arena, v);
    case VALUE_VIDEO:
        return copy_video(arena, v);
    case VALUE_IMAGE: {
        Image *mine = image_remember(v.as.image, NULL);
        Image *kept = mine ? image_keep(arena, mine) : NULL;

        return kept ? value_image(kept) : value_null();
    }
    case VALUE_DETECTIONS:
        return value_detections(detections_copy(arena, v.as.detections));
    case VALUE_DETECTION:
        v.as.detections = detections_copy(arena, v.as.detections);
        return (int64_t)v.count < v.as.detections->count ? v : value_null();
    default:
        return v;
    }
}
