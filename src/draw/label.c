/*
 * label - plates and text.
 */
#include "draw/label.h"

#include <math.h>

#include "base/text.h"
#include "draw/font.h"
#include "draw/plate_cache.h"
#include "draw/stroke.h"
#include "image/raster.h"

/* ---- lines of text ------------------------------------------------------------------ */

static Text until_nul(Text text)
{
    const char *nul = text.length > 0 ? memchr(text.at, '\0', text.length) : NULL;

    return (Text){ text.at, nul ? (size_t)(nul - text.at) : text.length };
}

/* Whether a line is for the outline fonts: at any character beyond ASCII. */
static bool is_ascii(Text line)
{
    for (size_t i = 0; i < line.length; i++) {
        if ((unsigned char)line.at[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

static FontStyle font_style(double scale, int64_t thickness)
{
    return (FontStyle){ .size = STROKE_CAPITAL * scale, .of_capital = true,
                        .thickness = stroke_width(thickness) };
}

Size text_size(Text text, double scale, int64_t thickness)
{
    Text       line = until_nul(text);
    Size       size = stroke_size(line, scale, thickness);
    FontStyle  font = font_style(scale, thickness);
    TextBounds bounds;

    if (scale > 0 && !is_ascii(line) && font_measure(line, &font, &bounds)) {
        size.width = (int)nearbyint(fmin(bounds.advance + (double)thickness, 1e6));
    }
    return size;
}

int text_baseline(double scale, int64_t thickness)
{
    return (int)nearbyint(fmin(9 * scale + (double)thickness / 2, 1e6));
}

bool text_draw(Image *image, Text text, int x, int y, double scale, int64_t thickness, Color color,
               Error *err)
{
    Text      line   = until_nul(text);
    FontStyle font   = font_style(scale, thickness);
    Error     memory = { 0 };

    if (scale > 0 && !is_ascii(line)) {
        if (font_draw(image, line, x, y, &font, color, &memory)) {
            return true;
        }
        if (memory.kind != ERR_NONE) {
            *err = memory;
            return false;
        }
    }
    return stroke_draw(image, line, x, y, scale, thickness, color, err);
}

static bool ends_line(uint32_t code)
{
    return (code >= 0x0a && code <= 0x0d) || (code >= 0x1c && code <= 0x1e) || code == 0x85 ||
           code == 0x2028 || code == 0x2029;
}

bool text_next_line(Text *left, Text *line)
{
    const char *at = left->at, *start = at, *end;

    if (left->length == 0) {
        return false;
    }
    end = at + left->length;
    while (at < end) {
        const char *before = at;
        uint32_t    code   = utf8_next(&at, end);

        if (ends_line(code)) {
            at   += code == '\r' && at < end && *at == '\n';
            *line = (Text){ start, (size_t)(before - start) };
            *left = (Text){ at, (size_t)(end - at) };
            return true;
        }
    }
    *line = *left;
    *left = (Text){ end, 0 };
    return true;
}

/* ---- plates ------------------------------------------------------------------------- */

/* Halves by floor division, as the reference cuts them. */
static int half(int n)
{
    return n >= 0 ? n / 2 : (n - 1) / 2;
}

Rect plate_at(int x, int y, Size size, Position position)
{
    /* Of the anchor: at it, centred, before it. */
    static const int8_t columns[] = { 0, 1, 2, 2, 1, 0, 0, 1, 2, 1 };
    static const int8_t rows[]    = { 2, 2, 2, 1, 1, 1, 0, 0, 0, 1 };
    int left = columns[position] == 0 ? x : columns[position] == 1 ? x - half(size.width)
                                                                   : x - size.width;
    int top  = rows[position] == 0 ? y : rows[position] == 1 ? y - half(size.height)
                                                             : y - size.height;

    return (Rect){ left, top, size.width, size.height };
}

/* Lengths that a picture can have to do with. */
static int bounded(int64_t length)
{
    return (int)MAX(-1000000, MIN(length, 1000000));
}

/* The lines, below each other with the padding between them. */
static Size plate_size(Text text, const LabelStyle *style)
{
    int64_t padding = bounded(style->padding), width = INT32_MIN, height = 0;
    Text    line    = TEXT("");

    do {
        Size size;

        text_next_line(&text, &line);
        size    = text_size(line, style->scale, style->thickness);
        width   = MAX(width, size.width);
        height += size.height + padding;
    } while (text.length > 0);
    return (Size){ bounded(width + 2 * padding), bounded(height + padding) };
}

static int at_pixel(double v)
{
    return isnan(v) ? 0 : (int)fmax(-1e9, fmin(v, 1e9));
}

/* Corners in any order, as rectangle() takes them. */
static Rect upright(Rect rect)
{
    return (Rect){ MIN(rect.x, rect.x + rect.width), MIN(rect.y, rect.y + rect.height),
                   abs(rect.width), abs(rect.height) };
}

static bool draw_plate(Image *image, Text text, Rect box, Color plate, const LabelStyle *style,
                       Error *err)
{
    int     padding = bounded(style->padding);
    int     height  = stroke_size(TEXT(""), style->scale, style->thickness).height;
    int64_t top     = (int64_t)box.y + padding;
    Text    line    = TEXT("");

    raster_fill_rounded(image, upright(box), (int)MIN(style->radius, 10000), plate.blue,
                        plate.green, plate.red);
    do {
        text_next_line(&text, &line);
        if (top > -2000000 && top < 2000000 &&
            !text_draw(image, line, box.x + padding, (int)top + height, style->scale,
                       style->thickness, style->text, err)) {
            return false;
        }
        top += height + padding;
    } while (text.length > 0);
    return true;
}

/* Draw a plate on a sheet of its own, to be kept. */
static bool make_plate(const PlateKey *key, Size size, Error *err)
{
    Rect   box   = { 0, 0, size.width, size.height };
    Image *sheet = image_new(size.width + 1, size.height + 1, 3, TEXT("label"), err);
    bool   drawn = sheet && draw_plate(sheet, key->text, box, key->plate, key->style, err);

    if (drawn) {
        plate_keep(sheet, key);
    }
    image_unref(sheet);
    return drawn;
}

bool label_draw(Image *image, Text text, double x, double y, Position position, Color plate,
                const LabelStyle *style, Error *err)
{
    PlateKey key   = { text, plate, style };
    bool     keeps = plate_may_be_kept(image, &key), found;
    Size     size;
    Rect     box;

    found = keeps && plate_find_size(&key, &size);
    if (!found) {
        size = plate_size(text, style);
    }
    box = plate_at(at_pixel(x), at_pixel(y), size, position);
    if (keeps && !found && plate_can_be_kept(&key, size)) {
        found = make_plate(&key, size, err);
        if (!found) {
            return false;
        }
    }
    return (found && plate_paint(image, box, &key)) ||
           draw_plate(image, text, box, plate, style, err);
}
