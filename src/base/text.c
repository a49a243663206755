/*
 * text - UTF-8, and sentences about names.
 *
 * Base64 is in base64.c; hashes, hex and random identifiers in hash.c.
 */
#include "base/text.h"

/* ---- UTF-8 -------------------------------------------------------------- */

/* The bytes of the well-formed sequence at `at`, or 0.  The table of
 * well-formed sequences is number 3-7 of the Unicode standard: apart from
 * these narrowed second bytes, continuation bytes are 80..BF. */
static int sequence_length(const unsigned char *at, size_t left)
{
    unsigned char first = at[0], least = 0x80, most = 0xBF;
    int length;

    if (first < 0x80)
        return 1;
    if (first < 0xC2 || first > 0xF4)
        return 0;
    length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;

    switch (first) {
    case 0xE0: least = 0xA0; break;   /* else it would be an overlong form */
    case 0xED: most  = 0x9F; break;   /* a surrogate */
    case 0xF0: least = 0x90; break;   /* overlong */
    case 0xF4: most  = 0x8F; break;   /* beyond U+10FFFF */
    }
    if (left < (size_t)length || at[1] < least || at[1] > most)
        return 0;
    for (int i = 2; i < length; i++)
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    return length;
}

/* Past the ASCII at the start, eight bytes at a time while that is possible. */
static const unsigned char *skip_ascii(const unsigned char *at, const unsigned char *end)
{
    for (uint64_t eight; end - at >= 8; at += 8) {
        memcpy(&eight, at, 8);
        if (eight & 0x8080808080808080)
            break;
    }
    while (at < end && *at < 0x80)
        at++;
    return at;
}

bool utf8_valid(Text text)
{
    const unsigned char *at  = (const unsigned char *)(text.at ? text.at : "");
    const unsigned char *end = at + text.length;

    while ((at = skip_ascii(at, end)) < end) {
        int length = sequence_length(at, (size_t)(end - at));

        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

uint32_t utf8_next(const char **at, const char *end)
{
    const unsigned char *bytes = (const unsigned char *)*at;
    int length = sequence_length(bytes, (size_t)(end - *at));

    *at += MAX(length, 1);
    switch (length) {
    case 1:
        return bytes[0];
    case 2:
        return (bytes[0] & 0x1Fu) << 6 | (bytes[1] & 0x3Fu);
    case 3:
        return (bytes[0] & 0x0Fu) << 12 | (bytes[1] & 0x3Fu) << 6 | (bytes[2] & 0x3Fu);
    case 4:
        return (bytes[0] & 0x07u) << 18 | (bytes[1] & 0x3Fu) << 12 | (bytes[2] & 0x3Fu) << 6 |
               (bytes[3] & 0x3Fu);
    default:
        return 0xFFFD;
    }
}

/* What is no code point, a surrogate included, is appended as U+FFFD, so that
 * the buffer stays well-formed. */
void utf8_append(Buffer *out, uint32_t code)
{
    char bytes[4];

    if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        code = 0xFFFD;

    if (code < 0x80) {
        buffer_char(out, (char)code);
    } else if (code < 0x800) {
        bytes[0] = (char)(0xC0 | code >> 6);
        bytes[1] = (char)(0x80 | (code & 0x3F));
        buffer_append(out, bytes, 2);
    } else if (code < 0x10000) {
        bytes[0] = (char)(0xE0 | code >> 12);
        bytes[1] = (char)(0x80 | (code >> 6 & 0x3F));
        bytes[2] = (char)(0x80 | (code & 0x3F));
        buffer_append(out, bytes, 3);
    } else {
        bytes[0] = (char)(0xF0 | code >> 18);
        bytes[1] = (char)(0x80 | (code >> 12 & 0x3F));
        bytes[2] = (char)(0x80 | (code >> 6 & 0x3F));
        bytes[3] = (char)(0x80 | (code & 0x3F));
        buffer_append(out, bytes, 4);
    }
}

/* A malformed byte counts as the one U+FFFD it is read as. */
size_t utf8_length(Text text)
{
    const unsigned char *at  = (const unsigned char *)(text.at ? text.at : "");
    const unsigned char *end = at + text.length;
    size_t count = 0;

    while (at < end) {
        const unsigned char *ascii_end = skip_ascii(at, end);

        count += (size_t)(ascii_end - at);
        at     = ascii_end;
        if (at < end) {
            at += MAX(sequence_length(at, (size_t)(end - at)), 1);
            count++;
        }
    }
    return count;
}

/* ---- names -------------------------------------------------------------- */

enum { MOST_CHOICES = 12 };

const char *text_choices(Arena *arena, const char *const names[], size_t count)
{
    size_t shown = MIN(count, MOST_CHOICES);
    Buffer out;

    buffer_init(&out, KIB(64));
    for (size_t i = 0; i < shown; i++) {
        if (i > 0)
            buffer_string(&out, i + 1 == count ? " or " : ", ");
        buffer_printf(&out, "'%s'", names[i]);
    }
    if (shown < count)
        buffer_printf(&out, " or %zu more", count - shown);

    const char *text = arena_string(arena, out.data ? out.data : "");
    buffer_fini(&out);
    return text;
}

/* Longer texts are not names that somebody mistyped. */
enum { LONGEST_NAME = 255 };

/* Take off what both have in common at their ends; it costs nothing. */
static void trim_common(Text *a, Text *b)
{
    while (a->length > 0 && b->length > 0 && a->at[0] == b->at[0]) {
        a->at++, a->length--;
        b->at++, b->length--;
    }
    while (a->length > 0 && b->length > 0 &&
           a->at[a->length - 1] == b->at[b->length - 1]) {
        a->length--;
        b->length--;
    }
}

/* Insertions, removals and replacements of a byte and swaps of two neighbours
 * count 1 each ("optimal string alignment").  Three rows of the usual table
 * are enough: a swap looks back two. */
int text_distance(Text a, Text b, int limit)
{
    int rows[3][LONGEST_NAME + 1];

    trim_common(&a, &b);
    if (a.length > LONGEST_NAME || b.length > LONGEST_NAME)
        return limit + 1;

    int height = (int)a.length, width = (int)b.length;

    if (abs(height - width) > limit)
        return limit + 1;
    for (int x = 0; x <= width; x++)
        rows[0][x] = x;

    for (int y = 1; y <= height; y++) {
        int *row = rows[y % 3], *above = rows[(y + 2) % 3], *second = rows[(y + 1) % 3];
        int  best = row[0] = y;

        for (int x = 1; x <= width; x++) {
            int replaced = above[x - 1] + (a.at[y - 1] != b.at[x - 1]);

            row[x] = MIN(replaced, MIN(above[x], row[x - 1]) + 1);
            if (y > 1 && x > 1 && a.at[y - 1] == b.at[x - 2] && a.at[y - 2] == b.at[x - 1])
                row[x] = MIN(row[x], second[x - 2] + 1);
            best = MIN(best, row[x]);
        }
        if (best > limit + 1)   /* a swap may still gain 1 on the best of a row */
            return limit + 1;
    }
    return MIN(rows[height % 3][width], limit + 1);
}

const char *text_nearest(Text text, const char *const names[], size_t count)
{
    const char *nearest = NULL;
    int limit = (int)(MIN(text.length, LONGEST_NAME) / 3);

    for (size_t i = 0; i < count && limit >= 0; i++) {
        int distance = text_distance(text, text_of(names[i]), limit);

        if (distance <= limit) {
            nearest = names[i];
            limit   = distance - 1;   /* only a nearer one is better */
        }
    }
    return nearest;
}
