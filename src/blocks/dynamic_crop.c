/*
 * dynamic_crop - cut every detected object out of its picture.
 *
 * One crop per detection, called by the detection's id, and beside it that
 * detection alone with its box moved into the crop.  A box that begins left of or
 * above the picture, or is empty after rounding, gives nothing; one that reaches
 * beyond the right or lower edge is cut off.
 */
#include <math.h>

#include "blocks/block.h"

typedef struct Args {
    Image            *image;
    const Detections *predictions;
    double            mask_opacity;
    Value             background;
} Args;

static const Field fields[] = {
    { "images", IMAGE(Args, image), .alias = "image", .batched = true,
      .help = "The pictures to cut from." },

    { "predictions", DETECTIONS(Args, predictions), .kinds = KIND(OD) | KIND(IS) | KIND(KP),
      .alias = "detections", .batched = true, .help = "The objects to cut out." },

    { "mask_opacity", NUMBER(Args, mask_opacity), .kinds = KIND(FLOAT01), .preset = "0.0",
      .range = BETWEEN(0, 1), .help = "How strongly what lies outside an object's mask is "
                                      "covered; objects without masks are left alone." },

    { "background_color", VALUE(Args, background), .kinds = KIND(COLOR) | KIND(STRING),
      .preset = "[0, 0, 0]", .help = "The colour it is covered with." },

    { 0 },
};

enum { OUT_CROPS, OUT_PREDICTIONS };

static const Output outputs[] = {
    [OUT_CROPS] = { "crops", KIND(IMAGE), "A picture of each object." },
    [OUT_PREDICTIONS] = { "predictions", KIND(OD) | KIND(IS) | KIND(KP),
                          "Each object in its own crop." },
    { 0 },
};

/* Masks come with the segmentation models; covering without them would lie. */
static bool has_masks(const Detections *set)
{
    for (int c = 0; c < set->column_count; c++) {
        if (text_is(set->columns[c].name, "points") || text_is(set->columns[c].name, "rle_mask")) {
            return true;
        }
    }
    return false;
}

/* The box in whole pixels, half to even, cut off on the right and below; false
 * when nothing of it can be cut out. */
static bool crop_rect(const Image *image, Box box, Rect *rect)
{
    double x1 = nearbyint(box.x1), y1 = nearbyint(box.y1);
    double x2 = fmin(nearbyint(box.x2), image_width(image));
    double y2 = fmin(nearbyint(box.y2), image_height(image));

    if (!(x1 >= 0 && y1 >= 0 && x1 < x2 && y1 < y2)) {
        return false;
    }
    *rect = (Rect){ (int)x1, (int)y1, (int)(x2 - x1), (int)(y2 - y1) };
    return true;
}

/* A list of {"x", "y", ...} moved by a crop's corner; other values as they are. */
static Value moved_points(Arena *arena, Value points, Rect rect)
{
    ListBuilder list = list_builder(arena, points.count);

    for (uint32_t i = 0; points.type == VALUE_LIST && i < points.count; i++) {
        Value       point = points.as.items[i];
        DictBuilder moved = dict_builder(arena, point.count);

        for (uint32_t k = 0; point.type == VALUE_DICT && k < point.count; k++) {
            const ValuePair *pair = &point.as.pairs[k];
            int              by   = text_is(pair->key, "x")   ? rect.x
                                    : text_is(pair->key, "y") ? rect.y : 0;
            double           at;

            dict_set(&moved, pair->key, by && value_to_double(pair->value, &at)
                                            ? value_double(at - by) : pair->value);
        }
        list_add(&list, dict_done(&moved));
    }
    return points.type == VALUE_LIST ? list_done(&list) : points;
}

static DetectionColumn moved_column(Arena *arena, const DetectionColumn *column, int k, Rect rect)
{
    Value *value = arena_new(arena, Value);

    *value = column->values[k];
    if (text_is(column->name, "keypoints") || text_is(column->name, "points")) {
        *value = moved_points(arena, *value, rect);
    }
    return (DetectionColumn){ column->name, value };
}

/* Detection k alone, in the coordinates of its crop. */
static const Detections *alone(Arena *arena, const Detections *set, int k, Rect rect)
{
    Detections      *one     = detections_derive(arena, set);
    Box             *box     = arena_new(arena, Box);
    DetectionColumn *columns = arena_array(arena, DetectionColumn, MAX(set->column_count, 1));

    *box = (Box){ set->boxes[k].x1 - rect.x, set->boxes[k].y1 - rect.y,
                  set->boxes[k].x2 - rect.x, set->boxes[k].y2 - rect.y };
    one->count       = 1;
    one->boxes       = box;
    one->confidences = set->confidences + k;
    one->class_ids   = set->class_ids + k;
    one->class_names = set->class_names + k;
    one->ids         = set->ids + k;
    one->tracker_ids = set->tracker_ids ? set->tracker_ids + k : NULL;
    for (int c = 0; columns && c < set->column_count; c++) {
        columns[c] = moved_column(arena, &set->columns[c], k, rect);
    }
    one->columns      = columns;
    one->column_count = columns ? set->column_count : 0;
    return one;
}

static bool crop_all(Call *call, int i, const Args *in)
{
    for (int k = 0; k < in->predictions->count; k++) {
        Error  err = { 0 };
        Rect   rect;
        Image *crop;

        if (!crop_rect(in->image, in->predictions->boxes[k], &rect)) {
            continue;
        }
        crop = image_crop(in->image, rect, in->predictions->ids[k], false, &err);
        if (!crop) {
            return call_fail_error(call, i, &err);
        }
        emit_child_image(call, i, k, OUT_CROPS, crop);
        emit_child_value(call, i, k, OUT_PREDICTIONS,
                         value_detections(alone(call->arena, in->predictions, k, rect)));
    }
    return true;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in = call_args(call, i);

        if (in->mask_opacity > 0 && has_masks(in->predictions)) {
            return call_fail(call, i, "NotImplementedError", "mask_opacity: covering the "
                             "background of a mask is not here yet; set it to 0");
        }
        if (!emit_children(call, i, in->predictions->count) || !crop_all(call, i, in)) {
            return false;
        }
    }
    return true;
}

const Block block_dynamic_crop_v1 = {
    .type      = "roboflow_core/dynamic_crop@v1",
    .aliases   = { "DynamicCrop", "Crop" },
    .title     = "Dynamic Crop",
    .category  = CATEGORY_TRANSFORM,
    .summary   = "Cut every detected object out of its picture.",
    .depth     = 1,
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
