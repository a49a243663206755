/*
 * json - reading and writing JSON.
 *
 * Reading gives a tree of opaque, immutable nodes that live as long as the
 * arena they were read into.  The reader is strict, bounded in depth and in
 * nodes (limits.h), and follows Python's json module where that shows: the
 * last of duplicate keys counts, numbers keep int / float apart.  Integers
 * beyond 64 bits become doubles.
 *
 * Writing goes straight into a Buffer.  Doubles are written as the shortest
 * text that reads back the same and always look like a float (1.0, 1e16);
 * NaN and infinities become null, as the reference's encoder writes them.
 */
#ifndef OCELLUS_BASE_JSON_H
#define OCELLUS_BASE_JSON_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

typedef struct Json Json;

typedef enum JsonType {
    JSON_NULL, JSON_BOOL, JSON_INT, JSON_UINT, JSON_DOUBLE, JSON_STRING, JSON_ARRAY, JSON_OBJECT,
} JsonType;

typedef enum JsonFlags {
    JSON_STRICT    = 0,
    JSON_NAN       = 1,   /* accept NaN, Infinity, -Infinity as Python does */
    JSON_LABELS    = 2,   /* a file of labels: LIMIT_LABEL_NODES instead */
} JsonFlags;

/* Read one document.  The text is copied as needed and may be freed after.
 * NULL on failure; the error tells the byte offset and what was expected. */
const Json *json_parse(Arena *arena, Text text, int flags, Error *err) MUST_USE;

/* Every getter takes NULL as "not there" and answers as for JSON null. */
JsonType json_type(const Json *json);
bool     json_is(const Json *json, JsonType type);
bool     json_is_number(const Json *json);
bool     json_bool(const Json *json, bool otherwise);
int64_t  json_int(const Json *json, int64_t otherwise);     /* of JSON_INT and _UINT that fit */
uint64_t json_uint(const Json *json);                       /* of JSON_UINT */
double   json_double(const Json *json, double otherwise);   /* of any number */
Text     json_text(const Json *json);                       /* {NULL, 0} if no string; terminated */

/* What Python takes for false: null, false, 0, "", [], {}. */
bool json_is_falsy(const Json *json);

/* The number of elements or members. */
size_t json_count(const Json *json);

/* Member `key` of an object, the last one of that name; NULL if absent. */
const Json *json_get(const Json *object, const char *key);
const Json *json_get_text(const Json *object, Text key);

/* Walk an array or an object:
 *
 *     JsonWalk walk = json_walk(json);
 *     while (json_next(&walk)) use(walk.key, walk.value);
 *
 * `key` is empty in an array.  Duplicate keys are all visited. */
typedef struct JsonWalk {
    Text        key;
    const Json *value;
    size_t      index;       /* of value, from 0 */
    const Json *container, *next;
    size_t      left;
} JsonWalk;

JsonWalk json_walk(const Json *container);
bool     json_next(JsonWalk *walk);

/* ---- writing ------------------------------------------------------------ */

/* A writer keeps track of commas only; nesting is the caller's duty (checked
 * by assert).  Errors are the buffer's. */
typedef struct JsonWriter {
    Buffer *out;
    const struct ImageWriting *pictures;     /* image/encode.h; NULL: as the reference does */
    int     depth;
    bool    comma;
} JsonWriter;

JsonWriter json_writer(Buffer *out);

void json_begin_object(JsonWriter *w);
void json_end_object(JsonWriter *w);
void json_begin_array(JsonWriter *w);
void json_end_array(JsonWriter *w);
void json_key(JsonWriter *w, const char *key);
void json_key_text(JsonWriter *w, Text key);

void json_write_null(JsonWriter *w);
void json_write_bool(JsonWriter *w, bool value);
void json_write_int(JsonWriter *w, int64_t value);
void json_write_uint(JsonWriter *w, uint64_t value);
void json_write_double(JsonWriter *w, double value);
void json_write_string(JsonWriter *w, const char *value);    /* NULL writes null */
void json_write_text(JsonWriter *w, Text value);             /* invalid UTF-8 becomes U+FFFD */
void json_write_base64(JsonWriter *w, const void *bytes, size_t length);
void json_write_raw(JsonWriter *w, Text json);               /* text that is JSON already */
void json_write(JsonWriter *w, const Json *json);            /* a parsed tree */

/* A member each: its key and its value.  A text without `at` is null. */
void json_member_string(JsonWriter *w, const char *key, const char *value);
void json_member_text(JsonWriter *w, const char *key, Text value);
void json_member_int(JsonWriter *w, const char *key, int64_t value);
void json_member_double(JsonWriter *w, const char *key, double value);
void json_member_bool(JsonWriter *w, const char *key, bool value);

/* The text of one double as json_write_double writes it, into `out`; its
 * length.  At most 32 bytes with the NUL. */
size_t json_format_double(char out[32], double value);

#endif
