/*
 * orient - turn a decoded picture upright, as its EXIF orientation says.
 *
 * Half of the orientations keep the sides and are done in place.  The others
 * swap rows and columns and need a second picture; they go down in strips, as
 * walking down a single column would load a cache line for each pixel.
 */
#include "image/codec.h"

/* The orientations, named by where the first row and column of the file lie. */
enum {
    TOP_LEFT = 1, TOP_RIGHT, BOTTOM_RIGHT, BOTTOM_LEFT,
    LEFT_TOP, RIGHT_TOP, RIGHT_BOTTOM, LEFT_BOTTOM,
};

enum { STRIP = 16 };    /* columns at a time: 16 pixels of 4 bytes fill a cache line */

static void reverse(uint32_t *pixels, size_t count)
{
    for (size_t i = 0, k = count; i + 1 < k; i++) {
        uint32_t swapped = pixels[--k];

        pixels[k] = pixels[i];
        pixels[i] = swapped;
    }
}

static void swap_rows(uint32_t *a, uint32_t *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t swapped = a[i];

        a[i] = b[i];
        b[i] = swapped;
    }
}

void orient_in_place(uint8_t *pixels, int width, int height, int orientation)
{
    uint32_t *rows = (uint32_t *)(void *)pixels;
    size_t    w = (size_t)width, h = (size_t)height;

    switch (orientation) {
    case TOP_RIGHT:
        for (size_t y = 0; y < h; y++)
            reverse(rows + y * w, w);
        break;
    case BOTTOM_RIGHT:
        reverse(rows, w * h);
        break;
    case BOTTOM_LEFT:
        for (size_t y = 0; y < h / 2; y++)
            swap_rows(rows + y * w, rows + (h - 1 - y) * w, w);
        break;
    default:
        break;
    }
}

/* One picture turned into the other: pixel (row, column) of `from` goes to
 * (column, row) of `to`.  A negative step counts from the last row. */
typedef struct Turn {
    const uint32_t *from;
    uint32_t       *to;
    ptrdiff_t       from_step, to_step;
} Turn;

static void turn_pixels(const Turn *turn, int row, int rows, int column, int columns)
{
    for (int c = column; c < column + columns; c++) {
        for (int r = row; r < row + rows; r++)
            turn->to[c * turn->to_step + r] = turn->from[r * turn->from_step + c];
    }
}

typedef uint32_t Four __attribute__((vector_size(16)));

static Four load(const uint32_t *at)
{
    Four four;

    memcpy(&four, at, sizeof four);
    return four;
}

static void store(uint32_t *at, Four four)
{
    memcpy(at, &four, sizeof four);
}

/* Four by four pixels: interleave rows 0 and 2, 1 and 3, then those two. */
static void turn_block(const Turn *turn, int row, int column)
{
    const uint32_t *from = turn->from + row * turn->from_step + column;
    ptrdiff_t       step = turn->from_step;
    Four a = load(from), b = load(from + step);
    Four c = load(from + 2 * step), d = load(from + 3 * step);

    Four ac_low  = __builtin_shufflevector(a, c, 0, 4, 1, 5);
    Four ac_high = __builtin_shufflevector(a, c, 2, 6, 3, 7);
    Four bd_low  = __builtin_shufflevector(b, d, 0, 4, 1, 5);
    Four bd_high = __builtin_shufflevector(b, d, 2, 6, 3, 7);

    uint32_t *to = turn->to + column * turn->to_step + row;
    store(to, __builtin_shufflevector(ac_low, bd_low, 0, 4, 1, 5));
    store(to + turn->to_step, __builtin_shufflevector(ac_low, bd_low, 2, 6, 3, 7));
    store(to + 2 * turn->to_step, __builtin_shufflevector(ac_high, bd_high, 0, 4, 1, 5));
    store(to + 3 * turn->to_step, __builtin_shufflevector(ac_high, bd_high, 2, 6, 3, 7));
}

void orient_into(uint8_t *out, const uint8_t *pixels, int width, int height, int orientation)
{
    Turn turn = {
        (const uint32_t *)(const void *)pixels, (uint32_t *)(void *)out, width, height,
    };

    if (orientation == RIGHT_TOP || orientation == RIGHT_BOTTOM) {
        turn.from     += (ptrdiff_t)(height - 1) * width;
        turn.from_step = -width;
    }
    if (orientation == RIGHT_BOTTOM || orientation == LEFT_BOTTOM) {
        turn.to     += (ptrdiff_t)(width - 1) * height;
        turn.to_step = -height;
    }

    int columns = width & ~3, rows = height & ~3;    /* what blocks cover */
    for (int left = 0; left < columns; left += STRIP) {
        for (int row = 0; row < rows; row += 4) {
            for (int column = left; column < MIN(left + STRIP, columns); column += 4)
                turn_block(&turn, row, column);
        }
    }
    turn_pixels(&turn, 0, height, columns, width - columns);
    turn_pixels(&turn, rows, height - rows, 0, columns);
}
