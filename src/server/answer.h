/*
 * answer - what the answer to a question is made of.
 *
 * question.c asks the model and writes classes and boxes; answer_segment.c writes what
 * segmentation adds to them, and classes of pixels.
 */
#ifndef OCELLUS_SERVER_ANSWER_H
#define OCELLUS_SERVER_ANSWER_H

#include "model/semantic.h"
#include "server/routes.h"

/* What is drawn is of the one colour that the reference falls back on. */
enum { PLATE_BLUE = 0xEA, PLATE_GREEN = 0x92, PLATE_RED = 0x48 };

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

/* Draw the outlines of all objects. */
bool answer_draw_outlines(const Reply *reply, Image *picture, Error *err) MUST_USE;

#endif
