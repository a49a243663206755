/*
 * evaluate_boxes - objects against the boxes of a set.
 */
#include <math.h>

#include "model/points.h"
#include "model/segment.h"
#include "train/evaluate_inside.h"

enum { MOST_OBJECTS = 300 };

double evaluate_iou(const Package *package)
{
    static const char *const newer[] = { "yolov8", "yolov9", "yolov1", "yolo1", "yolo2" };

    for (size_t i = 0; i < COUNT_OF(newer); i++) {
        if (text_starts(text_of(package->architecture), newer[i])) {
            return 0.7;
        }
    }
    return 0.65;
}

bool boxes_begin(Walk *walk, int pictures, Error *err)
{
    size_t truths = 0;

    (void)pictures;
    for (int i = 0; i < walk->set->picture_count; i++) {
        truths += (size_t)walk->set->pictures[i].box_count;
    }
    walk->truths = arena_array(walk->arena, TrueBox, truths + 1);
    return walk->truths || fail(err, ERR_MEMORY, "no memory for %zu boxes", truths);
}

/* ---- one batch ------------------------------------------------------------------------- */

static void add_truths(Walk *walk, const DataPicture *picture, int place)
{
    for (int i = 0; i < picture->box_count; i++) {
        const DataBox *box = &picture->boxes[i];

        walk->truths[walk->truth_count++] = (TrueBox){
            .box  = { box->x_min, box->y_min, box->x_max, box->y_max },
            .area = box->area, .picture = place, .class_id = box->class_id, .crowd = box->crowd,
        };
    }
}

static bool make_room(Walk *walk, size_t more, Error *err)
{
    size_t    room = walk->found_capacity * 2 + 4096 + more;
    FoundBox *moved;

    if (walk->found_count + more <= walk->found_capacity) {
        return true;
    }
    if (walk->found_count + more > LIMIT_DATASET_BOXES) {
        return fail(err, ERR_TOO_LARGE, "more than %d objects are found; a higher --confidence "
                    "gives fewer", LIMIT_DATASET_BOXES);
    }
    moved = arena_array(walk->arena, FoundBox, room);
    if (!moved) {
        return fail(err, ERR_MEMORY, "no memory for %zu objects", room);
    }
    if (walk->found_count > 0) {
        memcpy(moved, walk->found, walk->found_count * sizeof(*moved));
    }
    walk->found          = moved;
    walk->found_capacity = room;
    return true;
}

static bool add_found(Walk *walk, const Found *found, int place, Error *err)
{
    if (!make_room(walk, (size_t)found->count, err)) {
        return false;
    }
    for (int i = 0; i < found->count; i++) {
        const Proposal *one      = &found->items[i];
        int             class_id = walk->set_class[one->class_id];

        if (class_id >= 0 && isfinite(one->score)) {
            walk->found[walk->found_count++] = (FoundBox){
                .box   = { one->x1, one->y1, one->x2, one->y2 },
                .score = one->score, .picture = place, .class_id = class_id,
            };
        }
    }
    return true;
}

static bool detect(const Walk *walk, Arena *scratch, const Batch *batch, Found *found, Error *err)
{
    DetectOptions options = { .confidence = walk->options->confidence, .iou = walk->options->iou,
                              .most = MOST_OBJECTS, .measuring = true };
    PreprocessOff off = { .contrast = false };

    switch (model_package(walk->model)->task) {
    case TASK_INSTANCE_SEGMENTATION:
        return model_segment(walk->model, scratch, batch->images, batch->count, off, &options,
                             (MaskReduction){ false, 1 }, walk->cancel, found, err);
    case TASK_KEYPOINTS:
        return model_find_points(walk->model, scratch, batch->images, batch->count, off, &options,
                                 walk->cancel, found, err);
    default:
        return model_detect(walk->model, scratch, batch->images, batch->count, off, &options,
                            walk->cancel, found, err);
    }
}

bool boxes_ask(Walk *walk, Arena *scratch, const Batch *batch, Error *err)
{
    Found found[LIMIT_BATCH];

    if (!detect(walk, scratch, batch, found, err)) {
        return false;
    }
    for (int i = 0; i < batch->count; i++) {
        add_truths(walk, batch->pictures[i], batch->first + i);
        if (!add_found(walk, &found[i], batch->first + i, err)) {
            return false;
        }
    }
    return true;
}

/* ---- the figures ------------------------------------------------------------------------ */

static bool measure_rates(Walk *walk, Error *err)
{
    Evaluation *out   = walk->out;
    ScoreList  *lists = arena_array(walk->arena, ScoreList, out->class_count + 1);

    out->rates  = arena_array(walk->arena, ClassRates, out->class_count + 1);
    out->curves = arena_new(walk->arena, RateCurves);
    if (!lists || !out->rates) {
        return fail(err, ERR_MEMORY, "no memory for the figures of %d classes", out->class_count);
    }
    for (int i = 0; i < out->class_count; i++) {
        lists[i] = out->precisions[i].at50;
        out->object_count += out->precisions[i].truths;
    }
    score_lists_curves(lists, out->class_count, out->curves);
    out->threshold = isnan(walk->options->threshold) ? curves_best_threshold(out->curves)
                                                     : walk->options->threshold;
    for (int i = 0; i < out->class_count; i++) {
        out->rates[i] = (ClassRates){ out->precisions[i].truths,
                                      score_list_rates(&lists[i], out->threshold) };
    }
    evaluate_means(out);
    return true;
}

bool boxes_end(Walk *walk, Error *err)
{
    Evaluation *out = walk->out;

    out->boxes      = (BoxSet){ walk->truths, walk->truth_count, walk->found, walk->found_count,
                                out->class_count };
    out->precisions = arena_array(walk->arena, ClassPrecision, out->class_count + 1);
    if (!out->precisions) {
        return fail(err, ERR_MEMORY, "no memory for the figures of %d classes", out->class_count);
    }
    if (!average_precision(walk->arena, &out->boxes, walk->cancel, out->precisions, err) ||
        !measure_rates(walk, err)) {
        return false;
    }
    out->mean = mean_precision(out->precisions, out->class_count);
    return confusion_boxes(walk->arena, &out->boxes, out->threshold, walk->cancel,
                           &out->confusion, err);
}
