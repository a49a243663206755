/*
 * plan_svg - a layout as SVG.
 *
 * Plain shapes with classes; the colours stand in one style sheet, so the picture
 * follows the reader's light or dark theme.
 */
#include "workflow/plan_svg.h"

#include "workflow/plan_layout.h"
#include "workflow/plan_text.h"

enum { LEVEL_COLOURS = 6, LEGEND_ROW = 20, NAME_LETTERS = 23, TYPE_LETTERS = 29 };

static const char style[] =
    "<style>"
    "svg{background:#fff;font:13px ui-monospace,'DejaVu Sans Mono',monospace}"
    "text{fill:#1b1f24}.small{font-size:10.5px;fill:#57606a}"
    "rect{fill:#f6f8fa;stroke:#8c959f}.bar{stroke:none}"
    "path{fill:none;stroke:#8c959f;stroke-width:1.5}.if{stroke:#bf3989;stroke-dasharray:5 4}"
    ".l{fill:#8c959f}.l0{fill:#2f6feb}.l1{fill:#d4741c}.l2{fill:#2da44e}.l3{fill:#8250df}"
    ".l4{fill:#cf222e}.l5{fill:#1b9aaa}"
    "@media(prefers-color-scheme:dark){svg{background:#0d1117}text{fill:#e6edf3}"
    ".small{fill:#9198a1}rect{fill:#161b22;stroke:#6e7681}}"
    "</style>";

/* ---- text --------------------------------------------------------------------------- */

static void put_escaped(Buffer *out, Text text)
{
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.at[i];

        switch (c) {
        case '&': buffer_string(out, "&amp;"); break;
        case '<': buffer_string(out, "&lt;"); break;
        case '>': buffer_string(out, "&gt;"); break;
        default:
            buffer_char(out, c < 0x20 ? ' ' : (char)c);     /* XML has no control characters */
        }
    }
}

/* At most `letters` code points, the last of them dots when it is cut. */
static void put_cut(Buffer *out, Text text, int letters)
{
    size_t end = 0;
    int    n   = 0;

    while (end < text.length && n < letters) {
        n += ((unsigned char)text.at[end++] & 0xC0) != 0x80;
    }
    while (end < text.length && ((unsigned char)text.at[end] & 0xC0) == 0x80) {
        end++;
    }
    if (end == text.length) {
        put_escaped(out, text);
        return;
    }
    for (end--; end > 0 && ((unsigned char)text.at[end] & 0xC0) == 0x80; end--) {
    }
    put_escaped(out, (Text){ text.at, end });
    buffer_string(out, "\xE2\x80\xA6");
}

static void put_text(Buffer *out, double x, double y, bool small, Text text, int letters)
{
    buffer_printf(out, "<text x=\"%.0f\" y=\"%.0f\"%s>", x, y, small ? " class=\"small\"" : "");
    put_cut(out, text, letters);
    buffer_string(out, "</text>");
}

/* ---- boxes ---------------------------------------------------------------------------- */

static void put_level_class(Buffer *out, int level)
{
    if (level < 0) {
        buffer_string(out, "l");
    } else {
        buffer_printf(out, "l%d", level % LEVEL_COLOURS);
    }
}

/* What a pointer that rests on a box shows. */
static void put_title(Buffer *out, const Plan *plan, const PlanStep *step)
{
    Buffer text;

    buffer_init(&text, MIB(1));
    buffer_printf(&text, "%.*s: %s\nruns over: ", SHOW(step->name), step->block->type);
    plan_level_text(&text, plan, step->exec_level);
    if (step->data_level != step->exec_level) {
        buffer_string(&text, "\ngives: ");
        plan_level_text(&text, plan, step->data_level);
    }
    for (int i = 0; i < step->gate_count; i++) {
        buffer_string(&text, i == 0 ? "\nonly if: " : ", ");
        plan_branch_text(&text, plan, step->gates[i]);
    }
    buffer_string(out, "<title>");
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == '\n') {
            buffer_char(out, '\n');
        } else {
            put_escaped(out, (Text){ text.data + i, 1 });
        }
    }
    buffer_string(out, "</title>");
    buffer_fini(&text);
}

static void put_box(Buffer *out, const Node *node, int level, const char *corner)
{
    double x = layout_x(node->column), height = layout_height(node);

    buffer_printf(out, "<rect x=\"%.0f\" y=\"%.1f\" width=\"%d\" height=\"%.0f\" rx=\"%s\"/>", x,
                  node->y, LAYOUT_BOX_WIDTH, height, corner);
    buffer_printf(out, "<rect x=\"%.0f\" y=\"%.1f\" width=\"5\" height=\"%.0f\" class=\"bar ", x,
                  node->y, height);
    put_level_class(out, level);
    buffer_string(out, "\"/>");
}

static void put_node(Buffer *out, const Plan *plan, const Node *node)
{
    double x = layout_x(node->column) + 14, y = node->y;

    buffer_string(out, "<g>");
    switch (node->type) {
    case NODE_STEP: {
        const PlanStep *step = &plan->steps[node->index];

        put_title(out, plan, step);
        put_box(out, node, step->data_level, "3");
        put_text(out, x, y + 18, false, step->name, NAME_LETTERS);
        put_text(out, x, y + 34, true, text_of(plan_short_type(step->block)), TYPE_LETTERS);
        break;
    }
    case NODE_INPUT:
        put_box(out, node, plan->inputs[node->index].level, "6");
        put_text(out, x, y + 18, false, plan->inputs[node->index].name, NAME_LETTERS);
        break;
    case NODE_OUTPUT:
        put_box(out, node, plan->outputs[node->index].level, "6");
        put_text(out, x, y + 18, false, plan->outputs[node->index].name, NAME_LETTERS);
        break;
    case NODE_LANE:
        buffer_printf(out, "<path%s d=\"M%.0f %.1fh%d\"/>",
                      node->branch >= 0 ? " class=\"if\"" : "", layout_x(node->column),
                      y + layout_height(node) / 2, LAYOUT_BOX_WIDTH);
        break;
    }
    buffer_string(out, "</g>\n");
}

/* ---- lines ------------------------------------------------------------------------------ */

static void put_line(Buffer *out, const Layout *layout, const Line *line)
{
    const Node *from = &layout->nodes[line->from], *to = &layout->nodes[line->to];
    double      x1   = layout_x(from->column) + LAYOUT_BOX_WIDTH, x2 = layout_x(to->column);
    double      y1   = from->y + layout_height(from) / 2, y2 = to->y + layout_height(to) / 2;
    double      half = (x2 - x1) / 2;

    buffer_printf(out, "<path%s d=\"M%.0f %.1fC%.0f %.1f %.0f %.1f %.0f %.1f\"/>\n",
                  line->branch >= 0 ? " class=\"if\"" : "", x1, y1, x1 + half, y1, x2 - half, y2,
                  x2, y2);
}

/* ---- what the colours mean ------------------------------------------------------------------ */

static void put_legend(Buffer *out, const Plan *plan, double y)
{
    for (int level = LEVEL_SCALAR; level < plan->level_count; level++, y += LEGEND_ROW) {
        Buffer text;

        buffer_init(&text, MIB(1));
        plan_level_text(&text, plan, level);
        buffer_printf(out, "<rect x=\"%d\" y=\"%.0f\" width=\"5\" height=\"14\" class=\"bar ",
                      LAYOUT_MARGIN, y);
        put_level_class(out, level);
        buffer_string(out, "\"/>");
        put_text(out, LAYOUT_MARGIN + 14, y + 11, true, (Text){ text.data, text.length }, 100);
        buffer_char(out, '\n');
        buffer_fini(&text);
    }
    if (plan->branch_count > 0) {
        buffer_printf(out, "<path class=\"if\" d=\"M%d %.0fh34\"/>", LAYOUT_MARGIN, y + 7);
        put_text(out, LAYOUT_MARGIN + 42, y + 11, true, text_of("runs only if"), 100);
    }
}

bool plan_svg(const Plan *plan, Buffer *out)
{
    Arena  arena;
    Layout layout;
    double legend = (plan->level_count + 2) * LEGEND_ROW;
    bool   ok;

    arena_init(&arena, LIMIT_PLAN_MEMORY);
    ok = plan_layout(plan, &arena, &layout);
    if (ok) {
        double width = MAX(layout.width, 400), height = layout.height + legend + LAYOUT_MARGIN;

        buffer_printf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" "
                      "height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\">\n%s\n", width, height, width,
                      height, style);
        for (int i = 0; i < layout.line_count; i++) {
            put_line(out, &layout, &layout.lines[i]);
        }
        for (int i = 0; i < layout.node_count; i++) {
            put_node(out, plan, &layout.nodes[i]);
        }
        put_legend(out, plan, layout.height);
        buffer_string(out, "</svg>\n");
    }
    arena_fini(&arena);
    return ok && !out->failed;
}
