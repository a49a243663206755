/*
 * plan_layout - where the boxes and lines of a drawn plan lie.
 *
 * A layered drawing: a column for the inputs, one for each group of steps, one for the
 * outputs.  A line that passes over columns gets a lane of its own in each of them, so
 * it never crosses a box; lines from one source share their lanes.  Boxes of a column
 * stand in the order of the middle of what feeds them (the barycentre rule of Sugiyama,
 * Tagawa and Toda, 1981), and as near to it as their neighbours allow.
 */
#ifndef OCELLUS_WORKFLOW_PLAN_LAYOUT_H
#define OCELLUS_WORKFLOW_PLAN_LAYOUT_H

#include "workflow/plan.h"

enum { LAYOUT_BOX_WIDTH = 208, LAYOUT_BOX_HEIGHT = 44, LAYOUT_SMALL_HEIGHT = 28,
       LAYOUT_COLUMN = 264, LAYOUT_GAP = 16, LAYOUT_MARGIN = 24 };

typedef enum NodeType { NODE_INPUT, NODE_STEP, NODE_OUTPUT, NODE_LANE } NodeType;

typedef struct Node {
    NodeType type;
    int      index;        /* of the input, step or output; of a lane: its source node */
    int      branch;       /* of a lane: what it belongs to; -1: data */
    int      column;
    double   y;            /* of its upper edge */
} Node;

/* A line from a node to one in the next column. */
typedef struct Line {
    int from, to;          /* nodes */
    int branch;            /* -1: data */
} Line;

typedef struct Layout {
    Node  *nodes;
    int    node_count;
    Line  *lines;
    int    line_count;
    int    columns;
    double width, height;
} Layout;

/* Everything lives in `arena`; false when that is too small. */
bool plan_layout(const Plan *plan, Arena *arena, Layout *out) MUST_USE;

/* The height of a node's box; lanes are as thin as their line. */
double layout_height(const Node *node);

/* The left edge of a column. */
double layout_x(int column);

#endif
