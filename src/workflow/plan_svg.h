/*
 * plan_svg - a picture of a plan: what feeds what, on which batch level, and under
 * which condition.
 */
#ifndef OCELLUS_WORKFLOW_PLAN_SVG_H
#define OCELLUS_WORKFLOW_PLAN_SVG_H

#include "base/buffer.h"
#include "workflow/plan.h"

/* Draw the plan from left to right: inputs, the groups of steps that can run at once,
 * outputs.  Boxes have the colour of their level, dashed lines are branches.  False
 * when memory is out or the picture is larger than the buffer may be. */
bool plan_svg(const Plan *plan, Buffer *out) MUST_USE;

#endif
