/*
 * bounding_box_visualization - rectangles around objects.
 *
 * With a roundness, corners are quarters of circles and edges end where these begin.
 */
#include "blocks/drawing.h"

typedef struct Args {
    DrawingArgs drawing;
    int64_t     thickness;
    double      roundness;
} Args;

static const Field fields[] = {
    DRAWING_FIELDS(Args), PREDICTION_FIELD(Args, KIND(OD) | KIND(IS) | KIND(KP) | KIND(RLE)),
    PALETTE_FIELDS(Args),

    { "thickness", INTEGER(Args, thickness), .kinds = KIND(INTEGER), .preset = "2",
      .help = "Width of the lines in pixels; negative: filled boxes." },

    { "roundness", NUMBER(Args, roundness), .kinds = KIND(FLOAT01), .preset = "0.0",
      .range = BETWEEN(0, 1), .help = "How round corners are, from 0 to 1." },

    { 0 },
};

/* A rectangle whose corners are rounded by as much of half its shorter side. */
static bool draw_rounded(Image *out, const Pen *pen, const int at[4], double roundness, Error *err)
{
    int  width = at[2] - at[0], height = at[3] - at[1];
    int  half  = (width < height ? width : height) >> 1;
    int  r     = pixel_of(half * roundness);
    Size axes  = { r, r };

    if (r < 0 || pen->thickness < 1) {
        return fail(err, ERR_UNSUPPORTED, "rounded corners need boxes with a positive size and a "
                                          "thickness above 0");
    }
    for (int i = 0; i < 4; i++) {
        static const int angles[] = { 180, 270, 90, 0 };
        int              x        = i & 1 ? at[2] - r : at[0] + r;
        int              y        = i & 2 ? at[3] - r : at[1] + r;

        if (!raster_ellipse(out, pen, x, y, axes, (Arc){ angles[i], 0, 90 }, err)) {
            return false;
        }
    }
    raster_line(out, pen, at[0] + r, at[1], at[2] - r, at[1]);
    raster_line(out, pen, at[2], at[1] + r, at[2], at[3] - r);
    raster_line(out, pen, at[0] + r, at[3], at[2] - r, at[3]);
    raster_line(out, pen, at[0], at[1] + r, at[0], at[3] - r);
    return true;
}

static bool draw_box(const Args *in, Image *out, const Pen *pen, Box box, Error *err)
{
    int at[4] = { pixel_of(box.x1), pixel_of(box.y1), pixel_of(box.x2), pixel_of(box.y2) };

    if (in->roundness > 0) {
        return draw_rounded(out, pen, at, in->roundness, err);
    }
    raster_rectangle(out, pen, at[0], at[1], at[2], at[3]);
    return true;
}

static bool draw_row(const void *args, Image *out, Color color, int row, Error *err)
{
    const Args *in = args;
    Pen         pen;

    if (!pen_make(color, in->thickness, -INT16_MAX, &pen, err)) {
        return false;
    }
    return draw_box(in, out, &pen, in->drawing.predictions->boxes[row], err);
}

static bool draw(Call *call, const void *args, Image *out, Error *err)
{
    return drawing_rows(call, args, out, draw_row, err);
}

static bool run(Call *call)
{
    return drawing_run_in_place(call, draw);
}

const Block block_bounding_box_visualization_v1 = {
    .type      = "roboflow_core/bounding_box_visualization@v1",
    .aliases   = { "BoundingBoxVisualization" },
    .title     = "Bounding Box Visualization",
    .category  = CATEGORY_VISUALIZATION,
    .work      = WORK(VISUALIZATION),
    .summary   = "Draw the boxes of objects.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = drawing_outputs,
    .redraws   = drawing_redraws,
    .run       = run,
};
