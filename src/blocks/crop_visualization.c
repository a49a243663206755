/*
 * crop_visualization - magnify objects, in the picture itself.
 *
 * Each box is cut out of the picture as it was, scaled, put beside the object and
 * framed in the object's colour.
 */
#include "blocks/drawing.h"
#include "blocks/regions.h"
#include "image/raster.h"
#include "image/resize.h"

#include <math.h>

enum { MOST_THICKNESS = 32767 };     /* of OpenCV */

typedef struct Args {
    DrawingArgs drawing;
    int         position;
    double      scale;
    int64_t     thickness;
} Args;

static const Field fields[] = {
    DRAWING_FIELDS(Args), PREDICTION_FIELD(Args, KIND(OD) | KIND(IS) | KIND(KP) | KIND(RLE)),
    PALETTE_FIELDS(Args),

    { "position", CHOICE(Args, position, drawing_positions), .kinds = KIND(STRING),
      .preset = "\"TOP_CENTER\"", .help = "At which point of an object its crop is put." },

    { "scale_factor", NUMBER(Args, scale), .kinds = KIND(FLOAT), .preset = "2.0",
      .help = "How much larger the crop is than the object." },

    { "border_thickness", INTEGER(Args, thickness), .kinds = KIND(INTEGER), .preset = "2",
      .help = "How thick the frame is, in pixels." },

    { 0 },
};

/* Where a crop of that size goes: its corners, the lower right one inclusive for the
 * frame.  Half of an odd side is rounded down on both sides. */
static Rect place_of(Position position, int x, int y, int width, int height)
{
    static const int8_t columns[] = { 0, 1, 2, 0, 1, 2, 0, 1, 2, 1 };
    static const int8_t rows[]    = { 0, 0, 0, 1, 1, 1, 2, 2, 2, 1 };
    const int lefts[]  = { width, width / 2, 0 },  rights[]  = { 0, width / 2, width };
    const int uppers[] = { height, height / 2, 0 }, lowers[] = { 0, height / 2, height };
    int column = columns[position], row = rows[position];

    return (Rect){ x - lefts[column], y - uppers[row], lefts[column] + rights[column],
                   uppers[row] + lowers[row] };
}

/* The magnified box, or NULL without an error where nothing of it is in the picture. */
static Image *magnify(const Image *image, Box box, double scale, Error *err)
{
    Rect   rect = box_region(box, image_width(image), image_height(image));
    double side[2];
    Image *crop, *large;

    if (rect.width == 0) {
        return NULL;
    }
    if (!(scale > 0)) {
        fail(err, ERR_INVALID, "scale_factor: %g is not above 0", scale);
        return NULL;
    }
    side[0] = fmin(fmax(trunc(rect.width * scale), 1), LIMIT_IMAGE_SIDE + 1.0);
    side[1] = fmin(fmax(trunc(rect.height * scale), 1), LIMIT_IMAGE_SIDE + 1.0);
    crop    = image_crop(image, rect, TEXT("crop"), false, err);
    large   = crop ? image_resize(crop, (int)side[0], (int)side[1], INTERPOLATE_LINEAR, err) : NULL;
    image_unref(crop);
    return large;
}

static bool draw_row(const void *args, Image *out, Color color, int row, Error *err)
{
    const Args       *in       = args;
    const Detections *set      = in->drawing.predictions;
    Position          position = (Position)in->position;
    Image            *crop;
    Rect              place;
    Pen               pen = { .thickness = (int)in->thickness, .blue = color.blue,
                              .green = color.green, .red = color.red };
    int               x, y;

    if (!set->masks && position == POSITION_CENTER_OF_MASS) {
        return fail(err, ERR_INVALID, "CENTER_OF_MASS needs objects with masks");
    }
    err->kind = ERR_NONE;
    crop      = magnify(in->drawing.image, set->boxes[row], in->scale, err);
    if (!crop) {
        return err->kind == ERR_NONE;
    }
    if (!row_anchor(set, row, position, &x, &y, err)) {
        image_unref(crop);
        return false;
    }
    place = place_of(position, x, y, image_width(crop), image_height(crop));
    blend_patch(out, crop, place.x, place.y,
                (Region){ { place.x, place.y, image_width(crop), image_height(crop) }, NULL });
    raster_rectangle(out, &pen, place.x, place.y, place.x + place.width, place.y + place.height);
    image_unref(crop);
    return true;
}

static bool draw(Call *call, const void *args, Image *out, Error *err)
{
    return drawing_rows(call, args, out, draw_row, err);
}

/* Whether anything of the objects is inside the picture. */
static bool any_inside(const Detections *set, const Image *image)
{
    for (int i = 0; i < set->count; i++) {
        if (box_region(set->boxes[i], image_width(image), image_height(image)).width > 0) {
            return true;
        }
    }
    return false;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in   = call_args(call, i);
        bool        thin = in->thickness >= -MOST_THICKNESS && in->thickness <= MOST_THICKNESS;

        if (!thin && in->scale > 0 && any_inside(in->drawing.predictions, in->drawing.image)) {
            return call_fail(call, i, "error", "border_thickness: %lld is above %d",
                             (long long)in->thickness, MOST_THICKNESS);
        }
    }
    return drawing_run(call, draw);
}

const Block block_crop_visualization_v1 = {
    .type      = "roboflow_core/crop_visualization@v1",
    .aliases   = { "CropVisualization" },
    .title     = "Crop Visualization",
    .category  = CATEGORY_VISUALIZATION,
    .work      = WORK(IMAGE_COMPOSITION) | WORK(VISUALIZATION),
    .summary   = "Magnify objects, in the picture itself.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = drawing_outputs,
    .redraws   = drawing_redraws,
    .run       = run,
};
