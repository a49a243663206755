/*
 * evaluate_inside - the walk over pictures, and what is gathered on it.
 */
#ifndef OCELLUS_TRAIN_EVALUATE_INSIDE_H
#define OCELLUS_TRAIN_EVALUATE_INSIDE_H

#include "train/evaluate.h"

typedef struct Walk {
    Model                 *model;
    const DataSet         *set;
    const EvaluateOptions *options;
    Arena                 *arena;
    const Cancel          *cancel;
    Evaluation            *out;
    const int             *set_class;      /* of each model class; -1: the set lacks it */
    DataRemark            *remarks;

    /* boxes */
    TrueBox               *truths;
    size_t                 truth_count;
    FoundBox              *found;
    size_t                 found_count, found_capacity;

    /* classes: a pair a picture; of several labels a score a picture and class */
    ConfusionPair         *pairs;
    size_t                 pair_count;
    int64_t                top5;
    float                 *scores;         /* a class: of all pictures; NaN: not known */
    uint8_t               *labels;
    int                    room;           /* pictures of each class's row */
} Walk;

/* A batch: pictures that were decoded, with their places in the set.  `first` is how many
 * were asked about before. */
typedef struct Batch {
    Image              *images[LIMIT_BATCH];
    const DataPicture  *pictures[LIMIT_BATCH];
    int                 count, first;
} Batch;

/* For each kind: make room for `pictures`, take in a batch, and sum up. */
bool boxes_begin(Walk *walk, int pictures, Error *err) MUST_USE;
bool boxes_ask(Walk *walk, Arena *scratch, const Batch *batch, Error *err) MUST_USE;
bool boxes_end(Walk *walk, Error *err) MUST_USE;

bool label_begin(Walk *walk, int pictures, Error *err) MUST_USE;
bool label_ask(Walk *walk, Arena *scratch, const Batch *batch, Error *err) MUST_USE;
bool label_end(Walk *walk, Error *err) MUST_USE;

bool labels_begin(Walk *walk, int pictures, Error *err) MUST_USE;
bool labels_ask(Walk *walk, Arena *scratch, const Batch *batch, Error *err) MUST_USE;
bool labels_end(Walk *walk, Error *err) MUST_USE;

/* Means of `rates` over the classes with truths, into `out`. */
void evaluate_means(Evaluation *out);

#endif
