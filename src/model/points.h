/*
 * points - objects in pictures with their key points, by a detector that tells them.
 *
 * A network of the YOLO-pose kind gives x, y and a confidence for every point behind the
 * scores of each box.  Points are brought back into the picture as corners are, on whole
 * pixels, half to even; they are not cut to the picture.
 */
#ifndef OCELLUS_MODEL_POINTS_H
#define OCELLUS_MODEL_POINTS_H

#include "model/detect.h"

/* As model_detect(), with points. */
bool model_find_points(Model *model, Arena *arena, Image *const images[], int count,
                       PreprocessOff off, const DetectOptions *options, const Cancel *cancel,
                       Found *found, Error *err) MUST_USE;

/* The name of a point of a class: the package's, else its number. */
Text point_name(const Package *package, Arena *arena, int class_id, int slot);

#endif
