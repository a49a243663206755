/*
 * answer - what the answer to a question is made of.
 *
 * question.c asks the model and writes classes and boxes; answer_segment.c writes what
 * segmentation adds to them, and classes of pixels; answer_draw.c draws pictures.
 */
#ifndef OCELLUS_SERVER_ANSWER_H
#define OCELLUS_SERVER_ANSWER_H

#include "image/contour.h"
#include "model/semantic.h"
#include "server/routes.h"

/* What the answer to one picture is made of. */
typedef struct Reply {
    const Question   *question;
    const Package    *package;
    const float      *scores;       /* of classifiers */
    const Found      *found;        /* of detectors */
    const ClassMasks *classes;      /* of semantic segmentation */
    const Image      *image;
    Text              id;
    double            seconds;
    Arena            *arena;
} Reply;

/* {"width", "height"} */
void answer_write_size(JsonWriter *w, const char *key, int width, int height);

/* The first members of every answer but a classifier's; `size` is that of its picture. */
void answer_write_head(JsonWriter *w, const Reply *reply, Size size);

/* Members of object `i`: its outline or its run lengths. */
bool answer_write_mask(JsonWriter *w, const Reply *reply, int i, Error *err) MUST_USE;

/* Members of an answer whose masks may be reduced. */
void answer_write_grid(JsonWriter *w, const Reply *reply);

/* The whole answer of semantic segmentation. */
bool answer_write_classes(JsonWriter *w, const Reply *reply, Error *err) MUST_USE;

/* The border of a mask with most points, first of equals: not the largest, as in
 * workflows.  Empty for an empty mask; its points begin at the mask's corner. */
bool answer_find_outline(Arena *arena, const Mask *mask, Contour *out, Error *err) MUST_USE;

/* The size of what boxes and masks are of: the picture's, or the grid of reduced masks. */
Size answer_grid(const Reply *reply);

/* The picture with what was seen in it, as JPEG. */
bool answer_draw(const Reply *reply, Buffer *out, Error *err) MUST_USE;

#endif
