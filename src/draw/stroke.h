/*
 * stroke - lines of ASCII text in the Hershey stroke font.
 *
 * The font and the metrics are those of OpenCV's FONT_HERSHEY_SIMPLEX; whatever
 * lies beyond ASCII is a question mark.
 */
#ifndef OCELLUS_DRAW_STROKE_H
#define OCELLUS_DRAW_STROKE_H

#include "draw/palette.h"
#include "image/image.h"

/* A capital's height at scale 1, in pixels. */
#define STROKE_CAPITAL 21

/* The size as OpenCV's getTextSize() reports it; negative at negative scales. */
Size stroke_size(Text text, double scale, int64_t thickness);

/* How wide OpenCV paints strokes of a thickness. */
double stroke_width(int64_t thickness);

/* How far ink may reach beyond the size of a text, on any side, in pixels; the scale is
 * above 0. */
double stroke_overhang(Text text, double scale, int64_t thickness);

/* Draw at a baseline origin, blended by coverage. */
bool stroke_draw(Image *image, Text text, int x, int y, double scale, int64_t thickness,
                 Color color, Error *err) MUST_USE;

/* The same as OpenCV's putText() draws it with plain lines: no soft edges, and corners at
 * whole pixels, which at scale 1 they are anyway. */
void stroke_draw_hard(Image *image, Text text, int x, int y, double scale, int thickness,
                      Color color);

#endif
