/*
 * heat - colours for numbers from 0 to 1, and maps of them laid over pictures.
 */
#include "draw/heat.h"

#include <math.h>
#include <stdlib.h>

#include "draw/heat_tables.h"
#include "image/resize.h"

/* ---- colours ------------------------------------------------------------------------- */

typedef struct Knot {
    double x;
    Heat   heat;
} Knot;

static const Knot ramp[] = {
    { 0,    { 0,  214, 255, 0 } },
    { 0.25, { 0,  214, 255, 0.55 } },
    { 0.5,  { 0,  122, 255, 0.85 } },
    { 1,    { 30, 30,  220, 1 } },
};

static double between(double a, double b, double share)
{
    return a + (b - a) * share;
}

static Heat ramp_color(double x)
{
    const Knot *from = ramp;
    double      share;

    while (from < ramp + 2 && x >= from[1].x) {
        from++;
    }
    share = (x - from->x) / (from[1].x - from->x);
    return (Heat){ rint(between(from->heat.blue, from[1].heat.blue, share)),
                   rint(between(from->heat.green, from[1].heat.green, share)),
                   rint(between(from->heat.red, from[1].heat.red, share)),
                   between(from->heat.alpha, from[1].heat.alpha, share) };
}

static int hex(char c)
{
    return c <= '9' ? c - '0' : c - 'A' + 10;
}

Heat heat_color(HeatMap map, float x)
{
    const char *at;

    x = x >= 0 ? fminf(x, 1) : 0;
    if (map == HEAT_ROBOFLOW) {
        return ramp_color(x);
    }
    at = heat_tables[map - HEAT_JET].colors + 6 * lrintf(x * 255);
    return (Heat){ hex(at[4]) * 16 + hex(at[5]), hex(at[2]) * 16 + hex(at[3]),
                   hex(at[0]) * 16 + hex(at[1]), 1 };
}

/* ---- maps ---------------------------------------------------------------------------- */

/* The two numbers of a row or column that a pixel lies between. */
typedef struct Between {
    int   first, second;
    float share;          /* of the second */
} Between;

static Between place_of(int pixel, int from, int to)
{
    float place = (float)((pixel + 0.5) * ((double)from / to) - 0.5);
    int   at    = (int)floorf(place);

    if (at < 0) {
        return (Between){ 0, 0, 0 };
    }
    if (at >= from - 1) {
        return (Between){ from - 1, from - 1, 0 };
    }
    return (Between){ at, at + 1, place - (float)at };
}

static void mix_pixel(uint8_t *pixel, int bytes, Heat heat, double opacity)
{
    const double color[] = { heat.blue, heat.green, heat.red };
    double       share   = heat.alpha * opacity;

    if (bytes == 1) {
        double gray = 0.114 * heat.blue + 0.587 * heat.green + 0.299 * heat.red;

        pixel[0] = (uint8_t)lrint(pixel[0] * (1 - share) + gray * share);
        return;
    }
    for (int i = 0; i < 3; i++) {
        pixel[i] = (uint8_t)lrint(pixel[i] * (1 - share) + color[i] * share);
    }
}

static void blend_row(Image *out, int y, HeatField field, const Between *columns, HeatMap map,
                      double opacity)
{
    Between      down  = place_of(y, field.height, image_height(out));
    const float *upper = field.at + (size_t)down.first * (size_t)field.width;
    const float *lower = field.at + (size_t)down.second * (size_t)field.width;
    uint8_t     *to    = image_edit(out) + (size_t)y * image_stride(out);
    int          bytes = image_pixel_bytes(out);

    for (int x = 0; x < image_width(out); x++, to += bytes) {
        Between c = columns[x];
        float   a = upper[c.first] * (1 - c.share) + upper[c.second] * c.share;
        float   b = lower[c.first] * (1 - c.share) + lower[c.second] * c.share;

        mix_pixel(to, bytes, heat_color(map, a * (1 - down.share) + b * down.share), opacity);
    }
}

bool heat_blend(Image *out, HeatField field, HeatMap map, double opacity, const Cancel *cancel,
                Error *err)
{
    int      width   = image_width(out);
    Between *columns = malloc((size_t)width * sizeof *columns);
    bool     done    = columns || fail(err, ERR_MEMORY, "no memory to draw a heat map");

    for (int x = 0; done && x < width; x++) {
        columns[x] = place_of(x, field.width, width);
    }
    for (int y = 0; done && y < image_height(out); y++) {
        blend_row(out, y, field, columns, map, opacity);
        done = cancel_check(cancel, err);
    }
    free(columns);
    return done;
}
