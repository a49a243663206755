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

/* Whether the pictures of a slot are there only: decoding and emit_image() make it fresh;
 * what is handed on as a value may be a picture of another slot too. */
typedef enum SlotPictures { SLOT_NONE, SLOT_FRESH, SLOT_MIXED } SlotPictures;

/* When each phase ended, clock_now(). */
typedef struct RunTimes {
    int64_t began, assembled, executed;
} RunTimes;

struct Run {
    Arena          arena;
    Session       *session;
    const Plan    *plan;
    RunOptions     options;
    Services       own_services;
    Problem        problem;
    LevelTable    *levels;
    Value        **slots;       /* values of each slot, parallel to its level; NULL: none */
    _Atomic uint8_t *fresh;     /* of each slot: a SlotPictures */
    uint8_t      **open;        /* of each branch: which elements go on; NULL: none */
    RunTimes       times;
    StepSpan      *spans;       /* one a step; those that were not reached began at 0 */
    struct StepArena *arenas;   /* of steps that ran beside others */
};

/* Memory of a step that runs beside others: an arena is used by one thread. */
typedef struct StepArena {
    Arena             arena;
    struct StepArena *next;
} StepArena;

/* One step of a run.  Several may run at once, each with memory and problem of its
 * own; all else they write belongs to one step only. */
struct StepRun {
    Run     *run;
    int      index;
    Arena   *arena;
    Problem *problem;
};


/* Whether a step may draw into pictures that others have. */
static inline bool step_redraws(const PlanStep *step)
{
    return step->block->redraws && step->block->redraws(step->args);
}

/* What the functions of a Call work on. */
struct CallInside {
    Run            *run;
    const PlanStep *step;
    Problem        *problem;
    int             index;        /* of the step */
    const int      *elements;     /* of the call: element of the execution level */
    const char     *args;
    bool            failed;
};

/* The number of elements of a level; 1 for LEVEL_SCALAR. */
int level_size(const Run *run, int level);

/* The ancestor on `level` of an element of `of`. */
int level_ancestor(const Run *run, int of, int element, int level);

/* Make room for elements of a level below `parents` parent elements. */
bool level_open(Run *run, Arena *arena, int level, int parents) MUST_USE;

/* Add `count` children of a parent element; the first one's number, or -1 when
 * a limit is reached (err filled). */
int level_add(Run *run, Arena *arena, int level, int parent, int count, Error *err) MUST_USE;

/* Inputs into slots; problems in run->problem. */
bool run_assemble(Run *run, const Json *inputs) MUST_USE;

/* One step; false when it failed, its problem then tells why. */
bool run_step(StepRun *step) MUST_USE;

/* The steps `first` .. `end` - 1, which do not depend on each other.  All of them
 * run, also when one fails. */
void run_group(Run *run, int first, int end);

#endif
