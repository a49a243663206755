/*
 * test_linear - kernels, the descent, and layers that are learnt from numbers.
 */
#include "train/linear.h"

#include <math.h>

#include "test.h"
#include "train/cross.h"
#include "train/kernels.h"
#include "train/lbfgs.h"
#include "train/random.h"

static Arena arena;
static Error err;

static void begin(void)
{
    err = (Error){ 0 };
    arena_init(&arena, MIB(256));
}

/* ---- kernels ---------------------------------------------------------------------------- */

static float *numbers(int count, uint64_t seed)
{
    float *out = arena_array(&arena, float, count + 1);

    for (int i = 0; i < count; i++)
        out[i] = (float)(random_share(&seed) * 2 - 1);
    return out;
}

static void check_kernels(int rows, int width, int classes)
{
    float  *features = numbers(rows * width, 1), *weights = numbers(classes * width, 2);
    float  *biases = numbers(classes, 3), *slopes = numbers(rows * classes, 4);
    float  *scores   = arena_array(&arena, float, rows * classes + 1);
    double *gradient = arena_array(&arena, double, classes * width + 1);
    int    *order    = arena_array(&arena, int, rows + 1);

    for (int i = 0; i < rows; i++)
        order[i] = rows - 1 - i;
    FeatureRows in = { features, order, rows, width };
    rows_score(&in, weights, biases, classes, scores);
    for (int first = 0; first < width; first += GRADIENT_COLUMNS)
        rows_gradient(&in, slopes, classes, first, gradient);
    for (int i = 0; i < rows; i++) {
        for (int k = 0; k < classes; k++) {
            double sum = (double)biases[k];

            for (int d = 0; d < width; d++)
                sum += (double)features[order[i] * width + d] * (double)weights[k * width + d];
            CHECK_NEAR((double)scores[i * classes + k], sum, 1e-4);
        }
    }
    for (int k = 0; k < classes; k++) {
        for (int d = 0; d < width; d++) {
            double sum = 0;

            for (int i = 0; i < rows; i++)
                sum += (double)slopes[i * classes + k] * (double)features[order[i] * width + d];
            CHECK_NEAR(gradient[k * width + d], sum, 1e-4);
        }
    }
}

TEST(linear_kernels_are_products_of_any_size)
{
    static const int sizes[] = { 1, 2, 3, 5, 8, 31, 33, 64 };

    begin();
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        check_kernels(sizes[i], 7, 3);
        check_kernels(5, sizes[i], 4);
        check_kernels(6, 40, sizes[i]);
    }
    check_kernels(600, 32, 2);
    arena_fini(&arena);
}

TEST(linear_exponentials_are_near)
{
    float values[43], less = 3;

    begin();
    for (int count = 1; count <= 43; count++) {
        double sum = 0;

        for (int i = 0; i < count; i++)
            values[i] = less - (float)(i * i) * 0.06F;
        double got = values_exp(values, count, less);
        for (int i = 0; i < count; i++) {
            double wanted = exp(-(double)((float)(i * i) * 0.06F));

            CHECK_NEAR((double)values[i], wanted, 1e-6 * wanted + 1e-37);
            sum += wanted;
        }
        CHECK_NEAR(got, sum, 1e-5);
    }
    values[0] = -1e30F;
    values[1] = less;
    CHECK_NEAR(values_exp(values, 2, less), 1, 1e-6);
    arena_fini(&arena);
}

/* ---- the descent ------------------------------------------------------------------------ */

/* A long bent valley (Rosenbrock, 1960); its lowest point is where all are 1. */
static double valley(void *context, const double *x, double *gradient)
{
    int    count = *(int *)context;
    double value = 0;

    memset(gradient, 0, (size_t)count * sizeof *gradient);
    for (int i = 0; i + 1 < count; i++) {
        double a = x[i + 1] - x[i] * x[i], b = 1 - x[i];

        value           += 100 * a * a + b * b;
        gradient[i]     += -400 * a * x[i] - 2 * b;
        gradient[i + 1] += 200 * a;
    }
    return value;
}

TEST(linear_descent_finds_the_end_of_a_valley)
{
    double     x[6]  = { -1.2, 1, -1.2, 1, 0.5, 3 };
    int        count = 6;
    Minimizing how   = { .count = 6, .most = 1000, .tolerance = 1e-15, .context = &count,
                         .evaluate = valley };

    begin();
    CHECK(minimize(&how, x, &err));
    for (int i = 0; i < count; i++)
        CHECK_NEAR(x[i], 1, 1e-5);
    arena_fini(&arena);
}

/* ---- layers ----------------------------------------------------------------------------- */

/* `count` examples of `classes` clouds in `width` dimensions; the first feature is 1000 more
 * than that, the last never changes. */
static Examples clouds(int count, int width, int classes, double spread)
{
    float    *features = arena_array(&arena, float, count * width);
    Example  *items    = arena_array(&arena, Example, count);
    int      *labels   = arena_array(&arena, int, count);
    uint64_t  chance   = 7;

    for (int i = 0; i < count; i++) {
        labels[i] = i % classes;
        items[i]  = (Example){ &labels[i], 1 };
        for (int d = 0; d < width; d++) {
            double value = (d == labels[i] ? 1 : 0) + spread * (random_share(&chance) - 0.5) +
                           (d == 0 ? 1000 : 0);

            features[i * width + d] = d == width - 1 ? 5 : (float)value;
        }
    }
    return (Examples){ .features = features, .items = items, .count = count,
                       .feature_count = width, .class_count = classes };
}

static Rows all_rows(const Examples *examples)
{
    int *rows = arena_array(&arena, int, examples->count);

    for (int i = 0; i < examples->count; i++)
        rows[i] = i;
    return (Rows){ rows, examples->count };
}

static Linear *fit(const Examples *examples, Rows rows, double l2, Pool *pool)
{
    Linear *linear = linear_new(&arena, examples, &err);
    Fitting how    = { .l2 = l2, .most = 200, .tolerance = 1e-9, .pool = pool };

    CHECK(linear && linear_fit(linear, examples, rows, &how, &err));
    return linear;
}

TEST(linear_learns_what_can_be_told_apart)
{
    begin();
    Examples examples = clouds(300, 6, 3, 0.5);
    Rows     rows     = all_rows(&examples);
    Score    score;

    Linear *linear = fit(&examples, rows, 1e-3, NULL);
    CHECK(linear_score(linear, &examples, rows, NULL, &score, &err));
    CHECK_NEAR(score.accuracy, 1, 1e-9);
    CHECK(score.loss < 0.1);
    for (int k = 0; k < 3; k++)                     /* what never changes says nothing */
        CHECK_NEAR((double)linear->weights[k * 6 + 5], 0, 1e-6);
    arena_fini(&arena);
}

TEST(linear_gives_the_same_weights_on_any_number_of_threads)
{
    Pool *pool = pool_open(3);

    begin();
    Examples examples = clouds(1000, 70, 5, 3);
    Rows     rows     = all_rows(&examples);
    Linear  *one      = fit(&examples, rows, 1e-2, NULL);
    Linear  *many     = fit(&examples, rows, 1e-2, pool);

    CHECK(memcmp(one->weights, many->weights, sizeof(float) * 5 * 70) == 0);
    CHECK(memcmp(one->biases, many->biases, sizeof(float) * 5) == 0);
    pool_close(pool);
    arena_fini(&arena);
}

/* At the lowest point the slope by every weight is that of L2 alone. */
TEST(linear_ends_where_the_loss_is_lowest)
{
    begin();
    Examples examples = clouds(90, 4, 3, 4);
    Rows     rows     = all_rows(&examples);
    Linear  *linear   = fit(&examples, rows, 0.05, NULL);
    float   *shares   = arena_array(&arena, float, 64 * 3 * 3);
    double   slope    = 0;

    linear_shares(linear, &examples, rows, NULL, shares);
    for (int k = 0; k < 3; k++) {                    /* biases are free: classes add up */
        slope = 0;
        for (int i = 0; i < 90; i++)
            slope += (double)shares[i * 3 + k] - (i % 3 == k);
        CHECK_NEAR(slope / 90, 0, 1e-4);
    }
    arena_fini(&arena);
}

TEST(linear_counts_classes_alike_when_asked)
{
    static const float weights[] = { 1, 9 };

    begin();
    Examples examples = clouds(200, 3, 2, 6);
    int     *rows     = arena_array(&arena, int, 200), count = 0;
    Score    plain, balanced;

    for (int i = 0; i < 200; i++) {                  /* nine of the first to one of the second */
        if (i % 2 == 0 || i % 18 == 1)
            rows[count++] = i;
    }
    Linear *a = fit(&examples, (Rows){ rows, count }, 1e-2, NULL);
    examples.class_weights = weights;
    Linear *b = fit(&examples, (Rows){ rows, count }, 1e-2, NULL);
    CHECK(linear_score(a, &examples, all_rows(&examples), NULL, &plain, &err));
    CHECK(linear_score(b, &examples, all_rows(&examples), NULL, &balanced, &err));
    CHECK(balanced.accuracy > plain.accuracy);
    arena_fini(&arena);
}

TEST(linear_learns_several_classes_an_example)
{
    begin();
    Examples examples = clouds(400, 5, 4, 0.4);
    int     *both     = arena_array(&arena, int, 800);
    Score    score;

    /* An example of class 3 is also one of class 0, an example of class 2 is of none. */
    for (int i = 0; i < 400; i++) {
        Example *example = (Example *)(uintptr_t)&examples.items[i];

        if (i % 4 == 3) {
            both[2 * i]     = 0;
            both[2 * i + 1] = 3;
            *example        = (Example){ &both[2 * i], 2 };
        }
        if (i % 4 == 2)
            example->label_count = 0;
    }
    examples.multi = true;
    Linear *linear = fit(&examples, all_rows(&examples), 1e-3, NULL);
    CHECK(linear_score(linear, &examples, all_rows(&examples), NULL, &score, &err));
    CHECK_NEAR(score.accuracy, 1, 1e-9);
    arena_fini(&arena);
}

/* ---- cross-validation -------------------------------------------------------------------- */

TEST(linear_splits_keep_classes_alike)
{
    static const double shares[] = { 0.8, 0.2 };

    begin();
    Examples examples = clouds(100, 3, 4, 1);
    int     *part     = stratify(&arena, &examples, all_rows(&examples), shares, 2, 5, &err);
    int     *again    = stratify(&arena, &examples, all_rows(&examples), shares, 2, 5, &err);
    int     *other    = stratify(&arena, &examples, all_rows(&examples), shares, 2, 6, &err);
    int      counts[4] = { 0 };

    for (int i = 0; i < 100; i++)
        counts[i % 4] += part[i];
    for (int k = 0; k < 4; k++)
        CHECK_INT(counts[k], 5);
    CHECK(memcmp(part, again, 100 * sizeof *part) == 0);
    CHECK(memcmp(part, other, 100 * sizeof *part) != 0);
    arena_fini(&arena);
}

TEST(linear_doubts_labels_that_are_wrong)
{
    CrossOptions options = { .seed = 3 };
    Cross        cross;

    begin();
    Examples examples = clouds(300, 6, 3, 0.6);
    ((int *)(uintptr_t)examples.items[30].labels)[0] = 2;        /* it is of class 0 */
    CHECK(cross_validate(&arena, &examples, all_rows(&examples), &options, &cross, &err));
    if (CHECK(cross.doubts != NULL)) {
        CHECK_INT(cross.doubts[30].predicted, 0);
        CHECK(cross.doubts[30].label_share < 0.2F);
        CHECK(cross.score.accuracy > 0.98);
        CHECK(!cross.sampled);
    }
    arena_fini(&arena);
}

TEST(linear_needs_examples_to_doubt)
{
    CrossOptions options = { .seed = 3 };
    Cross        cross;

    begin();
    Examples examples = clouds(2, 3, 2, 0.6);
    CHECK(cross_validate(&arena, &examples, all_rows(&examples), &options, &cross, &err));
    CHECK(cross.doubts == NULL && cross.l2 > 0);
    arena_fini(&arena);
}
