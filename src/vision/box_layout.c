/*
 * box_layout - recognising how output tensors hold boxes.
 */
#include "vision/box_layout.h"

#include <math.h>

#include "base/text.h"

/* ---- names --------------------------------------------------------------------------- */

static const char *const names[] = {
    [BOXES_UNKNOWN] = "unknown", [BOXES_COLUMNS] = "columns", [BOXES_ROWS] = "rows",
    [BOXES_OBJECTNESS] = "objectness", [BOXES_CELLS] = "cells", [BOXES_FINISHED] = "finished",
    [BOXES_QUERIES] = "queries", [BOXES_CORNERS] = "corners", [BOXES_MAP] = "map",
    [BOXES_POINTS] = "points",
};

const char *box_layout_name(BoxLayout layout)
{
    return names[layout];
}

BoxLayout box_layout_find(Text name)
{
    for (size_t i = BOXES_UNKNOWN + 1; i < COUNT_OF(names); i++) {
        if (text_is(name, names[i])) {
            return (BoxLayout)i;
        }
    }
    return BOXES_UNKNOWN;
}

const char *box_layout_names(void)
{
    return "columns, rows, objectness, cells, finished, queries, corners, map or points";
}

/* ---- shapes -------------------------------------------------------------------------- */

static bool starts(const char *text, const char *with)
{
    return text && strncmp(text, with, strlen(with)) == 0;
}

/* Six columns are corners, score and class, or one class behind an objectness: networks
 * that finish the work themselves give few rows. */
static bool is_finished(const BoxTensor *tensor, int classes, int extra, const char *architecture)
{
    enum { FEW = 1000 };

    if (tensor->columns != 6 + extra) {
        return false;
    }
    return classes != 1 || tensor->rows <= FEW || starts(architecture, "yolov10") ||
           starts(architecture, "yolo26");
}

static bool has_objectness(const char *architecture)
{
    return starts(architecture, "yolov5") || starts(architecture, "yolov7") ||
           starts(architecture, "yolox");
}

BoxLayout box_layout_of(const BoxTensor *tensors, int count, int classes, int extra,
                        const char *architecture)
{
    const BoxTensor *one  = &tensors[0];
    int64_t          more = (int64_t)classes + extra;

    if (extra == 0 && count >= 2 && tensors[0].columns == 4 && tensors[1].rows == tensors[0].rows) {
        return BOXES_QUERIES;
    }
    if (one->across == 0 && one->rows == 4 + more && one->columns != 4 + more) {
        return BOXES_COLUMNS;
    }
    if (one->columns == 5 + more && has_objectness(architecture)) {
        return starts(architecture, "yolox") ? BOXES_CELLS : BOXES_OBJECTNESS;
    }
    if (one->across > 0) {
        return one->rows == 5 + more && starts(architecture, "fastestdet") ? BOXES_MAP
                                                                           : BOXES_UNKNOWN;
    }
    if (is_finished(one, classes, extra, architecture)) {
        return BOXES_FINISHED;
    }
    if (one->columns == 5 + more) {
        return BOXES_OBJECTNESS;
    }
    return one->columns == 4 + more ? BOXES_ROWS : BOXES_UNKNOWN;
}

bool box_layout_suppresses(BoxLayout layout)
{
    return layout != BOXES_FINISHED && layout != BOXES_QUERIES;
}

bool box_layout_fits(BoxLayout layout, const BoxTensor *tensors, int count, int classes,
                     int extra)
{
    const BoxTensor *one  = &tensors[0];
    int64_t          more = (int64_t)classes + extra;
    bool             pair = extra == 0 && count >= 2 && one->columns == 4 &&
                            tensors[1].rows == one->rows && tensors[1].columns >= 1;

    switch (layout) {
    case BOXES_COLUMNS:    return one->across == 0 && one->rows == 4 + more;
    case BOXES_ROWS:       return one->across == 0 && one->columns == 4 + more;
    case BOXES_CELLS:
    case BOXES_OBJECTNESS: return one->across == 0 && one->columns == 5 + more;
    case BOXES_FINISHED:   return one->across == 0 && one->columns == 6 + extra;
    case BOXES_QUERIES:    return pair;
    case BOXES_CORNERS:    return pair && (tensors[1].columns == classes ||
                                           tensors[1].columns == classes + 1);
    case BOXES_MAP:        return one->across > 0 && one->rows == 5 + classes && extra == 0;
    case BOXES_POINTS:
    case BOXES_UNKNOWN:    break;
    }
    return false;
}

/* ---- numbers ------------------------------------------------------------------------- */

bool box_layout_is_cells(int64_t boxes, int width, int height)
{
    int64_t cells = 0;

    for (int stride = 8; stride <= 32; stride *= 2) {
        cells += (int64_t)(width / stride) * (height / stride);
    }
    return cells > 0 && boxes == cells;
}

/* Of boxes that are finished, no side is below zero; its logarithm often is. */
static bool has_logarithms(const BoxTensor *t)
{
    for (int64_t i = 0; i < t->rows; i++) {
        if (t->data[i * t->columns + 2] < 0 || t->data[i * t->columns + 3] < 0) {
            return true;
        }
    }
    return false;
}

/* Scores that are shares, of boxes nearly all of which end behind where they begin. */
static bool has_corners(const BoxTensor *boxes, const BoxTensor *scores)
{
    int64_t ordered = 0, numbers = scores->rows * scores->columns;

    for (int64_t i = 0; i < numbers; i++) {
        if (!(scores->data[i] >= -1e-3F && scores->data[i] <= 1.001F)) {
            return false;
        }
    }
    for (int64_t i = 0; i < boxes->rows; i++) {
        const float *box = boxes->data + i * 4;

        ordered += box[2] >= box[0] && box[3] >= box[1];
    }
    return ordered >= boxes->rows - boxes->rows / 20;
}

BoxLayout box_layout_settle(BoxLayout layout, const BoxTensor *tensors, int width, int height)
{
    if (layout == BOXES_QUERIES && has_corners(&tensors[0], &tensors[1])) {
        return BOXES_CORNERS;
    }
    if ((layout == BOXES_OBJECTNESS || layout == BOXES_CELLS) &&
        box_layout_is_cells(tensors[0].rows, width, height)) {
        return has_logarithms(&tensors[0]) ? BOXES_CELLS : BOXES_OBJECTNESS;
    }
    return layout;
}
