/*
 * text - UTF-8, base64, hex and numbers in text.
 */
#ifndef OCELLUS_BASE_TEXT_H
#define OCELLUS_BASE_TEXT_H

#include "base/arena.h"
#include "base/buffer.h"

/* True if all of it is well-formed UTF-8 (no surrogates, no overlong forms). */
bool utf8_valid(Text text);

/* The code point at *at, which moves past it; U+FFFD for a malformed byte.
 * Call only while *at < end. */
uint32_t utf8_next(const char **at, const char *end);

/* Append one code point. */
void utf8_append(Buffer *out, uint32_t code);

/* Append the text in lower or upper case, as Python's lower() and upper() give it,
 * whatever the process's locale. */
void text_lower(Buffer *out, Text text);
void text_upper(Buffer *out, Text text);

/* What Python's str.isspace() calls a space. */
bool utf8_is_space(uint32_t code);

/* The number that a text is to Python's float(); `whole`: it has only digits, behind
 * a sign perhaps. */
bool text_read_number(Text text, double *number, bool *whole) MUST_USE;
bool text_to_double(Text text, double *out) MUST_USE;

/* Bytes, as people write them: "268435456", "256M", "256 MB", "1.5GiB"; all units are
 * powers of 1024. */
bool text_read_size(Text text, size_t *bytes) MUST_USE;

/* The number of code points. */
size_t utf8_length(Text text);

/* Encode into `out`, which has room for base64_size(length) bytes; no NUL. */
#define base64_size(length) (((length) + 2) / 3 * 4)
void base64_encode(char *out, const void *bytes, size_t length);

/* Decode into `out`, which has room for (text.length / 4 + 1) * 3 bytes.
 * Accepts what Python's base64.b64decode() does: both alphabets ('-' and '_'
 * for '+' and '/' too), characters outside them are skipped, padding must
 * complete the last group, what follows it is ignored.  The number of bytes,
 * or -1 when padding is wrong.  `*canonical` (may be NULL) tells whether
 * encoding the bytes again gives exactly this text. */
int64_t base64_decode(uint8_t *out, Text text, bool *canonical) MUST_USE;

/* Lower-case hex of `length` bytes; out has room for 2 * length + 1. */
void hex_encode(char *out, const void *bytes, size_t length);

#define SHA256_SIZE 32
void sha256(uint8_t out[SHA256_SIZE], const void *bytes, size_t length);

/* MD5, for identifiers that are defined by it. */
#define MD5_SIZE 16
void md5(uint8_t out[MD5_SIZE], const void *bytes, size_t length);

/* A random (version 4) and a time-ordered (version 7) UUID as text. */
#define UUID_SIZE 37
void uuid4(char out[UUID_SIZE]);
void uuid7(char out[UUID_SIZE]);
void uuid_format(char out[UUID_SIZE], const uint8_t bytes[16]);
bool uuid_valid(Text text);

/* Unpredictable bytes. */
void random_bytes(void *out, size_t length);

/* "'a', 'b' or 'c'" for error sentences, cut after a dozen. */
const char *text_choices(Arena *arena, const char *const names[], size_t count);

/* Edit distance of at most `limit` (else limit + 1): for "did you mean". */
int text_distance(Text a, Text b, int limit);

/* The best of `names` for a mistyped `text`, or NULL when none is near. */
const char *text_nearest(Text text, const char *const names[], size_t count);

#endif
