/*
 * raster_polygon - filled polygons, as OpenCV's fillPoly() draws them.
 *
 * Several polygons are filled together: a pixel is inside where a ray from it crosses
 * their edges an odd number of times.  The edges' own pixels are covered too.
 */
#include "image/raster_inside.h"

/* Products of two 33-bit differences. */
__extension__ typedef __int128 Wide;

/* Turn over, in every row that an edge crosses, the pixel from which on the parity
 * of crossings is another one, and mark those that a crossing hits: they belong to
 * the spans on both of its sides.  Rows count from the upper corner to before the
 * lower one.  As in OpenCV, crossings are steps of a slope with 16 binary places,
 * and an edge that leaves the picture is taken from where it was cut. */
static void cross_rows(uint8_t *bits, Rect box, Size picture, ContourPoint a, ContourPoint b)
{
    int64_t from = MAX(MIN(a.y, b.y), box.y);
    int64_t to   = MIN((int64_t)MAX(a.y, b.y), (int64_t)box.y + box.height);
    int64_t p[4] = { a.x, a.y, b.x, b.y };
    int64_t rise, slope;
    int     first;

    (void)line_cut(p, picture.width - 1, picture.height - 1);
    first = a.y > b.y ? 2 : 0;
    rise  = p[3] - p[1];
    slope = rise ? (p[2] - p[0]) * FINE_ONE / rise : 0;
    for (int64_t y = from; y < to; y++) {
        Wide    way  = (Wide)(y - p[first + 1]) * slope;
        int64_t down = (int64_t)(way >> FINE_SHIFT);
        bool    hit  = (way & (FINE_ONE - 1)) == 0;
        int64_t at   = p[first] + down + !hit - box.x;

        if (at < box.width) {
            uint8_t *pixel = bits + (y - box.y) * box.width + MAX(at, 0);

            *pixel ^= 1;
            *pixel |= hit && at >= 0 ? 2 : 0;
        }
    }
}

static void fill_spans(uint8_t *bits, Rect box)
{
    for (int64_t y = 0; y < box.height; y++) {
        uint8_t *row    = bits + y * box.width;
        uint8_t  inside = 0;

        for (int x = 0; x < box.width; x++) {
            inside ^= row[x] & 1;
            row[x]  = (uint8_t)(inside | row[x] >> 1);
        }
    }
}

bool polygons_box(const Polygon *polygons, int count, Size picture, Rect *box)
{
    int64_t x1 = INT32_MAX, y1 = INT32_MAX, x2 = INT32_MIN, y2 = INT32_MIN;

    for (int k = 0; k < count; k++) {
        for (int i = 0; i < polygons[k].count; i++) {
            ContourPoint at = polygons[k].corners[i];

            x1 = MIN(x1, at.x);
            y1 = MIN(y1, at.y);
            x2 = MAX(x2, at.x);
            y2 = MAX(y2, at.y);
        }
    }
    x1   = MAX(x1, 0);
    y1   = MAX(y1, 0);
    x2   = MIN(x2, picture.width - 1);
    y2   = MIN(y2, picture.height - 1);
    *box = (Rect){ (int)x1, (int)y1, (int)(x2 - x1 + 1), (int)(y2 - y1 + 1) };
    return x1 <= x2 && y1 <= y2;
}

/* How much of the way from a to b lies within `length` after `start`. */
static int64_t inside(int64_t a, int64_t b, int64_t start, int64_t length)
{
    return MAX(MIN(MAX(a, b), start + length) - MAX(MIN(a, b), start), 0);
}

static ContourPoint corner_after(const Polygon *polygon, int i)
{
    return polygon->corners[i + 1 < polygon->count ? i + 1 : 0];
}

bool polygons_fill(uint8_t *bits, Rect box, Size picture, const Polygon *polygons, int count,
                   int64_t *edges)
{
    Canvas c = { .at = bits, .stride = (size_t)box.width, .pixel = 1, .x = box.x, .y = box.y,
                 .right = picture.width - 1, .bottom = picture.height - 1, .ink = { 1 } };

    for (int k = 0; k < count; k++) {
        for (int i = 0; i < polygons[k].count; i++) {
            ContourPoint a = polygons[k].corners[i], b = corner_after(&polygons[k], i);

            *edges -= 1 + MAX(inside(a.x, b.x, box.x, box.width),
                              inside(a.y, b.y, box.y, box.height));
            if (*edges < 0) {
                return false;
            }
            cross_rows(bits, box, picture, a, b);
        }
    }
    fill_spans(bits, box);
    for (int k = 0; k < count; k++) {
        for (int i = 0; i < polygons[k].count; i++) {
            ContourPoint a = polygons[k].corners[i], b = corner_after(&polygons[k], i);

            canvas_line(&c, (int64_t[]){ a.x, a.y, b.x, b.y }, false);
        }
    }
    return true;
}

static void paint_bits(const Canvas *c, const uint8_t *bits, Rect box)
{
    for (int y = 0; y < box.height; y++, bits += box.width) {
        for (int x = 0; x < box.width; x++) {
            if (bits[x]) {
                canvas_put(c, box.x + x, box.y + y);
            }
        }
    }
}

bool raster_polygons(Image *image, const Polygon *polygons, int count, uint8_t blue,
                     uint8_t green, uint8_t red, Error *err)
{
    Canvas   c       = canvas_of(image, blue, green, red);
    Size     picture = { image_width(image), image_height(image) };
    int64_t  edges   = LIMIT_MASK_EDGES;
    Rect     box;
    uint8_t *bits;
    bool     done;

    if (!polygons_box(polygons, count, picture, &box)) {
        return true;
    }
    bits = calloc((size_t)box.width, (size_t)box.height);
    if (!bits) {
        return fail(err, ERR_MEMORY, "no memory to fill a polygon of %d x %d pixels", box.width,
                    box.height);
    }
    done = polygons_fill(bits, box, picture, polygons, count, &edges);
    if (done) {
        paint_bits(&c, bits, box);
    }
    free(bits);
    return done || fail(err, ERR_TOO_LARGE, "these polygons have too many long edges; send fewer "
                                            "or simpler ones");
}
