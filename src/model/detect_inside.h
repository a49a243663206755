/*
 * detect_inside - what networks that find boxes share, whatever else they tell of them.
 */
#ifndef OCELLUS_MODEL_DETECT_INSIDE_H
#define OCELLUS_MODEL_DETECT_INSIDE_H

#include "model/detect.h"
#include "model/model_inside.h"
#include "vision/box_layout.h"

/* One inference that is looked through. */
typedef struct Detecting {
    Model               *model;
    Arena               *arena;
    const DetectOptions *options;
    const Cancel        *cancel;
    PreprocessOff        off;
    const ModelOutputs  *outputs;     /* the boxes' tensors first */
    int                  pictures;
    int                  extra;       /* numbers behind those of a box */
    Error               *err;
} Detecting;

/* What the network says of one picture. */
typedef struct Heads {
    BoxReading how;
    BoxTensor  tensors[2];
} Heads;

/* The boxes of picture `i` that stay: suppressed, of wanted classes, best first, in pixels
 * of the network's input. */
bool detect_find(const Detecting *d, const Image *image, int i, Heads *heads, Found *found)
    MUST_USE;

/* The same in pixels of the picture, whole ones unless `measuring`. */
bool detect_boxes(const Detecting *d, const Image *image, int i, Found *found) MUST_USE;

/* Whether objects of that class are asked for. */
bool detect_is_wanted(const Package *package, const DetectOptions *options, int class_id);

/* What an object has to be sure of to count. */
double detect_threshold(const Package *package, const DetectOptions *options);

/* From the network's input back into the picture, cut to it; whole pixels if `rounded`. */
void detect_bring_back(Proposal *box, const PictureFit *fit, const Image *image, bool rounded);

#endif
