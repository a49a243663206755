/*
 * hash - SHA-256, hex, unpredictable bytes and the identifiers made of them.
 *
 * libsodium does what must not be got wrong; it is initialised on first use,
 * because nothing in this program runs before main().
 */
#include <pthread.h>
#include <sodium.h>

#include "base/clock.h"
#include "base/text.h"

static const char hex_digits[] = "0123456789abcdef";

void hex_encode(char *out, const void *bytes, size_t length)
{
    const uint8_t *in = bytes;

    for (size_t i = 0; i < length; i++) {
        *out++ = hex_digits[in[i] >> 4];
        *out++ = hex_digits[in[i] & 15];
    }
    *out = '\0';
}

void sha256(uint8_t out[SHA256_SIZE], const void *bytes, size_t length)
{
    _Static_assert(SHA256_SIZE == crypto_hash_sha256_BYTES, "SHA-256 has 32 bytes");
    crypto_hash_sha256(out, bytes ? bytes : "", length);
}

static void start_sodium(void)
{
    if (sodium_init() < 0) {
        fputs("libsodium finds no source of randomness\n", stderr);
        abort();
    }
}

void random_bytes(void *out, size_t length)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, start_sodium);
    if (length > 0)
        randombytes_buf(out, length);
}

void uuid_format(char out[UUID_SIZE], const uint8_t bytes[16])
{
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        *out++ = hex_digits[bytes[i] >> 4];
        *out++ = hex_digits[bytes[i] & 15];
    }
    *out = '\0';
}

/* Set the two fields that RFC 9562 fixes, and print. */
static void finish_uuid(char out[UUID_SIZE], uint8_t bytes[16], unsigned version)
{
    bytes[6] = (uint8_t)((bytes[6] & 0x0F) | version << 4);
    bytes[8] = (uint8_t)((bytes[8] & 0x3F) | 0x80);
    uuid_format(out, bytes);
}

void uuid4(char out[UUID_SIZE])
{
    uint8_t bytes[16];

    random_bytes(bytes, sizeof bytes);
    finish_uuid(out, bytes, 4);
}

/* 48 bits of milliseconds, and in the 12 bits that follow the version the
 * fraction of a millisecond (RFC 9562, 6.2, method 3): identifiers made by
 * one machine sort by time to a quarter of a microsecond. */
void uuid7(char out[UUID_SIZE])
{
    uint8_t  bytes[16];
    uint64_t now          = (uint64_t)clock_wall();
    uint64_t milliseconds = now / 1000;
    uint64_t fraction     = now % 1000 * 4096 / 1000;

    random_bytes(bytes, sizeof bytes);
    for (int i = 0; i < 6; i++)
        bytes[i] = (uint8_t)(milliseconds >> (40 - 8 * i));
    bytes[6] = (uint8_t)(fraction >> 8);
    bytes[7] = (uint8_t)fraction;
    finish_uuid(out, bytes, 7);
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool uuid_valid(Text text)
{
    if (text.length != UUID_SIZE - 1)
        return false;

    for (size_t i = 0; i < text.length; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (dash ? text.at[i] != '-' : !is_hex(text.at[i]))
            return false;
    }
    return true;
}
