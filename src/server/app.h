/*
 * app - what the routes work with: the shelf of models, the store, services.
 */
#ifndef OCELLUS_SERVER_APP_H
#define OCELLUS_SERVER_APP_H

#include "blocks/services.h"
#include "model/model.h"
#include "server/listed.h"
#include "server/trainer.h"
#include "store/store.h"
#include "workflow/plan.h"

typedef struct App App;

struct App {
    const char *data;           /* folder */
    Models     *models;
    Store      *store;
    Trainer    *trainer;        /* of a server; else NULL */
    Listed     *listed;         /* pictures of data sets that trainings used; of a server */
    Services    services;
    PlanSource  source;         /* stored workflows, for those that contain them */
    char        uuid[40];       /* of this server, for /info */
    int64_t     started;        /* monotonic */
    int         lock;           /* of the server; -1: none */
    bool        profiling;      /* ENABLE_WORKFLOWS_PROFILING */
    char       *files;          /* the folder that sinks may write below */
};

/* Open what stands below `data` (made if absent).  With `server` the folder is
 * locked for it: ERR_CONFLICT when another server has it. */
bool app_open(App *app, const char *data, bool server, Error *err) MUST_USE;
void app_close(App *app);

#endif
