/*
 * test_buffer - growing bytes: the NUL that does not count, limits, moving out.
 */
#include "base/buffer.h"
#include "test.h"

TEST(buffer_appends_and_keeps_a_nul)
{
    Buffer b;

    buffer_init(&b, KIB(1));
    CHECK(b.data == NULL);
    buffer_append(&b, NULL, 0);
    CHECK_STR(b.data, "");
    buffer_string(&b, "abc");
    buffer_char(&b, '-');
    buffer_text(&b, TEXT("def"));
    buffer_text(&b, (Text){ 0 });
    buffer_printf(&b, " %d %s", 7, "g");
    CHECK_STR(b.data, "abc-def 7 g");
    CHECK(b.length == 11);
    CHECK(!b.failed);

    buffer_clear(&b);
    CHECK_STR(b.data, "");
    CHECK(b.length == 0);
    buffer_fini(&b);
    CHECK(b.data == NULL);
}

TEST(buffer_limit_is_exact)
{
    for (size_t limit = 0; limit < 2000; limit += 1 + limit / 7) {
        Buffer b;

        buffer_init(&b, limit);
        for (size_t i = 0; i < limit; i++)
            buffer_char(&b, 'x');
        CHECK(!b.failed);
        CHECK(b.length == limit);
        buffer_char(&b, 'x');
        CHECK(b.failed);
        CHECK(b.length == limit);
        CHECK(b.capacity <= limit + 1);
        buffer_string(&b, "");
        CHECK(b.failed);
        buffer_fini(&b);
    }
}

TEST(buffer_failure_is_sticky_until_cleared)
{
    Buffer b;
    size_t length = 99;

    buffer_init(&b, 10);
    buffer_string(&b, "0123456");
    buffer_string(&b, "789a");
    CHECK(b.failed);
    CHECK_STR(b.data, "0123456");
    buffer_string(&b, "7");
    CHECK_STR(b.data, "0123456");
    CHECK(buffer_room(&b, 1) == NULL);
    CHECK(buffer_take(&b, &length) == NULL);

    buffer_clear(&b);
    buffer_string(&b, "again");
    CHECK_STR(b.data, "again");
    CHECK(!b.failed);
    buffer_fini(&b);
}

TEST(buffer_printf_of_any_length)
{
    char longer[3000];

    memset(longer, 'z', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    for (int n = 0; n < 2999; n += 1 + n / 10) {
        Buffer b;

        buffer_init(&b, 3010);
        buffer_string(&b, "0123456789");
        buffer_printf(&b, "%.*s", n, longer);
        CHECK(!b.failed);
        CHECK(b.length == 10 + (size_t)n);
        CHECK(b.data[b.length] == '\0');
        buffer_printf(&b, "%s%s", longer, longer);
        CHECK(b.failed);
        CHECK(b.length == 10 + (size_t)n);
        CHECK(b.data[b.length] == '\0');
        buffer_fini(&b);
    }
}

TEST(buffer_room_is_claimed)
{
    Buffer b;

    buffer_init(&b, MIB(1));
    buffer_string(&b, "head:");
    char *room = buffer_room(&b, 5000);
    if (!CHECK(room != NULL))
        return;
    memset(room, 'r', 5000);
    CHECK(b.length == 5);
    buffer_claim(&b, 4);
    CHECK_STR(b.data, "head:rrrr");
    CHECK(buffer_room(&b, MIB(1)) == NULL);
    CHECK(b.failed);
    buffer_fini(&b);
}

TEST(buffer_refuses_sizes_that_overflow)
{
    Buffer b;

    static const size_t sizes[] = { SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2 + 1, SIZE_MAX / 2 };

    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        buffer_init(&b, SIZE_MAX);
        buffer_string(&b, "x");
        CHECK(buffer_room(&b, sizes[i]) == NULL);
        CHECK(b.failed);
        CHECK_STR(b.data, "x");
        buffer_fini(&b);
    }
}

TEST(buffer_take_moves_the_bytes_out)
{
    Buffer b;
    size_t length = 0;

    buffer_init(&b, 100);
    buffer_string(&b, "mine");
    char *bytes = buffer_take(&b, &length);
    CHECK_STR(bytes, "mine");
    CHECK(length == 4);
    CHECK(b.data == NULL);
    free(bytes);

    bytes = buffer_take(&b, &length);   /* nothing was ever appended */
    CHECK_STR(bytes, "");
    CHECK(length == 0);
    free(bytes);
    buffer_fini(&b);
}
