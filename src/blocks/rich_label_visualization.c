/*
 * rich_label_visualization - name the objects in a font of one's choice.
 *
 * As label_visualization, in one of twenty free fonts and with long texts wrapped.  The
 * fonts are the system's: of one that is not installed a near one takes the place, and
 * the log says so once.
 */
#include <math.h>
#include <stdatomic.h>

#include "base/log.h"
#include "base/text.h"
#include "blocks/drawing.h"
#include "blocks/row_text.h"
#include "draw/font.h"
#include "draw/stroke.h"
#include "image/raster.h"

enum { SIZE_MANUAL, SIZE_AUTOMATIC };

typedef struct Args {
    DrawingArgs drawing;
    Text        text, color;
    int         position, family, size_mode;
    int64_t     size, padding, radius, longest;
} Args;

/* Every font by the name people know and by the one programs write. */
#define FONT_NAMES(X) \
    X(0, "Anonymous Pro", "anonymous_pro", true)    X(1, "Courier Prime", "courier_prime", true) \
    X(2, "Fira Code", "fira_code", true)            X(3, "Geist", "geist", false) \
    X(4, "Geist Mono", "geist_mono", true)          X(5, "IBM Plex Mono", "ibm_plex_mono", true) \
    X(6, "Inconsolata", "inconsolata", true)        X(7, "Inter", "inter", false) \
    X(8, "JetBrains Mono", "jetbrains_mono", true)  X(9, "Lato", "lato", false) \
    X(10, "Montserrat", "montserrat", false)        X(11, "Noto Sans", "noto_sans", false) \
    X(12, "Nunito Sans", "nunito_sans", false)      X(13, "Open Sans", "open_sans", false) \
    X(14, "PT Mono", "pt_mono", true)               X(15, "Roboto", "roboto", false) \
    X(16, "Roboto Mono", "roboto_mono", true) \
    X(17, "Source Code Pro", "source_code_pro", true) \
    X(18, "Space Mono", "space_mono", true)         X(19, "Work Sans", "work_sans", false)

#define DISPLAY_NAME(i, display, id, mono) { display, i },
#define PROGRAM_NAME(i, display, id, mono) { id, i },
#define FONT_ENTRY(i, display, id, mono)   [i] = { display, mono },

static const Choice families[] = { FONT_NAMES(DISPLAY_NAME) FONT_NAMES(PROGRAM_NAME) { 0 } };

static const struct { const char *name; bool mono; } fonts[] = { FONT_NAMES(FONT_ENTRY) };

static atomic_bool told[COUNT_OF(fonts)];

static const Choice size_modes[] = {
    { "Manual", SIZE_MANUAL }, { "Automatic", SIZE_AUTOMATIC }, { 0 },
};

static const Field fields[] = {
    DRAWING_FIELDS(Args), PREDICTION_FIELD(Args, KIND(OD) | KIND(IS) | KIND(KP) | KIND(RLE)),
    PALETTE_FIELDS(Args), ROW_TEXT_FIELD(Args, text),

    { "text_position", CHOICE(Args, position, drawing_positions), .kinds = KIND(STRING),
      .preset = "\"TOP_LEFT\"", .help = "Where at the box to write it." },

    { "text_color", STRING(Args, color), .kinds = KIND(STRING), .preset = "\"WHITE\"",
      .help = "Colour of the text." },

    { "font_family", CHOICE(Args, family, families), .kinds = KIND(STRING),
      .preset = "\"Geist Mono\"",
      .help = "The font; one that is not installed is replaced by a near one." },

    { "text_size_mode", CHOICE(Args, size_mode, size_modes), .kinds = KIND(STRING),
      .preset = "\"Manual\"",
      .help = "Manual: font_size as it is; Automatic: times the picture's shorter side / 1080." },

    { "font_size", INTEGER(Args, size), .kinds = KIND(INTEGER), .preset = "14",
      .range = ABOVE(0), .help = "Size of the font in pixels." },

    { "text_padding", INTEGER(Args, padding), .kinds = KIND(INTEGER), .preset = "10",
      .help = "Space around the text in pixels." },

    { "border_radius", INTEGER(Args, radius), .kinds = KIND(INTEGER), .preset = "0",
      .help = "Rounding of the plate's corners in pixels." },

    { "max_line_length", INTEGER(Args, longest), .kinds = KIND(INTEGER), .preset = "null",
      .nullable = true, .range = ABOVE(0),
      .help = "Characters of a line, longer texts are wrapped; null: they are not." },

    { 0 },
};

/* ---- the font ----------------------------------------------------------------------- */

static FontStyle style_of(const Args *in, const Image *image)
{
    int         side = MIN(image_width(image), image_height(image));
    double      size = fmin((double)in->size, LIMIT_TEXT_SIZE);
    const char *name = fonts[in->family].name;
    char        found[100];

    if (in->size_mode == SIZE_AUTOMATIC) {
        size = fmin(fmax(nearbyint((double)in->size * side / 1080), 8), 128);
    }
    if (!font_family(name, found, sizeof(found)) || strcasecmp(found, name) != 0) {
        name = fonts[in->family].mono ? "monospace" : "sans-serif";
        if (font_family(name, found, sizeof(found)) && !atomic_exchange(&told[in->family], true)) {
            log_line(LOG_WARNING, "draw", "the font %s is not installed; %s takes its place",
                     fonts[in->family].name, found);
        }
    }
    return (FontStyle){ .family = name, .size = size };
}

/* A line's width, and how far its ink reaches above and below the baseline. */
typedef struct Extent {
    int width, height;
} Extent;

static Extent extent_of(Text line, const FontStyle *style)
{
    TextBounds ink;
    Size       size;

    if (line.length == 0) {
        return (Extent){ 0, 0 };
    }
    if (font_measure(line, style, &ink)) {
        return (Extent){ (int)ceil(fmax(ink.advance, ink.right) - fmin(0, ink.left)),
                         (int)ceil(ink.bottom - ink.top) };
    }
    size = stroke_size(line, style->size * 0.7 / STROKE_CAPITAL, 1);
    return (Extent){ size.width, size.height };
}

static bool draw_line(Image *out, Text line, int x, int y, const FontStyle *style, Color color,
                      Error *err)
{
    Error memory = { 0 };

    if (line.length == 0 || font_draw(out, line, x, y, style, color, &memory)) {
        return true;
    }
    if (memory.kind != ERR_NONE) {
        *err = memory;
        return false;
    }
    return stroke_draw(out, line, x, y, style->size * 0.7 / STROKE_CAPITAL, 1, color, err);
}

/* ---- wrapping ----------------------------------------------------------------------- */

static size_t bytes_of(Text text, int64_t characters)
{
    const char *at = text.at, *end = text.at + text.length;

    while (at < end && characters-- > 0) {
        (void)utf8_next(&at, end);
    }
    return (size_t)(at - text.at);
}

static size_t spaces_at(Text text, size_t from)
{
    while (from < text.length && text.at[from] == ' ') {
        from++;
    }
    return from;
}

/* Where to cut a text of more than `longest` characters: behind the last word that fits,
 * or inside the first. */
static size_t cut_of(Text text, int64_t longest)
{
    size_t cut = bytes_of(text, longest), end = cut;

    if (cut == text.length || text.at[cut] == ' ') {
        return cut;
    }
    while (end > 0 && text.at[end - 1] != ' ') {
        end--;
    }
    return end > 0 && spaces_at(text, 0) < end ? end : cut;
}

/* The next piece of a line, without the spaces around it. */
static bool next_piece(Text *left, int64_t longest, Text *piece)
{
    size_t start = spaces_at(*left, 0), cut;

    *left = (Text){ left->at + start, left->length - start };
    if (left->length == 0) {
        return false;
    }
    cut    = cut_of(*left, longest);
    *piece = (Text){ left->at, cut };
    *left  = (Text){ left->at + cut, left->length - cut };
    while (piece->length > 0 && piece->at[piece->length - 1] == ' ') {
        piece->length--;
    }
    return true;
}

/* All lines as they are drawn, at least one. */
static TextList wrap(Arena *arena, Text text, int64_t longest)
{
    enum { MOST = 10000 };
    Text *lines = arena_array(arena, Text, MIN(text.length + 1, MOST));
    int   count = 0, most = (int)MIN(text.length + 1, MOST);
    Text  line, piece;

    while (lines && count < most && text_next_line(&text, &line)) {
        bool any = false;

        while (longest > 0 && line.length > 0 && count < most &&
               next_piece(&line, longest, &piece)) {
            lines[count++] = piece;
            any            = true;
        }
        if (!any && count < most) {
            lines[count++] = longest > 0 ? TEXT("") : line;
        }
    }
    if (lines && count == 0) {
        lines[count++] = TEXT("");
    }
    return (TextList){ lines, count };
}

/* ---- the plate ---------------------------------------------------------------------- */

static int bounded(int64_t length)
{
    return (int)MAX(-1000000, MIN(length, 1000000));
}

static Size plate_size(const TextList *lines, const FontStyle *style, int64_t padding)
{
    int64_t width = 0, height = padding;

    for (int i = 0; i < lines->count; i++) {
        Extent line = extent_of(lines->items[i], style);

        width   = MAX(width, line.width);
        height += line.height + padding;
    }
    return (Size){ bounded(width + 2 * padding), bounded(height) };
}

static bool draw_label(Image *out, const TextList *lines, Rect box, const Args *in,
                       const FontStyle *style, Color plate, Color color, Error *err)
{
    int     padding = bounded(in->padding);
    int     capital = extent_of(TEXT("T"), style).height;
    int64_t y       = (int64_t)box.y + padding;

    if (box.width < 0 || box.height < 0 || in->radius < 0) {
        return fail(err, ERR_INVALID, "text_padding or border_radius is too far below 0");
    }
    raster_fill_rounded(out, box, (int)MIN(in->radius, 10000), plate.blue, plate.green,
                        plate.red);
    for (int i = 0; i < lines->count && y < image_height(out); i++) {
        if (!draw_line(out, lines->items[i], box.x + padding, (int)y + capital, style, color,
                       err)) {
            return false;
        }
        y += extent_of(lines->items[i], style).height + padding;
    }
    return true;
}

static bool draw(Call *call, const void *args, Image *out, Error *err)
{
    const Args       *in    = args;
    const Detections *set   = in->drawing.predictions;
    FontStyle         style = style_of(in, out);
    RowColors         colors;
    Color             color;

    if (!color_parse(in->color, &color, err) ||
        !row_colors_open(call->arena, &in->drawing.palette, set, &colors, err)) {
        return false;
    }
    for (int i = 0; i < set->count; i++) {
        int      x, y;
        Text     text;
        TextList lines;
        Size     size;

        if (!cancel_check(call->cancel, err) ||
            !row_text(call->arena, set, i, in->text, &text, err) ||
            !row_anchor(set, i, (Position)in->position, &x, &y, err)) {
            return false;
        }
        lines = wrap(call->arena, text, in->longest);
        size  = plate_size(&lines, &style, bounded(in->padding));
        if (!draw_label(out, &lines, plate_at(x, y, size, (Position)in->position), in, &style,
                        row_color(&colors, i), color, err)) {
            return false;
        }
    }
    return true;
}

static bool run(Call *call)
{
    return drawing_run_apart(call, draw);
}

const Block block_rich_label_visualization_v1 = {
    .type      = "roboflow_core/rich_label_visualization@v1",
    .title     = "Rich Label Visualization",
    .category  = CATEGORY_VISUALIZATION,
    .work      = WORK(VISUALIZATION),
    .summary   = "Write data at the objects in a font of one's choice.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = drawing_outputs,
    .run       = run,
};
