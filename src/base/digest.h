/*
 * digest - 128 bits that stand for content: the same in every process.
 *
 * BLAKE2b of libsodium, 16 bytes long and without a key: about a gigabyte a second,
 * and nobody can make two contents of one digest.  For looking things up within one
 * process there is hash_text() (map.h), which is faster and keyed.
 */
#ifndef OCELLUS_BASE_DIGEST_H
#define OCELLUS_BASE_DIGEST_H

#include <stdalign.h>

#include "base/base.h"

enum { DIGEST_SIZE = 16, DIGEST_TEXT = 2 * DIGEST_SIZE + 1 };

typedef struct Digest {
    uint8_t bytes[DIGEST_SIZE];
} Digest;

/* Content that comes in pieces. */
typedef struct Digester {
    alignas(64) uint8_t state[384];
} Digester;

void   digest_begin(Digester *digester);
void   digest_add(Digester *digester, const void *bytes, size_t length);
Digest digest_end(Digester *digester);

static inline bool digest_equal(Digest a, Digest b)
{
    return memcmp(a.bytes, b.bytes, DIGEST_SIZE) == 0;
}

/* Lower-case hex, and back: false when it is not 32 such digits. */
void digest_write(char out[DIGEST_TEXT], Digest digest);
bool digest_read(Text text, Digest *out) MUST_USE;

#endif
