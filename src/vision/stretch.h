/*
 * stretch - grids of numbers made larger or smaller, as torchvision's resize() does it.
 *
 * Bilinear with antialiasing: what is made smaller is averaged over as many cells as go
 * into one, what is made larger lies between two.  Both axes are independent; an Axis
 * holds which cells make each new one, and with what weights.
 */
#ifndef OCELLUS_VISION_STRETCH_H
#define OCELLUS_VISION_STRETCH_H

#include "base/arena.h"

/* New cell i is the sum of taps[i].count old ones from taps[i].first on. */
typedef struct Tap {
    int32_t first, count;
} Tap;

typedef struct Axis {
    int          from, to;      /* how many cells */
    int          room;          /* weights a new cell has place for */
    const Tap   *taps;
    const float *weights;       /* `room` a new cell */
} Axis;

/* Both sizes are at least 1; false when memory is out. */
bool axis_make(Arena *arena, int from, int to, Axis *out) MUST_USE;

/* The new cells that any of the old ones first .. end - 1 has a part in. */
void axis_reach(const Axis *axis, int first, int end, int *from, int *to);

/* New cells from .. to - 1 out of the old ones first .. end - 1 that `cells` holds;
 * others are 0. */
void axis_stretch(const Axis *axis, const float *cells, int first, int end, int from, int to,
                  float *out);

/* New row `i` out of rows first .. end - 1 of `width` numbers; others are 0. */
void axis_mix_rows(const Axis *axis, const float *rows, int width, int first, int end, int i,
                   float *out);

/* exp() for numbers up to 0, in a form that loops turn into vectors.  Within 2e-7 of it;
 * what is below -87, or no number, is 0. */
static inline float exp_negative(float x)
{
    /* 2^(x log2 e): the whole part goes into the exponent's bits, the rest is a Taylor
     * series of e^r for |r| <= ln 2 / 2. */
    float   whole, rest, series;
    int32_t bits;

    x      = x > -87 ? x : -87;
    whole  = (float)(int32_t)(x * 1.44269504f - 0.5f);
    rest   = (x - whole * 0.693359375f) + whole * 2.12194440e-4f;
    series = 1 + rest * (1 + rest * (1 / 2.0f + rest * (1 / 6.0f + rest * (1 / 24.0f +
             rest * (1 / 120.0f + rest * (1 / 720.0f))))));
    bits   = ((int32_t)whole + 127) << 23;
    memcpy(&whole, &bits, sizeof(whole));
    return x > -87 ? series * whole : 0;
}

#endif
