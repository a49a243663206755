/*
 * workflow - any definition with any inputs gets an answer or a problem.
 *
 * The input is {"specification": ..., "inputs": ...} as a client posts it.
 */
#include "run_through.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    Arena       arena;
    Error       err = { 0 };
    const Json *body;

    arena_init(&arena, MIB(64));
    body = json_parse(&arena, (Text){ (const char *)bytes, size }, JSON_NAN, &err);
    if (body) {
        run_through(&arena, json_get(body, "specification"), json_get(body, "inputs"));
    }
    arena_fini(&arena);
    return 0;
}
