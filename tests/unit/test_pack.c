/*
 * test_pack - values packed and unpacked, and their hashes.
 */
#include "test.h"
#include "value/detections.h"
#include "value/value_hash.h"
#include "value/value_pack.h"

static Value parse(Arena *arena, const char *text)
{
    Error err = { 0 };

    return value_from_json(arena, json_parse(arena, text_of(text), JSON_NAN, &err));
}

static Digest hash(Value value)
{
    Digest digest;

    CHECK(value_hash(value, &digest));
    return digest;
}

static void add(void *context, const void *bytes, size_t length)
{
    buffer_append(context, bytes, length);
}

static bool add_pixels(void *context, const Image *image)
{
    pack_pixels(&(Packer){ .context = context, .add = add }, image);
    return true;
}

/* The value, packed and unpacked. */
static Value again(Arena *arena, Value value)
{
    Buffer   packed;
    Packer   packer = { .context = &packed, .add = add, .pixels = add_pixels };
    Unpacker in;
    Error    err = { 0 };
    Value    out;

    buffer_init(&packed, MIB(16));
    CHECK(value_pack(&packer, value));
    in = (Unpacker){ .at = packed.data, .end = packed.data + packed.length, .arena = arena,
                     .pixels = unpack_pixels };
    CHECK(value_unpack(&in, &out, &err));
    CHECK(in.at == in.end);
    for (size_t cut = 0; cut < packed.length; cut++) {       /* no part of it is a value */
        Value ignored;

        in = (Unpacker){ .at = packed.data, .end = packed.data + cut, .arena = arena,
                         .pixels = unpack_pixels };
        CHECK(!value_unpack(&in, &ignored, &err));
    }
    buffer_fini(&packed);
    return out;
}

TEST(pack_keeps_values)
{
    static const char *const texts[] = {
        "null", "true", "false", "0", "-7", "18446744073709551615", "0.5", "-0.0", "1e300", "NaN",
        "\"\"", "\"a\\u0000b\\u00e9\"", "[]", "[1, [2.0, \"x\"], null]", "{}",
        "{\"a\": 1, \"b\": {\"c\": [true]}}",
    };
    Arena arena;

    arena_init(&arena, MIB(4));
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        Value value = parse(&arena, texts[i]);

        CHECK(digest_equal(hash(value), hash(again(&arena, value))));
        for (size_t k = 0; k < i; k++) {
            CHECK(!digest_equal(hash(value), hash(parse(&arena, texts[k]))));
        }
    }
    arena_fini(&arena);
}

TEST(pack_tells_types_apart)
{
    Arena arena;
    Value one = value_int(1), list, tuple;

    arena_init(&arena, MIB(1));
    list       = parse(&arena, "[1]");
    tuple      = list;
    tuple.type = VALUE_TUPLE;
    CHECK(!digest_equal(hash(one), hash(value_double(1))));
    CHECK(!digest_equal(hash(one), hash(value_bool(true))));
    CHECK(!digest_equal(hash(list), hash(tuple)));
    CHECK(!digest_equal(hash(parse(&arena, "{\"a\":1,\"b\":2}")),
                        hash(parse(&arena, "{\"b\":2,\"a\":1}"))));
    CHECK_INT(again(&arena, tuple).type, VALUE_TUPLE);
    arena_fini(&arena);
}

TEST(pack_keeps_pictures)
{
    Arena     arena;
    VideoMeta video = { .video_id = TEXT("v"), .frame_number = 7, .fps = 25, .from_file = -1 };

    arena_init(&arena, MIB(4));
    for (int channels = 1; channels <= 4; channels += channels == 1 ? 2 : 1) {
        Image *image = image_new(5, 3, channels, TEXT("id"), NULL), *back;

        CHECK(image && image_set_video(image, &video, NULL));
        for (int y = 0; y < 3; y++) {
            uint8_t *row = image_edit(image) + (size_t)y * image_stride(image);

            for (int x = 0; x < 5 * image_pixel_bytes(image); x++) {
                row[x] = (uint8_t)(x * 7 + y * 31);
            }
        }
        back = again(&arena, value_image(image)).as.image;
        CHECK_INT(image_width(back), 5);
        CHECK_INT(image_channels(back), channels);
        CHECK_INT(image_video(back)->frame_number, 7);
        CHECK(digest_equal(hash(value_image(image)), hash(value_image(back))));
        image_edit(back)[0] ^= 1;
        CHECK(!digest_equal(hash(value_image(image)), hash(value_image(back))));
        image_unref(image);
    }
    arena_fini(&arena);
}

TEST(pack_keeps_detections)
{
    static const char text[] =
        "{\"image\": {\"width\": 40, \"height\": 30}, \"predictions\": [{\"x\": 10, \"y\": 10, "
        "\"width\": 8, \"height\": 8, \"confidence\": 0.5, \"class\": \"a\", \"class_id\": 3, "
        "\"detection_id\": \"d\", \"tracker_id\": 4, \"points\": [{\"x\": 6, \"y\": 6}, "
        "{\"x\": 14, \"y\": 6}, {\"x\": 10, \"y\": 14}], \"time_in_zone\": [1, null]}]}";
    Arena             arena;
    Error             err = { 0 };
    Value             value;
    const Detections *back;

    arena_init(&arena, MIB(4));
    CHECK(detections_read(&arena, json_parse(&arena, text_of(text), JSON_STRICT, &err), TEXT("p"),
                          &value, &err));
    back = again(&arena, value).as.detections;
    CHECK(digest_equal(hash(value), hash(value_detections(back))));
    CHECK_INT(back->count, 1);
    CHECK_INT(back->tracker_ids[0], 4);
    CHECK_INT(mask_area(&back->masks[0]), mask_area(&value.as.detections->masks[0]));
    CHECK(mask_area(&back->masks[0]) > 20);
    arena_fini(&arena);
}

TEST(pack_refuses_secrets)
{
    Value  secret = value_text(TEXT("x"));
    Digest digest;

    secret.type = VALUE_SECRET;
    CHECK(!value_hash(secret, &digest));
    CHECK(!value_hash((Value){ .type = VALUE_LIST, .count = 1, .as.items = &secret }, &digest));
}

TEST(digests_are_text_and_back)
{
    Digest digest = hash(value_int(1)), back;
    char   text[DIGEST_TEXT];

    digest_write(text, digest);
    CHECK(digest_read(text_of(text), &back) && digest_equal(digest, back));
    CHECK(!digest_read(TEXT("12"), &back));
    text[3] = 'g';
    CHECK(!digest_read(text_of(text), &back));
}
