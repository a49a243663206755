/*
 * json - reading and writing JSON.
 *
 * yyjson does the reading: a Json is its value, seen from outside as an
 * opaque pointer.  It has no limits of its own, so a scan goes over the text
 * first and refuses what is too deep or has too many nodes before any memory
 * is spent on it.  The scan leaves every other judgement to yyjson; on text
 * that is not JSON its counts merely mean nothing.
 */
#include "base/json.h"

#include <yyjson.h>

#include "base/text.h"

/* ---- reading ------------------------------------------------------------ */

/* The bytes that end a number or a word. */
static const bool ends_word[256] = {
    [' '] = true, ['\t'] = true, ['\n'] = true, ['\r'] = true, [','] = true, [':'] = true,
    ['['] = true, [']'] = true,  ['{'] = true,  ['}'] = true,  ['"'] = true,
};

/* Fail at byte `offset` of `text`. */
static bool refuse(Text text, size_t offset, const char *what, Error *err)
{
    size_t line = 1, column = 1, character;

    yyjson_locate_pos(text.at, text.length, offset, &line, &column, &character);
    return fail(err, ERR_INVALID, "JSON is wrong at byte %zu (line %zu, column %zu): %s",
                offset, line, column, what);
}

/* Past the string whose opening quote is at `at`.  Bodies carry megabytes of
 * base64 in one string, so the closing quote is looked for with memchr; it is
 * an escaped one if an odd number of backslashes stands before it. */
static const char *skip_string(const char *at, const char *end)
{
    const char *open = at;

    while ((at = memchr(at + 1, '"', (size_t)(end - at - 1)))) {
        const char *first = at;

        while (first - 1 > open && first[-1] == '\\')
            first--;
        if ((at - first) % 2 == 0)
            return at + 1;
    }
    return end;
}

/* yyjson takes nan, inf and the like in any case when it takes them at all;
 * Python takes three spellings. */
static bool word_is_python(Text word)
{
    const char first = word.at[word.at[0] == '-' && word.length > 1];

    if (first != 'n' && first != 'N' && first != 'i' && first != 'I')
        return true;
    return text_is(word, "null") || text_is(word, "NaN") || text_is(word, "Infinity") ||
           text_is(word, "-Infinity");
}

static bool scan(Text text, int flags, Error *err)
{
    const char *at = text.at, *end = at + text.length, *start;
    int depth = 0, nodes = 0, most = flags & JSON_LABELS ? LIMIT_LABEL_NODES : LIMIT_JSON_NODES;

    while (at < end) {
        start = at;
        switch (*at) {
        case ' ': case '\t': case '\n': case '\r': case ',': case ':':
            at++;
            continue;
        case ']': case '}':
            depth -= depth > 0;
            at++;
            continue;
        case '[': case '{':
            if (++depth > LIMIT_JSON_DEPTH)
                return refuse(text, (size_t)(start - text.at), "nested too deeply", err);
            at++;
            break;
        case '"':
            at = skip_string(at, end);
            break;
        default:
            while (at < end && !ends_word[(unsigned char)*at])
                at++;
            if ((flags & JSON_NAN) && !word_is_python((Text){ start, (size_t)(at - start) }))
                return refuse(text, (size_t)(start - text.at), "unexpected word", err);
        }
        if (++nodes > most)
            return refuse(text, (size_t)(start - text.at), "too many values", err);
    }
    return nodes > 0 || fail(err, ERR_INVALID, "JSON is expected, but there is no text");
}

static void free_document(void *document)
{
    yyjson_doc_free(document);
}

const Json *json_parse(Arena *arena, Text text, int flags, Error *err)
{
    yyjson_read_flag options = flags & JSON_NAN ? YYJSON_READ_ALLOW_INF_AND_NAN : 0;
    yyjson_read_err  problem;

    if (!scan(text, flags, err))
        return NULL;

    /* Without YYJSON_READ_INSITU the text is only read. */
    yyjson_doc *document = yyjson_read_opts((char *)text.at, text.length, options, NULL, &problem);

    if (!document) {
        if (problem.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
            fail(err, ERR_MEMORY, "no memory to read %zu bytes of JSON", text.length);
        else
            refuse(text, problem.pos, problem.msg, err);
        return NULL;
    }
    if (!arena_defer(arena, free_document, document)) {
        fail(err, ERR_MEMORY, "no memory to read %zu bytes of JSON", text.length);
        return NULL;
    }
    return (const Json *)yyjson_doc_get_root(document);
}

/* yyjson's functions take values that are not const, and change none. */
static yyjson_val *value_of(const Json *json)
{
    return (yyjson_val *)json;
}

JsonType json_type(const Json *json)
{
    yyjson_val *value = value_of(json);

    switch (yyjson_get_type(value)) {
    case YYJSON_TYPE_BOOL:
        return JSON_BOOL;
    case YYJSON_TYPE_STR:
        return JSON_STRING;
    case YYJSON_TYPE_ARR:
        return JSON_ARRAY;
    case YYJSON_TYPE_OBJ:
        return JSON_OBJECT;
    case YYJSON_TYPE_NUM:
        if (yyjson_is_real(value))
            return JSON_DOUBLE;
        if (yyjson_is_uint(value) && yyjson_get_uint(value) > INT64_MAX)
            return JSON_UINT;
        return JSON_INT;
    default:
        return JSON_NULL;
    }
}

bool json_is(const Json *json, JsonType type)
{
    return json_type(json) == type;
}

bool json_is_number(const Json *json)
{
    return yyjson_is_num(value_of(json));
}

bool json_bool(const Json *json, bool otherwise)
{
    return yyjson_is_bool(value_of(json)) ? yyjson_get_bool(value_of(json)) : otherwise;
}

int64_t json_int(const Json *json, int64_t otherwise)
{
    return json_type(json) == JSON_INT ? yyjson_get_sint(value_of(json)) : otherwise;
}

uint64_t json_uint(const Json *json)
{
    return yyjson_is_uint(value_of(json)) ? yyjson_get_uint(value_of(json)) : 0;
}

double json_double(const Json *json, double otherwise)
{
    return json_is_number(json) ? yyjson_get_num(value_of(json)) : otherwise;
}

Text json_text(const Json *json)
{
    yyjson_val *value = value_of(json);

    if (!yyjson_is_str(value))
        return (Text){ 0 };
    return (Text){ yyjson_get_str(value), yyjson_get_len(value) };
}

bool json_is_falsy(const Json *json)
{
    switch (json_type(json)) {
    case JSON_NULL:
        return true;
    case JSON_STRING:
        return json_text(json).length == 0;
    case JSON_ARRAY:
    case JSON_OBJECT:
        return json_count(json) == 0;
    case JSON_BOOL:
        return !json_bool(json, false);
    default:
        return json_double(json, 0) == 0;
    }
}

size_t json_count(const Json *json)
{
    yyjson_val *value = value_of(json);

    return yyjson_is_ctn(value) ? yyjson_get_len(value) : 0;
}

const Json *json_get(const Json *object, const char *key)
{
    return json_get_text(object, text_of(key));
}

const Json *json_get_text(const Json *object, Text key)
{
    const Json *last = NULL;

    if (!json_is(object, JSON_OBJECT))
        return NULL;

    JsonWalk walk = json_walk(object);
    while (json_next(&walk))
        if (text_equal(walk.key, key))
            last = walk.value;
    return last;
}

JsonWalk json_walk(const Json *container)
{
    JsonWalk walk = { .container = container, .left = json_count(container) };

    if (walk.left > 0)
        walk.next = (const Json *)unsafe_yyjson_get_first(value_of(container));
    return walk;
}

bool json_next(JsonWalk *walk)
{
    if (walk->left == 0)
        return false;

    yyjson_val *value = value_of(walk->next);

    if (yyjson_is_obj(value_of(walk->container))) {
        walk->key = json_text(walk->next);
        value++;   /* a member is its key and then its value */
    }
    walk->index = walk->value ? walk->index + 1 : 0;
    walk->value = (const Json *)value;
    if (--walk->left > 0)   /* there is nothing to look at after the last */
        walk->next = (const Json *)unsafe_yyjson_get_next(value);
    return true;
}

/* ---- writing ------------------------------------------------------------ */

JsonWriter json_writer(Buffer *out)
{
    return (JsonWriter){ .out = out };
}

/* Before a key or an element: what separates it from the one before. */
static void separate(JsonWriter *w)
{
    if (w->comma)
        buffer_char(w->out, ',');
    w->comma = true;
}

static void begin(JsonWriter *w, char bracket)
{
    separate(w);
    buffer_char(w->out, bracket);
    w->depth++;
    w->comma = false;
}

static void end(JsonWriter *w, char bracket)
{
    assert(w->depth > 0);
    buffer_char(w->out, bracket);
    w->depth--;
    w->comma = true;
}

void json_begin_object(JsonWriter *w)
{
    begin(w, '{');
}

void json_end_object(JsonWriter *w)
{
    end(w, '}');
}

void json_begin_array(JsonWriter *w)
{
    begin(w, '[');
}

void json_end_array(JsonWriter *w)
{
    end(w, ']');
}

/* Past the bytes of `at` .. `end` that go into a string as they are, eight at
 * a time while that is possible.  Taking away 0x20 from a byte sets its top
 * bit if it is a control character, taking away 1 from it exclusive-or'd with
 * a character if it is that one; a borrow only comes from a byte that is
 * itself a reason to stop. */
static const char *skip_plain(const char *at, const char *end)
{
    const uint64_t each = 0x0101010101010101;

    for (uint64_t eight; end - at >= 8; at += 8) {
        memcpy(&eight, at, 8);

        uint64_t control   = eight - each * 0x20;
        uint64_t quote     = (eight ^ each * '"') - each;
        uint64_t backslash = (eight ^ each * '\\') - each;

        if ((eight | control | quote | backslash) & each * 0x80)
            break;
    }
    while (at < end && (*at & 0x80) == 0 && *at >= 0x20 && *at != '"' && *at != '\\')
        at++;
    return at;
}

static void write_escape(Buffer *out, char c)
{
    switch (c) {
    case '"':  buffer_string(out, "\\\""); break;
    case '\\': buffer_string(out, "\\\\"); break;
    case '\b': buffer_string(out, "\\b");  break;
    case '\f': buffer_string(out, "\\f");  break;
    case '\n': buffer_string(out, "\\n");  break;
    case '\r': buffer_string(out, "\\r");  break;
    case '\t': buffer_string(out, "\\t");  break;
    default:   buffer_printf(out, "\\u%04x", (unsigned)c);
    }
}

static void write_quoted(Buffer *out, Text text)
{
    const char *at = text.at ? text.at : "", *end = at + text.length;
    const char *run = at;   /* from here on nothing is written yet */

    buffer_char(out, '"');
    while ((at = skip_plain(at, end)) < end) {
        const char *special = at;

        if ((*at & 0x80) && utf8_next(&at, end) != 0xFFFD)
            continue;
        buffer_append(out, run, (size_t)(special - run));
        if (*special & 0x80)
            utf8_append(out, 0xFFFD);
        else
            write_escape(out, *at++);
        run = at;
    }
    buffer_append(out, run, (size_t)(end - run));
    buffer_char(out, '"');
}

void json_key(JsonWriter *w, const char *key)
{
    json_key_text(w, text_of(key));
}

void json_key_text(JsonWriter *w, Text key)
{
    assert(w->depth > 0);
    separate(w);
    write_quoted(w->out, key);
    buffer_char(w->out, ':');
    w->comma = false;
}

/* One element that needs no quoting. */
static void write_plain(JsonWriter *w, const char *text, size_t length)
{
    separate(w);
    buffer_append(w->out, text, length);
}

void json_write_null(JsonWriter *w)
{
    write_plain(w, "null", 4);
}

void json_write_bool(JsonWriter *w, bool value)
{
    if (value)
        write_plain(w, "true", 4);
    else
        write_plain(w, "false", 5);
}

static void write_integer(JsonWriter *w, bool negative, uint64_t magnitude)
{
    char text[20], *end = text + sizeof text, *at = end;

    do {
        *--at = (char)('0' + magnitude % 10);
    } while ((magnitude /= 10) > 0);

    separate(w);
    if (negative)
        buffer_char(w->out, '-');
    buffer_append(w->out, at, (size_t)(end - at));
}

void json_write_int(JsonWriter *w, int64_t value)
{
    write_integer(w, value < 0, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void json_write_uint(JsonWriter *w, uint64_t value)
{
    write_integer(w, false, value);
}

/* yyjson writes into memory it allocates; these give it the same few bytes
 * on the stack each time, which are enough for a number. */
enum { NUMBER_ROOM = 128 };

static void *number_malloc(void *room, size_t size)
{
    return size <= NUMBER_ROOM ? room : NULL;
}

static void *number_realloc(void *room, void *at, size_t old_size, size_t size)
{
    (void)at;
    (void)old_size;
    return number_malloc(room, size);
}

static void number_free(void *room, void *at)
{
    (void)room;
    (void)at;
}

size_t json_format_double(char out[32], double value)
{
    char       room[NUMBER_ROOM];
    yyjson_alc memory = { number_malloc, number_realloc, number_free, room };
    yyjson_val number = { .tag = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_REAL, .uni.f64 = value };
    size_t     length;

    char *text = yyjson_val_write_opts(&number, YYJSON_WRITE_INF_AND_NAN_AS_NULL, &memory,
                                       &length, NULL);

    assert(text && length < 32);
    memcpy(out, text, length + 1);
    return length;
}

void json_write_double(JsonWriter *w, double value)
{
    char   text[32];
    size_t length = json_format_double(text, value);

    write_plain(w, text, length);
}

void json_write_string(JsonWriter *w, const char *value)
{
    json_write_text(w, text_of(value));
}

void json_write_text(JsonWriter *w, Text value)
{
    if (!value.at) {
        json_write_null(w);
        return;
    }
    separate(w);
    write_quoted(w->out, value);
}

void json_write_base64(JsonWriter *w, const void *bytes, size_t length)
{
    size_t size = base64_size(length);

    separate(w);

    char *room = buffer_room(w->out, size + 2);
    if (!room)
        return;
    room[0] = '"';
    base64_encode(room + 1, bytes, length);
    room[size + 1] = '"';
    buffer_claim(w->out, size + 2);
}

void json_write_raw(JsonWriter *w, Text json)
{
    write_plain(w, json.at, json.length);
}

/* Calls itself as deep as the reader lets a document be. */
void json_write(JsonWriter *w, const Json *json)
{
    JsonWalk walk = json_walk(json);

    switch (json_type(json)) {
    case JSON_NULL:
        json_write_null(w);
        break;
    case JSON_BOOL:
        json_write_bool(w, json_bool(json, false));
        break;
    case JSON_INT:
        json_write_int(w, json_int(json, 0));
        break;
    case JSON_UINT:
        json_write_uint(w, json_uint(json));
        break;
    case JSON_DOUBLE:
        json_write_double(w, json_double(json, 0));
        break;
    case JSON_STRING:
        json_write_text(w, json_text(json));
        break;
    case JSON_ARRAY:
        json_begin_array(w);
        while (json_next(&walk))
            json_write(w, walk.value);
        json_end_array(w);
        break;
    case JSON_OBJECT:
        json_begin_object(w);
        while (json_next(&walk)) {
            json_key_text(w, walk.key);
            json_write(w, walk.value);
        }
        json_end_object(w);
        break;
    }
}

/* ---- members ------------------------------------------------------------------ */

void json_member_string(JsonWriter *w, const char *key, const char *value)
{
    json_key(w, key);
    json_write_string(w, value);
}

void json_member_text(JsonWriter *w, const char *key, Text value)
{
    json_key(w, key);
    if (value.at)
        json_write_text(w, value);
    else
        json_write_null(w);
}

void json_member_int(JsonWriter *w, const char *key, int64_t value)
{
    json_key(w, key);
    json_write_int(w, value);
}

void json_member_double(JsonWriter *w, const char *key, double value)
{
    json_key(w, key);
    json_write_double(w, value);
}

void json_member_bool(JsonWriter *w, const char *key, bool value)
{
    json_key(w, key);
    json_write_bool(w, value);
}
