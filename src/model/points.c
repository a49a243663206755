/*
 * points - from pictures to boxes and key points.
 */
#include "model/points.h"

#include <math.h>

#include "model/detect_inside.h"

/* Numbers a point has. */
static int point_numbers(const Package *package)
{
    return package->point_numbers == 2 ? 2 : 3;
}

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
    const int numbers = point_numbers(package);

    for (size_t h = 0; h < COUNT_OF(heads); h++) {
        for (int side = boxes->rank - 2; side < boxes->rank; side++) {
            int64_t more = boxes->shape[side] - heads[h];

            if (more > 0 && more % numbers == 0 &&
                more / numbers <= LIMIT_KEYPOINT_SLOTS)
                return (int)(more / numbers);
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

static FoundPoint bring_back(const PictureFit *fit, double at_x, double at_y, float confidence)
{
    double x = (at_x - fit->left) / fit->scale_x + fit->crop_x;
    double y = (at_y - fit->top) / fit->scale_y + fit->crop_y;

    return (FoundPoint){ (float)rint(isfinite(x) ? x : 0), (float)rint(isfinite(y) ? y : 0),
                         confidence };
}

static bool find_one(const Detecting *d, const Image *image, int i, Found *found)
{
    Size        size  = preprocess_size(&d->model->how, image, d->off);
    PictureFit  fit   = preprocess_fit(&d->model->how, true, image, d->off, size);
    int         each  = point_numbers(d->model->package);
    int         slots = d->extra / each;
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
        for (int slot = 0; slot < slots; slot++) {
            const float *at = extra + (size_t)slot * (size_t)each;

            points[(size_t)k * (size_t)slots + (size_t)slot] =
                bring_back(&fit, (double)at[0], (double)at[1], each == 3 ? at[2] : 1);
        }
        detect_bring_back(&found->items[k], &fit, image, true);
    }
    found->points = points;
    found->slots  = slots;
    return true;
}

/* One object fills what the network sees of the picture, and is sure. */
static bool find_whole(const Detecting *d, const Image *image, int i, Found *found)
{
    const Tensor *t    = &d->outputs->tensors[0];
    Size          size = preprocess_size(&d->model->how, image, d->off);
    PictureFit    fit  = preprocess_fit(&d->model->how, true, image, d->off, size);
    FoundPoint   *points = arena_array(d->arena, FoundPoint, d->extra / 2);
    Proposal     *box  = arena_new(d->arena, Proposal);
    bool          kept = detect_is_wanted(d->model->package, d->options, 0) &&
                         d->options->most > 0 &&
                         detect_threshold(d->model->package, d->options) <= 1;

    if (!points)
        return fail(d->err, ERR_MEMORY, "no memory for key points");
    for (int slot = 0; slot < d->extra / 2; slot++) {
        const float *at = t->data + (size_t)i * (size_t)d->extra + 2 * (size_t)slot;

        points[slot] = bring_back(&fit, (double)at[0] * size.width, (double)at[1] * size.height,
                                  1);
    }
    *box = (Proposal){ 0, 0, (float)size.width, (float)size.height, 1, 0, 0 };
    detect_bring_back(box, &fit, image, true);
    *found = (Found){ .items = box, .count = kept, .points = points, .slots = d->extra / 2,
                      .layout = BOXES_POINTS };
    return true;
}

/* A row of coordinates a picture. */
static bool find_wholes(Detecting *d, Image *const images[], Found *found)
{
    const Tensor *t = &d->outputs->tensors[0];
    int64_t       numbers = t->rank >= 2 && t->shape[0] == d->pictures ? 1 : 0;

    for (int i = 1; i < t->rank; i++)
        if (__builtin_mul_overflow(numbers, t->shape[i], &numbers))
            numbers = 0;
    if (numbers < 2 || numbers % 2 != 0 || numbers / 2 > LIMIT_KEYPOINT_SLOTS ||
        d->model->package->class_count < 1)
        return fail(d->err, ERR_UNSUPPORTED, "model %s states the layout 'points', but its output "
                    "is no row of x and y for at most %d points a picture",
                    d->model->package->id, LIMIT_KEYPOINT_SLOTS);
    d->extra = (int)numbers;
    for (int i = 0; i < d->pictures; i++)
        if (!find_whole(d, images[i], i, &found[i]))
            return false;
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
    if (package->layout == BOXES_POINTS)
        return find_wholes(&d, images, found);
    d.extra = point_numbers(package) * slots_of(package, &outputs);
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
