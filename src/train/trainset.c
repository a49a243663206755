/*
 * trainset - a data set as training sees it.
 */
#include "train/trainset.h"

#include "train/cross.h"

static bool no_memory(const DataSet *set, Error *err)
{
    return fail(err, ERR_MEMORY, "%s: there is no memory for %d pictures", set->folder,
                set->picture_count);
}

/* ---- remarks ------------------------------------------------------------------------ */

static bool begin_remarks(Arena *arena, TrainSet *t, const DataSet *set)
{
    t->remark_capacity = LIMIT_REMARKS + set->remark_count;
    t->remarks         = arena_array(arena, DataRemark, t->remark_capacity);
    if (!t->remarks)
        return false;
    if (set->remark_count > 0)
        memcpy(t->remarks, set->remarks, (size_t)set->remark_count * sizeof *t->remarks);
    t->remark_count = set->remark_count;
    return true;
}

static void remark(TrainSet *t, Text name, Text reason)
{
    if (t->remark_count < t->remark_capacity)
        t->remarks[t->remark_count++] = (DataRemark){ name, reason };
}

/* ---- splits -------------------------------------------------------------------------- */

/* Pictures as examples, so that stratify() can be asked. */
static Example *examples_of(Arena *arena, const DataSet *set)
{
    Example *examples = arena_array(arena, Example, set->picture_count + 1);

    for (int i = 0; examples && i < set->picture_count; i++)
        examples[i] = (Example){ set->pictures[i].labels, set->pictures[i].label_count };
    return examples;
}

/* Take some of the pictures to learn from as those that tell when to stop. */
static bool choose_valid(Arena *arena, TrainSet *t, int percent, uint64_t seed, Error *err)
{
    Examples examples = { .items = examples_of(arena, t->set), .count = t->picture_count,
                          .class_count = t->set->class_count };
    double   shares[] = { 1 - percent / 100.0, percent / 100.0 };
    int     *rows     = arena_array(arena, int, t->picture_count + 1);
    int      count    = 0;

    if (!examples.items || !rows)
        return no_memory(t->set, err);
    for (int i = 0; i < t->picture_count; i++) {
        if (t->splits[i] == SPLIT_TRAIN)
            rows[count++] = i;
    }

    int *part = stratify(arena, &examples, (Rows){ rows, count }, shares, 2, seed, err);
    for (int i = 0; part && i < count; i++) {
        if (part[i] == 1)
            t->splits[rows[i]] = SPLIT_VALID;
    }
    t->chosen = true;
    return part;
}

/* A set that says nothing of splits is all there to learn from, but for the valid one;
 * pictures without a split beside others that have one are to learn from as well. */
static bool set_splits(Arena *arena, TrainSet *t, int percent, uint64_t seed, Error *err)
{
    for (int i = 0; i < t->picture_count; i++) {
        Split split = t->pictures[i]->split;

        t->splits[i] = split == SPLIT_NONE ? SPLIT_TRAIN : split;
    }
    if (dataset_split_count(t->set, SPLIT_VALID) > 0 || percent == 0)
        return true;
    return choose_valid(arena, t, percent, seed, err);
}

/* ---- classes -------------------------------------------------------------------------- */

/* New ids of the classes that have a picture to learn from; -1 for the others. */
static int *choose_classes(Arena *arena, TrainSet *t)
{
    const DataSet *set     = t->set;
    int           *new_id  = arena_array(arena, int, set->class_count + 1);
    Text          *classes = arena_array(arena, Text, set->class_count + 1);

    if (!new_id || !classes)
        return NULL;
    for (int i = 0; i < t->picture_count; i++) {
        for (int k = 0; k < t->pictures[i]->label_count && t->splits[i] == SPLIT_TRAIN; k++)
            new_id[t->pictures[i]->labels[k]] = 1;
    }
    for (int k = 0; k < set->class_count; k++) {
        if (new_id[k] == 0)
            remark(t, set->classes[k], TEXT("a class without a picture to learn from"));
        new_id[k] = new_id[k] ? t->class_count : -1;
        if (new_id[k] >= 0)
            classes[t->class_count++] = set->classes[k];
    }
    t->classes = classes;
    return new_id;
}

/* Labels by the new ids.  A picture whose only class cannot be learnt is left out: it gets
 * no split. */
static bool set_labels(Arena *arena, TrainSet *t, const int *new_id)
{
    Example *labels = arena_array(arena, Example, t->picture_count + 1);

    for (int i = 0; labels && i < t->picture_count; i++) {
        const DataPicture *picture = t->pictures[i];
        int               *ids     = arena_array(arena, int, picture->label_count + 1);
        int                count   = 0;

        if (!ids)
            return false;
        for (int k = 0; k < picture->label_count; k++) {
            if (new_id[picture->labels[k]] >= 0)
                ids[count++] = new_id[picture->labels[k]];
        }
        labels[i] = (Example){ ids, count };
        if (t->set->kind == DATA_SINGLE_LABEL && count == 0) {
            remark(t, picture->name, TEXT("its class has no picture to learn from"));
            t->splits[i] = SPLIT_NONE;
        }
    }
    t->labels = labels;
    return labels;
}

static int split_size(const TrainSet *t, Split split)
{
    int count = 0;

    for (int i = 0; i < t->picture_count; i++)
        count += t->splits[i] == split;
    return count;
}

static bool check_classes(const TrainSet *t, Error *err)
{
    const DataSet *set = t->set;

    if (set->kind == DATA_BOXES)
        return fail(err, ERR_UNSUPPORTED, "%s holds boxes (%s); a classifier learns from classes "
                    "of whole pictures", set->folder, set->layout);
    if (split_size(t, SPLIT_TRAIN) < 2)
        return fail(err, ERR_INVALID, "%s: there %s to learn from; at least 2 are needed",
                    set->folder, split_size(t, SPLIT_TRAIN) == 1 ? "is only one picture"
                                                                 : "is no picture");
    if (set->kind == DATA_SINGLE_LABEL && t->class_count < 2)
        return fail(err, ERR_INVALID, "%s: only the class '%.*s' has pictures to learn from; "
                    "at least 2 classes are needed", set->folder, SHOW(t->classes[0]));
    if (t->class_count < 1)
        return fail(err, ERR_INVALID, "%s: no picture to learn from has a class", set->folder);
    return true;
}

TrainSet *trainset_make(Arena *arena, const DataSet *set, int valid_percent, uint64_t seed,
                        Error *err)
{
    TrainSet           *t        = arena_new(arena, TrainSet);
    const DataPicture **pictures = arena_array(arena, const DataPicture *, set->picture_count + 1);

    *t = (TrainSet){ .set = set, .pictures = pictures, .picture_count = set->picture_count,
                     .splits = arena_array(arena, Split, set->picture_count + 1) };
    if (!pictures || !t->splits || !begin_remarks(arena, t, set)) {
        no_memory(set, err);
        return NULL;
    }
    for (int i = 0; i < set->picture_count; i++)
        pictures[i] = &set->pictures[i];
    if (!set_splits(arena, t, valid_percent, seed, err))
        return NULL;

    int *new_id = choose_classes(arena, t);
    if (!new_id || !set_labels(arena, t, new_id)) {
        no_memory(set, err);
        return NULL;
    }
    return check_classes(t, err) ? t : NULL;
}

/* ---- lessons --------------------------------------------------------------------------- */

/* How much each class counts, so that all count alike: as scikit-learn's "balanced", for
 * one of several classes a picture against the pictures without it. */
static float *balance_classes(Arena *arena, const Lessons *lessons)
{
    const Examples *examples = &lessons->examples;
    float          *weights  = arena_array(arena, float, examples->class_count + 1);
    int             total    = lessons->train.count;

    for (int i = 0; weights && i < total; i++) {
        const Example *example = &examples->items[lessons->train.items[i]];

        for (int k = 0; k < example->label_count; k++)
            weights[example->labels[k]] += 1;
    }
    for (int k = 0; weights && k < examples->class_count; k++) {
        float count = MAX(weights[k], 1);

        weights[k] = examples->multi ? MAX((float)total - count, 1) / count
                                     : (float)total / ((float)examples->class_count * count);
    }
    return weights;
}

/* Classes that lost their last picture with those that cannot be read. */
static bool check_lessons(const TrainSet *t, const Lessons *lessons, Error *err)
{
    int *counts = calloc((size_t)t->class_count + 1, sizeof *counts), left = 0;

    if (!counts)
        return no_memory(t->set, err);
    for (int i = 0; i < lessons->train.count; i++) {
        const Example *example = &lessons->examples.items[lessons->train.items[i]];

        for (int k = 0; k < example->label_count; k++)
            left += counts[example->labels[k]]++ == 0;
    }
    free(counts);
    if (lessons->train.count < 2)
        return fail(err, ERR_INVALID, "%s: only %d picture%s to learn from can be read",
                    t->set->folder, lessons->train.count, lessons->train.count == 1 ? "" : "s");
    if (left < t->class_count)
        return fail(err, ERR_INVALID, "%s: %d of %d classes have no picture to learn from that can "
                    "be read; remove them or repair their pictures", t->set->folder,
                    t->class_count - left, t->class_count);
    return true;
}

static void add_row(Rows *rows, int row)
{
    ((int *)rows->items)[rows->count++] = row;
}

static void sort_rows(TrainSet *t, const Features *features, Lessons *lessons, Example *items)
{
    int per_picture = 1 + features->copies;

    for (int i = 0; i < t->picture_count; i++) {
        int first = i * per_picture;

        for (int copy = 0; copy < per_picture; copy++)
            items[first + copy] = t->labels[i];
        if (!features->readable[i]) {
            if (t->splits[i] != SPLIT_NONE)
                remark(t, t->pictures[i]->name, features->reasons[i]);
            continue;
        }
        if (t->splits[i] == SPLIT_TRAIN)
            add_row(&lessons->train, first);
        if (t->splits[i] == SPLIT_VALID)
            add_row(&lessons->valid, first);
        if (t->splits[i] == SPLIT_TEST)
            add_row(&lessons->test, first);
        for (int copy = 0; copy < per_picture && t->splits[i] == SPLIT_TRAIN; copy++)
            add_row(&lessons->train_all, first + copy);
    }
}

bool lessons_make(Arena *arena, TrainSet *t, const Features *features, bool balance,
                  Lessons *lessons, Error *err)
{
    int64_t  rows  = (int64_t)t->picture_count * (1 + features->copies);
    Example *items = rows < INT32_MAX ? arena_array(arena, Example, rows + 1) : NULL;
    int     *room  = arena_array(arena, int, 3 * (int64_t)t->picture_count + rows + 4);

    if (!items || !room)
        return no_memory(t->set, err);
    *lessons = (Lessons){
        .examples = { .features = features->rows, .items = items, .count = (int)rows,
                      .feature_count = features->feature_count, .class_count = t->class_count,
                      .multi = t->set->kind == DATA_MULTI_LABEL },
        .train = { room, 0 }, .valid = { room + t->picture_count, 0 },
        .test = { room + 2 * t->picture_count, 0 },
        .train_all = { room + 3 * (size_t)t->picture_count, 0 },
        .per_picture = 1 + features->copies,
    };
    sort_rows(t, features, lessons, items);
    if (!check_lessons(t, lessons, err))
        return false;
    if (balance)
        lessons->examples.class_weights = balance_classes(arena, lessons);
    return !balance || lessons->examples.class_weights || no_memory(t->set, err);
}
