/*
 * job_json - a job as clients see it, and the stream of its events.
 *
 * Events come out of the run's file, with their offset as id, so a client that was cut off
 * goes on where it was.  What the store says of the job is told between them, without an id:
 * its state whenever it changes, and in the end the job itself.
 */
#include "server/job_json.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "server/run_log.h"
#include "server/train_request.h"

static const int64_t LOOK_PAUSE = 100000000;         /* nanoseconds between looks at the store */
static const int64_t BEAT_PAUSE = 5000000000;        /* a sign of life when nothing happens */

/* ---- a job ----------------------------------------------------------------------------- */

bool job_has_ended(const Job *job)
{
    return text_is(job->state, "done") || text_is(job->state, "failed") ||
           text_is(job->state, "stopped");
}

static void write_time(JsonWriter *w, const char *key, int64_t microseconds)
{
    char text[CLOCK_ISO_SIZE];

    clock_iso(text, microseconds, 0);
    json_member_string(w, key, text);
}

static void write_raw(JsonWriter *w, const char *key, Text json)
{
    json_key(w, key);
    if (json.length > 0) {
        json_write_raw(w, json);
    } else {
        json_write_null(w);
    }
}

void job_write(JsonWriter *w, const Job *job)
{
    json_member_text(w, "id", job->id);
    json_member_text(w, "kind", job->kind);
    json_member_text(w, "state", job->state);
    json_member_double(w, "progress", job->progress);
    json_member_int(w, "crashes", job->crashes);
    write_time(w, "created", job->created);
    write_time(w, "updated", job->updated);
    write_raw(w, "request", job->input);
    write_raw(w, "result", job->result);
}

void job_write_last_event(JsonWriter *w, App *app, Arena *arena, const Job *job)
{
    write_raw(w, "last_event", run_log_last(arena, run_folder(arena, app->data, job->id)));
}

/* ---- a stream -------------------------------------------------------------------------- */

typedef struct Stream {
    Store      *store;
    char        job[UUID_SIZE];
    char       *run;
    int         file;                /* -1: not there yet */
    int64_t     offset;
    char        state[16];           /* that was told last */
    bool        final, ended;        /* the job has ended; that was told */
    int64_t     looked_at, sent_at;
    Buffer      line, pending;
    size_t      sent;                /* of pending */
} Stream;

static void close_stream(void *context)
{
    Stream *s = context;

    if (s->file >= 0) {
        close(s->file);
    }
    buffer_fini(&s->line);
    buffer_fini(&s->pending);
    free(s->run);
    free(s);
}

/* {"event": name} with the job in it. */
static void put_job_event(Stream *s, const char *name, const Job *job)
{
    JsonWriter w;

    buffer_string(&s->pending, "data: ");
    w = json_writer(&s->pending);
    json_begin_object(&w);
    json_member_string(&w, "event", name);
    json_member_text(&w, "state", job->state);
    json_key(&w, "job");
    json_begin_object(&w);
    job_write(&w, job);
    json_end_object(&w);
    json_end_object(&w);
    buffer_string(&s->pending, "\n\n");
}

/* Look at the store; `last`: the file is read to its end, and the job had ended before. */
static void look_at_job(Stream *s, bool last)
{
    Arena arena;
    Job   job;

    arena_init(&arena, MIB(4));
    if (!store_job_get(s->store, &arena, text_of(s->job), &job, NULL)) {
        s->ended = true;
    } else if (last) {
        put_job_event(s, "end", &job);
        s->ended = true;
    } else {
        s->final = job_has_ended(&job);
        if (!s->final && !text_is(job.state, s->state)) {
            snprintf(s->state, sizeof(s->state), "%.*s", SHOW(job.state));
            put_job_event(s, "state", &job);
        }
    }
    arena_fini(&arena);
}

static void open_file(Stream *s)
{
    Arena arena;

    arena_init(&arena, KIB(64));
    s->file = run_log_file(&arena, s->run);
    arena_fini(&arena);
    if (s->file >= 0 && !run_log_is_border(s->file, s->offset)) {
        s->offset = 0;
    }
}

/* Put what there is to say into `pending`. */
static void gather(Stream *s)
{
    int64_t now = clock_now();

    if (s->looked_at == 0 || (!s->final && now - s->looked_at >= LOOK_PAUSE)) {
        look_at_job(s, false);
        s->looked_at = now;
    }
    if (s->file < 0) {
        open_file(s);
    }
    while (s->file >= 0 && s->pending.length < KIB(64) &&
           run_log_next(s->file, &s->offset, &s->line)) {
        buffer_printf(&s->pending, "id: %lld\ndata: %.*s\n\n", (long long)s->offset,
                      (int)s->line.length, s->line.data);
    }
    if (s->final && s->pending.length == 0) {
        look_at_job(s, true);
    }
    if (s->pending.length == 0 && now - s->sent_at >= BEAT_PAUSE) {
        buffer_string(&s->pending, ": still here\n\n");
    }
    if (s->pending.length > 0) {
        s->sent_at = now;
    }
}

static int64_t read_stream(void *context, char *out, size_t size)
{
    Stream *s = context;
    size_t  part;

    if (s->sent == s->pending.length) {
        buffer_clear(&s->pending);
        s->sent = 0;
        if (s->ended) {
            return -1;
        }
        gather(s);
    }
    if (s->pending.failed) {
        return -1;
    }
    part = MIN(size, s->pending.length - s->sent);
    if (part > 0) {
        memcpy(out, s->pending.data + s->sent, part);
        s->sent += part;
    }
    return part == 0 && s->ended ? -1 : (int64_t)part;
}

void job_stream(App *app, Request *request, Response *response, const Job *job, int64_t after)
{
    Stream *s = calloc(1, sizeof(*s));

    if (s) {
        s->run = strdup(run_folder(request->arena, app->data, job->id));
    }
    if (!s || !s->run) {
        free(s);
        response_message(response, 507, "there is no memory to tell the events");
        return;
    }
    s->store  = app->store;
    s->file   = -1;
    s->offset = after;
    snprintf(s->job, sizeof(s->job), "%.*s", SHOW(job->id));
    buffer_init(&s->line, LIMIT_JOB_EVENT + 1);
    buffer_init(&s->pending, MIB(1));
    s->sent_at = clock_now();
    response->kind         = BODY_STREAM;
    response->content_type = "text/event-stream";
    response->read         = read_stream;
    response->close        = close_stream;
    response->context      = s;
    response_header(response, "Cache-Control", "no-store");
    response_header(response, "X-Accel-Buffering", "no");
}
