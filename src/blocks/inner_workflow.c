/*
 * inner_workflow - another workflow as a step.
 *
 * Embedded, which is the rule, the other workflow's steps take this step's place
 * before anything is compiled (workflow/inner.h), so the block itself never runs.
 * What is left as a step is the remote mode, which hands the inputs of the other
 * workflow to another server and waits for nothing.
 */
#include "blocks/block.h"

enum { EMBEDDED, REMOTE };

typedef struct Args {
    int         mode;
    Text        target;
    const void *definition;
    Text        workspace, id, version;
    Value       bindings;
} Args;

static const Choice modes[] = {
    { "embedded",        EMBEDDED },
    { "remote_dispatch", REMOTE },
    { 0 },
};

/* The definition is the other server's business: only that it is one is looked at. */
static bool parse_definition(Arena *arena, const Json *json, const void **out, Error *err)
{
    Value *kept;

    if (json_is(json, JSON_NULL)) {
        return true;
    }
    if (!json_is(json, JSON_OBJECT)) {
        return fail(err, ERR_INVALID, "expected a workflow definition: a dictionary");
    }
    kept  = arena_new(arena, Value);
    *kept = value_copy(arena, value_from_json(arena, json));
    *out  = kept;
    return true;
}

static const Field fields[] = {
    { "execution_mode", CHOICE(Args, mode, modes), .preset = "\"embedded\"",
      .help = "Whether the steps run here or on another server." },

    { "remote_target", STRING(Args, target), .preset = "null", .nullable = true,
      .help = "The address of the other server." },

    { "workflow_definition", PARSED(Args, definition, parse_definition), .preset = "null",
      .nullable = true, .schema = "{\"type\": \"object\"}",
      .help = "The inner workflow, written out." },

    { "workflow_workspace_id", STRING(Args, workspace), .preset = "null", .nullable = true,
      .help = "Workspace of a stored workflow." },

    { "workflow_id", STRING(Args, id), .preset = "null", .nullable = true,
      .help = "Name of a stored workflow." },

    { "workflow_version_id", STRING(Args, version), .preset = "null", .nullable = true,
      .help = "Version of a stored workflow; the newest one without it." },

    { "parameter_bindings", MAP(Args, bindings), .kinds = KINDS_ANY, .selector_only = true,
      .help = "What the inputs of the inner workflow are." },

    { 0 },
};

static bool is_blank(Text text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] != ' ' && text.at[i] != '\t') {
            return false;
        }
    }
    return true;
}

static bool check(const StepView *step, Error *err)
{
    const Args *args = step->args;

    if (args->target.at && is_blank(args->target)) {
        return fail(err, ERR_INVALID, "remote_target is blank");
    }
    if (!args->definition && (args->workspace.length == 0 || args->id.length == 0)) {
        return fail(err, ERR_INVALID, "it needs a workflow_definition, or workflow_workspace_id "
                                      "and workflow_id");
    }
    if (args->definition && (args->workspace.length > 0 || args->id.length > 0)) {
        return fail(err, ERR_INVALID, "it has both a workflow_definition and the name of a stored "
                                      "workflow; give one of them");
    }
    return true;
}

/* The steps of an embedded workflow speak for themselves; a remote one answers to
 * nobody. */
static const Output *describe(const StepView *step)
{
    static const Output none[] = { { 0 } };

    (void)step;
    return none;
}

/* http(s)://host without credentials, query or fragment. */
static bool is_base_url(Text url)
{
    Text rest = text_starts(url, "https://")  ? (Text){ url.at + 8, url.length - 8 }
              : text_starts(url, "http://") ? (Text){ url.at + 7, url.length - 7 }
                                              : (Text){ NULL, 0 };

    return rest.length > 0 && !memchr(rest.at, '@', rest.length) &&
           !memchr(rest.at, '?', rest.length) && !memchr(rest.at, '#', rest.length);
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in = call_args(call, i);

        if (in->target.at && !is_base_url(in->target)) {
            return call_fail(call, i, "ValueError", "remote_target: '%.*s' is no http or https "
                             "address without credentials, query and fragment",
                             SHOW(in->target));
        }
        if (call->services->sinks_off) {
            continue;
        }
        if (call->services->dispatch_depth >= LIMIT_INNER_DEPTH) {
            return call_fail(call, i, "ValueError", "workflows are handed on at most %d times",
                             LIMIT_INNER_DEPTH);
        }
        return call_fail(call, i, "RuntimeError", "this server cannot hand workflows to another "
                         "one; set execution_mode to \"embedded\" to run the steps here");
    }
    return true;
}

const Block block_inner_workflow_v1 = {
    .type      = "roboflow_core/inner_workflow@v1",
    .title     = "Inner Workflow",
    .category  = CATEGORY_FLOW,
    .work      = WORK(REQUEST),
    .summary   = "Use another workflow as a step.",
    .details   = "The other workflow is written out or stored here under a name.  Its inputs are "
                 "bound to inputs and outputs of this one, and its outputs are used like those of "
                 "any step.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .describe  = describe,
    .check     = check,
    .live      = true,
    .run       = run,
};
