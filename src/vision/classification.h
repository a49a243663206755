/*
 * classification - scores of classes, ranked and told.
 *
 * The single-label answer of the reference: classes whose score reaches the
 * threshold, confidences rounded to four decimals (after the comparison), best
 * first, ties in order of class id; `top` is "" when no class reaches it.
 */
#ifndef OCELLUS_VISION_CLASSIFICATION_H
#define OCELLUS_VISION_CLASSIFICATION_H

#include "image/image.h"
#include "value/value.h"

typedef struct ClassScore {
    int    id;
    double confidence;        /* rounded */
} ClassScore;

typedef struct Ranking {
    const ClassScore *scores;
    int               count;
} Ranking;

/* Rank `count` scores against a threshold. */
Ranking classification_rank(Arena *arena, const float *scores, int count, double threshold);

/* What stands around a ranking in an answer. */
typedef struct ClassificationAnswer {
    Text        inference_id;
    double      seconds;
    Size        image;
    const Text *classes;
} ClassificationAnswer;

/* The body of an inference answer: inference_id, time, image, predictions, top,
 * confidence; `builder` may go on with more keys. */
void classification_fill(DictBuilder *builder, const ClassificationAnswer *answer,
                         Ranking ranking);

/* The multi-label answer: all classes with their scores in the model's order, and the
 * names of those that reach the threshold.  One score a class. */
void classification_fill_multi(DictBuilder *builder, const ClassificationAnswer *answer,
                               const float *scores, int count, double threshold);

#endif
