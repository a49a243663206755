/*
 * definition - workflows made from the block tables.
 *
 * The bytes are choices: which inputs, which blocks, for every field a selector,
 * a literal of its type or of another, which steps a condition opens, what the
 * inputs are.  So most definitions get past the syntax stage, which mutated JSON
 * seldom does.
 */
#include "choices.h"
#include "run_through.h"
#include "value/uql_inside.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { MOST_INPUTS = 6, MOST_STEPS = 8, MOST_OUTPUTS = 8 };

typedef struct Making {
    Choices     *choices;
    JsonWriter  *w;
    const Block *blocks[MOST_STEPS];
    int          block_count;
    int          inputs, steps;
    int          depth;         /* of inner workflows */
} Making;

static const char picture[] =
    "iVBORw0KGgoAAAANSUhEUgAAAAQAAAADCAIAAAA7ljmRAAAAGElEQVR4nGNkYIiyYWCAIBaGAAY4QOEAAC8CAbjuf9"
    "mhAAAAAElFTkSuQmCC";

static const char detections[] =
    "{\"image\":{\"width\":4,\"height\":3},\"predictions\":[{\"x\":2,\"y\":1.5,\"width\":2,"
    "\"height\":2,\"confidence\":0.5,\"class\":\"a\",\"class_id\":0,\"detection_id\":\"d\"},"
    "{\"x\":1,\"y\":1,\"width\":9,\"height\":1,\"confidence\":0.25,\"class\":\"b\",\"class_id\":1,"
    "\"detection_id\":\"e\"}]}";

/* ---- literals -------------------------------------------------------------------------- */

static void write_scalar(Making *m)
{
    static const char *const texts[] = { "", "a", "$", "$inputs.x", "{a:>9}", "[1,", "\xc3\x9f" };
    static const double numbers[] = { 0, -0.0, 1, 0.5, -7, 1e300, 4294967296.0 };

    switch (choose(m->choices, 4)) {
    case 0:  json_write_string(m->w, texts[choose(m->choices, COUNT_OF(texts))]); break;
    case 1:  json_write_double(m->w, numbers[choose(m->choices, COUNT_OF(numbers))]); break;
    case 2:  json_write_int(m->w, (int)choose(m->choices, 256) - 128); break;
    default: json_write_bool(m->w, choose(m->choices, 2)); break;
    }
}

static void write_any(Making *m, int depth)
{
    unsigned what  = choose(m->choices, depth > 0 ? 5 : 3);
    unsigned count = what < 3 ? 0 : choose(m->choices, 4);

    if (what == 0) {
        json_write_null(m->w);
    } else if (what < 3) {
        write_scalar(m);
    } else if (what == 3) {
        json_begin_array(m->w);
        for (unsigned i = 0; i < count; i++) {
            write_any(m, depth - 1);
        }
        json_end_array(m->w);
    } else {
        json_begin_object(m->w);
        for (unsigned i = 0; i < count; i++) {
            char key[2] = { (char)('a' + i), 0 };

            json_key(m->w, key);
            write_any(m, depth - 1);
        }
        json_end_object(m->w);
    }
}

/* $inputs.i0 .. and $steps.s0.output .. of what there is, now and then of what is not. */
static void write_selector(Making *m, bool only_steps)
{
    char text[100];
    int  step = (int)choose(m->choices, (unsigned)MAX(m->steps, 1) + 1);

    if (!only_steps && choose(m->choices, 2)) {
        snprintf(text, sizeof(text), "$inputs.i%u", choose(m->choices, (unsigned)m->inputs + 1));
    } else if (step < m->block_count && m->blocks[step]->outputs) {
        const Output *outputs = m->blocks[step]->outputs;
        unsigned      count   = 0;

        while (outputs[count].name) {
            count++;
        }
        snprintf(text, sizeof(text), "$steps.s%d.%s", step,
                 count ? outputs[choose(m->choices, count)].name : "*");
    } else {
        snprintf(text, sizeof(text), "$steps.s%d.%s", step,
                 choose(m->choices, 2) ? "output" : "a");
    }
    json_write_string(m->w, text);
}

static void write_step_selector(Making *m)
{
    char text[40];

    snprintf(text, sizeof(text), "$steps.s%u", choose(m->choices, (unsigned)m->steps + 1));
    json_write_string(m->w, text);
}

static void write_statement(Making *m, int depth)
{
    static const char *const statements[] = {
        "{\"type\":\"UnaryStatement\",\"operand\":{\"type\":\"DynamicOperand\",\"operand_name\":"
        "\"a\"},\"operator\":{\"type\":\"Exists\"}}",
        "{\"type\":\"BinaryStatement\",\"left_operand\":{\"type\":\"DynamicOperand\","
        "\"operand_name\":\"a\"},\"comparator\":{\"type\":\"==\"},\"right_operand\":{\"type\":"
        "\"StaticOperand\",\"value\":1}}",
        "{\"type\":\"BinaryStatement\",\"left_operand\":{\"type\":\"DynamicOperand\","
        "\"operand_name\":\"b\"},\"comparator\":{\"type\":\"(Number) >\"},\"right_operand\":"
        "{\"type\":\"StaticOperand\",\"value\":0}}",
    };
    unsigned count = 1 + choose(m->choices, 2);

    json_begin_object(m->w);
    json_key(m->w, "type");
    json_write_string(m->w, "StatementGroup");
    json_key(m->w, "statements");
    json_begin_array(m->w);
    for (unsigned i = 0; i < count; i++) {
        if (depth > 0 && choose(m->choices, 4) == 0) {
            write_statement(m, depth - 1);
        } else {
            json_write_raw(m->w, text_of(statements[choose(m->choices, COUNT_OF(statements))]));
        }
    }
    json_end_array(m->w);
    json_end_object(m->w);
}

static void write_filter(Making *m, int depth);

/* Parameters that operations know, with values that some of them take. */
static void write_parameters(Making *m)
{
    static const struct { const char *name; const char *values[4]; } parameters[] = {
        { "property_name", { "\"confidence\"", "\"center\"", "\"width\"", "\"top_class\"" } },
        { "mode",          { "\"first\"", "\"size\"", "\"most_common\"", "\"left_most\"" } },
        { "other",         { "0", "3", "-0.5", "\"2\"" } },
        { "cast_to",       { "\"int\"", "\"float\"", "\"int\"", "1" } },
        { "decimal_digits", { "0", "-1", "2", "400" } },
        { "regex",         { "\"a+\"", "\"(\"", "\"(a|b)*c\"", "\"\"" } },
        { "lookup_table",  { "{\"a\":1}", "{}", "{\"1\":[1]}", "1" } },
        { "function",      { "\"sum\"", "\"min\"", "\"max\"", "1" } },
        { "separator",     { "\"-\"", "\"\"", "\", \"", "1" } },
        { "class_map",     { "{\"a\":\"z\"}", "\"b\"", "{}", "{\"a\":\"b\",\"b\":\"a\"}" } },
        { "strict",        { "true", "false", "\"a\"", "1" } },
        { "parent_class",  { "\"a\"", "\"b\"", "\"\"", "1" } },
        { "offset_x",      { "1", "-9", "\"4\"", "1e300" } },
        { "offset_y",      { "1", "-9", "0", "1.5" } },
        { "shift_x",       { "1", "-9", "0", "1e18" } },
        { "shift_y",       { "1", "-9", "0", "true" } },
        { "start",         { "0", "-1", "1", "99" } },
        { "end",           { "0", "-1", "1", "99" } },
    };
    for (size_t i = 0; i < COUNT_OF(parameters); i++) {
        json_key(m->w, parameters[i].name);
        json_write_raw(m->w, text_of(parameters[i].values[choose(m->choices, 4)]));
    }
}

static void write_chain(Making *m, int depth)
{
    unsigned count = choose(m->choices, 4), types = 0;

    while (operation_types[types].name) {
        types++;
    }
    json_begin_array(m->w);
    for (unsigned i = 0; i < count; i++) {
        json_begin_object(m->w);
        json_key(m->w, "type");
        json_write_string(m->w, operation_types[choose(m->choices, types)].name);
        write_parameters(m);
        if (depth > 0) {
            json_key(m->w, "operations");
            write_chain(m, depth - 1);
            json_key(m->w, "filter_operation");
            write_filter(m, depth - 1);
        }
        json_end_object(m->w);
    }
    json_end_array(m->w);
}

/* One comparison of what a chain makes of a row with a literal. */
static void write_filter(Making *m, int depth)
{
    unsigned types = 0;

    while (comparators[types].name) {
        types++;
    }
    types = choose(m->choices, types);
    json_begin_object(m->w);
    json_key(m->w, "type");
    json_write_string(m->w, "StatementGroup");
    json_key(m->w, "statements");
    json_begin_array(m->w);
    json_begin_object(m->w);
    json_key(m->w, "type");
    json_write_string(m->w, comparators[types].unary ? "UnaryStatement" : "BinaryStatement");
    json_key(m->w, comparators[types].unary ? "operator" : "comparator");
    json_begin_object(m->w);
    json_key(m->w, "type");
    json_write_string(m->w, comparators[types].name);
    json_end_object(m->w);
    json_key(m->w, comparators[types].unary ? "operand" : "left_operand");
    json_begin_object(m->w);
    json_key(m->w, "type");
    json_write_string(m->w, "DynamicOperand");
    json_key(m->w, "operations");
    write_chain(m, depth);
    json_end_object(m->w);
    json_key(m->w, "right_operand");
    json_begin_object(m->w);
    json_key(m->w, "type");
    json_write_string(m->w, "StaticOperand");
    json_key(m->w, "value");
    write_any(m, 2);
    json_end_object(m->w);
    json_end_object(m->w);
    json_end_array(m->w);
    json_end_object(m->w);
}

static void write_operations(Making *m)
{
    write_chain(m, 2);
}

/* ---- fields ---------------------------------------------------------------------------- */

static void write_entries(Making *m, const Field *field)
{
    unsigned count = choose(m->choices, 4);
    bool     list  = field->type == FIELD_VALUES || field->type == FIELD_STEPS ||
                field->type == FIELD_TEXTS;

    list ? json_begin_array(m->w) : json_begin_object(m->w);
    for (unsigned i = 0; i < count; i++) {
        char key[2] = { (char)('a' + i), 0 };

        if (!list) {
            json_key(m->w, key);
        }
        if (field->type == FIELD_STEPS || field->type == FIELD_CASES) {
            write_step_selector(m);
        } else if (field->type == FIELD_TEXTS) {
            json_write_string(m->w, key);
        } else if (field->type == FIELD_MAP && !field->selector_only && choose(m->choices, 2)) {
            write_scalar(m);
        } else {
            write_selector(m, field->from == FROM_STEPS);
        }
    }
    list ? json_end_array(m->w) : json_end_object(m->w);
}

static void write_literal(Making *m, const Field *field)
{
    unsigned count = 0;

    switch (field->type) {
    case FIELD_INTEGER:    json_write_int(m->w, (int)choose(m->choices, 256) - 8); break;
    case FIELD_NUMBER:     json_write_double(m->w, choose(m->choices, 256) / 64.0); break;
    case FIELD_BOOLEAN:    json_write_bool(m->w, choose(m->choices, 2)); break;
    case FIELD_STATEMENT:  write_statement(m, 2); break;
    case FIELD_OPERATIONS: write_operations(m); break;
    case FIELD_CHOICE:
        while (field->choices[count].name) {
            count++;
        }
        json_write_string(m->w, field->choices[choose(m->choices, count)].name);
        break;
    case FIELD_TEXTS:
    case FIELD_VALUES:
    case FIELD_MAP:
    case FIELD_STEPS:
    case FIELD_CASES:      write_entries(m, field); break;
    case FIELD_TEXT:       json_write_string(m->w, choose(m->choices, 2) ? "a" : "{a}"); break;
    default:               write_any(m, 2); break;
    }
}

static void write_field(Making *m, const Field *field)
{
    unsigned how = choose(m->choices, 16);

    if (field->preset && how < 6) {
        return;
    }
    json_key(m->w, field->name);
    if (how == 15) {
        write_any(m, 3);
    } else if (field->kinds && (field->selector_only || how < 11) &&
               field->type != FIELD_VALUES && field->type != FIELD_MAP) {
        write_selector(m, field->from == FROM_STEPS);
    } else {
        write_literal(m, field);
    }
}

/* ---- the definition -------------------------------------------------------------------- */

static void write_definition(Making *m);

static void write_inner(Making *m)
{
    Making inner = { .choices = m->choices, .w = m->w, .depth = m->depth + 1 };

    json_key(m->w, "workflow_definition");
    write_definition(&inner);
    json_key(m->w, "parameter_bindings");
    json_begin_object(m->w);
    for (int i = 0; i < inner.inputs; i++) {
        char name[16];

        snprintf(name, sizeof(name), "i%d", i);
        json_key(m->w, name);
        write_selector(m, false);
    }
    json_end_object(m->w);
}

static void write_step(Making *m, int i)
{
    unsigned     count = 0;
    const Block *block;
    char         name[16];

    while (block_table[count]) {
        count++;
    }
    block = block_table[choose(m->choices, count)];
    snprintf(name, sizeof(name), "s%d", i);
    json_begin_object(m->w);
    json_key(m->w, "type");
    json_write_string(m->w, block->aliases[0] && choose(m->choices, 4) == 0 ? block->aliases[0]
                                                                            : block->type);
    json_key(m->w, "name");
    json_write_string(m->w, name);
    if (strstr(block->type, "/inner_workflow@") && m->depth < 5) {
        write_inner(m);
    } else {
        for (const Field *field = block->fields; field->name; field++) {
            write_field(m, field);
        }
    }
    json_end_object(m->w);
    m->blocks[m->block_count++] = block;
}

static void write_input(Making *m, int i)
{
    static const char *const types[] = { "WorkflowImage", "WorkflowParameter",
                                         "WorkflowBatchInput", "WorkflowVideoMetadata" };
    unsigned type = choose(m->choices, COUNT_OF(types));
    char     name[16];

    snprintf(name, sizeof(name), "i%d", i);
    json_begin_object(m->w);
    json_key(m->w, "type");
    json_write_string(m->w, types[type]);
    json_key(m->w, "name");
    json_write_string(m->w, name);
    if (type == 2) {
        json_key(m->w, "dimensionality");
        json_write_int(m->w, 1 + choose(m->choices, 3));
    }
    if (type == 1) {
        json_key(m->w, "default_value");
        write_any(m, 2);
    }
    if ((type == 1 || type == 2) && choose(m->choices, 2)) {
        json_key(m->w, "kind");
        json_begin_array(m->w);
        json_write_string(m->w, kind_table[choose(m->choices, KIND_COUNT)].name);
        json_end_array(m->w);
    }
    json_end_object(m->w);
}

static void write_outputs(Making *m)
{
    unsigned count = choose(m->choices, MOST_OUTPUTS);

    json_begin_array(m->w);
    for (unsigned i = 0; i < count; i++) {
        char name[16];

        snprintf(name, sizeof(name), "o%u", i);
        json_begin_object(m->w);
        json_key(m->w, "type");
        json_write_string(m->w, "JsonField");
        json_key(m->w, "name");
        json_write_string(m->w, name);
        json_key(m->w, "selector");
        write_selector(m, false);
        json_key(m->w, "coordinates_system");
        json_write_string(m->w, choose(m->choices, 2) ? "own" : "parent");
        json_end_object(m->w);
    }
    json_end_array(m->w);
}

static void write_definition(Making *m)
{
    m->inputs = (int)choose(m->choices, MOST_INPUTS);
    m->steps  = (int)choose(m->choices, MOST_STEPS);
    json_begin_object(m->w);
    json_key(m->w, "version");
    json_write_string(m->w, "1.3.0");
    json_key(m->w, "inputs");
    json_begin_array(m->w);
    for (int i = 0; i < m->inputs; i++) {
        write_input(m, i);
    }
    json_end_array(m->w);
    json_key(m->w, "steps");
    json_begin_array(m->w);
    for (int i = 0; i < m->steps; i++) {
        write_step(m, i);
    }
    json_end_array(m->w);
    json_key(m->w, "outputs");
    write_outputs(m);
    json_end_object(m->w);
}

static void write_given(Making *m, int depth)
{
    unsigned what = choose(m->choices, 8);

    if (what < 2) {
        json_write_string(m->w, picture);
    } else if (what < 4) {
        json_write_raw(m->w, text_of(detections));
    } else if (what < 6 && depth > 0) {
        unsigned count = choose(m->choices, 4);

        json_begin_array(m->w);
        for (unsigned i = 0; i < count; i++) {
            write_given(m, depth - 1);
        }
        json_end_array(m->w);
    } else {
        write_any(m, 1);
    }
}

static const Json *made(Arena *arena, Making *m, bool inputs)
{
    const Json *json;
    Error       err = { 0 };
    JsonWriter  w;
    Buffer      text;

    buffer_init(&text, MIB(1));
    w    = json_writer(&text);
    m->w = &w;
    if (inputs) {
        json_begin_object(&w);
        for (int i = 0; i < m->inputs; i++) {
            char name[16];

            snprintf(name, sizeof(name), "i%d", i);
            json_key(&w, name);
            write_given(m, 3);
        }
        json_end_object(&w);
    } else {
        write_definition(m);
    }
    json = text.failed ? NULL : json_parse(arena, (Text){ text.data, text.length }, JSON_STRICT,
                                           &err);
    buffer_fini(&text);
    return json;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    Choices     choices = { bytes, bytes + size };
    Making      making  = { .choices = &choices };
    const Json *definition, *inputs;
    Arena       arena;

    arena_init(&arena, MIB(64));
    definition = made(&arena, &making, false);
    inputs     = made(&arena, &making, true);
    if (definition && inputs) {
        run_through(&arena, definition, inputs);
    }
    arena_fini(&arena);
    return 0;
}
