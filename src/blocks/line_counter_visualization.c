/*
 * line_counter_visualization - a line that objects cross, and how many did.
 *
 * The line's colour is added to the picture; the counts stand on a white plate around
 * its first point.
 */
#include "blocks/drawing.h"
#include "blocks/points.h"
#include "image/blend.h"

typedef struct Args {
    DrawingArgs drawing;
    Value       zone;
    Text        color;
    int64_t     thickness, text_thickness, count_in, count_out;
    double      text_scale, opacity;
} Args;

static const Field fields[] = {
    DRAWING_FIELDS(Args),

    { "zone", VALUE(Args, zone), .kinds = KIND(LIST),
      .help = "The ends of the line, [[x, y], [x, y]]." },

    { "color", STRING(Args, color), .kinds = KIND(STRING), .preset = "\"#5bb573\"",
      .help = "The colour of the line." },

    { "thickness", INTEGER(Args, thickness), .kinds = KIND(INTEGER), .preset = "2",
      .help = "Width of the line in pixels." },

    { "text_thickness", INTEGER(Args, text_thickness), .kinds = KIND(INTEGER), .preset = "1",
      .help = "Width of the text's strokes in pixels." },

    { "text_scale", NUMBER(Args, text_scale), .kinds = KIND(FLOAT), .preset = "1.0",
      .help = "Size of the text." },

    { "count_in", INTEGER(Args, count_in), .kinds = KIND(INTEGER), .preset = "0",
      .help = "How many objects crossed the line inwards." },

    { "count_out", INTEGER(Args, count_out), .kinds = KIND(INTEGER), .preset = "0",
      .help = "How many objects crossed the line outwards." },

    { "opacity", NUMBER(Args, opacity), .kinds = KIND(FLOAT01), .preset = "0.3",
      .range = BETWEEN(0, 1), .help = "How much of the line's colour is added, from 0 to 1." },

    { 0 },
};

static bool check(const StepView *step, Error *err)
{
    const Args *in = step->args;

    return points_check_list(in->zone, "zone", err);
}

static bool draw_line(const Args *in, const ContourPoint ends[2], Image *out, Error *err)
{
    Color  color;
    Pen    pen;
    Image *layer;

    if (!color_parse(in->color, &color, err) || !pen_make(color, in->thickness, 1, &pen, err)) {
        return false;
    }
    layer = image_replace(out, image_width(out), image_height(out), image_channels(out), err);
    if (!layer) {
        return false;
    }
    raster_line(layer, &pen, ends[0].x, ends[0].y, ends[1].x, ends[1].y);
    blend_add(out, layer, in->opacity);
    image_unref(layer);
    return true;
}

static bool draw_counts(const Args *in, ContourPoint at, Image *out, Error *err)
{
    char text[80];
    Size size;
    int  x, y;

    if (in->text_thickness < 0 || in->text_thickness > INT16_MAX) {
        return fail(err, ERR_UNSUPPORTED, "text_thickness: %lld is not between 0 and %d",
                    (long long)in->text_thickness, INT16_MAX);
    }
    (void)snprintf(text, sizeof(text), "in: %lld, out: %lld", (long long)in->count_in,
                   (long long)in->count_out);
    size = text_size(text_of(text), in->text_scale, in->text_thickness);
    x    = at.x - (size.width >> 1);
    y    = at.y - (size.height >> 1);
    raster_fill(out, (Rect){ x, y, size.width, size.height }, 255, 255, 255);
    return text_draw(out, text_of(text), x, at.y + (size.height >> 1), in->text_scale,
                     in->text_thickness, (Color){ 0, 0, 0 }, err);
}

/* The reference takes whole numbers only here. */
static bool read_end(Value point, ContourPoint *out, Error *err)
{
    Value x, y;

    if ((point.type != VALUE_LIST && point.type != VALUE_TUPLE) || point.count != 2) {
        return fail(err, ERR_INVALID, "zone: a point is a list of two numbers, [x, y]");
    }
    x = point.as.items[0];
    y = point.as.items[1];
    if (x.type != VALUE_INT || y.type != VALUE_INT) {
        return fail(err, ERR_UNSUPPORTED, "zone: the ends of a line need whole numbers");
    }
    *out = (ContourPoint){ pixel_of_integer(x.as.integer), pixel_of_integer(y.as.integer) };
    return true;
}

static bool draw(Call *call, const void *args, Image *out, Error *err)
{
    const Args  *in = args;
    ContourPoint ends[2];

    (void)call;
    if ((in->zone.type != VALUE_LIST && in->zone.type != VALUE_TUPLE) || in->zone.count < 2) {
        return fail(err, ERR_NOT_FOUND, "zone: a line needs two points, [[x, y], [x, y]]");
    }
    return read_end(in->zone.as.items[0], &ends[0], err) &&
           read_end(in->zone.as.items[1], &ends[1], err) && draw_line(in, ends, out, err) &&
           draw_counts(in, ends[0], out, err);
}

static bool run(Call *call)
{
    return drawing_run_apart(call, draw);
}

const Block block_line_counter_visualization_v1 = {
    .type      = "roboflow_core/line_counter_visualization@v1",
    .title     = "Line Counter Visualization",
    .category  = CATEGORY_VISUALIZATION,
    .work      = WORK(VISUALIZATION),
    .summary   = "Draw a line and how many objects crossed it.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = drawing_outputs,
    .check     = check,
    .run       = run,
};
