/*
 * average_precision - how good a detector is, as COCO measures it.
 *
 * For every class and IoU from 0.5 to 0.95 in steps of 0.05, found objects take the true
 * ones of their picture, the surest first, each the one it overlaps most; precision is
 * read off at 101 recalls.  Per class and picture the 100 surest count.  Crowds can be
 * taken any number of times and count neither way; so does what lies outside of a range
 * of areas.  Equal scores stay in the order of pictures, then in that given.
 */
#ifndef OCELLUS_VISION_AVERAGE_PRECISION_H
#define OCELLUS_VISION_AVERAGE_PRECISION_H

#include "base/arena.h"
#include "base/cancel.h"
#include "vision/overlap.h"
#include "vision/score_list.h"

enum { AP_OVERLAPS = 10, AP_RECALLS = 101, AP_MOST = 100 };

typedef enum ApArea { AREA_ALL, AREA_SMALL, AREA_MEDIUM, AREA_LARGE, AREA_COUNT } ApArea;

typedef struct TrueBox {
    Box    box;
    double area;          /* decides the range, not the overlap */
    int    picture, class_id;
    bool   crowd;
} TrueBox;

typedef struct FoundBox {
    Box    box;
    double score;
    int    picture, class_id;
} FoundBox;

typedef struct BoxSet {
    const TrueBox  *truths;
    size_t          truth_count;
    const FoundBox *found;
    size_t          found_count;
    int             class_count;
} BoxSet;

/* Of one class.  NaN where nothing of it was to be found. */
typedef struct ClassPrecision {
    int64_t   truths;                 /* without crowds */
    double    ap[AREA_COUNT];         /* means over the overlaps */
    double    recall[AREA_COUNT];     /* the highest reached, means over the overlaps */
    double    ap50, ap75;
    double   *precision;              /* at recalls 0, 0.01 .. 1, IoU 0.5; NULL: no truth */
    ScoreList at50;                   /* IoU 0.5, without what counts neither way */
} ClassPrecision;

/* `classes` gets one entry a class; everything lives in the arena. */
bool average_precision(Arena *arena, const BoxSet *set, const Cancel *cancel,
                       ClassPrecision *classes, Error *err) MUST_USE;

/* Means over the classes that have one; NaN without any. */
typedef struct MeanPrecision {
    double ap[AREA_COUNT], recall[AREA_COUNT], ap50, ap75;
    int    classes;                   /* with truths */
} MeanPrecision;

MeanPrecision mean_precision(const ClassPrecision *classes, int count);

#endif
