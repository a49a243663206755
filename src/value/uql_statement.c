/*
 * uql_statement - comparators, and evaluating statements and chains.
 */
#include <math.h>
#include <stdarg.h>

#include "base/map.h"
#include "value/uql_inside.h"

bool uql_fail(Evaluation *e, UqlFailure failure, const char *inner, const char *format, ...)
{
    char    text[200];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    e->err->failure = failure;
    snprintf(e->err->inner, sizeof(e->err->inner), "%s", inner ? inner : "");
    return fail(&e->err->error, ERR_INVALID, "%s", text);
}

/* ---- comparators --------------------------------------------------------------------------- */

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

static bool test_in_range(Evaluation *e, Value a, Value b, bool *result)
{
    bool low, high;

    if ((b.type != VALUE_LIST && b.type != VALUE_TUPLE) || b.count < 2) {
        bool list = b.type == VALUE_LIST || b.type == VALUE_TUPLE;

        return uql_fail(e, UQL_EVALUATION, list ? "IndexError" : "TypeError",
                        "in range: the range is a list of two numbers");
    }
    if (!test_at_least(e, a, b.as.items[0], &low) || !test_at_most(e, a, b.as.items[1], &high)) {
        return false;
    }
    *result = low && high;
    return true;
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

static bool test_contains(Evaluation *e, Value a, Value b, bool *result)
{
    *result = false;
    if (!both_texts(e, "contains", a, b)) {
        return false;
    }
    *result = memmem(a.as.text, a.count, b.as.text, b.count) != NULL;
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
        *result = item.type == VALUE_STRING && value_get(in, value_as_text(item)) != NULL;
        return true;
    case VALUE_STRING:
        return test_contains(e, in, item, result);
    default:
        return uql_fail(e, UQL_EVALUATION, "TypeError", "in: a %s holds nothing",
                        value_type_name((ValueType)in.type));
    }
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

static bool count_in(Evaluation *e, const char *how, Value a, Value b, uint32_t *found)
{
    *found = 0;
    if (a.type != VALUE_LIST && a.type != VALUE_TUPLE) {
        return uql_fail(e, UQL_EVALUATION, "TypeError", "%s: the left side is no sequence", how);
    }
    if ((uint64_t)a.count * b.count > MANY_COMPARISONS && uql_all_hashable(a) &&
        uql_all_hashable(b)) {
        return count_by_hash(e, a, b, found);
    }
    for (uint32_t i = 0; i < a.count; i++) {
        bool is_in;

        if (!cancel_check(e->scope->cancel, &e->err->error) ||
            !contains(e, a.as.items[i], b, &is_in)) {
            return false;
        }
        *found += is_in;
    }
    return true;
}

static bool test_any_in(Evaluation *e, Value a, Value b, bool *result)
{
    uint32_t found = 0;
    bool     ok    = count_in(e, "any in", a, b, &found);

    *result = found > 0;
    return ok;
}

static bool test_all_in(Evaluation *e, Value a, Value b, bool *result)
{
    uint32_t found = 0;
    bool     ok    = count_in(e, "all in", a, b, &found);

    *result = found == a.count;
    return ok;
}

static bool is_pair(Value v)
{
    return (v.type == VALUE_LIST || v.type == VALUE_TUPLE) && v.count >= 2;
}

/* Even-odd rule; points on the border are outside, as in the reference. */
static bool test_in_zone(Evaluation *e, Value point, Value zone, bool *result)
{
    double x, y;
    bool   inside = false;

    *result = false;
    if (!is_pair(point) ||
        !value_to_double(point.as.items[0], &x) || !value_to_double(point.as.items[1], &y) ||
        zone.type != VALUE_LIST || zone.count < 3) {
        return uql_fail(e, UQL_EVALUATION, "TypeError", "in zone: it needs a point and a polygon");
    }
    for (uint32_t i = 0, j = zone.count - 1; i < zone.count; j = i++) {
        Value  a = zone.as.items[i], b = zone.as.items[j];
        double ax, ay, bx, by, cross;

        if (!is_pair(a) || !is_pair(b) || !value_to_double(a.as.items[0], &ax) ||
            !value_to_double(a.as.items[1], &ay) || !value_to_double(b.as.items[0], &bx) ||
            !value_to_double(b.as.items[1], &by)) {
            return uql_fail(e, UQL_EVALUATION, "TypeError", "in zone: a corner is no point");
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

/* ---- evaluation ------------------------------------------------------------------------------ */

bool uql_apply(Arena *arena, const Operation *chain, Value input, const UqlScope *scope,
               Value *result, UqlError *err)
{
    Evaluation e = { arena, scope, err };

    for (const Operation *at = chain; at; at = at->next) {
        if (!cancel_check(scope->cancel, &err->error)) {
            return false;
        }
        if (!at->type->apply(&e, &at->args, input, &input)) {
            char before[sizeof(err->path)];

            if (err->bare) {
                return false;
            }
            snprintf(before, sizeof(before), "%s", err->path);
            snprintf(err->path, sizeof(err->path), "<root>[%d]%.60s", at->index,
                     before[0] ? before + strlen("<root>") : "");
            return false;
        }
    }
    *result = input;
    return true;
}

/* "<root>[1]" of an operand's own chain -> ".operations[1]", to be put behind the
 * statement's place. */
static void place_operations(UqlError *err)
{
    char before[sizeof(err->path)];

    snprintf(before, sizeof(before), "%s", err->path);
    if (before[0]) {
        snprintf(err->path, sizeof(err->path), ".operations%.70s", before + strlen("<root>"));
    }
}

static bool operand_value(Evaluation *e, const Operand *operand, Value *out)
{
    *out = operand->value;
    if (operand->dynamic) {
        const UqlScope *scope = e->scope;
        size_t          i     = 0;

        while (i < scope->count && !text_equal(scope->names[i].key, operand->name)) {
            i++;
        }
        if (i == scope->count) {
            return uql_fail(e, UQL_UNDECLARED, NULL, "the operand '%.*s' is not given",
                            SHOW(operand->name));
        }
        *out = scope->names[i].value;
    }
    return !operand->operations ||
           uql_apply(e->arena, operand->operations, *out, e->scope, out, e->err) ||
           (place_operations(e->err), false);
}

static bool test_statement(Evaluation *e, const Statement *statement, const char *path,
                           bool *result);

/* A left fold; nothing is skipped, so every statement's error shows. */
static bool test_group(Evaluation *e, const Statement *group, const char *path, bool *result)
{
    bool all = true, any = false;

    for (int i = 0; i < group->count; i++) {
        char here[sizeof(e->err->path)];
        bool one;

        snprintf(here, sizeof(here), "%.60s.statements[%d]", path, i);
        if (!test_statement(e, group->statements[i], here, &one)) {
            return false;
        }
        all = all && one;
        any = any || one;
    }
    *result = group->connective == CONNECT_AND ? all : any;
    return true;
}

static bool test_statement(Evaluation *e, const Statement *statement, const char *path,
                           bool *result)
{
    Value left, right = value_null();

    if (statement->type == STATEMENT_GROUP) {
        return test_group(e, statement, path, result);
    }
    if (!operand_value(e, &statement->left, &left) ||
        (statement->type == STATEMENT_BINARY && !operand_value(e, &statement->right, &right)) ||
        !statement->comparator->test(e, left, right, result)) {
        if (!e->err->bare && e->err->path[0] != '<') {
            char behind[sizeof(e->err->path)];

            snprintf(behind, sizeof(behind), "%s", e->err->path);
            snprintf(e->err->path, sizeof(e->err->path), "%.48s%.46s", path, behind);
        }
        return false;
    }
    *result = *result != statement->negate;
    return true;
}

bool uql_test(Arena *arena, const Statement *statement, const UqlScope *scope, bool *result,
              UqlError *err)
{
    Evaluation e = { arena, scope, err };

    return test_statement(&e, statement, "<root>", result);
}
