/*
 * dot_visualization - dots at objects.
 */
#include "blocks/drawing.h"

typedef struct Args {
    DrawingArgs drawing;
    int         position;
    int64_t     radius, outline;
} Args;

static const Field fields[] = {
    DRAWING_FIELDS(Args), PREDICTION_FIELD(Args, KIND(OD) | KIND(IS) | KIND(KP) | KIND(RLE)),
    PALETTE_FIELDS(Args),

    { "position", CHOICE(Args, position, drawing_positions), .kinds = KIND(STRING),
      .preset = "\"CENTER\"", .help = "Where at an object's box it stands." },

    { "radius", INTEGER(Args, radius), .kinds = KIND(INTEGER), .preset = "4",
      .help = "Radius of the dots in pixels." },

    { "outline_thickness", INTEGER(Args, outline), .kinds = KIND(INTEGER), .preset = "0",
      .help = "Width of the black outline in pixels; 0: none." },

    { 0 },
};

static bool draw_dot(const Args *in, Image *out, Color color, int x, int y, Error *err)
{
    int radius = pixel_of_integer(in->radius);
    Pen pen;

    if (radius < 0) {
        return fail(err, ERR_UNSUPPORTED, "radius: %d is below 0", radius);
    }
    raster_disc(out, x, y, radius, color.blue, color.green, color.red);
    if (in->outline == 0) {
        return true;
    }
    if (!pen_make((Color){ 0 }, in->outline, -INT16_MAX, &pen, err)) {
        return false;
    }
    raster_circle(out, &pen, x, y, radius);
    return true;
}

static bool draw_row(const void *args, Image *out, Color color, int row, Error *err)
{
    const Args *in = args;
    int         x, y;

    return row_anchor(in->drawing.predictions, row, (Position)in->position, &x, &y, err) &&
           draw_dot(in, out, color, x, y, err);
}

static bool draw(Call *call, const void *args, Image *out, Error *err)
{
    return drawing_rows(call, args, out, draw_row, err);
}

static bool run(Call *call)
{
    return drawing_run_in_place(call, draw);
}

const Block block_dot_visualization_v1 = {
    .type      = "roboflow_core/dot_visualization@v1",
    .aliases   = { "DotVisualization" },
    .title     = "Dot Visualization",
    .category  = CATEGORY_VISUALIZATION,
    .work      = WORK(VISUALIZATION),
    .summary   = "Draw dots on objects.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = drawing_outputs,
    .redraws   = drawing_redraws,
    .run       = run,
};
