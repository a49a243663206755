/*
 * property_definition - work a value out of another one.
 *
 * Applies a chain of operations of the query language: the best class of a
 * prediction, the length of a list, a text in upper case.
 */
#include "blocks/block.h"

typedef struct Args {
    Value            data;
    const Operation *operations;
} Args;

static const Field fields[] = {
    { "data", VALUE(Args, data), .kinds = KINDS_ANY, .selector_only = true,
      .help = "The value to begin with." },

    { "operations", OPERATIONS(Args, operations),
      .help = "The operations, applied one after the other." },

    { 0 },
};

enum { OUT_OUTPUT };

static const Output outputs[] = {
    [OUT_OUTPUT] = { "output", KINDS_ANY, "What the last operation gave." },
    { 0 },
};

static bool run(Call *call)
{
    UqlScope scope = { .cancel = call->cancel, .pool = call->services->pool };

    for (int i = 0; i < call->count; i++) {
        const Args *in  = call_args(call, i);
        UqlError    err = { 0 };
        Value       result;

        if (!uql_apply(call->arena, in->operations, in->data, &scope, &result, &err)) {
            return call_fail_query(call, i, &err);
        }
        emit_value(call, i, OUT_OUTPUT, result);
    }
    return true;
}

const Block block_property_definition_v1 = {
    .type      = "roboflow_core/property_definition@v1",
    .aliases   = { "PropertyDefinition", "PropertyExtraction" },
    .title     = "Property Definition",
    .category  = CATEGORY_FORMATTER,
    .work      = WORK(TRANSFORMATION) | WORK(EXPRESSION),
    .summary   = "Work a value out of another one with a chain of operations.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
