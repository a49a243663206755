/*
 * import - a package out of a bare ONNX file.
 *
 * Reads the graph and its metadata (ONNX's own protobuf, read in place), infers
 * task, input size, class names and layout, runs a test inference, and says
 * what it saw.  What cannot be told is refused with the reason and the option
 * that states it.
 */
#ifndef OCELLUS_MODEL_IMPORT_H
#define OCELLUS_MODEL_IMPORT_H

#include "base/buffer.h"
#include "model/model.h"

typedef struct ImportOptions {
    const char *classes;      /* file with one class name a line; NULL = from metadata */
    const char *task;         /* NULL = inferred */
    int         width, height;    /* 0 = from the graph or metadata */
    const char *resize;       /* "stretch" (default), "letterbox", "center-crop" */
    const char *color;        /* "rgb" or "bgr"; NULL = rgb */
    const char *normalize;    /* "none" (default), "imagenet", "half" */
    bool        replace;
} ImportOptions;

/* Import `weights` as model `id` below `models_folder`.  What was seen is
 * written to `report` as lines "name: value" for people. */
bool model_import(const char *models_folder, Text id, const char *weights,
                  const ImportOptions *options, Buffer *report, Error *err) MUST_USE;

/* Repeat the test inference of an existing package; the same report. */
bool model_check(const char *models_folder, Text id, Buffer *report, Error *err) MUST_USE;

#endif
