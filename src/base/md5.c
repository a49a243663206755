/*
 * md5 - the MD5 digest of RFC 1321.
 *
 * Not for security: some class ids are defined as a part of it, and libsodium
 * does not have it.
 */
#include <math.h>

#include "base/text.h"

static uint32_t rotate(uint32_t v, int by)
{
    return v << by | v >> (32 - by);
}

static void add_block(uint32_t state[4], const uint8_t *block)
{
    static const uint8_t turns[4][4] = {
        { 7, 12, 17, 22 }, { 5, 9, 14, 20 }, { 4, 11, 16, 23 }, { 6, 10, 15, 21 },
    };
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];

    for (int i = 0; i < 64; i++) {
        int      round = i / 16;
        int      at    = (round == 0 ? i : round == 1 ? 5 * i + 1 : round == 2 ? 3 * i + 5
                                                                               : 7 * i) % 16 * 4;
        uint32_t mix   = round == 0   ? (b & c) | (~b & d)
                         : round == 1 ? (d & b) | (~d & c)
                         : round == 2 ? b ^ c ^ d : c ^ (b | ~d);
        uint32_t word  = (uint32_t)block[at] | (uint32_t)block[at + 1] << 8 |
                         (uint32_t)block[at + 2] << 16 | (uint32_t)block[at + 3] << 24;
        uint32_t sine  = (uint32_t)(fabs(sin(i + 1)) * 4294967296.0);
        uint32_t next  = b + rotate(a + mix + word + sine, turns[round][i % 4]);

        a = d;
        d = c;
        c = b;
        b = next;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
}

void md5(uint8_t out[MD5_SIZE], const void *bytes, size_t length)
{
    uint32_t       state[4] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 };
    const uint8_t *in       = bytes;
    size_t         left     = length;
    uint8_t        tail[128] = { 0 };
    size_t         size;

    for (; left >= 64; left -= 64, in += 64) {
        add_block(state, in);
    }
    if (left) {
        memcpy(tail, in, left);
    }
    tail[left] = 0x80;
    size       = left < 56 ? 64 : 128;
    for (size_t i = 0; i < 8; i++) {
        tail[size - 8 + i] = (uint8_t)((uint64_t)length * 8 >> 8 * i);
    }
    for (size_t at = 0; at < size; at += 64) {
        add_block(state, tail + at);
    }
    for (size_t i = 0; i < MD5_SIZE; i++) {
        out[i] = (uint8_t)(state[i / 4] >> 8 * (i % 4));
    }
}
