/*
 * box_layout - reading boxes out of output tensors.
 */
#include "vision/box_layout.h"

#include <math.h>

/* ---- recognising ------------------------------------------------------------------- */

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
    if (one->rows == 4 + more && one->columns != 4 + more) {
        return BOXES_COLUMNS;
    }
    if (one->columns == 5 + more && has_objectness(architecture)) {
        return BOXES_OBJECTNESS;
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

/* ---- reading ------------------------------------------------------------------------ */

typedef struct Reading {
    const BoxReading *how;
    Proposal         *items;
    int               count;
} Reading;

static void add(Reading *r, float x, float y, float width, float height, float score, int class_id,
                int64_t index)
{
    r->items[r->count++] = (Proposal){ x - width / 2, y - height / 2, x + width / 2,
                                       y + height / 2, score, class_id, (int32_t)index };
}

/* Class by class, so that the processor sees long rows. */
static bool read_columns(Reading *r, Arena *arena, const BoxTensor *t)
{
    int64_t  n      = t->columns;
    float   *best   = arena_array(arena, float, n);
    int32_t *chosen = arena_array(arena, int32_t, n);

    if (!best || !chosen) {
        return false;
    }
    for (int64_t i = 0; i < n; i++) {
        best[i] = -INFINITY;
    }
    for (int c = 0; c < r->how->classes; c++) {
        const float *scores = t->data + (4 + c) * n;

        for (int64_t i = 0; i < n; i++) {
            bool better = scores[i] > best[i];

            best[i]   = better ? scores[i] : best[i];
            chosen[i] = better ? c : chosen[i];
        }
    }
    for (int64_t i = 0; i < n; i++) {
        if (best[i] > r->how->threshold) {
            add(r, t->data[i], t->data[n + i], t->data[2 * n + i], t->data[3 * n + i], best[i],
                chosen[i], i);
        }
    }
    return true;
}

static int best_class(const float *scores, int classes, float *score)
{
    int best = 0;

    for (int c = 1; c < classes; c++) {
        best = scores[c] > scores[best] || isnan(scores[best]) ? c : best;
    }
    *score = scores[best];
    return best;
}

/* YOLOX: cells of 8, 16 and 32 pixels, row after row. */
static void from_grid(const BoxReading *how, int64_t index, float box[4])
{
    for (int stride = 8; stride <= 32; stride *= 2) {
        int64_t across = how->width / stride, cells = across * (how->height / stride);

        if (index < cells) {
            box[0] = (box[0] + (float)(index % across)) * (float)stride;
            box[1] = (box[1] + (float)(index / across)) * (float)stride;
            box[2] = expf(box[2]) * (float)stride;
            box[3] = expf(box[3]) * (float)stride;
            return;
        }
        index -= cells;
    }
}

static void read_rows(Reading *r, const BoxTensor *t)
{
    int skip = r->how->layout == BOXES_OBJECTNESS ? 5 : 4;

    for (int64_t i = 0; i < t->rows; i++) {
        const float *row = t->data + i * t->columns;
        float        score, box[4] = { row[0], row[1], row[2], row[3] };
        int          id = best_class(row + skip, r->how->classes, &score);

        score = skip == 5 ? score * row[4] : score;
        if (score > r->how->threshold) {
            if (r->how->grid) {
                from_grid(r->how, i, box);
            }
            add(r, box[0], box[1], box[2], box[3], score, id, i);
        }
    }
}

static void read_finished(Reading *r, const BoxTensor *t)
{
    for (int64_t i = 0; i < t->rows; i++) {
        const float *row = t->data + i * t->columns;

        if (row[4] >= r->how->threshold && row[5] >= 0 && row[5] < (float)r->how->classes) {
            r->items[r->count++] = (Proposal){ row[0], row[1], row[2], row[3], row[4],
                                               (int32_t)row[5], (int32_t)i };
        }
    }
}

/* The best scores of all queries and classes, as many as there are queries. */
static void read_queries(Reading *r, const BoxTensor *boxes, const BoxTensor *logits)
{
    for (int64_t i = 0; i < boxes->rows; i++) {
        const float *box = boxes->data + i * 4;

        for (int c = 0; c < MIN(logits->columns, r->how->classes); c++) {
            float score = 1 / (1 + expf(-logits->data[i * logits->columns + c]));

            if (score > r->how->threshold) {
                add(r, box[0] * (float)r->how->width, box[1] * (float)r->how->height,
                    box[2] * (float)r->how->width, box[3] * (float)r->how->height, score, c,
                    i * logits->columns + c);
            }
        }
    }
    proposals_sort(r->items, r->count);
    r->count = (int)MIN(r->count, boxes->rows);
}

Proposal *box_layout_read(Arena *arena, const BoxReading *how, const BoxTensor *tensors,
                          int *count, Error *err)
{
    const BoxTensor *t    = &tensors[0];
    int64_t          room = how->layout == BOXES_COLUMNS ? t->columns
                          : how->layout == BOXES_QUERIES ? t->rows * tensors[1].columns : t->rows;
    Reading          r    = { how, NULL, 0 };
    bool             ok   = true;

    r.items = room >= 0 && room <= INT32_MAX ? arena_array(arena, Proposal, MAX(room, 1)) : NULL;
    if (r.items) {
        switch (how->layout) {
        case BOXES_COLUMNS:    ok = read_columns(&r, arena, t); break;
        case BOXES_ROWS:
        case BOXES_OBJECTNESS: read_rows(&r, t); break;
        case BOXES_FINISHED:   read_finished(&r, t); break;
        case BOXES_QUERIES:    read_queries(&r, t, &tensors[1]); break;
        case BOXES_UNKNOWN:    break;
        }
    }
    if (!r.items || !ok) {
        fail(err, ERR_MEMORY, "no memory for the boxes of a network");
        return NULL;
    }
    *count = r.count;
    return r.items;
}

void box_layout_extra(const BoxReading *how, const BoxTensor *t, int index, float *out)
{
    int64_t skip = how->layout == BOXES_FINISHED   ? 6
                 : how->layout == BOXES_OBJECTNESS ? 5 + how->classes : 4 + how->classes;

    for (int k = 0; k < how->extra; k++) {
        out[k] = how->layout == BOXES_COLUMNS ? t->data[(skip + k) * t->columns + index]
                                              : t->data[index * t->columns + skip + k];
    }
}
