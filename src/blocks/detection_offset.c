/*
 * detection_offset - widen every box by a margin.
 *
 * Detectors cut objects tightly; whoever looks at a crop of one does better with
 * some of its surroundings.  Half of the offset is added on either side and the box is
 * kept inside its picture.  The answer is new objects whose parents are the old ones;
 * masks and key points stay as they are.
 */
#include <math.h>

#include "blocks/sets.h"

enum { PERCENT, PIXELS };

static const Choice units[] = {
    { "Percent (%)", PERCENT }, { "Pixels", PIXELS }, { 0 },
};

typedef struct Args {
    const Detections *predictions;
    int64_t           width, height;
    int               unit;
} Args;

#define KINDS_WIDENED (KIND(OD) | KIND(IS) | KIND(KP))

static const Field fields[] = {
    { "predictions", DETECTIONS(Args, predictions), .kinds = KINDS_WIDENED, .batched = true,
      .help = "The objects whose boxes to widen." },

    { "offset_width", INTEGER(Args, width), .kinds = KIND(INTEGER), .alias = "offset_x",
      .range = ABOVE(0), .help = "What is added to each box's width, half of it on either side." },

    { "offset_height", INTEGER(Args, height), .kinds = KIND(INTEGER), .alias = "offset_y",
      .range = ABOVE(0),
      .help = "What is added to each box's height, half of it on either side." },

    { "units", CHOICE(Args, unit, units), .preset = "\"Pixels\"",
      .help = "Whether the offsets are pixels or a share of each box's own size." },

    { 0 },
};

enum { OUT_PREDICTIONS };

static const Output outputs[] = {
    [OUT_PREDICTIONS] = { "predictions", KINDS_WIDENED, "The same objects with wider boxes." },
    { 0 },
};

/* How far to move one edge outwards, for a box that is `side` pixels long. */
static double margin(double side, int64_t offset, int unit)
{
    return unit == PERCENT ? trunc(side * (double)offset / 200) : (double)(offset / 2);
}

static Box widened(Box box, const Args *in)
{
    double dx = margin(box_width(box), in->width, in->unit);
    double dy = margin(box_height(box), in->height, in->unit);

    return (Box){ fmax(0, box.x1 - dx), fmax(0, box.y1 - dy),
                  fmin((double)in->predictions->image_width, box.x2 + dx),
                  fmin((double)in->predictions->image_height, box.y2 + dy) };
}

static bool offset(Call *call, int i, const Args *in)
{
    Detections *out      = detections_derive(call->arena, in->predictions);
    Box        *boxes    = detections_own_boxes(call->arena, out);
    Lineage    *lineages = arena_array(call->arena, Lineage, MAX(out->count, 1));

    if (in->predictions->count > 0 && in->predictions->image_width < 0) {
        return call_fail(call, i, "KeyError", "predictions: the size of their picture is not "
                                              "known; boxes cannot be kept inside");
    }
    for (int k = 0; boxes && lineages && k < out->count; k++) {
        boxes[k]              = widened(boxes[k], in);
        lineages[k]           = row_lineage(out, k);
        lineages[k].parent_id = out->ids[k];
    }
    out->lineages = lineages;
    out->ids      = new_ids(call, out->count);
    out->count    = arena_failed(call->arena) ? 0 : out->count;
    emit_detections(call, i, OUT_PREDICTIONS, out);
    return true;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        if (!offset(call, i, call_args(call, i))) {
            return false;
        }
    }
    return true;
}

const Block block_detection_offset_v1 = {
    .type      = "roboflow_core/detection_offset@v1",
    .aliases   = { "DetectionOffset" },
    .title     = "Detection Offset",
    .category  = CATEGORY_TRANSFORM,
    .work      = WORK(DETECTIONS),
    .batches   = true,
    .summary   = "Widen the boxes of detected objects by a margin.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
