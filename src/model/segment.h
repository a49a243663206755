/*
 * segment - objects in pictures with their outlines, by a detector with prototypes.
 *
 * A network of the YOLO family gives a few coarse pictures for the whole input, the
 * prototypes, and for each box as many coefficients.  A mask is the sigmoid of their sum,
 * cut to the box, brought to the picture's size and taken where it is above one half.
 * Nothing is computed outside of the box.
 */
#ifndef OCELLUS_MODEL_SEGMENT_H
#define OCELLUS_MODEL_SEGMENT_H

#include "model/detect.h"

/* How coarse masks may stay. */
typedef struct MaskReduction {
    bool   allowed;      /* boxes and masks may be those of a smaller picture, Found.grid */
    double share;        /* 0: as coarse as the prototypes are, 1: the picture's own size */
} MaskReduction;

/* As model_detect(), with masks. */
bool model_segment(Model *model, Arena *arena, Image *const images[], int count,
                   PreprocessOff off, const DetectOptions *options, MaskReduction reduction,
                   const Cancel *cancel, Found *found, Error *err) MUST_USE;

#endif
