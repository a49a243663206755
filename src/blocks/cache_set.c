/*
 * cache_set - keep a value for other steps.
 *
 * The value stays under its key as long as some step of some workflow works on
 * the same video; cache_get reads it.
 */
#include "blocks/cache.h"

typedef struct Args {
    Image *image;
    Value  key, value;
} Args;

static const Field fields[] = {
    { "image", IMAGE(Args, image), .from = FROM_INPUTS,
      .help = "The frame; its video metadata tells for which video to keep the value." },

    { "key", VALUE(Args, key), .kinds = KIND(STRING), .scalar = true,
      .help = "The name of the value." },

    { "value", VALUE(Args, value), .kinds = KINDS_ANY | KIND(LIST), .selector_only = true,
      .help = "The value to keep." },

    { 0 },
};

enum { OUT_OUTPUT };

static const Output outputs[] = {
    [OUT_OUTPUT] = { "output", KINDS_ANY, "The same value." },
    { 0 },
};

static bool check(const StepView *step, Error *err)
{
    return cache_check_key(((const Args *)step->args)->key, err);
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in  = call_args(call, i);
        Error       err = { 0 };
        CachePart  *part;
        Text        key;

        if (!cache_locate(call, i, in->image, in->key, &part, &key)) {
            return false;
        }
        if (!cache_put(part, key, in->value, &err)) {
            return call_fail_error(call, i, &err);
        }
        emit_value(call, i, OUT_OUTPUT, in->value);
    }
    return true;
}

const Block block_cache_set_v1 = {
    .type             = "roboflow_core/cache_set@v1",
    .title            = "Cache Set",
    .category         = CATEGORY_FUSION,
    .live             = true,
    .acts             = true,
    .work             = WORK(CACHE_WRITE),
    .caveats          = CAVEAT(CACHE),
    .summary          = "Keep a value for other steps that work on the same video.",
    .video_state_size = sizeof(CacheState),
    .video_state_fini = cache_forget,
    .args_size        = sizeof(Args),
    .fields           = fields,
    .outputs          = outputs,
    .check            = check,
    .run              = run,
};
