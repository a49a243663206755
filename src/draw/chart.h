/*
 * chart - pictures of numbers: curves and confusion matrices.
 *
 * White pictures, drawn with our own rasteriser.  Any numbers are taken: NaN and
 * infinities are gaps in a line, constant lines and single points get an axis around
 * them, and what does not fit is shortened, thinned out or gathered, so that no picture
 * is larger than CHART_SIDE.
 */
#ifndef OCELLUS_DRAW_CHART_H
#define OCELLUS_DRAW_CHART_H

#include "image/image.h"

enum {
    CHART_SIDE    = 4000,    /* pixels of a picture, at most */
    CHART_PANELS  = 24,      /* of one picture; the rest is refused */
    CHART_NUMBERS = 60,      /* classes up to which cells hold their numbers */
};

typedef struct ChartLine {
    const char   *name;      /* in the legend; NULL: drawn pale, as one of many */
    const double *x, *y;
    size_t        count;
} ChartLine;

typedef struct ChartPanel {
    const char      *title, *x_label, *y_label;    /* NULL: none */
    double           y_min, y_max;                 /* NAN: from the data */
    const ChartLine *lines;
    size_t           line_count;
} ChartPanel;

/* Panels side by side, in rows of four. */
Image *chart_lines(const ChartPanel panels[], size_t count, Error *err) MUST_USE;

/* A confusion matrix.  Rows are the truth, columns what was predicted: `class_count` each,
 * and one more behind them where there is a background. */
typedef struct ChartMatrix {
    const char    *title;
    const Text    *classes;
    int            class_count;
    const int64_t *counts;        /* row by row; below 0 counts as 0 */
    bool           background;
    bool           normalized;    /* show the share of the row */
} ChartMatrix;

Image *chart_matrix(const ChartMatrix *matrix, Error *err) MUST_USE;

#endif
