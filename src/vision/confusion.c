/*
 * confusion - counting pairs, and pairing boxes.
 */
#include "vision/confusion.h"

#include <math.h>

/* From which overlap a found object is taken for a true one. */
static const double LEAST_OVERLAP = 0.5;

/* ---- cells ------------------------------------------------------------------------ */

static int by_cell(const void *left, const void *right)
{
    const ConfusionPair *a = left, *b = right;

    if (a->truth != b->truth) {
        return a->truth < b->truth ? -1 : 1;
    }
    return (a->predicted > b->predicted) - (a->predicted < b->predicted);
}

bool confusion_count(Arena *arena, ConfusionPair *pairs, size_t pair_count, int class_count,
                     bool background, Confusion *confusion, Error *err)
{
    size_t         distinct = 0;
    ConfusionCell *cells;

    if (pair_count > 1) {
        qsort(pairs, pair_count, sizeof(*pairs), by_cell);
    }
    for (size_t i = 0; i < pair_count; i++) {
        distinct += i == 0 || by_cell(&pairs[i - 1], &pairs[i]) != 0;
    }
    cells = arena_array(arena, ConfusionCell, distinct + 1);
    if (!cells) {
        return fail(err, ERR_MEMORY, "no memory for a confusion matrix of %zu cells", distinct);
    }
    *confusion = (Confusion){ class_count, background, cells, distinct };
    for (size_t i = 0, at = 0; i < pair_count; i++) {
        assert(pairs[i].truth >= 0 && pairs[i].truth < class_count + background);
        assert(pairs[i].predicted >= 0 && pairs[i].predicted < class_count + background);
        if (i > 0 && by_cell(&pairs[i - 1], &pairs[i]) != 0) {
            at++;
        }
        cells[at].truth     = pairs[i].truth;
        cells[at].predicted = pairs[i].predicted;
        cells[at].count++;
    }
    return true;
}

const int64_t *confusion_table(Arena *arena, const Confusion *confusion, size_t most)
{
    size_t   side = (size_t)confusion->class_count + confusion->background;
    int64_t *table;

    if (side > 0 && side > most / side) {
        return NULL;
    }
    table = arena_array(arena, int64_t, side * side + 1);
    for (size_t i = 0; table && i < confusion->cell_count; i++) {
        const ConfusionCell *cell = &confusion->cells[i];

        table[(size_t)cell->truth * side + (size_t)cell->predicted] = cell->count;
    }
    return table;
}

/* ---- accuracy ---------------------------------------------------------------------- */

bool confusion_accuracy(Arena *arena, const Confusion *confusion, Accuracy *accuracy,
                        Error *err)
{
    int     count = confusion->class_count, met = 0;
    int64_t right = 0;

    *accuracy = (Accuracy){ .classes = arena_array(arena, ClassRates, count + 1) };
    if (!accuracy->classes) {
        return fail(err, ERR_MEMORY, "no memory for the figures of %d classes", count);
    }
    for (size_t i = 0; i < confusion->cell_count; i++) {
        const ConfusionCell *cell = &confusion->cells[i];

        accuracy->total += cell->count;
        if (cell->truth < count) {
            accuracy->classes[cell->truth].support += cell->count;
        }
        if (cell->predicted < count) {
            accuracy->classes[cell->predicted].rates.given += cell->count;
        }
        if (cell->truth == cell->predicted && cell->truth < count) {
            accuracy->classes[cell->truth].rates.right += cell->count;
            right += cell->count;
        }
    }
    for (int i = 0; i < count; i++) {
        ClassRates *one = &accuracy->classes[i];

        one->rates           = rates_of(one->rates.given, one->rates.right, one->support);
        met                 += one->support > 0 || one->rates.given > 0;
        accuracy->precision += one->rates.precision;
        accuracy->recall    += one->rates.recall;
        accuracy->f1        += one->rates.f1;
    }
    accuracy->accuracy   = accuracy->total > 0 ? (double)right / (double)accuracy->total : NAN;
    accuracy->precision /= MAX(met, 1);
    accuracy->recall    /= MAX(met, 1);
    accuracy->f1        /= MAX(met, 1);
    return true;
}

/* ---- boxes -------------------------------------------------------------------------- */

/* A found and a true object of a picture that overlap enough. */
typedef struct Match {
    double overlap;
    size_t found, truth;
} Match;

/* The boxes of one picture, and what they are paired into. */
typedef struct Frame {
    const TrueBox  **truths;
    const FoundBox **found;
    size_t           truth_count, found_count;
    uint8_t         *truth_taken, *found_taken;
    Match           *matches;
    size_t           match_count;
    int              background;       /* as a class */
    ConfusionPair   *pairs;
    size_t           pair_count;
} Frame;

static int by_picture_of_truth(const void *left, const void *right)
{
    const TrueBox *a = *(const TrueBox *const *)left, *b = *(const TrueBox *const *)right;

    return a->picture != b->picture ? (a->picture < b->picture ? -1 : 1) : (a > b) - (a < b);
}

static int by_picture_of_found(const void *left, const void *right)
{
    const FoundBox *a = *(const FoundBox *const *)left, *b = *(const FoundBox *const *)right;

    if (a->picture != b->picture) {
        return a->picture < b->picture ? -1 : 1;
    }
    return a->score != b->score ? (a->score < b->score ? 1 : -1) : (a > b) - (a < b);
}

static int by_overlap(const void *left, const void *right)
{
    const Match *a = left, *b = right;

    if (a->overlap != b->overlap) {
        return a->overlap < b->overlap ? 1 : -1;
    }
    if (a->found != b->found) {
        return a->found < b->found ? -1 : 1;
    }
    return (a->truth > b->truth) - (a->truth < b->truth);
}

/* All pairs that overlap enough, into `matches` or, where it is NULL, only counted. */
static size_t list_matches(const Frame *frame, Match *matches)
{
    size_t count = 0;

    for (size_t i = 0; i < frame->found_count; i++) {
        for (size_t k = 0; k < frame->truth_count; k++) {
            double overlap = frame->truths[k]->crowd ? 0
                             : box_iou(frame->found[i]->box, frame->truths[k]->box);

            if (overlap < LEAST_OVERLAP) {
                continue;
            }
            if (matches) {
                matches[count] = (Match){ overlap, i, k };
            }
            count++;
        }
    }
    return count;
}

static bool lies_in_crowd(const Frame *frame, const FoundBox *found)
{
    double least = LEAST_OVERLAP * box_area(found->box);

    for (size_t i = 0; i < frame->truth_count; i++) {
        if (frame->truths[i]->crowd && least > 0 &&
            box_intersection(found->box, frame->truths[i]->box) >= least) {
            return true;
        }
    }
    return false;
}

static void add_pair(Frame *frame, int truth, int predicted)
{
    frame->pairs[frame->pair_count++] = (ConfusionPair){ truth, predicted };
}

static void pair_frame(Frame *frame)
{
    for (size_t i = 0; i < frame->match_count; i++) {
        const Match *match = &frame->matches[i];

        if (!frame->found_taken[match->found] && !frame->truth_taken[match->truth]) {
            frame->found_taken[match->found] = frame->truth_taken[match->truth] = 1;
            add_pair(frame, frame->truths[match->truth]->class_id,
                     frame->found[match->found]->class_id);
        }
    }
    for (size_t i = 0; i < frame->truth_count; i++) {
        if (!frame->truth_taken[i] && !frame->truths[i]->crowd) {
            add_pair(frame, frame->truths[i]->class_id, frame->background);
        }
    }
    for (size_t i = 0; i < frame->found_count; i++) {
        if (!frame->found_taken[i] && !lies_in_crowd(frame, frame->found[i])) {
            add_pair(frame, frame->background, frame->found[i]->class_id);
        }
    }
}

static bool match_frame(Arena *scratch, Frame *frame, Error *err)
{
    frame->match_count = list_matches(frame, NULL);
    frame->matches     = arena_array(scratch, Match, frame->match_count + 1);
    frame->truth_taken = arena_array(scratch, uint8_t, frame->truth_count + 1);
    frame->found_taken = arena_array(scratch, uint8_t, frame->found_count + 1);
    if (!frame->matches || !frame->truth_taken || !frame->found_taken) {
        return fail(err, ERR_MEMORY, "no memory to pair the %zu objects of a picture",
                    frame->truth_count);
    }
    list_matches(frame, frame->matches);
    if (frame->match_count > 1) {
        qsort(frame->matches, frame->match_count, sizeof(*frame->matches), by_overlap);
    }
    pair_frame(frame);
    return true;
}

/* Move on to the next picture: its boxes are those at `truths` and `found`. */
static bool next_frame(Frame *frame, const TrueBox **truths_end, const FoundBox **found_end)
{
    const TrueBox  **truths = frame->truths + frame->truth_count;
    const FoundBox **found  = frame->found + frame->found_count;
    int              picture = INT32_MAX;

    if (truths == truths_end && found == found_end) {
        return false;
    }
    if (truths < truths_end) {
        picture = truths[0]->picture;
    }
    if (found < found_end) {
        picture = MIN(picture, found[0]->picture);
    }
    frame->truths      = truths;
    frame->found       = found;
    frame->truth_count = frame->found_count = 0;
    while (truths + frame->truth_count < truths_end &&
           truths[frame->truth_count]->picture == picture) {
        frame->truth_count++;
    }
    while (found + frame->found_count < found_end &&
           found[frame->found_count]->picture == picture) {
        frame->found_count++;
    }
    return true;
}

static bool sort_boxes(Arena *arena, const BoxSet *set, double threshold, Frame *frame,
                       size_t *kept, Error *err)
{
    *frame = (Frame){
        .truths     = arena_array(arena, const TrueBox *, set->truth_count + 1),
        .found      = arena_array(arena, const FoundBox *, set->found_count + 1),
        .pairs      = arena_array(arena, ConfusionPair, set->truth_count + set->found_count + 1),
        .background = set->class_count,
    };
    if (!frame->truths || !frame->found || !frame->pairs) {
        return fail(err, ERR_MEMORY, "no memory to pair %zu found objects with %zu true ones",
                    set->found_count, set->truth_count);
    }
    *kept = 0;
    for (size_t i = 0; i < set->truth_count; i++) {
        frame->truths[i] = &set->truths[i];
    }
    for (size_t i = 0; i < set->found_count; i++) {
        if (set->found[i].score >= threshold) {
            frame->found[(*kept)++] = &set->found[i];
        }
    }
    qsort(frame->truths, set->truth_count, sizeof(*frame->truths), by_picture_of_truth);
    qsort(frame->found, *kept, sizeof(*frame->found), by_picture_of_found);
    return true;
}

bool confusion_boxes(Arena *arena, const BoxSet *set, double threshold, const Cancel *cancel,
                     Confusion *confusion, Error *err)
{
    const TrueBox  **truths_end;
    const FoundBox **found_end;
    size_t           kept = 0;
    Frame            frame;
    Arena            scratch;
    bool             ok = true;

    if (!sort_boxes(arena, set, threshold, &frame, &kept, err)) {
        return false;
    }
    truths_end = frame.truths + set->truth_count;
    found_end  = frame.found + kept;
    arena_init(&scratch, LIMIT_RUN_MEMORY);
    while (ok && next_frame(&frame, truths_end, found_end)) {
        arena_reset(&scratch);
        ok = cancel_check(cancel, err) && match_frame(&scratch, &frame, err);
    }
    arena_fini(&scratch);
    return ok && confusion_count(arena, frame.pairs, frame.pair_count, set->class_count, true,
                                 confusion, err);
}
