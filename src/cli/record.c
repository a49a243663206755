/*
 * record - every value of a run as files, to be looked at node by node.
 */
#include "base/file.h"
#include "cli/pass.h"
#include "cli/print.h"
#include "image/encode.h"
#include "value/wire.h"

typedef struct Recording {
    Run        *run;
    const char *folder;
    JsonWriter  index;
    Error      *err;
} Recording;

static bool write_bytes(Recording *r, const char *name, const Buffer *bytes)
{
    const char *path = path_join(run_arena(r->run), r->folder, name);

    return !bytes->failed ? file_write(path, bytes->data ? bytes->data : "", bytes->length, r->err)
                          : fail(r->err, ERR_TOO_LARGE, "%s: the value is too large", name);
}

/* A picture as it came or as PNG, anything else as JSON. */
static bool record_value(Recording *r, const char *stem, Value value)
{
    Arena     *arena = run_arena(r->run);
    const char *name = arena_printf(arena, "%s.%s", stem, value.type == VALUE_IMAGE ? "png"
                                                                                     : "json");
    Buffer     bytes;
    JsonWriter w;
    bool       ok;

    buffer_init(&bytes, LIMIT_RESPONSE_BODY);
    if (value.type == VALUE_IMAGE) {
        ok = image_encode_png(value.as.image, &bytes, r->err);
    } else {
        w  = json_writer(&bytes);
        ok = wire_write(&w, value, r->err);
    }
    ok = ok && write_bytes(r, name, &bytes);
    buffer_fini(&bytes);
    json_write_string(&r->index, name);
    return ok;
}

static bool record_outputs(Recording *r, int number, const PlanStep *step)
{
    Arena *arena = run_arena(r->run);

    json_key(&r->index, "outputs");
    json_begin_object(&r->index);
    for (int k = 0; k < step->output_count; k++) {
        json_key(&r->index, step->outputs[k].name);
        json_begin_array(&r->index);
        for (int i = 0; i < run_level_count(r->run, step->data_level); i++) {
            const Value *value = run_value(r->run, step->first_slot + k, i);
            const char  *stem  = arena_printf(arena, "%02d_%.*s.%s.%d", number, SHOW(step->name),
                                              step->outputs[k].name, i);

            if (!value || value_is_null(*value)) {
                json_write_null(&r->index);
            } else if (!record_value(r, stem, *value)) {
                return false;
            }
        }
        json_end_array(&r->index);
    }
    json_end_object(&r->index);
    return true;
}

static bool record_step(Recording *r, int number)
{
    const StepSpan *span = run_span(r->run, number);
    const PlanStep *step = &run_plan(r->run)->steps[span->step];

    json_begin_object(&r->index);
    json_key(&r->index, "name");
    json_write_text(&r->index, step->name);
    json_key(&r->index, "type");
    json_write_string(&r->index, step->block->type);
    json_key(&r->index, "milliseconds");
    json_write_double(&r->index, (double)(span->end - span->start) / 1e6);
    json_key(&r->index, "elements");
    json_write_int(&r->index, span->elements);
    if (!record_outputs(r, number, step)) {
        return false;
    }
    json_end_object(&r->index);
    return true;
}

bool record_run(Run *run, const char *folder, Error *err)
{
    Recording r = { .run = run, .folder = folder, .err = err };
    Buffer    index;
    bool      ok = folder_make(folder, err);

    buffer_init(&index, LIMIT_RESPONSE_BODY);
    r.index = json_writer(&index);
    json_begin_object(&r.index);
    json_key(&r.index, "steps");
    json_begin_array(&r.index);
    for (int i = 0; ok && i < run_span_count(run); i++) {
        ok = run_span(run, i)->start == 0 || record_step(&r, i);
    }
    json_end_array(&r.index);
    json_end_object(&r.index);
    ok = ok && write_bytes(&r, "run.json", &index);
    buffer_fini(&index);
    return ok;
}
