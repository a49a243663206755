/*
 * contrast - the contrast step of preprocessing.
 *
 * The rules are those of scikit-image and numpy, which the reference's answers
 * follow bit by bit: fractions of a value are cut off, percentiles are mixed
 * linearly between neighbours, and equalisation works on values divided by 255,
 * whose bins need not be those of the bytes.
 */
#include "model/contrast.h"

void contrast_count(Plane plane, uint64_t counts[256])
{
    memset(counts, 0, 256 * sizeof *counts);
    for (int y = 0; y < plane.height; y++) {
        const uint8_t *row = plane.at + (size_t)y * plane.stride;

        for (int x = 0; x < plane.width; x++) {
            if (plane.pixel == 1) {
                counts[row[x]] += 3;
            } else {
                counts[row[4 * x]]++;
                counts[row[4 * x + 1]]++;
                counts[row[4 * x + 2]]++;
            }
        }
    }
}

/* The value at `rank` when all are sorted. */
static int value_at(const uint64_t counts[256], uint64_t rank)
{
    int value = 0;

    while (value < 255 && rank >= counts[value])
        rank -= counts[value++];
    return value;
}

/* ---- stretching ---------------------------------------------------------------- */

/* numpy.percentile(), down to the direction it mixes from. */
static double percentile(const uint64_t counts[256], uint64_t total, double percent)
{
    double   place = percent / 100 * (double)(total - 1);
    uint64_t rank  = (uint64_t)place;
    double   t     = place - (double)rank;
    double   low   = value_at(counts, rank);
    double   high  = value_at(counts, MIN(rank + 1, total - 1));

    return t >= 0.5 ? high - (high - low) * (1 - t) : low + (high - low) * t;
}

static void stretch(const uint64_t counts[256], uint64_t total, uint8_t table[256])
{
    double low  = percentile(counts, total, 2);
    double high = percentile(counts, total, 98);

    for (int i = 0; i < 256; i++) {
        double value = MIN(MAX((double)i, low), high);

        table[i] = low < high ? (uint8_t)((value - low) / (high - low) * 255) : (uint8_t)i;
    }
}

/* ---- equalisation -------------------------------------------------------------- */

enum { BINS = 256 };

/* Bins as numpy.histogram() lays them over the values 0 .. 1 that there are: in
 * float32, like the picture that it is given. */
typedef struct Histogram {
    float  edges[BINS + 1];
    double share[BINS];    /* of pixels in this bin and those below */
} Histogram;

static void lay_bins(Histogram *h, float low, float high)
{
    if (low == high) {
        low  -= 0.5f;
        high += 0.5f;
    }

    float step = (high - low) / BINS;

    for (int i = 0; i < BINS; i++)
        h->edges[i] = (float)i * step + low;
    h->edges[BINS] = high;
}

/* The division may land a hair beside the bin's edges; they decide. */
static int bin_of(const Histogram *h, float value)
{
    float low = h->edges[0], high = h->edges[BINS];
    int   bin = MIN((int)((value - low) / (high - low) * BINS), BINS - 1);

    if (value < h->edges[bin])
        return bin - 1;
    if (bin < BINS - 1 && value >= h->edges[bin + 1])
        return bin + 1;
    return bin;
}

static double center_of(const Histogram *h, int bin)
{
    return (double)((h->edges[bin] + h->edges[bin + 1]) / 2);
}

/* numpy.interp() of the shares between the centres of their bins. */
static double share_of(const Histogram *h, double value)
{
    int bin = 0;

    if (value < center_of(h, 0))
        return h->share[0];
    while (bin < BINS - 1 && value >= center_of(h, bin + 1))
        bin++;
    if (bin == BINS - 1)
        return h->share[BINS - 1];

    double slope = (h->share[bin + 1] - h->share[bin]) /
                   (center_of(h, bin + 1) - center_of(h, bin));
    return slope * (value - center_of(h, bin)) + h->share[bin];
}

/* A value becomes the share of pixels that are no brighter. */
static void equalize(const uint64_t counts[256], uint64_t total, uint8_t table[256])
{
    uint64_t  in_bin[BINS] = { 0 }, below = 0;
    Histogram h;

    lay_bins(&h, (float)value_at(counts, 0) / 255, (float)value_at(counts, total - 1) / 255);
    for (int i = 0; i < 256; i++)
        if (counts[i] > 0)
            in_bin[bin_of(&h, (float)i / 255)] += counts[i];
    for (int i = 0; i < BINS; i++) {
        below     += in_bin[i];
        h.share[i] = (double)below / (double)total;
    }
    for (int i = 0; i < 256; i++)
        table[i] = (uint8_t)((float)share_of(&h, (double)((float)i / 255)) * 255);
}

/* ---- the table ----------------------------------------------------------------- */

void contrast_table(Contrast contrast, const uint64_t counts[256], uint8_t table[256])
{
    uint64_t total = 0;

    for (int i = 0; i < 256; i++) {
        total   += counts[i];
        table[i] = (uint8_t)i;
    }
    if (contrast == CONTRAST_STRETCHING && total > 0)
        stretch(counts, total, table);
    if (contrast == CONTRAST_HISTOGRAM && total > 0)
        equalize(counts, total, table);
}
