/*
 * route_store - saved workflows: list, read, save, remove.
 */
#include "base/clock.h"
#include "server/body.h"
#include "server/execute.h"
#include "server/routes.h"
#include "web_assets.h"

static void write_time(JsonWriter *w, const char *key, int64_t microseconds)
{
    char text[CLOCK_ISO_SIZE];

    clock_iso(text, microseconds, 0);
    json_key(w, key);
    json_write_string(w, text);
}

/* What a list shows, without the closing brace. */
static void write_workflow(JsonWriter *w, const StoredWorkflow *workflow)
{
    json_begin_object(w);
    json_key(w, "id");
    json_write_text(w, workflow->id);
    json_key(w, "name");
    json_write_text(w, workflow->name);
    json_key(w, "revision");
    json_write_int(w, workflow->revision);
    write_time(w, "created", workflow->created);
    write_time(w, "updated", workflow->updated);
}

/* The workflows that come with the program: examples/NAME.json. */
static void write_examples(JsonWriter *w, Arena *arena)
{
    json_begin_array(w);
    for (int i = 0; web_assets[i].path; i++) {
        const char *name = web_assets[i].path + strlen("examples/");
        Text        path = text_of(web_assets[i].path);

        if (!text_starts(path, "examples/") || strcmp(name, "index.json") == 0) {
            continue;
        }
        json_begin_object(w);
        json_key(w, "name");
        json_write_text(w, (Text){ name, strcspn(name, ".") });
        json_key(w, "path");
        json_write_string(w, arena_printf(arena, "/%s", web_assets[i].path));
        json_key(w, "specification");
        json_write_raw(w, (Text){ (const char *)web_assets[i].data, web_assets[i].size });
        json_end_object(w);
    }
    json_end_array(w);
}

static void list(App *app, Request *request, Response *response)
{
    StoredWorkflow *workflows = NULL;
    int             count     = 0;
    Error           err       = { 0 };
    JsonWriter      w         = json_writer(&response->buffer);

    if (!store_workflow_list(app->store, request->arena, &workflows, &count, &err)) {
        response_error(response, &err);
        return;
    }
    json_begin_object(&w);
    json_key(&w, "workflows");
    json_begin_array(&w);
    for (int i = 0; i < count; i++) {
        write_workflow(&w, &workflows[i]);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_key(&w, "examples");
    write_examples(&w, request->arena);
    json_end_object(&w);
}

static void show(App *app, Request *request, Response *response)
{
    StoredWorkflow found;
    double         revision = 0;
    Error          err      = { 0 };
    JsonWriter     w        = json_writer(&response->buffer);

    number_parse_text(request_query(request, "revision"), &revision);
    if (!store_workflow_load(app->store, request->arena, request->params[1],
                             (int64_t)MAX(0, MIN(revision, 1e15)), &found, &err)) {
        response_error(response, &err);
        return;
    }
    write_workflow(&w, &found);
    json_key(&w, "specification");
    json_write_raw(&w, found.definition);
    json_end_object(&w);
}

/* Only what compiles is saved, so that running it later cannot fail for a reason
 * that was there all along. */
static bool check_definition(App *app, Request *request, Response *response,
                             const Json *definition)
{
    Problem     problem = { 0 };
    const Plan *plan    = plan_get(definition, &app->source, request->arena, &problem);

    if (!plan) {
        problem_answer(response, &problem);
        return false;
    }
    plan_unref(plan);
    return true;
}

static void answer_saved(Response *response, Text id, Text name, int64_t revision)
{
    JsonWriter w = json_writer(&response->buffer);

    response->status = revision == 1 ? 201 : 200;
    json_begin_object(&w);
    json_key(&w, "id");
    json_write_text(&w, id);
    json_key(&w, "name");
    json_write_text(&w, name);
    json_key(&w, "revision");
    json_write_int(&w, revision);
    json_end_object(&w);
}

static void save(App *app, Request *request, Response *response)
{
    static const Member given[]   = { { "specification", WANTED_OBJECT, true, false },
                                      { "name", WANTED_TEXT, false, true }, { 0 } };
    static const Member renamed[] = { { "definition", WANTED_OBJECT, true, false },
                                      { "name", WANTED_TEXT, false, true }, { 0 } };
    static const Member nothing[] = { { 0 } };
    const Json   *body    = body_read(request, response, nothing);
    bool          older   = !json_get(body, "specification") && json_get(body, "definition");
    const Member *members = older ? renamed : given;
    Details       details = details_of(request, response);
    const Json   *definition;
    Text          name;
    Buffer        text;
    JsonWriter    w;
    int64_t       revision;
    Error         err = { 0 };

    for (int i = 0; body && members[i].name; i++) {
        member_check(&details, body, &members[i]);
    }
    if (!body || !details_done(&details)) {
        return;
    }
    definition = json_get(body, members[0].name);
    if (!check_definition(app, request, response, definition)) {
        return;
    }
    name = json_is(json_get(body, "name"), JSON_STRING) ? json_text(json_get(body, "name"))
                                                        : request->params[1];
    buffer_init(&text, LIMIT_DEFINITION);
    w = json_writer(&text);
    json_write(&w, definition);
    if (text.failed) {
        response_message(response, 413, "the definition is over %zu bytes",
                         (size_t)LIMIT_DEFINITION);
    } else if (!store_workflow_save(app->store, request->params[1], name,
                                    (Text){ text.data, text.length }, &revision, &err)) {
        response_error(response, &err);
    } else {
        answer_saved(response, request->params[1], name, revision);
    }
    buffer_fini(&text);
}

static void drop(App *app, Request *request, Response *response)
{
    JsonWriter w   = json_writer(&response->buffer);
    Error      err = { 0 };

    if (!store_workflow_remove(app->store, request->params[1], &err)) {
        response_error(response, &err);
        return;
    }
    json_begin_object(&w);
    json_key(&w, "removed");
    json_write_text(&w, request->params[1]);
    json_end_object(&w);
}

const Route routes_store[] = {
    { METHOD_GET, "/api/workflows", list, 0,
      "The saved workflows, newest change first, and the examples." },
    { METHOD_GET, "/{workspace}/workflows/{workflow}", show, 0,
      "A saved workflow with its definition; ?revision=N gives an older one." },
    { METHOD_PUT, "/{workspace}/workflows/{workflow}", save, LIMIT_DEFINITION,
      "Save a workflow: {\"specification\", \"name\"?}; older revisions are kept." },
    { METHOD_DELETE, "/{workspace}/workflows/{workflow}", drop, 0, "Remove a saved workflow." },
    { 0 },
};
