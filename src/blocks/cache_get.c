/*
 * cache_get - read what another step has kept.
 *
 * Gives the value that a cache_set step kept under the key for the same video,
 * or false when there is none.
 */
#include "blocks/cache.h"

typedef struct Args {
    Image *image;
    Value  key;
} Args;

static const Field fields[] = {
    { "image", IMAGE(Args, image), .from = FROM_INPUTS,
      .help = "The frame; its video metadata tells whose values to look at." },

    { "key", VALUE(Args, key), .kinds = KIND(STRING), .scalar = true,
      .help = "The name of the value." },

    { 0 },
};

enum { OUT_OUTPUT };

static const Output outputs[] = {
    [OUT_OUTPUT] = { "output", KINDS_ANY, "The value, or false when there is none." },
    { 0 },
};

static bool check(const StepView *step, Error *err)
{
    return cache_check_key(((const Args *)step->args)->key, err);
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in = call_args(call, i);
        CachePart  *part;
        Text        key;
        Value       value;

        if (!cache_locate(call, i, in->image, in->key, &part, &key)) {
            return false;
        }
        emit_value(call, i, OUT_OUTPUT,
                   cache_find(part, key, call->arena, &value) ? value : value_bool(false));
    }
    return true;
}

const Block block_cache_get_v1 = {
    .type             = "roboflow_core/cache_get@v1",
    .title            = "Cache Get",
    .category         = CATEGORY_FUSION,
    .live             = true,
    .work             = WORK(CACHE_READ),
    .caveats          = CAVEAT(CACHE),
    .summary          = "Read a value that another step has kept for the same video.",
    .video_state_size = sizeof(CacheState),
    .video_state_fini = cache_forget,
    .args_size        = sizeof(Args),
    .fields           = fields,
    .outputs          = outputs,
    .check            = check,
    .run              = run,
};
