/*
 * value_pack - values as bytes, without loss.
 *
 * The wire form loses what a program that reads it does not need: tuples, the type
 * of numbers, masks' pixels.  The packed form keeps everything that a block could
 * see, so a value that was packed and unpacked acts as the one it was.  It is what
 * recordings hold and what value_hash() hashes: one walk for both.
 *
 * Numbers stand as little-endian machines hold them; every NaN as the same one.
 * Secrets have no packed form, as they must not be written down.
 */
#ifndef OCELLUS_VALUE_VALUE_PACK_H
#define OCELLUS_VALUE_VALUE_PACK_H

#include "base/error.h"
#include "value/value.h"

/* Where packed bytes go.  `pixels` says how the pixels of a picture are held (they
 * may be as big as all the rest): false fails the packing. */
typedef struct Packer {
    void  *context;
    void (*add)(void *context, const void *bytes, size_t length);
    bool (*pixels)(void *context, const Image *image);
} Packer;

/* False for a value that holds a secret or a single detection, or when `pixels`
 * says so. */
bool value_pack(const Packer *packer, Value value) MUST_USE;

/* The pixels row by row as they are held in memory, with the unused fourth byte of
 * colours set to 255, whatever it was. */
void pack_pixels(const Packer *packer, const Image *image);

/* Packed bytes while they are read.  Whatever they hold, reading is safe: a value
 * that breaks a rule of its type is refused.  `pixels` gives a picture of that size
 * and number of channels for what Packer.pixels wrote, which it reads with
 * unpack_bytes(); the caller of unpacking sets everything else.  It hands over one
 * reference; NULL fails. */
typedef struct Unpacker {
    const char *at, *end;
    Arena      *arena;
    void       *context;
    Image    *(*pixels)(struct Unpacker *in, int width, int height, int channels);
} Unpacker;

bool value_unpack(Unpacker *in, Value *out, Error *err) MUST_USE;

/* The next `length` bytes, or NULL when there are fewer. */
const void *unpack_bytes(Unpacker *in, size_t length);

/* The inverse of pack_pixels(), for Unpacker.pixels. */
Image *unpack_pixels(Unpacker *in, int width, int height, int channels);

#endif
