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

bool uql_wrong_type(Evaluation *e, const char *inner, const char *wanted, Value got)
{
    return uql_fail(e, UQL_INVALID_INPUT, inner, "expected %s, got a %s", wanted,
                    value_type_name((ValueType)got.type));
}

bool uql_out_of_memory(Evaluation *e)
{
    return fail(&e->err->error, ERR_MEMORY, "a query needs too much memory");
}

/* Move a buffer's text into the arena. */
bool uql_text_result(Evaluation *e, Buffer *buffer, Value *out)
{
    bool ok = !buffer->failed;

    if (ok) {
        *out = value_text(arena_text(e->arena, (Text){ buffer->data, buffer->length }));
        ok   = !arena_failed(e->arena);
    }
    buffer_fini(buffer);
    return ok || uql_out_of_memory(e);
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

typedef struct Expansion {
    uint32_t code, upper[3];
} Expansion;

/* The letters whose capital form is more than one letter. */
static const Expansion expansions[] = {
    { 0x00df, { 0x0053, 0x0053 } }, { 0x0149, { 0x02bc, 0x004e } },
    { 0x01f0, { 0x004a, 0x030c } }, { 0x0390, { 0x0399, 0x0308, 0x0301 } },
    { 0x03b0, { 0x03a5, 0x0308, 0x0301 } }, { 0x0587, { 0x0535, 0x0552 } },
    { 0x1e96, { 0x0048, 0x0331 } }, { 0x1e97, { 0x0054, 0x0308 } },
    { 0x1e98, { 0x0057, 0x030a } }, { 0x1e99, { 0x0059, 0x030a } },
    { 0x1e9a, { 0x0041, 0x02be } }, { 0x1f50, { 0x03a5, 0x0313 } },
    { 0x1f52, { 0x03a5, 0x0313, 0x0300 } }, { 0x1f54, { 0x03a5, 0x0313, 0x0301 } },
    { 0x1f56, { 0x03a5, 0x0313, 0x0342 } }, { 0x1f80, { 0x1f08, 0x0399 } },
    { 0x1f81, { 0x1f09, 0x0399 } }, { 0x1f82, { 0x1f0a, 0x0399 } },
    { 0x1f83, { 0x1f0b, 0x0399 } }, { 0x1f84, { 0x1f0c, 0x0399 } },
    { 0x1f85, { 0x1f0d, 0x0399 } }, { 0x1f86, { 0x1f0e, 0x0399 } },
    { 0x1f87, { 0x1f0f, 0x0399 } }, { 0x1f88, { 0x1f08, 0x0399 } },
    { 0x1f89, { 0x1f09, 0x0399 } }, { 0x1f8a, { 0x1f0a, 0x0399 } },
    { 0x1f8b, { 0x1f0b, 0x0399 } }, { 0x1f8c, { 0x1f0c, 0x0399 } },
    { 0x1f8d, { 0x1f0d, 0x0399 } }, { 0x1f8e, { 0x1f0e, 0x0399 } },
    { 0x1f8f, { 0x1f0f, 0x0399 } }, { 0x1f90, { 0x1f28, 0x0399 } },
    { 0x1f91, { 0x1f29, 0x0399 } }, { 0x1f92, { 0x1f2a, 0x0399 } },
    { 0x1f93, { 0x1f2b, 0x0399 } }, { 0x1f94, { 0x1f2c, 0x0399 } },
    { 0x1f95, { 0x1f2d, 0x0399 } }, { 0x1f96, { 0x1f2e, 0x0399 } },
    { 0x1f97, { 0x1f2f, 0x0399 } }, { 0x1f98, { 0x1f28, 0x0399 } },
    { 0x1f99, { 0x1f29, 0x0399 } }, { 0x1f9a, { 0x1f2a, 0x0399 } },
    { 0x1f9b, { 0x1f2b, 0x0399 } }, { 0x1f9c, { 0x1f2c, 0x0399 } },
    { 0x1f9d, { 0x1f2d, 0x0399 } }, { 0x1f9e, { 0x1f2e, 0x0399 } },
    { 0x1f9f, { 0x1f2f, 0x0399 } }, { 0x1fa0, { 0x1f68, 0x0399 } },
    { 0x1fa1, { 0x1f69, 0x0399 } }, { 0x1fa2, { 0x1f6a, 0x0399 } },
    { 0x1fa3, { 0x1f6b, 0x0399 } }, { 0x1fa4, { 0x1f6c, 0x0399 } },
    { 0x1fa5, { 0x1f6d, 0x0399 } }, { 0x1fa6, { 0x1f6e, 0x0399 } },
    { 0x1fa7, { 0x1f6f, 0x0399 } }, { 0x1fa8, { 0x1f68, 0x0399 } },
    { 0x1fa9, { 0x1f69, 0x0399 } }, { 0x1faa, { 0x1f6a, 0x0399 } },
    { 0x1fab, { 0x1f6b, 0x0399 } }, { 0x1fac, { 0x1f6c, 0x0399 } },
    { 0x1fad, { 0x1f6d, 0x0399 } }, { 0x1fae, { 0x1f6e, 0x0399 } },
    { 0x1faf, { 0x1f6f, 0x0399 } }, { 0x1fb2, { 0x1fba, 0x0399 } },
    { 0x1fb3, { 0x0391, 0x0399 } }, { 0x1fb4, { 0x0386, 0x0399 } },
    { 0x1fb6, { 0x0391, 0x0342 } }, { 0x1fb7, { 0x0391, 0x0342, 0x0399 } },
    { 0x1fbc, { 0x0391, 0x0399 } }, { 0x1fc2, { 0x1fca, 0x0399 } },
    { 0x1fc3, { 0x0397, 0x0399 } }, { 0x1fc4, { 0x0389, 0x0399 } },
    { 0x1fc6, { 0x0397, 0x0342 } }, { 0x1fc7, { 0x0397, 0x0342, 0x0399 } },
    { 0x1fcc, { 0x0397, 0x0399 } }, { 0x1fd2, { 0x0399, 0x0308, 0x0300 } },
    { 0x1fd3, { 0x0399, 0x0308, 0x0301 } }, { 0x1fd6, { 0x0399, 0x0342 } },
    { 0x1fd7, { 0x0399, 0x0308, 0x0342 } }, { 0x1fe2, { 0x03a5, 0x0308, 0x0300 } },
    { 0x1fe3, { 0x03a5, 0x0308, 0x0301 } }, { 0x1fe4, { 0x03a1, 0x0313 } },
    { 0x1fe6, { 0x03a5, 0x0342 } }, { 0x1fe7, { 0x03a5, 0x0308, 0x0342 } },
    { 0x1ff2, { 0x1ffa, 0x0399 } }, { 0x1ff3, { 0x03a9, 0x0399 } },
    { 0x1ff4, { 0x038f, 0x0399 } }, { 0x1ff6, { 0x03a9, 0x0342 } },
    { 0x1ff7, { 0x03a9, 0x0342, 0x0399 } }, { 0x1ffc, { 0x03a9, 0x0399 } },
    { 0xfb00, { 0x0046, 0x0046 } }, { 0xfb01, { 0x0046, 0x0049 } },
    { 0xfb02, { 0x0046, 0x004c } }, { 0xfb03, { 0x0046, 0x0046, 0x0049 } },
    { 0xfb04, { 0x0046, 0x0046, 0x004c } }, { 0xfb05, { 0x0053, 0x0054 } },
    { 0xfb06, { 0x0053, 0x0054 } }, { 0xfb13, { 0x0544, 0x0546 } },
    { 0xfb14, { 0x0544, 0x0535 } }, { 0xfb15, { 0x0544, 0x053b } },
    { 0xfb16, { 0x054e, 0x0546 } }, { 0xfb17, { 0x0544, 0x053d } },
};

static bool is_cased(wint_t code, locale_t locale)
{
    return towupper_l(code, locale) != code || towlower_l(code, locale) != code;
}

/* What words' shape ignores: apostrophes, points inside, accents. */
static bool is_case_ignorable(uint32_t code)
{
    return code == '\'' || code == '.' || code == ':' || code == '^' || code == '`' ||
           code == 0xa8 || code == 0xad || code == 0xaf || code == 0xb4 || code == 0xb7 ||
           code == 0xb8 || (code >= 0x2b0 && code <= 0x36f) || code == 0x2018 ||
           code == 0x2019 || code == 0x2024 || code == 0x2027 ||
           (code >= 0x200b && code <= 0x200f);
}

/* A sigma ends a word when a letter stands before it and none after it. */
static bool is_final(Text text, const char *from, const char *after, locale_t locale)
{
    const char *end = text.at + text.length;
    const char *at  = text.at;
    bool        before = false;

    while (at < from) {
        uint32_t code = utf8_next(&at, end);

        before = is_case_ignorable(code) ? before : is_cased((wint_t)code, locale);
    }
    while (before && after < end) {
        uint32_t code = utf8_next(&after, end);

        if (!is_case_ignorable(code)) {
            return !is_cased((wint_t)code, locale);
        }
    }
    return before;
}

/* The mappings that are not from one letter to one letter. */
static bool special_case(Text text, const char *from, const char *after, wint_t code, bool upper,
                         locale_t locale, Buffer *out)
{
    if (!upper && code == 0x130) {
        buffer_string(out, "i\xcc\x87");
        return true;
    }
    if (!upper && code == 0x3a3 && locale) {
        utf8_append(out, is_final(text, from, after, locale) ? 0x3c2 : 0x3c3);
        return true;
    }
    for (size_t i = 0; upper && code > 127 && i < COUNT_OF(expansions); i++) {
        if (expansions[i].code == code) {
            for (int k = 0; k < 3 && expansions[i].upper[k]; k++) {
                utf8_append(out, expansions[i].upper[k]);
            }
            return true;
        }
    }
    return false;
}

static bool change_case(Evaluation *e, Value in, bool upper, Value *out)
{
    Text        text = value_as_text(in);
    const char *at   = text.at, *end = text.at + text.length;
    locale_t    locale = unicode_locale();
    Buffer      result;

    if (in.type != VALUE_STRING) {
        return uql_wrong_type(e, NULL, "a text", in);
    }
    buffer_init(&result, LIMIT_FORMATTED_TEXT);
    while (at < end) {
        const char *from = at;
        wint_t      code = (wint_t)utf8_next(&at, end);

        if (special_case(text, from, at, code, upper, locale, &result)) {
            continue;
        }
        if (locale) {
            code = upper ? towupper_l(code, locale) : towlower_l(code, locale);
        }
        utf8_append(&result, (uint32_t)code);
    }
    return uql_text_result(e, &result, out);
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
    const Json *start = json_get(json, "start"), *end = json_get(json, "end");

    (void)arena;
    args->start = 0;
    args->end   = -1;
    return (!start || uql_compile_integer(start, "start", &args->start, err)) &&
           (!end || uql_compile_integer(end, "end", &args->end, err));
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
        return uql_wrong_type(e, NULL, "a text", in);
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
        return uql_wrong_type(e, NULL, "a text", in);
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
    return uql_text_result(e, &text, out);
}

static bool apply_to_boolean(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    (void)e, (void)args;
    *out = value_bool(value_truth(in));
    return true;
}

/* ---- classifications and pictures ------------------------------------------------------------ */

int uql_compile_choice(const Json *json, const char *key, const char *const names[], size_t count,
                       Error *err)
{
    Text name = json_text(json_get(json, key));

    for (size_t i = 0; i < count; i++) {
        if (text_is(name, names[i])) {
            return (int)i;
        }
    }
    fail(err, ERR_INVALID, "%s: '%.*s' is not one of its values", key, SHOW(name));
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
    args->mode = uql_compile_choice(json, "property_name", names, COUNT_OF(names), err);
    return args->mode >= 0;
}

typedef struct Entry {
    double       order;
    uint32_t     index;
    const Value *prediction;
} Entry;

static int compare_entries(const void *left, const void *right)
{
    const Entry *a = left, *b = right;

    return a->order != b->order ? (a->order > b->order) - (a->order < b->order)
                                : (a->index > b->index) - (a->index < b->index);
}

static Value member(Value dict, Text key)
{
    const Value *found = value_get(dict, key);

    return found ? *found : value_null();
}

/* One property of all predictions: a multi-label answer holds a dictionary by
 * class, told in order of class id; a single-label one a list, told as it is. */
static bool sorted_property(Evaluation *e, Value predictions, Text key, Value *out)
{
    bool   multi   = predictions.type == VALUE_DICT;
    Entry *entries = arena_array(e->arena, Entry, (size_t)predictions.count + 1);
    Value *items   = arena_array(e->arena, Value, (size_t)predictions.count + 1);

    if (!entries || !items) {
        return uql_out_of_memory(e);
    }
    for (uint32_t i = 0; i < predictions.count; i++) {
        const Value *prediction = multi ? &predictions.as.pairs[i].value
                                        : &predictions.as.items[i];

        entries[i] = (Entry){ 0, i, prediction };
        if (!multi || !value_to_double(member(*prediction, TEXT("class_id")), &entries[i].order)) {
            entries[i].order = 0;
        }
    }
    qsort(entries, predictions.count, sizeof(*entries), compare_entries);
    for (uint32_t i = 0; i < predictions.count; i++) {
        bool class_of_multi = multi && text_is(key, "class");

        items[i] = class_of_multi ? value_text(predictions.as.pairs[entries[i].index].key)
                                  : member(*entries[i].prediction, key);
    }
    *out = value_list(items, predictions.count);
    return true;
}

/* The confidences of a multi-label answer's predicted classes: all or the best. */
static bool multi_confidence(Evaluation *e, Value predictions, Value classes, bool best,
                             Value *out)
{
    Value *items = arena_array(e->arena, Value, (size_t)classes.count + 1);
    double top = 0, number;

    for (uint32_t i = 0; items && i < classes.count; i++) {
        const Value *one = value_get(predictions, value_as_text(classes.as.items[i]));

        items[i] = one ? member(*one, TEXT("confidence")) : value_null();
        if (value_to_double(items[i], &number) && (i == 0 || number > top)) {
            top = number;
        }
    }
    *out = best ? value_double(top) : value_list(items, classes.count);
    return items || uql_out_of_memory(e);
}

static bool apply_classification(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    Value predictions = member(in, TEXT("predictions"));
    Value classes     = member(in, TEXT("predicted_classes"));
    bool  single      = predictions.type == VALUE_LIST && value_get(in, TEXT("top"));
    bool  multi       = predictions.type == VALUE_DICT && classes.type == VALUE_LIST;

    if (!single && !multi) {
        e->err->bare = true;
        return uql_wrong_type(e, NULL, "a classification", in);
    }
    switch (args->mode) {
    case TOP_CLASS:
        *out = multi ? classes : member(in, TEXT("top"));
        return true;
    case TOP_CONFIDENCE:
    case TOP_CONFIDENCE_SINGLE:
        if (multi) {
            return multi_confidence(e, predictions, classes, args->mode == TOP_CONFIDENCE_SINGLE,
                                    out);
        }
        *out = member(in, TEXT("confidence"));
        return true;
    case ALL_CLASSES:
        return sorted_property(e, predictions, TEXT("class"), out);
    default:
        return sorted_property(e, predictions, TEXT("confidence"), out);
    }
}

enum { IMAGE_SIZE, IMAGE_HEIGHT, IMAGE_WIDTH, IMAGE_ASPECT };

static bool compile_image(Arena *arena, const Json *json, OperationArgs *args, Error *err)
{
    static const char *const names[] = { "size", "height", "width", "aspect_ratio" };

    (void)arena;
    args->mode = uql_compile_choice(json, "property_name", names, COUNT_OF(names), err);
    return args->mode >= 0;
}

static bool apply_image(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    int64_t width, height;

    if (in.type != VALUE_IMAGE) {
        return uql_wrong_type(e, NULL, "a picture", in);
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
    { "ToBoolean",                     NULL,                   apply_to_boolean },
    { "ToNumber",                      uql_compile_cast,       uql_to_number },
    { "NumberRound",                   uql_compile_digits,     uql_round },
    { "Multiply",                      uql_compile_other,      uql_multiply },
    { "Divide",                        uql_compile_other,      uql_divide },
    { "LookupTable",                   uql_compile_table,      uql_lookup },
    { "SequenceMap",                   uql_compile_table,      uql_map },
    { "SequenceApply",                 uql_compile_inner,      uql_each },
    { "SequenceLength",                NULL,                   uql_length },
    { "SequenceElementsCount",         NULL,                   uql_count },
    { "SequenceJoin",                  uql_compile_separator,  uql_join },
    { "SequenceAggregate",             uql_compile_mode,       uql_aggregate },
    { "NumericSequenceAggregate",      uql_compile_function,   uql_aggregate_numbers },
    { "ClassificationPropertyExtract", compile_classification, apply_classification },
    { "ExtractImageProperty",          compile_image,          apply_image },
    { 0 },
};
