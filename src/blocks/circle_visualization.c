/*
 * circle_visualization - circles through the corners of objects' boxes.
 */
#include "blocks/drawing.h"

#include <math.h>

typedef struct Args {
    DrawingArgs drawing;
    int64_t     thickness;
} Args;

static const Field fields[] = {
    DRAWING_FIELDS(Args), PREDICTION_FIELD(Args, KIND(OD) | KIND(IS) | KIND(KP) | KIND(RLE)),
    PALETTE_FIELDS(Args),

    { "thickness", INTEGER(Args, thickness), .kinds = KIND(INTEGER), .preset = "2",
      .help = "Width of the line in pixels; negative: filled circles." },

    { 0 },
};

/* Halved downwards, as Python's // does. */
static int middle(int a, int b)
{
    return (int)(((int64_t)a + b) >> 1);
}

static void draw_circle(Image *out, const Pen *pen, Box box)
{
    int x1 = pixel_of(box.x1), y1 = pixel_of(box.y1);
    int x  = middle(x1, pixel_of(box.x2)), y = middle(y1, pixel_of(box.y2));

    raster_circle(out, pen, x, y, pixel_of(sqrt(((double)x1 - x) * ((double)x1 - x) +
                                                ((double)y1 - y) * ((double)y1 - y))));
}

static bool draw_row(const void *args, Image *out, Color color, int row, Error *err)
{
    const Args *in = args;
    Pen         pen;

    if (!pen_make(color, in->thickness, -INT16_MAX, &pen, err)) {
        return false;
    }
    draw_circle(out, &pen, in->drawing.predictions->boxes[row]);
    return true;
}

static bool draw(Call *call, const void *args, Image *out, Error *err)
{
    return drawing_rows(call, args, out, draw_row, err);
}

static bool run(Call *call)
{
    return drawing_run_in_place(call, draw);
}

const Block block_circle_visualization_v1 = {
    .type      = "roboflow_core/circle_visualization@v1",
    .aliases   = { "CircleVisualization" },
    .title     = "Circle Visualization",
    .category  = CATEGORY_VISUALIZATION,
    .work      = WORK(VISUALIZATION),
    .summary   = "Draw circles around objects.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = drawing_outputs,
    .redraws   = drawing_redraws,
    .run       = run,
};
