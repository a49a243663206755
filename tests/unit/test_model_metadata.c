/*
 * test_model_metadata - Python's dicts and lists out of ONNX notes.
 */
#include "model/metadata.h"

#include "test.h"

static Arena       arena;
static Error       err;
static const Text *names;
static int         count;

static bool read_names(const char *text)
{
    return metadata_names(&arena, text_of(text), &names, &count, &err);
}

TEST(metadata_names_are_read_as_python_prints_them)
{
    arena_init(&arena, MIB(1));
    if (CHECK(read_names("{0: 'ok', 1: \"driver's seat\", 2: 'a\\'b\\\\c'}"))) {
        CHECK_INT(count, 3);
        CHECK(text_is(names[0], "ok"));
        CHECK(text_is(names[1], "driver's seat"));
        CHECK(text_is(names[2], "a'b\\c"));
    }
    if (CHECK(read_names("{ 1 : 'b' , 0 : 'a', }"))) {
        CHECK(text_is(names[0], "a"));
        CHECK(text_is(names[1], "b"));
    }
    if (CHECK(read_names("['a', 'b, c', '{x}', ' trimmed ']"))) {
        CHECK_INT(count, 4);
        CHECK(text_is(names[1], "b, c"));
        CHECK(text_is(names[3], "trimmed"));
    }
    CHECK(read_names("{\"0\": \"a\"}") && text_is(names[0], "a"));
    CHECK(read_names("('a',)") && count == 1);
    CHECK(read_names("['caf\\xe9', '\\u00fc', '\\U0001F600', '\xC3\xA9']"));
    CHECK(text_is(names[0], "caf\xC3\xA9"));
    CHECK(text_is(names[1], "\xC3\xBC"));
    CHECK(text_is(names[2], "\xF0\x9F\x98\x80"));
    CHECK(text_is(names[3], "\xC3\xA9"));
    arena_fini(&arena);
}

TEST(metadata_names_that_make_no_sense_are_refused)
{
    static const char *const bad[] = {
        "", "{", "{}", "[]", "x", "'a'", "{0 'a'}", "{0: a}", "{0: 'a'", "{0: 'a' 1: 'b'}",
        "{0: 'a', 2: 'b'}", "{0: 'a', 0: 'b'}", "{1: 'a'}", "{-1: 'a'}", "{0: 'a'} x", "['a",
        "['a\\", "['\\x4']", "['\\ud800']", "['\\U99999999']", "{99999999999: 'a'}",
        "['\xFF']", "[1, 2]", "{0: 'a', 'x': 'b'}", "[,]", "(", "['a', 'b'", "{\"0: 'a'}",
    };

    arena_init(&arena, MIB(1));
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        err = (Error){ 0 };
        if (!CHECK(!read_names(bad[i])))
            CHECK_STR(bad[i], "refused");
        CHECK_INT(err.kind, ERR_INVALID);
    }
    CHECK(!metadata_names(&arena, (Text){ 0 }, &names, &count, &err));
    arena_fini(&arena);
}

TEST(metadata_numbers_are_one_or_a_list)
{
    int n[2] = { 0 };

    CHECK_INT(metadata_numbers(TEXT("[320, 640]"), n, 2), 2);
    CHECK_INT(n[0], 320);
    CHECK_INT(n[1], 640);
    CHECK_INT(metadata_numbers(TEXT("(224,224)"), n, 2), 2);
    CHECK_INT(metadata_numbers(TEXT(" 224 "), n, 2), 1);
    CHECK_INT(n[0], 224);
    CHECK_INT(metadata_numbers(TEXT("[1, 2, 3]"), n, 2), 0);
    CHECK_INT(metadata_numbers(TEXT("[1, 2"), n, 2), 0);
    CHECK_INT(metadata_numbers(TEXT("-1"), n, 2), 0);
    CHECK_INT(metadata_numbers(TEXT("1.5"), n, 2), 0);
    CHECK_INT(metadata_numbers(TEXT(""), n, 2), 0);
    CHECK_INT(metadata_numbers((Text){ 0 }, n, 2), 0);
}
