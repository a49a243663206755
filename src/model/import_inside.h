/*
 * import_inside - a package in the making.
 */
#ifndef OCELLUS_MODEL_IMPORT_INSIDE_H
#define OCELLUS_MODEL_IMPORT_INSIDE_H

#include "model/graph.h"
#include "model/import.h"
#include "model/trial.h"

/* Whose ways with pictures a network is likely to have. */
typedef enum Family {
    FAMILY_PLAIN, FAMILY_ULTRALYTICS, FAMILY_YOLOX, FAMILY_FASTESTDET,
} Family;

typedef struct ImportPlan {
    Arena               *arena;
    const char          *weights;
    const Graph         *graph;
    const ImportOptions *options;
    Package              package;
    Family               family;
    int64_t              scores;     /* of a classifier, a picture; -1: the graph does not say */
    const char          *assumed;    /* what nobody said; "" for nothing */
    Error               *err;
} ImportPlan;

/* Everything that file and options tell; id, folder and weights are set. */
bool import_plan(ImportPlan *plan) MUST_USE;

/* Task, architecture and layout, out of what the outputs look like. */
bool import_plan_task(ImportPlan *plan) MUST_USE;

/* How pictures are resized, coloured and normalised. */
bool import_plan_pictures(ImportPlan *plan) MUST_USE;

/* What the test inference settled, into the package. */
bool import_plan_settle(ImportPlan *plan, const Trial *trial) MUST_USE;

/* Does a classifier give as many scores as there are names?  -1: nobody knows. */
bool import_check_scores(const ImportPlan *plan, int64_t scores) MUST_USE;

#endif
