/*
 * score_list - answers in order of their scores, and how right they are.
 *
 * Of one class: every answer is right or wrong, `positives` answers were to be given.
 * At a threshold, those with a score of at least as much count as given.  A precision
 * without answers is 0, as is a recall without positives, so that means over classes
 * never gain from classes that say nothing.
 */
#ifndef OCELLUS_VISION_SCORE_LIST_H
#define OCELLUS_VISION_SCORE_LIST_H

#include "base/base.h"

enum { RATE_STEPS = 1001 };       /* thresholds 0, 0.001 .. 1 */

typedef struct ScoreList {
    const double  *scores;        /* falling */
    const uint8_t *right;         /* 1 or 0 */
    size_t         count;
    int64_t        positives;
} ScoreList;

typedef struct Rates {
    int64_t given, right;
    double  precision, recall, f1;
} Rates;

/* From three counts. */
Rates rates_of(int64_t given, int64_t right, int64_t positives);

Rates score_list_rates(const ScoreList *list, double threshold);

/* Average precision without interpolation, as scikit-learn has it: precision times the
 * gain of recall, summed over distinct scores; NaN without positives. */
double score_list_average_precision(const ScoreList *list);

/* Means over the classes that have positives, at every threshold. */
typedef struct RateCurves {
    double precision[RATE_STEPS], recall[RATE_STEPS], f1[RATE_STEPS];
    int    classes;               /* that the means are of */
} RateCurves;

void score_lists_curves(const ScoreList lists[], int count, RateCurves *curves);

/* The threshold of the greatest mean F1, the lowest of equal ones. */
double curves_best_threshold(const RateCurves *curves);

#endif
