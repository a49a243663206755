/*
 * keypoint_visualization - the key points of objects, and the bones between them.
 *
 * A point stands in the slot of its class; slots without a point, and points at the very
 * corner of the picture, are not drawn.
 */
#include "blocks/drawing.h"

#include <math.h>

enum { EDGE, VERTEX, VERTEX_LABEL };

typedef struct Args {
    DrawingArgs drawing;
    int         mode;
    Text        color, text_color;
    double      text_scale;
    int64_t     text_thickness, text_padding, thickness, radius;
    Value       edges;
} Args;

static const Choice modes[] = {
    { "edge", EDGE }, { "vertex", VERTEX }, { "vertex_label", VERTEX_LABEL }, { 0 },
};

static const Field fields[] = {
    DRAWING_FIELDS(Args), PREDICTION_FIELD(Args, KIND(KP)),

    { "annotator_type", CHOICE(Args, mode, modes), .preset = "\"edge\"",
      .help = "Whether to draw bones, points or points with their numbers." },

    { "color", STRING(Args, color), .kinds = KIND(STRING), .preset = "\"#A351FB\"",
      .help = "The colour of bones, points and plates." },

    { "text_color", STRING(Args, text_color), .kinds = KIND(STRING), .preset = "\"black\"",
      .help = "The colour of numbers." },

    { "text_scale", NUMBER(Args, text_scale), .kinds = KIND(FLOAT), .preset = "0.5",
      .help = "Size of numbers." },

    { "text_thickness", INTEGER(Args, text_thickness), .kinds = KIND(INTEGER), .preset = "1",
      .help = "Width of the strokes of numbers in pixels." },

    { "text_padding", INTEGER(Args, text_padding), .kinds = KIND(INTEGER), .preset = "10",
      .help = "Space between a number and the edge of its plate." },

    { "thickness", INTEGER(Args, thickness), .kinds = KIND(INTEGER), .preset = "2",
      .help = "Width of bones in pixels." },

    { "radius", INTEGER(Args, radius), .kinds = KIND(INTEGER), .preset = "10",
      .help = "Radius of points, or of the corners of plates." },

    { "edges", VALUE(Args, edges), .kinds = KIND(LIST), .preset = "null", .nullable = true,
      .help = "Pairs of points to connect, counted from 1; without, a skeleton that fits." },

    { 0 },
};

static bool check(const StepView *step, Error *err)
{
    const Args *in = step->args;

    if (in->edges.type == VALUE_NULL || in->edges.type == VALUE_LIST) {
        return true;
    }
    fail(err, ERR_INVALID, "a list of pairs is needed, [[1, 2], ...]");
    (void)snprintf(err->field, sizeof(err->field), "edges");
    return false;
}

/* Bones, by the numbers of their points from 1: of a body after COCO, and of one after
 * MediaPipe, with the one bone (15 to 19) that the reference has in another place. */
typedef struct Bone {
    int64_t from, to;
} Bone;

static const Bone coco_bones[] = {
    { 1, 2 }, { 1, 3 }, { 2, 3 }, { 2, 4 }, { 3, 5 }, { 6, 12 }, { 6, 7 }, { 6, 8 }, { 7, 13 },
    { 7, 9 }, { 8, 10 }, { 9, 11 }, { 12, 13 }, { 14, 12 }, { 15, 13 }, { 16, 14 }, { 17, 15 },
};

static const Bone pose_bones[] = {
    { 1, 2 }, { 2, 3 }, { 3, 4 }, { 4, 8 }, { 1, 5 }, { 5, 6 }, { 6, 7 }, { 7, 9 }, { 10, 11 },
    { 12, 13 }, { 12, 14 }, { 14, 16 }, { 16, 18 }, { 15, 19 }, { 16, 22 }, { 18, 20 },
    { 13, 15 }, { 15, 17 }, { 17, 19 }, { 17, 21 }, { 17, 23 }, { 19, 21 }, { 12, 24 },
    { 13, 25 }, { 24, 25 }, { 24, 26 }, { 25, 27 }, { 26, 28 }, { 27, 29 }, { 28, 30 },
    { 29, 31 }, { 30, 32 }, { 31, 33 }, { 28, 32 }, { 29, 33 },
};

enum { COCO_POINTS = 17, POSE_POINTS = 33, MOST_SLOTS = 1024 };

static const char *const coco_names[COCO_POINTS] = {
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder",
    "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip",
    "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
};

/* ---- slots ------------------------------------------------------------------------------- */

static bool is_coco(const KeyPoint *point)
{
    return point->class_id >= 0 && point->class_id < COCO_POINTS &&
           text_is(point->class_name, coco_names[point->class_id]);
}

/* How many slots the points of a set take; *by_class is false where classes are no
 * numbers of slots and points stay in the order they came. */
static int64_t count_slots(const Detections *set, bool *by_class)
{
    int64_t highest = -1, lowest = 0, longest = 0;
    bool    coco    = true;

    for (int i = 0; i < set->count; i++) {
        longest = MAX(longest, set->keypoints[i].count);
        for (int k = 0; k < set->keypoints[i].count; k++) {
            const KeyPoint *point = &set->keypoints[i].points[k];

            highest = MAX(highest, point->class_id);
            lowest  = MIN(lowest, point->class_id);
            coco    = coco && is_coco(point);
        }
    }
    *by_class = lowest >= 0 && highest < MOST_SLOTS;
    return !*by_class ? longest : coco && highest >= 0 ? COCO_POINTS : highest + 1;
}

static bool is_drawn(KeyPoint point)
{
    return isfinite(point.x) && isfinite(point.y) && (point.x != 0 || point.y != 0);
}

static void fill_slots(KeyPoint *slots, int64_t count, const KeyPoints *row, bool by_class)
{
    memset(slots, 0, (size_t)count * sizeof(*slots));
    for (int k = 0; k < row->count; k++) {
        slots[by_class ? row->points[k].class_id : k] = row->points[k];
    }
}

/* ---- drawing ----------------------------------------------------------------------------- */

static bool draw_bone(const KeyPoint *slots, int64_t count, Bone bone, const Pen *pen, Image *out,
                      Error *err)
{
    KeyPoint a, b;

    if (bone.from < 1 || bone.to < 1 || bone.from > count || bone.to > count) {
        return fail(err, ERR_INVALID, "edges: [%lld, %lld] is not within the points 1 to %lld",
                    (long long)bone.from, (long long)bone.to, (long long)count);
    }
    a = slots[bone.from - 1];
    b = slots[bone.to - 1];
    if (is_drawn(a) && is_drawn(b)) {
        raster_line(out, pen, pixel_of(a.x), pixel_of(a.y), pixel_of(b.x), pixel_of(b.y));
    }
    return true;
}

/* The bones that a step names, or those of a skeleton with that many points. */
static bool choose_bones(Arena *arena, Value edges, int64_t slots, const Bone **bones,
                         uint32_t *count, Error *err)
{
    Bone *own;

    *bones = slots == COCO_POINTS ? coco_bones : pose_bones;
    *count = slots == COCO_POINTS   ? sizeof(coco_bones) / sizeof(coco_bones[0])
             : slots == POSE_POINTS ? sizeof(pose_bones) / sizeof(pose_bones[0])
                                    : 0;
    if (edges.type != VALUE_LIST || edges.count == 0) {
        return true;
    }
    own    = arena_array(arena, Bone, edges.count);
    *bones = own;
    *count = edges.count;
    for (uint32_t i = 0; own && i < edges.count; i++) {
        Value pair = edges.as.items[i];

        if (pair.type != VALUE_LIST || pair.count != 2 || pair.as.items[0].type != VALUE_INT ||
            pair.as.items[1].type != VALUE_INT) {
            return fail(err, ERR_INVALID, "edges[%u] is not a pair of whole numbers", i);
        }
        own[i] = (Bone){ pair.as.items[0].as.integer, pair.as.items[1].as.integer };
    }
    return own || fail(err, ERR_MEMORY, "no memory for %u edges", edges.count);
}

static bool draw_edges(Call *call, const Args *in, const KeyPoint *slots, int64_t count,
                       Color color, Image *out, Error *err)
{
    const Bone *bones;
    uint32_t    bone_count;
    Pen         pen;

    if (!choose_bones(call->arena, in->edges, count, &bones, &bone_count, err) ||
        (bone_count > 0 && !pen_make(color, in->thickness, 1, &pen, err))) {
        return false;
    }
    for (uint32_t i = 0; i < bone_count; i++) {
        if (!draw_bone(slots, count, bones[i], &pen, out, err)) {
            return false;
        }
    }
    return true;
}

static bool draw_point(const Args *in, KeyPoint point, Color color, Image *out, Error *err)
{
    int radius = pixel_of_integer(in->radius);

    if (radius < 0) {
        return fail(err, ERR_UNSUPPORTED, "radius: %d is below 0", radius);
    }
    raster_disc(out, pixel_of(point.x), pixel_of(point.y), radius, color.blue, color.green,
                color.red);
    return true;
}

static bool draw_number(const Args *in, int64_t slot, KeyPoint point, Color color, Image *out,
                        Error *err)
{
    char  text[24];
    Color ink;
    Size  size;
    int   x, y, pad = (int)MAX(-INT16_MAX, MIN(in->text_padding, INT16_MAX));

    if (in->text_thickness < 0 || in->text_thickness > INT16_MAX) {
        return fail(err, ERR_UNSUPPORTED, "text_thickness: %lld is not between 0 and %d",
                    (long long)in->text_thickness, INT16_MAX);
    }
    if (!color_parse(in->text_color, &ink, err)) {
        return false;
    }
    (void)snprintf(text, sizeof(text), "%lld", (long long)slot);
    size = text_size(text_of(text), in->text_scale, in->text_thickness);
    x    = pixel_of(point.x) - size.width / 2;
    y    = pixel_of(point.y) - size.height / 2;
    raster_fill_rounded(out, (Rect){ x - pad, y - pad, size.width / 2 * 2 + 2 * pad,
                                     size.height / 2 * 2 + 2 * pad },
                        pixel_of_integer(in->radius), color.blue, color.green, color.red);
    return text_draw(out, text_of(text), x, pixel_of(point.y) + size.height / 2, in->text_scale,
                     in->text_thickness, ink, err);
}

static bool draw_points(const Args *in, const KeyPoint *slots, int64_t count, Color color,
                        Image *out, Error *err)
{
    for (int64_t k = 0; k < count; k++) {
        if (is_drawn(slots[k]) &&
            !(in->mode == VERTEX ? draw_point(in, slots[k], color, out, err)
                                 : draw_number(in, k, slots[k], color, out, err))) {
            return false;
        }
    }
    return true;
}

static bool draw(Call *call, const void *args, Image *out, Error *err)
{
    const Args       *in  = args;
    const Detections *set = in->drawing.predictions;
    KeyPoint         *slots;
    Color             color;
    int64_t           count;
    bool              by_class;

    if (set->count == 0) {
        return true;
    }
    if (!set->keypoints) {
        return fail(err, ERR_INVALID, "predictions: the objects have no key points");
    }
    if (!color_parse(in->color, &color, err)) {
        return false;
    }
    count = count_slots(set, &by_class);
    slots = arena_array(call->arena, KeyPoint, (size_t)MAX(count, 1));
    if (!slots) {
        return fail(err, ERR_MEMORY, "no memory for %lld key points", (long long)count);
    }
    for (int i = 0; i < set->count; i++) {
        fill_slots(slots, count, &set->keypoints[i], by_class);
        if (!cancel_check(call->cancel, err) ||
            !(in->mode == EDGE ? draw_edges(call, in, slots, count, color, out, err)
                               : draw_points(in, slots, count, color, out, err))) {
            return false;
        }
    }
    return true;
}

static bool run(Call *call)
{
    return drawing_run_in_place(call, draw);
}

const Block block_keypoint_visualization_v1 = {
    .type      = "roboflow_core/keypoint_visualization@v1",
    .aliases   = { "KeypointVisualization" },
    .title     = "Keypoint Visualization",
    .category  = CATEGORY_VISUALIZATION,
    .work      = WORK(VISUALIZATION),
    .summary   = "Draw the key points of objects, or the bones between them.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = drawing_outputs,
    .check     = check,
    .redraws   = drawing_redraws,
    .run       = run,
};
