/*
 * chart_lines - curves in panels.
 */
#include <math.h>

#include "draw/chart_paper.h"
#include "image/raster.h"

enum {
    PANEL_WIDTH = 560, PANEL_HEIGHT = 420, PANELS_A_ROW = 4,
    EDGE_TOP = 40, EDGE_RIGHT = 20, EDGE_BOTTOM = 58,
    LEGEND_LINES = 12, LEGEND_ROW = 18, LEGEND_NAME = 170, LEGEND_KEY = 30,
    MARKED_POINTS = 40,      /* lines of no more points get a dot on each */
};

static const double SMALL = 0.42, TITLE = 0.55;

/* Numbers are held within this, so that no difference of two overflows. */
static const double HUGEST = 1e300;

/* Told apart on white, also by most who do not see every colour. */
static const Color line_colors[] = {
    { 180, 119, 31 }, { 14, 107, 235 }, { 44, 140, 44 }, { 40, 39, 200 }, { 189, 103, 148 },
    { 75, 86, 140 }, { 194, 119, 227 }, { 110, 110, 110 }, { 20, 150, 160 }, { 190, 180, 23 },
};

typedef struct Range {
    double low, high;
} Range;

/* A panel on paper: where its plot lies and what its edges stand for. */
typedef struct Plot {
    Paper *paper;
    int    left, top, width, height;
    Range  x, y;
} Plot;

/* ---- ranges ------------------------------------------------------------------------- */

static double held(double v)
{
    return fmax(-HUGEST, fmin(v, HUGEST));
}

static Range range_of(const ChartPanel *panel, bool of_x)
{
    Range range = { INFINITY, -INFINITY };

    for (size_t i = 0; i < panel->line_count; i++) {
        const ChartLine *line = &panel->lines[i];

        for (size_t k = 0; k < line->count; k++) {
            double v = of_x ? line->x[k] : line->y[k];

            if (isfinite(line->x[k]) && isfinite(line->y[k])) {
                range.low  = fmin(range.low, held(v));
                range.high = fmax(range.high, held(v));
            }
        }
    }
    return range.low > range.high ? (Range){ 0, 1 } : range;
}

/* Some room where all is one number, or nearly so. */
static Range range_widened(Range range)
{
    double greatest = fmax(fabs(range.low), fabs(range.high));

    if (range.high - range.low <= greatest * 1e-12) {
        double room = greatest > 1e-300 ? greatest * 0.05 : 0.5;

        range.low  -= room;
        range.high += room;
    }
    return range;
}

static Range y_range(const ChartPanel *panel)
{
    Range  range = range_widened(range_of(panel, false));
    double room  = (range.high - range.low) * 0.05;

    range.low  = isfinite(panel->y_min) ? held(panel->y_min) : range.low - room;
    range.high = isfinite(panel->y_max) ? held(panel->y_max) : range.high + room;
    if (range.high < range.low) {
        range = (Range){ range.high, range.low };
    }
    return range_widened(range);
}

/* ---- places ------------------------------------------------------------------------- */

/* In pixels of the picture; held near the plot, so that far points stay numbers that a
 * rasteriser can work with. */
static double place_x(const Plot *plot, double v)
{
    double share = (held(v) - plot->x.low) / (plot->x.high - plot->x.low);

    return plot->left + fmax(-1000, fmin(share, 1000)) * plot->width;
}

static double place_y(const Plot *plot, double v)
{
    double share = (held(v) - plot->y.low) / (plot->y.high - plot->y.low);

    return plot->top + plot->height - fmax(-1000, fmin(share, 1000)) * plot->height;
}

/* ---- axes ---------------------------------------------------------------------------- */

static void draw_axes(Plot *plot, const Tick *xs, int x_count, const Tick *ys, int y_count)
{
    Paper *paper  = plot->paper;
    int    bottom = plot->top + plot->height;

    for (int i = 0; i < x_count; i++) {
        int x = (int)lround(place_x(plot, xs[i].value));

        paper_fill(paper, x, plot->top, 1, plot->height, PAPER_GRID);
        paper_fill(paper, x, bottom, 1, 5, PAPER_INK);
        paper_text(paper, text_of(xs[i].text), x, bottom + 18, TEXT_AROUND, 120, SMALL, PAPER_INK);
    }
    for (int i = 0; i < y_count; i++) {
        int y = (int)lround(place_y(plot, ys[i].value));

        paper_fill(paper, plot->left, y, plot->width, 1, PAPER_GRID);
        paper_fill(paper, plot->left - 5, y, 5, 1, PAPER_INK);
        paper_text(paper, text_of(ys[i].text), plot->left - 8, y + 4, TEXT_UP_TO, 120, SMALL,
                   PAPER_INK);
    }
    paper_fill(paper, plot->left, plot->top, 1, plot->height + 1, PAPER_INK);
    paper_fill(paper, plot->left, bottom, plot->width + 1, 1, PAPER_INK);
}

static void draw_names(Plot *plot, const ChartPanel *panel, int left)
{
    int middle = plot->left + plot->width / 2;

    paper_text(plot->paper, text_of(panel->title), middle, plot->top - 14, TEXT_AROUND,
               plot->width, TITLE, PAPER_INK);
    paper_text(plot->paper, text_of(panel->x_label), middle, plot->top + plot->height + 40,
               TEXT_AROUND, plot->width, SMALL, PAPER_INK);
    paper_text_up(plot->paper, text_of(panel->y_label), left + 18, plot->top + plot->height / 2,
                  TEXT_AROUND, plot->height, SMALL, PAPER_INK);
}

/* ---- lines --------------------------------------------------------------------------- */

/* Points that fall into one column of pixels are drawn as the first, the lowest, the
 * highest and the last of them: the same ink, whatever their number. */
typedef struct Stretch {
    bool   begun;
    double column;
    double first, low, high, last;
    double x, y;             /* where the line has come to */
    bool   has_line;
} Stretch;

static void stretch_end(Stretch *s, Coverage *mask, double width)
{
    if (!s->begun) {
        return;
    }
    if (s->has_line) {
        coverage_line(mask, s->x, s->y, s->column, s->first, width);
    }
    coverage_line(mask, s->column, s->low, s->column, s->high, width);
    s->x        = s->column;
    s->y        = s->last;
    s->has_line = true;
    s->begun    = false;
}

static void stretch_add(Stretch *s, Coverage *mask, double width, double x, double y)
{
    if (s->begun && fabs(x - s->column) < 0.5) {
        s->low  = fmin(s->low, y);
        s->high = fmax(s->high, y);
        s->last = y;
        return;
    }
    stretch_end(s, mask, width);
    s->begun  = true;
    s->column = x;
    s->first  = s->low = s->high = s->last = y;
}

static void draw_line(Plot *plot, const ChartLine *line, Color color)
{
    double   width   = line->name ? 1.6 : 0.8;
    Rect     box     = { plot->left - 3, plot->top - 3, plot->width + 7, plot->height + 7 };
    Stretch  stretch = { 0 };
    Coverage mask;

    if (plot->paper->failed || !coverage_open(&mask, plot->paper->image, box, plot->paper->err)) {
        plot->paper->failed = true;
        return;
    }
    for (size_t i = 0; i < line->count; i++) {
        double x, y;

        if (!isfinite(line->x[i]) || !isfinite(line->y[i])) {
            stretch_end(&stretch, &mask, width);
            stretch.has_line = false;
            continue;
        }
        x = place_x(plot, line->x[i]);
        y = place_y(plot, line->y[i]);
        stretch_add(&stretch, &mask, width, x, y);
        if (line->name && line->count <= MARKED_POINTS) {
            coverage_line(&mask, x, y, x, y, 4.5);
        }
    }
    stretch_end(&stretch, &mask, width);
    coverage_paint(&mask, plot->paper->image, color.blue, color.green, color.red);
    coverage_close(&mask);
}

/* ---- legend -------------------------------------------------------------------------- */

static bool is_inside(Rect box, double x, double y)
{
    return x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
}

/* How much of a line lies in a box: its points, and steps between them where they are
 * few. */
static size_t line_inside(const Plot *plot, const ChartLine *line, Rect box)
{
    int    steps  = line->count <= MARKED_POINTS ? 16 : 1;
    size_t inside = 0;

    for (size_t k = 0; k < line->count; k++) {
        double x = place_x(plot, line->x[k]), y = place_y(plot, line->y[k]);
        size_t next = MIN(k + 1, line->count - 1);
        double to_x = place_x(plot, line->x[next]), to_y = place_y(plot, line->y[next]);

        for (int i = 0; i < steps; i++) {
            inside += is_inside(box, x + (to_x - x) * i / steps, y + (to_y - y) * i / steps);
        }
    }
    return inside;
}

/* The corner of the plot that hides the fewest points. */
static Rect legend_place(const Plot *plot, const ChartPanel *panel, int width, int height)
{
    Rect   best = { 0 };
    size_t least = SIZE_MAX;

    for (int corner = 0; corner < 4; corner++) {
        Rect   box = { corner & 1 ? plot->left + 10 : plot->left + plot->width - width - 10,
                       corner & 2 ? plot->top + plot->height - height - 10 : plot->top + 10,
                       width, height };
        size_t inside = 0;

        for (size_t i = 0; i < panel->line_count; i++) {
            inside += line_inside(plot, &panel->lines[i], box);
        }
        if (inside < least) {
            least = inside;
            best  = box;
        }
    }
    return best;
}

static Color color_of(const ChartLine *line, size_t named)
{
    return line->name ? line_colors[named % COUNT_OF(line_colors)] : PAPER_PALE;
}

static void legend_frame(Paper *paper, Rect box)
{
    paper_fill(paper, box.x - 1, box.y - 1, box.width + 2, box.height + 2, PAPER_PALE);
    paper_fill(paper, box.x, box.y, box.width, box.height, PAPER_WHITE);
}

static void draw_legend(Plot *plot, const ChartPanel *panel)
{
    size_t named = 0, seen = 0;
    int    width = 0, y;
    char   rest[40];
    Rect   box;

    for (size_t i = 0; i < panel->line_count; i++) {
        if (panel->lines[i].name && ++named <= LEGEND_LINES) {
            width = MAX(width, paper_width(text_of(panel->lines[i].name), LEGEND_NAME, SMALL));
        }
    }
    if (named == 0) {
        return;
    }
    snprintf(rest, sizeof(rest), "and %zu more", named - MIN(named, LEGEND_LINES));
    width = named > LEGEND_LINES ? MAX(width, paper_width(text_of(rest), LEGEND_NAME, SMALL))
                                 : width;
    box   = legend_place(plot, panel, LEGEND_KEY + width + 18,
                         (int)MIN(named, LEGEND_LINES + 1) * LEGEND_ROW + 8);
    legend_frame(plot->paper, box);
    y = box.y + 17;
    for (size_t i = 0; i < panel->line_count && seen < LEGEND_LINES; i++) {
        if (panel->lines[i].name) {
            paper_fill(plot->paper, box.x + 8, y - 5, LEGEND_KEY - 8, 3,
                       color_of(&panel->lines[i], seen++));
            paper_text(plot->paper, text_of(panel->lines[i].name), box.x + LEGEND_KEY + 8, y,
                       TEXT_FROM, LEGEND_NAME, SMALL, PAPER_INK);
            y += LEGEND_ROW;
        }
    }
    if (named > LEGEND_LINES) {
        paper_text(plot->paper, text_of(rest), box.x + LEGEND_KEY + 8, y, TEXT_FROM, LEGEND_NAME,
                   SMALL, PAPER_INK);
    }
}

/* ---- panels -------------------------------------------------------------------------- */

/* Pale lines lie under those with names. */
static void draw_all(Plot *plot, const ChartPanel *panel)
{
    size_t named = 0;

    for (size_t i = 0; i < panel->line_count; i++) {
        if (!panel->lines[i].name) {
            draw_line(plot, &panel->lines[i], PAPER_PALE);
        }
    }
    for (size_t i = 0; i < panel->line_count; i++) {
        if (panel->lines[i].name) {
            draw_line(plot, &panel->lines[i], color_of(&panel->lines[i], named));
            named++;
        }
    }
}

static void draw_panel(Paper *paper, const ChartPanel *panel, int left, int top)
{
    Plot plot = { .paper = paper, .x = range_widened(range_of(panel, true)),
                  .y = y_range(panel) };
    Tick xs[TICKS], ys[TICKS];
    int  x_count, y_count, room = 0;

    x_count = ticks_make(plot.x.low, plot.x.high, 6, xs);
    y_count = ticks_make(plot.y.low, plot.y.high, 7, ys);
    for (int i = 0; i < y_count; i++) {
        room = MAX(room, paper_width(text_of(ys[i].text), 120, SMALL));
    }
    plot.left   = left + room + (panel->y_label ? 42 : 24);
    plot.top    = top + EDGE_TOP;
    plot.width  = left + PANEL_WIDTH - EDGE_RIGHT - plot.left;
    plot.height = PANEL_HEIGHT - EDGE_TOP - EDGE_BOTTOM;
    draw_axes(&plot, xs, x_count, ys, y_count);
    draw_names(&plot, panel, left);
    draw_all(&plot, panel);
    draw_legend(&plot, panel);
}

Image *chart_lines(const ChartPanel panels[], size_t count, Error *err)
{
    int   columns = (int)MIN(count, PANELS_A_ROW);
    int   rows    = (int)((count + PANELS_A_ROW - 1) / PANELS_A_ROW);
    Paper paper;

    if (count == 0 || count > CHART_PANELS) {
        fail(err, ERR_INVALID, "a chart has 1 to %d panels, not %zu", CHART_PANELS, count);
        return NULL;
    }
    paper = paper_open(columns * PANEL_WIDTH, rows * PANEL_HEIGHT, err);
    for (int i = 0; i < (int)count; i++) {
        draw_panel(&paper, &panels[i], i % PANELS_A_ROW * PANEL_WIDTH,
                   i / PANELS_A_ROW * PANEL_HEIGHT);
    }
    return paper_done(&paper);
}
