/*
 * outputs - the answer of a run, written straight as JSON.
 *
 * One result per element of the input batch; values of deeper levels are nested
 * lists.  A batch that was born from a scalar step belongs to no input element:
 * the whole list stands in every result.
 *
 * Groups without a single element leave no trace in the reference, whose lists
 * reach to the last group that has one: such groups are left out at the end of a
 * list, stand as [] before that, and an output without any is [] nested as deep
 * as its lists.
 */
#include "value/detections.h"
#include "value/wire.h"
#include "value/wire_image.h"
#include "workflow/inside.h"

#define CONTEXT_OUTPUT "workflow_execution | output_construction"

typedef struct Writing {
    Run              *run;
    JsonWriter       *w;
    const PlanOutput *output;
    KindRefs         *kinds;      /* of the outputs of the step that "*" stands for */
    int               path[LIMIT_DIMENSIONS + 1];  /* levels, from the outermost */
    int               depth;
    uint8_t          *filled[LIMIT_DIMENSIONS + 1];    /* has an element of the output's level */
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
                        out->kinds[k], element)) {
            return false;
        }
    }
    json_end_object(out->w);
    return true;
}

/* "[[]]": what stands for elements that do not exist, `lists` deep. */
static void write_nothing(JsonWriter *w, int lists)
{
    for (int i = 0; i < lists; i++) {
        json_begin_array(w);
    }
    for (int i = 0; i < lists; i++) {
        json_end_array(w);
    }
}

/* The elements of path[depth] below element `of` of the level above. */
static bool write_below(Writing *out, int depth, int of)
{
    const LevelTable *table = &out->run->levels[out->path[depth]];
    int               first = table->first ? table->first[of] : 0;
    int               end   = first + (table->first ? table->children[of] : 0);
    bool              inner = depth + 1 < out->depth;

    while (inner && end > first && !out->filled[depth][end - 1]) {
        end--;
    }
    if (end == first) {
        write_nothing(out->w, out->depth - depth);
        return true;
    }
    json_begin_array(out->w);
    for (int i = first; i < end; i++) {
        if (inner ? !write_below(out, depth + 1, i) : !write_element(out, i)) {
            return false;
        }
    }
    json_end_array(out->w);
    return true;
}

/* Levels from the outermost to one; how many. */
static int level_path(const Plan *plan, int level, int path[LIMIT_DIMENSIONS + 1])
{
    int depth = level < 0 ? 0 : plan->levels[level].depth;

    for (int d = depth - 1; level >= 0; d--) {
        path[d] = level;
        level   = plan->levels[level].parent;
    }
    return depth;
}

/* Which elements above the output's level have one of that level below them. */
static bool find_filled(Writing *out)
{
    Run *run = out->run;

    for (int d = out->depth - 2; d >= 0; d--) {
        const LevelTable *below = &run->levels[out->path[d + 1]];
        bool              leaf  = d + 2 == out->depth;

        out->filled[d] = arena_array(&run->arena, uint8_t, MAX(level_size(run, out->path[d]), 1));
        for (int i = 0; out->filled[d] && i < below->count; i++) {
            if (leaf || out->filled[d + 1][i]) {
                out->filled[d][below->parent[i]] = 1;
            }
        }
        if (!out->filled[d]) {
            return false;
        }
    }
    return true;
}

static bool write_output(Writing *out, int result)
{
    if (out->depth == 0) {
        return write_element(out, 0);
    }
    if (out->run->plan->levels[out->path[0]].step >= 0) {
        return write_below(out, 0, 0);
    }
    return out->depth == 1 ? write_element(out, result) : write_below(out, 1, result);
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
static int result_count(const Run *run, const Writing *outputs, int count)
{
    for (int i = 0; i < count; i++) {
        if (outputs[i].depth > 0 && run->plan->levels[outputs[i].path[0]].step < 0) {
            return run->levels[outputs[i].path[0]].count;
        }
    }
    return 1;
}

static bool too_large(Run *run)
{
    return problem_set(&run->arena, &run->problem, PROBLEM_LIMITS, CONTEXT_OUTPUT,
                       "The answer needs too much memory.");
}

static bool find_kinds(Writing *out)
{
    const PlanStep *step;

    if (out->output->step < 0) {
        return true;
    }
    step       = &out->run->plan->steps[out->output->step];
    out->kinds = arena_array(&out->run->arena, KindRefs, MAX(step->output_count, 1));
    for (int k = 0; out->kinds && k < step->output_count; k++) {
        out->kinds[k] = kinds_refs(&out->run->arena, step->outputs[k].kinds);
    }
    return out->kinds != NULL;
}

/* Everything about each output that does not depend on the result. */
static Writing *prepare_outputs(Run *run, JsonWriter *w)
{
    int      count   = run->plan->output_count;
    Writing *outputs = arena_array(&run->arena, Writing, MAX(count, 1));

    for (int i = 0; outputs && i < count; i++) {
        outputs[i] = (Writing){ .run = run, .w = w, .output = &run->plan->outputs[i] };
        outputs[i].depth = level_path(run->plan, outputs[i].output->level, outputs[i].path);
        if (!find_filled(&outputs[i]) || !find_kinds(&outputs[i])) {
            return NULL;
        }
    }
    return outputs;
}

static bool write_result(Run *run, JsonWriter *w, Writing *outputs, const Json *excluded,
                         int result)
{
    json_begin_object(w);
    for (int i = 0; i < run->plan->output_count; i++) {
        Text name = outputs[i].output->name;

        if (is_excluded(excluded, name)) {
            continue;
        }
        json_key_text(w, name);
        if (!write_output(&outputs[i], result)) {
            return problem_set(&run->arena, &run->problem, PROBLEM_RUNTIME, CONTEXT_OUTPUT,
                               "Output '%.*s' cannot be written: %s", SHOW(name),
                               outputs[i].err.text);
        }
    }
    json_end_object(w);
    return true;
}

static bool write_results(Run *run, JsonWriter *w, const Json *excluded)
{
    Writing *outputs = prepare_outputs(run, w);
    int      results = outputs ? result_count(run, outputs, run->plan->output_count) : 0;

    if (!outputs) {
        return too_large(run);
    }
    json_begin_array(w);
    for (int result = 0; result < results; result++) {
        if (!write_result(run, w, outputs, excluded, result)) {
            return false;
        }
    }
    json_end_array(w);
    return !arena_failed(&run->arena) || too_large(run);
}

bool run_write_outputs(Run *run, JsonWriter *w, const Json *excluded)
{
    const ImageWriting *before = w->pictures;
    ImageWriting        usual  = as_jpeg(WIRE_QUALITY, run->options.services->pool);
    bool                done;

    w->pictures = before ? before : &usual;
    done        = write_results(run, w, excluded);
    w->pictures = before;
    return done;
}
