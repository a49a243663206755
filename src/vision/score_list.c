/*
 * score_list - rates at thresholds.
 */
#include "vision/score_list.h"

#include <math.h>

Rates rates_of(int64_t given, int64_t right, int64_t positives)
{
    Rates rates = { .given = given, .right = right };

    rates.precision = given > 0 ? (double)right / (double)given : 0;
    rates.recall    = positives > 0 ? (double)right / (double)positives : 0;
    rates.f1        = right > 0 ? 2 * (double)right / (double)(given + positives) : 0;
    return rates;
}

Rates score_list_rates(const ScoreList *list, double threshold)
{
    int64_t right = 0;
    size_t  given = 0;

    for (; given < list->count && list->scores[given] >= threshold; given++) {
        right += list->right[given];
    }
    return rates_of((int64_t)given, right, list->positives);
}

double score_list_average_precision(const ScoreList *list)
{
    double  sum = 0;
    int64_t right = 0, before = 0;

    if (list->positives <= 0) {
        return NAN;
    }
    for (size_t i = 0; i < list->count; i++) {
        right += list->right[i];
        if (i + 1 == list->count || list->scores[i + 1] != list->scores[i]) {
            sum   += (double)(right - before) / (double)list->positives * (double)right /
                     (double)(i + 1);
            before = right;
        }
    }
    return sum;
}

/* One class: from the highest threshold down, answers only join. */
static void add_class(const ScoreList *list, RateCurves *curves)
{
    int64_t right = 0;
    size_t  given = 0;

    for (int step = RATE_STEPS - 1; step >= 0; step--) {
        double threshold = (double)step / (RATE_STEPS - 1);
        Rates  rates;

        for (; given < list->count && list->scores[given] >= threshold; given++) {
            right += list->right[given];
        }
        rates = rates_of((int64_t)given, right, list->positives);
        curves->precision[step] += rates.precision;
        curves->recall[step]    += rates.recall;
        curves->f1[step]        += rates.f1;
    }
    curves->classes++;
}

void score_lists_curves(const ScoreList lists[], int count, RateCurves *curves)
{
    *curves = (RateCurves){ .classes = 0 };
    for (int i = 0; i < count; i++) {
        if (lists[i].positives > 0) {
            add_class(&lists[i], curves);
        }
    }
    for (int step = 0; step < RATE_STEPS && curves->classes > 0; step++) {
        curves->precision[step] /= curves->classes;
        curves->recall[step]    /= curves->classes;
        curves->f1[step]        /= curves->classes;
    }
}

double curves_best_threshold(const RateCurves *curves)
{
    int best = 0;

    for (int step = 1; step < RATE_STEPS; step++) {
        if (curves->f1[step] > curves->f1[best]) {
            best = step;
        }
    }
    return (double)best / (RATE_STEPS - 1);
}
