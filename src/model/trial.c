/*
 * trial - test inferences, and what they tell about a model.
 */
#include "model/trial.h"

#include <math.h>

#include "model/excerpt.h"
#include "model/model_inside.h"
#include "model/points.h"
#include "model/segment.h"
#include "model/semantic.h"

enum { PICTURES = 6, PICTURE_WIDTH = 320, PICTURE_HEIGHT = 240 };

/* Timing ends after this many rounds or this many nanoseconds. */
enum { ROUNDS = 10 };
static const int64_t longest = 1000000000;

/* ---- pictures ------------------------------------------------------------------ */

/* The same noise every time: a linear congruential generator (the constants of
 * Numerical Recipes). */
static uint8_t noise(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return (uint8_t)(*state >> 24);
}

/* Number 0 is a test card: ramps across and down with a bright disc; then black,
 * white, and noise. */
static void paint(int number, uint8_t *row, int y, uint32_t *state)
{
    for (int x = 0; x < PICTURE_WIDTH; x++, row += 4) {
        int  dx = x - PICTURE_WIDTH / 2, dy = y - PICTURE_HEIGHT / 2;
        bool disc = dx * dx + dy * dy < 70 * 70;

        for (int c = 0; c < 3; c++) {
            int card = c == 0 ? x * 255 / PICTURE_WIDTH : c == 1 ? y * 255 / PICTURE_HEIGHT
                     : disc ? 230 : 40;

            row[c] = number == 0 ? (uint8_t)card : number == 1 ? 0 : number == 2 ? 255
                   : noise(state);
        }
        row[3] = 255;
    }
}

static Image *picture(int number, Error *err)
{
    Image   *image = image_new(PICTURE_WIDTH, PICTURE_HEIGHT, 3, TEXT("test"), err);
    uint32_t state = (uint32_t)number;

    for (int y = 0; image && y < PICTURE_HEIGHT; y++)
        paint(number, image_edit(image) + (size_t)y * image_stride(image), y, &state);
    return image;
}

/* ---- looking at answers ---------------------------------------------------------- */

static void look_at_row(const float *scores, int64_t count, Trial *trial)
{
    double sum = 0;

    for (int64_t i = 0; i < count; i++) {
        double score = (double)scores[i];

        sum           += score;
        trial->within &= score >= 0 && score <= 1;
    }
    trial->shares &= fabs(sum - 1) <= 1e-3;
}

static bool look_at(Model *model, const ModelOutputs *outputs, Trial *trial, Error *err)
{
    const Tensor *scores = &outputs->tensors[0];
    int64_t       count  = 1;

    for (int i = 1; i < scores->rank; i++)
        count *= scores->shape[i];
    if (scores->rank < 2 || scores->shape[0] != 1 || count < 1)
        return fail(err, ERR_UNSUPPORTED, "%s: output '%s' is no list of scores for each picture",
                    model->package->weights, model->ports.outputs[0].name);
    trial->scores = count;
    look_at_row(scores->data, count, trial);
    return true;
}

/* The answer to the test card: the best class, and its share. */
static void find_top(const Model *model, const float *scores, Trial *trial)
{
    double sum = 0;

    trial->top = 0;
    for (int i = 1; i < trial->scores; i++)
        if (scores[i] > scores[trial->top])
            trial->top = i;

    double best = (double)scores[trial->top];
    for (int i = 0; i < trial->scores; i++)
        sum += exp((double)scores[i] - best);
    trial->confidence = model->package->task == TASK_CLASSIFICATION
                      ? (trial->shares ? best : 1 / sum)
                      : (trial->within ? best : 1 / (1 + exp(-best)));
}

/* ---- running ------------------------------------------------------------------- */

static bool run_once(Model *model, Image *image, Arena *arena, ModelOutputs *outputs,
                     double *milliseconds, Error *err)
{
    PreprocessOff off   = { 0 };
    int64_t       start = clock_now();

    arena_reset(arena);
    if (!model_run(model, arena, &image, 1, off, NULL, outputs, err))
        return false;
    *milliseconds = (double)(clock_now() - start) / 1e6;
    return true;
}

static bool time_it(Model *model, Image *image, Arena *arena, Trial *trial, Error *err)
{
    int64_t end = clock_now() + longest;

    trial->milliseconds = INFINITY;
    for (int i = 0; i < ROUNDS && (i == 0 || clock_now() < end); i++) {
        ModelOutputs outputs;
        double       once;

        if (!run_once(model, image, arena, &outputs, &once, err))
            return false;
        trial->milliseconds = MIN(trial->milliseconds, once);
    }
    return true;
}

static bool show(Model *model, int number, Arena *arena, Trial *trial, float **card, Error *err)
{
    Image       *image = picture(number, err);
    ModelOutputs outputs;
    double       once;

    bool done = image && run_once(model, image, arena, &outputs, &once, err) &&
                look_at(model, &outputs, trial, err);
    if (done && number == 0) {
        size_t bytes = (size_t)trial->scores * sizeof(float);

        *card = malloc(bytes);
        if (*card)
            memcpy(*card, outputs.tensors[0].data, bytes);
        done = (*card || fail(err, ERR_MEMORY, "no memory for a test inference")) &&
               time_it(model, image, arena, trial, err);
    }
    image_unref(image);
    return done;
}

/* What finds objects, with outlines or points. */
static bool find(Model *model, Image *card, Arena *arena, Found *found, Error *err)
{
    const DetectOptions options = { .confidence = 0.25, .iou = 0.45, .most = 300 };
    PreprocessOff       off     = { 0 };

    switch (model->package->task) {
    case TASK_INSTANCE_SEGMENTATION:
        return model_segment(model, arena, &card, 1, off, &options, (MaskReduction){ false, 1 },
                             NULL, found, err);
    case TASK_KEYPOINTS:
        return model_find_points(model, arena, &card, 1, off, &options, NULL, found, err);
    default:
        return model_detect(model, arena, &card, 1, off, &options, NULL, found, err);
    }
}

static bool try_objects(Model *model, Image *card, Arena *arena, Trial *trial, Error *err)
{
    Found found;

    if (!find(model, card, arena, &found, err))
        return false;
    trial->layout = found.layout;
    trial->found  = found.count;
    trial->slots  = found.slots;
    return true;
}

/* The class that most of the picture is of. */
static bool try_classes(Model *model, Image *card, Arena *arena, Trial *trial, Error *err)
{
    int64_t    counts[256] = { 0 };
    ClassMasks masks;

    if (!model_segment_classes(model, arena, &card, 1, (PreprocessOff){ 0 }, NAN, NULL, &masks,
                               err))
        return false;
    for (int y = 0; y < image_height(masks.classes); y++) {
        const uint8_t *row = image_pixels(masks.classes) +
                             (size_t)y * image_stride(masks.classes);

        for (int x = 0; x < image_width(masks.classes); x++)
            counts[row[x]]++;
    }
    for (int i = 1; i < 256; i++)
        trial->top = counts[i] > counts[trial->top] ? i : trial->top;
    trial->share = (double)counts[trial->top] / ((double)PICTURE_WIDTH * PICTURE_HEIGHT);
    return true;
}

static bool try_places(Model *model, Trial *trial, Error *err)
{
    bool   pixels = model->package->task == TASK_SEMANTIC_SEGMENTATION;
    Image *card   = picture(0, err);
    Arena  arena;
    bool   done;

    arena_init(&arena, LIMIT_RUN_MEMORY);
    done = card && (pixels ? try_classes : try_objects)(model, card, &arena, trial, err) &&
           time_it(model, card, &arena, trial, err);
    image_unref(card);
    arena_fini(&arena);
    return done;
}

bool trial_run(Model *model, Trial *trial, Error *err)
{
    Task   task = model->package->task;
    Arena  arena;
    float *card = NULL;
    bool   done = true;

    *trial = (Trial){ .shares = true, .within = true };
    if (task != TASK_CLASSIFICATION && task != TASK_MULTI_LABEL)
        return try_places(model, trial, err);
    arena_init(&arena, LIMIT_RUN_MEMORY);
    for (int i = 0; i < PICTURES && done; i++)
        done = show(model, i, &arena, trial, &card, err);
    trial->shares &= trial->within;
    if (done)
        find_top(model, card, trial);
    free(card);
    arena_fini(&arena);
    return done;
}

/* ---- reporting ----------------------------------------------------------------- */

static void report_input(const Preprocess *how, const Preprocess *said, bool last,
                         Buffer *report)
{
    static const char *const resizes[] = {
        [RESIZE_STRETCH] = "stretch", [RESIZE_LETTERBOX] = "letterbox",
        [RESIZE_CENTER_CROP] = "center-crop", [RESIZE_FIT_LONGER_EDGE] = "fit-longer-edge",
    };

    if (how->width > 0)
        buffer_printf(report, "input: %d x %d", how->width, how->height);
    else
        buffer_string(report, "input: any size");
    buffer_string(report, last ? ", channels last" : "");
    buffer_printf(report, ", %s, %s", said->rgb ? "rgb" : "bgr", resizes[said->resize]);
    buffer_string(report, said->top_left ? " top-left" : "");
    if (said->has_scale)
        buffer_printf(report, ", x / %g", said->scale);
    if (said->has_normalization)
        buffer_printf(report, ", mean %g %g %g, std %g %g %g", said->mean[0], said->mean[1],
                      said->mean[2], said->std[0], said->std[1], said->std[2]);
    buffer_char(report, '\n');
}

static void report_classes(const Package *package, Buffer *report)
{
    enum { SHOWN = 8 };

    buffer_printf(report, "classes: %d (", package->class_count);
    for (int i = 0; i < MIN(package->class_count, SHOWN); i++)
        buffer_printf(report, "%s%.*s", i ? ", " : "", SHOW(excerpt(package->classes[i], 60)));
    buffer_string(report, package->class_count > SHOWN ? ", ...)\n" : ")\n");
}

/* What the graph does not say of its first output is what it gave. */
static void report_output(const Port *output, int64_t scores, Buffer *report)
{
    buffer_printf(report, "output: %s [batch", output->name);
    if (output->rank < 2 && scores > 0)
        buffer_printf(report, ", %lld", (long long)scores);
    for (int i = 1; i < output->rank; i++) {
        if (output->shape[i] < 0 && scores == 0)
            buffer_string(report, ", any");
        else
            buffer_printf(report, ", %lld", (long long)(output->shape[i] < 0 ? scores
                                                                             : output->shape[i]));
    }
    buffer_string(report, "]\n");
}

static const char *layout_for_people(BoxLayout layout)
{
    switch (layout) {
    case BOXES_COLUMNS:    return "middle, size and a score a class, in columns";
    case BOXES_ROWS:       return "middle, size and a score a class, in rows";
    case BOXES_OBJECTNESS: return "middle, size, objectness and a score a class";
    case BOXES_CELLS:      return "middle, size, objectness and a score a class, all relative "
                                  "to cells of 8, 16 and 32 pixels";
    case BOXES_FINISHED:   return "finished: corners, score, class";
    case BOXES_QUERIES:    return "boxes as fractions of the input, and logits";
    case BOXES_CORNERS:    return "corners as fractions of the input, and shares";
    case BOXES_MAP:        return "an object a cell of a map";
    case BOXES_POINTS:     return "none: points as fractions of the input";
    case BOXES_UNKNOWN:    break;
    }
    return "unknown";
}

static void report_objects(const Package *package, const Trial *trial, Buffer *report)
{
    buffer_printf(report, "layout: %s (%s)\n", box_layout_name(trial->layout),
                  layout_for_people(trial->layout));
    if (package->task == TASK_KEYPOINTS)
        buffer_printf(report, "key points: %d\n", trial->slots);
    buffer_printf(report, "test answer: %d objects in the test picture\n", trial->found);
}

static void report_scores(const Package *package, const Trial *trial, Text top, Buffer *report)
{
    buffer_printf(report, "%s in graph: %s\n",
                  package->task == TASK_MULTI_LABEL ? "sigmoid" : "softmax",
                  package->fused_post ? "yes" : "no");
    buffer_printf(report, "test answer: %.*s, confidence %.4f\n", SHOW(excerpt(top, 200)),
                  trial->confidence);
}

void trial_report(Model *model, const Trial *trial, Buffer *report)
{
    const Package *package = model->package;
    Text           top     = trial->top < package->class_count ? package->classes[trial->top]
                                                               : TEXT("?");

    buffer_printf(report, "task: %s\n", task_name(package->task));
    report_input(&model->how, &package->preprocess, model->last, report);
    report_classes(package, report);
    for (int i = 0; i < model->ports.output_count; i++)
        report_output(&model->ports.outputs[i], trial->scores, report);
    if (package->task == TASK_CLASSIFICATION || package->task == TASK_MULTI_LABEL)
        report_scores(package, trial, top, report);
    else if (package->task == TASK_SEMANTIC_SEGMENTATION)
        buffer_printf(report, "test answer: %.*s, %.0f %% of the test picture\n",
                      SHOW(excerpt(top, 200)), 100 * trial->share);
    else
        report_objects(package, trial, report);
    buffer_printf(report, "milliseconds: %.2f\n", trial->milliseconds);
}
