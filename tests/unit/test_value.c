/*
 * test_value - Python's equality, truth and str(), and copies.
 */
#include "test.h"
#include "value/kind.h"
#include "value/value.h"

static Value parse(Arena *arena, const char *text)
{
    Error err = { 0 };

    return value_from_json(arena, json_parse(arena, text_of(text), JSON_NAN, &err));
}

static void check_print(Arena *arena, const char *json, const char *want)
{
    Buffer text;

    buffer_init(&text, KIB(64));
    value_print(&text, parse(arena, json));
    CHECK_STR(text.data, want);
    buffer_fini(&text);
}

/* What CPython 3.11 prints for the same values. */
TEST(value_prints_as_python_does)
{
    Arena arena;

    arena_init(&arena, MIB(1));
    check_print(&arena, "null", "None");
    check_print(&arena, "true", "True");
    check_print(&arena, "-3", "-3");
    check_print(&arena, "0.1", "0.1");
    check_print(&arena, "1.0", "1.0");
    check_print(&arena, "-0.0", "-0.0");
    check_print(&arena, "100000.5", "100000.5");
    check_print(&arena, "1e15", "1000000000000000.0");
    check_print(&arena, "1e16", "1e+16");
    check_print(&arena, "1.5e-5", "1.5e-05");
    check_print(&arena, "0.0001", "0.0001");
    check_print(&arena, "1.2345e300", "1.2345e+300");
    check_print(&arena, "NaN", "nan");
    check_print(&arena, "-Infinity", "-inf");
    check_print(&arena, "18446744073709551615", "18446744073709551615");
    check_print(&arena, "\"it's\"", "it's");
    check_print(&arena, "[\"it's\", \"a\", \"\\\"\"]", "[\"it's\", 'a', '\"']");
    check_print(&arena, "{\"k\": [1, null], \"l\": {}}", "{'k': [1, None], 'l': {}}");
    check_print(&arena, "[\"a\\n\\\\\"]", "['a\\n\\\\']");
    arena_fini(&arena);
}

static void check_equal(Arena *arena, const char *a, const char *b, bool want)
{
    CHECK(value_equal(parse(arena, a), parse(arena, b)) == want);
    CHECK(value_equal(parse(arena, b), parse(arena, a)) == want);
}

TEST(value_equality_is_python_s)
{
    Arena arena;
    Value list, tuple;

    arena_init(&arena, MIB(1));
    check_equal(&arena, "1", "1.0", true);
    check_equal(&arena, "1", "true", true);
    check_equal(&arena, "\"1\"", "1", false);
    check_equal(&arena, "9007199254740993", "9007199254740992", false);
    check_equal(&arena, "[1, [2]]", "[1.0, [2]]", true);
    check_equal(&arena, "{\"a\": 1, \"b\": 2}", "{\"b\": 2, \"a\": 1}", true);
    check_equal(&arena, "{\"a\": 1}", "{\"a\": 1, \"b\": 2}", false);
    check_equal(&arena, "NaN", "NaN", false);
    list  = parse(&arena, "[1, 2]");
    tuple = list;
    tuple.type = VALUE_TUPLE;
    CHECK(!value_equal(list, tuple) && value_equal(tuple, tuple));
    arena_fini(&arena);
}

TEST(value_truth_is_python_s)
{
    static const char *const no[]  = { "null", "false", "0", "0.0", "\"\"", "[]", "{}" };
    static const char *const yes[] = { "true", "-1", "0.1", "\"false\"", "[0]", "{\"a\": 0}" };
    Arena arena;

    arena_init(&arena, MIB(1));
    for (size_t i = 0; i < COUNT_OF(no); i++) {
        CHECK(!value_truth(parse(&arena, no[i])));
    }
    for (size_t i = 0; i < COUNT_OF(yes); i++) {
        CHECK(value_truth(parse(&arena, yes[i])));
    }
    arena_fini(&arena);
}

TEST(value_last_of_duplicate_keys_counts)
{
    Arena  arena;
    Buffer text;
    Value  value;

    arena_init(&arena, MIB(16));
    value = parse(&arena, "{\"a\": 1, \"b\": 2, \"a\": 3}");
    CHECK_INT(value.count, 2);
    CHECK_INT(value_get(value, TEXT("a"))->as.integer, 3);
    buffer_init(&text, MIB(8));
    buffer_char(&text, '{');
    for (int i = 0; i < 50000; i++) {
        buffer_printf(&text, "%s\"k%d\": %d", i ? "," : "", i % 40000, i);
    }
    buffer_char(&text, '}');
    value = parse(&arena, text.data);
    CHECK_INT(value.count, 40000);
    CHECK_INT(value_get(value, TEXT("k1"))->as.integer, 40001);
    buffer_fini(&text);
    arena_fini(&arena);
}

TEST(value_copy_depends_on_nothing)
{
    Arena from, to;
    Value copy;

    arena_init(&from, MIB(1));
    arena_init(&to, MIB(1));
    copy = value_copy(&to, parse(&from, "{\"k\": [\"text\", 1.5, {\"x\": null}]}"));
    arena_fini(&from);
    CHECK(value_equal(copy, parse(&to, "{\"k\": [\"text\", 1.5, {\"x\": null}]}")));
    arena_fini(&to);
}

TEST(kinds_match_by_name_or_wildcard)
{
    CHECK(kinds_match(KIND(IMAGE), KIND(IMAGE) | KIND(STRING)));
    CHECK(kinds_match(KINDS_ANY, KIND(IMAGE)) && kinds_match(KIND(FLOAT), KINDS_ANY));
    CHECK(!kinds_match(KIND(FLOAT), KIND(INTEGER)) && !kinds_match(0, KIND(IMAGE)));
    CHECK_INT(kind_find(TEXT("image")), KIND_IMAGE);
    CHECK_INT(kind_find(TEXT("nosuch")), -1);
}
