/*
 * ellipse_visualization - ellipses on the ground that objects stand on.
 *
 * An ellipse lies around the middle of a box's lower edge; half of its width is the box's width.
 */
#include "blocks/drawing.h"

typedef struct Args {
    DrawingArgs drawing;
    int64_t     thickness, from, to;
} Args;

static const Field fields[] = {
    DRAWING_FIELDS(Args), PREDICTION_FIELD(Args, KIND(OD) | KIND(IS) | KIND(KP) | KIND(RLE)),
    PALETTE_FIELDS(Args),

    { "thickness", INTEGER(Args, thickness), .kinds = KIND(INTEGER), .preset = "2",
      .help = "Width of the line in pixels; negative: filled." },

    { "start_angle", INTEGER(Args, from), .kinds = KIND(INTEGER), .preset = "-45",
      .help = "Where the ellipse begins, in degrees." },

    { "end_angle", INTEGER(Args, to), .kinds = KIND(INTEGER), .preset = "235",
      .help = "Where the ellipse ends, in degrees." },

    { 0 },
};

static bool draw_ellipse(const Args *in, Image *out, Pen pen, Box box, Error *err)
{
    int    x1 = pixel_of(box.x1), x2 = pixel_of(box.x2), width = x2 - x1;
    Size   half = { width, pixel_of(0.35 * width) };
    Arc    arc  = { 0, pixel_of_integer(in->from), pixel_of_integer(in->to) };

    if (width < 0) {
        return fail(err, ERR_UNSUPPORTED, "an ellipse needs a box whose width is not negative");
    }
    pen.four_connected = true;
    return raster_ellipse(out, &pen, pixel_of(((double)x1 + x2) / 2), pixel_of(box.y2), half, arc,
                          err);
}

static bool draw_row(const void *args, Image *out, Color color, int row, Error *err)
{
    const Args *in = args;
    Pen         pen;

    if (!pen_make(color, in->thickness, -INT16_MAX, &pen, err)) {
        return false;
    }
    return draw_ellipse(in, out, pen, in->drawing.predictions->boxes[row], err);
}

static bool draw(Call *call, const void *args, Image *out, Error *err)
{
    return drawing_rows(call, args, out, draw_row, err);
}

static bool run(Call *call)
{
    return drawing_run_in_place(call, draw);
}

const Block block_ellipse_visualization_v1 = {
    .type      = "roboflow_core/ellipse_visualization@v1",
    .aliases   = { "EllipseVisualization" },
    .title     = "Ellipse Visualization",
    .category  = CATEGORY_VISUALIZATION,
    .work      = WORK(VISUALIZATION),
    .summary   = "Draw ellipses at the feet of objects.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = drawing_outputs,
    .redraws   = drawing_redraws,
    .run       = run,
};
