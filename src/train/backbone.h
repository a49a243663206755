/*
 * backbone - a network that turns pictures into features.
 *
 * Made of a classification package, or of a bare ONNX file of a classifier, by taking
 * its head off (model/head.h).  Pictures are prepared as the package says.  A picture runs
 * alone, never in a batch: networks with dynamic quantisation answer otherwise for
 * pictures that run together, and a served model sees one at a time.
 */
#ifndef OCELLUS_TRAIN_BACKBONE_H
#define OCELLUS_TRAIN_BACKBONE_H

#include "model/head.h"
#include "model/import.h"

typedef struct BackboneOptions {
    const char   *base;        /* "project/version", the folder of a package, or an ONNX file */
    const char   *models;      /* where packages lie, for the first */
    const char   *features;    /* name of the tensor of features; NULL: found */
    ImportOptions import;      /* what a bare ONNX file does not say */
    const char   *folder;      /* for files of its own, which stay as long as it */
} BackboneOptions;

typedef struct Backbone {
    const Package *package;         /* of the base */
    Text           features;        /* the tensor */
    HeadPooling    pooling;
    int            feature_count;
    Model         *model;           /* pictures to features; one thread an inference */
} Backbone;

/* The base to take when none is named: the only classifier among the packages that was not
 * trained here.  NULL and ERR_INVALID when there is none, or several. */
const char *backbone_default(Arena *arena, const char *models, Error *err) MUST_USE;

/* Everything lives in the arena, which also gives the model back. */
Backbone *backbone_open(Arena *arena, const BackboneOptions *options, Error *err) MUST_USE;

/* The features of a picture: feature_count numbers.  Threads may call it at once. */
bool backbone_run(Backbone *backbone, Image *image, const Cancel *cancel, float *features,
                  Error *err) MUST_USE;

/* Write the network with a head on it as an ONNX file. */
bool backbone_write(const Backbone *backbone, const NetworkHead *head, const char *path,
                    Error *err) MUST_USE;

/* Make a package of such a file, never over one that is there (ERR_CONFLICT). */
bool backbone_package(const Backbone *backbone, const NetworkHead *head, const char *weights,
                      const char *folder, Error *err) MUST_USE;

#endif
