/*
 * overlapping - sets of detections without objects that stand for the same thing.
 *
 * Objects are compared by their masks where there are any, else by their boxes; only
 * those of one class are.
 */
#ifndef OCELLUS_VISION_OVERLAPPING_H
#define OCELLUS_VISION_OVERLAPPING_H

#include "base/cancel.h"
#include "value/detections.h"

/* Those that no surer one overlaps by more than the threshold, in their order. */
const Detections *overlapping_suppressed(Arena *arena, const Detections *set, double threshold,
                                         const Cancel *cancel, Error *err) MUST_USE;

/* Class by class, the surest takes all that overlap it by the threshold or more: boxes and
 * masks are united, confidences averaged by the boxes' areas, the rest is the surest's.  A
 * union of masks takes more as it grows. */
const Detections *overlapping_merged(Arena *arena, const Detections *set, double threshold,
                                     const Cancel *cancel, Error *err) MUST_USE;

#endif
