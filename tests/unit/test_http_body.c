/*
 * test_http_body - forms, members of JSON bodies, answers.
 */
#include "server/body.h"
#include "server/multipart.h"
#include "test.h"

/* ---- forms ---------------------------------------------------------------------- */

static const char form_type[] = "multipart/form-data; boundary=\"XX\"";

#define PART(name, content) \
    "--XX\r\nContent-Disposition: form-data; name=\"" name "\"; filename=\"../x\"\r\n" \
    "Content-Type: image/png\r\n\r\n" content "\r\n"

/* The part "file"; "-" if there is none, "!" if the form is refused. */
static const char *file_of(Arena *arena, const char *type, const char *body)
{
    Text  part;
    bool  found;
    Error err;

    if (!multipart_find(text_of(type), text_of(body), "file", &part, &found, &err)) {
        return "!";
    }
    return found ? arena_text(arena, part).at : "-";
}

TEST(http_finds_a_part_of_a_form)
{
    Arena arena;

    arena_init(&arena, MIB(1));
    CHECK_STR(file_of(&arena, form_type, PART("file", "abc") "--XX--\r\n"), "abc");
    CHECK_STR(file_of(&arena, form_type, PART("a", "1") PART("file", "") "--XX--"), "");
    CHECK_STR(file_of(&arena, form_type, PART("file", "1") PART("file", "2") "--XX--"), "1");
    CHECK_STR(file_of(&arena, form_type, PART("file", "\r\n\r\n--X\r\n") "--XX--"),
              "\r\n\r\n--X\r\n");
    CHECK_STR(file_of(&arena, form_type, "preamble\r\n" PART("file", "a") "--XX--"), "a");
    CHECK_STR(file_of(&arena, form_type, PART("other", "a") "--XX--"), "-");
    CHECK_STR(file_of(&arena, "multipart/form-data;boundary=XX; charset=x",
                      PART("file", "abc") "--XX--"), "abc");
    arena_fini(&arena);
}

/* As RFC 2046 and RFC 7578 have it, beyond what everybody writes. */
TEST(http_finds_a_part_of_an_unusual_form)
{
    static const char *const abc[] = {
        "--XX \t\r\n" "Content-Disposition: form-data; name=\"file\"\r\n\r\nabc\r\n--XX  \r\n"
            "\r\n\r\n--XX-- \r\n",
        "a --XX in a line\r\n--XXL\r\n" PART("file", "abc") "--XX--\r\nepilogue\r\n--XX\r\n",
        "--XX\r\n\r\nno head\r\n" PART("file", "abc") "--XX--",
        "--XX\r\n\r\n" PART("file", "abc") "--XX--",
        "--XX\r\nContent-Type: text/plain\r\n\r\n" PART("file", "abc") "--XX--",
        "--XX\r\nX: y\r\nCONTENT-DISPOSITION:form-data;NAME=file\r\n\r\nabc\r\n--XX--",
        "--XX\r\nContent-Disposition: form-data; name=file ; a\r\n\r\nabc\r\n--XX--",
        "--XX\r\nContent-Disposition: form-data; filename=\"; name=x\"; name=\"file\"\r\n\r\n"
            "abc\r\n--XX--",
        "--XX\r\nContent-Disposition: form-data; filename=\"a\\\"; name=\\\"x\"; name=\"file\""
            "\r\n\r\nabc\r\n--XX--",
        "--XX\r\nContent-Disposition: form-data; filename=\"C:\\new\\file\"; name=\"file\""
            "\r\n\r\nabc\r\n--XX--",
    };
    Arena arena;

    arena_init(&arena, MIB(1));
    for (size_t i = 0; i < COUNT_OF(abc); i++) {
        CHECK_STR(file_of(&arena, form_type, abc[i]), "abc");
    }
    CHECK_STR(file_of(&arena, form_type, PART("file", "a\r\n--XXY\r\nb\r\n--XX-") "--XX--"),
              "a\r\n--XXY\r\nb\r\n--XX-");
    CHECK_STR(file_of(&arena, form_type,
                      "--XX\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n--XX--"), "");
    CHECK_STR(file_of(&arena, form_type,
                      "--XX\r\nContent-Disposition: form-data; filename=\"file\"\r\n\r\na\r\n"
                      "--XX--"), "-");
    CHECK_STR(file_of(&arena, form_type, "--XX--\r\n"), "-");
    CHECK_STR(file_of(&arena, form_type, "--XXjunk\r\n\r\n\r\n--XX--"), "-");   /* a preamble */
    CHECK_STR(file_of(&arena, form_type, "a" PART("file", "a") "--XX--"), "-");
    CHECK_STR(file_of(&arena, "multipart/form-data; a=\"; boundary=YY\" ;boundary; Boundary=XX ; b",
                      PART("file", "abc") "--XX--"), "abc");
    arena_fini(&arena);
}

TEST(http_refuses_broken_forms)
{
    Arena  arena;
    Buffer many;

    arena_init(&arena, MIB(1));
    CHECK_STR(file_of(&arena, "multipart/form-data", PART("file", "a") "--XX--"), "!");
    CHECK_STR(file_of(&arena, "multipart/form-data; boundary=", ""), "!");
    CHECK_STR(file_of(&arena, "multipart/form-data; boundary=YY", PART("file", "a") "--XX--"), "!");
    CHECK_STR(file_of(&arena, form_type, ""), "!");
    CHECK_STR(file_of(&arena, form_type, PART("file", "a")), "!");
    CHECK_STR(file_of(&arena, form_type, "--XX"), "!");
    CHECK_STR(file_of(&arena, form_type, "--XX\r\nno head\r\n--XX--"), "!");
    CHECK_STR(file_of(&arena, form_type, PART("file", "a") "--XX"), "!");
    CHECK_STR(file_of(&arena, form_type, PART("file", "a") "--XX-"), "!");
    CHECK_STR(file_of(&arena, form_type, PART("file", "a") "\n--XX--"), "!");
    CHECK_STR(file_of(&arena, "multipart/form-data; boundary=\"XX", PART("file", "a") "--XX--"),
              "!");
    CHECK_STR(file_of(&arena, "multipart/form-data; xboundary=XX", PART("file", "a") "--XX--"),
              "!");
    buffer_init(&many, MIB(1));
    for (int i = 0; i < 101; i++) {
        buffer_string(&many, PART("a", "b"));
    }
    buffer_string(&many, "--XX--");
    CHECK_STR(file_of(&arena, form_type, many.data), "!");
    buffer_fini(&many);
    arena_fini(&arena);
}

/* A form cut off anywhere is refused, and never read past its end. */
TEST(http_refuses_every_beginning_of_a_form)
{
    static const char whole[] = PART("a", "1") PART("file", "abc") "--XX--";
    Arena             arena;

    arena_init(&arena, MIB(1));
    for (size_t length = 0; length < strlen(whole); length++) {
        char *copy = malloc(MAX(length, 1));
        Text  part;
        bool  found;
        Error err;

        memcpy(copy, whole, length);
        CHECK(!multipart_find(text_of(form_type), (Text){ copy, length }, "file", &part, &found,
                              &err));
        free(copy);
    }
    arena_fini(&arena);
}

/* ---- members -------------------------------------------------------------------- */

static const Member members[] = {
    { "object", WANTED_OBJECT, true, false },     { "text", WANTED_TEXT, false, true },
    { "flag", WANTED_FLAG, false, false },        { "texts", WANTED_TEXTS, false, true },
    { "natural", WANTED_NATURAL, false, false },  { "threshold", WANTED_THRESHOLD, false, false },
    { 0 },
};

/* The body's answer: "" when it is right, else the 422. */
static const char *answer_to(Arena *arena, const char *type, const char *body)
{
    Request     request  = { .arena = arena, .body = text_of(body), .content_type = text_of(type) };
    Response    response = { .status = 200 };
    const char *answer;

    buffer_init(&response.buffer, MIB(1));
    answer = body_read(&request, &response, members)
                 ? "" : arena_string(arena, response.buffer.data);
    buffer_fini(&response.buffer);
    return answer;
}

TEST(http_takes_right_bodies)
{
    static const char *const right[] = {
        "{\"object\":{}}", "{\"object\":{},\"text\":null,\"texts\":null,\"more\":1}",
        "{\"object\":{},\"flag\":\"YES\"}", "{\"object\":{},\"flag\":0}",
        "{\"object\":{},\"texts\":[]}", "{\"object\":{},\"natural\":0}",
        "{\"object\":{},\"threshold\":\"best\"}", "{\"object\":{},\"threshold\":\"0.5\"}",
        "{\"object\":{\"a\":NaN},\"threshold\":true}",
    };
    Arena arena;

    arena_init(&arena, MIB(4));
    for (size_t i = 0; i < COUNT_OF(right); i++) {
        CHECK_STR(answer_to(&arena, "application/json", right[i]), "");
    }
    CHECK_STR(answer_to(&arena, "APPLICATION/Json ; charset=utf-8", right[0]), "");
    CHECK_STR(answer_to(&arena, "application/vnd.x+json", right[0]), "");
    arena_fini(&arena);
}

TEST(http_tells_all_that_is_wrong_with_a_body)
{
    Arena arena;

    arena_init(&arena, MIB(4));
    CHECK_STR(answer_to(&arena, "application/json", "{}"),
              "{\"detail\":[{\"type\":\"missing\",\"loc\":[\"body\",\"object\"],"
              "\"msg\":\"Field required\",\"input\":{}}]}");
    CHECK_STR(answer_to(&arena, "application/json", "{\"object\":1,\"texts\":[2]}"),
              "{\"detail\":[{\"type\":\"dict_type\",\"loc\":[\"body\",\"object\"],"
              "\"msg\":\"Input should be a valid dictionary\",\"input\":1},"
              "{\"type\":\"string_type\",\"loc\":[\"body\",\"texts\",0],"
              "\"msg\":\"Input should be a valid string\",\"input\":2}]}");
    CHECK_STR(answer_to(&arena, "application/json", "{\"object\":{},\"natural\":-1}"),
              "{\"detail\":[{\"type\":\"greater_than_equal\",\"loc\":[\"body\",\"natural\"],"
              "\"msg\":\"Input should be greater than or equal to 0\",\"input\":-1,"
              "\"ctx\":{\"ge\":0}}]}");
    CHECK_STR(answer_to(&arena, "application/json", "[]"),
              "{\"detail\":[{\"type\":\"model_attributes_type\",\"loc\":[\"body\"],"
              "\"msg\":\"Input should be a valid dictionary or object to extract fields from\","
              "\"input\":[]}]}");
    CHECK(strstr(answer_to(&arena, "application/json", "{\"a\":1,}"),
                 "\"type\":\"json_invalid\",\"loc\":[\"body\",6]") != NULL);
    CHECK(strstr(answer_to(&arena, "text/plain", "{}"), "Content-Type") != NULL);
    CHECK(strstr(answer_to(&arena, "", "{}"), "Content-Type") != NULL);
    arena_fini(&arena);
}

/* ---- answers -------------------------------------------------------------------- */

TEST(http_messages_replace_what_was_begun)
{
    Response response = { .status = 200, .content_type = "image/png" };
    Error    err;

    buffer_init(&response.buffer, MIB(1));
    buffer_string(&response.buffer, "half an answer");
    response_header(&response, "X-A", "b");
    response_message(&response, 404, "no \"%s\"", "x");
    CHECK_INT(response.status, 404);
    CHECK_STR(response.content_type, "application/json");
    CHECK_STR(response.buffer.data, "{\"message\":\"no \\\"x\\\"\"}");
    CHECK_INT(response.header_count, 0);
    fail(&err, ERR_BUSY, "later");
    response_error(&response, &err);
    CHECK_INT(response.status, 503);
    CHECK_STR(response.headers[0].name, "Retry-After");
    buffer_fini(&response.buffer);
}
