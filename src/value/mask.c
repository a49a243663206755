/*
 * mask - polygons, moving, outlines.
 */
#include "value/mask.h"

#include "image/raster.h"

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

bool mask_from_polygon(Arena *arena, const ContourPoint *corners, int count, int32_t width,
                       int32_t height, MaskAllowance *left, Mask *out, Error *err)
{
    Polygon  polygon = { corners, count };
    Size     picture = { width, height };
    Rect     box;
    uint8_t *bits;

    *out = (Mask){ 0 };
    if (!polygons_box(&polygon, 1, picture, &box)) {
        return true;
    }
    bits = mask_take_bits(arena, box.width, box.height, left, err);
    if (!bits) {
        return false;
    }
    if (!polygons_fill(bits, box, picture, &polygon, 1, &left->edges)) {
        return fail(err, ERR_TOO_LARGE, "the polygons of these detections have too many long "
                                        "edges; send fewer or simpler ones");
    }
    *out = (Mask){ box.x, box.y, box.width, box.height, bits };
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
