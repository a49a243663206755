/*
 * costs - remembering what steps of workflows took.
 *
 * The costs that a plan has seen (plan_cost()) outlive it in the store, under what a
 * step is: its block and its fields, not its name or its workflow.  They are estimates,
 * kept when a server ends and after `ocellus run`; losing some costs nothing.
 */
#ifndef OCELLUS_SERVER_COSTS_H
#define OCELLUS_SERVER_COSTS_H

#include "server/app.h"

/* Keep what a plan has seen.  `definition`: what it was compiled from, stored workflows
 * written out in it. */
bool costs_keep(App *app, const Plan *plan, const Json *definition, Error *err) MUST_USE;

/* The same for every plan in the cache. */
void costs_keep_all(App *app);

/* Nanoseconds of each step of a plan, 0 where nothing is known; in `arena`. */
const int64_t *costs_read(App *app, const Plan *plan, const Json *definition, Arena *arena,
                          Error *err) MUST_USE;

#endif
