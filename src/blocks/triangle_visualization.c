/*
 * triangle_visualization - triangles that point at objects.
 */
#include "blocks/drawing.h"

typedef struct Args {
    DrawingArgs drawing;
    int         position;
    int64_t     base, height, outline;
} Args;

static const Field fields[] = {
    DRAWING_FIELDS(Args), PREDICTION_FIELD(Args, KIND(OD) | KIND(IS) | KIND(KP) | KIND(RLE)),
    PALETTE_FIELDS(Args),

    { "position", CHOICE(Args, position, drawing_positions), .kinds = KIND(STRING),
      .preset = "\"TOP_CENTER\"", .help = "Where at an object's box it stands." },

    { "base", INTEGER(Args, base), .kinds = KIND(INTEGER), .preset = "10",
      .help = "Width of the triangles in pixels." },

    { "height", INTEGER(Args, height), .kinds = KIND(INTEGER), .preset = "10",
      .help = "Height of the triangles in pixels." },

    { "outline_thickness", INTEGER(Args, outline), .kinds = KIND(INTEGER), .preset = "0",
      .help = "Width of the black outline in pixels; 0: none." },

    { 0 },
};

static bool draw_triangle(const Args *in, Image *out, Color color, int x, int y, Error *err)
{
    int          half = pixel_of_integer(in->base) >> 1;
    int          top  = y - pixel_of_integer(in->height);
    ContourPoint corners[3];
    Polygon      triangle = { corners, 3 };
    Pen          pen;

    corners[0] = (ContourPoint){ x - half, top };
    corners[1] = (ContourPoint){ x + half, top };
    corners[2] = (ContourPoint){ x, y };
    if (!raster_polygons(out, &triangle, 1, color.blue, color.green, color.red, err)) {
        return false;
    }
    if (in->outline == 0) {
        return true;
    }
    if (!pen_make((Color){ 0 }, in->outline, 0, &pen, err)) {
        return false;
    }
    raster_polyline(out, &pen, corners, 3, true);
    return true;
}

static bool draw_row(const void *args, Image *out, Color color, int row, Error *err)
{
    const Args *in = args;
    int         x, y;

    return row_anchor(in->drawing.predictions, row, (Position)in->position, &x, &y, err) &&
           draw_triangle(in, out, color, x, y, err);
}

static bool draw(Call *call, const void *args, Image *out, Error *err)
{
    return drawing_rows(call, args, out, draw_row, err);
}

static bool run(Call *call)
{
    return drawing_run_in_place(call, draw);
}

const Block block_triangle_visualization_v1 = {
    .type      = "roboflow_core/triangle_visualization@v1",
    .aliases   = { "TriangleVisualization" },
    .title     = "Triangle Visualization",
    .category  = CATEGORY_VISUALIZATION,
    .work      = WORK(VISUALIZATION),
    .summary   = "Mark objects with triangles.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = drawing_outputs,
    .redraws   = drawing_redraws,
    .run       = run,
};
