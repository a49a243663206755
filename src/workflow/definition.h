/*
 * definition - a workflow definition, parsed but not yet connected.
 *
 * The syntax stage: every step finds its block, every literal becomes a C value
 * in the step's Args, every selector is noted as a Reference.  All problems of
 * all steps are collected before anything is reported.
 */
#ifndef OCELLUS_WORKFLOW_DEFINITION_H
#define OCELLUS_WORKFLOW_DEFINITION_H

#include "workflow/plan.h"

/* A selector as it stands in a step's field or an output. */
typedef struct Reference {
    const Field *field;
    Text         key;          /* of a dict entry */
    int          item;         /* in a list or dict; -1: the field itself */
    Text         selector;     /* whole text */
} Reference;

typedef struct StepDef {
    Text             name, type;
    const Block     *block;
    void            *args;         /* literals in place */
    const Output    *outputs;      /* described */
    int              output_count;
    Reference       *references;   /* data */
    int              reference_count, reference_capacity;
    Reference       *targets;      /* steps to go on with */
    int              target_count, target_capacity;
    bool             wrong;        /* with problems: never run */
} StepDef;

typedef struct InputDef {
    Text      name;
    InputType type;
    KindRefs  kinds;
    int64_t   dimensionality;
    Value     preset;
} InputDef;

typedef struct OutputDef {
    Text name, selector;
    bool own;
} OutputDef;

typedef struct Definition {
    InputDef  *inputs;
    int        input_count;
    StepDef   *steps;
    int        step_count;
    OutputDef *outputs;
    int        output_count;
} Definition;

/* Parse; everything that is kept lives in `arena` (the plan's), problems in
 * `scratch`.  Checks version, syntax, literals, unique names.  With a list `all`
 * problems go there and parsing goes on; steps that have some are marked. */
bool definition_parse(Arena *arena, const Json *json, Definition *out, Arena *scratch,
                      Problem *problem, ProblemList *all) MUST_USE;

/* The same for an inner workflow: its version is any text, and names of its inputs
 * and outputs may repeat, as the reference has it. */
bool definition_parse_child(Arena *arena, const Json *json, Definition *out, Arena *scratch,
                            Problem *problem) MUST_USE;

/* ---- selectors ------------------------------------------------------------------ */

typedef enum SelectorType { SELECTOR_NONE, SELECTOR_INPUT, SELECTOR_STEP, SELECTOR_OUTPUT }
    SelectorType;

typedef struct Selector {
    SelectorType type;
    Text         name;         /* of the input or step */
    Text         property;     /* of a step's output; "*" for all */
} Selector;

/* Take a selector apart by its text alone. */
Selector selector_parse(Text text);

#endif
