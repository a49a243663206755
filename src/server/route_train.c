/*
 * route_train - asking for a training.
 */
#include "base/file.h"
#include "model/package.h"
#include "server/body.h"
#include "server/inside.h"
#include "server/routes.h"
#include "server/train_request.h"
#include "train/backbone.h"

/* ---- classifiers to begin with --------------------------------------------------------- */

static void write_base(JsonWriter *w, const char *id, const Package *package)
{
    json_begin_object(w);
    json_member_string(w, "id", id);
    json_member_int(w, "classes", package->class_count);
    json_member_int(w, "width", package->preprocess.width);
    json_member_int(w, "height", package->preprocess.height);
    json_member_string(w, "architecture", package->architecture);
    json_end_object(w);
}

static void bases(App *app, Request *request, Response *response)
{
    const char **ids    = models_available(app->models, request->arena);
    const char  *folder = models_folder(request->arena, app->data);
    JsonWriter   w      = json_writer(&response->buffer);

    json_begin_object(&w);
    json_key(&w, "bases");
    json_begin_array(&w);
    for (int i = 0; ids && ids[i]; i++) {
        const Package *package = package_read(request->arena,
                                              path_join(request->arena, folder, ids[i]), ids[i],
                                              NULL);

        if (package && package->task == TASK_CLASSIFICATION) {
            write_base(&w, ids[i], package);
        }
    }
    json_end_array(&w);
    json_member_string(&w, "default", backbone_default(request->arena, folder, NULL));
    json_end_object(&w);
}

/* ---- a training ------------------------------------------------------------------------ */

/* Folders of this machine may be named by those who sit at it. */
static bool may_name_folder(Request *request, const Json *body, Error *err)
{
    return json_is(json_get(body, "folder"), JSON_NULL) || request->inside->server->loopback ||
           fail(err, ERR_REFUSED, "folder: this server can be reached from other machines, so it "
                "trains on uploaded data sets only; PUT the pictures to /datasets/NAME/files");
}

static bool queue(App *app, Request *request, const TrainRequest *wanted, Text *id, Error *err)
{
    Buffer     input;
    JsonWriter w;
    bool       done;

    buffer_init(&input, KIB(64));
    w = json_writer(&input);
    train_request_write(&w, wanted);
    done = !input.failed || fail(err, ERR_TOO_LARGE, "the request is too large");
    done = done && store_job_add(app->store, request->arena, TEXT(JOB_TRAIN_CLASSIFY),
                                 (Text){ input.data, input.length }, id, err);
    buffer_fini(&input);
    return done;
}

static void answer_queued(Response *response, Text id)
{
    JsonWriter w = json_writer(&response->buffer);
    char       url[100];

    response->status = 202;
    json_begin_object(&w);
    json_member_text(&w, "job_id", id);
    snprintf(url, sizeof(url), "/jobs/%.*s", SHOW(id));
    json_member_string(&w, "status_url", url);
    snprintf(url, sizeof(url), "/jobs/%.*s/events", SHOW(id));
    json_member_string(&w, "events_url", url);
    json_end_object(&w);
}

static void classify(App *app, Request *request, Response *response)
{
    static const Member nothing[] = { { 0 } };
    const Json  *body = body_read(request, response, nothing);
    TrainRequest wanted;
    Error        err  = { 0 };
    Text         id;

    if (!body) {
        return;
    }
    if (!may_name_folder(request, body, &err) ||
        !train_request_read(request->arena, app->data, body, &wanted, &err) ||
        !train_request_check(request->arena, app->data, &wanted, &err) ||
        !queue(app, request, &wanted, &id, &err)) {
        response_error(response, &err);
        return;
    }
    trainer_wake(app->trainer);
    answer_queued(response, id);
}

const Route routes_train[] = {
    { METHOD_GET, "/train/bases", bases, 0, "The classifiers that a training can begin with." },
    { METHOD_POST, "/train/classify", classify, KIB(64),
      "Learn a classifier: {\"dataset\" or \"folder\", \"base\"?, \"name\"?, \"seed\"? ...}; "
      "answers 202 with the job." },
    { 0 },
};
