/*
 * wire - any JSON as any kind of input: it is read or refused, and what was read is written
 * as JSON that parses, or refused with a sentence.
 *
 * The first byte chooses the kind, the rest is the JSON.
 */
#include "value/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void write_and_parse(Arena *arena, Value value, KindRefs kinds)
{
    Buffer     out;
    JsonWriter w;
    Error      err = { 0 };

    buffer_init(&out, MIB(16));
    w = json_writer(&out);
    if (!wire_write_kinds(&w, value, kinds, &err)) {
        assert(err.kind != ERR_NONE && err.text[0]);
    } else if (!out.failed && !json_parse(arena, (Text){ out.data, out.length }, JSON_STRICT,
                                          &err)) {
        assert(arena_failed(arena) || strstr(err.text, "deep") || strstr(err.text, "nodes"));
    }
    buffer_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    Arena       arena;
    Error       err = { 0 };
    const Json *json;
    KindRefs    kinds;
    Value       value;

    if (size == 0)
        return 0;
    budget_set(&budget_pictures, MIB(8));
    arena_init(&arena, MIB(64));
    kinds = kinds_refs(&arena, (KindMask)1 << bytes[0] % KIND_COUNT);
    json  = json_parse(&arena, (Text){ (const char *)bytes + 1, size - 1 }, JSON_NAN, &err);
    if (json) {
        if (wire_read(&arena, json, kinds, TEXT("x"), NULL, &value, &err)) {
            if (!arena_failed(&arena))
                write_and_parse(&arena, value, kinds);
        } else {
            assert(err.kind != ERR_NONE && err.text[0]);
        }
    }
    arena_fini(&arena);
    assert(budget_used(&budget_pictures) == 0);
    return 0;
}
