/*
 * drawing - what the visualisation blocks have in common.
 *
 * Args of such a block begin with a DrawingArgs; its fields begin with
 * DRAWING_FIELDS(Args), and PREDICTION_FIELD and PALETTE_FIELDS where it has them.
 * Its run() is `return drawing_run(call, draw)`: draw() gets a picture of its own to
 * write into and need not clip, copy or emit.
 */
#ifndef OCELLUS_BLOCKS_DRAWING_H
#define OCELLUS_BLOCKS_DRAWING_H

#include "blocks/block.h"
#include "draw/label.h"
#include "draw/palette.h"
#include "image/raster.h"

typedef enum ColorAxis { AXIS_CLASS, AXIS_INDEX, AXIS_TRACK } ColorAxis;

typedef struct PaletteArgs {
    Text     name;
    int64_t  size;
    TextList custom;
    int      axis;
} PaletteArgs;

typedef struct DrawingArgs {
    Image            *image;
    bool              copy_image;
    const Detections *predictions;     /* NULL in blocks without */
    PaletteArgs       palette;
} DrawingArgs;

extern const Choice drawing_axes[];
extern const Choice drawing_positions[];       /* of Position, with CENTER_OF_MASS */

#define DRAWING_FIELDS(S) \
    { "image", IMAGE(S, drawing.image), .alias = "images", .help = "The picture to draw into." }, \
    { "copy_image", BOOLEAN(S, drawing.copy_image), .kinds = KIND(BOOLEAN), .preset = "true", \
      .help = "Off: draw into the picture itself, so that whoever has it sees the drawing." }

#define PREDICTION_FIELD(S, mask) \
    { "predictions", DETECTIONS(S, drawing.predictions), .kinds = (mask), \
      .help = "The objects to draw." }

#define PALETTE_FIELDS(S) \
    { "color_palette", STRING(S, drawing.palette.name), .kinds = KIND(STRING), \
      .preset = "\"DEFAULT\"", \
      .help = "DEFAULT, ROBOFLOW, CUSTOM or the name of a Matplotlib colour map." }, \
    { "palette_size", INTEGER(S, drawing.palette.size), .kinds = KIND(INTEGER), .preset = "10", \
      .help = "Number of colours taken from a Matplotlib map." }, \
    { "custom_colors", STRINGS(S, drawing.palette.custom), .kinds = KIND(LIST), .preset = "[]", \
      .help = "The colours of the CUSTOM palette." }, \
    { "color_axis", CHOICE(S, drawing.palette.axis, drawing_axes), .kinds = KIND(STRING), \
      .preset = "\"CLASS\"", .help = "What decides an object's colour." }

/* How the plate of a label looks. */
typedef struct PlateArgs {
    Text    color;
    double  scale;
    int64_t thickness, padding, radius;
} PlateArgs;

#define PLATE_FIELDS(S, m, where) \
    { "text_color", STRING(S, m.color), .kinds = KIND(STRING), .from = (where), \
      .preset = "\"WHITE\"", .help = "Colour of the text." }, \
    { "text_scale", NUMBER(S, m.scale), .kinds = KIND(FLOAT), .from = (where), \
      .preset = "1.0", .help = "Size of the text; at 1.0 a capital is 21 pixels high." }, \
    { "text_thickness", INTEGER(S, m.thickness), .kinds = KIND(INTEGER), .from = (where), \
      .preset = "1", .help = "Width of the strokes in pixels." }, \
    { "text_padding", INTEGER(S, m.padding), .kinds = KIND(INTEGER), .from = (where), \
      .preset = "10", .help = "Space around the text in pixels." }, \
    { "border_radius", INTEGER(S, m.radius), .kinds = KIND(INTEGER), .from = (where), \
      .preset = "0", .help = "Rounding of the plate's corners in pixels." }

/* ERR_INVALID for a colour that is none. */
bool plate_style(const PlateArgs *args, LabelStyle *out, Error *err) MUST_USE;

/* The only output of most of them. */
extern const Output drawing_outputs[];

/* Draw into `out`, a copy of the element's picture.  False fills err: ERR_INVALID is
 * told as ValueError, ERR_UNSUPPORTED as what OpenCV raises ("error"), ERR_NOT_FOUND
 * as IndexError. */
typedef bool (*DrawFunction)(Call *call, const void *args, Image *out, Error *err);

bool drawing_run(Call *call, DrawFunction draw);

/* The same for a draw() that never looks at the element's own picture
 * (DrawingArgs.image): in a chain of such blocks the picture is copied once. */
bool drawing_run_in_place(Call *call, DrawFunction draw);

/* The same for a block that leaves the picture alone whatever `copy_image` says, as some
 * of the reference's do.  All others have .redraws = drawing_redraws. */
bool drawing_run_apart(Call *call, DrawFunction draw);

/* One element alone, as one of the three above would draw it. */
typedef enum DrawWay { DRAW_LOOKING, DRAW_IN_PLACE, DRAW_APART } DrawWay;

bool drawing_element(Call *call, int i, DrawFunction draw, DrawWay way);

/* For a block with a loop of its own: the picture to draw into, which the caller owns
 * (NULL: err tells why), and handing it on. */
Image *drawing_target(Call *call, int i, const DrawingArgs *in, Error *err);
void   drawing_emit(Call *call, int i, const DrawingArgs *in, Image *out);

/* For Block.redraws. */
bool drawing_redraws(const void *args);

/* Fail element i with what draw() has told. */
bool drawing_failed(Call *call, int i, const Error *err);

/* The colours of a prediction's rows. */
typedef struct RowColors {
    Palette           palette;
    ColorAxis         axis;
    const Detections *set;
} RowColors;

/* ERR_INVALID for a palette that is none, and for TRACK without tracker ids. */
bool row_colors_open(Arena *arena, const PaletteArgs *args, const Detections *set,
                     RowColors *out, Error *err) MUST_USE;
Color row_color(const RowColors *colors, int row);

/* What draw() is where every object is drawn alone: open the colours and call `each` for
 * all rows, in order. */
typedef bool (*DrawRow)(const void *args, Image *out, Color color, int row, Error *err);

bool drawing_rows(Call *call, const void *args, Image *out, DrawRow each, Error *err) MUST_USE;

/* A place of a box, truncated; its middle for CENTER_OF_MASS. */
void box_anchor(Box box, Position position, int *x, int *y);

/* A double as int() makes it an integer, kept within +-2^29, so that the sum of
 * two is an int; NaN is 0. */
int pixel_of(double v);

/* The same for a field. */
static inline int pixel_of_integer(int64_t v)
{
    return (int)MAX(-(1 << 29), MIN(v, 1 << 29));
}

/* A pen of that colour, where the reference draws with `thickness`: OpenCV takes
 * `least` to 32767.  Else fills err. */
bool pen_make(Color color, int64_t thickness, int least, Pen *out, Error *err) MUST_USE;

/* The anchor of row `row`, truncated.  ERR_INVALID for CENTER_OF_MASS without masks. */
bool row_anchor(const Detections *set, int row, Position position, int *x, int *y,
                Error *err) MUST_USE;

#endif
