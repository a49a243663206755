/*
 * uql_operation - what a chain can do to a value.
 *
 * One function per operation and one line in the table at the end.  Wrong types
 * are the reference's InvalidInputTypeError; its other classes are named where
 * they differ.
 */
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <wctype.h>

#include "base/text.h"
#include "value/detections.h"
#include "value/uql_inside.h"

static bool wrong_type(Evaluation *e, const char *wanted, Value got)
{
    return uql_fail(e, UQL_INVALID_INPUT, NULL, "expected %s, got a %s", wanted,
                    value_type_name((ValueType)got.type));
}

static bool out_of_memory(Evaluation *e)
{
    return fail(&e->err->error, ERR_MEMORY, "a query needs too much memory");
}

/* Move a buffer's text into the arena. */
static bool text_result(Evaluation *e, Buffer *buffer, Value *out)
{
    bool ok = !buffer->failed;

    if (ok) {
        *out = value_text(arena_text(e->arena, (Text){ buffer->data, buffer->length }));
        ok   = !arena_failed(e->arena);
    }
    buffer_fini(buffer);
    return ok || out_of_memory(e);
}

/* ---- texts -------------------------------------------------------------- */

static locale_t       unicode;
static pthread_once_t unicode_once = PTHREAD_ONCE_INIT;

static void open_unicode(void)
{
    unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

/* Simple case mappings of all of Unicode, whatever the process's locale. */
static locale_t unicode_locale(void)
{
    pthread_once(&unicode_once, open_unicode);
    return unicode;
}

static bool change_case(Evaluation *e, Value in, bool upper, Value *out)
{
    Text        text = value_as_text(in);
    const char *at   = text.at, *end = text.at + text.length;
    locale_t    locale = unicode_locale();
    Buffer      result;

    if (in.type != VALUE_STRING) {
        return wrong_type(e, "a text", in);
    }
    buffer_init(&result, LIMIT_FORMATTED_TEXT);
    while (at < end) {
        wint_t code = (wint_t)utf8_next(&at, end);

        if (locale) {
            code = upper ? towupper_l(code, locale) : towlower_l(code, locale);
        }
        utf8_append(&result, (uint32_t)code);
    }
    return text_result(e, &result, out);
}

static bool apply_lower(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    (void)args;
    return change_case(e, in, false, out);
}

static bool apply_upper(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    (void)args;
    return change_case(e, in, true, out);
}

static bool compile_slice(Arena *arena, const Json *json, OperationArgs *args, Error *err)
{
    (void)arena, (void)err;
    args->start = json_int(json_get(json, "start"), 0);
    args->end   = json_int(json_get(json, "end"), -1);
    return true;
}

/* Python's text[start:end], counted in code points. */
static bool apply_slice(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    Text        text   = value_as_text(in);
    int64_t     length = (int64_t)utf8_length(text), i = 0;
    int64_t     start  = args->start < 0 ? MAX(args->start + length, 0) : args->start;
    int64_t     end    = args->end < 0 ? args->end + length : MIN(args->end, length);
    const char *at     = text.at, *from, *last = text.at + text.length;

    if (in.type != VALUE_STRING) {
        return wrong_type(e, "a text", in);
    }
    for (; i < start && at < last; i++) {
        utf8_next(&at, last);
    }
    from = at;
    for (; i < end && at < last; i++) {
        utf8_next(&at, last);
    }
    *out = value_text(arena_text(e->arena, (Text){ from, (size_t)(at - from) }));
    return true;
}

static bool compile_regex(Arena *arena, const Json *json, OperationArgs *args, Error *err)
{
    const Json *pattern = json_get(json, "regex");

    if (!json_is(pattern, JSON_STRING)) {
        return fail(err, ERR_INVALID, "regex is missing or no text");
    }
    args->regex = regex_compile(arena, json_text(pattern), err);
    return args->regex != NULL;
}

static bool apply_matches(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    bool found;

    if (in.type != VALUE_STRING) {
        return wrong_type(e, "a text", in);
    }
    if (!regex_search(args->regex, value_as_text(in), &found, &e->err->error)) {
        return false;
    }
    *out = value_bool(found);
    return true;
}

static bool apply_to_string(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    Buffer text;

    (void)args;
    buffer_init(&text, LIMIT_FORMATTED_TEXT);
    value_print(&text, in);
    return text_result(e, &text, out);
}

/* ---- numbers -------------------------------------------------------------- */

static bool compile_cast(Arena *arena, const Json *json, OperationArgs *args, Error *err)
{
    Text to = json_text(json_get(json, "cast_to"));

    (void)arena;
    args->mode = text_is(to, "int");
    return args->mode || text_is(to, "float") ||
           fail(err, ERR_INVALID, "cast_to: '%.*s' is neither 'int' nor 'float'", SHOW(to));
}

static bool apply_to_number(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    double number;
    char  *end;

    if (in.type == VALUE_STRING) {
        number = strtod(in.as.text, &end);
        while (*end == ' ') {
            end++;
        }
        if (*end || in.count == 0) {
            return uql_fail(e, UQL_INVALID_INPUT, "ValueError", "'%.*s' is not a number",
                            SHOW(value_as_text(in)));
        }
    } else if (!value_to_double(in, &number)) {
        return wrong_type(e, "a number or a text", in);
    }
    if (args->mode && !(fabs(number) < 9.2e18)) {
        return uql_fail(e, UQL_STEP, "OverflowError", "%g has no integer form", number);
    }
    *out = args->mode ? value_int((int64_t)number) : value_double(number);
    return true;
}

static bool apply_to_boolean(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    (void)e, (void)args;
    *out = value_bool(value_truth(in));
    return true;
}

static bool compile_digits(Arena *arena, const Json *json, OperationArgs *args, Error *err)
{
    (void)arena;
    args->start = json_int(json_get(json, "decimal_digits"), 0);
    return json_is(json_get(json, "decimal_digits"), JSON_INT) ||
           fail(err, ERR_INVALID, "decimal_digits is missing or no integer");
}

/* Python's round(): of the exact decimal value, ties to even. */
static bool apply_round(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    char text[400];

    if (in.type == VALUE_BOOL || in.type == VALUE_INT) {
        *out = value_int(in.type == VALUE_BOOL ? in.as.boolean : in.as.integer);
        return true;
    }
    if (in.type != VALUE_DOUBLE) {
        return wrong_type(e, "a number", in);
    }
    *out = in;
    if (isfinite(in.as.number) && args->start >= 0 && args->start <= 22) {
        snprintf(text, sizeof(text), "%.*f", (int)args->start, in.as.number);
        out->as.number = strtod(text, NULL);
    } else if (isfinite(in.as.number) && args->start < 0 && args->start > -300) {
        double unit = pow(10, (double)-args->start);

        out->as.number = nearbyint(in.as.number / unit) * unit;
    }
    return true;
}

static bool compile_other(Arena *arena, const Json *json, OperationArgs *args, Error *err)
{
    const Json *other = json_get(json, "other");

    if (!other) {
        return fail(err, ERR_INVALID, "other is missing");
    }
    if (!json_is_number(other) && !json_is(other, JSON_BOOL)) {
        return fail(err, ERR_INVALID, "other is not a number");
    }
    args->value = value_from_json(arena, other);
    return true;
}

static bool apply_multiply(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    double  a, b;
    int64_t product;

    if (!value_to_double(in, &a) || !value_to_double(args->value, &b)) {
        return wrong_type(e, "a number", in);
    }
    if (in.type == VALUE_INT && args->value.type == VALUE_INT &&
        !__builtin_mul_overflow(in.as.integer, args->value.as.integer, &product)) {
        *out = value_int(product);
    } else {
        *out = value_double(a * b);
    }
    return true;
}

static bool apply_divide(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    double a, b;

    if (!value_to_double(in, &a) || !value_to_double(args->value, &b)) {
        return wrong_type(e, "a number", in);
    }
    if (b == 0) {
        return uql_fail(e, UQL_INVALID_INPUT, "ZeroDivisionError", "division by zero");
    }
    *out = value_double(a / b);
    return true;
}

/* ---- sequences and lookups -------------------------------------------------------------- */

static bool compile_table(Arena *arena, const Json *json, OperationArgs *args, Error *err)
{
    const Json *table = json_get(json, "lookup_table");

    args->value = value_copy(arena, value_from_json(arena, table));
    return json_is(table, JSON_OBJECT) ||
           fail(err, ERR_INVALID, "lookup_table is missing or no dictionary");
}

static bool apply_lookup(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    const Value *found = in.type == VALUE_STRING ? value_get(args->value, value_as_text(in)) : NULL;

    if (!found) {
        return uql_fail(e, UQL_INVALID_INPUT, "KeyError", "the lookup table has no such key");
    }
    *out = *found;
    return true;
}

static bool apply_length(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    (void)args;
    switch (in.type) {
    case VALUE_STRING:     *out = value_int((int64_t)utf8_length(value_as_text(in))); return true;
    case VALUE_LIST:
    case VALUE_TUPLE:
    case VALUE_DICT:       *out = value_int(in.count); return true;
    case VALUE_DETECTIONS: *out = value_int(in.as.detections->count); return true;
    default:               return wrong_type(e, "a sequence", in);
    }
}

/* How often each element's text occurs, in order of first appearance; long texts
 * are cut as the reference cuts them. */
static bool apply_count(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    enum { LONGEST_KEY = 128 };
    DictBuilder counts = dict_builder(e->arena, 8);

    (void)args;
    if (in.type != VALUE_LIST && in.type != VALUE_TUPLE) {
        return wrong_type(e, "a list", in);
    }
    for (uint32_t i = 0; i < in.count; i++) {
        Value        key;
        const Value *before;
        Text         text;

        if (!apply_to_string(e, NULL, in.as.items[i], &key)) {
            return false;
        }
        text = value_as_text(key);
        if (text.length > LONGEST_KEY) {
            text = text_of(arena_printf(e->arena, "%.*s [...]", LONGEST_KEY, text.at));
        }
        before = value_get(dict_done(&counts), text);
        dict_set(&counts, text, value_int(before ? before->as.integer + 1 : 1));
    }
    *out = dict_done(&counts);
    return true;
}

static bool compile_inner(Arena *arena, const Json *json, OperationArgs *args, Error *err)
{
    args->inner = uql_compile_operations(arena, json_get(json, "operations"), err);
    return args->inner || err->kind == ERR_NONE;
}

static bool apply_each(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    ListBuilder list = list_builder(e->arena, in.count);

    if (in.type != VALUE_LIST && in.type != VALUE_TUPLE) {
        return wrong_type(e, "a list", in);
    }
    for (uint32_t i = 0; i < in.count; i++) {
        Value one;

        if (!uql_apply(e->arena, args->inner, in.as.items[i], e->scope, &one, e->err)) {
            return false;
        }
        list_add(&list, one);
    }
    *out = list_done(&list);
    return true;
}

/* ---- classifications and pictures ------------------------------------------------------------ */

static int compile_name(const Json *json, const char *const names[], int count, Error *err)
{
    Text name = json_text(json_get(json, "property_name"));

    for (int i = 0; i < count; i++) {
        if (text_is(name, names[i])) {
            return i;
        }
    }
    fail(err, ERR_INVALID, "property_name: there is no property '%.*s'", SHOW(name));
    return -1;
}

enum { TOP_CLASS, TOP_CONFIDENCE, TOP_CONFIDENCE_SINGLE, ALL_CLASSES, ALL_CONFIDENCES };

static bool compile_classification(Arena *arena, const Json *json, OperationArgs *args,
                                   Error *err)
{
    static const char *const names[] = { "top_class", "top_class_confidence",
                                         "top_class_confidence_single", "all_classes",
                                         "all_confidences" };
    (void)arena;
    args->mode = compile_name(json, names, COUNT_OF(names), err);
    return args->mode >= 0;
}

/* All predictions of a single-label answer by class id. */
static Value sorted_property(Evaluation *e, Value predictions, Text key)
{
    ListBuilder list = list_builder(e->arena, predictions.count);
    double      last = -INFINITY;

    for (uint32_t n = 0; n < predictions.count; n++) {
        const Value *next = NULL;
        double       least = INFINITY;

        for (uint32_t i = 0; i < predictions.count; i++) {
            const Value *id = value_get(predictions.as.items[i], TEXT("class_id"));
            double       number;

            if (id && value_to_double(*id, &number) && number > last && number < least) {
                least = number;
                next  = &predictions.as.items[i];
            }
        }
        if (next) {
            const Value *value = value_get(*next, key);

            list_add(&list, value ? *value : value_null());
        }
        last = least;
    }
    return list_done(&list);
}

static bool apply_classification(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    const Value *predictions = value_get(in, TEXT("predictions"));
    const Value *top         = value_get(in, TEXT("top"));
    const Value *confidence  = value_get(in, TEXT("confidence"));

    if (!predictions || !top || predictions->type != VALUE_LIST) {
        return uql_fail(e, UQL_INVALID_INPUT, NULL, "expected a single-label classification, got "
                        "a %s", value_type_name((ValueType)in.type));
    }
    switch (args->mode) {
    case TOP_CLASS:             *out = *top; break;
    case TOP_CONFIDENCE:
    case TOP_CONFIDENCE_SINGLE: *out = confidence ? *confidence : value_null(); break;
    case ALL_CLASSES:           *out = sorted_property(e, *predictions, TEXT("class")); break;
    case ALL_CONFIDENCES:       *out = sorted_property(e, *predictions, TEXT("confidence")); break;
    }
    return true;
}

enum { IMAGE_SIZE, IMAGE_HEIGHT, IMAGE_WIDTH, IMAGE_ASPECT };

static bool compile_image(Arena *arena, const Json *json, OperationArgs *args, Error *err)
{
    static const char *const names[] = { "size", "height", "width", "aspect_ratio" };

    (void)arena;
    args->mode = compile_name(json, names, COUNT_OF(names), err);
    return args->mode >= 0;
}

static bool apply_image(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    int64_t width, height;

    if (in.type != VALUE_IMAGE) {
        return wrong_type(e, "a picture", in);
    }
    width  = image_width(in.as.image);
    height = image_height(in.as.image);
    *out = args->mode == IMAGE_SIZE   ? value_int(width * height)
         : args->mode == IMAGE_HEIGHT ? value_int(height)
         : args->mode == IMAGE_WIDTH  ? value_int(width)
                                      : value_double((double)width / (double)height);
    return true;
}

const OperationType operation_types[] = {
    { "StringToLowerCase",             NULL,                   apply_lower },
    { "StringToUpperCase",             NULL,                   apply_upper },
    { "StringSubSequence",             compile_slice,          apply_slice },
    { "StringMatches",                 compile_regex,          apply_matches },
    { "ToString",                      NULL,                   apply_to_string },
    { "ToNumber",                      compile_cast,           apply_to_number },
    { "ToBoolean",                     NULL,                   apply_to_boolean },
    { "NumberRound",                   compile_digits,         apply_round },
    { "Multiply",                      compile_other,          apply_multiply },
    { "Divide",                        compile_other,          apply_divide },
    { "LookupTable",                   compile_table,          apply_lookup },
    { "SequenceLength",                NULL,                   apply_length },
    { "SequenceElementsCount",         NULL,                   apply_count },
    { "SequenceApply",                 compile_inner,          apply_each },
    { "ClassificationPropertyExtract", compile_classification, apply_classification },
    { "ExtractImageProperty",          compile_image,          apply_image },
    { 0 },
};
