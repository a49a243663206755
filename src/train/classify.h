/*
 * classify - from a folder of labelled pictures to a model that answers.
 *
 * The pictures go once through a frozen backbone; a linear layer is learnt on their
 * features and put on the backbone as ordinary ONNX operations.  Everything a run makes
 * lies in its folder: args.yaml, results.csv (a row an epoch), pictures, card.json and
 * weights/best.onnx; the model itself becomes a package among the others.  A run that was
 * stopped or killed goes on with the features it has; the same data and seed give the same
 * weights, however often it was stopped.
 */
#ifndef OCELLUS_TRAIN_CLASSIFY_H
#define OCELLUS_TRAIN_CLASSIFY_H

#include "train/args.h"
#include "train/doctor.h"

typedef enum TrainStage {
    TRAIN_READ,        /* the data set was read */
    TRAIN_FEATURES,    /* done of total pictures have gone through the backbone */
    TRAIN_SEARCH,      /* an l2 was tried: `valid` is its cross-validated score */
    TRAIN_EPOCH,       /* train and valid are those of the epoch */
    TRAIN_FINISH,      /* the model is written */
} TrainStage;

typedef struct TrainEvent {
    TrainStage stage;
    int        done, total;       /* of the stage */
    double     seconds_left;      /* of the stage; NaN: unknown */
    double     l2;
    Score      train, valid;      /* NaN: there is none */
} TrainEvent;

typedef struct TrainWatch {
    /* Asked to stop before the layer is learnt, a run ends with ERR_CANCELLED and can go
     * on later; asked while it is learnt, the best so far becomes the model. */
    const Cancel *stop;
    void         *context;
    void        (*tell)(void *context, const TrainEvent *event);
} TrainWatch;

typedef struct TrainResult {
    Text  model;              /* "project/version" */
    Score score;              /* of the test split, else the valid one, else cross-validated */
    const char *split;        /* "test", "valid" or "cross-validation" */
    const char *card;         /* path of card.json */
    int         remarks;      /* what was left out */
} TrainResult;

/* Train as args.yaml in the folder `run` says; models go to and bases come from `models`.
 * `threads` 0: all cores. */
bool train_classify(Arena *arena, const char *run, const char *models, int threads,
                    const TrainWatch *watch, TrainResult *result, Error *err) MUST_USE;

/* What a data set looks like to a backbone, without a model being made of it. */
typedef struct Checkup {
    const TrainSet *set;
    int             unreadable;
    Twins           twins;
    Suspects        suspects;
    Score           score;        /* cross-validated; NaN where there are too few pictures */
} Checkup;

/* `args` says which data set and base; files of its own lie in the folder `work`. */
bool train_checkup(Arena *arena, const TrainArgs *args, const char *models, const char *work,
                   int threads, const TrainWatch *watch, Checkup *checkup, Error *err) MUST_USE;

#endif
