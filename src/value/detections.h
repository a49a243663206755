/*
 * detections - objects found in one picture.
 *
 * A structure of arrays: row k of every column is the same object.  The columns
 * that every task has are members; anything else that blocks or requests attach
 * is an extra column of Values by name.  Columns are shared between versions of
 * a set and therefore const: a block that changes one first makes it the
 * caller's own with a detections_own_* verb.
 *
 * Coordinates are doubles in pixels of the picture the set belongs to; `image`
 * is that picture's size.  Ids that came in are kept verbatim (blocks join on
 * them); new ones are made by detections_new_ids().
 */
#ifndef OCELLUS_VALUE_DETECTIONS_H
#define OCELLUS_VALUE_DETECTIONS_H

#include "image/image.h"
#include "value/mask.h"
#include "value/value.h"

typedef struct Box {
    double x1, y1, x2, y2;
} Box;

typedef struct KeyPoint {
    double  x, y, confidence;
    int64_t class_id;
    Text    class_name;
} KeyPoint;

typedef struct KeyPoints {
    const KeyPoint *points;
    int             count;
} KeyPoints;

typedef struct DetectionColumn {
    Text         name;
    const Value *values;       /* one a row */
} DetectionColumn;

struct Detections {
    int           count;
    const Box    *boxes;
    const double *confidences;   /* NaN: none given */
    const int64_t *class_ids;
    const Text   *class_names;
    const Text   *ids;           /* detection_id */
    const int64_t *tracker_ids;  /* NULL: none */
    const Mask   *masks;         /* NULL: none */
    bool          masks_as_rle;  /* they may leave as run lengths; those that came are
                                  * kept as they were in the column "rle_mask" */
    const KeyPoints *keypoints;  /* NULL: none */
    const DetectionColumn *columns;
    int           column_count;

    Lineage       lineage;       /* of the picture they were found in; without any id: unknown,
                                  * and not on the wire */
    const Lineage *lineages;     /* NULL: all rows have that; else one a row */
    bool          has_origin;    /* lineage.root is known; .parent is if its width is not 0 */
    bool          unrelated;     /* of no picture: not even its id is known */
    int64_t       image_width;   /* -1: unknown (null on the wire) */
    int64_t       image_height;
    Text          prediction_type;
};

static inline double box_width(Box b)
{
    return b.x2 - b.x1;
}

static inline double box_height(Box b)
{
    return b.y2 - b.y1;
}

/* A copy that depends on nothing but `arena`. */
Detections *detections_copy(Arena *arena, const Detections *of);

/* A new set that shares every column of `of`. */
Detections *detections_derive(Arena *arena, const Detections *of);

/* The boxes, now writable and this set's own; NULL when memory is out. */
Box *detections_own_boxes(Arena *arena, Detections *set) MUST_USE;

/* A new set of `count` of the rows, in that order; a row may come more than once.
 * Everything about the set itself is that of `of`. */
Detections *detections_select(Arena *arena, const Detections *of, const int *rows, int count);

/* The values of an extra column, or NULL. */
const Value *detections_column(const Detections *set, Text name);

/* Set an extra column (`values`: one a row, borrowed; NULL removes it). */
void detections_set_column(Arena *arena, Detections *set, Text name, const Value *values);

/* Move boxes, masks, key points and polygons of a set of one's own by whole pixels.
 * Masks are cut to a picture of `width` x `height`. */
void detections_move(Arena *arena, Detections *set, int64_t dx, int64_t dy, int64_t width,
                     int64_t height);

/* The same objects in root coordinates, with the size and id of the root picture;
 * row 0 tells for all.  `of` itself when there is nothing to move. */
const Detections *detections_to_root(Arena *arena, const Detections *of);

/* Read the wire form: {"image": {...}, "predictions": [...]}. */
bool detections_read(Arena *arena, const Json *json, Text id, Value *out, Error *err) MUST_USE;

/* Write it, masks as polygons.  A column whose values have no form there is an error;
 * an object whose mask covers nothing is left out. */
bool detections_write(JsonWriter *w, const Detections *set, Error *err) MUST_USE;

/* The same with masks as run lengths; an error where there are none. */
bool detections_write_rle(JsonWriter *w, const Detections *set, Error *err) MUST_USE;

#endif
