/*
 * plan - a workflow definition, compiled.
 *
 * A Plan is immutable and shared: every selector has become a slot number, every
 * literal a C value in a template of its step's Args, every step knows the batch
 * level it runs on.  It lives in its own arena and is reference counted, because
 * the cache, sessions and running requests hold it at once.
 *
 * Levels.  A batch level is one dimension of elements with a common origin: the
 * workflow's input batch, a nested batch input's inner dimension, or what a step
 * of depth +1 emits.  Levels form a tree; a level knows its parent.  -1 is "no
 * batch": a scalar.  Values of one slot are an array parallel to the elements of
 * its level.
 */
#ifndef OCELLUS_WORKFLOW_PLAN_H
#define OCELLUS_WORKFLOW_PLAN_H

#include "blocks/block.h"
#include "workflow/problem.h"

typedef struct Plan Plan;

enum { LEVEL_SCALAR = -1 };

typedef struct Level {
    int parent;             /* index of a level, or LEVEL_SCALAR */
    int depth;              /* 1 for a level without parent */
    int step;               /* whose children these are; -1: of the inputs */
    int input;              /* nested batch input that owns it; -1 otherwise */
} Level;

typedef enum InputType { INPUT_IMAGE, INPUT_VIDEO, INPUT_PARAMETER, INPUT_BATCH } InputType;

typedef struct PlanInput {
    Text      name;
    InputType type;
    KindRefs  kinds;
    KindMask  mask;
    int       dimensionality;
    int       level;        /* of its elements; LEVEL_SCALAR for parameters */
    int       slot;
    Value     preset;       /* parameters */
} PlanInput;

/* One selector inside a step's field. */
typedef struct Binding {
    const Field *field;
    Text         key;       /* of a dict entry; empty otherwise */
    int          item;      /* place in a list or dict; -1: the field itself */
    int          slot;
    int          level;     /* of the source */
    int          input;     /* index of the input it points at; -1: a step */
    bool         last;      /* of a picture: all else that reads it is in an earlier group */
    Text         selector;
} Binding;

typedef struct Branch {
    int        step;        /* the controller */
    int        level;       /* its execution level */
    int        slot;        /* where the mask is kept in a run */
    const char *name;
} Branch;

typedef struct PlanStep {
    Text           name;
    Text           selector;       /* "$steps.name" */
    const Block   *block;
    Text           type;           /* as the definition wrote it */
    int            group;          /* longest distance from the start */
    int            exec_level;     /* elements it runs over */
    int            data_level;     /* elements its outputs have */
    int            first_slot;     /* of its outputs */
    const Output  *outputs;
    int            output_count;
    const void    *args;           /* template with literals in place */
    const Binding *bindings;
    int            binding_count;
    const int     *gates;          /* branches that must be open */
    int            gate_count;
    int            first_branch;   /* of its own branches, which are neighbours */
    int            branch_count;
} PlanStep;

typedef struct PlanOutput {
    Text name;
    int  slot;              /* of a value */
    int  step;              /* for "$steps.x.*": the step; else -1 */
    int  level;
    bool own;               /* coordinates_system "own" */
    Text selector;
    KindRefs kinds;         /* of a value, as declared */
} PlanOutput;

struct Plan {
    Arena             arena;
    int               refs;
    Text              key;          /* canonical text of the definition */
    const PlanInput  *inputs;
    int               input_count;
    const PlanStep   *steps;        /* in an order that can be run */
    int               step_count;
    int               group_count;
    const PlanOutput *outputs;
    int               output_count;
    const Level      *levels;
    int               level_count;
    const Branch     *branches;
    int               branch_count;
    int               slot_count;
    int64_t          *costs;        /* see plan_cost() */
};

/* The first step that may draw into a picture that others have, or NULL.  Of runs of such
 * plans nothing can be put on record: steps read what later ones have changed. */
const PlanStep *plan_redraws(const Plan *plan);

/* What a step's last runs took, in nanoseconds, smoothed; 0: it never ran.  The one
 * thing about a plan that changes, and only ever an estimate: runs on many threads
 * tell it. */
int64_t plan_cost(const Plan *plan, int step);
void    plan_note_cost(const Plan *plan, int step, int64_t nanoseconds);

/* Where workflows are found that a definition names instead of containing them.
 * `load` gives the JSON text of one, in `arena`; `version` may be empty. */
typedef struct PlanSource {
    void *context;
    bool (*load)(void *context, Arena *arena, Text workspace, Text id, Text version,
                 Text *definition, Error *err);
} PlanSource;

/* Compile a definition.  On failure the problem tells everything; its texts live
 * in `arena`.  `source` may be NULL: then no workflow can be named.  The caller owns
 * one reference. */
const Plan *plan_compile(const Json *definition, const PlanSource *source, Arena *arena,
                         Problem *problem) MUST_USE;

/* Look for every problem of a definition instead of ending with the first one.
 * Returns the plan when there is none. */
const Plan *plan_check(const Json *definition, const PlanSource *source, Arena *arena,
                       ProblemList *problems) MUST_USE;

/* The same as plan_compile(), through the process-wide cache of the last LIMIT_PLANS definitions:
 * a second identical definition costs writing its text once. */
const Plan *plan_get(const Json *definition, const PlanSource *source, Arena *arena,
                     Problem *problem) MUST_USE;

/* Call `visit` with every plan in the cache, which is not locked meanwhile. */
void plan_each(void (*visit)(void *context, const Plan *plan), void *context);

const Plan *plan_ref(const Plan *plan);
void        plan_unref(const Plan *plan);

#endif
