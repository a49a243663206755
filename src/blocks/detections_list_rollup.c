/*
 * detections_list_rollup - what was found in crops, in the picture they were cut from.
 *
 * Every parent object has a list entry with what was found in its crop.  That moves
 * by the whole pixels of the parent's upper left corner; objects of one class that
 * overlap, mostly one object seen in two crops, become one.  As in the reference, key
 * points, tracker ids and extra columns do not survive, and the box of an object with
 * a mask is the one around its mask.
 */
#include <math.h>
#include <stdlib.h>

#include "blocks/block.h"
#include "vision/overlap.h"

enum { STRATEGY_MAX, STRATEGY_MEAN, STRATEGY_MIN };

static const Choice strategies[] = {
    { "max", STRATEGY_MAX }, { "mean", STRATEGY_MEAN }, { "min", STRATEGY_MIN }, { 0 },
};

typedef struct Args {
    const Detections *parent;
    Value             children;
    int               strategy;
    double            threshold;
    double            keypoint_threshold;
} Args;

#define KINDS_ROLLED (KIND(OD) | KIND(IS) | KIND(KP))

static const Field fields[] = {
    { "parent_detection", DETECTIONS(Args, parent), .kinds = KINDS_ROLLED,
      .help = "The objects that the crops were cut around." },

    { "child_detections", VALUE(Args, children), .kinds = KIND(LIST), .selector_only = true,
      .help = "A list with what was found in each crop, in the order of the parents; "
              "'Dimension Collapse' makes it." },

    { "confidence_strategy", CHOICE(Args, strategy, strategies), .kinds = KIND(LIST),
      .preset = "\"max\"", .help = "Which confidence merged objects get." },

    { "overlap_threshold", NUMBER(Args, threshold), .kinds = KIND(FLOAT01), .preset = "0.0",
      .range = BETWEEN(0, 1),
      .help = "The least intersection over union of objects that are merged; with 0 all that "
              "overlap are." },

    { "keypoint_merge_threshold", NUMBER(Args, keypoint_threshold), .kinds = KIND(FLOAT),
      .preset = "10.0", .range = AT_LEAST(0),
      .help = "Without effect, as in the reference: key points do not survive the roll-up." },

    { 0 },
};

enum { OUT_ROLLED, OUT_ZONES };

static const Output outputs[] = {
    [OUT_ROLLED] = { "rolled_up_detections", KINDS_ROLLED,
                     "What was found, in the coordinates of the parents' picture." },
    [OUT_ZONES] = { "crop_zones", KIND(LIST), "The corners of each parent's box." },
    { 0 },
};

/* ---- gathering ------------------------------------------------------------------------ */

/* One object on its way from its crop into the answer. */
typedef struct Found {
    Box       box;
    double    confidence;
    int64_t   class_id;
    Text      class_name;
    Lineage   lineage;
    Mask      mask;
    int64_t   mask_area;
} Found;

typedef struct Rolling {
    Call         *call;
    const Args   *args;
    Found        *found;
    int           count;
    bool          masks;               /* every child that found something has them */
    bool          parents, roots;      /* some child knows its parent, its root */
    Lineage       first;               /* of the first object */
    Origin        frame;               /* the size of the parents' picture */
    Groups        groups;
    MaskAllowance left;
} Rolling;

/* The child of parent k as a set; NULL where it is none. */
static const Detections *child_at(const Args *in, int k)
{
    Value value = in->children.as.items[k];

    return value.type == VALUE_DETECTIONS ? value.as.detections : NULL;
}

static Lineage lineage_at(const Detections *set, int row)
{
    return set->lineages ? set->lineages[row] : set->lineage;
}

static bool check_children(Call *call, int i, const Args *in)
{
    Value list = in->children;

    if (list.type != VALUE_LIST && list.type != VALUE_TUPLE) {
        return call_fail(call, i, "TypeError", "child_detections is %s; it must be a list with "
                         "the detections of each crop", value_type_name((ValueType)list.type));
    }
    if ((int64_t)list.count != in->parent->count) {
        return call_fail(call, i, "ValueError", "child_detections has %u entries for %d parent "
                         "detections; there must be one for each", list.count,
                         in->parent->count);
    }
    for (int k = 0; k < in->parent->count; k++) {
        if (!child_at(in, k)) {
            return call_fail(call, i, "AttributeError", "child_detections[%d] is %s, not "
                             "detections", k,
                             value_type_name((ValueType)list.as.items[k].type));
        }
    }
    for (int k = 0; k < in->parent->count; k++) {
        if (!isfinite(in->parent->boxes[k].x1) || !isfinite(in->parent->boxes[k].y1)) {
            return call_fail(call, i, "OverflowError", "parent_detection: the box of detection "
                             "%d is not finite", k);
        }
    }
    if (in->parent->count > 0 && !in->parent->has_origin) {
        return call_fail(call, i, "ValueError", "parent_detection: its detections do not say "
                         "where in which picture they lie (root_parent_origin)");
    }
    return true;
}

/* Row `row` of a child, moved by the whole pixels of its parent's upper left corner.
 * Its way to the root stays its own, in a picture of the parents' size; the ids are
 * those of the first object. */
static Found found_row(const Rolling *rolling, const Detections *from, int row, Box parent)
{
    double  dx      = trunc(parent.x1), dy = trunc(parent.y1);
    Box     at      = from->boxes[row];
    Lineage lineage = lineage_at(from, row);
    Found   found   = {
        .box        = { at.x1 + dx, at.y1 + dy, at.x2 + dx, at.y2 + dy },
        .confidence = (float)from->confidences[row],
        .class_id   = from->class_ids[row],
        .class_name = from->class_names[row],
        .lineage    = rolling->first,
    };

    found.lineage.parent        = lineage.parent;
    found.lineage.root          = lineage.root;
    found.lineage.parent.width  = rolling->parents ? rolling->frame.width : 0;
    found.lineage.parent.height = rolling->frame.height;
    found.lineage.root.width    = rolling->frame.width;
    found.lineage.root.height   = rolling->frame.height;
    return found;
}

/* A way for masks: beyond these bounds nothing of one is left anyway. */
static int64_t whole_way(double way)
{
    return (int64_t)fmin(fmax(trunc(way), INT32_MIN), INT32_MAX);
}

static void gather_child(Rolling *rolling, const Detections *from, Box parent)
{
    Arena  *arena = rolling->call->arena;
    int64_t dx    = whole_way(parent.x1), dy = whole_way(parent.y1);

    for (int row = 0; row < from->count; row++) {
        Found *found = &rolling->found[rolling->count];

        *found = found_row(rolling, from, row, parent);
        if (rolling->masks) {
            found->mask = mask_moved(arena, &from->masks[row], dx, dy, rolling->frame.width,
                                     rolling->frame.height);
            found->mask_area = mask_area(&found->mask);
            if (found->mask_area == 0) {
                continue;
            }
        }
        rolling->count++;
    }
}

/* The ids that all objects get: those of the first object; but where the first child
 * found nothing, the parent's is a new one. */
static void choose_ids(Rolling *rolling)
{
    const Args *in = rolling->args;
    char        uuid[37];
    int         k = 0;

    while (k < in->parent->count && child_at(in, k)->count == 0) {
        k++;
    }
    if (k < in->parent->count) {
        rolling->first = lineage_at(child_at(in, k), 0);
    }
    if (k > 0) {
        rolling->call->services->new_id(rolling->call->services->context, uuid);
        rolling->first.parent_id = arena_text(rolling->call->arena, text_of(uuid));
    }
}

static bool gather(Rolling *rolling, int i)
{
    const Args *in    = rolling->args;
    int64_t     total = 0;
    int         filled = 0, masked = 0;

    for (int k = 0; k < in->parent->count; k++) {
        const Detections *from = child_at(in, k);

        if (from->count == 0) {
            continue;
        }
        total             += from->count;
        filled            += 1;
        masked            += from->masks != NULL;
        rolling->parents   = rolling->parents || lineage_at(from, 0).parent.width > 0;
        rolling->roots     = rolling->roots || from->has_origin;
    }
    if (total > LIMIT_DETECTIONS) {
        return call_fail(rolling->call, i, "ValueError", "child_detections hold %lld detections; "
                         "at most %d are rolled up", (long long)total, LIMIT_DETECTIONS);
    }
    if (masked > 0 && masked < filled) {
        return call_fail(rolling->call, i, "AttributeError", "child_detections: some have masks "
                         "and some have none; all or none must");
    }
    choose_ids(rolling);
    rolling->masks = masked > 0;
    rolling->found = arena_array(rolling->call->arena, Found, MAX(total, 1));
    for (int k = 0; rolling->found && k < in->parent->count; k++) {
        gather_child(rolling, child_at(in, k), in->parent->boxes[k]);
    }
    return rolling->found != NULL;
}

/* ---- merging -------------------------------------------------------------------------- */

/* Whether masks share as much of their union as is asked for.  No two can share more
 * than the smaller one has, which mostly saves looking at pixels. */
static bool masks_overlap(const Found *p, const Found *q, double threshold)
{
    int64_t least = MIN(p->mask_area, q->mask_area), most = MAX(p->mask_area, q->mask_area);
    int64_t shared;

    if (threshold <= 0) {
        return masks_meet(&p->mask, &q->mask);
    }
    if ((double)least < threshold * (double)most) {
        return false;
    }
    shared = mask_intersection(&p->mask, &q->mask);
    return shared > 0 && (double)shared / (double)(least + most - shared) >= threshold;
}

/* Masks are only looked at where the boxes share something. */
static bool belong_together(void *context, int a, int b)
{
    const Rolling *rolling   = context;
    const Found   *p         = &rolling->found[a], *q = &rolling->found[b];
    double         threshold = rolling->args->threshold;

    if (p->class_id != q->class_id || box_intersection(p->box, q->box) <= 0) {
        return false;
    }
    return rolling->masks ? masks_overlap(p, q, threshold) : box_iou(p->box, q->box) >= threshold;
}

static double merged_confidence(const Rolling *rolling, const int *rows, int count)
{
    double least = rolling->found[rows[0]].confidence, most = least, sum = 0;

    for (int k = 0; k < count; k++) {
        double confidence = rolling->found[rows[k]].confidence;

        least = fmin(least, confidence);
        most  = fmax(most, confidence);
        sum  += confidence;
    }
    return rolling->args->strategy == STRATEGY_MAX    ? most
           : rolling->args->strategy == STRATEGY_MEAN ? (float)(sum / count)
                                                      : least;
}

static bool merge_masks(Rolling *rolling, const int *rows, int count, Mask *out, Error *err)
{
    const Mask **masks = arena_array(rolling->call->arena, const Mask *, count);

    for (int k = 0; masks && k < count; k++) {
        masks[k] = &rolling->found[rows[k]].mask;
    }
    return masks ? masks_unite(rolling->call->arena, masks, count, &rolling->left, out, err)
                 : fail(err, ERR_MEMORY, "no memory to merge %d masks", count);
}

/* The objects of one group as one, which takes the place of the first of them. */
static bool merge_group(Rolling *rolling, const int *rows, int count, Found *out, Error *err)
{
    *out            = rolling->found[rows[0]];
    out->confidence = merged_confidence(rolling, rows, count);
    for (int k = 1; k < count; k++) {
        out->box = box_around(out->box, rolling->found[rows[k]].box);
    }
    if (rolling->masks) {
        if (!merge_masks(rolling, rows, count, &out->mask, err)) {
            return false;
        }
        (void)mask_bounds(&out->mask, &out->box);
    }
    return true;
}

typedef struct ClassPlace {
    int64_t class_id;
    int     first, index;
} ClassPlace;

static int by_class(const void *a, const void *b)
{
    const ClassPlace *p = a, *q = b;

    if (p->class_id != q->class_id) {
        return p->class_id < q->class_id ? -1 : 1;
    }
    return (p->index > q->index) - (p->index < q->index);
}

static int by_first(const void *a, const void *b)
{
    const ClassPlace *p = a, *q = b;

    if (p->first != q->first) {
        return p->first < q->first ? -1 : 1;
    }
    return (p->index > q->index) - (p->index < q->index);
}

/* Put objects of one class together: classes in order of their first objects. */
static bool gather_classes(Arena *arena, Rolling *rolling)
{
    int         count  = rolling->count;
    ClassPlace *places = arena_array(arena, ClassPlace, MAX(count, 1));
    Found      *sorted = arena_array(arena, Found, MAX(count, 1));

    if (!places || !sorted) {
        return false;
    }
    for (int k = 0; k < count; k++) {
        places[k] = (ClassPlace){ rolling->found[k].class_id, k, k };
    }
    qsort(places, (size_t)count, sizeof(*places), by_class);
    for (int k = 1; k < count; k++) {
        if (places[k].class_id == places[k - 1].class_id) {
            places[k].first = places[k - 1].first;
        }
    }
    qsort(places, (size_t)count, sizeof(*places), by_first);
    for (int k = 0; k < count; k++) {
        sorted[k] = rolling->found[places[k].index];
    }
    rolling->found = sorted;
    return true;
}

/* Join what belongs together and put one object for each group into `merged`. */
static bool merge(Rolling *rolling, Found *merged, int *count, Error *err)
{
    Arena     *arena = rolling->call->arena;
    Box       *boxes = arena_array(arena, Box, MAX(rolling->count, 1));
    const int *order;

    if (!gather_classes(arena, rolling)) {
        return fail(err, ERR_MEMORY, "no memory to sort %d detections", rolling->count);
    }
    for (int k = 0; boxes && k < rolling->count; k++) {
        boxes[k] = rolling->found[k].box;
    }
    if (!boxes || !groups_open(arena, rolling->count, &rolling->groups)) {
        return fail(err, ERR_MEMORY, "no memory to merge %d detections", rolling->count);
    }
    if (!groups_sweep(arena, boxes, &rolling->groups, belong_together, rolling,
                      rolling->call->cancel, err)) {
        return false;
    }
    order = groups_order(arena, &rolling->groups);
    for (int from = 0, to; order && from < rolling->count; from = to) {
        to = from + 1;
        while (to < rolling->count && groups_leader(&rolling->groups, order[to]) == order[from]) {
            to++;
        }
        if (!merge_group(rolling, order + from, to - from, &merged[(*count)++], err)) {
            return false;
        }
    }
    return order || fail(err, ERR_MEMORY, "no memory to merge %d detections", rolling->count);
}

/* ---- the answer ------------------------------------------------------------------------ */

#define COLUMN(member, Type, from) \
    do { \
        Type *column = arena_array(arena, Type, MAX(count, 1)); \
        for (int k = 0; column && k < count; k++) { \
            column[k] = rows[k].from; \
        } \
        set->member = column; \
    } while (0)

static const Text *new_ids(Call *call, int count)
{
    Text *ids = arena_array(call->arena, Text, MAX(count, 1));
    char  uuid[37];

    for (int k = 0; ids && k < count; k++) {
        call->services->new_id(call->services->context, uuid);
        ids[k] = arena_text(call->arena, text_of(uuid));
    }
    return ids;
}

/* A set of the merged objects; one of none does not know its picture. */
static const Detections *rolled_set(const Rolling *rolling, const Found *rows, int count)
{
    Arena      *arena = rolling->call->arena;
    Detections *set   = arena_new(arena, Detections);

    COLUMN(boxes, Box, box);
    COLUMN(confidences, double, confidence);
    COLUMN(class_ids, int64_t, class_id);
    COLUMN(class_names, Text, class_name);
    COLUMN(lineages, Lineage, lineage);
    if (count > 0 && rolling->masks) {
        COLUMN(masks, Mask, mask);
    }
    set->ids          = new_ids(rolling->call, count);
    set->image_width  = count > 0 ? rolling->frame.width : -1;
    set->image_height = count > 0 ? rolling->frame.height : -1;
    set->has_origin   = count > 0 && rolling->roots;
    set->lineage      = rolling->first;
    set->count        = arena_failed(arena) ? 0 : count;
    return set;
}

static Value corner(Arena *arena, double x, double y)
{
    Value *pair = arena_array(arena, Value, 2);

    if (pair) {
        pair[0] = value_double(x);
        pair[1] = value_double(y);
    }
    return value_list(pair, pair ? 2 : 0);
}

/* The corners of every parent's box, clockwise from the upper left one. */
static Value crop_zones(Arena *arena, const Detections *parent)
{
    ListBuilder zones = list_builder(arena, (size_t)parent->count);

    for (int k = 0; k < parent->count; k++) {
        ListBuilder zone = list_builder(arena, 4);
        Box         box  = parent->boxes[k];

        list_add(&zone, corner(arena, box.x1, box.y1));
        list_add(&zone, corner(arena, box.x2, box.y1));
        list_add(&zone, corner(arena, box.x2, box.y2));
        list_add(&zone, corner(arena, box.x1, box.y2));
        list_add(&zones, list_done(&zone));
    }
    return list_done(&zones);
}

static bool roll_up(Call *call, int i, const Args *in)
{
    Rolling rolling = { .call = call, .args = in, .left = MASK_ALLOWANCE };
    Error   err     = { 0 };
    int     count   = 0;
    Found  *merged;

    if (in->parent->count > 0) {
        rolling.frame = lineage_at(in->parent, 0).root;
    }
    if (!gather(&rolling, i)) {
        return false;
    }
    merged = arena_array(call->arena, Found, MAX(rolling.count, 1));
    if (!merged || !merge(&rolling, merged, &count, &err)) {
        return call_fail_error(call, i, &err);
    }
    emit_detections(call, i, OUT_ROLLED, rolled_set(&rolling, merged, count));
    emit_value(call, i, OUT_ZONES, crop_zones(call->arena, in->parent));
    return true;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in = call_args(call, i);

        if (!check_children(call, i, in) || !roll_up(call, i, in)) {
            return false;
        }
    }
    return true;
}

const Block block_detections_list_rollup_v1 = {
    .type      = "roboflow_core/detections_list_rollup@v1",
    .aliases   = { "DetectionsListRollUp" },
    .title     = "Detections List Roll-Up",
    .category  = CATEGORY_FUSION,
    .work      = WORK(DETECTIONS),
    .summary   = "Bring what was found in crops back into the picture they were cut from.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
