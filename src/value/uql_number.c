/*
 * uql_number - operations on numbers, with Python's arithmetic.
 *
 * Integers beyond 64 bits go on as doubles, as the JSON reader has them too.
 */
#include <math.h>

#include "base/text.h"
#include "value/uql_inside.h"

/* ---- reading numbers ------------------------------------------------------------------------- */

/* The zeros of every other script's decimal digits; nine more follow each. */
static const uint32_t zeros[] = {
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6,
    0xe50, 0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50,
    0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10,
    0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650,
    0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x16a60, 0x16ac0, 0x16b50,
    0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0,
};

/* The value of a decimal digit of any script, or -1. */
static int digit_of(uint32_t code)
{
    if (code < 128) {
        return code >= '0' && code <= '9' ? (int)code - '0' : -1;
    }
    for (size_t i = 0; i < COUNT_OF(zeros); i++) {
        if (code >= zeros[i] && code < zeros[i] + 10) {
            return (int)(code - zeros[i]);
        }
    }
    return -1;
}

static bool is_blank(uint32_t code)
{
    return (code >= 9 && code <= 13) || code == ' ' || code == 0x85 || code == 0xa0 ||
           code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x2028 ||
           code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000;
}

/* Digits and blanks of all scripts as ASCII, outer blanks and the underscores
 * that Python allows between two digits removed.  False when an underscore
 * stands elsewhere or a character can be part of no number. */
static bool plain_number(Text text, Buffer *out)
{
    const char *at = text.at, *end = text.at + text.length;
    bool        after_digit = false, pending = false, ended = false;

    while (at < end) {
        uint32_t code  = utf8_next(&at, end);
        int      digit = digit_of(code);

        if (is_blank(code)) {
            ended = ended || out->length > 0;
        } else if (ended || (code >= 128 && digit < 0) || code == 0) {
            return false;
        } else if (code == '_') {
            if (!after_digit || pending) {
                return false;
            }
            pending = true;
            continue;
        } else {
            if (pending && digit < 0) {
                return false;
            }
            buffer_char(out, digit >= 0 ? (char)('0' + digit) : (char)code);
        }
        if (pending && is_blank(code)) {
            return false;
        }
        after_digit = digit >= 0;
        pending     = false;
    }
    return !pending && out->length > 0 && !out->failed;
}

/* Python's float() accepts less than strtod: no hexadecimal, no nan(...). */
static bool is_float(const char *text)
{
    const char *at = text + (*text == '+' || *text == '-');

    if (*at == '.' || (*at >= '0' && *at <= '9')) {
        return strspn(at, "0123456789.eE+-") == strlen(at);
    }
    return strcasecmp(at, "inf") == 0 || strcasecmp(at, "infinity") == 0 ||
           strcasecmp(at, "nan") == 0;
}

bool uql_read_number(Text text, double *number, bool *whole)
{
    Buffer plain;
    char  *end;
    bool   ok;

    buffer_init(&plain, KIB(64));
    ok = plain_number(text, &plain) && is_float(plain.data);
    if (ok) {
        const char *digits = plain.data + (*plain.data == '+' || *plain.data == '-');

        *whole  = strspn(digits, "0123456789") == strlen(digits);
        *number = strtod(plain.data, &end);
        ok      = *end == '\0';
    }
    buffer_fini(&plain);
    return ok;
}

bool uql_compile_integer(const Json *json, const char *name, int64_t *out, Error *err)
{
    double number = 0;
    bool   whole  = false;

    if (json_is(json, JSON_BOOL)) {
        number = json_bool(json, false);
    } else if (json_is_number(json)) {
        number = json_double(json, 0);
    } else if (!json_is(json, JSON_STRING) ||
               !uql_read_number(json_text(json), &number, &whole)) {
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
        if (!uql_read_number(value_as_text(in), &number, &whole)) {
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
               uql_read_number(json_text(other), &number, &whole)) {
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
