/*
 * test_confusion - what is taken for what, and rates at thresholds.
 */
#include "vision/confusion.h"

#include <math.h>

#include "test.h"

static const Confusion *count_pairs(Arena *arena, const ConfusionPair *pairs, size_t count,
                                    int classes)
{
    ConfusionPair *copy = arena_array(arena, ConfusionPair, count + 1);
    Confusion     *confusion = arena_new(arena, Confusion);
    Error          err = { 0 };

    memcpy(copy, pairs, count * sizeof(*pairs));
    CHECK(confusion_count(arena, copy, count, classes, false, confusion, &err));
    return confusion;
}

/* The figures are scikit-learn's for the same labels. */
TEST(confusion_accuracy_is_scikit_learn_s)
{
    static const ConfusionPair pairs[] = { { 0, 0 }, { 0, 1 }, { 1, 1 }, { 1, 1 }, { 2, 0 },
                                           { 2, 2 }, { 2, 2 }, { 2, 1 }, { 0, 0 } };
    Arena            arena;
    Error            err = { 0 };
    Accuracy         accuracy;
    const Confusion *confusion;

    arena_init(&arena, MIB(1));
    confusion = count_pairs(&arena, pairs, COUNT_OF(pairs), 4);
    CHECK_INT((int)confusion->cell_count, 6);
    if (CHECK(confusion_accuracy(&arena, confusion, &accuracy, &err))) {
        CHECK_NEAR(accuracy.accuracy, 6.0 / 9, 1e-12);
        CHECK_NEAR(accuracy.precision, (2.0 / 3 + 0.5 + 1) / 3, 1e-12);
        CHECK_NEAR(accuracy.recall, (2.0 / 3 + 1 + 0.5) / 3, 1e-12);
        CHECK_NEAR(accuracy.f1, (2.0 / 3 + 2.0 / 3 + 2.0 / 3) / 3, 1e-12);
        CHECK_INT(accuracy.classes[2].support, 4);
        CHECK_INT(accuracy.classes[3].support, 0);
    }
    arena_fini(&arena);
}

/* Ten thousand classes take what the pairs need, not a table of them all. */
TEST(confusion_of_ten_thousand_classes_is_sparse)
{
    enum { CLASSES = 10000 };
    ConfusionPair   *pairs = malloc(CLASSES * sizeof(ConfusionPair));
    Arena            arena;
    const Confusion *confusion;

    if (!CHECK(pairs != NULL)) {
        return;
    }
    for (int i = 0; i < CLASSES; i++) {
        pairs[i] = (ConfusionPair){ CLASSES - 1 - i, i % 7 ? CLASSES - 1 - i : 0 };
    }
    arena_init(&arena, MIB(4));
    confusion = count_pairs(&arena, pairs, CLASSES, CLASSES);
    CHECK_INT((int)confusion->cell_count, CLASSES);
    CHECK_INT(confusion->cells[0].truth, 0);
    CHECK(confusion_table(&arena, confusion, 1000000) == NULL);
    CHECK(!arena_failed(&arena));
    arena_fini(&arena);
    free(pairs);
}

static int64_t cell(const int64_t *table, int truth, int predicted)
{
    return table[truth * 3 + predicted];
}

/* Two classes and the background: each box is matched once, the best pair first; what is
 * found in a crowd counts neither way. */
TEST(confusion_of_boxes)
{
    TrueBox   truths[] = { { { 0, 0, 10, 10 }, 100, 0, 0, false },
                           { { 100, 0, 110, 10 }, 100, 0, 1, false },
                           { { 200, 0, 300, 100 }, 10000, 0, 0, true },
                           { { 0, 0, 10, 10 }, 100, 1, 1, false } };
    FoundBox  found[]  = { { { 0, 0, 10, 8 }, 0.9, 0, 0 },       /* less near than the next */
                           { { 0, 0, 10, 10 }, 0.6, 0, 1 },      /* taken for the other class */
                           { { 100, 0, 110, 10 }, 0.2, 0, 1 },   /* below the threshold */
                           { { 210, 10, 230, 30 }, 0.8, 0, 0 },  /* in the crowd */
                           { { 0, 0, 10, 10 }, 0.8, 2, 1 } };    /* where nothing is */
    BoxSet    set = { truths, 4, found, 5, 2 };
    Confusion confusion;
    Arena     arena;
    Error     err = { 0 };

    arena_init(&arena, MIB(1));
    if (CHECK(confusion_boxes(&arena, &set, 0.5, NULL, &confusion, &err))) {
        const int64_t *table = confusion_table(&arena, &confusion, 9);

        CHECK(confusion_table(&arena, &confusion, 8) == NULL);
        CHECK_INT(cell(table, 0, 1), 1);
        CHECK_INT(cell(table, 2, 0), 1);
        CHECK_INT(cell(table, 1, 2), 2);
        CHECK_INT(cell(table, 2, 1), 1);
        CHECK_INT((int)confusion.cell_count, 4);
    }
    arena_fini(&arena);
}

/* ---- rates ------------------------------------------------------------------------------- */

static const double  scores[] = { 0.9, 0.8, 0.8, 0.4, 0.4, 0.1 };
static const uint8_t right[]  = { 1, 0, 1, 1, 0, 0 };

TEST(score_list_rates_at_thresholds)
{
    ScoreList list  = { scores, right, 6, 4 };
    Rates     rates = score_list_rates(&list, 0.8);

    CHECK_INT(rates.given, 3);
    CHECK_NEAR(rates.precision, 2.0 / 3, 1e-12);
    CHECK_NEAR(rates.recall, 0.5, 1e-12);
    CHECK_NEAR(rates.f1, 4.0 / 7, 1e-12);
    CHECK_NEAR(score_list_rates(&list, 0.95).precision, 0, 1e-12);
    CHECK_NEAR(score_list_rates(&list, 0).recall, 0.75, 1e-12);
}

/* scikit-learn: average_precision_score([1, 0, 1, 1, 0, 0], scores). */
TEST(score_list_average_precision_gathers_equal_scores)
{
    ScoreList list = { scores, right, 6, 3 }, none = { scores, right, 0, 0 };

    CHECK_NEAR(score_list_average_precision(&list),
               1.0 / 3 * 1 + 1.0 / 3 * 2 / 3 + 1.0 / 3 * 3 / 5, 1e-12);
    CHECK(isnan(score_list_average_precision(&none)));
    none.positives = 2;
    CHECK_NEAR(score_list_average_precision(&none), 0, 1e-12);
}

TEST(score_lists_best_threshold_is_of_the_mean)
{
    static const double  sure[] = { 0.9, 0.3 };
    static const uint8_t both[] = { 1, 0 };
    ScoreList   lists[] = { { scores, right, 6, 3 }, { sure, both, 2, 1 }, { NULL, NULL, 0, 0 } };
    RateCurves *curves  = malloc(sizeof(*curves));

    if (CHECK(curves != NULL)) {
        score_lists_curves(lists, 3, curves);
        CHECK_INT(curves->classes, 2);
        CHECK_NEAR(curves_best_threshold(curves), 0.301, 1e-9);
        CHECK_NEAR(curves->f1[301], (0.75 + 1) / 2, 1e-12);
        CHECK_NEAR(curves->recall[0], 1, 1e-12);
        CHECK_NEAR(curves->f1[1000], 0, 1e-12);
        score_lists_curves(NULL, 0, curves);
        CHECK_NEAR(curves_best_threshold(curves), 0, 1e-12);
        free(curves);
    }
}
