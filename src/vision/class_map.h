/*
 * class_map - the best class of every pixel, out of a coarse grid of class scores.
 */
#ifndef OCELLUS_VISION_CLASS_MAP_H
#define OCELLUS_VISION_CLASS_MAP_H

#include "base/cancel.h"
#include "vision/stretch.h"

/* Scores of one picture, and what of their cells is the picture's. */
typedef struct ClassScores {
    const float *data;            /* [classes, height, width], logits */
    int          classes, width, height;
    int          left, top;       /* the picture's first cell; may be below 0 */
    const Axis  *across, *down;   /* from the picture's cells to its pixels */
} ClassScores;

/* One class alone is the sigmoid of class 1 against `background`. */
typedef struct ClassChoice {
    float threshold;              /* what is less certain is `background`, confidence 0 */
    int   background;
} ClassChoice;

/* Write a class id and a confidence (255 is 1, cut) for each pixel, rows `stride` bytes
 * apart. */
bool class_map(Arena *arena, const ClassScores *scores, ClassChoice choice,
               const Cancel *cancel, uint8_t *classes, uint8_t *confidences, size_t stride,
               Error *err) MUST_USE;

#endif
