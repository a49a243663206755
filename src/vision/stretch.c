/*
 * stretch - weights, and sums of cells.
 */
#include "vision/stretch.h"

#include <math.h>

/* The weights of new cell `i`: a triangle around its middle, cut where the grid ends. */
static Tap weigh(int from, float scale, int i, int room, float *weights)
{
    float support = fmaxf(scale, 1);
    float center  = scale * ((float)i + 0.5f);
    int   first   = MAX((int)(center - support + 0.5f), 0);
    int   end     = MIN((int)(center + support + 0.5f), from);
    float total   = 0;
    Tap   tap;

    first     = MIN(first, from - 1);
    tap.first = first;
    tap.count = MIN(MAX(end - first, 1), room);
    for (int k = 0; k < tap.count; k++) {
        float distance = fabsf(((float)(k + first) - center + 0.5f) / support);

        weights[k] = fmaxf(1 - distance, 0);
        total += weights[k];
    }
    for (int k = 0; k < tap.count; k++) {
        weights[k] = total > 0 ? weights[k] / total : 1 / (float)tap.count;
    }
    for (int k = tap.count; k < room; k++) {
        weights[k] = 0;
    }
    return tap;
}

bool axis_make(Arena *arena, int from, int to, Axis *out)
{
    float  scale   = (float)from / (float)to;
    int    room    = (int)MIN((int64_t)ceilf(fmaxf(scale, 1)) * 2 + 1, from);
    Tap   *taps    = arena_array(arena, Tap, to);
    float *weights = arena_array(arena, float, (int64_t)to * room);

    if (!taps || !weights) {
        return false;
    }
    for (int i = 0; i < to; i++) {
        taps[i] = weigh(from, scale, i, room, weights + (int64_t)i * room);
    }
    *out = (Axis){ from, to, room, taps, weights };
    return true;
}

void axis_reach(const Axis *axis, int first, int end, int *from, int *to)
{
    int begin = 0, stop = axis->to;

    while (begin < stop && axis->taps[begin].first + axis->taps[begin].count <= first) {
        begin++;
    }
    while (stop > begin && axis->taps[stop - 1].first >= end) {
        stop--;
    }
    *from = begin;
    *to   = stop;
}

void axis_stretch(const Axis *axis, const float *cells, int first, int end, int from, int to,
                  float *out)
{
    for (int i = from; i < to; i++) {
        const Tap   *tap     = &axis->taps[i];
        const float *weights = axis->weights + (int64_t)i * axis->room;
        int          begin   = MAX(tap->first, first);
        int          stop    = MIN(tap->first + tap->count, end);
        float        sum     = 0;

        /* Most cells of a grid that is made larger. */
        if (stop - begin == 2) {
            const float *two = weights + (begin - tap->first);

            *out++ = two[0] * cells[begin - first] + two[1] * cells[begin - first + 1];
            continue;
        }
        for (int k = begin; k < stop; k++) {
            sum += weights[k - tap->first] * cells[k - first];
        }
        *out++ = sum;
    }
}

void axis_mix_rows(const Axis *axis, const float *rows, int width, int first, int end, int i,
                   float *out)
{
    const Tap   *tap     = &axis->taps[i];
    const float *weights = axis->weights + (int64_t)i * axis->room;
    int          stop    = MIN(tap->first + tap->count, end);

    memset(out, 0, sizeof(float) * (size_t)width);
    for (int k = MAX(tap->first, first); k < stop; k++) {
        const float *row    = rows + (int64_t)(k - first) * width;
        float        weight = weights[k - tap->first];

        for (int x = 0; x < width; x++) {
            out[x] += weight * row[x];
        }
    }
}
