/*
 * routes - the list of all tables of routes.
 */
#include "server/routes.h"

const Route *const route_tables[] = {
    routes_state,
    routes_describe,
    routes_workflows,
    routes_store,
    routes_blocks,
    routes_models,
    routes_infer,
    routes_inspect,
    routes_train,
    routes_jobs,
    routes_datasets,
    routes_elsewhere,
    routes_page,
    routes_legacy,      /* its pattern fits any path of two pieces, so it comes last */
    NULL,
};
