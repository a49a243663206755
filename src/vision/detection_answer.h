/*
 * detection_answer - a found object as inference answers tell it.
 */
#ifndef OCELLUS_VISION_DETECTION_ANSWER_H
#define OCELLUS_VISION_DETECTION_ANSWER_H

#include "value/value.h"
#include "vision/proposal.h"

/* {"x", "y", "width", "height", "confidence", "class", "class_id", "detection_id"}: the
 * middle and size of the box, and a new id.  The class name is borrowed. */
Value detection_value(Arena *arena, const Proposal *box, Text class_name);

#endif
