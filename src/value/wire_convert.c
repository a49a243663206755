/*
 * wire_convert - JSON as Python's float(), int() and str() take it.
 *
 * The reference hands much of a request to these conversions, so a number may come
 * as a text or a boolean, and a text as anything.
 */
#include <errno.h>
#include <math.h>

#include "base/text.h"
#include "value/detections_wire.h"
#include "value/wire.h"

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* A text without blanks around it, terminated in `out`; false when it is longer. */
static bool trimmed(Text text, char *out, size_t size)
{
    while (text.length > 0 && is_blank(text.at[0])) {
        text.at++;
        text.length--;
    }
    while (text.length > 0 && is_blank(text.at[text.length - 1])) {
        text.length--;
    }
    if (text.length == 0 || text.length >= size || memchr(text.at, 0, text.length)) {
        return false;
    }
    memcpy(out, text.at, text.length);
    out[text.length] = '\0';
    return true;
}

static bool text_to_whole(Text text, int64_t *out)
{
    char  copy[64];
    char *end;

    if (!trimmed(text, copy, sizeof(copy)) || is_blank(copy[0])) {
        return false;
    }
    errno = 0;
    *out  = strtoll(copy, &end, 10);
    return *end == '\0' && errno == 0;
}

bool wire_number(const Json *json, double *out)
{
    switch (json_type(json)) {
    case JSON_BOOL:
        *out = json_bool(json, false) ? 1 : 0;
        return true;
    case JSON_STRING:
        return text_to_double(json_text(json), out);
    default:
        *out = json_double(json, 0);
        return json_is_number(json);
    }
}

bool wire_whole(const Json *json, int64_t *out)
{
    double number;

    switch (json_type(json)) {
    case JSON_INT:
        *out = json_int(json, 0);
        return true;
    case JSON_BOOL:
        *out = json_bool(json, false);
        return true;
    case JSON_STRING:
        return text_to_whole(json_text(json), out);
    case JSON_DOUBLE:
        number = json_double(json, 0);
        if (!(fabs(number) < 0x1p63)) {
            return false;
        }
        *out = (int64_t)number;
        return true;
    default:
        return false;
    }
}

Text wire_printed(Arena *arena, const Json *json)
{
    Buffer text;
    Text   kept;

    if (json_is(json, JSON_STRING)) {
        return json_text(json);
    }
    buffer_init(&text, LIMIT_FORMATTED_TEXT);
    value_print(&text, value_from_json(arena, json));
    kept = arena_text(arena, (Text){ text.data, text.length });
    buffer_fini(&text);
    return kept;
}

/* ---- columns ------------------------------------------------------------------------- */

/* The types of what stands in lists, at any depth. */
typedef struct Leaves {
    bool text, number, integer, boolean, other;
} Leaves;

static bool is_list(Value v)
{
    return v.type == VALUE_LIST;
}

/* The lengths of a column's lists, outermost first. */
typedef struct Shape {
    uint32_t lengths[LIMIT_JSON_DEPTH];
    int      depth;
} Shape;

static Shape shape_of(Value v)
{
    Shape shape = { .depth = 0 };

    while (is_list(v) && shape.depth < LIMIT_JSON_DEPTH) {
        shape.lengths[shape.depth++] = v.count;
        v = v.count > 0 ? v.as.items[0] : value_null();
    }
    return shape;
}

/* Whether a value has that shape from `depth` on; notes its leaves. */
static bool has_shape(Value v, const Shape *shape, int depth, Leaves *leaves)
{
    if (!is_list(v)) {
        leaves->text    |= v.type == VALUE_STRING;
        leaves->number  |= v.type == VALUE_DOUBLE;
        leaves->integer |= v.type == VALUE_INT || v.type == VALUE_UINT;
        leaves->boolean |= v.type == VALUE_BOOL;
        leaves->other   |= v.type == VALUE_NULL || v.type == VALUE_DICT;
        return depth == shape->depth;
    }
    if (depth == shape->depth || v.count != shape->lengths[depth]) {
        return false;
    }
    for (uint32_t i = 0; i < v.count; i++) {
        if (!has_shape(v.as.items[i], shape, depth + 1, leaves)) {
            return false;
        }
    }
    return true;
}

static Value printed(Arena *arena, Value v)
{
    Buffer text;

    buffer_init(&text, LIMIT_FORMATTED_TEXT);
    value_print(&text, v);
    v = value_text(arena_text(arena, (Text){ text.data, text.length }));
    buffer_fini(&text);
    return v;
}

static Value promoted(Arena *arena, Value v, const Leaves *to)
{
    double number = 0;

    if (is_list(v)) {
        Value *items = arena_array(arena, Value, MAX(v.count, 1));

        for (uint32_t i = 0; items && i < v.count; i++) {
            items[i] = promoted(arena, v.as.items[i], to);
        }
        return value_list(items, items ? v.count : 0);
    }
    if (to->text) {
        return v.type == VALUE_STRING ? v : printed(arena, v);
    }
    if (to->number && value_to_double(v, &number)) {
        return value_double(number);
    }
    return v.type == VALUE_BOOL && to->integer ? value_int(v.as.boolean) : v;
}

bool column_unify(Arena *arena, Value *values, int count, const char *name, Error *err)
{
    Shape  shape  = shape_of(count > 0 ? values[0] : value_null());
    Leaves leaves = { 0 };
    int    kinds;

    for (int i = 0; i < count; i++) {
        if (!has_shape(values[i], &shape, 0, &leaves)) {
            return fail(err, ERR_INVALID, "predictions[%d].%s: lists of one column must have the "
                                          "same lengths", i, name);
        }
    }
    kinds = leaves.text + leaves.number + leaves.integer + leaves.boolean;
    for (int i = 0; i < count && kinds > 1 && !leaves.other; i++) {
        values[i] = promoted(arena, values[i], &leaves);
    }
    return true;
}
