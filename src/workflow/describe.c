/*
 * describe - reading what a workflow takes and gives.
 *
 * Problems are told in the reference's order: the version, inputs, steps one by
 * one, kinds of inputs, outputs.
 */
#include "workflow/describe.h"

#include "base/map.h"
#include "workflow/parser.h"
#include "workflow/version.h"

#define CONTEXT_INPUTS  "describing_workflow_inputs"
#define CONTEXT_OUTPUTS "describing_workflow_outputs"
#define CONTEXT_VERSION "workflow_compilation | engine_initialisation"

/* An input and what it feeds. */
typedef struct Feed {
    const Json  *json;
    Text         name;
    KindMask     kinds;          /* of all fields */
    const Field *field;          /* the first; NULL: none */
    Text         step;
    const Field *clash;          /* one that cannot share with the first */
    Text         clash_step;
} Feed;

typedef struct Describer {
    Arena       *arena;
    Problem     *problem;
    const Json  *definition;
    Map          inputs;         /* name -> Feed */
    Feed       **fed;            /* in the order of first use */
    int          fed_count;
    Map          steps;          /* name -> Block */
    Description *out;
} Describer;

/* ---- problems ------------------------------------------------------------------------ */

#define wrong(d, context, ...) \
    problem_set((d)->arena, (d)->problem, PROBLEM_DEFINITION, (context), __VA_ARGS__)

static bool missing(Describer *d, const char *context, const char *where, const char *member)
{
    d->problem->inner_type    = "KeyError";
    d->problem->inner_message = member;
    return wrong(d, context, "%s: '%s' is missing.", where, member);
}

static bool misconfigured(Describer *d, const char *context, const char *where,
                          const Problem *why)
{
    d->problem->inner_type    = "ValidationError";
    d->problem->inner_message = why->inner_message;
    return wrong(d, context, "%s is not valid: %s", where,
                 why->inner_message ? why->inner_message : why->message);
}

static const char *entry(const Describer *d, const char *section, size_t index)
{
    return arena_printf(d->arena, "%s[%zu]", section, index);
}

/* A section that is there is a list of objects. */
static bool check_section(Describer *d, const char *section, const char *context)
{
    const Json *list = json_get(d->definition, section);
    JsonWalk    walk = json_walk(list);

    if (list && !json_is(list, JSON_ARRAY) &&
        !(json_is(list, JSON_OBJECT) && json_count(list) == 0)) {
        return wrong(d, context, "%s is not a list.", section);
    }
    while (json_next(&walk)) {
        if (!json_is(walk.value, JSON_OBJECT)) {
            return wrong(d, context, "%s is not a dictionary.", entry(d, section, walk.index));
        }
    }
    return true;
}

/* ---- version --------------------------------------------------------------------------- */

static bool check_version(Describer *d)
{
    const Json *json = json_get(d->definition, "version");
    Version     version;

    if (json_is_falsy(json)) {
        return true;
    }
    if (!json_is(json, JSON_STRING)) {
        d->problem->inner_type = "TypeError";
        return wrong(d, CONTEXT_VERSION, "version: it must be a text such as \"1.0\".");
    }
    if (!version_parse(json_text(json), &version)) {
        d->problem->inner_type = "InvalidVersion";
        return wrong(d, CONTEXT_VERSION, "version: '%.*s' is not a version such as \"1.0\".",
                     SHOW(json_text(json)));
    }
    if (version.epoch != 0 || version.major != 1 || version.early) {
        return problem_set(d->arena, d->problem, PROBLEM_DESCRIBED_VERSION, CONTEXT_OUTPUTS,
                           "version: only workflows of version 1 can be described, not '%.*s'.",
                           SHOW(json_text(json)));
    }
    return true;
}

/* ---- inputs ---------------------------------------------------------------------------- */

/* Their names first, then that no two are the same, then their types. */
static bool note_input(Describer *d, const Json *json, size_t index)
{
    const Json *name = json_get(json, "name");
    Feed       *feed = arena_new(d->arena, Feed);

    if (!name) {
        return missing(d, CONTEXT_INPUTS, entry(d, "inputs", index), "name");
    }
    if (!json_is(name, JSON_STRING)) {
        return wrong(d, CONTEXT_INPUTS, "%s: name is not a text.", entry(d, "inputs", index));
    }
    *feed = (Feed){ .json = json, .name = json_text(name) };
    map_put(&d->inputs, feed->name, feed);
    return true;
}

static bool read_inputs(Describer *d)
{
    const Json *inputs = json_get(d->definition, "inputs");
    JsonWalk    walk   = json_walk(inputs);

    if (!check_section(d, "inputs", CONTEXT_INPUTS)) {
        return false;
    }
    while (json_next(&walk)) {
        if (!note_input(d, walk.value, walk.index)) {
            return false;
        }
    }
    if (d->inputs.count < json_count(inputs) && !arena_failed(d->arena)) {
        return wrong(d, CONTEXT_INPUTS, "Two inputs have the same name; every one needs its own.");
    }
    walk = json_walk(inputs);
    while (json_next(&walk)) {
        if (!json_get(walk.value, "type")) {
            return missing(d, CONTEXT_INPUTS, entry(d, "inputs", walk.index), "type");
        }
    }
    d->fed = arena_array(d->arena, Feed *, MAX(d->inputs.count, 1));
    return d->fed != NULL;
}

/* The input that a selector names, or NULL. */
static Feed *find_input(const Describer *d, Text selector)
{
    static const char prefix[] = "$inputs.";
    size_t            skip     = sizeof(prefix) - 1;

    return text_starts(selector, prefix)
               ? map_get(&d->inputs, (Text){ selector.at + skip, selector.length - skip }) : NULL;
}

static bool note_use(Describer *d, const StepDef *step, const Reference *use)
{
    Feed *feed = find_input(d, use->selector);
    Text  type = feed ? json_text(json_get(feed->json, "type")) : (Text){ NULL, 0 };
    InputType ignored;

    if (!feed) {
        return wrong(d, CONTEXT_INPUTS, "Step '%.*s', field '%s' refers to %.*s, which is no "
                     "input.", SHOW(step->name), use->field->name, SHOW(use->selector));
    }
    if (!parser_input_type(type, &ignored)) {
        return wrong(d, CONTEXT_INPUTS, "Input '%.*s': '%.*s' is not a type of input.",
                     SHOW(feed->name), SHOW(type));
    }
    if (!feed->field) {
        feed->field = use->field;
        feed->step  = step->name;
        d->fed[d->fed_count++] = feed;
    } else if (!feed->clash && !kinds_match(feed->field->kinds, use->field->kinds)) {
        feed->clash      = use->field;
        feed->clash_step = step->name;
    }
    feed->kinds |= use->field->kinds;
    return true;
}

/* ---- steps ----------------------------------------------------------------------------- */

static bool read_step(Describer *d, const Json *json, size_t index)
{
    const char *where  = entry(d, "steps", index);
    Problem     why    = { 0 };
    Parser      parser = { d->arena, d->arena, &why, NULL, false };
    StepDef     step   = { 0 };
    const Block *block = block_find(json_text(json_get(json, "type")));

    if (!json_get(json, "type")) {
        return missing(d, CONTEXT_INPUTS, where, "type");
    }
    if (!block) {
        return wrong(d, CONTEXT_INPUTS, "%s: there is no block of type '%.*s'.", where,
                     SHOW(json_text(json_get(json, "type"))));
    }
    if (!json_get(json, "name")) {
        return missing(d, CONTEXT_INPUTS, where, "name");
    }
    parser_read_step(&parser, json, &step);
    if (parser.wrong) {
        return misconfigured(d, CONTEXT_INPUTS, where, &why);
    }
    for (int i = 0; i < step.reference_count; i++) {
        const Reference *use = &step.references[i];

        if (text_starts(use->selector, "$inputs") && !note_use(d, &step, use)) {
            return false;
        }
    }
    map_put(&d->steps, step.name, (void *)block);
    return true;
}

static bool read_steps(Describer *d)
{
    JsonWalk walk = json_walk(json_get(d->definition, "steps"));

    if (!check_section(d, "steps", CONTEXT_INPUTS)) {
        return false;
    }
    if (json_count(json_get(d->definition, "steps")) > LIMIT_STEPS) {
        return wrong(d, CONTEXT_INPUTS, "There are more than %d steps.", LIMIT_STEPS);
    }
    while (json_next(&walk)) {
        if (!read_step(d, walk.value, walk.index)) {
            return false;
        }
    }
    return true;
}

/* ---- kinds of inputs -------------------------------------------------------------------- */

/* Whether the kinds that an input is declared with can be those of its fields. */
static bool is_declared(const Feed *feed)
{
    const Json *kinds    = json_get(feed->json, "kind");
    KindMask    declared = 0;
    JsonWalk    walk     = json_walk(kinds);

    if (json_is_falsy(kinds)) {
        return true;
    }
    while (json_is(kinds, JSON_ARRAY) && json_next(&walk)) {
        Text name = json_is(walk.value, JSON_STRING) ? json_text(walk.value)
                                                     : json_text(json_get(walk.value, "name"));
        int  id   = kind_find(name);

        declared |= id < 0 ? 0 : (KindMask)1 << id;
    }
    return kinds_match(declared, feed->kinds);
}

static bool check_kinds(Describer *d)
{
    for (int i = 0; i < d->fed_count; i++) {
        const Feed *feed = d->fed[i];

        if (feed->clash) {
            return wrong(d, CONTEXT_INPUTS, "Input '%.*s' feeds field '%s' of step '%.*s' and "
                         "field '%s' of step '%.*s', which have no kind in common.",
                         SHOW(feed->name), feed->field->name, SHOW(feed->step),
                         feed->clash->name, SHOW(feed->clash_step));
        }
        if (!is_declared(feed)) {
            return wrong(d, CONTEXT_INPUTS, "Input '%.*s' is declared with kinds that field "
                         "'%s' of step '%.*s' does not take.", SHOW(feed->name),
                         feed->field->name, SHOW(feed->step));
        }
    }
    return true;
}

/* Every kind of a mask, also those beside '*'. */
static KindRefs all_refs(Arena *arena, KindMask mask)
{
    KindRef *refs  = arena_array(arena, KindRef, KIND_COUNT);
    int      count = 0;

    for (int i = 0; refs && i < KIND_COUNT; i++) {
        if (mask >> i & 1) {
            refs[count++] = (KindRef){ i, text_of(kind_table[i].name) };
        }
    }
    return (KindRefs){ refs, count };
}

static void tell_inputs(Describer *d)
{
    DescribedKinds *inputs = arena_array(d->arena, DescribedKinds, MAX(d->inputs.count, 1));
    int             count  = 0;

    for (int i = 0; inputs && i < d->fed_count; i++) {
        inputs[count++] = (DescribedKinds){ d->fed[i]->name,
                                            all_refs(d->arena, d->fed[i]->kinds) };
    }
    for (uint32_t i = 0; inputs && i < d->inputs.count; i++) {
        const Feed *feed = d->inputs.entries[i].value;

        if (!feed->field) {
            inputs[count++] = (DescribedKinds){ feed->name, all_refs(d->arena, KINDS_ANY) };
        }
    }
    d->out->inputs      = inputs;
    d->out->input_count = count;
}

/* ---- outputs ---------------------------------------------------------------------------- */

/* Inputs are looked at more closely when an output hands one on. */
static bool check_handed_on(Describer *d)
{
    JsonWalk walk = json_walk(json_get(d->definition, "outputs"));
    bool     any  = false;

    while (json_next(&walk)) {
        any = any || text_starts(json_text(json_get(walk.value, "selector")), "$inputs");
    }
    walk = json_walk(json_get(d->definition, "inputs"));
    while (any && json_next(&walk)) {
        const Json *kind   = json_get(walk.value, "kind");
        Problem     why    = { 0 };
        Parser      parser = { d->arena, d->arena, &why, NULL, false };
        InputDef    input;

        parser_read_input(&parser, walk.value, &input, walk.index);
        if (parser.wrong) {
            return misconfigured(d, CONTEXT_OUTPUTS, entry(d, "inputs", walk.index), &why);
        }
        if (kind && json_is(kind, JSON_NULL)) {
            d->problem->inner_type = "ValidationError";
            return wrong(d, CONTEXT_OUTPUTS, "%s: kind is not a list of names of kinds.",
                         entry(d, "inputs", walk.index));
        }
    }
    return true;
}

static void tell_one(Describer *d, Text name, KindRefs kinds, DescribedOutput *out)
{
    DescribedKinds *part = arena_new(d->arena, DescribedKinds);

    *part           = (DescribedKinds){ name, kinds };
    out->parts      = part;
    out->part_count = 1;
}

static bool tell_input(Describer *d, Text selector, DescribedOutput *out)
{
    const Feed *feed   = find_input(d, selector);
    Problem     why    = { 0 };
    Parser      parser = { d->arena, d->arena, &why, NULL, false };
    InputDef    input  = { 0 };

    if (!feed) {
        return wrong(d, CONTEXT_OUTPUTS, "Output '%.*s' refers to %.*s, which is no input.",
                     SHOW(out->name), SHOW(selector));
    }
    parser_read_input(&parser, feed->json, &input, 0);
    tell_one(d, feed->name, input.kinds, out);
    return true;
}

static int count_outputs(const Block *block)
{
    int count = 0;

    while (block->outputs && block->outputs[count].name) {
        count++;
    }
    return count;
}

/* Outputs that depend on a step's fields are not told apart. */
static void tell_all(Describer *d, const Block *block, DescribedOutput *out)
{
    int             count = count_outputs(block);
    DescribedKinds *parts = arena_array(d->arena, DescribedKinds, count + 1);

    for (int i = 0; parts && i < count; i++) {
        parts[i] = (DescribedKinds){ text_of(block->outputs[i].name),
                                     all_refs(d->arena, block->outputs[i].kinds) };
    }
    if (parts && block->describe) {
        parts[count++] = (DescribedKinds){ TEXT("*"), all_refs(d->arena, KINDS_ANY) };
    }
    out->whole      = true;
    out->parts      = parts;
    out->part_count = parts ? count : 0;
}

static bool tell_step(Describer *d, Text selector, DescribedOutput *out)
{
    Selector     s     = selector_parse(selector);
    const Block *block = map_get(&d->steps, s.name);

    if (s.type != SELECTOR_OUTPUT || memchr(s.property.at, '.', s.property.length)) {
        return wrong(d, CONTEXT_OUTPUTS, "Output '%.*s': expected a selector such as "
                     "$inputs.name or $steps.name.output.", SHOW(out->name));
    }
    if (!block) {
        return wrong(d, CONTEXT_OUTPUTS, "Output '%.*s' refers to step '%.*s', which does not "
                     "exist.", SHOW(out->name), SHOW(s.name));
    }
    if (text_is(s.property, "*")) {
        tell_all(d, block, out);
        return true;
    }
    for (const Output *output = block->outputs; output && output->name; output++) {
        if (text_is(s.property, output->name)) {
            tell_one(d, s.property, all_refs(d->arena, output->kinds), out);
            return true;
        }
    }
    return wrong(d, CONTEXT_OUTPUTS, "Output '%.*s': step '%.*s' has no output '%.*s'%s.",
                 SHOW(out->name), SHOW(s.name), SHOW(s.property),
                 block->describe ? " that is known beforehand; \"*\" names all" : "");
}

static bool read_output(Describer *d, const Json *json, size_t index, DescribedOutput *out)
{
    const Json *name     = json_get(json, "name");
    const Json *selector = json_get(json, "selector");
    Text        text     = json_text(selector);

    if (!name || !selector) {
        return missing(d, CONTEXT_OUTPUTS, entry(d, "outputs", index),
                       name ? "selector" : "name");
    }
    if (!json_is(name, JSON_STRING)) {
        return wrong(d, CONTEXT_OUTPUTS, "%s: name is not a text.", entry(d, "outputs", index));
    }
    *out = (DescribedOutput){ .name = json_text(name) };
    return text_starts(text, "$inputs") ? tell_input(d, text, out) : tell_step(d, text, out);
}

/* An output that comes a second time takes the place of the first. */
static bool read_outputs(Describer *d)
{
    JsonWalk         walk    = json_walk(json_get(d->definition, "outputs"));
    DescribedOutput *outputs = arena_array(d->arena, DescribedOutput, MAX(walk.left, 1));
    Map              seen;

    map_init(&seen, d->arena);
    d->out->outputs = outputs;
    while (outputs && json_next(&walk)) {
        DescribedOutput  output;
        DescribedOutput *place;

        if (!read_output(d, walk.value, walk.index, &output)) {
            return false;
        }
        place = map_get(&seen, output.name);
        if (!place) {
            place = &outputs[d->out->output_count++];
            map_put(&seen, output.name, place);
        }
        *place = output;
    }
    return true;
}

static bool check_sections(Describer *d)
{
    static const char *const sections[] = { "inputs", "steps", "outputs" };

    for (size_t i = 0; i < COUNT_OF(sections); i++) {
        if (!json_get(d->definition, sections[i])) {
            return missing(d, CONTEXT_OUTPUTS, "The workflow definition", sections[i]);
        }
    }
    return check_section(d, "outputs", CONTEXT_OUTPUTS);
}

/* ---- the whole -------------------------------------------------------------------------- */

static bool check_python(Describer *d)
{
    Parser parser = { d->arena, d->arena, d->problem, NULL, false };

    return parser_check_own_blocks(&parser, d->definition);
}

bool describe_workflow(Arena *arena, const Json *definition, Description *out, Problem *problem)
{
    Describer d = { .arena = arena, .problem = problem, .definition = definition, .out = out };
    bool      done;

    memset(out, 0, sizeof(*out));
    map_init(&d.inputs, arena);
    map_init(&d.steps, arena);
    done = check_version(&d) && check_python(&d) && read_inputs(&d) && read_steps(&d) &&
           check_kinds(&d) && check_sections(&d) && check_handed_on(&d) && read_outputs(&d);
    if (done) {
        tell_inputs(&d);
    }
    if (arena_failed(arena)) {
        *problem = (Problem){ 0 };
        return problem_set(arena, problem, PROBLEM_LIMITS, CONTEXT_INPUTS,
                           "The definition is too large.");
    }
    return done;
}
