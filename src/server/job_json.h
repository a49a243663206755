/*
 * job_json - a job as clients see it, and the stream of its events.
 */
#ifndef OCELLUS_SERVER_JOB_JSON_H
#define OCELLUS_SERVER_JOB_JSON_H

#include "base/json.h"
#include "server/app.h"
#include "server/http.h"

/* "done", "failed" or "stopped". */
bool job_has_ended(const Job *job);

void job_write(JsonWriter *w, const Job *job);

/* The member "last_event" of a job. */
void job_write_last_event(JsonWriter *w, App *app, Arena *arena, const Job *job);

/* Answer with the events of a job as they come (text/event-stream), those behind the offset
 * `after` only. */
void job_stream(App *app, Request *request, Response *response, const Job *job, int64_t after);

#endif
