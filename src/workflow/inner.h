/*
 * inner - workflows inside workflows.
 *
 * A step of type inner_workflow stands for the steps of another workflow, its
 * child.  Before anything else is compiled, children are put in their place: the
 * child's steps get names of their own ("inner__child"), its inputs become what
 * the parent binds to them, and references to its outputs become references to
 * the steps that make them.  So the engine itself knows nothing of nesting.
 *
 * A child is written in the step or stored somewhere: then a PlanSource finds it.
 * Nesting is at most LIMIT_INNER_DEPTH deep, with LIMIT_INNER_COUNT children in
 * all, and a stored workflow never contains itself.
 */
#ifndef OCELLUS_WORKFLOW_INNER_H
#define OCELLUS_WORKFLOW_INNER_H

#include "workflow/plan.h"

/* True when a definition has a child that must be put in its place. */
bool inner_used(const Json *definition);

/* Put the text of every stored child into the step that names it.  `*out` is the
 * definition itself when there is none. */
bool inner_resolve(Arena *arena, const Json *definition, const PlanSource *source,
                   const Json **out, Problem *problem) MUST_USE;

/* Replace every embedded child by its steps.  The result lives in `arena`. */
bool inner_expand(Arena *arena, const Json *definition, const Json **out,
                  Problem *problem) MUST_USE;

#endif
