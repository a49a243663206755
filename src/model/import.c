/*
 * import - a package out of a bare ONNX file.
 *
 * What the options state counts, then what the graph says, then its metadata.
 * The network is tried from where it lies; only what has answered is written.
 */
#include "model/import.h"

#include <ctype.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "model/excerpt.h"
#include "model/graph.h"
#include "model/metadata.h"
#include "model/model_inside.h"
#include "model/package_inside.h"
#include "model/trial.h"

/* What detectors are trained to see around a picture. */
enum { DETECTOR_GRAY = 114 };

/* A package in the making. */
typedef struct Plan {
    Arena              *arena;
    const char         *weights;
    const Graph        *graph;
    const ImportOptions *options;
    Package             package;
    int64_t             scores;     /* numbers a picture; -1: the graph does not say */
    Error              *err;
} Plan;

/* ---- task ---------------------------------------------------------------------- */

/* What Ultralytics calls it; without a word the output tells: a list of boxes has one
 * dimension more than a list of scores. */
static bool plan_task_of_note(Plan *plan, Text note)
{
    const GraphValue *output = &plan->graph->outputs[0];

    if (!note.at) {
        plan->package.task = output->rank == 3 ? TASK_DETECTION : TASK_CLASSIFICATION;
        return true;
    }
    plan->package.task = text_is(note, "detect") ? TASK_DETECTION : TASK_CLASSIFICATION;
    return text_is(note, "detect") || text_is(note, "classify") ||
           fail(plan->err, ERR_UNSUPPORTED, "%s: its metadata says task '%.*s'; only classifiers "
                "and detectors are imported so far", plan->weights, SHOW(excerpt(note, 40)));
}

static bool plan_task(Plan *plan)
{
    const char *task = plan->options->task;

    plan->package.task = TASK_CLASSIFICATION;
    if (!task)
        return plan_task_of_note(plan, graph_note(plan->graph, "task"));

    plan->package.task = task_find(text_of(task));
    if (plan->package.task == TASK_CLASSIFICATION || plan->package.task == TASK_MULTI_LABEL ||
        plan->package.task == TASK_DETECTION)
        return true;
    if (plan->package.task != TASK_UNKNOWN)
        return fail(plan->err, ERR_UNSUPPORTED, "models for %s are not imported yet; only "
                    "classification, multi-label-classification and object-detection are", task);
    return fail(plan->err, ERR_INVALID, "task '%.60s' is not 'classification', "
                "'multi-label-classification' or 'object-detection'", task);
}

/* The word that begins with "yolo" in a text, in lower case; NULL: there is none. */
static const char *yolo_in(Arena *arena, Text text)
{
    Buffer      lower;
    const char *at, *found = NULL;
    size_t      length = 0;

    buffer_init(&lower, MIB(1));
    text_lower(&lower, text);
    at = lower.data ? strstr(lower.data, "yolo") : NULL;
    while (at && (isalnum((unsigned char)at[length]) || at[length] == '-'))
        length++;
    if (length > 4)
        found = arena_text(arena, (Text){ at, length }).at;
    buffer_fini(&lower);
    return found;
}

/* "yolo11n" of "Ultralytics YOLO11n model trained on coco.yaml", or of the file's name. */
static bool plan_architecture(Plan *plan)
{
    const char *name = yolo_in(plan->arena, graph_note(plan->graph, "description"));

    if (plan->package.task != TASK_DETECTION)
        return true;
    name = name ? name : yolo_in(plan->arena, text_of(path_base(plan->weights)));
    plan->package.architecture = name ? name : "yolov8";
    return true;
}

/* YOLOX takes pixels as OpenCV gives them. */
static bool is_yolox(const Plan *plan)
{
    return plan->package.task == TASK_DETECTION &&
           strncmp(plan->package.architecture, "yolox", 5) == 0;
}

/* [N, C], perhaps with sides of 1 behind. */
static bool plan_output(Plan *plan)
{
    const GraphValue *output = &plan->graph->outputs[0];
    bool              fits   = plan->graph->output_count == 1 && output->rank != 0 &&
                               output->rank != 1;

    plan->scores = -1;
    if (plan->package.task == TASK_DETECTION)
        return true;                    /* the test inference tells */
    for (int i = 2; i < output->rank; i++)
        fits &= output->shape[i] == 1;
    if (!fits)
        return fail(plan->err, ERR_UNSUPPORTED, "%s: the network's output is %s%s; that of a "
                    "classifier is [batch, classes], and other models are not imported yet",
                    plan->weights, graph_shape(plan->arena, output),
                    plan->graph->output_count > 1 ? " and more" : "");
    plan->scores = output->rank > 1 ? output->shape[1] : -1;
    return true;
}

/* ---- input --------------------------------------------------------------------- */

static bool plan_side(Plan *plan, const char *what, int stated, int64_t fixed, int noted, int *side)
{
    if (stated > 0 && fixed >= 0 && stated != fixed)
        return fail(plan->err, ERR_INVALID, "%s: the network's input is %lld pixels %s, not %d",
                    plan->weights, (long long)fixed, what, stated);
    *side = stated > 0 ? stated : fixed > 0 ? (int)MIN(fixed, INT32_MAX) : noted;
    if (*side < 1)
        return fail(plan->err, ERR_INVALID, "%s: its input size is free; state it with --size",
                    plan->weights);
    if (*side > NETWORK_SIDE)
        return fail(plan->err, ERR_TOO_LARGE, "%s: an input %d pixels %s is too large; at most %d "
                    "run here", plan->weights, *side, what, NETWORK_SIDE);
    return true;
}

static bool plan_input(Plan *plan)
{
    const GraphValue *input = &plan->graph->inputs[0];
    Port              port  = { input->name.at, input->rank, { 0 } };

    memcpy(port.shape, input->shape, sizeof port.shape);
    return port_takes_pictures(&port, plan->weights, plan->err);
}

static bool plan_size(Plan *plan)
{
    const GraphValue *input = &plan->graph->inputs[0];
    Preprocess       *how   = &plan->package.preprocess;
    int               noted[2] = { 0 };

    /* Ultralytics notes [height, width], or one number for both. */
    if (metadata_numbers(graph_note(plan->graph, "imgsz"), noted, 2) == 1)
        noted[1] = noted[0];
    return plan_side(plan, "high", plan->options->height, input->rank == 4 ? input->shape[2] : -1,
                     noted[0], &how->height) &&
           plan_side(plan, "wide", plan->options->width, input->rank == 4 ? input->shape[3] : -1,
                     noted[1], &how->width);
}

static bool plan_layout(Plan *plan)
{
    bool        boxes  = plan->package.task == TASK_DETECTION;
    const char *resize = plan->options->resize ? plan->options->resize
                       : boxes ? "letterbox" : "stretch";
    const char *color  = plan->options->color ? plan->options->color
                       : is_yolox(plan) ? "bgr" : "rgb";
    Preprocess *how    = &plan->package.preprocess;

    how->resize = strcmp(resize, "letterbox") == 0   ? RESIZE_LETTERBOX
                : strcmp(resize, "center-crop") == 0 ? RESIZE_CENTER_CROP : RESIZE_STRETCH;
    how->rgb    = strcmp(color, "rgb") == 0;
    how->padding = boxes && how->resize == RESIZE_LETTERBOX ? DETECTOR_GRAY : 0;
    if (how->resize == RESIZE_STRETCH && strcmp(resize, "stretch") != 0)
        return fail(plan->err, ERR_INVALID, "resize '%.60s' is not 'stretch', 'letterbox' or "
                    "'center-crop'", resize);
    if (!how->rgb && strcmp(color, "bgr") != 0)
        return fail(plan->err, ERR_INVALID, "color '%.60s' is not 'rgb' or 'bgr'", color);
    return true;
}

/* Three numbers noted as a JSON list. */
static bool noted_triple(Plan *plan, const char *key, double out[3])
{
    Text        note = graph_note(plan->graph, key);
    const Json *json = note.at ? json_parse(plan->arena, note, JSON_STRICT, NULL) : NULL;
    JsonWalk    walk = json_walk(json);

    if (!json_is(json, JSON_ARRAY) || json_count(json) != 3)
        return false;
    while (json_next(&walk)) {
        out[walk.index] = json_double(walk.value, 0);
        if (!json_is_number(walk.value))
            return false;
    }
    return true;
}

static bool plan_numbers(Plan *plan)
{
    static const struct {
        const char *name;
        double      mean[3], std[3];
    } known[] = {
        { "imagenet", { 0.485, 0.456, 0.406 }, { 0.229, 0.224, 0.225 } },
        { "half",     { 0.5, 0.5, 0.5 },       { 0.5, 0.5, 0.5 } },
    };
    const char *name = plan->options->normalize;
    Preprocess *how  = &plan->package.preprocess;

    how->has_scale = !is_yolox(plan);
    how->scale     = 255;
    if (!name) {
        how->has_normalization = noted_triple(plan, "mean", how->mean) &&
                                 noted_triple(plan, "std", how->std) && how->std[0] > 0 &&
                                 how->std[1] > 0 && how->std[2] > 0;
        return true;
    }
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (strcmp(name, known[i].name) == 0) {
            how->has_normalization = true;
            memcpy(how->mean, known[i].mean, sizeof how->mean);
            memcpy(how->std, known[i].std, sizeof how->std);
        }
    }
    return how->has_normalization || strcmp(name, "none") == 0 ||
           fail(plan->err, ERR_INVALID, "normalize '%.60s' is not 'none', 'imagenet' or 'half'",
                name);
}

/* ---- classes ------------------------------------------------------------------- */

static bool read_names(Plan *plan, const char *path)
{
    Buffer text;

    buffer_init(&text, MIB(16));
    bool done = file_read(path, MIB(16), &text, plan->err) &&
                class_names_parse(plan->arena, path,
                                  (Text){ text.data ? text.data : "", text.length },
                                  &plan->package.classes, &plan->package.class_count, plan->err);
    buffer_fini(&text);
    return done;
}

static bool check_count(const Plan *plan, int64_t scores)
{
    const char *source = plan->options->classes ? plan->options->classes : "its metadata";

    if (scores < 0 || scores == plan->package.class_count)
        return true;
    return fail(plan->err, ERR_INVALID, "%s has %d class names, but the network of %s gives %lld "
                "scores", source, plan->package.class_count, path_base(plan->weights),
                (long long)scores);
}

static bool plan_classes(Plan *plan)
{
    Text note = graph_note(plan->graph, "names");

    if (plan->options->classes) {
        if (!read_names(plan, plan->options->classes))
            return false;
    } else if (!note.at) {
        return fail(plan->err, ERR_INVALID, "%s names no classes; give them with --classes FILE, "
                    "one name a line", plan->weights);
    } else if (!metadata_names(plan->arena, note, &plan->package.classes,
                               &plan->package.class_count, plan->err)) {
        return fail_prefix(plan->err, "%s", plan->weights);
    }
    return check_count(plan, plan->scores);
}

/* ---- trying -------------------------------------------------------------------- */

/* Numbers tell a softmax, since only shares always add up to one; a sigmoid is
 * told by the operation that the scores come out of. */
static bool is_fused(const Plan *plan, const Trial *trial)
{
    if (plan->package.task == TASK_MULTI_LABEL)
        return trial->within && text_is(plan->graph->outputs[0].made_by, "Sigmoid");
    return trial->shares;
}

static bool try_it(Plan *plan, Buffer *report)
{
    Trial  trial;
    Model *model = model_open(&plan->package, NULL, 0, plan->err);

    if (!model)
        return false;

    bool boxes = plan->package.task == TASK_DETECTION;
    bool done  = trial_run(model, &trial, plan->err) &&
                 (boxes || check_count(plan, trial.scores));
    if (done) {
        plan->package.fused_post = boxes ? !box_layout_suppresses(trial.layout)
                                         : is_fused(plan, &trial);
        trial_report(model, &trial, report);
    }
    model_unref(model);
    return done;
}

static bool make_plan(Plan *plan)
{
    plan->graph = graph_read(plan->arena, plan->weights, plan->err);
    return plan->graph &&
           graph_check(plan->graph, plan->weights, MODEL_OUTPUTS, plan->err) && plan_task(plan) &&
           plan_architecture(plan) && plan_input(plan) && plan_output(plan) && plan_size(plan) &&
           plan_layout(plan) && plan_numbers(plan) && plan_classes(plan);
}

/* ---- the two verbs --------------------------------------------------------------- */

static bool report_whole(const Buffer *report, Error *err)
{
    return !report->failed || fail(err, ERR_TOO_LARGE, "the report has no room");
}

bool model_import(const char *models_folder, Text id, const char *weights,
                  const ImportOptions *options, Buffer *report, Error *err)
{
    Arena arena;
    bool  done = false;

    if (!model_id_valid(id))
        return fail(err, ERR_INVALID, "'%.*s' is no model id; it is written project/version, for "
                    "example parts/1", SHOW(excerpt(id, 80)));

    arena_init(&arena, MIB(256));
    const char *name   = arena_text(&arena, id).at;
    const char *folder = path_join(&arena, models_folder, name);
    Plan        plan   = { .arena = &arena, .weights = weights, .options = options, .err = err,
                           .package = { .id = name, .folder = folder, .weights = weights,
                                        .architecture = "resnet" } };

    if (folder_exists(folder) && !options->replace)
        fail(err, ERR_CONFLICT, "there is a model '%s' already; --replace replaces it", name);
    else
        done = make_plan(&plan) && try_it(&plan, report) && report_whole(report, err) &&
               package_write(&plan.package, folder, weights, options->replace, err);
    arena_fini(&arena);
    return done;
}

static bool check(const char *models_folder, const char *id, Arena *arena, Buffer *report,
                  Error *err)
{
    const char *folder = path_join(arena, models_folder, id);
    Trial       trial;

    if (!folder_exists(folder))
        return model_not_found(models_folder, text_of(id), err);

    Model *model = model_load(folder, id, NULL, 0, err);
    if (!model)
        return false;

    Task task = model->package->task;
    bool done = task == TASK_CLASSIFICATION || task == TASK_MULTI_LABEL ||
                task == TASK_DETECTION ||
                fail(err, ERR_UNSUPPORTED, "model %s is for %s; only classifiers and detectors are "
                     "checked so far", id, task_name(task));
    done = done && trial_run(model, &trial, err);
    if (done)
        trial_report(model, &trial, report);
    if (done && task == TASK_CLASSIFICATION && trial.shares != model->package->fused_post)
        buffer_printf(report, "warning: post_processing.fused is %s, but the answers %s\n",
                      model->package->fused_post ? "true" : "false",
                      trial.shares ? "add up to 1" : "do not add up to 1");
    model_unref(model);
    return done && report_whole(report, err);
}

bool model_check(const char *models_folder, Text id, Buffer *report, Error *err)
{
    Arena arena;
    bool  done;

    if (!model_id_valid(id))
        return model_not_found(models_folder, id, err);

    arena_init(&arena, MIB(16));
    done = check(models_folder, arena_text(&arena, id).at, &arena, report, err);
    arena_fini(&arena);
    return done;
}
