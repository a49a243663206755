/*
 * overlap - how much objects of one picture cover the same place.
 *
 * Boxes are corners in pixels; areas are in square pixels.  A box whose second
 * corner is not beyond its first, or that holds a NaN, has area 0 and meets
 * nothing.  Intersection over union (IoU) is a number from 0 to 1.
 */
#ifndef OCELLUS_VISION_OVERLAP_H
#define OCELLUS_VISION_OVERLAP_H

#include "base/cancel.h"
#include "value/detections.h"

double box_area(Box box);

/* The area that two boxes share. */
double box_intersection(Box a, Box b);

/* 0 where they share nothing, also for two boxes of area 0. */
double box_iou(Box a, Box b);

/* The smallest box around both. */
Box box_around(Box a, Box b);

/* The number of pixels that both masks of one picture cover. */
int64_t mask_intersection(const Mask *a, const Mask *b);

/* Whether there is one; ends at the first. */
bool masks_meet(const Mask *a, const Mask *b);

/* The box around the covered pixels, from the first to after the last; false, and
 * nothing changes, where none is. */
bool mask_bounds(const Mask *mask, Box *out);

/* What any of the masks covers, in the rectangle around them; charged to the
 * allowance.  A mask alone is shared, not copied. */
bool masks_unite(Arena *arena, const Mask *const *masks, int count, MaskAllowance *left,
                 Mask *out, Error *err) MUST_USE;

/* ---- groups ---------------------------------------------------------------------- */

/* Numbers 0 .. count - 1 in disjoint groups; at first each is one of its own. */
typedef struct Groups {
    int *leaders;
    int  count;
} Groups;

/* False when memory is out. */
bool groups_open(Arena *arena, int count, Groups *groups) MUST_USE;

/* The smallest member of the group of `i`. */
int groups_leader(Groups *groups, int i);

void groups_join(Groups *groups, int a, int b);

/* All numbers, those of one group together: groups by their smallest member, members
 * in order.  NULL when memory is out. */
const int *groups_order(Arena *arena, Groups *groups) MUST_USE;

/* Whether two objects whose boxes meet belong together. */
typedef bool (*OverlapTest)(void *context, int a, int b);

/* Join all whose boxes meet, edges included, and that pass the test; pairs that are
 * in one group already are not asked about.  Boxes are swept from left to right, so
 * that only pairs which meet in x are looked at. */
bool groups_sweep(Arena *arena, const Box *boxes, Groups *groups, OverlapTest test,
                  void *context, const Cancel *cancel, Error *err) MUST_USE;

#endif
