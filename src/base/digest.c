/*
 * digest - BLAKE2b with 16 bytes.
 */
#include "base/digest.h"

#include <pthread.h>
#include <sodium.h>

#include "base/text.h"

/* libsodium chooses the fastest code for this processor when it is started. */
static void start_sodium(void)
{
    if (sodium_init() < 0) {
        fputs("libsodium finds no source of randomness\n", stderr);
        abort();
    }
}

static crypto_generichash_state *state_of(Digester *digester)
{
    _Static_assert(sizeof(digester->state) >= sizeof(crypto_generichash_state), "state fits");
    return (crypto_generichash_state *)(void *)digester->state;
}

void digest_begin(Digester *digester)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, start_sodium);
    crypto_generichash_init(state_of(digester), NULL, 0, DIGEST_SIZE);
}

void digest_add(Digester *digester, const void *bytes, size_t length)
{
    if (length > 0) {
        crypto_generichash_update(state_of(digester), bytes, length);
    }
}

Digest digest_end(Digester *digester)
{
    Digest digest;

    crypto_generichash_final(state_of(digester), digest.bytes, DIGEST_SIZE);
    return digest;
}

void digest_write(char out[DIGEST_TEXT], Digest digest)
{
    hex_encode(out, digest.bytes, DIGEST_SIZE);
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool digest_read(Text text, Digest *out)
{
    if (text.length != DIGEST_TEXT - 1) {
        return false;
    }
    for (size_t i = 0; i < DIGEST_SIZE; i++) {
        int high = digit_of(text.at[2 * i]), low = digit_of(text.at[2 * i + 1]);

        if (high < 0 || low < 0) {
            return false;
        }
        out->bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}
