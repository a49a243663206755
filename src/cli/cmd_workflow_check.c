/*
 * cmd_workflow_check - look a definition over without running it.
 */
#include "base/file.h"
#include "cli/command.h"
#include "cli/pass.h"
#include "cli/plan_print.h"
#include "cli/print.h"
#include "server/costs.h"
#include "workflow/check.h"
#include "workflow/inner.h"

/* ---- the report -------------------------------------------------------------------- */

static void print_finding(Buffer *out, const Finding *finding)
{
    buffer_printf(out, "%s", finding->error ? "error: " : "warning: ");
    if (finding->step || finding->field) {
        buffer_printf(out, "%s%s%s: ", finding->step ? finding->step : "",
                      finding->step && finding->field ? "." : "",
                      finding->field ? finding->field : "");
    }
    buffer_printf(out, "%s [%s]\n", finding->text, finding->code);
}

static const char *plural(int count)
{
    return count == 1 ? "" : "s";
}

static void print_report(Buffer *out, const Check *check, const int64_t *costs)
{
    int  warnings   = check->count - check->error_count;
    bool upgradable = false;

    for (int i = 0; i < check->count; i++) {
        print_finding(out, &check->findings[i]);
        upgradable = upgradable || check->findings[i].upgradable;
    }
    if (check->plan) {
        buffer_string(out, check->count > 0 ? "\n" : "");
        print_steps(out, check->plan, costs);
        buffer_char(out, '\n');
    }
    buffer_printf(out, "%d error%s, %d warning%s%s%s\n", check->error_count,
                  plural(check->error_count), warnings, plural(warnings),
                  check->cut ? ", and more" : "",
                  upgradable ? "; --upgrade rewrites what is old" : "");
}

static void write_text_or_null(JsonWriter *w, const char *key, const char *text)
{
    json_key(w, key);
    json_write_string(w, text);
}

static void write_report(Buffer *out, const Check *check, const int64_t *costs)
{
    JsonWriter w = json_writer(out);

    json_begin_object(&w);
    json_key(&w, "errors");
    json_write_int(&w, check->error_count);
    json_key(&w, "warnings");
    json_write_int(&w, check->count - check->error_count);
    json_key(&w, "findings");
    json_begin_array(&w);
    for (int i = 0; i < check->count; i++) {
        const Finding *finding = &check->findings[i];

        json_begin_object(&w);
        write_text_or_null(&w, "severity", finding->error ? "error" : "warning");
        write_text_or_null(&w, "code", finding->code);
        write_text_or_null(&w, "step", finding->step);
        write_text_or_null(&w, "field", finding->field);
        write_text_or_null(&w, "text", finding->text);
        json_key(&w, "upgradable");
        json_write_bool(&w, finding->upgradable);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_key(&w, "steps");
    if (check->plan) {
        write_steps(&w, check->plan, costs);
    } else {
        json_write_null(&w);
    }
    json_end_object(&w);
    buffer_char(out, '\n');
}

/* What the steps took lately. */
static bool read_costs(App *app, const Plan *plan, const Json *definition, Arena *arena,
                       const int64_t **costs, Error *err)
{
    Problem     problem = { 0 };
    const Json *resolved;

    if (!inner_resolve(arena, definition, &app->source, &resolved, &problem)) {
        return fail_problem(err, &problem);
    }
    *costs = costs_read(app, plan, resolved, arena, err);
    return *costs != NULL;
}

/* 0 when it would run, 2 as for any wrong input otherwise. */
static int report(Invocation *in, App *app, const Json *definition, Error *err)
{
    const int64_t *costs = NULL;
    Buffer         out;
    Check          check;
    bool           ok;

    workflow_check(definition, &app->source, in->arena, &check);
    if (check.plan && !read_costs(app, check.plan, definition, in->arena, &costs, err)) {
        plan_unref(check.plan);
        return -1;
    }
    buffer_init(&out, LIMIT_RESPONSE_BODY);
    if (option_given(in, "json")) {
        write_report(&out, &check, costs);
    } else {
        print_report(&out, &check, costs);
    }
    ok = print_out(&out, err);
    buffer_fini(&out);
    plan_unref(check.plan);
    return !ok ? -1 : check.error_count == 0 ? 0 : error_exit_code(ERR_INVALID);
}

/* ---- upgrading --------------------------------------------------------------------- */

static int upgrade(Invocation *in, App *app, const Json *definition, Error *err)
{
    const char *path    = option_text(in, "out", NULL);
    int         changes = 0;
    const Json *now     = workflow_upgrade(definition, &app->source, in->arena, &changes);
    Buffer      out;
    bool        ok;

    if (!now) {
        fail(err, ERR_TOO_LARGE, "the upgraded definition is too large");
        return -1;
    }
    buffer_init(&out, LIMIT_RESPONSE_BODY);
    print_pretty(&out, now);
    ok = !path ? print_out(&out, err)
               : out.failed ? fail(err, ERR_TOO_LARGE, "%s: the definition is too large", path)
                            : file_write(path, out.data, out.length, err);
    buffer_fini(&out);
    if (ok) {
        fprintf(stderr, "%d change%s\n", changes, plural(changes));
    }
    return ok ? 0 : -1;
}

static int run(Invocation *in, Error *err)
{
    App         app;
    const Json *definition;
    int         code = -1;

    if (option_given(in, "out") && !option_given(in, "upgrade")) {
        fail(err, ERR_INVALID, "--out is where --upgrade writes: give both");
        return -1;
    }
    if (!app_open(&app, data_folder(in), false, err)) {
        return -1;
    }
    definition = definition_load(&app, in->arena, in->words[0], err);
    if (definition) {
        code = option_given(in, "upgrade") ? upgrade(in, &app, definition, err)
                                           : report(in, &app, definition, err);
    }
    app_close(&app);
    return code;
}

static const Option options[] = {
    { "json", 0, OPTION_FLAG, NULL, "Print the findings and the steps as JSON." },
    { "upgrade", 0, OPTION_FLAG, NULL, "Print the definition with today's names and versions." },
    { "out", 'o', OPTION_TEXT, "FILE", "With --upgrade: write it there." },
    { 0 },
};

const Command command_workflow_check = {
    .name    = "workflow check",
    .usage   = "WORKFLOW.json [options]",
    .summary = "Find everything that is wrong or odd in a workflow, without running it.",
    .example = "ocellus workflow check examples/parts.json",
    .details = "WORKFLOW is a file, '-' for standard input, or the id of a stored workflow.\n"
               "Errors keep it from running: the exit code is 2.  Warnings do not: keys that no "
               "field has,\nbranches that never run, steps and inputs that nothing reads, "
               "conditions that are always the\nsame, older names and versions.  --upgrade "
               "changes only what keeps its meaning.",
    .options = options,
    .least   = 1,
    .most    = 1,
    .data    = true,
    .run     = run,
};
