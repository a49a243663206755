/*
 * outputs - the answer of a run, written straight as JSON.
 *
 * One result per element of the input batch; values of deeper levels are nested
 * lists.  A batch that was born from a scalar step belongs to no input element:
 * the whole list stands in every result.
 */
#include "value/detections.h"
#include "value/wire.h"
#include "workflow/inside.h"

#define CONTEXT_OUTPUT "workflow_execution | output_construction"

typedef struct Writing {
    Run              *run;
    JsonWriter       *w;
    const PlanOutput *output;
    Error             err;
} Writing;

/* Detections inside a value, moved to the coordinates of their root picture. */
static Value to_root(Arena *arena, Value value)
{
    if (value.type == VALUE_DETECTIONS) {
        return value_detections(detections_to_root(arena, value.as.detections));
    }
    if (value.type == VALUE_LIST || value.type == VALUE_TUPLE) {
        Value *items = arena_array(arena, Value, MAX(value.count, 1));

        for (uint32_t i = 0; items && i < value.count; i++) {
            items[i] = to_root(arena, value.as.items[i]);
        }
        value.as.items = items;
        value.count    = items ? value.count : 0;
    } else if (value.type == VALUE_DICT) {
        ValuePair *pairs = arena_array(arena, ValuePair, MAX(value.count, 1));

        for (uint32_t i = 0; pairs && i < value.count; i++) {
            pairs[i] = (ValuePair){ value.as.pairs[i].key,
                                    to_root(arena, value.as.pairs[i].value) };
        }
        value.as.pairs = pairs;
        value.count    = pairs ? value.count : 0;
    }
    return value;
}

static bool write_slot(Writing *out, int slot, KindRefs kinds, int element)
{
    const Value *values = out->run->slots[slot];
    Value        value  = values ? values[element] : value_null();

    if (!out->output->own && out->output->level >= 0) {
        value = to_root(&out->run->arena, value);
    }
    return wire_write_kinds(out->w, value, kinds, &out->err);
}

/* A value, or for "*" a dict of all outputs of the step. */
static bool write_element(Writing *out, int element)
{
    const PlanStep *step;

    if (out->output->step < 0) {
        return write_slot(out, out->output->slot, out->output->kinds, element);
    }
    step = &out->run->plan->steps[out->output->step];
    json_begin_object(out->w);
    for (int k = 0; k < step->output_count; k++) {
        json_key(out->w, step->outputs[k].name);
        if (!write_slot(out, step->first_slot + k,
                        kinds_refs(&out->run->arena, step->outputs[k].kinds), element)) {
            return false;
        }
    }
    json_end_object(out->w);
    return true;
}

/* The elements of the output's level below element `of` of `path[depth]`. */
static bool write_below(Writing *out, const int *path, int depth, int of)
{
    const LevelTable *table = &out->run->levels[path[depth]];
    int               first = table->first ? table->first[of] : 0;
    int               count = table->first ? table->children[of] : 0;

    json_begin_array(out->w);
    for (int i = first; i < first + count; i++) {
        if (path[depth] == out->output->level ? !write_element(out, i)
                                              : !write_below(out, path, depth + 1, i)) {
            return false;
        }
    }
    json_end_array(out->w);
    return true;
}

/* Levels from the outermost to the output's own. */
static int level_path(const Plan *plan, int level, int path[LIMIT_DIMENSIONS + 1])
{
    int depth = plan->levels[level].depth;

    for (int d = depth - 1; level >= 0; d--) {
        path[d] = level;
        level   = plan->levels[level].parent;
    }
    return depth;
}

static bool write_output(Writing *out, int result)
{
    int path[LIMIT_DIMENSIONS + 1];

    if (out->output->level < 0) {
        return write_element(out, 0);
    }
    level_path(out->run->plan, out->output->level, path);
    if (out->run->plan->levels[path[0]].step >= 0) {
        return write_below(out, path, 0, 0);
    }
    if (out->output->level == path[0]) {
        return write_element(out, result);
    }
    return write_below(out, path, 1, result);
}

static bool is_excluded(const Json *excluded, Text name)
{
    JsonWalk walk = json_walk(excluded);

    while (json_next(&walk)) {
        if (text_equal(json_text(walk.value), name)) {
            return true;
        }
    }
    return false;
}

/* The number of results: one per element of the input batch when an output is
 * on it, else one. */
static int result_count(const Run *run)
{
    for (int i = 0; i < run->plan->output_count; i++) {
        int path[LIMIT_DIMENSIONS + 1];
        int level = run->plan->outputs[i].level;

        if (level >= 0) {
            level_path(run->plan, level, path);
            if (run->plan->levels[path[0]].step < 0) {
                return run->levels[path[0]].count;
            }
        }
    }
    return 1;
}

bool run_write_outputs(Run *run, JsonWriter *w, const Json *excluded)
{
    Writing out = { .run = run, .w = w };

    json_begin_array(w);
    for (int result = 0; result < result_count(run); result++) {
        json_begin_object(w);
        for (int i = 0; i < run->plan->output_count; i++) {
            out.output = &run->plan->outputs[i];
            if (is_excluded(excluded, out.output->name)) {
                continue;
            }
            json_key_text(w, out.output->name);
            if (!write_output(&out, result)) {
                problem_set(&run->arena, &run->problem, PROBLEM_RUNTIME, CONTEXT_OUTPUT,
                            "Output '%.*s' cannot be written: %s", SHOW(out.output->name),
                            out.err.text);
                return false;
            }
        }
        json_end_object(w);
    }
    json_end_array(w);
    return !arena_failed(&run->arena) ||
           problem_set(&run->arena, &run->problem, PROBLEM_LIMITS, CONTEXT_OUTPUT,
                       "The answer needs too much memory.");
}
