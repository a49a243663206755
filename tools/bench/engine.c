/*
 * engine - B2, B3 and the decode floor, in process, without HTTP.
 *
 *     engine [PICTURE.jpg]
 *
 * Prints one JSON object: microseconds of a run of 1, 20, 50 and more trivial steps
 * with a cached plan, one after the other and side by side (B2), of compiling 20
 * and more steps anew and again (B3), and of decoding the picture (the floor under
 * B4 and B5).
 */
#include <math.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "workflow/run.h"

enum { ROUNDS = 5 };

typedef enum Shape { CHAIN, WIDE } Shape;

/* `count` trivial steps, one after the other or side by side; `salt` makes the text
 * differ. */
static const Json *chain(Arena *arena, Shape shape, int count, int salt)
{
    Buffer      text;
    const Json *json;

    buffer_init(&text, MIB(1));
    buffer_printf(&text, "{\"version\":\"1.0\",\"salt\":%d,\"inputs\":[{\"type\":"
                  "\"WorkflowParameter\",\"name\":\"x\"}],\"steps\":[", salt);
    for (int i = 0; i < count; i++) {
        buffer_printf(&text, "%s{\"type\":\"roboflow_core/first_non_empty_or_default@v1\","
                      "\"name\":\"s%d\",\"data\":[\"", i ? "," : "", i);
        if (i == 0 || shape == WIDE) {
            buffer_string(&text, "$inputs.x\"]}");
        } else {
            buffer_printf(&text, "$steps.s%d.output\"]}", i - 1);
        }
    }
    buffer_printf(&text, "],\"outputs\":[{\"type\":\"JsonField\",\"name\":\"o\",\"selector\":"
                  "\"$steps.s%d.output\"}]}", count - 1);
    json = json_parse(arena, (Text){ text.data, text.length }, JSON_STRICT, NULL);
    buffer_fini(&text);
    return json;
}

static void run_once(const Plan *plan, const Json *inputs)
{
    Session   *session = session_open(plan, NULL);
    RunOptions options = { 0 };
    Run       *run     = run_open(session, inputs, &options);
    Buffer     out;
    JsonWriter w;

    buffer_init(&out, MIB(1));
    w = json_writer(&out);
    if (run_problem(run) || !run_write_outputs(run, &w, NULL)) {
        fprintf(stderr, "the run failed\n");
        exit(1);
    }
    buffer_fini(&out);
    run_close(run);
    session_close(session);
}

/* Best mean of several rounds, in microseconds. */
static double time_runs(Shape shape, int steps)
{
    Arena       arena;
    Problem     problem = { 0 };
    double      best    = INFINITY;
    const Json *inputs;
    const Plan *plan;

    arena_init(&arena, MIB(64));
    plan   = plan_compile(chain(&arena, shape, steps, 0), NULL, &arena, &problem);
    inputs = json_parse(&arena, TEXT("{\"x\": 1}"), JSON_STRICT, NULL);
    for (int round = 0; round < ROUNDS; round++) {
        int     count = 40000 / (steps + 3);
        int64_t start = clock_now();

        for (int i = 0; i < count; i++) {
            run_once(plan, inputs);
        }
        best = fmin(best, (double)(clock_now() - start) / 1e3 / count);
    }
    plan_unref(plan);
    arena_fini(&arena);
    return best;
}

static double time_compile(int steps, bool again)
{
    double best = INFINITY;

    for (int round = 0; round < ROUNDS; round++) {
        enum { COUNT = 100 };
        Arena       arena;
        const Json *definitions[COUNT];
        int64_t     start;

        arena_init(&arena, MIB(900));
        for (int i = 0; i < COUNT; i++) {
            definitions[i] = chain(&arena, CHAIN, steps, again ? 1000000 : round * COUNT + i);
        }
        start = clock_now();
        for (int i = 0; i < COUNT; i++) {
            Problem problem = { 0 };

            plan_unref(plan_get(definitions[i], NULL, &arena, &problem));
        }
        best = fmin(best, (double)(clock_now() - start) / 1e3 / COUNT);
        arena_fini(&arena);
    }
    return best;
}

static double time_decode(const char *path)
{
    Buffer  bytes;
    double  best = INFINITY;
    Error   err  = { 0 };

    buffer_init(&bytes, MIB(64));
    if (!file_read(path, MIB(64), &bytes, &err)) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    for (int round = 0; round < ROUNDS * 20; round++) {
        int64_t start = clock_now();
        Image  *image = image_decode(bytes.data, bytes.length, TEXT("x"), NULL, &err);

        best = fmin(best, (double)(clock_now() - start) / 1e3);
        image_unref(image);
    }
    buffer_fini(&bytes);
    return best;
}

int main(int argc, char **argv)
{
    static const int more[] = { 100, 200, 500, 1000 };

    budget_tame_malloc();     /* as the program does */
    printf("{\"run_1\": %.3f, ", time_runs(CHAIN, 1));
    printf("\"run_20\": %.3f, \"run_50\": %.3f, ", time_runs(CHAIN, 20), time_runs(CHAIN, 50));
    printf("\"run_20_wide\": %.3f, ", time_runs(WIDE, 20));
    printf("\"compile_20\": %.3f, ", time_compile(20, false));
    printf("\"compile_20_again\": %.3f, ", time_compile(20, true));
    for (size_t i = 0; i < COUNT_OF(more); i++) {
        printf("\"run_%d\": %.1f, \"compile_%d\": %.1f, ", more[i], time_runs(CHAIN, more[i]),
               more[i], time_compile(more[i], false));
    }
    printf("\"decode\": %.1f}\n", argc > 1 ? time_decode(argv[1]) : 0.0);
    return 0;
}
