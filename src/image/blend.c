/*
 * blend - mixing pictures, and colours into pictures.
 *
 * Where a mask is blended, pixels go in groups: one that the mask leaves out is passed
 * over, one that it covers is mixed in place, and of others all pixels are mixed and
 * those of the mask chosen.
 */
#include <math.h>

#include "image/blend_kernels.h"
#include "image/spread.h"

enum {
    GROUP = 32,        /* pixels that are mixed at once */
};

/* ---- inner loops --------------------------------------------------------------------- */

/* Without an instruction for it, fma() is exact in doubles but for its last rounding. */
LOOP float fused(bool fast, float a, float alpha, float sum)
{
    return fast ? __builtin_fmaf(a, alpha, sum)
                : (float)((double)a * (double)alpha + (double)sum);
}

/* Half to even, for 0 <= v < 2^22: adding and taking away 1.5 * 2^23 does it. */
LOOP uint8_t rounded(float v)
{
    const float magic = 12582912.0f;

    return (uint8_t)(int)((v + magic) - magic);
}

LOOP void mix_bytes(uint8_t *out, const uint8_t *under, float alpha, float beta, int count,
                    bool fast)
{
    for (int i = 0; i < count; i++) {
        out[i] = rounded(fused(fast, (float)out[i], alpha, (float)under[i] * beta));
    }
}

/* MIX_LANES bytes or fewer, from the first lane on. */
LOOP void tint_lanes(uint8_t *out, const uint8_t *under, const Mix *mix, int count, bool fast)
{
    if (mix->last) {
        for (int i = 0; i < count; i++) {
            out[i] = rounded(fused(fast, (float)under[i], mix->beta[i], mix->share[i]));
        }
    } else {
        for (int i = 0; i < count; i++) {
            out[i] = rounded(fused(fast, mix->color[i], mix->alpha[i],
                                   (float)under[i] * mix->beta[i]));
        }
    }
}

LOOP void tint_bytes(uint8_t *out, const uint8_t *under, const Mix *mix, int count, bool fast)
{
    int i = 0;

    for (; i + MIX_LANES <= count; i += MIX_LANES) {
        uint8_t mixed[MIX_LANES];

        tint_lanes(mixed, under + i, mix, MIX_LANES, fast);
        memcpy(out + i, mixed, MIX_LANES);
    }
    if (i < count) {
        uint8_t rest[MIX_LANES];

        memcpy(rest, under + i, (size_t)(count - i));
        tint_lanes(rest, rest, mix, count - i, fast);
        memcpy(out + i, rest, (size_t)(count - i));
    }
}

/* What is black adds nothing, and so does the fourth byte of a pixel. */
LOOP void add_lanes(uint8_t *out, const uint8_t *under, const uint8_t *layer, const Mix *mix)
{
    const float magic = 12582912.0f;

    for (int i = 0; i < MIX_LANES; i++) {
        float sum = (((float)layer[i] * mix->alpha[i] + (float)under[i]) + magic) - magic;
        int   whole = (int)MIN(sum, 255.0f);

        out[i] = (uint8_t)whole;
    }
}

LOOP void add_bytes(uint8_t *out, const uint8_t *layer, const Mix *mix, int count)
{
    int i = 0;

    for (; i + MIX_LANES <= count; i += MIX_LANES) {
        uint8_t sums[MIX_LANES];

        add_lanes(sums, out + i, layer + i, mix);
        memcpy(out + i, sums, MIX_LANES);
    }
    if (i < count) {
        uint8_t rest[MIX_LANES] = { 0 }, over[MIX_LANES] = { 0 };

        memcpy(rest, out + i, (size_t)(count - i));
        memcpy(over, layer + i, (size_t)(count - i));
        add_lanes(rest, rest, over, mix);
        memcpy(out + i, rest, (size_t)(count - i));
    }
}

/* Colour pixels as one number; bytes of any kind may be looked at like this. */
typedef uint32_t Pixel __attribute__((may_alias, aligned(1)));

/* Of `count` pixels, take those whose bit is set. */
LOOP void choose_colour(uint8_t *restrict out, const uint8_t *restrict mixed,
                        const uint8_t *restrict bits, int count)
{
    Pixel       *to   = (Pixel *)(void *)out;
    const Pixel *from = (const Pixel *)(const void *)mixed;

    for (int x = 0; x < count; x++) {
        to[x] ^= (to[x] ^ from[x]) & (0 - (uint32_t)bits[x]);
    }
}

LOOP void choose_gray(uint8_t *restrict out, const uint8_t *restrict mixed,
                      const uint8_t *restrict bits, int count)
{
    for (int x = 0; x < count; x++) {
        out[x] ^= (uint8_t)((out[x] ^ mixed[x]) & (0 - bits[x]));
    }
}

typedef enum Covered { NOTHING, SOME, ALL } Covered;

/* How much of a group the mask covers; of less than a group, some. */
LOOP Covered covered(const uint8_t *bits, int count)
{
    uint64_t words[GROUP / 8], any, all;

    if (count < GROUP) {
        return SOME;
    }
    memcpy(words, bits, GROUP);
    any = words[0] | words[1] | words[2] | words[3];
    all = words[0] & words[1] & words[2] & words[3];
    return any == 0 ? NOTHING : all == 0x0101010101010101 ? ALL : SOME;
}

LOOP void choose(uint8_t *out, const uint8_t *mixed, const uint8_t *bits, int count, int pixel)
{
    if (pixel == 4) {
        choose_colour(out, mixed, bits, count);
    } else {
        choose_gray(out, mixed, bits, count);
    }
}

LOOP void tint_row(uint8_t *out, const uint8_t *under, const uint8_t *bits, const Mix *mix,
                   int count, bool fast)
{
    uint8_t mixed[GROUP * 4];

    if (!bits) {
        tint_bytes(out, under, mix, count * mix->pixel, fast);
        return;
    }
    for (int x = 0; x < count; x += GROUP) {
        int       group = MIN(GROUP, count - x);
        ptrdiff_t at    = (ptrdiff_t)x * mix->pixel;
        Covered   what  = covered(bits + x, group);

        if (what == ALL) {
            tint_bytes(out + at, under + at, mix, GROUP * mix->pixel, fast);
        } else if (what == SOME) {
            tint_bytes(mixed, under + at, mix, group * mix->pixel, fast);
            choose(out + at, mixed, bits + x, group, mix->pixel);
        }
    }
}

LOOP void copy_row(uint8_t *out, const uint8_t *from, const uint8_t *bits, int count, int pixel)
{
    if (!bits) {
        memcpy(out, from, (size_t)count * (size_t)pixel);
        return;
    }
    for (int x = 0; x < count; x += GROUP) {
        int       group = MIN(GROUP, count - x);
        ptrdiff_t at    = (ptrdiff_t)x * pixel;
        Covered   what  = covered(bits + x, group);

        if (what == ALL) {
            memcpy(out + at, from + at, (size_t)(GROUP * pixel));
        } else if (what == SOME) {
            choose(out + at, from + at, bits + x, group, pixel);
        }
    }
}

FOR_EVERY_LEVEL(mix_bytes, (uint8_t *out, const uint8_t *under, float alpha, float beta, int count),
                (out, under, alpha, beta, count, level == SIMD_256));
FOR_EVERY_LEVEL(tint_row, (uint8_t *out, const uint8_t *under, const uint8_t *bits, const Mix *mix,
                           int count), (out, under, bits, mix, count, level == SIMD_256));
FOR_EVERY_LEVEL(copy_row, (uint8_t *out, const uint8_t *from, const uint8_t *bits, int count,
                           int pixel), (out, from, bits, count, pixel));

FOR_EVERY_LEVEL(add_bytes, (uint8_t *out, const uint8_t *layer, const Mix *mix, int count),
                (out, layer, mix, count));

BlendKernels blend_kernels(SimdLevel level)
{
    return (BlendKernels){ mix_bytes_by[level], tint_row_by[level], copy_row_by[level] };
}

/* ---- regions ------------------------------------------------------------------------- */

static Rect part_of(const Image *image, const Region *region)
{
    return rect_inside(region->rect, image_width(image), image_height(image));
}

static size_t place(const Image *image, int x, int y)
{
    return (size_t)y * image_stride(image) + (size_t)x * (size_t)image_pixel_bytes(image);
}

/* The bits that belong to pixel (x, y). */
static const uint8_t *bits_at(const Region *region, int x, int y)
{
    return !region->bits ? NULL
                         : region->bits + ((int64_t)y - region->rect.y) * region->rect.width +
                               ((int64_t)x - region->rect.x);
}

void blend_over(Image *out, const Image *under, double opacity)
{
    BlendKernels kernels = blend_kernels(simd_level());
    int          count   = image_width(out) * image_pixel_bytes(out);

    for (int y = 0; y < image_height(out); y++) {
        kernels.mix(image_edit(out) + place(out, 0, y), image_pixels(under) + place(under, 0, y),
                    (float)opacity, (float)(1 - opacity), count);
    }
}

Mix mix_of(Tint tint, int pixel)
{
    const uint8_t color[4] = { tint.blue, tint.green, tint.red, 0 };
    Mix           mix      = { .pixel = pixel, .last = tint.last };

    for (int i = 0; i < MIX_LANES; i++) {
        bool alpha = pixel == 4 && i % 4 == 3;

        mix.color[i] = pixel == 4 ? color[i % 4] : tint.blue;     /* as OpenCV has it */
        mix.alpha[i] = alpha ? 0 : (float)tint.opacity;
        mix.beta[i]  = alpha ? 1 : (float)(1 - tint.opacity);
        mix.share[i] = mix.color[i] * mix.alpha[i];
    }
    return mix;
}

void blend_tint(Image *out, const Image *under, Region region, Tint tint)
{
    BlendKernels kernels = blend_kernels(simd_level());
    Mix          mix     = mix_of(tint, image_pixel_bytes(out));
    Rect         part    = part_of(out, &region);

    for (int y = part.y; y < part.y + part.height; y++) {
        kernels.tint(image_edit(out) + place(out, part.x, y),
                     image_pixels(under) + place(under, part.x, y), bits_at(&region, part.x, y),
                     &mix, part.width);
    }
}

void blend_fill(Image *image, Region region, Tint tint)
{
    BlendKernels kernels = blend_kernels(simd_level());
    Rect         part    = part_of(image, &region);
    int          bytes   = image_pixel_bytes(image);
    Mix          mix     = mix_of(tint, bytes);
    uint8_t             color[GROUP * 4];

    for (int i = 0; i < GROUP * bytes; i++) {
        color[i] = bytes == 4 && i % 4 == 3 ? 255 : (uint8_t)mix.color[i % MIX_LANES];
    }
    for (int y = part.y; y < part.y + part.height; y++) {
        uint8_t       *to   = image_edit(image) + place(image, part.x, y);
        const uint8_t *bits = bits_at(&region, part.x, y);

        for (int x = 0; x < part.width; x += GROUP) {
            kernels.copy(to + (ptrdiff_t)x * bytes, color, bits ? bits + x : NULL,
                         MIN(GROUP, part.width - x), bytes);
        }
    }
}

void blend_patch(Image *out, const Image *patch, int x, int y, Region region)
{
    BlendKernels kernels = blend_kernels(simd_level());
    Rect         part    = part_of(out, &region);
    Rect         inside  = { part.x - x, part.y - y, part.width, part.height };

    inside = rect_inside(inside, image_width(patch), image_height(patch));
    for (int row = inside.y; row < inside.y + inside.height; row++) {
        kernels.copy(image_edit(out) + place(out, inside.x + x, row + y),
                     image_pixels(patch) + place(patch, inside.x, row),
                     bits_at(&region, inside.x + x, row + y), inside.width,
                     image_pixel_bytes(out));
    }
}

void blend_add(Image *out, const Image *layer, double opacity)
{
    Mix mix   = mix_of((Tint){ .opacity = opacity }, image_pixel_bytes(out));
    int count = image_width(out) * mix.pixel;

    for (int y = 0; y < image_height(out); y++) {
        add_bytes_by[simd_level()](image_edit(out) + place(out, 0, y),
                                   image_pixels(layer) + place(layer, 0, y), &mix, count);
    }
}
