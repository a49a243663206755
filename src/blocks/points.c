/*
 * points - reading lists of corners.
 */
#include "blocks/points.h"

#include "blocks/drawing.h"

static bool is_list(Value v)
{
    return v.type == VALUE_LIST || v.type == VALUE_TUPLE;
}

static bool read_point(Value point, uint32_t length, ContourPoint *out, Error *err)
{
    double x, y;

    if (!is_list(point) || point.count != length) {
        return fail(err, ERR_INVALID, "points must all have as many coordinates as the first");
    }
    if (length != 2) {
        return fail(err, ERR_UNSUPPORTED, "a point has two coordinates, this one %u", length);
    }
    if (!value_to_double(point.as.items[0], &x) || !value_to_double(point.as.items[1], &y)) {
        return fail(err, ERR_INVALID, "the coordinates of a point must be numbers");
    }
    *out = (ContourPoint){ pixel_of(x), pixel_of(y) };
    return true;
}

bool points_read(Arena *arena, Value list, Polygon *out, Error *err)
{
    ContourPoint *corners;

    if (!is_list(list) || list.count == 0 || !is_list(list.as.items[0])) {
        return fail(err, ERR_NOT_FOUND, "a list of points is needed, [[x, y], ...]");
    }
    corners = arena_array(arena, ContourPoint, list.count);
    if (!corners) {
        return fail(err, ERR_MEMORY, "no memory for %u points", list.count);
    }
    for (uint32_t i = 0; i < list.count; i++) {
        if (!read_point(list.as.items[i], list.as.items[0].count, &corners[i], err)) {
            return false;
        }
    }
    *out = (Polygon){ corners, (int)list.count };
    return true;
}

bool points_check_list(Value value, const char *field, Error *err)
{
    if (value_is_null(value) || is_list(value)) {
        return true;
    }
    fail(err, ERR_INVALID, "a list of points is needed, [[x, y], ...]");
    (void)snprintf(err->field, sizeof(err->field), "%s", field);
    return false;
}
