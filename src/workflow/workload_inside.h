/*
 * workload_inside - what the files of the workload share.
 */
#ifndef OCELLUS_WORKFLOW_WORKLOAD_INSIDE_H
#define OCELLUS_WORKFLOW_WORKLOAD_INSIDE_H

#include "workflow/definition.h"
#include "workflow/inner.h"
#include "workflow/plan.h"

typedef struct Workload {
    JsonWriter      *w;
    const Plan      *plan;
    Arena           *arena;
    const PlanStep **steps;         /* in the order of the definition */
    int              step_count;
} Workload;

void workload_member(JsonWriter *w, const char *key, const char *value);

/* {"type", "items": [ ... ], "complete", "unknown_reasons": [ ... ]} in pieces: the
 * list of items is ended by the caller. */
void workload_begin_items(JsonWriter *w);
void workload_begin_reasons(JsonWriter *w, bool complete);
void workload_end_reasons(JsonWriter *w);

/* One reason: `code` about a step's "resources", "restrictions" or "operations". */
void workload_write_unknown(JsonWriter *w, const PlanStep *step, const char *code,
                            const char *what);

/* True for a step that stands for a workflow on another server. */
bool workload_is_remote(const PlanStep *step);

/* How deep the batches are that a step takes and gives. */
int workload_input_depth(const Workload *load, const PlanStep *step);
int workload_output_depth(const Workload *load, const PlanStep *step);

/* The models a step needs, and those of all steps. */
void workload_write_resources(const Workload *load, const PlanStep *step);
void workload_write_summary(const Workload *load);

#endif
