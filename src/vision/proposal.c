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

/* The boxes that stay, member by member: most pairs do not even touch, which a processor
 * sees for several boxes at once. */
typedef struct Kept {
    float   *x1, *y1, *x2, *y2, *area;
    int32_t *class_id;     /* all 0 across classes; of free places `free_place` */
    int      count;
} Kept;

/* How many are looked at together. */
enum { GROUP = 16 };

static const int32_t free_place = INT32_MIN;

static bool kept_open(Arena *arena, int most, Kept *kept)
{
    size_t room = ((size_t)most + GROUP - 1) / GROUP * GROUP;
    float *at   = arena_array(arena, float, 5 * room);

    *kept = (Kept){ .class_id = arena_array(arena, int32_t, room) };
    if (!at || !kept->class_id) {
        return false;
    }
    kept->x1   = at;
    kept->y1   = at + room;
    kept->x2   = at + 2 * room;
    kept->y2   = at + 3 * room;
    kept->area = at + 4 * room;
    for (size_t i = 0; i < room; i++) {
        kept->class_id[i] = free_place;
    }
    return true;
}

static void kept_add(Kept *kept, const Proposal *box, float size, int32_t class_id)
{
    int at = kept->count++;

    kept->x1[at]       = box->x1;
    kept->y1[at]       = box->y1;
    kept->x2[at]       = box->x2;
    kept->y2[at]       = box->y2;
    kept->area[at]     = size;
    kept->class_id[at] = class_id;
}

/* Whether any of a group is of the class and shares some area with the box: no box
 * that does not can overlap it by more than 0. */
static bool any_meets(const Kept *kept, int group, const Proposal *box, int32_t class_id)
{
    const float   *x1 = kept->x1 + group, *y1 = kept->y1 + group;
    const float   *x2 = kept->x2 + group, *y2 = kept->y2 + group;
    const int32_t *of = kept->class_id + group;
    float          left = box->x1, top = box->y1, right = box->x2, bottom = box->y2;
    int            meets = 0;

    for (int i = 0; i < GROUP; i++) {
        meets |= (x1[i] < right) & (x2[i] > left) & (y1[i] < bottom) & (y2[i] > top) &
                 (of[i] == class_id);
    }
    return meets != 0;
}

static float overlap(const Kept *kept, int i, const Proposal *box, float size)
{
    float width  = fminf(kept->x2[i], box->x2) - fmaxf(kept->x1[i], box->x1);
    float height = fminf(kept->y2[i], box->y2) - fmaxf(kept->y1[i], box->y1);
    float both   = fmaxf(width, 0) * fmaxf(height, 0);

    return both / (kept->area[i] + size - both);
}

static bool covered(const Kept *kept, const Proposal *box, float size, int32_t class_id,
                    float limit)
{
    for (int group = 0; group < kept->count; group += GROUP) {
        if (!any_meets(kept, group, box, class_id)) {
            continue;
        }
        for (int i = group; i < group + GROUP; i++) {
            if (kept->class_id[i] == class_id && overlap(kept, i, box, size) > limit) {
                return true;
            }
        }
    }
    return false;
}

int proposals_suppress(Arena *arena, Proposal *items, int count, const Suppression *how,
                       const Cancel *cancel, Error *err)
{
    Kept kept;

    if (!kept_open(arena, MAX(MIN(count, how->most), 1), &kept)) {
        fail(err, ERR_MEMORY, "no memory for %d boxes", count);
        return -1;
    }
    proposals_sort(items, count);
    for (int i = 0; i < count && kept.count < how->most; i++) {
        const Proposal *box      = &items[i];
        float           size     = area(box);
        int32_t         class_id = how->agnostic ? 0 : box->class_id;

        if (!cancel_check(cancel, err)) {
            return -1;
        }
        if (!covered(&kept, box, size, class_id, how->iou)) {
            items[kept.count] = *box;
            kept_add(&kept, &items[kept.count], size, class_id);
        }
    }
    return kept.count;
}
