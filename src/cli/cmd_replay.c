/*
 * cmd_replay - run a recording again with a change, and see what the change does.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/map.h"
#include "cli/command.h"
#include "cli/json_diff.h"
#include "cli/pass.h"
#include "cli/print.h"
#include "workflow/inner.h"
#include "workflow/replay.h"

enum { SHOWN_DIFFERENCES = 20 };

/* One recorded pass. */
typedef struct Folder {
    const char *path;
    Arena      *arena;
    Invocation *in;
    const Json *index;             /* run.json */
    const Json *definition;        /* as recorded */
    const Json *now;               /* to be run; stored workflows are written out in it */
    const Json *inputs;
    Map         records;           /* key in hex -> name of a file */
    Text        mapped[LIMIT_STEPS + 64];
    int         mapped_count;
} Folder;

/* What a replay found. */
typedef struct Outcome {
    Folder *folder;
    Keys   *keys;
    Replay *replay;
    Run    *run;
    int64_t began;
    Buffer  answer;                /* of the outputs that differ */
} Outcome;

/* ---- the recording --------------------------------------------------------------------- */

static const Json *read_json(Folder *f, const char *name, Error *err)
{
    const char *path = path_join(f->arena, f->path, name);
    const Json *json;
    Text        bytes;

    if (!file_map(path, LIMIT_RESPONSE_BODY, &bytes, err)) {
        return NULL;
    }
    json = json_parse(f->arena, bytes, JSON_STRICT, err);
    if (!json) {
        fail_prefix(err, "%s", path);
    }
    file_unmap(bytes);
    return json;
}

/* A file of the recording; its name comes from run.json, which may say anything. */
static Text map_record(Folder *f, Text name)
{
    Text  bytes = { NULL, 0 };
    Error err;

    if (!name.at || memchr(name.at, '/', name.length) || !path_is_safe(name) ||
        f->mapped_count == (int)COUNT_OF(f->mapped) ||
        !file_map(path_join(f->arena, f->path, name.at), LIMIT_RECORD, &bytes, &err)) {
        return (Text){ NULL, 0 };
    }
    f->mapped[f->mapped_count++] = bytes;
    return bytes;
}

static Text find_step(void *context, Digest key)
{
    Folder     *f = context;
    char        text[DIGEST_TEXT];
    const Json *name;

    digest_write(text, key);
    name = map_get(&f->records, text_of(text));
    return name ? map_record(f, json_text(name)) : (Text){ NULL, 0 };
}

/* An input as a definition declares it. */
static const Json *declaration(const Json *definition, Text name)
{
    JsonWalk walk = json_walk(json_get(definition, "inputs"));

    while (json_next(&walk)) {
        if (text_equal(json_text(json_get(walk.value, "name")), name)) {
            return walk.value;
        }
    }
    return NULL;
}

static bool is_set(const Folder *f, Text name)
{
    for (const char *const *set = option_list(f->in, "set"); *set; set++) {
        if (strlen(*set) > name.length && strncmp(*set, name.at, name.length) == 0 &&
            (*set)[name.length] == '=') {
            return true;
        }
    }
    return false;
}

/* The record of an input that is given and declared as it was. */
static Text find_input(void *context, const PlanInput *input)
{
    Folder     *f      = context;
    const Json *before = declaration(f->definition, input->name);
    const Json *now    = declaration(f->now, input->name);
    Buffer      ignored;
    int         changed;

    buffer_init(&ignored, KIB(64));
    changed = json_diff(&ignored, "", before, now, 0);
    buffer_fini(&ignored);
    return is_set(f, input->name) || changed > 0
               ? (Text){ NULL, 0 }
               : map_record(f, json_text(json_get_text(json_get(f->index, "inputs"),
                                                       input->name)));
}

static bool read_recording(Folder *f, Error *err)
{
    JsonWalk walk;

    f->index      = read_json(f, "run.json", err);
    f->definition = f->index ? read_json(f, "definition.json", err) : NULL;
    f->inputs     = f->definition ? read_json(f, "inputs.json", err) : NULL;
    if (!f->inputs) {
        return false;
    }
    map_init(&f->records, f->arena);
    walk = json_walk(json_get(f->index, "steps"));
    while (json_next(&walk)) {
        Text        key    = json_text(json_get(walk.value, "key"));
        const Json *record = json_get(walk.value, "record");

        if (key.at && json_text(record).at) {
            map_put(&f->records, key, (void *)record);
        }
    }
    return true;
}

/* ---- running ----------------------------------------------------------------------------- */

static const Plan *make_plan(Folder *f, App *app, Error *err)
{
    const char *path    = option_text(f->in, "workflow", NULL);
    const Json *wanted  = path ? definition_load(app, f->arena, path, err) : f->definition;
    Problem     problem = { 0 };
    const Plan *plan    = NULL;

    if (!wanted) {
        return NULL;
    }
    if (inner_resolve(f->arena, wanted, &app->source, &f->now, &problem)) {
        plan = plan_compile(f->now, NULL, f->arena, &problem);
    }
    if (!plan) {
        fail_problem(err, &problem);
    }
    return plan;
}

static bool run_again(Outcome *o, const Plan *plan, App *app, Error *err)
{
    Folder     *f       = o->folder;
    Records     records = { f, find_step, find_input };
    RunOptions  options = { .services = &app->services };
    const Json *inputs  = inputs_change(f->arena, f->inputs, option_list(f->in, "set"),
                                         err);
    Session    *session = inputs ? session_open(plan, err) : NULL;

    if (!session) {
        return false;
    }
    o->keys   = keys_open(plan, f->now, model_marks(app), err);
    o->replay = o->keys ? replay_open(plan, o->keys, records, option_given(f->in, "sinks"), err)
                        : NULL;
    if (o->replay) {
        options.reuse = replay_reuse(o->replay);
        o->run        = run_open(session, inputs, &options);
    }
    session_close(session);
    if (!o->run) {
        return o->replay ? fail(err, ERR_MEMORY, "no memory for a run") : false;
    }
    return !run_problem(o->run) || fail_problem(err, run_problem(o->run));
}

/* ---- what differs ------------------------------------------------------------------------- */

typedef enum Change { SAME, DIFFERS, ADDED } Change;

static Change change_of(Outcome *o, int output)
{
    const PlanOutput *of     = &run_plan(o->run)->outputs[output];
    const Json       *before = json_get_text(json_get(o->folder->index, "outputs"), of->name);
    char              text[DIGEST_TEXT];
    Digest            digest;

    if (!before) {
        return ADDED;
    }
    if (!keys_output(o->keys, o->run, output, &digest)) {
        return DIFFERS;
    }
    digest_write(text, digest);
    return text_is(json_text(before), text) ? SAME : DIFFERS;
}

/* The answer without the outputs that are as they were, which then need no values. */
static bool write_answer(Outcome *o, const Change *changes, Error *err)
{
    const Plan *plan = run_plan(o->run);
    Buffer      excluded;
    JsonWriter  w;
    const Json *names;
    bool        ok = true;

    buffer_init(&excluded, LIMIT_RESPONSE_BODY);
    w = json_writer(&excluded);
    json_begin_array(&w);
    for (int i = 0; ok && i < plan->output_count; i++) {
        if (changes[i] == SAME) {
            json_write_text(&w, plan->outputs[i].name);
        } else {
            ok = replay_load_output(o->replay, o->run, i, err);
        }
    }
    json_end_array(&w);
    names = ok ? json_parse(o->folder->arena, (Text){ excluded.data, excluded.length },
                            JSON_STRICT, err) : NULL;
    buffer_fini(&excluded);
    w = json_writer(&o->answer);
    return names && (run_write_outputs(o->run, &w, names) ||
                     fail_problem(err, run_problem(o->run)));
}

/* ---- the report ---------------------------------------------------------------------------- */

static const char *outcome_name(ReplayOutcome outcome)
{
    static const char *const names[] = {
        [REPLAY_RAN] = "ran", [REPLAY_ALWAYS_RUNS] = "ran, as always", [REPLAY_REUSED] = "reused",
        [REPLAY_LEFT_OUT] = "left out; --sinks lets it act",
    };

    return names[outcome];
}

static double step_milliseconds(const Outcome *o, int i)
{
    const StepSpan *span = run_span(o->run, i);

    return (double)(span->end - span->start) / 1e6;
}

static void print_replayed_steps(Buffer *out, const Outcome *o)
{
    const Plan *plan   = run_plan(o->run);
    int         reused = 0;

    for (int i = 0; i < plan->step_count; i++) {
        ReplayOutcome outcome = replay_outcome(o->replay, i);
        bool          ran     = outcome == REPLAY_RAN || outcome == REPLAY_ALWAYS_RUNS;

        reused += outcome == REPLAY_REUSED;
        buffer_printf(out, "  %-32.*s %s", SHOW(plan->steps[i].name), outcome_name(outcome));
        if (ran) {
            buffer_printf(out, ", %.2f ms", step_milliseconds(o, i));
        }
        buffer_char(out, '\n');
    }
    buffer_printf(out, "  %d of %d steps reused, %.1f ms\n\n", reused, plan->step_count,
                  (double)(clock_now() - o->began) / 1e6);
}

/* The differences of one output in all elements. */
static int diff_output(Buffer *out, const Outcome *o, Text name, const Json *before,
                       const Json *after)
{
    JsonWalk    a     = json_walk(before), b = json_walk(after);
    size_t      count = MAX(json_count(before), json_count(after));
    int         found = 0;
    const char *path;

    for (size_t i = 0; i < count; i++) {
        const Json *x = json_next(&a) ? json_get_text(a.value, name) : NULL;
        const Json *y = json_next(&b) ? json_get_text(b.value, name) : NULL;

        path   = count == 1 ? arena_printf(o->folder->arena, "%.*s", SHOW(name))
                            : arena_printf(o->folder->arena, "[%zu].%.*s", i, SHOW(name));
        found += json_diff(out, path, x, y, MAX(0, SHOWN_DIFFERENCES - found));
    }
    return found;
}

static bool print_outputs(Buffer *out, Outcome *o, const Change *changes, Error *err)
{
    const Plan *plan   = run_plan(o->run);
    const Json *before = read_json(o->folder, "answer.json", err);
    const Json *after  = json_parse(o->folder->arena, (Text){ o->answer.data, o->answer.length },
                                    JSON_STRICT, err);
    int         same = 0;

    if (!before || !after) {
        return false;
    }
    for (int i = 0; i < plan->output_count; i++) {
        if (changes[i] == SAME ||
            diff_output(out, o, plan->outputs[i].name, before, after) == 0) {
            same++;
        }
    }
    buffer_printf(out, "  %d of %d outputs as before\n", same, plan->output_count);
    return true;
}

static void write_replayed_steps(JsonWriter *w, const Outcome *o)
{
    static const char *const names[] = {
        [REPLAY_RAN] = "ran", [REPLAY_ALWAYS_RUNS] = "always_runs", [REPLAY_REUSED] = "reused",
        [REPLAY_LEFT_OUT] = "left_out",
    };
    const Plan *plan = run_plan(o->run);

    json_begin_array(w);
    for (int i = 0; i < plan->step_count; i++) {
        json_begin_object(w);
        json_key(w, "name");
        json_write_text(w, plan->steps[i].name);
        json_key(w, "outcome");
        json_write_string(w, names[replay_outcome(o->replay, i)]);
        json_key(w, "milliseconds");
        json_write_double(w, step_milliseconds(o, i));
        json_end_object(w);
    }
    json_end_array(w);
}

/* `same`: names of outputs that are as before; `changed`: the answer with the others. */
static void write_json_report(Buffer *out, const Outcome *o, const Change *changes)
{
    const Plan *plan = run_plan(o->run);
    JsonWriter  w    = json_writer(out);

    json_begin_object(&w);
    json_key(&w, "folder");
    json_write_string(&w, o->folder->path);
    json_key(&w, "milliseconds");
    json_write_double(&w, (double)(clock_now() - o->began) / 1e6);
    json_key(&w, "steps");
    write_replayed_steps(&w, o);
    json_key(&w, "same");
    json_begin_array(&w);
    for (int i = 0; i < plan->output_count; i++) {
        if (changes[i] == SAME) {
            json_write_text(&w, plan->outputs[i].name);
        }
    }
    json_end_array(&w);
    json_key(&w, "changed");
    json_write_raw(&w, (Text){ o->answer.data, o->answer.length });
    json_end_object(&w);
    buffer_char(out, '\n');
}

static bool report(Outcome *o, Error *err)
{
    const Plan *plan    = run_plan(o->run);
    Change     *changes = arena_array(o->folder->arena, Change, MAX(plan->output_count, 1));
    Buffer      out;
    bool        ok = true;

    if (!changes) {
        return fail(err, ERR_MEMORY, "no memory to compare the outputs");
    }
    for (int i = 0; i < plan->output_count; i++) {
        changes[i] = change_of(o, i);
    }
    if (!write_answer(o, changes, err)) {
        return false;
    }
    buffer_init(&out, LIMIT_RESPONSE_BODY);
    if (option_given(o->folder->in, "json")) {
        write_json_report(&out, o, changes);
    } else {
        buffer_printf(&out, "%s\n", o->folder->path);
        print_replayed_steps(&out, o);
        ok = print_outputs(&out, o, changes, err);
    }
    ok = ok && print_out(&out, err);
    buffer_fini(&out);
    return ok;
}

/* ---- folders -------------------------------------------------------------------------------- */

static bool replay_folder(Invocation *in, App *app, const char *path, Error *err)
{
    Arena       arena;
    Folder     *f = calloc(1, sizeof(*f));
    Outcome     o = { .folder = f, .began = clock_now() };
    const Plan *plan = NULL;
    bool        ok;

    if (!f) {
        return fail(err, ERR_MEMORY, "no memory for a replay");
    }
    arena_init(&arena, LIMIT_RUN_MEMORY);
    buffer_init(&o.answer, LIMIT_RESPONSE_BODY);
    f->path  = path;
    f->arena = &arena;
    f->in    = in;
    if (read_recording(f, err)) {
        plan = make_plan(f, app, err);
    }
    ok = plan && run_again(&o, plan, app, err) && report(&o, err);
    run_close(o.run);
    replay_close(o.replay);
    keys_close(o.keys);
    plan_unref(plan);
    for (int i = 0; i < f->mapped_count; i++) {
        file_unmap(f->mapped[i]);
    }
    buffer_fini(&o.answer);
    arena_fini(&arena);
    free(f);
    return ok || fail_prefix(err, "%s", path);
}

/* The folder itself when it is a pass, else every pass in it. */
static bool replay_all(Invocation *in, App *app, const char *path, Error *err)
{
    const char **names;
    int          passes = 0;

    if (file_exists(path_join(in->arena, path, "run.json"))) {
        return replay_folder(in, app, path, err);
    }
    names = folder_list(in->arena, path, err);
    if (!names) {
        return false;
    }
    for (int i = 0; names[i]; i++) {
        const char *folder = path_join(in->arena, path, names[i]);

        if (file_exists(path_join(in->arena, folder, "run.json"))) {
            passes++;
            if (!replay_folder(in, app, folder, err)) {
                return false;
            }
        }
    }
    return passes > 0 || fail(err, ERR_NOT_FOUND, "%s: there is no recording; 'ocellus run "
                              "--record DIR' makes one", path);
}

static int run(Invocation *in, Error *err)
{
    App  app;
    bool ok;

    if (!app_open(&app, data_folder(in), false, err)) {
        return -1;
    }
    ok = replay_all(in, &app, in->words[0], err);
    app_close(&app);
    return ok ? 0 : -1;
}

static const Option options[] = {
    { "workflow", 'w', OPTION_TEXT, "WORKFLOW.json", "Run this one instead of the recorded." },
    { "set", 's', OPTION_LIST, "NAME=VALUE", "Give an input another value: JSON, or else text." },
    { "sinks", 0, OPTION_FLAG, NULL, "Let sinks act: they write files and send messages." },
    { "json", 0, OPTION_FLAG, NULL, "Print JSON, one line a pass." },
    { 0 },
};

const Command command_replay = {
    .name    = "replay",
    .usage   = "DIR [options]",
    .summary = "Run a recording again with a change, and see what differs.",
    .example = "ocellus replay /tmp/recording --workflow examples/parts.json",
    .details = "DIR is what 'ocellus run --record DIR' wrote.  Only the steps that the change "
               "touches run; the\nothers give what they gave.  Steps that remember earlier "
               "passes or look at the clock always run.",
    .options = options,
    .least   = 1,
    .most    = 1,
    .data    = true,
    .run     = run,
};
