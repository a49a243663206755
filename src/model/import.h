/*
 * import - a package out of an ONNX file, or out of a package that lies elsewhere.
 *
 * Of a bare file, the graph and its metadata (ONNX's own protobuf, read in place) tell
 * task, input size, class names and layout; a test inference settles what they leave
 * open.  What is found is written into the package, so that loading guesses nothing; what
 * was assumed is reported, and what cannot be told is refused with what was seen and the
 * option that states it.  A package, as a folder or a zip of one, is tried in the same way
 * and written again.
 */
#ifndef OCELLUS_MODEL_IMPORT_H
#define OCELLUS_MODEL_IMPORT_H

#include "base/buffer.h"
#include "model/model.h"

typedef struct ImportOptions {
    const char *classes;      /* file with one class name a line; NULL = from metadata */
    const char *task;         /* NULL = inferred */
    const char *layout;       /* how the output holds boxes or points; NULL = inferred */
    int         width, height;    /* 0 = from the graph or metadata */
    const char *resize;       /* "stretch", "letterbox", "letterbox-top-left", "center-crop";
                                 NULL = by task */
    const char *color;        /* "rgb" or "bgr"; NULL = by architecture */
    const char *normalize;    /* "none" (x / 255), "imagenet", "half", "raw" (0 .. 255), or
                               * "MEAN,STD" of 0 .. 255; NULL = from metadata, else none */
    bool        replace;
} ImportOptions;

/* "640", or "640x480": width and height of an option --size; NULL: not given, both 0. */
bool import_size(const char *text, int *width, int *height, Error *err) MUST_USE;

/* Import `source` as model `id` below `models_folder`.  What was seen is written to
 * `report` as lines "name: value" for people.  ERR_INVALID for options about what a
 * package states itself. */
bool model_import(const char *models_folder, Text id, const char *source,
                  const ImportOptions *options, Buffer *report, Error *err) MUST_USE;

/* Repeat the test inference of an existing package; the same report. */
bool model_check(const char *models_folder, Text id, Buffer *report, Error *err) MUST_USE;

#endif
