/*
 * chart_paper - what all charts are drawn with: white paper, text, ticks.
 *
 * Errors are sticky: after the first nothing is drawn, and paper_done() tells.
 */
#ifndef OCELLUS_DRAW_CHART_PAPER_H
#define OCELLUS_DRAW_CHART_PAPER_H

#include "draw/chart.h"
#include "draw/palette.h"

typedef struct Paper {
    Image *image;
    Error *err;
    bool   failed;
} Paper;

/* Which end of a text stands at its place. */
typedef enum TextSide { TEXT_FROM, TEXT_AROUND, TEXT_UP_TO } TextSide;

extern const Color PAPER_INK, PAPER_PALE, PAPER_GRID, PAPER_WHITE;

Paper  paper_open(int width, int height, Error *err);
Image *paper_done(Paper *paper) MUST_USE;      /* NULL: failed; the picture is gone */

void paper_fill(Paper *paper, int x, int y, int width, int height, Color color);

/* A line of text in one height, its baseline at y; shortened with dots to `most` pixels. */
void paper_text(Paper *paper, Text text, int x, int y, TextSide side, int most, double scale,
                Color color);

/* The same reading upwards, its baseline at x. */
void paper_text_up(Paper *paper, Text text, int x, int y, TextSide side, int most, double scale,
                   Color color);

/* How wide a text is at most `most` pixels. */
int paper_width(Text text, int most, double scale);

/* ---- ticks ------------------------------------------------------------------------ */

enum { TICKS = 12 };

typedef struct Tick {
    double value;
    char   text[32];
} Tick;

/* Round numbers (1, 2 or 5 times a power of ten apart) from low to high: about `wanted`
 * of them, at most TICKS.  Returns how many. */
int ticks_make(double low, double high, int wanted, Tick ticks[TICKS]);

#endif
