/*
 * consensus - voting, and merging what was voted for.
 */
#include "blocks/consensus.h"

#include "base/map.h"
#include "vision/overlap.h"

/* One source; what is used is known by an object's id, so that rows with the same id, also in
 * other sources, share a flag. */
typedef struct Source {
    const Detections *set;
    bool            **used;        /* one a row; NULL: of a class that does not count */
} Source;

typedef struct Member {
    const Detections *set;
    int               row;
    int               source;
} Member;

typedef struct Voting {
    Call         *call;
    const ConsensusArgs *in;
    int           element;
    Source       *sources;
    int           source_count;
    Member       *members;         /* of the group that is looked at */
    int           member_count;
    Consensus    *out;
    MaskAllowance left;
} Voting;

static bool class_counts(Value classes, Text name)
{
    bool any = classes.count > 0;

    for (uint32_t k = 0; k < classes.count; k++) {
        if (text_equal(value_as_text(classes.as.items[k]), name)) {
            return true;
        }
    }
    return !any;
}

/* The flag of an id, which all rows of that id share. */
static bool *flag_of(Map *flags, Text id)
{
    bool *flag = map_get(flags, id);

    if (!flag) {
        flag = arena_new(flags->arena, bool);
        map_put(flags, id, flag);
    }
    return flag;
}

static bool open_source(Voting *vote, Map *flags, Source *source, Value value)
{
    const Detections *set = value.as.detections;

    if (value.type != VALUE_DETECTIONS) {
        return call_fail(vote->call, vote->element, "AttributeError", "predictions_batches: a "
                         "source is %s, not detections", value_type_name((ValueType)value.type));
    }
    *source = (Source){ set, arena_array(vote->call->arena, bool *, MAX(set->count, 1)) };
    for (int k = 0; source->used && k < set->count; k++) {
        source->used[k] = class_counts(vote->in->classes, set->class_names[k])
                              ? flag_of(flags, set->ids[k])
                              : NULL;
    }
    return true;
}

/* All objects must be of one picture. */
static bool check_parents(Voting *vote)
{
    const Text *first = NULL;

    for (int s = 0; s < vote->source_count; s++) {
        const Detections *set = vote->sources[s].set;

        for (int k = 0; k < (set->lineages ? set->count : MIN(set->count, 1)); k++) {
            const Text *id = set->lineages ? &set->lineages[k].parent_id : &set->lineage.parent_id;

            first = first ? first : id;
            if (!text_equal(*first, *id)) {
                return call_fail(vote->call, vote->element, "ValueError", "predictions_batches: "
                                 "the objects are of different pictures, '%.*s' and '%.*s'",
                                 SHOW(*first), SHOW(*id));
            }
        }
    }
    return true;
}

static bool open_voting(Voting *vote)
{
    const ConsensusArgs *in = vote->in;
    Arena      *arena = vote->call->arena;
    Map         flags;
    int64_t     total = 0;

    map_init(&flags, arena);
    vote->source_count = in->sources.count;
    vote->sources      = arena_array(arena, Source, MAX(in->sources.count, 1));
    vote->members      = arena_array(arena, Member, MAX(in->sources.count, 1));
    for (int s = 0; vote->sources && s < in->sources.count; s++) {
        if (!open_source(vote, &flags, &vote->sources[s], in->sources.items[s])) {
            return false;
        }
        total += vote->sources[s].set->count;
    }
    vote->out->objects = arena_array(arena, ConsensusObject, MAX(total, 1));
    return !arena_failed(arena) && check_parents(vote);
}

/* ---- a group --------------------------------------------------------------------------------- */

/* The row of a source that overlaps a box most and is of nobody yet; -1: none does. */
static int best_match(const Voting *vote, const Source *source, Box box, Text class_name)
{
    double most = vote->in->iou_threshold;
    int    best = -1;

    for (int k = 0; k < source->set->count; k++) {
        Box    other = source->set->boxes[k];
        double iou;

        if (!source->used[k] || *source->used[k] || other.x1 > box.x2 || other.x2 < box.x1) {
            continue;
        }
        if (vote->in->class_aware && !text_equal(source->set->class_names[k], class_name)) {
            continue;
        }
        iou = box_iou(box, other);
        if (iou > most) {
            most = iou;
            best = k;
        }
    }
    return best;
}

/* Gather the group of one row; true if it has enough votes. */
static bool gather_group(Voting *vote, int s, int row)
{
    const Detections *set = vote->sources[s].set;

    vote->member_count = 0;
    vote->members[vote->member_count++] = (Member){ set, row, s };
    for (int other = 0; other < vote->source_count; other++) {
        const Source *source = &vote->sources[other];
        int           match  = other == s ? -1 : best_match(vote, source, set->boxes[row],
                                                            set->class_names[row]);

        if (match >= 0) {
            vote->members[vote->member_count++] = (Member){ source->set, match, other };
        }
    }
    return vote->member_count >= vote->in->required_votes;
}

static void mark_used(Voting *vote)
{
    for (int m = 0; m < vote->member_count; m++) {
        *vote->sources[vote->members[m].source].used[vote->members[m].row] = true;
    }
}

static double confidence_of(Member member)
{
    return member.set->confidences[member.row];
}

/* The member whose measure is the greatest, or the least; the first of equals. */
static int extreme(const Voting *vote, double (*measure)(Member), bool greatest)
{
    int best = 0;

    for (int m = 1; m < vote->member_count; m++) {
        double a = measure(vote->members[m]), b = measure(vote->members[best]);

        best = (greatest ? a > b : a < b) ? m : best;
    }
    return best;
}

static int votes_for(const Voting *vote, Text class_name)
{
    int votes = 0;

    for (int m = 0; m < vote->member_count; m++) {
        votes += text_equal(vote->members[m].set->class_names[vote->members[m].row], class_name);
    }
    return votes;
}

/* The member of the class that most have, the first one of it. */
static int majority(const Voting *vote)
{
    int best = 0, most = 0;

    for (int m = 0; m < vote->member_count; m++) {
        int votes = votes_for(vote, vote->members[m].set->class_names[vote->members[m].row]);

        if (votes > most) {
            most = votes;
            best = m;
        }
    }
    return best;
}

static void merge_class(const Voting *vote, ConsensusObject *out)
{
    int    mode = vote->in->of_confidence;
    int    from = mode == AVERAGE ? majority(vote) : extreme(vote, confidence_of, mode == MAXIMUM);
    Member best = vote->members[from];
    double sum  = 0;

    for (int m = 0; m < vote->member_count; m++) {
        sum += confidence_of(vote->members[m]);
    }
    out->confidence = mode == AVERAGE ? sum / vote->member_count : confidence_of(best);
    out->class_id   = best.set->class_ids[best.row];
    out->class_name = best.set->class_names[best.row];
}

static double area_of(Member member)
{
    Box box = member.set->boxes[member.row];

    return box_width(box) * box_height(box);
}

static Box merged_box(const Voting *vote)
{
    int    mode = vote->in->of_boxes;
    Box    sum  = { 0 };
    double n    = vote->member_count;
    Member one;

    if (mode != AVERAGE) {
        one = vote->members[extreme(vote, area_of, mode == MAXIMUM)];
        return one.set->boxes[one.row];
    }
    for (int m = 0; m < vote->member_count; m++) {
        Box box = vote->members[m].set->boxes[vote->members[m].row];

        sum = (Box){ sum.x1 + box.x1, sum.y1 + box.y1, sum.x2 + box.x2, sum.y2 + box.y2 };
    }
    return (Box){ sum.x1 / n, sum.y1 / n, sum.x2 / n, sum.y2 / n };
}

/* What two masks share. */
static bool intersect(Voting *vote, const Mask *a, const Mask *b, Mask *out, Error *err)
{
    int32_t  x = MAX(a->x, b->x), y = MAX(a->y, b->y);
    int32_t  width  = MIN(a->x + a->width, b->x + b->width) - x;
    int32_t  height = MIN(a->y + a->height, b->y + b->height) - y;
    uint8_t *bits;

    *out = (Mask){ 0 };
    if (width <= 0 || height <= 0) {
        return true;
    }
    bits = mask_take_bits(vote->call->arena, width, height, &vote->left, err);
    for (int32_t v = 0; bits && v < height; v++) {
        for (int32_t u = 0; u < width; u++) {
            bits[(size_t)v * (size_t)width + (size_t)u] =
                mask_at(a, x + u, y + v) && mask_at(b, x + u, y + v);
        }
    }
    *out = (Mask){ x, y, width, height, bits };
    return bits != NULL;
}

static bool aggregate_masks(Voting *vote, const Mask *const *masks, int count, Mask *out,
                            Error *err)
{
    int mode = vote->in->of_masks;

    if (mode == MASK_UNION) {
        return masks_unite(vote->call->arena, masks, count, &vote->left, out, err);
    }
    *out = *masks[0];
    for (int m = 1; m < count; m++) {
        Mask both;

        if (mode == MASK_INTERSECTION) {
            if (!intersect(vote, out, masks[m], &both, err)) {
                return false;
            }
            *out = both;
        } else if (mode == MASK_MAX ? mask_area(masks[m]) > mask_area(out)
                                    : mask_area(masks[m]) < mask_area(out)) {
            *out = *masks[m];
        }
    }
    return true;
}

/* Members without a mask do not count; a box goes from the first covered pixel to the last. */
static bool merge_masks(Voting *vote, ConsensusObject *out, Error *err)
{
    const Mask **masks = arena_array(vote->call->arena, const Mask *, vote->member_count);
    int          count = 0;

    for (int m = 0; masks && m < vote->member_count; m++) {
        if (vote->members[m].set->masks) {
            masks[count++] = &vote->members[m].set->masks[vote->members[m].row];
        }
    }
    out->has_mask = count > 0;
    if (count == 0) {
        return true;
    }
    if (!aggregate_masks(vote, masks, count, &out->mask, err)) {
        return false;
    }
    out->box = (Box){ 0 };
    if (mask_bounds(&out->mask, &out->box)) {
        out->box.x2 -= 1;
        out->box.y2 -= 1;
    }
    return true;
}

/* They must be of one make; only masks may be missing in some. */
static bool check_members(Voting *vote)
{
    const Detections *first = vote->members[0].set;
    Error             err   = { 0 };

    for (int m = 1; m < vote->member_count; m++) {
        if (!sets_alike(first, vote->members[m].set, true, &err)) {
            return call_fail(vote->call, vote->element, "ValueError", "predictions_batches: %s",
                             err.text);
        }
    }
    if (!first->has_origin || row_lineage(first, vote->members[0].row).parent.width <= 0) {
        return call_fail(vote->call, vote->element, "TypeError", "predictions_batches: an object "
                         "does not say where in which picture it lies (parent_origin and "
                         "root_parent_origin)");
    }
    return true;
}

static bool merge_group(Voting *vote)
{
    ConsensusObject *out = &vote->out->objects[vote->out->count];
    Error   err = { 0 };

    mark_used(vote);
    if (!check_members(vote)) {
        return false;
    }
    *out = (ConsensusObject){ .box     = merged_box(vote),
                     .lineage = row_lineage(vote->members[0].set, vote->members[0].row) };
    merge_class(vote, out);
    if (!merge_masks(vote, out, &err)) {
        return call_fail_error(vote->call, vote->element, &err);
    }
    if (out->confidence < vote->in->confidence) {
        return true;
    }
    if (vote->out->count > 0 && out->has_mask != vote->out->objects[0].has_mask) {
        return call_fail(vote->call, vote->element, "ValueError", "predictions_batches: some "
                         "objects have masks and some have none");
    }
    vote->out->picture = (Size){ (int)vote->members[0].set->image_width,
                                 (int)vote->members[0].set->image_height };
    vote->out->count++;
    return true;
}

static bool count_votes(Voting *vote)
{
    for (int s = 0; s < vote->source_count; s++) {
        const Source *source = &vote->sources[s];

        for (int k = 0; k < source->set->count; k++) {
            Error err = { 0 };

            if (!source->used[k] || *source->used[k]) {
                continue;
            }
            if (!cancel_check(vote->call->cancel, &err)) {
                return call_fail_error(vote->call, vote->element, &err);
            }
            if (gather_group(vote, s, k) && !merge_group(vote)) {
                return false;
            }
        }
    }
    return true;
}

bool consensus_find(Call *call, int i, const ConsensusArgs *in, Consensus *out)
{
    Voting vote = { .call = call, .in = in, .element = i, .out = out, .left = MASK_ALLOWANCE };

    *out = (Consensus){ 0 };
    return open_voting(&vote) && count_votes(&vote);
}
