/*
 * value - what flows between steps.
 *
 * A Value is 16 bytes, passed by value: a tag, a count and one word.  What it
 * points at lives in the run's arena and is never changed once the value has
 * been handed on; only pictures are reference counted, and the arena that a
 * value lives in holds the reference.  value_copy() is the one way for a value
 * to outlive its run.
 *
 * Python's distinctions that show in answers are kept: tuple and list, bool
 * and int, int and float.  A classification is a dict of the reference's
 * shape (vision/classification.h), as blocks hand dicts of that shape on.
 */
#ifndef OCELLUS_VALUE_VALUE_H
#define OCELLUS_VALUE_VALUE_H

#include "base/arena.h"
#include "base/json.h"
#include "image/image.h"

typedef enum ValueType {
    VALUE_NULL,
    VALUE_BOOL,
    VALUE_INT,
    VALUE_UINT,          /* above INT64_MAX only */
    VALUE_DOUBLE,
    VALUE_STRING,        /* UTF-8 */
    VALUE_BYTES,
    VALUE_LIST,
    VALUE_TUPLE,         /* a list that is unequal to every list */
    VALUE_DICT,          /* text keys, in order of insertion */
    VALUE_TIMESTAMP,
    VALUE_ARRAY,
    VALUE_IMAGE,
    VALUE_DETECTIONS,
    VALUE_DETECTION,     /* one row of a set: `count` is the row; never leaves a query */
    VALUE_VIDEO,         /* video metadata on its own */
    VALUE_SECRET,        /* a string that leaves only masked */
} ValueType;

typedef struct Value      Value;
typedef struct ValuePair  ValuePair;
typedef struct Array      Array;
typedef struct Detections Detections;
typedef struct Timestamp  Timestamp;

struct Value {
    uint8_t  type;
    uint32_t count;      /* bytes, elements or pairs; 0 otherwise */
    union {
        bool              boolean;
        int64_t           integer;
        uint64_t          natural;
        double            number;
        const char       *text;        /* STRING, SECRET (terminated), BYTES */
        const Value      *items;       /* LIST, TUPLE */
        const ValuePair  *pairs;       /* DICT */
        const Timestamp  *timestamp;
        const Array      *array;
        Image            *image;       /* borrowed from the arena that holds it */
        const Detections *detections;
        const VideoMeta  *video;
    } as;
};

struct ValuePair {
    Text  key;
    Value value;
};

struct Timestamp {
    int64_t microseconds;
    int32_t offset;      /* minutes east, or CLOCK_NAIVE */
};

/* Numbers of one type with a shape, row-major: depth maps, embeddings. */
typedef enum ArrayType { ARRAY_U8, ARRAY_I32, ARRAY_I64, ARRAY_F32, ARRAY_F64 } ArrayType;

struct Array {
    ArrayType   type;
    int         rank;
    int64_t     shape[4];
    const void *data;
};

/* ---- making --------------------------------------------------------------- */

static inline Value value_null(void)
{
    return (Value){ .type = VALUE_NULL };
}

static inline Value value_bool(bool b)
{
    return (Value){ .type = VALUE_BOOL, .as.boolean = b };
}

static inline Value value_int(int64_t i)
{
    return (Value){ .type = VALUE_INT, .as.integer = i };
}

static inline Value value_double(double d)
{
    return (Value){ .type = VALUE_DOUBLE, .as.number = d };
}

/* The text is borrowed: it must live as long as the value and be terminated
 * by a NUL beyond its length (all arena texts are). */
static inline Value value_text(Text text)
{
    return (Value){ .type = VALUE_STRING, .count = (uint32_t)text.length,
                    .as.text = text.at ? text.at : "" };
}

static inline Value value_string(const char *literal)
{
    return value_text(text_of(literal));
}

static inline Value value_list(const Value *items, size_t count)
{
    return (Value){ .type = VALUE_LIST, .count = (uint32_t)count, .as.items = items };
}

static inline Value value_dict(const ValuePair *pairs, size_t count)
{
    return (Value){ .type = VALUE_DICT, .count = (uint32_t)count, .as.pairs = pairs };
}

/* A picture whose reference the arena holds already (image_keep). */
static inline Value value_image(Image *image)
{
    return (Value){ .type = VALUE_IMAGE, .as.image = image };
}

static inline Value value_detections(const Detections *detections)
{
    return (Value){ .type = VALUE_DETECTIONS, .as.detections = detections };
}

/* JSON as Python reads it: objects become dicts (the last of duplicate keys
 * counts, at the place of the first), arrays lists.  Texts are borrowed from
 * the JSON tree's arena.  Out of memory shows in the arena. */
Value value_from_json(Arena *arena, const Json *json);

/* A dict under construction; keys are borrowed.  Setting a key again replaces
 * its value. */
typedef struct DictBuilder {
    Arena     *arena;
    ValuePair *pairs;
    uint32_t   count, capacity;
} DictBuilder;

DictBuilder dict_builder(Arena *arena, size_t expected);
void        dict_set(DictBuilder *builder, Text key, Value value);
Value       dict_done(const DictBuilder *builder);

/* A list under construction. */
typedef struct ListBuilder {
    Arena   *arena;
    Value   *items;
    uint32_t count, capacity;
} ListBuilder;

ListBuilder list_builder(Arena *arena, size_t expected);
void        list_add(ListBuilder *builder, Value value);
Value       list_done(const ListBuilder *builder);

/* ---- looking -------------------------------------------------------------- */

static inline bool value_is_null(Value v)
{
    return v.type == VALUE_NULL;
}

static inline Text value_as_text(Value v)
{
    return v.type == VALUE_STRING || v.type == VALUE_SECRET ? (Text){ v.as.text, v.count }
                                                            : (Text){ NULL, 0 };
}

static inline Value value_detection(const Detections *set, int row)
{
    return (Value){ .type = VALUE_DETECTION, .count = (uint32_t)row, .as.detections = set };
}

/* int, float or bool, as Python's arithmetic takes them. */
bool value_to_double(Value v, double *out) MUST_USE;

/* A text, a number or a boolean. */
static inline bool value_is_scalar(Value v)
{
    return v.type == VALUE_STRING || (v.type >= VALUE_BOOL && v.type <= VALUE_DOUBLE);
}

/* The value of a key, or NULL. */
const Value *value_get(Value dict, Text key);

/* Python's == : numbers by value (True == 1 == 1.0), lists, tuples and dicts
 * by content, a list never equals a tuple. */
bool value_equal(Value a, Value b);

/* Python's truth: None, 0, "", empty containers are false. */
bool value_truth(Value v);

/* Python's str(): True, None, 0.1, [1, 'a'], {'k': 1}; appended to `out`. */
void value_print(Buffer *out, Value v);

/* Python's repr(), or with `ascii` its ascii(): texts in quotes, escaped. */
void value_print_quoted(Buffer *out, Value v, bool ascii);

/* The name a user knows a value's type by: "text", "integer", "picture" ... */
const char *value_type_name(ValueType type);

/* A copy that depends on nothing but `arena`. */
Value value_copy(Arena *arena, Value v);

#endif
