/*
 * plan_text - names of levels and branches.
 */
#include "workflow/plan_text.h"

static void add_level(Buffer *out, const Plan *plan, int index)
{
    const Level *level = &plan->levels[index];

    if (level->parent >= 0) {
        add_level(out, plan, level->parent);
        buffer_string(out, " > ");
    }
    if (level->step >= 0) {
        buffer_text(out, plan->steps[level->step].name);
    } else if (level->input >= 0) {
        buffer_text(out, plan->inputs[level->input].name);
    } else {
        buffer_string(out, "batch");
    }
}

void plan_level_text(Buffer *out, const Plan *plan, int level)
{
    if (level < 0) {
        buffer_string(out, "once");
    } else {
        add_level(out, plan, level);
    }
}

static const BranchCases *cases_of(const PlanStep *controller)
{
    for (const Field *field = controller->block->fields; field->name; field++) {
        if (field->type == FIELD_CASES) {
            return (const BranchCases *)((const char *)controller->args + field->offset);
        }
    }
    return NULL;
}

void plan_branch_text(Buffer *out, const Plan *plan, int branch)
{
    const PlanStep    *controller = &plan->steps[plan->branches[branch].step];
    const BranchCases *cases      = cases_of(controller);

    buffer_text(out, controller->name);
    for (int i = 0; cases && i < cases->count; i++) {
        if (cases->items[i].branch.index == branch) {
            buffer_printf(out, ": %.*s", SHOW(cases->items[i].key));
            return;
        }
    }
    if (cases) {
        buffer_printf(out, ": %s", plan->branches[branch].name);
    }
}

const char *plan_short_type(const Block *block)
{
    const char *slash = strchr(block->type, '/');

    return slash ? slash + 1 : block->type;
}
