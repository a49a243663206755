/*
 * match_fourier - the products of a template with a picture, by Fourier transforms.
 *
 * Private to match.c.  Every sum is a whole number, and what comes out here is that number:
 * the transforms err by less than half (match_fourier.c has the bound).
 */
#ifndef OCELLUS_IMAGE_MATCH_FOURIER_H
#define OCELLUS_IMAGE_MATCH_FOURIER_H

#include "image/resize.h"

/* How a template is laid over a picture: in tiles of width * height pixels, with a template
 * that is cut into across * down parts. */
typedef struct MatchTiles {
    int    width, height;
    int    across, down;
    double work;                /* in products of one pixel of the template at one place */
} MatchTiles;

typedef struct MatchFourier MatchFourier;

/* The tiles with the least work; work is infinite when nothing fits into memory. */
MatchTiles match_tiles(Size picture, Size part);

/* NULL when memory is out. */
MatchFourier *match_fourier_open(Plane picture, Plane part, MatchTiles tiles, Error *err);
void          match_fourier_close(MatchFourier *f);

/* Row y of the sums of (p - 128) * (t - 128) over the pixels of the template, at every place
 * of it in the picture.  Rows are asked for from the first to the last: many are worked out
 * at once and stay until the next are.  NULL when time is out. */
const double *match_fourier_row(MatchFourier *f, int y, const Cancel *cancel, Error *err);

#endif
