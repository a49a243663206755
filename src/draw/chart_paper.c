/*
 * chart_paper - white paper, text, ticks.
 */
#include "draw/chart_paper.h"

#include <math.h>

#include "base/text.h"
#include "draw/label.h"
#include "image/raster.h"

const Color PAPER_INK   = { 40, 40, 40 };
const Color PAPER_PALE  = { 190, 180, 170 };
const Color PAPER_GRID  = { 228, 228, 228 };
const Color PAPER_WHITE = { 255, 255, 255 };

/* Names are data of strangers; what is longer than this is never looked at. */
enum { NAME_BYTES = 512 };

Paper paper_open(int width, int height, Error *err)
{
    Paper paper = { image_new(width, height, 3, TEXT("chart"), err), err, false };

    paper.failed = paper.image == NULL;
    if (!paper.failed) {
        memset(image_edit(paper.image), 255, image_stride(paper.image) * (size_t)height);
    }
    return paper;
}

Image *paper_done(Paper *paper)
{
    if (paper->failed) {
        image_unref(paper->image);
        paper->image = NULL;
    }
    return paper->image;
}

void paper_fill(Paper *paper, int x, int y, int width, int height, Color color)
{
    if (!paper->failed && width > 0 && height > 0) {
        raster_fill(paper->image, (Rect){ x, y, width - 1, height - 1 }, color.blue, color.green,
                    color.red);
    }
}

/* ---- text -------------------------------------------------------------------------- */

static int width_of(Text text, double scale)
{
    return text.length > 0 ? text_size(text, scale, 1).width : 0;
}

/* The start of a text that ends at a character's border. */
static Text text_start(Text text, size_t length)
{
    while (length > 0 && length < text.length && ((unsigned char)text.at[length] & 0xc0) == 0x80) {
        length--;
    }
    return (Text){ text.at, length };
}

/* The text in one line, or as much of it as fits with dots behind it, written into
 * `room`.  The width grows with the length, so halving finds the border. */
static Text shortened(Text text, int most, double scale, char room[NAME_BYTES + 4])
{
    size_t fits = 0, beyond;
    Text   line = text_start(text, MIN(text.length, NAME_BYTES));

    for (size_t i = 0; i < line.length; i++) {
        room[i] = (unsigned char)line.at[i] < ' ' ? ' ' : line.at[i];
    }
    line.at = room;
    if (line.length == text.length && width_of(line, scale) <= most) {
        return line;
    }
    beyond = line.length + 1;
    while (fits + 1 < beyond) {
        size_t middle = (fits + beyond) / 2;

        if (width_of(text_start(line, middle), scale) + width_of(TEXT("..."), scale) <= most) {
            fits = middle;
        } else {
            beyond = middle;
        }
    }
    line = text_start(line, fits);
    memcpy(room + line.length, "...", 3);
    line.length += 3;
    return line;
}

int paper_width(Text text, int most, double scale)
{
    char room[NAME_BYTES + 4];

    return width_of(shortened(text, most, scale, room), scale);
}

static int before_place(int width, TextSide side)
{
    return side == TEXT_FROM ? 0 : side == TEXT_AROUND ? width / 2 : width;
}

void paper_text(Paper *paper, Text text, int x, int y, TextSide side, int most, double scale,
                Color color)
{
    char room[NAME_BYTES + 4];
    Text line = shortened(text, most, scale, room);

    if (!paper->failed && text.length > 0) {
        x -= before_place(width_of(line, scale), side);
        paper->failed = !text_draw(paper->image, line, x, y, scale, 1, color, paper->err);
    }
}

/* Darken what lies under a picture of text that is turned to read upwards: its left end
 * becomes the bottom one. */
static void stamp_up(Image *image, const Image *text, int left, int bottom)
{
    int width = image_width(text), height = image_height(text);

    for (int i = 0; i < height; i++) {
        const uint8_t *from = image_pixels(text) + (size_t)i * image_stride(text);
        int            x    = left + i;

        for (int k = 0; k < width; k++, from += 4) {
            int      y = bottom - k;
            uint8_t *to;

            if (x < 0 || y < 0 || x >= image_width(image) || y >= image_height(image)) {
                continue;
            }
            to    = image_edit(image) + (size_t)y * image_stride(image) + (size_t)x * 4;
            to[0] = MIN(to[0], from[0]);
            to[1] = MIN(to[1], from[1]);
            to[2] = MIN(to[2], from[2]);
        }
    }
}

void paper_text_up(Paper *paper, Text text, int x, int y, TextSide side, int most, double scale,
                   Color color)
{
    char  room[NAME_BYTES + 4];
    Text  line   = shortened(text, most, scale, room);
    int   width  = width_of(line, scale), above = (int)ceil(30 * scale);
    int   below  = (int)ceil(14 * scale);
    Paper strip;

    if (paper->failed || text.length == 0 || width <= 0) {
        return;
    }
    strip = paper_open(width + 8, above + below, paper->err);
    paper_text(&strip, line, 4, above, TEXT_FROM, width + 8, scale, color);
    paper->failed = strip.failed;
    if (!strip.failed) {
        stamp_up(paper->image, strip.image, x - above, y + before_place(width, side) + 4);
    }
    image_unref(strip.image);
}

/* ---- ticks ------------------------------------------------------------------------- */

static double round_step(double rough)
{
    double power = pow(10, floor(log10(rough))), share = rough / power;

    return power * (share < 1.5 ? 1 : share < 3 ? 2 : share < 6 ? 5 : 10);
}

/* As many digits as tell one tick from the next. */
static void tick_write(Tick *tick, double step, double greatest)
{
    double value = fabs(tick->value) < step / 2 ? 0 : tick->value;

    if (greatest < 1e6 && step >= 1e-6) {
        int digits = (int)fmax(0, -floor(log10(step) + 1e-9));

        snprintf(tick->text, sizeof(tick->text), "%.*f", digits, value);
    } else {
        int digits = (int)fmin(fmax(ceil(log10(greatest / step)) + 1, 1), 15);

        snprintf(tick->text, sizeof(tick->text), "%.*g", digits, value);
    }
}

int ticks_make(double low, double high, int wanted, Tick ticks[TICKS])
{
    double span = high - low, step, first, greatest = fmax(fabs(low), fabs(high));
    int    count = 0;

    if (!isfinite(span) || span <= greatest * 1e-13 || wanted < 1) {
        return 0;
    }
    step  = round_step(span / wanted);
    if (!isfinite(step) || step <= 0) {
        return 0;
    }
    first = ceil(low / step - 1e-9);
    for (; count < TICKS; count++) {
        double value = (first + count) * step;

        if (value > high + step * 1e-9) {
            break;
        }
        ticks[count].value = value;
        tick_write(&ticks[count], step, greatest);
    }
    return count;
}
