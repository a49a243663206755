/*
 * cmd_model - add, list, show, check and remove model packages.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/print.h"
#include "model/import.h"
#include "server/app.h"

static bool valid_id(const char *id, Error *err)
{
    return model_id_valid(text_of(id)) ||
           fail(err, ERR_INVALID, "'%.100s' is no model id; it is written project/version, for "
                "example parts/1", id);
}

/* ---- add ------------------------------------------------------------------------------------ */

static void remember(App *app, Arena *arena, const char *id, const char *source,
                     const Buffer *report)
{
    const char    *folder  = path_join(arena, path_join(arena, app->data, "models"), id);
    Error          err     = { 0 };
    const Package *package = package_read(arena, folder, id, &err);
    StoredModel    model   = { .id = text_of(id),
                          .task = text_of(task_name(package ? package->task : TASK_UNKNOWN)),
                          .source = text_of(source),
                          .report = { report->data ? report->data : "", report->length },
                          .created = clock_wall() };

    if (!store_model_save(app->store, &model, &err)) {
        fprintf(stderr, "warning: the model is there, its record is not: %s\n", err.text);
    }
}

static int run_add(Invocation *in, Error *err)
{
    ImportOptions how = {
        .classes = option_text(in, "classes", NULL), .task = option_text(in, "task", NULL),
        .layout = option_text(in, "layout", NULL),
        .resize = option_text(in, "resize", NULL), .color = option_text(in, "color", NULL),
        .normalize = option_text(in, "normalize", NULL), .replace = option_given(in, "replace"),
    };
    const char *id = in->words[0];
    Buffer      report;
    App         app;
    bool        ok;

    if (!valid_id(id, err) ||
        !import_size(option_text(in, "size", NULL), &how.width, &how.height, err) ||
        !app_open(&app, data_folder(in), false, err)) {
        return -1;
    }
    buffer_init(&report, KIB(64));
    ok = model_import(models_path(in), text_of(id), in->words[1], &how, &report, err) &&
         print_out(&report, err);
    if (ok) {
        remember(&app, in->arena, id, in->words[1], &report);
        fprintf(stderr, "model %s is ready\n", id);
    }
    buffer_fini(&report);
    app_close(&app);
    return ok ? 0 : -1;
}

static const Option add_options[] = {
    { "classes", 0, OPTION_TEXT, "FILE", "Class names, one a line (else from metadata)." },
    { "task", 0, OPTION_TEXT, "TASK", "What the model does, when it cannot be told." },
    { "layout", 0, OPTION_TEXT, "NAME", "How the output holds boxes or points, when it cannot be "
                                        "told." },
    { "size", 0, OPTION_TEXT, "PIXELS", "Side of the network's input, or WIDTHxHEIGHT, when not "
                                        "fixed." },
    { "resize", 0, OPTION_TEXT, "MODE",
      "stretch, letterbox, letterbox-top-left or center-crop (YOLO: letterbox; YOLOX: top-left)." },
    { "color", 0, OPTION_TEXT, "ORDER", "rgb or bgr (bgr for YOLOX and FastestDet)." },
    { "normalize", 0, OPTION_TEXT, "HOW", "none, imagenet, half, raw or MEAN,STD (none, which is "
                                          "x / 255)." },
    { "replace", 0, OPTION_FLAG, NULL, "Replace a model of that name." },
    { 0 },
};

const Command command_model_add = {
    .name    = "model add",
    .usage   = "NAME/VERSION WEIGHTS.onnx|PACKAGE|PACKAGE.zip [options]",
    .summary = "Make a model out of an ONNX file or a package.",
    .example = "ocellus model add parts/1 examples/parts.onnx --classes examples/parts.names",
    .details = "Reads task, input size, layout and class names from the graph and its metadata, "
               "runs a test\ninference and prints what it saw.  What it cannot tell it refuses, "
               "naming the option that states it.\nLayouts: columns, rows, objectness, cells, "
               "finished, queries, corners, map, points (docs/models.md).\nA package (a folder "
               "with model_config.json or model_type.json, or a zip of one) states everything "
               "itself.",
    .options = add_options,
    .least   = 2,
    .most    = 2,
    .data    = true,
    .run     = run_add,
};

/* ---- list, show, check, remove -------------------------------------------------------------- */

static bool describe(Invocation *in, const char *id, JsonWriter *w, Error *err)
{
    const char    *folder  = path_join(in->arena, models_path(in), id);
    const Package *package = package_read(in->arena, folder, id, err);

    if (!package) {
        return false;
    }
    json_begin_object(w);
    json_key(w, "model_id");
    json_write_string(w, id);
    json_key(w, "task_type");
    json_write_string(w, task_name(package->task));
    json_key(w, "architecture");
    json_write_string(w, package->architecture);
    json_key(w, "input_width");
    json_write_int(w, package->preprocess.width);
    json_key(w, "input_height");
    json_write_int(w, package->preprocess.height);
    json_key(w, "classes");
    json_begin_array(w);
    for (int i = 0; i < package->class_count; i++) {
        json_write_text(w, package->classes[i]);
    }
    json_end_array(w);
    json_end_object(w);
    return true;
}

static bool list_one(Invocation *in, const char *id, Buffer *out)
{
    const char    *folder = path_join(in->arena, models_path(in), id);
    Error          err    = { 0 };
    const Package *package;
    JsonWriter     w      = json_writer(out);

    if (option_given(in, "json")) {
        if (describe(in, id, &w, &err)) {
            buffer_char(out, '\n');
        }
        return true;
    }
    package = package_read(in->arena, folder, id, &err);
    if (package) {
        buffer_printf(out, "%-24s %-24s %d x %d, %d classes\n", id, task_name(package->task),
                      package->preprocess.width, package->preprocess.height,
                      package->class_count);
    } else {
        buffer_printf(out, "%-24s broken: %s\n", id, err.text);
    }
    return true;
}

static int run_list(Invocation *in, Error *err)
{
    ModelsConfig config = { .folder = models_path(in) };
    Models      *models = models_open(&config, err);
    const char **ids;
    Buffer       out;
    bool         ok;

    if (!models) {
        return -1;
    }
    buffer_init(&out, LIMIT_RESPONSE_BODY);
    ids = models_available(models, in->arena);
    for (int i = 0; ids && ids[i]; i++) {
        list_one(in, ids[i], &out);
    }
    if (out.length == 0) {
        fprintf(stderr, "no models in %s; 'ocellus model add --help' tells how to add one\n",
                config.folder);
    }
    ok = print_out(&out, err);
    buffer_fini(&out);
    models_close(models);
    return ok ? 0 : -1;
}

static int run_show(Invocation *in, Error *err)
{
    Buffer      raw, shown;
    JsonWriter  w;
    const Json *json;
    bool        ok;

    if (!valid_id(in->words[0], err)) {
        return -1;
    }
    buffer_init(&raw, LIMIT_RESPONSE_BODY);
    buffer_init(&shown, LIMIT_RESPONSE_BODY);
    w  = json_writer(&raw);
    ok = describe(in, in->words[0], &w, err);
    if (ok && !option_given(in, "json")) {
        json = json_parse(in->arena, (Text){ raw.data, raw.length }, JSON_STRICT, err);
        ok   = json != NULL;
        print_pretty(&shown, json);
    } else {
        buffer_append(&shown, raw.data ? raw.data : "", raw.length);
        buffer_char(&shown, '\n');
    }
    ok = ok && print_out(&shown, err);
    buffer_fini(&raw);
    buffer_fini(&shown);
    return ok ? 0 : -1;
}

static int run_check(Invocation *in, Error *err)
{
    Buffer report;
    bool   ok;

    if (!valid_id(in->words[0], err)) {
        return -1;
    }
    buffer_init(&report, KIB(64));
    ok = model_check(models_path(in), text_of(in->words[0]), &report, err) &&
         print_out(&report, err);
    buffer_fini(&report);
    return ok ? 0 : -1;
}

static int run_remove(Invocation *in, Error *err)
{
    const char *id     = in->words[0];
    const char *folder = path_join(in->arena, models_path(in), id);
    App         app;
    bool        ok;

    if (!valid_id(id, err)) {
        return -1;
    }
    if (!folder_exists(folder)) {
        fail(err, ERR_NOT_FOUND, "there is no model '%s'; 'ocellus model list' shows them", id);
        return -1;
    }
    if (!app_open(&app, data_folder(in), false, err)) {
        return -1;
    }
    ok = folder_remove(folder, err);
    if (ok && !store_model_remove(app.store, text_of(id), err) && err->kind == ERR_NOT_FOUND) {
        err->kind = ERR_NONE;      /* it had no record */
    }
    app_close(&app);
    return ok && err->kind == ERR_NONE ? 0 : -1;
}

static const Option json_options[] = {
    { "json", 0, OPTION_FLAG, NULL, "Print JSON, one object a line." },
    { 0 },
};

const Command command_model_list = {
    .name = "model list", .usage = "[--json]", .summary = "List the models.",
    .example = "ocellus model list --data build/demo", .options = json_options, .data = true,
    .run = run_list,
};

const Command command_model_show = {
    .name = "model show", .usage = "NAME/VERSION [--json]", .summary = "Show what a model is.",
    .example = "ocellus model show parts/1 --data build/demo", .options = json_options,
    .least = 1, .most = 1, .data = true, .run = run_show,
};

const Command command_model_check = {
    .name = "model check", .usage = "NAME/VERSION", .summary = "Run a model's test inference.",
    .example = "ocellus model check parts/1 --data build/demo", .least = 1, .most = 1,
    .data = true, .run = run_check,
};

const Command command_model_remove = {
    .name = "model remove", .usage = "NAME/VERSION", .summary = "Remove a model.",
    .example = "ocellus model remove parts/1 --data build/demo", .least = 1, .most = 1,
    .data = true, .run = run_remove,
};
