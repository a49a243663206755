/*
 * fourier - discrete Fourier transforms of a few sizes, several at once.
 *
 * For sums of products that have to be exact and are too many to be added one by one:
 * forwards, multiply, backwards.  Frequencies come in an order of their own, which costs
 * nothing as long as what meets there has the same one.
 *
 * Accuracy: by Higham's theorem (Accuracy and Stability of Numerical Algorithms, 24.2) a
 * transform of 2^t numbers errs by at most t * 7.4e-16 of the length of its result, taken
 * as a vector, when its turns are right to the last bit; they are made by octants and are.
 * What to expect is the square root of that.
 */
#ifndef OCELLUS_IMAGE_FOURIER_H
#define OCELLUS_IMAGE_FOURIER_H

#include "base/error.h"

/* As many transforms as the widest vectors of a processor hold doubles are made together. */
#ifdef __aarch64__
enum { LANES = 2 };
#else
enum { LANES = 4 };
#endif

typedef double Lanes __attribute__((vector_size(8 * LANES)));

/* Element k of LANES transforms. */
typedef struct Waves {
    Lanes re, im;
} Waves;

typedef struct Turn {
    double re, im;
} Turn;

enum { FOURIER_LEAST = 16, FOURIER_MOST = 2048, FOURIER_STAGES = 8 };

/* A size and what is known of it: by how many parts the transform is taken apart at each
 * stage, and the turns of the stages one after the other. */
typedef struct Fourier {
    int   size, stages;
    int   parts[FOURIER_STAGES];
    Turn *turns[FOURIER_STAGES];
} Fourier;

/* The smallest size that is at least this, or 0 when there is none: 2^k, 3 * 2^k and 5 * 2^k
 * from FOURIER_LEAST to FOURIER_MOST. */
int fourier_size(int least);

/* For one of these sizes; false when memory is out. */
bool fourier_open(Fourier *f, int size, Error *err) MUST_USE;
void fourier_close(Fourier *f);

/* In place; at[k] are the numbers of element k.  Backwards is without the division by the
 * size. */
void fourier_forward(const Fourier *f, Waves *at);
void fourier_back(const Fourier *f, Waves *at);

#endif
