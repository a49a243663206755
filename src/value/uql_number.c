/*
 * uql_number - operations on numbers, with Python's arithmetic.
 *
 * Integers beyond 64 bits go on as doubles, as the JSON reader has them too.
 */
#include <math.h>

#include "base/text.h"
#include "value/uql_inside.h"

bool uql_compile_integer(const Json *json, const char *name, int64_t *out, Error *err)
{
    double number = 0;
    bool   whole  = false;

    if (json_is(json, JSON_BOOL)) {
        number = json_bool(json, false);
    } else if (json_is_number(json)) {
        number = json_double(json, 0);
    } else if (!json_is(json, JSON_STRING) ||
               !text_read_number(json_text(json), &number, &whole)) {
        return fail(err, ERR_INVALID, "%s is missing or no integer", name);
    }
    if (!isfinite(number) || number != trunc(number)) {
        return fail(err, ERR_INVALID, "%s: %g is no integer", name, number);
    }
    *out = json_is(json, JSON_INT) ? json_int(json, 0)
         : number > 4e18 ? INT64_MAX / 2 : number < -4e18 ? -(INT64_MAX / 2) : (int64_t)number;
    return true;
}

/* ---- conversions ----------------------------------------------------------------------------- */

/* int(): towards zero. */
static Value whole_number(double number)
{
    number = trunc(number);
    if (number >= -0x1p63 && number < 0x1p63) {
        return value_int((int64_t)number);
    }
    if (number > 0 && number < 0x1p64) {
        return (Value){ .type = VALUE_UINT, .as.natural = (uint64_t)number };
    }
    return value_double(number);
}

bool uql_compile_cast(Arena *arena, const Json *json, OperationArgs *args, Error *err)
{
    Text to = json_text(json_get(json, "cast_to"));

    (void)arena;
    args->mode = text_is(to, "int");
    return args->mode || text_is(to, "float") ||
           fail(err, ERR_INVALID, "cast_to: '%.*s' is neither 'int' nor 'float'", SHOW(to));
}

bool uql_to_number(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    double number;
    bool   whole;

    if (in.type == VALUE_STRING) {
        if (!text_read_number(value_as_text(in), &number, &whole)) {
            return uql_fail(e, UQL_INVALID_INPUT, "ValueError", "'%.*s' is not a number",
                            SHOW(value_as_text(in)));
        }
    } else if (!value_to_double(in, &number)) {
        return uql_wrong_type(e, "TypeError", "a number or a text", in);
    }
    if (args->mode && isnan(number)) {
        return uql_fail(e, UQL_INVALID_INPUT, "ValueError", "NaN has no integer form");
    }
    if (args->mode && isinf(number)) {
        return uql_fail(e, UQL_STEP, "OverflowError", "an infinite number has no integer form");
    }
    *out = args->mode ? whole_number(number) : value_double(number);
    return true;
}

/* ---- rounding -------------------------------------------------------------------------------- */

/* CPython rounds floats only to places that a double can have. */
enum { MOST_DIGITS = 323, LEAST_DIGITS = -308 };

bool uql_compile_digits(Arena *arena, const Json *json, OperationArgs *args, Error *err)
{
    (void)arena;
    return uql_compile_integer(json_get(json, "decimal_digits"), "decimal_digits", &args->start,
                               err);
}

/* A whole number to a multiple of 10^places, ties to even. */
static Value round_whole(Value in, int64_t places)
{
    Wide number = in.type == VALUE_UINT ? (Wide)in.as.natural : (Wide)in.as.integer;
    Wide unit   = 1, rest, result;

    if (places > 20) {
        return value_int(0);
    }
    for (int64_t i = 0; i < places; i++) {
        unit *= 10;
    }
    rest   = ((number % unit) + unit) % unit;
    result = number - rest;
    if (rest * 2 > unit || (rest * 2 == unit && (result / unit) % 2 != 0)) {
        result += unit;
    }
    if (result >= INT64_MIN && result <= INT64_MAX) {
        return value_int((int64_t)result);
    }
    if (result > 0 && result <= (Wide)UINT64_MAX) {
        return (Value){ .type = VALUE_UINT, .as.natural = (uint64_t)result };
    }
    return value_double((double)result);
}

/* A double to a multiple of 10^places, decided on its exact decimal digits. */
static double round_left(double number, int places)
{
    char text[400];
    int  length = snprintf(text, sizeof(text), "%.0f", trunc(fabs(number)));
    bool up;

    if (length > places) {
        snprintf(text, sizeof(text), "%.*e", length - places - 1, number);
        return strtod(text, NULL);
    }
    up = length == places &&
         (text[0] > '5' || (text[0] == '5' && (strspn(text + 1, "0") != strlen(text + 1) ||
                                               number != trunc(number))));
    snprintf(text, sizeof(text), "1e%d", places);
    return copysign(up ? strtod(text, NULL) : 0, number);
}

bool uql_round(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    char    text[700];
    int64_t digits = args->start;

    if (in.type == VALUE_BOOL) {
        in = value_int(in.as.boolean);
    }
    *out = in;
    if (in.type == VALUE_INT || in.type == VALUE_UINT) {
        if (digits < 0) {
            *out = round_whole(in, -digits);
        }
        return true;
    }
    if (in.type != VALUE_DOUBLE) {
        return uql_wrong_type(e, "TypeError", "a number", in);
    }
    if (!isfinite(in.as.number) || digits > MOST_DIGITS) {
        return true;
    }
    if (digits >= 0) {
        snprintf(text, sizeof(text), "%.*f", (int)digits, in.as.number);
        out->as.number = strtod(text, NULL);
    } else {
        out->as.number = digits < LEAST_DIGITS ? copysign(0, in.as.number)
                                               : round_left(in.as.number, (int)-digits);
    }
    return isfinite(out->as.number) ||
           uql_fail(e, UQL_STEP, "OverflowError", "the rounded number is too large");
}

/* ---- arithmetic ------------------------------------------------------------------------------ */

bool uql_compile_other(Arena *arena, const Json *json, OperationArgs *args, Error *err)
{
    const Json *other  = json_get(json, "other");
    double      number = 0;
    bool        whole  = false;

    if (json_is_number(other)) {
        args->value = value_from_json(arena, other);
    } else if (json_is(other, JSON_BOOL)) {
        args->value = value_int(json_bool(other, false));
    } else if (json_is(other, JSON_STRING) &&
               text_read_number(json_text(other), &number, &whole)) {
        args->value = whole ? whole_number(number) : value_double(number);
    } else {
        return fail(err, ERR_INVALID, "other is missing or no number");
    }
    return true;
}

/* Python's sequence * times. */
static bool repeat(Evaluation *e, Value in, int64_t times, Value *out)
{
    size_t size  = in.type == VALUE_STRING || in.type == VALUE_BYTES ? 1 : sizeof(Value);
    size_t count = times > 0 ? in.count : 0, total;
    char  *bytes;

    if (count > 0 && (__builtin_mul_overflow(count, (size_t)times, &total) ||
                      total > LIMIT_FORMATTED_TEXT / size)) {
        return uql_fail(e, UQL_INVALID_INPUT, "MemoryError", "the repeated sequence is too long");
    }
    total = count * (size_t)MAX(times, 0);
    bytes = arena_try(e->arena, total + 1, size);
    if (!bytes) {
        return uql_out_of_memory(e);
    }
    for (size_t i = 0; i < total; i += count) {
        memcpy(bytes + i * size, in.as.text, count * size);
    }
    *out         = in;
    out->count   = (uint32_t)total;
    out->as.text = bytes;
    return true;
}

bool uql_multiply(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    bool     sequence = in.type == VALUE_STRING || in.type == VALUE_BYTES ||
                        in.type == VALUE_LIST || in.type == VALUE_TUPLE;
    double   a, b;
    Wide product;

    if (sequence && args->value.type == VALUE_INT) {
        return repeat(e, in, args->value.as.integer, out);
    }
    if (!value_to_double(in, &a) || !value_to_double(args->value, &b)) {
        return uql_wrong_type(e, "TypeError", "a number", in);
    }
    if (in.type == VALUE_BOOL) {
        in = value_int(in.as.boolean);
    }
    if (in.type == VALUE_INT && args->value.type == VALUE_INT) {
        product = (Wide)in.as.integer * args->value.as.integer;
        *out = product >= INT64_MIN && product <= INT64_MAX ? value_int((int64_t)product)
             : product > 0 && product <= (Wide)UINT64_MAX
                 ? (Value){ .type = VALUE_UINT, .as.natural = (uint64_t)product }
                 : value_double(a * b);
    } else {
        *out = value_double(a * b);
    }
    return true;
}

bool uql_divide(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    double a, b;

    if (!value_to_double(in, &a) || !value_to_double(args->value, &b)) {
        return uql_wrong_type(e, "TypeError", "a number", in);
    }
    if (b == 0) {
        return uql_fail(e, UQL_INVALID_INPUT, "ZeroDivisionError", "division by zero");
    }
    *out = value_double(a / b);
    return true;
}
