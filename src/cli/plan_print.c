/*
 * plan_print - tables of a compiled workflow.
 */
#include "cli/plan_print.h"

#include "blocks/block.h"

/* ---- levels and gates -------------------------------------------------------------- */

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

void print_level(Buffer *out, const Plan *plan, int level)
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

static void add_gate(Buffer *out, const Plan *plan, int branch)
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

void print_gates(Buffer *out, const Plan *plan, const PlanStep *step)
{
    for (int i = 0; i < step->gate_count; i++) {
        buffer_string(out, i == 0 ? "" : ", ");
        add_gate(out, plan, step->gates[i]);
    }
}

/* ---- a table of steps ----------------------------------------------------------------- */

static size_t longest_name(const Plan *plan)
{
    size_t longest = 4;

    for (int i = 0; i < plan->step_count; i++) {
        longest = MAX(longest, plan->steps[i].name.length);
    }
    return MIN(longest, 40);
}

static const char *short_type(const Block *block)
{
    const char *slash = strchr(block->type, '/');

    return slash ? slash + 1 : block->type;
}

void print_steps(Buffer *out, const Plan *plan)
{
    int width = (int)longest_name(plan);

    buffer_printf(out, "      %-*s  %-38s runs over\n", width, "step", "block");
    for (int i = 0; i < plan->step_count; i++) {
        const PlanStep *step = &plan->steps[i];

        buffer_printf(out, "  %3d %-*.*s  %-38s ", step->group + 1, width, SHOW(step->name),
                      short_type(step->block));
        print_level(out, plan, step->exec_level);
        if (step->data_level != step->exec_level) {
            buffer_string(out, ", gives ");
            print_level(out, plan, step->data_level);
        }
        if (step->gate_count > 0) {
            buffer_string(out, ", if ");
            print_gates(out, plan, step);
        }
        buffer_char(out, '\n');
    }
}

/* ---- the same as JSON ------------------------------------------------------------------- */

static void write_level(JsonWriter *w, const Plan *plan, int level)
{
    Buffer text;

    buffer_init(&text, KIB(64));
    print_level(&text, plan, level);
    json_write_text(w, (Text){ text.data, text.length });
    buffer_fini(&text);
}

static void write_gates(JsonWriter *w, const Plan *plan, const PlanStep *step)
{
    json_begin_array(w);
    for (int i = 0; i < step->gate_count; i++) {
        Buffer text;

        buffer_init(&text, KIB(64));
        add_gate(&text, plan, step->gates[i]);
        json_write_text(w, (Text){ text.data, text.length });
        buffer_fini(&text);
    }
    json_end_array(w);
}

static int depth_of(const Plan *plan, int level)
{
    return level < 0 ? 0 : plan->levels[level].depth;
}

void write_steps(JsonWriter *w, const Plan *plan)
{
    json_begin_array(w);
    for (int i = 0; i < plan->step_count; i++) {
        const PlanStep *step = &plan->steps[i];

        json_begin_object(w);
        json_key(w, "name");
        json_write_text(w, step->name);
        json_key(w, "type");
        json_write_string(w, step->block->type);
        json_key(w, "group");
        json_write_int(w, step->group + 1);
        json_key(w, "runs_over");
        write_level(w, plan, step->exec_level);
        json_key(w, "gives");
        write_level(w, plan, step->data_level);
        json_key(w, "dimensionality");
        json_write_int(w, depth_of(plan, step->data_level));
        json_key(w, "if");
        write_gates(w, plan, step);
        json_end_object(w);
    }
    json_end_array(w);
}

void print_kind_refs(Buffer *out, KindRefs kinds)
{
    for (int i = 0; i < kinds.count; i++) {
        buffer_string(out, i == 0 ? "" : " or ");
        if (text_is(kinds.refs[i].name, "*")) {
            buffer_string(out, "any");
        } else {
            buffer_text(out, kinds.refs[i].name);
        }
    }
}
