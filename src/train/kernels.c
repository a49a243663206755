/*
 * kernels - products of many feature vectors with the weights of a linear layer.
 *
 * Compilers may not reorder sums of floats, so the order is written down: eight partial
 * sums side by side, one vector.
 */
#include "train/kernels.h"

#include "image/simd.h"

enum { LANES = 8, TILE_ROWS = 4, TILE_CLASSES = 3, BLOCK_ROWS = 256 };

typedef float Lanes __attribute__((vector_size(LANES * sizeof(float)), aligned(4), may_alias));

static const float *row_of(const FeatureRows *in, int i)
{
    return in->features + (size_t)in->rows[i] * (size_t)in->width;
}

/* ---- scores ------------------------------------------------------------------------- */

static inline float lanes_sum(const Lanes *lanes)
{
    const float *v = (const float *)lanes;

    return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
}

/* A few rows against a few classes; both counts are constants where it is inlined. */
LOOP void score_tile(const FeatureRows *in, int row, int rows, const float *weights,
                     const float *biases, int classes, int stride, float *scores)
{
    Lanes        sums[TILE_ROWS][TILE_CLASSES] = { 0 };
    const float *x[TILE_ROWS];
    int          whole = in->width / LANES * LANES;

    for (int r = 0; r < rows; r++)
        x[r] = row_of(in, row + r);
    for (int d = 0; d < whole; d += LANES) {
        for (int k = 0; k < classes; k++) {
            Lanes w = *(const Lanes *)(weights + (size_t)k * (size_t)in->width + (size_t)d);

            for (int r = 0; r < rows; r++)
                sums[r][k] += *(const Lanes *)(x[r] + d) * w;
        }
    }
    for (int r = 0; r < rows; r++) {
        for (int k = 0; k < classes; k++) {
            float sum = lanes_sum(&sums[r][k]);

            for (int d = whole; d < in->width; d++)
                sum += x[r][d] * weights[(size_t)k * (size_t)in->width + (size_t)d];
            scores[(size_t)(row + r) * (size_t)stride + (size_t)k] = sum + biases[k];
        }
    }
}

LOOP void score_rows(const FeatureRows *in, const float *weights, const float *biases,
                     int classes, float *scores)
{
    for (int row = 0; row < in->count; row += TILE_ROWS) {
        int rows = MIN(TILE_ROWS, in->count - row);

        for (int k = 0; k < classes; k += TILE_CLASSES) {
            const float *w = weights + (size_t)k * (size_t)in->width;
            int          n = MIN(TILE_CLASSES, classes - k);

            if (rows == TILE_ROWS && n == TILE_CLASSES)
                score_tile(in, row, TILE_ROWS, w, biases + k, TILE_CLASSES, classes, scores + k);
            else
                score_tile(in, row, rows, w, biases + k, n, classes, scores + k);
        }
    }
}

static void score_plain(const FeatureRows *in, const float *weights, const float *biases,
                        int classes, float *scores)
{
    score_rows(in, weights, biases, classes, scores);
}

AVX2 static void score_avx2(const FeatureRows *in, const float *weights, const float *biases,
                            int classes, float *scores)
{
    score_rows(in, weights, biases, classes, scores);
}

void rows_score(const FeatureRows *in, const float *weights, const float *biases, int classes,
                float *scores)
{
    (simd_level() == SIMD_256 ? score_avx2 : score_plain)(in, weights, biases, classes, scores);
}

/* ---- gradient ------------------------------------------------------------------------ */

/* One class, whole columns: sums stay in registers over a block of rows. */
LOOP void add_block(const FeatureRows *in, const float *slopes, int classes, int first,
                    int from, int to, double *out)
{
    Lanes sums[GRADIENT_COLUMNS / LANES] = { 0 };

    for (int i = from; i < to; i++) {
        const float *x = row_of(in, i) + first;
        float        slope = slopes[(size_t)i * (size_t)classes];

        for (int v = 0; v < GRADIENT_COLUMNS / LANES; v++)
            sums[v] += *(const Lanes *)(x + v * LANES) * slope;
    }
    for (int d = 0; d < GRADIENT_COLUMNS; d++)
        out[d] += (double)((const float *)sums)[d];
}

static void add_rest(const FeatureRows *in, const float *slopes, int classes, int first, int from,
                     int to, double *out)
{
    for (int d = first; d < in->width; d++) {
        float sum = 0;

        for (int i = from; i < to; i++)
            sum += slopes[(size_t)i * (size_t)classes] * row_of(in, i)[d];
        out[d - first] += (double)sum;
    }
}

LOOP void add_gradient(const FeatureRows *in, const float *slopes, int classes, int first,
                       double *gradient)
{
    for (int from = 0; from < in->count; from += BLOCK_ROWS) {
        int to = MIN(from + BLOCK_ROWS, in->count);

        for (int k = 0; k < classes; k++) {
            double *out = gradient + (size_t)k * (size_t)in->width + first;

            if (first + GRADIENT_COLUMNS <= in->width)
                add_block(in, slopes + k, classes, first, from, to, out);
            else
                add_rest(in, slopes + k, classes, first, from, to, out);
        }
    }
}

static void gradient_plain(const FeatureRows *in, const float *slopes, int classes, int first,
                           double *gradient)
{
    add_gradient(in, slopes, classes, first, gradient);
}

AVX2 static void gradient_avx2(const FeatureRows *in, const float *slopes, int classes, int first,
                               double *gradient)
{
    add_gradient(in, slopes, classes, first, gradient);
}

void rows_gradient(const FeatureRows *in, const float *slopes, int classes, int first,
                   double *gradient)
{
    (simd_level() == SIMD_256 ? gradient_avx2 : gradient_plain)(in, slopes, classes, first,
                                                                gradient);
}

/* ---- exponentials ---------------------------------------------------------------------- */

typedef int32_t IntLanes __attribute__((vector_size(LANES * sizeof(int32_t)), aligned(4),
                                        may_alias));

/* e^x = 2^n e^r with |r| <= ln 2 / 2, e^r by its Taylor series to r^6 / 720; ln 2 is taken
 * off in two parts, so that nothing of x is lost. */
LOOP void exp_lanes(Lanes *values)
{
    static const float per_ln2 = 1.44269504F, ln2_high = 0.693359375F, ln2_low = -2.12194440e-4F;
    const Lanes least = (Lanes){ 0 } - 87.0F;
    IntLanes    small = *values < least;
    Lanes       safe, sum;
    IntLanes    power;

    safe  = (Lanes)(((IntLanes)*values & ~small) | ((IntLanes)least & small));
    power = __builtin_convertvector(safe * per_ln2 - 0.5F, IntLanes);    /* it is not above 0 */
    safe  = safe - __builtin_convertvector(power, Lanes) * ln2_high;
    safe  = safe - __builtin_convertvector(power, Lanes) * ln2_low;
    sum   = safe * (1 / 720.0F) + 1 / 120.0F;
    sum   = sum * safe + 1 / 24.0F;
    sum   = sum * safe + 1 / 6.0F;
    sum   = sum * safe + 0.5F;
    sum   = sum * safe + 1;
    sum   = sum * safe + 1;
    *values = sum * (Lanes)((power + 127) << 23);
}

LOOP double exp_all(float *values, int count, float less)
{
    double sum = 0;

    for (int i = 0; i < count; i += LANES) {
        float rest[LANES] = { 0 };
        int   many        = MIN(LANES, count - i);
        Lanes lanes;

        memcpy(rest, values + i, (size_t)many * sizeof *rest);
        lanes = *(const Lanes *)rest - less;
        exp_lanes(&lanes);
        memcpy(rest, &lanes, sizeof rest);
        memcpy(values + i, rest, (size_t)many * sizeof *rest);
        for (int k = 0; k < many; k++)
            sum += (double)rest[k];
    }
    return sum;
}

static double exp_plain(float *values, int count, float less)
{
    return exp_all(values, count, less);
}

AVX2 static double exp_avx2(float *values, int count, float less)
{
    return exp_all(values, count, less);
}

double values_exp(float *values, int count, float less)
{
    return (simd_level() == SIMD_256 ? exp_avx2 : exp_plain)(values, count, less);
}
