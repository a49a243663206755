/*
 * test_json_write - writing JSON: commas, escapes, numbers, round trips.
 */
#include "base/json.h"

#include <float.h>
#include <math.h>

#include "test.h"

static const char *format(double value)
{
    static char text[32];
    size_t      length = json_format_double(text, value);

    CHECK(length == strlen(text));
    return text;
}

TEST(json_writes_a_document)
{
    Buffer out;

    buffer_init(&out, KIB(4));
    JsonWriter w = json_writer(&out);
    json_begin_object(&w);
    json_key(&w, "a");
    json_begin_array(&w);
    json_write_int(&w, 0);
    json_write_int(&w, INT64_MIN);
    json_write_int(&w, INT64_MAX);
    json_write_uint(&w, UINT64_MAX);
    json_write_double(&w, 1);
    json_write_bool(&w, true);
    json_write_bool(&w, false);
    json_write_null(&w);
    json_begin_object(&w);
    json_end_object(&w);
    json_begin_array(&w);
    json_end_array(&w);
    json_end_array(&w);
    json_key_text(&w, TEXT("b\"c"));
    json_write_string(&w, "text");
    json_key(&w, "none");
    json_write_string(&w, NULL);
    json_key(&w, "raw");
    json_write_raw(&w, TEXT("[1, 2]"));
    json_key(&w, "bytes");
    json_write_base64(&w, "\xFB\xEF\xBE\x01", 4);
    json_key(&w, "no bytes");
    json_write_base64(&w, NULL, 0);
    json_end_object(&w);

    CHECK_STR(out.data, "{\"a\":[0,-9223372036854775808,9223372036854775807,"
                        "18446744073709551615,1.0,true,false,null,{},[]],\"b\\\"c\":\"text\","
                        "\"none\":null,\"raw\":[1, 2],\"bytes\":\"++++AQ==\",\"no bytes\":\"\"}");
    CHECK_INT(w.depth, 0);
    buffer_fini(&out);
}

static void check_string(Text text, const char *expected)
{
    Buffer out;

    buffer_init(&out, KIB(4));
    JsonWriter w = json_writer(&out);
    json_write_text(&w, text);
    CHECK_STR(out.data, expected);
    buffer_fini(&out);
}

TEST(json_escapes_strings)
{
    check_string(TEXT(""), "\"\"");
    check_string((Text){ 0 }, "null");
    check_string(TEXT("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"");
    check_string((Text){ "\0\1\b\t\n\v\f\r\x1f\x7f", 10 },
                 "\"\\u0000\\u0001\\b\\t\\n\\u000b\\f\\r\\u001f\x7f\"");
    check_string(TEXT("h\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"),
                 "\"h\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80\"");
    check_string(TEXT("a\xFFz"), "\"a\xEF\xBF\xBDz\"");
    check_string(TEXT("\xC3"), "\"\xEF\xBF\xBD\"");
    check_string(TEXT("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
    check_string(TEXT("\xEF\xBF\xBD"), "\"\xEF\xBF\xBD\"");
}

TEST(json_escapes_at_every_place_of_a_long_string)
{
    static const char specials[] = "\"\\\n\x01\x1F";
    Arena arena;

    for (size_t place = 0; place < 40; place++) {
        for (const char *special = specials; *special; special++) {
            char text[41];
            Buffer out;

            memset(text, 'p', sizeof text);
            text[place] = *special;
            arena_init(&arena, KIB(64));
            buffer_init(&out, KIB(4));
            JsonWriter w = json_writer(&out);
            json_write_text(&w, (Text){ text, 40 });
            const Json *back = json_parse(&arena, (Text){ out.data, out.length }, 0, NULL);
            CHECK(text_equal(json_text(back), (Text){ text, 40 }));
            buffer_fini(&out);
            arena_fini(&arena);
        }
    }
}

TEST(json_doubles_look_like_floats_and_read_back)
{
    CHECK_STR(format(0), "0.0");
    CHECK_STR(format(-0.0), "-0.0");
    CHECK_STR(format(1), "1.0");
    CHECK_STR(format(0.1), "0.1");
    CHECK_STR(format(0.1 + 0.2), "0.30000000000000004");
    CHECK_STR(format(0.8731120824813843), "0.8731120824813843");
    CHECK_STR(format((double)0.1f), "0.10000000149011612");
    CHECK_STR(format(123456789), "123456789.0");
    CHECK_STR(format(5e-324), "5e-324");
    CHECK_STR(format(DBL_MAX), "1.7976931348623157e308");
    CHECK_STR(format(NAN), "null");
    CHECK_STR(format(INFINITY), "null");
    CHECK_STR(format(-INFINITY), "null");

    uint64_t bits = 0x9E3779B97F4A7C15;
    for (int i = 0; i < 200000; i++) {
        double value;

        bits = bits * 6364136223846793005 + 1442695040888963407;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        const char *text = format(value);
        if (!CHECK(strtod(text, NULL) == value) || !CHECK(strpbrk(text, ".e") != NULL))
            break;
    }
}

TEST(json_writes_back_what_it_read)
{
    static const char text[] = "{\"b\":[1,-2,2.5,1e300,18446744073709551615,\"x\\ty\",null,true],"
                               "\"a\":{\"\":{}},\"b\":[[]]}";
    Arena  arena;
    Buffer out;

    arena_init(&arena, MIB(1));
    buffer_init(&out, KIB(4));
    JsonWriter w = json_writer(&out);
    json_write(&w, json_parse(&arena, text_of(text), JSON_STRICT, NULL));
    CHECK_STR(out.data, text);
    buffer_clear(&out);
    w = json_writer(&out);
    json_write(&w, NULL);
    CHECK_STR(out.data, "null");
    buffer_fini(&out);
    arena_fini(&arena);
}

TEST(json_writing_past_the_limit_fails_the_buffer)
{
    Buffer out;

    buffer_init(&out, 10);
    JsonWriter w = json_writer(&out);
    json_begin_array(&w);
    json_write_base64(&w, "12345678", 8);
    json_write_string(&w, "more");
    json_end_array(&w);
    CHECK(out.failed);
    CHECK(out.length <= 10);
    buffer_fini(&out);
}
