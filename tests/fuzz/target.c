/*
 * target - fuzzes what a request line asks for, against a reading that is slow and obvious.
 *
 * Input is a target.  What is accepted must be a path that walks nowhere, decoded once; what
 * was asked for in the query must be found, decoded like a form.
 */
#include "base/text.h"
#include "server/inside.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
    if (!held)
        abort();
}

/* The value of a byte, and how many characters it takes; 0: it is none. */
static size_t one_byte(Text text, size_t i, bool form, char *out)
{
    char hex[3] = { 0 }, *end;

    *out = form && text.at[i] == '+' ? ' ' : text.at[i];
    if (text.at[i] != '%')
        return 1;
    if (text.length - i < 3 || !strchr("0123456789abcdefABCDEF", text.at[i + 1]) ||
        !strchr("0123456789abcdefABCDEF", text.at[i + 2]) || !text.at[i + 1] || !text.at[i + 2])
        return 0;
    memcpy(hex, text.at + i + 1, 2);
    *out = (char)strtol(hex, &end, 16);
    return *out ? 3 : 0;
}

static bool decode_slowly(Text text, bool form, Buffer *out)
{
    char   c;
    size_t taken;

    buffer_clear(out);
    for (size_t i = 0; i < text.length; i += taken) {
        taken = one_byte(text, i, form, &c);
        if (taken == 0)
            return false;
        buffer_char(out, c);
    }
    return true;
}

static void check_path(Text path)
{
    require(path.length > 0 && path.at[0] == '/' && path.at[path.length] == '\0');
    require(path.length == 1 || path.at[path.length - 1] != '/');
    require(strlen(path.at) == path.length && utf8_valid(path));
    require(!strstr(path.at, "//") && !strchr(path.at, '\\'));
    for (const char *at = path.at; (at = strstr(at, "/.")); at++)
        require(at[2] != '/' && at[2] != '\0' &&
                !(at[2] == '.' && (at[3] == '/' || at[3] == '\0')));
}

/* What the query says of `name`: the first of that name decides. */
static bool ask_slowly(Text query, const char *name, Buffer *key, Buffer *value)
{
    for (size_t from = 0, to; from < query.length; from = to + 1) {
        size_t equals;

        for (to = from; to < query.length && query.at[to] != '&'; to++)
            ;
        for (equals = from; equals < to && query.at[equals] != '='; equals++)
            ;
        if (!decode_slowly((Text){ query.at + from, equals - from }, true, key) ||
            !text_is((Text){ key->data ? key->data : "", key->length }, name))
            continue;
        if (equals == to || !decode_slowly((Text){ query.at + equals + 1, to - equals - 1 }, true,
                                           value) ||
            (value->data && !utf8_valid((Text){ value->data, value->length })))
            buffer_clear(value);
        return true;
    }
    return false;
}

static void check_query(Arena *arena, Text query, const char *name)
{
    RequestInside inside  = { .query = query };
    Request       request = { .arena = arena, .inside = &inside };
    Text          got     = request_query(&request, name);
    Buffer        key, value;

    buffer_init(&key, MIB(1));
    buffer_init(&value, MIB(1));
    require(ask_slowly(query, name, &key, &value) == (got.at != NULL));
    require(!got.at || text_equal(got, (Text){ value.data ? value.data : "", value.length }));
    buffer_fini(&key);
    buffer_fini(&value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Text  target = { (const char *)data, size };
    Text  path, query;
    Error err = { 0 };
    Arena arena;

    arena_init(&arena, MIB(16));
    if (target_split(&arena, target, &path, &query, &err)) {
        check_path(path);
        check_query(&arena, query, "a");
        check_query(&arena, query, "size");
        check_query(&arena, query, "");
    } else {
        require(err.kind == ERR_INVALID || err.kind == ERR_TOO_LARGE);
    }
    arena_fini(&arena);
    return 0;
}
