/*
 * embedding - vectors that describe something, for the blocks that compare them.
 *
 * An embedding comes as a list of numbers or as an array of one dimension.
 * Blocks that remember embeddings keep the last ones in a window.
 */
#ifndef OCELLUS_BLOCKS_EMBEDDING_H
#define OCELLUS_BLOCKS_EMBEDDING_H

#include "blocks/block.h"

/* Whether a value can be an embedding, as far as its type tells. */
bool embedding_is(Value v);

int64_t embedding_length(Value v);

/* Number k of an embedding; false when it is none. */
bool embedding_number(Value v, int64_t k, double *out);

/* An embedding as a vector of length 1, in the run's arena; one of zeros stays.
 * What is no embedding fails the call. */
bool embedding_unit(Call *call, int i, Value v, double **out, int64_t *length);

/* Sums of products.  The reference has two: of two vectors, one number after the
 * other, and of a matrix's rows, in four lanes.  They round differently, which
 * shows where it asks whether a number is below itself. */
double dot_in_order(const double *a, const double *b, int64_t length);
double dot_in_lanes(const double *a, const double *b, int64_t length);

/* The last vectors of one length, oldest first. */
typedef struct Window {
    double *numbers;        /* a ring */
    int64_t length;
    int64_t capacity, first, count;
} Window;

void window_fini(Window *window);

const double *window_at(const Window *window, int64_t k);

/* Add a vector; where more than `size` are there then, the oldest goes.  False
 * when the window is over its limit or memory is out. */
bool window_add(Window *window, const double *vector, int64_t length, int64_t size, Error *err)
    MUST_USE;

/* The mean of all vectors, NaN when there is none. */
void window_mean(const Window *window, double *mean, int64_t length);

/* Fail element `i` when its embedding has another length than the one before. */
bool embedding_fits(Call *call, int i, int64_t length, int64_t before) MUST_USE;

/* Fail element `i` because its window cannot hold anything. */
bool embedding_no_window(Call *call, int i, int64_t window_size);

#endif
