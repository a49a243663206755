/*
 * label - text on a plate.
 *
 * Geometry and metrics are those of the reference's label annotator: a filled
 * plate beside an anchor, lines of text inside it.  ASCII is written in the Hershey
 * stroke font; a line with any other character as a whole in outline fonts, to the
 * same height (draw/font.h).  Everything is clipped to the picture.
 */
#ifndef OCELLUS_DRAW_LABEL_H
#define OCELLUS_DRAW_LABEL_H

#include "draw/palette.h"
#include "image/image.h"

typedef enum Position {
    POSITION_TOP_LEFT, POSITION_TOP_CENTER, POSITION_TOP_RIGHT, POSITION_CENTER_LEFT,
    POSITION_CENTER, POSITION_CENTER_RIGHT, POSITION_BOTTOM_LEFT, POSITION_BOTTOM_CENTER,
    POSITION_BOTTOM_RIGHT, POSITION_CENTER_OF_MASS,
} Position;

typedef struct LabelStyle {
    double  scale;
    int64_t thickness, padding, radius;
    Color   text;
} LabelStyle;

/* The size of a line of text as OpenCV's getTextSize reports it. */
Size text_size(Text text, double scale, int64_t thickness);

/* How far it reaches below its baseline, as getTextSize reports that. */
int text_baseline(double scale, int64_t thickness);

/* Draw one line at a baseline origin, blended by coverage.  What stands behind a NUL
 * is not drawn. */
bool text_draw(Image *image, Text text, int x, int y, double scale, int64_t thickness, Color color,
               Error *err) MUST_USE;

/* Draw a label whose anchor is at (x, y), one line below the other. */
bool label_draw(Image *image, Text text, double x, double y, Position position, Color plate,
                const LabelStyle *style, Error *err) MUST_USE;

/* The rectangle of a plate beside its anchor. */
Rect plate_at(int x, int y, Size size, Position position);

/* The next line of a text as Python's splitlines() gives it; false after the last. */
bool text_next_line(Text *left, Text *line);

#endif
