/*
 * cmd_train - learn a classifier from a folder of pictures.
 */
#include <limits.h>
#include <math.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/print.h"
#include "model/package.h"
#include "train/backbone.h"
#include "train/classify.h"
#include "train/report.h"

#define TRAIN_MEMORY GIB(64)      /* of addresses: features are mapped, not held */

/* ---- telling ---------------------------------------------------------------------------- */

typedef struct Teller {
    bool    json, terminal;
    int64_t    last;              /* when something was told */
    TrainStage stage;             /* of what was told last */
} Teller;

static const char *const stage_names[] = { "read", "features", "search", "epoch", "finish" };

/* A line of JSON an event. */
static void tell_json(const TrainEvent *event)
{
    Buffer out;

    buffer_init(&out, KIB(16));
    JsonWriter w = json_writer(&out);
    json_begin_object(&w);
    json_member_string(&w, "event", stage_names[event->stage]);
    json_member_int(&w, "done", event->done);
    json_member_int(&w, "total", event->total);
    json_member_double(&w, "seconds_left", event->seconds_left);
    json_member_double(&w, "l2", event->l2);
    report_score(&w, "train", event->train);
    report_score(&w, "valid", event->valid);
    json_end_object(&w);
    buffer_char(&out, '\n');
    (void)!print_out(&out, NULL);
    buffer_fini(&out);
}

static void tell_features(const Teller *teller, const TrainEvent *event)
{
    int percent = event->total > 0 ? 100 * event->done / event->total : 100;

    fprintf(stderr, "%sfeatures  %d/%d pictures  %d %%  %.0f s left%s",
            teller->terminal ? "\r\033[K" : "", event->done, event->total, percent,
            event->seconds_left, teller->terminal ? "" : "\n");
}

static void tell_epoch(const Teller *teller, const TrainEvent *event)
{
    fprintf(stderr, "%sepoch %d  train: loss %.4f, accuracy %.4f", teller->terminal ? "\r\033[K"
            : "", event->done, event->train.loss, event->train.accuracy);
    if (!isnan(event->valid.loss))
        fprintf(stderr, "  valid: loss %.4f, accuracy %.4f", event->valid.loss,
                event->valid.accuracy);
    fputs(teller->terminal ? "" : "\n", stderr);
}

static void tell_people(const Teller *teller, const TrainEvent *event, bool next)
{
    if (teller->terminal && next && event->stage != TRAIN_READ)
        fputc('\n', stderr);
    switch (event->stage) {
    case TRAIN_READ:
        fprintf(stderr, "%d pictures", event->total);
        fputs(teller->terminal ? "" : "\n", stderr);
        break;
    case TRAIN_FEATURES:
        tell_features(teller, event);
        break;
    case TRAIN_SEARCH:
        fprintf(stderr, "%sl2 %-8.2g cross-validated: loss %.4f, accuracy %.4f%s",
                teller->terminal ? "\r\033[K" : "", event->l2, event->valid.loss,
                event->valid.accuracy, teller->terminal ? "" : "\n");
        break;
    case TRAIN_EPOCH:
        tell_epoch(teller, event);
        break;
    case TRAIN_FINISH:
        fputs(teller->terminal ? "\r\033[K" : "", stderr);
        break;
    }
    fflush(stderr);
}

static void tell(void *context, const TrainEvent *event)
{
    static const int64_t often = 100000000, seldom = 10000000000;     /* nanoseconds */
    Teller *teller = context;
    int64_t now    = clock_now();
    bool    last   = event->stage == TRAIN_FEATURES && event->done == event->total;
    bool    next   = event->stage != teller->stage || event->stage == TRAIN_READ ||
                     event->stage == TRAIN_FINISH;
    bool    steps  = event->stage == TRAIN_SEARCH || event->stage == TRAIN_EPOCH;
    int64_t pause  = teller->json || teller->terminal ? often : seldom;

    if (!next && !last && !(steps && !teller->terminal) && now - teller->last < pause)
        return;
    if (teller->json)
        tell_json(event);
    else
        tell_people(teller, event, next);
    teller->last  = now;
    teller->stage = event->stage;
}

/* ---- what is asked for -------------------------------------------------------------------- */

static bool read_args(const Invocation *in, const char *models, TrainArgs *args, Error *err)
{
    char path[PATH_MAX];

    if (in->word_count != 1)
        return fail(err, ERR_INVALID, "name the folder of pictures, or a run with --resume");
    if (!realpath(in->words[0], path) || !folder_exists(path))
        return fail(err, ERR_NOT_FOUND, "there is no folder '%.200s'", in->words[0]);
    *args           = train_args();
    args->data      = arena_string(in->arena, path);
    args->base      = option_text(in, "base", NULL);
    args->features  = option_text(in, "features", NULL);
    args->project   = option_text(in, "name", train_project(in->arena, path));
    args->seed      = option_int(in, "seed", args->seed);
    args->valid     = option_int(in, "valid", args->valid);
    args->epochs    = option_int(in, "epochs", args->epochs);
    args->patience  = option_int(in, "patience", args->patience);
    args->balance   = !option_given(in, "no-balance");
    args->augment   = option_text(in, "augment", args->augment);
    args->copies    = option_int(in, "copies", *args->augment ? 1 : 0);
    args->size      = option_text(in, "size", NULL);
    args->resize    = option_text(in, "resize", NULL);
    args->color     = option_text(in, "color", NULL);
    args->normalize = option_text(in, "normalize", NULL);
    if (!args->base)
        args->base = backbone_default(in->arena, models, err);
    if (!args->base)
        return false;
    if (!model_id_valid(text_of(arena_printf(in->arena, "%s/1", args->project))))
        return fail(err, ERR_INVALID, "--name: '%.100s' is no name of a project; letters, digits, "
                    "'-' and '_' are fine", args->project);
    if (args->copies > 0 && !*args->augment)
        return fail(err, ERR_INVALID, "--copies: say with --augment what the copies are like");
    return train_args_check(args, err);
}

/* The folder of the run: a new one, with what is asked for in it, or the one to go on with. */
static const char *run_folder(const Invocation *in, const char *models, Error *err)
{
    const char *resumed = option_text(in, "resume", NULL);
    TrainArgs   args;

    if (resumed && in->word_count > 0) {
        fail(err, ERR_INVALID, "--resume goes on as it was begun: no folder of pictures with it");
        return NULL;
    }
    if (resumed && !file_exists(path_join(in->arena, resumed, "args.yaml"))) {
        fail(err, ERR_NOT_FOUND, "%.200s is no run of a training: there is no args.yaml in it",
             resumed);
        return NULL;
    }
    if (resumed)
        return resumed;
    if (!read_args(in, models, &args, err))
        return NULL;

    const char *parent = option_text(in, "runs", "runs/classify");
    const char *folder = folder_make_new(in->arena, parent, args.project, err);
    return folder && train_args_write(&args, folder, err) ? folder : NULL;
}

/* ---- the command -------------------------------------------------------------------------- */

static void print_result(const TrainResult *result, const char *run, bool json)
{
    Buffer out;

    buffer_init(&out, KIB(16));
    if (json) {
        JsonWriter w = json_writer(&out);

        json_begin_object(&w);
        json_member_string(&w, "event", "done");
        json_member_text(&w, "model", result->model);
        json_member_string(&w, "run", run);
        json_member_string(&w, "card", result->card);
        json_member_string(&w, "judged_by", result->split);
        report_score(&w, "score", result->score);
        json_end_object(&w);
        buffer_char(&out, '\n');
    } else {
        buffer_printf(&out, "model     %.*s\naccuracy  %.2f %% (%s)\n", SHOW(result->model),
                      result->score.accuracy * 100, result->split);
        if (result->remarks > 0)
            buffer_printf(&out, "left out  %d, see \"remarks\" in the card\n", result->remarks);
        buffer_printf(&out, "card      %s\n", result->card);
    }
    (void)!print_out(&out, NULL);
    buffer_fini(&out);
}

/* A new run that came to nothing leaves no folder, unless there is work to go on with. */
static void forget_run(const Invocation *in, const char *run)
{
    if (!option_given(in, "resume") &&
        !file_exists(path_join(in->arena, run, "work/features.bin")))
        (void)!folder_remove(run, NULL);
}

static int train(const Invocation *in, const char *run, const char *models, Error *err)
{
    Teller      teller = { .json = option_given(in, "json"), .terminal = isatty(STDERR_FILENO) };
    TrainWatch  watch  = { .stop = interrupt_catch(), .context = &teller, .tell = tell };
    TrainResult result;
    Arena       arena;

    arena_init(&arena, TRAIN_MEMORY);
    bool done = train_classify(&arena, run, models, (int)option_int(in, "threads", 0), &watch,
                               &result, err);
    if (teller.terminal && !teller.json)
        fputs("\r\033[K", stderr);
    if (done)
        print_result(&result, run, teller.json);
    arena_fini(&arena);
    if (done)
        return 0;
    if (err->kind != ERR_CANCELLED) {
        forget_run(in, run);
        return -1;
    }
    return interrupt_end(err, arena_printf(in->arena, "stopped; go on with: ocellus train classify "
                                           "--resume %s", run));
}

static int run(Invocation *in, Error *err)
{
    const char *models  = models_path(in);
    int64_t     threads = option_int(in, "threads", 0);

    if (threads < 0 || threads > 1024) {
        fail(err, ERR_INVALID, "--threads: %lld is not from 0 to 1024", (long long)threads);
        return -1;
    }

    const char *folder = run_folder(in, models, err);
    if (!folder)
        return -1;
    return train(in, folder, models, err);
}

static const Option options[] = {
    { "base", 'b', OPTION_TEXT, "MODEL", "Classifier to begin with: project/version, folder of a "
      "package, or ONNX file." },
    { "name", 'n', OPTION_TEXT, "PROJECT", "The model becomes PROJECT/1, PROJECT/2 ... (after the "
      "folder)." },
    { "seed", 0, OPTION_INTEGER, "N", "The same seed gives the same weights (0)." },
    { "valid", 0, OPTION_INTEGER, "PERCENT", "Pictures that tell when to stop, in a set without "
      "such a split (20)." },
    { "epochs", 0, OPTION_INTEGER, "N", "At most (100)." },
    { "patience", 0, OPTION_INTEGER, "N", "Epochs without a lower validation loss, then it ends "
      "(10)." },
    { "no-balance", 0, OPTION_FLAG, NULL, "Let classes with more pictures count for more." },
    { "augment", 0, OPTION_TEXT, "HOW", "Learn from changed copies, too: flip, crop, color, with "
      "commas." },
    { "copies", 0, OPTION_INTEGER, "N", "Changed copies of each picture (1 with --augment)." },
    { "features", 0, OPTION_TEXT, "TENSOR", "Where the base has its features (found)." },
    { "size", 0, OPTION_TEXT, "PIXELS", "For an ONNX file: side of its input, or WIDTHxHEIGHT." },
    { "resize", 0, OPTION_TEXT, "MODE", "For an ONNX file: stretch, letterbox or center-crop." },
    { "color", 0, OPTION_TEXT, "ORDER", "For an ONNX file: rgb or bgr." },
    { "normalize", 0, OPTION_TEXT, "HOW", "For an ONNX file: none, imagenet or half." },
    { "threads", 0, OPTION_INTEGER, "N", "Cores to work on (all)." },
    { "runs", 0, OPTION_TEXT, "FOLDER", "Where the folder of the run is made (runs/classify)." },
    { "resume", 0, OPTION_TEXT, "RUN", "Go on with a run that was stopped." },
    { "json", 0, OPTION_FLAG, NULL, "A line of JSON an event." },
    { 0 },
};

const Command command_train_classify = {
    .name    = "train classify",
    .usage   = "DIR [--base MODEL] [options]",
    .summary = "Learn a classifier from a folder of pictures.",
    .example = "ocellus train classify flowers/ --base mobilenet/1",
    .details = "DIR holds SPLIT/CLASS/PICTURE, CLASS/PICTURE (a valid split is then chosen), or\n"
               "SPLIT/_classes.csv for several classes a picture.  The pictures go once through\n"
               "the base, a layer is learnt on what it sees, and both become a new model.\n"
               "\n"
               "The first Ctrl-C ends it: while the layer is learnt the best so far becomes the\n"
               "model, before that the run can go on later with --resume.",
    .options = options,
    .least   = 0,
    .most    = 1,
    .data    = true,
    .run     = run,
};
