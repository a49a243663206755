/*
 * blur_histogram - the median of large squares, by counting.
 *
 * Every column has a histogram of its k pixels, which going down gains one and
 * loses one; the window's gains a column and loses one going right.  Histograms
 * have two levels, 16 counts and 16 times 16, and of the second level only the
 * part that the median lies in is brought up to date (Perreault and Hebert,
 * 2007), so the time does not depend on k.  Beyond the edge stand the pixels of
 * the edge.
 *
 * From kernels of 363 on, OpenCV's 16-bit counts overflow; ours have 32 bits.
 */
#include "image/blur_kernels.h"

enum {
    LEVELS = 16,
    STRIPE = 512,      /* columns that are worked on together */
};

typedef struct Counts {
    uint16_t at[LEVELS];
} Counts;

typedef struct Window {
    uint32_t coarse[LEVELS];
    uint32_t fine[LEVELS][LEVELS];
    int      seen[LEVELS];       /* the pixel that this part of `fine` is of; NEVER: of none */
} Window;

enum { NEVER = -(1 << 28) };

typedef struct Median {
    const BlurJob *job;
    int            channel, half;
    int            first, columns;     /* those of the picture that have histograms */
    Counts        *coarse;             /* one a column */
    Counts        *fine[LEVELS];       /* for each part, one a column */
    Window         window;
} Median;

/* ---- inner loops ----------------------------------------------------------- */

LOOP void slide(uint32_t *restrict window, const Counts *restrict enter,
                const Counts *restrict leave)
{
    for (int i = 0; i < LEVELS; i++) {
        window[i] += (uint32_t)enter->at[i] - leave->at[i];
    }
}

LOOP void add_times(uint32_t *restrict window, const Counts *restrict column, uint32_t times)
{
    for (int i = 0; i < LEVELS; i++) {
        window[i] += column->at[i] * times;
    }
}

/* The histogram of the column at x, or of the edge's beyond it. */
LOOP const Counts *column_at(const Median *m, const Counts *columns, int x)
{
    int last = m->job->from.width - 1;

    return columns + (MAX(0, MIN(x, last)) - m->first);
}

/* Sum up one level of all columns of the window around x. */
LOOP void sum_up(const Median *m, uint32_t *window, const Counts *columns, int x)
{
    int last = m->job->from.width - 1, left = MAX(0, x - m->half), right = MIN(x + m->half, last);

    memset(window, 0, LEVELS * sizeof *window);
    add_times(window, column_at(m, columns, left),
              (uint32_t)(left - (x - m->half)));
    add_times(window, column_at(m, columns, right), (uint32_t)(x + m->half - right));
    for (int i = left; i <= right; i++) {
        add_times(window, column_at(m, columns, i), 1);
    }
}

/* Bring a part of the second level from where it was seen last to x. */
LOOP void bring_up(Median *m, int part, int x)
{
    uint32_t *fine = m->window.fine[part];
    int       seen = m->window.seen[part];

    if (x - seen > m->half) {
        sum_up(m, fine, m->fine[part], x);
    } else {
        for (int i = seen + 1; i <= x; i++) {
            slide(fine, column_at(m, m->fine[part], i + m->half),
                  column_at(m, m->fine[part], i - m->half - 1));
        }
    }
    m->window.seen[part] = x;
}

/* The first of 16 counts with which the sum passes `rank`; *below: those before. */
LOOP int find(const uint32_t *counts, uint32_t rank, uint32_t *below)
{
    int i = 0;

    while (i < LEVELS - 1 && *below + counts[i] <= rank) {
        *below += counts[i++];
    }
    return i;
}

LOOP void make_row(Median *m, uint8_t *out, int from, int to)
{
    Window  *window = &m->window;
    uint64_t size   = (uint64_t)m->job->size;
    uint32_t rank   = (uint32_t)(size * size / 2);
    int      pixel  = m->job->to.pixel;

    for (int i = 0; i < LEVELS; i++) {
        window->seen[i] = NEVER;
    }
    sum_up(m, window->coarse, m->coarse, from);
    for (int x = from; x < to; x++) {
        uint32_t below = 0;

        if (x > from) {
            slide(window->coarse, column_at(m, m->coarse, x + m->half),
                  column_at(m, m->coarse, x - m->half - 1));
        }

        int part = find(window->coarse, rank, &below);
        if (window->seen[part] != x) {
            bring_up(m, part, x);
        }
        out[x * pixel] = (uint8_t)(part * LEVELS + find(window->fine[part], rank, &below));
    }
}

FOR_EVERY_LEVEL(make_row, (Median *m, uint8_t *out, int from, int to), (m, out, from, to));

/* ---- columns --------------------------------------------------------------- */

/* Add a row to the columns' histograms `times` times, or take it away. */
static void count_row(Median *m, int y, int times)
{
    const Plane   *from = &m->job->from;
    const uint8_t *row  = from->at + (size_t)MAX(0, MIN(y, from->height - 1)) * from->stride +
                          (size_t)m->first * (size_t)from->pixel + m->channel;

    for (int x = 0; x < m->columns; x++) {
        int value = row[x * from->pixel], part = value / LEVELS, place = value % LEVELS;

        m->coarse[x].at[part]      = (uint16_t)(m->coarse[x].at[part] + times);
        m->fine[part][x].at[place] = (uint16_t)(m->fine[part][x].at[place] + times);
    }
}

static void count_first_rows(Median *m)
{
    int last = m->job->from.height - 1;

    memset(m->coarse, 0, (size_t)m->columns * sizeof(Counts));
    for (int i = 0; i < LEVELS; i++) {
        memset(m->fine[i], 0, (size_t)m->columns * sizeof(Counts));
    }
    count_row(m, 0, m->half);
    count_row(m, last, MAX(0, m->half - last));
    for (int y = 0; y <= MIN(m->half, last); y++) {
        count_row(m, y, 1);
    }
}

/* Columns from .. to - 1 of the picture, one channel. */
static bool make_stripe(Median *m, int from, int to, Error *err)
{
    const Plane *plane = &m->job->to;

    m->first   = MAX(0, from - m->half - 1);
    m->columns = MIN(m->job->from.width, to + m->half) - m->first;
    count_first_rows(m);
    for (int y = 0; y < plane->height; y++) {
        uint8_t *out = plane->at + (size_t)y * plane->stride + m->channel;

        if (!cancel_check(m->job->cancel, err)) {
            return false;
        }
        if (y > 0) {
            count_row(m, y + m->half, 1);
            count_row(m, y - m->half - 1, -1);
        }
        make_row_by[m->job->level](m, out, from, to);
    }
    return true;
}

static void fill_white(const BlurJob *job)
{
    for (int y = 0; y < job->to.height; y++) {
        memset(job->to.at + (size_t)y * job->to.stride, 255, (size_t)row_bytes(&job->to));
    }
}

bool blur_histogram(const BlurJob *job, Error *err)
{
    int     width = job->from.width, half = job->size / 2, stripe = MAX(STRIPE, 2 * half);
    size_t  columns = (size_t)MIN((int64_t)width, (int64_t)stripe + 2 * half + 1);
    Counts *counts  = malloc((1 + LEVELS) * columns * sizeof *counts);
    Median  m       = { .job = job, .half = half, .coarse = counts };
    bool    done    = true;

    if (!counts) {
        return fail(err, ERR_MEMORY, "no memory to blur a picture");
    }
    for (size_t i = 0; i < LEVELS; i++) {
        m.fine[i] = counts + (1 + i) * columns;
    }
    fill_white(job);
    for (; done && m.channel < job->channels; m.channel++) {
        for (int x = 0; done && x < width; x += stripe) {
            done = make_stripe(&m, x, MIN(width, x + stripe), err);
        }
    }
    free(counts);
    return done;
}
