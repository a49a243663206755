/*
 * cmd_model_quantize - a model made of whole numbers, kept where that pays.
 *
 * The quantised network is made in a hidden folder beside the models; only one that is
 * faster and as good, or that is wanted by force, becomes a package of its own.
 */
#include <math.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/print.h"
#include "cli/quantize_report.h"
#include "server/app.h"

enum { NOT_KEPT = 1 };      /* exit code */

/* What was asked for. */
typedef struct Errand {
    Invocation     *in;
    Arena          *arena;
    App            *app;
    const char     *models, *id, *new_id, *pictures, *set;
    const char     *drafts;         /* hidden folder */
    double          tolerance;
    QuantizeOptions options;
    QuantizeOutcome outcome;
    Error          *err;
} Errand;

/* ---- options ---------------------------------------------------------------------------- */

static bool read_method(const Invocation *in, QuantizeMethod *method, Error *err)
{
    const char *text = option_text(in, "method", quantize_method_name(QUANTIZE_BEST));

    for (int i = 0; i < QUANTIZE_METHODS; i++) {
        if (strcmp(text, quantize_method_name((QuantizeMethod)i)) == 0) {
            *method = (QuantizeMethod)i;
            return true;
        }
    }
    return fail(err, ERR_INVALID, "--method: '%.40s' is none of best, minmax, percentile and "
                "error", text);
}

static bool read_tolerance(const Invocation *in, double *points, Error *err)
{
    const char *text = option_text(in, "tolerance", "1");

    return (text_to_double(text_of(text), points) && *points >= 0 && *points <= 100) ||
           fail(err, ERR_INVALID, "--tolerance: '%.40s' is no number of points from 0 to 100",
                text);
}

static void show_progress(void *context, const char *what, int done, int count)
{
    (void)context;
    progress_show(what, done, count);
}

static bool read_options(Errand *t)
{
    const Invocation *in       = t->in;
    int64_t           pictures = option_int(in, "pictures", 100);

    t->options.cancel   = interrupt_catch();
    t->options.portable = option_given(in, "portable");
    t->options.progress = isatty(STDERR_FILENO) ? show_progress : NULL;
    if (pictures < 1 || pictures > QUANTIZE_PICTURES) {
        return fail(t->err, ERR_INVALID, "--pictures: %lld is not from 1 to %d",
                    (long long)pictures, QUANTIZE_PICTURES);
    }
    t->options.pictures = (int)pictures;
    t->set              = option_text(in, "evaluate", NULL);
    return read_method(in, &t->options.method, t->err) &&
           read_tolerance(in, &t->tolerance, t->err);
}

/* ---- names -------------------------------------------------------------------------------- */

/* PROJECT/N + 1, where N is the highest version that is a number. */
static const char *next_id(const Errand *t)
{
    const char **ids     = models_available(t->app->models, t->arena);
    size_t       project = (size_t)(strchr(t->id, '/') - t->id) + 1;
    double       highest = 0, version;
    bool         whole;

    for (int i = 0; ids && ids[i]; i++) {
        if (strncmp(ids[i], t->id, project) == 0 &&
            text_read_number(text_of(ids[i] + project), &version, &whole) && whole &&
            version < 1e9) {
            highest = fmax(highest, version);
        }
    }
    return arena_printf(t->arena, "%.*s%.0f", (int)project, t->id, highest + 1);
}

static bool valid_id(const char *id, Error *err)
{
    return model_id_valid(text_of(id)) ||
           fail(err, ERR_INVALID, "'%.100s' is no model id; it is written project/version, for "
                "example parts/2", id);
}

static bool choose_names(Errand *t)
{
    const char *name = option_text(t->in, "name", NULL);
    char        unique[UUID_SIZE];

    if (!valid_id(t->id, t->err) || (name && !valid_id(name, t->err))) {
        return false;
    }
    if (!folder_exists(path_join(t->arena, t->models, t->id))) {
        return fail(t->err, ERR_NOT_FOUND, "there is no model '%s'; 'ocellus model list' shows "
                    "them", t->id);
    }
    t->new_id = name ? name : next_id(t);
    if (folder_exists(path_join(t->arena, t->models, t->new_id))) {
        return fail(t->err, ERR_CONFLICT, "there is a model '%s' already; remove it, or state "
                    "another --name", t->new_id);
    }
    uuid4(unique);
    t->drafts = arena_printf(t->arena, "%s/.quantize-%s", t->models, unique);
    return folder_make(t->drafts, t->err);
}

/* ---- accuracy ------------------------------------------------------------------------------ */

static bool measure(Errand *t, Models *models, const char *id, const DataSet *set, Goodness *out)
{
    EvaluateOptions how   = { .split = evaluate_split(set), .confidence = 0.001, .iou = 0.65,
                              .threshold = NAN };
    Model          *model = models_get(models, text_of(id), t->options.cancel, t->err);
    Evaluation      found;
    Arena           arena;

    arena_init(&arena, LIMIT_DATASET_MEMORY);
    bool done = model && evaluate(model, set, &how, &arena, t->options.cancel, &found, t->err);
    if (done) {
        goodness_read(&found, out);
    }
    arena_fini(&arena);
    model_unref(model);
    return done;
}

/* The draft is a package in its hidden folder for that long. */
static bool measure_both(Errand *t, const Package *draft, const char *weights)
{
    const DataSet *set    = dataset_read(t->arena, t->set, t->err);
    Models        *models = set ? models_open(&(ModelsConfig){ .folder = t->drafts }, t->err)
                                : NULL;

    bool done = models &&
                package_write(draft, path_join(t->arena, t->drafts, t->new_id), weights, false,
                              t->err) &&
                measure(t, t->app->models, t->id, set, &t->outcome.before) &&
                measure(t, models, t->new_id, set, &t->outcome.after);
    if (models) {
        models_close(models);
    }
    t->outcome.evaluated = done;
    return done;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static bool keep(Errand *t, const Package *package, const char *weights, const Buffer *report)
{
    StoredModel record = { .id = text_of(t->new_id), .task = text_of(task_name(package->task)),
                           .source = text_of(arena_printf(t->arena, "quantised from %s", t->id)),
                           .report = { report->data ? report->data : "", report->length },
                           .created = clock_wall() };
    Error       err    = { 0 };

    if (!package_write(package, path_join(t->arena, t->models, t->new_id), weights, false,
                       t->err)) {
        return false;
    }
    if (!store_model_save(t->app->store, &record, &err)) {
        fprintf(stderr, "warning: the model is there, its record is not: %s\n", err.text);
    }
    return true;
}

static bool print_outcome(Errand *t, Buffer *text)
{
    if (option_given(t->in, "json")) {
        buffer_clear(text);
        outcome_write_json(&t->outcome, text);
    }
    return (!text->failed || fail(t->err, ERR_MEMORY, "no memory for the answer")) &&
           print_out(text, t->err);
}

static int finish(Errand *t, const Package *package, const char *weights)
{
    Buffer text;
    bool   done = true;

    buffer_init(&text, MIB(64));
    outcome_judge(&t->outcome, t->tolerance, option_given(t->in, "force"));
    outcome_write_text(&t->outcome, &text);
    if (t->outcome.kept) {
        done = keep(t, package, weights, &text);
    }
    done = done && print_outcome(t, &text);
    buffer_fini(&text);
    if (done && t->outcome.kept) {
        fprintf(stderr, "model %s is ready\n", t->new_id);
    } else if (done) {
        fprintf(stderr, "nothing was kept: %s; --force keeps it all the same\n",
                t->outcome.reason);
    }
    return !done ? -1 : t->outcome.kept ? 0 : NOT_KEPT;
}

static int quantize(Errand *t)
{
    const char    *folder  = path_join(t->arena, t->models, t->id);
    const char    *weights = path_join(t->arena, t->drafts, "draft.onnx");
    const Package *package = package_read(t->arena, folder, t->id, t->err);
    Package        draft;

    if (!package || !quantize_package(t->arena, package, t->pictures, &t->options, weights,
                                      &t->outcome.report, t->err)) {
        return -1;
    }
    draft            = *package;
    draft.id         = t->new_id;
    draft.weights    = weights;
    t->outcome.id    = t->id;
    t->outcome.to    = t->new_id;
    if (t->set && !measure_both(t, &draft, weights)) {
        return -1;
    }
    progress_clear();
    return finish(t, &draft, weights);
}

static int run(Invocation *in, Error *err)
{
    Arena arena;
    App   app;
    Errand t = { .in = in, .arena = &arena, .app = &app, .id = in->words[0],
                .pictures = in->words[1], .err = err, .models = models_path(in) };
    int   code = -1;

    arena_init(&arena, GIB(8));
    if (read_options(&t) && app_open(&app, data_folder(in), false, err)) {
        if (choose_names(&t)) {
            code = quantize(&t);
        }
        if (t.drafts && folder_exists(t.drafts) && !folder_remove(t.drafts, NULL)) {
            fprintf(stderr, "warning: %s is left over\n", t.drafts);
        }
        app_close(&app);
    }
    arena_fini(&arena);
    return code < 0 ? interrupt_end(err, "stopped; nothing was kept") : code;
}

static const Option options[] = {
    { "name", 'n', OPTION_TEXT, "ID", "Id of the new model (the project's next version)." },
    { "pictures", 0, OPTION_INTEGER, "N", "Pictures to calibrate with; as many others are held "
      "out to compare (100)." },
    { "method", 0, OPTION_TEXT, "NAME", "How ranges are found: minmax, percentile, error, or best, "
      "which tries all (best)." },
    { "portable", 0, OPTION_FLAG, NULL, "Weights of 7 bits, which processors without VNNI need." },
    { "evaluate", 0, OPTION_TEXT, "DATASET", "Measure both models on a data set with labels." },
    { "tolerance", 0, OPTION_TEXT, "POINTS", "How much worse it may be there, in hundredths of "
      "accuracy or mAP (1)." },
    { "force", 0, OPTION_FLAG, NULL, "Keep it even if it is slower or worse." },
    { "json", 0, OPTION_FLAG, NULL, "Print JSON." },
    { 0 },
};

const Command command_model_quantize = {
    .name    = "model quantize",
    .usage   = "NAME/VERSION PICTURES [options]",
    .summary = "Make a faster model of whole numbers, and tell whether it is any good.",
    .example = "ocellus model quantize parts/1 examples/pictures --data build/demo --force",
    .details = "PICTURES is a folder of pictures like those the model will see; they need no "
               "labels.\nThe new model is kept if it is faster here by more than noise, and not "
               "worse: by --evaluate,\nelse by how alike both answer on pictures that were held "
               "out. Nothing else should run\nmeanwhile. Exit code 1: it was made, but not "
               "kept.",
    .options = options,
    .least   = 2,
    .most    = 2,
    .data    = true,
    .run     = run,
};
