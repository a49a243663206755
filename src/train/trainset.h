/*
 * trainset - a data set as training sees it.
 *
 * Which classes can be learnt, which pictures are learnt from, which tell when to stop and
 * which say in the end how good it is.
 */
#ifndef OCELLUS_TRAIN_TRAINSET_H
#define OCELLUS_TRAIN_TRAINSET_H

#include "dataset/dataset.h"
#include "train/features.h"
#include "train/linear.h"

typedef struct TrainSet {
    const DataSet            *set;
    const Text               *classes;       /* those with a picture to learn from */
    int                       class_count;
    const DataPicture *const *pictures;
    Split                    *splits;        /* of each; never SPLIT_NONE */
    const Example            *labels;        /* of each, by the classes above */
    int                       picture_count;
    bool                      chosen;        /* the valid split was chosen here */
    DataRemark               *remarks;       /* the set's, and why more was left out */
    int                       remark_count, remark_capacity;
} TrainSet;

/* ERR_INVALID when there is nothing to tell apart: fewer than two classes (or, where a
 * picture may have several, none), or no more than one picture. */
TrainSet *trainset_make(Arena *arena, const DataSet *set, int valid_percent, uint64_t seed,
                        Error *err) MUST_USE;

/* The examples of all rows of features, copies and all, and the rows of the pictures of
 * each split that can be read. */
typedef struct Lessons {
    Examples examples;
    Rows     train, valid, test;    /* pictures as they are */
    Rows     train_all;             /* with their copies */
    int      per_picture;           /* rows: row / per_picture is the picture */
} Lessons;

/* Pictures that cannot be read become remarks.  ERR_INVALID when they leave a class or all
 * without a picture to learn from. */
bool lessons_make(Arena *arena, TrainSet *set, const Features *features, bool balance,
                  Lessons *lessons, Error *err) MUST_USE;

#endif
