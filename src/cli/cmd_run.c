/*
 * cmd_run - run a workflow on pictures.
 */
#include <signal.h>

#include "base/file.h"
#include "base/log.h"
#include "cli/command.h"
#include "cli/pass.h"
#include "cli/print.h"
#include "image/encode.h"
#include "server/costs.h"
#include "workflow/inner.h"

static Cancel interrupted;

static void on_interrupt(int number)
{
    (void)number;
    cancel_stop(&interrupted);
}

/* What all passes of one command share. */
typedef struct Passes {
    Invocation  *in;
    App          app;
    Session     *session;
    Origins      origins;        /* with --record */
    const char  *out, *record;
    bool         json;
    int          saved;
    ImageWriting pictures;       /* of the answer */
} Passes;

static const struct { const char *name; Coding coding; int quality; } formats[] = {
    { "jpeg", CODING_JPEG, 95 }, { "jpeg444", CODING_JPEG_444, 95 }, { "png", CODING_PNG, 0 },
    { "webp", CODING_WEBP, 80 },
};

/* --format and --quality. */
static bool choose_format(Passes *p, Error *err)
{
    const char *name    = option_text(p->in, "format", "jpeg");
    int64_t     quality = option_int(p->in, "quality", 0);

    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        if (strcmp(name, formats[i].name) != 0) {
            continue;
        }
        if (option_given(p->in, "quality") && formats[i].coding == CODING_PNG) {
            return fail(err, ERR_INVALID, "--quality: PNG keeps everything and has none");
        }
        if (option_given(p->in, "quality") && (quality < 1 || quality > 100)) {
            return fail(err, ERR_INVALID, "--quality: %lld is not from 1 to 100",
                        (long long)quality);
        }
        p->pictures = (ImageWriting){ formats[i].coding,
                                      quality > 0 ? (int)quality : formats[i].quality,
                                      p->app.services.pool };
        return true;
    }
    return fail(err, ERR_INVALID, "--format: '%.40s' is none of jpeg, jpeg444, png, webp", name);
}

/* "pictures/a.jpg" -> "a" */
static const char *stem_of(Arena *arena, const char *path)
{
    const char *base = path_base(path);
    const char *dot  = strrchr(base, '.');

    return dot && dot > base ? arena_printf(arena, "%.*s", (int)(dot - base), base) : base;
}

static bool print_run(Passes *p, Run *run, const char *picture, const Json *inputs, Error *err)
{
    const char *stem = picture ? stem_of(run_arena(run), picture) : "run";
    Buffer      raw, shown;
    JsonWriter  w;
    const Json *json;
    bool        ok;

    buffer_init(&raw, LIMIT_RESPONSE_BODY);
    buffer_init(&shown, LIMIT_RESPONSE_BODY);
    w  = json_writer(&raw);
    w.pictures = &p->pictures;
    ok = run_write_outputs(run, &w, NULL) || fail_problem(err, run_problem(run));
    if (ok && p->json) {
        buffer_char(&raw, '\n');
        ok = print_out(&raw, err);
    } else if (ok) {
        json = json_parse(run_arena(run), (Text){ raw.data, raw.length }, JSON_STRICT, err);
        ok   = json && print_answer(&shown, json, p->out, stem, &p->saved, err) &&
               print_out(&shown, err);
    }
    if (ok && p->record) {
        p->origins.inputs = inputs;
        ok = record_run(run, &p->origins, path_join(run_arena(run), p->record, stem), err);
    }
    buffer_fini(&raw);
    buffer_fini(&shown);
    return ok;
}

static bool pass(Passes *p, const char *picture, Error *err)
{
    RunOptions  options = { .services = &p->app.services, .cancel = &interrupted,
                            .keep = p->record != NULL };
    Arena       arena;
    const Json *inputs;
    Run        *run = NULL;
    bool        ok  = false;

    arena_init(&arena, LIMIT_REQUEST_BODY * 4);
    inputs = inputs_make(session_plan(p->session), &arena, picture,
                         option_list(p->in, "set"), err);
    if (inputs) {
        run = run_open(p->session, inputs, &options);
        ok  = run ? run_problem(run) ? fail_problem(err, run_problem(run))
                                     : print_run(p, run, picture, inputs, err)
                  : fail(err, ERR_MEMORY, "no memory for a run");
    }
    run_close(run);
    arena_fini(&arena);
    if (!ok && picture) {
        fail_prefix(err, "%s", picture);
    }
    return ok;
}

static bool can_be_recorded(const Plan *plan, Error *err)
{
    const PlanStep *redraws = plan_redraws(plan);

    return !redraws || fail(err, ERR_INVALID, "--record: step '%.*s' draws into a picture that "
                                              "other steps have, so a record would show what they "
                                              "have not seen; leave out its copy_image",
                            SHOW(redraws->name));
}

static bool open_session(Passes *p, Error *err)
{
    Problem     problem    = { 0 };
    const Json *definition = definition_load(&p->app, p->in->arena, p->in->words[0], err);
    const Plan *plan;

    if (!definition) {
        return false;
    }
    p->origins.app = &p->app;
    if (!inner_resolve(p->in->arena, definition, &p->app.source, &p->origins.definition,
                       &problem)) {
        return fail_problem(err, &problem);
    }
    plan = plan_compile(p->origins.definition, NULL, p->in->arena, &problem);
    if (!plan) {
        return fail_problem(err, &problem);
    }
    if (!p->record || can_be_recorded(plan, err)) {
        p->session = session_open(plan, err);
    }
    plan_unref(plan);
    return p->session != NULL;
}

/* One pass per picture, or a single one when the workflow takes none.  A picture
 * that fails does not keep the others from running. */
static int run_passes(Passes *p, Error *err)
{
    int failed = 0, total = p->in->word_count - 1;

    if (total == 0) {
        return pass(p, NULL, err) ? 0 : -1;
    }
    for (int i = 1; i <= total && !atomic_load(&interrupted.stop); i++) {
        Error one = { 0 };

        if (pass(p, p->in->words[i], &one)) {
            continue;
        }
        failed++;
        *err = one;
        if (total > 1) {
            fprintf(stderr, "error: %s\n", one.text);
            err->kind = ERR_NONE;
        }
    }
    if (atomic_load(&interrupted.stop)) {
        return 130;
    }
    return failed == 0 ? 0 : total == 1 ? -1 : failed == total ? 1 : 5;
}

/* For `workflow check`; not worth failing a run that went well. */
static void keep_costs(Passes *p)
{
    Error err = { 0 };

    if (!costs_keep(&p->app, session_plan(p->session), p->origins.definition, &err)) {
        log_line(LOG_INFO, "costs", "not kept: %s", err.text);
    }
}

static int run(Invocation *in, Error *err)
{
    Passes p    = { .in = in, .out = option_text(in, "out", NULL),
                    .record = option_text(in, "record", NULL), .json = option_given(in, "json") };
    int    code = -1;

    cancel_init(&interrupted, 0);
    signal(SIGINT, on_interrupt);
    if (app_open(&p.app, data_folder(in), false, err)) {
        if (choose_format(&p, err) && (!p.out || folder_make(p.out, err)) &&
            open_session(&p, err)) {
            code = run_passes(&p, err);
            keep_costs(&p);
            if (p.saved > 0) {
                fprintf(stderr, "%d picture%s saved in %s\n", p.saved, p.saved == 1 ? "" : "s",
                        p.out);
            }
        }
        session_close(p.session);
        app_close(&p.app);
    }
    return code;
}

static const Option options[] = {
    { "set", 's', OPTION_LIST, "NAME=VALUE", "Give an input a value: JSON, or else text." },
    { "out", 'o', OPTION_TEXT, "DIR", "Save the pictures of the answer there." },
    { "format", 'f', OPTION_TEXT, "FORMAT", "Of pictures that steps made: jpeg, jpeg444 (colours "
      "as fine as the rest), png or webp (jpeg)." },
    { "quality", 'q', OPTION_INTEGER, "N", "Of jpeg and webp, 1 to 100 (95; webp 80)." },
    { "json", 0, OPTION_FLAG, NULL, "Print the exact answer, one line a picture." },
    { "record", 0, OPTION_TEXT, "DIR", "Write all values of all steps there; see replay." },
    { 0 },
};

const Command command_run = {
    .name    = "run",
    .usage   = "WORKFLOW.json [PICTURE...] [options]",
    .summary = "Run a workflow on pictures.",
    .example = "ocellus run examples/parts.json examples/pictures/straw-1.jpg --out /tmp/out",
    .details = "WORKFLOW is a file with a definition, '-' for standard input, or the id of a "
               "stored workflow.\nEach PICTURE is one pass; steps remember between passes.  "
               "Exit code 5: some pictures failed.\nPictures of the answer that no step changed "
               "stay the files that they were.",
    .options = options,
    .least   = 1,
    .most    = -1,
    .data    = true,
    .run     = run,
};
