/*
 * raster - filling pixels, by integer rules and by coverage.
 *
 * Everything clips to the picture; coordinates may be anything an int holds.
 * Works on BGRX pixels in place (see image_edit) and on gray ones.
 */
#ifndef OCELLUS_IMAGE_RASTER_H
#define OCELLUS_IMAGE_RASTER_H

#include "image/image.h"

/* Fill from (x, y) to (x + width, y + height), both corners inclusive, as
 * OpenCV's rectangle() does. */
void raster_fill(Image *image, Rect rect, uint8_t blue, uint8_t green, uint8_t red);

/* The same with corners rounded by `radius` (limited to half the shorter side;
 * <= 0: plain): two rectangles and four discs, as the reference draws it. */
void raster_fill_rounded(Image *image, Rect rect, int radius, uint8_t blue, uint8_t green,
                         uint8_t red);

/* A filled circle of OpenCV's midpoint rule, 2 * radius + 1 wide. */
void raster_disc(Image *image, int x, int y, int radius, uint8_t blue, uint8_t green, uint8_t red);

/* Anti-aliased strokes: lines are gathered in a mask of coverage, where crossing
 * strokes do not add up, and painted at once. */
typedef struct Coverage {
    uint8_t *at;             /* NULL: nothing of it is inside the picture */
    Rect     box;            /* in picture coordinates, clipped */
} Coverage;

bool coverage_open(Coverage *mask, const Image *image, Rect box, Error *err) MUST_USE;
void coverage_close(Coverage *mask);

/* A line with round ends; `width` in pixels. */
void coverage_line(Coverage *mask, double x1, double y1, double x2, double y2, double width);

void coverage_paint(const Coverage *mask, Image *image, uint8_t blue, uint8_t green, uint8_t red);

#endif
