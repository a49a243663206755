/*
 * head - another last layer on a network that has learnt to see.
 *
 * A classifier is a backbone, which turns a picture into a vector of features, and a
 * head, one linear layer that turns the vector into scores.  Here the head comes off,
 * so that features can be had, and another goes on, as ordinary ONNX operations.  What
 * only the old head needed is left out of the new file.
 */
#ifndef OCELLUS_MODEL_HEAD_H
#define OCELLUS_MODEL_HEAD_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

/* What files that are written here name as their producer. */
extern const char *const head_producer;

/* What becomes of the features where they are no plain vector yet. */
typedef enum HeadPooling {
    POOL_NONE,      /* [batch, features], or 1s behind that */
    POOL_PLACES,    /* [batch, features, height, width]: the mean over all places */
    POOL_TOKENS,    /* [batch, tokens, features]: the mean over all tokens */
    POOL_LOOK,      /* left as they are, for somebody to see what that is; no head fits */
} HeadPooling;

/* A linear layer and what turns its scores into shares. */
typedef struct NetworkHead {
    const Text  *classes;
    int          class_count;
    int          feature_count;
    const float *weights;      /* class_count rows of feature_count */
    const float *biases;       /* one a class */
    bool         sigmoid;      /* each class for itself; else softmax over all */
} NetworkHead;

/* The name of the tensor that the last linear layer of an ONNX file takes in, in the
 * arena: the features.  ERR_UNSUPPORTED when the network's output comes out of no linear
 * layer, with advice to name the tensor. */
bool head_find_features(Arena *arena, const char *name, Text bytes, Text *features,
                        Error *err) MUST_USE;

/* Append an ONNX file that goes as far as `features`, and pools them; with a head, its
 * shares are the output, else the features are.  `name` is how errors call the file.
 * ERR_NOT_FOUND when there is no such tensor. */
bool head_replace(const char *name, Text bytes, Text features, HeadPooling pooling,
                  const NetworkHead *head, Buffer *out, Error *err) MUST_USE;

#endif
