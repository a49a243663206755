/*
 * proposal - objects that a network proposes, and which of them stay.
 *
 * Greedy non-maximum suppression as torchvision's batched_nms() does it: best score
 * first, a box goes when its IoU with a better one of its class that stays is above the
 * limit.  Areas are of real rectangles (no + 1).
 */
#ifndef OCELLUS_VISION_PROPOSAL_H
#define OCELLUS_VISION_PROPOSAL_H

#include "base/arena.h"
#include "base/cancel.h"

/* Corners in pixels of whatever picture the boxes are of. */
typedef struct Proposal {
    float   x1, y1, x2, y2, score;
    int32_t class_id;
    int32_t index;         /* its place in the network's output */
} Proposal;

typedef struct Suppression {
    float iou;             /* 0 .. 1; boxes that overlap more go */
    bool  agnostic;        /* across classes */
    int   most;            /* how many stay at most */
} Suppression;

/* Best score first; of equal ones the earlier in the network's output. */
void proposals_sort(Proposal *items, int count);

/* Sort, and move those that stay to the front; returns how many.  Work is bounded by
 * `most` x count comparisons; -1 when `cancel` asked for the end or memory is out (err
 * filled). */
int proposals_suppress(Arena *arena, Proposal *items, int count, const Suppression *how,
                       const Cancel *cancel, Error *err);

#endif
