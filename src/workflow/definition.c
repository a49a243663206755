/*
 * definition - the syntax stage of compilation.
 */
#include "workflow/definition.h"

#include "base/map.h"
#include "workflow/parser.h"

#define ENGINE_MAJOR 1
#define ENGINE_MINOR 17

/* ---- problems -------------------------------------------------------------------- */

void parser_wrong_field(Parser *p, const StepDef *step, const char *property,
                        const char *details)
{
    if (!p->wrong) {
        problem_set(p->scratch, p->problem, PROBLEM_SYNTAX, CONTEXT_PARSING,
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
        problem_set(p->scratch, p->problem, PROBLEM_SYNTAX, CONTEXT_PARSING,
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

bool parser_input_type(Text type, InputType *out)
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

void parser_read_input(Parser *p, const Json *json, InputDef *input, size_t index)
{
    Text type = json_text(json_get(json, "type"));
    Text name = json_text(json_get(json, "name"));
    const Json *dimensionality = json_get(json, "dimensionality");

    if (!parser_input_type(type, &input->type)) {
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

static bool unique_steps(Parser *p, const Definition *def)
{
    Map steps;

    map_init(&steps, p->scratch);
    for (int i = 0; i < def->step_count; i++) {
        if (!unique(p, "steps", &steps, def->steps[i].name)) {
            return false;
        }
    }
    return true;
}

static bool unique_names(Parser *p, const Definition *def)
{
    Map inputs, outputs;

    map_init(&inputs, p->scratch);
    map_init(&outputs, p->scratch);
    for (int i = 0; i < def->input_count; i++) {
        if (!unique(p, "inputs", &inputs, def->inputs[i].name)) {
            return false;
        }
    }
    if (!unique_steps(p, def)) {
        return false;
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
           problem_set(p->scratch, p->problem, PROBLEM_LIMITS, CONTEXT_PARSING,
                       "The definition is too large.");
}

/* Python that a definition brings along is never run. */
bool parser_check_own_blocks(Parser *p, const Json *json)
{
    if (json_count(json_get(json, "dynamic_blocks_definitions")) == 0) {
        return true;
    }
    return problem_set(p->scratch, p->problem, PROBLEM_ENVIRONMENT,
                       "workflow_compilation | dynamic_blocks_compilation",
                       "dynamic_blocks_definitions: this server runs no Python code of "
                       "workflows; use the blocks of `ocellus blocks` instead.");
}

static bool parse_all(Parser *p, const Json *json, Definition *out)
{
    JsonWalk walk;

    if (!check_shape(p, json) || !allocate(p, json, out)) {
        return false;
    }
    walk = json_walk(json_get(json, "inputs"));
    while (json_next(&walk)) {
        parser_read_input(p, walk.value, &out->inputs[walk.index], walk.index);
    }
    walk = json_walk(json_get(json, "steps"));
    while (json_next(&walk)) {
        parser_read_step(p, walk.value, &out->steps[walk.index]);
    }
    walk = json_walk(json_get(json, "outputs"));
    while (json_next(&walk)) {
        read_output(p, walk.value, &out->outputs[walk.index], walk.index);
    }
    if (arena_failed(p->arena)) {
        return problem_set(p->scratch, p->problem, PROBLEM_LIMITS, CONTEXT_PARSING,
                           "The definition is too large.");
    }
    return !p->wrong;
}

bool definition_parse(Arena *arena, const Json *json, Definition *out, Arena *scratch,
                      Problem *problem)
{
    Parser p = { arena, scratch, problem, false };

    memset(out, 0, sizeof(*out));
    return read_version(&p, json) && parser_check_own_blocks(&p, json) &&
           parse_all(&p, json, out) && unique_names(&p, out);
}

bool definition_parse_child(Arena *arena, const Json *json, Definition *out, Arena *scratch,
                            Problem *problem)
{
    Parser p = { arena, scratch, problem, false };

    memset(out, 0, sizeof(*out));
    return parser_check_own_blocks(&p, json) && parse_all(&p, json, out) && unique_steps(&p, out);
}
