/*
 * box_read - reading boxes out of output tensors.
 */
#include "vision/box_layout.h"

#include <math.h>

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
    int skip = r->how->layout == BOXES_ROWS ? 4 : 5;

    for (int64_t i = 0; i < t->rows; i++) {
        const float *row = t->data + i * t->columns;
        float        score, box[4] = { row[0], row[1], row[2], row[3] };
        int          id = best_class(row + skip, r->how->classes, &score);

        score = skip == 5 ? score * row[4] : score;
        if (score > r->how->threshold) {
            if (r->how->layout == BOXES_CELLS) {
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

/* The best of all classes but the background's, which is the first where there is one. */
static void read_corners(Reading *r, const BoxTensor *boxes, const BoxTensor *scores)
{
    float width = (float)r->how->width, height = (float)r->how->height;
    int   skip = scores->columns > r->how->classes;

    for (int64_t i = 0; i < boxes->rows; i++) {
        const float *box = boxes->data + i * 4;
        float        score;
        int          id = best_class(scores->data + i * scores->columns + skip,
                                     r->how->classes, &score);

        if (score > r->how->threshold) {
            r->items[r->count++] = (Proposal){ box[0] * width, box[1] * height, box[2] * width,
                                               box[3] * height, score, id, (int32_t)i };
        }
    }
}

/* FastestDet weighs its objectness against its classes: o^0.6 * c^0.4. */
static void read_map(Reading *r, const BoxTensor *t)
{
    int64_t n = t->columns, down = n / t->across;

    for (int64_t i = 0; i < n; i++) {
        float best = -INFINITY;
        int   id = 0;

        for (int c = 0; c < r->how->classes; c++) {
            float share = t->data[(5 + c) * n + i];

            id   = share > best ? c : id;
            best = share > best ? share : best;
        }

        float score = powf(t->data[i], 0.6F) * powf(best, 0.4F);
        float x = ((float)(i % t->across) + tanhf(t->data[n + i])) / (float)t->across;
        float y = ((float)(i / t->across) + tanhf(t->data[2 * n + i])) / (float)down;

        if (score > r->how->threshold) {
            add(r, x * (float)r->how->width, y * (float)r->how->height,
                (float)r->how->width / (1 + expf(-t->data[3 * n + i])),
                (float)r->how->height / (1 + expf(-t->data[4 * n + i])), score, id, i);
        }
    }
}

static int64_t room_for(const BoxReading *how, const BoxTensor *tensors)
{
    switch (how->layout) {
    case BOXES_MAP:
    case BOXES_COLUMNS: return tensors[0].columns;
    case BOXES_QUERIES: return tensors[0].rows * tensors[1].columns;
    default:            return tensors[0].rows;
    }
}

Proposal *box_layout_read(Arena *arena, const BoxReading *how, const BoxTensor *tensors,
                          int *count, Error *err)
{
    const BoxTensor *t    = &tensors[0];
    int64_t          room = room_for(how, tensors);
    Reading          r    = { how, NULL, 0 };
    bool             ok   = true;

    r.items = room >= 0 && room <= INT32_MAX ? arena_array(arena, Proposal, MAX(room, 1)) : NULL;
    if (r.items) {
        switch (how->layout) {
        case BOXES_COLUMNS:    ok = read_columns(&r, arena, t); break;
        case BOXES_ROWS:
        case BOXES_CELLS:
        case BOXES_OBJECTNESS: read_rows(&r, t); break;
        case BOXES_FINISHED:   read_finished(&r, t); break;
        case BOXES_QUERIES:    read_queries(&r, t, &tensors[1]); break;
        case BOXES_CORNERS:    read_corners(&r, t, &tensors[1]); break;
        case BOXES_MAP:        read_map(&r, t); break;
        case BOXES_POINTS:     /* there are no boxes */
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
    int64_t skip = how->layout == BOXES_FINISHED ? 6
                 : how->layout == BOXES_OBJECTNESS || how->layout == BOXES_CELLS
                 ? 5 + how->classes : 4 + how->classes;

    for (int k = 0; k < how->extra; k++) {
        out[k] = how->layout == BOXES_COLUMNS ? t->data[(skip + k) * t->columns + index]
                                              : t->data[index * t->columns + skip + k];
    }
}
