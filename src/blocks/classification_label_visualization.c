/*
 * classification_label_visualization - write the class into the picture.
 *
 * The best class of a single-label answer, or every predicted class of a
 * multi-label one, as labels stacked at a corner, an edge or the middle of the
 * picture.  Without a class the picture stays as it is.
 */
#include <math.h>

#include "base/text.h"
#include "blocks/block.h"
#include "draw/label.h"

enum { TEXT_CLASS, TEXT_CONFIDENCE, TEXT_BOTH };

typedef struct Args {
    Image   *image;
    bool     copy_image;
    Value    predictions;
    Text     palette;
    int64_t  palette_size;
    TextList custom_colors;
    int      axis;
    int      text;
    int      position;
    Text     text_color;
    double   scale;
    int64_t  thickness, padding, radius;
} Args;

static const Choice axes[] = { { "INDEX", 0 }, { "CLASS", 1 }, { "TRACK", 2 }, { 0 } };

static const Choice texts[] = {
    { "Class", TEXT_CLASS }, { "Confidence", TEXT_CONFIDENCE },
    { "Class and Confidence", TEXT_BOTH }, { 0 },
};

static const Choice positions[] = {
    { "CENTER", POSITION_CENTER },           { "CENTER_LEFT", POSITION_CENTER_LEFT },
    { "CENTER_RIGHT", POSITION_CENTER_RIGHT }, { "TOP_CENTER", POSITION_TOP_CENTER },
    { "TOP_LEFT", POSITION_TOP_LEFT },       { "TOP_RIGHT", POSITION_TOP_RIGHT },
    { "BOTTOM_LEFT", POSITION_BOTTOM_LEFT }, { "BOTTOM_CENTER", POSITION_BOTTOM_CENTER },
    { "BOTTOM_RIGHT", POSITION_BOTTOM_RIGHT }, { 0 },
};

static const Field fields[] = {
    { "image", IMAGE(Args, image), .alias = "images", .help = "The picture to write into." },

    { "copy_image", BOOLEAN(Args, copy_image), .kinds = KIND(BOOLEAN), .preset = "true",
      .help = "Accepted for compatibility; pictures of other steps are never changed." },

    { "predictions", VALUE(Args, predictions), .kinds = KIND(CLS), .selector_only = true,
      .from = FROM_STEPS, .help = "The classification to write." },

    { "color_palette", STRING(Args, palette), .kinds = KIND(STRING), .preset = "\"DEFAULT\"",
      .help = "DEFAULT, ROBOFLOW, CUSTOM or the name of a Matplotlib colour map." },

    { "palette_size", INTEGER(Args, palette_size), .kinds = KIND(INTEGER), .preset = "10",
      .help = "Number of colours taken from a Matplotlib map." },

    { "custom_colors", STRINGS(Args, custom_colors), .kinds = KIND(LIST), .preset = "[]",
      .help = "The colours of the CUSTOM palette." },

    { "color_axis", CHOICE(Args, axis, axes), .kinds = KIND(STRING), .preset = "\"CLASS\"",
      .help = "What decides the colour; labels of classes are coloured by class." },

    { "text", CHOICE(Args, text, texts), .kinds = KIND(STRING), .from = FROM_INPUTS,
      .preset = "\"Class\"", .help = "What to write." },

    { "text_position", CHOICE(Args, position, positions), .kinds = KIND(STRING),
      .from = FROM_INPUTS, .preset = "\"TOP_LEFT\"", .help = "Where to write it." },

    { "text_color", STRING(Args, text_color), .kinds = KIND(STRING), .from = FROM_INPUTS,
      .preset = "\"WHITE\"", .help = "Colour of the text." },

    { "text_scale", NUMBER(Args, scale), .kinds = KIND(FLOAT), .from = FROM_INPUTS,
      .preset = "1.0", .help = "Size of the text; at 1.0 a capital is 21 pixels high." },

    { "text_thickness", INTEGER(Args, thickness), .kinds = KIND(INTEGER), .from = FROM_INPUTS,
      .preset = "1", .help = "Width of the strokes in pixels." },

    { "text_padding", INTEGER(Args, padding), .kinds = KIND(INTEGER), .from = FROM_INPUTS,
      .preset = "10", .help = "Space around the text in pixels." },

    { "border_radius", INTEGER(Args, radius), .kinds = KIND(INTEGER), .from = FROM_INPUTS,
      .preset = "0", .help = "Rounding of the plate's corners in pixels." },

    { 0 },
};

enum { OUT_IMAGE };

static const Output outputs[] = {
    [OUT_IMAGE] = { "image", KIND(IMAGE), "The picture with the labels in it." },
    { 0 },
};

/* One class to write. */
typedef struct Line {
    Text    name;
    int64_t id;
    double  confidence;
} Line;

typedef struct Lines {
    Line *items;
    int   count;
} Lines;

static double number_in(Value dict, Text key)
{
    const Value *value = value_get(dict, key);
    double       number;

    return value && value_to_double(*value, &number) ? number : 0;
}

/* The entry of the best class of a single-label answer. */
static bool single_line(Value answer, Value predictions, Line *line)
{
    const Value *top = value_get(answer, TEXT("top"));

    if (!top || top->type != VALUE_STRING || top->count == 0) {
        return false;
    }
    for (uint32_t i = 0; i < predictions.count; i++) {
        const Value *name = value_get(predictions.as.items[i], TEXT("class"));

        if (name && value_equal(*name, *top)) {
            *line = (Line){ value_as_text(*top),
                            (int64_t)number_in(predictions.as.items[i], TEXT("class_id")),
                            number_in(predictions.as.items[i], TEXT("confidence")) };
            return true;
        }
    }
    return false;
}

static int by_confidence(const void *a, const void *b)
{
    double x = ((const Line *)a)->confidence, y = ((const Line *)b)->confidence;

    return (x < y) - (x > y);
}

/* Every predicted class of a multi-label answer, best first. */
static void multi_lines(Value answer, Value predictions, Lines *lines)
{
    const Value *predicted = value_get(answer, TEXT("predicted_classes"));

    for (uint32_t i = 0; predicted && predicted->type == VALUE_LIST && i < predicted->count; i++) {
        Text         name  = value_as_text(predicted->as.items[i]);
        const Value *entry = name.at ? value_get(predictions, name) : NULL;

        if (entry) {
            lines->items[lines->count++] = (Line){ name,
                                                   (int64_t)number_in(*entry, TEXT("class_id")),
                                                   number_in(*entry, TEXT("confidence")) };
        }
    }
    if (lines->count > 1) {
        qsort(lines->items, (size_t)lines->count, sizeof(*lines->items), by_confidence);
    }
}

static bool find_lines(Arena *arena, Value answer, Lines *lines)
{
    const Value *predictions = value_get(answer, TEXT("predictions"));
    const Value *predicted   = value_get(answer, TEXT("predicted_classes"));
    size_t       room        = predicted && predicted->type == VALUE_LIST ? predicted->count : 1;

    *lines = (Lines){ arena_array(arena, Line, MAX(room, 1)), 0 };
    if (!predictions || !lines->items) {
        return false;
    }
    if (predictions->type == VALUE_DICT) {
        multi_lines(answer, *predictions, lines);
    } else if (predictions->type == VALUE_LIST) {
        lines->count = single_line(answer, *predictions, &lines->items[0]);
    } else {
        return false;
    }
    return true;
}

static Text line_text(Arena *arena, const Line *line, int what)
{
    switch (what) {
    case TEXT_CONFIDENCE: return text_of(arena_printf(arena, "%.2f", line->confidence));
    case TEXT_BOTH:
        return text_of(arena_printf(arena, "%.*s %.2f", SHOW(line->name), line->confidence));
    default:              return line->name;
    }
}

/* The pseudo box of line i: the label hangs on it as on a detection. */
static void line_box(const Args *in, const Lines *lines, int i, double width, double height,
                     size_t longest, double box[4])
{
    double scale = in->scale, padding = (double)in->padding;
    double pitch = 20 * scale + 2 * padding + 2 * (double)in->thickness + 5;
    double inset = (double)longest * 15 * scale + 2 * padding + 20 + 3 * fmax(0, 10 - padding);
    double top;

    box[0] = 0;
    box[2] = width;
    if (in->position <= POSITION_TOP_RIGHT) {
        box[1] = pitch + i * pitch;
        box[3] = height;
    } else if (in->position >= POSITION_BOTTOM_LEFT) {
        box[1] = 0;
        box[3] = height - (pitch + (lines->count - 1 - i) * pitch);
    } else {
        top    = fmax(0, (height - lines->count * pitch) / 2) + i * pitch;
        box[1] = top;
        box[3] = top + pitch;
        if (in->position == POSITION_CENTER_LEFT) {
            box[0] = inset;
        } else if (in->position == POSITION_CENTER_RIGHT) {
            box[2] = width - inset;
        }
    }
}

/* The anchor of a box for a position; left, middle, right and top, middle,
 * bottom. */
static void anchor_of(const double box[4], int position, double *x, double *y)
{
    static const int8_t columns[] = { 0, 1, 2, 0, 1, 2, 0, 1, 2 };
    static const int8_t rows[]    = { 0, 0, 0, 1, 1, 1, 2, 2, 2 };

    *x = columns[position] == 0 ? box[0] : columns[position] == 2 ? box[2] : (box[0] + box[2]) / 2;
    *y = rows[position] == 0 ? box[1] : rows[position] == 2 ? box[3] : (box[1] + box[3]) / 2;
}

static bool draw_lines(Call *call, const Args *in, const Lines *lines, Image *out, Error *err)
{
    const Value *size    = value_get(in->predictions, TEXT("image"));
    double       width   = size ? number_in(*size, TEXT("width")) : image_width(in->image);
    double       height  = size ? number_in(*size, TEXT("height")) : image_height(in->image);
    size_t       longest = 0;
    LabelStyle   style   = { in->scale, in->thickness, in->padding, in->radius, { 0, 0, 0 } };
    Palette      palette;

    if (!color_parse(in->text_color, &style.text, err) ||
        !palette_make(call->arena, in->palette, in->palette_size, in->custom_colors.items,
                      in->custom_colors.count, &palette, err)) {
        return false;
    }
    for (int i = 0; i < lines->count; i++) {
        longest = MAX(longest, utf8_length(line_text(call->arena, &lines->items[i], in->text)));
    }
    for (int i = 0; i < lines->count; i++) {
        const Line *line = &lines->items[i];
        double      box[4], x, y;

        line_box(in, lines, i, width, height, longest, box);
        anchor_of(box, in->position, &x, &y);
        if (!label_draw(out, line_text(call->arena, line, in->text), x, y,
                        (Position)in->position, palette_color(&palette, line->id), &style, err)) {
            return false;
        }
    }
    return true;
}

static bool draw(Call *call, int i, const Args *in)
{
    Error  err = { 0 };
    Lines  lines;
    Image *out;

    if (!find_lines(call->arena, in->predictions, &lines)) {
        return call_fail(call, i, "ValueError", "predictions: this is not a classification");
    }
    if (in->scale < 0 || in->scale > 1000 || in->thickness < 1 || in->padding < 0 ||
        in->padding > 100000) {
        return call_fail(call, i, "ValueError", "text_scale, text_thickness or text_padding is "
                                                "out of range");
    }
    out = image_copy(in->image, &err);
    if (!out) {
        return call_fail_error(call, i, &err);
    }
    if (!draw_lines(call, in, &lines, out, &err)) {
        image_unref(out);
        return err.kind == ERR_INVALID ? call_fail(call, i, "ValueError", "%s", err.text)
                                       : call_fail_error(call, i, &err);
    }
    emit_image(call, i, OUT_IMAGE, out);
    return true;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        if (!draw(call, i, call_args(call, i))) {
            return false;
        }
    }
    return true;
}

const Block block_classification_label_visualization_v1 = {
    .type      = "roboflow_core/classification_label_visualization@v1",
    .title     = "Classification Label Visualization",
    .category  = CATEGORY_VISUALIZATION,
    .work      = WORK(VISUALIZATION),
    .summary   = "Write the predicted class into the picture.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
