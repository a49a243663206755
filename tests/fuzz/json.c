/*
 * json - fuzzes reading and writing JSON.
 *
 * Whatever is accepted is written, read and written again: the second text
 * must be the first, and keep within the limits.  Whatever is refused has a
 * sentence that says why.  And any bytes at all can be written as a string.
 */
#include "base/json.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Walks everything and gives the depth below. */
static int walk(const Json *json, size_t *nodes)
{
    JsonWalk steps = json_walk(json);
    int      deepest = 0;
    size_t   count = 0;

    ++*nodes;
    while (json_next(&steps)) {
        int depth = walk(steps.value, nodes);

        assert(steps.index == count);
        if (steps.key.at) {
            ++*nodes;
            assert(utf8_valid(steps.key));
            assert(json_get_text(json, steps.key) != NULL);
        }
        deepest = MAX(deepest, depth);
        count++;
    }
    assert(count == json_count(json));
    assert(utf8_valid(json_text(json)));
    return json_is(json, JSON_ARRAY) || json_is(json, JSON_OBJECT) ? deepest + 1 : 0;
}

static void write_all(const Json *json, Buffer *out)
{
    JsonWriter w = json_writer(out);

    json_write(&w, json);
    assert(w.depth == 0);
    assert(!out->failed);
    assert(utf8_valid((Text){ out->data, out->length }));
}

static void check_accepted(Arena *arena, const Json *json)
{
    Buffer first, second;
    size_t nodes = 0;

    assert(walk(json, &nodes) <= LIMIT_JSON_DEPTH);
    assert(nodes <= LIMIT_JSON_NODES);

    buffer_init(&first, MIB(64));
    buffer_init(&second, MIB(64));
    write_all(json, &first);
    const Json *again = json_parse(arena, (Text){ first.data, first.length }, JSON_STRICT, NULL);
    assert(again);
    write_all(again, &second);
    assert(text_equal((Text){ first.data, first.length }, (Text){ second.data, second.length }));
    buffer_fini(&first);
    buffer_fini(&second);
}

static void check_string(Arena *arena, Text text)
{
    Buffer out;

    buffer_init(&out, MIB(64));
    JsonWriter w = json_writer(&out);
    json_write_text(&w, text);
    const Json *back = json_parse(arena, (Text){ out.data, out.length }, JSON_STRICT, NULL);
    assert(json_is(back, JSON_STRING));
    assert(utf8_length(json_text(back)) == utf8_length(text));
    if (utf8_valid(text))
        assert(text_equal(json_text(back), text));
    buffer_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Memory that ends with the text, so that reading past it is seen. */
    char *copy = malloc(size + 1);
    if (!copy)
        return 0;
    if (size > 0)
        memcpy(copy + 1, data, size);

    Text  text = { copy + 1, size };
    Error err  = { 0 };
    Arena arena;

    arena_init(&arena, MIB(64));
    const Json *strict = json_parse(&arena, text, JSON_STRICT, &err);
    if (strict) {
        assert(err.kind == ERR_NONE);
        check_accepted(&arena, strict);
    } else {
        assert(err.kind == ERR_INVALID && err.text[0] && utf8_valid(text_of(err.text)));
    }

    const Json *lenient = json_parse(&arena, text, JSON_NAN, NULL);
    if (lenient)
        check_accepted(&arena, lenient);
    assert(lenient || !strict);

    check_string(&arena, text);
    arena_fini(&arena);
    free(copy);
    return 0;
}
