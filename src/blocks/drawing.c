/*
 * drawing - choices, colours, anchors and the loop of the visualisation blocks.
 */
#include "blocks/drawing.h"

#include <math.h>

#include "image/blend.h"

const Choice drawing_axes[] = {
    { "INDEX", AXIS_INDEX }, { "CLASS", AXIS_CLASS }, { "TRACK", AXIS_TRACK }, { 0 },
};

const Choice drawing_positions[] = {
    { "CENTER", POSITION_CENTER },           { "CENTER_LEFT", POSITION_CENTER_LEFT },
    { "CENTER_RIGHT", POSITION_CENTER_RIGHT }, { "TOP_CENTER", POSITION_TOP_CENTER },
    { "TOP_LEFT", POSITION_TOP_LEFT },       { "TOP_RIGHT", POSITION_TOP_RIGHT },
    { "BOTTOM_LEFT", POSITION_BOTTOM_LEFT }, { "BOTTOM_CENTER", POSITION_BOTTOM_CENTER },
    { "BOTTOM_RIGHT", POSITION_BOTTOM_RIGHT }, { "CENTER_OF_MASS", POSITION_CENTER_OF_MASS },
    { 0 },
};

enum { OUT_IMAGE };

const Output drawing_outputs[] = {
    [OUT_IMAGE] = { "image", KIND(IMAGE), "The picture with the drawing in it." },
    { 0 },
};

bool drawing_failed(Call *call, int i, const Error *err)
{
    const char *class = err->kind == ERR_INVALID     ? "ValueError"
                        : err->kind == ERR_UNSUPPORTED ? "error"
                        : err->kind == ERR_NOT_FOUND   ? "IndexError"
                                                       : NULL;

    return class ? call_fail(call, i, class, "%s", err->text) : call_fail_error(call, i, err);
}

bool drawing_redraws(const void *args)
{
    return !((const DrawingArgs *)args)->copy_image;
}

Image *drawing_target(Call *call, int i, const DrawingArgs *in, Error *err)
{
    return in->copy_image ? call_take_image(call, i, in->image, err) : image_open(in->image, err);
}

void drawing_emit(Call *call, int i, const DrawingArgs *in, Image *out)
{
    if (out == in->image) {
        /* Not a picture of this step's own, which another one could take. */
        Image *kept = image_keep(call->arena, out);

        emit_value(call, i, OUT_IMAGE, kept ? value_image(kept) : value_null());
    } else {
        emit_image(call, i, OUT_IMAGE, out);
    }
}

/* A copy to draw into; the element's own picture stays to be looked at. */
static Image *draw_apart(Call *call, const DrawingArgs *in, DrawFunction draw, Error *err)
{
    Image *out = image_copy(in->image, err);

    if (out && !draw(call, in, out, err)) {
        image_unref(out);
        return NULL;
    }
    return out;
}

/* The same, brought into the element's own picture where that is asked for. */
static Image *draw_looking(Call *call, const DrawingArgs *in, DrawFunction draw, Error *err)
{
    Image *drawn = draw_apart(call, in, draw, err), *own;

    if (!drawn || in->copy_image) {
        return drawn;
    }
    own = image_open(in->image, err);
    if (own) {
        blend_patch(own, drawn, 0, 0, blend_whole(own));
    }
    image_unref(drawn);
    return own;
}

static Image *draw_in_place(Call *call, int i, const DrawingArgs *in, DrawFunction draw,
                            bool apart, Error *err)
{
    Image *out = apart ? call_take_image(call, i, in->image, err)
                       : drawing_target(call, i, in, err);

    if (out && !draw(call, in, out, err)) {
        image_unref(out);
        return NULL;
    }
    return out;
}

bool drawing_element(Call *call, int i, DrawFunction draw, DrawWay way)
{
    const DrawingArgs *in  = call_args(call, i);
    Error              err = { 0 };
    Image             *out = way == DRAW_LOOKING ? draw_looking(call, in, draw, &err)
                             : draw_in_place(call, i, in, draw, way == DRAW_APART, &err);

    if (!out) {
        return drawing_failed(call, i, &err);
    }
    drawing_emit(call, i, in, out);
    return true;
}

static bool draw_all(Call *call, DrawFunction draw, DrawWay way)
{
    for (int i = 0; i < call->count; i++) {
        if (!drawing_element(call, i, draw, way)) {
            return false;
        }
    }
    return true;
}

bool drawing_run(Call *call, DrawFunction draw)
{
    return draw_all(call, draw, DRAW_LOOKING);
}

bool drawing_run_in_place(Call *call, DrawFunction draw)
{
    return draw_all(call, draw, DRAW_IN_PLACE);
}

bool drawing_run_apart(Call *call, DrawFunction draw)
{
    return draw_all(call, draw, DRAW_APART);
}

/* ---- colours ------------------------------------------------------------------------ */

bool row_colors_open(Arena *arena, const PaletteArgs *args, const Detections *set,
                     RowColors *out, Error *err)
{
    *out = (RowColors){ .axis = (ColorAxis)args->axis, .set = set };
    if (args->axis == AXIS_TRACK && set->count > 0 && !set->tracker_ids) {
        return fail(err, ERR_INVALID, "color_axis: TRACK needs objects with tracker ids; put a "
                                      "tracker before this step");
    }
    return palette_make(arena, args->name, args->size, args->custom.items, args->custom.count,
                        &out->palette, err);
}

Color row_color(const RowColors *colors, int row)
{
    switch (colors->axis) {
    case AXIS_INDEX: return palette_color(&colors->palette, row);
    case AXIS_TRACK: return palette_color(&colors->palette, colors->set->tracker_ids[row]);
    default:         return palette_color(&colors->palette, colors->set->class_ids[row]);
    }
}

bool drawing_rows(Call *call, const void *args, Image *out, DrawRow each, Error *err)
{
    const DrawingArgs *in = args;
    RowColors          colors;

    if (!row_colors_open(call->arena, &in->palette, in->predictions, &colors, err)) {
        return false;
    }
    for (int row = 0; row < in->predictions->count; row++) {
        if (!cancel_check(call->cancel, err) ||
            !each(args, out, row_color(&colors, row), row, err)) {
            return false;
        }
    }
    return true;
}

/* ---- labels ------------------------------------------------------------------------- */

bool plate_style(const PlateArgs *args, LabelStyle *out, Error *err)
{
    *out = (LabelStyle){ .scale = args->scale, .thickness = args->thickness,
                         .padding = args->padding, .radius = args->radius };
    return color_parse(args->color, &out->text, err);
}

/* ---- anchors ------------------------------------------------------------------------ */

int pixel_of(double v)
{
    const double most = 1 << 29;

    return isnan(v) ? 0 : (int)fmax(-most, fmin(v, most));
}

bool pen_make(Color color, int64_t thickness, int least, Pen *out, Error *err)
{
    if (thickness < least || thickness > INT16_MAX) {
        return fail(err, ERR_UNSUPPORTED, "thickness: %lld is not between %d and %d",
                    (long long)thickness, least, INT16_MAX);
    }
    *out = (Pen){ .thickness = (int)thickness, .blue = color.blue, .green = color.green,
                  .red = color.red };
    return true;
}

/* The mean of the middles of the covered pixels, cut to whole numbers. */
static bool center_of_mass(const Mask *mask, int *x, int *y)
{
    int64_t sum_x = 0, sum_y = 0, count = 0;

    for (int row = 0; row < mask->height; row++) {
        for (int column = 0; column < mask->width; column++) {
            if (mask->bits[(size_t)row * (size_t)mask->width + (size_t)column]) {
                sum_x += mask->x + column;
                sum_y += mask->y + row;
                count++;
            }
        }
    }
    *x = count > 0 ? (int)((2 * sum_x + count) / (2 * count)) : 0;
    *y = count > 0 ? (int)((2 * sum_y + count) / (2 * count)) : 0;
    return count > 0;
}

void box_anchor(Box box, Position position, int *x, int *y)
{
    static const int8_t columns[] = { 0, 1, 2, 0, 1, 2, 0, 1, 2, 1 };
    static const int8_t rows[]    = { 0, 0, 0, 1, 1, 1, 2, 2, 2, 1 };

    *x = pixel_of(columns[position] == 0 ? box.x1 : columns[position] == 2 ? box.x2
                                                  : (box.x1 + box.x2) / 2);
    *y = pixel_of(rows[position] == 0 ? box.y1 : rows[position] == 2 ? box.y2
                                               : (box.y1 + box.y2) / 2);
}

bool row_anchor(const Detections *set, int row, Position position, int *x, int *y, Error *err)
{
    if (position == POSITION_CENTER_OF_MASS) {
        if (!set->masks) {
            return fail(err, ERR_INVALID, "CENTER_OF_MASS needs objects with masks");
        }
        center_of_mass(&set->masks[row], x, y);
        return true;
    }
    box_anchor(set->boxes[row], position, x, y);
    return true;
}
