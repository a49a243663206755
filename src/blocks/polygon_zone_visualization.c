/*
 * polygon_zone_visualization - zones, laid over the picture as coloured light.
 *
 * All zones of a step are filled together, so an overlap of two stays clear; their
 * colour is added to the picture.
 */
#include "blocks/drawing.h"
#include "blocks/points.h"
#include "image/blend.h"

typedef struct Args {
    DrawingArgs drawing;
    Value       zone;
    Text        color;
    double      opacity;
} Args;

static const Field fields[] = {
    DRAWING_FIELDS(Args),

    { "zone", VALUE(Args, zone), .kinds = KIND(LIST),
      .help = "The corners of a zone, [[x, y], ...], or a list of several such zones." },

    { "color", STRING(Args, color), .kinds = KIND(STRING), .preset = "\"#5bb573\"",
      .help = "The colour of the zones." },

    { "opacity", NUMBER(Args, opacity), .kinds = KIND(FLOAT01), .preset = "0.3",
      .range = BETWEEN(0, 1), .help = "How much of the colour is added, from 0 to 1." },

    { 0 },
};

static bool check(const StepView *step, Error *err)
{
    const Args *in = step->args;

    return points_check_list(in->zone, "zone", err);
}

static bool is_list(Value v)
{
    return v.type == VALUE_LIST || v.type == VALUE_TUPLE;
}

/* Whether these are several zones: a list of lists of lists. */
static bool is_many(Value zone)
{
    Value first = zone.as.items[0];

    return is_list(first) && (first.count == 0 || is_list(first.as.items[0]));
}

static bool read_zones(Arena *arena, Value zone, Polygon **zones, int *count, Error *err)
{
    bool many = is_many(zone);

    *count = many ? (int)zone.count : 1;
    *zones = arena_array(arena, Polygon, (size_t)*count);
    if (!*zones) {
        return fail(err, ERR_MEMORY, "no memory for %d zones", *count);
    }
    for (int i = 0; i < *count; i++) {
        Value one = many ? zone.as.items[i] : zone;

        if (is_list(one) && one.count == 0) {
            return fail(err, ERR_UNSUPPORTED, "zone: a zone needs at least one corner");
        }
        if (!points_read(arena, one, &(*zones)[i], err)) {
            return false;
        }
    }
    return true;
}

static bool draw(Call *call, const void *args, Image *out, Error *err)
{
    const Args *in = args;
    Polygon    *zones;
    Color       color;
    Image      *layer;
    int         count;
    bool        done;

    if (!color_parse(in->color, &color, err)) {
        return false;
    }
    if (!is_list(in->zone) || in->zone.count == 0) {
        return true;
    }
    if (!read_zones(call->arena, in->zone, &zones, &count, err)) {
        return false;
    }
    layer = image_replace(out, image_width(out), image_height(out), image_channels(out), err);
    if (!layer) {
        return false;
    }
    done = raster_polygons(layer, zones, count, color.blue, color.green, color.red, err);
    if (done) {
        blend_add(out, layer, in->opacity);
    }
    image_unref(layer);
    return done;
}

static bool run(Call *call)
{
    return drawing_run_apart(call, draw);
}

const Block block_polygon_zone_visualization_v1 = {
    .type      = "roboflow_core/polygon_zone_visualization@v1",
    .title     = "Polygon Zone Visualization",
    .category  = CATEGORY_VISUALIZATION,
    .work      = WORK(VISUALIZATION),
    .summary   = "Lay zones over a picture.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = drawing_outputs,
    .check     = check,
    .run       = run,
};
