/*
 * definition - the syntax stage of compilation.
 */
#include "workflow/definition.h"

#include "base/map.h"
#include "workflow/parser.h"
#include "workflow/version.h"

#define ENGINE_MAJOR 1
#define ENGINE_MINOR 17
#define ENGINE_PATCH 0

/* ---- problems -------------------------------------------------------------------- */

void parser_wrong_field(Parser *p, StepDef *step, const char *property, const char *details)
{
    if (p->problem->class == PROBLEM_NONE) {
        problem_set(p->scratch, p->problem, PROBLEM_SYNTAX, CONTEXT_PARSING,
                    "The workflow definition is not valid; see the list of problems.");
        p->problem->inner_type    = "ValidationError";
        p->problem->inner_message = arena_printf(
            p->scratch, "%s%s%s: %s", step->name.at ? step->name.at : "(step)",
            property ? "." : "", property ? property : "", details);
    }
    p->wrong = step->wrong = true;
    problem_add_block(p->scratch, p->problem, (BlockProblem){
        .block_id = step->name.at, .block_type = step->type.at, .property = property,
        .details = details });
}

/* A problem outside of steps; `place` is such as "inputs[2]", or NULL. */
static void wrong_definition(Parser *p, const char *place, const char *details)
{
    Problem problem = { 0 };

    problem_set(p->scratch, &problem, PROBLEM_SYNTAX, CONTEXT_PARSING,
                "The workflow definition is not valid: %s%s%s", place ? place : "",
                place ? ": " : "", details);
    problem.inner_type    = "ValidationError";
    problem.inner_message = details;
    problem_about(p->scratch, &problem, place, NULL);
    p->wrong = true;
    if (!problem_keep(p->scratch, p->all, &problem) && p->problem->class == PROBLEM_NONE) {
        *p->problem = problem;
    }
}

/* Of an entry of a section. */
static void wrong_entry(Parser *p, const char *section, size_t index, const char *details)
{
    wrong_definition(p, arena_printf(p->scratch, "%s[%zu]", section, index), details);
}

/* After a problem that ends the stage, unless all are asked for. */
static bool go_on(Parser *p)
{
    p->wrong = true;
    return problem_keep(p->scratch, p->all, p->problem);
}

/* ---- version ---------------------------------------------------------------------- */

static bool read_version(Parser *p, const Json *json)
{
    static const char context[] = "workflow_compilation | engine_initialisation";
    const Json *given = json_get(json, "version");
    Text        text  = json_text(given);
    Version     version;

    if (json_is_falsy(given)) {
        return true;
    }
    if (!text.at) {
        p->problem->inner_type = "TypeError";
        return problem_set(p->scratch, p->problem, PROBLEM_DEFINITION, context,
                           "version: it must be a text such as \"1.0\"");
    }
    if (!version_parse(text, &version)) {
        p->problem->inner_type = "InvalidVersion";
        return problem_set(p->scratch, p->problem, PROBLEM_DEFINITION, context,
                           "version: '%.*s' is not a version such as \"1.0\"", SHOW(text));
    }
    if (version.major != ENGINE_MAJOR ||
        version_is_after(&version, ENGINE_MAJOR, ENGINE_MINOR, ENGINE_PATCH)) {
        return problem_set(p->scratch, p->problem, PROBLEM_ENGINE_VERSION, context,
                           "version: this server runs workflow versions 1.0 to %d.%d, not '%.*s'",
                           ENGINE_MAJOR, ENGINE_MINOR, SHOW(text));
    }
    return true;
}

static bool check_version(Parser *p, const Json *json)
{
    if (read_version(p, json)) {
        return true;
    }
    problem_about(p->scratch, p->problem, "version", NULL);
    return go_on(p);
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
        wrong_entry(p, "inputs", index, arena_printf(p->scratch, "'%.*s' is not a type of input; "
                    "there are WorkflowImage, WorkflowParameter, WorkflowBatchInput and "
                    "WorkflowVideoMetadata", SHOW(type)));
        input->type = INPUT_PARAMETER;
    }
    if (!name.at) {
        wrong_entry(p, "inputs", index, "name is missing");
    }
    input->name   = arena_text(p->arena, name);
    input->preset = value_copy(p->arena, value_from_json(p->scratch,
                                                         json_get(json, "default_value")));
    input->dimensionality = input->type == INPUT_PARAMETER ? 0 : 1;
    if (input->type == INPUT_BATCH && dimensionality) {
        input->dimensionality = json_int(dimensionality, 1);
        if (!json_is(dimensionality, JSON_INT)) {
            wrong_entry(p, "inputs", index, "dimensionality is not an integer");
        }
    }
    if (!read_kinds(p, input, json)) {
        wrong_entry(p, "inputs", index, "kind is not a list of names of kinds");
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
        wrong_entry(p, "outputs", index, "the type of an output is JsonField");
    }
    if (!name.at || !selector.at) {
        wrong_entry(p, "outputs", index, name.at ? "selector is missing" : "name is missing");
    }
    if (coordinates && !text_is(json_text(coordinates), "own") &&
        !text_is(json_text(coordinates), "parent")) {
        wrong_entry(p, "outputs", index, "coordinates_system is 'own' or 'parent'");
    }
    output->name     = arena_text(p->arena, name);
    output->selector = arena_text(p->arena, selector);
    output->own      = text_is(json_text(coordinates), "own");
}

/* ---- the whole ------------------------------------------------------------------------ */

/* What has no name is a problem already. */
static bool unique(Parser *p, const char *what, Map *seen, Text name)
{
    if (!name.at || map_put(seen, name, p)) {
        return true;
    }
    problem_set(p->scratch, p->problem, PROBLEM_DUPLICATED_NAME,
                "workflow_compilation | specification_validation",
                "Two %s are called '%.*s'; every one needs its own name.", what, SHOW(name));
    problem_about(p->scratch, p->problem, name.at, "name");
    return go_on(p);
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

/* A section's list; NULL when it is none. */
static const Json *section(const Json *json, const char *name)
{
    const Json *list = json_get(json, name);

    return json_is(list, JSON_ARRAY) ? list : NULL;
}

/* Entries of steps that are no objects, which the reference reports apart. */
static bool check_entries(Parser *p, const Json *json)
{
    JsonWalk walk = json_walk(section(json, "steps"));

    while (json_next(&walk)) {
        if (!json_is(walk.value, JSON_OBJECT)) {
            problem_set(p->scratch, p->problem, PROBLEM_STEP_ENTRY,
                        "workflow_compilation | inner_workflow | composition",
                        "steps[%zu] is not a dictionary.", walk.index);
            problem_about(p->scratch, p->problem,
                          arena_printf(p->scratch, "steps[%zu]", walk.index), NULL);
            if (!go_on(p)) {
                return false;
            }
        }
    }
    return true;
}

/* The version and the three lists. */
static bool check_shape(Parser *p, const Json *json)
{
    static const char *const sections[] = { "inputs", "steps", "outputs" };
    const Json *version = json_get(json, "version");

    if (json_is_falsy(version) && !json_is(version, JSON_STRING)) {
        wrong_definition(p, "version", version ? "it is not a text" : "it is missing");
    }
    for (size_t i = 0; i < COUNT_OF(sections); i++) {
        if (!section(json, sections[i])) {
            wrong_definition(p, sections[i], json_get(json, sections[i]) ? "this is not a list"
                                                                         : "it is missing");
        }
    }
    if (json_count(section(json, "steps")) > LIMIT_STEPS) {
        wrong_definition(p, "steps", arena_printf(p->scratch, "there are more than %d",
                                                  LIMIT_STEPS));
        return false;
    }
    return !p->wrong || p->all;
}

static bool allocate(Parser *p, const Json *json, Definition *def)
{
    def->input_count  = (int)json_count(section(json, "inputs"));
    def->step_count   = (int)json_count(section(json, "steps"));
    def->output_count = (int)json_count(section(json, "outputs"));
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

    if (!check_entries(p, json) || !check_shape(p, json) || !allocate(p, json, out)) {
        return false;
    }
    walk = json_walk(section(json, "inputs"));
    while (json_next(&walk)) {
        parser_read_input(p, walk.value, &out->inputs[walk.index], walk.index);
    }
    walk = json_walk(section(json, "steps"));
    while (json_next(&walk)) {
        parser_read_step(p, walk.value, &out->steps[walk.index]);
    }
    walk = json_walk(section(json, "outputs"));
    while (json_next(&walk)) {
        read_output(p, walk.value, &out->outputs[walk.index], walk.index);
    }
    if (arena_failed(p->arena)) {
        return problem_set(p->scratch, p->problem, PROBLEM_LIMITS, CONTEXT_PARSING,
                           "The definition is too large.");
    }
    return !p->wrong || p->problem->class == PROBLEM_NONE || go_on(p);
}

bool definition_parse(Arena *arena, const Json *json, Definition *out, Arena *scratch,
                      Problem *problem, ProblemList *all)
{
    Parser p = { arena, scratch, problem, all, false };

    memset(out, 0, sizeof(*out));
    return check_version(&p, json) && (parser_check_own_blocks(&p, json) || go_on(&p)) &&
           parse_all(&p, json, out) && unique_names(&p, out);
}

bool definition_parse_child(Arena *arena, const Json *json, Definition *out, Arena *scratch,
                            Problem *problem)
{
    Parser p = { arena, scratch, problem, NULL, false };

    memset(out, 0, sizeof(*out));
    return parser_check_own_blocks(&p, json) && parse_all(&p, json, out) && unique_steps(&p, out);
}
