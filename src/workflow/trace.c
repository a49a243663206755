/*
 * trace - spans of a run as trace events.
 */
#include "workflow/trace.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/pool.h"
#include "workflow/inside.h"

typedef struct Event {
    const char *name, *category;
    int         thread;
    int64_t     start, end;
} Event;

/* Leaves the object open for "args". */
static void begin_event(JsonWriter *w, const Event *event)
{
    json_begin_object(w);
    json_key(w, "name");
    json_write_string(w, event->name);
    json_key(w, "cat");
    json_write_string(w, event->category);
    json_key(w, "ph");
    json_write_string(w, "X");
    json_key(w, "pid");
    json_write_int(w, getpid());
    json_key(w, "tid");
    json_write_int(w, event->thread);
    json_key(w, "ts");
    json_write_double(w, (double)event->start / 1e3);
    json_key(w, "dur");
    json_write_double(w, (double)(event->end - event->start) / 1e3);
}

static void write_event(JsonWriter *w, const Event *event)
{
    begin_event(w, event);
    json_end_object(w);
}

static void write_step(JsonWriter *w, const PlanStep *step, const StepSpan *span)
{
    Event event = { "step_execution", "workflow_block_operation", span->thread, span->start,
                    span->end };

    begin_event(w, &event);
    json_key(w, "args");
    json_begin_object(w);
    json_key(w, "step");
    json_write_text(w, step->selector);
    json_key(w, "type");
    json_write_string(w, step->block->type);
    json_key(w, "elements");
    json_write_int(w, span->elements);
    json_end_object(w);
    json_end_object(w);
}

/* The steps of one group, and around them the group. */
static void write_group(JsonWriter *w, const Run *run, int first, int end, int thread)
{
    Event event = { "group_of_steps_execution", "execution_engine_operation", thread, INT64_MAX,
                    0 };

    for (int i = first; i < end; i++) {
        const StepSpan *span = run_span(run, i);

        if (span->start != 0) {
            write_step(w, &run->plan->steps[i], span);
            event.start = MIN(event.start, span->start);
            event.end   = MAX(event.end, span->end);
        }
    }
    if (event.end != 0) {
        write_event(w, &event);
    }
}

void run_write_trace(const Run *run, const TraceCompile *compile, JsonWriter *w)
{
    const RunTimes *t      = &run->times;
    int             thread = pool_thread();
    int64_t         now    = clock_now();
    const char     *engine = "execution_engine_operation";
    const Event     phases[] = {
        { "workflow_run", engine, thread, compile->start, now },
        { "workflow_compilation", engine, thread, compile->start, compile->end },
        { "workflow_input_assembly", engine, thread, t->began, t->assembled },
        { "workflow_execution", engine, thread, t->assembled, t->executed },
        { "outputs_construction", engine, thread, t->executed, now },
    };

    json_begin_array(w);
    for (size_t i = 0; i < COUNT_OF(phases); i++) {
        write_event(w, &phases[i]);
    }
    for (int first = 0, end; first < run->plan->step_count; first = end) {
        end = first + 1;
        while (end < run->plan->step_count &&
               run->plan->steps[end].group == run->plan->steps[first].group) {
            end++;
        }
        write_group(w, run, first, end, thread);
    }
    json_end_array(w);
}
