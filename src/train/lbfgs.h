/*
 * lbfgs - the lowest point of a smooth function of many variables.
 *
 * Limited-memory BFGS (Nocedal and Wright, Numerical Optimization, algorithm 7.5) with a
 * backtracking line search: the last few steps and what they did to the gradient stand in
 * for the second derivatives.  The same function and start give the same steps.
 */
#ifndef OCELLUS_TRAIN_LBFGS_H
#define OCELLUS_TRAIN_LBFGS_H

#include "base/error.h"

typedef struct Minimizing {
    size_t count;             /* of variables */
    int    most;              /* steps */
    double tolerance;         /* done when no step lowers the value by this share of it */
    void  *context;

    /* The function's value at x, and its gradient. */
    double (*evaluate)(void *context, const double *x, double *gradient);

    /* Called after every step; false ends it there.  NULL: nobody looks. */
    bool (*look)(void *context, int step, double value, const double *x);
} Minimizing;

/* Go downhill from `x`, which ends at the last point.  False when memory runs out or the
 * function stops being a number. */
bool minimize(const Minimizing *how, double *x, Error *err) MUST_USE;

#endif
