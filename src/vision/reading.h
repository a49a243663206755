/*
 * reading - the order in which boxes of characters are read.
 *
 * Characters are put in lines, the lines in order, and the characters of a line in
 * order.  Everything is told for lines that run from side to side; for columns x and y
 * change places.  Coordinates may be anything, NaN included: the order is then any, but
 * every box is in it once.
 */
#ifndef OCELLUS_VISION_READING_H
#define OCELLUS_VISION_READING_H

#include "value/detections.h"

typedef enum ReadingDirection {
    READ_RIGHTWARDS, READ_LEFTWARDS, READ_DOWNWARDS, READ_UPWARDS,
    READ_AUTO,           /* rightwards if boxes are wider than high on average, else downwards */
} ReadingDirection;

typedef struct Reading {
    const Box        *boxes;
    int               count;
    ReadingDirection  direction;     /* never READ_AUTO */
    int              *order;         /* rows as they are read */
    bool             *line_starts;   /* at place k of the order a line begins, */
    bool             *word_starts;   /* or a word, where words are told apart */
} Reading;

/* False when memory is out. */
bool reading_open(Arena *arena, const Detections *set, ReadingDirection direction,
                  Reading *reading, Error *err) MUST_USE;

static inline bool reading_is_vertical(const Reading *reading)
{
    return reading->direction == READ_DOWNWARDS || reading->direction == READ_UPWARDS;
}

/* Lines are strips `tolerance` pixels high, by the upper edges of boxes. */
bool reading_by_tolerance(Arena *arena, Reading *reading, double tolerance,
                          Error *err) MUST_USE;

/* A character belongs to the line above it if its middle is within half a median height of
 * the line's.  Gaps between characters, measured in their widths, are parted by Otsu's
 * method where they are of two kinds; those above `multiplier` times the threshold
 * part words. */
bool reading_by_gaps(Arena *arena, Reading *reading, double multiplier, Error *err) MUST_USE;

/* A line goes on with the next character whose middle is at the height of the last one's,
 * or within `tolerance` pixels of it: for lines that are curved or askew. */
bool reading_by_chain(Arena *arena, Reading *reading, double tolerance, const Cancel *cancel,
                      Error *err) MUST_USE;

#endif
