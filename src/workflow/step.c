/*
 * step - one step of a run: which elements, with which arguments.
 */
#include "base/clock.h"
#include "base/pool.h"
#include "workflow/field.h"
#include "workflow/inside.h"

#define CONTEXT_STEP "workflow_execution | step_execution"

/* The elements a step runs on, while they are being chosen. */
typedef struct Choosing {
    Run            *run;
    Arena          *arena;
    Problem        *problem;
    const PlanStep *step;
    int             count;
    int            *elements;
    char           *args;         /* count x args_size */
} Choosing;

static Value source_value(const Run *run, const Binding *binding, int element)
{
    const Value *values = run->slots[binding->slot];

    return values ? values[element] : value_null();
}

/* True when every branch that gates the step lets this element (of `level`)
 * through.  A branch that is deeper than the element gates what is below it. */
static bool gates_open(const Run *run, const PlanStep *step, int level, int element)
{
    for (int k = 0; k < step->gate_count; k++) {
        const Branch  *branch = &run->plan->branches[step->gates[k]];
        const uint8_t *open   = run->open[step->gates[k]];
        int            depth  = level < 0 ? 0 : run->plan->levels[level].depth;

        if (!open) {
            return false;
        }
        if (branch->level >= 0 && run->plan->levels[branch->level].depth > depth) {
            continue;
        }
        if (!open[level_ancestor(run, level, element, branch->level)]) {
            return false;
        }
    }
    return true;
}

/* A null that keeps the element from running: of a batch, or a step's. */
static bool blocks_run(const Run *run, const Binding *binding, int element)
{
    bool of_step = binding->input < 0;

    if (binding->level < 0 && !of_step) {
        return false;       /* a parameter may be null */
    }
    return value_is_null(source_value(run, binding, element));
}

/* Nulls of the fields that are not groups. */
static bool has_empty(const Run *run, const PlanStep *step, int element)
{
    for (int k = 0; k < step->binding_count; k++) {
        const Binding *binding = &step->bindings[k];

        if (binding->field->type == FIELD_GROUP) {
            continue;
        }
        if (blocks_run(run, binding, binding->level < 0 ? 0 : element)) {
            return true;
        }
    }
    return false;
}

/* ---- groups ---------------------------------------------------------------------------- */

/* One child may go into a group when its gates are open and no group field of
 * the step is null there. */
static bool child_fits(const Run *run, const PlanStep *step, int level, int child)
{
    if (!gates_open(run, step, level, child)) {
        return false;
    }
    for (int k = 0; k < step->binding_count && !step->block->takes_empty; k++) {
        const Binding *binding = &step->bindings[k];

        if (binding->field->type == FIELD_GROUP && binding->level == level &&
            value_is_null(source_value(run, binding, child))) {
            return false;
        }
    }
    return true;
}

/* The values of one deeper level below `element` as a list; false when there are
 * no children at all. */
static bool gather_group(Choosing *c, const Binding *binding, int element, ValueList *out)
{
    Run              *run   = c->run;
    const LevelTable *table = &run->levels[binding->level];
    int    first = table->first ? table->first[element] : 0;
    int    count = table->first ? table->children[element] : 0;
    Value *items = arena_array(c->arena, Value, MAX(count, 1));
    int    kept  = 0;

    for (int i = first; items && i < first + count; i++) {
        if (child_fits(run, c->step, binding->level, i)) {
            items[kept++] = source_value(run, binding, i);
        }
    }
    *out = (ValueList){ items, kept };
    return count > 0;
}

static bool store_group(Choosing *c, const Binding *binding, int element, char *args)
{
    Run      *run  = c->run;
    ValueList list = { 0 };
    bool      any  = true;

    if (binding->level >= 0 && binding->level != c->step->exec_level) {
        any = gather_group(c, binding, element, &list);
    } else {
        Value *only = arena_new(c->arena, Value);     /* a scalar as a batch of one */

        *only = source_value(run, binding, binding->level < 0 ? 0 : element);
        list  = (ValueList){ only, 1 };
        any   = !value_is_null(*only);
    }
    if (c->step->exec_level < 0 && list.count == 0) {
        any = false;
    }
    *(ValueList *)field_member(binding->field, args) = list;
    return any || c->step->block->takes_empty;
}

/* ---- arguments -------------------------------------------------------------------------- */

/* A list or dict gets a copy of its own before selectors are filled in. */
static void own_items(Choosing *c, const Field *field, char *args)
{
    if (field->type == FIELD_VALUES) {
        ValueList *list = field_member(field, args);
        Value     *copy = arena_array(c->arena, Value, MAX(list->count, 1));

        list->items = copy;
        list->count = copy ? list->count : 0;
    } else {
        Value     *map  = field_member(field, args);
        ValuePair *copy = arena_array(c->arena, ValuePair, MAX(map->count, 1));

        if (copy && map->count > 0) {
            memcpy(copy, map->as.pairs, map->count * sizeof(*copy));
        }
        map->as.pairs = copy;
        map->count    = copy ? map->count : 0;
    }
}

static void store_item(const Binding *binding, char *args, Value value)
{
    if (binding->field->type == FIELD_VALUES) {
        ValueList *list = field_member(binding->field, args);

        if (binding->item < list->count) {
            ((Value *)list->items)[binding->item] = value;
        }
    } else {
        Value *map = field_member(binding->field, args);

        if (binding->item < (int)map->count) {
            ((ValuePair *)map->as.pairs)[binding->item].value = value;
        }
    }
}

static bool bad_argument(Choosing *c, const Binding *binding, Value value, const Error *err)
{
    const PlanStep *step = c->step;
    const char     *text = arena_printf(c->arena, "%s: %s", binding->field->name, err->text);

    problem_set(c->arena, c->problem, PROBLEM_STEP, CONTEXT_STEP,
                "Step '%.*s' cannot use what %.*s gives: %s", SHOW(step->name),
                SHOW(binding->selector), text);
    c->problem->inner_type    = binding->field->type == FIELD_CHOICE && value_is_scalar(value)
                                    ? "ValueError" : "TypeError";
    c->problem->inner_message = text;
    problem_add_block(c->arena, c->problem, (BlockProblem){
        .block_id = step->name.at, .block_type = step->block->type, .details = text });
    return false;
}

/* Fill one element's Args; *skip when a group has no children. */
static bool fill_args(Choosing *c, int element, char *args, bool *skip)
{
    const Field *owned = NULL;

    memcpy(args, c->step->args, c->step->block->args_size);
    for (int k = 0; k < c->step->binding_count; k++) {
        const Binding *binding = &c->step->bindings[k];
        Value          value;
        Error          err = { 0 };

        if (binding->field->type == FIELD_GROUP) {
            *skip = *skip || !store_group(c, binding, element, args);
            continue;
        }
        value = source_value(c->run, binding, binding->level < 0 ? 0 : element);
        if (binding->item >= 0) {
            if (owned != binding->field) {
                own_items(c, binding->field, args);
                owned = binding->field;
            }
            store_item(binding, args, value);
        } else if (value_is_null(value) && c->step->block->takes_empty) {
            continue;
        } else if (!field_store(c->arena, binding->field, value, args, &err)) {
            return bad_argument(c, binding, value, &err);
        }
    }
    return true;
}

static bool choose(Choosing *c)
{
    Run            *run  = c->run;
    const PlanStep *step = c->step;
    int             n    = level_size(run, step->exec_level);
    size_t          size = step->block->args_size;

    c->elements = arena_array(c->arena, int, MAX(n, 1));
    c->args     = arena_try(c->arena, (size_t)MAX(n, 1), MAX(size, 1));
    for (int i = 0; c->elements && c->args && i < n; i++) {
        bool skip = false;

        if (!gates_open(run, step, step->exec_level, i) ||
            (!step->block->takes_empty && has_empty(run, step, i))) {
            continue;
        }
        if (!fill_args(c, i, c->args + (size_t)c->count * size, &skip)) {
            return false;
        }
        if (!skip) {
            c->elements[c->count++] = i;
        }
    }
    return true;
}

/* ---- the step --------------------------------------------------------------------------- */

/* Slots for what the step will emit, and masks for its branches. */
static bool prepare_results(const StepRun *s)
{
    Run            *run  = s->run;
    const PlanStep *step = &run->plan->steps[s->index];
    int             n    = level_size(run, step->exec_level);

    for (int k = 0; k < step->branch_count; k++) {
        run->open[step->first_branch + k] = arena_array(s->arena, uint8_t, MAX(n, 1));
    }
    if (step->block->depth > 0) {
        return level_open(run, s->arena, step->data_level, n);
    }
    for (int k = 0; k < step->output_count; k++) {
        run->slots[step->first_slot + k] = arena_array(s->arena, Value, MAX(n, 1));
    }
    return true;
}

/* Whether somebody knows already what the step gives. */
static ReuseAnswer ask_reuse(StepRun *s, StepSpan *span)
{
    const Reuse *reuse  = s->run->options.reuse;
    ReuseAnswer  answer = reuse ? reuse->step(reuse->context, s, &span->elements) : REUSE_NOTHING;

    if (answer != REUSE_NOTHING) {
        span->reused = answer == REUSE_DONE;
        span->failed = answer == REUSE_FAILED;
        span->end    = clock_now();
    }
    return answer;
}

bool run_step(StepRun *s)
{
    Run              *run    = s->run;
    const PlanStep   *step   = &run->plan->steps[s->index];
    Choosing          c      = { .run = run, .arena = s->arena, .problem = s->problem,
                                 .step = step };
    StepSpan         *span   = &run->spans[s->index];
    struct CallInside inside = { .run = run, .step = step, .index = s->index,
                                 .problem = s->problem };
    Call              call   = { .arena = s->arena, .services = run->options.services,
                                 .cancel = run->options.cancel, .inside = &inside };
    ReuseAnswer       answer;

    *span = (StepSpan){ .step = s->index, .thread = pool_thread(), .start = clock_now() };
    answer = ask_reuse(s, span);
    if (answer != REUSE_NOTHING) {
        return answer == REUSE_DONE;
    }
    if (!choose(&c)) {
        span->failed = true;
    } else if (c.count > 0 && prepare_results(s)) {
        inside.elements = c.elements;
        inside.args     = c.args;
        call.count      = c.count;
        call.state      = session_state(run->session, s->index);
        span->failed    = !step->block->run(&call) || inside.failed;
        assert(!span->failed || s->problem->class != PROBLEM_NONE);
    }
    span->elements = c.count;
    span->end      = clock_now();
    plan_note_cost(run->plan, s->index, span->end - span->start);
    return !span->failed;
}
