/*
 * edit - an ONNX file taken apart, so that it can be changed and written again.
 *
 * Nodes, weights and the tensors between them; texts point into the file's bytes, which
 * must stay, or into the arena.  What is changed is an array of nodes or weights: a graph
 * is copied by assignment, given arrays of its own, and written, as often as one likes.
 * Graphs inside of nodes are left as they are; what they use of the outside is known.
 *
 * Only files that run here are taken: float32 in and out, all weights inside, nodes in an
 * order in which they can run.
 */
#ifndef OCELLUS_MODEL_EDIT_H
#define OCELLUS_MODEL_EDIT_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/map.h"
#include "model/graph.h"

#define EDIT_MEMORY GIB(4)

/* Types of ONNX's TensorProto that graph.h has no need of. */
enum { EDIT_INT8 = 3, EDIT_INT32 = 6 };

/* A tensor of the file, or one that was made here. */
typedef struct EditWeight {
    Text    name;
    int     type;
    int     rank;
    int64_t shape[GRAPH_DIMENSIONS];
    int64_t count;          /* product of the shape */
    Text    tensor;         /* TensorProto; {NULL, 0}: made here, and `data` are its values */
    Text    data;           /* little endian */
    bool    gone;           /* not written */
    bool    constant;       /* the value of a Constant node, which writes it */
} EditWeight;

typedef struct EditNode {
    Text  kind, domain, name;
    Text *inputs, *outputs, *attributes;    /* attributes: AttributeProto each */
    int   input_count, output_count, attribute_count;
    bool  plain;            /* one of ONNX's own operations, without graphs inside */
    bool  gone;             /* not written */
} EditNode;

/* What is known of a name. */
typedef struct EditTensor {
    Text        name;
    int         index;      /* its place among all tensors */
    int         maker;      /* the node that makes it; -1: none */
    EditWeight *weight;     /* its value, where it is constant; NULL: it is not */
    int         users;      /* inputs of nodes that it is */
    int         user;       /* the last of those nodes; -1: none */
    bool        input;      /* of the graph */
    bool        output;     /* of the graph */
    bool        inside;     /* used by a graph inside of a node */
} EditTensor;

typedef struct EditGraph {
    const char *name;       /* of the file, for errors */
    Arena      *arena;
    Text        bytes;      /* the file */
    Text        body;       /* its GraphProto */
    EditNode   *nodes;
    int         node_count, node_room;
    EditWeight *weights;    /* initializers, then values of Constant nodes */
    int         weight_count, weight_room;
    Map         tensors;    /* name -> EditTensor */
    int64_t     opset;
    const Text *outputs;    /* written instead of the graph's own; NULL: those */
    int         output_count;
    int         output_columns;     /* they are [batch, so many]; 0: of a shape nobody says */
    const GraphNote *notes;         /* written instead of the file's own of the same keys */
    int         note_count;
} EditGraph;

/* Take a file apart into the arena. */
bool edit_read(EditGraph *graph, Arena *arena, const char *name, Text bytes, Error *err) MUST_USE;

/* Find anew what is known of names, after nodes or weights were changed. */
bool edit_index(EditGraph *graph, Error *err) MUST_USE;

/* Append the file as it is now.  Weights that nothing uses any more are left out. */
bool edit_write(const EditGraph *graph, Buffer *out, Error *err) MUST_USE;

/* Make operations of an older opset those of opset 13.  ERR_UNSUPPORTED names the
 * operation that cannot be. */
bool edit_raise(EditGraph *graph, Error *err) MUST_USE;

/* Work normalisations behind a convolution into its weights. */
bool edit_fold(EditGraph *graph, Error *err) MUST_USE;

/* NULL: there is no such name. */
EditTensor *edit_tensor(const EditGraph *graph, Text name);

/* Are all the numbers there that the shape of a float32 weight promises, at least one? */
bool edit_has_floats(const EditWeight *weight);

/* The numbers of a float32 weight; NULL if it is none, or memory is out. */
const float *edit_floats(const EditGraph *graph, const EditWeight *weight);

/* A weight made here; its values are copied.  NULL when memory is out. */
EditWeight *edit_add_weight(EditGraph *graph, Text name, int type, const int64_t *shape, int rank,
                            const void *values);

/* A node behind the others, to be filled in; NULL when memory is out. */
EditNode *edit_add_node(EditGraph *graph);

/* The name of the graph's own first output. */
Text edit_first_output(const EditGraph *graph);

/* The input with that number; {NULL, 0} where there is none. */
Text edit_input(const EditNode *node, int number);

/* Attributes; `otherwise` without one of that name. */
int64_t edit_int(const EditNode *node, const char *name, int64_t otherwise);
float   edit_float(const EditNode *node, const char *name, float otherwise);
Text    edit_string(const EditNode *node, const char *name);

/* At most `most` whole numbers; how many there are, -1 without such an attribute. */
int edit_ints(const EditNode *node, const char *name, int64_t *out, int most);

/* Attributes made: AttributeProto in the arena. */
Text edit_make_int(Arena *arena, const char *name, int64_t value);
Text edit_make_ints(Arena *arena, const char *name, const int64_t *values, int count);
Text edit_make_string(Arena *arena, const char *name, const char *value);

#endif
