/*
 * chart_matrix - confusion matrices as pictures.
 *
 * Cells shrink as classes become more: numbers leave them first, then names are thinned
 * out, and beyond a cell a pixel several cells share one, which shows the greatest.
 */
#include <math.h>

#include "draw/chart_paper.h"

enum {
    NAME_WIDTH = 170, TITLE_HEIGHT = 52, BAR_ROOM = 110, BAR_WIDTH = 18, MARGIN = 16,
    AXIS_ROOM = 26, GRID_MOST = 3400, GRID_LEAST = 160, NAME_EVERY = 14,
};

static const double SMALL = 0.42, TITLE = 0.55;

typedef struct Grid {
    Paper             *paper;
    const ChartMatrix *matrix;
    int                count;       /* rows, columns */
    int                cell;        /* pixels; 0: several cells a pixel */
    int                side;        /* pixels of all cells */
    int                left, top;
    int                names;       /* room for them */
    double             most;        /* what the darkest colour stands for */
} Grid;

/* ---- numbers ------------------------------------------------------------------------ */

static int64_t count_at(const ChartMatrix *matrix, int count, int row, int column)
{
    int64_t n = matrix->counts[(size_t)row * (size_t)count + (size_t)column];

    return MAX(n, 0);
}

static double row_sum(const ChartMatrix *matrix, int count, int row)
{
    double sum = 0;

    for (int i = 0; i < count; i++) {
        sum += (double)count_at(matrix, count, row, i);
    }
    return sum;
}

static double greatest_count(const ChartMatrix *matrix, int count)
{
    int64_t most = 0;

    for (size_t i = 0; i < (size_t)count * (size_t)count; i++) {
        most = MAX(most, matrix->counts[i]);
    }
    return (double)most;
}

/* "1234", "12.3k", "4.5M": as few characters as a cell has room for. */
static void number_write(char text[24], int64_t n, int cell)
{
    static const char *const units[] = { "k", "M", "G", "T", "P", "E" };
    double value = (double)n;
    int    unit  = -1;

    if (n < (cell >= 40 ? 100000 : 1000)) {
        snprintf(text, 24, "%lld", (long long)n);
        return;
    }
    while (value >= 999.5 && unit < 5) {
        value /= 1000;
        unit++;
    }
    snprintf(text, 24, value < 9.95 ? "%.1f%s" : "%.0f%s", value, units[unit]);
}

/* ---- colours ------------------------------------------------------------------------ */

/* From white over blue to nearly black: lightness falls steadily. */
static Color shade(double share)
{
    static const double stops[][3] = { { 255, 255, 255 }, { 225, 202, 158 }, { 198, 146, 66 },
                                       { 156, 81, 8 }, { 90, 40, 8 } };
    double at   = fmax(0, fmin(share, 1)) * 4;
    int    stop = (int)fmin(at, 3);
    double part = at - stop;

    return (Color){ (uint8_t)lround(stops[stop][0] + (stops[stop + 1][0] - stops[stop][0]) * part),
                    (uint8_t)lround(stops[stop][1] + (stops[stop + 1][1] - stops[stop][1]) * part),
                    (uint8_t)lround(stops[stop][2] + (stops[stop + 1][2] - stops[stop][2]) *
                                    part) };
}

static Color ink_on(double share)
{
    return share > 0.5 ? PAPER_WHITE : PAPER_INK;
}

/* ---- cells --------------------------------------------------------------------------- */

static void draw_number(Grid *grid, int row, int column, int64_t n, double value)
{
    double scale = grid->cell >= 40 ? 0.42 : 0.33;
    char   text[24];

    if (n == 0) {
        return;
    }
    if (grid->matrix->normalized) {
        snprintf(text, sizeof(text), "%.2f", value);
    } else {
        number_write(text, n, grid->cell);
    }
    paper_text(grid->paper, text_of(text), grid->left + column * grid->cell + grid->cell / 2,
               grid->top + row * grid->cell + grid->cell / 2 + (int)lround(10 * scale),
               TEXT_AROUND, grid->cell - 2, scale, ink_on(value / grid->most));
}

static void draw_cells(Grid *grid)
{
    int gap = grid->cell >= 8 ? 1 : 0;

    paper_fill(grid->paper, grid->left, grid->top, grid->side, grid->side, PAPER_GRID);
    for (int row = 0; row < grid->count; row++) {
        double whole = grid->matrix->normalized ? row_sum(grid->matrix, grid->count, row) : 1;

        for (int column = 0; column < grid->count; column++) {
            int64_t n     = count_at(grid->matrix, grid->count, row, column);
            double  value = whole > 0 ? (double)n / whole : 0;

            paper_fill(grid->paper, grid->left + column * grid->cell,
                       grid->top + row * grid->cell, grid->cell - gap, grid->cell - gap,
                       shade(value / grid->most));
            if (grid->matrix->class_count <= CHART_NUMBERS) {
                draw_number(grid, row, column, n, value);
            }
        }
    }
}

/* One pixel for several cells: the greatest of them. */
static void draw_dense(Grid *grid)
{
    double *line = calloc((size_t)grid->side, sizeof(double));

    if (!line) {
        grid->paper->failed = true;
        fail(grid->paper->err, ERR_MEMORY, "no memory for the picture of a matrix");
        return;
    }
    for (int row = 0; row < grid->count; row++) {
        int    y     = (int)((int64_t)row * grid->side / grid->count);
        int    next  = (int)(((int64_t)row + 1) * grid->side / grid->count);
        double whole = grid->matrix->normalized ? row_sum(grid->matrix, grid->count, row) : 1;

        for (int column = 0; column < grid->count; column++) {
            int    x = (int)((int64_t)column * grid->side / grid->count);
            double n = (double)count_at(grid->matrix, grid->count, row, column);

            line[x] = fmax(line[x], whole > 0 ? n / whole : 0);
        }
        for (int x = 0; next > y && x < grid->side; x++) {
            paper_fill(grid->paper, grid->left + x, grid->top + y, 1, 1,
                       shade(line[x] / grid->most));
            line[x] = 0;
        }
    }
    free(line);
}

/* ---- around the cells ----------------------------------------------------------------- */

static Text name_at(const ChartMatrix *matrix, int i)
{
    return i < matrix->class_count ? matrix->classes[i] : TEXT("background");
}

static void draw_class_names(Grid *grid)
{
    int    bottom = grid->top + grid->side, every;
    double each = (double)grid->side / grid->count;

    every = (int)fmax(1, ceil(NAME_EVERY / each));
    for (int i = 0; i < grid->count; i += every) {
        int middle = (int)((i + 0.5) * each);

        paper_text(grid->paper, name_at(grid->matrix, i), grid->left - 6,
                   grid->top + middle + 4, TEXT_UP_TO, NAME_WIDTH, SMALL, PAPER_INK);
        paper_text_up(grid->paper, name_at(grid->matrix, i), grid->left + middle + 4, bottom + 6,
                      TEXT_UP_TO, NAME_WIDTH, SMALL, PAPER_INK);
    }
}

static void draw_frame(Grid *grid)
{
    int left = grid->left - 1, top = grid->top - 1, side = grid->side + 2;

    paper_fill(grid->paper, left, top, side, 1, PAPER_INK);
    paper_fill(grid->paper, left, top + side - 1, side, 1, PAPER_INK);
    paper_fill(grid->paper, left, top, 1, side, PAPER_INK);
    paper_fill(grid->paper, left + side - 1, top, 1, side, PAPER_INK);
}

static void draw_bar(Grid *grid)
{
    int  left = grid->left + grid->side + 24, height = MIN(grid->side, 600), count;
    int  top  = grid->top + (grid->side - height) / 2;
    Tick ticks[TICKS];

    for (int i = 0; i < height; i++) {
        paper_fill(grid->paper, left, top + i, BAR_WIDTH, 1,
                   shade(1 - (double)i / (height - 1)));
    }
    count = ticks_make(0, grid->most, 5, ticks);
    for (int i = 0; i < count; i++) {
        int y = top + (int)lround((1 - ticks[i].value / grid->most) * (height - 1));

        paper_fill(grid->paper, left + BAR_WIDTH, y, 4, 1, PAPER_INK);
        paper_text(grid->paper, text_of(ticks[i].text), left + BAR_WIDTH + 8, y + 4, TEXT_FROM,
                   BAR_ROOM - BAR_WIDTH - 34, SMALL, PAPER_INK);
    }
}

static void draw_titles(Grid *grid)
{
    int middle = grid->left + grid->side / 2;

    paper_text(grid->paper, text_of(grid->matrix->title), middle, 32, TEXT_AROUND,
               grid->side + 2 * MIN(grid->left, BAR_ROOM) - 20, TITLE, PAPER_INK);
    paper_text(grid->paper, TEXT("predicted"), middle,
               grid->top + grid->side + grid->names + AXIS_ROOM + 4, TEXT_AROUND, grid->side,
               SMALL, PAPER_INK);
    paper_text_up(grid->paper, TEXT("truth"), MARGIN + 8, grid->top + grid->side / 2, TEXT_AROUND,
                  grid->side, SMALL, PAPER_INK);
}

/* ---- the whole ------------------------------------------------------------------------ */

static int cell_size(int classes, int count)
{
    if (classes <= CHART_NUMBERS) {
        return MAX(classes <= 10 ? 64 : classes <= 25 ? 44 : 32, GRID_LEAST / count);
    }
    return MIN(12, GRID_MOST / count);
}

static Grid grid_make(const ChartMatrix *matrix)
{
    Grid grid = { .matrix = matrix, .count = matrix->class_count + matrix->background,
                  .top = TITLE_HEIGHT };

    grid.cell = cell_size(matrix->class_count, grid.count);
    grid.side = grid.cell > 0 ? grid.cell * grid.count : GRID_MOST;
    for (int i = 0; i < grid.count; i++) {
        grid.names = MAX(grid.names, paper_width(name_at(matrix, i), NAME_WIDTH, SMALL));
    }
    grid.left = MARGIN + AXIS_ROOM + grid.names;
    grid.most = matrix->normalized ? 1 : fmax(1, greatest_count(matrix, grid.count));
    return grid;
}

Image *chart_matrix(const ChartMatrix *matrix, Error *err)
{
    Paper paper;
    Grid  grid;

    if (matrix->class_count < 1 || matrix->class_count > LIMIT_CLASSES) {
        fail(err, ERR_INVALID, "a confusion matrix has 1 to %d classes, not %d", LIMIT_CLASSES,
             matrix->class_count);
        return NULL;
    }
    grid       = grid_make(matrix);
    paper      = paper_open(grid.left + grid.side + BAR_ROOM,
                            grid.top + grid.side + grid.names + AXIS_ROOM + MARGIN, err);
    grid.paper = &paper;
    if (grid.cell > 0) {
        draw_cells(&grid);
    } else {
        draw_dense(&grid);
    }
    draw_frame(&grid);
    draw_class_names(&grid);
    draw_bar(&grid);
    draw_titles(&grid);
    return paper_done(&paper);
}
