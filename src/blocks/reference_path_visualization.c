/*
 * reference_path_visualization - a path that objects are expected to take.
 */
#include "blocks/drawing.h"
#include "blocks/points.h"

typedef struct Args {
    DrawingArgs drawing;
    Value       path;
    Text        color;
    int64_t     thickness;
} Args;

static const Field fields[] = {
    DRAWING_FIELDS(Args),

    { "reference_path", VALUE(Args, path), .kinds = KIND(LIST),
      .help = "The corners of the path, [[x, y], ...]." },

    { "color", STRING(Args, color), .kinds = KIND(STRING), .preset = "\"#5bb573\"",
      .help = "The colour of the path." },

    { "thickness", INTEGER(Args, thickness), .kinds = KIND(INTEGER), .preset = "2",
      .range = AT_LEAST(1), .help = "Width of the line in pixels." },

    { 0 },
};

static bool check(const StepView *step, Error *err)
{
    const Args *in = step->args;

    return points_check_list(in->path, "reference_path", err);
}

static bool draw(Call *call, const void *args, Image *out, Error *err)
{
    const Args *in = args;
    Polygon     path;
    Color       color;
    Pen         pen;

    if (!color_parse(in->color, &color, err) || !pen_make(color, in->thickness, 0, &pen, err) ||
        !points_read(call->arena, in->path, &path, err)) {
        return false;
    }
    raster_polyline(out, &pen, path.corners, path.count, false);
    return true;
}

static bool run(Call *call)
{
    return drawing_run_in_place(call, draw);
}

const Block block_reference_path_visualization_v1 = {
    .type      = "roboflow_core/reference_path_visualization@v1",
    .title     = "Reference Path Visualization",
    .category  = CATEGORY_VISUALIZATION,
    .work      = WORK(VISUALIZATION),
    .summary   = "Draw a path.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = drawing_outputs,
    .check     = check,
    .redraws   = drawing_redraws,
    .run       = run,
};
