/*
 * route_describe - what a workflow takes and gives and what it is made of, for
 * editors and clients.
 */
#include <strings.h>

#include "server/body.h"
#include "server/execute.h"
#include "server/routes.h"
#include "workflow/describe.h"
#include "workflow/workload.h"

static const Member members_given[] = {
    { "api_key", WANTED_TEXT, false, true },
    { "specification", WANTED_OBJECT, true, false },
    { 0 },
};

static const Member members_stored[] = {
    { "api_key", WANTED_TEXT, false, true },
    { "use_cache", WANTED_FLAG, false, false },
    { "workflow_version_id", WANTED_TEXT, false, true },
    { 0 },
};

/* "Bearer KEY" */
static bool has_bearer(const Request *request)
{
    Text value = request_header(request, "authorization");
    Text rest;

    if (value.length < 7 || strncasecmp(value.at, "bearer ", 7) != 0) {
        return false;
    }
    rest = (Text){ value.at + 7, value.length - 7 };
    for (size_t i = 0; i < rest.length; i++) {
        if (rest.at[i] != ' ' && rest.at[i] != '\t') {
            return true;
        }
    }
    return false;
}

/* Any key will do here, but the reference asks for one, and its clients send it. */
static const Json *read_body(Request *request, Response *response, const Member *members)
{
    const Json *body = body_read(request, response, members);

    if (body && !json_is(json_get(body, "api_key"), JSON_STRING) && !has_bearer(request)) {
        response_message(response, 400, "api_key is missing: send one in the body or in the header "
                         "\"Authorization: Bearer ...\"; this server takes any");
        return NULL;
    }
    return body;
}

typedef void (*Answer)(App *app, Request *request, Response *response, const Json *definition);

static void answer_given(App *app, Request *request, Response *response, Answer answer)
{
    const Json *body = read_body(request, response, members_given);

    if (body) {
        answer(app, request, response, json_get(body, "specification"));
    }
}

/* Every workspace is this one. */
static void answer_stored(App *app, Request *request, Response *response, Answer answer)
{
    const Json *body       = read_body(request, response, members_stored);
    const Json *definition =
        body ? definition_stored(app, request, response, request->params[1]) : NULL;

    if (definition) {
        answer(app, request, response, definition);
    }
}

/* ---- what it takes and gives ------------------------------------------------------------ */

static void interface(App *app, Request *request, Response *response, const Json *definition)
{
    JsonWriter  w       = json_writer(&response->buffer);
    Problem     problem = { 0 };
    Description description;

    (void)app;
    if (!describe_workflow(request->arena, definition, &description, &problem)) {
        problem_answer(response, &problem);
        return;
    }
    describe_write(&w, &description);
}

static void interface_given(App *app, Request *request, Response *response)
{
    answer_given(app, request, response, interface);
}

static void interface_stored(App *app, Request *request, Response *response)
{
    answer_stored(app, request, response, interface);
}

/* ---- what it is made of ------------------------------------------------------------------- */

static void workload(App *app, Request *request, Response *response, const Json *definition)
{
    JsonWriter  w       = json_writer(&response->buffer);
    Problem     problem = { 0 };
    const Plan *plan    = plan_get(definition, &app->source, request->arena, &problem);

    if (!plan || !workload_write(&w, plan, definition, &app->source, request->arena, &problem)) {
        problem_answer(response, &problem);
    }
    if (plan) {
        plan_unref(plan);
    }
}

static void workload_given(App *app, Request *request, Response *response)
{
    answer_given(app, request, response, workload);
}

static void workload_stored(App *app, Request *request, Response *response)
{
    answer_stored(app, request, response, workload);
}

const Route routes_describe[] = {
    { METHOD_POST, "/workflows/describe_interface", interface_given, LIMIT_DEFINITION,
      "The kinds that the workflow in the body's \"specification\" takes and gives." },
    { METHOD_POST, "/{workspace}/workflows/{workflow}/describe_interface", interface_stored,
      LIMIT_DEFINITION, "The same for a saved workflow; any workspace will do." },
    { METHOD_POST, "/workflows/describe_workload", workload_given, LIMIT_DEFINITION,
      "Graph, batches, models and work of the workflow in the body's \"specification\"." },
    { METHOD_POST, "/{workspace}/workflows/{workflow}/describe_workload", workload_stored,
      LIMIT_DEFINITION, "The same for a saved workflow; any workspace will do." },
    { 0 },
};
