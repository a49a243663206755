/*
 * definition_step - one step's JSON: its block, its literals, its selectors.
 */
#include <ctype.h>

#include "workflow/field.h"
#include "workflow/parser.h"

/* ---- selectors ---------------------------------------------------------------------- */

static size_t name_length(Text text, bool star)
{
    size_t n = 0;

    while (n < text.length && (isalnum((unsigned char)text.at[n]) || text.at[n] == '_' ||
                               text.at[n] == '-' || (star && text.at[n] == '*'))) {
        n++;
    }
    return n;
}

Selector selector_parse(Text text)
{
    Text   rest;
    size_t n;

    if (text_starts(text, "$inputs") && text.length > 8) {
        return (Selector){ SELECTOR_INPUT, { text.at + 8, text.length - 8 }, { NULL, 0 } };
    }
    if (!text_starts(text, "$steps.")) {
        return (Selector){ .type = SELECTOR_NONE };
    }
    rest = (Text){ text.at + 7, text.length - 7 };
    n    = 0;
    while (n < rest.length && rest.at[n] != '.') {
        n++;
    }
    if (n == rest.length) {
        return (Selector){ SELECTOR_STEP, rest, { NULL, 0 } };
    }
    return (Selector){ SELECTOR_OUTPUT, { rest.at, n }, { rest.at + n + 1, rest.length - n - 1 } };
}

/* Whether a text has the form of a data selector that this field may hold. */
static bool is_data_selector(Text text, Where from)
{
    Selector s = selector_parse(text);

    if (s.type == SELECTOR_INPUT) {
        return from != FROM_STEPS && s.name.length > 0 &&
               name_length(s.name, false) == s.name.length;
    }
    return s.type == SELECTOR_OUTPUT && from != FROM_INPUTS && s.name.length > 0 &&
           name_length(s.name, false) == s.name.length && s.property.length > 0 &&
           name_length(s.property, true) == s.property.length;
}

static bool is_step_selector(Text text)
{
    return text_starts(text, "$steps.") && text.length > 7 &&
           name_length((Text){ text.at + 7, text.length - 7 }, false) > 0;
}

/* ---- fields ------------------------------------------------------------------------- */

static void add_reference(Parser *p, Reference **list, int *count, int *capacity, Reference item)
{
    if (*count == *capacity) {
        int        more = *capacity ? *capacity * 2 : 8;
        Reference *grown = arena_array(p->arena, Reference, more);

        if (!grown) {
            return;
        }
        if (*count > 0) {
            memcpy(grown, *list, (size_t)*count * sizeof(*grown));
        }
        *list     = grown;
        *capacity = more;
    }
    item.selector = arena_text(p->arena, item.selector);
    (*list)[(*count)++] = item;
}

static void add_data(Parser *p, StepDef *step, const Field *field, Text key, int item, Text text)
{
    add_reference(p, &step->references, &step->reference_count, &step->reference_capacity,
                  (Reference){ field, key, item, text });
}

static const char *selector_pattern(const Field *field)
{
    return field->from == FROM_INPUTS ? "expected a selector such as $inputs.name"
         : field->from == FROM_STEPS  ? "expected a selector such as $steps.name.output"
                                      : "expected a selector such as $inputs.name or "
                                        "$steps.name.output";
}

/* A list of selectors. */
static bool read_values(Parser *p, StepDef *step, const Field *field, const Json *json, Error *err)
{
    ValueList list = { 0 };
    Value    *items;
    JsonWalk  walk = json_walk(json);

    if (!json_is(json, JSON_ARRAY)) {
        return fail(err, ERR_INVALID, "expected a list of selectors");
    }
    if ((int)json_count(json) < field->least) {
        return fail(err, ERR_INVALID, "the list has %zu elements, at least %d are needed",
                    json_count(json), field->least);
    }
    items = arena_array(p->arena, Value, MAX(json_count(json), 1));
    while (items && json_next(&walk)) {
        if (!is_data_selector(json_text(walk.value), field->from)) {
            return fail(err, ERR_INVALID, "element %zu: %s", walk.index, selector_pattern(field));
        }
        add_data(p, step, field, (Text){ NULL, 0 }, (int)walk.index, json_text(walk.value));
    }
    list = (ValueList){ items, items ? (int)json_count(json) : 0 };
    *(ValueList *)field_member(field, step->args) = list;
    return true;
}

/* A dict of selectors and literals. */
static bool read_map(Parser *p, StepDef *step, const Field *field, const Json *json, Error *err)
{
    Value map;

    if (!json_is(json, JSON_OBJECT)) {
        return fail(err, ERR_INVALID, "expected a dictionary");
    }
    map = value_copy(p->arena, value_from_json(p->scratch, json));
    for (uint32_t i = 0; i < map.count; i++) {
        const ValuePair *pair = &map.as.pairs[i];
        Text             text = value_as_text(pair->value);

        if (text.length > 0 && text.at[0] == '$') {
            if (!is_data_selector(text, field->from) && !field->scalar) {
                return fail(err, ERR_INVALID, "'%.*s': %s", SHOW(pair->key),
                            selector_pattern(field));
            }
            add_data(p, step, field, pair->key, (int)i, text);
        } else if (field->selector_only) {
            return fail(err, ERR_INVALID, "'%.*s': %s", SHOW(pair->key), selector_pattern(field));
        } else if (field->scalar && !value_is_scalar(pair->value)) {
            return fail(err, ERR_INVALID, "'%.*s': expected a text, a number or a boolean",
                        SHOW(pair->key));
        }
    }
    *(Value *)field_member(field, step->args) = map;
    return true;
}

/* A list of step selectors, which is one branch. */
static bool read_steps(Parser *p, StepDef *step, const Field *field, const Json *json, Error *err)
{
    JsonWalk walk = json_walk(json);

    *(BranchRef *)field_member(field, step->args) = (BranchRef){ -1 };
    if (!json_is(json, JSON_ARRAY)) {
        return fail(err, ERR_INVALID, "expected a list of step selectors such as $steps.name");
    }
    while (json_next(&walk)) {
        if (!is_step_selector(json_text(walk.value))) {
            return fail(err, ERR_INVALID, "element %zu: expected a step selector such as "
                        "$steps.name", walk.index);
        }
        add_reference(p, &step->targets, &step->target_count, &step->target_capacity,
                      (Reference){ field, { NULL, 0 }, (int)walk.index, json_text(walk.value) });
    }
    return true;
}

/* A dict of step selectors, every one a branch of its own. */
static bool read_cases(Parser *p, StepDef *step, const Field *field, const Json *json, Error *err)
{
    JsonWalk    walk  = json_walk(json);
    BranchCase *cases = arena_array(p->arena, BranchCase, MAX(json_count(json), 1));
    int         count = 0;

    if (!json_is(json, JSON_OBJECT)) {
        return fail(err, ERR_INVALID, "expected a dictionary of step selectors");
    }
    while (cases && json_next(&walk)) {
        if (!is_step_selector(json_text(walk.value))) {
            return fail(err, ERR_INVALID, "'%.*s': expected a step selector such as $steps.name",
                        SHOW(walk.key));
        }
        cases[count] = (BranchCase){ arena_text(p->arena, walk.key), { -1 } };
        add_reference(p, &step->targets, &step->target_count, &step->target_capacity,
                      (Reference){ field, cases[count].key, count, json_text(walk.value) });
        count++;
    }
    *(BranchCases *)field_member(field, step->args) = (BranchCases){ cases, count };
    return true;
}

static bool read_literal(Parser *p, StepDef *step, const Field *field, const Json *json,
                         Error *err)
{
    switch (field->type) {
    case FIELD_VALUES:
        return read_values(p, step, field, json, err);
    case FIELD_MAP:
        return read_map(p, step, field, json, err);
    case FIELD_STEPS:
        return read_steps(p, step, field, json, err);
    case FIELD_CASES:
        return read_cases(p, step, field, json, err);
    case FIELD_PARSED:
        return field->parse(p->arena, json, field_member(field, step->args), err);
    case FIELD_STATEMENT: {
        const Statement *statement = uql_compile_statement(p->arena, json, err);

        *(const Statement **)field_member(field, step->args) = statement;
        return statement != NULL;
    }
    case FIELD_OPERATIONS: {
        const Operation *chain = uql_compile_operations(p->arena, json, err);

        *(const Operation **)field_member(field, step->args) = chain;
        return chain != NULL || err->kind == ERR_NONE;
    }
    default:
        return field_accept(p->arena, field,
                            value_copy(p->arena, value_from_json(p->scratch, json)), step->args,
                            err);
    }
}

/* One field of a step: a selector, or a literal of the field's type. */
static bool read_field(Parser *p, StepDef *step, const Field *field, const Json *json, Error *err)
{
    Text text = json_text(json);

    if (field->kinds && text.length > 0 && text.at[0] == '$') {
        if (is_data_selector(text, field->from)) {
            add_data(p, step, field, (Text){ NULL, 0 }, -1, text);
            return true;
        }
        if (field->selector_only || (field->type != FIELD_TEXT && !field->scalar)) {
            return fail(err, ERR_INVALID, "%s", selector_pattern(field));
        }
        add_data(p, step, field, (Text){ NULL, 0 }, -1, text);    /* told when connected */
        return true;
    }
    if (field->nullable && json_is(json, JSON_NULL)) {
        return read_literal(p, step, field, json, err);
    }
    if (field->selector_only && field->type != FIELD_VALUES && field->type != FIELD_MAP) {
        return fail(err, ERR_INVALID, "%s", selector_pattern(field));
    }
    return read_literal(p, step, field, json, err);
}

static const Json *field_json(const Json *json, const Field *field)
{
    const Json *value = json_get(json, field->name);

    return value || !field->alias ? value : json_get(json, field->alias);
}

static void read_fields(Parser *p, StepDef *step, const Json *json)
{
    for (const Field *field = step->block->fields; field->name; field++) {
        const Json *value = field_json(json, field);
        Error       err   = { 0 };

        if (!value && field->preset) {
            value = json_parse(p->arena, text_of(field->preset), JSON_STRICT, &err);
            assert(value);
            if (!read_literal(p, step, field, value, &err)) {
                assert(field->range.above);   /* a default outside its own range */
            }
            continue;
        }
        if (!value) {
            parser_wrong_field(p, step, field->name, "this field is required");
        } else if (!read_field(p, step, field, value, &err)) {
            parser_wrong_field(p, step, field->name, arena_string(p->scratch, err.text));
        }
    }
}

static void set_outputs(StepDef *step, const Output *outputs)
{
    step->outputs = outputs;
    while (outputs && outputs[step->output_count].name) {
        step->output_count++;
    }
}

static void describe_outputs(Parser *p, StepDef *step)
{
    Text    *targets = arena_array(p->arena, Text, MAX(step->target_count, 1));
    StepView view    = { p->arena, step->block, step->args, targets,
                         targets ? step->target_count : 0 };
    Error    err     = { 0 };

    for (int i = 0; i < view.target_count; i++) {
        targets[i] = step->targets[i].selector;
    }
    if (step->block->check && !step->block->check(&view, &err)) {
        parser_wrong_field(p, step, err.field[0] ? arena_string(p->scratch, err.field) : NULL,
                    arena_string(p->scratch, err.text));
        return;
    }
    set_outputs(step, step->block->describe ? step->block->describe(&view)
                                            : step->block->outputs);
}

/* Stands for the block of a step that is wrong. */
static const Field no_fields[1];
static const Block block_unknown = { .type = "unknown", .fields = no_fields };

void parser_read_step(Parser *p, const Json *json, StepDef *step)
{
    Text name = json_text(json_get(json, "name"));
    Text type = json_text(json_get(json, "type"));
    const Block *block;
    const char  *near;

    step->name = name.at ? arena_text(p->arena, name) : name;
    step->type = type.at ? arena_text(p->arena, type) : type;
    if (!type.at) {
        step->block = &block_unknown;
        parser_wrong_field(p, step, NULL, "the step has no type");
        return;
    }
    block       = block_find(type);
    step->block = block ? block : &block_unknown;
    if (!block) {
        near = block_nearest(type);
        parser_wrong_field(p, step, NULL, arena_printf(p->scratch,
                    "there is no block of type '%.*s'%s%s%s", SHOW(type),
                    near ? "; did you mean '" : "", near ? near : "", near ? "'?" : ""));
        return;
    }
    if (!name.at) {
        parser_wrong_field(p, step, "name", "the step has no name");
    }
    step->args = arena_alloc(p->arena, MAX(step->block->args_size, 1));
    read_fields(p, step, json);
    if (!step->wrong) {
        describe_outputs(p, step);
    } else if (!step->block->describe) {
        set_outputs(step, step->block->outputs);
    }
}
