/*
 * test_model_files - networks and packages for the tests, put together.
 *
 * Networks are written field by field, so that every kind of broken one can be
 * written as well.
 */
#ifndef OCELLUS_TESTS_TEST_MODEL_FILES_H
#define OCELLUS_TESTS_TEST_MODEL_FILES_H

#include "base/arena.h"
#include "base/buffer.h"
#include "model/package.h"

/* ---- protobuf ------------------------------------------------------------------ */

void proto_put_varint(Buffer *out, uint64_t value);
void proto_put_number(Buffer *out, unsigned field, uint64_t value);
void proto_put_bytes(Buffer *out, unsigned field, const void *bytes, size_t length);
void proto_put_text(Buffer *out, unsigned field, const char *text);

/* The content of `message` as a field of `out`; `message` is emptied. */
void proto_put_message(Buffer *out, unsigned field, Buffer *message);

/* ---- networks ------------------------------------------------------------------ */

/* What the network does with its input. */
typedef enum NetKind {
    NET_MEANS,       /* scores are the means of the channels */
    NET_SOFTMAX,     /* the same, then softmax */
    NET_SIGMOID,     /* the same, then sigmoid */
    NET_ECHO,        /* all numbers of the input, flattened */
    NET_SLOW,        /* many large products, to be waited for */
    NET_UNKNOWN,     /* an operation that does not exist */
    NET_CYCLE,       /* two operations that wait for each other */
} NetKind;

/* What a network always answers. */
typedef struct NetConstant {
    int          rank;           /* 0: none */
    int64_t      shape[4];
    const float *data;           /* NULL: zeros */
} NetConstant;

/* Everything has a default, in brackets. */
typedef struct Net {
    NetKind     kind;
    int64_t     shape[4];       /* of the input; 0: free; [free, 3, 8, 8] */
    int64_t     answer[4];      /* of the output; [free, 3] */
    int         answer_rank;    /* [2] */
    int         type;           /* of the input, as ONNX counts [1, float32] */
    const char *notes[12];      /* key, value, key, value */
    NetConstant constants[3];   /* outputs "y", "z" and "w" in the place of all others */
    const char *external;       /* where a weight is said to lie */
} Net;

/* An ONNX file in the place of what `out` holds. */
void net_write(Buffer *out, const Net *net);

/* ---- folders ------------------------------------------------------------------- */

/* A new empty folder, its path in the arena; to be removed with folder_remove(). */
const char *make_folder(Arena *arena);
void        put_file(const char *path, const char *text);

/* A classification package of three classes "red", "green", "blue" at
 * folder/id, input 8 x 8, that divides by 255. */
void put_package(Arena *arena, const char *folder, const char *id, const Net *net);

#endif
