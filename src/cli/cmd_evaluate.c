/*
 * cmd_evaluate - how well a model does on a data set.
 */
#include <math.h>
#include <signal.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/print.h"
#include "server/app.h"
#include "train/evaluate_report.h"

enum { TABLE_ROWS = 100, NAME_WIDTH = 24, TOLD_REMARKS = 10 };

/* ---- what is asked for ------------------------------------------------------------------ */

static bool read_percent(const Invocation *in, const char *name, double least, double otherwise,
                         double *share, Error *err)
{
    const char *text = option_text(in, name, NULL);
    double      percent;

    *share = otherwise;
    if (!text) {
        return true;
    }
    if (!text_to_double(text_of(text), &percent) || !(percent >= least && percent <= 100)) {
        return fail(err, ERR_INVALID, "--%s: '%s' is no percentage from %g to 100", name, text,
                    least);
    }
    *share = percent / 100;
    return true;
}

static bool read_split(const Invocation *in, const DataSet *set, int *split, Error *err)
{
    const char *text = option_text(in, "split", NULL);

    *split = evaluate_split(set);
    if (!text) {
        return true;
    }
    if (strcmp(text, "all") == 0) {
        *split = SPLIT_ALL;
        return true;
    }
    *split = (int)split_find(text_of(text));
    if (*split == SPLIT_NONE) {
        return fail(err, ERR_INVALID, "--split: '%s' is none of train, valid, test and all", text);
    }
    return dataset_split_count(set, (Split)*split) > 0 ||
           fail(err, ERR_INVALID, "--split %s: the data set has no picture of it", text);
}

static bool read_options(const Invocation *in, Model *model, const DataSet *set,
                         EvaluateOptions *options, Error *err)
{
    return read_split(in, set, &options->split, err) &&
           read_percent(in, "confidence", 0, 0.001, &options->confidence, err) &&
           read_percent(in, "iou", 0, evaluate_iou(model_package(model)), &options->iou, err) &&
           read_percent(in, "threshold", 0, NAN, &options->threshold, err);
}

/* A new folder below --output-dir: NAME, else NAME2, NAME3 ... */
static const char *make_folder(const Invocation *in, Error *err)
{
    const char *parent = option_text(in, "output-dir", "runs/evaluate");
    const char *name   = option_text(in, "name", "evaluate");

    if (!path_is_safe(text_of(name)) || strchr(name, '/')) {
        fail(err, ERR_INVALID, "--name: '%s' is no name of a folder", name);
        return NULL;
    }
    return folder_make_new(in->arena, parent, name, err);
}

static void show_progress(void *context, int done, int count)
{
    (void)context;
    progress_show("pictures", done, count);
}

/* ---- the table ----------------------------------------------------------------------------- */

static void add_share(Buffer *out, double value)
{
    if (isnan(value)) {
        buffer_printf(out, "%10s", "-");
    } else {
        buffer_printf(out, "%10.3f", value);
    }
}

/* A name in a column: cut at its end, without what would move the cursor. */
static void add_name(Buffer *out, Text name)
{
    const char *at = name.at, *end = at + name.length;
    int         width = 0;

    for (; at < end && width < NAME_WIDTH; width++) {
        uint32_t code = utf8_next(&at, end);

        utf8_append(out, code < ' ' || (code >= 0x7f && code < 0xa0) ? ' ' : code);
    }
    buffer_printf(out, "%*s", NAME_WIDTH - width, "");
}

static void add_row(Buffer *out, Text name, int64_t support, const double shares[], int count)
{
    add_name(out, name);
    buffer_printf(out, "%10lld", (long long)support);
    for (int i = 0; i < count; i++) {
        add_share(out, shares[i]);
    }
    buffer_char(out, '\n');
}

static void add_head(Buffer *out, const Evaluation *e)
{
    buffer_printf(out, "%-*s%10s%10s%10s%10s", NAME_WIDTH, "class",
                  e->kind == DATA_BOXES ? "objects" : "pictures", "precision", "recall", "F1");
    if (e->precisions) {
        buffer_printf(out, "%10s%10s", "mAP50", "mAP50-95");
    } else if (e->average) {
        buffer_printf(out, "%10s", "AP");
    }
    buffer_char(out, '\n');
}

/* Classes with truths or answers; the others would only fill the screen. */
static void add_classes(Buffer *out, const Evaluation *e)
{
    int rows = 0, left = 0;

    for (int i = 0; i < e->class_count; i++) {
        const ClassRates *one = &e->rates[i];
        double shares[5] = { one->rates.precision, one->rates.recall, one->rates.f1 };

        if (one->support == 0) {
            continue;
        }
        if (rows++ >= TABLE_ROWS) {
            left++;
            continue;
        }
        if (e->precisions) {
            shares[3] = e->precisions[i].ap50;
            shares[4] = e->precisions[i].ap[AREA_ALL];
        } else if (e->average) {
            shares[3] = e->average[i];
        }
        add_row(out, e->classes[i], one->support, shares,
                e->precisions ? 5 : e->average ? 4 : 3);
    }
    if (left > 0) {
        buffer_printf(out, "... and %d more classes, in per_class.csv\n", left);
    }
}

static void add_table(Buffer *out, const Evaluation *e)
{
    double shares[5] = { e->precision, e->recall, e->f1, e->mean_average, 0 };

    if (e->precisions) {
        shares[3] = e->mean.ap50;
        shares[4] = e->mean.ap[AREA_ALL];
    }
    add_head(out, e);
    add_row(out, TEXT("all"), e->object_count, shares, e->precisions ? 5 : e->average ? 4 : 3);
    add_classes(out, e);
}

/* ---- around the table ----------------------------------------------------------------- */

static void add_names(Buffer *out, const char *what, const Text *names, int count)
{
    if (count == 0) {
        return;
    }
    buffer_printf(out, "%s: %d (", what, count);
    for (int i = 0; i < MIN(count, 5); i++) {
        buffer_printf(out, "%s%.*s", i ? ", " : "", SHOW(names[i]));
    }
    buffer_string(out, count > 5 ? " ...)\n" : ")\n");
}

static void add_remarks(Buffer *out, const DataRemark *remarks, int count, int *told)
{
    for (int i = 0; i < count && *told < TOLD_REMARKS; i++, (*told)++) {
        buffer_printf(out, "  %.*s: %.*s\n", SHOW(remarks[i].name), SHOW(remarks[i].reason));
    }
}

static void add_head_lines(Buffer *out, const Evaluation *e, const EvaluationOrigin *origin)
{
    const Package *package = model_package(origin->model);
    int            split   = origin->options->split;

    buffer_printf(out, "%s (%s, %s): %d pictures\n", origin->set->folder, origin->set->layout,
                  split == SPLIT_ALL ? "all" : split_name((Split)split), e->picture_count);
    buffer_printf(out, "%s (%s): %.1f ms a picture\n", package->id, task_name(package->task),
                  e->seconds * 1e3 / e->picture_count);
    if (e->kind == DATA_BOXES && package->task != TASK_DETECTION) {
        buffer_string(out, "evaluated by its boxes\n");
    }
    buffer_char(out, '\n');
}

static void add_foot_lines(Buffer *out, const Evaluation *e, const EvaluationOrigin *origin)
{
    const DataSet *set   = origin->set;
    int            count = set->remark_count + e->remark_count, told = 0;

    buffer_char(out, '\n');
    if (e->kind == DATA_SINGLE_LABEL) {
        buffer_printf(out, "accuracy %.4f", e->accuracy);
        buffer_printf(out, isnan(e->top5) ? "\n" : ", top-5 accuracy %.4f\n", e->top5);
    } else {
        buffer_printf(out, "precision, recall and F1 at confidence %.3f%s\n", e->threshold,
                      e->kind == DATA_BOXES && isnan(origin->options->threshold)
                      ? ", where the mean F1 is greatest" : "");
    }
    if (e->kind == DATA_MULTI_LABEL) {
        buffer_printf(out, "all classes right in %.4f of the pictures\n", e->accuracy);
    } else if (e->kind == DATA_BOXES) {
        buffer_printf(out, "objects from confidence %g, suppressed within a class above IoU %g\n",
                      origin->options->confidence, origin->options->iou);
    }
    add_names(out, "classes that the model does not know, so never found", e->unknown,
              e->unknown_count);
    add_names(out, "classes of the model that the data set has not, left out", e->ignored,
              e->ignored_count);
    if (count > 0) {
        buffer_printf(out, "remarks on the data set: %d\n", count);
        add_remarks(out, set->remarks, set->remark_count, &told);
        add_remarks(out, e->remarks, e->remark_count, &told);
        buffer_string(out, count > told ? "  ... the others are in results.json\n" : "");
    }
}

static bool tell(const Invocation *in, const Evaluation *e, const EvaluationOrigin *origin,
                 const char *folder, Error *err)
{
    Buffer out;
    bool   ok;

    buffer_init(&out, LIMIT_RESPONSE_BODY);
    if (option_given(in, "json")) {
        evaluation_write(e, origin, &out);
    } else {
        add_head_lines(&out, e, origin);
        add_table(&out, e);
        add_foot_lines(&out, e, origin);
        buffer_printf(&out, "\nsaved to %s\n", folder);
    }
    ok = (!out.failed || fail(err, ERR_MEMORY, "no memory for the answer")) &&
         print_out(&out, err);
    buffer_fini(&out);
    return ok;
}

/* ---- the whole ---------------------------------------------------------------------- */

/* All of it or none: what it takes is short, so no signal comes in between. */
static bool save_all(const Invocation *in, const Evaluation *e, const EvaluationOrigin *origin,
                     const char *folder, Arena *arena, Error *err)
{
    bool found = option_given(in, "predictions") && origin->set->kind == DATA_BOXES;

    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    if (evaluation_save(e, origin, folder, found, arena, err)) {
        return true;
    }
    if (!folder_remove(folder, NULL)) {
        log_line(LOG_WARNING, "evaluate", "%s is incomplete, and cannot be removed", folder);
    }
    return false;
}

static bool evaluate_all(const Invocation *in, Model *model, const DataSet *set,
                         const Cancel *stop, Arena *arena, Error *err)
{
    EvaluateOptions  options = { .progress = isatty(STDERR_FILENO) ? show_progress : NULL };
    EvaluationOrigin origin  = { model, set, &options };
    Evaluation       evaluation;
    const char      *folder;

    if (!read_options(in, model, set, &options, err) ||
        !evaluate(model, set, &options, arena, stop, &evaluation, err)) {
        return false;
    }
    folder = make_folder(in, err);
    return folder && save_all(in, &evaluation, &origin, folder, arena, err) &&
           tell(in, &evaluation, &origin, folder, err);
}

static int run(Invocation *in, Error *err)
{
    const char    *id = option_text(in, "model", NULL);
    const DataSet *set;
    const Cancel  *stop;
    Model         *model = NULL;
    Arena          arena;
    App            app;
    bool           ok = false;

    if (!id) {
        fail(err, ERR_INVALID, "-m MODEL says which model to evaluate; 'ocellus model list' shows "
             "them");
        return -1;
    }
    stop = interrupt_catch();
    arena_init(&arena, LIMIT_DATASET_MEMORY);
    set = dataset_read(&arena, in->words[0], err);
    if (set && app_open(&app, data_folder(in), false, err)) {
        model = models_get(app.models, text_of(id), stop, err);
        ok    = model && evaluate_all(in, model, set, stop, &arena, err);
        model_unref(model);
        app_close(&app);
    }
    arena_fini(&arena);
    return ok ? 0 : interrupt_end(err, "stopped; nothing was saved");
}

static const Option options[] = {
    { "model", 'm', OPTION_TEXT, "MODEL", "The model, as project/version." },
    { "split", 's', OPTION_TEXT, "SPLIT",
      "train, valid, test or all (test if there, else valid, else all)." },
    { "confidence", 'c', OPTION_TEXT, "PERCENT",
      "Look for objects from this confidence on (0.1)." },
    { "iou", 0, OPTION_TEXT, "PERCENT",
      "Boxes of a class that overlap more are one object (65; YOLOv8 and later: 70)." },
    { "threshold", 't', OPTION_TEXT, "PERCENT",
      "Tell precision and recall at this confidence (boxes: where the mean F1 is greatest; "
      "several classes a picture: 50)." },
    { "predictions", 0, OPTION_FLAG, NULL, "Save the objects found too, as COCO results." },
    { "json", 0, OPTION_FLAG, NULL, "Print everything as JSON." },
    { "output-dir", 'o', OPTION_TEXT, "DIR", "Where folders of results are made (runs/evaluate)." },
    { "name", 'n', OPTION_TEXT, "NAME",
      "Name of the folder; counted up where it is taken (evaluate)." },
    { 0 },
};

const Command command_evaluate = {
    .name    = "evaluate",
    .usage   = "-m MODEL DATASET [options]",
    .summary = "Measure a model on a data set with labels.",
    .example = "ocellus evaluate -m parts/1 my-parts --split valid",
    .details = "DATASET is a folder: COCO (_annotations.coco.json), YOLO (images and labels), a\n"
               "folder of pictures a class, or _classes.csv. Detectors get mAP50 and mAP50-95 as\n"
               "COCO measures them, classifiers accuracy; all get precision, recall and F1 of\n"
               "every class and a confusion matrix.",
    .options = options,
    .least   = 1,
    .most    = 1,
    .data    = true,
    .run     = run,
};
