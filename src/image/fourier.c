/*
 * fourier - discrete Fourier transforms of a few sizes, several at once.
 *
 * Cooley and Tukey's way, in place: forwards by decimation in frequency, which leaves the
 * frequencies in the order of reversed digits, and backwards by decimation in time, which
 * begins with that order.  One part of three or five, one of two, the rest by fours.  What
 * does not fit the fastest cache is taken apart until its pieces do, each of which is then
 * finished before the next.
 */
#include <math.h>

#include "image/fourier.h"
#include "image/simd.h"

enum { FITS = 256 };        /* elements, 16 KiB of them */

/* ---- sizes and turns --------------------------------------------------------------------- */

int fourier_size(int least)
{
    int best = 0;

    for (int odd = 1; odd <= 5; odd += 2) {
        int size = odd;

        while (size < least || size < FOURIER_LEAST) {
            size *= 2;
        }
        if (size <= FOURIER_MOST && (best == 0 || size < best)) {
            best = size;
        }
    }
    return best;
}

/* e^(-2 pi i k / size), by angles of at most an eighth of a turn. */
static Turn turn_of(int k, int size)
{
    int    quarter = 4 * k / size, eighths = 8 * k - 2 * quarter * size;
    bool   far     = eighths > size;
    double angle   = (far ? 2 * size - eighths : eighths) * (M_PI / 4) / size;
    double along   = far ? sin(angle) : cos(angle), across = far ? cos(angle) : sin(angle);

    switch (quarter) {
    case 0:  return (Turn){ along, -across };
    case 1:  return (Turn){ -across, -along };
    case 2:  return (Turn){ -along, across };
    default: return (Turn){ across, along };
    }
}

static void take_apart(Fourier *f)
{
    for (int left = f->size; left > 1; left /= f->parts[f->stages++]) {
        f->parts[f->stages] = left % 3 == 0 ? 3 : left % 5 == 0 ? 5 : left % 4 == 0 ? 4 : 2;
    }
}

bool fourier_open(Fourier *f, int size, Error *err)
{
    Turn *next = calloc(2 * (size_t)size, sizeof *next);

    *f = (Fourier){ .size = size, .turns = { next } };
    if (!next) {
        return fail(err, ERR_MEMORY, "no memory for the turns of %d elements", size);
    }
    take_apart(f);
    for (int s = 0, length = size; s < f->stages; length /= f->parts[s++]) {
        f->turns[s] = next;
        for (int j = 0; j < length / f->parts[s]; j++) {
            for (int q = 1; q < f->parts[s]; q++) {
                *next++ = turn_of(j * q % length, length);
            }
        }
    }
    return true;
}

void fourier_close(Fourier *f)
{
    free(f->turns[0]);
    f->turns[0] = NULL;
}

/* ---- stages ------------------------------------------------------------------------------ */

typedef double Pair __attribute__((vector_size(16), may_alias));

typedef struct PairWaves {
    Pair re, im;
} PairWaves;

#define VECTOR      Lanes
#define WAVE        Waves
#define NAMED(name) name##_lanes
#include "image/fourier_stage.h"
#undef VECTOR
#undef WAVE
#undef NAMED
#undef OCELLUS_IMAGE_FOURIER_STAGE_H

#define VECTOR      Pair
#define WAVE        PairWaves
#define NAMED(name) name##_pair
#include "image/fourier_stage.h"
#undef VECTOR
#undef WAVE
#undef NAMED

/* All the lanes at once where vectors are as wide, or pair by pair. */
LOOP void run_lanes(Waves *at, const Turn *turns, int step, int blocks, int parts, bool back,
                    SimdLevel level)
{
    double *first = (double *)at;

    if (level == SIMD_256) {
        run_stage_lanes(first, turns, step, blocks, parts, back);
        return;
    }
    for (int i = 0; i < LANES; i += 2) {
        run_stage_pair(first + i, turns, step, blocks, parts, back);
    }
}

LOOP void stage_forward(Waves *at, const Turn *turns, int step, int blocks, int parts,
                        SimdLevel level)
{
    run_lanes(at, turns, step, blocks, parts, false, level);
}

LOOP void stage_back(Waves *at, const Turn *turns, int step, int blocks, int parts,
                     SimdLevel level)
{
    run_lanes(at, turns, step, blocks, parts, true, level);
}

FOR_EVERY_LEVEL(stage_forward, (Waves *at, const Turn *turns, int step, int blocks, int parts),
                (at, turns, step, blocks, parts, level));
FOR_EVERY_LEVEL(stage_back, (Waves *at, const Turn *turns, int step, int blocks, int parts),
                (at, turns, step, blocks, parts, level));

/* ---- whole transforms -------------------------------------------------------------------- */

static void forward_from(const Fourier *f, int stage, Waves *at, int length, SimdLevel level)
{
    int s = stage, blocks = 1, step = length / f->parts[s];

    if (length > FITS) {
        stage_forward_by[level](at, f->turns[s], step, 1, f->parts[s]);
        for (int q = 0; q < f->parts[s]; q++) {
            forward_from(f, s + 1, at + (ptrdiff_t)q * step, step, level);
        }
        return;
    }
    for (; s < f->stages; s++) {
        step = length / blocks / f->parts[s];
        stage_forward_by[level](at, f->turns[s], step, blocks, f->parts[s]);
        blocks *= f->parts[s];
    }
}

static void back_from(const Fourier *f, int stage, Waves *at, int length, SimdLevel level)
{
    int step = length / f->parts[stage], blocks = length;

    if (length > FITS) {
        for (int q = 0; q < f->parts[stage]; q++) {
            back_from(f, stage + 1, at + (ptrdiff_t)q * step, step, level);
        }
        stage_back_by[level](at, f->turns[stage], step, 1, f->parts[stage]);
        return;
    }
    for (int s = f->stages - 1; s >= stage; s--) {
        blocks /= f->parts[s];
        stage_back_by[level](at, f->turns[s], length / blocks / f->parts[s], blocks,
                             f->parts[s]);
    }
}

void fourier_forward(const Fourier *f, Waves *at)
{
    forward_from(f, 0, at, f->size, simd_level());
}

void fourier_back(const Fourier *f, Waves *at)
{
    back_from(f, 0, at, f->size, simd_level());
}
