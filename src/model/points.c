/*
 * points - from pictures to boxes and key points.
 */
#include "model/points.h"

#include <math.h>

#include "model/detect_inside.h"

enum { POINT_NUMBERS = 3 };

/* Points an object, as the package names them; 0: it does not. */
static int named_slots(const Package *package)
{
    int slots = 0;

    for (int i = 0; package->key_points && i < package->class_count; i++)
        slots = MAX(slots, package->key_points[i].count);
    return slots;
}

/* Points an object that a side of the output has room for: behind a box and its scores, or
 * behind a finished box with its score and class; 0: neither. */
static int shown_slots(const Package *package, const Tensor *boxes)
{
    const int heads[] = { 4 + package->class_count, 6 };

    for (size_t h = 0; h < COUNT_OF(heads); h++) {
        for (int side = boxes->rank - 2; side < boxes->rank; side++) {
            int64_t more = boxes->shape[side] - heads[h];

            if (more > 0 && more % POINT_NUMBERS == 0 &&
                more / POINT_NUMBERS <= LIMIT_KEYPOINT_SLOTS)
                return (int)(more / POINT_NUMBERS);
        }
    }
    return 0;
}

/* Of a package that names points, those; else what the network's own shape tells. */
static int slots_of(const Package *package, const ModelOutputs *outputs)
{
    const Tensor *boxes = &outputs->tensors[0];
    int           slots = named_slots(package);

    return slots > 0 || boxes->rank < 2 ? slots : shown_slots(package, boxes);
}

static void bring_back(const PictureFit *fit, const float *numbers, FoundPoint *out)
{
    double x = (numbers[0] - fit->left) / fit->scale_x + fit->crop_x;
    double y = (numbers[1] - fit->top) / fit->scale_y + fit->crop_y;

    *out = (FoundPoint){ (float)rint(isfinite(x) ? x : 0), (float)rint(isfinite(y) ? y : 0),
                         numbers[2] };
}

static bool find_one(const Detecting *d, const Image *image, int i, Found *found)
{
    Size        size  = preprocess_size(&d->model->how, image, d->off);
    PictureFit  fit   = preprocess_fit(&d->model->how, true, image, d->off, size);
    int         slots = d->extra / POINT_NUMBERS;
    float      *extra = arena_array(d->arena, float, MAX(d->extra, 1));
    FoundPoint *points;
    Heads       heads;

    if (!extra || !detect_find(d, image, i, &heads, found))
        return extra || fail(d->err, ERR_MEMORY, "no memory for key points");
    points = arena_array(d->arena, FoundPoint, MAX((size_t)found->count * (size_t)slots, 1));
    if (!points)
        return fail(d->err, ERR_MEMORY, "no memory for %d x %d key points", found->count, slots);

    for (int k = 0; k < found->count; k++) {
        box_layout_extra(&heads.how, &heads.tensors[0], found->items[k].index, extra);
        for (int slot = 0; slot < slots; slot++)
            bring_back(&fit, extra + (size_t)slot * POINT_NUMBERS,
                       &points[(size_t)k * (size_t)slots + (size_t)slot]);
        detect_bring_back(&found->items[k], &fit, image, true);
    }
    found->points = points;
    found->slots  = slots;
    return true;
}

bool model_find_points(Model *model, Arena *arena, Image *const images[], int count,
                       PreprocessOff off, const DetectOptions *options, const Cancel *cancel,
                       Found *found, Error *err)
{
    const Package *package = model->package;
    ModelOutputs   outputs;
    Detecting      d = { model, arena, options, cancel, off, &outputs, count, 0, err };

    if (package->task != TASK_KEYPOINTS)
        return fail(err, ERR_INVALID, "model %s is for %s, not for key points", package->id,
                    task_name(package->task));
    if (!model_run(model, arena, images, count, off, cancel, &outputs, err))
        return false;
    d.extra = POINT_NUMBERS * slots_of(package, &outputs);
    if (d.extra == 0)
        return fail(err, ERR_UNSUPPORTED, "model %s: neither keypoints_metadata.json nor the shape "
                    "of the output tells how many key points an object has", package->id);
    for (int i = 0; i < count; i++)
        if (!(options->measuring ? detect_boxes(&d, images[i], i, &found[i])
                                 : find_one(&d, images[i], i, &found[i])))
            return false;
    return true;
}

Text point_name(const Package *package, Arena *arena, int class_id, int slot)
{
    const KeyPointNames *of = package->key_points ? &package->key_points[class_id] : NULL;

    return of && slot < of->count && of->names[slot].length > 0
         ? of->names[slot] : text_of(arena_printf(arena, "%d", slot));
}
