/*
 * heatmap_visualization - where objects have been.
 *
 * Every object leaves a disc; the more of them lie over each other, the warmer the
 * colour.  Objects with tracker ids leave one only where they have moved to, unless
 * told otherwise.  A step has one memory for all frames, or one for each video when it
 * is given the frames' metadata, and in it a map for each set of parameters.
 */
#include <math.h>

#include "blocks/drawing.h"
#include "draw/heat_mask.h"

enum {
    MOST_MAPS       = 16,      /* of one video; the one that was unused longest goes */
    MEMORY_SECONDS  = 60,      /* how long an object that is not seen is remembered */
};

typedef struct Args {
    DrawingArgs drawing;
    Value       metadata;
    int         position;
    double      opacity;
    int64_t     radius, kernel, top, low, threshold;
    bool        ignore_stationary;
} Args;

static const Choice positions[] = {
    { "CENTER", POSITION_CENTER },             { "CENTER_LEFT", POSITION_CENTER_LEFT },
    { "CENTER_RIGHT", POSITION_CENTER_RIGHT }, { "TOP_CENTER", POSITION_TOP_CENTER },
    { "TOP_LEFT", POSITION_TOP_LEFT },         { "TOP_RIGHT", POSITION_TOP_RIGHT },
    { "BOTTOM_CENTER", POSITION_BOTTOM_CENTER }, { "BOTTOM_LEFT", POSITION_BOTTOM_LEFT },
    { "BOTTOM_RIGHT", POSITION_BOTTOM_RIGHT }, { 0 },
};

static const Field fields[] = {
    DRAWING_FIELDS(Args), PREDICTION_FIELD(Args, KIND(OD) | KIND(IS) | KIND(KP) | KIND(RLE)),

    { "metadata", VALUE(Args, metadata), .kinds = KIND(VIDEO_METADATA), .preset = "null",
      .selector_only = true, .help = "The frame's metadata; each video then has its own map." },

    { "position", CHOICE(Args, position, positions), .kinds = KIND(STRING),
      .preset = "\"BOTTOM_CENTER\"", .help = "The place at an object's box that leaves heat." },

    { "opacity", NUMBER(Args, opacity), .kinds = KIND(FLOAT), .preset = "0.2",
      .help = "How much of the colours is seen, from 0 to 1." },

    { "radius", INTEGER(Args, radius), .kinds = KIND(INTEGER), .preset = "40",
      .help = "Radius of an object's disc in pixels." },

    { "kernel_size", INTEGER(Args, kernel), .kinds = KIND(INTEGER), .preset = "25",
      .help = "Over how many pixels colours are blurred." },

    { "top_hue", INTEGER(Args, top), .kinds = KIND(INTEGER), .preset = "0",
      .help = "The hue where most objects were, 0 to 180." },

    { "low_hue", INTEGER(Args, low), .kinds = KIND(INTEGER), .preset = "125",
      .help = "The hue where fewest objects were, 0 to 180." },

    { "ignore_stationary", BOOLEAN(Args, ignore_stationary), .kinds = KIND(BOOLEAN),
      .preset = "true", .help = "Whether tracked objects count only where they moved to." },

    { "motion_threshold", INTEGER(Args, threshold), .kinds = KIND(INTEGER), .preset = "25",
      .help = "How many pixels a tracked object must have moved." },

    { 0 },
};

/* ---- memory ------------------------------------------------------------------------- */

/* An object, and where it was counted last. */
typedef struct Visitor {
    int64_t tracker;
    double  x, y;
    int64_t seen;               /* microseconds of wall time */
} Visitor;

typedef struct Look {
    int     position;
    double  opacity;
    int64_t radius, kernel, top, low;
} Look;

typedef struct Map {
    Look     look;
    HeatMask mask;
    int64_t  used;
} Map;

typedef struct Video {
    Visitor *visitors;          /* by tracker */
    int      visitor_count;
    Map      maps[MOST_MAPS];
    int      map_count;
    int64_t  runs;
} Video;

static void video_fini(void *state)
{
    Video *video = state;

    for (int i = 0; i < video->map_count; i++) {
        heat_mask_fini(&video->maps[i].mask);
    }
    free(video->visitors);
}

static bool same_look(const Look *a, const Look *b)
{
    return a->position == b->position && a->opacity == b->opacity && a->radius == b->radius &&
           a->kernel == b->kernel && a->top == b->top && a->low == b->low;
}

/* The map of these parameters. */
static Map *video_map(Video *video, const Args *in)
{
    Look look   = { in->position, in->opacity, in->radius, in->kernel, in->top, in->low };
    Map *oldest = &video->maps[0];

    video->runs++;
    for (int i = 0; i < video->map_count; i++) {
        Map *map = &video->maps[i];

        if (same_look(&map->look, &look)) {
            map->used = video->runs;
            return map;
        }
        oldest = map->used < oldest->used ? map : oldest;
    }
    if (video->map_count < MOST_MAPS) {
        oldest = &video->maps[video->map_count++];
    }
    heat_mask_fini(&oldest->mask);
    *oldest = (Map){ .look = look, .used = video->runs };
    return oldest;
}

/* ---- who moved ---------------------------------------------------------------------- */

/* A row of this frame; sorting keeps those of one object in their order. */
typedef struct Sight {
    int64_t tracker;
    int     row;
} Sight;

static int compare(const void *left, const void *right)
{
    const Sight *a = left, *b = right;

    if (a->tracker != b->tracker) {
        return a->tracker < b->tracker ? -1 : 1;
    }
    return (a->row > b->row) - (a->row < b->row);
}

static void anchor_of(Box box, Position position, double *x, double *y)
{
    static const int8_t columns[] = { 0, 1, 2, 0, 1, 2, 0, 1, 2, 1 };
    static const int8_t rows[]    = { 0, 0, 0, 1, 1, 1, 2, 2, 2, 1 };

    *x = columns[position] == 0 ? box.x1 : columns[position] == 2 ? box.x2
                                                                  : (box.x1 + box.x2) / 2;
    *y = rows[position] == 0 ? box.y1 : rows[position] == 2 ? box.y2 : (box.y1 + box.y2) / 2;
}

/* Whether a visitor at that box has come far enough to count; if so it is there now. */
static bool has_moved(Visitor *visitor, const Args *in, Box box)
{
    double x, y;

    anchor_of(box, (Position)in->position, &x, &y);
    if (!(hypot(x - visitor->x, y - visitor->y) >= (double)in->threshold)) {
        return false;
    }
    visitor->x = x;
    visitor->y = y;
    return true;
}

/* Follow the rows of one object, beginning with `*visitor` if it is known; rows that
 * count are marked. */
static void follow(const Args *in, const Sight *sights, int count, bool known, Visitor *visitor,
                   bool *counts)
{
    const Box *boxes = in->drawing.predictions->boxes;
    int        first = 0;

    if (!known) {
        visitor->tracker = sights[0].tracker;
        anchor_of(boxes[sights[0].row], (Position)in->position, &visitor->x, &visitor->y);
        first = 1;
    }
    for (int i = first; i < count; i++) {
        counts[sights[i].row] = has_moved(visitor, in, boxes[sights[i].row]);
    }
}

/* Bring the visitors up to this frame: both lists are sorted, so one pass merges them.
 * Who was not seen for long is forgotten, and at the limit everybody else who is not
 * seen now. */
static void merge(const Video *video, const Args *in, const Sight *sights, int count, int64_t now,
                  Video *out, bool *counts)
{
    const int64_t patience = now - (int64_t)MEMORY_SECONDS * 1000000;
    bool          full     = video->visitor_count + count > LIMIT_TRACE_PLACES;
    int           old      = 0, at = 0;

    while (old < video->visitor_count || at < count) {
        Visitor *to    = &out->visitors[out->visitor_count];
        Visitor *known = old < video->visitor_count ? &video->visitors[old] : NULL;
        bool     fresh = known && known->seen >= patience;
        int      rows  = 0;

        if (known && (at == count || known->tracker < sights[at].tracker)) {
            old++;
            if (fresh && !full) {
                *to = *known;
                out->visitor_count++;
            }
            continue;
        }
        while (at + rows < count && sights[at + rows].tracker == sights[at].tracker) {
            rows++;
        }
        if (known && known->tracker == sights[at].tracker) {
            *to = *known;
            old++;
        } else {
            fresh = false;
        }
        follow(in, sights + at, rows, fresh, to, counts);
        to->seen = now;
        out->visitor_count++;
        at += rows;
    }
}

/* Mark the rows of tracked objects that have moved. */
static bool mark_moved(Call *call, Video *video, const Args *in, bool *counts, Error *err)
{
    const Detections *set    = in->drawing.predictions;
    Sight            *sights = arena_array(call->arena, Sight, (size_t)MAX(set->count, 1));
    Video             next   = { 0 };

    next.visitors = malloc(((size_t)video->visitor_count + (size_t)set->count + 1) *
                           sizeof *next.visitors);
    if (!sights || !next.visitors) {
        free(next.visitors);
        return fail(err, ERR_MEMORY, "no memory to remember where objects were");
    }
    for (int i = 0; i < set->count; i++) {
        sights[i] = (Sight){ set->tracker_ids[i], i };
    }
    qsort(sights, (size_t)set->count, sizeof *sights, compare);
    merge(video, in, sights, set->count, call->services->utc(call->services->context), &next,
          counts);
    free(video->visitors);
    video->visitors      = next.visitors;
    video->visitor_count = next.visitor_count;
    return true;
}

/* ---- the block ---------------------------------------------------------------------- */

/* The places that leave heat in this frame. */
static bool find_places(Call *call, Video *video, const Args *in, ContourPoint *places,
                        int *count, Error *err)
{
    const Detections *set    = in->drawing.predictions;
    bool             *counts = arena_array(call->arena, bool, (size_t)MAX(set->count, 1));
    bool              watch  = in->ignore_stationary && set->tracker_ids;

    if (!counts) {
        return fail(err, ERR_MEMORY, "no memory for the places of objects");
    }
    memset(counts, !watch, (size_t)set->count);
    if (watch && !mark_moved(call, video, in, counts, err)) {
        return false;
    }
    for (int i = 0; i < set->count; i++) {
        if (counts[i]) {
            ContourPoint *place = &places[(*count)++];
            int           x, y;

            box_anchor(set->boxes[i], (Position)in->position, &x, &y);
            *place = (ContourPoint){ x, y };
        }
    }
    return *count == 0 || in->radius >= 0 ||
           fail(err, ERR_UNSUPPORTED, "radius: %lld is below 0", (long long)in->radius);
}

static bool draw(Call *call, Video *video, const Args *in, Image *out, Error *err)
{
    const Detections *set    = in->drawing.predictions;
    Size              size   = { image_width(out), image_height(out) };
    ContourPoint     *places = arena_array(call->arena, ContourPoint, (size_t)MAX(set->count, 1));
    Map              *map    = video_map(video, in);
    int               count = 0;

    if (!places) {
        return fail(err, ERR_MEMORY, "no memory for the places of objects");
    }
    if (!find_places(call, video, in, places, &count, err)) {
        return false;
    }
    if (in->kernel < 1 || in->kernel > LIMIT_BLUR_SIZE) {
        return fail(err, ERR_UNSUPPORTED, "kernel_size: %lld is not between 1 and %d",
                    (long long)in->kernel, LIMIT_BLUR_SIZE);
    }
    return heat_mask_visit(&map->mask, size, places, count, pixel_of_integer(in->radius),
                           call->cancel, err) &&
           heat_mask_blend(&map->mask, out,
                           (HeatLook){ in->low, in->top, (int)in->kernel, in->opacity },
                           call->cancel, err);
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in    = call_args(call, i);
        Text        id    = in->metadata.type == VALUE_VIDEO ? in->metadata.as.video->video_id
                                                             : TEXT("");
        Video      *video = call_video_state(call, i, id);
        Error       err   = { 0 };
        Image      *out;

        if (!video) {
            return false;
        }
        out = drawing_target(call, i, &in->drawing, &err);
        if (!out) {
            return call_fail_error(call, i, &err);
        }
        if (!draw(call, video, in, out, &err)) {
            image_unref(out);
            return drawing_failed(call, i, &err);
        }
        drawing_emit(call, i, &in->drawing, out);
    }
    return true;
}

const Block block_heatmap_visualization_v1 = {
    .type             = "roboflow_core/heatmap_visualization@v1",
    .aliases          = { "HeatmapVisualization" },
    .title            = "Heatmap Visualization",
    .category         = CATEGORY_VISUALIZATION,
    .work             = WORK(VISUALIZATION) | WORK(BUFFERING),
    .caveats          = CAVEATS_VIDEO,
    .summary          = "Colour a picture by where objects have been.",
    .video_state_size = sizeof(Video),
    .video_state_fini = video_fini,
    .args_size        = sizeof(Args),
    .fields           = fields,
    .outputs          = drawing_outputs,
    .redraws          = drawing_redraws,
    .run              = run,
};
