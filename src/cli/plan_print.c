/*
 * plan_print - tables of a compiled workflow.
 */
#include "cli/plan_print.h"

#include "workflow/plan_text.h"

/* ---- a table of steps ----------------------------------------------------------------- */

static size_t longest_name(const Plan *plan)
{
    size_t longest = 4;

    for (int i = 0; i < plan->step_count; i++) {
        longest = MAX(longest, plan->steps[i].name.length);
    }
    return MIN(longest, 40);
}

static void add_gates(Buffer *out, const Plan *plan, const PlanStep *step)
{
    for (int i = 0; i < step->gate_count; i++) {
        buffer_string(out, i == 0 ? "" : ", ");
        plan_branch_text(out, plan, step->gates[i]);
    }
}

static void add_cost(Buffer *out, int64_t nanoseconds)
{
    if (nanoseconds > 0) {
        buffer_printf(out, "%9.3f ms  ", (double)nanoseconds / 1e6);
    } else {
        buffer_printf(out, "%9s     ", "-");
    }
}

void print_steps(Buffer *out, const Plan *plan, const int64_t *costs)
{
    int width = (int)longest_name(plan);

    buffer_printf(out, "      %-*s  %-38s %sruns over\n", width, "step", "block",
                  costs ? "last runs     " : "");
    for (int i = 0; i < plan->step_count; i++) {
        const PlanStep *step = &plan->steps[i];

        buffer_printf(out, "  %3d %-*.*s  %-38s ", step->group + 1, width, SHOW(step->name),
                      plan_short_type(step->block));
        if (costs) {
            add_cost(out, costs[i]);
        }
        plan_level_text(out, plan, step->exec_level);
        if (step->data_level != step->exec_level) {
            buffer_string(out, ", gives ");
            plan_level_text(out, plan, step->data_level);
        }
        if (step->gate_count > 0) {
            buffer_string(out, ", if ");
            add_gates(out, plan, step);
        }
        buffer_char(out, '\n');
    }
}

/* ---- the same as JSON ------------------------------------------------------------------- */

static void write_level(JsonWriter *w, const Plan *plan, int level)
{
    Buffer text;

    buffer_init(&text, KIB(64));
    plan_level_text(&text, plan, level);
    json_write_text(w, (Text){ text.data, text.length });
    buffer_fini(&text);
}

static void write_gates(JsonWriter *w, const Plan *plan, const PlanStep *step)
{
    json_begin_array(w);
    for (int i = 0; i < step->gate_count; i++) {
        Buffer text;

        buffer_init(&text, KIB(64));
        plan_branch_text(&text, plan, step->gates[i]);
        json_write_text(w, (Text){ text.data, text.length });
        buffer_fini(&text);
    }
    json_end_array(w);
}

static int depth_of(const Plan *plan, int level)
{
    return level < 0 ? 0 : plan->levels[level].depth;
}

void write_steps(JsonWriter *w, const Plan *plan, const int64_t *costs)
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
        json_key(w, "milliseconds");
        if (costs && costs[i] > 0) {
            json_write_double(w, (double)costs[i] / 1e6);
        } else {
            json_write_null(w);
        }
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
