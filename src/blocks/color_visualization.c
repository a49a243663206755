/*
 * color_visualization - fill the boxes of objects with their colours.
 *
 * All rectangles are filled on a copy, in the order of the predictions, which is then
 * blended with the picture once.
 */
#include "blocks/drawing.h"
#include "image/blend.h"
#include "image/raster.h"

typedef struct Args {
    DrawingArgs drawing;
    double      opacity;
} Args;

static const Field fields[] = {
    DRAWING_FIELDS(Args), PREDICTION_FIELD(Args, KIND(OD) | KIND(IS) | KIND(KP) | KIND(RLE)),
    PALETTE_FIELDS(Args),

    { "opacity", NUMBER(Args, opacity), .kinds = KIND(FLOAT01), .preset = "0.5",
      .range = BETWEEN(0, 1), .help = "How much of the colour is seen, from 0 to 1." },

    { 0 },
};

static bool draw(Call *call, const void *args, Image *out, Error *err)
{
    const Args       *in  = args;
    const Detections *set = in->drawing.predictions;
    RowColors         colors;

    if (!row_colors_open(call->arena, &in->drawing.palette, set, &colors, err)) {
        return false;
    }
    for (int i = 0; i < set->count; i++) {
        Box   box   = set->boxes[i];
        Color color = row_color(&colors, i);
        int   x     = pixel_of(box.x1), y = pixel_of(box.y1);

        raster_fill(out, (Rect){ x, y, pixel_of(box.x2) - x, pixel_of(box.y2) - y }, color.blue,
                    color.green, color.red);
    }
    blend_over(out, in->drawing.image, in->opacity);
    return true;
}

static bool run(Call *call)
{
    return drawing_run(call, draw);
}

const Block block_color_visualization_v1 = {
    .type      = "roboflow_core/color_visualization@v1",
    .aliases   = { "ColorVisualization" },
    .title     = "Color Visualization",
    .category  = CATEGORY_VISUALIZATION,
    .work      = WORK(VISUALIZATION),
    .summary   = "Fill the boxes of objects with their colours.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = drawing_outputs,
    .run       = run,
};
