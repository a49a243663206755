/*
 * dataset - labelled pictures in a folder, read from the layouts that people have.
 *
 * A data set is read once into an arena and never changes: where its pictures are,
 * which split each belongs to and what is on it.  Pictures are opened for their size
 * at most.  What is wrong with a single picture or label never fails the reading: it
 * becomes a remark, and the rest is used.
 *
 *     SPLIT/CLASS/PICTURE, CLASS/PICTURE     one class a picture
 *     SPLIT/_classes.csv                     several classes a picture
 *     SPLIT/_annotations.coco.json           boxes
 *     data.yaml, SPLIT/images, SPLIT/labels  boxes; also PICTURE.txt beside PICTURE
 */
#ifndef OCELLUS_DATASET_DATASET_H
#define OCELLUS_DATASET_DATASET_H

#include "image/image_file.h"

typedef enum DataKind {
    DATA_SINGLE_LABEL,    /* every picture has one class */
    DATA_MULTI_LABEL,     /* every picture has any number of classes */
    DATA_BOXES,           /* every picture has any number of boxes */
} DataKind;

typedef enum Split {
    SPLIT_NONE,    /* the set does not say */
    SPLIT_TRAIN, SPLIT_VALID, SPLIT_TEST,
} Split;

/* "train", "valid", "test"; "" for SPLIT_NONE. */
const char *split_name(Split split);

/* By the folder's name: "valid", "val" and "validation" are one; SPLIT_NONE if it is
 * none of them. */
Split split_find(Text name);

/* A labelled object. */
typedef struct DataBox {
    int    class_id;
    double x_min, y_min, x_max, y_max;    /* pixels of the picture as it is shown */
    double area;                          /* COCO's own, else that of the box */
    bool   crowd;                         /* a box around many */
} DataBox;

typedef struct DataPicture {
    const char    *path;             /* opens it */
    Text           name;             /* the path below the set's folder, for people */
    Split          split;
    int            width, height;    /* 0: not read */
    const int     *labels;           /* class ids, rising, each once */
    int            label_count;
    const DataBox *boxes;
    int            box_count;
} DataPicture;

/* Why something was left out. */
typedef struct DataRemark {
    Text name;        /* of the file, below the set's folder */
    Text reason;
} DataRemark;

typedef struct DataSet {
    const char        *folder;
    const char        *layout;       /* "folders", "csv", "coco", "yolo" */
    DataKind           kind;
    const Text        *classes;
    int                class_count;
    const DataPicture *pictures;     /* in order of name */
    int                picture_count;
    const DataRemark  *remarks;
    int                remark_count;
} DataSet;

/* Read the data set in `folder`, whatever its layout; everything lives in the arena.
 * ERR_NOT_FOUND without the folder, ERR_INVALID where no layout is recognised (it says
 * what was looked for) or no picture is left. */
const DataSet *dataset_read(Arena *arena, const char *folder, Error *err) MUST_USE;

/* Decode a picture of the set; the caller owns it. */
Image *picture_open(const DataPicture *picture, const Cancel *cancel, Error *err) MUST_USE;

/* Is a problem with a picture the matter of that picture, which is then left out?  Else the
 * work on all of them ends: it was stopped, or memory or we ourselves failed. */
bool is_about_picture(ErrorKind kind);

/* How many pictures belong to a split. */
int dataset_split_count(const DataSet *set, Split split);

#endif
