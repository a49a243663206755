/*
 * exif - the orientation that a camera noted down.
 *
 * Only the first directory is read, never what it points on to, so there is
 * no loop to be caught in.  Which broken structures still give an orientation
 * is decided as OpenCV 4.12 decides it: entries are read in order until one
 * of the tags it knows points outside the data, and what was found before
 * that counts.  The value's type is not looked at.
 */
#include "image/decode.h"

enum { TAG_ORIENTATION = 0x0112, ENTRY_SIZE = 12, STRING_INLINE = 4 };

/* How the value of a tag is reached, and so what can be broken about it. */
typedef enum Shape { SHORT, STRING, RATIONALS } Shape;

typedef struct Tag {
    uint16_t number;
    Shape    shape;
    uint32_t count;    /* of rationals */
} Tag;

static const Tag tags[] = {
    { 0x010E, STRING,    0 },    /* image description */
    { 0x010F, STRING,    0 },    /* make */
    { 0x0110, STRING,    0 },    /* model */
    { 0x0112, SHORT,     0 },    /* orientation */
    { 0x011A, RATIONALS, 1 },    /* x resolution */
    { 0x011B, RATIONALS, 1 },    /* y resolution */
    { 0x0128, SHORT,     0 },    /* resolution unit */
    { 0x0131, STRING,    0 },    /* software */
    { 0x0132, STRING,    0 },    /* date and time */
    { 0x013E, RATIONALS, 2 },    /* white point */
    { 0x013F, RATIONALS, 6 },    /* primary chromaticities */
    { 0x0211, RATIONALS, 3 },    /* YCbCr coefficients */
    { 0x0213, SHORT,     0 },    /* YCbCr positioning */
    { 0x0214, RATIONALS, 6 },    /* reference black and white */
    { 0x8298, STRING,    0 },    /* copyright */
};

typedef struct Tiff {
    const uint8_t *at;
    size_t         length;
    bool           little;
} Tiff;

static bool read_u16(const Tiff *tiff, uint64_t offset, uint32_t *value)
{
    if (offset + 2 > tiff->length)
        return false;

    const uint8_t *at = tiff->at + offset;
    *value = tiff->little ? at[0] | (uint32_t)at[1] << 8 : at[1] | (uint32_t)at[0] << 8;
    return true;
}

static bool read_u32(const Tiff *tiff, uint64_t offset, uint32_t *value)
{
    uint32_t first, second;

    if (!read_u16(tiff, offset, &first) || !read_u16(tiff, offset + 2, &second))
        return false;
    *value = tiff->little ? first | second << 16 : second | first << 16;
    return true;
}

/* Is the value of the entry at `offset` inside the data? */
static bool value_is_sound(const Tiff *tiff, const Tag *tag, uint64_t offset)
{
    uint32_t count, at = 8, ignored;

    switch (tag->shape) {
    case SHORT:
        return read_u16(tiff, offset + 8, &ignored);
    case STRING:
        if (!read_u32(tiff, offset + 4, &count))
            return false;
        if (count > STRING_INLINE && !read_u32(tiff, offset + 8, &at))
            return false;
        return (uint64_t)at + count <= tiff->length;
    case RATIONALS:
        return read_u32(tiff, offset + 8, &at) &&
               (uint64_t)at + (uint64_t)tag->count * 8 <= tiff->length;
    }
    return false;
}

static bool entry_is_sound(const Tiff *tiff, uint32_t number, uint64_t offset)
{
    for (size_t i = 0; i < COUNT_OF(tags); i++) {
        if (tags[i].number == number)
            return value_is_sound(tiff, &tags[i], offset);
    }
    return true;
}

int exif_orientation(const uint8_t *bytes, size_t length)
{
    Tiff     tiff = { bytes, length, false };
    uint32_t mark, start, count, number, value;

    if (length < 2 || bytes[0] != bytes[1] || (bytes[0] != 'I' && bytes[0] != 'M'))
        return 0;
    tiff.little = bytes[0] == 'I';
    if (!read_u16(&tiff, 2, &mark) || mark != 42)
        return 0;
    if (!read_u32(&tiff, 4, &start) || !read_u16(&tiff, start, &count))
        return 0;

    uint64_t entry = (uint64_t)start + 2;
    for (uint32_t i = 0; i < count; i++, entry += ENTRY_SIZE) {
        if (!read_u16(&tiff, entry, &number) || !entry_is_sound(&tiff, number, entry))
            return 0;
        if (number != TAG_ORIENTATION)
            continue;
        if (!read_u16(&tiff, entry + 8, &value))
            return 0;
        return value >= 1 && value <= 8 ? (int)value : 0;
    }
    return 0;
}
