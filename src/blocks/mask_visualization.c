/*
 * mask_visualization - tint the pixels that objects cover.
 *
 * Larger masks lie under smaller ones.  The reference paints all of them on a copy
 * and blends that with the picture once; mixing each mask with the untouched picture
 * gives the same, and leaves alone what no mask covers.
 */
#include "blocks/drawing.h"
#include "blocks/regions.h"

typedef struct Args {
    DrawingArgs drawing;
    double      opacity;
} Args;

static const Field fields[] = {
    DRAWING_FIELDS(Args), PREDICTION_FIELD(Args, KIND(IS) | KIND(RLE) | KIND(SEM)),
    PALETTE_FIELDS(Args),

    { "opacity", NUMBER(Args, opacity), .kinds = KIND(FLOAT01), .preset = "0.5",
      .range = BETWEEN(0, 1), .help = "How much of the colours is seen, from 0 to 1." },

    { 0 },
};

static bool draw(Call *call, const void *args, Image *out, Error *err)
{
    const Args       *in  = args;
    const Detections *set = in->drawing.predictions;
    RowColors         colors;
    const int        *order;

    if (!row_colors_open(call->arena, &in->drawing.palette, only_with_masks(set), &colors, err)) {
        return false;
    }
    if (!set->masks) {
        return true;
    }
    order = rows_by_area(call->arena, set, err);
    for (int i = 0; order && i < set->count; i++) {
        Color color = row_color(&colors, order[i]);

        blend_tint(out, in->drawing.image, mask_region(&set->masks[order[i]]),
                   (Tint){ color.blue, color.green, color.red, in->opacity, .last = false });
    }
    return order != NULL;
}

static bool run(Call *call)
{
    return drawing_run(call, draw);
}

const Block block_mask_visualization_v1 = {
    .type      = "roboflow_core/mask_visualization@v1",
    .aliases   = { "MaskVisualization" },
    .title     = "Mask Visualization",
    .category  = CATEGORY_VISUALIZATION,
    .work      = WORK(VISUALIZATION),
    .summary   = "Tint the pixels that objects cover.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = drawing_outputs,
    .redraws   = drawing_redraws,
    .run       = run,
};
