/*
 * order - the order in which steps can run.
 *
 * Kahn's algorithm ("Topological sorting of large networks", 1962): a step is ready
 * when all steps before it are placed; its group is one more than the greatest of
 * theirs.  Time and memory are linear in steps and references.
 */
#include "workflow/graph.h"

/* Steps of a cycle that a message names. */
enum { NAMED_OF_CYCLE = 8 };

/* "After step i come targets[first[i]] .. targets[first[i + 1] - 1]." */
typedef struct Edges {
    int *producer;      /* of each slot: the step, or -1 for an input */
    int *first;
    int *targets;
    int *waiting;       /* of each step: steps before it that are not placed */
    int *queue;
} Edges;

typedef void (*EdgeVisit)(Edges *edges, int from, int to);

static void each_edge(const Graph *g, Edges *edges, EdgeVisit visit)
{
    for (int i = 0; i < g->plan->step_count; i++) {
        const PlanStep *step = &g->plan_steps[i];

        for (int k = 0; k < step->binding_count; k++) {
            int from = edges->producer[step->bindings[k].slot];

            if (from >= 0) {
                visit(edges, from, i);
            }
        }
        for (int k = 0; k < step->gate_count; k++) {
            visit(edges, g->branches[step->gates[k]].step, i);
        }
    }
}

static void count_edge(Edges *edges, int from, int to)
{
    edges->first[from + 1]++;
    edges->waiting[to]++;
}

/* first[from] runs ahead while targets are filled in, and is set back after. */
static void add_edge(Edges *edges, int from, int to)
{
    edges->targets[edges->first[from]++] = to;
}

static bool find_edges(const Graph *g, Edges *edges)
{
    int n = g->plan->step_count;

    *edges = (Edges){ .producer = arena_array(g->scratch, int, g->plan->slot_count + 1),
                      .first    = arena_array(g->scratch, int, n + 1),
                      .waiting  = arena_array(g->scratch, int, n + 1),
                      .queue    = arena_array(g->scratch, int, n + 1) };
    if (!edges->producer || !edges->first || !edges->waiting || !edges->queue) {
        return false;
    }
    for (int slot = 0; slot < g->plan->slot_count; slot++) {
        edges->producer[slot] = -1;
    }
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < g->plan_steps[i].output_count; k++) {
            edges->producer[g->plan_steps[i].first_slot + k] = i;
        }
    }
    each_edge(g, edges, count_edge);
    for (int i = 0; i < n; i++) {
        edges->first[i + 1] += edges->first[i];
    }
    edges->targets = arena_array(g->scratch, int, edges->first[n] + 1);
    if (!edges->targets) {
        return false;
    }
    each_edge(g, edges, add_edge);
    memmove(edges->first + 1, edges->first, (size_t)n * sizeof(int));
    edges->first[0] = 0;
    return true;
}

/* Give every step its group; the number of steps that got one. */
static int place_steps(Graph *g, Edges *edges)
{
    int n = g->plan->step_count, placed = 0, queued = 0;

    for (int i = 0; i < n; i++) {
        if (edges->waiting[i] == 0) {
            edges->queue[queued++] = i;
        }
    }
    for (; placed < queued; placed++) {
        int i     = edges->queue[placed];
        int group = g->plan_steps[i].group;

        g->plan->group_count = MAX(g->plan->group_count, group + 1);
        for (int k = edges->first[i]; k < edges->first[i + 1]; k++) {
            int next = edges->targets[k];

            g->plan_steps[next].group = MAX(g->plan_steps[next].group, group + 1);
            if (--edges->waiting[next] == 0) {
                edges->queue[queued++] = next;
            }
        }
    }
    return placed;
}

static bool sort_doubts(Graph *g, const int *place)
{
    bool *sorted = arena_array(g->scratch, bool, MAX(g->plan->step_count, 1));

    for (int i = 0; sorted && i < g->plan->step_count; i++) {
        sorted[place[i]] = g->unsure[i];
    }
    g->unsure = sorted;
    return sorted != NULL;
}

/* Put steps in order of group; within one, in order of definition. */
static bool sort_steps(Graph *g)
{
    int       n      = g->plan->step_count;
    PlanStep *sorted = arena_array(&g->plan->arena, PlanStep, MAX(n, 1));
    int      *place  = arena_array(g->scratch, int, MAX(n, 1));
    int      *next   = arena_array(g->scratch, int, g->plan->group_count + 1);

    if (!sorted || !place || !next) {
        return false;
    }
    for (int i = 0; i < n; i++) {
        next[g->plan_steps[i].group + 1]++;
    }
    for (int group = 0; group < g->plan->group_count; group++) {
        next[group + 1] += next[group];
    }
    for (int i = 0; i < n; i++) {
        place[i]         = next[g->plan_steps[i].group]++;
        sorted[place[i]] = g->plan_steps[i];
    }
    if (g->unsure && !sort_doubts(g, place)) {
        return false;
    }
    for (int i = 0; i < g->branch_count; i++) {
        g->branches[i].step = place[g->branches[i].step];
    }
    for (int i = 0; i < g->plan->output_count; i++) {
        PlanOutput *output = (PlanOutput *)&g->plan->outputs[i];

        output->step = output->step >= 0 ? place[output->step] : -1;
    }
    g->plan_steps  = sorted;
    g->plan->steps = sorted;
    return true;
}

/* A step before this one that has no place either. */
static int waiting_before(const Graph *g, const Edges *edges, int i)
{
    const PlanStep *step = &g->plan_steps[i];

    for (int k = 0; k < step->binding_count; k++) {
        int from = edges->producer[step->bindings[k].slot];

        if (from >= 0 && edges->waiting[from] > 0) {
            return from;
        }
    }
    for (int k = 0; k < step->gate_count; k++) {
        int from = g->branches[step->gates[k]].step;

        if (edges->waiting[from] > 0) {
            return from;
        }
    }
    return i;
}

/* Going back from any step without a place ends in a cycle; its steps are named. */
static bool cycle(Graph *g, const Edges *edges)
{
    bool  *seen = arena_array(g->scratch, bool, g->plan->step_count);
    int    i    = 0, named = 0, next;
    Buffer path;

    while (edges->waiting[i] == 0) {
        i++;
    }
    for (; seen && !seen[i]; i = waiting_before(g, edges, i)) {
        seen[i] = true;
    }
    buffer_init(&path, KIB(4));
    for (next = waiting_before(g, edges, i); next != i && named < NAMED_OF_CYCLE; named++) {
        buffer_printf(&path, "%.*s needs ", SHOW(g->plan_steps[next].name));
        next = waiting_before(g, edges, next);
    }
    graph_structure_problem(g, arena_printf(g->scratch, "A workflow has no cycles, but %.*s needs "
                                            "%s%s%.*s.", SHOW(g->plan_steps[i].name),
                                            path.data ? path.data : "", next == i ? "" : "... ",
                                            SHOW(g->plan_steps[i].name)));
    problem_about(g->scratch, g->problem, g->plan_steps[i].name.at, NULL);
    buffer_fini(&path);
    return false;
}

/* ---- last readers ------------------------------------------------------------------------ */

/* Who reads a slot: those of the latest group count, and nobody does where a value leaves
 * the workflow or may be handed on as it is. */
typedef struct Readers {
    int  group, count;
    bool kept;
} Readers;

static void note_output(const Graph *g, const PlanOutput *output, Readers *readers)
{
    const PlanStep *step = output->step >= 0 ? &g->plan_steps[output->step] : NULL;

    for (int k = 0; k < (step ? step->output_count : 1); k++) {
        readers[step ? step->first_slot + k : output->slot].kept = true;
    }
}

static void note_reader(Readers *readers, const PlanStep *step, const Binding *binding)
{
    if (step->group > readers->group) {
        *readers = (Readers){ step->group, 0, readers->kept };
    }
    readers->count += step->group == readers->group;
    readers->kept   = readers->kept || binding->field->type != FIELD_IMAGE;
}

/* The bindings that read a picture when everything else that reads it has run. */
static bool find_last_readers(Graph *g)
{
    Readers *readers = arena_array(g->scratch, Readers, g->plan->slot_count + 1);

    for (int i = 0; readers && i < g->plan->output_count; i++) {
        note_output(g, &g->plan->outputs[i], readers);
    }
    for (int i = 0; readers && i < g->plan->step_count; i++) {
        for (int k = 0; k < g->plan_steps[i].binding_count; k++) {
            const Binding *binding = &g->plan_steps[i].bindings[k];

            note_reader(&readers[binding->slot], &g->plan_steps[i], binding);
        }
    }
    for (int i = 0; readers && i < g->plan->step_count; i++) {
        for (int k = 0; k < g->plan_steps[i].binding_count; k++) {
            Binding       *binding = (Binding *)&g->plan_steps[i].bindings[k];
            const Readers *of      = &readers[binding->slot];

            binding->last = !of->kept && of->count == 1 && of->group == g->plan_steps[i].group;
        }
    }
    return readers != NULL;
}

bool graph_order(Graph *g)
{
    Edges edges;

    if (!find_edges(g, &edges)) {
        return problem_set(g->scratch, g->problem, PROBLEM_LIMITS, CONTEXT_GRAPH,
                           "The workflow is too large.");
    }
    if (place_steps(g, &edges) < g->plan->step_count) {
        return cycle(g, &edges);
    }
    return (sort_steps(g) && find_last_readers(g)) ||
           problem_set(g->scratch, g->problem, PROBLEM_LIMITS, CONTEXT_GRAPH,
                       "The workflow is too large.");
}
