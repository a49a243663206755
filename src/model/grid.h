/*
 * grid - where a picture lies in the coarse grid that a network answers with.
 *
 * Masks and classes of pixels come as a grid that spans the network's whole input.  The
 * picture's part of it starts at cell (left, top), which may lie outside of the grid where
 * the network saw less than the picture; what is outside is not covered by anything.
 */
#ifndef OCELLUS_MODEL_GRID_H
#define OCELLUS_MODEL_GRID_H

#include "model/preprocess.h"
#include "vision/stretch.h"

typedef struct Grid {
    int width, height;      /* of the network's answer */
    int left, top;
    int columns, rows;      /* of the picture's part; 0: nothing is left of it */
} Grid;

/* `input` is the size of the network's input, `width` x `height` that of its answer. */
Grid grid_of(const PictureFit *fit, Size input, int width, int height);

/* The axes from the picture's part of the grid to `to`; false when memory is out. */
bool grid_axes(Arena *arena, const Grid *grid, Size to, Axis *across, Axis *down) MUST_USE;

/* A size of a tensor that is taken for a grid. */
static inline bool grid_side_fits(int64_t side)
{
    enum { MOST = 4096 };

    return side >= 1 && side <= MOST;
}

#endif
