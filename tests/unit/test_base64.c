/*
 * test_base64 - base64 both ways, and everything odd as CPython decodes it.
 */
#include "base/text.h"

#include "base64_cases.h"
#include "test.h"

TEST(base64_encodes_every_length)
{
    static const struct { const char *bytes, *text; } rows[] = {
        { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
        { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" }, { "\xFF\xFE\xFD", "//79" },
    };
    char text[16];

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t length = strlen(rows[i].bytes);

        memset(text, 0, sizeof text);
        base64_encode(text, rows[i].bytes, length);
        CHECK_STR(text, rows[i].text);
        CHECK(base64_size(length) == strlen(rows[i].text));
    }
}

TEST(base64_decodes_as_python_does)
{
    for (size_t i = 0; i < COUNT_OF(base64_cases); i++) {
        const struct Base64Case *row = &base64_cases[i];
        Text    text = text_of(row->text);
        bool    canonical = false;
        char    hex[128] = "";

        /* Exactly the room that is promised to be enough. */
        uint8_t *out   = malloc((text.length / 4 + 1) * 3);
        int64_t length = base64_decode(out, text, &canonical);

        if (row->hex && CHECK(length >= 0)) {
            hex_encode(hex, out, (size_t)length);
            CHECK_STR(hex, row->hex);
            CHECK(canonical == row->canonical);
            CHECK_INT(base64_decode(out, text, NULL), length);
        } else if (!CHECK(length == -1 && !row->hex)) {
            printf("  %s\n", row->text);
        }
        free(out);
    }
}

TEST(base64_reads_back_what_it_wrote)
{
    enum { MOST = 1000 };
    uint8_t bytes[MOST], back[MOST + 3];
    char    text[base64_size(MOST)];
    bool    canonical = false;

    random_bytes(bytes, sizeof bytes);
    for (size_t n = 0; n <= MOST; n += 1 + n / 50) {
        base64_encode(text, bytes, n);
        CHECK_INT(base64_decode(back, (Text){ text, base64_size(n) }, &canonical), (intmax_t)n);
        CHECK(memcmp(bytes, back, n) == 0);
        CHECK(canonical);
    }
}

TEST(base64_reads_lines_and_addresses)
{
    static const char text[] = "/+//+/8A\r\n_-__-_8A\r\n/+8=\r\n";
    uint8_t out[sizeof text];
    char    hex[64];
    bool    canonical = true;

    CHECK_INT(base64_decode(out, text_of(text), &canonical), 14);
    hex_encode(hex, out, 14);
    CHECK_STR(hex, "ffeffffbff00" "ffeffffbff00" "ffef");
    CHECK(!canonical);
    CHECK_INT(base64_decode(out, (Text){ 0 }, &canonical), 0);
    CHECK(canonical);
}
