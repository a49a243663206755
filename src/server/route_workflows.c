/*
 * route_workflows - running workflows.
 */
#include "server/body.h"
#include "server/execute.h"
#include "server/routes.h"

#define MEMBERS_RUN \
    { "api_key", WANTED_TEXT, false, true }, \
    { "inputs", WANTED_OBJECT, true, false }, \
    { "excluded_fields", WANTED_TEXTS, false, true }, \
    { "enable_profiling", WANTED_FLAG, false, false }, \
    { "debug", WANTED_FLAG, false, false }, \
    { "workflow_id", WANTED_TEXT, false, true }, \
    { "inner_workflow_dispatch_depth", WANTED_NATURAL, false, false }, \
    { "disable_sinks", WANTED_FLAG, false, false }

static const Member members_run[] = {
    MEMBERS_RUN,
    { "specification", WANTED_OBJECT, true, false },
    { "is_preview", WANTED_FLAG, false, false },
    { 0 },
};

static const Member members_stored[] = {
    MEMBERS_RUN,
    { "use_cache", WANTED_FLAG, false, false },
    { "workflow_version_id", WANTED_TEXT, false, true },
    { 0 },
};

/* Sent by clients for the cloud's bookkeeping; it has to be a flag. */
static bool check_query(Request *request, Response *response)
{
    Details details = details_of(request, response);

    query_flag(&details, "countinference", true);
    return details_done(&details);
}

static void write_answer(const Execution *x, const Json *body, Response *response)
{
    JsonWriter w = json_writer(&response->buffer);

    json_begin_object(&w);
    json_key(&w, "outputs");
    if (!run_write_outputs(x->run, &w, json_get(body, "excluded_fields"))) {
        problem_answer(response, run_problem(x->run));
        return;
    }
    json_key(&w, "profiler_trace");
    if (x->profiling && flag_of(json_get(body, "enable_profiling"), false)) {
        run_write_trace(x->run, &x->compile, &w);
    } else {
        json_begin_array(&w);
        json_end_array(&w);
    }
    json_end_object(&w);
}

static void execute(App *app, Request *request, Response *response, const Json *definition,
                    const Json *body)
{
    Execution x;

    execution_open(&x, app, request, definition, body, false);
    if (execution_problem(&x)) {
        problem_answer(response, execution_problem(&x));
    } else if (x.run) {
        write_answer(&x, body, response);
    }
    execution_close(&x);
}

static void run_given(App *app, Request *request, Response *response)
{
    const Json *body = check_query(request, response) ? body_read(request, response, members_run)
                                                      : NULL;

    if (body) {
        execute(app, request, response, json_get(body, "specification"), body);
    }
}

/* Every workspace is this one. */
static void run_stored(App *app, Request *request, Response *response)
{
    const Json *body = check_query(request, response)
                           ? body_read(request, response, members_stored) : NULL;
    const Json *definition =
        body ? definition_stored(app, request, response, request->params[1]) : NULL;

    if (definition) {
        execute(app, request, response, definition, body);
    }
}

static void validate(App *app, Request *request, Response *response)
{
    static const Member nothing[] = { { 0 } };
    const Json *definition = body_read(request, response, nothing);
    Problem     problem    = { 0 };
    const Plan *plan;

    (void)app;
    if (!definition) {
        return;
    }
    plan = plan_get(definition, &app->source, request->arena, &problem);
    if (!plan) {
        problem_answer(response, &problem);
        return;
    }
    plan_unref(plan);
    response->kind  = BODY_STATIC;
    response->fixed = TEXT("{\"status\":\"ok\"}");
}

static void versions(App *app, Request *request, Response *response)
{
    (void)app;
    (void)request;
    response->kind  = BODY_STATIC;
    response->fixed = TEXT("{\"versions\":[\"1.17.0\"]}");
}

const Route routes_workflows[] = {
    { METHOD_POST, "/workflows/run", run_given, LIMIT_REQUEST_BODY,
      "Run the workflow in the body's \"specification\" on its \"inputs\"." },
    { METHOD_POST, "/infer/workflows", run_given, LIMIT_REQUEST_BODY,
      "The older name of /workflows/run." },
    { METHOD_POST, "/workflows/validate", validate, LIMIT_DEFINITION,
      "Check the definition in the body without running it." },
    { METHOD_GET, "/workflows/execution_engine/versions", versions, 0,
      "The versions of the workflow language that are understood." },
    { METHOD_POST, "/infer/workflows/{workspace}/{workflow}", run_stored, LIMIT_REQUEST_BODY,
      "The older name of POST /{workspace}/workflows/{workflow}." },
    { METHOD_POST, "/{workspace}/workflows/{workflow}", run_stored, LIMIT_REQUEST_BODY,
      "Run a saved workflow on the body's \"inputs\"; any workspace will do." },
    { 0 },
};
