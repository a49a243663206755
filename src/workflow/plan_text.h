/*
 * plan_text - how batch levels and branches of a plan are called.
 */
#ifndef OCELLUS_WORKFLOW_PLAN_TEXT_H
#define OCELLUS_WORKFLOW_PLAN_TEXT_H

#include "workflow/plan.h"

/* The elements of a batch level, from the outside in: "batch > crop", where crop is
 * the step that makes them; "once" for what belongs to no batch. */
void plan_level_text(Buffer *out, const Plan *plan, int level);

/* A branch by its controller, and by its case where it has several: "sort: red". */
void plan_branch_text(Buffer *out, const Plan *plan, int branch);

/* A block's type without the name of who made it: "dynamic_crop@v1". */
const char *plan_short_type(const Block *block);

#endif
