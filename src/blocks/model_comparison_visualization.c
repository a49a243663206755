/*
 * model_comparison_visualization - where two models agree and where they do not.
 *
 * What both sets of objects cover stays as it was.  What only one covers is tinted in
 * that one's colour, and all the rest in a third.
 */
#include "blocks/drawing.h"
#include "blocks/regions.h"

typedef struct Args {
    DrawingArgs       drawing;
    const Detections *first, *second;
    Text              first_color, second_color, background;
    double            opacity;
} Args;

#define KINDS_COMPARED (KIND(OD) | KIND(IS) | KIND(KP) | KIND(RLE))

static const Field fields[] = {
    DRAWING_FIELDS(Args),

    { "predictions_a", DETECTIONS(Args, first), .kinds = KINDS_COMPARED,
      .help = "Objects of the first model." },

    { "color_a", STRING(Args, first_color), .kinds = KIND(STRING), .preset = "\"GREEN\"",
      .help = "The colour of what only the first model found." },

    { "predictions_b", DETECTIONS(Args, second), .kinds = KINDS_COMPARED,
      .help = "Objects of the second model." },

    { "color_b", STRING(Args, second_color), .kinds = KIND(STRING), .preset = "\"RED\"",
      .help = "The colour of what only the second model found." },

    { "background_color", STRING(Args, background), .kinds = KIND(STRING),
      .preset = "\"BLACK\"", .help = "The colour of what no model found." },

    { "opacity", NUMBER(Args, opacity), .kinds = KIND(FLOAT01), .preset = "0.7",
      .range = BETWEEN(0, 1), .help = "How much of the colours is seen, from 0 to 1." },

    { 0 },
};

enum { NEITHER, FIRST, SECOND, BOTH };

static void mark(uint8_t *who, int width, int height, const Detections *set, uint8_t bit)
{
    for (int i = 0; i < set->count; i++) {
        Region region = row_region(set, i, width, height);
        Rect   part   = rect_inside(region.rect, width, height);

        for (int y = part.y; y < part.y + part.height; y++) {
            uint8_t *row = who + (size_t)y * (size_t)width + part.x;

            for (int x = 0; x < part.width; x++) {
                row[x] |= !region.bits || region_bit(&region, part.x + x, y) ? bit : 0;
            }
        }
    }
}

/* The pixels that `whose` found, as bits. */
static void choose(uint8_t *bits, const uint8_t *who, size_t count, uint8_t whose)
{
    for (size_t i = 0; i < count; i++) {
        bits[i] = who[i] == whose;
    }
}

static void paint(Image *out, const Args *in, const Color colors[3], uint8_t *who, uint8_t *bits)
{
    int width = image_width(out), height = image_height(out);

    mark(who, width, height, in->first, FIRST);
    mark(who, width, height, in->second, SECOND);
    for (uint8_t i = NEITHER; i < BOTH; i++) {
        choose(bits, who, (size_t)width * (size_t)height, i);
        blend_tint(out, in->drawing.image, (Region){ blend_whole(out).rect, bits },
                   (Tint){ colors[i].blue, colors[i].green, colors[i].red, in->opacity,
                           .last = true });
    }
}

static bool draw(Call *call, const void *args, Image *out, Error *err)
{
    const Args *in    = args;
    size_t      count = (size_t)image_width(out) * (size_t)image_height(out);
    Color       colors[3];
    uint8_t    *who;

    (void)call;
    if (!color_parse(in->background, &colors[NEITHER], err) ||
        !color_parse(in->first_color, &colors[FIRST], err) ||
        !color_parse(in->second_color, &colors[SECOND], err)) {
        return false;
    }
    who = calloc(count, 2);
    if (!who) {
        return fail(err, ERR_MEMORY, "no memory to compare objects in a picture");
    }
    paint(out, in, colors, who, who + count);
    free(who);
    return true;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in = call_args(call, i);

        if (!masks_fit(call, i, in->drawing.image, in->first, "IndexError") ||
            !masks_fit(call, i, in->drawing.image, in->second, "IndexError")) {
            return false;
        }
    }
    return drawing_run(call, draw);
}

const Block block_model_comparison_visualization_v1 = {
    .type      = "roboflow_core/model_comparison_visualization@v1",
    .title     = "Model Comparison Visualization",
    .category  = CATEGORY_VISUALIZATION,
    .work      = WORK(VISUALIZATION),
    .summary   = "Show where two models agree and where they do not.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = drawing_outputs,
    .redraws   = drawing_redraws,
    .run       = run,
};
