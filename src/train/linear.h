/*
 * linear - a linear classifier, learnt from feature vectors.
 *
 * Multinomial logistic regression where every example has one class, one-vs-rest where it
 * has any number: the mean cross-entropy, weighted by example, plus L2 on the weights (not
 * on the biases) of features that are standardised.  Fitted by L-BFGS, so there is no
 * learning rate; an epoch is one step of it.
 */
#ifndef OCELLUS_TRAIN_LINEAR_H
#define OCELLUS_TRAIN_LINEAR_H

#include "base/arena.h"
#include "base/cancel.h"
#include "base/error.h"
#include "base/pool.h"

/* What is known of one feature vector. */
typedef struct Example {
    const int *labels;         /* class ids, rising */
    int        label_count;    /* 1 where classes exclude each other */
} Example;

/* Feature vectors and their examples, row by row. */
typedef struct Examples {
    const float   *features;        /* count rows of feature_count */
    const Example *items;
    int            count, feature_count, class_count;
    bool           multi;           /* any number of classes an example */
    const float   *class_weights;   /* how much having a class counts; NULL: 1 each */
} Examples;

/* Some of the examples. */
typedef struct Rows {
    const int *items;
    int        count;
} Rows;

/* A linear layer on features as they are: standardising is part of its weights. */
typedef struct Linear {
    int    feature_count, class_count;
    bool   multi;
    float *weights;       /* class_count rows of feature_count */
    float *biases;
} Linear;

/* How well a layer does on some rows. */
typedef struct Score {
    double loss;          /* mean cross-entropy; per class where `multi` */
    double accuracy;      /* best class right; where `multi`: all classes right at 0.5 */
} Score;

typedef struct Fitting {
    double        l2;
    int           most;             /* epochs */
    double        tolerance;        /* of the loss; see Minimizing */
    Pool         *pool;
    const Cancel *cancel;           /* ends after the epoch under way; what is fitted stays */
    void         *context;

    /* Called after each epoch with the layer as it is then; false ends it.  NULL: nobody
     * looks, and nothing is computed for it. */
    bool (*look)(void *context, int epoch, const Linear *linear);
} Fitting;

/* A layer of zeros; NULL without memory.  Lives in the arena. */
Linear *linear_new(Arena *arena, const Examples *examples, Error *err) MUST_USE;

/* Fit to the rows, from the weights that are there (a layer fitted with other rows or
 * another l2 is a good start). */
bool linear_fit(Linear *linear, const Examples *examples, Rows rows, const Fitting *how,
                Error *err) MUST_USE;

/* What a layer says of each row: class_count shares a row, which add up to 1 unless
 * `multi`. */
void linear_shares(const Linear *linear, const Examples *examples, Rows rows, Pool *pool,
                   float *shares);

/* NULL pool is fine.  False without memory. */
bool linear_score(const Linear *linear, const Examples *examples, Rows rows, Pool *pool,
                  Score *score, Error *err) MUST_USE;

#endif
