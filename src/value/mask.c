/*
 * mask - filling polygons, moving, outlines.
 */
#include "value/mask.h"

/* Products of two 33-bit differences. */
__extension__ typedef __int128 Wide;

uint8_t *mask_take_bits(Arena *arena, int64_t width, int64_t height, MaskAllowance *left,
                        Error *err)
{
    uint8_t *bits;

    if (height > 0 && width > left->bytes / height) {
        fail(err, ERR_TOO_LARGE, "the masks of these detections cover more than %zu million "
             "pixels; send fewer or smaller ones", LIMIT_MASK_BYTES / 1000000);
        return NULL;
    }
    left->bytes -= width * height;
    bits = arena_try(arena, (size_t)MAX(width * height, 1), 1);
    if (!bits) {
        fail(err, ERR_MEMORY, "no memory for a mask of %lld x %lld pixels", (long long)width,
             (long long)height);
    }
    return bits;
}

/* ---- polygons -------------------------------------------------------------------------- */

/* A polygon on its way into a mask. */
typedef struct Filling {
    uint8_t *bits;
    int32_t  x, y, width, height;
    int64_t  right, bottom;       /* the last pixel of the picture */
} Filling;

static void fill_spans(const Filling *f)
{
    for (int64_t y = 0; y < f->height; y++) {
        uint8_t *row    = f->bits + y * f->width;
        uint8_t  inside = 0;

        for (int32_t x = 0; x < f->width; x++) {
            inside ^= row[x] & 1;
            row[x]  = (uint8_t)(inside | row[x] >> 1);
        }
    }
}

/* Which sides of the picture a point lies beyond. */
static int beyond(int64_t x, int64_t y, int64_t right, int64_t bottom)
{
    return (x < 0) | (x > right) << 1 | (y < 0) << 2 | (y > bottom) << 3;
}

/* A point on its way to the border of the picture: first to its upper or lower
 * side, then to its left or right one, with coordinates cut to whole pixels. */
static void pull_rows(int64_t *x, int64_t *y, int64_t to, int64_t other_x, int64_t other_y)
{
    *x += (int64_t)((double)(to - *y) * (double)(other_x - *x) / (double)(other_y - *y));
    *y  = to;
}

/* Cut a line to the picture; false when nothing is left. */
static bool cut_line(int64_t p[4], int64_t right, int64_t bottom)
{
    int a = beyond(p[0], p[1], right, bottom), b = beyond(p[2], p[3], right, bottom);

    if ((a & b) == 0 && (a | b) != 0) {
        if (a & 12) {
            pull_rows(&p[0], &p[1], a < 8 ? 0 : bottom, p[2], p[3]);
            a = beyond(p[0], p[1], right, bottom) & 3;
        }
        if (b & 12) {
            pull_rows(&p[2], &p[3], b < 8 ? 0 : bottom, p[0], p[1]);
            b = beyond(p[2], p[3], right, bottom) & 3;
        }
        if ((a & b) == 0 && (a | b) != 0) {
            if (a) {
                pull_rows(&p[1], &p[0], a == 1 ? 0 : right, p[3], p[2]);
                a = 0;
            }
            if (b) {
                pull_rows(&p[3], &p[2], b == 1 ? 0 : right, p[1], p[0]);
                b = 0;
            }
        }
    }
    return (a | b) == 0;
}

static void swap_ends(int64_t p[4])
{
    int64_t x = p[0], y = p[1];

    p[0] = p[2];
    p[1] = p[3];
    p[2] = x;
    p[3] = y;
}

/* Turn over, in every row that an edge crosses, the pixel from which on the parity
 * of crossings is another one, and mark those that a crossing hits: they belong to
 * the spans on both of its sides.  Rows count from the upper corner to before the
 * lower one.  As in OpenCV, crossings are steps of a slope with 16 binary places,
 * and an edge that leaves the picture is taken from where it was cut. */
static void cross_rows(const Filling *f, ContourPoint a, ContourPoint b)
{
    int64_t from = MAX((int64_t)MIN(a.y, b.y), f->y);
    int64_t to   = MIN((int64_t)MAX(a.y, b.y), (int64_t)f->y + f->height);
    int64_t p[4] = { a.x, a.y, b.x, b.y };
    int64_t rise, slope;

    (void)cut_line(p, f->right, f->bottom);
    if (a.y > b.y) {
        swap_ends(p);
    }
    rise  = p[3] - p[1];
    slope = rise ? (p[2] - p[0]) * 65536 / rise : 0;
    for (int64_t y = from; y < to; y++) {
        Wide     way  = (Wide)(y - p[1]) * slope;
        int64_t  down = (int64_t)(way >> 16);
        bool     hit  = (way & 65535) == 0;
        int64_t  at   = p[0] + down + !hit - f->x;

        if (at < f->width) {
            uint8_t *pixel = f->bits + (y - f->y) * f->width + MAX(at, 0);

            *pixel ^= 1;
            *pixel |= hit && at >= 0 ? 2 : 0;
        }
    }
}

/* An edge's own pixels: Bresenham's line from its left end. */
static void draw_edge(const Filling *f, ContourPoint a, ContourPoint b)
{
    int64_t p[4] = { a.x, a.y, b.x, b.y };
    int64_t longer, shorter, down, err;
    bool    flat;

    if (!cut_line(p, f->right, f->bottom)) {
        return;
    }
    if (p[2] < p[0]) {
        swap_ends(p);
    }
    down    = p[3] < p[1] ? -1 : 1;
    longer  = MAX(p[2] - p[0], (p[3] - p[1]) * down);
    shorter = MIN(p[2] - p[0], (p[3] - p[1]) * down);
    flat    = p[2] - p[0] == longer;
    err     = longer - 2 * shorter;
    for (int64_t i = 0; i <= longer; i++) {
        bool both = err < 0;

        f->bits[(p[1] - f->y) * f->width + (p[0] - f->x)] = 1;
        err  += (both ? 2 * longer : 0) - 2 * shorter;
        p[0] += both || flat;
        p[1] += both || !flat ? down : 0;
    }
}

/* The polygon's rectangle, cut to the picture; false when nothing is left. */
static bool polygon_box(const ContourPoint *corners, int count, int32_t width, int32_t height,
                        Filling *f)
{
    int64_t x1 = INT32_MAX, y1 = INT32_MAX, x2 = INT32_MIN, y2 = INT32_MIN;

    for (int i = 0; i < count; i++) {
        x1 = MIN(x1, corners[i].x);
        y1 = MIN(y1, corners[i].y);
        x2 = MAX(x2, corners[i].x);
        y2 = MAX(y2, corners[i].y);
    }
    x1 = MAX(x1, 0);
    y1 = MAX(y1, 0);
    x2 = MIN(x2, (int64_t)width - 1);
    y2 = MIN(y2, (int64_t)height - 1);
    *f = (Filling){ .x = (int32_t)x1, .y = (int32_t)y1, .width = (int32_t)(x2 - x1 + 1),
                    .height = (int32_t)(y2 - y1 + 1), .right = (int64_t)width - 1,
                    .bottom = (int64_t)height - 1 };
    return x1 <= x2 && y1 <= y2;
}

/* How much of the way from a to b lies within `length` after `start`. */
static int64_t inside(int64_t a, int64_t b, int64_t start, int64_t length)
{
    return MAX(MIN(MAX(a, b), start + length) - MAX(MIN(a, b), start), 0);
}

bool mask_from_polygon(Arena *arena, const ContourPoint *corners, int count, int32_t width,
                       int32_t height, MaskAllowance *left, Mask *out, Error *err)
{
    Filling f;

    *out = (Mask){ 0 };
    if (count == 0 || !polygon_box(corners, count, width, height, &f)) {
        return true;
    }
    f.bits = mask_take_bits(arena, f.width, f.height, left, err);
    if (!f.bits) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        ContourPoint a = corners[i], b = corners[i + 1 < count ? i + 1 : 0];

        left->edges -= 1 + MAX(inside(a.x, b.x, f.x, f.width), inside(a.y, b.y, f.y, f.height));
        if (left->edges < 0) {
            return fail(err, ERR_TOO_LARGE, "the polygons of these detections have too many long "
                                            "edges; send fewer or simpler ones");
        }
        cross_rows(&f, a, b);
    }
    fill_spans(&f);
    for (int i = 0; i < count; i++) {
        draw_edge(&f, corners[i], corners[i + 1 < count ? i + 1 : 0]);
    }
    *out = (Mask){ f.x, f.y, f.width, f.height, f.bits };
    return true;
}

/* ---- looking and moving ------------------------------------------------------------------ */

int64_t mask_area(const Mask *mask)
{
    const uint64_t ones = 0x0101010101010101;
    int64_t        size = (int64_t)mask->width * mask->height, i = 0, area = 0;

    /* Eight bytes at a time, as sums of bytes that the multiplication adds up. */
    for (; i + 8 <= size; i += 8) {
        uint64_t eight;

        memcpy(&eight, mask->bits + i, 8);
        area += (int64_t)((eight * ones) >> 56);
    }
    for (; i < size; i++) {
        area += mask->bits[i] != 0;
    }
    return area;
}

Mask mask_moved(Arena *arena, const Mask *mask, int64_t dx, int64_t dy, int64_t width,
                int64_t height)
{
    int64_t x1 = MAX(mask->x + dx, 0), x2 = MIN(mask->x + dx + mask->width, width);
    int64_t y1 = MAX(mask->y + dy, 0), y2 = MIN(mask->y + dy + mask->height, height);
    Mask    moved = { (int32_t)x1, (int32_t)y1, (int32_t)(x2 - x1), (int32_t)(y2 - y1),
                      mask->bits };
    uint8_t *bits;

    if (x1 >= x2 || y1 >= y2 || x2 > INT32_MAX || y2 > INT32_MAX) {
        return (Mask){ 0 };
    }
    if (moved.width == mask->width) {
        moved.bits += (y1 - mask->y - dy) * mask->width;
        return moved;
    }
    bits = arena_try(arena, (size_t)moved.width * (size_t)moved.height, 1);
    for (int32_t y = 0; bits && y < moved.height; y++) {
        memcpy(bits + (size_t)y * (size_t)moved.width,
               mask->bits + (y1 - mask->y - dy + y) * mask->width + (x1 - mask->x - dx),
               (size_t)moved.width);
    }
    moved.bits = bits;
    return bits ? moved : (Mask){ 0 };
}

bool mask_outline(Arena *arena, const Mask *mask, Contour *out, Error *err)
{
    Contours       all;
    const Contour *largest;
    ContourPoint  *points;

    *out = (Contour){ 0 };
    if (mask->width <= 0 || mask->height <= 0) {
        return true;
    }
    if (!contours_find(arena, mask->bits, mask->width, mask->height, (size_t)mask->width,
                       CONTOUR_TREE, &all, err)) {
        return false;
    }
    largest = contours_largest(&all);
    if (!largest) {
        return true;
    }
    points = arena_array(arena, ContourPoint, MAX(largest->count, 1));
    for (int i = 0; points && i < largest->count; i++) {
        points[i] = (ContourPoint){ largest->points[i].x + mask->x,
                                    largest->points[i].y + mask->y };
    }
    *out        = *largest;
    out->points = points;
    return points || fail(err, ERR_MEMORY, "no memory for the outline of a mask");
}
