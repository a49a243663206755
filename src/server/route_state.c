/*
 * route_state - is the server there, ready, and what has it done.
 */
#include "base/version.h"
#include "server/inside.h"
#include "server/metrics.h"
#include "server/routes.h"

static void answer_text(Response *response, const char *json)
{
    response->kind  = BODY_STATIC;
    response->fixed = text_of(json);
}

/* The Python client wants all three. */
static void info(App *app, Request *request, Response *response)
{
    (void)request;
    buffer_printf(&response->buffer, "{\"name\":\"Ocellus\",\"version\":\"%s\",\"uuid\":\"%s\"}",
                  OCELLUS_VERSION, app->uuid);
}

static void health(App *app, Request *request, Response *response)
{
    (void)app;
    (void)request;
    answer_text(response, "{\"status\":\"healthy\"}");
}

/* Models are loaded beside the requests that need them, so a server that answers
 * is ready. */
static void readiness(App *app, Request *request, Response *response)
{
    (void)app;
    (void)request;
    answer_text(response, "{\"status\":\"ready\"}");
}

static void live(App *app, Request *request, Response *response)
{
    (void)app;
    (void)request;
    answer_text(response, "{\"live\":true}");
}

static void ready(App *app, Request *request, Response *response)
{
    (void)app;
    (void)request;
    answer_text(response, "{\"ready\":true}");
}

static void metrics(App *app, Request *request, Response *response)
{
    response->content_type = METRICS_TYPE;
    metrics_write(&response->buffer, app, atomic_load(&request->inside->server->in_flight));
}

const Route routes_state[] = {
    { METHOD_GET, "/info", info, 0, "Name, version and id of this server." },
    { METHOD_GET, "/healthz", health, 0, "Whether the server works." },
    { METHOD_GET, "/readiness", readiness, 0, "Whether the server takes requests." },
    { METHOD_GET, "/v2/health/live", live, 0, "As /healthz, for KServe." },
    { METHOD_GET, "/v2/health/ready", ready, 0, "As /readiness, for KServe." },
    { METHOD_GET, "/metrics", metrics, 0, "Counters and durations for Prometheus." },
    { 0 },
};
