/*
 * model_inside - what a loaded model is made of.
 *
 * Private to model/: the shelf makes models, model.c uses them, and importing
 * tries one that stands on no shelf.
 */
#ifndef OCELLUS_MODEL_MODEL_INSIDE_H
#define OCELLUS_MODEL_MODEL_INSIDE_H

#include <stdatomic.h>

#include "model/engine.h"
#include "base/gate.h"
#include "model/preprocess.h"

/* What all inferences of a shelf share. */
typedef struct Meter {
    Gate                 gate;
    atomic_uint_fast64_t inferences;
    atomic_int_fast64_t  time;          /* nanoseconds */
    atomic_int_fast64_t  prepare;       /* of them, what making tensors of pictures took */
} Meter;

struct Model {
    atomic_int     refs;
    Models        *models;      /* whose shelf it is from, one reference; NULL: none */
    Meter         *meter;       /* that shelf's; NULL: no gate */
    Arena          arena;
    const Package *package;
    const Engine  *engine;
    Session       *session;
    Ports          ports;
    int            threads;     /* that work on one inference */
    Preprocess     how;         /* the package's, input size completed by the graph */
    Lookup         lookup;
    bool           batches;     /* several pictures may run together */
    bool           last;        /* channels are the last axis of its input: NHWC */
    bool           settles;     /* numbers decide what shapes leave open of its layout */
};

/* A model of a package that the caller has read; package and its arena must
 * outlive the model. */
Model *model_open(const Package *package, const Engine *engine, int threads, Error *err) MUST_USE;

/* A model of the package in `folder`, which it reads itself. */
Model *model_load(const char *folder, const char *id, const Engine *engine, int threads,
                  Error *err) MUST_USE;

/* Whether pictures are prepared as for a detector, see preprocess_picture(). */
bool model_is_detector(const Model *model);

/* A picture as the network takes it, 3 x size.height x size.width numbers; where it takes
 * channels last, `scratch` has room for as many. */
bool model_prepare(const Model *model, const Image *image, PreprocessOff off, Size size,
                   float *out, float *scratch, Error *err) MUST_USE;

/* The tensor of `count` pictures that were prepared at `data`. */
Tensor model_input(const Model *model, int count, Size size, float *data);

/* Does an input take pictures: [batch, 3, height, width] or, as TensorFlow has them,
 * [batch, height, width, 3], with a batch that is free or 1? */
bool port_takes_pictures(const Port *input, const char *name, Error *err) MUST_USE;

/* Is it the latter? */
static inline bool port_is_channels_last(const Port *input)
{
    return input->rank == 4 && input->shape[1] != 3 && input->shape[3] == 3;
}

/* The ids of the packages in a folder of models, sorted, NULL-terminated; none when
 * there is no such folder. */
const char **folder_models(Arena *arena, const char *folder);

/* Fail with the models that are there instead. */
bool model_not_found(const char *folder, Text id, Error *err);

/* Where a reference to a shelf goes when its model ends. */
void models_unref(Models *models);

#endif
