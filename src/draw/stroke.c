/*
 * stroke - lines of ASCII text in the Hershey stroke font.
 */
#include "draw/stroke.h"

#include <math.h>

#include "base/text.h"
#include "hershey.h"
#include "image/raster.h"

/* The font's own units: its baseline lies 9 below the middle line that glyph
 * coordinates count from; nothing reaches further than FONT_ABOVE and FONT_BELOW
 * from the baseline. */
enum { FONT_BASELINE = 9, FONT_ABOVE = 26, FONT_BELOW = 10 };

static const HersheyGlyph *glyph_of(uint32_t code)
{
    return &hershey_simplex[code >= 32 && code < 127 ? code - 32 : '?' - 32];
}

static int advance_of(const HersheyGlyph *glyph)
{
    return glyph->right - glyph->left;
}

/* The length, glyph by glyph as OpenCV adds it up: rounding may show. */
static double length_of(Text text, double scale)
{
    const char *at = text.at, *end = text.at + text.length;
    double      sum = 0;

    while (at < end) {
        sum += advance_of(glyph_of(utf8_next(&at, end))) * scale;
    }
    return sum;
}

static int rounded(double v)
{
    return (int)nearbyint(fmax(-1e6, fmin(v, 1e6)));
}

Size stroke_size(Text text, double scale, int64_t thickness)
{
    return (Size){ rounded(length_of(text, scale) + (double)thickness),
                   rounded(STROKE_CAPITAL * scale + (double)((thickness + 1) / 2)) };
}

/* The strokes of one glyph into a coverage mask. */
static void draw_glyph(Coverage *mask, const HersheyGlyph *glyph, double x, double y, double scale,
                       double width)
{
    bool   down = false;
    double from_x = 0, from_y = 0;

    for (int i = 0; i < glyph->count; i++) {
        int8_t px = glyph->points[2 * i], py = glyph->points[2 * i + 1];
        double to_x, to_y;

        if (px == INT8_MIN) {
            down = false;
            continue;
        }
        to_x = x + (px - glyph->left) * scale;
        to_y = y + (py - FONT_BASELINE) * scale;
        if (down) {
            coverage_line(mask, from_x, from_y, to_x, to_y, width);
        }
        down   = true;
        from_x = to_x;
        from_y = to_y;
    }
}

/* All glyphs that the mask can see. */
static void draw_glyphs(Coverage *mask, Text text, double x, double y, double scale, double width)
{
    const char *at = text.at, *end = text.at + text.length;
    double      left = mask->box.x - width, right = mask->box.x + mask->box.width + width;

    while (at < end) {
        const HersheyGlyph *glyph = glyph_of(utf8_next(&at, end));
        double              next  = x + advance_of(glyph) * scale;

        if (scale >= 0 ? x > right : x < left) {
            return;
        }
        if (scale >= 0 ? next >= left : next <= right) {
            draw_glyph(mask, glyph, x, y, scale, width);
        }
        x = next;
    }
}

/* As measured: an odd number of pixels and a soft edge. */
double stroke_width(int64_t thickness)
{
    return thickness <= 1 ? 1.35 : fmin(2.0 * (double)((thickness + 1) / 2) + 1.4, 1e6);
}

double stroke_overhang(Text text, double scale, int64_t thickness)
{
    const char *at = text.at, *end = text.at + text.length;
    int         most = 0;

    while (at < end) {
        const HersheyGlyph *glyph = glyph_of(utf8_next(&at, end));

        for (int i = 0; i < glyph->count; i++) {
            int px = glyph->points[2 * i], py = glyph->points[2 * i + 1] - FONT_BASELINE;

            if (px != INT8_MIN) {
                most = MAX(MAX(MAX(most, py), -py - STROKE_CAPITAL),
                           MAX(glyph->left - px, px - glyph->right));
            }
        }
    }
    return most * scale + stroke_width(thickness) / 2 + 1;
}

static Rect reach_of(double x, double y, double length, double scale, double width)
{
    double edge = width / 2 + 2, far = x + length;
    double top  = y - (scale >= 0 ? FONT_ABOVE : -FONT_BELOW) * scale;
    double bottom = y + (scale >= 0 ? FONT_BELOW : -FONT_ABOVE) * scale;
    Rect   box;

    edge += fabs(scale) * 2;
    box.x = rounded(fmin(x, far) - edge);
    box.y = rounded(top - edge);
    return (Rect){ box.x, box.y, rounded(fmax(x, far) + edge) - box.x,
                   rounded(bottom + edge) - box.y };
}

bool stroke_draw(Image *image, Text text, int x, int y, double scale, int64_t thickness,
                 Color color, Error *err)
{
    double   width  = stroke_width(MIN(thickness, 1000000));
    double   length = fmax(-1e7, fmin(length_of(text, scale), 1e7));
    double   middle = y - STROKE_CAPITAL * scale / 2;
    Coverage mask;

    if (text.length == 0) {
        return true;
    }
    if (!coverage_open(&mask, image, reach_of(x, y, length, scale, width), err)) {
        return false;
    }
    if ((double)MAX(thickness, 1) > 2 * STROKE_CAPITAL * fabs(scale)) {
        /* Strokes this wide run into one bar; a letter at a time would take long. */
        coverage_line(&mask, x, middle, x + length, middle, width);
    } else if (mask.at) {
        draw_glyphs(&mask, text, x, y, scale, width);
    }
    coverage_paint(&mask, image, color.blue, color.green, color.red);
    coverage_close(&mask);
    return true;
}

/* ---- without soft edges ------------------------------------------------------------------ */

enum { STROKE_POINTS = 64 };     /* more than any stroke of the font has */

/* Halves go up here. */
static int at_pixel(double v)
{
    return (int)floor(fmax(-1e6, fmin(v, 1e6)) + 0.5);
}

static void draw_hard_glyph(Image *image, const HersheyGlyph *glyph, double x, double y,
                            double scale, const Pen *pen)
{
    ContourPoint points[STROKE_POINTS];
    int          count = 0;

    for (int i = 0; i <= glyph->count; i++) {
        bool end = i == glyph->count || glyph->points[2 * i] == INT8_MIN;

        if (end || count == STROKE_POINTS) {
            raster_polyline(image, pen, points, count, false);
            count = 0;
        }
        if (!end) {
            points[count++] = (ContourPoint){
                at_pixel(x + (glyph->points[2 * i] - glyph->left) * scale),
                at_pixel(y + (glyph->points[2 * i + 1] - FONT_BASELINE) * scale) };
        }
    }
}

void stroke_draw_hard(Image *image, Text text, int x, int y, double scale, int thickness,
                      Color color)
{
    const char *at = text.at, *end = text.at + text.length;
    const Pen   pen = { .thickness = thickness, .blue = color.blue, .green = color.green,
                        .red = color.red };
    double      left = x;

    while (at < end && left < image_width(image)) {
        const HersheyGlyph *glyph = glyph_of(utf8_next(&at, end));

        draw_hard_glyph(image, glyph, left, y, scale, &pen);
        left += advance_of(glyph) * scale;
    }
}
