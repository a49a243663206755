/*
 * icon_visualization - put a small picture where objects are, or in one place.
 *
 * The icon is scaled to fit, keeps its shape and its transparency, and stands in the
 * middle of the size given.
 */
#include "blocks/drawing.h"
#include "image/blend.h"
#include "image/resize.h"

#include <math.h>

enum { STATIC, DYNAMIC };

typedef struct Args {
    DrawingArgs drawing;
    Image      *icon;
    int         mode;
    int64_t     width, height;
    int         position;
    Value       x, y;
} Args;

/* null is a position, at which nothing is drawn: all others lie above 0. */
#define PLACE(name) { #name, POSITION_##name + 1 }

static const Choice positions[] = {
    PLACE(CENTER), PLACE(CENTER_LEFT), PLACE(CENTER_RIGHT), PLACE(TOP_CENTER), PLACE(TOP_LEFT),
    PLACE(TOP_RIGHT), PLACE(BOTTOM_LEFT), PLACE(BOTTOM_CENTER), PLACE(BOTTOM_RIGHT),
    PLACE(CENTER_OF_MASS), { 0 },
};

static const Choice modes[] = { { "static", STATIC }, { "dynamic", DYNAMIC }, { 0 } };

static const Field fields[] = {
    DRAWING_FIELDS(Args),

    { "icon", IMAGE(Args, icon), .help = "The picture to put in; a PNG keeps its alpha." },

    { "mode", CHOICE(Args, mode, modes), .kinds = KIND(STRING), .preset = "\"dynamic\"",
      .help = "Whether the icon stands in one place or at every object." },

    { "predictions", DETECTIONS(Args, drawing.predictions),
      .kinds = KIND(OD) | KIND(IS) | KIND(RLE) | KIND(KP), .preset = "null", .nullable = true,
      .help = "The objects to put icons at, in dynamic mode." },

    { "icon_width", INTEGER(Args, width), .kinds = KIND(INTEGER), .preset = "64",
      .help = "The width that the icon has to fit into." },

    { "icon_height", INTEGER(Args, height), .kinds = KIND(INTEGER), .preset = "64",
      .help = "The height that the icon has to fit into." },

    { "position", CHOICE(Args, position, positions), .kinds = KIND(STRING),
      .preset = "\"TOP_CENTER\"", .nullable = true,
      .help = "Which point of an object the icon's middle comes to." },

    { "x_position", VALUE(Args, x), .kinds = KIND(INTEGER), .preset = "10", .nullable = true,
      .help = "The icon's left edge in static mode; below 0 counts from the right." },

    { "y_position", VALUE(Args, y), .kinds = KIND(INTEGER), .preset = "10", .nullable = true,
      .help = "The icon's upper edge in static mode; below 0 counts from the bottom." },

    { 0 },
};

/* The icon at its size, and where in the space for it. */
typedef struct Icon {
    Image *image;
    int    width, height, left, top;
} Icon;

static bool icon_open(const Args *in, Icon *icon, Error *err)
{
    Image    *whole;
    Letterbox box;

    if (in->width > LIMIT_IMAGE_SIDE || in->height > LIMIT_IMAGE_SIDE) {
        return fail(err, ERR_INVALID, "an icon of %lld x %lld pixels is too large: a side may "
                    "have %d at most", (long long)in->width, (long long)in->height,
                    LIMIT_IMAGE_SIDE);
    }
    whole = image_with_alpha(in->icon, err);
    if (!whole) {
        return false;
    }
    box = letterbox_fit((Size){ image_width(whole), image_height(whole) },
                        (Size){ (int)in->width, (int)in->height });
    *icon = (Icon){ image_resize(whole, box.width, box.height, INTERPOLATE_LINEAR, err),
                    (int)in->width, (int)in->height, box.left, box.top };
    image_unref(whole);
    return icon->image != NULL;
}

/* With the middle of its space at (x, y). */
static void put(Image *out, const Icon *icon, int x, int y)
{
    int left = (int)(x - icon->width / 2.0), top = (int)(y - icon->height / 2.0);

    blend_icon(out, icon->image, left + icon->left, top + icon->top);
}

/* A place that counts from the far edge when it is below 0. */
static int place_of(Value place, int side, int icon)
{
    int64_t at    = place.type == VALUE_INT ? place.as.integer : pixel_of(place.as.number);
    int64_t limit = 1 << 29;

    at = MAX(-limit, MIN(at, limit));
    return (int)(at < 0 ? at + side - icon : at) + icon / 2;
}

static bool put_at_objects(Call *call, const Args *in, const Icon *icon, Image *out, Error *err)
{
    const Detections *set = in->drawing.predictions;

    for (int i = 0; i < set->count; i++) {
        int x, y;

        if (!cancel_check(call->cancel, err) ||
            !row_anchor(set, i, (Position)(in->position - 1), &x, &y, err)) {
            return false;
        }
        put(out, icon, x, y);
    }
    return true;
}

static bool draw(Call *call, const void *args, Image *out, Error *err)
{
    const Args *in = args;
    Icon        icon = { 0 };
    bool        done = true;

    if (in->mode == DYNAMIC && (in->position == 0 || in->drawing.predictions->count == 0)) {
        return true;
    }
    if (!icon_open(in, &icon, err)) {
        return false;
    }
    if (in->mode == STATIC) {
        put(out, &icon, place_of(in->x, image_width(out), icon.width),
            place_of(in->y, image_height(out), icon.height));
    } else {
        done = put_at_objects(call, in, &icon, out, err);
    }
    image_unref(icon.image);
    return done;
}

static bool is_number(Value place)
{
    return place.type == VALUE_INT || place.type == VALUE_DOUBLE;
}

static bool check_call(Call *call, int i)
{
    const Args *in    = call_args(call, i);
    bool        shown = in->mode == STATIC || (in->position != 0 && in->drawing.predictions &&
                                               in->drawing.predictions->count > 0);

    if (in->mode == STATIC && (!is_number(in->x) || !is_number(in->y))) {
        return call_fail(call, i, "TypeError", "%s: a static icon needs a whole number",
                         is_number(in->x) ? "y_position" : "x_position");
    }
    if (in->mode == DYNAMIC && !in->drawing.predictions) {
        return call_fail(call, i, "ValueError", "predictions: dynamic icons need objects");
    }
    if (shown && (in->width < 1 || in->height < 1)) {
        return call_fail(call, i, "error", "an icon of %lld x %lld pixels is empty",
                         (long long)in->width, (long long)in->height);
    }
    return true;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        if (!check_call(call, i)) {
            return false;
        }
    }
    return drawing_run_in_place(call, draw);
}

/* null means that there is no place, which a plain integer cannot say. */
static bool check_place(const char *name, Value place, Error *err)
{
    double number;

    if (value_is_null(place) || place.type == VALUE_INT) {
        return true;
    }
    if (place.type == VALUE_DOUBLE && value_to_double(place, &number) && number == trunc(number)) {
        return true;
    }
    fail(err, ERR_INVALID, "expected a whole number");
    snprintf(err->field, sizeof(err->field), "%s", name);
    return false;
}

static bool check(const StepView *step, Error *err)
{
    const Args *in = step->args;

    return check_place("x_position", in->x, err) && check_place("y_position", in->y, err);
}

const Block block_icon_visualization_v1 = {
    .type      = "roboflow_core/icon_visualization@v1",
    .aliases   = { "IconVisualization" },
    .title     = "Icon Visualization",
    .category  = CATEGORY_VISUALIZATION,
    .work      = WORK(VISUALIZATION),
    .summary   = "Put a small picture where objects are, or in one place.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = drawing_outputs,
    .check     = check,
    .redraws   = drawing_redraws,
    .run       = run,
};
