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

/* ---- tensors --------------------------------------------------------------------- */

/* The part of an output that is picture `i`'s: [batch, rows, columns], or without the
 * batch where there is one picture. */
static bool slice(const Tensor *tensor, int i, int count, BoxTensor *out)
{
    int first = tensor->rank - 2;

    if (tensor->rank == 2 && count == 1) {
        *out = (BoxTensor){ tensor->shape[0], tensor->shape[1], tensor->data };
        return true;
    }
    if (tensor->rank != 3 || tensor->shape[0] != count) {
        return false;
    }
    *out = (BoxTensor){ tensor->shape[first], tensor->shape[first + 1], NULL };
    out->data = tensor->data + (size_t)i * (size_t)out->rows * (size_t)out->columns;
    return true;
}

static bool unknown_output(const Package *package, const ModelOutputs *outputs, int extra,
                           Error *err)
{
    const Tensor *first   = &outputs->tensors[0];
    int           columns = 4 + package->class_count + extra;
    char          shape[80] = "";
    size_t        length = 0;

    for (int i = 0; i < first->rank && length < sizeof(shape); i++) {
        length += (size_t)snprintf(shape + length, sizeof(shape) - length, "%s%lld",
                                   i ? ", " : "", (long long)first->shape[i]);
    }
    return fail(err, ERR_UNSUPPORTED, "model %s: its output [%s] with %d classes and %d more "
                "numbers a box is no layout of boxes that is known; [batch, %d, boxes] and "
                "[batch, boxes, %d or %d] are read", package->id, shape, package->class_count,
                extra, columns, columns, columns + 1);
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

static bool is_wanted(const Package *package, const DetectOptions *options, int class_id)
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
    double         confidence = isnan(d->options->confidence) ? default_confidence(package)
                                                              : d->options->confidence;

    *heads = (Heads){ 0 };
    for (int k = 0; k < count; k++) {
        if (!slice(&d->outputs->tensors[k], i, d->pictures, &heads->tensors[k])) {
            if (k == 0) {
                return unknown_output(package, d->outputs, d->extra, d->err);
            }
            count = 1;
        }
    }
    *how = (BoxReading){
        .layout = box_layout_of(heads->tensors, count, package->class_count, d->extra,
                                package->architecture),
        .classes = package->class_count, .width = size.width, .height = size.height,
        .grid = package->architecture && strncmp(package->architecture, "yolox", 5) == 0,
        .threshold = (float)confidence, .extra = d->extra,
    };
    if (how->layout == BOXES_UNKNOWN) {
        return unknown_output(package, d->outputs, d->extra, d->err);
    }
    found->items = box_layout_read(d->arena, how, heads->tensors, &found->count, d->err);
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
        if (is_wanted(d->model->package, d->options, found->items[k].class_id)) {
            found->items[kept++] = found->items[k];
        }
    }
    found->count = kept;
    return true;
}

BoxLayout model_box_layout(const Model *model, const ModelOutputs *outputs, Error *err)
{
    BoxTensor tensors[2] = { 0 };
    int       count      = MIN(outputs->count, 2);
    BoxLayout layout;

    if (!slice(&outputs->tensors[0], 0, 1, &tensors[0])) {
        unknown_output(model->package, outputs, 0, err);
        return BOXES_UNKNOWN;
    }
    count  = count == 2 && slice(&outputs->tensors[1], 0, 1, &tensors[1]) ? 2 : 1;
    layout = box_layout_of(tensors, count, model->package->class_count, 0,
                           model->package->architecture);
    if (layout == BOXES_UNKNOWN) {
        unknown_output(model->package, outputs, 0, err);
    }
    return layout;
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
