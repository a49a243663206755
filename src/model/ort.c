/*
 * ort - ONNX Runtime, opened when the first model needs it.
 */
#include "model/ort.h"

#include <pthread.h>
#include <signal.h>

#include "base/log.h"
#include "base/module.h"
#include "model/provider.h"
#include "model/runtime.h"

/* The oldest interface that has all we call: AddSessionConfigEntry, global
 * thread pools.  Newer libraries keep the older interfaces. */
enum { OLDEST_API = 12 };

static const char *const advice =
    "ONNX Runtime is not here: run tools/bootstrap, or set OCELLUS_ONNXRUNTIME to a "
    "libonnxruntime.so.1";

/* What the operator names; else what the build was made with, what lies with the
 * program, what the system has, in this order. */
static void *open_library(Error *err)
{
    char        program[PATH_MAX], installed[PATH_MAX + 64], beside[PATH_MAX + 64];
    const char *names[8];
    const char *named  = getenv("OCELLUS_ONNXRUNTIME");
    const char *folder = module_program_folder(program);
    int         count  = 0;

    snprintf(installed, sizeof installed, "%s/../lib/ocellus/libonnxruntime.so.1", folder);
    snprintf(beside, sizeof beside, "%s/libonnxruntime.so.1", folder);
    if (named && *named) {
        names[count++] = named;        /* and no other: the operator chose */
    } else {
#ifdef OCELLUS_ONNXRUNTIME_DEFAULT
        names[count++] = OCELLUS_ONNXRUNTIME_DEFAULT;
#endif
        names[count++] = installed;
        names[count++] = beside;
        names[count++] = "libonnxruntime.so.1";
        names[count++] = "libonnxruntime.so";
    }
    names[count] = NULL;
    return module_open(names, advice, err);
}

static bool find_api(Ort *ort, void *library, Error *err)
{
    const OrtApiBase *(*base_of)(void);
    void             *symbol = module_symbol(library, "OrtGetApiBase", err);

    if (!symbol)
        return false;
    memcpy(&base_of, &symbol, sizeof base_of);

    ort->base = base_of();
    for (uint32_t version = ORT_API_VERSION; !ort->api && version >= OLDEST_API; version--)
        ort->api = ort->base->GetApi(version);
    return ort->api ||
           fail(err, ERR_MISSING, "ONNX Runtime %s is too old; 1.%d or newer is needed",
                ort->base->GetVersionString(), OLDEST_API);
}

bool ort_ok(const Ort *ort, OrtStatus *status, ErrorKind otherwise, const char *what, Error *err)
{
    if (!status)
        return true;

    const char  *text = ort->api->GetErrorMessage(status);
    OrtErrorCode code = ort->api->GetErrorCode(status);
    ErrorKind    kind = strstr(text, "bad_alloc") || strstr(text, "allocate memory") ? ERR_MEMORY
                      : code == ORT_NOT_IMPLEMENTED  ? ERR_UNSUPPORTED
                      : code == ORT_INVALID_ARGUMENT ? ERR_INVALID : otherwise;

    fail(err, kind, "%s: %s", what, text);
    ort->api->ReleaseStatus(status);
    return false;
}

/* What it has to say comes back as a status too, so this is for the curious. */
static void ORT_API_CALL log_message(void *unused, OrtLoggingLevel severity, const char *category,
                                     const char *id, const char *place, const char *message)
{
    (void)unused;
    (void)severity;
    (void)category;
    (void)id;
    log_line(LOG_DEBUG, "model", "ONNX Runtime: %s (%s)", message, place);
}

/* One step of starting up. */
static bool step(const Ort *ort, OrtStatus *status, Error *err)
{
    return ort_ok(ort, status, ERR_INTERNAL, "ONNX Runtime does not start", err);
}

static bool make_environment(Ort *ort, int threads, Error *err)
{
    const OrtApi        *api     = ort->api;
    OrtThreadingOptions *options = NULL;

    bool done = step(ort, api->CreateThreadingOptions(&options), err) &&
                step(ort, api->SetGlobalIntraOpNumThreads(options, threads), err) &&
                step(ort, api->SetGlobalInterOpNumThreads(options, 1), err) &&
                step(ort, api->SetGlobalSpinControl(options, 0), err) &&
                step(ort, api->CreateEnvWithCustomLoggerAndGlobalThreadPools(
                         log_message, NULL, ORT_LOGGING_LEVEL_ERROR, "ocellus", options,
                         &ort->env), err) &&
                step(ort, api->DisableTelemetryEvents(ort->env), err);
    if (options)
        api->ReleaseThreadingOptions(options);
    return done;
}

/* No arena: it would keep the peak of every session forever.  malloc is as fast
 * here, and what one inference returns serves the next one of any model.
 * Measured with MobileNetV2: 7.65 ms an inference either way; after batches of
 * 30, 148 MB without the arena and 472 MB with it. */
static bool make_options(Ort *ort, Error *err)
{
    const OrtApi *api = ort->api;

    return step(ort, api->CreateSessionOptions(&ort->options), err) &&
           step(ort, api->DisablePerSessionThreads(ort->options), err) &&
           step(ort, api->DisableCpuMemArena(ort->options), err) &&
           step(ort, api->SetSessionGraphOptimizationLevel(ort->options, ORT_ENABLE_ALL), err) &&
           step(ort, api->CreateCpuMemoryInfo(OrtDeviceAllocator, OrtMemTypeDefault,
                                              &ort->memory), err);
}

static void release(Ort *ort)
{
    if (ort->memory)
        ort->api->ReleaseMemoryInfo(ort->memory);
    if (ort->options)
        ort->api->ReleaseSessionOptions(ort->options);
    if (ort->env)
        ort->api->ReleaseEnv(ort->env);
}

/* The pool's threads take no signals: those are for whoever waits for them. */
static bool start(Ort *ort, int threads, Error *err)
{
    sigset_t     all, before;
    ProviderList providers;
    void        *library = open_library(err);

    if (threads <= 0)
        threads = runtime_threads();
    if (!library || !find_api(ort, library, err) ||
        !providers_read(runtime_providers(), &providers, err))
        return false;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool done = make_environment(ort, threads, err) && make_options(ort, err) &&
                providers_append(ort, &providers, threads, err);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!done)
        release(ort);
    return done;
}

const Ort *ort_open(int threads, Error *err)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static Ort             ort;
    static bool            opened;

    pthread_mutex_lock(&lock);
    if (!opened) {
        Ort fresh = { 0 };

        opened = start(&fresh, threads, err);
        if (opened)
            ort = fresh;
    }
    bool there = opened;
    pthread_mutex_unlock(&lock);
    return there ? &ort : NULL;
}
