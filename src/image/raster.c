/*
 * raster - filled rectangles, and strokes by coverage.
 */
#include <math.h>

#include "image/raster_inside.h"

void raster_fill(Image *image, Rect rect, uint8_t blue, uint8_t green, uint8_t red)
{
    Canvas  c      = canvas_of(image, blue, green, red);
    int64_t bottom = MIN((int64_t)rect.y + rect.height, image_height(image) - 1);

    for (int64_t y = MAX(rect.y, 0); y <= bottom; y++) {
        canvas_row(&c, y, rect.x, (int64_t)rect.x + rect.width);
    }
}

void raster_fill_rounded(Image *image, Rect rect, int radius, uint8_t blue, uint8_t green,
                         uint8_t red)
{
    int r     = MIN(radius, MIN(rect.width, rect.height) / 2);
    int right = rect.x + rect.width, bottom = rect.y + rect.height;

    if (r <= 0) {
        raster_fill(image, rect, blue, green, red);
        return;
    }
    raster_fill(image, (Rect){ rect.x + r, rect.y, rect.width - 2 * r, rect.height }, blue, green,
                red);
    raster_fill(image, (Rect){ rect.x, rect.y + r, rect.width, rect.height - 2 * r }, blue, green,
                red);
    raster_disc(image, rect.x + r, rect.y + r, r, blue, green, red);
    raster_disc(image, right - r, rect.y + r, r, blue, green, red);
    raster_disc(image, rect.x + r, bottom - r, r, blue, green, red);
    raster_disc(image, right - r, bottom - r, r, blue, green, red);
}

/* ---- coverage ------------------------------------------------------------------------------ */

bool coverage_open(Coverage *mask, const Image *image, Rect box, Error *err)
{
    int64_t left   = MAX(box.x, 0), top = MAX(box.y, 0);
    int64_t right  = MIN((int64_t)box.x + box.width, image_width(image));
    int64_t bottom = MIN((int64_t)box.y + box.height, image_height(image));

    *mask = (Coverage){ 0 };
    if (left >= right || top >= bottom) {
        return true;
    }
    mask->box = (Rect){ (int)left, (int)top, (int)(right - left), (int)(bottom - top) };
    mask->at  = calloc((size_t)mask->box.width, (size_t)mask->box.height);
    return mask->at || fail(err, ERR_MEMORY, "no memory to draw a text");
}

void coverage_close(Coverage *mask)
{
    free(mask->at);
    mask->at = NULL;
}

/* A line, and the squares of the distances to it within which pixels are covered whole
 * and beyond which they are not. */
typedef struct Stroke {
    double x1, y1, dx, dy;
    double scale;            /* 1 / length squared; 0 for a point */
    double half, whole, none;
} Stroke;

static Stroke stroke_of(double x1, double y1, double x2, double y2, double width)
{
    double dx = x2 - x1, dy = y2 - y1, square = dx * dx + dy * dy, half = width / 2 + 0.5;

    return (Stroke){ .x1 = x1, .y1 = y1, .dx = dx, .dy = dy, .scale = square > 0 ? 1 / square : 0,
                     .half = half, .whole = half > 1 ? (half - 1) * (half - 1) : 0,
                     .none = half > 0 ? half * half : 0 };
}

/* The share of a pixel that lies within half the width of the line: its distance
 * to the line, softened over one pixel; of 255. */
static uint8_t stroke_share(const Stroke *s, double x, double y)
{
    double t = ((x - s->x1) * s->dx + (y - s->y1) * s->dy) * s->scale, away;

    t    = t < 0 ? 0 : t > 1 ? 1 : t;
    x   -= s->x1 + t * s->dx;
    y   -= s->y1 + t * s->dy;
    away = x * x + y * y;
    if (away >= s->none) {
        return 0;
    }
    return away <= s->whole ? 255 : (uint8_t)(fmin(s->half - sqrt(away), 1) * 255);
}

/* The pixels from `left` to `right` of a row that can be near the line. */
static void stroke_row(const Stroke *s, double reach, int y, int *left, int *right)
{
    double t1 = s->dy != 0 ? fmin(fmax((y - reach - s->y1) / s->dy, 0), 1) : 0;
    double t2 = s->dy != 0 ? fmin(fmax((y + reach - s->y1) / s->dy, 0), 1) : 1;

    *left  = MAX(*left, (int)floor(s->x1 + fmin(t1 * s->dx, t2 * s->dx) - reach));
    *right = MIN(*right, (int)ceil(s->x1 + fmax(t1 * s->dx, t2 * s->dx) + reach));
}

void coverage_line(Coverage *mask, double x1, double y1, double x2, double y2, double width)
{
    double reach  = width / 2 + 1;
    Stroke stroke = stroke_of(x1, y1, x2, y2, width);
    int    top    = MAX((int)floor(fmin(y1, y2) - reach), mask->box.y);
    int    bottom = MIN((int)ceil(fmax(y1, y2) + reach), mask->box.y + mask->box.height - 1);

    for (int y = top; mask->at && y <= bottom; y++) {
        uint8_t *row   = mask->at + (size_t)(y - mask->box.y) * (size_t)mask->box.width;
        int      left  = MAX((int)floor(fmin(x1, x2) - reach), mask->box.x);
        int      right = MIN((int)ceil(fmax(x1, x2) + reach), mask->box.x + mask->box.width - 1);

        stroke_row(&stroke, reach, y, &left, &right);
        for (int x = left; x <= right; x++) {
            uint8_t share = stroke_share(&stroke, x, y);

            row[x - mask->box.x] = MAX(row[x - mask->box.x], share);
        }
    }
}

static uint8_t blend(uint8_t under, uint8_t over, uint8_t share)
{
    return (uint8_t)((under * (255 - share) + over * share + 127) / 255);
}

void coverage_paint(const Coverage *mask, Image *image, uint8_t blue, uint8_t green, uint8_t red)
{
    int pixel = image_pixel_bytes(image);

    for (int y = 0; mask->at && y < mask->box.height; y++) {
        const uint8_t *share = mask->at + (size_t)y * (size_t)mask->box.width;
        uint8_t       *row   = image_edit(image) +
                               (size_t)(y + mask->box.y) * image_stride(image) +
                               (size_t)mask->box.x * (size_t)pixel;

        for (int x = 0; x < mask->box.width; x++, row += pixel) {
            if (share[x] == 0) {
                continue;
            }
            if (pixel == 1) {
                row[0] = blend(row[0], blue, share[x]);
                continue;
            }
            row[0] = blend(row[0], blue, share[x]);
            row[1] = blend(row[1], green, share[x]);
            row[2] = blend(row[2], red, share[x]);
        }
    }
}
