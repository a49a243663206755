/*
 * card - what a training came to, as JSON and as pictures.
 */
#ifndef OCELLUS_TRAIN_CARD_H
#define OCELLUS_TRAIN_CARD_H

#include "train/args.h"
#include "train/doctor.h"
#include "vision/confusion.h"

/* One row of results.csv. */
typedef struct Epoch {
    double seconds;           /* since fitting began */
    Score  train, valid;      /* NaN where there is none */
} Epoch;

typedef struct Curve {
    Epoch *epochs;
    int    count;
    int    best;              /* place of the epoch whose weights were kept */
} Curve;

/* How the model does on the pictures it is judged by. */
typedef struct Judgement {
    const char   *split;      /* "test" or "valid"; "train" where there is no other */
    Rows          rows;
    const Doubt  *doubts;     /* one a row */
    const Rates  *classes;    /* of each class */
    const int64_t *support;   /* how many pictures have it */
    Confusion     confusion;  /* where every picture has one class; else no cells */
} Judgement;

typedef struct Card {
    const TrainArgs *args;
    const TrainSet  *set;
    const Lessons   *lessons;
    const Cross     *cross;
    const Curve     *curve;
    Suspects         suspects;     /* of the pictures to learn from */
    Twins            twins;        /* pictures that are there more than once */
    Judgement        judgement;
    Suspects         mistakes;     /* of the judgement */
    Score            scores[SPLIT_TEST + 1];    /* by split; NaN where it is empty */
    Text             model;
    int64_t          bytes;        /* of its weights */
    double           milliseconds; /* a picture, on this machine */
    double           feature_seconds, search_seconds, fit_seconds;
    int              feature_count, reused;
    bool             stopped;      /* asked to, before it was done */
} Card;

/* Write card.json, results.png and, where every picture has one class, confusion_matrix.png
 * and confusion_matrix_normalized.png to the folder of the run. */
bool card_write(Arena *arena, const Card *card, const char *run, Error *err) MUST_USE;

/* results.csv, which grows with every epoch. */
bool curve_write(Arena *arena, const Curve *curve, const char *run, Error *err) MUST_USE;

#endif
