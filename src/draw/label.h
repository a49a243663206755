/*
 * label - text on a plate.
 *
 * Geometry and metrics are those of the reference's label annotator: a filled
 * plate beside an anchor, text inside it in the Hershey stroke font.  Everything
 * is clipped to the picture.
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

/* Draw one line at a baseline origin, blended by coverage. */
bool text_draw(Image *image, Text text, int x, int y, double scale, int64_t thickness, Color color,
               Error *err) MUST_USE;

/* Draw a label whose anchor is at (x, y). */
bool label_draw(Image *image, Text text, double x, double y, Position position, Color plate,
                const LabelStyle *style, Error *err) MUST_USE;

#endif
