/*
 * features - what a backbone sees in each picture of a data set, kept in a file.
 *
 * One row a picture, and one more for each augmented copy of a picture to learn from.  The
 * file is the checkpoint: a row counts only with the checksum that is written after it, so
 * that whoever opens the file again goes on where it was left, however it was left.
 */
#ifndef OCELLUS_TRAIN_FEATURES_H
#define OCELLUS_TRAIN_FEATURES_H

#include "base/pool.h"
#include "dataset/dataset.h"
#include "dataset/twins.h"
#include "train/augment.h"
#include "train/backbone.h"

/* What is to be computed: rows `first .. first + 1 + copies` of the file are a picture's. */
typedef struct FeatureJob {
    const DataPicture *const *pictures;
    int                picture_count;
    const bool        *wanted;      /* the others are left out, as if they could not be read */
    const bool        *copied;      /* does this picture get copies? */
    int                copies;
    Augmentation       augmentation;
    uint64_t           seed;
    Pool              *pool;
    const Cancel      *cancel;
    void              *context;

    /* Called now and then, from any thread, one at a time. */
    void (*tell)(void *context, int done, int total);
} FeatureJob;

typedef struct Features {
    const float *rows;          /* picture_count * (1 + copies) rows of feature_count */
    int          feature_count;
    int          copies;
    const Print *prints;        /* of each picture */
    const bool  *readable;      /* of each picture */
    const Text  *reasons;       /* why not */
    int          reused;        /* rows that were in the file already */
} Features;

/* Compute what the file at `path` lacks.  Rows are mapped as long as the arena lives.
 * ERR_TOO_LARGE when the disk has no room; ERR_CANCELLED when it was stopped: the file then
 * keeps what is done. */
const Features *features_compute(Arena *arena, Backbone *backbone, const FeatureJob *job,
                                 const char *path, Error *err) MUST_USE;

#endif
