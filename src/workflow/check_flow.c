/*
 * check_flow - what a plan's graph tells: branches that cannot run, results that
 * nobody reads.
 *
 * Every step has the set of branches that must be open for it to run: those that
 * gate it, those that gate their controllers, and those of the steps it takes data
 * from, unless it takes empty elements.  A controller opens one of its branches for
 * an element, so a step that needs two of them never runs.  A branch counts only on
 * its own batch level and below: what folds a batch runs when any element is left.
 */
#include "workflow/check.h"

#include "workflow/field.h"

/* ---- unused inputs and steps ---------------------------------------------------------- */

static int producer_of(const Plan *plan, const int *producers, int slot)
{
    return slot >= plan->input_count ? producers[slot] : -1;
}

/* Slot -> step. */
static int *find_producers(Arena *arena, const Plan *plan)
{
    int *producers = arena_array(arena, int, plan->slot_count + 1);

    for (int i = 0; producers && i < plan->step_count; i++) {
        for (int k = 0; k < plan->steps[i].output_count; k++) {
            producers[plan->steps[i].first_slot + k] = i;
        }
    }
    return producers;
}

/* Steps whose results reach an output or leave the workflow by another way.  Steps
 * stand in an order that can be run, so one pass from the end finds all. */
static void mark_used(const Plan *plan, const int *producers, bool *used, bool *input_used)
{
    for (int i = 0; i < plan->output_count; i++) {
        const PlanOutput *output = &plan->outputs[i];

        if (output->step >= 0) {
            used[output->step] = true;
        } else if (output->slot < plan->input_count) {
            input_used[output->slot] = true;
        } else {
            used[producers[output->slot]] = true;
        }
    }
    for (int i = plan->step_count - 1; i >= 0; i--) {
        const PlanStep *step = &plan->steps[i];

        used[i] = used[i] || step->block->acts;
        for (int k = 0; k < step->binding_count; k++) {
            int from = producer_of(plan, producers, step->bindings[k].slot);

            if (from < 0) {
                input_used[step->bindings[k].slot] = true;
            } else {
                used[from] = used[from] || used[i];
            }
        }
        for (int k = 0; used[i] && k < step->gate_count; k++) {
            used[plan->branches[step->gates[k]].step] = true;
        }
    }
}

static void check_unused(Check *check, const Plan *plan, const int *producers)
{
    bool *used       = arena_array(check->arena, bool, MAX(plan->step_count, 1));
    bool *input_used = arena_array(check->arena, bool, MAX(plan->input_count, 1));

    if (!used || !input_used) {
        return;
    }
    mark_used(plan, producers, used, input_used);
    for (int i = 0; i < plan->input_count; i++) {
        if (!input_used[i]) {
            check_add(check, (Finding){ .code = FINDING_UNUSED_INPUT,
                                        .step = plan->inputs[i].name.at,
                                        .text = "nothing refers to this input" });
        }
    }
    for (int i = 0; i < plan->step_count; i++) {
        if (!used[i]) {
            check_add(check, (Finding){ .code = FINDING_UNUSED_STEP, .step = plan->steps[i].name.at,
                                        .text = plan->steps[i].branch_count > 0
                                            ? "no step that it opens has results that anything "
                                              "reads; it runs all the same"
                                            : "nothing reads its results; it runs all the "
                                              "same" });
        }
    }
}

/* ---- branches that exclude each other -------------------------------------------------- */

/* Sets of branches as bits, one row a step. */
typedef struct Needs {
    const Plan *plan;
    Check      *check;
    const int  *producers;
    uint64_t   *bits;
    size_t      words;         /* of a row */
    bool       *never;         /* steps */
    int        *chosen;        /* of each controller: the branch that is needed; scratch */
} Needs;

static uint64_t *row_of(const Needs *n, int step)
{
    return n->bits + (size_t)step * n->words;
}

static bool needs(const uint64_t *row, int branch)
{
    return row[branch / 64] >> branch % 64 & 1;
}

static bool is_above(const Plan *plan, int ancestor, int level)
{
    while (level >= 0 && level != ancestor) {
        level = plan->levels[level].parent;
    }
    return level == ancestor;
}

/* Add what another step needs, as far as it concerns elements of `level`. */
static void add_needs(const Needs *n, uint64_t *row, int from, int level)
{
    const uint64_t *other = row_of(n, from);

    for (size_t w = 0; w < n->words; w++) {
        for (uint64_t left = other[w] & ~row[w]; left; left &= left - 1) {
            int branch = (int)(w * 64) + __builtin_ctzll(left);

            if (is_above(n->plan, n->plan->branches[branch].level, level)) {
                row[w] |= left & -left;
            }
        }
    }
}

/* Two branches of one controller in a set; the first of them, or -1. */
static int contradiction(const Needs *n, const uint64_t *row, int *second)
{
    int found = -1;

    for (int b = 0; b < n->plan->branch_count && found < 0; b++) {
        int controller = n->plan->branches[b].step;

        if (needs(row, b)) {
            if (n->chosen[controller] >= 0) {
                found   = n->chosen[controller];
                *second = b;
            }
            n->chosen[controller] = b;
        }
    }
    for (int b = 0; b < n->plan->branch_count; b++) {
        n->chosen[n->plan->branches[b].step] = -1;
    }
    return found;
}

static void add_gates(const Needs *n, uint64_t *row, const PlanStep *step)
{
    for (int k = 0; k < step->gate_count; k++) {
        int branch = step->gates[k];

        row[branch / 64] |= 1ull << branch % 64;
        add_needs(n, row, n->plan->branches[branch].step, step->exec_level);
    }
}

static void add_data(Needs *n, uint64_t *row, int i)
{
    const PlanStep *step = &n->plan->steps[i];

    for (int k = 0; !step->block->takes_empty && k < step->binding_count; k++) {
        int from = producer_of(n->plan, n->producers, step->bindings[k].slot);

        if (from >= 0) {
            add_needs(n, row, from, step->exec_level);
            n->never[i] = n->never[i] || n->never[from];
        }
    }
}

static void never(Needs *n, int i, int branch, const char *why)
{
    const PlanStep *controller = &n->plan->steps[n->plan->branches[branch].step];

    n->never[i] = true;
    check_add(n->check, (Finding){
        .code = FINDING_NEVER_RUNS, .step = n->plan->steps[i].name.at,
        .text = arena_printf(n->check->arena, "it never runs: %s '%.*s', of which only one is "
                             "taken", why, SHOW(controller->name)) });
}

/* A step behind one that never runs is not told again. */
static void check_needs(Needs *n, int i)
{
    const PlanStep *step = &n->plan->steps[i];
    uint64_t       *row  = row_of(n, i);
    int             second, first;

    for (int k = 0; k < step->gate_count; k++) {
        n->never[i] = n->never[i] || n->never[n->plan->branches[step->gates[k]].step];
    }
    add_gates(n, row, step);
    first = contradiction(n, row, &second);
    if (first >= 0 && !n->never[i]) {
        never(n, i, first, "it is reached only through two branches of");
    }
    add_data(n, row, i);
    first = contradiction(n, row, &second);
    if (first >= 0 && !n->never[i]) {
        never(n, i, first, "it joins results of two branches of");
    }
}

static void check_branches(Check *check, const Plan *plan, const int *producers)
{
    Needs n = { plan, check, producers, NULL, (size_t)(plan->branch_count + 63) / 64, NULL, NULL };

    if (plan->branch_count == 0) {
        return;
    }
    n.bits   = arena_array(check->arena, uint64_t, (size_t)plan->step_count * n.words);
    n.never  = arena_array(check->arena, bool, plan->step_count);
    n.chosen = arena_array(check->arena, int, plan->step_count);
    if (!n.bits || !n.never || !n.chosen) {
        return;
    }
    memset(n.chosen, -1, (size_t)plan->step_count * sizeof(int));
    for (int i = 0; i < plan->step_count; i++) {
        check_needs(&n, i);
    }
}

/* ---- conditions without data ------------------------------------------------------------ */

static const Field *field_of_type(const Block *block, FieldType type)
{
    const Field *field = block->fields;

    while (field->name && field->type != type) {
        field++;
    }
    return field->name ? field : NULL;
}

/* A condition that looks at nothing a run brings has its answer now. */
static void check_condition(Check *check, const PlanStep *step)
{
    const Field *condition = field_of_type(step->block, FIELD_STATEMENT);
    const Field *names     = field_of_type(step->block, FIELD_MAP);
    UqlScope     scope     = { 0 };
    UqlError     err;
    bool         result;

    if (!condition || !names || step->branch_count == 0 || step->binding_count > 0) {
        return;
    }
    scope.names = ((const Value *)field_member(names, (void *)step->args))->as.pairs;
    scope.count = ((const Value *)field_member(names, (void *)step->args))->count;
    if (uql_test(check->arena, *(const Statement **)field_member(condition, (void *)step->args),
                 &scope, &result, &err)) {
        check_add(check, (Finding){
            .code = FINDING_CONSTANT, .step = step->name.at, .field = condition->name,
            .text = result ? "it is true whatever the inputs are"
                           : "it is false whatever the inputs are: its next steps never run" });
    }
}

void check_flow(Check *check, const Plan *plan)
{
    int *producers = find_producers(check->arena, plan);

    if (!producers) {
        return;
    }
    check_unused(check, plan, producers);
    check_branches(check, plan, producers);
    for (int i = 0; i < plan->step_count; i++) {
        check_condition(check, &plan->steps[i]);
    }
}
