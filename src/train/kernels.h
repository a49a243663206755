/*
 * kernels - products of many feature vectors with the weights of a linear layer.
 *
 * The two loops that training a head spends its time in.  Sums are made in a fixed order,
 * whatever the number of threads, so that the same data gives the same weights.
 */
#ifndef OCELLUS_TRAIN_KERNELS_H
#define OCELLUS_TRAIN_KERNELS_H

#include "base/base.h"

/* Rows of a matrix of features: row i is `features + rows[i] * width`. */
typedef struct FeatureRows {
    const float *features;
    const int   *rows;
    int          count;
    int          width;
} FeatureRows;

/* scores[i][k] = row i . weights[k] + biases[k], for `classes` rows of weights. */
void rows_score(const FeatureRows *in, const float *weights, const float *biases, int classes,
                float *scores);

/* The columns that one call of rows_gradient() adds up. */
enum { GRADIENT_COLUMNS = 32 };

/* gradient[k][column] += sum over i of slopes[i][k] * row i [column], for GRADIENT_COLUMNS
 * columns from `first` on (fewer at the end of the rows). */
void rows_gradient(const FeatureRows *in, const float *slopes, int classes, int first,
                   double *gradient);

/* values[i] = e ^ (values[i] - less), to 2e-7 of it, for values of at most `less`; their sum. */
double values_exp(float *values, int count, float less);

#endif
