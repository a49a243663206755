/*
 * field - conversion and checks of one field.
 */
#include "workflow/field.h"

#include <math.h>
#include <strings.h>

#include "base/text.h"

static bool expected(Error *err, const char *what, Value got)
{
    return fail(err, ERR_INVALID, "expected %s, got %s", what,
                value_is_null(got) ? "null" : value_type_name((ValueType)got.type));
}

/* A number out of text such as "4" or " 2.5 "; the whole text must be one. */
static bool number_of_text(Text text, double *out)
{
    char  digits[64];
    char *end;

    if (text.length == 0 || text.length >= sizeof(digits)) {
        return false;
    }
    memcpy(digits, text.at, text.length);
    digits[text.length] = '\0';
    if (strpbrk(digits, "xXpP")) {
        return false;
    }
    *out = strtod(digits, &end);
    while (*end == ' ') {
        end++;
    }
    return *end == '\0' && end > digits;
}

static bool to_number(Value value, double *out)
{
    return value_to_double(value, out) ||
           (value.type == VALUE_STRING && number_of_text(value_as_text(value), out));
}

static bool in_range(const Range *range, double v, Error *err)
{
    if (range->has_min && !(range->above ? v > range->min : v >= range->min)) {
        return fail(err, ERR_INVALID, "%.15g is not %s %.15g", v,
                    range->above ? "above" : "at least", range->min);
    }
    if (range->has_max && !(range->below ? v < range->max : v <= range->max)) {
        return fail(err, ERR_INVALID, "%.15g is not %s %.15g", v,
                    range->below ? "below" : "at most", range->max);
    }
    return true;
}

static bool store_integer(const Field *field, Value value, int64_t *member, Error *err)
{
    double number;

    if (value.type == VALUE_INT) {
        number = (double)value.as.integer;
        if (member) {
            *member = value.as.integer;
        }
    } else {
        if (!to_number(value, &number) || number != trunc(number) || fabs(number) > 9e15) {
            return expected(err, "an integer", value);
        }
        if (member) {
            *member = (int64_t)number;
        }
    }
    return in_range(&field->range, number, err);
}

static bool store_number(const Field *field, Value value, double *member, Error *err)
{
    double number;

    if (!to_number(value, &number)) {
        return expected(err, "a number", value);
    }
    if (member) {
        *member = number;
    }
    return in_range(&field->range, number, err);
}

static bool store_boolean(Value value, bool *member, Error *err)
{
    static const char *const yes[] = { "true", "t", "yes", "y", "on", "1" };
    static const char *const no[]  = { "false", "f", "no", "n", "off", "0" };
    double number;
    int    found = -1;

    if (value.type == VALUE_STRING && value.count < 6) {
        for (size_t i = 0; i < COUNT_OF(yes); i++) {
            found = strcasecmp(value.as.text, yes[i]) == 0 ? 1 : found;
            found = strcasecmp(value.as.text, no[i]) == 0 ? 0 : found;
        }
    } else if (value_to_double(value, &number) && (number == 0 || number == 1)) {
        found = number == 1;
    }
    if (found < 0) {
        return expected(err, "true or false", value);
    }
    if (member) {
        *member = found == 1;
    }
    return true;
}

static bool store_choice(Arena *arena, const Field *field, Value value, int *member, Error *err)
{
    const char *names[64];
    size_t      count = 0;

    for (const Choice *choice = field->choices; choice->name; choice++) {
        if (value.type == VALUE_STRING && text_is(value_as_text(value), choice->name)) {
            if (member) {
                *member = choice->value;
            }
            return true;
        }
        if (count < COUNT_OF(names)) {
            names[count++] = choice->name;
        }
    }
    if (value.type == VALUE_STRING) {
        return fail(err, ERR_INVALID, "'%.*s' is none of %s", SHOW(value_as_text(value)),
                    text_choices(arena, names, count));
    }
    return expected(err, text_choices(arena, names, count), value);
}

static bool store_texts(Arena *arena, const Field *field, Value value, TextList *member,
                        Error *err)
{
    Text *texts;

    if (value.type != VALUE_LIST) {
        return expected(err, "a list of texts", value);
    }
    if ((int)value.count < field->least) {
        return fail(err, ERR_INVALID, "the list has %u elements, at least %d are needed",
                    value.count, field->least);
    }
    texts = arena_array(arena, Text, MAX(value.count, 1));
    for (uint32_t i = 0; texts && i < value.count; i++) {
        if (value.as.items[i].type != VALUE_STRING) {
            return fail(err, ERR_INVALID, "element %u: expected a text, got %s", i,
                        value_type_name((ValueType)value.as.items[i].type));
        }
        texts[i] = value_as_text(value.as.items[i]);
    }
    if (member) {
        *member = (TextList){ texts, texts ? (int)value.count : 0 };
    }
    return true;
}

/* A value that is handed on as it is, when it is of the right type. */
static bool store_as_is(const Field *field, Value value, void *member, Error *err)
{
    static const struct { ValueType type; const char *what; } wanted[] = {
        [FIELD_TEXT]       = { VALUE_STRING, "a text" },
        [FIELD_IMAGE]      = { VALUE_IMAGE, "a picture" },
        [FIELD_DETECTIONS] = { VALUE_DETECTIONS, "detections" },
        [FIELD_MAP]        = { VALUE_DICT, "a dictionary" },
    };
    if (field->type != FIELD_VALUE && value.type != wanted[field->type].type) {
        return expected(err, wanted[field->type].what, value);
    }
    if (member && field->type == FIELD_TEXT) {
        *(Text *)member = value_as_text(value);
    } else if (member && field->type == FIELD_IMAGE) {
        *(Image **)member = value.as.image;
    } else if (member && field->type == FIELD_DETECTIONS) {
        *(const Detections **)member = value.as.detections;
    } else if (member) {
        *(Value *)member = value;
    }
    return true;
}

bool field_store(Arena *arena, const Field *field, Value value, void *args, Error *err)
{
    void *member = args ? field_member(field, args) : NULL;

    if (value_is_null(value) && field->nullable && field->type != FIELD_VALUE) {
        if (member && field->type == FIELD_NUMBER) {
            *(double *)member = NAN;
        }
        return true;     /* other members keep their zero */
    }
    switch (field->type) {
    case FIELD_INTEGER: return store_integer(field, value, member, err);
    case FIELD_NUMBER:  return store_number(field, value, member, err);
    case FIELD_BOOLEAN: return store_boolean(value, member, err);
    case FIELD_CHOICE:  return store_choice(arena, field, value, member, err);
    case FIELD_TEXTS:   return store_texts(arena, field, value, member, err);
    case FIELD_TEXT:
    case FIELD_IMAGE:
    case FIELD_DETECTIONS:
    case FIELD_VALUE:
    case FIELD_MAP:     return store_as_is(field, value, member, err);
    case FIELD_VALUES:
    case FIELD_GROUP:
        if (value.type != VALUE_LIST && value.type != VALUE_TUPLE) {
            return expected(err, "a list", value);
        }
        if (member) {
            *(ValueList *)member = (ValueList){ value.as.items, (int)value.count };
        }
        return true;
    case FIELD_STATEMENT:
    case FIELD_OPERATIONS:
    case FIELD_STEPS:
    case FIELD_CASES:
    case FIELD_PARSED:
        break;           /* compiled, never stored from a value */
    }
    return expected(err, "something that is written in the definition itself", value);
}

bool field_accept(Arena *arena, const Field *field, Value value, void *args, Error *err)
{
    if (field->type == FIELD_TEXT && field->choices) {
        return store_choice(arena, field, value, NULL, err) &&
               field_store(arena, field, value, args, err);
    }
    if (field->scalar && field->type == FIELD_VALUE && !value_is_scalar(value)) {
        return expected(err, "a text, a number or a boolean", value);
    }
    if (field->type == FIELD_VALUE && field->kinds == KIND(STRING) && value.type != VALUE_STRING) {
        return expected(err, "a text", value);
    }
    return field_store(arena, field, value, args, err);
}
