/*
 * cmd_workflow_graph - show how a workflow is put together, as text or as a picture.
 */
#include "base/file.h"
#include "cli/command.h"
#include "cli/pass.h"
#include "cli/plan_print.h"
#include "cli/print.h"
#include "value/wire.h"
#include "workflow/describe.h"
#include "workflow/plan_svg.h"
#include "workflow/plan_text.h"

/* The plan of the command's first word; NULL: err tells why. */
static const Plan *open_plan(Invocation *in, App *app, const Json **definition, Error *err)
{
    Problem     problem = { 0 };
    const Plan *plan;

    *definition = definition_load(app, in->arena, in->words[0], err);
    if (!*definition) {
        return NULL;
    }
    plan = plan_compile(*definition, &app->source, in->arena, &problem);
    if (!plan) {
        fail_problem(err, &problem);
    }
    return plan;
}

/* ---- graph ------------------------------------------------------------------------- */

static bool write_graph(Invocation *in, const Plan *plan, Error *err)
{
    const char *path = option_text(in, "out", NULL);
    Buffer      out;
    bool        ok;

    buffer_init(&out, LIMIT_RESPONSE_BODY);
    ok = plan_svg(plan, &out)
             ? path ? file_write(path, out.data, out.length, err) : print_out(&out, err)
             : fail(err, ERR_TOO_LARGE, "the workflow is too large to be drawn");
    buffer_fini(&out);
    return ok;
}

static int run_graph(Invocation *in, Error *err)
{
    const Json *definition;
    const Plan *plan;
    App         app;
    bool        ok;

    if (!app_open(&app, data_folder(in), false, err)) {
        return -1;
    }
    plan = open_plan(in, &app, &definition, err);
    ok   = plan && write_graph(in, plan, err);
    plan_unref(plan);
    app_close(&app);
    return ok ? 0 : -1;
}

static const Option graph_options[] = {
    { "out", 'o', OPTION_TEXT, "FILE.svg", "Write it there (standard output)." },
    { 0 },
};

const Command command_workflow_graph = {
    .name    = "workflow graph",
    .usage   = "WORKFLOW.json [-o FILE.svg]",
    .summary = "Draw a workflow as SVG: steps, batch levels, branches.",
    .example = "ocellus workflow graph examples/slices.json -o /tmp/slices.svg",
    .details = "WORKFLOW is a file, '-' for standard input, or the id of a stored workflow.\n"
               "Steps in one column can run at once.  Their colour tells the batch level of what "
               "they give;\ndashed lines are branches.",
    .options = graph_options, .least = 1, .most = 1, .data = true, .run = run_graph,
};

/* ---- describe ------------------------------------------------------------------------ */

static void print_preset(Buffer *out, Value preset)
{
    JsonWriter w = json_writer(out);
    Error      err;

    buffer_string(out, ", default ");
    if (!wire_write(&w, preset, &err)) {
        buffer_string(out, "?");
    }
}

static void print_input(Buffer *out, const Plan *plan, const PlanInput *input)
{
    static const char *const types[] = {
        [INPUT_IMAGE] = "picture", [INPUT_VIDEO] = "video", [INPUT_PARAMETER] = "parameter",
        [INPUT_BATCH] = "batch",
    };

    buffer_printf(out, "  %-24.*s %-10s ", SHOW(input->name), types[input->type]);
    print_kind_refs(out, input->kinds);
    if (input->type == INPUT_PARAMETER) {
        print_preset(out, input->preset);
    } else if (input->dimensionality > 1) {
        buffer_string(out, ", over ");
        plan_level_text(out, plan, input->level);
    }
    buffer_char(out, '\n');
}

static void print_output(Buffer *out, const Plan *plan, const PlanOutput *output)
{
    buffer_printf(out, "  %-24.*s ", SHOW(output->name));
    if (output->step >= 0) {
        buffer_printf(out, "all of %.*s", SHOW(plan->steps[output->step].name));
    } else {
        print_kind_refs(out, output->kinds);
    }
    if (output->level >= 0) {
        buffer_string(out, ", one for each of ");
        plan_level_text(out, plan, output->level);
    }
    buffer_char(out, '\n');
}

static void print_description(Buffer *out, const Plan *plan)
{
    buffer_string(out, "inputs\n");
    for (int i = 0; i < plan->input_count; i++) {
        print_input(out, plan, &plan->inputs[i]);
    }
    buffer_string(out, "\n");
    print_steps(out, plan, NULL);
    buffer_string(out, "\noutputs\n");
    for (int i = 0; i < plan->output_count; i++) {
        print_output(out, plan, &plan->outputs[i]);
    }
}

/* What /workflows/describe_interface answers. */
static bool write_interface(Invocation *in, App *app, Buffer *out, Error *err)
{
    const Json *definition = definition_load(app, in->arena, in->words[0], err);
    Problem     problem    = { 0 };
    JsonWriter  w          = json_writer(out);
    Description description;

    if (!definition) {
        return false;
    }
    if (!describe_workflow(in->arena, definition, &description, &problem)) {
        return fail_problem(err, &problem);
    }
    describe_write(&w, &description);
    buffer_char(out, '\n');
    return true;
}

static bool write_description(Invocation *in, App *app, Buffer *out, Error *err)
{
    const Json *definition;
    const Plan *plan = open_plan(in, app, &definition, err);

    if (plan) {
        print_description(out, plan);
        plan_unref(plan);
    }
    return plan != NULL;
}

static int run_describe(Invocation *in, Error *err)
{
    Buffer out;
    App    app;
    bool   ok;

    if (!app_open(&app, data_folder(in), false, err)) {
        return -1;
    }
    buffer_init(&out, LIMIT_RESPONSE_BODY);
    ok = (option_given(in, "json") ? write_interface(in, &app, &out, err)
                                   : write_description(in, &app, &out, err)) &&
         print_out(&out, err);
    buffer_fini(&out);
    app_close(&app);
    return ok ? 0 : -1;
}

static const Option describe_options[] = {
    { "json", 0, OPTION_FLAG, NULL, "Print what /workflows/describe_interface answers." },
    { 0 },
};

const Command command_workflow_describe = {
    .name    = "workflow describe",
    .usage   = "WORKFLOW.json [--json]",
    .summary = "Tell what a workflow takes, does and gives.",
    .example = "ocellus workflow describe examples/slices.json",
    .details = "WORKFLOW is a file, '-' for standard input, or the id of a stored workflow.",
    .options = describe_options, .least = 1, .most = 1, .data = true, .run = run_describe,
};
