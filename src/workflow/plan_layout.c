/*
 * plan_layout - columns, lanes, order and places.
 */
#include "workflow/plan_layout.h"

#include <math.h>

enum { SWEEPS = 4 };

typedef struct Laying {
    const Plan *plan;
    Arena      *arena;
    Layout     *layout;
    int         node_capacity, line_capacity;
    int        *producers;     /* slot -> node */
    int        *lanes;         /* source (node, or nodes + branch) -> its last lane, or -1 */
    int        *linked;        /* the last target of a source, to draw a line once */
    int       **columns;       /* nodes of each column in their order */
    int        *column_counts;
    Line      **column_lines;  /* that leave each column */
    int        *line_counts;
    double     *wish;          /* of each node: the middle of what feeds it */
    int        *feeders;
} Laying;

double layout_height(const Node *node)
{
    switch (node->type) {
    case NODE_STEP: return LAYOUT_BOX_HEIGHT;
    case NODE_LANE: return 2;
    default:        return LAYOUT_SMALL_HEIGHT;
    }
}

double layout_x(int column)
{
    return LAYOUT_MARGIN + (double)column * LAYOUT_COLUMN;
}

/* ---- nodes and lines --------------------------------------------------------------- */

static int add_node(Laying *l, Node node)
{
    Layout *layout = l->layout;

    if (layout->node_count == l->node_capacity) {
        int   more  = MAX(64, l->node_capacity * 2);
        Node *grown = arena_array(l->arena, Node, more);

        if (!grown) {
            return 0;
        }
        if (layout->node_count > 0) {
            memcpy(grown, layout->nodes, (size_t)layout->node_count * sizeof(*grown));
        }
        layout->nodes    = grown;
        l->node_capacity = more;
    }
    layout->nodes[layout->node_count] = node;
    return layout->node_count++;
}

static void add_line(Laying *l, int from, int to, int branch)
{
    Layout *layout = l->layout;

    if (layout->line_count == l->line_capacity) {
        int   more  = MAX(64, l->line_capacity * 2);
        Line *grown = arena_array(l->arena, Line, more);

        if (!grown) {
            return;
        }
        if (layout->line_count > 0) {
            memcpy(grown, layout->lines, (size_t)layout->line_count * sizeof(*grown));
        }
        layout->lines    = grown;
        l->line_capacity = more;
    }
    layout->lines[layout->line_count++] = (Line){ from, to, branch };
}

static int add_nodes(Laying *l)
{
    const Plan *plan = l->plan;

    for (int i = 0; i < plan->input_count; i++) {
        l->producers[plan->inputs[i].slot] = add_node(l, (Node){ NODE_INPUT, i, -1, 0, 0 });
    }
    for (int i = 0; i < plan->step_count; i++) {
        const PlanStep *step = &plan->steps[i];
        int             node = add_node(l, (Node){ NODE_STEP, i, -1, step->group + 1, 0 });

        for (int k = 0; k < step->output_count; k++) {
            l->producers[step->first_slot + k] = node;
        }
    }
    for (int i = 0; i < plan->output_count; i++) {
        add_node(l, (Node){ NODE_OUTPUT, i, -1, plan->group_count + 1, 0 });
    }
    return l->layout->node_count;
}

/* A link over several columns goes through the lanes of its source, which are made as
 * far as a target needs them.  Targets come in order of their column. */
static void link_nodes(Laying *l, int from, int to, int branch)
{
    int source = branch < 0 ? from : l->plan->input_count + l->plan->step_count + branch;
    int column = l->layout->nodes[to].column;
    int at     = l->lanes[source] >= 0 ? l->lanes[source] : from;

    if (l->linked[source] == to + 1) {
        return;
    }
    l->linked[source] = to + 1;
    while (l->layout->nodes[at].column < column - 1 && !arena_failed(l->arena)) {
        int lane = add_node(l, (Node){ NODE_LANE, from, branch,
                                       l->layout->nodes[at].column + 1, 0 });

        add_line(l, at, lane, branch);
        l->lanes[source] = at = lane;
    }
    add_line(l, at, to, branch);
}

static void link_all(Laying *l)
{
    const Plan *plan = l->plan;

    for (int i = 0; i < plan->step_count; i++) {
        const PlanStep *step = &plan->steps[i];

        for (int k = 0; k < step->binding_count; k++) {
            link_nodes(l, l->producers[step->bindings[k].slot], plan->input_count + i, -1);
        }
        for (int k = 0; k < step->gate_count; k++) {
            link_nodes(l, plan->input_count + plan->branches[step->gates[k]].step,
                       plan->input_count + i, step->gates[k]);
        }
    }
    for (int i = 0; i < plan->output_count; i++) {
        const PlanOutput *output = &plan->outputs[i];

        link_nodes(l, output->step >= 0 ? plan->input_count + output->step
                                        : l->producers[output->slot],
                   plan->input_count + plan->step_count + i, -1);
    }
}

/* ---- order and places ----------------------------------------------------------------- */

static bool make_columns(Laying *l)
{
    Layout *layout = l->layout;

    l->columns       = arena_array(l->arena, int *, layout->columns);
    l->column_counts = arena_array(l->arena, int, layout->columns);
    l->column_lines  = arena_array(l->arena, Line *, layout->columns);
    l->line_counts   = arena_array(l->arena, int, layout->columns);
    l->wish          = arena_array(l->arena, double, layout->node_count);
    l->feeders       = arena_array(l->arena, int, layout->node_count);
    if (arena_failed(l->arena)) {
        return false;
    }
    for (int i = 0; i < layout->node_count; i++) {
        l->column_counts[layout->nodes[i].column]++;
    }
    for (int i = 0; i < layout->line_count; i++) {
        l->line_counts[layout->nodes[layout->lines[i].from].column]++;
    }
    for (int c = 0; c < layout->columns; c++) {
        l->columns[c]      = arena_array(l->arena, int, MAX(l->column_counts[c], 1));
        l->column_lines[c] = arena_array(l->arena, Line, MAX(l->line_counts[c], 1));
        l->column_counts[c] = l->line_counts[c] = 0;
    }
    return !arena_failed(l->arena);
}

static bool fill_columns(Laying *l)
{
    Layout *layout = l->layout;

    if (!make_columns(l)) {
        return false;
    }
    for (int i = 0; i < layout->node_count; i++) {
        int column = layout->nodes[i].column;

        l->columns[column][l->column_counts[column]++] = i;
    }
    for (int i = 0; i < layout->line_count; i++) {
        int column = layout->nodes[layout->lines[i].from].column;

        l->column_lines[column][l->line_counts[column]++] = layout->lines[i];
    }
    return true;
}

static double middle(const Node *node)
{
    return node->y + layout_height(node) / 2;
}

/* The mean middle of what each node of a column is linked with, to its left or to its
 * right. */
static void find_wishes(Laying *l, int column, bool left)
{
    const Node *nodes = l->layout->nodes;
    const int  *own   = l->columns[column];
    int         lines = left ? column - 1 : column;      /* -1: there are none */

    for (int i = 0; i < l->column_counts[column]; i++) {
        l->wish[own[i]]    = 0;
        l->feeders[own[i]] = 0;
    }
    for (int i = 0; lines >= 0 && i < l->line_counts[lines]; i++) {
        const Line *line = &l->column_lines[lines][i];
        int         node = left ? line->to : line->from;

        l->wish[node] += middle(&nodes[left ? line->from : line->to]);
        l->feeders[node]++;
    }
    for (int i = 0; i < l->column_counts[column]; i++) {
        int node = own[i];

        l->wish[node] = l->feeders[node] > 0 ? l->wish[node] / l->feeders[node]
                                             : middle(&nodes[node]);
    }
}

/* Stable merge sort of one column by wish; `spare` is as long as the column. */
static void sort_column(const double *wish, int *nodes, int count, int *spare)
{
    int half = count / 2, a = 0, b = half;

    if (count < 2) {
        return;
    }
    sort_column(wish, nodes, half, spare);
    sort_column(wish, nodes + half, count - half, spare);
    for (int i = 0; i < count; i++) {
        bool first = b == count || (a < half && wish[nodes[a]] <= wish[nodes[b]]);

        spare[i] = first ? nodes[a++] : nodes[b++];
    }
    memcpy(nodes, spare, (size_t)count * sizeof(*nodes));
}

/* Each node where it wishes to be or below the one before it, then the whole column
 * back by what that moved it on the mean. */
static void place_column(Laying *l, int column)
{
    Node  *nodes = l->layout->nodes;
    int   *order = l->columns[column], count = l->column_counts[column];
    double edge  = -INFINITY, moved = 0;

    for (int i = 0; i < count; i++) {
        Node  *node = &nodes[order[i]];
        double want = l->wish[order[i]] - layout_height(node) / 2;

        node->y = MAX(want, edge);
        moved  += node->y - want;
        edge    = node->y + layout_height(node) + LAYOUT_GAP;
    }
    for (int i = 0; i < count; i++) {
        nodes[order[i]].y -= moved / count;
    }
}

static bool place_nodes(Laying *l)
{
    Layout *layout = l->layout;
    int    *spare  = arena_array(l->arena, int, layout->node_count);
    double  top = INFINITY, bottom = 0;

    if (!spare) {
        return false;
    }
    for (int i = 0; i < layout->node_count; i++) {       /* first in order of definition */
        l->wish[i] = i;
    }
    for (int c = 0; c < layout->columns; c++) {
        place_column(l, c);
    }
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        bool left = sweep % 2 == 0;

        for (int k = 0; k < layout->columns; k++) {
            int c = left ? k : layout->columns - 1 - k;

            find_wishes(l, c, left);
            sort_column(l->wish, l->columns[c], l->column_counts[c], spare);
            place_column(l, c);
        }
    }
    for (int i = 0; i < layout->node_count; i++) {
        top = MIN(top, layout->nodes[i].y);
    }
    for (int i = 0; i < layout->node_count; i++) {
        layout->nodes[i].y += LAYOUT_MARGIN - top;
        bottom = MAX(bottom, layout->nodes[i].y + layout_height(&layout->nodes[i]));
    }
    layout->width  = layout_x(layout->columns - 1) + LAYOUT_BOX_WIDTH + LAYOUT_MARGIN;
    layout->height = bottom + LAYOUT_MARGIN;
    return true;
}

bool plan_layout(const Plan *plan, Arena *arena, Layout *out)
{
    int    sources = plan->input_count + plan->step_count + plan->branch_count;
    Laying l       = { .plan = plan, .arena = arena, .layout = out };

    *out         = (Layout){ .columns = plan->group_count + 2 };
    l.producers  = arena_array(arena, int, plan->slot_count + 1);
    l.lanes      = arena_array(arena, int, MAX(sources, 1));
    l.linked     = arena_array(arena, int, MAX(sources, 1));
    if (!l.producers || !l.lanes || !l.linked) {
        return false;
    }
    memset(l.lanes, -1, (size_t)sources * sizeof(int));
    add_nodes(&l);
    link_all(&l);
    return !arena_failed(arena) && (out->node_count == 0 || (fill_columns(&l) && place_nodes(&l)));
}
