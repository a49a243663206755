/*
 * query - statements and chains of operations, made from the tables.
 *
 * Everything is written as JSON: what operations read, mostly with values they take,
 * so that most queries compile.
 */
#ifndef OCELLUS_FUZZ_QUERY_H
#define OCELLUS_FUZZ_QUERY_H

#include "choices.h"
#include "value/uql_inside.h"

enum { DEPTH = 2 };

typedef struct Making {
    Choices    *choices;
    JsonWriter *w;
    bool        varies;          /* by chance or with the time: answers may differ */
} Making;

static const char *pick(Making *m, const char *const *list, size_t count)
{
    return list[choose(m->choices, (unsigned)count)];
}

#define PICK(m, list) pick(m, list, COUNT_OF(list))

/* ---- JSON ------------------------------------------------------------------------------ */

static const char *const texts[] = {
    "", "a", "b", "c", "1", " 2.5 ", "-7", "1e400", "nan", "abcabc", "A\xc3\x9f\xc4\xb0",
    "\xf0\x9f\x98\x80x", "2024-02-29T12:00:00", "[1, 2]",
};

static const char *const numbers[] = {
    "0", "1", "-1", "2", "7", "-0.0", "0.5", "2.5", "-3.5", "1e16", "1e-7", "1e300", "-1e308",
    "9223372036854775807", "-9223372036854775808", "18446744073709551615", "4294967296", "255",
};

static inline void write_scalar(Making *m)
{
    switch (choose(m->choices, 4)) {
    case 0:  json_write_string(m->w, PICK(m, texts)); break;
    case 1:  json_write_raw(m->w, text_of(PICK(m, numbers))); break;
    case 2:  json_write_int(m->w, (int)choose(m->choices, 256) - 128); break;
    default: json_write_raw(m->w, choose(m->choices, 3) ? TEXT("true") : TEXT("null")); break;
    }
}

static inline void write_any(Making *m, int depth)
{
    unsigned what  = choose(m->choices, depth > 0 ? 4 : 2);
    unsigned count = what < 2 ? 0 : choose(m->choices, 6);

    if (what < 2) {
        write_scalar(m);
    } else if (what == 2) {
        json_begin_array(m->w);
        for (unsigned i = 0; i < count; i++) {
            write_any(m, depth - 1);
        }
        json_end_array(m->w);
    } else {
        json_begin_object(m->w);
        for (unsigned i = 0; i < count; i++) {
            json_key(m->w, PICK(m, texts));
            write_any(m, depth - 1);
        }
        json_end_object(m->w);
    }
}

/* ---- queries --------------------------------------------------------------------------- */

static inline void write_statement(Making *m, int depth);
static inline void write_chain(Making *m, int depth);

static const char *const integers[] = { "0", "1", "-1", "3", "-9", "50", "\"4\"", "1e18", "true",
                                        "400" };
static const char *const tables[]   = {
    "{\"a\":1,\"b\":2.5}", "{}", "{\"1\":[1],\"true\":null}", "{\"a\":\"b\",\"b\":\"a\"}",
    "{\"1.0\":{},\"a\":\"a\",\"c\":\"a\"}",
};
static const char *const regexes[] = {
    "\"a+\"", "\"\"", "\"^a|b$\"", "\"(a|b)*c\"", "\"(a*)*b\"", "\"[^a-c]{2,3}?\"",
    "\"\\\\d+(?=x)\"", "\"(a)\\\\1\"", "\"(\"",
};
static const char *const words[] = { "\"a\"", "\"b\"", "\"\"", "\", \"", "\"\xc3\x9f\"" };
static const char *const modes[] = {
    "\"first\"", "\"last\"", "\"most_common\"", "\"least_common\"", "\"left_most\"",
    "\"right_most\"", "\"top_confidence\"", "\"confidence\"", "\"x_min\"", "\"size\"",
    "\"center_y\"",
};
static const char *const functions[] = { "\"min\"", "\"max\"", "\"sum\"" };
static const char *const casts[]     = { "\"int\"", "\"float\"" };
static const char *const flags[]     = { "true", "false" };
static const char *const others[]    = { "0", "3", "-0.5", "\"2\"", "1e308", "true", "1e-320" };

/* What operations read beside "type", "property_name" and what is nested. */
static const struct {
    const char        *name;
    const char *const *values;
    size_t             count;
} parameters[] = {
#define PARAMETER(name, list) { name, list, COUNT_OF(list) }
    PARAMETER("mode", modes),
    PARAMETER("other", others),
    PARAMETER("cast_to", casts),
    PARAMETER("decimal_digits", integers),
    PARAMETER("regex", regexes),
    PARAMETER("lookup_table", tables),
    PARAMETER("function", functions),
    PARAMETER("neutral_value", others),
    PARAMETER("separator", words),
    PARAMETER("class_map", tables),
    PARAMETER("strict", flags),
    PARAMETER("ascending", flags),
    PARAMETER("new_classes_id_offset", integers),
    PARAMETER("parent_class", words),
    PARAMETER("compression_level", integers),
    PARAMETER("min_value", numbers),
    PARAMETER("max_value", numbers),
    PARAMETER("offset_x", integers),
    PARAMETER("offset_y", integers),
    PARAMETER("shift_x", integers),
    PARAMETER("shift_y", integers),
    PARAMETER("start", integers),
    PARAMETER("end", integers),
};

/* Two bytes decide all parameters of an operation, so that most of the bytes are
 * left for structure; the steps between are of a linear congruential generator. */
static inline void write_parameters(Making *m)
{
    uint32_t chance = choose(m->choices, 256);

    chance = chance << 8 | choose(m->choices, 256);
    for (size_t i = 0; i < COUNT_OF(parameters); i++) {
        chance = chance * 1664525 + 1013904223;
        json_key(m->w, parameters[i].name);
        json_write_raw(m->w, text_of(parameters[i].values[(chance >> 16) % parameters[i].count]));
    }
}

static inline void write_property(Making *m, const UqlOperation *operation)
{
    unsigned count = 0;

    while (operation->properties && operation->properties[count]) {
        count++;
    }
    if (count > 0) {
        json_key(m->w, "property_name");
        json_write_string(m->w, operation->properties[choose(m->choices, count)]);
    }
}

static inline void write_operation(Making *m, int depth)
{
    UqlOperation operation;
    int          count = 0;

    while (uql_describe_operation(count, &operation)) {
        count++;
    }
    (void)uql_describe_operation((int)choose(m->choices, (unsigned)count), &operation);
    m->varies = m->varies || strcmp(operation.name, "RandomNumber") == 0 ||
                strcmp(operation.name, "ExtractFrameMetadata") == 0;
    json_begin_object(m->w);
    json_key(m->w, "type");
    json_write_string(m->w, operation.name);
    write_property(m, &operation);
    write_parameters(m);
    if (operation.inner_in && depth > 0) {
        json_key(m->w, "operations");
        write_chain(m, depth - 1);
        json_key(m->w, "filter_operation");
        write_statement(m, depth - 1);
    }
    json_end_object(m->w);
}

static inline void write_chain(Making *m, int depth)
{
    unsigned count = choose(m->choices, 5);

    json_begin_array(m->w);
    for (unsigned i = 0; i < count; i++) {
        write_operation(m, depth);
    }
    json_end_array(m->w);
}

static inline void write_operand(Making *m, const char *key, int depth)
{
    static const char *const zone = "[[0,0],[30,0.5],[30,30],[1e9,-1e9],[0,30]]";
    static const char *const names[] = { "_", "a", "b", "nobody" };
    unsigned how = choose(m->choices, 6);

    json_key(m->w, key);
    json_begin_object(m->w);
    json_key(m->w, "type");
    json_write_string(m->w, how < 3 ? "DynamicOperand" : "StaticOperand");
    if (how < 3) {
        json_key(m->w, "operand_name");
        json_write_string(m->w, PICK(m, names));
    } else {
        json_key(m->w, "value");
        how == 3 ? json_write_raw(m->w, text_of(zone)) : write_any(m, DEPTH);
    }
    if (choose(m->choices, 2)) {
        json_key(m->w, "operations");
        write_chain(m, depth);
    }
    json_end_object(m->w);
}

static inline void write_comparison(Making *m, int depth)
{
    const Comparator *comparator;
    unsigned          count = 0;

    while (comparators[count].name) {
        count++;
    }
    comparator = &comparators[choose(m->choices, count)];
    json_key(m->w, "type");
    json_write_string(m->w, comparator->unary ? "UnaryStatement" : "BinaryStatement");
    json_key(m->w, comparator->unary ? "operator" : "comparator");
    json_begin_object(m->w);
    json_key(m->w, "type");
    json_write_string(m->w, comparator->name);
    json_end_object(m->w);
    write_operand(m, comparator->unary ? "operand" : "left_operand", depth);
    if (!comparator->unary) {
        write_operand(m, "right_operand", depth);
    }
}

/* A group, or inside of one mostly a comparison. */
static inline void write_inside(Making *m, int depth)
{
    if (depth > 0 && choose(m->choices, 4) == 0) {
        write_statement(m, depth - 1);
        return;
    }
    json_begin_object(m->w);
    write_comparison(m, depth);
    json_key(m->w, "negate");
    json_write_bool(m->w, choose(m->choices, 2));
    json_end_object(m->w);
}

static inline void write_statement(Making *m, int depth)
{
    unsigned count = 1 + choose(m->choices, 3);

    json_begin_object(m->w);
    json_key(m->w, "type");
    json_write_string(m->w, "StatementGroup");
    json_key(m->w, "operator");
    json_write_string(m->w, choose(m->choices, 2) ? "and" : "or");
    json_key(m->w, "statements");
    json_begin_array(m->w);
    for (unsigned i = 0; i < count; i++) {
        write_inside(m, depth);
    }
    json_end_array(m->w);
    json_end_object(m->w);
}

#endif
