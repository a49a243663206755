/*
 * semantic - the class of every pixel of a picture.
 *
 * The network's grid of class scores is cut to the picture, brought to its size, and the
 * best class of a pixel counts, with its softmax as confidence; a pixel whose confidence
 * is below the threshold is background.
 */
#ifndef OCELLUS_MODEL_SEMANTIC_H
#define OCELLUS_MODEL_SEMANTIC_H

#include "model/model.h"

/* Gray pictures of the picture's size: class ids, and confidences of which 255 is 1.  The
 * arena holds them. */
typedef struct ClassMasks {
    Image *classes, *confidences;
} ClassMasks;

/* `confidence` NaN: the model's own threshold.  `masks` gets one entry a picture. */
bool model_segment_classes(Model *model, Arena *arena, Image *const images[], int count,
                           PreprocessOff off, double confidence, const Cancel *cancel,
                           ClassMasks *masks, Error *err) MUST_USE;

#endif
