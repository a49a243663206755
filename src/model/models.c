/*
 * models - the shelf that loaded models stand on.
 *
 * An entry is on the shelf from the moment somebody asks for its model.  While
 * it loads, on a thread of its own, all who want it wait; then it is ready, or
 * it has failed and is taken off, so that the next one to ask tries again.  Who
 * waits for an entry holds it, so taking it off never pulls it from under them.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/budget.h"
#include "base/file.h"
#include "base/log.h"
#include "base/pool.h"
#include "model/model_inside.h"

/* A Cancel cannot wake who waits for it, so they look at it this often. */
enum { LOOK_EVERY_MS = 40 };

/* What loading gives way to: everything that answers requests. */
enum { LOADER_NICE = 5 };

typedef enum EntryState { ENTRY_LOADING, ENTRY_READY, ENTRY_FAILED } EntryState;

typedef struct Entry Entry;

struct Entry {
    Entry     *next;          /* on the shelf, in order of loading */
    Models    *models;
    EntryState state;
    bool       shelved;
    int        holders;       /* who waits, and the loader */
    Model     *model;         /* one reference; when ready */
    Error      error;         /* when failed */
    uint64_t   used;          /* when last, in asks */
    size_t     memory;
    char       id[LIMIT_MODEL_ID + 1];
    char       folder[];
};

struct Models {
    atomic_int      refs;     /* the owner and every model */
    char           *folder;
    int             threads;
    const Engine   *engine;
    Meter           meter;
    pthread_mutex_t lock;
    pthread_cond_t  changed;  /* an entry is ready or has failed; the loader has ended */
    Entry          *entries;
    int             loading;
    uint64_t        asks;
    size_t          limit;
    ModelsStats     stats;    /* loads and memory; the rest is the meter's */
};

/* ---- open and close ------------------------------------------------------------ */

Models *models_open(const ModelsConfig *config, Error *err)
{
    Models *models = calloc(1, sizeof *models);
    char   *folder = strdup(config->folder);

    if (!models || !folder) {
        free(models);
        free(folder);
        fail(err, ERR_MEMORY, "no memory for models");
        return NULL;
    }
    atomic_init(&models->refs, 1);
    models->folder  = folder;
    models->threads = config->threads;
    models->engine  = config->engine;
    models->limit   = config->memory > 0 ? config->memory : budget_limit(&budget_models);
    gate_init(&models->meter.gate, pool_cores(), LIMIT_MODEL_QUEUE);
    pthread_mutex_init(&models->lock, NULL);
    pthread_cond_init(&models->changed, NULL);
    return models;
}

void models_unref(Models *models)
{
    if (!models || atomic_fetch_sub_explicit(&models->refs, 1, memory_order_acq_rel) > 1)
        return;

    gate_fini(&models->meter.gate);
    pthread_cond_destroy(&models->changed);
    pthread_mutex_destroy(&models->lock);
    free(models->folder);
    free(models);
}

void models_close(Models *models)
{
    if (!models)
        return;

    models_forget(models, (Text){ 0 });
    pthread_mutex_lock(&models->lock);
    while (models->loading > 0)
        pthread_cond_wait(&models->changed, &models->lock);
    pthread_mutex_unlock(&models->lock);
    models_unref(models);
}

/* ---- entries ------------------------------------------------------------------- */

/* With the lock held.  The model is returned for the caller to give back when
 * the lock is not held any more. */
static Model *release_entry(Entry *entry)
{
    if (entry->shelved || entry->holders > 0)
        return NULL;

    Model *model = entry->model;

    free(entry);
    return model;
}

static void take_off(Models *models, Entry *entry)
{
    Entry **link = &models->entries;

    while (*link != entry)
        link = &(*link)->next;
    *link = entry->next;
    models->stats.memory -= entry->memory;
    entry->shelved = false;
}

static Entry *find_entry(const Models *models, Text id)
{
    for (Entry *entry = models->entries; entry; entry = entry->next)
        if (text_is(id, entry->id))
            return entry;
    return NULL;
}

static Entry *add_entry(Models *models, Text id, const char *folder)
{
    Entry  *entry = calloc(1, sizeof *entry + strlen(folder) + 1);
    Entry **link  = &models->entries;

    if (!entry)
        return NULL;
    entry->models  = models;
    entry->shelved = true;
    memcpy(entry->id, id.at, id.length);
    memcpy(entry->folder, folder, strlen(folder) + 1);
    while (*link)
        link = &(*link)->next;
    *link = entry;
    return entry;
}

/* ---- memory -------------------------------------------------------------------- */

static Entry *least_recent(const Models *models, const Entry *keep)
{
    Entry *oldest = NULL;

    for (Entry *entry = models->entries; entry; entry = entry->next)
        if (entry != keep && entry->state == ENTRY_READY &&
            (!oldest || entry->used < oldest->used))
            oldest = entry;
    return oldest;
}

/* Take models off until `wanted` bytes more are within the budget, or only
 * `keep` is left.  Comes and goes with the lock held. */
static void make_room(Models *models, size_t wanted, const Entry *keep)
{
    Entry *oldest;

    while (models->stats.memory + wanted > models->limit &&
           (oldest = least_recent(models, keep))) {
        log_line(LOG_INFO, "model", "%s makes room for %s", oldest->id, keep->id);
        take_off(models, oldest);
        Model *model = release_entry(oldest);

        pthread_mutex_unlock(&models->lock);
        model_unref(model);
        pthread_mutex_lock(&models->lock);
    }
}

/* Before anything is read, as good as it can be told. */
static bool room_for(Entry *entry, Error *err)
{
    Models     *models = entry->models;
    struct stat info;
    char        path[4096];

    snprintf(path, sizeof path, "%s/weights.onnx", entry->folder);
    if (stat(path, &info) != 0)
        return true;    /* reading the package says it better */

    size_t wanted = (size_t)info.st_size;
    if (wanted > models->limit)
        return fail(err, ERR_MEMORY, "model %s has %zu MB of weights; all models together may "
                    "take %zu MB", entry->id, wanted >> 20, models->limit >> 20);
    pthread_mutex_lock(&models->lock);
    make_room(models, wanted, entry);
    pthread_mutex_unlock(&models->lock);
    return true;
}

/* ---- loading ------------------------------------------------------------------- */

/* What is loaded counts, however the waiters look: they may have gone. */
static void note_loaded(Models *models, Entry *entry, Model *model, int64_t start)
{
    model->models = models;
    model->meter  = &models->meter;
    atomic_fetch_add_explicit(&models->refs, 1, memory_order_relaxed);

    size_t memory = model->engine->memory(model->session);

    entry->model = model;
    entry->state = ENTRY_READY;
    models->stats.loads++;
    models->stats.load_seconds += (double)(clock_now() - start) / 1e9;
    if (entry->shelved) {
        entry->memory         = memory;
        models->stats.memory += memory;
        make_room(models, 0, entry);
    }
    log_line(LOG_INFO, "model", "%s loaded in %.0f ms, %zu MB", entry->id,
             (double)(clock_now() - start) / 1e6, memory >> 20);
}

static void note_failed(Models *models, Entry *entry, const Error *error)
{
    entry->error = *error;
    entry->state = ENTRY_FAILED;
    models->stats.load_failures++;
    if (entry->shelved)
        take_off(models, entry);
}

/* Loads an entry that the caller, or its thread, holds. */
static void load(Entry *entry)
{
    Models *models = entry->models;
    int64_t start  = clock_now();
    Error   error  = { 0 };
    Model  *model  = NULL, *gone = NULL;

    if (room_for(entry, &error))
        model = model_load(entry->folder, entry->id, models->engine, models->threads, &error);

    pthread_mutex_lock(&models->lock);
    if (model)
        note_loaded(models, entry, model, start);
    else
        note_failed(models, entry, &error);
    entry->holders--;
    gone = release_entry(entry);
    pthread_cond_broadcast(&models->changed);
    pthread_mutex_unlock(&models->lock);

    /* Nobody may have waited for it; closing the shelf waits for this too. */
    model_unref(gone);
    pthread_mutex_lock(&models->lock);
    models->loading--;
    pthread_cond_broadcast(&models->changed);
    pthread_mutex_unlock(&models->lock);
}

static void *load_thread(void *entry)
{
    /* On Linux this is the thread's, not the process's. */
    setpriority(PRIO_PROCESS, 0, LOADER_NICE);
    load(entry);
    return NULL;
}

static bool start_thread(Entry *entry)
{
    sigset_t  all, before;
    pthread_t thread;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool done = pthread_create(&thread, NULL, load_thread, entry) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (done)
        pthread_detach(thread);
    return done;
}

/* Begin loading, with the lock held.  Without a thread the caller does it. */
static void start_load(Models *models, Entry *entry)
{
    models->loading++;
    entry->holders++;
    if (start_thread(entry))
        return;
    pthread_mutex_unlock(&models->lock);
    load(entry);
    pthread_mutex_lock(&models->lock);
}

/* ---- getting ------------------------------------------------------------------- */

static void wait_for_change(Models *models, const Cancel *cancel)
{
    int64_t         wait = MIN(cancel_left(cancel), (int64_t)LOOK_EVERY_MS * 1000000);
    int64_t         when = clock_now() + wait;
    struct timespec at   = { when / 1000000000, when % 1000000000 };

    pthread_cond_clockwait(&models->changed, &models->lock, CLOCK_MONOTONIC, &at);
}

/* With the lock held: a reference to the entry's model once there is one. */
static Model *wait_for_model(Entry *entry, const Cancel *cancel, Error *err)
{
    Models *models = entry->models;

    while (entry->state == ENTRY_LOADING && cancel_check(cancel, err))
        wait_for_change(models, cancel);
    if (entry->state == ENTRY_FAILED && err)
        *err = entry->error;
    if (entry->state != ENTRY_READY)
        return NULL;
    entry->used = ++models->asks;
    atomic_fetch_add_explicit(&entry->model->refs, 1, memory_order_relaxed);
    return entry->model;
}

static Model *get(Models *models, Text id, const char *folder, const Cancel *cancel, Error *err)
{
    Model *model = NULL, *gone;

    pthread_mutex_lock(&models->lock);
    Entry *entry = find_entry(models, id);
    bool   fresh = !entry;

    if (fresh)
        entry = add_entry(models, id, folder);
    if (!entry) {
        pthread_mutex_unlock(&models->lock);
        fail(err, ERR_MEMORY, "no memory for a model");
        return NULL;
    }
    entry->holders++;
    if (fresh)
        start_load(models, entry);
    model = wait_for_model(entry, cancel, err);
    entry->holders--;
    gone = release_entry(entry);
    pthread_mutex_unlock(&models->lock);
    model_unref(gone);
    return model;
}

/* A model that is there already needs no look at the disk. */
static Model *get_ready(Models *models, Text id)
{
    Model *model = NULL;

    pthread_mutex_lock(&models->lock);
    Entry *entry = find_entry(models, id);
    if (entry && entry->state == ENTRY_READY)
        model = wait_for_model(entry, NULL, NULL);
    pthread_mutex_unlock(&models->lock);
    return model;
}

Model *models_get(Models *models, Text id, const Cancel *cancel, Error *err)
{
    Model *model = get_ready(models, id);
    Arena  arena;

    if (model)
        return model;
    if (!model_id_valid(id)) {
        (void)model_not_found(models->folder, id, err);
        return NULL;
    }
    arena_init(&arena, KIB(64));
    const char *folder = path_join(&arena, models->folder, arena_text(&arena, id).at);
    if (folder_exists(folder))
        model = get(models, id, folder, cancel, err);
    else
        (void)model_not_found(models->folder, id, err);
    arena_fini(&arena);
    return model;
}

bool models_forget(Models *models, Text id)
{
    bool found = false;

    pthread_mutex_lock(&models->lock);
    for (Entry *entry = models->entries, *next; entry; entry = next) {
        next = entry->next;
        if (id.length > 0 && !text_is(id, entry->id))
            continue;
        found |= entry->state == ENTRY_READY;

        take_off(models, entry);
        Model *model = release_entry(entry);
        if (!model)
            continue;
        pthread_mutex_unlock(&models->lock);
        model_unref(model);
        pthread_mutex_lock(&models->lock);
        next = models->entries;    /* what stood there may have gone meanwhile */
    }
    pthread_mutex_unlock(&models->lock);
    return found;
}

/* ---- looking ------------------------------------------------------------------- */

const char **models_available(Models *models, Arena *arena)
{
    return folder_models(arena, models->folder);
}

const char **models_loaded(Models *models, Arena *arena)
{
    size_t count = 0;

    pthread_mutex_lock(&models->lock);
    for (Entry *entry = models->entries; entry; entry = entry->next)
        count += entry->state == ENTRY_READY;

    const char **names = arena_array(arena, const char *, count + 1);
    for (Entry *entry = models->entries; names && entry; entry = entry->next)
        if (entry->state == ENTRY_READY)
            *names++ = arena_string(arena, entry->id);
    pthread_mutex_unlock(&models->lock);
    return names ? names - count : arena_alloc(arena, sizeof *names);
}

ModelsStats models_stats(Models *models)
{
    ModelsStats stats;
    Gate       *gate = &models->meter.gate;

    pthread_mutex_lock(&models->lock);
    stats = models->stats;
    for (Entry *entry = models->entries; entry; entry = entry->next)
        stats.loaded += entry->state == ENTRY_READY;
    pthread_mutex_unlock(&models->lock);

    stats.memory_limit      = models->limit;
    stats.inferences        = atomic_load(&models->meter.inferences);
    stats.inference_seconds = (double)atomic_load(&models->meter.time) / 1e9;
    stats.prepare_seconds   = (double)atomic_load(&models->meter.prepare) / 1e9;
    pthread_mutex_lock(&gate->lock);
    stats.running      = gate->running;
    stats.waits        = gate->waits;
    stats.wait_seconds = (double)gate->wait_time / 1e9;
    pthread_mutex_unlock(&gate->lock);
    return stats;
}
