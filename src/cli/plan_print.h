/*
 * plan_print - what a compiled workflow looks like, as text and as JSON.
 */
#ifndef OCELLUS_CLI_PLAN_PRINT_H
#define OCELLUS_CLI_PLAN_PRINT_H

#include "base/json.h"
#include "workflow/plan.h"

/* A table of the steps in the order they run.  `costs`: nanoseconds of each step, 0 where
 * they are not known; NULL: they are left out. */
void print_steps(Buffer *out, const Plan *plan, const int64_t *costs);

/* The same as a list of dictionaries. */
void write_steps(JsonWriter *w, const Plan *plan, const int64_t *costs);

/* "text or image"; "any" for everything. */
void print_kind_refs(Buffer *out, KindRefs kinds);

#endif
