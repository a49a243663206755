/*
 * dimension_collapse - gather the elements of the deepest batch into one list.
 *
 * After a step that makes many of one (crops, tiles), this makes one of many:
 * the results of all crops of a picture become a list beside the picture.
 */
#include "blocks/block.h"

typedef struct Args {
    ValueList data;
} Args;

static const Field fields[] = {
    { "data", GROUP(Args, data), .kinds = KINDS_ANY, .cast = true,
      .help = "What to gather." },
    { 0 },
};

enum { OUT_OUTPUT };

static const Output outputs[] = {
    [OUT_OUTPUT] = { "output", KIND(LIST), "The elements in order." },
    { 0 },
};

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in = call_args(call, i);

        emit_value(call, i, OUT_OUTPUT, value_list(in->data.items, (size_t)in->data.count));
    }
    return true;
}

const Block block_dimension_collapse_v1 = {
    .type      = "roboflow_core/dimension_collapse@v1",
    .aliases   = { "DimensionCollapse" },
    .title     = "Dimension Collapse",
    .category  = CATEGORY_FUSION,
    .work      = WORK(TRANSFORMATION),
    .summary   = "Gather the elements of the deepest batch into one list per parent.",
    .depth     = -1,
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
