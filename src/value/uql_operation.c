/*
 * uql_operation - what a chain can do to a value.
 *
 * One function per operation and one line in the table at the end.  Wrong types
 * are the reference's InvalidInputTypeError; its other classes are named where
 * they differ.
 */
#include <math.h>

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

static bool change_case(Evaluation *e, Value in, void (*change)(Buffer *, Text), Value *out)
{
    Buffer result;

    if (in.type != VALUE_STRING) {
        return uql_wrong_type(e, NULL, "a text", in);
    }
    buffer_init(&result, LIMIT_FORMATTED_TEXT);
    change(&result, value_as_text(in));
    return uql_text_result(e, &result, out);
}

static bool apply_lower(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    (void)args;
    return change_case(e, in, text_lower, out);
}

static bool apply_upper(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    (void)args;
    return change_case(e, in, text_upper, out);
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
    const char *at     = text.at, *from, *last;

    if (in.type != VALUE_STRING) {
        return uql_wrong_type(e, NULL, "a text", in);
    }
    last = text.at + text.length;
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

int uql_compile_choice(const Json *json, const char *key, const char *const names[], Error *err)
{
    Text name = json_text(json_get(json, key));

    for (int i = 0; names[i]; i++) {
        if (text_is(name, names[i])) {
            return i;
        }
    }
    fail(err, ERR_INVALID, "%s: '%.*s' is not one of its values", key, SHOW(name));
    return -1;
}

enum { TOP_CLASS, TOP_CONFIDENCE, TOP_CONFIDENCE_SINGLE, ALL_CLASSES, ALL_CONFIDENCES };

static const char *const classification_names[] = {
    "top_class", "top_class_confidence", "top_class_confidence_single", "all_classes",
    "all_confidences", NULL,
};

static bool compile_classification(Arena *arena, const Json *json, OperationArgs *args,
                                   Error *err)
{
    (void)arena;
    args->mode = uql_compile_choice(json, "property_name", classification_names, err);
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

/* Python's dict[key]. */
static bool need_member(Evaluation *e, Value dict, Text key, Value *out)
{
    const Value *found = value_get(dict, key);

    if (dict.type != VALUE_DICT) {
        return uql_fail(e, UQL_STEP, "TypeError", "expected a dictionary with '%.*s', got a %s",
                        SHOW(key), value_type_name((ValueType)dict.type));
    }
    *out = found ? *found : value_null();
    return found || uql_fail(e, UQL_STEP, "KeyError", "the classification has no '%.*s'",
                             SHOW(key));
}

/* The predictions of a multi-label answer in order of class id. */
static bool sort_entries(Evaluation *e, Value predictions, Entry *entries)
{
    for (uint32_t i = 0; i < predictions.count; i++) {
        Value id;

        entries[i] = (Entry){ 0, i, &predictions.as.pairs[i].value };
        if (!need_member(e, *entries[i].prediction, TEXT("class_id"), &id)) {
            return false;
        }
        if (!value_to_double(id, &entries[i].order)) {
            entries[i].order = 0;
        }
    }
    qsort(entries, predictions.count, sizeof(*entries), compare_entries);
    return true;
}

/* One property of all predictions: a multi-label answer holds a dictionary by class, told
 * in order of class id; a single-label one a list, told as it is. */
static bool sorted_property(Evaluation *e, Value in, Text key, Value *out)
{
    Value  predictions, *items;
    Entry *entries;

    if (!need_member(e, in, TEXT("predictions"), &predictions)) {
        return false;
    }
    if (predictions.type != VALUE_DICT && predictions.type != VALUE_LIST) {
        return uql_fail(e, UQL_STEP, "AttributeError", "the predictions are a %s",
                        value_type_name((ValueType)predictions.type));
    }
    entries = arena_array(e->arena, Entry, (size_t)predictions.count + 1);
    items   = arena_array(e->arena, Value, (size_t)predictions.count + 1);
    if (!entries || !items) {
        return uql_out_of_memory(e);
    }
    if (predictions.type == VALUE_DICT && !sort_entries(e, predictions, entries)) {
        return false;
    }
    for (uint32_t i = 0; i < predictions.count; i++) {
        bool multi = predictions.type == VALUE_DICT;

        if (multi && text_is(key, "class")) {
            items[i] = value_text(predictions.as.pairs[entries[i].index].key);
        } else if (!need_member(e, multi ? *entries[i].prediction : predictions.as.items[i], key,
                                &items[i])) {
            return false;
        }
    }
    *out = value_list(items, predictions.count);
    return true;
}

/* The confidences of the predicted classes of a multi-label answer. */
static bool predicted_confidences(Evaluation *e, Value in, Value *out)
{
    Value  classes = member(in, TEXT("predicted_classes")), predictions, one;
    Value *items   = arena_array(e->arena, Value, (size_t)classes.count + 1);

    *out = value_list(items, 0);
    if (!items) {
        return uql_out_of_memory(e);
    }
    if (classes.type != VALUE_LIST || classes.count == 0) {
        return true;
    }
    if (!need_member(e, in, TEXT("predictions"), &predictions)) {
        return false;
    }
    for (uint32_t i = 0; i < classes.count; i++) {
        if (!need_member(e, predictions, value_as_text(classes.as.items[i]), &one) ||
            !need_member(e, one, TEXT("confidence"), &items[i])) {
            return false;
        }
    }
    *out = value_list(items, classes.count);
    return true;
}

static bool top_confidence(Evaluation *e, Value in, bool single, Value *out)
{
    const Value *own = value_get(in, TEXT("confidence"));
    double       top = 0, number;

    if (own) {
        *out = *own;
        return true;
    }
    if (!predicted_confidences(e, in, out)) {
        return false;
    }
    for (uint32_t i = 0; single && i < out->count; i++) {
        if (value_to_double(out->as.items[i], &number) && (i == 0 || number > top)) {
            top = number;
        }
    }
    *out = single ? value_double(top) : *out;
    return true;
}

static bool apply_classification(Evaluation *e, const OperationArgs *args, Value in, Value *out)
{
    const Value *top = value_get(in, TEXT("top"));

    if (in.type != VALUE_DICT) {
        e->err->bare = true;
        return uql_wrong_type(e, NULL, "a classification", in);
    }
    switch (args->mode) {
    case TOP_CLASS:
        *out = top ? *top : member(in, TEXT("predicted_classes"));
        *out = value_is_null(*out) && !top ? value_list(NULL, 0) : *out;
        return true;
    case TOP_CONFIDENCE:
    case TOP_CONFIDENCE_SINGLE:
        return top_confidence(e, in, args->mode == TOP_CONFIDENCE_SINGLE, out);
    case ALL_CLASSES:
        return sorted_property(e, in, TEXT("class"), out);
    default:
        return sorted_property(e, in, TEXT("confidence"), out);
    }
}

enum { IMAGE_SIZE, IMAGE_HEIGHT, IMAGE_WIDTH, IMAGE_ASPECT };

static const char *const image_names[] = { "size", "height", "width", "aspect_ratio", NULL };

static bool compile_image(Arena *arena, const Json *json, OperationArgs *args, Error *err)
{
    (void)arena;
    args->mode = uql_compile_choice(json, "property_name", image_names, err);
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

#define TEXTS    KIND(STRING)
#define LISTS    KIND(LIST)
#define ANYTHING KIND(ANY)
#define NUMBERS  (KIND(INTEGER) | KIND(FLOAT) | KIND(FLOAT01))
#define SETS     (KIND(OD) | KIND(IS) | KIND(KP))

const OperationType operation_types[] = {
    { "StringToLowerCase", NULL, apply_lower,
      .in = TEXTS, .out = TEXTS, .about = "Makes all letters small." },
    { "StringToUpperCase", NULL, apply_upper,
      .in = TEXTS, .out = TEXTS, .about = "Makes all letters capital." },
    { "LookupTable", uql_compile_table, uql_lookup,
      .in = ANYTHING, .out = ANYTHING, .about = "Looks the value up in a table." },
    { "ToNumber", uql_compile_cast, uql_to_number,
      .in = NUMBERS | TEXTS | KIND(BOOLEAN), .out = NUMBERS,
      .about = "Makes a number of a text or another number." },
    { "NumberRound", uql_compile_digits, uql_round,
      .in = NUMBERS, .out = NUMBERS, .about = "Rounds to a number of decimal digits." },
    { "SequenceMap", uql_compile_table, uql_map,
      .in = LISTS, .out = LISTS, .inner_in = ANYTHING, .inner_out = ANYTHING,
      .about = "Replaces every element by what a table has for it." },
    { "SequenceApply", uql_compile_inner, uql_each,
      .in = LISTS, .out = LISTS, .inner_in = ANYTHING, .inner_out = ANYTHING,
      .about = "Applies operations to every element." },
    { "NumericSequenceAggregate", uql_compile_function, uql_aggregate_numbers,
      .in = LISTS, .out = NUMBERS, .about = "The least, the greatest or the sum of numbers." },
    { "ToString", NULL, apply_to_string,
      .in = ANYTHING, .out = TEXTS, .about = "Writes the value as text." },
    { "ToBoolean", NULL, apply_to_boolean,
      .in = NUMBERS, .out = KIND(BOOLEAN),
      .about = "Whether the value is anything but zero or empty." },
    { "StringSubSequence", compile_slice, apply_slice,
      .in = TEXTS, .out = TEXTS, .about = "The part of a text between two places." },
    { "DetectionsPropertyExtract", uql_compile_property, uql_properties,
      .in = SETS, .out = LISTS, .properties = uql_property_names,
      .about = "One property of every detection." },
    { "SequenceAggregate", uql_compile_mode, uql_aggregate,
      .in = LISTS, .out = ANYTHING,
      .about = "One element of all: the first, the last, the most or the least common." },
    { "ExtractDetectionProperty", uql_compile_property, uql_property,
      .in = KIND(DETECTION), .out = ANYTHING, .properties = uql_property_names,
      .about = "One property of a detection." },
    { "DetectionsFilter", uql_compile_filter, uql_filter,
      .in = SETS, .out = SETS, .inner_in = KIND(DETECTION), .inner_out = KIND(BOOLEAN),
      .about = "Keeps the detections a statement is true of." },
    { "DetectionsOffset", uql_compile_offset, uql_offset,
      .in = SETS, .out = SETS, .about = "Widens the boxes." },
    { "DetectionsShift", uql_compile_shift, uql_shift,
      .in = SETS, .out = SETS, .about = "Moves the boxes." },
    { "DetectionsRename", uql_compile_rename, uql_rename,
      .in = SETS, .out = SETS, .about = "Gives classes other names." },
    { "RandomNumber", uql_compile_random, uql_random,
      .in = SETS | ANYTHING, .out = KIND(FLOAT) | KIND(FLOAT01),
      .about = "Any number between two." },
    { "StringMatches", compile_regex, apply_matches,
      .in = TEXTS, .out = KIND(BOOLEAN),
      .about = "Whether a regular expression is found in a text." },
    { "ExtractImageProperty", compile_image, apply_image,
      .in = KIND(IMAGE), .out = KIND(INTEGER), .properties = image_names,
      .about = "The size of a picture." },
    { "ExtractFrameMetadata", uql_compile_frame, uql_frame,
      .in = KIND(IMAGE), .out = KIND(INTEGER) | KIND(FLOAT) | KIND(TIMESTAMP),
      .properties = uql_frame_names, .about = "What is known of a video frame." },
    { "SequenceLength", NULL, uql_length,
      .in = SETS | LISTS | KIND(DICTIONARY), .out = KIND(INTEGER),
      .about = "How many elements there are." },
    { "SequenceElementsCount", NULL, uql_count,
      .in = LISTS, .out = KIND(DICTIONARY), .about = "How often each element is there." },
    { "SequenceJoin", uql_compile_separator, uql_join,
      .in = LISTS, .out = TEXTS, .about = "Joins the elements to one text." },
    { "Multiply", uql_compile_other, uql_multiply,
      .in = NUMBERS, .out = NUMBERS, .about = "Multiplies by a number." },
    { "Divide", uql_compile_other, uql_divide,
      .in = NUMBERS, .out = NUMBERS, .about = "Divides by a number." },
    { "DetectionsSelection", uql_compile_selection, uql_select,
      .in = SETS, .out = SETS, .about = "Picks one detection." },
    { "SortDetections", uql_compile_sort, uql_sort,
      .in = SETS, .out = SETS, .about = "Sorts the detections by a property." },
    { "ClassificationPropertyExtract", compile_classification, apply_classification,
      .in = KIND(CLS), .out = TEXTS | LISTS | KIND(FLOAT01), .properties = classification_names,
      .about = "Classes or confidences of a classification." },
    { "ConvertImageToJPEG", uql_compile_quality, uql_to_jpeg,
      .in = KIND(IMAGE), .out = KIND(BYTES), .about = "Writes a picture as JPEG." },
    { "ConvertImageToBase64", NULL, uql_to_base64,
      .in = KIND(IMAGE), .out = TEXTS, .about = "Writes a picture as JPEG in base64." },
    { "DetectionsToDictionary", NULL, uql_to_dictionary,
      .in = SETS, .out = KIND(DICTIONARY), .about = "The detections as an answer has them." },
    { "ConvertDictionaryToJSON", NULL, uql_to_json,
      .in = KIND(DICTIONARY), .out = TEXTS, .about = "Writes a dictionary as JSON." },
    { "PickDetectionsByParentClass", uql_compile_parent, uql_pick,
      .in = SETS, .out = SETS,
      .about = "Keeps the detections that lie in one of a given class." },
    { "TimestampToISOFormat", NULL, uql_iso,
      .in = KIND(TIMESTAMP), .out = TEXTS,
      .about = "Writes a point in time as ISO 8601 has it." },
    { 0 },
};

bool uql_describe_operation(int i, UqlOperation *out)
{
    const OperationType *type = &operation_types[i];

    *out = (UqlOperation){ type->name, type->about, type->in, type->out, type->inner_in,
                           type->inner_out, type->properties };
    return type->name != NULL;
}
