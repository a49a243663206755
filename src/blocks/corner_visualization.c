/*
 * corner_visualization - brackets at the corners of objects' boxes.
 *
 * Lines keep their length in small boxes, where they cross.
 */
#include "blocks/drawing.h"

typedef struct Args {
    DrawingArgs drawing;
    int64_t     thickness, length;
} Args;

static const Field fields[] = {
    DRAWING_FIELDS(Args), PREDICTION_FIELD(Args, KIND(OD) | KIND(IS) | KIND(KP) | KIND(RLE)),
    PALETTE_FIELDS(Args),

    { "thickness", INTEGER(Args, thickness), .kinds = KIND(INTEGER), .preset = "4",
      .help = "Width of the lines in pixels." },

    { "corner_length", INTEGER(Args, length), .kinds = KIND(INTEGER), .preset = "15",
      .help = "Length of the lines in pixels." },

    { 0 },
};

static void draw_corner(Image *out, const Pen *pen, int x, int y, int along, int down)
{
    raster_line(out, pen, x, y, x + along, y);
    raster_line(out, pen, x, y, x, y + down);
}

static void draw_corners(Image *out, const Pen *pen, Box box, int64_t wanted)
{
    int length = pixel_of_integer(wanted);
    int x1 = pixel_of(box.x1), y1 = pixel_of(box.y1), x2 = pixel_of(box.x2), y2 = pixel_of(box.y2);
    int right = x1 == x2 ? length : -length, bottom = y1 == y2 ? length : -length;

    draw_corner(out, pen, x1, y1, length, length);
    draw_corner(out, pen, x2, y1, right, length);
    draw_corner(out, pen, x1, y2, length, bottom);
    draw_corner(out, pen, x2, y2, right, bottom);
}

static bool draw_row(const void *args, Image *out, Color color, int row, Error *err)
{
    const Args *in = args;
    Pen         pen;

    if (!pen_make(color, in->thickness, 1, &pen, err)) {
        return false;
    }
    draw_corners(out, &pen, in->drawing.predictions->boxes[row], in->length);
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

const Block block_corner_visualization_v1 = {
    .type      = "roboflow_core/corner_visualization@v1",
    .aliases   = { "CornerVisualization" },
    .title     = "Corner Visualization",
    .category  = CATEGORY_VISUALIZATION,
    .work      = WORK(VISUALIZATION),
    .summary   = "Mark the corners of the boxes of objects.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = drawing_outputs,
    .redraws   = drawing_redraws,
    .run       = run,
};
