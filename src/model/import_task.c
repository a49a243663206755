/*
 * import_task - what a network does, told by its metadata, its name and its outputs.
 */
#include <ctype.h>

#include "base/file.h"
#include "base/text.h"
#include "model/excerpt.h"
#include "model/import_inside.h"
#include "model/metadata.h"

/* ---- outputs ------------------------------------------------------------------------ */

/* All shapes, for people. */
static const char *outputs_seen(const ImportPlan *plan)
{
    const char *text = "";

    for (int i = 0; i < plan->graph->output_count; i++) {
        text = arena_printf(plan->arena, "%s%s%s", text, i ? " and " : "",
                            graph_shape(plan->arena, &plan->graph->outputs[i]));
    }
    return text;
}

static bool refuse_outputs(const ImportPlan *plan, const char *what)
{
    return fail(plan->err, ERR_UNSUPPORTED, "%s: its output %s %s", plan->weights,
                outputs_seen(plan), what);
}

static const GraphValue *output_of_rank(const ImportPlan *plan, int rank)
{
    for (int i = 0; i < plan->graph->output_count; i++) {
        if (plan->graph->outputs[i].rank == rank) {
            return &plan->graph->outputs[i];
        }
    }
    return NULL;
}

/* [batch, C, 1, 1] is a list of scores with sides of 1 behind. */
static bool is_scores(const GraphValue *output)
{
    bool fits = output->rank != 0 && output->rank != 1;

    for (int i = 2; i < output->rank; i++) {
        fits &= output->shape[i] == 1;
    }
    return fits;
}

/* A grid of scores: of classes of pixels, or of FastestDet's cells. */
static bool task_of_grid(ImportPlan *plan, const GraphValue *output)
{
    int classes = plan->package.class_count;

    plan->package.task = TASK_SEMANTIC_SEGMENTATION;
    if (classes > 0 && output->shape[1] == 5 + classes) {
        plan->package.task = TASK_DETECTION;
        return true;
    }
    return classes == 0 || output->shape[1] < 0 || output->shape[1] == classes ||
           output->shape[3] == classes || (output->shape[1] == 1 && classes == 2) ||
           refuse_outputs(plan, arena_printf(plan->arena, "does not go with %d classes: a score "
                                             "for each class of each pixel is [batch, %d, "
                                             "height, width]; are these its classes?", classes,
                                             classes));
}

static bool task_of_outputs(ImportPlan *plan)
{
    const GraphValue *first = &plan->graph->outputs[0];

    if (plan->graph->output_count > 1) {
        plan->package.task = output_of_rank(plan, 4) ? TASK_INSTANCE_SEGMENTATION
                                                     : TASK_DETECTION;
        return true;
    }
    if (first->rank == 4 && !is_scores(first)) {
        return task_of_grid(plan, first);
    }
    plan->package.task = first->rank == 3 && !is_scores(first) ? TASK_DETECTION
                                                               : TASK_CLASSIFICATION;
    return true;
}

/* ---- words -------------------------------------------------------------------------- */

/* What Ultralytics calls tasks. */
static bool task_of_note(ImportPlan *plan, Text note)
{
    static const struct {
        const char *word;
        Task        task;
    } words[] = {
        { "detect", TASK_DETECTION }, { "classify", TASK_CLASSIFICATION },
        { "segment", TASK_INSTANCE_SEGMENTATION }, { "pose", TASK_KEYPOINTS },
        { "semantic", TASK_SEMANTIC_SEGMENTATION },
    };

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (text_is(note, words[i].word)) {
            plan->package.task = words[i].task;
            return true;
        }
    }
    return fail(plan->err, ERR_UNSUPPORTED, "%s: its metadata says task '%.*s'; classify, detect, "
                "segment, semantic and pose run here", plan->weights, SHOW(excerpt(note, 40)));
}

/* Masks are cut off now and then: a network that says 'segment' but has boxes alone
 * finds objects. */
static void drop_lost_masks(ImportPlan *plan)
{
    if (plan->package.task == TASK_INSTANCE_SEGMENTATION && plan->graph->output_count == 1 &&
        plan->graph->outputs[0].rank == 3) {
        plan->package.task = TASK_DETECTION;
    }
}

static bool find_task(ImportPlan *plan)
{
    Text note = graph_note(plan->graph, "task");

    if (plan->options->task) {
        plan->package.task = task_find(text_of(plan->options->task));
        return plan->package.task != TASK_UNKNOWN ||
               fail(plan->err, ERR_INVALID, "task '%.60s' is not classification, "
                    "multi-label-classification, object-detection, instance-segmentation, "
                    "semantic-segmentation or keypoint-detection", plan->options->task);
    }
    if (plan->package.layout == BOXES_POINTS) {
        plan->package.task = TASK_KEYPOINTS;
        return true;
    }
    if (plan->package.layout != BOXES_UNKNOWN) {
        plan->package.task = output_of_rank(plan, 4) && plan->graph->output_count > 1
                           ? TASK_INSTANCE_SEGMENTATION : TASK_DETECTION;
        return true;
    }
    if (!note.at) {
        return task_of_outputs(plan);
    }
    if (!task_of_note(plan, note)) {
        return false;
    }
    drop_lost_masks(plan);
    return true;
}

/* ---- architecture ------------------------------------------------------------------- */

/* The word that begins with `start` in a text, in lower case; NULL: there is none. */
static const char *word_in(Arena *arena, Text text, const char *start)
{
    Buffer      lower;
    const char *at, *found = NULL;
    size_t      length = 0;

    buffer_init(&lower, MIB(1));
    text_lower(&lower, text);
    at = lower.data ? strstr(lower.data, start) : NULL;
    while (at && (isalnum((unsigned char)at[length]) || at[length] == '-')) {
        length++;
    }
    if (length >= strlen(start) && length > 4) {
        found = arena_text(arena, (Text){ at, length }).at;
    }
    buffer_fini(&lower);
    return found;
}

/* "yolo11n" of "Ultralytics YOLO11n model trained on coco.yaml", or of the file's name. */
static const char *named_architecture(const ImportPlan *plan)
{
    Text        note = graph_note(plan->graph, "description");
    Text        file = text_of(path_base(plan->weights));
    const char *name = note.at ? word_in(plan->arena, note, "yolo") : NULL;

    name = name ? name : word_in(plan->arena, file, "yolo");
    return name ? name : word_in(plan->arena, file, "fastestdet") ? "fastestdet" : NULL;
}

/* YOLOX tells a box and an objectness of every cell, which no other family does. */
static bool has_cells(const ImportPlan *plan)
{
    const GraphValue *output = &plan->graph->outputs[0], *input = &plan->graph->inputs[0];

    return plan->graph->output_count == 1 && output->rank == 3 && input->rank == 4 &&
           output->shape[2] == 5 + plan->package.class_count && input->shape[2] > 0 &&
           input->shape[2] <= 4096 && input->shape[3] > 0 && input->shape[3] <= 4096 &&
           box_layout_is_cells(output->shape[1], (int)input->shape[3], (int)input->shape[2]);
}

/* Ultralytics notes a stride, and who made the file. */
static bool is_ultralytics(const ImportPlan *plan)
{
    return text_is(graph_note(plan->graph, "author"), "Ultralytics") ||
           (graph_note(plan->graph, "stride").at && graph_note(plan->graph, "task").at);
}

/* What finds boxes is named after what it looks like, as names decide of layouts. */
static const char *detector_name(ImportPlan *plan)
{
    const GraphValue *first = &plan->graph->outputs[0];
    const char       *name  = named_architecture(plan);

    if (plan->package.layout == BOXES_MAP ||
        (plan->graph->output_count == 1 && first->rank == 4 &&
         first->shape[1] == 5 + plan->package.class_count)) {
        return "fastestdet";
    }
    if (plan->package.layout == BOXES_CELLS || has_cells(plan)) {
        return name && strncmp(name, "yolox", 5) == 0 ? name : "yolox";
    }
    return name ? name : "yolov8";
}

static void find_architecture(ImportPlan *plan)
{
    Package *package = &plan->package;

    switch (package->task) {
    case TASK_SEMANTIC_SEGMENTATION:
        package->architecture = "deep-lab-v3-plus";
        return;
    case TASK_CLASSIFICATION:
    case TASK_MULTI_LABEL:
    case TASK_UNKNOWN:
        package->architecture = "resnet";
        break;
    default:
        package->architecture = package->layout == BOXES_POINTS ? "regressor"
                                                                : detector_name(plan);
    }
    plan->family = is_ultralytics(plan)                             ? FAMILY_ULTRALYTICS
                 : strncmp(package->architecture, "yolox", 5) == 0  ? FAMILY_YOLOX
                 : strcmp(package->architecture, "fastestdet") == 0 ? FAMILY_FASTESTDET
                                                                    : FAMILY_PLAIN;
}

/* ---- points and layout -------------------------------------------------------------- */

/* Key points that only have numbers, the same for every class. */
static bool number_points(ImportPlan *plan, int slots)
{
    KeyPointNames *classes = arena_array(plan->arena, KeyPointNames,
                                         MAX(plan->package.class_count, 1));
    Text          *names   = arena_array(plan->arena, Text, MAX(slots, 1));

    if (!classes || !names) {
        return fail(plan->err, ERR_MEMORY, "no memory for the key points of %s", plan->weights);
    }
    for (int i = 0; i < slots; i++) {
        names[i] = text_of(arena_printf(plan->arena, "%d", i));
    }
    for (int i = 0; i < plan->package.class_count; i++) {
        classes[i] = (KeyPointNames){ names, slots };
    }
    plan->package.key_points = classes;
    return true;
}

/* Ultralytics notes [points, numbers a point]. */
static bool find_points(ImportPlan *plan)
{
    Text note = graph_note(plan->graph, "kpt_shape");
    int  shape[2];

    plan->package.point_numbers = 3;
    if (plan->package.task != TASK_KEYPOINTS || !note.at ||
        plan->package.layout == BOXES_POINTS) {
        return true;
    }
    if (metadata_numbers(note, shape, 2) != 2 || shape[0] < 1 ||
        shape[0] > LIMIT_KEYPOINT_SLOTS || (shape[1] != 2 && shape[1] != 3)) {
        return fail(plan->err, ERR_UNSUPPORTED, "%s: its metadata says kpt_shape '%.*s'; read are "
                    "1 to %d points of 2 or 3 numbers", plan->weights, SHOW(excerpt(note, 40)),
                    LIMIT_KEYPOINT_SLOTS);
    }
    plan->package.point_numbers = shape[1];
    return number_points(plan, shape[0]);
}

static bool stated_layout(ImportPlan *plan)
{
    const char *layout = plan->options->layout;

    plan->package.layout = layout ? box_layout_find(text_of(layout)) : BOXES_UNKNOWN;
    return !layout || plan->package.layout != BOXES_UNKNOWN ||
           fail(plan->err, ERR_INVALID, "layout '%.60s' is not %s", layout, box_layout_names());
}

/* What the outputs of each task must look like, as far as it is plain to see. */
static bool check_outputs(ImportPlan *plan)
{
    const GraphValue *first = &plan->graph->outputs[0];
    Task              task  = plan->package.task;

    plan->scores = -1;
    if (task == TASK_KEYPOINTS && plan->package.layout == BOXES_UNKNOWN && first->rank == 2) {
        return refuse_outputs(plan, "is a row of numbers; if these are x and y of the points of "
                              "one object, as fractions of the input, state --layout points");
    }
    if (task != TASK_CLASSIFICATION && task != TASK_MULTI_LABEL) {
        return true;
    }
    if (plan->graph->output_count > 1 || !is_scores(first)) {
        return refuse_outputs(plan, "is none of a classifier, [batch, classes]; --task and "
                              "--layout state what else it is");
    }
    plan->scores = first->rank > 1 ? first->shape[1] : -1;
    return true;
}

bool import_plan_task(ImportPlan *plan)
{
    if (!stated_layout(plan) || !find_task(plan) || !check_outputs(plan)) {
        return false;
    }
    if (plan->package.task == TASK_CLASSIFICATION || plan->package.task == TASK_MULTI_LABEL ||
        plan->package.task == TASK_SEMANTIC_SEGMENTATION) {
        if (plan->package.layout != BOXES_UNKNOWN) {
            return fail(plan->err, ERR_INVALID, "layout '%s' is one of boxes or points; models "
                        "for %s have none", plan->options->layout,
                        task_name(plan->package.task));
        }
    } else if (plan->package.layout == BOXES_UNKNOWN &&
               text_is(graph_note(plan->graph, "end2end"), "True")) {
        plan->package.layout = BOXES_FINISHED;
    }
    find_architecture(plan);
    return find_points(plan);
}

bool import_plan_settle(ImportPlan *plan, const Trial *trial)
{
    Package *package = &plan->package;

    package->layout = trial->layout;
    if (package->layout == BOXES_CORNERS) {
        package->architecture = "ssd";
    } else if (package->layout == BOXES_QUERIES && strncmp(package->architecture, "yolo", 4) == 0) {
        package->architecture = "rfdetr";
    }
    return package->task != TASK_KEYPOINTS || package->key_points ||
           number_points(plan, trial->slots);
}
