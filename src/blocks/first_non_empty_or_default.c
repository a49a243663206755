/*
 * first_non_empty_or_default - the first value that is there.
 *
 * The way to join branches again: of several sources, some of which may not have
 * run, take the first that gave something, else a default.
 */
#include "blocks/block.h"

typedef struct Args {
    ValueList data;
    Value     otherwise;
} Args;

static const Field fields[] = {
    { "data", VALUES(Args, data), .kinds = KINDS_ANY, .least = 1, .selector_only = true,
      .help = "The sources, in order of preference." },

    { "default", VALUE(Args, otherwise), .preset = "null", .nullable = true,
      .help = "What to give when every source is empty." },

    { 0 },
};

enum { OUT_OUTPUT };

static const Output outputs[] = {
    [OUT_OUTPUT] = { "output", KINDS_ANY, "The first value that is not empty." },
    { 0 },
};

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in    = call_args(call, i);
        Value       found = in->otherwise;

        for (int k = in->data.count - 1; k >= 0; k--) {
            if (!value_is_null(in->data.items[k])) {
                found = in->data.items[k];
            }
        }
        emit_value(call, i, OUT_OUTPUT, found);
    }
    return true;
}

const Block block_first_non_empty_or_default_v1 = {
    .type        = "roboflow_core/first_non_empty_or_default@v1",
    .aliases     = { "FirstNonEmptyOrDefault" },
    .title       = "First Non Empty Or Default",
    .category    = CATEGORY_FORMATTER,
    .work        = WORK(TRANSFORMATION),
    .summary     = "Take the first of several values that is not empty, else a default.",
    .takes_empty = true,
    .args_size   = sizeof(Args),
    .fields      = fields,
    .outputs     = outputs,
    .run         = run,
};
