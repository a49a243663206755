/*
 * evaluate - how well a model does on a data set.
 *
 * Every picture of the chosen splits is decoded, preprocessed as the package says and
 * asked about; what cannot be read is remarked and left out.  Classes of model and set are
 * the same where their names are, whatever their case.  A class of the set that the model
 * does not know counts as never found; objects of a class that the set does not know are
 * left out.
 */
#ifndef OCELLUS_TRAIN_EVALUATE_H
#define OCELLUS_TRAIN_EVALUATE_H

#include "dataset/dataset.h"
#include "model/model.h"
#include "vision/average_precision.h"
#include "vision/confusion.h"

enum { SPLIT_ALL = -1 };

typedef struct EvaluateOptions {
    int    split;             /* a Split, or SPLIT_ALL */
    double confidence;        /* objects are looked for from this score on */
    double iou;               /* suppression within a class */
    double threshold;         /* for precision, recall and confusion; NaN: where the mean F1
                                 is greatest (boxes), 0.5 (several classes a picture) */
    void (*progress)(void *context, int done, int count);     /* may be NULL */
    void  *context;
} EvaluateOptions;

/* The split that an evaluation is best made of: test, else valid, else all. */
int evaluate_split(const DataSet *set);

/* From which IoU on boxes of a class suppress each other, as the model's own makers measure
 * it. */
double evaluate_iou(const Package *package);

typedef struct Evaluation {
    DataKind        kind;
    const Text     *classes;          /* of the set */
    int             class_count;
    int             picture_count;    /* that were asked about */
    int64_t         object_count;     /* true ones; labels */
    const Text     *unknown;          /* classes of the set that the model lacks */
    int             unknown_count;
    const Text     *ignored;          /* classes of the model that the set lacks */
    int             ignored_count;
    const DataRemark *remarks;        /* on pictures: those that cannot be read, and others */
    int             remark_count;
    int             unread_count;     /* pictures that were left out */
    double          seconds;          /* of decoding and inference */
    const DataPicture **pictures;     /* those asked about: places in `boxes` */
    BoxSet          boxes;            /* true and found, where there are boxes */

    double          threshold;        /* that rates and confusion are of; NaN: none needed */
    ClassRates     *rates;            /* one a class */
    double          precision, recall, f1;      /* means over classes with truths */
    RateCurves     *curves;           /* over thresholds; NULL for a single label */
    Confusion       confusion;        /* not of several classes a picture */

    ClassPrecision *precisions;       /* boxes: one a class */
    MeanPrecision   mean;
    double         *average;          /* several classes a picture: AP of each */
    double          mean_average;
    double          accuracy;         /* single label; several: all classes of a picture right */
    double          top5;             /* single label: the truth is among the five best;
                                         NaN for five classes or less */
} Evaluation;

/* Evaluate; everything lives in the arena.  ERR_INVALID where the model is not for such a
 * set, or no class is known to both. */
bool evaluate(Model *model, const DataSet *set, const EvaluateOptions *options, Arena *arena,
              const Cancel *cancel, Evaluation *out, Error *err) MUST_USE;

#endif
