/*
 * graph - references, kinds and order of steps.
 */
#include "workflow/graph.h"

#include "workflow/field.h"

/* ---- problems ---------------------------------------------------------------------- */

static bool bad_target(Graph *g, const StepDef *step, const Reference *ref, Text target)
{
    const char *details = arena_printf(g->scratch, "%.*s does not exist", SHOW(target));

    problem_set(g->scratch, g->problem, PROBLEM_REFERENCE_TARGET, CONTEXT_GRAPH,
                "Step '%.*s', field '%s' refers to %.*s, which does not exist.",
                SHOW(step->name), ref->field->name, SHOW(target));
    problem_add_block(g->scratch, g->problem, (BlockProblem){
        .block_id = step->name.at, .block_type = step->type.at,
        .property = ref->item < 0 ? ref->field->name : NULL, .details = details });
    problem_about(g->scratch, g->problem, step->name.at, ref->field->name);
    return false;
}

static bool bad_property(Graph *g, const StepDef *step, const Reference *ref)
{
    problem_set(g->scratch, g->problem, PROBLEM_GRAPH_STRUCTURE, CONTEXT_GRAPH,
                "Step '%.*s', field '%s' refers to %.*s, but that step has no such output.",
                SHOW(step->name), ref->field->name, SHOW(ref->selector));
    problem_add_block(g->scratch, g->problem, (BlockProblem){
        .block_id = step->name.at, .block_type = step->type.at,
        .property = ref->item < 0 ? ref->field->name : NULL,
        .details = arena_printf(g->scratch, "%.*s is no output of that step",
                                SHOW(ref->selector)) });
    problem_about(g->scratch, g->problem, step->name.at, ref->field->name);
    return false;
}

static void add_kind_name(Buffer *out, KindMask mask)
{
    bool first = true;

    for (int i = 0; i < KIND_COUNT; i++) {
        if (mask >> i & 1) {
            buffer_printf(out, "%s%s", first ? "" : " or ", kind_table[i].name);
            first = false;
        }
    }
}

static bool bad_kind(Graph *g, const StepDef *step, const Reference *ref, KindMask offered)
{
    Buffer text;

    buffer_init(&text, KIB(4));
    add_kind_name(&text, offered);
    buffer_string(&text, ", but the field takes ");
    add_kind_name(&text, ref->field->kinds);
    problem_set(g->scratch, g->problem, PROBLEM_REFERENCE_TYPE, CONTEXT_GRAPH,
                "Step '%.*s', field '%s': %.*s gives %s.", SHOW(step->name), ref->field->name,
                SHOW(ref->selector), text.data ? text.data : "another kind");
    buffer_fini(&text);
    problem_about(g->scratch, g->problem, step->name.at, ref->field->name);
    return false;
}

bool graph_go_on(Graph *g)
{
    return problem_keep(g->scratch, g->all, g->problem);
}

bool graph_structure_problem(Graph *g, const char *text)
{
    problem_set(g->scratch, g->problem, PROBLEM_GRAPH_STRUCTURE, CONTEXT_GRAPH, "%s", text);
    g->problem->no_blocks = true;
    return false;
}

/* ---- inputs ------------------------------------------------------------------------- */

static bool check_dimensionality(Graph *g, const InputDef *input)
{
    if (input->type == INPUT_BATCH && input->dimensionality < 1) {
        graph_structure_problem(g, arena_printf(g->scratch, "Input '%.*s': dimensionality must be "
                                                "at least 1.", SHOW(input->name)));
    } else if (input->dimensionality > LIMIT_DIMENSIONS) {
        graph_structure_problem(g, arena_printf(g->scratch, "Input '%.*s': dimensionality is over "
                                                "%d.", SHOW(input->name), LIMIT_DIMENSIONS));
    } else {
        return true;
    }
    problem_about(g->scratch, g->problem, input->name.at, "dimensionality");
    return graph_go_on(g);
}

static bool connect_inputs(Graph *g)
{
    Plan *plan = g->plan;

    g->plan_inputs    = arena_array(&plan->arena, PlanInput, MAX(g->def->input_count, 1));
    plan->inputs      = g->plan_inputs;
    plan->input_count = g->plan_inputs ? g->def->input_count : 0;
    for (int i = 0; i < plan->input_count; i++) {
        const InputDef *from = &g->def->inputs[i];

        if (!check_dimensionality(g, from)) {
            return false;
        }
        g->plan_inputs[i] = (PlanInput){
            .name = from->name, .type = from->type, .kinds = from->kinds,
            .mask = kinds_mask(from->kinds),
            .dimensionality = (int)MAX(0, MIN(from->dimensionality, LIMIT_DIMENSIONS)),
            .level = LEVEL_SCALAR, .slot = plan->slot_count++, .preset = from->preset,
        };
        map_put(&g->inputs, from->name, &g->plan_inputs[i]);
    }
    return true;
}

/* ---- data references -------------------------------------------------------------------- */

static int output_index(const PlanStep *step, Text name)
{
    for (int i = 0; i < step->output_count; i++) {
        if (text_is(name, step->outputs[i].name)) {
            return i;
        }
    }
    return -1;
}

/* Whether nothing is known of a step's outputs, as the step is wrong itself. */
static bool is_unknown(const Graph *g, const PlanStep *step)
{
    return g->def->steps[step - g->plan_steps].wrong && !step->outputs;
}

/* Where a reference leads, or a problem.  Slot -1: to an output of an unknown step. */
static bool find_source(Graph *g, const StepDef *step, const Reference *ref, Binding *binding,
                        KindMask *offered)
{
    Selector s = selector_parse(ref->selector);

    if (s.type == SELECTOR_INPUT) {
        const PlanInput *input = map_get(&g->inputs, s.name);

        if (!input) {
            return bad_target(g, step, ref, ref->selector);
        }
        binding->slot  = input->slot;
        binding->input = (int)(input - g->plan_inputs);
        *offered       = input->mask;
    } else {
        const PlanStep *source = s.type == SELECTOR_OUTPUT ? map_get(&g->steps, s.name) : NULL;
        int             output = source ? output_index(source, s.property) : -1;

        if (!source) {
            return bad_target(g, step, ref, s.type == SELECTOR_NONE ? ref->selector
                              : (Text){ ref->selector.at, 7 + s.name.length });
        }
        binding->slot = output < 0 ? -1 : source->first_slot + output;
        *offered      = output < 0 ? KIND(ANY) : source->outputs[output].kinds;
        return output >= 0 || is_unknown(g, source) ||
               bad_property(g, step, ref);
    }
    return true;
}

/* A declared kind that nobody knows matches nothing but the wildcard. */
static bool bind(Graph *g, const StepDef *step, const Reference *ref, Binding *binding)
{
    KindMask offered = 0;

    *binding = (Binding){ .field = ref->field, .key = ref->key, .item = ref->item,
                          .selector = ref->selector, .slot = -1, .input = -1,
                          .level = LEVEL_SCALAR };
    return find_source(g, step, ref, binding, &offered) &&
           (kinds_match(offered, ref->field->kinds) || bad_kind(g, step, ref, offered));
}

/* A binding that leads nowhere is left out, and the step is unsure. */
static bool connect_data(Graph *g, int i)
{
    const StepDef *from     = &g->def->steps[i];
    PlanStep      *step     = &g->plan_steps[i];
    Binding       *bindings = arena_array(&g->plan->arena, Binding, MAX(from->reference_count, 1));
    int            count    = 0;

    for (int k = 0; bindings && k < from->reference_count; k++) {
        if (!bind(g, from, &from->references[k], &bindings[count]) && !graph_go_on(g)) {
            return false;
        }
        if (bindings[count].slot >= 0) {
            count++;
        } else if (g->unsure) {
            g->unsure[i] = true;
        }
    }
    step->bindings      = bindings;
    step->binding_count = count;
    return true;
}

/* ---- flow control ------------------------------------------------------------------------ */

/* Where the number of a target's branch is kept: a list of targets is one branch,
 * every entry of a dict its own. */
static BranchRef *branch_of(const StepDef *from, const Reference *ref)
{
    void *member = field_member(ref->field, from->args);

    return ref->field->type == FIELD_CASES
               ? &((BranchCase *)((BranchCases *)member)->items)[ref->item].branch
               : member;
}

static bool named_twice(Graph *g, const StepDef *from, const Reference *ref)
{
    graph_structure_problem(g, arena_printf(g->scratch, "Step '%.*s' names %.*s twice; a step can "
                                            "be named once by one controller.", SHOW(from->name),
                                            SHOW(ref->selector)));
    problem_about(g->scratch, g->problem, from->name.at, ref->field->name);
    return false;
}

/* Put a gate before the target of a controller. */
static bool connect_target(Graph *g, int i, const Reference *ref, Map *seen)
{
    StepDef   *from   = &g->def->steps[i];
    Selector   s      = selector_parse(ref->selector);
    PlanStep  *target = map_get(&g->steps, s.name);
    BranchRef *member = branch_of(from, ref);
    int       *gates;

    if (!target) {
        return bad_target(g, from, ref, ref->selector);
    }
    if (!map_put(seen, s.name, target)) {
        return named_twice(g, from, ref);
    }
    if (member->index < 0) {
        member->index = g->branch_count++;
        g->branches[member->index] = (Branch){ .step = i, .level = LEVEL_SCALAR,
                                               .slot = member->index, .name = ref->field->name };
    }
    gates = arena_array(&g->plan->arena, int, target->gate_count + 1);
    if (gates) {
        if (target->gate_count > 0) {
            memcpy(gates, target->gates, (size_t)target->gate_count * sizeof(*gates));
        }
        gates[target->gate_count++] = member->index;
        target->gates = gates;
    }
    return true;
}

/* Whether a step gates that is wrong itself cannot be told. */
static void doubt_target(Graph *g, const Reference *ref)
{
    const PlanStep *target = map_get(&g->steps, selector_parse(ref->selector).name);

    if (target && g->unsure) {
        g->unsure[target - g->plan_steps] = true;
    }
}

static bool connect_targets(Graph *g, int i)
{
    StepDef *from = &g->def->steps[i];
    Map      seen;

    g->plan_steps[i].first_branch = g->branch_count;
    map_init(&seen, g->scratch);
    for (int k = 0; k < from->target_count; k++) {
        if (from->wrong) {
            doubt_target(g, &from->targets[k]);
        } else if (!connect_target(g, i, &from->targets[k], &seen) && !graph_go_on(g)) {
            return false;
        }
    }
    g->plan_steps[i].branch_count = g->branch_count - g->plan_steps[i].first_branch;
    return true;
}

/* ---- outputs --------------------------------------------------------------------------- */

static bool bad_output(Graph *g, const OutputDef *output, const char *why)
{
    problem_set(g->scratch, g->problem, PROBLEM_REFERENCE_TARGET, CONTEXT_GRAPH,
                "Output '%.*s' refers to %.*s: %s.", SHOW(output->name), SHOW(output->selector),
                why);
    problem_add_block(g->scratch, g->problem, (BlockProblem){
        .block_id = "$outputs", .property = output->name.at,
        .details = arena_printf(g->scratch, "%.*s: %s", SHOW(output->selector), why) });
    return false;
}

static bool connect_output(Graph *g, const OutputDef *from, PlanOutput *to)
{
    Selector s = selector_parse(from->selector);

    *to = (PlanOutput){ .name = from->name, .own = from->own, .step = -1, .level = LEVEL_SCALAR,
                        .selector = from->selector, .slot = -1 };
    if (s.type == SELECTOR_INPUT) {
        const PlanInput *input = map_get(&g->inputs, s.name);

        to->slot  = input ? input->slot : -1;
        to->kinds = input ? input->kinds : to->kinds;
        return input || bad_output(g, from, "there is no such input");
    }
    if (s.type == SELECTOR_OUTPUT) {
        PlanStep *step   = map_get(&g->steps, s.name);
        int       output = step ? output_index(step, s.property) : -1;

        if (step && text_is(s.property, "*")) {
            to->step = (int)(step - g->plan_steps);
            return true;
        }
        to->slot = output >= 0 ? step->first_slot + output : -1;
        if (output >= 0) {
            to->kinds = kinds_refs(&g->plan->arena, step->outputs[output].kinds);
        }
        return output >= 0 || (step && is_unknown(g, step)) ||
               bad_output(g, from, step ? "that step has no such output"
                                        : "there is no such step");
    }
    if (s.type == SELECTOR_STEP && map_get(&g->steps, s.name)) {
        return bad_output(g, from, "an output needs a property of the step: $steps.name.output "
                                   "or $steps.name.*");
    }
    return bad_output(g, from, s.type == SELECTOR_STEP ? "there is no such step"
                                                       : "this is no selector");
}

static bool connect_outputs(Graph *g)
{
    PlanOutput *outputs = arena_array(&g->plan->arena, PlanOutput, MAX(g->def->output_count, 1));

    int         count   = 0;

    for (int i = 0; outputs && i < g->def->output_count; i++) {
        if (!g->def->outputs[i].selector.at) {
            continue;                                   /* told by the parser */
        }
        if (!connect_output(g, &g->def->outputs[i], &outputs[count]) && !graph_go_on(g)) {
            return false;
        }
        count += outputs[count].slot >= 0 || outputs[count].step >= 0;
    }
    g->plan->outputs      = outputs;
    g->plan->output_count = count;
    return true;
}

/* ---- the whole ------------------------------------------------------------------------- */

static void make_steps(Graph *g)
{
    Plan *plan    = g->plan;
    int   targets = 0;

    g->unsure        = g->all ? arena_array(g->scratch, bool, MAX(g->def->step_count, 1)) : NULL;
    g->plan_steps    = arena_array(&plan->arena, PlanStep, MAX(g->def->step_count, 1));
    plan->step_count = g->plan_steps ? g->def->step_count : 0;
    for (int i = 0; i < plan->step_count; i++) {
        const StepDef *from = &g->def->steps[i];

        g->plan_steps[i] = (PlanStep){
            .name = from->name, .block = from->block, .type = from->type,
            .selector = text_of(arena_printf(&plan->arena, "$steps.%.*s", SHOW(from->name))),
            .exec_level = LEVEL_SCALAR, .data_level = LEVEL_SCALAR,
            .first_slot = plan->slot_count, .outputs = from->outputs,
            .output_count = from->output_count, .args = from->args,
        };
        plan->slot_count += from->output_count;
        targets          += from->target_count;
        map_put(&g->steps, from->name, &g->plan_steps[i]);
        if (g->unsure) {
            g->unsure[i] = from->wrong;
        }
    }
    g->branches = arena_array(&plan->arena, Branch, MAX(targets, 1));
}

bool graph_connect(Graph *g)
{
    map_init(&g->inputs, g->scratch);
    map_init(&g->steps, g->scratch);
    if (!connect_inputs(g)) {
        return false;
    }
    make_steps(g);
    for (int i = 0; i < g->plan->step_count; i++) {
        if (!connect_data(g, i) || !connect_targets(g, i)) {
            return false;
        }
    }
    if (!connect_outputs(g)) {
        return g->problem->class != PROBLEM_NONE
                   ? false : problem_set(g->scratch, g->problem, PROBLEM_LIMITS, CONTEXT_GRAPH,
                                         "The workflow is too large.");
    }
    g->plan->branches     = g->branches;
    g->plan->branch_count = g->branch_count;
    return !arena_failed(&g->plan->arena) ||
           problem_set(g->scratch, g->problem, PROBLEM_LIMITS, CONTEXT_GRAPH,
                       "The workflow is too large.");
}

