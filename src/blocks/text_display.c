/*
 * text_display - write a text into the picture.
 *
 * A box with lines of text, at a place of the picture or at coordinates, moved so that
 * it lies inside.  {{ $parameters.name }} in the text stands for a value, which
 * operations may change first.
 */
#include <math.h>

#include "base/text.h"
#include "blocks/chains.h"
#include "blocks/drawing.h"
#include "image/blend.h"
#include "image/raster.h"
#include "image/spread.h"

enum { ALIGN_LEFT, ALIGN_CENTER, ALIGN_RIGHT };
enum { MODE_ABSOLUTE, MODE_RELATIVE };

typedef struct Args {
    DrawingArgs drawing;
    Text        text;
    Value       parameters;
    const void *operations;
    Text        color, background;
    double      opacity, scale;
    int64_t     thickness, padding, radius, x, y, offset_x, offset_y;
    int         align, mode, anchor;
} Args;

static const Choice aligns[] = {
    { "left", ALIGN_LEFT }, { "center", ALIGN_CENTER }, { "right", ALIGN_RIGHT }, { 0 },
};

static const Choice modes[] = {
    { "absolute", MODE_ABSOLUTE }, { "relative", MODE_RELATIVE }, { 0 },
};

static const Choice anchors[] = {
    { "center", POSITION_CENTER },             { "top_left", POSITION_TOP_LEFT },
    { "top_center", POSITION_TOP_CENTER },     { "top_right", POSITION_TOP_RIGHT },
    { "bottom_left", POSITION_BOTTOM_LEFT },   { "bottom_center", POSITION_BOTTOM_CENTER },
    { "bottom_right", POSITION_BOTTOM_RIGHT }, { "center_left", POSITION_CENTER_LEFT },
    { "center_right", POSITION_CENTER_RIGHT }, { 0 },
};

static const Field fields[] = {
    { "image", IMAGE(Args, drawing.image), .help = "The picture to write into." },

    { "text", STRING(Args, text),
      .help = "The text, with {{ $parameters.name }} where values go." },

    { "text_parameters", MAP(Args, parameters), .kinds = KINDS_ANY, .scalar = true,
      .preset = "{}", .help = "The values by the names that the text gives them." },

    { "text_parameters_operations", PARSED(Args, operations, chains_parse),
      .schema = CHAINS_SCHEMA, .preset = "{}",
      .help = "Operations by name, applied to values before they go in." },

    { "text_color", STRING(Args, color), .kinds = KIND(STRING), .preset = "\"WHITE\"",
      .help = "Colour of the text." },

    { "background_color", STRING(Args, background), .kinds = KIND(STRING),
      .preset = "\"BLACK\"", .help = "Colour of the box, or transparent for none." },

    { "background_opacity", NUMBER(Args, opacity), .kinds = KIND(FLOAT01), .preset = "1.0",
      .range = BETWEEN(0, 1), .help = "How much of the box's colour is seen, from 0 to 1." },

    { "font_scale", NUMBER(Args, scale), .kinds = KIND(FLOAT), .preset = "1.0",
      .range = BETWEEN(0.1, 10),
      .help = "Size of the text; at 1.0 a capital is 21 pixels high." },

    { "font_thickness", INTEGER(Args, thickness), .kinds = KIND(INTEGER), .preset = "2",
      .range = BETWEEN(1, 10), .help = "Width of the strokes in pixels." },

    { "padding", INTEGER(Args, padding), .kinds = KIND(INTEGER), .preset = "10",
      .range = AT_LEAST(0), .help = "Space around the text in pixels." },

    { "text_align", CHOICE(Args, align, aligns), .kinds = KIND(STRING), .preset = "\"left\"",
      .help = "Where shorter lines stand below or above the longest." },

    { "border_radius", INTEGER(Args, radius), .kinds = KIND(INTEGER), .preset = "0",
      .range = AT_LEAST(0), .help = "Rounding of the box's corners in pixels." },

    { "position_mode", CHOICE(Args, mode, modes), .kinds = KIND(STRING),
      .preset = "\"relative\"",
      .help = "absolute: at position_x and position_y; relative: at the anchor." },

    { "position_x", INTEGER(Args, x), .kinds = KIND(INTEGER), .preset = "0",
      .help = "Left edge of the box in pixels." },

    { "position_y", INTEGER(Args, y), .kinds = KIND(INTEGER), .preset = "0",
      .help = "Top edge of the box in pixels." },

    { "anchor", CHOICE(Args, anchor, anchors), .kinds = KIND(STRING),
      .preset = "\"top_left\"",
      .help = "The place of the picture at which the same place of the box comes to lie." },

    { "offset_x", INTEGER(Args, offset_x), .kinds = KIND(INTEGER), .preset = "10",
      .help = "Pixels to the right of the anchor." },

    { "offset_y", INTEGER(Args, offset_y), .kinds = KIND(INTEGER), .preset = "10",
      .help = "Pixels below the anchor." },

    { "copy_image", BOOLEAN(Args, drawing.copy_image), .kinds = KIND(BOOLEAN),
      .preset = "true",
      .help = "Accepted for compatibility; pictures of other steps are never changed." },

    { 0 },
};

/* ---- filling in values -------------------------------------------------------------- */

static const char *skip_spaces(const char *at, const char *end)
{
    while (at < end) {
        const char *next = at;

        if (!utf8_is_space(utf8_next(&next, end))) {
            break;
        }
        at = next;
    }
    return at;
}

static bool in_name(uint32_t code)
{
    return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') || code == '_' ||
           (code >= '0' && code <= '9') || (code >= 0x80 && !utf8_is_space(code));
}

/* The name in "{{ $parameters.name }}" at the start of `text`, and where that ends;
 * NULL when it does not start with one. */
static const char *read_parameter(Text text, Text *name)
{
    static const char word[] = "$parameters.";
    const char       *at = text.at, *end = text.at + text.length;

    if (text.length < 4 || at[0] != '{' || at[1] != '{') {
        return NULL;
    }
    at = skip_spaces(at + 2, end);
    if ((size_t)(end - at) < sizeof(word) || memcmp(at, word, sizeof(word) - 1) != 0) {
        return NULL;
    }
    at      += sizeof(word) - 1;
    name->at = at;
    while (at < end) {
        const char *next = at;

        if (!in_name(utf8_next(&next, end))) {
            break;
        }
        at = next;
    }
    name->length = (size_t)(at - name->at);
    at = skip_spaces(at, end);
    return name->length > 0 && end - at >= 2 && at[0] == '}' && at[1] == '}' ? at + 2 : NULL;
}

static const Operation *operations_of(const Chains *chains, Text name)
{
    for (int i = 0; i < chains->count; i++) {
        if (text_equal(chains->items[i].name, name)) {
            return chains->items[i].operations;
        }
    }
    return NULL;
}

/* The text with values in it.  A name that has none stays as it stands. */
static bool fill_in(Call *call, int i, const Args *in, Buffer *out)
{
    UqlScope scope = { .cancel = call->cancel, .pool = call->services->pool };
    Text     left  = in->text;

    while (left.length > 0 && !out->failed) {
        const char      *brace = memchr(left.at, '{', left.length);
        size_t           plain = brace ? (size_t)(brace - left.at) : left.length;
        Text             rest  = { left.at + plain, left.length - plain }, name;
        const char      *after = rest.length > 0 ? read_parameter(rest, &name) : NULL;
        const Value     *given = after ? value_get(in->parameters, name) : NULL;
        const Operation *chain = given ? operations_of(in->operations, name) : NULL;
        Value            value = given ? *given : value_null();
        UqlError         err   = { 0 };

        buffer_text(out, (Text){ left.at, plain });
        if (chain && !uql_apply(call->arena, chain, value, &scope, &value, &err)) {
            return call_fail_query(call, i, &err);
        }
        if (given) {
            value_print(out, value);
        } else if (rest.length > 0) {
            buffer_text(out, (Text){ rest.at, 1 });
            after = rest.at + 1;
        } else {
            break;
        }
        left = (Text){ after, (size_t)(rest.at + rest.length - after) };
    }
    return !out->failed || call_fail(call, i, "MemoryError", "text: with its values it is longer "
                                     "than %zu bytes", (size_t)LIMIT_FORMATTED_TEXT);
}

/* ---- the box ------------------------------------------------------------------------ */

typedef struct Layout {
    Rect box;
    int  ascent, pitch;      /* of a line: above its baseline; from one to the next */
} Layout;

static bool next_line(Text *left, Text *line, bool *more)
{
    const char *end;

    if (!*more) {
        return false;
    }
    end   = left->length > 0 ? memchr(left->at, '\n', left->length) : NULL;
    *more = end != NULL;
    *line = (Text){ left->at, end ? (size_t)(end - left->at) : left->length };
    *left = end ? (Text){ end + 1, left->length - line->length - 1 } : TEXT("");
    return true;
}

/* A line of nothing but space takes no width. */
static int line_width(const Args *in, Text line)
{
    const char *end = line.at + line.length;

    return skip_spaces(line.at, end) == end ? 0 : text_size(line, in->scale, in->thickness).width;
}

static int64_t kept(int64_t v)
{
    return MAX(-1000000000, MIN(v, 1000000000));
}

/* Where along one side the box begins: `share` halves of the side from its start. */
static int begin(const Args *in, int share, int64_t side, int64_t box, int64_t absolute,
                 int64_t offset)
{
    double  half = share / 2.0;
    int64_t at   = in->mode == MODE_ABSOLUTE
                 ? kept(absolute)
                 : (int64_t)nearbyint(half * (double)side) -
                   (int64_t)nearbyint(half * (double)box) + kept(offset);

    return (int)MAX(0, MIN(at, side - box));
}

static Layout lay_out(const Args *in, Text text)
{
    static const int8_t columns[] = { 0, 1, 2, 0, 1, 2, 0, 1, 2 };
    static const int8_t rows[]    = { 0, 0, 0, 1, 1, 1, 2, 2, 2 };
    int     ascent   = text_size(TEXT("Ag"), in->scale, in->thickness).height;
    int     advance  = ascent + text_baseline(in->scale, in->thickness);
    int     spacing  = MAX(1, (int)nearbyint(0.25 * advance));
    int64_t padding  = MIN(in->padding, 1000000), width = 0, height = -spacing;
    bool    more     = true;
    Text    line;
    Layout  layout   = { .ascent = ascent, .pitch = advance + spacing };

    while (next_line(&text, &line, &more)) {
        width   = MAX(width, line_width(in, line));
        height += layout.pitch;
    }
    width  = MIN(width + 2 * padding, 1000000000);
    height = MIN(height + 2 * padding, 1000000000);
    layout.box = (Rect){ begin(in, columns[in->anchor], image_width(in->drawing.image), width,
                               in->x, in->offset_x),
                         begin(in, rows[in->anchor], image_height(in->drawing.image), height,
                               in->y, in->offset_y),
                         (int)width, (int)height };
    return layout;
}

/* A plate that lets the picture shine through: mixed beside it, then put in its place. */
static bool mix_plate(Image *out, Rect box, int radius, Color color, double opacity, Error *err)
{
    Rect   part  = rect_inside((Rect){ box.x, box.y, box.width + 1, box.height + 1 },
                               image_width(out), image_height(out));
    Rect   moved = { box.x - part.x, box.y - part.y, box.width, box.height };
    Image *under, *plate;

    if (part.width == 0) {
        return true;
    }
    under = image_crop(out, part, TEXT("plate"), false, err);
    plate = under ? image_copy(under, err) : NULL;
    if (plate) {
        raster_fill_rounded(plate, moved, radius, color.blue, color.green, color.red);
        blend_over(plate, under, opacity);
    }
    image_unref(under);
    if (plate) {
        blend_patch(out, plate, part.x, part.y, (Region){ part, NULL });
    }
    image_unref(plate);
    return plate != NULL;
}

static bool draw_background(const Args *in, const Layout *layout, Image *out, Error *err)
{
    Rect  box    = layout->box;
    int   radius = (int)MIN(in->radius, 10000);
    Color color;

    if (in->background.length == 11 && strncasecmp(in->background.at, "transparent", 11) == 0) {
        return true;
    }
    if (!color_parse(in->background, &color, err)) {
        return false;
    }
    /* What is rounded is the part inside the picture. */
    box.width  = MIN(box.width, image_width(out) - box.x) - 1;
    box.height = MIN(box.height, image_height(out) - box.y) - 1;
    if (box.width < 0 || box.height < 0) {
        return true;
    }
    if (in->opacity < 1) {
        return mix_plate(out, box, radius, color, in->opacity, err);
    }
    raster_fill_rounded(out, box, radius, color.blue, color.green, color.red);
    return true;
}

static bool draw_lines(const Args *in, const Layout *layout, Text text, Image *out, Error *err)
{
    int     padding = (int)MIN(in->padding, 1000000);
    int     inner   = layout->box.width - 2 * padding;
    int64_t y       = (int64_t)layout->box.y + padding + layout->ascent;
    bool    more    = true;
    Text    line;
    Color   color;

    if (!color_parse(in->color, &color, err)) {
        return false;
    }
    while (y < image_height(out) + 2 * layout->pitch && next_line(&text, &line, &more)) {
        int width = line_width(in, line);
        int space = in->align == ALIGN_LEFT ? 0 : inner - width;
        int x     = layout->box.x + padding + (in->align == ALIGN_CENTER ? space / 2 : space);

        if (width > 0 &&
            !text_draw(out, line, x, (int)y, in->scale, in->thickness, color, err)) {
            return false;
        }
        y += layout->pitch;
    }
    return true;
}

static bool display(Call *call, int i, const Args *in, Text text)
{
    Error  err    = { 0 };
    Layout layout = lay_out(in, text);
    Image *out    = drawing_target(call, i, &in->drawing, &err);

    if (!out || !draw_background(in, &layout, out, &err) ||
        !draw_lines(in, &layout, text, out, &err)) {
        image_unref(out);
        return err.kind == ERR_INVALID ? call_fail(call, i, "ValueError", "%s", err.text)
                                       : call_fail_error(call, i, &err);
    }
    drawing_emit(call, i, &in->drawing, out);
    return true;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in = call_args(call, i);
        Buffer      text;
        bool        ok;

        buffer_init(&text, LIMIT_FORMATTED_TEXT);
        ok = fill_in(call, i, in, &text) &&
             display(call, i, in, text.length > 0 ? (Text){ text.data, text.length } : TEXT(""));
        buffer_fini(&text);
        if (!ok) {
            return false;
        }
    }
    return true;
}

const Block block_text_display_v1 = {
    .type      = "roboflow_core/text_display@v1",
    .title     = "Text Display",
    .category  = CATEGORY_VISUALIZATION,
    .work      = WORK(VISUALIZATION),
    .summary   = "Write a text into the picture.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = drawing_outputs,
    .redraws   = drawing_redraws,
    .run       = run,
};
