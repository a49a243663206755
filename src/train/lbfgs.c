/*
 * lbfgs - the lowest point of a smooth function of many variables.
 */
#include "train/lbfgs.h"

#include <math.h>

enum { MEMORY = 8, PATIENCE = 3 };

/* Pairs of steps and changes of the gradient, as float: they only shape the direction. */
typedef struct Descent {
    const Minimizing *how;
    double *x, *gradient;               /* where it stands */
    double *next, *next_gradient;       /* where it looks */
    double *direction;
    float  *steps, *changes;            /* MEMORY rows each, a ring */
    double  curvature[MEMORY];          /* 1 / (step . change) */
    int     kept, newest;
    double  value;
} Descent;

static double dot(const double *a, const double *b, size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += a[i] * b[i];
    return sum;
}

static double dot_row(const float *row, const double *b, size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += (double)row[i] * b[i];
    return sum;
}

static void add_row(double *to, double factor, const float *row, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] += factor * (double)row[i];
}

/* The newest pair is 0, the one before it 1 ... */
static int pair_at(const Descent *d, int age)
{
    return (d->newest - age + MEMORY) % MEMORY;
}

/* The two loops of algorithm 7.4. */
static void find_direction(Descent *d)
{
    size_t n = d->how->count;
    double share[MEMORY];

    for (size_t i = 0; i < n; i++)
        d->direction[i] = -d->gradient[i];
    for (int age = 0; age < d->kept; age++) {
        size_t at = (size_t)pair_at(d, age);

        share[at] = d->curvature[at] * dot_row(d->steps + at * n, d->direction, n);
        add_row(d->direction, -share[at], d->changes + at * n, n);
    }
    if (d->kept > 0) {
        const float *change = d->changes + (size_t)d->newest * n;
        double       length = 0;

        for (size_t i = 0; i < n; i++)
            length += (double)change[i] * (double)change[i];
        double scale = 1 / (d->curvature[d->newest] * length);
        for (size_t i = 0; i < n; i++)
            d->direction[i] *= scale;
    }
    for (int age = d->kept - 1; age >= 0; age--) {
        size_t at    = (size_t)pair_at(d, age);
        double other = d->curvature[at] * dot_row(d->changes + at * n, d->direction, n);

        add_row(d->direction, share[at] - other, d->steps + at * n, n);
    }
}

/* Remember the step just made, if the function curves upwards along it. */
static void remember(Descent *d)
{
    size_t n      = d->how->count;
    int    place  = d->kept == 0 ? 0 : (d->newest + 1) % MEMORY;
    float *step   = d->steps + (size_t)place * n;
    float *change = d->changes + (size_t)place * n;
    double both   = 0;

    for (size_t i = 0; i < n; i++) {
        step[i]   = (float)(d->next[i] - d->x[i]);
        change[i] = (float)(d->next_gradient[i] - d->gradient[i]);
        both     += (double)step[i] * (double)change[i];
    }
    if (!(both > 1e-14))
        return;
    d->curvature[place] = 1 / both;
    d->newest           = place;
    d->kept             = MIN(d->kept + 1, MEMORY);
}

/* Look along the direction for a point that is lower by a fair share of what the slope
 * promises (Armijo), each time where a parabola through what is known has its lowest point;
 * false when there is none, or only one that nobody could tell from this. */
static bool find_lower(Descent *d, double *value)
{
    size_t n     = d->how->count;
    double slope = dot(d->direction, d->gradient, n);
    double step  = d->kept > 0 ? 1 : MIN(1, 1 / sqrt(dot(d->gradient, d->gradient, n)));

    while (-step * slope > 1e-10 * fabs(d->value)) {
        double best;

        for (size_t k = 0; k < n; k++)
            d->next[k] = d->x[k] + step * d->direction[k];
        *value = d->how->evaluate(d->how->context, d->next, d->next_gradient);
        if (*value <= d->value + 1e-4 * step * slope)
            return true;
        best = -slope * step * step / (2 * (*value - d->value - slope * step));
        step = isfinite(best) ? MAX(0.1 * step, MIN(0.5 * step, best)) : 0.1 * step;
    }
    return false;
}

static void step_on(Descent *d, double value)
{
    remember(d);
    memcpy(d->x, d->next, d->how->count * sizeof *d->x);
    memcpy(d->gradient, d->next_gradient, d->how->count * sizeof *d->x);
    d->value = value;
}

static bool descend(Descent *d, Error *err)
{
    const Minimizing *how = d->how;
    int               idle = 0;

    d->value = how->evaluate(how->context, d->x, d->gradient);
    for (int step = 1; step <= how->most && idle < PATIENCE; step++) {
        double value, before = d->value;

        if (!isfinite(d->value))
            return fail(err, ERR_INVALID, "training went astray: the loss is no number; are there "
                        "features that are not finite?");
        find_direction(d);
        if (!find_lower(d, &value)) {
            if (d->kept == 0)
                break;
            d->kept = 0;                        /* start again with the plain slope */
            continue;
        }
        step_on(d, value);
        idle = before - value <= how->tolerance * fabs(value) ? idle + 1 : 0;
        if (how->look && !how->look(how->context, step, value, d->x))
            break;
    }
    return true;
}

bool minimize(const Minimizing *how, double *x, Error *err)
{
    size_t  n = how->count;
    Descent d = { .how = how, .x = x };
    double *doubles = calloc(4 * n, sizeof *doubles);
    float  *floats  = calloc(2 * MEMORY * n, sizeof *floats);
    bool    done    = false;

    if (doubles && floats) {
        d.gradient      = doubles;
        d.next          = doubles + n;
        d.next_gradient = doubles + 2 * n;
        d.direction     = doubles + 3 * n;
        d.steps         = floats;
        d.changes       = floats + MEMORY * n;
        done            = descend(&d, err);
    } else {
        fail(err, ERR_MEMORY, "there is no memory to train %zu weights", n);
    }
    free(doubles);
    free(floats);
    return done;
}
