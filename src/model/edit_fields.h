/*
 * edit_fields - the fields of onnx.proto that taking apart and writing share.
 */
#ifndef OCELLUS_MODEL_EDIT_FIELDS_H
#define OCELLUS_MODEL_EDIT_FIELDS_H

#include "model/protobuf.h"

enum { MODEL_VERSION = 1, MODEL_PRODUCER = 2, MODEL_PRODUCER_VERSION = 3, MODEL_GRAPH = 7,
       MODEL_OPSET = 8, MODEL_NOTES = 14 };
enum { GRAPH_NODE = 1, GRAPH_WEIGHTS = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12, GRAPH_VALUE = 13,
       GRAPH_QUANTIZATION = 14, GRAPH_SPARSE = 15 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_KIND = 4, NODE_ATTRIBUTE = 5,
       NODE_DOMAIN = 7 };
enum { ATTRIBUTE_NAME = 1, ATTRIBUTE_FLOAT = 2, ATTRIBUTE_INT = 3, ATTRIBUTE_STRING = 4,
       ATTRIBUTE_TENSOR = 5, ATTRIBUTE_GRAPH = 6, ATTRIBUTE_INTS = 8, ATTRIBUTE_GRAPHS = 11,
       ATTRIBUTE_TYPE = 20 };
enum { TENSOR_SHAPE = 1, TENSOR_TYPE = 2, TENSOR_FLOATS = 4, TENSOR_NAME = 8, TENSOR_RAW = 9 };

/* Operations of one file, at most. */
enum { EDIT_NODES = 50000 };

/* The next field of that number, which is bytes; false after the last. */
bool edit_next(Proto *message, uint32_t number, Text *bytes);

/* The first one; {NULL, 0} without any. */
Text edit_first(Text bytes, uint32_t number);

#endif
