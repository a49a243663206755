/*
 * label_visualization - name the objects.
 *
 * A plate in an object's colour at its box, with its class, confidence or another of
 * its data on it.  Version 2 can fit the size of the text to that of the picture.
 */
#include <math.h>

#include "blocks/drawing.h"
#include "blocks/row_text.h"

enum { SIZE_MANUAL, SIZE_AUTOMATIC };

typedef struct Args {
    DrawingArgs drawing;
    Text        text;
    int         position, size_mode;
    PlateArgs   plate;
} Args;

static const Choice size_modes[] = {
    { "Manual", SIZE_MANUAL }, { "Automatic", SIZE_AUTOMATIC }, { 0 },
};

#define KINDS_LABELLED (KIND(OD) | KIND(IS) | KIND(KP) | KIND(RLE))

#define LABEL_FIELDS \
    DRAWING_FIELDS(Args), PREDICTION_FIELD(Args, KINDS_LABELLED), PALETTE_FIELDS(Args), \
    ROW_TEXT_FIELD(Args, text), \
    { "text_position", CHOICE(Args, position, drawing_positions), .kinds = KIND(STRING), \
      .preset = "\"TOP_LEFT\"", .help = "Where at the box to write it." }, \
    PLATE_FIELDS(Args, plate, FROM_ANYWHERE)

static const Field fields_v1[] = { LABEL_FIELDS, { 0 } };

static const Field fields_v2[] = {
    LABEL_FIELDS,

    { "text_size_mode", CHOICE(Args, size_mode, size_modes), .kinds = KIND(STRING),
      .preset = "\"Manual\"",
      .help = "Manual: text_scale as it is; Automatic: times the picture's shorter side / 1080." },

    { 0 },
};

static double text_scale(const Args *in, const Image *image)
{
    int side = MIN(image_width(image), image_height(image));

    return in->size_mode == SIZE_AUTOMATIC ? fmin(fmax(in->plate.scale * side / 1080, 0.3), 5.0)
                                           : in->plate.scale;
}

static bool draw(Call *call, const void *args, Image *out, Error *err)
{
    const Args       *in  = args;
    const Detections *set = in->drawing.predictions;
    RowColors         colors;
    LabelStyle        style;

    if (!plate_style(&in->plate, &style, err) ||
        !row_colors_open(call->arena, &in->drawing.palette, set, &colors, err)) {
        return false;
    }
    style.scale = text_scale(in, out);
    for (int i = 0; i < set->count; i++) {
        int  x, y;
        Text text;

        if (!cancel_check(call->cancel, err) ||
            !row_text(call->arena, set, i, in->text, &text, err) ||
            !row_anchor(set, i, (Position)in->position, &x, &y, err) ||
            !label_draw(out, text, x, y, (Position)in->position, row_color(&colors, i), &style,
                        err)) {
            return false;
        }
    }
    return true;
}

static bool draw_labels(Call *call, bool may_redraw)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in  = call_args(call, i);
        bool        any = in->drawing.predictions->count > 0;

        if (in->plate.thickness < 0 && any) {
            return call_fail(call, i, "error", "text_thickness: %lld is below 0",
                             (long long)in->plate.thickness);
        }
        if (!drawing_element(call, i, draw, may_redraw && any ? DRAW_IN_PLACE : DRAW_APART)) {
            return false;
        }
    }
    return true;
}

/* Without objects the reference leaves the picture alone. */
static bool run_v1(Call *call)
{
    return draw_labels(call, true);
}

static bool run_v2(Call *call)
{
    return draw_labels(call, false);
}

const Block block_label_visualization_v1 = {
    .type      = "roboflow_core/label_visualization@v1",
    .aliases   = { "LabelVisualization" },
    .title     = "Label Visualization",
    .category  = CATEGORY_VISUALIZATION,
    .work      = WORK(VISUALIZATION),
    .summary   = "Write class, confidence or other data at the objects.",
    .args_size = sizeof(Args),
    .fields    = fields_v1,
    .outputs   = drawing_outputs,
    .redraws   = drawing_redraws,
    .run       = run_v1,
};

const Block block_label_visualization_v2 = {
    .type      = "roboflow_core/label_visualization@v2",
    .title     = "Label Visualization",
    .category  = CATEGORY_VISUALIZATION,
    .work      = WORK(VISUALIZATION),
    .summary   = "Write class, confidence or other data at the objects, at a size that fits.",
    .extends   = "roboflow_core/label_visualization@v1",
    .args_size = sizeof(Args),
    .fields    = fields_v2,
    .outputs   = drawing_outputs,
    .run       = run_v2,
};
