/*
 * evaluate - pictures, classes, batches.
 */
#include <math.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/map.h"
#include "base/text.h"
#include "train/evaluate_inside.h"

typedef struct Kind {
    const char *needs;        /* for an error: the tasks of models */
    bool (*begin)(Walk *walk, int pictures, Error *err);
    bool (*ask)(Walk *walk, Arena *scratch, const Batch *batch, Error *err);
    bool (*end)(Walk *walk, Error *err);
} Kind;

static const Kind kinds[] = {
    [DATA_SINGLE_LABEL] = { "classification", label_begin, label_ask, label_end },
    [DATA_MULTI_LABEL]  = { "multi-label-classification", labels_begin, labels_ask, labels_end },
    [DATA_BOXES]        = { "object-detection, instance-segmentation or keypoint-detection",
                            boxes_begin, boxes_ask, boxes_end },
};

int evaluate_split(const DataSet *set)
{
    return dataset_split_count(set, SPLIT_TEST) > 0 ? SPLIT_TEST
           : dataset_split_count(set, SPLIT_VALID) > 0 ? SPLIT_VALID : SPLIT_ALL;
}

void evaluate_means(Evaluation *out)
{
    double precision = 0, recall = 0, f1 = 0;
    int    count = 0;

    for (int i = 0; i < out->class_count; i++) {
        if (out->rates[i].support > 0) {
            precision += out->rates[i].rates.precision;
            recall    += out->rates[i].rates.recall;
            f1        += out->rates[i].rates.f1;
            count++;
        }
    }
    out->precision = count > 0 ? precision / count : NAN;
    out->recall    = count > 0 ? recall / count : NAN;
    out->f1        = count > 0 ? f1 / count : NAN;
}

/* ---- classes -------------------------------------------------------------------------- */

static bool is_for(Task task, DataKind kind)
{
    switch (kind) {
    case DATA_SINGLE_LABEL:
        return task == TASK_CLASSIFICATION;
    case DATA_MULTI_LABEL:
        return task == TASK_MULTI_LABEL;
    default:
        return task == TASK_DETECTION || task == TASK_INSTANCE_SEGMENTATION ||
               task == TASK_KEYPOINTS;
    }
}

/* A name as it is compared. */
static Text plain_name(Arena *arena, Text name)
{
    Buffer lower;
    Text   text;

    buffer_init(&lower, 4 * LIMIT_CLASS_NAME);
    text_lower(&lower, name);
    text = lower.failed ? name : arena_text(arena, (Text){ lower.data ? lower.data : "",
                                                           lower.length });
    buffer_fini(&lower);
    return text;
}

/* Classes by their plain names; of equal ones the first. */
static void map_names(Map *map, Arena *arena, const Text *names, int count)
{
    map_init(map, arena);
    for (int i = 0; i < count; i++) {
        Text name = plain_name(arena, names[i]);

        if (!map_get(map, name)) {
            map_put(map, name, (void *)(uintptr_t)(i + 1));
        }
    }
}

static int map_class(const Map *map, Arena *arena, Text name)
{
    return (int)(uintptr_t)map_get(map, plain_name(arena, name)) - 1;
}

/* The names of `from` that `map` lacks. */
static const Text *names_without(const Map *map, Arena *arena, const Text *from, int count,
                                 int *found)
{
    Text *names = arena_array(arena, Text, count + 1);

    *found = 0;
    for (int i = 0; names && i < count; i++) {
        if (map_class(map, arena, from[i]) < 0) {
            names[(*found)++] = from[i];
        }
    }
    return names;
}

static bool match_classes(Walk *walk, Error *err)
{
    const Package *package = model_package(walk->model);
    const DataSet *set     = walk->set;
    Evaluation    *out     = walk->out;
    int           *ids     = arena_array(walk->arena, int, package->class_count + 1);
    int            known   = 0;
    Map            of_set, of_model;

    map_names(&of_set, walk->arena, set->classes, set->class_count);
    map_names(&of_model, walk->arena, package->classes, package->class_count);
    out->unknown = names_without(&of_model, walk->arena, set->classes, set->class_count,
                                 &out->unknown_count);
    out->ignored = names_without(&of_set, walk->arena, package->classes, package->class_count,
                                 &out->ignored_count);
    if (!ids || !out->unknown || !out->ignored) {
        return fail(err, ERR_MEMORY, "no memory for the classes");
    }
    for (int i = 0; i < package->class_count; i++) {
        ids[i] = map_class(&of_set, walk->arena, package->classes[i]);
        known += ids[i] >= 0;
    }
    walk->set_class  = ids;
    out->classes     = set->classes;
    out->class_count = set->class_count;
    return known > 0 ||
           fail(err, ERR_INVALID, "model %s and the data set have no class in common: it knows "
                "'%.*s' ..., the set '%.*s' ...", package->id,
                SHOW(package->class_count > 0 ? package->classes[0] : TEXT("")),
                SHOW(set->class_count > 0 ? set->classes[0] : TEXT("")));
}

/* ---- pictures -------------------------------------------------------------------------- */

static bool is_chosen(const Walk *walk, const DataPicture *picture)
{
    return walk->options->split == SPLIT_ALL || walk->options->split == (int)picture->split;
}

static void remark(Walk *walk, const DataPicture *picture, const Error *why)
{
    if (walk->out->remark_count < LIMIT_REMARKS) {
        walk->remarks[walk->out->remark_count++] = (DataRemark){
            picture->name, arena_text(walk->arena, text_of(why->text))
        };
    }
}

/* Labels and picture are about the same thing only where their sizes agree; a label for
 * another size is scaled by whoever uses it, so this is only told. */
static void check_size(Walk *walk, const DataPicture *picture, const Image *image)
{
    Error why = { 0 };

    if (picture->width > 0 && picture->height > 0 &&
        (picture->width != image_width(image) || picture->height != image_height(image))) {
        fail(&why, ERR_INVALID, "its labels are for %d x %d pixels, but it has %d x %d",
             picture->width, picture->height, image_width(image), image_height(image));
        remark(walk, picture, &why);
    }
}

/* The next pictures that can be read, up to a batch; `at` moves on. */
static bool fill_batch(Walk *walk, Batch *batch, int *at, int most, Error *err)
{
    batch->first += batch->count;
    batch->count  = 0;
    for (; *at < walk->set->picture_count && batch->count < most; (*at)++) {
        const DataPicture *picture = &walk->set->pictures[*at];
        Error              why     = { 0 };
        Image             *image;

        if (!is_chosen(walk, picture)) {
            continue;
        }
        image = picture_open(picture, walk->cancel, &why);
        if (!image && !is_about_picture(why.kind)) {
            *err = why;
            return false;
        }
        if (image) {
            check_size(walk, picture, image);
            walk->out->pictures[batch->first + batch->count] = picture;
            batch->pictures[batch->count] = picture;
            batch->images[batch->count++] = image;
        } else {
            remark(walk, picture, &why);
            walk->out->unread_count++;
        }
    }
    return true;
}

static void drop_batch(Batch *batch)
{
    for (int i = 0; i < batch->count; i++) {
        image_unref(batch->images[i]);
    }
}

/* Batches of a few pictures: more would only take more memory. */
enum { BATCH = 8 };

static bool walk_pictures(Walk *walk, const Kind *kind, int count, Error *err)
{
    Batch batch = { .count = 0 };
    Arena scratch;
    bool  ok = true;

    arena_init(&scratch, LIMIT_RUN_MEMORY);
    for (int at = 0; ok && at < walk->set->picture_count;) {
        arena_reset(&scratch);
        ok = fill_batch(walk, &batch, &at, BATCH, err) && cancel_check(walk->cancel, err) &&
             (batch.count == 0 || kind->ask(walk, &scratch, &batch, err));
        if (ok && arena_failed(&scratch)) {
            ok = fail(err, ERR_MEMORY, "no memory for the answers of %d pictures", batch.count);
        }
        drop_batch(&batch);
        if (ok && walk->options->progress) {
            walk->options->progress(walk->options->context,
                                    batch.first + batch.count + walk->out->unread_count, count);
        }
    }
    walk->out->picture_count = batch.first + batch.count;
    arena_fini(&scratch);
    return ok;
}

static int count_pictures(const Walk *walk)
{
    int count = 0;

    for (int i = 0; i < walk->set->picture_count; i++) {
        count += is_chosen(walk, &walk->set->pictures[i]);
    }
    return count;
}

/* ---- all ------------------------------------------------------------------------------- */

static bool run_all(Walk *walk, Error *err)
{
    const Kind *kind  = &kinds[walk->set->kind];
    int         count = count_pictures(walk);
    int64_t     start = clock_now();

    if (count == 0) {
        return fail(err, ERR_INVALID, "%s: no picture belongs to the split '%s'",
                    walk->set->folder, split_name((Split)walk->options->split));
    }
    walk->remarks = arena_array(walk->arena, DataRemark, MIN(count, LIMIT_REMARKS));
    walk->out->pictures = arena_array(walk->arena, const DataPicture *, count);
    if (!walk->remarks || !walk->out->pictures) {
        return fail(err, ERR_MEMORY, "no memory for an evaluation");
    }
    walk->out->remarks = walk->remarks;
    if (!match_classes(walk, err) || !kind->begin(walk, count, err) ||
        !walk_pictures(walk, kind, count, err)) {
        return false;
    }
    walk->out->seconds = (double)(clock_now() - start) / 1e9;
    if (walk->out->picture_count == 0) {
        return fail(err, ERR_INVALID, "none of %d pictures can be read; %.*s: %.*s", count,
                    SHOW(walk->remarks[0].name), SHOW(walk->remarks[0].reason));
    }
    return kind->end(walk, err);
}

bool evaluate(Model *model, const DataSet *set, const EvaluateOptions *options, Arena *arena,
              const Cancel *cancel, Evaluation *out, Error *err)
{
    Walk walk = { .model = model, .set = set, .options = options, .arena = arena,
                  .cancel = cancel, .out = out };

    *out = (Evaluation){ .kind = set->kind, .threshold = NAN, .precision = NAN, .recall = NAN,
                         .f1 = NAN, .mean_average = NAN, .accuracy = NAN, .top5 = NAN };
    if (!is_for(model_package(model)->task, set->kind)) {
        return fail(err, ERR_INVALID, "model %s is for %s, but this data set (%s) is for models "
                    "of %s", model_package(model)->id, task_name(model_package(model)->task),
                    set->layout, kinds[set->kind].needs);
    }
    return run_all(&walk, err) &&
           (!arena_failed(arena) || fail(err, ERR_MEMORY, "no memory for an evaluation"));
}
