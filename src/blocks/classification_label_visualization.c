/*
 * classification_label_visualization - write the class into the picture.
 *
 * The best class of a single-label answer, or every predicted class of a
 * multi-label one, as labels stacked at a corner, an edge or the middle of the
 * picture.  Without a class the picture stays as it is.
 */
#include <math.h>

#include "base/text.h"
#include "blocks/drawing.h"

enum { TEXT_CLASS, TEXT_CONFIDENCE, TEXT_BOTH };

typedef struct Args {
    DrawingArgs drawing;
    Value       predictions;
    int         text, position;
    PlateArgs   plate;
} Args;

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
    DRAWING_FIELDS(Args),

    { "predictions", VALUE(Args, predictions), .kinds = KIND(CLS), .selector_only = true,
      .from = FROM_STEPS, .help = "The classification to write." },

    PALETTE_FIELDS(Args),

    { "text", CHOICE(Args, text, texts), .kinds = KIND(STRING), .from = FROM_INPUTS,
      .preset = "\"Class\"", .help = "What to write." },

    { "text_position", CHOICE(Args, position, positions), .kinds = KIND(STRING),
      .from = FROM_INPUTS, .preset = "\"TOP_LEFT\"", .help = "Where to write it." },

    PLATE_FIELDS(Args, plate, FROM_INPUTS),

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
static Box line_box(const Args *in, const Lines *lines, int i, double width, double height,
                    size_t longest)
{
    double scale = in->plate.scale, padding = (double)in->plate.padding;
    double pitch = 20 * scale + 2 * padding + 2 * (double)in->plate.thickness + 5;
    double inset = (double)longest * 15 * scale + 2 * padding + 20 + 3 * fmax(0, 10 - padding);
    double top   = fmax(0, (height - lines->count * pitch) / 2) + i * pitch;

    if (in->position <= POSITION_TOP_RIGHT) {
        return (Box){ 0, pitch + i * pitch, width, height };
    }
    if (in->position >= POSITION_BOTTOM_LEFT) {
        return (Box){ 0, 0, width, height - (pitch + (lines->count - 1 - i) * pitch) };
    }
    return (Box){ in->position == POSITION_CENTER_LEFT ? inset : 0, top,
                  in->position == POSITION_CENTER_RIGHT ? width - inset : width, top + pitch };
}

static bool draw_lines(Arena *arena, const Args *in, const Lines *lines, Image *out, Error *err)
{
    const Value *size    = value_get(in->predictions, TEXT("image"));
    double       width   = size ? number_in(*size, TEXT("width")) : image_width(out);
    double       height  = size ? number_in(*size, TEXT("height")) : image_height(out);
    size_t       longest = 0;
    const PaletteArgs *colors = &in->drawing.palette;
    LabelStyle   style;
    Palette      palette;

    if (!plate_style(&in->plate, &style, err) ||
        !palette_make(arena, colors->name, colors->size, colors->custom.items,
                      colors->custom.count, &palette, err)) {
        return false;
    }
    for (int i = 0; i < lines->count; i++) {
        longest = MAX(longest, utf8_length(line_text(arena, &lines->items[i], in->text)));
    }
    for (int i = 0; i < lines->count; i++) {
        const Line *line = &lines->items[i];
        Box         box  = line_box(in, lines, i, width, height, longest);
        int         x, y;

        box_anchor(box, (Position)in->position, &x, &y);
        if (!label_draw(out, line_text(arena, line, in->text), x, y, (Position)in->position,
                        palette_color(&palette, line->id), &style, err)) {
            return false;
        }
    }
    return true;
}

static bool draw(Call *call, const void *args, Image *out, Error *err)
{
    const Args *in = args;
    Lines       lines;

    if (!find_lines(call->arena, in->predictions, &lines)) {
        return fail(err, ERR_INVALID, "predictions: this is not a classification");
    }
    return draw_lines(call->arena, in, &lines, out, err);
}

/* With nothing to write the reference leaves the picture alone. */
static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in = call_args(call, i);
        Lines       lines;
        bool        any = find_lines(call->arena, in->predictions, &lines) && lines.count > 0;

        if (!drawing_element(call, i, draw, any ? DRAW_IN_PLACE : DRAW_APART)) {
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
    .outputs   = drawing_outputs,
    .redraws   = drawing_redraws,
    .run       = run,
};
