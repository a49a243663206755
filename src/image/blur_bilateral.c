/*
 * blur_bilateral - smoothing that keeps edges, as OpenCV 4.12's bilateralFilter().
 *
 * A pixel becomes the mean of those around it in a circle, weighted by how near
 * and how alike they are: w = exp(-r^2 / (2 space^2)) * exp(-d^2 / (2 colour^2)),
 * d being the differences of all channels added up.  Both factors come from
 * tables of floats, that of d from a product of floats.  Sums are taken in floats,
 * row after row and from left to right, and products added without rounding in
 * between: that decides about the last bit, and is kept on machines that have no
 * such instruction, where it is slow.
 *
 * Of a million bytes about one differs from OpenCV's, by 1.  Gray with
 * kernels up to 5 is cut instead of rounded where OpenCV hands it to a library of
 * Intel's; here it is rounded, as everything else.
 */
#include <math.h>

#include "image/blur_kernels.h"

/* ---- inner loops ----------------------------------------------------------- */

/* Add the pixels `dx` to the right, from place `from` on. */
static void add_tap(const Bilateral *b, int dx, float space, int from)
{
    for (int i = from; i < b->job->from.width; i++) {
        int   at    = b->radius + i + dx;
        float apart = fabsf(b->line[0][at] - b->centre[0][i]);

        for (int c = 1; c < b->planes; c++) {
            apart += fabsf(b->line[c][at] - b->centre[c][i]);
        }

        float weight = space * b->alike[(int)apart];

        b->weights[i] += weight;
        for (int c = 0; c < b->planes; c++) {
            b->sums[c][i] = fmaf(b->line[c][at], weight, b->sums[c][i]);
        }
    }
}

void bilateral_add_row(const Bilateral *b, const float *space, int from)
{
    for (int dx = -b->radius; dx <= b->radius; dx++) {
        if (space[abs(dx)] > 0) {
            add_tap(b, dx, space[abs(dx)], from);
        }
    }
}

/* Adding and taking away 1.5 * 2^23 rounds half to even. */
static void finish_plane(uint8_t *restrict out, const float *restrict sums,
                         const float *restrict weights, int step, int count)
{
    const float magic = 12582912.0f;

    for (int i = 0; i < count; i++) {
        out[i * step] = (uint8_t)(int)((sums[i] / weights[i] + magic) - magic);
    }
}

/* ---- a blur ---------------------------------------------------------------- */

/* Spread `count` pixels of a row over the planes. */
static void split(float *const planes[3], const uint8_t *row, int x, int count, int pixel)
{
    for (int c = 0; c < MIN(pixel, 3); c++) {
        float *plane = planes[c] + x;

        for (int i = 0; i < count; i++) {
            plane[i] = row[i * pixel + c];
        }
    }
}

static void fill_line(const Bilateral *b, int y)
{
    const Plane   *from = &b->job->from;
    const uint8_t *row  = mirror_row(from, y);

    split(b->line, row, b->radius, from->width, from->pixel);
    for (int x = 1; x <= b->radius; x++) {
        for (int c = 0; c < b->planes; c++) {
            float *plane = b->line[c] + b->radius;

            plane[-x]                  = plane[mirror(-x, from->width)];
            plane[from->width - 1 + x] = plane[mirror(from->width - 1 + x, from->width)];
        }
    }
}

static void add_row(const Bilateral *b, int dy)
{
    const float *space = b->space + (ptrdiff_t)abs(dy) * (b->radius + 1);

    bilateral_add_row(b, space, b->job->level == SIMD_256 ? bilateral_add_row_avx2(b, space) : 0);
}

static bool make_row(const Bilateral *b, int y, Error *err)
{
    const Plane *from = &b->job->from, *to = &b->job->to;
    uint8_t     *out  = to->at + (size_t)y * to->stride;

    split(b->centre, from->at + (size_t)y * from->stride, 0, from->width, from->pixel);
    memset(b->weights, 0, (size_t)from->width * sizeof *b->weights);
    for (int c = 0; c < b->planes; c++) {
        memset(b->sums[c], 0, (size_t)from->width * sizeof *b->sums[c]);
    }
    for (int dy = -b->radius; dy <= b->radius; dy++) {
        if (!cancel_check(b->job->cancel, err)) {
            return false;
        }
        fill_line(b, y + dy);
        add_row(b, dy);
    }
    if (to->pixel == 4) {    /* alpha stays */
        memcpy(out, from->at + (size_t)y * from->stride, (size_t)row_bytes(to));
    }
    for (int c = 0; c < b->planes; c++) {
        finish_plane(out + c, b->sums[c], b->weights, to->pixel, to->width);
    }
    return true;
}

static float weight_of(double square, double sigma)
{
    return (float)exp(-0.5 / (sigma * sigma) * square);
}

static void fill_weights(Bilateral *b, double colour, double space)
{
    for (int d = 0; d < DIFFERENCES; d++) {
        b->alike[d] = (float)exp((float)(d * d) * (float)(-0.5 / (colour * colour)));
    }
    for (int y = 0; y <= b->radius; y++) {
        for (int x = 0; x <= b->radius; x++) {
            double square = (double)y * y + (double)x * x;
            bool   inside = square <= (double)b->radius * b->radius;

            b->space[y * (b->radius + 1) + x] = inside ? weight_of(square, space) : 0;
        }
    }
}

/* Half of the circle's side; further out all weights are too small for a float. */
static int radius_of(int size, double space)
{
    int radius = size > 0 ? size / 2 : (int)nearbyint(MIN(space * 1.5, LIMIT_BLUR_SIZE / 2));

    radius = MAX(radius, 1);
    while (radius > 1 && weight_of((double)radius * radius, space) <= 0) {
        radius--;
    }
    return radius;
}

bool blur_bilateral(const BlurJob *job, double colour, double space, Error *err)
{
    Bilateral b = { .job = job, .radius = radius_of(job->size, space),
                    .planes = MIN(job->channels, 3) };
    size_t    width = (size_t)job->from.width, side = (size_t)b.radius + 1;

    b.length = width + 2 * (size_t)b.radius;

    float *rows = malloc((side * side + 3 * b.length + 7 * width) * sizeof *rows);
    if (!rows) {
        return fail(err, ERR_MEMORY, "no memory to blur a picture");
    }
    b.space   = rows;
    b.weights = rows + side * side + 3 * b.length;
    for (size_t c = 0; c < 3; c++) {
        b.line[c]   = rows + side * side + c * b.length;
        b.centre[c] = b.weights + (1 + c) * width;
        b.sums[c]   = b.weights + (4 + c) * width;
    }
    fill_weights(&b, colour, space);

    bool done = true;
    for (int y = 0; done && y < job->from.height; y++) {
        done = make_row(&b, y, err);
    }
    free(rows);
    return done;
}
