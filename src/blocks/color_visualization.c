/*
 * color_visualization - fill the boxes of objects with their colours.
 *
 * It looks as if all boxes were filled in their order on a copy, which is then blended
 * with the picture once: each box mixes its colour with the picture as it was, so the last
 * one wins, and what no box covers is not touched.
 */
#include "blocks/drawing.h"
#include "image/blend.h"

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

/* What a filled rectangle covers: its corners, in any order, and what lies between. */
static Region region_of(Box box)
{
    int x1 = pixel_of(box.x1), y1 = pixel_of(box.y1);
    int x2 = pixel_of(box.x2), y2 = pixel_of(box.y2);

    return (Region){ { MIN(x1, x2), MIN(y1, y2), abs(x2 - x1) + 1, abs(y2 - y1) + 1 }, NULL };
}

static bool draw_row(const void *args, Image *out, Color color, int row, Error *err)
{
    const Args *in = args;

    (void)err;
    blend_tint(out, in->drawing.image, region_of(in->drawing.predictions->boxes[row]),
               (Tint){ color.blue, color.green, color.red, in->opacity, false });
    return true;
}

static bool draw(Call *call, const void *args, Image *out, Error *err)
{
    return drawing_rows(call, args, out, draw_row, err);
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
    .redraws   = drawing_redraws,
    .run       = run,
};
