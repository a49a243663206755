/*
 * check - everything there is to say about a definition without running it.
 *
 * The compiler ends with the first problem, because nothing can run then.  Whoever
 * writes a workflow wants all of them, and also what the compiler has no reason to
 * refuse: a key that no field has, a branch that never runs, a step whose results
 * nobody reads, a version that has a later one.
 */
#ifndef OCELLUS_WORKFLOW_CHECK_H
#define OCELLUS_WORKFLOW_CHECK_H

#include "workflow/plan.h"

/* What a finding is about; errors have the reference's class instead. */
#define FINDING_UNKNOWN_KEY    "unknown_key"        /* of a step; the reference ignores it */
#define FINDING_OLD_NAME       "old_name"           /* of a block, a field or a type of input */
#define FINDING_OLD_VERSION    "old_version"
#define FINDING_UNUSED_INPUT   "unused_input"
#define FINDING_UNUSED_STEP    "unused_step"
#define FINDING_NEVER_RUNS     "never_runs"
#define FINDING_CONSTANT       "constant_condition"

typedef struct Finding {
    bool        error;        /* else a warning: it would run */
    const char *code;         /* class of the error, or one of the names above */
    const char *step, *field; /* NULL: not about one.  Inputs stand as "inputs[2]" or by
                               * their name, outputs as "$outputs" with their name as field */
    const char *text;         /* a sentence */
    bool        upgradable;   /* workflow_upgrade() does away with it */
} Finding;

typedef struct Check {
    Arena      *arena;        /* of the texts */
    Finding    *findings;     /* errors first, each in order of definition */
    int         count, capacity;
    int         error_count;
    bool        cut;          /* there are more than LIMIT_FINDINGS */
    const Plan *plan;         /* NULL with errors; the caller's to unref */
} Check;

/* Look at a definition.  `source` as for plan_compile(). */
void workflow_check(const Json *definition, const PlanSource *source, Arena *arena, Check *out);

/* Note one more finding (dead ends of check.c and check_flow.c). */
void check_add(Check *check, Finding finding);

/* Branches that cannot run, inputs and steps that nobody reads (check_flow.c). */
void check_flow(Check *check, const Plan *plan);

/* The definition with today's names for what has older ones, and with the later
 * version of a block where that does the same (Block.extends).  Every other character
 * of it keeps its meaning; `*changes` counts what was rewritten.  A definition that
 * has problems is upgraded too.  The answer lives in `arena`; NULL: out of memory. */
const Json *workflow_upgrade(const Json *definition, const PlanSource *source, Arena *arena,
                             int *changes);

#endif
