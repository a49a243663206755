/*
 * route_inspect - a run with the values and times of every step, for the page.
 */
#include "base/clock.h"
#include "server/body.h"
#include "server/execute.h"
#include "server/routes.h"
#include "value/wire.h"

enum { MOST_ELEMENTS = 8 };      /* of each output, shown */

static const Member members_given[] = {
    { "specification", WANTED_OBJECT, true, false },
    { "inputs", WANTED_OBJECT, false, false },
    { "disable_sinks", WANTED_FLAG, false, false },
    { 0 },
};

static const Member members_stored[] = {
    { "workflow_id", WANTED_TEXT, true, false },
    { "inputs", WANTED_OBJECT, false, false },
    { "disable_sinks", WANTED_FLAG, false, false },
    { 0 },
};

static void write_milliseconds(JsonWriter *w, const char *key, int64_t nanoseconds)
{
    json_key(w, key);
    json_write_double(w, (double)nanoseconds / 1e6);
}

static bool write_output(JsonWriter *w, const Run *run, const PlanStep *step, int output,
                         Error *err)
{
    int count = MIN(run_level_count(run, step->data_level), MOST_ELEMENTS);

    json_key(w, step->outputs[output].name);
    json_begin_array(w);
    for (int i = 0; i < count; i++) {
        const Value *value = run_value(run, step->first_slot + output, i);

        if (!wire_write(w, value ? *value : value_null(), err)) {
            return false;
        }
    }
    json_end_array(w);
    return true;
}

static bool write_step(JsonWriter *w, const Run *run, int number, int64_t start, Error *err)
{
    const StepSpan *span = run_span(run, number);
    const PlanStep *step = &run_plan(run)->steps[span->step];

    json_begin_object(w);
    json_key(w, "name");
    json_write_text(w, step->name);
    json_key(w, "type");
    json_write_text(w, step->type);
    write_milliseconds(w, "milliseconds", span->end - span->start);
    write_milliseconds(w, "start_milliseconds", span->start - start);
    json_key(w, "elements");
    json_write_int(w, span->elements);
    json_key(w, "outputs");
    json_begin_object(w);
    for (int i = 0; i < step->output_count; i++) {
        if (!write_output(w, run, step, i, err)) {
            return false;
        }
    }
    json_end_object(w);
    json_end_object(w);
    return true;
}

static bool write_steps(JsonWriter *w, const Run *run, int64_t start, Error *err)
{
    json_key(w, "steps");
    json_begin_array(w);
    for (int i = 0; i < run_span_count(run); i++) {
        if (run_span(run, i)->start != 0 && !write_step(w, run, i, start, err)) {
            return false;
        }
    }
    json_end_array(w);
    return true;
}

static void write_run(Response *response, Run *run, int64_t start)
{
    JsonWriter w   = json_writer(&response->buffer);
    int64_t    end = clock_now();
    Error      err = { 0 };

    json_begin_object(&w);
    json_key(&w, "outputs");
    if (!run_write_outputs(run, &w, NULL)) {
        problem_answer(response, run_problem(run));
        return;
    }
    write_milliseconds(&w, "milliseconds", end - start);
    if (!write_steps(&w, run, start, &err)) {
        response_error(response, &err);
        return;
    }
    json_end_object(&w);
}

static const Json *definition_of(App *app, Request *request, Response *response, const Json **body)
{
    static const Member nothing[] = { { 0 } };
    const Member       *members   = members_given;
    Details             details   = details_of(request, response);

    *body = body_read(request, response, nothing);
    if (!*body) {
        return NULL;
    }
    if (!json_get(*body, "specification") && json_get(*body, "workflow_id")) {
        members = members_stored;
    }
    for (int i = 0; members[i].name; i++) {
        member_check(&details, *body, &members[i]);
    }
    if (!details_done(&details)) {
        return NULL;
    }
    return members == members_given
               ? json_get(*body, "specification")
               : definition_stored(app, request, response,
                                   json_text(json_get(*body, "workflow_id")));
}

static void run(App *app, Request *request, Response *response)
{
    const Json *body;
    const Json *definition = definition_of(app, request, response, &body);
    int64_t     start      = clock_now();
    Execution   x;

    if (!definition) {
        return;
    }
    execution_open(&x, app, request, definition, body, true);
    if (execution_problem(&x)) {
        problem_answer(response, execution_problem(&x));
    } else if (x.run) {
        write_run(response, x.run, start);
    }
    execution_close(&x);
}

const Route routes_inspect[] = {
    { METHOD_POST, "/api/runs", run, LIMIT_REQUEST_BODY,
      "Run {\"specification\" or \"workflow_id\", \"inputs\"} and show every step's values and "
      "time." },
    { 0 },
};
