/*
 * graph - what an ONNX file says about itself.
 *
 * The file is walked where it lies: names, shapes, metadata and the kinds of
 * the last operations are copied out, weights are only measured.  A file that
 * is cut off, nested too deep, or that names weights outside its own folder is
 * refused here, before ONNX Runtime sees it.
 */
#ifndef OCELLUS_MODEL_GRAPH_H
#define OCELLUS_MODEL_GRAPH_H

#include "base/arena.h"
#include "base/error.h"

enum { GRAPH_DIMENSIONS = 8 };

/* An input or output.  Types are those of ONNX's TensorProto.DataType. */
enum { GRAPH_FLOAT32 = 1, GRAPH_UINT8 = 2, GRAPH_INT64 = 7, GRAPH_FLOAT16 = 10 };

typedef struct GraphValue {
    Text    name;
    int     type;                         /* 0: not a tensor */
    int     rank;                         /* -1: not said */
    int64_t shape[GRAPH_DIMENSIONS];      /* -1: free */
    Text    symbols[GRAPH_DIMENSIONS];    /* how a free one is called, or none */
    Text    made_by;                      /* the operation an output comes out of, or none */
} GraphValue;

typedef struct GraphNote {
    Text key, value;
} GraphNote;

typedef struct Graph {
    int64_t           ir_version;
    int64_t           opset;              /* of ONNX's own operations; 0: not said */
    Text              producer;
    const GraphNote  *notes;              /* metadata_props */
    int               note_count;
    const GraphValue *inputs, *outputs;   /* inputs without those that are weights */
    int               input_count, output_count;
    int64_t           node_count, weight_count;
    const Text       *external;           /* files beside it that hold weights, each once */
    int               external_count;
} Graph;

/* Read the bytes of a file; everything is copied into the arena.  `name` is how
 * errors call the file. */
const Graph *graph_parse(Arena *arena, const char *name, Text bytes, Error *err) MUST_USE;

/* Map a file of at most LIMIT_MODEL_FILE bytes and read it. */
const Graph *graph_read(Arena *arena, const char *path, Error *err) MUST_USE;

/* Can it run here?  One input and at most `most_outputs` outputs, all float32. */
bool graph_check(const Graph *graph, const char *name, int most_outputs, Error *err) MUST_USE;

/* The metadata of that key; {NULL, 0}: none. */
Text graph_note(const Graph *graph, const char *key);

/* "float32", "uint8" ... */
const char *graph_type_name(int type);

/* "[N, 3, 224, 224]" for people. */
const char *graph_shape(Arena *arena, const GraphValue *value);

#endif
