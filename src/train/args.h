/*
 * args - what a training was asked for, and the file that remembers it.
 *
 * args.yaml in the folder of a run: one "key: value" a line, values as JSON writes them.
 * Whoever goes on with a run that was stopped reads it.
 */
#ifndef OCELLUS_TRAIN_ARGS_H
#define OCELLUS_TRAIN_ARGS_H

#include "base/arena.h"
#include "base/error.h"

typedef struct TrainArgs {
    const char *data;          /* folder of the data set */
    const char *base;          /* see BackboneOptions */
    const char *features;      /* tensor; NULL: found */
    const char *project;       /* the model becomes project/1, project/2 ... */
    int64_t     seed;
    int64_t     valid;         /* percent of the pictures, where the set has no valid split */
    int64_t     epochs;        /* at most */
    int64_t     patience;      /* epochs without a lower validation loss, then it ends */
    bool        balance;       /* classes count alike, however many pictures they have */
    const char *augment;       /* see augmentation_parse(); "" for none */
    int64_t     copies;        /* augmented ones of each picture to learn from */
    const char *size, *resize, *color, *normalize;    /* of a bare ONNX file; see import.h */
} TrainArgs;

/* As if nothing had been asked for. */
TrainArgs train_args(void);

/* A project's name after the folder of a data set: small letters, digits and dashes. */
const char *train_project(Arena *arena, const char *data);

/* ERR_INVALID names what is out of range. */
bool train_args_check(const TrainArgs *args, Error *err) MUST_USE;

bool train_args_write(const TrainArgs *args, const char *run, Error *err) MUST_USE;

/* Texts live in the arena.  Keys that are absent stay as train_args() has them. */
bool train_args_read(Arena *arena, const char *run, TrainArgs *args, Error *err) MUST_USE;

#endif
