/*
 * answer_draw - the picture of an answer: what was seen, drawn into it.
 *
 * Frames and plates are the reference's to the pixel, with its oddities: objects are all
 * of one colour, their plates of the same with red and blue exchanged, and the frame of
 * a classified picture has the picture's width and height exchanged.  A negative stroke
 * fills boxes, as OpenCV has it, and nothing else.  Masks that are answered as run lengths
 * have no outlines.
 */
#include <math.h>

#include "draw/label.h"
#include "draw/stroke.h"
#include "image/encode.h"
#include "image/raster.h"
#include "server/answer.h"
#include "vision/classification.h"

/* Of pictures with objects and with classes, as its two ways to write them have it. */
enum { OBJECT_QUALITY = 90, CLASS_QUALITY = 75 };

enum { MARGIN = 10 };

static const Color  object_color = { 0xEA, 0x92, 0x48 };
static const Color  plate_color  = { 0x48, 0x92, 0xEA };
static const Color  white        = { 255, 255, 255 };
static const double text_scale   = 0.5;

static Pen pen_of(const Reply *reply)
{
    return (Pen){ .thickness = reply->question->stroke, .blue = object_color.blue,
                  .green = object_color.green, .red = object_color.red };
}

static void fill(Image *picture, Rect rect, Color color)
{
    raster_fill(picture, rect, color.blue, color.green, color.red);
}

/* ---- objects -------------------------------------------------------------------------- */

/* A box of a reduced picture in the picture itself. */
static Proposal unreduced(const Reply *reply, Proposal box)
{
    Size  grid   = answer_grid(reply);
    float across = (float)image_width(reply->image) / (float)MAX(grid.width, 1);
    float down   = (float)image_height(reply->image) / (float)MAX(grid.height, 1);

    return (Proposal){ box.x1 * across, box.y1 * down, box.x2 * across, box.y2 * down,
                       box.score, box.class_id, box.index };
}

/* OpenCV cannot draw lines and discs with less than nothing. */
static bool check_stroke(const Reply *reply, const char *what, Error *err)
{
    return reply->question->stroke >= 0 ||
           fail(err, ERR_INTERNAL, "%s cannot be drawn with a stroke of %d", what,
                reply->question->stroke);
}

/* Points of the mask's own grid into the picture. */
static void draw_outline(const Reply *reply, Image *picture, const Mask *mask,
                         const Contour *outline, ContourPoint *points)
{
    Pen  pen  = pen_of(reply);
    Size size = answer_grid(reply);

    for (int i = 0; i < outline->count; i++) {
        points[i].x = (int32_t)((int64_t)(outline->points[i].x + mask->x) *
                                image_width(picture) / size.width);
        points[i].y = (int32_t)((int64_t)(outline->points[i].y + mask->y) *
                                image_height(picture) / size.height);
    }
    raster_polyline(picture, &pen, points, outline->count, true);
}

static bool draw_mask(const Reply *reply, Image *picture, int i, Error *err)
{
    const Mask   *mask = &reply->found->masks[i];
    ContourPoint *points;
    Contour       outline;
    Arena         arena;

    arena_init(&arena, LIMIT_RUN_MEMORY);
    bool ok = answer_find_outline(&arena, mask, &outline, err) &&
              (outline.count == 0 || check_stroke(reply, "outlines", err));

    points = ok ? arena_array(&arena, ContourPoint, MAX(outline.count, 1)) : NULL;
    if (points && outline.count > 0) {
        draw_outline(reply, picture, mask, &outline, points);
    }
    arena_fini(&arena);
    return ok && (points || fail(err, ERR_MEMORY, "no memory for an outline"));
}

static int at_pixel(float v)
{
    return isnan(v) ? 0 : (int)fmaxf(-1e6f, fminf(v, 1e6f));
}

static bool draw_points(const Reply *reply, Image *picture, int i, Error *err)
{
    const Found      *found  = reply->found;
    const FoundPoint *points = found->points + (size_t)i * (size_t)found->slots;
    Pen               pen    = pen_of(reply);
    int               radius = pen.thickness;

    pen.thickness = -1;
    for (int slot = 0; slot < found->slots; slot++) {
        if (!(points[slot].confidence > 0)) {
            continue;
        }
        if (!check_stroke(reply, "points", err)) {
            return false;
        }
        raster_circle(picture, &pen, at_pixel(points[slot].x), at_pixel(points[slot].y), radius);
    }
    return true;
}

static bool is_ascii(Text text)
{
    for (size_t i = 0; i < text.length; i++) {
        if ((uint8_t)text.at[i] > 126) {
            return false;
        }
    }
    return true;
}

/* Class and confidence on a plate in the box's corner. */
static bool draw_label(const Reply *reply, Image *picture, const Proposal *box, Error *err)
{
    Text text = text_of(arena_printf(reply->arena, "%.*s %.2f",
                                     SHOW(reply->package->classes[box->class_id]),
                                     (double)box->score));
    Size size = text_size(text, text_scale, 1);
    int  x = at_pixel(box->x1), y = at_pixel(box->y1);

    fill(picture, (Rect){ x, y, size.width + 2 * MARGIN - 1,
                         size.height + 2 * MARGIN - 1 }, plate_color);
    x += MARGIN;
    y += MARGIN + size.height;
    if (is_ascii(text)) {
        stroke_draw_hard(picture, text, x, y, text_scale, 1, white);
        return true;
    }
    return text_draw(picture, text, x, y, text_scale, 1, white, err);
}

static bool draw_object(const Reply *reply, Image *picture, int i, Error *err)
{
    Proposal box = unreduced(reply, reply->found->items[i]);
    Pen      pen = pen_of(reply);
    bool     outlined = reply->found->masks && !reply->question->masks_as_rle;

    raster_rectangle(picture, &pen, at_pixel(box.x1), at_pixel(box.y1), at_pixel(box.x2),
                     at_pixel(box.y2));
    return (!outlined || draw_mask(reply, picture, i, err)) &&
           (!reply->found->points || draw_points(reply, picture, i, err)) &&
           (!reply->question->labels || draw_label(reply, picture, &box, err));
}

static bool draw_found(const Reply *reply, Image *picture, Error *err)
{
    for (int i = 0; i < reply->found->count; i++) {
        if (!draw_object(reply, picture, i, err)) {
            return false;
        }
    }
    return true;
}

/* ---- classes ---------------------------------------------------------------------------- */

/* The reference writes them in a small outline font: how wide its characters from space
 * to tilde are (A: 10 pixels), measured, so that plates are as large as its. */
static const char widths[] = "23367771437723236666666666226664A6677667836669876766676A667333"
                             "653565663673363975664437585563336";

static int width_of(Text text)
{
    int width = 0;

    for (size_t i = 0; i < text.length; i++) {
        uint8_t c = (uint8_t)text.at[i];

        if ((c & 0xC0) == 0x80) {
            continue;           /* within a character */
        }
        width += c < ' ' || c > '~' ? 6 : widths[c - ' '] == 'A' ? 10 : widths[c - ' '] - '0';
    }
    return MIN(width, LIMIT_IMAGE_SIDE);
}

/* Down to the lowest ink. */
static int height_of(Text text)
{
    int height = 10;

    for (size_t i = 0; i < text.length; i++) {
        char c = text.at[i];

        if (c && strchr("gjpqy|", c)) {
            return 12;
        }
        height = c && strchr("$(),/;@Q[\\]_{}", c) ? 11 : height;
    }
    return height;
}

/* A plate at the left edge, its top at `y`; what it takes of the height. */
static bool draw_class(Image *picture, Text text, Color color, int *y, Error *err)
{
    static const double capital = 22;    /* pixels of a capital at a scale of 1 */
    int    width = width_of(text), height = height_of(text);
    Size   full  = text_size(text, 1, 1);
    double scale = fmin(8 / capital, (double)width / MAX(full.width, 1));

    fill(picture, (Rect){ 0, *y, width + 2 * MARGIN - 1, height + 2 * MARGIN - 1 }, color);
    bool ok = text_draw(picture, text, MARGIN, *y + 2 * MARGIN, scale, 1, white, err);

    *y += height + 2 * MARGIN;
    return ok;
}

/* Around a picture that is taken to be as wide as it is high, and the other way round. */
static void draw_frame(const Reply *reply, Image *picture, Color color)
{
    int right = image_height(picture), bottom = image_width(picture);
    int most  = MIN(right, bottom) + 1, stroke = MIN(reply->question->stroke, most);

    if (stroke <= 0) {
        return;
    }
    fill(picture, (Rect){ 0, 0, right, stroke - 1 }, color);
    fill(picture, (Rect){ 0, bottom - stroke + 1, right, stroke - 1 }, color);
    fill(picture, (Rect){ 0, 0, stroke - 1, bottom }, color);
    fill(picture, (Rect){ right - stroke + 1, 0, stroke - 1, bottom }, color);
}

/* Colours go round by the number of the class. */
static bool class_color(const Reply *reply, int id, Color *color, Error *err)
{
    Palette palette;

    if (!palette_make(reply->arena, TEXT("DEFAULT"), 10, NULL, 0, &palette, err)) {
        return false;
    }
    *color = palette.colors[id % palette.count];
    return true;
}

static bool draw_best(const Reply *reply, Image *picture, Error *err)
{
    Ranking ranking = classification_rank(reply->arena, reply->scores, reply->package->class_count,
                                          reply->question->confidence);
    const ClassScore *best = ranking.scores;
    Color             color;
    int               y = 0;

    if (ranking.count == 0) {
        return true;
    }
    if (!class_color(reply, best->id, &color, err)) {
        return false;
    }
    draw_frame(reply, picture, color);
    return draw_class(picture, text_of(arena_printf(reply->arena, "%d - %.*s %.2f", best->id,
                                                    SHOW(reply->package->classes[best->id]),
                                                    best->confidence)), color, &y, err);
}

/* All classes, the most certain first, as far as the picture reaches. */
static bool draw_all(const Reply *reply, Image *picture, Error *err)
{
    Ranking ranking = classification_rank(reply->arena, reply->scores, reply->package->class_count,
                                          -INFINITY);
    int     y = 0;

    draw_frame(reply, picture, object_color);
    for (int i = 0; i < ranking.count && y < image_height(picture); i++) {
        const ClassScore *score = &ranking.scores[i];
        const char *text = arena_printf(reply->arena, "%.*s %.2f",
                                        SHOW(reply->package->classes[score->id]),
                                        (double)reply->scores[score->id]);

        if (!draw_class(picture, text_of(text), object_color, &y, err)) {
            return false;
        }
    }
    return true;
}

/* ---- pictures --------------------------------------------------------------------------- */

static bool draw(const Reply *reply, Image *picture, Error *err)
{
    return reply->found                              ? draw_found(reply, picture, err)
         : reply->package->task == TASK_MULTI_LABEL ? draw_all(reply, picture, err)
                                                     : draw_best(reply, picture, err);
}

bool answer_draw(const Reply *reply, Buffer *out, Error *err)
{
    Image *picture = image_copy(reply->image, err);
    bool   ok      = picture && draw(reply, picture, err) &&
                     image_encode(picture,
                                  as_jpeg(reply->found ? OBJECT_QUALITY : CLASS_QUALITY,
                                          reply->question->pool), out, err) &&
                     (!out->failed || fail(err, ERR_MEMORY, "no memory for the labelled picture"));

    image_unref(picture);
    return ok;
}
