/*
 * average_precision - matching and interpolation.
 */
#include "vision/average_precision.h"

#include <math.h>

enum { CELLS = AREA_COUNT * AP_OVERLAPS };

/* Square pixels, both ends included. */
static const double area_ranges[AREA_COUNT][2] = {
    { 0, 1e10 }, { 0, 32 * 32 }, { 32 * 32, 96 * 96 }, { 96 * 96, 1e10 },
};

/* Spacing of doubles at 1: what keeps a precision without answers a number. */
static const double TINY = 2.220446049250313e-16;

/* As an evenly spaced list is computed, so that objects at the very border fall on the
 * same side as with others who compute it so. */
static double overlap_at(int i)
{
    return i == AP_OVERLAPS - 1 ? 0.95 : 0.5 + i * ((0.95 - 0.5) / 9);
}

/* A found object that takes part, and what became of it: a bit for each range of areas
 * and overlap. */
typedef struct Verdict {
    double   score;
    size_t   order;
    uint64_t right, left_out;
} Verdict;

/* The boxes of one class in one picture. */
typedef struct Scene {
    const TrueBox  **truths;
    size_t           truth_count;
    const FoundBox **found;          /* the surest first */
    size_t           found_count;
    double          *overlaps;       /* found x truths */
    uint8_t         *taken;          /* of each truth, by any */
    size_t          *sequence;       /* truths, those that count first */
} Scene;

/* ---- order --------------------------------------------------------------------- */

static int compare(double a, double b)
{
    return (a > b) - (a < b);
}

static int by_class_of_truth(const void *left, const void *right)
{
    const TrueBox *a = *(const TrueBox *const *)left, *b = *(const TrueBox *const *)right;

    if (a->class_id != b->class_id) {
        return a->class_id < b->class_id ? -1 : 1;
    }
    if (a->picture != b->picture) {
        return a->picture < b->picture ? -1 : 1;
    }
    return (a > b) - (a < b);
}

static int by_class_of_found(const void *left, const void *right)
{
    const FoundBox *a = *(const FoundBox *const *)left, *b = *(const FoundBox *const *)right;

    if (a->class_id != b->class_id) {
        return a->class_id < b->class_id ? -1 : 1;
    }
    if (a->picture != b->picture) {
        return a->picture < b->picture ? -1 : 1;
    }
    return a->score != b->score ? compare(b->score, a->score) : (a > b) - (a < b);
}

static int by_score(const void *left, const void *right)
{
    const Verdict *a = left, *b = right;

    return a->score != b->score ? compare(b->score, a->score)
                                : (a->order > b->order) - (a->order < b->order);
}

/* ---- one picture ----------------------------------------------------------------- */

static double overlap_of(const FoundBox *found, const TrueBox *truth)
{
    double both = box_intersection(found->box, truth->box);

    if (both <= 0) {
        return 0;
    }
    return both / (truth->crowd ? box_area(found->box)
                                : box_area(found->box) + box_area(truth->box) - both);
}

static bool is_outside(double area, int range)
{
    return area < area_ranges[range][0] || area > area_ranges[range][1];
}

static bool counts(const TrueBox *truth, int range)
{
    return !truth->crowd && !is_outside(truth->area, range);
}

/* The truth that a found object takes; `truth_count` for none.  Those that count are
 * preferred to those that do not, whatever their overlap. */
static size_t take(const Scene *scene, size_t found, size_t counted, double least)
{
    double best  = fmin(least, 1 - 1e-10);
    size_t taken = scene->truth_count;

    for (size_t i = 0; i < scene->truth_count; i++) {
        size_t truth   = scene->sequence[i];
        double overlap = scene->overlaps[found * scene->truth_count + truth];

        if (i == counted && taken != scene->truth_count) {
            break;
        }
        if ((scene->taken[truth] && !scene->truths[truth]->crowd) || overlap < best) {
            continue;
        }
        best  = overlap;
        taken = truth;
    }
    return taken;
}

static void judge(Scene *scene, Verdict *verdicts, int range, int overlap, size_t counted)
{
    uint64_t bit = (uint64_t)1 << (range * AP_OVERLAPS + overlap);

    memset(scene->taken, 0, scene->truth_count);
    for (size_t i = 0; i < scene->found_count; i++) {
        size_t truth = take(scene, i, counted, overlap_at(overlap));

        if (truth < scene->truth_count) {
            scene->taken[truth] = 1;
            verdicts[i].right |= bit;
            verdicts[i].left_out |= counts(scene->truths[truth], range) ? 0 : bit;
        } else if (is_outside(box_area(scene->found[i]->box), range)) {
            verdicts[i].left_out |= bit;
        }
    }
}

/* Truths in the order given, those that count first; returns how many they are. */
static size_t arrange(Scene *scene, int range)
{
    size_t counted = 0, at;

    for (size_t i = 0; i < scene->truth_count; i++) {
        if (counts(scene->truths[i], range)) {
            scene->sequence[counted++] = i;
        }
    }
    at = counted;
    for (size_t i = 0; i < scene->truth_count; i++) {
        if (!counts(scene->truths[i], range)) {
            scene->sequence[at++] = i;
        }
    }
    return counted;
}

static bool judge_scene(Arena *scratch, Scene *scene, Verdict *verdicts, Error *err)
{
    scene->overlaps = arena_array(scratch, double, scene->found_count * scene->truth_count + 1);
    scene->taken    = arena_array(scratch, uint8_t, scene->truth_count + 1);
    scene->sequence = arena_array(scratch, size_t, scene->truth_count + 1);
    if (!scene->overlaps || !scene->taken || !scene->sequence) {
        return fail(err, ERR_MEMORY, "no memory to match the %zu objects of a picture",
                    scene->truth_count);
    }
    for (size_t i = 0; i < scene->found_count; i++) {
        verdicts[i] = (Verdict){ .score = scene->found[i]->score };
        for (size_t k = 0; k < scene->truth_count; k++) {
            scene->overlaps[i * scene->truth_count + k] = overlap_of(scene->found[i],
                                                                     scene->truths[k]);
        }
    }
    for (int range = 0; range < AREA_COUNT; range++) {
        size_t counted = arrange(scene, range);

        for (int overlap = 0; overlap < AP_OVERLAPS; overlap++) {
            judge(scene, verdicts, range, overlap, counted);
        }
    }
    return true;
}

/* ---- one class -------------------------------------------------------------------- */

/* All boxes, by class and picture, and where the walk over them is. */
typedef struct Sorted {
    const TrueBox  **truths, **truths_end;
    const FoundBox **found, **found_end;
    Verdict         *verdicts;          /* room for all found */
    double          *recalls, *precisions;
} Sorted;

static size_t truths_run(const Sorted *s, int class_id, int picture)
{
    size_t count = 0;

    while (s->truths + count < s->truths_end && s->truths[count]->class_id == class_id &&
           s->truths[count]->picture == picture) {
        count++;
    }
    return count;
}

static size_t found_run(const Sorted *s, int class_id, int picture)
{
    size_t count = 0;

    while (s->found + count < s->found_end && s->found[count]->class_id == class_id &&
           s->found[count]->picture == picture) {
        count++;
    }
    return count;
}

/* The next picture with anything of the class; false after the last. */
static bool next_scene(Sorted *s, int class_id, Scene *scene)
{
    bool   truth = s->truths < s->truths_end && s->truths[0]->class_id == class_id;
    bool   found = s->found < s->found_end && s->found[0]->class_id == class_id;
    int    picture;
    size_t all;

    if (!truth && !found) {
        return false;
    }
    picture = !found ? s->truths[0]->picture : !truth ? s->found[0]->picture
                     : MIN(s->truths[0]->picture, s->found[0]->picture);
    all     = found_run(s, class_id, picture);
    *scene  = (Scene){ .truths = s->truths, .truth_count = truths_run(s, class_id, picture),
                       .found = s->found, .found_count = MIN(all, AP_MOST) };
    s->truths += scene->truth_count;
    s->found  += all;
    return true;
}

/* Precision and recall after each answer that counts; the precision of any later one, if
 * higher, counts instead.  Returns how many. */
static size_t trace(const Sorted *s, size_t count, int cell, int64_t positives)
{
    double right = 0, wrong = 0;
    size_t kept  = 0;

    for (size_t i = 0; i < count; i++) {
        const Verdict *verdict = &s->verdicts[i];

        if (verdict->left_out >> cell & 1) {
            continue;
        }
        if (verdict->right >> cell & 1) {
            right++;
        } else {
            wrong++;
        }
        s->recalls[kept]      = right / (double)positives;
        s->precisions[kept++] = right / (right + wrong + TINY);
    }
    for (size_t i = kept; i-- > 1;) {
        s->precisions[i - 1] = fmax(s->precisions[i - 1], s->precisions[i]);
    }
    return kept;
}

/* The mean of the precisions at 101 recalls; they go into `curve` where there is one. */
static double interpolate(const Sorted *s, size_t count, double *curve)
{
    double sum = 0;
    size_t at  = 0;

    for (int i = 0; i < AP_RECALLS; i++) {
        double wanted = i == AP_RECALLS - 1 ? 1 : i * 0.01, precision;

        while (at < count && s->recalls[at] < wanted) {
            at++;
        }
        precision = at < count ? s->precisions[at] : 0;
        sum      += precision;
        if (curve) {
            curve[i] = precision;
        }
    }
    return sum / AP_RECALLS;
}

static void measure(const Sorted *s, size_t count, int range, int64_t positives,
                    ClassPrecision *out)
{
    double ap = 0, recall = 0;

    out->ap[range] = out->recall[range] = NAN;
    if (positives == 0) {
        return;
    }
    for (int overlap = 0; overlap < AP_OVERLAPS; overlap++) {
        size_t kept  = trace(s, count, range * AP_OVERLAPS + overlap, positives);
        double *curve = range == AREA_ALL && overlap == 0 ? out->precision : NULL;
        double  value = interpolate(s, kept, curve);

        ap     += value;
        recall += kept > 0 ? s->recalls[kept - 1] : 0;
        if (range == AREA_ALL && overlap == 0) {
            out->ap50 = value;
        } else if (range == AREA_ALL && overlap == 5) {
            out->ap75 = value;
        }
    }
    out->ap[range]     = ap / AP_OVERLAPS;
    out->recall[range] = recall / AP_OVERLAPS;
}

static bool keep_scores(Arena *arena, const Sorted *s, size_t count, ClassPrecision *out)
{
    double  *scores = arena_array(arena, double, count + 1);
    uint8_t *right  = arena_array(arena, uint8_t, count + 1);
    size_t   kept   = 0;

    for (size_t i = 0; scores && right && i < count; i++) {
        if (!(s->verdicts[i].left_out & 1)) {
            scores[kept]  = s->verdicts[i].score;
            right[kept++] = s->verdicts[i].right & 1;
        }
    }
    out->at50 = (ScoreList){ scores, right, kept, out->truths };
    return scores && right;
}

static bool evaluate_class(Arena *arena, Arena *scratch, Sorted *s, int class_id,
                           const Cancel *cancel, ClassPrecision *out, Error *err)
{
    int64_t positives[AREA_COUNT] = { 0 };
    size_t  count = 0;
    Scene   scene;

    *out = (ClassPrecision){ .ap50 = NAN, .ap75 = NAN };
    while (next_scene(s, class_id, &scene)) {
        arena_reset(scratch);
        if (!cancel_check(cancel, err) ||
            !judge_scene(scratch, &scene, s->verdicts + count, err)) {
            return false;
        }
        count += scene.found_count;
        for (size_t i = 0; i < scene.truth_count; i++) {
            for (int range = 0; range < AREA_COUNT; range++) {
                positives[range] += counts(scene.truths[i], range);
            }
            out->truths += !scene.truths[i]->crowd;
        }
    }
    for (size_t i = 0; i < count; i++) {
        s->verdicts[i].order = i;
    }
    if (count > 1) {
        qsort(s->verdicts, count, sizeof(*s->verdicts), by_score);
    }
    out->precision = positives[AREA_ALL] > 0 ? arena_array(arena, double, AP_RECALLS) : NULL;
    for (int range = 0; range < AREA_COUNT; range++) {
        measure(s, count, range, positives[range], out);
    }
    return keep_scores(arena, s, count, out) ||
           fail(err, ERR_MEMORY, "no memory for the scores of %zu objects", count);
}

/* ---- all --------------------------------------------------------------------------- */

static bool sort_all(Arena *arena, const BoxSet *set, Sorted *s, Error *err)
{
    s->truths     = arena_array(arena, const TrueBox *, set->truth_count + 1);
    s->found      = arena_array(arena, const FoundBox *, set->found_count + 1);
    s->verdicts   = arena_array(arena, Verdict, set->found_count + 1);
    s->recalls    = arena_array(arena, double, set->found_count + 1);
    s->precisions = arena_array(arena, double, set->found_count + 1);
    if (!s->truths || !s->found || !s->verdicts || !s->recalls || !s->precisions) {
        return fail(err, ERR_MEMORY, "no memory to match %zu found objects with %zu true ones",
                    set->found_count, set->truth_count);
    }
    for (size_t i = 0; i < set->truth_count; i++) {
        s->truths[i] = &set->truths[i];
    }
    for (size_t i = 0; i < set->found_count; i++) {
        s->found[i] = &set->found[i];
    }
    qsort(s->truths, set->truth_count, sizeof(*s->truths), by_class_of_truth);
    qsort(s->found, set->found_count, sizeof(*s->found), by_class_of_found);
    s->truths_end = s->truths + set->truth_count;
    s->found_end  = s->found + set->found_count;
    return true;
}

bool average_precision(Arena *arena, const BoxSet *set, const Cancel *cancel,
                       ClassPrecision *classes, Error *err)
{
    Arena  scratch;
    Sorted sorted = { 0 };
    bool   ok;

    arena_init(&scratch, LIMIT_RUN_MEMORY);
    ok = sort_all(arena, set, &sorted, err);
    for (int i = 0; ok && i < set->class_count; i++) {
        ok = evaluate_class(arena, &scratch, &sorted, i, cancel, &classes[i], err);
    }
    arena_fini(&scratch);
    return ok;
}

static double mean_of(double sum, int count)
{
    return count > 0 ? sum / count : NAN;
}

MeanPrecision mean_precision(const ClassPrecision *classes, int count)
{
    MeanPrecision mean = { 0 };
    int           with[AREA_COUNT] = { 0 };

    for (int i = 0; i < count; i++) {
        for (int range = 0; range < AREA_COUNT; range++) {
            if (!isnan(classes[i].ap[range])) {
                mean.ap[range]     += classes[i].ap[range];
                mean.recall[range] += classes[i].recall[range];
                with[range]++;
            }
        }
        if (!isnan(classes[i].ap50)) {
            mean.ap50 += classes[i].ap50;
            mean.ap75 += classes[i].ap75;
        }
    }
    for (int range = 0; range < AREA_COUNT; range++) {
        mean.ap[range]     = mean_of(mean.ap[range], with[range]);
        mean.recall[range] = mean_of(mean.recall[range], with[range]);
    }
    mean.ap50    = mean_of(mean.ap50, with[AREA_ALL]);
    mean.ap75    = mean_of(mean.ap75, with[AREA_ALL]);
    mean.classes = with[AREA_ALL];
    return mean;
}
