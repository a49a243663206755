/*
 * match - where a small picture stands in a large one.
 *
 * The likeness is the normalised correlation of what differs from the mean, from -1 to 1,
 * as OpenCV 4.12's matchTemplate() gives it with TM_CCOEFF_NORMED.  A template without
 * any difference is found everywhere, and nothing else in a part without any.
 */
#ifndef OCELLUS_IMAGE_MATCH_H
#define OCELLUS_IMAGE_MATCH_H

#include "image/resize.h"

/* Called for each place at which the template could lie, row by row; false ends it. */
typedef bool (*MatchVisit)(void *context, int x, int y, float likeness);

/* Two gray pictures, the second nowhere larger than the first.  False when memory or time
 * is out, or a visit said so (err is then the visit's). */
bool plane_match(Plane picture, Plane part, MatchVisit visit, void *context,
                 const Cancel *cancel, Error *err) MUST_USE;

#endif
