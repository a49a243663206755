/*
 * test_text - UTF-8 and sentences about names.
 */
#include "base/text.h"

#include "test.h"

TEST(utf8_knows_what_is_well_formed)
{
    static const char *const good[] = {
        "", "plain ascii, longer than eight", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80",
        "\xED\x9F\xBF", "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF",
        "0123456789abcdef\xE2\x82\xACxyz 0123456789",
    };
    static const char *const bad[] = {
        "\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x20", "\xE0\x9F\xBF", "\xED\xA0\x80",
        "\xED\xBF\xBF", "\xE2\x82", "\xE2\x28\xA1", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80", "\xF0\x9F\x98", "\xFF", "0123456789abcdef\xE2\x82", "\xF0\x9F\x98\x20",
    };

    for (size_t i = 0; i < COUNT_OF(good); i++)
        CHECK(utf8_valid(text_of(good[i])));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        CHECK(!utf8_valid(text_of(bad[i])));
    CHECK(utf8_valid((Text){ 0 }));
    CHECK(utf8_valid((Text){ "a\0b", 3 }));
}

TEST(utf8_reads_back_every_code_point)
{
    Buffer out;

    buffer_init(&out, 16);
    for (uint32_t code = 0; code <= 0x110000; code++) {
        bool real = code < 0xD800 || (code > 0xDFFF && code <= 0x10FFFF);

        buffer_clear(&out);
        utf8_append(&out, code);
        const char *at = out.data, *end = at + out.length;
        if (!CHECK(utf8_next(&at, end) == (real ? code : 0xFFFD)) || !CHECK(at == end) ||
            !CHECK(utf8_valid((Text){ out.data, out.length })))
            break;
    }
    buffer_fini(&out);
}

TEST(utf8_replaces_malformed_bytes_one_by_one)
{
    static const char text[] = "a\xE2\x82z\xFF";
    const char *at = text, *end = text + sizeof text - 1;

    CHECK(utf8_next(&at, end) == 'a');
    CHECK(utf8_next(&at, end) == 0xFFFD && at == text + 2);
    CHECK(utf8_next(&at, end) == 0xFFFD && at == text + 3);
    CHECK(utf8_next(&at, end) == 'z');
    CHECK(utf8_next(&at, end) == 0xFFFD && at == end);
    CHECK(utf8_length(TEXT("a\xE2\x82z\xFF")) == 5);
    CHECK(utf8_length(TEXT("0123456789h\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80 and more ascii"))
          == 29);
    CHECK(utf8_length((Text){ 0 }) == 0);
}

TEST(text_choices_make_a_sentence)
{
    static const char *const names[] = {
        "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n",
    };
    Arena arena;

    arena_init(&arena, KIB(64));
    CHECK_STR(text_choices(&arena, names, 0), "");
    CHECK_STR(text_choices(&arena, names, 1), "'a'");
    CHECK_STR(text_choices(&arena, names, 2), "'a' or 'b'");
    CHECK_STR(text_choices(&arena, names, 3), "'a', 'b' or 'c'");
    CHECK_STR(text_choices(&arena, names, 12),
              "'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k' or 'l'");
    CHECK_STR(text_choices(&arena, names, 14),
              "'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l' or 2 more");
    arena_fini(&arena);
}

TEST(text_distance_counts_edits)
{
    CHECK_INT(text_distance(TEXT("same"), TEXT("same"), 3), 0);
    CHECK_INT(text_distance(TEXT(""), TEXT("abc"), 3), 3);
    CHECK_INT(text_distance(TEXT("abc"), TEXT(""), 2), 3);
    CHECK_INT(text_distance(TEXT("kitten"), TEXT("sitting"), 9), 3);
    CHECK_INT(text_distance(TEXT("kitten"), TEXT("sitting"), 2), 3);
    CHECK_INT(text_distance(TEXT("confidecne"), TEXT("confidence"), 3), 1);
    CHECK_INT(text_distance(TEXT("ab"), TEXT("ba"), 3), 1);
    CHECK_INT(text_distance(TEXT("ca"), TEXT("abc"), 5), 3);
    CHECK_INT(text_distance(TEXT("abcd"), TEXT("badc"), 5), 2);
    CHECK_INT(text_distance(TEXT("aaaa"), TEXT("bbbb"), 1), 2);
    CHECK_INT(text_distance((Text){ 0 }, (Text){ 0 }, 1), 0);
}

/* Small alphabets make every kind of edit likely. */
TEST(text_distance_with_a_limit_is_the_distance_cut_off)
{
    uint32_t seed = 1;

    for (int round = 0; round < 20000; round++) {
        char texts[2][8];
        Text pair[2];

        for (int t = 0; t < 2; t++) {
            pair[t] = (Text){ texts[t], (seed = seed * 1664525 + 1013904223) >> 29 };
            for (size_t i = 0; i < pair[t].length; i++)
                texts[t][i] = (char)('a' + ((seed = seed * 1664525 + 1013904223) >> 30));
        }
        int distance = text_distance(pair[0], pair[1], 100);

        CHECK_INT(text_distance(pair[1], pair[0], 100), distance);
        for (int limit = 0; limit < 8; limit++)
            CHECK_INT(text_distance(pair[0], pair[1], limit), MIN(distance, limit + 1));
    }
}

TEST(text_nearest_guesses_what_was_meant)
{
    static const char *const names[] = { "confidence", "iou_threshold", "image", "images", "x" };
    char longer[2000];

    CHECK_STR(text_nearest(TEXT("confidance"), names, COUNT_OF(names)), "confidence");
    CHECK_STR(text_nearest(TEXT("iou_treshold"), names, COUNT_OF(names)), "iou_threshold");
    CHECK_STR(text_nearest(TEXT("imagess"), names, COUNT_OF(names)), "images");
    CHECK_STR(text_nearest(TEXT("image"), names, COUNT_OF(names)), "image");
    CHECK(text_nearest(TEXT("color"), names, COUNT_OF(names)) == NULL);
    CHECK(text_nearest(TEXT("y"), names, COUNT_OF(names)) == NULL);
    CHECK(text_nearest(TEXT(""), names, COUNT_OF(names)) == NULL);
    CHECK(text_nearest(TEXT("image"), names, 0) == NULL);
    memset(longer, 'q', sizeof longer);
    CHECK(text_nearest((Text){ longer, sizeof longer }, names, COUNT_OF(names)) == NULL);
}

TEST(sizes_as_people_write_them)
{
    static const struct { const char *text; size_t bytes; } good[] = {
        { "0", 0 }, { "1000", 1000 }, { "256M", MIB(256) }, { "256 MB", MIB(256) },
        { "1.5GiB", GIB(3) / 2 }, { "2g", GIB(2) }, { "4kib", KIB(4) }, { "12b", 12 },
    };
    static const char *const bad[] = { "", "M", "-1M", "1X", "1MM", "1ib", "1e3", "1..2", "1 M B",
                                       "99999999999T" };
    size_t bytes;

    for (size_t i = 0; i < COUNT_OF(good); i++) {
        CHECK(text_read_size(text_of(good[i].text), &bytes));
        CHECK_INT((intmax_t)bytes, (intmax_t)good[i].bytes);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        CHECK(!text_read_size(text_of(bad[i]), &bytes));
}
