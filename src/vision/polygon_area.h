/*
 * polygon_area - areas of polygons and of what two of them share.
 *
 * For simple polygons, in either direction of their corners.  Exact but for rounding; what
 * two polygons share costs one step for every pair of edges.
 */
#ifndef OCELLUS_VISION_POLYGON_AREA_H
#define OCELLUS_VISION_POLYGON_AREA_H

#include "base/base.h"

typedef struct Corner {
    double x, y;
} Corner;

double polygon_area(const Corner *corners, int count);
double polygons_shared_area(const Corner *a, int a_count, const Corner *b, int b_count);

#endif
