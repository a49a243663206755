/*
 * route_models - which models are loaded; loading and unloading them.
 */
#include "server/body.h"
#include "server/routes.h"

static void write_size(JsonWriter *w, const char *key, int size)
{
    json_key(w, key);
    if (size > 0) {
        json_write_int(w, size);
    } else {
        json_write_null(w);
    }
}

/* The batch size is null: any number of pictures is taken, whatever the graph
 * does with them. */
static void write_model(JsonWriter *w, const char *id, const Package *package)
{
    json_begin_object(w);
    json_key(w, "model_id");
    json_write_string(w, id);
    json_key(w, "task_type");
    json_write_string(w, task_name(package->task == TASK_MULTI_LABEL ? TASK_CLASSIFICATION
                                                                     : package->task));
    json_key(w, "batch_size");
    json_write_null(w);
    write_size(w, "input_height", package->preprocess.height);
    write_size(w, "input_width", package->preprocess.width);
    json_key(w, "vram_bytes");
    json_write_null(w);
    json_key(w, "request_aliases");
    json_begin_array(w);
    json_end_array(w);
    json_key(w, "request_paths");
    json_begin_array(w);
    json_end_array(w);
    json_end_object(w);
}

static void write_models(App *app, Request *request, JsonWriter *w)
{
    const char **ids = models_loaded(app->models, request->arena);

    for (int i = 0; ids && ids[i]; i++) {
        Error  err   = { 0 };
        Model *model = models_get(app->models, text_of(ids[i]), request->cancel, &err);

        if (model) {
            write_model(w, ids[i], model_package(model));
            model_unref(model);
        }
    }
}

static void registry(App *app, Request *request, Response *response)
{
    static const char *const memory[] = {
        "total_vram_bytes", "gpu_memory_used", "gpu_memory_total", "torch_cuda_allocated",
        "torch_cuda_reserved", "torch_cuda_allocator_cache", "non_torch_gpu_memory",
    };
    JsonWriter w = json_writer(&response->buffer);

    json_begin_object(&w);
    json_key(&w, "models");
    json_begin_array(&w);
    write_models(app, request, &w);
    json_end_array(&w);
    for (size_t i = 0; i < COUNT_OF(memory); i++) {
        json_key(&w, memory[i]);
        json_write_null(&w);
    }
    json_end_object(&w);
}

static const Member members_id[] = {
    { "model_id", WANTED_TEXT, true, false },
    { "model_type", WANTED_TEXT, false, true },
    { "api_key", WANTED_TEXT, false, true },
    { 0 },
};

/* False if it cannot be loaded; the answer is then given. */
static bool load(App *app, Request *request, Response *response, Text id)
{
    Error  err   = { 0 };
    Model *model = models_get(app->models, id, request->cancel, &err);

    if (!model) {
        response_error(response, &err);
        return false;
    }
    model_unref(model);
    return true;
}

static void add(App *app, Request *request, Response *response)
{
    const Json *body = body_read(request, response, members_id);

    if (body && load(app, request, response, json_text(json_get(body, "model_id")))) {
        registry(app, request, response);
    }
}

static void drop(App *app, Request *request, Response *response)
{
    const Json *body = body_read(request, response, members_id);
    Text        id   = json_text(json_get(body, "model_id"));

    if (!body) {
        return;
    }
    if (id.length > 0) {        /* an empty id would be all of them */
        models_forget(app->models, id);
    }
    registry(app, request, response);
}

static void clear(App *app, Request *request, Response *response)
{
    models_forget(app->models, TEXT(""));
    registry(app, request, response);
}

static void start(App *app, Request *request, Response *response)
{
    const char *id = arena_printf(request->arena, "%.*s/%.*s", SHOW(request->params[0]),
                                  SHOW(request->params[1]));

    if (load(app, request, response, text_of(id))) {
        response->kind  = BODY_STATIC;
        response->fixed = TEXT("{\"status\":200,\"message\":\"inference session started from "
                               "local memory.\"}");
    }
}

const Route routes_models[] = {
    { METHOD_GET, "/model/registry", registry, 0, "The models that are loaded." },
    { METHOD_POST, "/model/add", add, KIB(64), "Load a model: {\"model_id\"}." },
    { METHOD_POST, "/model/remove", drop, KIB(64), "Unload a model: {\"model_id\"}." },
    { METHOD_POST, "/model/clear", clear, 0, "Unload all models." },
    { METHOD_GET, "/start/{project}/{version}", start, 0, "Load a model." },
    { 0 },
};
