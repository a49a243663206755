/*
 * levels - dimensionality and lineage: on which elements every step runs.
 *
 * A value's lineage is the path of batch levels it lies on; values of one step
 * must lie on one path, at most one level apart.  The rules and the classes of
 * their violations are those of the reference's compiler.
 */
#include "workflow/graph.h"

#define CONTEXT_DIMENSIONS CONTEXT_GRAPH " | collecting_step_input_data"
#define CONTEXT_LINEAGE    CONTEXT_GRAPH " | collecting_step_inputs_lineage"
#define CONTEXT_FLOW       CONTEXT_GRAPH " | verification_of_control_flow_lineage"

static int new_level(Graph *g, Level level)
{
    if (g->level_count == g->level_capacity) {
        int    capacity = g->level_capacity ? g->level_capacity * 2 : 8;
        Level *levels   = arena_array(&g->plan->arena, Level, capacity);

        if (!levels) {
            return LEVEL_SCALAR;
        }
        if (g->level_count > 0) {
            memcpy(levels, g->levels, (size_t)g->level_count * sizeof(*levels));
        }
        g->levels         = levels;
        g->level_capacity = capacity;
    }
    level.depth = level.parent < 0 ? 1 : g->levels[level.parent].depth + 1;
    g->levels[g->level_count] = level;
    return g->level_count++;
}

static int depth_of(const Graph *g, int level)
{
    return level < 0 ? 0 : g->levels[level].depth;
}

static bool is_ancestor(const Graph *g, int ancestor, int level)
{
    while (level >= 0 && level != ancestor) {
        level = g->levels[level].parent;
    }
    return level == ancestor;
}

/* All batch inputs share level 0; nested ones add levels of their own. */
static void input_levels(Graph *g, int *slot_levels)
{
    int root = LEVEL_SCALAR;

    for (int i = 0; i < g->plan->input_count; i++) {
        PlanInput *input = &g->plan_inputs[i];

        if (input->dimensionality == 0) {
            continue;
        }
        if (root < 0) {
            root = new_level(g, (Level){ .parent = LEVEL_SCALAR, .step = -1, .input = -1 });
        }
        input->level = root;
        for (int64_t d = 1; d < input->dimensionality; d++) {
            input->level = new_level(g, (Level){ .parent = input->level, .step = -1, .input = i });
        }
        slot_levels[input->slot] = input->level;
    }
}

/* ---- problems ---------------------------------------------------------------------------- */

/* What clients know such a problem by: the reference's own words. */
static const char dimension_details[] =
    "Dimensionality of input parameters differs by more than 1. Detected dimensions: {}";

static bool bad_dimensions(Graph *g, const PlanStep *step, const Field *field,
                           const char *details)
{
    problem_set(g->scratch, g->problem, PROBLEM_DIMENSIONALITY, CONTEXT_DIMENSIONS,
                "Step '%.*s': %s.", SHOW(step->name), details);
    problem_add_block(g->scratch, g->problem, (BlockProblem){
        .block_id = step->name.at, .block_type = step->type.at, .block_details = dimension_details,
        .details = details });
    problem_about(g->scratch, g->problem, step->name.at, field ? field->name : NULL);
    return false;
}

static bool bad_lineage(Graph *g, const PlanStep *step, const Field *field)
{
    problem_set(g->scratch, g->problem, PROBLEM_LINEAGE, CONTEXT_LINEAGE,
                "Step '%.*s' mixes elements of different origin, for example the crops of two "
                "different steps; its inputs must come from one batch.", SHOW(step->name));
    problem_about(g->scratch, g->problem, step->name.at, field ? field->name : NULL);
    return false;
}

/* ---- one step ---------------------------------------------------------------------------- */

typedef struct Inputs {
    int  shallow, deep;       /* batch levels of the step's inputs; LEVEL_SCALAR: none */
    bool group;               /* a field takes the deeper level as a list */
    bool cast;                /* a scalar feeds a field that casts */
} Inputs;

/* Bindings of one list or dict, which are neighbours, must agree among themselves:
 * every one with the first that is of a batch. */
static bool check_compound(Graph *g, const PlanStep *step, int k, int *first)
{
    const Binding *a = &step->bindings[k];
    const Binding *b = *first >= 0 ? &step->bindings[*first] : NULL;

    if (a->level < 0) {
        return true;
    }
    if (!b || b->field != a->field) {
        *first = k;
        return true;
    }
    if (b->level == a->level) {
        return true;
    }
    if (depth_of(g, a->level) != depth_of(g, b->level)) {
        return bad_dimensions(g, step, a->field,
                              "one field holds values of different dimensionality");
    }
    return bad_lineage(g, step, a->field);
}

static bool note_level(Graph *g, const PlanStep *step, const Binding *binding, Inputs *in)
{
    int level = binding->level;

    if (level < 0 || level == in->shallow || level == in->deep) {
        return true;
    }
    if (in->shallow < 0) {
        in->shallow = in->deep = level;
        return true;
    }
    if (abs(depth_of(g, level) - depth_of(g, in->shallow)) > 1 ||
        abs(depth_of(g, level) - depth_of(g, in->deep)) > 1) {
        return bad_dimensions(g, step, binding->field,
                              "the dimensionality of its inputs differs by more than 1");
    }
    if (in->shallow != in->deep) {
        return bad_lineage(g, step, binding->field);
    }
    if (g->levels[level].parent == in->shallow) {
        in->deep = level;
    } else if (g->levels[in->shallow].parent == level) {
        in->shallow = level;
    } else {
        return bad_lineage(g, step, binding->field);
    }
    return true;
}

static bool gather(Graph *g, PlanStep *step, const int *slot_levels, Inputs *in)
{
    int first = -1;

    *in = (Inputs){ LEVEL_SCALAR, LEVEL_SCALAR, false, false };
    for (int k = 0; k < step->binding_count; k++) {
        Binding *binding = (Binding *)&step->bindings[k];

        binding->level = slot_levels[binding->slot];
        in->group      = in->group || binding->field->type == FIELD_GROUP;
        in->cast       = in->cast || binding->field->cast;
        if (!check_compound(g, step, k, &first) || !note_level(g, step, binding, in)) {
            return false;
        }
    }
    return true;
}

/* Where a block takes some fields as whole batches, its other fields hold one
 * value for all elements. */
static bool check_batched(Graph *g, const PlanStep *step)
{
    bool batched = false;

    for (const Field *field = step->block->fields; field->name; field++) {
        batched = batched || field->batched;
    }
    for (int k = 0; batched && k < step->binding_count; k++) {
        const Binding *binding = &step->bindings[k];

        if (!binding->field->batched && binding->level >= 0) {
            problem_set(g->scratch, g->problem, PROBLEM_GRAPH_STRUCTURE, CONTEXT_GRAPH,
                        "Step '%.*s', field '%s' takes one value, but %.*s is a batch.",
                        SHOW(step->name), binding->field->name, SHOW(binding->selector));
            g->problem->no_blocks = true;
            problem_about(g->scratch, g->problem, step->name.at, binding->field->name);
            return false;
        }
    }
    return true;
}

/* When levels differ, the deeper one must feed the fields that take groups, and
 * only those. */
static bool check_groups(Graph *g, const PlanStep *step, const Inputs *in)
{
    if (step->block->depth < 0) {
        if (in->deep < 0 && !in->cast) {
            return bad_dimensions(g, step, NULL, "it folds a batch, but none of its inputs is one");
        }
        return in->shallow == in->deep ||
               bad_dimensions(g, step, NULL, "its inputs are of different dimensionality");
    }
    if (in->shallow == in->deep) {
        return true;
    }
    for (int k = 0; k < step->binding_count; k++) {
        const Binding *binding = &step->bindings[k];
        bool           deeper  = binding->level == in->deep;

        if (binding->level >= 0 && deeper != (binding->field->type == FIELD_GROUP)) {
            return bad_dimensions(g, step, binding->field,
                                  "its inputs are of different dimensionality");
        }
    }
    return true;
}

/* Branches that gate the step must lie on the path of its data; without data it
 * runs on the deepest of them. */
static bool check_gates(Graph *g, const PlanStep *step, Inputs *in)
{
    int deepest = in->deep;

    for (int k = 0; deepest < 0 && k < step->gate_count; k++) {
        int level = g->branches[step->gates[k]].level;

        in->shallow = depth_of(g, level) > depth_of(g, in->shallow) ? level : in->shallow;
    }
    if (deepest < 0) {
        in->deep = deepest = in->shallow;
    }
    for (int k = 0; k < step->gate_count; k++) {
        int level = g->branches[step->gates[k]].level;

        if (level >= 0 && !is_ancestor(g, level, deepest)) {
            problem_set(g->scratch, g->problem, PROBLEM_CONTROL_FLOW, CONTEXT_FLOW,
                        "Step '%.*s' is gated by a condition on elements that are not its own: the "
                        "condition and the step must work on the same batch.", SHOW(step->name));
            problem_about(g->scratch, g->problem, step->name.at, NULL);
            return false;
        }
    }
    return true;
}

static bool step_levels(Graph *g, int i, int *slot_levels)
{
    PlanStep *step = &g->plan_steps[i];
    Inputs    in;
    bool      has_data;

    if (!gather(g, step, slot_levels, &in) || !check_batched(g, step) ||
        !check_groups(g, step, &in)) {
        return false;
    }
    has_data = in.deep >= 0;
    if (!check_gates(g, step, &in)) {
        return false;
    }
    step->exec_level = in.shallow;
    if (step->block->depth < 0 && has_data) {
        step->exec_level = g->levels[in.deep].parent;
    }
    step->data_level = step->exec_level;
    if (step->block->depth > 0) {
        step->data_level = new_level(g, (Level){ .parent = step->exec_level, .step = i,
                                                 .input = -1 });
    }
    for (int k = 0; k < step->output_count; k++) {
        slot_levels[step->first_slot + k] = step->data_level;
    }
    for (int k = 0; k < step->branch_count; k++) {
        g->branches[step->first_branch + k].level = step->exec_level;
    }
    return depth_of(g, step->data_level) <= LIMIT_DIMENSIONS ||
           bad_dimensions(g, step, NULL, "its outputs have too many dimensions");
}

/* Slots of steps of which nothing can be told, as problems come before. */
enum { LEVEL_UNSURE = -2 };

static bool unsure_of_inputs(const Graph *g, int i, const int *slot_levels)
{
    const PlanStep *step   = &g->plan_steps[i];
    bool            unsure = g->unsure && g->unsure[i];

    for (int k = 0; g->unsure && k < step->binding_count; k++) {
        unsure = unsure || slot_levels[step->bindings[k].slot] == LEVEL_UNSURE;
    }
    for (int k = 0; g->unsure && k < step->gate_count; k++) {
        unsure = unsure || g->branches[step->gates[k]].level == LEVEL_UNSURE;
    }
    return unsure;
}

static void leave_unsure(Graph *g, int i, int *slot_levels)
{
    const PlanStep *step = &g->plan_steps[i];

    for (int k = 0; k < step->output_count; k++) {
        slot_levels[step->first_slot + k] = LEVEL_UNSURE;
    }
    for (int k = 0; k < step->branch_count; k++) {
        g->branches[step->first_branch + k].level = LEVEL_UNSURE;
    }
}

bool graph_levels(Graph *g)
{
    int *slot_levels = arena_array(g->scratch, int, g->plan->slot_count + 1);

    if (!slot_levels) {
        return problem_set(g->scratch, g->problem, PROBLEM_LIMITS, CONTEXT_GRAPH,
                           "The workflow is too large.");
    }
    for (int i = 0; i <= g->plan->slot_count; i++) {
        slot_levels[i] = LEVEL_SCALAR;
    }
    input_levels(g, slot_levels);
    for (int i = 0; i < g->plan->step_count; i++) {
        if (unsure_of_inputs(g, i, slot_levels)) {
            leave_unsure(g, i, slot_levels);
        } else if (!step_levels(g, i, slot_levels)) {
            if (!graph_go_on(g)) {
                return false;
            }
            leave_unsure(g, i, slot_levels);
        }
    }
    for (int i = 0; i < g->plan->output_count; i++) {
        PlanOutput *output = (PlanOutput *)&g->plan->outputs[i];

        output->level = output->step >= 0 ? g->plan_steps[output->step].data_level
                                          : slot_levels[output->slot];
    }
    g->plan->levels      = g->levels;
    g->plan->level_count = g->level_count;
    return true;
}
