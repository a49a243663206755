/*
 * cmd_workflow - keep definitions under a name.
 */
#include "base/clock.h"
#include "cli/command.h"
#include "cli/pass.h"
#include "cli/print.h"

static bool valid_id(const char *id, Error *err)
{
    return workflow_id_valid(text_of(id)) ||
           fail(err, ERR_INVALID, "'%.100s' is no workflow id; it is made of letters, digits, '-' "
                "and '_'", id);
}

/* ---- save ------------------------------------------------------------------------------------ */

/* Only definitions that compile are kept. */
static bool save(App *app, Invocation *in, Error *err)
{
    const char *id         = in->words[0];
    const Json *definition = definition_load(app, in->arena, in->words[1], err);
    Problem     problem    = { 0 };
    const Plan *plan;
    Buffer      text;
    JsonWriter  w;
    int64_t     revision;
    bool        ok;

    if (!definition) {
        return false;
    }
    plan = plan_compile(definition, &app->source, in->arena, &problem);
    if (!plan) {
        return fail_problem(err, &problem);
    }
    plan_unref(plan);
    buffer_init(&text, LIMIT_DEFINITION);
    w = json_writer(&text);
    json_write(&w, definition);
    ok = store_workflow_save(app->store, text_of(id), text_of(option_text(in, "name", id)),
                             (Text){ text.data, text.length }, &revision, err);
    buffer_fini(&text);
    if (ok) {
        fprintf(stderr, "workflow %s is saved, revision %lld\n", id, (long long)revision);
    }
    return ok;
}

static int run_save(Invocation *in, Error *err)
{
    App  app;
    bool ok;

    if (!valid_id(in->words[0], err) || !app_open(&app, data_folder(in), false, err)) {
        return -1;
    }
    ok = save(&app, in, err);
    app_close(&app);
    return ok ? 0 : -1;
}

/* ---- list, show, rm ------------------------------------------------------------------------- */

static void print_row(Invocation *in, const StoredWorkflow *row, Buffer *out)
{
    char       iso[CLOCK_ISO_SIZE];
    JsonWriter w = json_writer(out);

    clock_iso(iso, row->updated / 1000000 * 1000000, 0);
    if (option_given(in, "json")) {
        json_begin_object(&w);
        json_key(&w, "id");
        json_write_text(&w, row->id);
        json_key(&w, "name");
        json_write_text(&w, row->name);
        json_key(&w, "revision");
        json_write_int(&w, row->revision);
        json_key(&w, "updated");
        json_write_string(&w, iso);
        json_end_object(&w);
        buffer_char(out, '\n');
    } else {
        buffer_printf(out, "%-24.*s revision %-4lld %s\n", SHOW(row->id), (long long)row->revision,
                      iso);
    }
}

static int run_list(Invocation *in, Error *err)
{
    StoredWorkflow *rows;
    int             count = 0;
    Buffer          out;
    App             app;
    bool            ok;

    if (!app_open(&app, data_folder(in), false, err)) {
        return -1;
    }
    buffer_init(&out, LIMIT_RESPONSE_BODY);
    ok = store_workflow_list(app.store, in->arena, &rows, &count, err);
    for (int i = 0; ok && i < count; i++) {
        print_row(in, &rows[i], &out);
    }
    if (ok && count == 0) {
        fprintf(stderr, "no workflows yet; 'ocellus workflow save --help' tells how to keep one\n");
    }
    ok = ok && print_out(&out, err);
    buffer_fini(&out);
    app_close(&app);
    return ok ? 0 : -1;
}

static int run_show(Invocation *in, Error *err)
{
    StoredWorkflow stored;
    const Json    *json = NULL;
    Buffer         out;
    App            app;
    bool           ok;

    if (!valid_id(in->words[0], err) || !app_open(&app, data_folder(in), false, err)) {
        return -1;
    }
    buffer_init(&out, LIMIT_RESPONSE_BODY);
    ok = store_workflow_load(app.store, in->arena, text_of(in->words[0]),
                             option_int(in, "revision", 0), &stored, err);
    json = ok ? json_parse(in->arena, stored.definition, JSON_STRICT, err) : NULL;
    if (json) {
        print_pretty(&out, json);
    }
    ok = json && print_out(&out, err);
    buffer_fini(&out);
    app_close(&app);
    return ok ? 0 : -1;
}

static int run_rm(Invocation *in, Error *err)
{
    App  app;
    bool ok;

    if (!valid_id(in->words[0], err) || !app_open(&app, data_folder(in), false, err)) {
        return -1;
    }
    ok = store_workflow_remove(app.store, text_of(in->words[0]), err);
    app_close(&app);
    return ok ? 0 : -1;
}

static const Option save_options[] = {
    { "name", 0, OPTION_TEXT, "TEXT", "A name for people (the id)." },
    { 0 },
};

static const Option list_options[] = {
    { "json", 0, OPTION_FLAG, NULL, "Print JSON, one object a line." },
    { 0 },
};

static const Option show_options[] = {
    { "revision", 0, OPTION_INTEGER, "N", "An older revision (the newest)." },
    { 0 },
};

const Command command_workflow_save = {
    .name = "workflow save", .usage = "ID WORKFLOW.json [options]",
    .summary = "Keep a workflow under an id.",
    .example = "ocellus workflow save parts examples/parts.json --data build/demo",
    .options = save_options, .least = 2, .most = 2, .data = true, .run = run_save,
};

const Command command_workflow_list = {
    .name = "workflow list", .usage = "[--json]", .summary = "List the stored workflows.",
    .example = "ocellus workflow list --data build/demo", .options = list_options, .data = true,
    .run = run_list,
};

const Command command_workflow_show = {
    .name = "workflow show", .usage = "ID [options]", .summary = "Print a stored workflow.",
    .example = "ocellus workflow show parts --data build/demo", .options = show_options,
    .least = 1, .most = 1, .data = true, .run = run_show,
};

const Command command_workflow_rm = {
    .name = "workflow rm", .usage = "ID", .summary = "Remove a stored workflow.",
    .example = "ocellus workflow rm parts --data build/demo", .least = 1, .most = 1,
    .data = true, .run = run_rm,
};
