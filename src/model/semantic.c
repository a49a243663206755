/*
 * semantic - from pictures to classes of pixels.
 */
#include "model/semantic.h"

#include <math.h>
#include <strings.h>

#include "model/grid.h"
#include "model/model_inside.h"
#include "vision/class_map.h"

/* Of DeepLab and its like, where nothing is said. */
static const double default_confidence = 0.5;

enum { MOST_CLASSES = 256 };       /* an id is a byte of a picture */

static int background_of(const Package *package)
{
    for (int i = 0; i < package->class_count; i++) {
        if (package->classes[i].length == 10 &&
            strncasecmp(package->classes[i].at, "background", 10) == 0) {
            return i;
        }
    }
    return -1;
}

typedef struct Looking {
    Model         *model;
    Arena         *arena;
    const Cancel  *cancel;
    PreprocessOff  off;
    const Tensor  *scores;         /* [pictures, classes, height, width] */
    ClassChoice    choice;
    Error         *err;
} Looking;

static bool scores_fit(const Looking *l, int pictures)
{
    const Tensor  *t = l->scores;
    const Package *package = l->model->package;
    bool           single = t->rank == 4 && t->shape[1] == 1 && package->class_count == 2;

    if (package->class_count > MOST_CLASSES) {
        return fail(l->err, ERR_UNSUPPORTED, "model %s has %d classes; of pixels there can be %d",
                    package->id, package->class_count, MOST_CLASSES);
    }
    return (t->rank == 4 && t->shape[0] == pictures &&
            (t->shape[1] == package->class_count || single) && grid_side_fits(t->shape[2]) &&
            grid_side_fits(t->shape[3])) ||
           fail(l->err, ERR_UNSUPPORTED, "model %s: for semantic segmentation its output has to "
                "be [batch, %d, height, width], a score for each class of each pixel, but it has "
                "%d dimensions%s", package->id, package->class_count, t->rank,
                t->rank == 4 ? " of other sizes" : "");
}

/* As TensorFlow has it, the scores of a pixel lie together: they are laid out by class. */
static bool by_class(Arena *arena, int classes, Tensor *t, Error *err)
{
    size_t pixels, count;
    float *planes;

    if (t->rank != 4 || t->shape[3] != classes || t->shape[1] == classes ||
        !grid_side_fits(t->shape[1]) || !grid_side_fits(t->shape[2])) {
        return true;
    }
    count  = (size_t)classes;
    pixels = (size_t)(t->shape[1] * t->shape[2]);
    planes = arena_array(arena, float, MAX((size_t)t->shape[0] * pixels * count, 1));
    if (!planes) {
        return fail(err, ERR_MEMORY, "no memory for the classes of pixels");
    }
    for (size_t i = 0; i < (size_t)t->shape[0] * pixels; i++) {
        float *out = planes + i / pixels * pixels * count + i % pixels;

        for (size_t c = 0; c < count; c++) {
            out[c * pixels] = t->data[i * count + c];
        }
    }
    *t = (Tensor){ 4, { t->shape[0], classes, t->shape[1], t->shape[2] }, planes };
    return true;
}

/* Two gray pictures, all background. */
static bool make_masks(const Looking *l, const Image *image, ClassMasks *out)
{
    Image **masks[] = { &out->classes, &out->confidences };

    for (int i = 0; i < 2; i++) {
        Image *mask = image_new(image_width(image), image_height(image), 1, TEXT("mask"), l->err);

        *masks[i] = mask ? image_keep(l->arena, mask) : NULL;
        if (!mask) {
            return false;
        }
        if (!*masks[i]) {
            return fail(l->err, ERR_MEMORY, "no memory for the classes of pixels");
        }
        for (int y = 0; y < image_height(mask); y++) {
            memset(image_edit(mask) + (size_t)y * image_stride(mask),
                   i == 0 ? l->choice.background : 0, (size_t)image_width(mask));
        }
    }
    return true;
}

static bool look(const Looking *l, const Image *image, int i, ClassMasks *out)
{
    const Preprocess *how = &l->model->how;
    const Tensor     *t   = l->scores;
    Size              input = preprocess_size(how, image, l->off);
    PictureFit        fit = preprocess_fit(how, true, image, l->off, input);
    Grid              grid = grid_of(&fit, input, (int)t->shape[3], (int)t->shape[2]);
    size_t            one = (size_t)(t->shape[1] * t->shape[2] * t->shape[3]);
    Axis              across, down;
    ClassScores       scores = { t->data + (size_t)i * one, (int)t->shape[1], grid.width,
                                 grid.height, grid.left, grid.top, &across, &down };

    if (!make_masks(l, image, out)) {
        return false;
    }
    if (grid.columns < 1 || grid.rows < 1) {
        return true;
    }
    if (!grid_axes(l->arena, &grid, fit.part, &across, &down)) {
        return fail(l->err, ERR_MEMORY, "no memory for the classes of pixels");
    }

    size_t stride = image_stride(out->classes);
    size_t offset = (size_t)fit.crop_y * stride + (size_t)fit.crop_x;

    return class_map(l->arena, &scores, l->choice, l->cancel, image_edit(out->classes) + offset,
                     image_edit(out->confidences) + offset, stride, l->err);
}

bool model_segment_classes(Model *model, Arena *arena, Image *const images[], int count,
                           PreprocessOff off, double confidence, const Cancel *cancel,
                           ClassMasks *masks, Error *err)
{
    ModelOutputs outputs;
    int          background = background_of(model->package);
    Looking      l = { model, arena, cancel, off, &outputs.tensors[0],
                       { (float)(isnan(confidence) ? default_confidence : confidence),
                         background }, err };

    if (model->package->task != TASK_SEMANTIC_SEGMENTATION) {
        return fail(err, ERR_INVALID, "model %s is for %s, not for semantic segmentation",
                    model->package->id, task_name(model->package->task));
    }
    if (background < 0) {
        return fail(err, ERR_UNSUPPORTED, "model %s: none of its classes is called 'background', "
                    "which pixels of no class need", model->package->id);
    }
    if (!model_run(model, arena, images, count, off, cancel, &outputs, err) ||
        !by_class(arena, model->package->class_count, &outputs.tensors[0], err) ||
        !scores_fit(&l, count)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        if (!look(&l, images[i], i, &masks[i])) {
            return false;
        }
    }
    return true;
}
