/*
 * detections_stitch - what was found in tiles, in the picture they were cut from.
 *
 * Moves the objects of every tile to where the tile lies; what several tiles saw of one
 * object is then dropped or merged.
 */
#include "vision/overlapping.h"
#include "blocks/sets.h"

enum { NOTHING, SUPPRESS, MERGE };

static const Choice strategies[] = {
    { "none", NOTHING }, { "nms", SUPPRESS }, { "nmm", MERGE }, { 0 },
};

typedef struct Args {
    Image    *image;
    ValueList tiles;
    int       strategy;
    double    threshold;
} Args;

static const Field fields[] = {
    { "reference_image", IMAGE(Args, image), .help = "The picture that the tiles were cut from." },

    { "predictions", GROUP(Args, tiles), .kinds = KIND(OD) | KIND(IS),
      .help = "What was found in each tile." },

    { "overlap_filtering_strategy", CHOICE(Args, strategy, strategies), .kinds = KIND(STRING),
      .preset = "\"nms\"",
      .help = "What to do with objects of one class that overlap: nothing, keep the surest "
              "(nms), or merge them (nmm)." },

    { "iou_threshold", NUMBER(Args, threshold), .kinds = KIND(FLOAT01), .preset = "0.3",
      .range = BETWEEN(0, 1),
      .help = "The intersection over union from which objects count as overlapping." },

    { 0 },
};

enum { OUT_PREDICTIONS };

static const Output outputs[] = {
    [OUT_PREDICTIONS] = { "predictions", KIND(OD) | KIND(IS), "The objects of all tiles." },
    { 0 },
};

/* A tile's objects where they lie in the picture; NULL when the call has failed. */
static const Detections *moved_tile(Call *call, int i, const Args *in, const Detections *tile)
{
    Detections *set  = detections_derive(call->arena, tile);
    Lineage     from = row_lineage(tile, 0);

    if (tile->count == 0) {
        return set;
    }
    if (from.parent.width <= 0) {
        call_fail(call, i, "RuntimeError", "predictions: a tile does not say where in the picture "
                                           "it lies (parent_origin)");
        return NULL;
    }
    detections_move(call->arena, set, from.parent.offset_x, from.parent.offset_y,
                    image_width(in->image), image_height(in->image));
    set->lineage      = *image_lineage(in->image);
    set->lineages     = NULL;
    set->has_origin   = true;
    set->image_width  = image_width(in->image);
    set->image_height = image_height(in->image);
    return set;
}

static const Detections *stitched(Call *call, int i, const Args *in)
{
    const Detections **sets = arena_array(call->arena, const Detections *, MAX(in->tiles.count, 1));
    const Detections  *joined;
    Error              err = { 0 };

    for (int k = 0; sets && k < in->tiles.count; k++) {
        Value tile = in->tiles.items[k];

        if (tile.type != VALUE_DETECTIONS) {
            call_fail(call, i, "AttributeError", "predictions: a tile's are %s, not detections",
                      value_type_name((ValueType)tile.type));
            return NULL;
        }
        sets[k] = moved_tile(call, i, in, tile.as.detections);
        if (!sets[k]) {
            return NULL;
        }
    }
    joined = sets ? sets_joined(call->arena, sets, in->tiles.count, &err) : NULL;
    if (!joined && err.kind == ERR_INVALID) {
        call_fail(call, i, "ValueError", "predictions: %s", err.text);
    } else if (!joined) {
        call_fail_error(call, i, &err);
    }
    return joined;
}

static bool stitch(Call *call, int i, const Args *in)
{
    const Detections *all = stitched(call, i, in);
    Error             err = { 0 };

    if (!all) {
        return false;
    }
    if (in->strategy == SUPPRESS) {
        all = overlapping_suppressed(call->arena, all, in->threshold, call->cancel, &err);
    } else if (in->strategy == MERGE) {
        all = overlapping_merged(call->arena, all, in->threshold, call->cancel, &err);
    }
    if (!all) {
        return call_fail_error(call, i, &err);
    }
    emit_detections(call, i, OUT_PREDICTIONS, all);
    return true;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        if (!stitch(call, i, call_args(call, i))) {
            return false;
        }
    }
    return true;
}

const Block block_detections_stitch_v1 = {
    .type      = "roboflow_core/detections_stitch@v1",
    .title     = "Detections Stitch",
    .category  = CATEGORY_FUSION,
    .work      = WORK(DETECTIONS),
    .summary   = "Bring what was found in tiles back into the whole picture.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
