/*
 * base64 - bytes as text, the way pictures travel in JSON.
 *
 * Decoding looks each character up in a table that has its six bits in their
 * place already: four look-ups make three bytes, at some gigabytes a second
 * without vector instructions.  What is not four characters of the alphabet
 * takes a slower way, which is that of CPython's binascii.a2b_base64() without
 * strict mode, rule for rule, because clients send what Python accepts.
 */
#include "base/text.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* ---- encoding ----------------------------------------------------------- */

void base64_encode(char *out, const void *bytes, size_t length)
{
    const uint8_t *in = bytes;

    for (; length >= 3; length -= 3, in += 3, out += 4) {
        uint32_t word = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];

        out[0] = alphabet[word >> 18];
        out[1] = alphabet[word >> 12 & 63];
        out[2] = alphabet[word >> 6 & 63];
        out[3] = alphabet[word & 63];
    }
    if (length > 0) {
        uint32_t word = (uint32_t)in[0] << 16 | (length > 1 ? (uint32_t)in[1] << 8 : 0);

        out[0] = alphabet[word >> 18];
        out[1] = alphabet[word >> 12 & 63];
        out[2] = length > 1 ? alphabet[word >> 6 & 63] : '=';
        out[3] = '=';
    }
}

/* ---- decoding ----------------------------------------------------------- */

#define OTHER ((uint32_t)1 << 31)   /* not in either alphabet */
#define URL   ((uint32_t)1 << 30)   /* only in the alphabet for addresses */

/* What character `c` adds to a word when its six bits belong at `shift`. */
#define PLACE(c, shift)                                         \
    ((c) >= 'A' && (c) <= 'Z' ? (uint32_t)((c) - 'A')      << (shift) : \
     (c) >= 'a' && (c) <= 'z' ? (uint32_t)((c) - 'a' + 26) << (shift) : \
     (c) >= '0' && (c) <= '9' ? (uint32_t)((c) - '0' + 52) << (shift) : \
     (c) == '+'               ? (uint32_t)62 << (shift)       : \
     (c) == '/'               ? (uint32_t)63 << (shift)       : \
     (c) == '-'               ? (uint32_t)62 << (shift) | URL : \
     (c) == '_'               ? (uint32_t)63 << (shift) | URL : OTHER)

#define PLACE4(c, s)  PLACE(c, s), PLACE((c) + 1, s), PLACE((c) + 2, s), PLACE((c) + 3, s)
#define PLACE16(c, s) PLACE4(c, s), PLACE4((c) + 4, s), PLACE4((c) + 8, s), PLACE4((c) + 12, s)
#define PLACE64(c, s) \
    PLACE16(c, s), PLACE16((c) + 16, s), PLACE16((c) + 32, s), PLACE16((c) + 48, s)
#define PLACES(s) \
    { PLACE64(0, s), PLACE64(64, s), PLACE64(128, s), PLACE64(192, s) }

static const uint32_t places[4][256] = { PLACES(18), PLACES(12), PLACES(6), PLACES(0) };

/* Where decoding stands. */
typedef struct Decoder {
    const uint8_t *in, *end;
    uint8_t       *out;
    uint32_t       seen;    /* all words so far, for the URL flag */
} Decoder;

/* As far as there are four characters of the alphabets at a time. */
static void decode_plain(Decoder *decoder)
{
    const uint8_t *in  = decoder->in;
    uint8_t       *out = decoder->out;
    uint32_t       seen = decoder->seen;

    for (; decoder->end - in >= 4; in += 4, out += 3) {
        uint32_t word = places[0][in[0]] | places[1][in[1]] | places[2][in[2]] | places[3][in[3]];

        if (word & OTHER)
            break;
        seen |= word;
        out[0] = (uint8_t)(word >> 16);
        out[1] = (uint8_t)(word >> 8);
        out[2] = (uint8_t)word;
    }
    decoder->in   = in;
    decoder->out  = out;
    decoder->seen = seen;
}

/* One group among which other characters may stand.  The number of bytes it
 * made, or -1 when its padding is missing; *last when nothing may follow. */
static int decode_group(Decoder *decoder, bool *last)
{
    uint32_t word = 0;
    int      count = 0, pads = 0;

    while (decoder->in < decoder->end && count < 4) {
        uint8_t c = *decoder->in++;

        /* Padding counts from the third place on; a character after too
         * little of it makes it as if it had not been there. */
        if (c == '=' && count >= 2 && count + ++pads >= 4)
            break;
        if (places[3][c] & OTHER)
            continue;
        word |= places[count++][c];
        pads  = 0;
    }

    int bytes = count * 6 / 8;

    *last = count < 4;
    if (*last && count > 0 && count + pads < 4)
        return -1;
    for (int i = 0; i < bytes; i++)
        *decoder->out++ = (uint8_t)(word >> (16 - 8 * i));
    decoder->seen |= word;
    return bytes;
}

/* Whether `text` is what the bytes before `out` are written as. */
static bool is_last_group(const uint8_t *text, const uint8_t *out, int bytes)
{
    char again[4];

    if (bytes == 0)
        return false;
    base64_encode(again, out - bytes, (size_t)bytes);
    return memcmp(again, text, sizeof again) == 0;
}

int64_t base64_decode(uint8_t *out, Text text, bool *canonical)
{
    const uint8_t *start   = (const uint8_t *)(text.at ? text.at : "");
    Decoder        decoder = { start, start + text.length, out, 0 };
    bool           clean   = true, last = false;

    while (!last) {
        decode_plain(&decoder);
        if (decoder.in == decoder.end)
            break;

        const uint8_t *group = decoder.in;
        bool           final = decoder.end - group == 4;
        int            bytes = decode_group(&decoder, &last);

        if (bytes < 0)
            return -1;
        clean = clean && final && last && is_last_group(group, decoder.out, bytes);
    }
    if (canonical)
        *canonical = clean && !(decoder.seen & URL);
    return decoder.out - out;
}
