/*
 * font - lines of text in outline fonts, through the `text` module.
 *
 * The module is opened when the first such line is drawn.  Without it, or without a
 * font, every function here says false, and the log said why once: callers then use the
 * stroke font.
 */
#ifndef OCELLUS_DRAW_FONT_H
#define OCELLUS_DRAW_FONT_H

#include "draw/palette.h"
#include "draw/text_module.h"
#include "image/image.h"

typedef struct FontStyle {
    const char *family;        /* NULL: the system's sans-serif */
    double      size;          /* pixels: of a capital, or of the em; above 0 */
    bool        of_capital;
    double      thickness;
} FontStyle;

/* Where the ink of a line lies and how long it is.  What is longer than
 * LIMIT_TEXT_POINTS characters is cut. */
bool font_measure(Text line, const FontStyle *style, TextBounds *bounds);

/* Draw from an origin on the baseline.  False with an error only when memory is out;
 * false without one: the module cannot. */
bool font_draw(Image *image, Text line, int x, int y, const FontStyle *style, Color color,
               Error *err);

/* The installed family that stands for the wanted one; `found` holds `size` bytes. */
bool font_family(const char *wanted, char *found, size_t size);

/* What the module is made of; false with what is missing. */
bool font_describe(char *text, size_t size, Error *err) MUST_USE;

#endif
