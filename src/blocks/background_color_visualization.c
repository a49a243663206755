/*
 * background_color_visualization - dim everything but the objects.
 *
 * The picture is mixed with one colour; what the objects cover stays as it was.
 */
#include "blocks/drawing.h"
#include "blocks/regions.h"

typedef struct Args {
    DrawingArgs drawing;
    Text        color;
    double      opacity;
} Args;

static const Field fields[] = {
    DRAWING_FIELDS(Args), PREDICTION_FIELD(Args, KIND(OD) | KIND(IS) | KIND(KP) | KIND(RLE)),

    { "color", STRING(Args, color), .kinds = KIND(STRING), .preset = "\"BLACK\"",
      .help = "The colour of the background, by name or as #RRGGBB." },

    { "opacity", NUMBER(Args, opacity), .kinds = KIND(FLOAT01), .preset = "0.5",
      .range = BETWEEN(0, 1), .help = "How much of the colour is seen, from 0 to 1." },

    { 0 },
};

static bool draw(Call *call, const void *args, Image *out, Error *err)
{
    const Args       *in    = args;
    const Detections *set   = in->drawing.predictions;
    const Image      *under = in->drawing.image;
    Color             color;

    (void)call;
    if (!color_parse(in->color, &color, err)) {
        return false;
    }
    blend_tint(out, under, blend_whole(out),
               (Tint){ color.blue, color.green, color.red, in->opacity, .last = true });
    for (int i = 0; i < set->count; i++) {
        blend_patch(out, under, 0, 0, row_region(set, i, image_width(out), image_height(out)));
    }
    return true;
}

/* The reference makes a new picture even without `copy_image`, but then forgets the bytes
 * that the old one came as. */
static bool draw_beside(Call *call, int i, Error *err)
{
    const DrawingArgs *in   = call_args(call, i);
    Image             *out  = image_copy(in->image, err);
    bool               done = out && draw(call, in, out, err);

    if (done && !in->copy_image) {
        Image *own = image_open(in->image, err);

        done = own != NULL;
        image_unref(own);
    }
    if (!done) {
        image_unref(out);
        return drawing_failed(call, i, err);
    }
    emit_image(call, i, 0, out);
    return true;
}

static bool run(Call *call)
{
    Error err = { 0 };

    for (int i = 0; i < call->count; i++) {
        const DrawingArgs *in = call_args(call, i);

        if (!masks_fit(call, i, in->image, in->predictions, "IndexError")) {
            return false;
        }
    }
    for (int i = 0; i < call->count; i++) {
        if (!draw_beside(call, i, &err)) {
            return false;
        }
    }
    return true;
}

const Block block_background_color_visualization_v1 = {
    .type      = "roboflow_core/background_color_visualization@v1",
    .aliases   = { "BackgroundColorVisualization" },
    .title     = "Background Color Visualization",
    .category  = CATEGORY_VISUALIZATION,
    .work      = WORK(VISUALIZATION),
    .summary   = "Dim everything but the objects.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = drawing_outputs,
    .redraws   = drawing_redraws,
    .run       = run,
};
