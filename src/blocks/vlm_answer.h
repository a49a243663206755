/*
 * vlm_answer - what a language model wrote, as a value.
 *
 * Models are asked for JSON and answer with JSON in a Markdown fence, with prose
 * around it, or with several objects in a row.  Answers are foreign text: nothing
 * in them is believed, and one that holds no JSON is an answer too.
 */
#ifndef OCELLUS_BLOCKS_VLM_ANSWER_H
#define OCELLUS_BLOCKS_VLM_ANSWER_H

#include "value/value.h"

/* The object or list in an answer, null when there is none. */
Value vlm_answer_read(Arena *arena, Text answer);

/* A number as Python's float() takes it: a number, a boolean or a text of one. */
bool vlm_number(Value value, double *out) MUST_USE;

/* Python's str() of a value, as a text in the arena. */
Text vlm_text(Arena *arena, Value value);

/* A confidence held between 0 and 1; what is not a number stays as it is. */
double vlm_confidence(double confidence);

#endif
