/*
 * workflow - any definition with any inputs gets an answer or a problem.
 *
 * The input is {"specification": ..., "inputs": ...} as a client posts it.
 */
#include "workflow/run.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void run_through(const Plan *plan, const Json *inputs)
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

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    Arena       arena;
    Error       err     = { 0 };
    Problem     problem = { 0 };
    const Json *body;

    arena_init(&arena, MIB(64));
    body = json_parse(&arena, (Text){ (const char *)bytes, size }, JSON_NAN, &err);
    if (body) {
        const Plan *plan = plan_compile(json_get(body, "specification"), NULL, &arena, &problem);

        assert(plan || problem.class != PROBLEM_NONE);
        if (plan) {
            run_through(plan, json_get(body, "inputs"));
            plan_unref(plan);
        }
    }
    arena_fini(&arena);
    return 0;
}
