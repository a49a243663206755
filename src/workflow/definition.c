/*
 * definition - the syntax stage of compilation.
 */
#include "workflow/definition.h"

#include <ctype.h>

#include "base/map.h"
#include "base/text.h"
#include "workflow/field.h"

#define ENGINE_MAJOR 1
#define ENGINE_MINOR 17

static const char parsing[] = "workflow_compilation | workflow_definition_parsing";

typedef struct Parser {
    Arena   *arena;        /* what is kept */
    Arena   *scratch;      /* problems */
    Problem *problem;
    bool     wrong;
} Parser;

/* ---- problems -------------------------------------------------------------------- */

/* Note a problem of one step's field; parsing goes on. */
static void wrong_field(Parser *p, const StepDef *step, const char *property, const char *details)
{
    if (!p->wrong) {
        problem_set(p->scratch, p->problem, PROBLEM_SYNTAX, parsing,
                    "The workflow definition is not valid; see the list of problems.");
        p->problem->inner_type    = "ValidationError";
        p->problem->inner_message = arena_printf(
            p->scratch, "%s%s%s: %s", step && step->name.at ? step->name.at : "(step)",
            property ? "." : "", property ? property : "", details);
    }
    p->wrong = true;
    if (step) {
        problem_add_block(p->scratch, p->problem, (BlockProblem){
            .block_id = step->name.at, .block_type = step->type.at, .property = property,
            .details = details });
    }
}

/* A problem outside of steps. */
static void wrong_definition(Parser *p, const char *details)
{
    if (!p->wrong) {
        problem_set(p->scratch, p->problem, PROBLEM_SYNTAX, parsing,
                    "The workflow definition is not valid: %s", details);
        p->problem->inner_type    = "ValidationError";
        p->problem->inner_message = details;
    }
    p->wrong = true;
}

/* ---- version ---------------------------------------------------------------------- */

static bool read_version(Parser *p, const Json *json)
{
    static const char context[] = "workflow_compilation | engine_initialisation";
    const Json *version = json_get(json, "version");
    Text        text    = json_text(version);
    char       *end;
    long        major, minor = 0;

    if (!version || (text.at && text.length == 0)) {
        return true;
    }
    if (!text.at) {
        p->problem->inner_type = "TypeError";
        return problem_set(p->scratch, p->problem, PROBLEM_DEFINITION, context,
                           "version: it must be a text such as \"1.0\"");
    }
    major = strtol(text.at, &end, 10);
    if (*end == '.') {
        minor = strtol(end + 1, &end, 10);
    }
    if (end == text.at || (*end != '\0' && *end != '.')) {
        p->problem->inner_type = "InvalidVersion";
        return problem_set(p->scratch, p->problem, PROBLEM_DEFINITION, context,
                           "version: '%.*s' is not a version such as \"1.0\"", SHOW(text));
    }
    if (major != ENGINE_MAJOR || minor > ENGINE_MINOR) {
        return problem_set(p->scratch, p->problem, PROBLEM_ENGINE_VERSION, context,
                           "version: this server runs workflow versions 1.0 to %d.%d, not '%.*s'",
                           ENGINE_MAJOR, ENGINE_MINOR, SHOW(text));
    }
    return true;
}

/* ---- inputs ------------------------------------------------------------------------ */

static bool read_kinds(Parser *p, InputDef *input, const Json *json)
{
    const Json *kinds = json_get(json, "kind");
    JsonWalk    walk  = json_walk(kinds);
    KindRef    *refs;

    if (!kinds || json_is(kinds, JSON_NULL) || !json_is(kinds, JSON_ARRAY)) {
        refs    = arena_new(p->arena, KindRef);
        refs->id = input->type == INPUT_IMAGE ? KIND_IMAGE
                 : input->type == INPUT_VIDEO ? KIND_VIDEO_METADATA : KIND_ANY;
        refs->name   = text_of(kind_table[refs->id].name);
        input->kinds = (KindRefs){ refs, 1 };
        return !kinds || json_is(kinds, JSON_NULL);
    }
    refs = arena_array(p->arena, KindRef, MAX(json_count(kinds), 1));
    while (refs && json_next(&walk)) {
        Text name = json_is(walk.value, JSON_STRING) ? json_text(walk.value)
                                                     : json_text(json_get(walk.value, "name"));
        if (!name.at) {
            return false;
        }
        refs[walk.index] = (KindRef){ kind_find(name), arena_text(p->arena, name) };
    }
    input->kinds = (KindRefs){ refs, refs ? (int)json_count(kinds) : 0 };
    return true;
}

static bool read_input_type(Text type, InputType *out)
{
    static const struct { const char *name; InputType type; } types[] = {
        { "WorkflowImage", INPUT_IMAGE },         { "InferenceImage", INPUT_IMAGE },
        { "WorkflowVideoMetadata", INPUT_VIDEO }, { "WorkflowParameter", INPUT_PARAMETER },
        { "InferenceParameter", INPUT_PARAMETER }, { "WorkflowBatchInput", INPUT_BATCH },
    };
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (text_is(type, types[i].name)) {
            *out = types[i].type;
            return true;
        }
    }
    return false;
}

static void read_input(Parser *p, const Json *json, InputDef *input, size_t index)
{
    Text type = json_text(json_get(json, "type"));
    Text name = json_text(json_get(json, "name"));
    const Json *dimensionality = json_get(json, "dimensionality");

    if (!read_input_type(type, &input->type)) {
        wrong_definition(p, arena_printf(p->scratch, "inputs[%zu]: '%.*s' is not a type of input; "
                         "there are WorkflowImage, WorkflowParameter, WorkflowBatchInput and "
                         "WorkflowVideoMetadata", index, SHOW(type)));
        return;
    }
    if (!name.at) {
        wrong_definition(p, arena_printf(p->scratch, "inputs[%zu]: name is missing", index));
        return;
    }
    input->name   = arena_text(p->arena, name);
    input->preset = value_copy(p->arena, value_from_json(p->scratch,
                                                         json_get(json, "default_value")));
    input->dimensionality = input->type == INPUT_PARAMETER ? 0 : 1;
    if (input->type == INPUT_BATCH && dimensionality) {
        input->dimensionality = json_int(dimensionality, 1);
        if (!json_is(dimensionality, JSON_INT)) {
            wrong_definition(p, arena_printf(p->scratch, "inputs[%zu]: dimensionality is not an "
                                             "integer", index));
        }
    }
    if (!read_kinds(p, input, json)) {
        wrong_definition(p, arena_printf(p->scratch, "inputs[%zu]: kind is not a list of names of "
                                         "kinds", index));
    }
}

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
            if (!is_data_selector(text, field->from)) {
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
        if (field->selector_only || field->type != FIELD_TEXT) {
            return fail(err, ERR_INVALID, "%s", selector_pattern(field));
        }
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
            wrong_field(p, step, field->name, "this field is required");
        } else if (!read_field(p, step, field, value, &err)) {
            wrong_field(p, step, field->name, arena_string(p->scratch, err.text));
        }
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
        wrong_field(p, step, err.field[0] ? arena_string(p->scratch, err.field) : NULL,
                    arena_string(p->scratch, err.text));
        return;
    }
    step->outputs = step->block->describe ? step->block->describe(&view) : step->block->outputs;
    while (step->outputs && step->outputs[step->output_count].name) {
        step->output_count++;
    }
}

static void read_step(Parser *p, const Json *json, StepDef *step)
{
    Text name = json_text(json_get(json, "name"));
    Text type = json_text(json_get(json, "type"));
    const char *near;

    step->name = name.at ? arena_text(p->arena, name) : name;
    step->type = type.at ? arena_text(p->arena, type) : type;
    if (!type.at) {
        wrong_field(p, step, NULL, "the step has no type");
        return;
    }
    step->block = block_find(type);
    if (!step->block) {
        near = block_nearest(type);
        wrong_field(p, step, NULL, arena_printf(p->scratch,
                    "there is no block of type '%.*s'%s%s%s", SHOW(type),
                    near ? "; did you mean '" : "", near ? near : "", near ? "'?" : ""));
        return;
    }
    if (!name.at) {
        wrong_field(p, step, "name", "the step has no name");
    }
    step->args = arena_alloc(p->arena, MAX(step->block->args_size, 1));
    read_fields(p, step, json);
    if (!p->wrong) {
        describe_outputs(p, step);
    }
}

/* ---- outputs ------------------------------------------------------------------------- */

static void read_output(Parser *p, const Json *json, OutputDef *output, size_t index)
{
    Text type        = json_text(json_get(json, "type"));
    Text name        = json_text(json_get(json, "name"));
    Text selector    = json_text(json_get(json, "selector"));
    const Json *coordinates = json_get(json, "coordinates_system");

    if (!text_is(type, "JsonField")) {
        wrong_definition(p, arena_printf(p->scratch, "outputs[%zu]: the type of an output is "
                                         "JsonField", index));
    } else if (!name.at || !selector.at) {
        wrong_definition(p, arena_printf(p->scratch, "outputs[%zu]: %s is missing", index,
                                         name.at ? "selector" : "name"));
    } else if (coordinates && !text_is(json_text(coordinates), "own") &&
               !text_is(json_text(coordinates), "parent")) {
        wrong_definition(p, arena_printf(p->scratch, "outputs[%zu]: coordinates_system is 'own' or "
                                         "'parent'", index));
    } else {
        output->name     = arena_text(p->arena, name);
        output->selector = arena_text(p->arena, selector);
        output->own      = text_is(json_text(coordinates), "own");
    }
}

/* ---- the whole ------------------------------------------------------------------------ */

static bool unique(Parser *p, const char *what, Map *seen, Text name)
{
    if (!map_put(seen, name, p)) {
        return problem_set(p->scratch, p->problem, PROBLEM_DUPLICATED_NAME,
                           "workflow_compilation | specification_validation",
                           "Two %s are called '%.*s'; every one needs its own name.", what,
                           SHOW(name));
    }
    return true;
}

static bool unique_names(Parser *p, const Definition *def)
{
    Map inputs, steps, outputs;

    map_init(&inputs, p->scratch);
    map_init(&steps, p->scratch);
    map_init(&outputs, p->scratch);
    for (int i = 0; i < def->input_count; i++) {
        if (!unique(p, "inputs", &inputs, def->inputs[i].name)) {
            return false;
        }
    }
    for (int i = 0; i < def->step_count; i++) {
        if (!unique(p, "steps", &steps, def->steps[i].name)) {
            return false;
        }
    }
    for (int i = 0; i < def->output_count; i++) {
        if (!unique(p, "outputs", &outputs, def->outputs[i].name)) {
            return false;
        }
    }
    return true;
}

/* The three lists, and entries of steps that are no objects, which the reference
 * reports apart. */
static bool check_shape(Parser *p, const Json *json)
{
    static const char *const sections[] = { "inputs", "steps", "outputs" };
    JsonWalk walk = json_walk(json_get(json, "steps"));

    while (json_is(json_get(json, "steps"), JSON_ARRAY) && json_next(&walk)) {
        if (!json_is(walk.value, JSON_OBJECT)) {
            return problem_set(p->scratch, p->problem, PROBLEM_STEP_ENTRY,
                               "workflow_compilation | inner_workflow | composition",
                               "steps[%zu] is not a dictionary.", walk.index);
        }
    }
    if (!json_is(json_get(json, "version"), JSON_STRING)) {
        wrong_definition(p, "version is missing");
    }
    for (size_t i = 0; i < COUNT_OF(sections); i++) {
        const Json *section = json_get(json, sections[i]);

        if (!json_is(section, JSON_ARRAY)) {
            wrong_definition(p, arena_printf(p->scratch, "%s %s", sections[i],
                                             section ? "is not a list" : "is missing"));
        }
    }
    if (json_count(json_get(json, "steps")) > LIMIT_STEPS) {
        wrong_definition(p, arena_printf(p->scratch, "more than %d steps", LIMIT_STEPS));
    }
    return !p->wrong;
}

static bool allocate(Parser *p, const Json *json, Definition *def)
{
    def->input_count  = (int)json_count(json_get(json, "inputs"));
    def->step_count   = (int)json_count(json_get(json, "steps"));
    def->output_count = (int)json_count(json_get(json, "outputs"));
    def->inputs  = arena_array(p->arena, InputDef, MAX(def->input_count, 1));
    def->steps   = arena_array(p->arena, StepDef, MAX(def->step_count, 1));
    def->outputs = arena_array(p->arena, OutputDef, MAX(def->output_count, 1));
    return (def->inputs && def->steps && def->outputs) ||
           problem_set(p->scratch, p->problem, PROBLEM_LIMITS, parsing, "The definition is too "
                       "large.");
}

bool definition_parse(Arena *arena, const Json *json, Definition *out, Arena *scratch,
                      Problem *problem)
{
    Parser   p = { arena, scratch, problem, false };
    JsonWalk walk;

    memset(out, 0, sizeof(*out));
    if (!read_version(&p, json) || !check_shape(&p, json) || !allocate(&p, json, out)) {
        return false;
    }
    walk = json_walk(json_get(json, "inputs"));
    while (json_next(&walk)) {
        read_input(&p, walk.value, &out->inputs[walk.index], walk.index);
    }
    walk = json_walk(json_get(json, "steps"));
    while (json_next(&walk)) {
        read_step(&p, walk.value, &out->steps[walk.index]);
    }
    walk = json_walk(json_get(json, "outputs"));
    while (json_next(&walk)) {
        read_output(&p, walk.value, &out->outputs[walk.index], walk.index);
    }
    if (arena_failed(arena)) {
        return problem_set(scratch, problem, PROBLEM_LIMITS, parsing,
                           "The definition is too large.");
    }
    return !p.wrong && unique_names(&p, out);
}
