/*
 * detections_nearest_neighbor - which object lies nearest to which.
 *
 * Every query object gets the distance to its nearest target, between a point of the one
 * and a point of the other.  Targets that lie as near to within a pixel are matches too.
 * An object is no target of its own, and one without the key point asked for is neither.
 */
#include <math.h>

#include "blocks/drawing.h"

enum { KEYPOINT = POSITION_CENTER_OF_MASS + 1 };

enum { OBJECTS_MOST = 1000, PAIRS_MOST = 10000, MASKED_PAIRS_MOST = 100 };

static const double as_near = 1;     /* pixels further than the nearest */

typedef struct Args {
    const Detections *queries, *targets;
    int               query_point, target_point;
    Text              query_name, target_name;
    Value             most;
} Args;

static const Choice points[] = {
    { "CENTER", POSITION_CENTER },           { "CENTER_LEFT", POSITION_CENTER_LEFT },
    { "CENTER_RIGHT", POSITION_CENTER_RIGHT }, { "TOP_CENTER", POSITION_TOP_CENTER },
    { "TOP_LEFT", POSITION_TOP_LEFT },       { "TOP_RIGHT", POSITION_TOP_RIGHT },
    { "BOTTOM_LEFT", POSITION_BOTTOM_LEFT }, { "BOTTOM_CENTER", POSITION_BOTTOM_CENTER },
    { "BOTTOM_RIGHT", POSITION_BOTTOM_RIGHT }, { "KEYPOINT", KEYPOINT },
    { 0 },
};

#define KINDS (KIND(OD) | KIND(IS) | KIND(KP))

static const Field fields[] = {
    { "query_predictions", DETECTIONS(Args, queries), .kinds = KINDS,
      .help = "The objects to find neighbours for." },

    { "target_predictions", DETECTIONS(Args, targets), .kinds = KINDS,
      .help = "The objects that may be neighbours." },

    { "query_point", CHOICE(Args, query_point, points), .kinds = KIND(STRING),
      .preset = "\"CENTER\"", .help = "The point of a query object that is measured from." },

    { "target_point", CHOICE(Args, target_point, points), .kinds = KIND(STRING),
      .preset = "\"CENTER\"", .help = "The point of a target that is measured to." },

    { "query_keypoint_name", STRING(Args, query_name), .kinds = KIND(STRING), .preset = "null",
      .nullable = true, .help = "The class of the key point, where query_point is KEYPOINT." },

    { "target_keypoint_name", STRING(Args, target_name), .kinds = KIND(STRING), .preset = "null",
      .nullable = true, .help = "The class of the key point, where target_point is KEYPOINT." },

    { "max_distance", VALUE(Args, most), .kinds = KIND(INTEGER), .preset = "null",
      .nullable = true,
      .help = "How far away a neighbour may be, in pixels; null: any distance." },

    { 0 },
};

enum { OUT_QUERIES, OUT_MATCHED_QUERIES, OUT_MATCHED_TARGETS };

static const Output outputs[] = {
    [OUT_QUERIES] = { "query_predictions", KINDS,
                      "The query objects with their 'nearest_target_distance'." },
    [OUT_MATCHED_QUERIES] = { "matched_query_detections", KINDS,
                              "The query object of every match." },
    [OUT_MATCHED_TARGETS] = { "matched_target_detections", KINDS, "The target of every match." },
    { 0 },
};

/* A number of pixels; `most` is infinite where there is no limit. */
static bool read_most(Value value, double *most)
{
    *most = INFINITY;
    return value_is_null(value) ||
           (value_to_double(value, most) && *most >= 0 && *most == floor(*most));
}

static bool check(const StepView *step, Error *err)
{
    const Args *args = step->args;
    double      most;

    if (read_most(args->most, &most)) {
        return true;
    }
    fail(err, ERR_INVALID, "max_distance is no whole number that is at least 0");
    snprintf(err->field, sizeof(err->field), "max_distance");
    return false;
}

/* ---- points ------------------------------------------------------------------------------ */

typedef struct Place {
    double x, y;              /* NaN: has no such point */
} Place;

static Place place_in_box(Box box, int point)
{
    double middle_x = (box.x1 + box.x2) / 2, middle_y = (box.y1 + box.y2) / 2;

    switch (point) {
    case POSITION_CENTER_LEFT:   return (Place){ box.x1, middle_y };
    case POSITION_CENTER_RIGHT:  return (Place){ box.x2, middle_y };
    case POSITION_TOP_LEFT:      return (Place){ box.x1, box.y1 };
    case POSITION_TOP_CENTER:    return (Place){ middle_x, box.y1 };
    case POSITION_TOP_RIGHT:     return (Place){ box.x2, box.y1 };
    case POSITION_BOTTOM_LEFT:   return (Place){ box.x1, box.y2 };
    case POSITION_BOTTOM_CENTER: return (Place){ middle_x, box.y2 };
    case POSITION_BOTTOM_RIGHT:  return (Place){ box.x2, box.y2 };
    default:                     return (Place){ middle_x, middle_y };
    }
}

static Place place_of_keypoint(const KeyPoints *all, Text name)
{
    for (int k = 0; k < all->count; k++) {
        if (text_equal(all->points[k].class_name, name)) {
            return (Place){ all->points[k].x, all->points[k].y };
        }
    }
    return (Place){ NAN, NAN };
}

static const Place *places_of(Arena *arena, const Detections *set, int point, Text name)
{
    Place *places = arena_array(arena, Place, (size_t)set->count + 1);

    for (int k = 0; places && k < set->count; k++) {
        places[k] = point == KEYPOINT ? place_of_keypoint(&set->keypoints[k], name)
                                      : place_in_box(set->boxes[k], point);
    }
    return places;
}

/* ---- matches ----------------------------------------------------------------------------- */

typedef struct Match {
    const Args  *in;
    const Place *from, *to;
    Value       *nearest;     /* of every query object */
    double       most;        /* the largest distance */
    int         *query_rows, *target_rows;
    int          count, room;
} Match;

/* NaN where the two are no pair. */
static double distance_of(const Match *m, int query, int target)
{
    const Args *in       = m->in;
    double      distance = hypot(m->from[query].x - m->to[target].x,
                                 m->from[query].y - m->to[target].y);

    if (text_equal(in->queries->ids[query], in->targets->ids[target]) ||
        distance > m->most) {
        return NAN;
    }
    return distance;
}

/* Match one query object; false when there are too many matches. */
static bool match_row(Match *m, int query)
{
    double least = INFINITY;

    for (int k = 0; k < m->in->targets->count; k++) {
        least = fmin(least, distance_of(m, query, k));
    }
    m->nearest[query] = isinf(least) ? value_null() : value_double(least);
    for (int k = 0; !isinf(least) && k < m->in->targets->count; k++) {
        if (distance_of(m, query, k) <= least + as_near) {
            if (m->count == m->room) {
                return false;
            }
            m->query_rows[m->count]    = query;
            m->target_rows[m->count++] = k;
        }
    }
    return true;
}

/* The rows of a set; one that loses all its objects loses its size as well. */
static const Detections *chosen_rows(Arena *arena, const Detections *of, const int *rows,
                                     int count)
{
    Detections *set = detections_select(arena, of, rows, count);

    if (count == 0 && of->count > 0) {
        set->image_width = set->image_height = -1;
    }
    return set;
}

static void tell(Call *call, int i, const Match *m)
{
    Detections *queries = detections_derive(call->arena, m->in->queries);

    detections_set_column(call->arena, queries, TEXT("nearest_target_distance"), m->nearest);
    emit_detections(call, i, OUT_QUERIES, queries);
    emit_detections(call, i, OUT_MATCHED_QUERIES,
                    chosen_rows(call->arena, queries, m->query_rows, m->count));
    emit_detections(call, i, OUT_MATCHED_TARGETS,
                    chosen_rows(call->arena, m->in->targets, m->target_rows, m->count));
}

/* ---- the step ---------------------------------------------------------------------------- */

static bool side_fits(Call *call, int i, const Detections *set, int point, Text name,
                      const char *side)
{
    if (set->count > OBJECTS_MOST) {
        return call_fail(call, i, "ValueError", "%s_predictions: %d objects are above %d", side,
                         set->count, OBJECTS_MOST);
    }
    if (point == KEYPOINT && name.length == 0) {
        return call_fail(call, i, "ValueError", "%s_keypoint_name is missing, which %s_point "
                         "KEYPOINT needs", side, side);
    }
    if (point == KEYPOINT && !set->keypoints) {
        return call_fail(call, i, "ValueError", "%s_predictions have no key points, which "
                         "%s_point KEYPOINT needs", side, side);
    }
    return true;
}

static bool find_matches(Call *call, int i, Match *m)
{
    Error err = { 0 };

    for (int k = 0; k < m->in->queries->count; k++) {
        if (!cancel_check(call->cancel, &err)) {
            return call_fail_error(call, i, &err);
        }
        if (!match_row(m, k)) {
            return call_fail(call, i, "ValueError", "there are more than %d matches; give a "
                             "max_distance or fewer objects", m->room);
        }
    }
    return true;
}

static bool run_one(Call *call, int i, const Args *in)
{
    bool   masks = in->queries->masks || in->targets->masks;
    Match  m     = { .in = in, .room = masks ? MASKED_PAIRS_MOST : PAIRS_MOST };

    if (!side_fits(call, i, in->queries, in->query_point, in->query_name, "query") ||
        !side_fits(call, i, in->targets, in->target_point, in->target_name, "target")) {
        return false;
    }
    if (!read_most(in->most, &m.most)) {
        return call_fail(call, i, "ValueError", "max_distance is no whole number that is at "
                         "least 0");
    }
    m.from        = places_of(call->arena, in->queries, in->query_point, in->query_name);
    m.to          = places_of(call->arena, in->targets, in->target_point, in->target_name);
    m.nearest     = arena_array(call->arena, Value, (size_t)in->queries->count + 1);
    m.query_rows  = arena_array(call->arena, int, (size_t)m.room);
    m.target_rows = arena_array(call->arena, int, (size_t)m.room);
    if (!m.from || !m.to || !m.nearest || !m.query_rows || !m.target_rows) {
        return call_fail(call, i, "MemoryError", "no memory to match objects");
    }
    if (!find_matches(call, i, &m)) {
        return false;
    }
    tell(call, i, &m);
    return true;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        if (!run_one(call, i, call_args(call, i))) {
            return false;
        }
    }
    return true;
}

const Block block_detections_nearest_neighbor_v1 = {
    .type      = "roboflow_core/detections_nearest_neighbor@v1",
    .title     = "Nearest Neighbor Detection Match",
    .category  = CATEGORY_CLASSICAL_CV,
    .work      = WORK(MATCHING),
    .summary   = "Find the nearest object for every object.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .check     = check,
    .run       = run,
};
