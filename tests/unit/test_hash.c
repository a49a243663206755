/*
 * test_hash - hex, SHA-256 and identifiers.
 */
#include "base/text.h"

#include "test.h"

TEST(hex_and_sha256_of_known_bytes)
{
    uint8_t digest[SHA256_SIZE];
    char    hex[2 * SHA256_SIZE + 1];

    hex_encode(hex, "\x00\x0F\xA0\xFF", 4);
    CHECK_STR(hex, "000fa0ff");
    hex_encode(hex, NULL, 0);
    CHECK_STR(hex, "");
    sha256(digest, "abc", 3);
    hex_encode(hex, digest, sizeof digest);
    CHECK_STR(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256(digest, NULL, 0);
    hex_encode(hex, digest, sizeof digest);
    CHECK_STR(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(uuids_have_their_versions)
{
    char a[UUID_SIZE], b[UUID_SIZE];

    uuid4(a);
    uuid4(b);
    CHECK(uuid_valid(text_of(a)));
    CHECK(a[14] == '4' && strchr("89ab", a[19]));
    CHECK(strcmp(a, b) != 0);
    uuid7(a);
    CHECK(uuid_valid(text_of(a)));
    CHECK(a[14] == '7' && strchr("89ab", a[19]));

    static const uint8_t bytes[16] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF,
                                       0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF };
    uuid_format(a, bytes);
    CHECK_STR(a, "01234567-89ab-cdef-0123-456789abcdef");
}

TEST(uuid7_sorts_by_time)
{
    char earlier[UUID_SIZE], later[UUID_SIZE];

    for (int i = 0; i < 50; i++) {
        uuid7(earlier);
        nanosleep(&(struct timespec){ 0, 2000 }, NULL);
        uuid7(later);
        CHECK(strcmp(earlier, later) < 0);
    }
}

TEST(uuid_valid_knows_the_form)
{
    CHECK(uuid_valid(TEXT("01234567-89ab-CDEF-0123-456789abcdef")));
    CHECK(!uuid_valid(TEXT("")));
    CHECK(!uuid_valid(TEXT("01234567-89ab-cdef-0123-456789abcde")));
    CHECK(!uuid_valid(TEXT("01234567-89ab-cdef-0123-456789abcdefa")));
    CHECK(!uuid_valid(TEXT("01234567889ab-cdef-0123-456789abcdef")));
    CHECK(!uuid_valid(TEXT("01234567-89ab-cdef-0123-456789abcdeg")));
    CHECK(!uuid_valid(TEXT("-1234567-89ab-cdef-0123-456789abcdef")));
}

TEST(random_bytes_differ)
{
    uint8_t a[16] = { 0 }, b[16] = { 0 };

    random_bytes(a, sizeof a);
    random_bytes(b, sizeof b);
    random_bytes(NULL, 0);
    CHECK(memcmp(a, b, sizeof a) != 0);
}
