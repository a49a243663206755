/*
 * test_group - steps of one group at once, and the order of steps.
 */
#include <pthread.h>

#include "test.h"
#include "workflow/run.h"

enum { STEPS = 24 };

/* STEPS independent steps that upper-case the input; `bad` of them fail. */
static const Json *wide(Arena *arena, int bad_from)
{
    Buffer      text;
    const Json *json;

    buffer_init(&text, MIB(1));
    buffer_string(&text, "{\"version\":\"1.0\",\"inputs\":[{\"type\":\"WorkflowBatchInput\","
                         "\"name\":\"x\"}],\"steps\":[");
    for (int i = 0; i < STEPS; i++) {
        buffer_printf(&text, "%s{\"type\":\"PropertyDefinition\",\"name\":\"s%d\",\"data\":"
                      "\"$inputs.x\",\"operations\":[{\"type\":\"%s\"}]}", i ? "," : "", i,
                      i >= bad_from ? "ExtractImageProperty\",\"property_name\":\"size"
                                    : "StringToUpperCase");
    }
    buffer_string(&text, "],\"outputs\":[");
    for (int i = 0; i < STEPS; i++) {
        buffer_printf(&text, "%s{\"type\":\"JsonField\",\"name\":\"o%d\",\"selector\":"
                      "\"$steps.s%d.output\"}", i ? "," : "", i, i);
    }
    buffer_string(&text, "]}");
    json = json_parse(arena, (Text){ text.data, text.length }, JSON_STRICT, NULL);
    buffer_fini(&text);
    return json;
}

typedef struct World {
    Arena       arena;
    Services    services;
    const Plan *plan;
    const Json *inputs;
    int         wrong;
} World;

static void world_open(World *w, int bad_from)
{
    Problem problem = { 0 };

    *w = (World){ 0 };
    arena_init(&w->arena, MIB(16));
    services_init(&w->services);
    w->services.pool = pool_open(3);
    w->plan   = plan_compile(wide(&w->arena, bad_from), NULL, &w->arena, &problem);
    w->inputs = json_parse(&w->arena, TEXT("{\"x\": [\"ab\", null, \"cd\"]}"), JSON_STRICT, NULL);
    CHECK(w->plan != NULL);
}

static void world_close(World *w)
{
    plan_unref(w->plan);
    pool_close(w->services.pool);
    arena_fini(&w->arena);
}

static Run *run_world(World *w, Session **session)
{
    RunOptions options = { .services = &w->services };

    *session = session_open(w->plan, NULL);
    return run_open(*session, w->inputs, &options);
}

static bool all_right(const World *w, const Run *run)
{
    bool ok = !run_problem(run);

    for (int i = 0; ok && i < STEPS; i++) {
        int          slot = w->plan->outputs[i].slot;
        const Value *a = run_value(run, slot, 0), *b = run_value(run, slot, 1);
        const Value *c = run_value(run, slot, 2);

        ok = a && text_is(value_as_text(*a), "AB") && b && value_is_null(*b) && c &&
             text_is(value_as_text(*c), "CD");
    }
    return ok;
}

static void *run_often(void *context)
{
    World *w = context;

    for (int i = 0; i < 50; i++) {
        Session *session;
        Run     *run;

        for (int k = 0; k < STEPS; k++) {     /* as if no step had ever run: all at once */
            __atomic_store_n(&w->plan->costs[k], 0, __ATOMIC_RELAXED);
        }
        run = run_world(w, &session);
        if (!all_right(w, run)) {
            __atomic_add_fetch(&w->wrong, 1, __ATOMIC_RELAXED);
        }
        run_close(run);
        session_close(session);
    }
    return NULL;
}

/* A plan that never ran has no costs: its steps then run at once. */
TEST(steps_of_a_group_run_at_once_and_all_their_values_are_there)
{
    World    w;
    Session *session;
    Run     *run;

    world_open(&w, STEPS);
    run = run_world(&w, &session);
    CHECK(all_right(&w, run));
    for (int i = 0; i < run_span_count(run); i++) {
        CHECK(run_span(run, i)->thread > 0 && run_span(run, i)->elements == 2);
    }
    CHECK(plan_cost(w.plan, 0) > 0);
    run_close(run);
    session_close(session);
    world_close(&w);
}

TEST(runs_of_one_plan_on_many_threads_do_not_disturb_each_other)
{
    World     w;
    pthread_t threads[4];

    world_open(&w, STEPS);
    for (int i = 0; i < 4; i++) {
        CHECK(pthread_create(&threads[i], NULL, run_often, &w) == 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    CHECK(w.wrong == 0);
    world_close(&w);
}

TEST(of_steps_that_fail_at_once_the_first_is_told)
{
    for (int i = 0; i < 20; i++) {
        World    w;
        Session *session;
        Run     *run;

        world_open(&w, 7);
        run = run_world(&w, &session);
        CHECK(run_problem(run) != NULL);
        CHECK(run_problem(run) && strstr(run_problem(run)->message, "'s7'"));
        run_close(run);
        session_close(session);
        world_close(&w);
    }
}

/* Costs of other sizes than the first: cheap steps stay on the calling thread. */
TEST(cheap_steps_stay_on_the_calling_thread)
{
    World    w;
    Session *session;
    Run     *run;

    world_open(&w, STEPS);
    for (int k = 0; k < STEPS; k++) {
        plan_note_cost(w.plan, k, 1000);
    }
    run = run_world(&w, &session);
    for (int i = 0; i < run_span_count(run); i++) {
        CHECK(run_span(run, i)->thread == pool_thread());
    }
    run_close(run);
    session_close(session);
    world_close(&w);
}

/* A ladder written upside down: every step stands on the one that is written after
 * it. */
TEST(steps_run_in_order_of_what_they_need_not_of_how_they_are_written)
{
    enum { RUNGS = 300 };
    Arena       arena;
    Problem     problem = { 0 };
    Buffer      text;
    const Plan *plan;

    arena_init(&arena, MIB(16));
    buffer_init(&text, MIB(1));
    buffer_string(&text, "{\"version\":\"1.0\",\"inputs\":[{\"type\":\"WorkflowParameter\","
                         "\"name\":\"x\"}],\"outputs\":[],\"steps\":[");
    for (int i = 0; i < RUNGS; i++) {
        buffer_printf(&text, "%s{\"type\":\"FirstNonEmptyOrDefault\",\"name\":\"s%d\",\"data\":[\"",
                      i ? "," : "", i);
        if (i + 1 < RUNGS) {
            buffer_printf(&text, "$steps.s%d.output\"]}", i + 1);
        } else {
            buffer_string(&text, "$inputs.x\"]}");
        }
    }
    buffer_string(&text, "]}");
    plan = plan_compile(json_parse(&arena, (Text){ text.data, text.length }, JSON_STRICT, NULL),
                        NULL, &arena, &problem);
    CHECK(plan != NULL);
    CHECK_INT(plan ? plan->group_count : 0, RUNGS);
    for (int i = 0; plan && i < RUNGS; i++) {
        char name[16];

        snprintf(name, sizeof(name), "s%d", RUNGS - 1 - i);
        CHECK(text_is(plan->steps[i].name, name));
    }
    plan_unref(plan);
    buffer_fini(&text);
    arena_fini(&arena);
}
