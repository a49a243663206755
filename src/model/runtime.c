/*
 * runtime - how this process runs networks.
 */
#include "model/runtime.h"

#include <dlfcn.h>
#include <pthread.h>

#include "base/pool.h"
#include "model/model.h"
#include "model/provider.h"

/* What was said; 0 and "": nothing. */
static struct {
    pthread_mutex_t lock;
    int             threads;
    char            providers[RUNTIME_PROVIDERS];
} said = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* ---- settings ------------------------------------------------------------------------ */

static const char *from_environment(const char *name)
{
    const char *text = getenv(name);

    return text && *text ? text : NULL;
}

static bool valid_threads(int64_t threads)
{
    return threads >= 1 && threads <= RUNTIME_THREADS;
}

/* $OCELLUS_THREADS; 0 when it is not set or makes no sense. */
static int64_t environment_threads(void)
{
    const char *text = from_environment("OCELLUS_THREADS");
    char       *end  = NULL;
    long long   threads = text ? strtoll(text, &end, 10) : 0;

    return text && *end == '\0' && valid_threads(threads) ? threads : 0;
}

static bool check_threads(int64_t threads, Error *err)
{
    const char *text = from_environment("OCELLUS_THREADS");

    if (threads != 0 && !valid_threads(threads)) {
        return fail(err, ERR_INVALID, "threads: %lld is not from 1 to %d", (long long)threads,
                    RUNTIME_THREADS);
    }
    if (threads == 0 && text && environment_threads() == 0) {
        return fail(err, ERR_INVALID, "OCELLUS_THREADS: '%.40s' is no number from 1 to %d", text,
                    RUNTIME_THREADS);
    }
    return true;
}

bool runtime_set(int64_t threads, const char *providers, Error *err)
{
    ProviderList list;
    const char  *text = providers ? providers : runtime_providers();

    if (!check_threads(threads, err) || !providers_read(text, &list, err)) {
        return false;
    }
    if (strlen(text) >= RUNTIME_PROVIDERS) {
        return fail(err, ERR_INVALID, "providers: the list is too long");
    }
    pthread_mutex_lock(&said.lock);
    said.threads = (int)threads;
    snprintf(said.providers, sizeof said.providers, "%s", text);
    pthread_mutex_unlock(&said.lock);
    return list.count == 0 || ort_open(0, err) != NULL;
}

int runtime_threads(void)
{
    pthread_mutex_lock(&said.lock);
    int threads = said.threads;
    pthread_mutex_unlock(&said.lock);

    if (threads == 0) {
        threads = (int)environment_threads();
    }
    return threads > 0 ? threads : pool_cores();
}

const char *runtime_providers(void)
{
    const char *text = from_environment("OCELLUS_PROVIDERS");

    pthread_mutex_lock(&said.lock);
    if (said.providers[0]) {
        text = said.providers;
    }
    pthread_mutex_unlock(&said.lock);
    return text ? text : "cpu";
}

/* ---- for people ---------------------------------------------------------------------- */

bool runtime_describe(char *text, size_t size, Error *err)
{
    const Ort *ort = ort_open(0, err);
    Dl_info    from;

    if (!ort) {
        return false;
    }
    /* The library that a function of its table lies in. */
    if (!dladdr((const void *)(uintptr_t)ort->api->CreateStatus, &from) || !from.dli_fname) {
        from.dli_fname = "?";
    }
    snprintf(text, size, "%s, from %s", ort->base->GetVersionString(), from.dli_fname);
    return true;
}

bool runtime_describe_providers(char *text, size_t size, Error *err)
{
    const Ort *ort = ort_open(0, err);
    char       has[200];

    if (!ort || !providers_available(ort, has, sizeof has, err)) {
        return false;
    }
    int threads = runtime_threads();

    snprintf(text, size, "%s; in use: %s, %d thread%s an inference", has, runtime_providers(),
             threads, threads == 1 ? "" : "s");
    return true;
}
