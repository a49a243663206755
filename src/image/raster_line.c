/*
 * raster_line - lines, thin and thick, and chains of them.
 *
 * A thin line is Bresenham's.  A thick one is a filled quadrilateral in fixed point
 * numbers with 16 binary places, and a disc where lines meet or end.  Whatever lies
 * outside the picture is cut off before anything is stepped through, so the time
 * taken depends on the picture, not on the coordinates.
 */
#include <math.h>

#include "image/raster_inside.h"

/* In a gray picture the first channel counts, as OpenCV has it. */
Canvas canvas_of(Image *image, uint8_t blue, uint8_t green, uint8_t red)
{
    return (Canvas){ .at = image_edit(image), .stride = image_stride(image),
                     .pixel = image_pixel_bytes(image), .right = image_width(image) - 1,
                     .bottom = image_height(image) - 1, .ink = { blue, green, red },
                     .opaque = image_channels(image) == 3,
                     .four = { blue, green, red, 255, blue, green, red, 255,
                               blue, green, red, 255, blue, green, red, 255 } };
}

/* `count` opaque pixels. */
static void put_opaque(uint8_t *at, const uint8_t four[16], int64_t count)
{
    for (; count >= 4; count -= 4, at += 16) {
        memcpy(at, four, 16);
    }
    for (; count > 0; count--, at += 4) {
        memcpy(at, four, 4);
    }
}

void canvas_row(const Canvas *c, int64_t y, int64_t x1, int64_t x2)
{
    uint8_t *at;

    x1 = MAX(x1, 0);
    x2 = MIN(x2, c->right);
    if (y < 0 || y > c->bottom || x1 > x2) {
        return;
    }
    at = c->at + (size_t)(y - c->y) * c->stride + (size_t)(x1 - c->x) * (size_t)c->pixel;
    if (c->opaque) {
        put_opaque(at, c->four, x2 - x1 + 1);
        return;
    }
    for (int64_t x = x1; x <= x2; x++) {
        canvas_put(c, x, y);
    }
}

/* ---- cutting --------------------------------------------------------------------------- */

/* Which sides of the picture a point lies beyond. */
static int beyond(int64_t x, int64_t y, int64_t right, int64_t bottom)
{
    return (x < 0) | (x > right) << 1 | (y < 0) << 2 | (y > bottom) << 3;
}

/* A point on its way to the border of the picture: first to its upper or lower
 * side, then to its left or right one, with coordinates cut to whole pixels. */
static void pull_rows(int64_t *x, int64_t *y, int64_t to, int64_t other_x, int64_t other_y)
{
    *x += (int64_t)((double)(to - *y) * (double)(other_x - *x) / (double)(other_y - *y));
    *y  = to;
}

bool line_cut(int64_t p[4], int64_t right, int64_t bottom)
{
    int a = beyond(p[0], p[1], right, bottom), b = beyond(p[2], p[3], right, bottom);

    if ((a & b) == 0 && (a | b) != 0) {
        if (a & 12) {
            pull_rows(&p[0], &p[1], a < 8 ? 0 : bottom, p[2], p[3]);
            a = beyond(p[0], p[1], right, bottom) & 3;
        }
        if (b & 12) {
            pull_rows(&p[2], &p[3], b < 8 ? 0 : bottom, p[0], p[1]);
            b = beyond(p[2], p[3], right, bottom) & 3;
        }
        if ((a & b) == 0 && (a | b) != 0) {
            if (a) {
                pull_rows(&p[1], &p[0], a == 1 ? 0 : right, p[3], p[2]);
                a = 0;
            }
            if (b) {
                pull_rows(&p[3], &p[2], b == 1 ? 0 : right, p[1], p[0]);
                b = 0;
            }
        }
    }
    return (a | b) == 0;
}

static void swap_ends(int64_t p[4])
{
    int64_t x = p[0], y = p[1];

    p[0] = p[2];
    p[1] = p[3];
    p[2] = x;
    p[3] = y;
}

/* ---- one pixel wide --------------------------------------------------------------------- */

/* From the left end.  Every step goes along the longer extent, and where the error
 * has become negative along the shorter one: at once, or with four-connected pixels
 * instead. */
void canvas_line(const Canvas *c, const int64_t ends[4], bool four_connected)
{
    int64_t p[4] = { ends[0], ends[1], ends[2], ends[3] };
    int64_t longer, shorter, down, err, steps;
    bool    flat;

    if (!line_cut(p, c->right, c->bottom)) {
        return;
    }
    if (p[2] < p[0]) {
        swap_ends(p);
    }
    down    = p[3] < p[1] ? -1 : 1;
    longer  = MAX(p[2] - p[0], (p[3] - p[1]) * down);
    shorter = MIN(p[2] - p[0], (p[3] - p[1]) * down);
    flat    = p[2] - p[0] == longer;
    err     = four_connected ? 0 : longer - 2 * shorter;
    steps   = four_connected ? longer + shorter : longer;
    for (int64_t i = 0; i <= steps; i++) {
        bool aside = err < 0, along = !aside || !four_connected;

        canvas_put(c, p[0], p[1]);
        err  -= 2 * shorter;
        err  += !aside ? 0 : four_connected ? 2 * (longer + shorter) : 2 * longer;
        p[0] += flat ? along : aside;
        p[1] += (flat ? aside : along) ? down : 0;
    }
}

static void put_inside(const Canvas *c, int64_t x, int64_t y)
{
    if (x >= 0 && y >= 0 && x <= c->right && y <= c->bottom) {
        canvas_put(c, x, y);
    }
}

/* The same between points that lie between pixels: one pixel for every step along
 * the longer extent, the other coordinate rounded. */
static void fine_line(const Canvas *c, FinePoint from, FinePoint to)
{
    int64_t p[4] = { from.x, from.y, to.x, to.y };
    int64_t dx, dy, x, y, step, count;

    if (!line_cut(p, (c->right + 1) * FINE_ONE - 1, (c->bottom + 1) * FINE_ONE - 1)) {
        return;
    }
    if (llabs(p[2] - p[0]) > llabs(p[3] - p[1]) ? p[2] < p[0] : p[3] < p[1]) {
        swap_ends(p);
    }
    dx = p[2] - p[0];
    dy = p[3] - p[1];
    x  = p[0] + FINE_HALF;
    y  = p[1] + FINE_HALF;
    put_inside(c, fine_round(p[2]), fine_round(p[3]));
    if (dx > llabs(dy)) {
        step  = dy * FINE_ONE / (dx | 1);
        count = dx >> FINE_SHIFT;
        for (x >>= FINE_SHIFT; count >= 0; count--, x++, y += step) {
            put_inside(c, x, y >> FINE_SHIFT);
        }
    } else {
        step  = dx * FINE_ONE / (dy | 1);
        count = dy >> FINE_SHIFT;
        for (y >>= FINE_SHIFT; count >= 0; count--, y++, x += step) {
            put_inside(c, x >> FINE_SHIFT, y);
        }
    }
}

/* ---- wider ------------------------------------------------------------------------------ */

/* One of the two ways around a quadrilateral from its top to its bottom; in row
 * `from` it is at `x`. */
typedef struct Side {
    int     corner, turn;
    int64_t from, until, x, slope;
} Side;

/* Go on to the edge that leads below row y; `left` edges are there for both sides.
 * False when there is none. */
static bool side_advance(Side *side, const FinePoint p[4], int64_t y, int *left)
{
    int at = side->corner, next = (at + side->turn) & 3;

    for (; *left > 0; at = next, next = (next + side->turn) & 3) {
        int64_t until = fine_round(p[next].y);

        (*left)--;
        if (until > y) {
            int64_t rows = until - y;

            *side = (Side){ next, side->turn, y, until, p[at].x,
                            ((p[next].x - p[at].x) * 2 + rows) / (2 * rows) };
            return true;
        }
    }
    return false;
}

static int64_t side_at(const Side *side, int64_t y)
{
    return side->x + side->slope * (y - side->from);
}

/* Fill the rows from the corner `top` down.  Rows above the picture are passed over. */
static void fill_rows(const Canvas *c, const FinePoint p[4], int top, int64_t bottom)
{
    int64_t y        = fine_round(p[top].y);
    Side    sides[2] = { { top, 1, y, y, -FINE_ONE, 0 }, { top, 3, y, y, -FINE_ONE, 0 } };
    int     left     = 4;

    while (y <= bottom) {
        int64_t until;

        for (int i = 0; i < 2; i++) {
            if (y >= sides[i].until && !side_advance(&sides[i], p, y, &left)) {
                return;
            }
        }
        until = MIN(MIN(sides[0].until, sides[1].until), bottom + 1);
        for (y = MIN(MAX(y, 0), until); y < until; y++) {
            int64_t a = side_at(&sides[0], y), b = side_at(&sides[1], y);

            canvas_row(c, y, fine_round(MIN(a, b)), fine_round(MAX(a, b)));
        }
    }
}

/* A filled convex quadrilateral with its outline. */
static void fill_quad(const Canvas *c, const FinePoint p[4])
{
    int     top = 0;
    int64_t bottom = p[0].y, left = p[0].x, right = p[0].x;

    for (int i = 0; i < 4; i++) {
        fine_line(c, p[(i + 3) & 3], p[i]);
        top    = p[i].y < p[top].y ? i : top;
        bottom = MAX(bottom, p[i].y);
        left   = MIN(left, p[i].x);
        right  = MAX(right, p[i].x);
    }
    if (fine_round(right) >= 0 && fine_round(left) <= c->right) {
        fill_rows(c, p, top, MIN(fine_round(bottom), c->bottom));
    }
}

/* Rows ahead of the one that is painted: an upright band touches another line of the
 * cache in every row, so most of its time would be waiting for memory. */
enum { ROWS_AHEAD = 24, NARROW = 8 };

/* `rows` rows of 2 to NARROW opaque pixels, the same two stores in each, which overlap. */
static void fill_narrow(uint8_t *at, const Canvas *c, int64_t count, int64_t rows)
{
    size_t half = count <= 4 ? 8 : 16, second = 4 * (size_t)count - half;

    for (int64_t y = 0; y < rows; y++, at += c->stride) {
        __builtin_prefetch(at + (size_t)MIN(ROWS_AHEAD, rows - 1 - y) * c->stride, 1);
        if (half == 8) {
            memcpy(at, c->four, 8);
            memcpy(at + second, c->four, 8);
        } else {
            memcpy(at, c->four, 16);
            memcpy(at + second, c->four, 16);
        }
    }
}

/* The columns and rows between two pixels, all inclusive. */
static void fill_upright(const Canvas *c, int64_t left, int64_t top, int64_t right, int64_t bottom)
{
    left   = MAX(left, 0);
    right  = MIN(right, c->right);
    top    = MAX(top, 0);
    bottom = MIN(bottom, c->bottom);
    if (c->opaque && right > left && right - left < NARROW && top <= bottom) {
        fill_narrow(c->at + (size_t)(top - c->y) * c->stride + 4 * (size_t)(left - c->x), c,
                    right - left + 1, bottom - top + 1);
        return;
    }
    for (int64_t y = top; left <= right && y <= bottom; y++) {
        canvas_row(c, y, left, right);
    }
}

static void fill_band(const Canvas *c, int64_t thickness, FinePoint from, FinePoint to)
{
    double  dx = (double)(from.x - to.x) / FINE_ONE, dy = (double)(to.y - from.y) / FINE_ONE;
    double  square = dx * dx + dy * dy, reach;
    int64_t x, y;

    if (square <= 2.220446049250313e-16) {
        return;
    }
    reach = (double)(thickness + (thickness & 1)) * FINE_HALF / sqrt(square);
    x     = llrint(dy * reach);
    y     = llrint(dx * reach);
    fill_quad(c, (FinePoint[]){ { from.x + x, from.y + y }, { from.x - x, from.y - y },
                                { to.x - x, to.y - y },     { to.x + x, to.y + y } });
}

/* Whether a line is level or upright and its ends are whole pixels: then the band is a
 * rectangle. */
static bool is_straight(FinePoint from, FinePoint to)
{
    return (from.x == to.x) != (from.y == to.y) &&
           ((from.x | from.y | to.x | to.y) & (FINE_ONE - 1)) == 0;
}

static void fill_straight(const Canvas *c, int64_t radius, FinePoint from, FinePoint to)
{
    int64_t across = from.y == to.y ? 0 : radius, along = from.y == to.y ? radius : 0;

    fill_upright(c, (MIN(from.x, to.x) >> FINE_SHIFT) - across,
                 (MIN(from.y, to.y) >> FINE_SHIFT) - along,
                 (MAX(from.x, to.x) >> FINE_SHIFT) + across,
                 (MAX(from.y, to.y) >> FINE_SHIFT) + along);
}

void canvas_stroke(const Canvas *c, const Pen *pen, FinePoint from, FinePoint to, int caps)
{
    int64_t radius = ((int64_t)pen->thickness + 1) / 2;

    if (pen->thickness <= 1 && pen->fine) {
        fine_line(c, from, to);
        return;
    }
    if (pen->thickness <= 1) {
        canvas_line(c, (int64_t[]){ fine_round(from.x), fine_round(from.y), fine_round(to.x),
                                    fine_round(to.y) }, pen->four_connected);
        return;
    }
    if (is_straight(from, to)) {
        fill_straight(c, radius, from, to);
    } else {
        fill_band(c, pen->thickness, from, to);
    }
    if (caps & 1) {
        canvas_disc(c, fine_round(from.x), fine_round(from.y), radius);
    }
    if (caps & 2) {
        canvas_disc(c, fine_round(to.x), fine_round(to.y), radius);
    }
}

void canvas_chain(const Canvas *c, const Pen *pen, const FinePoint *points, int count, bool closed)
{
    for (int i = closed ? 0 : 1; i < count; i++) {
        int caps = i == 1 && !closed ? 3 : 2;

        canvas_stroke(c, pen, points[i > 0 ? i - 1 : count - 1], points[i], caps);
    }
}

/* ---- whole pixels ------------------------------------------------------------------------ */

static FinePoint fine_of(ContourPoint p)
{
    return (FinePoint){ (int64_t)p.x * FINE_ONE, (int64_t)p.y * FINE_ONE };
}

void raster_polyline(Image *image, const Pen *pen, const ContourPoint *points, int count,
                     bool closed)
{
    Canvas c = canvas_of(image, pen->blue, pen->green, pen->red);

    for (int i = closed ? 0 : 1; i < count; i++) {
        int caps = i == 1 && !closed ? 3 : 2;

        canvas_stroke(&c, pen, fine_of(points[i > 0 ? i - 1 : count - 1]), fine_of(points[i]),
                      caps);
    }
}

void raster_line(Image *image, const Pen *pen, int x1, int y1, int x2, int y2)
{
    raster_polyline(image, pen, (ContourPoint[]){ { x1, y1 }, { x2, y2 } }, 2, false);
}

void raster_rectangle(Image *image, const Pen *pen, int x1, int y1, int x2, int y2)
{
    if (pen->thickness < 0) {
        Canvas  c    = canvas_of(image, pen->blue, pen->green, pen->red);
        int64_t last = MIN(MAX(y1, y2), c.bottom);

        for (int64_t y = MAX(MIN(y1, y2), 0); y <= last; y++) {
            canvas_row(&c, y, MIN(x1, x2), MAX(x1, x2));
        }
        return;
    }
    raster_polyline(image, pen, (ContourPoint[]){ { x1, y1 }, { x2, y1 }, { x2, y2 }, { x1, y2 } },
                    4, true);
}
