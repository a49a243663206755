/*
 * overlapping - greedy suppression and merging.
 */
#include "vision/overlapping.h"

#include <math.h>
#include <stdlib.h>

#include "vision/overlap.h"

/* One object; `place` is its row. */
typedef struct Candidate {
    int64_t class_id;
    double  confidence;
    int     place;
    int64_t area;          /* of its mask */
} Candidate;

/* The surest first; of equals the later, as a stable sort has it that is turned around.  (What
 * the reference does with many equals depends on its processor.) */
static int by_confidence(const void *a, const void *b)
{
    const Candidate *p = a, *q = b;

    if (isnan(p->confidence) || isnan(q->confidence)) {
        int p_unknown = isnan(p->confidence) != 0, q_unknown = isnan(q->confidence) != 0;

        return p_unknown != q_unknown ? q_unknown - p_unknown : q->place - p->place;
    }
    if (p->confidence != q->confidence) {
        return p->confidence > q->confidence ? -1 : 1;
    }
    return q->place - p->place;
}

static int by_class(const void *a, const void *b)
{
    const Candidate *p = a, *q = b;

    return p->class_id != q->class_id ? (p->class_id < q->class_id ? -1 : 1) : by_confidence(a, b);
}

static Candidate *candidates(Arena *arena, const Detections *set,
                             int (*order)(const void *, const void *), Error *err)
{
    Candidate *list = arena_array(arena, Candidate, MAX(set->count, 1));

    if (!list) {
        fail(err, ERR_MEMORY, "no memory to compare %d objects", set->count);
        return NULL;
    }
    for (int k = 0; k < set->count; k++) {
        list[k] = (Candidate){ set->class_ids[k], set->confidences[k], k,
                               set->masks ? mask_area(&set->masks[k]) : 0 };
    }
    qsort(list, (size_t)set->count, sizeof(*list), order);
    return list;
}

static double masks_iou(const Mask *a, int64_t area_a, const Mask *b, int64_t area_b)
{
    int64_t both = mask_intersection(a, b);

    return both > 0 ? (double)both / (double)(area_a + area_b - both) : 0;
}

static double overlap_of(const Detections *set, const Candidate *a, const Candidate *b)
{
    return set->masks ? masks_iou(&set->masks[a->place], a->area, &set->masks[b->place], b->area)
                      : box_iou(set->boxes[a->place], set->boxes[b->place]);
}

/* ---- suppression ------------------------------------------------------------------------- */

const Detections *overlapping_suppressed(Arena *arena, const Detections *set, double threshold,
                                         const Cancel *cancel, Error *err)
{
    Candidate *list = candidates(arena, set, by_confidence, err);
    bool      *gone = arena_array(arena, bool, MAX(set->count, 1));
    int       *rows = arena_array(arena, int, MAX(set->count, 1));
    int        count = 0;

    if (!list || !gone || !rows) {
        fail(err, ERR_MEMORY, "no memory to compare %d objects", set->count);
        return NULL;
    }
    for (int k = 0; k < set->count; k++) {
        if (gone[list[k].place]) {
            continue;
        }
        if (!cancel_check(cancel, err)) {
            return NULL;
        }
        for (int other = k + 1; other < set->count; other++) {
            if (!gone[list[other].place] && list[other].class_id == list[k].class_id &&
                overlap_of(set, &list[k], &list[other]) > threshold) {
                gone[list[other].place] = true;
            }
        }
    }
    for (int k = 0; k < set->count; k++) {
        if (!gone[k]) {
            rows[count++] = k;
        }
    }
    return detections_select(arena, set, rows, count);
}

/* ---- merging ------------------------------------------------------------------------------- */

/* The objects that become one: the seed is the first. */
typedef struct Merging {
    Arena            *arena;
    const Detections *set;
    const Cancel     *cancel;
    double            threshold;
    Candidate        *left;         /* of one class, the surest first */
    int               left_count;
    int              *members;      /* rows */
    int               member_count;
    Mask              mask;         /* the union so far */
    MaskAllowance     allowance;
} Merging;

static bool grow_mask(Merging *merge, int first, Error *err)
{
    const Mask **masks = arena_array(merge->arena, const Mask *, merge->member_count + 1);
    Mask         united;
    int          count = 0;

    if (!masks) {
        return fail(err, ERR_MEMORY, "no memory to merge %d masks", merge->member_count);
    }
    masks[count++] = &merge->mask;
    for (int m = first; m < merge->member_count; m++) {
        masks[count++] = &merge->set->masks[merge->members[m]];
    }
    if (!masks_unite(merge->arena, masks, count, &merge->allowance, &united, err)) {
        return false;
    }
    merge->mask = united;
    return true;
}

/* Take what overlaps the seed; true in `*grew` if anything did. */
static void take_overlapping(Merging *merge, const Candidate *seed, bool *grew)
{
    int     kept = 0;
    int64_t area = merge->set->masks ? mask_area(&merge->mask) : 0;

    *grew = false;
    for (int k = 0; k < merge->left_count; k++) {
        const Candidate *other = &merge->left[k];
        double iou = merge->set->masks ? masks_iou(&merge->mask, area,
                                                   &merge->set->masks[other->place], other->area)
                                       : overlap_of(merge->set, seed, other);

        if (iou >= merge->threshold) {
            merge->members[merge->member_count++] = other->place;
            *grew = true;
        } else {
            merge->left[kept++] = *other;
        }
    }
    merge->left_count = kept;
}

/* The next group: the seed leaves the list, then all that it takes. */
static bool take_group(Merging *merge, Error *err)
{
    Candidate seed = merge->left[0];
    bool      grew = true;

    memmove(merge->left, merge->left + 1, (size_t)(merge->left_count - 1) * sizeof(*merge->left));
    merge->left_count--;
    merge->member_count = 0;
    merge->members[merge->member_count++] = seed.place;
    merge->mask = merge->set->masks ? merge->set->masks[seed.place] : (Mask){ 0 };
    while (grew) {
        int first = merge->member_count;

        if (!cancel_check(merge->cancel, err)) {
            return false;
        }
        take_overlapping(merge, &seed, &grew);
        if (grew && merge->set->masks && !grow_mask(merge, first, err)) {
            return false;
        }
        grew = grew && merge->set->masks;
    }
    return true;
}

/* Merged confidences are 32-bit floats in the reference. */
static void finish_group(const Merging *merge, Box *box, double *confidence)
{
    double areas = 0, sum = 0;

    *box = merge->set->boxes[merge->members[0]];
    for (int m = 0; m < merge->member_count; m++) {
        int    row  = merge->members[m];
        double area = box_width(merge->set->boxes[row]) * box_height(merge->set->boxes[row]);

        areas += area;
        sum   += area * merge->set->confidences[row];
        *box   = box_around(*box, merge->set->boxes[row]);
    }
    *confidence = merge->set->confidences[merge->members[0]];
    if (merge->member_count > 1) {
        *confidence = (float)(areas > 0 ? sum / areas : *confidence);
    }
}

/* Rows, boxes and the like of the groups found so far. */
typedef struct Groupings {
    int    *rows, count;
    Box    *boxes;
    double *confidences;
    Mask   *masks;
} Groupings;

static bool merge_class(Merging *merge, Groupings *out, Error *err)
{
    while (merge->left_count > 0) {
        int k = out->count++;

        if (!take_group(merge, err)) {
            return false;
        }
        out->rows[k]  = merge->members[0];
        out->masks[k] = merge->mask;
        finish_group(merge, &out->boxes[k], &out->confidences[k]);
    }
    return true;
}

const Detections *overlapping_merged(Arena *arena, const Detections *set, double threshold,
                                     const Cancel *cancel, Error *err)
{
    size_t      n     = (size_t)MAX(set->count, 1);
    Candidate  *list  = candidates(arena, set, by_class, err);
    Merging     merge = { .arena = arena, .set = set, .cancel = cancel, .threshold = threshold,
                          .members = arena_array(arena, int, n), .allowance = MASK_ALLOWANCE };
    Groupings   out   = { arena_array(arena, int, n), 0, arena_array(arena, Box, n),
                          arena_array(arena, double, n), arena_array(arena, Mask, n) };
    Detections *merged;

    if (!list || arena_failed(arena)) {
        fail(err, ERR_MEMORY, "no memory to merge %d objects", set->count);
        return NULL;
    }
    for (int from = 0, to; from < set->count; from = to) {
        to = from + 1;
        while (to < set->count && list[to].class_id == list[from].class_id) {
            to++;
        }
        merge.left       = list + from;
        merge.left_count = to - from;
        if (!merge_class(&merge, &out, err)) {
            return NULL;
        }
    }
    merged              = detections_select(arena, set, out.rows, out.count);
    merged->boxes       = out.boxes;
    merged->confidences = out.confidences;
    merged->masks       = set->masks ? out.masks : NULL;
    return merged;
}
