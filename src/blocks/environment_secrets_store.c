/*
 * environment_secrets_store - secrets out of the server's environment.
 *
 * A workflow names environment variables instead of holding keys and passwords
 * itself.  Every variable becomes an output of its name in lower case; one that
 * is not set is null.  Blocks that use a secret see its text, answers only a
 * masked form of it.
 */
#include "base/map.h"
#include "base/text.h"
#include "blocks/block.h"

typedef struct Args {
    TextList names;
} Args;

static const Field fields[] = {
    { "variables_storing_secrets", STRINGS(Args, names), .least = 1,
      .help = "Names of the environment variables; each becomes an output." },

    { 0 },
};

/* The number of the output that a variable feeds: variables of one name in lower
 * case share theirs.  `seen` holds the names so far. */
static int output_of(Map *seen, Text variable)
{
    Buffer lower;
    Text   name;
    int   *number;

    buffer_init(&lower, KIB(64));
    text_lower(&lower, variable);
    name = arena_text(seen->arena, (Text){ lower.data ? lower.data : "", lower.length });
    buffer_fini(&lower);
    number = map_get(seen, name);
    if (!number) {
        number  = arena_new(seen->arena, int);
        *number = (int)seen->count;
        map_put(seen, name, number);
    }
    return *number;
}

static const Output *describe(const StepView *step)
{
    const Args *in    = step->args;
    Output     *table = arena_array(step->arena, Output, in->names.count + 1);
    Map         seen;

    map_init(&seen, step->arena);
    for (int i = 0; table && i < in->names.count; i++) {
        int k = output_of(&seen, in->names.items[i]);

        table[k] = (Output){ seen.entries[k].key.at, KIND(SECRET),
                             "The value of an environment variable." };
    }
    return table;
}

static Value read_variable(Call *call, Text name)
{
    const char *value = memchr(name.at, '\0', name.length)
                            ? NULL
                            : call->services->environment(call->services->context, name.at);

    return value ? value_text(arena_text(call->arena, text_of(value))) : value_null();
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in = call_args(call, i);
        Map         seen;

        if (!call->services->environment) {
            return call_fail(call, i, "RuntimeError", "this program does not let workflows read "
                                                      "environment variables");
        }
        map_init(&seen, call->arena);
        for (int k = 0; k < in->names.count; k++) {
            emit_value(call, i, output_of(&seen, in->names.items[k]),
                       read_variable(call, in->names.items[k]));
        }
    }
    return true;
}

const Block block_environment_secrets_store_v1 = {
    .type      = "roboflow_core/environment_secrets_store@v1",
    .title     = "Environment Secrets Store",
    .category  = CATEGORY_UTILITY,
    .work      = WORK(ENVIRONMENT),
    .caveats   = CAVEAT(ENVIRONMENT),
    .summary   = "Read secrets from the server's environment.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .describe  = describe,
    .live      = true,
    .run       = run,
};
