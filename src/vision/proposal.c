/*
 * proposal - sorting and suppressing boxes.
 */
#include "vision/proposal.h"

#include <math.h>

static int by_score(const void *left, const void *right)
{
    const Proposal *a = left, *b = right;

    if (a->score != b->score) {
        return a->score < b->score ? 1 : -1;
    }
    return (a->index > b->index) - (a->index < b->index);
}

void proposals_sort(Proposal *items, int count)
{
    if (count > 1) {
        qsort(items, (size_t)count, sizeof(*items), by_score);
    }
}

static float area(const Proposal *box)
{
    return (box->x2 - box->x1) * (box->y2 - box->y1);
}

static float overlap(const Proposal *a, float area_a, const Proposal *b, float area_b)
{
    float width  = fminf(a->x2, b->x2) - fmaxf(a->x1, b->x1);
    float height = fminf(a->y2, b->y2) - fmaxf(a->y1, b->y1);
    float both   = fmaxf(width, 0) * fmaxf(height, 0);

    return both / (area_a + area_b - both);
}

int proposals_suppress(Arena *arena, Proposal *items, int count, const Suppression *how,
                       const Cancel *cancel, Error *err)
{
    float *areas = arena_array(arena, float, MAX(count, 1));
    int    kept  = 0;

    if (!areas) {
        fail(err, ERR_MEMORY, "no memory for %d boxes", count);
        return -1;
    }
    proposals_sort(items, count);
    for (int i = 0; i < count && kept < how->most; i++) {
        const Proposal *box  = &items[i];
        float           size = area(box);
        bool            stays = true;

        if (!cancel_check(cancel, err)) {
            return -1;
        }
        for (int k = 0; k < kept && stays; k++) {
            stays = (!how->agnostic && items[k].class_id != box->class_id) ||
                    !(overlap(&items[k], areas[k], box, size) > how->iou);
        }
        if (stays) {
            areas[kept]   = size;
            items[kept++] = *box;
        }
    }
    return kept;
}
