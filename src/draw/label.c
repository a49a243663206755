/*
 * label - plates and text.
 */
#include "draw/label.h"

#include <math.h>

#include "base/text.h"
#include "hershey.h"
#include "image/raster.h"

/* The font's own units: its baseline lies 9 below the middle line that glyph
 * coordinates count from; a capital is 21 high. */
enum { FONT_BASELINE = 9, FONT_HEIGHT = 21 };

static const HersheyGlyph *glyph_of(uint32_t code)
{
    return &hershey_simplex[code >= 32 && code < 127 ? code - 32 : '?' - 32];
}

static int advance_of(const HersheyGlyph *glyph)
{
    return glyph->right - glyph->left;
}

Size text_size(Text text, double scale, int64_t thickness)
{
    const char *at = text.at, *end = text.at + text.length;
    double      sum = 0;

    while (at < end) {
        sum += advance_of(glyph_of(utf8_next(&at, end)));
    }
    return (Size){ (int)nearbyint(MIN(sum * scale + (double)thickness, 1e6)),
                   (int)nearbyint(MIN(FONT_HEIGHT * scale + (double)((thickness + 1) / 2), 1e6)) };
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

bool text_draw(Image *image, Text text, int x, int y, double scale, int64_t thickness, Color color,
               Error *err)
{
    const char *at   = text.at, *end = text.at + text.length;
    Size        size = text_size(text, scale, thickness);
    int         edge = (int)MIN(thickness, 1000) + 2;
    Rect        box  = { x - edge, y - size.height - edge, size.width + 2 * edge,
                         size.height + (int)(FONT_BASELINE * scale) + 2 * edge };
    double      pen  = x;
    Coverage    mask;

    if (!coverage_open(&mask, image, box, err)) {
        return false;
    }
    while (at < end) {
        const HersheyGlyph *glyph = glyph_of(utf8_next(&at, end));

        draw_glyph(&mask, glyph, pen, y, scale, (double)thickness);
        pen += advance_of(glyph) * scale;
    }
    coverage_paint(&mask, image, color.blue, color.green, color.red);
    coverage_close(&mask);
    return true;
}

/* Halves by floor division, as the reference cuts them. */
static int half(int n)
{
    return n / 2;
}

static Rect plate_at(int x, int y, int width, int height, Position position)
{
    static const int8_t columns[] = { 0, 1, 2, 2, 1, 0, 0, 1, 2 };   /* of x: at, centred, before */
    static const int8_t rows[]    = { 2, 2, 2, 1, 1, 1, 0, 0, 0 };
    int left = columns[position] == 0 ? x : columns[position] == 1 ? x - half(width) : x - width;
    int top  = rows[position] == 0 ? y : rows[position] == 1 ? y - half(height) : y - height;

    return (Rect){ left, top, width, height };
}

bool label_draw(Image *image, Text text, double x, double y, Position position, Color plate,
                const LabelStyle *style, Error *err)
{
    Size size    = text_size(text, style->scale, style->thickness);
    int  padding = (int)style->padding;
    Rect box     = plate_at((int)x, (int)y, size.width + 2 * padding, size.height + 2 * padding,
                            position);

    raster_fill_rounded(image, box, (int)MIN(style->radius, 10000), plate.blue, plate.green,
                        plate.red);
    return text_draw(image, text, box.x + padding, box.y + padding + size.height, style->scale,
                     style->thickness, style->text, err);
}
