/*
 * regions - areas of objects, and their order.
 */
#include "blocks/regions.h"

#include <math.h>
#include <stdlib.h>

#include "blocks/drawing.h"

int pixel_within(double v, int side)
{
    return MAX(0, MIN(pixel_of(v), side));
}

Rect box_region(Box box, int width, int height)
{
    int x1 = pixel_within(box.x1, width), x2 = pixel_within(box.x2, width);
    int y1 = pixel_within(box.y1, height), y2 = pixel_within(box.y2, height);

    return x1 < x2 && y1 < y2 ? (Rect){ x1, y1, x2 - x1, y2 - y1 } : (Rect){ 0 };
}

Region row_region(const Detections *set, int row, int width, int height)
{
    return set->masks ? mask_region(&set->masks[row])
                      : (Region){ box_region(set->boxes[row], width, height), NULL };
}

const Detections *only_with_masks(const Detections *set)
{
    static const Detections none = { 0 };

    return set->masks ? set : &none;
}

Plane plane_part(Image *image, Rect rect)
{
    Plane plane = image_plane(image);

    plane.at = image_edit(image) + (size_t)rect.y * plane.stride +
               (size_t)rect.x * (size_t)plane.pixel;
    plane.width  = rect.width;
    plane.height = rect.height;
    return plane;
}

bool masks_fit(Call *call, int i, const Image *image, const Detections *set, const char *inner)
{
    int width = image_width(image), height = image_height(image);

    if (!set->masks || set->count == 0 || set->image_width < 0 ||
        (set->image_width == width && set->image_height == height)) {
        return true;
    }
    return call_fail(call, i, inner, "predictions: their masks are those of a picture of %lld x "
                     "%lld pixels, and this one has %d x %d; give the picture they were found in",
                     (long long)set->image_width, (long long)set->image_height, width, height);
}

bool masks_cover(const Image *image, const Detections *set)
{
    return set->image_width >= image_width(image) && set->image_height >= image_height(image);
}

typedef struct RowArea {
    double area;
    int    row;
} RowArea;

static int by_area(const void *a, const void *b)
{
    const RowArea *first = a, *second = b;

    if (first->area != second->area) {
        return first->area < second->area ? 1 : -1;
    }
    return second->row - first->row;
}

static double area_of(const Detections *set, int row)
{
    double area = set->masks ? (double)mask_area(&set->masks[row])
                             : box_width(set->boxes[row]) * box_height(set->boxes[row]);

    return isnan(area) ? 0 : area;
}

const int *rows_by_area(Arena *arena, const Detections *set, Error *err)
{
    RowArea *areas = arena_array(arena, RowArea, MAX(set->count, 1));
    int     *rows  = arena_array(arena, int, MAX(set->count, 1));

    if (!areas || !rows) {
        fail(err, ERR_MEMORY, "no memory to sort %d objects", set->count);
        return NULL;
    }
    for (int i = 0; i < set->count; i++) {
        areas[i] = (RowArea){ area_of(set, i), i };
    }
    qsort(areas, (size_t)set->count, sizeof *areas, by_area);
    for (int i = 0; i < set->count; i++) {
        rows[i] = areas[i].row;
    }
    return rows;
}
