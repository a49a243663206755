/*
 * pass - definitions and inputs for the command line.
 */
#include "cli/pass.h"

#include "base/file.h"
#include "base/text.h"

static const Json *definition_of(const Json *json)
{
    const Json *inner = json_get(json, "specification");

    return inner ? inner : json;
}

/* All of standard input, which may be a pipe. */
static bool read_input(Buffer *out, Error *err)
{
    char   piece[KIB(16)];
    size_t n;

    while ((n = fread(piece, 1, sizeof(piece), stdin)) > 0 && !out->failed) {
        buffer_append(out, piece, n);
    }
    if (ferror(stdin)) {
        return fail(err, ERR_INVALID, "standard input cannot be read");
    }
    return !out->failed || fail(err, ERR_TOO_LARGE, "standard input has more than %zu bytes",
                                (size_t)LIMIT_DEFINITION);
}

/* A definition from a file, or from standard input for "-". */
static const Json *load_file(Arena *arena, const char *path, Error *err)
{
    bool        input = strcmp(path, "-") == 0;
    Buffer      text;
    const Json *json = NULL;

    buffer_init(&text, LIMIT_DEFINITION);
    if (input ? read_input(&text, err) : file_read(path, LIMIT_DEFINITION, &text, err)) {
        json = json_parse(arena, (Text){ text.data ? text.data : "", text.length }, JSON_STRICT,
                          err);
        if (!json) {
            fail_prefix(err, "%s", input ? "standard input" : path);
        }
    }
    buffer_fini(&text);
    return json ? definition_of(json) : NULL;
}

const Json *definition_load(App *app, Arena *arena, const char *name, Error *err)
{
    StoredWorkflow stored;
    const Json    *json;

    if (strcmp(name, "-") == 0 || file_exists(name) || strchr(name, '/') ||
        !workflow_id_valid(text_of(name))) {
        return load_file(arena, name, err);
    }
    if (!store_workflow_load(app->store, arena, text_of(name), 0, &stored, err)) {
        if (err->kind == ERR_NOT_FOUND) {
            fail(err, ERR_NOT_FOUND, "there is neither a file nor a stored workflow '%s'", name);
        }
        return NULL;
    }
    json = json_parse(arena, stored.definition, JSON_STRICT, err);
    return json ? definition_of(json) : NULL;
}

static const PlanInput *image_input(const Plan *plan)
{
    for (int i = 0; i < plan->input_count; i++) {
        if (plan->inputs[i].type == INPUT_IMAGE) {
            return &plan->inputs[i];
        }
    }
    return NULL;
}

static bool write_picture(JsonWriter *w, const Plan *plan, const char *path, Error *err)
{
    const PlanInput *input = image_input(plan);
    Buffer           bytes;
    bool             ok;

    if (!input) {
        return fail(err, ERR_INVALID, "the workflow takes no picture: it has no WorkflowImage "
                                      "input");
    }
    buffer_init(&bytes, LIMIT_REQUEST_BODY);
    ok = file_read(path, LIMIT_REQUEST_BODY, &bytes, err);
    if (ok) {
        json_key_text(w, input->name);
        json_begin_object(w);
        json_key(w, "type");
        json_write_string(w, "base64");
        json_key(w, "value");
        json_write_base64(w, bytes.data ? bytes.data : "", bytes.length);
        json_end_object(w);
    }
    buffer_fini(&bytes);
    return ok;
}

static bool write_setting(JsonWriter *w, Arena *arena, const char *setting, Error *err)
{
    const char *equals = strchr(setting, '=');
    const Json *value;
    Error       ignored = { 0 };

    if (!equals || equals == setting) {
        return fail(err, ERR_INVALID, "--set %s: expected name=value", setting);
    }
    json_key_text(w, (Text){ setting, (size_t)(equals - setting) });
    value = json_parse(arena, text_of(equals + 1), JSON_STRICT, &ignored);
    if (value) {
        json_write(w, value);
    } else {
        json_write_string(w, equals + 1);
    }
    return true;
}

const Json *inputs_make(const Plan *plan, Arena *arena, const char *picture,
                        const char *const *settings, Error *err)
{
    Buffer      text;
    JsonWriter  w;
    const Json *json = NULL;
    bool        ok   = true;

    buffer_init(&text, LIMIT_REQUEST_BODY * 2);
    w = json_writer(&text);
    json_begin_object(&w);
    if (picture) {
        ok = write_picture(&w, plan, picture, err);
    }
    for (int i = 0; ok && settings[i]; i++) {
        ok = write_setting(&w, arena, settings[i], err);
    }
    json_end_object(&w);
    if (ok) {
        json = json_parse(arena, (Text){ text.data, text.length }, JSON_STRICT, err);
    }
    buffer_fini(&text);
    return json;
}

/* Of a name that stands twice the last counts. */
const Json *inputs_change(Arena *arena, const Json *inputs, const char *const *settings,
                          Error *err)
{
    JsonWalk    walk = json_walk(inputs);
    Buffer      text;
    JsonWriter  w;
    const Json *json = NULL;
    bool        ok   = true;

    if (!settings[0]) {
        return inputs;
    }
    buffer_init(&text, LIMIT_REQUEST_BODY * 2);
    w = json_writer(&text);
    json_begin_object(&w);
    while (json_next(&walk)) {
        json_key_text(&w, walk.key);
        json_write(&w, walk.value);
    }
    for (int i = 0; ok && settings[i]; i++) {
        ok = write_setting(&w, arena, settings[i], err);
    }
    json_end_object(&w);
    if (ok) {
        json = json_parse(arena, (Text){ text.data, text.length }, JSON_STRICT, err);
    }
    buffer_fini(&text);
    return json;
}

/* The list of problems goes to stderr at once: an Error holds one sentence. */
bool fail_problem(Error *err, const Problem *problem)
{
    Buffer text;

    buffer_init(&text, KIB(256));
    problem_print(&text, problem);
    if (problem->block_count > 0 && !text.failed) {
        fputs(text.data, stderr);
    }
    buffer_fini(&text);
    return fail(err, problem->status == 404 ? ERR_NOT_FOUND
                   : problem->status < 500  ? ERR_INVALID : ERR_INTERNAL,
                "%s", problem->message);
}
