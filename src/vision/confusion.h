/*
 * confusion - what was taken for what.
 *
 * Pairs of truth and prediction are counted sparsely, so that ten thousand classes take
 * no table of all their pairs.  With boxes there is one more class behind the others, the
 * background: what was missed is predicted as it, what is not there has it as its truth.
 */
#ifndef OCELLUS_VISION_CONFUSION_H
#define OCELLUS_VISION_CONFUSION_H

#include "base/arena.h"
#include "base/cancel.h"
#include "vision/average_precision.h"
#include "vision/score_list.h"

typedef struct ConfusionPair {
    int truth, predicted;
} ConfusionPair;

typedef struct ConfusionCell {
    int     truth, predicted;
    int64_t count;
} ConfusionCell;

typedef struct Confusion {
    int                  class_count;     /* without the background */
    bool                 background;
    const ConfusionCell *cells;           /* not empty ones, by truth, then prediction */
    size_t               cell_count;
} Confusion;

/* Sorts the pairs.  Classes are 0 .. class_count - 1, and class_count with `background`. */
bool confusion_count(Arena *arena, ConfusionPair *pairs, size_t pair_count, int class_count,
                     bool background, Confusion *confusion, Error *err) MUST_USE;

/* All cells in a table, row by row, in the arena; NULL when it has more than `most`. */
const int64_t *confusion_table(Arena *arena, const Confusion *confusion, size_t most);

/* Pairs of boxes: in every picture, objects found with a score of at least `threshold`
 * and true ones are matched whatever their classes, the pair of the greatest IoU first,
 * down to an IoU of one half.  What is found in a crowd counts neither way. */
bool confusion_boxes(Arena *arena, const BoxSet *set, double threshold, const Cancel *cancel,
                     Confusion *confusion, Error *err) MUST_USE;

/* What the cells say of classes that exclude each other. */
typedef struct ClassRates {
    int64_t support;                      /* true ones */
    Rates   rates;
} ClassRates;

typedef struct Accuracy {
    ClassRates *classes;
    int64_t     total;
    double      accuracy;                 /* the share of right answers */
    double      precision, recall, f1;    /* means over classes that are true or predicted */
} Accuracy;

bool confusion_accuracy(Arena *arena, const Confusion *confusion, Accuracy *accuracy,
                        Error *err) MUST_USE;

#endif
