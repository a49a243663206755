/*
 * grid - cutting the padding off a network's answer.
 */
#include "model/grid.h"

#include <math.h>

/* Padding in cells, half to even, as the reference rounds it. */
static int cells(double padding, int input, int grid)
{
    return (int)rint(fmax(fmin(padding * grid / MAX(input, 1), LIMIT_IMAGE_SIDE),
                          -LIMIT_IMAGE_SIDE));
}

Grid grid_of(const PictureFit *fit, Size input, int width, int height)
{
    Grid grid = { width, height, cells(fit->left, input.width, width),
                  cells(fit->top, input.height, height), 0, 0 };

    grid.columns = MAX(width - grid.left - cells(fit->right, input.width, width), 0);
    grid.rows    = MAX(height - grid.top - cells(fit->bottom, input.height, height), 0);
    return grid;
}

bool grid_axes(Arena *arena, const Grid *grid, Size to, Axis *across, Axis *down)
{
    return axis_make(arena, grid->columns, to.width, across) &&
           axis_make(arena, grid->rows, to.height, down);
}
