/*
 * graph - connecting a parsed definition: references, order, levels.
 *
 * Takes the definition apart into the tables of a Plan.  Each stage reports the
 * reference's class of error in the reference's order: targets exist, kinds
 * match, no cycles, dimensions and lineages fit.
 */
#ifndef OCELLUS_WORKFLOW_GRAPH_H
#define OCELLUS_WORKFLOW_GRAPH_H

#include "base/map.h"
#include "workflow/definition.h"

typedef struct Graph {
    Plan       *plan;
    Definition *def;
    Arena      *scratch;
    Problem    *problem;
    ProblemList *all;               /* NULL: the first problem is the last */
    bool       *unsure;             /* steps that more would be said of in vain (with `all`) */
    Map         inputs, steps;      /* name -> PlanInput *, PlanStep * */
    PlanInput  *plan_inputs;
    PlanStep   *plan_steps;         /* in order of definition until sorted */
    Level      *levels;
    int         level_count, level_capacity;
    Branch     *branches;
    int         branch_count;
} Graph;

/* Fill plan->inputs, ->steps (in order of definition, bindings, branches and
 * gates resolved), ->outputs. */
bool graph_connect(Graph *graph) MUST_USE;

/* Sort plan->steps into groups by longest distance and find the last readers of pictures; a
 * cycle is a problem (order.c). */
bool graph_order(Graph *graph) MUST_USE;

/* Give every input, step and output its level. */
bool graph_levels(Graph *graph) MUST_USE;

/* A problem of the graph's structure that belongs to no field.  Returns false. */
bool graph_structure_problem(Graph *graph, const char *text);

/* After a problem: whether to look for more. */
bool graph_go_on(Graph *graph);

#define CONTEXT_GRAPH "workflow_compilation | execution_graph_construction"

#endif
