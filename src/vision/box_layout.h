/*
 * box_layout - how a detector's output tensors hold boxes, recognised and read.
 *
 * Detectors differ in what their last layers leave to be done.  The shape of the output
 * and the number of classes tell most of them apart, the architecture's name the rest:
 *
 *   columns     [4 + C, N]   YOLOv8, v9, 11, 12: centre and size, then a score a class
 *   rows        [N, 4 + C]   the same, transposed
 *   objectness  [N, 5 + C]   YOLOv5, v7: an objectness is multiplied in
 *   cells       [N, 5 + C]   YOLOX: the same, but relative to cells of 8, 16 and 32 pixels
 *   finished    [N, 6]       YOLOv10, YOLO26, graphs with their NMS inside: corners,
 *                            score, class; nothing is suppressed any more
 *   queries     [N, 4] and [N, C]   DETR, RF-DETR: centre and size as fractions of the
 *                            input, logits; the N best of all scores count, no suppression
 *   corners     [N, 4] and [N, 1 + C]   SSD, UltraFace: corners as fractions of the input,
 *                            shares of which the first is of the background, unless there
 *                            are C
 *   map         [5 + C, H, W]   FastestDet: an object a cell, with objectness, offsets and
 *                            sides before their tanh and sigmoid, and shares of classes
 *   points      [2 K]        no boxes: the points of one object that fills the input, x and
 *                            y as fractions of it
 *
 * Networks that say more of each box (the coefficients of its mask) have `extra` numbers
 * behind all of these, except for the last four.
 * Of `queries` and `corners` the boxes are the first tensor.
 *
 * Layouts that nothing in a shape tells (cells, corners, map, points) are only read where
 * a package states them or the network's architecture is of that family.
 */
#ifndef OCELLUS_VISION_BOX_LAYOUT_H
#define OCELLUS_VISION_BOX_LAYOUT_H

#include "vision/proposal.h"

typedef enum BoxLayout {
    BOXES_UNKNOWN, BOXES_COLUMNS, BOXES_ROWS, BOXES_OBJECTNESS, BOXES_CELLS, BOXES_FINISHED,
    BOXES_QUERIES, BOXES_CORNERS, BOXES_MAP, BOXES_POINTS,
} BoxLayout;

/* The output of one picture: one tensor, or two.  A map's columns are its cells, row
 * after row. */
typedef struct BoxTensor {
    int64_t      rows, columns;
    const float *data;         /* row after row */
    int64_t      across;       /* cells in a row of a map; 0: no map */
} BoxTensor;

typedef struct BoxReading {
    BoxLayout layout;
    int       classes;
    int       width, height;   /* of the network's input */
    float     threshold;       /* scores above it count (at least it when finished) */
    int       extra;           /* numbers a box has beyond those */
} BoxReading;

/* "columns" ...; how a package states it. */
const char *box_layout_name(BoxLayout layout);
BoxLayout   box_layout_find(Text name);

/* All of those names, for people. */
const char *box_layout_names(void);

/* What one or two tensors of one picture are; `architecture` may be NULL. */
BoxLayout box_layout_of(const BoxTensor *tensors, int count, int classes, int extra,
                        const char *architecture);

/* Whether tensors have the shapes of a layout. */
bool box_layout_fits(BoxLayout layout, const BoxTensor *tensors, int count, int classes,
                     int extra);

/* Shapes leave it open whether boxes are relative to cells, and whether two tensors are
 * queries or corners: what the numbers of an answer say of it.  `width` and `height` are
 * those of the network's input. */
BoxLayout box_layout_settle(BoxLayout layout, const BoxTensor *tensors, int width, int height);

/* Whether as many boxes as that are one of each cell of 8, 16 and 32 pixels. */
bool box_layout_is_cells(int64_t boxes, int width, int height);

/* Whether proposals of this layout are still to be suppressed. */
bool box_layout_suppresses(BoxLayout layout);

/* Read the proposals above the threshold, in pixels of the network's input; NULL when
 * memory is out.  Scores that are no number never count. */
Proposal *box_layout_read(Arena *arena, const BoxReading *how, const BoxTensor *tensors,
                          int *count, Error *err) MUST_USE;

/* The `extra` numbers of the proposal with that index. */
void box_layout_extra(const BoxReading *how, const BoxTensor *tensor, int index, float *out);

#endif
