/*
 * yolo_inside - what YOLO's reader and its lists of pictures share.
 *
 * Private to dataset/.
 */
#ifndef OCELLUS_DATASET_YOLO_INSIDE_H
#define OCELLUS_DATASET_YOLO_INSIDE_H

#include "dataset/inside.h"

/* The longest end of a path that is something in the set, by `is` (file_exists or
 * folder_exists); NULL: no end is. */
const char *yolo_inside(Builder *builder, Text path, bool (*is)(const char *path));

/* Does a description mean a list of pictures and not a folder of them? */
bool yolo_is_list(Text path);

/* The text up to the next line's end, which is taken off `left`; not called at its end. */
Text yolo_next_line(Text *left);

/* The next picture of a list whose text is left in `left`.  NULL with a `line`: that one
 * names no picture of the set; without: there are no more. */
const char *yolo_next_picture(Builder *builder, const char *list, Text *left, Text *line);

#endif
