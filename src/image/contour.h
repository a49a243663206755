/*
 * contour - the borders of areas in a bitmap.
 *
 * Border following after Suzuki and Abe (1985), with the results of OpenCV's
 * findContours(): outer borders and borders of holes, how they lie in each
 * other, and their order.  Every border starts at its first pixel in raster
 * order and runs down the left side of its area; siblings stand in reverse order
 * of their first pixels, and a border's children right after it.
 */
#ifndef OCELLUS_IMAGE_CONTOUR_H
#define OCELLUS_IMAGE_CONTOUR_H

#include "base/arena.h"
#include "base/error.h"

typedef struct ContourPoint {
    int32_t x, y;
} ContourPoint;

/* The four numbers are places in the list, -1 for none. */
typedef struct Contour {
    const ContourPoint *points;
    int                 count;
    int                 next, previous;      /* siblings */
    int                 child, parent;
    bool                hole;
} Contour;

typedef struct Contours {
    const Contour *items;
    int            count;
} Contours;

typedef enum ContourFlags {
    CONTOUR_TREE    = 0,
    CONTOUR_OUTER   = 1,     /* only what lies in nothing else (RETR_EXTERNAL) */
    CONTOUR_ALL     = 2,     /* every pixel of a border; else only where it turns */
} ContourFlags;

/* The borders in `height` rows of `width` bytes, `stride` bytes apart: what is
 * not zero is covered.  What is found lives in the arena; memory that is needed
 * meanwhile is charged to the budget of pixels. */
bool contours_find(Arena *arena, const uint8_t *bits, int width, int height, size_t stride,
                   int flags, Contours *out, Error *err) MUST_USE;

/* The area that the polygon of a border's points encloses. */
double contour_area(const Contour *contour);

/* The one of greatest area, the first of equals; NULL when there is none. */
const Contour *contours_largest(const Contours *contours);

#endif
