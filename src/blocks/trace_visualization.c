/*
 * trace_visualization - the ways that tracked objects have come.
 *
 * Remembers where objects stood in the last frames and draws a line through the places
 * of every object that is seen now.  As in the reference one step has one memory,
 * whatever videos its frames are of.
 */
#include "blocks/drawing.h"

typedef struct Args {
    DrawingArgs drawing;
    int         position;
    int64_t     length, thickness;
} Args;

static const Field fields[] = {
    DRAWING_FIELDS(Args), PREDICTION_FIELD(Args, KIND(OD) | KIND(IS) | KIND(KP) | KIND(RLE)),
    PALETTE_FIELDS(Args),

    { "position", CHOICE(Args, position, drawing_positions), .kinds = KIND(STRING),
      .preset = "\"CENTER\"", .help = "The place at an object's box that leaves the line." },

    { "trace_length", INTEGER(Args, length), .kinds = KIND(INTEGER), .preset = "30",
      .range = AT_LEAST(1), .help = "How many frames a line reaches back." },

    { "thickness", INTEGER(Args, thickness), .kinds = KIND(INTEGER), .preset = "1",
      .range = AT_LEAST(1), .help = "Width of the lines in pixels." },

    { 0 },
};

typedef struct Place {
    int64_t      tracker, frame;
    ContourPoint at;
} Place;

/* Places in the order they were seen. */
typedef struct Trace {
    Place  *places;
    int     count, capacity;
    int64_t frame;
} Trace;

static void trace_fini(void *state)
{
    free(((Trace *)state)->places);
}

/* Room for `more` places; beyond the limit the oldest give way. */
static bool trace_reserve(Trace *trace, int more, Error *err)
{
    int    over = MAX(trace->count + more - LIMIT_TRACE_PLACES, 0);
    Place *grown;

    if (over > 0) {
        trace->count -= over;
        memmove(trace->places, trace->places + over, (size_t)trace->count * sizeof(Place));
    }
    if (trace->count + more <= trace->capacity) {
        return true;
    }
    grown = realloc(trace->places, (size_t)(trace->count + more) * 2 * sizeof(Place));
    if (!grown) {
        return fail(err, ERR_MEMORY, "no memory to remember where objects were");
    }
    trace->places   = grown;
    trace->capacity = (trace->count + more) * 2;
    return true;
}

/* Old places go only while more frames than `length` are among those with places. */
static void trace_shorten(Trace *trace, int64_t length)
{
    int64_t frames = 0;
    int     gone   = 0;

    for (int i = 0; i < trace->count; i++) {
        frames += i == 0 || trace->places[i].frame != trace->places[i - 1].frame;
    }
    if (frames <= length) {
        return;
    }
    while (gone < trace->count && trace->places[gone].frame <= trace->frame - length) {
        gone++;
    }
    trace->count -= gone;
    memmove(trace->places, trace->places + gone, (size_t)trace->count * sizeof(Place));
}

static bool trace_add(Trace *trace, const Args *in, Error *err)
{
    const Detections *set = in->drawing.predictions;

    if (!trace_reserve(trace, set->count, err)) {
        return false;
    }
    for (int i = 0; i < set->count; i++) {
        Place *place = &trace->places[trace->count];

        *place = (Place){ .tracker = set->tracker_ids[i], .frame = trace->frame };
        if (!row_anchor(set, i, (Position)in->position, &place->at.x, &place->at.y, err)) {
            return false;
        }
        trace->count++;
    }
    trace_shorten(trace, in->length);
    trace->frame++;
    return true;
}

/* By object, then as they were. */
static int compare(const void *left, const void *right)
{
    const Place *const *a = left, *const *b = right;

    if ((*a)->tracker != (*b)->tracker) {
        return (*a)->tracker < (*b)->tracker ? -1 : 1;
    }
    return (*a > *b) - (*a < *b);
}

/* The first place that is not of a lesser object. */
static int find(Place *const *sorted, int count, int64_t tracker)
{
    int low = 0, high = count;

    while (low < high) {
        int middle = (low + high) / 2;

        if (sorted[middle]->tracker < tracker) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool draw_traces(Call *call, const Args *in, const Trace *trace, const RowColors *colors,
                        Image *out, Error *err)
{
    const Detections *set    = in->drawing.predictions;
    Place           **sorted = arena_array(call->arena, Place *, (size_t)trace->count);
    ContourPoint     *way    = arena_array(call->arena, ContourPoint, (size_t)trace->count);
    Pen               pen;

    if (!sorted || !way) {
        return fail(err, ERR_MEMORY, "no memory for the ways of objects");
    }
    for (int i = 0; i < trace->count; i++) {
        sorted[i] = &trace->places[i];
    }
    qsort(sorted, (size_t)trace->count, sizeof(*sorted), compare);
    for (int i = 0; i < set->count; i++) {
        int64_t tracker = set->tracker_ids[i];
        int     from    = find(sorted, trace->count, tracker), count = 0;

        while (from + count < trace->count && sorted[from + count]->tracker == tracker) {
            way[count] = sorted[from + count]->at;
            count++;
        }
        if (!cancel_check(call->cancel, err) ||
            (tracker != -1 && count > 1 &&
             !pen_make(row_color(colors, i), in->thickness, 0, &pen, err))) {
            return false;
        }
        if (tracker != -1 && count > 1) {
            raster_polyline(out, &pen, way, count, false);
        }
    }
    return true;
}

static bool draw(Call *call, const void *args, Image *out, Error *err)
{
    const Args       *in  = args;
    const Detections *set = in->drawing.predictions;
    RowColors         colors;

    if (!set->tracker_ids) {
        return fail(err, ERR_INVALID, "predictions: the objects have no tracker ids; put a "
                                      "tracker before this step");
    }
    return row_colors_open(call->arena, &in->drawing.palette, set, &colors, err) &&
           trace_add(call->state, in, err) &&
           (set->count == 0 || draw_traces(call, in, call->state, &colors, out, err));
}

static bool run(Call *call)
{
    return drawing_run_in_place(call, draw);
}

const Block block_trace_visualization_v1 = {
    .type       = "roboflow_core/trace_visualization@v1",
    .title      = "Trace Visualization",
    .category   = CATEGORY_VISUALIZATION,
    .work       = WORK(VISUALIZATION) | WORK(BUFFERING),
    .caveats    = CAVEATS_VIDEO,
    .summary    = "Draw the ways that tracked objects have come.",
    .state_size = sizeof(Trace),
    .state_fini = trace_fini,
    .args_size  = sizeof(Args),
    .fields     = fields,
    .outputs    = drawing_outputs,
    .redraws    = drawing_redraws,
    .run        = run,
};
