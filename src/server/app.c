/*
 * app - opening a data folder, and the services that blocks get from it.
 */
#include "server/app.h"

#include <strings.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "server/costs.h"

/* A sink's file: always below the folder that the operator allows.  The workflow
 * may name a folder below it, or that very folder by its absolute path. */
static bool write_file(void *context, Text folder, Text name, Text content, bool append, Error *err)
{
    App        *app = context;
    Arena       arena;
    Text        below = folder;
    size_t      root  = strlen(app->files);
    const char *path;
    Buffer      all;
    bool        ok;

    if (text_starts(folder, app->files) && (folder.length == root || folder.at[root] == '/')) {
        below = (Text){ folder.at + root, folder.length - root };
        while (below.length > 0 && below.at[0] == '/') {
            below = (Text){ below.at + 1, below.length - 1 };
        }
    }
    if ((below.length > 0 && !path_is_safe(below)) || !path_is_safe(name)) {
        return fail(err, ERR_REFUSED, "workflows may write only below %.150s; set "
                    "WORKFLOW_BLOCKS_WRITE_DIRECTORY to another folder", app->files);
    }
    arena_init(&arena, MIB(1));
    buffer_init(&all, LIMIT_RESPONSE_BODY);
    path = below.length ? arena_printf(&arena, "%s/%.*s", app->files, SHOW(below)) : app->files;
    ok   = folder_make(path, err);
    path = arena_printf(&arena, "%s/%.*s", path, SHOW(name));
    if (ok && append && file_exists(path)) {
        ok = file_read(path, LIMIT_RESPONSE_BODY, &all, err);
    }
    buffer_text(&all, content);
    ok = ok && (!all.failed || fail(err, ERR_TOO_LARGE, "%.100s: the file is too large", path)) &&
         file_write(path, all.data ? all.data : "", all.length, err);
    buffer_fini(&all);
    arena_fini(&arena);
    return ok;
}

static bool open_parts(App *app, bool server, Error *err)
{
    const char  *allowed = getenv("WORKFLOW_BLOCKS_WRITE_DIRECTORY");
    Arena        arena;
    ModelsConfig config = { 0 };
    const char  *models;

    arena_init(&arena, MIB(1));
    models        = path_join(&arena, app->data, "models");
    config.folder = models;
    app->files    = strdup(allowed ? allowed : path_join(&arena, app->data, "files"));
    if (server) {
        app->lock = lock_open(path_join(&arena, app->data, "server.lock"), err);
    }
    if (!(server && app->lock < 0) && folder_make(models, err)) {
        app->models = models_open(&config, err);
        app->store  = app->models ? store_open(app->data, err) : NULL;
    } else if (server && app->lock < 0 && err->kind == ERR_CONFLICT) {
        fail(err, ERR_CONFLICT, "another server is running on %.150s; stop it, or give this one "
                                "another folder with --data", app->data);
    }
    arena_fini(&arena);
    return app->store && app->files;
}

/* One user's machine has one workspace: whatever a definition calls it. */
static bool load_workflow(void *context, Arena *arena, Text workspace, Text id, Text version,
                          Text *definition, Error *err)
{
    App           *app      = context;
    char          *end      = NULL;
    int64_t        revision = version.length > 0 ? strtoll(version.at, &end, 10) : 0;
    StoredWorkflow stored;

    (void)workspace;
    if (end && (*end || revision <= 0)) {
        return fail(err, ERR_INVALID, "the version '%.*s' is not a revision's number",
                    SHOW(version));
    }
    if (!store_workflow_load(app->store, arena, id, revision, &stored, err)) {
        return false;
    }
    *definition = stored.definition;
    return true;
}

/* Switches in the environment, as the reference reads them. */
static bool is_on(const char *text)
{
    return text && (strcasecmp(text, "true") == 0 || strcmp(text, "1") == 0);
}

static bool is_off(const char *text)
{
    return text && (strcasecmp(text, "false") == 0 || strcmp(text, "0") == 0);
}

bool app_open(App *app, const char *data, bool server, Error *err)
{
    int helpers = pool_cores() - 1;

    *app      = (App){ .data = data, .started = clock_now(), .lock = -1 };
    app->uuid[0] = '\0';
    uuid4(app->uuid);
    if (!folder_make(data, err) || !open_parts(app, server, err)) {
        app_close(app);
        return false;
    }
    services_init(&app->services);
    app->services.context    = app;
    app->services.models     = app->models;
    app->services.pool       = pool_open(helpers);
    app->services.write_file = write_file;
    if (is_off(getenv("ALLOW_WORKFLOW_BLOCKS_ACCESSING_ENVIRONMENTAL_VARIABLES"))) {
        app->services.environment = NULL;
    }
    app->profiling = is_on(getenv("ENABLE_WORKFLOWS_PROFILING"));
    app->source    = (PlanSource){ .context = app, .load = load_workflow };
    app->listed    = server ? listed_open(err) : NULL;
    app->trainer   = app->listed ? trainer_open(data, app->store, err) : NULL;
    if (server && !app->trainer) {
        app_close(app);
        return false;
    }
    return true;
}

void app_close(App *app)
{
    trainer_close(app->trainer);
    listed_close(app->listed);
    if (app->lock >= 0 && app->store) {
        costs_keep_all(app);
    }
    store_close(app->store);
    models_close(app->models);
    pool_close(app->services.pool);
    if (app->lock >= 0) {
        lock_close(app->lock);
    }
    free(app->files);
    *app = (App){ .lock = -1 };
}
