/*
 * package_new - model_config.json and inference_config.json.
 */
#include "base/text.h"
#include "model/excerpt.h"
#include "model/package_inside.h"

static const char *const config_file    = "model_config.json";
static const char *const inference_file = "inference_config.json";

/* ---- model_config.json -------------------------------------------------------- */

static bool parse_task(const Section *config, Package *package)
{
    Text task = { 0 };
    char what[96];

    if (!section_text(config, "task_type", &task))
        return false;
    if (!task.at)
        return section_fail(config, "task_type", ERR_INVALID, "missing");
    package->task = task_find(task);
    if (package->task == TASK_UNKNOWN) {
        snprintf(what, sizeof what, "'%.*s' is not a task known here", SHOW(excerpt(task, 40)));
        return section_fail(config, "task_type", ERR_UNSUPPORTED, what);
    }
    return true;
}

static bool parse_config(Arena *arena, Text text, Package *package, Error *err)
{
    Section config;
    Text    backend = TEXT("onnx"), architecture = { 0 };

    if (!section_parse(arena, config_file, text, err, &config))
        return false;
    if (section_has(&config, "model_module") || section_has(&config, "model_class"))
        return section_fail(&config, "model_module", ERR_UNSUPPORTED,
                            "the package brings Python code of its own, which does not run here");
    if (!section_text(&config, "backend_type", &backend) ||
        !section_text(&config, "model_architecture", &architecture) ||
        !parse_task(&config, package))
        return false;
    if (!text_is(backend, "onnx"))
        return section_fail(&config, "backend_type", ERR_UNSUPPORTED,
                            "only onnx runs here; export the model to ONNX");
    package->architecture = architecture.at ? architecture.at : "";
    return true;
}

/* ---- inference_config.json ---------------------------------------------------- */

static bool parse_resize(const Section *input, Preprocess *p)
{
    static const struct {
        const char *name;
        ResizeMode  mode;
    } modes[] = {
        { "stretch",                 RESIZE_STRETCH },
        { "letterbox",               RESIZE_LETTERBOX },
        { "letterbox-reflect-edges", RESIZE_LETTERBOX },    /* the reference pads evenly, too */
        { "center-crop",             RESIZE_CENTER_CROP },
        { "fit-longer-edge",         RESIZE_FIT_LONGER_EDGE },
    };
    Text name = TEXT("stretch");

    if (!section_text(input, "resize_mode", &name))
        return false;
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        if (text_is(name, modes[i].name)) {
            p->resize = modes[i].mode;
            return true;
        }
    }
    return section_fail(input, "resize_mode", ERR_INVALID, "not stretch, letterbox, "
                        "letterbox-reflect-edges, center-crop or fit-longer-edge");
}

/* The reference has no such key and always centers; networks trained otherwise need it. */
static bool parse_padding_place(const Section *input, Preprocess *p)
{
    Text place = TEXT("center");

    if (!section_text(input, "padding_place", &place))
        return false;
    if (!text_is(place, "center") && !text_is(place, "top-left"))
        return section_fail(input, "padding_place", ERR_INVALID, "neither center nor top-left: "
                            "where a letterbox puts the picture");
    p->top_left = text_is(place, "top-left");
    return true;
}

static bool parse_color(const Section *input, Preprocess *p)
{
    Text color    = TEXT("rgb");
    int  channels = 3;

    if (!section_text(input, "color_mode", &color) ||
        !section_whole(input, "input_channels", 1, 4, &channels))
        return false;
    if (!text_is(color, "rgb") && !text_is(color, "bgr"))
        return section_fail(input, "color_mode", ERR_INVALID, "neither rgb nor bgr");
    if (channels != 3)
        return section_fail(input, "input_channels", ERR_UNSUPPORTED, "only 3 channels run here");
    p->rgb = text_is(color, "rgb");
    return true;
}

static bool parse_numbers(const Section *input, Preprocess *p)
{
    double padding = 0;

    if (!section_number(input, "padding_value", 0, 255, &padding) ||
        !section_number(input, "scaling_factor", -1e9, 1e9, &p->scale))
        return false;
    p->padding   = (uint8_t)padding;
    p->has_scale = section_has(input, "scaling_factor");
    if (p->has_scale && p->scale == 0)
        return section_fail(input, "scaling_factor", ERR_INVALID, "0 divides nothing");

    p->has_normalization = section_has(input, "normalization");
    if (!p->has_normalization)
        return true;
    if (!section_triple(input, "normalization", 0, p->mean) ||
        !section_triple(input, "normalization", 1, p->std))
        return false;
    if (p->std[0] == 0 || p->std[1] == 0 || p->std[2] == 0)
        return section_fail(input, "normalization", ERR_INVALID, "a standard deviation is 0");
    return true;
}

static bool parse_input(const Section *inference, Preprocess *p)
{
    Section input, size;

    if (!section_find(inference, "network_input", &input))
        return false;
    if (!input.json)
        return section_fail(inference, "network_input", ERR_INVALID, "missing");
    if (!section_find(&input, "training_input_size", &size))
        return false;
    size.name = "network_input.training_input_size";
    return section_whole(&size, "width", 1, NETWORK_SIDE, &p->width) &&
           section_whole(&size, "height", 1, NETWORK_SIDE, &p->height) &&
           parse_resize(&input, p) && parse_padding_place(&input, p) &&
           parse_color(&input, p) && parse_numbers(&input, p);
}

static bool parse_layout(const Section *post, Package *package)
{
    Text layout = { 0 };
    char what[160];

    package->point_numbers = 3;
    if (!section_text(post, "layout", &layout) ||
        !section_whole(post, "keypoint_numbers", 2, 3, &package->point_numbers))
        return false;
    package->layout = box_layout_find(layout);
    if (!layout.at || package->layout != BOXES_UNKNOWN)
        return true;
    snprintf(what, sizeof what, "'%.*s' is not %s", SHOW(excerpt(layout, 40)),
             box_layout_names());
    return section_fail(post, "layout", ERR_INVALID, what);
}

/* What the scores of a classifier are is stated, not guessed: the reference
 * calls a package without it broken. */
static bool parse_post(const Section *inference, Package *package)
{
    Section     post;
    Text        type   = { 0 };
    const char *wanted = package->task == TASK_CLASSIFICATION ? "softmax"
                       : package->task == TASK_MULTI_LABEL    ? "sigmoid" : NULL;

    if (!section_find(inference, "post_processing", &post) ||
        !section_text(&post, "type", &type) ||
        !section_flag(&post, "fused", &package->fused_post) ||
        !parse_layout(&post, package))
        return false;
    if (wanted && !text_is(type, wanted))
        return section_fail(&post, "type", ERR_INVALID, package->task == TASK_CLASSIFICATION
                            ? "a classification model needs softmax here"
                            : "a multi-label-classification model needs sigmoid here");
    return true;
}

static bool parse_inference(Arena *arena, Text text, Package *package, Error *err)
{
    Section inference, switches;

    return section_parse(arena, inference_file, text, err, &inference) &&
           section_find(&inference, "image_pre_processing", &switches) &&
           section_switches(&switches, &package->preprocess) &&
           parse_input(&inference, &package->preprocess) && parse_post(&inference, package);
}

bool package_parse_new(Arena *arena, const PackageTexts *texts, Package *package, Error *err)
{
    if (!texts->inference_config.at)
        return fail(err, ERR_INVALID, "%s is missing", inference_file);
    if (!texts->class_names.at)
        return fail(err, ERR_INVALID, "class_names.txt is missing");
    return parse_config(arena, texts->model_config, package, err) &&
           parse_inference(arena, texts->inference_config, package, err) &&
           class_names_parse(arena, "class_names.txt", texts->class_names, &package->classes,
                             &package->class_count, err);
}
