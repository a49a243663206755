/*
 * heat - colours for numbers from 0 to 1, and maps of them laid over pictures.
 */
#ifndef OCELLUS_DRAW_HEAT_H
#define OCELLUS_DRAW_HEAT_H

#include "base/error.h"
#include "image/image.h"

/* ROBOFLOW is clear at 0 and goes from yellow to red; the others are OpenCV's and opaque. */
typedef enum HeatMap {
    HEAT_ROBOFLOW, HEAT_JET, HEAT_TURBO, HEAT_INFERNO, HEAT_VIRIDIS, HEAT_HOT,
} HeatMap;

typedef struct Heat {
    double blue, green, red;
    double alpha;
} Heat;

Heat heat_color(HeatMap map, float x);

/* Numbers in rows; each lies in 0 .. 1. */
typedef struct HeatField {
    const float *at;
    int          width, height;
} HeatField;

/* Stretch the field over the picture, between its numbers linearly as OpenCV's resize()
 * does, and mix its colours in: out = out * (1 - a) + colour * a, rounded half to even,
 * where a is the colour's alpha times `opacity`. */
bool heat_blend(Image *out, HeatField field, HeatMap map, double opacity, const Cancel *cancel,
                Error *err) MUST_USE;

#endif
