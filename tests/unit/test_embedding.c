/*
 * test_embedding - sums of products and windows of vectors.
 */
#include <math.h>

#include "blocks/embedding.h"
#include "test.h"

TEST(embedding_products)
{
    static const double a[] = { 1, 2, 3, 4, 5, 6 }, b[] = { 6, 5, 4, 3, 2, 1 };

    for (int length = 0; length <= 6; length++) {
        CHECK(dot_in_order(a, b, length) == dot_in_lanes(a, b, length));
    }
    CHECK(dot_in_order(a, b, 6) == 56);
}

/* The two kinds of sum differ in rounding: the first keeps what the lanes lose. */
TEST(embedding_products_round_apart)
{
    static const double a[] = { 1e16, 1, -1e16, 1 }, one[] = { 1, 1, 1, 1 };

    CHECK(dot_in_order(a, one, 4) == 1);      /* 1e16 + 1 is 1e16 */
    CHECK(dot_in_lanes(a, one, 4) == 2);
}

TEST(embedding_window_keeps_the_last)
{
    Window window = { 0 };
    Error  err    = { 0 };
    double mean[2];

    for (int i = 0; i < 100; i++) {
        CHECK(window_add(&window, (double[]){ i, -i }, 2, i < 50 ? 7 : 3, &err));
        CHECK(window.count <= 7);
    }
    /* One goes with each that comes: the window never shrinks below what it was. */
    CHECK(window.count == 7);
    CHECK(window_at(&window, 0)[0] == 93 && window_at(&window, 6)[1] == -99);
    window_mean(&window, mean, 2);
    CHECK(mean[0] == 96 && mean[1] == -96);
    window_fini(&window);

    CHECK(window_add(&window, mean, 2, 0, &err));
    CHECK(window.count == 0);
    window_mean(&window, mean, 2);
    CHECK(isnan(mean[0]));
    window_fini(&window);
}

TEST(embedding_window_limit)
{
    enum { MOST = 4 };
    int64_t length = (int64_t)(LIMIT_WINDOW_MEMORY / MOST / sizeof(double));
    double *vector = calloc((size_t)length, sizeof(double));
    Window  window = { 0 };
    Error   err    = { 0 };

    for (int i = 0; vector && i < MOST; i++) {
        CHECK(window_add(&window, vector, length, 100, &err));
    }
    CHECK(vector && !window_add(&window, vector, length, 100, &err));
    CHECK(err.kind == ERR_TOO_LARGE && window.count == MOST);
    window_fini(&window);
    free(vector);
}
