/*
 * evaluate_labels - scores of classes against the labels of a set.
 */
#include <math.h>

#include "train/evaluate_inside.h"

static const PreprocessOff nothing_off = { .contrast = false };

/* ---- one class a picture ----------------------------------------------------------------- */

bool label_begin(Walk *walk, int pictures, Error *err)
{
    walk->pairs = arena_array(walk->arena, ConfusionPair, pictures + 1);
    return walk->pairs || fail(err, ERR_MEMORY, "no memory for %d pictures", pictures);
}

/* Of the classes that the set has: the best, and how many are better than the true one. */
static void judge(Walk *walk, const float *scores, int truth)
{
    const Package *package = model_package(walk->model);
    int            best = -1, known = -1, better = 0;

    for (int i = 0; i < package->class_count; i++) {
        if (walk->set_class[i] >= 0 && (best < 0 || scores[i] > scores[best])) {
            best = i;
        }
        known = walk->set_class[i] == truth ? i : known;
    }
    for (int i = 0; known >= 0 && i < package->class_count; i++) {
        better += walk->set_class[i] >= 0 && (scores[i] > scores[known] ||
                                              (scores[i] == scores[known] && i < known));
    }
    walk->top5 += known >= 0 && better < 5;
    walk->pairs[walk->pair_count++] = (ConfusionPair){ truth, walk->set_class[best] };
}

bool label_ask(Walk *walk, Arena *scratch, const Batch *batch, Error *err)
{
    int          classes = model_package(walk->model)->class_count;
    const float *scores  = model_classify(walk->model, scratch, batch->images, batch->count,
                                          nothing_off, walk->cancel, err);

    for (int i = 0; scores && i < batch->count; i++) {
        if (batch->pictures[i]->label_count > 0) {
            judge(walk, scores + (size_t)i * (size_t)classes, batch->pictures[i]->labels[0]);
        }
    }
    return scores != NULL;
}

bool label_end(Walk *walk, Error *err)
{
    Evaluation *out = walk->out;
    Accuracy    accuracy;

    if (!confusion_count(walk->arena, walk->pairs, walk->pair_count, out->class_count, false,
                         &out->confusion, err) ||
        !confusion_accuracy(walk->arena, &out->confusion, &accuracy, err)) {
        return false;
    }
    out->rates        = accuracy.classes;
    out->object_count = accuracy.total;
    out->accuracy     = accuracy.accuracy;
    out->top5         = out->class_count > 5 && walk->pair_count > 0
                        ? (double)walk->top5 / (double)walk->pair_count : NAN;
    evaluate_means(out);
    return true;
}

/* ---- several classes a picture -------------------------------------------------------------- */

bool labels_begin(Walk *walk, int pictures, Error *err)
{
    size_t classes = (size_t)walk->out->class_count, all;

    if (__builtin_mul_overflow(classes, (size_t)pictures, &all)) {
        return fail(err, ERR_TOO_LARGE, "too many pictures and classes");
    }
    walk->room   = pictures;
    walk->scores = arena_array(walk->arena, float, all + 1);
    walk->labels = arena_array(walk->arena, uint8_t, all + 1);
    if (!walk->scores || !walk->labels) {
        return fail(err, ERR_MEMORY, "no memory for %d pictures of %zu classes", pictures,
                    classes);
    }
    for (size_t i = 0; i < all; i++) {
        walk->scores[i] = NAN;
    }
    return true;
}

bool labels_ask(Walk *walk, Arena *scratch, const Batch *batch, Error *err)
{
    int          classes = model_package(walk->model)->class_count;
    const float *scores  = model_classify(walk->model, scratch, batch->images, batch->count,
                                          nothing_off, walk->cancel, err);

    for (int i = 0; scores && i < batch->count; i++) {
        const DataPicture *picture = batch->pictures[i];
        size_t             place   = (size_t)(batch->first + i);

        for (int k = 0; k < classes; k++) {
            if (walk->set_class[k] >= 0) {
                walk->scores[(size_t)walk->set_class[k] * (size_t)walk->room + place] =
                    scores[(size_t)i * (size_t)classes + (size_t)k];
            }
        }
        for (int k = 0; k < picture->label_count; k++) {
            walk->labels[(size_t)picture->labels[k] * (size_t)walk->room + place] = 1;
        }
    }
    return scores != NULL;
}

typedef struct Scored {
    float   score;
    uint8_t right;
} Scored;

static int by_score(const void *left, const void *right)
{
    const Scored *a = left, *b = right;

    return (a->score < b->score) - (a->score > b->score);
}

/* One class's answers in order.  A class that the model does not know has none. */
static bool list_class(Walk *walk, int class_id, Scored *sorted, ScoreList *list, Error *err)
{
    size_t       count = (size_t)walk->out->picture_count, kept = 0;
    const float *row   = walk->scores + (size_t)class_id * (size_t)walk->room;
    const uint8_t *labels = walk->labels + (size_t)class_id * (size_t)walk->room;
    double      *scores = arena_array(walk->arena, double, count + 1);
    uint8_t     *right  = arena_array(walk->arena, uint8_t, count + 1);

    if (!scores || !right) {
        return fail(err, ERR_MEMORY, "no memory for the scores of %zu pictures", count);
    }
    *list = (ScoreList){ .scores = scores, .right = right };
    for (size_t i = 0; i < count; i++) {
        list->positives += labels[i];
        if (!isnan(row[i])) {
            sorted[kept++] = (Scored){ row[i], labels[i] };
        }
    }
    if (kept > 1) {
        qsort(sorted, kept, sizeof(*sorted), by_score);
    }
    for (size_t i = 0; i < kept; i++) {
        scores[i] = sorted[i].score;
        right[i]  = sorted[i].right;
    }
    list->count = kept;
    return true;
}

/* The share of pictures of which all classes are told rightly. */
static double exact_match(const Walk *walk)
{
    int exact = 0, count = walk->out->picture_count;

    for (int i = 0; i < count; i++) {
        bool right = true;

        for (int k = 0; k < walk->out->class_count && right; k++) {
            size_t at = (size_t)k * (size_t)walk->room + (size_t)i;

            right = (walk->scores[at] >= walk->out->threshold) == (walk->labels[at] != 0);
        }
        exact += right;
    }
    return (double)exact / count;
}

static void sum_up(Walk *walk, const ScoreList *lists)
{
    Evaluation *out = walk->out;
    double      sum = 0;
    int         with = 0;

    score_lists_curves(lists, out->class_count, out->curves);
    out->threshold = isnan(walk->options->threshold) ? 0.5 : walk->options->threshold;
    for (int i = 0; i < out->class_count; i++) {
        out->average[i] = score_list_average_precision(&lists[i]);
        out->rates[i]   = (ClassRates){ lists[i].positives,
                                        score_list_rates(&lists[i], out->threshold) };
        out->object_count += lists[i].positives;
        if (!isnan(out->average[i])) {
            sum += out->average[i];
            with++;
        }
    }
    out->mean_average = with > 0 ? sum / with : NAN;
    out->accuracy     = exact_match(walk);
    evaluate_means(out);
}

bool labels_end(Walk *walk, Error *err)
{
    Evaluation *out    = walk->out;
    ScoreList  *lists  = arena_array(walk->arena, ScoreList, out->class_count + 1);
    Scored     *sorted = arena_array(walk->arena, Scored, out->picture_count + 1);

    out->average = arena_array(walk->arena, double, out->class_count + 1);
    out->rates   = arena_array(walk->arena, ClassRates, out->class_count + 1);
    out->curves  = arena_new(walk->arena, RateCurves);
    if (!lists || !sorted || !out->average || !out->rates) {
        return fail(err, ERR_MEMORY, "no memory for the figures of %d classes", out->class_count);
    }
    for (int i = 0; i < out->class_count; i++) {
        if (!list_class(walk, i, sorted, &lists[i], err)) {
            return false;
        }
    }
    sum_up(walk, lists);
    return true;
}
