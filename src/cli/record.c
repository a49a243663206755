/*
 * record - every value of a run as files, to be looked at and to be replayed.
 */
#include <stdarg.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/version.h"
#include "cli/pass.h"
#include "cli/print.h"
#include "image/encode.h"
#include "value/wire.h"
#include "workflow/recorded.h"

/* Texts that must not be written down. */
typedef struct Secrets {
    const Text *texts;
    int         count;
} Secrets;

typedef struct Recording {
    Run           *run;
    Arena         *arena;
    const Origins *from;
    Keys          *keys;
    Secrets        secrets;
    const char    *folder;
    JsonWriter     index;
    Error         *err;
} Recording;

/* ---- models ---------------------------------------------------------------------------- */

static void add_file(Digester *digester, Arena *arena, const char *folder, const char *name)
{
    struct stat info;

    if (stat(path_join(arena, folder, name), &info) == 0) {
        int64_t facts[] = { info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec };

        digest_add(digester, name, strlen(name) + 1);
        digest_add(digester, facts, sizeof(facts));
    }
}

static void add_model(void *context, Text id, Digester *digester)
{
    const App   *app = context;
    const char **names;
    const char  *folder;
    Arena        arena;

    digest_add(digester, id.at, id.at ? id.length : 0);
    if (!id.at || !path_is_safe(id)) {
        return;
    }
    arena_init(&arena, MIB(16));
    folder = path_join(&arena, path_join(&arena, app->data, "models"),
                       arena_text(&arena, id).at);
    names  = folder_list(&arena, folder, NULL);
    for (int i = 0; names && names[i]; i++) {
        add_file(digester, &arena, folder, names[i]);
    }
    arena_fini(&arena);
}

ModelMarks model_marks(App *app)
{
    return (ModelMarks){ app, add_model };
}

/* ---- secrets ---------------------------------------------------------------------------- */

static void add_secret(Recording *r, Text *texts, int *count, Text text)
{
    Buffer     json;
    JsonWriter w;

    if (text.length == 0) {
        return;
    }
    texts[(*count)++] = text;
    buffer_init(&json, LIMIT_REQUEST_BODY);
    w = json_writer(&json);
    json_write_text(&w, text);
    if (json.length > text.length + 2) {           /* it has letters that JSON escapes */
        texts[(*count)++] = arena_text(r->arena, (Text){ json.data + 1, json.length - 2 });
    }
    buffer_fini(&json);
}

/* What secret inputs and outputs of kind secret hold: their records and everything that
 * repeats them stay unwritten. */
static bool find_secrets(Recording *r)
{
    const Plan *plan  = run_plan(r->run);
    Text       *texts;
    int         count = 0;

    for (int i = 0; i < plan->slot_count; i++) {
        count += keys_secret(r->keys, i) ? 2 * run_level_count(r->run, keys_level(r->keys, i)) : 0;
    }
    texts = arena_array(r->arena, Text, MAX(count, 1));
    count = 0;
    for (int slot = 0; texts && slot < plan->slot_count; slot++) {
        int n = keys_secret(r->keys, slot) ? run_level_count(r->run, keys_level(r->keys, slot)) : 0;

        for (int i = 0; i < n; i++) {
            const Value *value = run_value(r->run, slot, i);

            add_secret(r, texts, &count, value ? value_as_text(*value) : TEXT(""));
        }
    }
    r->secrets = (Secrets){ texts, count };
    return texts || fail(r->err, ERR_MEMORY, "no memory for a recording");
}

/* ---- files ------------------------------------------------------------------------------ */

/* Whether a secret stands in bytes, as it is or as JSON writes it. */
static bool holds_secret(const Recording *r, const Buffer *bytes)
{
    for (int i = 0; bytes->data && i < r->secrets.count; i++) {
        Text secret = r->secrets.texts[i];

        if (memmem(bytes->data, bytes->length, secret.at, secret.length)) {
            return true;
        }
    }
    return false;
}

static bool write_bytes(Recording *r, const char *name, const Buffer *bytes)
{
    const char *path = path_join(r->arena, r->folder, name);

    return !bytes->failed ? file_write(path, bytes->data ? bytes->data : "", bytes->length, r->err)
                          : fail(r->err, ERR_TOO_LARGE, "%s: the value is too large", name);
}

static const char *file_name(Recording *r, const char *format, ...) PRINTF_LIKE(2);

/* A name whose parts may hold anything. */
static const char *file_name(Recording *r, const char *format, ...)
{
    char    name[160];
    va_list args;

    va_start(args, format);
    vsnprintf(name, sizeof(name), format, args);
    va_end(args);
    safe_name(name);
    return arena_string(r->arena, name);
}

/* A picture as it came or as PNG, anything else as JSON. */
static bool record_value(Recording *r, const char *stem, Value value)
{
    const char *name = arena_printf(r->arena, "%s.%s", stem, value.type == VALUE_IMAGE ? "png"
                                                                                       : "json");
    Buffer      bytes;
    JsonWriter  w;
    bool        ok, hidden;

    buffer_init(&bytes, LIMIT_RESPONSE_BODY);
    if (value.type == VALUE_IMAGE) {
        ok = image_encode(value.as.image, as_png(), &bytes, r->err);
    } else {
        w  = json_writer(&bytes);
        ok = wire_write(&w, value, r->err);
    }
    hidden = holds_secret(r, &bytes);
    ok     = ok && (hidden || write_bytes(r, name, &bytes));
    buffer_fini(&bytes);
    json_write_string(&r->index, hidden ? NULL : name);
    return ok;
}

/* ---- what a replay needs ----------------------------------------------------------------- */

/* The record of a step or an input as a file; null where there is a secret in it. */
static bool write_record(Recording *r, const char *name, bool step, int index)
{
    Buffer bytes;
    bool   ok = true, open;

    buffer_init(&bytes, LIMIT_RECORD);
    open = step ? recorded_write_step(&bytes, r->run, r->keys, index)
                : recorded_write_input(&bytes, r->run, r->keys, index);
    open = open && !holds_secret(r, &bytes);
    if (open) {
        ok = write_bytes(r, name, &bytes);
    }
    buffer_fini(&bytes);
    json_write_string(&r->index, open ? name : NULL);
    return ok;
}

static void write_digest(JsonWriter *w, bool known, Digest digest)
{
    char text[DIGEST_TEXT];

    digest_write(text, digest);
    json_write_string(w, known ? text : NULL);
}

static bool write_file(Recording *r, const char *name, const Json *json)
{
    Buffer     bytes;
    JsonWriter w;
    bool       ok;

    buffer_init(&bytes, LIMIT_RESPONSE_BODY);
    w = json_writer(&bytes);
    json_write(&w, json);
    ok = write_bytes(r, name, &bytes);
    buffer_fini(&bytes);
    return ok;
}

/* The inputs as they were given, without secrets. */
static bool record_inputs(Recording *r)
{
    const Plan *plan = run_plan(r->run);
    JsonWalk    walk = json_walk(r->from->inputs);
    Buffer      bytes;
    JsonWriter  w;
    bool        ok;

    buffer_init(&bytes, LIMIT_REQUEST_BODY * 2);
    w = json_writer(&bytes);
    json_begin_object(&w);
    while (json_next(&walk)) {
        bool secret = false;

        for (int i = 0; i < plan->input_count; i++) {
            secret = secret || (text_equal(plan->inputs[i].name, walk.key) &&
                                input_is_secret(&plan->inputs[i]));
        }
        if (!secret) {
            json_key_text(&w, walk.key);
            json_write(&w, walk.value);
        }
    }
    json_end_object(&w);
    ok = write_bytes(r, "inputs.json", &bytes);
    buffer_fini(&bytes);
    json_key(&r->index, "inputs");
    json_begin_object(&r->index);
    for (int i = 0; ok && i < plan->input_count; i++) {
        if (plan->inputs[i].dimensionality == 1) {
            json_key_text(&r->index, plan->inputs[i].name);
            ok = write_record(r, file_name(r, "in%02d_%.*s.record", i,
                                           SHOW(plan->inputs[i].name)), false, i);
        }
    }
    json_end_object(&r->index);
    return ok;
}

static bool record_answer(Recording *r)
{
    const Plan *plan = run_plan(r->run);
    Buffer      bytes;
    JsonWriter  w;
    bool        ok;

    buffer_init(&bytes, LIMIT_RESPONSE_BODY);
    w  = json_writer(&bytes);
    ok = run_write_outputs(r->run, &w, NULL) || fail_problem(r->err, run_problem(r->run));
    if (holds_secret(r, &bytes)) {
        buffer_clear(&bytes);
        buffer_string(&bytes, "[]");
    }
    ok = ok && write_bytes(r, "answer.json", &bytes);
    buffer_fini(&bytes);
    json_key(&r->index, "outputs");
    json_begin_object(&r->index);
    for (int i = 0; ok && i < plan->output_count; i++) {
        Digest digest;
        bool   known = keys_output(r->keys, r->run, i, &digest);

        json_key_text(&r->index, plan->outputs[i].name);
        write_digest(&r->index, known, digest);
    }
    json_end_object(&r->index);
    return ok;
}

/* ---- steps ----------------------------------------------------------------------------- */

static bool record_outputs(Recording *r, int number, const PlanStep *step)
{
    json_key(&r->index, "outputs");
    json_begin_object(&r->index);
    for (int k = 0; k < step->output_count; k++) {
        json_key(&r->index, step->outputs[k].name);
        json_begin_array(&r->index);
        for (int i = 0; i < run_level_count(r->run, step->data_level); i++) {
            const Value *value = run_value(r->run, step->first_slot + k, i);
            const char  *stem  = file_name(r, "%02d_%.60s.%.60s.%d", number, step->name.at,
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
    Digest          key;
    bool            known;

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
    known = keys_step(r->keys, r->run, span->step, &key);
    json_key(&r->index, "key");
    write_digest(&r->index, known, key);
    json_key(&r->index, "record");
    if (!write_record(r, file_name(r, "%02d_%.60s.record", number, step->name.at), true,
                      span->step)) {
        return false;
    }
    json_end_object(&r->index);
    return true;
}

static bool record_all(Recording *r)
{
    bool ok = write_file(r, "definition.json", r->from->definition);

    json_begin_object(&r->index);
    json_key(&r->index, "ocellus");
    json_write_string(&r->index, OCELLUS_VERSION);
    ok = ok && record_inputs(r);
    json_key(&r->index, "steps");
    json_begin_array(&r->index);
    for (int i = 0; ok && i < run_span_count(r->run); i++) {
        ok = run_span(r->run, i)->start == 0 || record_step(r, i);
    }
    json_end_array(&r->index);
    ok = ok && record_answer(r);
    json_end_object(&r->index);
    return ok;
}

bool record_run(Run *run, const Origins *origins, const char *folder, Error *err)
{
    Recording r = { .run = run, .arena = run_arena(run), .from = origins, .folder = folder,
                    .err = err };
    Buffer    index;
    bool      ok = false;

    r.keys = keys_open(run_plan(run), origins->definition, model_marks(origins->app), err);
    if (!r.keys) {
        return false;
    }
    buffer_init(&index, LIMIT_RESPONSE_BODY);
    r.index = json_writer(&index);
    ok = find_secrets(&r) && folder_make(folder, err) && record_all(&r) &&
         write_bytes(&r, "run.json", &index);
    buffer_fini(&index);
    keys_close(r.keys);
    return ok;
}
