/*
 * test_json - reading JSON: what is accepted, refused, bounded; the getters.
 */
#include "base/json.h"

#include <math.h>

#include "test.h"

static Arena arena;

static const Json *parse_flags(const char *text, int flags, Error *err)
{
    *err = (Error){ 0 };
    return json_parse(&arena, text_of(text), flags, err);
}

static const Json *parse(const char *text)
{
    Error err;

    return parse_flags(text, JSON_STRICT, &err);
}

TEST(json_reads_every_type)
{
    arena_init(&arena, MIB(1));
    const Json *json = parse("{\"n\":null,\"t\":true,\"f\":false,\"i\":-5,\"z\":-0,\"d\":1.5,"
                             "\"s\":\"a\\u00e9\\n\\ud83d\\ude00\","
                             "\"a\":[1,[],{}],\"o\":{\"x\":1}}");
    if (!CHECK(json != NULL))
        return;

    CHECK_INT(json_type(json), JSON_OBJECT);
    CHECK(json_count(json) == 9);
    CHECK(json_is(json_get(json, "n"), JSON_NULL));
    CHECK(json_bool(json_get(json, "t"), false));
    CHECK(!json_bool(json_get(json, "f"), true));
    CHECK_INT(json_int(json_get(json, "i"), 0), -5);
    CHECK_INT(json_type(json_get(json, "z")), JSON_INT);
    CHECK_INT(json_type(json_get(json, "d")), JSON_DOUBLE);
    CHECK_NEAR(json_double(json_get(json, "d"), 0), 1.5, 0);
    CHECK_NEAR(json_double(json_get(json, "i"), 0), -5, 0);
    CHECK_STR(json_text(json_get(json, "s")).at, "a\xC3\xA9\n\xF0\x9F\x98\x80");
    CHECK(json_count(json_get(json, "a")) == 3);
    CHECK_INT(json_int(json_get(json_get(json, "o"), "x"), 0), 1);
    CHECK(json_get(json, "absent") == NULL);
    CHECK(json_get(json_get(json, "a"), "x") == NULL);
    arena_fini(&arena);
}

TEST(json_getters_answer_otherwise)
{
    arena_init(&arena, MIB(1));
    const Json *text = parse("\"x\"");

    CHECK_INT(json_type(NULL), JSON_NULL);
    CHECK(json_bool(NULL, true));
    CHECK(json_bool(text, true));
    CHECK_INT(json_int(NULL, 7), 7);
    CHECK_INT(json_int(text, 7), 7);
    CHECK_INT(json_int(parse("1.0"), 7), 7);
    CHECK_INT(json_int(parse("9223372036854775808"), 7), 7);
    CHECK(json_uint(text) == 0);
    CHECK(json_uint(parse("-1")) == 0);
    CHECK_NEAR(json_double(text, 2.5), 2.5, 0);
    CHECK(json_text(NULL).at == NULL);
    CHECK(json_text(parse("1")).at == NULL);
    CHECK(json_count(text) == 0);
    CHECK(json_get(NULL, "x") == NULL);
    CHECK(!json_is_number(text));
    CHECK(!json_is_number(NULL));
    arena_fini(&arena);
}

TEST(json_keeps_integers_apart)
{
    static const struct { const char *text; JsonType type; } rows[] = {
        { "0", JSON_INT },                     { "-0", JSON_INT },
        { "-0.0", JSON_DOUBLE },               { "1e2", JSON_DOUBLE },
        { "9007199254740993", JSON_INT },      { "9223372036854775807", JSON_INT },
        { "9223372036854775808", JSON_UINT },  { "18446744073709551615", JSON_UINT },
        { "18446744073709551616", JSON_DOUBLE },
        { "-9223372036854775808", JSON_INT },  { "-9223372036854775809", JSON_DOUBLE },
    };

    arena_init(&arena, MIB(1));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CHECK_INT(json_type(parse(rows[i].text)), rows[i].type);
        CHECK(json_is_number(parse(rows[i].text)));
    }
    CHECK(json_int(parse("9007199254740993"), 0) == 9007199254740993);
    CHECK(json_uint(parse("18446744073709551615")) == UINT64_MAX);
    CHECK(json_uint(parse("5")) == 5);
    CHECK_NEAR(json_double(parse("18446744073709551616"), 0), 18446744073709551616.0, 0);
    CHECK(signbit(json_double(parse("-0.0"), 1)));
    arena_fini(&arena);
}

TEST(json_refuses_what_is_not_json)
{
    static const char *const rows[] = {
        "", " \n", "[1,]", "[01]", "[+1]", "[.5]", "[1.]", "{\"a\":1,}", "{a:1}", "{'a':1}", "nul",
        "[1 2]", "1 2", "[1]x", "[", "]", "{\"a\"}", "\"\\x\"", "\"\t\"", "\"a", "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\xFF\"", "\"\xC0\xAF\"", "\"\xED\xA0\x80\"", "// x\n1", "NaN", "[Infinity]",
        "1e999", "-1e999", "\xEF\xBB\xBF[1]", "True", "[\"a\":1]", "\"\\\"", "\"\\\\\\\"",
    };

    arena_init(&arena, MIB(1));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        Error err;

        if (!CHECK(parse_flags(rows[i], JSON_STRICT, &err) == NULL))
            printf("  %s\n", rows[i]);
        CHECK_INT(err.kind, ERR_INVALID);
    }
    CHECK(json_parse(&arena, (Text){ 0 }, JSON_STRICT, NULL) == NULL);
    CHECK(json_parse(&arena, (Text){ "1\0", 2 }, JSON_STRICT, NULL) == NULL);
    arena_fini(&arena);
}

TEST(json_error_tells_where)
{
    Error err;

    arena_init(&arena, MIB(1));
    CHECK(parse_flags("{\n  \"\xC3\xA9\": tru }", JSON_STRICT, &err) == NULL);
    CHECK_STR(err.text, "JSON is wrong at byte 10 (line 2, column 8): invalid literal, expected "
                        "a valid literal such as 'true'");
    CHECK(parse_flags("[1,\n2]]", JSON_STRICT, &err) == NULL);
    CHECK(strstr(err.text, "byte 6 (line 2, column 3): ") != NULL);
    CHECK(parse_flags("\xEF\xBB\xBF{}", JSON_STRICT, &err) == NULL);
    CHECK(strstr(err.text, "byte 0 ") && strstr(err.text, "BOM"));
    CHECK(parse_flags("", JSON_STRICT, &err) == NULL);
    CHECK_STR(err.text, "JSON is expected, but there is no text");
    arena_fini(&arena);
}

TEST(json_nan_takes_what_python_spells)
{
    static const char *const good[] = { "NaN", "Infinity", "-Infinity", "[NaN,null]", "1e999" };
    static const char *const bad[]  = {
        "nan", "inf", "Inf", "-inf", "-NaN", "infinity", "INFINITY", "+Infinity", "NaNs", "-",
        "Nan", "[nUll]", "Infinit", "-nan", "{NaN:1}",
    };
    Error err;

    arena_init(&arena, MIB(1));
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        CHECK(parse_flags(good[i], JSON_NAN, &err) != NULL);
        CHECK(parse_flags(good[i], JSON_STRICT, &err) == NULL);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (!CHECK(parse_flags(bad[i], JSON_NAN, &err) == NULL))
            printf("  %s\n", bad[i]);

    CHECK(isnan(json_double(parse_flags("NaN", JSON_NAN, &err), 0)));
    CHECK_NEAR(json_double(parse_flags("-Infinity", JSON_NAN, &err), 0), -INFINITY, 0);
    CHECK_NEAR(json_double(parse_flags("1e999", JSON_NAN, &err), 0), INFINITY, 0);
    CHECK_STR(json_text(parse_flags("\"nan\"", JSON_NAN, &err)).at, "nan");
    CHECK(json_is(parse_flags("[\"a\\\"nan\",true,1e5,-1]", JSON_NAN, &err), JSON_ARRAY));
    arena_fini(&arena);
}

/* `count` times `open`, the middle, `count` times `close`. */
static char *nest(size_t count, char open, const char *middle, char close)
{
    size_t n    = strlen(middle);
    char  *text = malloc(2 * count + n + 1);

    if (!text)
        abort();
    memset(text, open, count);
    memcpy(text + count, middle, n);
    memset(text + count + n, close, count);
    text[2 * count + n] = '\0';
    return text;
}

TEST(json_depth_is_limited)
{
    Error err;

    arena_init(&arena, MIB(1));
    for (size_t depth = LIMIT_JSON_DEPTH - 1; depth <= LIMIT_JSON_DEPTH + 1; depth++) {
        char *text = nest(depth, '[', "\"[[[[\\\"[[\"", ']');

        CHECK((parse_flags(text, JSON_STRICT, &err) != NULL) == (depth <= LIMIT_JSON_DEPTH));
        free(text);
    }
    CHECK_STR(err.text, "JSON is wrong at byte 64 (line 1, column 65): nested too deeply");

    char *text = nest(100000, '[', "", ']');
    CHECK(parse_flags(text, JSON_STRICT, &err) == NULL);
    CHECK_INT(err.kind, ERR_INVALID);
    free(text);
    arena_fini(&arena);
}

TEST(json_nodes_are_limited)
{
    Error  err;
    Buffer text;

    arena_init(&arena, MIB(1));
    for (int elements = LIMIT_JSON_NODES - 2; elements <= LIMIT_JSON_NODES; elements++) {
        buffer_init(&text, MIB(16));   /* the array is a node, too */
        for (int i = 0; i < elements; i++)
            buffer_string(&text, i == 0 ? "[1" : i % 2 ? ",{}" : ", \"\"");
        buffer_char(&text, ']');

        const Json *json = json_parse(&arena, (Text){ text.data, text.length }, 0, &err);
        CHECK((json != NULL) == (elements < LIMIT_JSON_NODES));
        buffer_fini(&text);
    }
    CHECK_INT(err.kind, ERR_INVALID);
    CHECK(strstr(err.text, "too many values") != NULL);
    arena_fini(&arena);
}

TEST(json_last_of_duplicate_keys_counts)
{
    arena_init(&arena, MIB(1));
    const Json *json = parse("{\"a\":1,\"b\":2,\"a\":{\"deep\":[3]},\"\\u0000\":4,\"\":5}");
    JsonWalk    walk = json_walk(json);
    int         seen = 0;

    CHECK(json_is(json_get(json, "a"), JSON_OBJECT));
    CHECK_INT(json_int(json_get_text(json, (Text){ "\0", 1 }), 0), 4);
    CHECK_INT(json_int(json_get(json, ""), 0), 5);
    while (json_next(&walk)) {
        CHECK(walk.index == (size_t)seen);
        CHECK(walk.key.at != NULL);
        seen++;
    }
    CHECK_INT(seen, 5);
    CHECK(!json_next(&walk));
    arena_fini(&arena);
}

TEST(json_walks_arrays_and_nothing)
{
    arena_init(&arena, MIB(1));
    JsonWalk walk = json_walk(parse("[[1,2],{\"x\":[3]},4]"));

    CHECK(json_next(&walk) && json_count(walk.value) == 2 && walk.key.at == NULL);
    CHECK(json_next(&walk) && json_is(walk.value, JSON_OBJECT));
    CHECK(json_next(&walk) && json_int(walk.value, 0) == 4 && walk.index == 2);
    CHECK(!json_next(&walk));

    walk = json_walk(NULL);
    CHECK(!json_next(&walk));
    walk = json_walk(parse("[]"));
    CHECK(!json_next(&walk));
    walk = json_walk(parse("17"));
    CHECK(!json_next(&walk));
    arena_fini(&arena);
}

TEST(json_text_may_be_freed_after_parsing)
{
    Error err;

    arena_init(&arena, MIB(1));
    char *text = strdup("{\"key\":\"value\"}");
    const Json *json = json_parse(&arena, text_of(text), JSON_STRICT, &err);
    memset(text, 'x', strlen(text));
    free(text);
    CHECK_STR(json_text(json_get(json, "key")).at, "value");
    arena_fini(&arena);
}

TEST(json_without_arena_memory_fails)
{
    Error err;

    arena_init(&arena, 8);
    CHECK(parse_flags("[1]", JSON_STRICT, &err) == NULL);
    CHECK_INT(err.kind, ERR_MEMORY);
    CHECK(arena_failed(&arena));
    arena_fini(&arena);
}
