/*
 * import_pictures - how a network wants its pictures.
 *
 * Options count, then metadata, then what the family of the network is known for; what is
 * left is assumed, and the report says so.
 */
#include <math.h>

#include "base/json.h"
#include "base/text.h"
#include "model/import_inside.h"
#include "model/metadata.h"
#include "model/model_inside.h"
#include "model/package_inside.h"

/* What detectors are trained to see around a picture. */
enum { DETECTOR_GRAY = 114 };

/* ---- size --------------------------------------------------------------------------- */

static bool plan_side(ImportPlan *plan, const char *what, int stated, int64_t fixed, int noted,
                      int *side)
{
    if (stated > 0 && fixed >= 0 && stated != fixed) {
        return fail(plan->err, ERR_INVALID, "%s: the network's input is %lld pixels %s, not %d",
                    plan->weights, (long long)fixed, what, stated);
    }
    *side = stated > 0 ? stated : fixed > 0 ? (int)MIN(fixed, INT32_MAX) : noted;
    if (*side < 1) {
        return fail(plan->err, ERR_INVALID, "%s: its input size is free; state it with --size",
                    plan->weights);
    }
    if (*side > NETWORK_SIDE) {
        return fail(plan->err, ERR_TOO_LARGE, "%s: an input %d pixels %s is too large; at most %d "
                    "run here", plan->weights, *side, what, NETWORK_SIDE);
    }
    return true;
}

static bool plan_size(ImportPlan *plan)
{
    const GraphValue *input = &plan->graph->inputs[0];
    Preprocess       *how   = &plan->package.preprocess;
    Port              port  = { input->name.at, input->rank, { 0 } };
    int               noted[2] = { 0 };

    memcpy(port.shape, input->shape, sizeof(port.shape));
    if (!port_takes_pictures(&port, plan->weights, plan->err)) {
        return false;
    }

    int  down  = port_is_channels_last(&port) ? 1 : 2;
    bool sized = input->rank == 4;

    /* Ultralytics notes [height, width], or one number for both. */
    if (metadata_numbers(graph_note(plan->graph, "imgsz"), noted, 2) == 1) {
        noted[1] = noted[0];
    }
    return plan_side(plan, "high", plan->options->height, sized ? input->shape[down] : -1,
                     noted[0], &how->height) &&
           plan_side(plan, "wide", plan->options->width, sized ? input->shape[down + 1] : -1,
                     noted[1], &how->width);
}

/* ---- resize and colour -------------------------------------------------------------- */

static bool finds_boxes(const ImportPlan *plan)
{
    return plan->package.task == TASK_DETECTION ||
           plan->package.task == TASK_INSTANCE_SEGMENTATION ||
           plan->package.task == TASK_KEYPOINTS;
}

/* YOLO looks at whole pictures with gray around, YOLOX with gray on the right and below;
 * others look at stretched ones.  Of two outputs without prototypes the boxes are fractions
 * of the input, as DETR's and SSD's. */
static const char *usual_resize(const ImportPlan *plan)
{
    bool fractions = plan->package.task == TASK_DETECTION && plan->graph->output_count > 1;

    if (!finds_boxes(plan) || fractions || plan->family == FAMILY_FASTESTDET ||
        plan->package.layout == BOXES_POINTS) {
        return "stretch";
    }
    return plan->family == FAMILY_YOLOX ? "letterbox-top-left" : "letterbox";
}

static bool find_resize(const char *name, Preprocess *how)
{
    static const struct {
        const char *name;
        ResizeMode  mode;
        bool        top_left;
    } modes[] = {
        { "stretch",            RESIZE_STRETCH,     false },
        { "letterbox",          RESIZE_LETTERBOX,   false },
        { "letterbox-top-left", RESIZE_LETTERBOX,   true },
        { "center-crop",        RESIZE_CENTER_CROP, false },
    };

    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        if (strcmp(name, modes[i].name) == 0) {
            how->resize   = modes[i].mode;
            how->top_left = modes[i].top_left;
            return true;
        }
    }
    return false;
}

static bool plan_layout(ImportPlan *plan)
{
    bool        bgr    = plan->family == FAMILY_YOLOX || plan->family == FAMILY_FASTESTDET;
    const char *resize = plan->options->resize ? plan->options->resize : usual_resize(plan);
    const char *color  = plan->options->color ? plan->options->color : bgr ? "bgr" : "rgb";
    Preprocess *how    = &plan->package.preprocess;

    if (!find_resize(resize, how)) {
        return fail(plan->err, ERR_INVALID, "resize '%.60s' is not 'stretch', 'letterbox', "
                    "'letterbox-top-left' or 'center-crop'", resize);
    }
    how->rgb     = strcmp(color, "rgb") == 0;
    how->padding = finds_boxes(plan) && how->resize == RESIZE_LETTERBOX ? DETECTOR_GRAY : 0;
    if (!how->rgb && strcmp(color, "bgr") != 0) {
        return fail(plan->err, ERR_INVALID, "color '%.60s' is not 'rgb' or 'bgr'", color);
    }
    return true;
}

/* ---- numbers ------------------------------------------------------------------------ */

/* Three numbers noted as a JSON list. */
static bool noted_triple(ImportPlan *plan, const char *key, double out[3])
{
    Text        note = graph_note(plan->graph, key);
    const Json *json = note.at ? json_parse(plan->arena, note, JSON_STRICT, NULL) : NULL;
    JsonWalk    walk = json_walk(json);

    if (!json_is(json, JSON_ARRAY) || json_count(json) != 3) {
        return false;
    }
    while (json_next(&walk)) {
        out[walk.index] = json_double(walk.value, 0);
        if (!json_is_number(walk.value)) {
            return false;
        }
    }
    return true;
}

static bool noted_numbers(ImportPlan *plan)
{
    Preprocess *how = &plan->package.preprocess;

    return noted_triple(plan, "mean", how->mean) && noted_triple(plan, "std", how->std) &&
           how->std[0] > 0 && how->std[1] > 0 && how->std[2] > 0;
}

/* "MEAN,STD": what is taken off pixels of 0 .. 255, and what the rest is divided by. */
static bool stated_numbers(const char *text, Preprocess *how)
{
    const char *comma = strchr(text, ',');
    double      mean, std;
    bool        whole;

    if (!comma || !text_read_number((Text){ text, (size_t)(comma - text) }, &mean, &whole) ||
        !text_read_number(text_of(comma + 1), &std, &whole) || !(fabs(mean) <= 1e6) ||
        !(std > 0 && std <= 1e6)) {
        return false;
    }
    how->has_scale         = false;
    how->has_normalization = true;
    for (int c = 0; c < 3; c++) {
        how->mean[c] = mean;
        how->std[c]  = std;
    }
    return true;
}

static bool plan_numbers(ImportPlan *plan)
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

    how->has_scale = plan->family != FAMILY_YOLOX;
    how->scale     = 255;
    if (!name) {
        how->has_normalization = noted_numbers(plan);
        return true;
    }
    how->has_scale = strcmp(name, "raw") != 0;
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (strcmp(name, known[i].name) == 0) {
            how->has_normalization = true;
            memcpy(how->mean, known[i].mean, sizeof(how->mean));
            memcpy(how->std, known[i].std, sizeof(how->std));
        }
    }
    return how->has_normalization || strcmp(name, "none") == 0 || strcmp(name, "raw") == 0 ||
           stated_numbers(name, how) ||
           fail(plan->err, ERR_INVALID, "normalize '%.60s' is not 'none', 'imagenet', 'half', "
                "'raw' or two numbers MEAN,STD of pixels from 0 to 255, as 127,128", name);
}

/* What neither file nor options say. */
static const char *assumptions(const ImportPlan *plan)
{
    bool        numbers = !plan->options->normalize && !plan->package.preprocess.has_normalization;
    const char *text    = "";

    if (plan->family == FAMILY_ULTRALYTICS || graph_note(plan->graph, "task").at) {
        return "";
    }
    text = plan->options->resize ? text : " --resize";
    text = plan->options->color ? text : arena_printf(plan->arena, "%s --color", text);
    return numbers ? arena_printf(plan->arena, "%s --normalize", text) : text;
}

bool import_plan_pictures(ImportPlan *plan)
{
    if (!plan_size(plan) || !plan_layout(plan) || !plan_numbers(plan)) {
        return false;
    }
    plan->assumed = assumptions(plan);
    return true;
}
