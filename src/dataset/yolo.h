/*
 * yolo - the lines of YOLO's label files and the description of a set.
 *
 * Private to dataset/, and for tests.
 */
#ifndef OCELLUS_DATASET_YOLO_H
#define OCELLUS_DATASET_YOLO_H

#include "dataset/dataset.h"
#include "dataset/yaml.h"

/* Read one line: `class x y width height` with the middle of a box, or `class x y x y ...`
 * with the corners of a polygon, in shares of the picture.  `points` numbers of key points
 * may follow a box.  The box is cut to the picture, still in shares; NULL, or what is wrong
 * with the line. */
const char *yolo_read_line(Text line, int points, DataBox *box);

/* The names that a description gives, by class id; an id without a name has {NULL, 0}.
 * `count` is 0 where there are none. */
bool yolo_read_names(Arena *arena, const Yaml *yaml, Text **names, int *count,
                     Error *err) MUST_USE;

#endif
