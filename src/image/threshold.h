/*
 * threshold - pixels against a level.
 *
 * The bytes are those of OpenCV 4.12's threshold() and adaptiveThreshold().
 */
#ifndef OCELLUS_IMAGE_THRESHOLD_H
#define OCELLUS_IMAGE_THRESHOLD_H

#include "image/resize.h"

typedef enum Threshold {
    THRESHOLD_BINARY, THRESHOLD_BINARY_INVERSE, THRESHOLD_TRUNCATE, THRESHOLD_TO_ZERO,
    THRESHOLD_TO_ZERO_INVERSE,
} Threshold;

/* What is above `level` becomes `most`, or stays, or is cut: every byte of gray, of colours
 * all but alpha, alpha too where there are 4 channels.  `to` lies elsewhere. */
void plane_threshold(Plane from, Plane to, int channels, Threshold how, double level, double most);

/* Apply a table to every byte of a colour, alpha too where there are 4 channels. */
void plane_map(Plane from, Plane to, int channels, const uint8_t table[256]);

/* The level that parts a gray picture best (Otsu 1979). */
int threshold_otsu(Plane gray);

/* The levels of adaptive thresholds: around each pixel of a gray picture the mean of
 * 11 x 11, plain or weighted by distance (sigma 2).  The last row and column go on
 * beyond the edge. */
bool plane_surroundings(Plane from, Plane to, bool weighted, const Cancel *cancel,
                        Error *err) MUST_USE;

/* `most` where a pixel is more than `below` under the level of its place, else 0;
 * `levels` is overwritten with the answer. */
void plane_adapt(Plane gray, Plane levels, int below, double most);

#endif
