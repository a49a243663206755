/*
 * inside - the parts of a run, shared by the files that make it.
 */
#ifndef OCELLUS_WORKFLOW_INSIDE_H
#define OCELLUS_WORKFLOW_INSIDE_H

#include "workflow/run.h"

/* The elements of one level.  Children of one parent element are contiguous. */
typedef struct LevelTable {
    int  count, capacity;
    int *parent;            /* of each element: its parent element */
    int *first, *children;  /* of each parent element: its children here */
    int  parents;           /* number of parent elements */
} LevelTable;

struct Run {
    Arena          arena;
    Session       *session;
    const Plan    *plan;
    RunOptions     options;
    Services       own_services;
    Problem        problem;
    LevelTable    *levels;
    Value        **slots;       /* values of each slot, parallel to its level; NULL: none */
    uint8_t      **open;        /* of each branch: which elements go on; NULL: none */
    StepSpan      *spans;
    int            span_count;
};

/* What the functions of a Call work on. */
struct CallInside {
    Run            *run;
    const PlanStep *step;
    int             index;        /* of the step */
    const int      *elements;     /* of the call: element of the execution level */
    const char     *args;
    bool            failed;
};

/* The number of elements of a level; 1 for LEVEL_SCALAR. */
int level_size(const Run *run, int level);

/* The ancestor on `level` of an element of `of`. */
int level_ancestor(const Run *run, int of, int element, int level);

/* Make room for `count` elements of a level below `parents` parent elements. */
bool level_open(Run *run, int level, int parents) MUST_USE;

/* Add `count` children of a parent element; the first one's number, or -1 when
 * a limit is reached (err filled). */
int level_add(Run *run, int level, int parent, int count, Error *err) MUST_USE;

/* Inputs into slots; problems in run->problem. */
bool run_assemble(Run *run, const Json *inputs) MUST_USE;

/* One step. */
bool run_step(Run *run, int index) MUST_USE;

#endif
