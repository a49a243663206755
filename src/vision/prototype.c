/*
 * prototype - sums, sigmoids and resizing, inside of a box.
 */
#include "vision/prototype.h"

static void sigmoid(float *at, int count)
{
    for (int i = 0; i < count; i++) {
        float x = at[i], e = exp_negative(x > 0 ? -x : x);

        /* A sum that is no number covers nothing. */
        at[i] = x >= 0 ? 1 / (1 + e) : x < 0 ? e / (1 + e) : 0;
    }
}

/* The sigmoids of the cells of a box, row after row. */
static void fill_cells(const Prototypes *from, const float *coefficients, Cells box, float *out)
{
    int width = box.x2 - box.x1;

    for (int y = box.y1; y < box.y2; y++, out += width) {
        memset(out, 0, sizeof(float) * (size_t)width);
        for (int k = 0; k < from->count; k++) {
            const float *row = from->data + ((size_t)k * (size_t)from->height + (size_t)y) *
                               (size_t)from->width + box.x1;
            float        coefficient = coefficients[k];

            for (int x = 0; x < width; x++) {
                out[x] += coefficient * row[x];
            }
        }
        sigmoid(out, width);
    }
}

/* The pixels of a mask, and what they are made of. */
typedef struct Painting {
    const Prototypes *from;
    Cells             box;            /* in cells of the picture's part */
    int               x1, x2, y1, y2; /* pixels */
    float            *cells, *rows, *row;
    uint8_t          *bits;
} Painting;

static void threshold(const float *row, int width, uint8_t *bits)
{
    for (int x = 0; x < width; x++) {
        bits[x] = row[x] > 0.5f;
    }
}

/* The same of the sum of two rows. */
static void threshold_two(const float *upper, float upper_weight, const float *lower,
                          float lower_weight, int width, uint8_t *bits)
{
    for (int x = 0; x < width; x++) {
        bits[x] = upper_weight * upper[x] + lower_weight * lower[x] > 0.5f;
    }
}

/* One row of pixels; false when it covers nothing.  Between two rows of cells, as most of
 * a mask that is made larger, no sum is kept. */
static bool paint_row(const Painting *p, int y)
{
    const Axis *down  = p->from->down;
    const Tap  *tap   = &down->taps[y];
    int         width = p->x2 - p->x1;
    int         first = MAX(tap->first, p->box.y1);
    uint8_t    *bits  = p->bits + (size_t)(y - p->y1) * (size_t)width;

    if (MIN(tap->first + tap->count, p->box.y2) - first == 2) {
        const float *weights = down->weights + (int64_t)y * down->room + (first - tap->first);
        const float *upper   = p->rows + (size_t)(first - p->box.y1) * (size_t)width;

        threshold_two(upper, weights[0], upper + width, weights[1], width, bits);
    } else {
        axis_mix_rows(down, p->rows, width, p->box.y1, p->box.y2, y, p->row);
        threshold(p->row, width, bits);
    }
    return memchr(bits, 1, (size_t)width) != NULL;
}

/* Rows that cover nothing at either end are left out. */
static Mask paint(const Painting *p, int dx, int dy)
{
    int  width = p->x2 - p->x1, cells = p->box.x2 - p->box.x1, rows = p->box.y2 - p->box.y1;
    int  first = -1, last = -1;

    for (int y = 0; y < rows; y++) {
        axis_stretch(p->from->across, p->cells + (size_t)y * (size_t)cells, p->box.x1, p->box.x2,
                     p->x1, p->x2, p->rows + (size_t)y * (size_t)width);
    }
    for (int y = p->y1; y < p->y2; y++) {
        if (paint_row(p, y)) {
            first = first < 0 ? y : first;
            last  = y;
        }
    }
    if (first < 0) {
        return (Mask){ 0 };
    }
    return (Mask){ p->x1 + dx, first + dy, width, last - first + 1,
                   p->bits + (size_t)(first - p->y1) * (size_t)width };
}

bool mask_from_prototypes(Arena *arena, const Prototypes *from, const float *coefficients,
                          Cells box, int dx, int dy, MaskAllowance *left, Mask *out, Error *err)
{
    Cells    inside = { MAX(MAX(box.x1, 0), from->left), MAX(MAX(box.y1, 0), from->top),
                        MIN(MIN(box.x2, from->width), from->left + from->across->from),
                        MIN(MIN(box.y2, from->height), from->top + from->down->from) };
    Painting p = { .from = from };
    size_t   cells, width, rows;

    *out  = (Mask){ 0 };
    p.box = (Cells){ inside.x1 - from->left, inside.y1 - from->top, inside.x2 - from->left,
                     inside.y2 - from->top };
    if (inside.x1 >= inside.x2 || inside.y1 >= inside.y2) {
        return true;
    }
    axis_reach(from->across, p.box.x1, p.box.x2, &p.x1, &p.x2);
    axis_reach(from->down, p.box.y1, p.box.y2, &p.y1, &p.y2);
    p.bits = mask_take_bits(arena, p.x2 - p.x1, p.y2 - p.y1, left, err);
    if (!p.bits) {
        return false;
    }
    rows    = (size_t)(inside.y2 - inside.y1);
    cells   = (size_t)(inside.x2 - inside.x1) * rows;
    width   = (size_t)(p.x2 - p.x1);
    p.cells = malloc((cells + width * (rows + 1)) * sizeof(float));
    if (!p.cells) {
        return fail(err, ERR_MEMORY, "no memory for a mask of %zu pixels across", width);
    }
    p.rows = p.cells + cells;
    p.row  = p.rows + width * rows;
    fill_cells(from, coefficients, inside, p.cells);
    *out = paint(&p, dx, dy);
    free(p.cells);
    return true;
}
