/*
 * detections_difference - what has gone, stayed and come between two pictures.
 *
 * Objects of before and after are paired, the likeliest pair first; what is left over has
 * been removed or is new.
 */
#include <math.h>

#include "blocks/sets.h"
#include "vision/overlap.h"

typedef struct Args {
    const Detections *before, *after;
    double            spatial_weight, class_penalty, reject_cost;
    bool              class_strict;
    int64_t           min_removed;
} Args;

static const Field fields[] = {
    { "reference_predictions", DETECTIONS(Args, before), .kinds = KIND(OD),
      .help = "The objects before." },

    { "candidate_predictions", DETECTIONS(Args, after), .kinds = KIND(OD),
      .help = "The objects after." },

    { "spatial_weight", NUMBER(Args, spatial_weight), .kinds = KIND(FLOAT01), .preset = "0.4",
      .range = BETWEEN(0, 1), .help = "How much it costs to be in another place." },

    { "class_mismatch_penalty", NUMBER(Args, class_penalty), .kinds = KIND(FLOAT),
      .preset = "0.15", .range = AT_LEAST(0), .help = "What it costs to be of another class." },

    { "reject_cost", NUMBER(Args, reject_cost), .kinds = KIND(FLOAT), .preset = "0.75",
      .range = AT_LEAST(0), .help = "The most that a pair may cost." },

    { "class_strict", BOOLEAN(Args, class_strict), .kinds = KIND(BOOLEAN), .preset = "false",
      .help = "Whether only objects of one class make a pair." },

    { "min_removed_to_verify", INTEGER(Args, min_removed), .kinds = KIND(INTEGER), .preset = "1",
      .range = AT_LEAST(1), .help = "How many must be gone for 'verified' to be true." },

    { 0 },
};

enum { OUT_REMOVED, OUT_PERSISTED, OUT_NEW, OUT_REMOVED_COUNT, OUT_NEW_COUNT, OUT_VERIFIED };

static const Output outputs[] = {
    [OUT_REMOVED] = { "removed_detections", KIND(OD), "Objects of before that are gone." },
    [OUT_PERSISTED] = { "persisted_detections", KIND(OD), "Objects of after that were there." },
    [OUT_NEW] = { "new_detections", KIND(OD), "Objects of after that were not." },
    [OUT_REMOVED_COUNT] = { "removed_count", KIND(INTEGER), "How many are gone." },
    [OUT_NEW_COUNT] = { "new_count", KIND(INTEGER), "How many are new." },
    [OUT_VERIFIED] = { "verified", KIND(BOOLEAN), "Whether enough are gone." },
    { 0 },
};

/* From 0 for the same box to 1 for boxes that only touch, beyond that with the distance of the
 * middles as a share of the diagonal around both: up to 2. */
static double spatial_cost(Box a, Box b)
{
    double iou = box_iou(a, b);
    Box    around;
    double diagonal;

    if (iou > 0) {
        return 1 - iou;
    }
    around   = box_around(a, b);
    diagonal = hypot(box_width(around), box_height(around));
    return 1 + (diagonal > 0 ? hypot((a.x1 + a.x2 - b.x1 - b.x2) / 2,
                                     (a.y1 + a.y2 - b.y1 - b.y2) / 2) / diagonal
                             : 0);
}

/* What the pair costs; infinite where it must not be. */
static double cost_of(const Args *in, int before, int after)
{
    bool   same = text_equal(in->before->class_names[before], in->after->class_names[after]);
    double cost = in->spatial_weight * spatial_cost(in->before->boxes[before],
                                                    in->after->boxes[after]);

    if (!same && in->class_strict) {
        return INFINITY;
    }
    cost += same ? 0 : in->class_penalty;
    return cost <= in->reject_cost ? cost : INFINITY;
}

/* The cheapest partner that an object of before still can have. */
typedef struct Wish {
    int    partner;         /* -1: none */
    double cost;
} Wish;

typedef struct Pairing {
    const Args *in;
    Wish       *wishes;     /* one a row of before */
    bool       *paired;     /* rows of before, */
    bool       *taken;      /* and of after */
} Pairing;

static void wish(Pairing *pairing, int before)
{
    Wish best = { -1, INFINITY };

    for (int k = 0; k < pairing->in->after->count; k++) {
        double cost = pairing->taken[k] ? INFINITY : cost_of(pairing->in, before, k);

        if (cost < best.cost) {
            best = (Wish){ k, cost };
        }
    }
    pairing->wishes[before] = best;
}

/* The row of before whose wish is the cheapest of all, the first of equals; wishes for what
 * has been taken meanwhile are renewed when they come up.  -1: none is left. */
static int cheapest(Pairing *pairing)
{
    for (;;) {
        int best = -1;

        for (int k = 0; k < pairing->in->before->count; k++) {
            if (!pairing->paired[k] && pairing->wishes[k].partner >= 0 &&
                (best < 0 || pairing->wishes[k].cost < pairing->wishes[best].cost)) {
                best = k;
            }
        }
        if (best < 0 || !pairing->taken[pairing->wishes[best].partner]) {
            return best;
        }
        wish(pairing, best);
    }
}

static bool pair(Call *call, int i, Pairing *pairing)
{
    Error err = { 0 };
    int   row;

    for (int k = 0; k < pairing->in->before->count; k++) {
        if (!cancel_check(call->cancel, &err)) {
            return call_fail_error(call, i, &err);
        }
        wish(pairing, k);
    }
    while ((row = cheapest(pairing)) >= 0) {
        if (!cancel_check(call->cancel, &err)) {
            return call_fail_error(call, i, &err);
        }
        pairing->paired[row]                         = true;
        pairing->taken[pairing->wishes[row].partner] = true;
    }
    return true;
}

/* The rows whose flag is as asked for. */
static const Detections *rows_flagged(Arena *arena, const Detections *set, const bool *flags,
                                      bool wanted)
{
    int *rows = arena_array(arena, int, MAX(set->count, 1));
    int  count = 0;

    for (int k = 0; rows && k < set->count; k++) {
        if (flags[k] == wanted) {
            rows[count++] = k;
        }
    }
    return rows_chosen(arena, set, rows, count);
}

static bool compare(Call *call, int i, const Args *in)
{
    Arena            *arena   = call->arena;
    Pairing           pairing = { in, arena_array(arena, Wish, MAX(in->before->count, 1)),
                                  arena_array(arena, bool, MAX(in->before->count, 1)),
                                  arena_array(arena, bool, MAX(in->after->count, 1)) };
    const Detections *removed, *fresh;

    if (arena_failed(arena)) {
        return true;
    }
    if (!pair(call, i, &pairing)) {
        return false;
    }
    removed = rows_flagged(arena, in->before, pairing.paired, false);
    fresh   = rows_flagged(arena, in->after, pairing.taken, false);
    emit_detections(call, i, OUT_REMOVED, removed);
    emit_detections(call, i, OUT_PERSISTED, rows_flagged(arena, in->after, pairing.taken, true));
    emit_detections(call, i, OUT_NEW, fresh);
    emit_int(call, i, OUT_REMOVED_COUNT, removed->count);
    emit_int(call, i, OUT_NEW_COUNT, fresh->count);
    emit_bool(call, i, OUT_VERIFIED, removed->count >= in->min_removed);
    return true;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        if (!compare(call, i, call_args(call, i))) {
            return false;
        }
    }
    return true;
}

const Block block_detections_difference_v1 = {
    .type      = "roboflow_core/detections_difference@v1",
    .aliases   = { "DetectionsDifference" },
    .title     = "Detections Difference",
    .category  = CATEGORY_FUSION,
    .work      = WORK(MATCHING) | WORK(DETECTIONS),
    .summary   = "Tell what has gone, stayed and come between two pictures.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
