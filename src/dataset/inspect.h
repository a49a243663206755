/*
 * inspect - every picture of a data set opened and printed.
 */
#ifndef OCELLUS_DATASET_INSPECT_H
#define OCELLUS_DATASET_INSPECT_H

#include "base/pool.h"
#include "dataset/dataset.h"
#include "dataset/twins.h"

typedef struct Inspection {
    const Print      *prints;        /* one a picture; pixels 0: it cannot be read */
    const DataRemark *remarks;       /* those of the set, and why pictures cannot be read */
    int               remark_count;
    int               unreadable;
    Twins             twins;
} Inspection;

typedef struct Inspecting {
    Pool         *pool;
    const Cancel *cancel;
    void         *context;
    void        (*tell)(void *context, int done, int total);    /* one thread at a time */
} Inspecting;

/* Lives in the arena. */
bool dataset_inspect(Arena *arena, const DataSet *set, const Inspecting *how,
                     Inspection *inspection, Error *err) MUST_USE;

#endif
