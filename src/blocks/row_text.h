/*
 * row_text - what a label says about an object.
 */
#ifndef OCELLUS_BLOCKS_ROW_TEXT_H
#define OCELLUS_BLOCKS_ROW_TEXT_H

#include "blocks/block.h"

/* What users may ask for by name.  A step may give any other text: it names a column
 * of the objects, whose value is then written. */
extern const Choice row_text_choices[];

#define ROW_TEXT_FIELD(S, m) \
    { "text", STRING(S, m), .kinds = KIND(STRING), .choices = row_text_choices, \
      .preset = "\"Class\"", .help = "What to write; a step may also name a column of data." }

/* The text for row `row`.  ERR_INVALID for a column that the objects do not have. */
bool row_text(Arena *arena, const Detections *set, int row, Text what, Text *out,
              Error *err) MUST_USE;

#endif
