/*
 * uql_sequence - operations on lists and whatever else Python iterates.
 *
 * Texts give their characters, dictionaries their keys, bytes their numbers.
 */
#include <math.h>

#include "base/map.h"
#include "base/text.h"
#include "value/detections.h"
#include "value/uql_inside.h"

enum {
    LOOK_UP_EVERY = 1024,         /* elements between two looks at the clock */
    LONGEST_KEY   = 128,          /* characters of a counted element's text */
    LONGEST_JOIN  = 1000000,      /* characters; the reference refuses more */
};

/* False when the run is to stop; cheap enough for every element. */
static bool go_on(Evaluation *e, uint32_t i)
{
    return i % LOOK_UP_EVERY != 0 || cancel_check(e->scope->cancel, &e->err->error);
}

/* A text's characters as texts of their own. */
static bool characters(Evaluation *e, Text text, Value *out)
{
    size_t      count = utf8_length(text);
    Value      *items = arena_array(e->arena, Value, count + 1);
    const char *at    = text.at, *end = text.at + text.length;

    if (!items) {
        return uql_out_of_memory(e);
    }
    for (size_t i = 0; i < count && at < end; i++) {
        const char *from = at;

        utf8_next(&at, end);
        items[i] = value_text(arena_text(e->arena, (Text){ from, (size_t)(at - from) }));
    }
    *out = value_list(items, count);
    return true;
}

bool uql_elements(Evaluation *e, Value in, Value *out)
{
    Value *items;

    *out = in;
    switch (in.type) {
    case VALUE_LIST:
    case VALUE_TUPLE:
        return true;
    case VALUE_STRING:
        return characters(e, value_as_text(in), out);
    case VALUE_DICT:
    case VALUE_BYTES:
        items = arena_array(e->arena, Value, (size_t)in.count + 1);
        for (uint32_t i = 0; items && i < in.count; i++) {
            items[i] = in.type == VALUE_DICT ? value_text(in.as.pairs[i].key)
                                             : value_int((uint8_t)in.as.text[i]);
        }
        *out = value_list(items, in.count);
        return items || uql_out_of_memory(e);
    default:
        return uql_wrong_type(e, "TypeError", "a sequence", in);
    }
}

static bool is_hashable(Value v)
{
    if (v.type == VALUE_TUPLE) {
        for (uint32_t i = 0; i < v.count; i++) {
            if (!is_hashable(v.as.items[i])) {
                return false;
            }
        }
    }
    return v.type != VALUE_LIST && v.type != VALUE_DICT && v.type != VALUE_ARRAY;
}

/* ---- length, join, count --------------------------------------------------------------------- */

bool uql_length(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    (void)args;
    switch (in.type) {
    case VALUE_STRING:     *out = value_int((int64_t)utf8_length(value_as_text(in))); return true;
    case VALUE_BYTES:
    case VALUE_LIST:
    case VALUE_TUPLE:
    case VALUE_DICT:       *out = value_int(in.count); return true;
    case VALUE_DETECTIONS: *out = value_int(in.as.detections->count); return true;
    default:               return uql_wrong_type(e, "TypeError", "a sequence", in);
    }
}

bool uql_compile_separator(Arena *arena, const Json *json, OperationArgs *args, Error *err)
{
    const Json *separator = json_get(json, "separator");

    args->value = value_text(separator ? arena_text(arena, json_text(separator)) : TEXT(", "));
    return !separator || json_is(separator, JSON_STRING) ||
           fail(err, ERR_INVALID, "separator: expected a text");
}

bool uql_join(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    Buffer text;
    Value  list;

    if (!uql_elements(e, in, &list)) {
        return false;
    }
    buffer_init(&text, LIMIT_FORMATTED_TEXT);
    for (uint32_t i = 0; i < list.count; i++) {
        if (i > 0) {
            buffer_text(&text, value_as_text(args->value));
        }
        value_print(&text, list.as.items[i]);
        if (!go_on(e, i)) {
            buffer_fini(&text);
            return false;
        }
    }
    if (text.failed || utf8_length((Text){ text.data, text.length }) > LONGEST_JOIN) {
        buffer_fini(&text);
        return uql_fail(e, UQL_INVALID_INPUT, NULL, "the joined text has more than %d characters",
                        LONGEST_JOIN);
    }
    return uql_text_result(e, &text, out);
}

/* The text an element is counted by; long ones are cut as the reference cuts them. */
static bool counted_key(Evaluation *e, Value element, Text *key)
{
    Buffer      text;
    Value       whole;
    const char *at, *end;

    buffer_init(&text, LIMIT_FORMATTED_TEXT);
    value_print(&text, element);
    if (!uql_text_result(e, &text, &whole)) {
        return false;
    }
    *key = value_as_text(whole);
    at   = key->at;
    end  = key->at + key->length;
    for (int i = 0; i < LONGEST_KEY && at < end; i++) {
        utf8_next(&at, end);
    }
    if (at < end) {
        *key = text_of(arena_printf(e->arena, "%.*s [...]", (int)(at - key->at), key->at));
    }
    return true;
}

/* How often each element's text occurs, in order of first appearance. */
bool uql_count(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    Value      list;
    ValuePair *pairs;
    uint32_t   count = 0;
    Map        seen;

    (void)args;
    if (!uql_elements(e, in, &list)) {
        return false;
    }
    pairs = arena_array(e->arena, ValuePair, (size_t)list.count + 1);
    map_init(&seen, e->arena);
    for (uint32_t i = 0; pairs && i < list.count; i++) {
        Text       key;
        ValuePair *pair;

        if (!go_on(e, i) || !counted_key(e, list.as.items[i], &key)) {
            return false;
        }
        pair = map_get(&seen, key);
        if (!pair) {
            pair  = &pairs[count++];
            *pair = (ValuePair){ key, value_int(0) };
            map_put(&seen, key, pair);
        }
        pair->value.as.integer++;
    }
    *out = value_dict(pairs, count);
    return pairs || uql_out_of_memory(e);
}

/* ---- lookups and chains ---------------------------------------------------------------------- */

bool uql_compile_table(Arena *arena, const Json *json, OperationArgs *args, Error *err)
{
    const Json *table = json_get(json, "lookup_table");

    args->value = value_copy(arena, value_from_json(arena, table));
    return json_is(table, JSON_OBJECT) ||
           fail(err, ERR_INVALID, "lookup_table is missing or no dictionary");
}

bool uql_lookup(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    const Value *found = in.type == VALUE_STRING ? value_get(args->value, value_as_text(in)) : NULL;

    if (!is_hashable(in)) {
        return uql_wrong_type(e, "TypeError", "a key", in);
    }
    if (!found) {
        return uql_fail(e, UQL_INVALID_INPUT, "KeyError", "the lookup table has no such key");
    }
    *out = *found;
    return true;
}

/* A list of what `one` makes of each element. */
static bool map_elements(Evaluation *e, const OperationArgs *args, Value in,
                         bool (*one)(Evaluation *, const OperationArgs *, Value, Value *),
                         Value *out)
{
    Value  list;
    Value *items;

    if (!uql_elements(e, in, &list)) {
        return false;
    }
    items = arena_array(e->arena, Value, (size_t)list.count + 1);
    for (uint32_t i = 0; items && i < list.count; i++) {
        if (!go_on(e, i) || !one(e, args, list.as.items[i], &items[i])) {
            return false;
        }
    }
    *out = value_list(items, list.count);
    return items || uql_out_of_memory(e);
}

bool uql_map(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    return map_elements(e, args, in, uql_lookup, out);
}

bool uql_compile_inner(Arena *arena, const Json *json, OperationArgs *args, Error *err)
{
    args->inner = uql_compile_operations(arena, json_get(json, "operations"), err);
    return args->inner || err->kind == ERR_NONE;
}

/* Only the outer chain's place is told of an error. */
static bool apply_inner(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    bool done = uql_apply(e->arena, args->inner, in, e->scope, out, e->err);

    if (!done) {
        e->err->path[0] = '\0';
    }
    return done;
}

bool uql_each(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    return map_elements(e, args, in, apply_inner, out);
}

/* ---- aggregates ------------------------------------------------------------------------------ */

enum { MINIMUM, MAXIMUM, SUM };
enum { FIRST, LAST, MOST_COMMON, LEAST_COMMON };

bool uql_compile_function(Arena *arena, const Json *json, OperationArgs *args, Error *err)
{
    static const char *const names[] = { "min", "max", "sum", NULL };
    const Json *neutral = json_get(json, "neutral_value");

    args->mode = uql_compile_choice(json, "function", names, err);
    if (neutral && !json_is(neutral, JSON_NULL) && !json_is_number(neutral) &&
        !json_is(neutral, JSON_BOOL)) {
        return fail(err, ERR_INVALID, "neutral_value: expected a number or null");
    }
    args->value = value_from_json(arena, neutral);
    return args->mode >= 0;
}

static bool add_up(Evaluation *e, Value list, Value *out)
{
    Wide whole   = 0;
    double   sum     = 0, number;
    bool     is_real = false;

    for (uint32_t i = 0; i < list.count; i++) {
        Value v = list.as.items[i];

        if (!value_to_double(v, &number)) {
            return uql_wrong_type(e, "TypeError", "numbers", v);
        }
        if (v.type == VALUE_DOUBLE && !is_real) {
            is_real = true;
            sum     = (double)whole;
        }
        if (is_real) {
            sum += number;
        } else {
            whole += v.type == VALUE_UINT ? (Wide)v.as.natural
                   : v.type == VALUE_BOOL ? v.as.boolean : (Wide)v.as.integer;
        }
    }
    *out = is_real || whole < INT64_MIN || whole > INT64_MAX
         ? value_double(is_real ? sum : (double)whole) : value_int((int64_t)whole);
    return true;
}

bool uql_aggregate_numbers(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    Value list;

    if (!uql_elements(e, in, &list)) {
        return false;
    }
    if (list.count == 0) {
        *out = args->value;
        return true;
    }
    if (args->mode == SUM) {
        return add_up(e, list, out);
    }
    *out = list.as.items[0];
    for (uint32_t i = 1; i < list.count; i++) {
        Value v    = list.as.items[i];
        int   sign = 0;

        if (!uql_order(v, *out, &sign)) {
            return uql_wrong_type(e, "TypeError", "values that can be ordered", v);
        }
        if (sign == (args->mode == MINIMUM ? UQL_LESS : UQL_GREATER)) {
            *out = v;
        }
    }
    return true;
}

bool uql_compile_mode(Arena *arena, const Json *json, OperationArgs *args, Error *err)
{
    static const char *const names[] = { "first", "last", "most_common", "least_common",
                                         NULL };

    (void)arena;
    args->mode = uql_compile_choice(json, "mode", names, err);
    return args->mode >= 0;
}

/* A text that is the same for equal values: 1, 1.0 and True are one. */
bool uql_identity(Evaluation *e, Value v, Text *key)
{
    Buffer text;
    Value  whole;

    if (v.type == VALUE_BOOL) {
        v = value_int(v.as.boolean);
    } else if (v.type == VALUE_DOUBLE && v.as.number == trunc(v.as.number) &&
               fabs(v.as.number) < 0x1p62) {
        v = value_int((int64_t)v.as.number);
    }
    buffer_init(&text, LIMIT_FORMATTED_TEXT);
    buffer_char(&text, v.type == VALUE_STRING ? 's' : v.type == VALUE_BYTES ? 'b' : 'v');
    value_print(&text, v);
    if (!uql_text_result(e, &text, &whole)) {
        return false;
    }
    *key = value_as_text(whole);
    return true;
}

/* Lists whose elements can be told apart by their texts: no NaN, nothing nested. */
bool uql_all_hashable(Value list)
{
    if (list.type != VALUE_LIST && list.type != VALUE_TUPLE) {
        return false;
    }
    for (uint32_t i = 0; i < list.count; i++) {
        Value v = list.as.items[i];

        if (v.type > VALUE_STRING || (v.type == VALUE_DOUBLE && isnan(v.as.number))) {
            return false;
        }
    }
    return true;
}

typedef struct Tally {
    Value    value;
    uint32_t times;
} Tally;

/* Python's Counter: the first of the most frequent, the last of the rarest. */
/* Of a dictionary Python's Counter takes the values for the counts. */
static bool most_or_least_of_dict(Evaluation *e, Value dict, bool most, Value *out)
{
    uint32_t best = 0;

    for (uint32_t i = 1; i < dict.count; i++) {
        int sign;

        if (!uql_order(dict.as.pairs[i].value, dict.as.pairs[best].value, &sign)) {
            return uql_wrong_type(e, "TypeError", "values of one kind", dict.as.pairs[i].value);
        }
        if (most ? sign > 0 : sign <= 0) {
            best = i;
        }
    }
    *out = value_text(dict.as.pairs[best].key);
    return true;
}

static bool most_or_least(Evaluation *e, Value list, bool most, Value *out)
{
    Tally   *tallies = arena_array(e->arena, Tally, list.count), *best;
    uint32_t count   = 0;
    Map      seen;

    map_init(&seen, e->arena);
    for (uint32_t i = 0; tallies && i < list.count; i++) {
        Value  v = list.as.items[i];
        Text   key;
        Tally *tally;

        if (!is_hashable(v)) {
            return uql_wrong_type(e, "TypeError", "plain values", v);
        }
        if (!go_on(e, i) || !uql_identity(e, v, &key)) {
            return false;
        }
        tally = map_get(&seen, key);
        if (!tally) {
            tally  = &tallies[count++];
            *tally = (Tally){ v, 0 };
            map_put(&seen, key, tally);
        }
        tally->times++;
    }
    best = tallies;
    for (uint32_t i = 1; tallies && i < count; i++) {
        if (most ? tallies[i].times > best->times : tallies[i].times <= best->times) {
            best = &tallies[i];
        }
    }
    *out = best ? best->value : value_null();
    return tallies || uql_out_of_memory(e);
}

bool uql_aggregate(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    Value list;

    if (!uql_elements(e, in, &list)) {
        return false;
    }
    if (list.count == 0) {
        return uql_fail(e, UQL_INVALID_INPUT, NULL, "an empty sequence has no such element");
    }
    if (in.type == VALUE_DICT && (args->mode == FIRST || args->mode == LAST)) {
        return uql_fail(e, UQL_STEP, "KeyError", "a dictionary has no first or last element");
    }
    if (args->mode == FIRST || args->mode == LAST) {
        *out = list.as.items[args->mode == FIRST ? 0 : list.count - 1];
        return true;
    }
    return in.type == VALUE_DICT
               ? most_or_least_of_dict(e, in, args->mode == MOST_COMMON, out)
               : most_or_least(e, list, args->mode == MOST_COMMON, out);
}
