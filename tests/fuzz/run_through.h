/*
 * run_through - compile a definition, run it, read its answer back.
 */
#ifndef OCELLUS_FUZZ_RUN_THROUGH_H
#define OCELLUS_FUZZ_RUN_THROUGH_H

#include "workflow/run.h"

static inline void answer_with(const Plan *plan, const Json *inputs)
{
    Error      err     = { 0 };
    Session   *session = session_open(plan, &err);
    Cancel     cancel;
    RunOptions options = { .cancel = &cancel };
    Run       *run     = NULL;
    Buffer     out;
    JsonWriter w;

    cancel_init(&cancel, 2);
    buffer_init(&out, MIB(16));
    w = json_writer(&out);
    if (session) {
        run = run_open(session, inputs, &options);
    }
    if (run && run_problem(run)) {
        problem_write(&w, run_problem(run));
    } else if (run && run_write_outputs(run, &w, NULL) && !out.failed) {
        Arena arena;

        arena_init(&arena, MIB(256));
        assert(json_parse(&arena, (Text){ out.data, out.length }, JSON_STRICT, &err) ||
               err.kind == ERR_MEMORY || strstr(err.text, "deep") || strstr(err.text, "nodes"));
        arena_fini(&arena);
    }
    run_close(run);
    session_close(session);
    buffer_fini(&out);
}

static inline void run_through(Arena *arena, const Json *definition, const Json *inputs)
{
    Problem     problem = { 0 };
    const Plan *plan    = plan_compile(definition, NULL, arena, &problem);

    assert(plan || problem.class != PROBLEM_NONE);
    if (plan) {
        answer_with(plan, inputs);
        plan_unref(plan);
    }
}

#endif
