/*
 * detect - objects in pictures, by a detector.
 *
 * The network's boxes are read (vision/box_layout.h), suppressed (vision/proposal.h) and
 * brought back into the picture: padding and scale undone, corners cut to the picture and
 * rounded to whole pixels, half to even, as the reference answers them.
 */
#ifndef OCELLUS_MODEL_DETECT_H
#define OCELLUS_MODEL_DETECT_H

#include "model/model.h"
#include "value/mask.h"
#include "vision/box_layout.h"
#include "vision/proposal.h"

typedef struct DetectOptions {
    double      confidence;     /* NaN: the model's own */
    double      iou;
    int64_t     most;           /* objects a picture */
    bool        agnostic;
    const Text *only;           /* names of classes; the others are dropped afterwards */
    int         only_count;     /* 0: all */
    bool        measuring;      /* boxes alone, without masks or points, corners unrounded */
} DetectOptions;

/* A key point, on a whole pixel; it may lie outside of the picture. */
typedef struct FoundPoint {
    float x, y, confidence;
} FoundPoint;

/* What is found in one picture, best first; corners are whole pixels of it.  Where masks
 * are reduced (segment.h), corners and masks are of a picture of size `grid`. */
typedef struct Found {
    Proposal   *items;
    int         count;
    const Mask *masks;          /* NULL: none were looked for */
    const FoundPoint *points;   /* `slots` an object; NULL: none were looked for */
    int         slots;
    Size        grid;           /* 0 x 0: the picture's own */
    BoxLayout   layout;         /* how the network told of them */
} Found;

/* `found` gets one entry a picture; everything lives in the arena.  ERR_INVALID for a
 * model of another task, ERR_UNSUPPORTED for an output that cannot be recognised: the
 * error says what was seen. */
bool model_detect(Model *model, Arena *arena, Image *const images[], int count, PreprocessOff off,
                  const DetectOptions *options, const Cancel *cancel, Found *found,
                  Error *err) MUST_USE;

#endif
