/*
 * fourier_stage - one stage of a Fourier transform, for vectors of one width.
 *
 * Included by fourier.c for every width, with VECTOR, the type of that many doubles, WAVE,
 * a pair of them, and NAMED(name), which tells the functions of one width from those of
 * another.  Compilers split wide vectors where there are none, but badly.
 * Its guard goes with those names before it is included again.
 */
#ifndef OCELLUS_IMAGE_FOURIER_STAGE_H
#define OCELLUS_IMAGE_FOURIER_STAGE_H

/* ---- butterflies ------------------------------------------------------------------------- */

LOOP WAVE NAMED(plus)(WAVE a, WAVE b)
{
    return (WAVE){ a.re + b.re, a.im + b.im };
}

LOOP WAVE NAMED(minus)(WAVE a, WAVE b)
{
    return (WAVE){ a.re - b.re, a.im - b.im };
}

/* a + i * b and a - i * b. */
LOOP WAVE NAMED(plus_i)(WAVE a, WAVE b)
{
    return (WAVE){ a.re - b.im, a.im + b.re };
}

LOOP WAVE NAMED(minus_i)(WAVE a, WAVE b)
{
    return (WAVE){ a.re + b.im, a.im - b.re };
}

LOOP WAVE NAMED(times)(WAVE a, double by)
{
    return (WAVE){ a.re * by, a.im * by };
}

LOOP WAVE NAMED(turned)(WAVE a, const Turn *by)
{
    return (WAVE){ a.re * by->re - a.im * by->im, a.im * by->re + a.re * by->im };
}

LOOP WAVE NAMED(turned_back)(WAVE a, const Turn *by)
{
    return (WAVE){ a.re * by->re + a.im * by->im, a.im * by->re - a.re * by->im };
}

/* The transform of a few elements; `back` is known when this is compiled. */
LOOP void NAMED(transform_2)(WAVE *at)
{
    WAVE a = at[0], b = at[1];

    at[0] = NAMED(plus)(a, b);
    at[1] = NAMED(minus)(a, b);
}

LOOP void NAMED(transform_3)(WAVE *at, bool back)
{
    static const double third = 0.86602540378443864676;        /* sin(2 pi / 3) */

    WAVE sum        = NAMED(plus)(at[1], at[2]);
    WAVE difference = NAMED(times)(NAMED(minus)(at[1], at[2]), third);
    WAVE base       = NAMED(minus)(at[0], NAMED(times)(sum, 0.5));

    at[0] = NAMED(plus)(at[0], sum);
    at[1] = back ? NAMED(plus_i)(base, difference) : NAMED(minus_i)(base, difference);
    at[2] = back ? NAMED(minus_i)(base, difference) : NAMED(plus_i)(base, difference);
}

LOOP void NAMED(transform_4)(WAVE *at, bool back)
{
    WAVE a = NAMED(plus)(at[0], at[2]), b = NAMED(minus)(at[0], at[2]);
    WAVE c = NAMED(plus)(at[1], at[3]), d = NAMED(minus)(at[1], at[3]);

    at[0] = NAMED(plus)(a, c);
    at[2] = NAMED(minus)(a, c);
    at[1] = back ? NAMED(plus_i)(b, d) : NAMED(minus_i)(b, d);
    at[3] = back ? NAMED(minus_i)(b, d) : NAMED(plus_i)(b, d);
}

LOOP void NAMED(transform_5)(WAVE *at, bool back)
{
    static const double cos1 = 0.30901699437494742410, cos2 = -0.80901699437494742410,
                        sin1 = 0.95105651629515357212, sin2 = 0.58778525229247312917;

    WAVE a = NAMED(plus)(at[1], at[4]), b = NAMED(plus)(at[2], at[3]), zero = at[0];
    WAVE c = NAMED(minus)(at[1], at[4]), d = NAMED(minus)(at[2], at[3]);
    WAVE near = NAMED(plus)(zero, NAMED(plus)(NAMED(times)(a, cos1), NAMED(times)(b, cos2)));
    WAVE far  = NAMED(plus)(zero, NAMED(plus)(NAMED(times)(a, cos2), NAMED(times)(b, cos1)));
    WAVE one  = NAMED(plus)(NAMED(times)(c, sin1), NAMED(times)(d, sin2));
    WAVE two  = NAMED(minus)(NAMED(times)(c, sin2), NAMED(times)(d, sin1));

    at[0] = NAMED(plus)(zero, NAMED(plus)(a, b));
    at[1] = back ? NAMED(plus_i)(near, one) : NAMED(minus_i)(near, one);
    at[2] = back ? NAMED(plus_i)(far, two) : NAMED(minus_i)(far, two);
    at[3] = back ? NAMED(minus_i)(far, two) : NAMED(plus_i)(far, two);
    at[4] = back ? NAMED(minus_i)(near, one) : NAMED(plus_i)(near, one);
}

LOOP void NAMED(transform)(WAVE *at, int parts, bool back)
{
    switch (parts) {
    case 2:  NAMED(transform_2)(at); break;
    case 3:  NAMED(transform_3)(at, back); break;
    case 4:  NAMED(transform_4)(at, back); break;
    default: NAMED(transform_5)(at, back); break;
    }
}

/* ---- a stage ----------------------------------------------------------------------------- */

/* Elements `step` apart; the last stage, with one step, turns nothing. */
LOOP void NAMED(butterfly)(double *at, const Turn *turns, int step, int parts, bool back,
                           bool turn)
{
    WAVE some[5];

    for (int q = 0; q < parts; q++) {
        const double *from = at + (ptrdiff_t)q * step * 2 * LANES;

        some[q] = (WAVE){ *(const VECTOR *)from, *(const VECTOR *)(from + LANES) };
        if (turn && back && q > 0) {
            some[q] = NAMED(turned_back)(some[q], turns + q - 1);
        }
    }
    NAMED(transform)(some, parts, back);
    for (int q = 0; q < parts; q++) {
        double *to = at + (ptrdiff_t)q * step * 2 * LANES;

        if (turn && !back && q > 0) {
            some[q] = NAMED(turned)(some[q], turns + q - 1);
        }
        *(VECTOR *)to           = some[q].re;
        *(VECTOR *)(to + LANES) = some[q].im;
    }
}

LOOP void NAMED(run_blocks)(double *at, const Turn *turns, int step, int blocks, int parts,
                            bool back)
{
    for (int b = 0; b < blocks; b++, at += (ptrdiff_t)parts * step * 2 * LANES) {
        if (step == 1) {
            NAMED(butterfly)(at, turns, 1, parts, back, false);
            continue;
        }
        for (int j = 0; j < step; j++) {
            NAMED(butterfly)(at + (ptrdiff_t)j * 2 * LANES, turns + (ptrdiff_t)j * (parts - 1),
                             step, parts, back, true);
        }
    }
}

/* One stage of some blocks of parts * step elements. */
LOOP void NAMED(run_stage)(double *at, const Turn *turns, int step, int blocks, int parts,
                           bool back)
{
    switch (parts) {
    case 2:  NAMED(run_blocks)(at, turns, step, blocks, 2, back); break;
    case 3:  NAMED(run_blocks)(at, turns, step, blocks, 3, back); break;
    case 4:  NAMED(run_blocks)(at, turns, step, blocks, 4, back); break;
    default: NAMED(run_blocks)(at, turns, step, blocks, 5, back); break;
    }
}

#endif
