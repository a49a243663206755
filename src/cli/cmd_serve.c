/*
 * cmd_serve - the HTTP server.
 */
#include <errno.h>
#include <signal.h>

#include "cli/command.h"
#include "model/runtime.h"
#include "server/app.h"
#include "server/http.h"

enum { DEFAULT_PORT = 9001, DRAIN_SECONDS = 10 };

/* Wait for SIGTERM or SIGINT.  The signals are blocked in every thread, so that
 * they arrive here and nowhere else. */
static void wait_for_stop(const sigset_t *signals)
{
    int number;

    while (sigwait(signals, &number) == EINTR) {
    }
}

static bool is_loopback(const char *host)
{
    return strncmp(host, "127.", 4) == 0 || strcmp(host, "localhost") == 0 ||
           strcmp(host, "::1") == 0;
}

/* A flag, else an environment variable that users of the reference export. */
static const char *host_of(const Invocation *in)
{
    const char *host = getenv("HOST");

    return option_text(in, "host", host && *host ? host : "127.0.0.1");
}

static int64_t port_of(const Invocation *in)
{
    const char *port = getenv("PORT");

    return option_int(in, "port", port && *port ? strtol(port, NULL, 10) : DEFAULT_PORT);
}

static int serve(const ServerConfig *config, const sigset_t *signals, Error *err)
{
    Server *server = server_open(config, err);

    if (!server) {
        return -1;
    }
    fprintf(stderr, "ocellus serves http://%s:%d  (data: %s; Ctrl-C stops it)\n", config->host,
            server_port(server), config->app->data);
    wait_for_stop(signals);
    server_close(server, DRAIN_SECONDS);
    return 0;
}

static int run(Invocation *in, Error *err)
{
    ServerConfig config = { .host = host_of(in), .port = (int)port_of(in) };
    App          app;
    sigset_t     signals;
    int          code;

    if (config.port < 0 || config.port > 65535) {
        fail(err, ERR_INVALID, "--port: %lld is no port", (long long)port_of(in));
        return -1;
    }
    if (!is_loopback(config.host) && !option_given(in, "insecure")) {
        fail(err, ERR_REFUSED, "--host %s makes the server reachable for others, and it has no "
             "sign-in yet; add --insecure if that is what you want", config.host);
        return -1;
    }
    if (!runtime_set(option_int(in, "threads", 0), option_text(in, "providers", NULL), err)) {
        return -1;
    }
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    if (!app_open(&app, data_folder(in), true, err)) {
        return -1;
    }
    config.app = &app;
    code       = serve(&config, &signals, err);
    app_close(&app);
    return code;
}

static const Option options[] = {
    { "port", 'p', OPTION_INTEGER, "N", "Port to listen on; 0 takes a free one (9001, or $PORT)." },
    { "host", 0, OPTION_TEXT, "ADDR", "Address to listen on (127.0.0.1, or $HOST)." },
    { "memory", 0, OPTION_TEXT, "SIZE", "What the process may use: 256M, 2G ($OCELLUS_MEMORY, or "
      "three quarters of what there is)." },
    { "threads", 0, OPTION_INTEGER, "N", "Threads that work on one inference; 0 for all cores "
      "(0, or $OCELLUS_THREADS)." },
    { "providers", 0, OPTION_TEXT, "LIST", "What networks run on, best first: cuda:0,cpu (cpu, or "
      "$OCELLUS_PROVIDERS)." },
    { "insecure", 0, OPTION_FLAG, NULL, "Allow an address that others can reach." },
    { 0 },
};

const Command command_serve = {
    .name    = "serve",
    .usage   = "[options]",
    .summary = "Serve workflows and models over HTTP, with a page at /.",
    .example = "ocellus serve --port 9001 --data build/demo",
    .details = "Speaks the API of the Roboflow inference server: inference-sdk and curl work "
               "unchanged.\nModels are packages under DATA/models/<project>/<version>/.\n"
               "Under --memory, requests wait for pictures' memory and models make room for each "
               "other.\nWith ENABLE_WORKFLOWS_PROFILING=true in the environment, requests that set "
               "enable_profiling\nget a trace of the run in Chrome's format.",
    .options = options,
    .least   = 0,
    .most    = 0,
    .data    = true,
    .run     = run,
};
