/*
 * box_layout - how a detector's output tensors hold boxes, recognised and read.
 *
 * Detectors differ in what their last layers leave to be done.  The shape of the output
 * and the number of classes tell most of them apart, the architecture's name the rest:
 *
 *   columns     [4 + C, N]   YOLOv8, v9, 11, 12: centre and size, then a score a class
 *   rows        [N, 4 + C]   the same, transposed
 *   objectness  [N, 5 + C]   YOLOv5, v7, YOLOX: an objectness is multiplied in
 *   finished    [N, 6]       YOLOv10, YOLO26, graphs with their NMS inside: corners,
 *                            score, class; nothing is suppressed any more
 *   queries     [N, 4] and [N, C]   DETR, RF-DETR: centre and size as fractions of the
 *                            input, logits; the N best of all scores count, no suppression
 *
 * Networks that say more of each box (the coefficients of its mask) have `extra` numbers
 * behind all of these, except for queries.
 */
#ifndef OCELLUS_VISION_BOX_LAYOUT_H
#define OCELLUS_VISION_BOX_LAYOUT_H

#include "vision/proposal.h"

typedef enum BoxLayout {
    BOXES_UNKNOWN, BOXES_COLUMNS, BOXES_ROWS, BOXES_OBJECTNESS, BOXES_FINISHED, BOXES_QUERIES,
} BoxLayout;

/* The output of one picture: one tensor, or two for queries. */
typedef struct BoxTensor {
    int64_t      rows, columns;
    const float *data;         /* row after row */
} BoxTensor;

typedef struct BoxReading {
    BoxLayout layout;
    int       classes;
    int       width, height;   /* of the network's input */
    bool      grid;            /* YOLOX: boxes are still relative to their cell */
    float     threshold;       /* scores above it count (at least it when finished) */
    int       extra;           /* numbers a box has beyond those */
} BoxReading;

/* What one or two tensors of one picture are; `architecture` may be NULL. */
BoxLayout box_layout_of(const BoxTensor *tensors, int count, int classes, int extra,
                        const char *architecture);

/* Whether proposals of this layout are still to be suppressed. */
bool box_layout_suppresses(BoxLayout layout);

/* Read the proposals above the threshold, in pixels of the network's input; NULL when
 * memory is out.  Scores that are no number never count. */
Proposal *box_layout_read(Arena *arena, const BoxReading *how, const BoxTensor *tensors,
                          int *count, Error *err) MUST_USE;

/* The `extra` numbers of the proposal with that index. */
void box_layout_extra(const BoxReading *how, const BoxTensor *tensor, int index, float *out);

#endif
