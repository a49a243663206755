/*
 * workload - what a workflow is made of, for those who plan where it runs.
 *
 * Its graph, how deep the batches of every step are, which models it needs and what
 * its steps do.  Nothing is run: it is all read off the plan.  What cannot be known
 * beforehand (a model that an input names, what a workflow does on another server)
 * is said to be unknown, with the reason.
 */
#ifndef OCELLUS_WORKFLOW_WORKLOAD_H
#define OCELLUS_WORKFLOW_WORKLOAD_H

#include "workflow/plan.h"

/* Write the workload of a plan, whose definition gives the order of steps; `source`
 * is the one it was compiled with. */
bool workload_write(JsonWriter *w, const Plan *plan, const Json *definition,
                    const PlanSource *source, Arena *arena, Problem *problem) MUST_USE;

#endif
