/*
 * base64 - fuzzes base64 against a decoder that is slow and obvious.
 *
 * The other decoder takes one character after the other, the way the manual
 * of CPython's binascii.a2b_base64() describes it.  Both must agree on every
 * input, and what is canonical must be what encoding gives.
 */
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int six_bits(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

static int64_t decode_slowly(uint8_t *out, const uint8_t *text, size_t size)
{
    uint32_t bits = 0;
    int      place = 0, pads = 0;
    int64_t  length = 0;

    for (size_t i = 0; i < size; i++) {
        int six = six_bits(text[i]);

        if (text[i] == '=' && place >= 2 && place + ++pads >= 4)
            return length;
        if (six < 0)
            continue;
        pads  = 0;
        bits  = bits << 6 | (uint32_t)six;
        place = (place + 1) % 4;
        if (place != 1)
            out[length++] = (uint8_t)(bits >> (place == 0 ? 0 : place == 2 ? 4 : 2));
    }
    return place == 0 ? length : -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Text     text      = { (const char *)data, size };
    uint8_t *out       = malloc((size / 4 + 1) * 3);
    uint8_t *expected  = malloc(size + 1);
    char    *again     = malloc(base64_size(size) + 1);
    bool     canonical = false;

    if (!out || !expected || !again)
        abort();

    int64_t length = base64_decode(out, text, &canonical);
    assert(length == decode_slowly(expected, data, size));
    if (length >= 0) {
        assert(memcmp(out, expected, (size_t)length) == 0);

        size_t coded = base64_size((size_t)length);
        assert(coded <= base64_size(size));
        base64_encode(again, out, (size_t)length);
        assert(canonical == text_equal((Text){ again, coded }, text));
    }

    free(out);
    out = malloc((base64_size(size) / 4 + 1) * 3);
    if (!out)
        abort();
    base64_encode(again, data, size);
    length = base64_decode(out, (Text){ again, base64_size(size) }, &canonical);
    assert(length == (int64_t)size && canonical);
    assert(size == 0 || memcmp(out, data, size) == 0);

    free(out);
    free(expected);
    free(again);
    return 0;
}
