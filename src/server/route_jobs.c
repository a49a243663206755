/*
 * route_jobs - jobs: what waits, what runs, what came of it.
 */
#include "base/file.h"
#include "base/text.h"
#include "server/body.h"
#include "server/job_json.h"
#include "server/listed.h"
#include "server/picture_file.h"
#include "server/routes.h"
#include "server/train_request.h"

/* ---- finding --------------------------------------------------------------------------- */

static bool load(App *app, Request *request, Response *response, Job *job)
{
    Text  id  = request->params[0];
    Error err = { 0 };

    if (!uuid_valid(id)) {
        response_message(response, 404, "there is no job '%.*s'", (int)MIN(id.length, 60), id.at);
        return false;
    }
    if (!store_job_get(app->store, request->arena, id, job, &err)) {
        response_error(response, &err);
        return false;
    }
    return true;
}

static const char *file_of_run(App *app, Request *request, const Job *job, const char *name)
{
    return path_join(request->arena, run_folder(request->arena, app->data, job->id), name);
}

/* ---- looking --------------------------------------------------------------------------- */

static bool read_limit(Request *request, Response *response, int *most)
{
    Text   text   = request_query(request, "limit");
    double number = 100;

    if (text.at && (!number_parse_text(text, &number) || number != (double)(int)number ||
                    number < 1 || number > LIMIT_JOBS_LISTED)) {
        response_message(response, 400, "limit: a whole number from 1 to %d is wanted",
                         LIMIT_JOBS_LISTED);
        return false;
    }
    *most = (int)number;
    return true;
}

static void list(App *app, Request *request, Response *response)
{
    Text       before = request_query(request, "before");
    JsonWriter w      = json_writer(&response->buffer);
    Error      err    = { 0 };
    Job       *jobs   = NULL;
    int        count  = 0, most;

    if (!read_limit(request, response, &most)) {
        return;
    }
    if (!store_job_list(app->store, request->arena, before.at ? before : TEXT(""), most, &jobs,
                        &count, &err)) {
        response_error(response, &err);
        return;
    }
    json_begin_object(&w);
    json_key(&w, "jobs");
    json_begin_array(&w);
    for (int i = 0; i < count; i++) {
        json_begin_object(&w);
        job_write(&w, &jobs[i]);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
}

static void answer_job(App *app, Request *request, Response *response, const Job *job)
{
    JsonWriter w = json_writer(&response->buffer);

    json_begin_object(&w);
    job_write(&w, job);
    job_write_last_event(&w, app, request->arena, job);
    json_end_object(&w);
}

static void show(App *app, Request *request, Response *response)
{
    Job job;

    if (load(app, request, response, &job)) {
        answer_job(app, request, response, &job);
    }
}

/* A browser says by a header where it was cut off, a program may say it in the query. */
static void events(App *app, Request *request, Response *response)
{
    Text   last  = request_header(request, "Last-Event-ID");
    double after = 0;
    Job    job;

    if (!last.at) {
        last = request_query(request, "after");
    }
    if (last.length > 0 && (!number_parse_text(last, &after) || after < 0 || after > 1e15)) {
        after = 0;
    }
    if (load(app, request, response, &job)) {
        job_stream(app, request, response, &job, (int64_t)after);
    }
}

/* ---- changing -------------------------------------------------------------------------- */

static void stop(App *app, Request *request, Response *response)
{
    Error err = { 0 };
    Job   job;

    if (!load(app, request, response, &job)) {
        return;
    }
    if (!trainer_stop(app->trainer, job.id, &err)) {
        response_error(response, &err);
    } else if (load(app, request, response, &job)) {
        response->status = 202;
        answer_job(app, request, response, &job);
    }
}

static void resume(App *app, Request *request, Response *response)
{
    Error err = { 0 };
    Job   job;

    if (!load(app, request, response, &job)) {
        return;
    }
    if (!text_is(job.state, "stopped") && !text_is(job.state, "failed")) {
        response_message(response, 409, "only a job that was stopped or has failed can go on; this "
                         "one is %.*s", SHOW(job.state));
    } else if (!store_job_requeue(app->store, job.id, 0, &err)) {
        response_error(response, &err);
    } else if (load(app, request, response, &job)) {
        trainer_wake(app->trainer);
        response->status = 202;
        answer_job(app, request, response, &job);
    }
}

/* ---- what came of it ------------------------------------------------------------------- */

static const struct { const char *name, *type; } files[] = {
    { "card.json",                       "application/json" },
    { "results.csv",                     "text/csv; charset=utf-8" },
    { "results.png",                     "image/png" },
    { "confusion_matrix.png",            "image/png" },
    { "confusion_matrix_normalized.png", "image/png" },
    { "args.yaml",                       "text/plain; charset=utf-8" },
    { "weights/best.onnx",               "application/octet-stream" },
};

static void answer_file(App *app, Request *request, Response *response, Text name)
{
    Job job;

    if (!load(app, request, response, &job)) {
        return;
    }
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        const char *path = file_of_run(app, request, &job, files[i].name);

        if (!text_is(name, files[i].name)) {
            continue;
        }
        if (!file_exists(path)) {
            response_message(response, 404, "the job has no %s%s", files[i].name,
                             job_has_ended(&job) ? "" : " yet");
            return;
        }
        response->kind         = BODY_FILE;
        response->file         = path;
        response->content_type = files[i].type;
        response_header(response, "Cache-Control", "no-cache");
        return;
    }
    response_message(response, 404, "a job has no file '%.*s'", (int)MIN(name.length, 60), name.at);
}

static void card(App *app, Request *request, Response *response)
{
    answer_file(app, request, response, TEXT("card.json"));
}

static void file(App *app, Request *request, Response *response)
{
    answer_file(app, request, response, request->params[1]);
}

static void file_below(App *app, Request *request, Response *response)
{
    answer_file(app, request, response,
                text_of(arena_printf(request->arena, "%.*s/%.*s", SHOW(request->params[1]),
                                     SHOW(request->params[2]))));
}

/* ---- its pictures ---------------------------------------------------------------------- */

static void picture(App *app, Request *request, Response *response)
{
    Text         name = request_query(request, "path");
    Error        err  = { 0 };
    TrainRequest asked;
    const Json  *input;
    const char  *path;
    Job          job;

    if (!load(app, request, response, &job)) {
        return;
    }
    input = json_parse(request->arena, job.input, JSON_STRICT, &err);
    if (!name.at || !path_is_safe(name)) {
        response_message(response, 400, "path: the name of a picture is wanted, as the data set "
                                        "lists it");
        return;
    }
    path = input && train_request_read(request->arena, app->data, input, &asked, &err)
               ? listed_path(app->listed, request->arena, asked.args.data, name, &err) : NULL;
    if (path) {
        picture_answer(request, response, path);
    } else {
        response_error(response, &err);
    }
}

const Route routes_jobs[] = {
    { METHOD_GET, "/jobs", list, 0,
      "Jobs, newest first; ?limit=N and ?before=ID page through them." },
    { METHOD_GET, "/jobs/{id}", show, 0, "A job: its state, progress, last event and result." },
    { METHOD_GET, "/jobs/{id}/events", events, 0,
      "All events of a job and then new ones, as server-sent events; Last-Event-ID goes on." },
    { METHOD_POST, "/jobs/{id}/stop", stop, 0,
      "Stop a job; while it learns, the best so far becomes the model. Twice: at once." },
    { METHOD_POST, "/jobs/{id}/resume", resume, 0,
      "Queue a stopped or failed job again; it goes on with what it has." },
    { METHOD_GET, "/jobs/{id}/card", card, 0, "What a training came to, as JSON." },
    { METHOD_GET, "/jobs/{id}/pictures", picture, 0,
      "A picture of a training's data set: ?path=NAME, and ?size=N for a thumbnail." },
    { METHOD_GET, "/jobs/{id}/files/{name}", file, 0,
      "A file of a training: results.csv, results.png, confusion_matrix.png, args.yaml ..." },
    { METHOD_GET, "/jobs/{id}/files/{folder}/{name}", file_below, 0,
      "A file of a training in a folder: weights/best.onnx." },
    { 0 },
};
