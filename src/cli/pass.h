/*
 * pass - one pass of a workflow over a picture, for the command line.
 */
#ifndef OCELLUS_CLI_PASS_H
#define OCELLUS_CLI_PASS_H

#include "server/app.h"
#include "workflow/keys.h"
#include "workflow/run.h"

/* A definition from a file, or from the store by its id.  Lives in the arena. */
const Json *definition_load(App *app, Arena *arena, const char *name, Error *err) MUST_USE;

/* The inputs of a pass as JSON: `picture` (a path; NULL: none) for the first
 * image input, and each "name=value" of `settings`, where a value is JSON or
 * else text. */
const Json *inputs_make(const Plan *plan, Arena *arena, const char *picture,
                        const char *const *settings, Error *err) MUST_USE;

/* Inputs with what `settings` say in the place of what they said. */
const Json *inputs_change(Arena *arena, const Json *inputs, const char *const *settings,
                          Error *err) MUST_USE;

/* Fill err from a problem, with all its lines. */
bool fail_problem(Error *err, const Problem *problem);

/* What a run was made from. */
typedef struct Origins {
    App        *app;
    const Json *definition;     /* stored workflows written out in it */
    const Json *inputs;
} Origins;

/* Write everything a run knows below `folder`: run.json with the steps and their times,
 * every value of every step as a file to be looked at, and what `ocellus replay` needs:
 * the definition, the inputs, and records of the steps (workflow/recorded.h). */
bool record_run(Run *run, const Origins *origins, const char *folder, Error *err) MUST_USE;

/* A mark of a model's files: names, sizes and times of what is in its package. */
ModelMarks model_marks(App *app);

#endif
