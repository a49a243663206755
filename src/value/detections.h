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
#include "value/value.h"

typedef struct Box {
    double x1, y1, x2, y2;
} Box;

/* What one object covers of its picture: `height` rows of `width` bytes, 0 or 1,
 * whose first is the pixel (x, y); everything outside is clear.  The rectangle
 * lies inside the picture and is as small as its maker could tell; an object
 * that covers nothing has width 0. */
typedef struct Mask {
    int32_t        x, y, width, height;
    const uint8_t *bits;
} Mask;

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
    bool          masks_as_rle;  /* they came, and leave, as run lengths */
    const KeyPoints *keypoints;  /* NULL: none */
    const DetectionColumn *columns;
    int           column_count;

    Lineage       lineage;       /* of the picture they were found in */
    bool          has_origin;    /* lineage.parent and .root have sizes */
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

/* The same objects in root coordinates: boxes moved by the root offset, image
 * size and parent those of the root.  `of` itself when there is nothing to
 * move. */
const Detections *detections_to_root(Arena *arena, const Detections *of);

/* Read the wire form: {"image": {...}, "predictions": [...]}. */
bool detections_read(Arena *arena, const Json *json, Text id, Value *out, Error *err) MUST_USE;

/* Write it. */
bool detections_write(JsonWriter *w, const Detections *set, Error *err) MUST_USE;

#endif
