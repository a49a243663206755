/*
 * detect - from pictures to boxes.
 */
#include "model/detect_inside.h"

#include <math.h>

/* What the reference's packages start with where nothing is said. */
static double default_confidence(const Package *package)
{
    return package->architecture && strncmp(package->architecture, "yolo26", 6) == 0 ? 0.25 : 0.4;
}

double detect_threshold(const Package *package, const DetectOptions *options)
{
    return isnan(options->confidence) ? default_confidence(package) : options->confidence;
}

/* ---- tensors --------------------------------------------------------------------- */

/* The part of an output that is picture `i`'s: [batch, rows, columns], or without the
 * batch where there is one picture; or a map [batch, rows, down, across]. */
static bool slice(const Tensor *tensor, int i, int count, BoxTensor *out)
{
    const int64_t *shape = tensor->shape;

    if (tensor->rank == 2 && count == 1) {
        *out = (BoxTensor){ shape[0], shape[1], tensor->data, 0 };
        return true;
    }
    if ((tensor->rank != 3 && tensor->rank != 4) || shape[0] != count) {
        return false;
    }
    *out = (BoxTensor){ shape[1], shape[2] * (tensor->rank == 4 ? shape[3] : 1), NULL,
                        tensor->rank == 4 ? shape[3] : 0 };
    out->data = tensor->data + (size_t)i * (size_t)out->rows * (size_t)out->columns;
    return true;
}

static bool unknown_output(const Package *package, const ModelOutputs *outputs, int extra,
                           Error *err)
{
    char   shapes[100] = "";
    size_t length = 0;

    for (int k = 0; k < outputs->count; k++) {
        const Tensor *tensor = &outputs->tensors[k];

        for (int i = 0; i < tensor->rank && length < sizeof(shapes); i++) {
            length += (size_t)snprintf(shapes + length, sizeof(shapes) - length, "%s%lld%s",
                                       i ? ", " : k ? " [" : "[", (long long)tensor->shape[i],
                                       i + 1 == tensor->rank ? "]" : "");
        }
    }
    if (package->layout != BOXES_UNKNOWN) {
        return fail(err, ERR_UNSUPPORTED, "model %s: its output %s with %d classes and %d more "
                    "numbers a box does not fit the layout '%s' that is stated", package->id,
                    shapes, package->class_count, extra, box_layout_name(package->layout));
    }
    return fail(err, ERR_UNSUPPORTED, "model %s: its output %s with %d classes and %d more "
                "numbers a box is no layout of boxes that is known; are these its classes? "
                "--layout or post_processing.layout states it: %s", package->id, shapes,
                package->class_count, extra, box_layout_names());
}

/* Boxes come first; where both tensors could be boxes, their names tell. */
static void order_heads(const Model *model, BoxTensor tensors[2])
{
    const Ports *ports = &model->ports;
    bool         named = ports->output_count >= 2 && strstr(ports->outputs[1].name, "box") &&
                         !strstr(ports->outputs[0].name, "box");

    if (tensors[1].columns == 4 && (tensors[0].columns != 4 || named)) {
        BoxTensor first = tensors[0];

        tensors[0] = tensors[1];
        tensors[1] = first;
    }
}

static BoxLayout layout_of(const Detecting *d, const BoxTensor tensors[2], int count, Size size)
{
    const Package *package = d->model->package;
    BoxLayout      layout  = package->layout;

    if (layout == BOXES_UNKNOWN) {
        layout = box_layout_of(tensors, count, package->class_count, d->extra,
                               package->architecture);
    }
    if (!box_layout_fits(layout, tensors, count, package->class_count, d->extra)) {
        return BOXES_UNKNOWN;
    }
    return package->layout == BOXES_UNKNOWN && d->model->settles
         ? box_layout_settle(layout, tensors, size.width, size.height) : layout;
}

/* ---- pictures -------------------------------------------------------------------- */

static float within(double v, int most, bool rounded)
{
    v = isnan(v) ? 0 : fmin(fmax(v, 0), most);
    return (float)(rounded ? rint(v) : v);
}

void detect_bring_back(Proposal *box, const PictureFit *fit, const Image *image, bool rounded)
{
    int width = image_width(image), height = image_height(image);

    box->x1 = within((box->x1 - fit->left) / fit->scale_x + fit->crop_x, width, rounded);
    box->y1 = within((box->y1 - fit->top) / fit->scale_y + fit->crop_y, height, rounded);
    box->x2 = within((box->x2 - fit->left) / fit->scale_x + fit->crop_x, width, rounded);
    box->y2 = within((box->y2 - fit->top) / fit->scale_y + fit->crop_y, height, rounded);
}

bool detect_is_wanted(const Package *package, const DetectOptions *options, int class_id)
{
    bool wanted = options->only_count == 0;

    for (int i = 0; i < options->only_count && !wanted; i++) {
        wanted = text_equal(options->only[i], package->classes[class_id]);
    }
    return wanted;
}

static bool read_boxes(const Detecting *d, int i, Size size, Heads *heads, Found *found)
{
    const Package *package = d->model->package;
    BoxReading    *how = &heads->how;
    int            count = MIN(d->outputs->count, 2);

    *heads = (Heads){ 0 };
    for (int k = 0; k < count; k++) {
        if (!slice(&d->outputs->tensors[k], i, d->pictures, &heads->tensors[k])) {
            if (k == 0) {
                return unknown_output(package, d->outputs, d->extra, d->err);
            }
            count = 1;
        }
    }
    if (count == 2) {
        order_heads(d->model, heads->tensors);
    }
    *how = (BoxReading){
        .layout = layout_of(d, heads->tensors, count, size), .classes = package->class_count,
        .width = size.width, .height = size.height,
        .threshold = (float)detect_threshold(package, d->options), .extra = d->extra,
    };
    if (how->layout == BOXES_UNKNOWN) {
        return unknown_output(package, d->outputs, d->extra, d->err);
    }
    found->items  = box_layout_read(d->arena, how, heads->tensors, &found->count, d->err);
    found->layout = how->layout;
    return found->items != NULL;
}

bool detect_find(const Detecting *d, const Image *image, int i, Heads *heads, Found *found)
{
    Size        size = preprocess_size(&d->model->how, image, d->off);
    Suppression how  = { (float)d->options->iou, d->options->agnostic,
                         (int)MIN(d->options->most, INT32_MAX) };
    int         kept = 0;

    *found = (Found){ 0 };
    if (!read_boxes(d, i, size, heads, found)) {
        return false;
    }
    if (box_layout_suppresses(heads->how.layout)) {
        found->count = proposals_suppress(d->arena, found->items, found->count, &how, d->cancel,
                                          d->err);
    } else {
        proposals_sort(found->items, found->count);
    }
    if (found->count < 0) {
        return false;
    }
    for (int k = 0; k < found->count; k++) {
        if (detect_is_wanted(d->model->package, d->options, found->items[k].class_id)) {
            found->items[kept++] = found->items[k];
        }
    }
    found->count = kept;
    return true;
}

bool detect_boxes(const Detecting *d, const Image *image, int i, Found *found)
{
    Size       size = preprocess_size(&d->model->how, image, d->off);
    PictureFit fit  = preprocess_fit(&d->model->how, true, image, d->off, size);
    Heads      heads;

    if (!detect_find(d, image, i, &heads, found)) {
        return false;
    }
    for (int k = 0; k < found->count; k++) {
        detect_bring_back(&found->items[k], &fit, image, !d->options->measuring);
    }
    return true;
}

bool model_detect(Model *model, Arena *arena, Image *const images[], int count, PreprocessOff off,
                  const DetectOptions *options, const Cancel *cancel, Found *found, Error *err)
{
    ModelOutputs outputs;
    Detecting    d = { model, arena, options, cancel, off, &outputs, count, 0, err };

    if (model->package->task != TASK_DETECTION) {
        return fail(err, ERR_INVALID, "model %s is for %s, not for object detection",
                    model->package->id, task_name(model->package->task));
    }
    if (!model_run(model, arena, images, count, off, cancel, &outputs, err)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        if (!detect_boxes(&d, images[i], i, &found[i])) {
            return false;
        }
    }
    return true;
}
