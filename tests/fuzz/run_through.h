/*
 * run_through - compile a definition, run it, read its answer back.
 */
#ifndef OCELLUS_FUZZ_RUN_THROUGH_H
#define OCELLUS_FUZZ_RUN_THROUGH_H

#include "workflow/check.h"
#include "workflow/describe.h"
#include "workflow/plan_svg.h"
#include "workflow/run.h"
#include "workflow/workload.h"

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

/* What tells of a definition without running it agrees with the compiler. */
static inline void look_over(Arena *arena, const Json *definition, const Plan *plan)
{
    Problem     problem = { 0 };
    Check       check;
    Description description;
    const Json *upgraded;
    Buffer      out;
    JsonWriter  w;
    int         changes = 0;

    workflow_check(definition, NULL, arena, &check);
    assert((check.plan != NULL) == (plan != NULL) || arena_failed(arena));
    assert((check.error_count == 0) == (check.plan != NULL) || arena_failed(arena));
    plan_unref(check.plan);
    upgraded = workflow_upgrade(definition, NULL, arena, &changes);
    if (upgraded && plan) {
        const Plan *again = plan_compile(upgraded, NULL, arena, &problem);

        assert(again || arena_failed(arena));
        plan_unref(again);
    }
    buffer_init(&out, MIB(16));
    w = json_writer(&out);
    if (plan && !plan_svg(plan, &out)) {
        assert(out.failed);
    }
    buffer_clear(&out);
    problem = (Problem){ 0 };
    if (plan && !workload_write(&w, plan, definition, NULL, arena, &problem)) {
        assert(problem.class != PROBLEM_NONE);
    }
    buffer_clear(&out);
    w       = json_writer(&out);
    problem = (Problem){ 0 };
    if (describe_workflow(arena, definition, &description, &problem)) {
        describe_write(&w, &description);
    } else {
        assert(problem.class != PROBLEM_NONE);
    }
    buffer_fini(&out);
}

static inline void run_through(Arena *arena, const Json *definition, const Json *inputs)
{
    Problem     problem = { 0 };
    const Plan *plan    = plan_compile(definition, NULL, arena, &problem);

    assert(plan || problem.class != PROBLEM_NONE);
    look_over(arena, definition, plan);
    if (plan) {
        answer_with(plan, inputs);
        plan_unref(plan);
    }
}

#endif
