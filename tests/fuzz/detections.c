/*
 * detections - any JSON as detections is read or refused, and what was read can be
 * moved, copied and written; what is written is JSON that reads again.
 */
#include "value/detections.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static bool write(Buffer *out, const Detections *set, bool as_rle)
{
    JsonWriter w   = json_writer(out);
    Error      err = { 0 };
    bool       ok  = as_rle ? detections_write_rle(&w, set, &err) : detections_write(&w, set, &err);

    assert(ok || err.kind != ERR_NONE);
    return ok && !out->failed;
}

/* Write, read again, and expect no fewer objects than stand there. */
static void round_trip(Arena *arena, const Detections *set, bool as_rle)
{
    Buffer      out;
    Error       err = { 0 };
    const Json *json;
    Value       again;

    buffer_init(&out, MIB(16));
    if (write(&out, set, as_rle)) {
        json = json_parse(arena, (Text){ out.data, out.length }, JSON_STRICT, &err);
        assert(json || arena_failed(arena) || strstr(err.text, "deep") ||
               strstr(err.text, "nodes"));
        if (json && !detections_read(arena, json, TEXT("x"), &again, &err)) {
            assert(err.kind != ERR_NONE);
        }
    }
    buffer_fini(&out);
}

static void check_masks(const Detections *set)
{
    for (int i = 0; set->masks && i < set->count; i++) {
        const Mask *mask = &set->masks[i];

        assert(mask->width >= 0 && mask->height >= 0 && mask->x >= 0 && mask->y >= 0);
        assert((int64_t)mask->x + mask->width <= MAX(set->image_width, 0));
        assert((int64_t)mask->y + mask->height <= MAX(set->image_height, 0));
        assert(mask_area(mask) >= 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    Arena       arena, other;
    Error       err = { 0 };
    const Json *json;
    Value       value;

    arena_init(&arena, MIB(64));
    arena_init(&other, MIB(64));
    json = json_parse(&arena, (Text){ (const char *)bytes, size }, JSON_NAN, &err);
    if (json && detections_read(&arena, json, TEXT("x"), &value, &err) && !arena_failed(&arena)) {
        const Detections *set  = value.as.detections;
        const Detections *copy = detections_copy(&other, set);

        check_masks(set);
        round_trip(&arena, set, false);
        round_trip(&arena, set, true);
        if (!arena_failed(&other) && !arena_failed(&arena)) {
            copy = detections_to_root(&other, copy);
        }
        if (!arena_failed(&other)) {
            round_trip(&other, copy, false);
        }
    }
    arena_fini(&arena);
    arena_fini(&other);
    return 0;
}
