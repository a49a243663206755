/*
 * workload - reading a plan for what it is made of.
 */
#include "workflow/workload.h"

#include "base/map.h"
#include "workflow/workload_inside.h"

#define ENGINE "1.17.0"

/* ---- the order of the definition ------------------------------------------------------- */

/* A plan's steps are sorted for running: find them in the order they were written. */
static bool order_steps(Workload *load, const Json *definition, const PlanSource *source,
                        Problem *problem)
{
    const Json *flat;
    JsonWalk    walk;
    Map         steps;

    if (!inner_resolve(load->arena, definition, source, &flat, problem) ||
        !inner_expand(load->arena, flat, &flat, problem)) {
        return false;
    }
    map_init(&steps, load->arena);
    for (int i = 0; i < load->plan->step_count; i++) {
        map_put(&steps, load->plan->steps[i].name, (void *)&load->plan->steps[i]);
    }
    load->steps = arena_array(load->arena, const PlanStep *, MAX(load->plan->step_count, 1));
    walk        = json_walk(json_get(flat, "steps"));
    while (load->steps && json_next(&walk)) {
        const PlanStep *step = map_get(&steps, json_text(json_get(walk.value, "name")));

        if (step && load->step_count < load->plan->step_count) {
            load->steps[load->step_count++] = step;
        }
    }
    return true;
}

/* ---- nodes and edges -------------------------------------------------------------------- */

typedef struct Edge {
    Text source, target;
    bool control;
} Edge;

typedef struct Edges {
    Edge *items;
    int   count;
} Edges;

static Text node_of(Arena *arena, const char *kind, Text name)
{
    return text_of(arena_printf(arena, "$%s.%.*s", kind, SHOW(name)));
}

/* The node that a selector points at: "$steps.a" of "$steps.a.b". */
static Text source_of(Text selector)
{
    Selector s = selector_parse(selector);

    return s.type == SELECTOR_OUTPUT
               ? (Text){ selector.at, (size_t)(s.name.at + s.name.length - selector.at) }
               : selector;
}

static int text_order(Text a, Text b)
{
    int order = memcmp(a.at, b.at, MIN(a.length, b.length));

    return order ? order : (a.length > b.length) - (a.length < b.length);
}

static int edge_order(const void *a, const void *b)
{
    const Edge *one = a, *other = b;
    int order = text_order(one->source, other->source);

    order = order ? order : text_order(one->target, other->target);
    return order ? order : (other->control > one->control) - (other->control < one->control);
}

static size_t count_edges(const Plan *plan)
{
    size_t count = (size_t)plan->output_count;

    for (int i = 0; i < plan->step_count; i++) {
        count += (size_t)plan->steps[i].binding_count + (size_t)plan->steps[i].gate_count;
    }
    return count;
}

static void collect_edges(const Workload *load, Edges *edges)
{
    const Plan *plan = load->plan;

    for (int i = 0; i < plan->step_count; i++) {
        const PlanStep *step = &plan->steps[i];

        for (int k = 0; k < step->binding_count; k++) {
            edges->items[edges->count++] = (Edge){ source_of(step->bindings[k].selector),
                                                   step->selector, false };
        }
        for (int k = 0; k < step->gate_count; k++) {
            const PlanStep *from = &plan->steps[plan->branches[step->gates[k]].step];

            edges->items[edges->count++] = (Edge){ from->selector, step->selector, true };
        }
    }
    for (int i = 0; i < plan->output_count; i++) {
        edges->items[edges->count++] = (Edge){
            source_of(plan->outputs[i].selector),
            node_of(load->arena, "outputs", plan->outputs[i].name), false };
    }
}

static void write_edge(JsonWriter *w, const Edge *edge)
{
    json_begin_object(w);
    workload_member(w, "type", "graph_edge_v1");
    json_key(w, "source");
    json_write_text(w, edge->source);
    json_key(w, "target");
    json_write_text(w, edge->target);
    workload_member(w, "kind", edge->control ? "control" : "data");
    json_end_object(w);
}

static void write_edges(const Workload *load)
{
    JsonWriter *w     = load->w;
    Edges       edges = { arena_array(load->arena, Edge, MAX(count_edges(load->plan), 1)), 0 };

    json_key(w, "edges");
    json_begin_array(w);
    if (edges.items) {
        collect_edges(load, &edges);
        qsort(edges.items, (size_t)edges.count, sizeof(Edge), edge_order);
    }
    for (int i = 0; i < edges.count; i++) {
        if (i == 0 || edge_order(&edges.items[i - 1], &edges.items[i]) != 0) {
            write_edge(w, &edges.items[i]);
        }
    }
    json_end_array(w);
}

static void write_node(JsonWriter *w, Text id, const char *kind)
{
    json_begin_object(w);
    workload_member(w, "type", "graph_node_v1");
    json_key(w, "id");
    json_write_text(w, id);
    workload_member(w, "kind", kind);
    json_end_object(w);
}

static void write_nodes(const Workload *load)
{
    const Plan *plan = load->plan;

    json_key(load->w, "nodes");
    json_begin_array(load->w);
    for (int i = 0; i < plan->input_count; i++) {
        write_node(load->w, node_of(load->arena, "inputs", plan->inputs[i].name), "input");
    }
    for (int i = 0; i < load->step_count; i++) {
        write_node(load->w, load->steps[i]->selector, "step");
    }
    for (int i = 0; i < plan->output_count; i++) {
        write_node(load->w, node_of(load->arena, "outputs", plan->outputs[i].name), "output");
    }
    json_end_array(load->w);
}

/* ---- steps -------------------------------------------------------------------------------- */

static void write_operations(const Workload *load, const PlanStep *step)
{
    JsonWriter *w = load->w;

    json_key(w, "operations");
    workload_begin_items(w);
    for (int i = 0; i < WORK_COUNT; i++) {
        if (step->block->work >> i & 1) {
            json_write_string(w, work_names[i]);
        }
    }
    json_end_array(w);
    workload_begin_reasons(w, step->block->work != 0 && !workload_is_remote(step));
    if (step->block->work == 0) {
        workload_write_unknown(w, step, "declaration_unavailable", "operations");
    }
    if (workload_is_remote(step)) {
        workload_write_unknown(w, step, "opaque_remote_workflow", "operations");
    }
    workload_end_reasons(w);
}

static void write_caveat(JsonWriter *w, const Caveat *caveat)
{
    json_begin_object(w);
    workload_member(w, "type", "restriction_v1");
    workload_member(w, "code", caveat->code);
    workload_member(w, "severity", caveat->hard ? "hard" : "soft");
    json_key(w, "when");
    json_begin_object(w);
    workload_member(w, "type", "restriction_condition_v1");
    json_key(w, "runtimes");
    json_write_raw(w, text_of(caveat->runtimes));
    json_key(w, "step_execution_modes");
    json_write_null(w);
    json_key(w, "input_modes");
    json_write_raw(w, text_of(caveat->input_modes));
    json_key(w, "configuration_equals");
    json_write_raw(w, text_of(caveat->configuration));
    json_end_object(w);
    json_end_object(w);
}

static void write_restrictions(const Workload *load, const PlanStep *step)
{
    const Block *block   = step->block;
    JsonWriter  *w       = load->w;
    unsigned     caveats = !block->caveats_hold || block->caveats_hold(step->args)
                               ? block->caveats : 0;

    json_key(w, "restrictions");
    workload_begin_items(w);
    for (int i = 0; i < CAVEAT_COUNT; i++) {
        if (caveats >> i & 1) {
            write_caveat(w, &caveat_table[i]);
        }
    }
    json_end_array(w);
    workload_begin_reasons(w, !workload_is_remote(step));
    if (workload_is_remote(step)) {
        workload_write_unknown(w, step, "opaque_remote_workflow", "restrictions");
    }
    workload_end_reasons(w);
}

static void write_step(const Workload *load, const PlanStep *step)
{
    JsonWriter *w = load->w;

    json_begin_object(w);
    workload_member(w, "type", "step_metadata_v1");
    json_key(w, "node_id");
    json_write_text(w, step->selector);
    workload_member(w, "block_type", step->block->type);
    json_key(w, "input_dimensionality");
    json_write_int(w, workload_input_depth(load, step));
    json_key(w, "output_dimensionality");
    json_write_int(w, workload_output_depth(load, step));
    json_key(w, "accepts_batch_input");
    json_write_bool(w, step->block->batches);
    json_key(w, "resources");
    workload_write_resources(load, step);
    write_restrictions(load, step);
    write_operations(load, step);
    json_end_object(w);
}

/* ---- the whole ------------------------------------------------------------------------------ */

bool workload_write(JsonWriter *w, const Plan *plan, const Json *definition,
                    const PlanSource *source, Arena *arena, Problem *problem)
{
    Workload load = { .w = w, .plan = plan, .arena = arena };

    if (!order_steps(&load, definition, source, problem)) {
        return false;
    }
    json_begin_object(w);
    workload_member(w, "type", "workflow_introspection_v1");
    workload_member(w, "execution_engine_version", ENGINE);
    write_nodes(&load);
    write_edges(&load);
    json_key(w, "steps");
    json_begin_array(w);
    for (int i = 0; i < load.step_count; i++) {
        write_step(&load, load.steps[i]);
    }
    json_end_array(w);
    json_key(w, "summary");
    workload_write_summary(&load);
    json_end_object(w);
    return !arena_failed(arena) ||
           problem_set(arena, problem, PROBLEM_LIMITS, "workflow_compilation",
                       "The definition is too large.");
}
