/*
 * morphology_kernels - the inner loops of morphology.
 *
 * Bytes against bytes at fixed distances; what is the same for a whole loop is a constant
 * where it matters, so that nothing is decided within.
 */
#include "image/morphology_kernels.h"

LOOP void extend(uint8_t *at, const uint8_t *with, size_t count, bool dilate)
{
    if (dilate) {
        for (size_t i = 0; i < count; i++) {
            at[i] = MAX(at[i], with[i]);
        }
    } else {
        for (size_t i = 0; i < count; i++) {
            at[i] = MIN(at[i], with[i]);
        }
    }
}

FOR_EVERY_LEVEL(extend, (uint8_t *at, const uint8_t *with, size_t count, bool dilate),
                (at, with, count, dilate));

LOOP uint8_t extreme(uint8_t a, uint8_t b, bool dilate)
{
    return dilate ? MAX(a, b) : MIN(a, b);
}

/* The extremes of windows of `length` items, of `size` bytes each, that begin with each. */
LOOP void along(uint8_t *restrict out, const uint8_t *restrict line, size_t count, size_t size,
                int length, bool dilate)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t most = line[i];

        for (int k = 1; k < length; k++) {
            most = extreme(most, line[i + (size_t)k * size], dilate);
        }
        out[i] = most;
    }
}

/* Windows of 3 and of 5. */
LOOP void along_small(uint8_t *out, const uint8_t *line, size_t count, size_t size, int length,
                      bool dilate)
{
    if (length == 3 && dilate) {
        along(out, line, count, size, 3, true);
    } else if (length == 3) {
        along(out, line, count, size, 3, false);
    } else if (dilate) {
        along(out, line, count, size, 5, true);
    } else {
        along(out, line, count, size, 5, false);
    }
}

FOR_EVERY_LEVEL(along_small, (uint8_t *out, const uint8_t *line, size_t count, size_t size,
                              int length, bool dilate),
                (out, line, count, size, length, dilate));

/* Two rows of the result: of the 3 rows from the first on, and from the second on. */
LOOP void down_3(uint8_t *restrict first, uint8_t *restrict second, const uint8_t *const *rows,
                 size_t count, bool dilate)
{
    const uint8_t *a = rows[0], *b = rows[1], *c = rows[2], *d = rows[3];

    for (size_t i = 0; i < count; i++) {
        uint8_t both = extreme(b[i], c[i], dilate), top = a[i], bottom = d[i];

        first[i]  = extreme(both, top, dilate);
        second[i] = extreme(both, bottom, dilate);
    }
}

/* The same of 5 rows. */
LOOP void down_5(uint8_t *restrict first, uint8_t *restrict second, const uint8_t *const *rows,
                 size_t count, bool dilate)
{
    const uint8_t *a = rows[0], *b = rows[1], *c = rows[2], *d = rows[3], *e = rows[4];
    const uint8_t *f = rows[5];

    for (size_t i = 0; i < count; i++) {
        uint8_t both = extreme(extreme(b[i], c[i], dilate), extreme(d[i], e[i], dilate), dilate);
        uint8_t top  = a[i], bottom = f[i];

        first[i]  = extreme(both, top, dilate);
        second[i] = extreme(both, bottom, dilate);
    }
}

enum { BLOCK = 256 };

/* `at` becomes the extreme of itself and of four others. */
LOOP void extend_four(uint8_t *restrict at, const uint8_t *const *rows, size_t from, size_t count,
                      bool dilate)
{
    const uint8_t *a = rows[0] + from, *b = rows[1] + from, *c = rows[2] + from;
    const uint8_t *d = rows[3] + from;

    for (size_t i = 0; i < count; i++) {
        uint8_t upper = extreme(a[i], b[i], dilate), lower = extreme(c[i], d[i], dilate);
        uint8_t four  = extreme(upper, lower, dilate);

        at[i] = extreme(at[i], four, dilate);
    }
}

/* The same for `count` columns from `from` on, at most BLOCK, of any window. */
LOOP void down_block(uint8_t *restrict first, uint8_t *restrict second, const uint8_t *const *rows,
                     size_t from, size_t count, int length, bool dilate)
{
    const uint8_t *top = rows[0] + from, *bottom = rows[length] + from;
    uint8_t        both[BLOCK];
    int            k = 1;

    memset(both, dilate ? 0 : 255, sizeof both);
    for (; k + 4 <= length; k += 4) {
        extend_four(both, rows + k, from, count, dilate);
    }
    for (; k < length; k++) {
        extend(both, rows[k] + from, count, dilate);
    }
    for (size_t i = 0; i < count; i++) {
        uint8_t shared = both[i], upper = top[i], lower = bottom[i];

        first[i]  = extreme(shared, upper, dilate);
        second[i] = extreme(shared, lower, dilate);
    }
}

LOOP void down_blocks(uint8_t *first, uint8_t *second, const uint8_t *const *rows, size_t count,
                      int length, bool dilate)
{
    size_t at = 0;

    for (; at + BLOCK <= count; at += BLOCK) {
        down_block(first + at, second + at, rows, at, BLOCK, length, dilate);
    }
    down_block(first + at, second + at, rows, at, count - at, length, dilate);
}

LOOP void down_any(uint8_t *first, uint8_t *second, const uint8_t *const *rows, size_t count,
                   int length, bool dilate)
{
    if (length == 3 && dilate) {
        down_3(first, second, rows, count, true);
    } else if (length == 3) {
        down_3(first, second, rows, count, false);
    } else if (length == 5 && dilate) {
        down_5(first, second, rows, count, true);
    } else if (length == 5) {
        down_5(first, second, rows, count, false);
    } else if (dilate) {
        down_blocks(first, second, rows, count, length, true);
    } else {
        down_blocks(first, second, rows, count, length, false);
    }
}

FOR_EVERY_LEVEL(down_any, (uint8_t *first, uint8_t *second, const uint8_t *const *rows,
                           size_t count, int length, bool dilate),
                (first, second, rows, count, length, dilate));

LOOP void lessen(uint8_t *restrict at, const uint8_t *restrict with, size_t count, bool other)
{
    if (other) {
        for (size_t i = 0; i < count; i++) {
            at[i] = (uint8_t)(MAX(at[i], with[i]) - at[i]);
        }
    } else {
        for (size_t i = 0; i < count; i++) {
            at[i] = (uint8_t)(MAX(at[i], with[i]) - with[i]);
        }
    }
}

FOR_EVERY_LEVEL(lessen, (uint8_t *at, const uint8_t *with, size_t count, bool other),
                (at, with, count, other));

LOOP void keep_alpha(uint8_t *restrict at, const uint8_t *restrict from, size_t count)
{
    const uint32_t alpha = 0xFF000000;

    for (size_t i = 0; i < count; i++) {
        uint32_t pixel, old;

        memcpy(&pixel, at + 4 * i, sizeof pixel);
        memcpy(&old, from + 4 * i, sizeof old);
        pixel = (pixel & ~alpha) | (old & alpha);
        memcpy(at + 4 * i, &pixel, sizeof pixel);
    }
}

FOR_EVERY_LEVEL(keep_alpha, (uint8_t *at, const uint8_t *from, size_t count), (at, from, count));

void morph_extend(SimdLevel level, uint8_t *at, const uint8_t *with, size_t count, bool dilate)
{
    extend_by[level](at, with, count, dilate);
}

void morph_along_small(SimdLevel level, uint8_t *out, const uint8_t *line, size_t count,
                       size_t size, int length, bool dilate)
{
    along_small_by[level](out, line, count, size, length, dilate);
}

void morph_down_rows(SimdLevel level, uint8_t *first, uint8_t *second, const uint8_t *const *rows,
                     size_t count, int length, bool dilate)
{
    down_any_by[level](first, second, rows, count, length, dilate);
}

void morph_lessen(SimdLevel level, uint8_t *at, const uint8_t *with, size_t count, bool other)
{
    lessen_by[level](at, with, count, other);
}

void morph_keep_alpha(SimdLevel level, uint8_t *at, const uint8_t *from, size_t count)
{
    keep_alpha_by[level](at, from, count);
}
