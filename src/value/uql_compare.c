/*
 * uql_compare - the comparators of statements, with Python's meaning and errors.
 */
#include <math.h>

#include "base/map.h"
#include "base/text.h"
#include "value/uql_inside.h"

static bool not_comparable(Evaluation *e, const char *how, Value a, Value b)
{
    return uql_fail(e, UQL_EVALUATION, "TypeError", "%s: a %s cannot be compared with a %s", how,
                    value_type_name((ValueType)a.type), value_type_name((ValueType)b.type));
}

bool uql_order(Value a, Value b, int *sign)
{
    double x, y;

    if (value_to_double(a, &x) && value_to_double(b, &y)) {
        *sign = isnan(x) || isnan(y)                        ? UQL_UNORDERED
              : a.type == VALUE_INT && b.type == VALUE_INT
                  ? (a.as.integer > b.as.integer) - (a.as.integer < b.as.integer)
                  : (x > y) - (x < y);
        return true;
    }
    if (a.type != b.type) {
        return false;
    }
    if (a.type == VALUE_STRING || a.type == VALUE_BYTES) {
        int compared = memcmp(a.as.text, b.as.text, MIN(a.count, b.count));

        compared = compared ? compared : (a.count > b.count) - (a.count < b.count);
        *sign    = (compared > 0) - (compared < 0);
        return true;
    }
    if (a.type == VALUE_LIST || a.type == VALUE_TUPLE) {
        for (uint32_t i = 0; i < MIN(a.count, b.count); i++) {
            if (!value_equal(a.as.items[i], b.as.items[i])) {
                return uql_order(a.as.items[i], b.as.items[i], sign);
            }
        }
        *sign = (a.count > b.count) - (a.count < b.count);
        return true;
    }
    return false;
}

static bool order(Evaluation *e, const char *how, Value a, Value b, int *sign, bool *ordered)
{
    *ordered = false;
    if (!uql_order(a, b, sign)) {
        return not_comparable(e, how, a, b);
    }
    *ordered = *sign != UQL_UNORDERED;
    return true;
}

static bool test_equal(Evaluation *e, Value a, Value b, bool *result)
{
    (void)e;
    *result = value_equal(a, b);
    return true;
}

static bool test_unequal(Evaluation *e, Value a, Value b, bool *result)
{
    (void)e;
    *result = !value_equal(a, b);
    return true;
}

static bool test_above(Evaluation *e, Value a, Value b, bool *result)
{
    int  sign = 0;
    bool ordered;

    if (!order(e, ">", a, b, &sign, &ordered)) {
        return false;
    }
    *result = ordered && sign > 0;
    return true;
}

static bool test_at_least(Evaluation *e, Value a, Value b, bool *result)
{
    int  sign = 0;
    bool ordered;

    if (!order(e, ">=", a, b, &sign, &ordered)) {
        return false;
    }
    *result = ordered && sign >= 0;
    return true;
}

static bool test_below(Evaluation *e, Value a, Value b, bool *result)
{
    return test_above(e, b, a, result);
}

static bool test_at_most(Evaluation *e, Value a, Value b, bool *result)
{
    return test_at_least(e, b, a, result);
}

/* Python's v[i] of a sequence or a text. */
static bool element_of(Evaluation *e, const char *how, Value v, uint32_t i, Value *out)
{
    const char *at, *end, *start;

    switch (v.type) {
    case VALUE_LIST:
    case VALUE_TUPLE:
        if (i < v.count) {
            *out = v.as.items[i];
            return true;
        }
        break;
    case VALUE_STRING:
        if (v.count == 0)
            break;     /* there may be no bytes to point at */
        at  = v.as.text;
        end = at + v.count;
        for (uint32_t k = 0; k <= i && at < end; k++) {
            start = at;
            utf8_next(&at, end);
            if (k == i) {
                *out = value_text((Text){ start, (size_t)(at - start) });
                return true;
            }
        }
        break;
    case VALUE_DICT:
        return uql_fail(e, UQL_EVALUATION, "KeyError", "%s: a dictionary has no places", how);
    default:
        return uql_fail(e, UQL_EVALUATION, "TypeError", "%s: a %s has no elements", how,
                        value_type_name((ValueType)v.type));
    }
    return uql_fail(e, UQL_EVALUATION, "IndexError", "%s: there are too few elements", how);
}

/* low <= a <= high, the second only where the first holds. */
static bool test_in_range(Evaluation *e, Value a, Value b, bool *result)
{
    Value low, high;

    *result = false;
    return element_of(e, "in range", b, 0, &low) && test_at_least(e, a, low, result) &&
           (!*result || (element_of(e, "in range", b, 1, &high) &&
                         test_at_most(e, a, high, result)));
}

static bool both_texts(Evaluation *e, const char *how, Value a, Value b)
{
    if (a.type == VALUE_STRING && b.type == VALUE_STRING) {
        return true;
    }
    if (a.type != VALUE_STRING) {
        return uql_fail(e, UQL_EVALUATION, "AttributeError", "%s: a %s is no text", how,
                        value_type_name((ValueType)a.type));
    }
    return not_comparable(e, how, a, b);
}

static bool test_starts(Evaluation *e, Value a, Value b, bool *result)
{
    *result = false;
    if (!both_texts(e, "startsWith", a, b)) {
        return false;
    }
    *result = a.count >= b.count && memcmp(a.as.text, b.as.text, b.count) == 0;
    return true;
}

static bool test_ends(Evaluation *e, Value a, Value b, bool *result)
{
    *result = false;
    if (!both_texts(e, "endsWith", a, b)) {
        return false;
    }
    *result = a.count >= b.count && memcmp(a.as.text + a.count - b.count, b.as.text, b.count) == 0;
    return true;
}

static bool holds_text(Evaluation *e, Value text, Value part, bool *result)
{
    if (part.type != VALUE_STRING) {
        return not_comparable(e, "in", part, text);
    }
    *result = memmem(text.as.text, text.count, part.as.text, part.count) != NULL;
    return true;
}

/* A dictionary looks its keys up by their hash. */
static bool holds_key(Evaluation *e, Value dict, Value key, bool *result)
{
    if (key.type == VALUE_LIST || key.type == VALUE_DICT) {
        return uql_fail(e, UQL_EVALUATION, "TypeError", "in: a %s is no key",
                        value_type_name((ValueType)key.type));
    }
    *result = key.type == VALUE_STRING && value_get(dict, value_as_text(key)) != NULL;
    return true;
}

/* Python's `a in b`. */
static bool contains(Evaluation *e, Value item, Value in, bool *result)
{
    *result = false;
    switch (in.type) {
    case VALUE_LIST:
    case VALUE_TUPLE:
        for (uint32_t i = 0; i < in.count && !*result; i++) {
            *result = value_equal(item, in.as.items[i]);
        }
        return true;
    case VALUE_DICT:
        return holds_key(e, in, item, result);
    case VALUE_STRING:
        return holds_text(e, in, item, result);
    default:
        return uql_fail(e, UQL_EVALUATION, "TypeError", "in: a %s holds nothing",
                        value_type_name((ValueType)in.type));
    }
}

static bool test_contains(Evaluation *e, Value a, Value b, bool *result)
{
    return contains(e, b, a, result);
}

static bool test_in(Evaluation *e, Value a, Value b, bool *result)
{
    return contains(e, a, b, result);
}

/* Where looking every element up takes longer than making a table of them. */
enum { MANY_COMPARISONS = 10000 };

static bool count_by_hash(Evaluation *e, Value a, Value b, uint32_t *found)
{
    Map  seen;
    Text key;

    map_init(&seen, e->arena);
    for (uint32_t i = 0; i < b.count; i++) {
        if (!uql_identity(e, b.as.items[i], &key)) {
            return false;
        }
        map_put(&seen, key, e);
    }
    for (uint32_t i = 0; i < a.count; i++) {
        if (!uql_identity(e, a.as.items[i], &key)) {
            return false;
        }
        *found += map_get(&seen, key) != NULL;
    }
    return true;
}

/* The number of elements of `a` that are in `b`; counting ends with the first that is
 * (`until`) or is not (!`until`). */
static bool count_in(Evaluation *e, const char *how, Value *a, Value b, bool until,
                     uint32_t *found)
{
    bool is_in = !until;

    *found = 0;
    if (a->type != VALUE_LIST && a->type != VALUE_TUPLE && a->type != VALUE_STRING &&
        a->type != VALUE_DICT) {
        return uql_fail(e, UQL_EVALUATION, "TypeError", "%s: the left side is no sequence", how);
    }
    if (!uql_elements(e, *a, a)) {
        return false;
    }
    if ((uint64_t)a->count * b.count > MANY_COMPARISONS && uql_all_hashable(*a) &&
        uql_all_hashable(b)) {
        return count_by_hash(e, *a, b, found);
    }
    for (uint32_t i = 0; i < a->count && is_in != until; i++) {
        if (!cancel_check(e->scope->cancel, &e->err->error) ||
            !contains(e, a->as.items[i], b, &is_in)) {
            return false;
        }
        *found += is_in;
    }
    return true;
}

static bool test_any_in(Evaluation *e, Value a, Value b, bool *result)
{
    uint32_t found = 0;
    bool     ok    = count_in(e, "any in", &a, b, true, &found);

    *result = found > 0;
    return ok;
}

static bool test_all_in(Evaluation *e, Value a, Value b, bool *result)
{
    uint32_t found = 0;
    bool     ok    = count_in(e, "all in", &a, b, false, &found);

    *result = found == a.count;
    return ok;
}

static bool coordinate_of(Evaluation *e, Value value, double *out)
{
    return value_to_double(value, out) ||
           uql_fail(e, UQL_EVALUATION, value_is_scalar(value) && value.type != VALUE_STRING
                                           ? "TypeError" : "ValueError",
                    "in zone: a coordinate is a number, not a %s",
                    value_type_name((ValueType)value.type));
}

static bool read_point(Evaluation *e, Value point, double *x, double *y)
{
    Value first, second;

    return element_of(e, "in zone", point, 0, &first) &&
           element_of(e, "in zone", point, 1, &second) && coordinate_of(e, first, x) &&
           coordinate_of(e, second, y);
}

/* Even-odd rule; points on the border are outside, as in the reference. */
static bool test_in_zone(Evaluation *e, Value point, Value zone, bool *result)
{
    double x, y;
    bool   inside = false;

    *result = false;
    if (!read_point(e, point, &x, &y)) {
        return false;
    }
    if ((zone.type == VALUE_LIST || zone.type == VALUE_STRING) && zone.count == 0) {
        return true;
    }
    if (zone.type != VALUE_LIST) {
        return uql_fail(e, UQL_EVALUATION, zone.type == VALUE_STRING || zone.type == VALUE_DICT
                                               ? "IndexError" : "TypeError",
                        "in zone: it needs a polygon");
    }
    for (uint32_t i = 0, j = zone.count - 1; i < zone.count; j = i++) {
        double ax, ay, bx, by, cross;

        if (!read_point(e, zone.as.items[i], &ax, &ay) ||
            !read_point(e, zone.as.items[j], &bx, &by)) {
            return false;
        }
        cross = (bx - ax) * (y - ay) - (by - ay) * (x - ax);
        if (cross == 0 && x >= fmin(ax, bx) && x <= fmax(ax, bx) && y >= fmin(ay, by) &&
            y <= fmax(ay, by)) {
            return true;
        }
        if ((ay > y) != (by > y) && x < (bx - ax) * (y - ay) / (by - ay) + ax) {
            inside = !inside;
        }
    }
    *result = inside;
    return true;
}

static bool test_exists(Evaluation *e, Value a, Value b, bool *result)
{
    (void)e, (void)b;
    *result = !value_is_null(a);
    return true;
}

static bool test_missing(Evaluation *e, Value a, Value b, bool *result)
{
    (void)e, (void)b;
    *result = value_is_null(a);
    return true;
}

static bool test_true(Evaluation *e, Value a, Value b, bool *result)
{
    (void)e, (void)b;
    *result = a.type == VALUE_BOOL && a.as.boolean;
    return true;
}

static bool test_false(Evaluation *e, Value a, Value b, bool *result)
{
    (void)e, (void)b;
    *result = a.type == VALUE_BOOL && !a.as.boolean;
    return true;
}

static bool length_of(Evaluation *e, Value a, int64_t *length)
{
    switch (a.type) {
    case VALUE_STRING:
    case VALUE_LIST:
    case VALUE_TUPLE:
    case VALUE_DICT:       *length = a.count; return true;
    case VALUE_DETECTIONS: *length = value_truth(a); return true;
    default:
        return uql_fail(e, UQL_EVALUATION, "TypeError", "a %s has no length",
                        value_type_name((ValueType)a.type));
    }
}

static bool test_empty(Evaluation *e, Value a, Value b, bool *result)
{
    int64_t length = 0;
    bool    ok     = length_of(e, a, &length);

    (void)b;
    *result = length == 0;
    return ok;
}

static bool test_not_empty(Evaluation *e, Value a, Value b, bool *result)
{
    int64_t length = 0;
    bool    ok     = length_of(e, a, &length);

    (void)b;
    *result = length > 0;
    return ok;
}

/* What may be equal to something. */
#define SIMPLE (KIND(INTEGER) | KIND(STRING) | KIND(FLOAT) | KIND(FLOAT01) | KIND(BOOLEAN) | \
                KIND(LIST))

/* Only those that take several kinds say so, as in the reference: of the others the
 * name tells it. */
const Comparator comparators[] = {
    { "(Number) !=",             false, test_unequal, SIMPLE, "Whether two values differ." },
    { "!=",                      false, test_unequal, SIMPLE, "Whether two values differ." },
    { "(Number) ==",             false, test_equal, SIMPLE, "Whether two values are equal." },
    { "==",                      false, test_equal, SIMPLE, "Whether two values are equal." },
    { "(Number) >",              false, test_above, 0, NULL },
    { "(Number) >=",             false, test_at_least, 0, NULL },
    { "(Number) <",              false, test_below, 0, NULL },
    { "(Number) <=",             false, test_at_most, 0, NULL },
    { "(Number) in range",       false, test_in_range, 0, NULL },
    { "(String) startsWith",     false, test_starts, 0, NULL },
    { "(String) endsWith",       false, test_ends, 0, NULL },
    { "(String) contains",       false, test_contains, 0, NULL },
    { "in (Sequence)",           false, test_in, 0, NULL },
    { "any in (Sequence)",       false, test_any_in, 0, NULL },
    { "all in (Sequence)",       false, test_all_in, 0, NULL },
    { "(Detection) in zone",     false, test_in_zone, 0, NULL },
    { "Exists",                  true,  test_exists, 0, NULL },
    { "DoesNotExist",            true,  test_missing, 0, NULL },
    { "(Boolean) is True",       true,  test_true, 0, NULL },
    { "(Boolean) is False",      true,  test_false, 0, NULL },
    { "(Sequence) is empty",     true,  test_empty, 0, NULL },
    { "(Sequence) is not empty", true,  test_not_empty, 0, NULL },
    { 0 },
};

bool uql_describe_operator(int i, UqlOperator *out)
{
    const Comparator *at = comparators;

    for (; at->name; at++) {
        if (at->kinds && i-- == 0) {
            break;
        }
    }
    *out = (UqlOperator){ at->name, at->about, at->unary ? 1 : 2, at->kinds };
    return at->name != NULL;
}
