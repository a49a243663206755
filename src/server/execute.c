/*
 * execute - compiling, running and answering for a request.
 */
#include "server/execute.h"

#include "base/clock.h"
#include "base/text.h"
#include "server/body.h"
#include "server/metrics.h"

static const char start_context[] = "workflow_execution | step_execution";

static void fail_open(Execution *x, Request *request, const char *what)
{
    Error err;

    fail(&err, ERR_MEMORY, "%s", what);
    problem_from_error(request->arena, &x->problem, &err, start_context);
}

static void count_steps(const Run *run)
{
    for (int i = 0; i < run_span_count(run); i++) {
        const StepSpan *span = run_span(run, i);

        if (span->elements > 0) {
            metrics_step(run_plan(run)->steps[span->step].block, span->end - span->start);
        }
    }
}

void execution_open(Execution *x, App *app, Request *request, const Json *definition,
                    const Json *body, bool keep)
{
    RunOptions options = { .services = &x->services, .cancel = request->cancel, .keep = keep };
    Error      err     = { 0 };

    *x = (Execution){ .services = app->services, .profiling = app->profiling };
    x->services.sinks_off      = flag_of(json_get(body, "disable_sinks"), false);
    x->services.dispatch_depth =
        (int)MIN(json_int(json_get(body, "inner_workflow_dispatch_depth"), 0), INT32_MAX);
    x->compile.start = clock_now();
    x->plan          = plan_get(definition, &app->source, request->arena, &x->problem);
    x->compile.end   = clock_now();
    if (!x->plan) {
        return;
    }
    x->session = session_open(x->plan, &err);
    if (!x->session) {
        problem_from_error(request->arena, &x->problem, &err, start_context);
        return;
    }
    x->run = run_open(x->session, json_get(body, "inputs"), &options);
    if (!x->run) {
        fail_open(x, request, "no memory to run the workflow");
        return;
    }
    count_steps(x->run);
}

void execution_close(Execution *x)
{
    run_close(x->run);
    session_close(x->session);
    if (x->plan) {
        plan_unref(x->plan);
    }
}

const Problem *execution_problem(const Execution *x)
{
    return x->run ? run_problem(x->run) : &x->problem;
}

void problem_answer(Response *response, const Problem *problem)
{
    JsonWriter w;

    response_message(response, problem->status, "x");
    buffer_clear(&response->buffer);
    w = json_writer(&response->buffer);
    problem_write(&w, problem);
    if (problem->status == 503) {
        response_header(response, "Retry-After", "1");
    }
}

static void answer_unknown(App *app, Request *request, Response *response, Text id)
{
    StoredWorkflow *list  = NULL;
    int             count = 0;
    Error           err;
    const char    **names;

    if (!store_workflow_list(app->store, request->arena, &list, &count, &err)) {
        response_error(response, &err);
        return;
    }
    names = arena_array(request->arena, const char *, MAX(count, 1));
    for (int i = 0; names && i < count; i++) {
        names[i] = list[i].id.at;
    }
    if (count == 0 || !names) {
        response_message(response, 404, "there is no workflow '%.*s'; none has been saved yet",
                         (int)MIN(id.length, 60), id.at);
    } else {
        response_message(response, 404, "there is no workflow '%.*s'; choose %s",
                         (int)MIN(id.length, 60), id.at,
                         text_choices(request->arena, names, (size_t)count));
    }
}

const Json *definition_stored(App *app, Request *request, Response *response, Text id)
{
    StoredWorkflow stored;
    Error          err = { 0 };
    const Json    *json;

    if (!store_workflow_load(app->store, request->arena, id, 0, &stored, &err)) {
        if (err.kind == ERR_NOT_FOUND) {
            answer_unknown(app, request, response, id);
        } else {
            response_error(response, &err);
        }
        return NULL;
    }
    json = json_parse(request->arena, stored.definition, JSON_STRICT, &err);
    if (!json) {
        response_error(response, &err);
    }
    return json;
}
