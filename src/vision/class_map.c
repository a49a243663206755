/*
 * class_map - row by row, so that no picture of scores ever exists.
 */
#include "vision/class_map.h"

#include <math.h>

/* One row of pixels. */
typedef struct Line {
    const ClassScores *scores;
    int                x1, x2, y1, y2;   /* the picture's cells that the grid has */
    int                width;            /* in pixels */
    float             *cells;            /* a mixed row of one class */
    float             *logits;           /* [classes, width] */
    float             *best, *sum;
    uint8_t           *chosen;
} Line;

static void stretch_row(const Line *line, int y)
{
    const ClassScores *s = line->scores;
    int                count = line->x2 - line->x1;
    size_t             area = (size_t)s->width * (size_t)s->height;

    for (int c = 0; c < s->classes; c++) {
        const Tap *tap = &s->down->taps[y];
        int        stop = MIN(tap->first + tap->count, line->y2);

        memset(line->cells, 0, sizeof(float) * (size_t)count);
        for (int k = MAX(tap->first, line->y1); k < stop; k++) {
            const float *row = s->data + (size_t)c * area +
                               (size_t)(k + s->top) * (size_t)s->width + line->x1 + s->left;
            float weight = s->down->weights[(size_t)y * (size_t)s->down->room +
                                            (size_t)(k - tap->first)];

            for (int x = 0; x < count; x++) {
                line->cells[x] += weight * row[x];
            }
        }
        axis_stretch(s->across, line->cells, line->x1, line->x2, 0, line->width,
                     line->logits + (size_t)c * (size_t)line->width);
    }
}

/* The first of equal scores wins; what is no number never does. */
static void choose(const Line *line)
{
    int width = line->width;

    for (int x = 0; x < width; x++) {
        line->best[x]   = -INFINITY;
        line->chosen[x] = 0;
        line->sum[x]    = 0;
    }
    for (int c = 0; c < line->scores->classes; c++) {
        const float *logits = line->logits + (size_t)c * (size_t)width;

        for (int x = 0; x < width; x++) {
            bool better = logits[x] > line->best[x];

            line->best[x]   = better ? logits[x] : line->best[x];
            line->chosen[x] = better ? (uint8_t)c : line->chosen[x];
        }
    }
    for (int c = 0; c < line->scores->classes; c++) {
        const float *logits = line->logits + (size_t)c * (size_t)width;

        for (int x = 0; x < width; x++) {
            line->sum[x] += exp_negative(logits[x] - line->best[x]);
        }
    }
}

/* A score alone against nothing: softmax of it and 0. */
static void choose_single(const Line *line, int background)
{
    for (int x = 0; x < line->width; x++) {
        float logit = line->logits[x];

        line->chosen[x] = background == 1 ? 0 : 1;
        line->sum[x]    = isnan(logit) ? 0 : 1 + expf(-logit);
    }
}

static void settle(const Line *line, ClassChoice choice, uint8_t *classes, uint8_t *confidences)
{
    for (int x = 0; x < line->width; x++) {
        float share   = line->sum[x] >= 1 ? 1 / line->sum[x] : 0;
        bool  certain = share > 0 && share >= choice.threshold;

        classes[x]     = certain ? line->chosen[x] : (uint8_t)choice.background;
        confidences[x] = certain ? (uint8_t)(share * 255) : 0;
    }
}

static bool line_make(Arena *arena, const ClassScores *s, Line *line)
{
    int width = s->across->to;

    *line = (Line){
        .scores = s, .width = width,
        .x1 = MAX(0, -s->left), .x2 = MIN(s->across->from, s->width - s->left),
        .y1 = MAX(0, -s->top), .y2 = MIN(s->down->from, s->height - s->top),
        .cells = arena_array(arena, float, MAX(s->width, 1)),
        .logits = arena_array(arena, float, (int64_t)s->classes * width),
        .best = arena_array(arena, float, width), .sum = arena_array(arena, float, width),
        .chosen = arena_array(arena, uint8_t, width),
    };
    line->x2 = MAX(line->x1, line->x2);
    return line->cells && line->logits && line->best && line->sum && line->chosen;
}

bool class_map(Arena *arena, const ClassScores *scores, ClassChoice choice, const Cancel *cancel,
               uint8_t *classes, uint8_t *confidences, size_t stride, Error *err)
{
    Line line;

    if (!line_make(arena, scores, &line)) {
        return fail(err, ERR_MEMORY, "no memory for the scores of %d classes in %d pixels",
                    scores->classes, scores->across->to);
    }
    for (int y = 0; y < scores->down->to; y++) {
        if (!cancel_check(cancel, err)) {
            return false;
        }
        stretch_row(&line, y);
        if (scores->classes == 1) {
            choose_single(&line, choice.background);
        } else {
            choose(&line);
        }
        settle(&line, choice, classes + (size_t)y * stride, confidences + (size_t)y * stride);
    }
    return true;
}
