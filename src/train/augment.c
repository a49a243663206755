/*
 * augment - the same picture, a little different.
 */
#include "train/augment.h"

#include <math.h>

#include "train/random.h"

bool augmentation_parse(const char *text, Augmentation *out, Error *err)
{
    *out = (Augmentation){ 0 };
    for (const char *at = text; *at;) {
        size_t length = strcspn(at, ",");
        Text   word   = { at, length };

        out->flip  |= text_is(word, "flip");
        out->crop  |= text_is(word, "crop");
        out->color |= text_is(word, "color") || text_is(word, "colour");
        if (!text_is(word, "flip") && !text_is(word, "crop") && !text_is(word, "color") &&
            !text_is(word, "colour"))
            return fail(err, ERR_INVALID, "augment: '%.*s' is not known; flip, crop and color are",
                        SHOW(word));
        at += length + (at[length] == ',');
    }
    return true;
}

/* A part of the picture of nearly its shape. */
static Rect choose_part(Size size, uint64_t *chance)
{
    double area   = 0.7 + 0.3 * random_share(chance);
    double shape  = exp((random_share(chance) - 0.5) * 0.3);       /* 0.86 .. 1.16 */
    int    width  = (int)MAX(1, MIN(size.width, round(size.width * sqrt(area * shape))));
    int    height = (int)MAX(1, MIN(size.height, round(size.height * sqrt(area / shape))));

    return (Rect){ random_below(chance, size.width - width + 1),
                   random_below(chance, size.height - height + 1), width, height };
}

/* What each value of each channel becomes. */
static void choose_colors(uint8_t table[3][256], uint64_t *chance)
{
    double brightness = (random_share(chance) - 0.5) * 0.4 * 255;
    double contrast   = 0.8 + 0.4 * random_share(chance);

    for (int c = 0; c < 3; c++) {
        double strength = contrast * (0.9 + 0.2 * random_share(chance));

        for (int v = 0; v < 256; v++)
            table[c][v] = (uint8_t)MAX(0, MIN(255, lround((v - 128) * strength + 128 +
                                                          brightness)));
    }
}

static void flip_row(uint8_t *row, int width, int bytes)
{
    for (int a = 0, b = width - 1; a < b; a++, b--) {
        for (int i = 0; i < bytes; i++) {
            uint8_t kept = row[a * bytes + i];

            row[a * bytes + i] = row[b * bytes + i];
            row[b * bytes + i] = kept;
        }
    }
}

static void change_pixels(Image *image, bool flip, uint8_t table[3][256])
{
    uint8_t *pixels = image_edit(image);
    int      width  = image_width(image), bytes = image_pixel_bytes(image);

    for (int y = 0; y < image_height(image); y++) {
        uint8_t *row = pixels + (size_t)y * image_stride(image);

        if (flip)
            flip_row(row, width, bytes);
        for (int x = 0; x < width && table; x++) {
            for (int c = 0; c < MIN(bytes, 3); c++)
                row[x * bytes + c] = table[c][row[x * bytes + c]];
        }
    }
}

Image *augment(const Image *image, Augmentation how, uint64_t seed, Error *err)
{
    uint64_t chance = seed;
    bool     flip   = random_next(&chance) & 1;
    Size     size   = { image_width(image), image_height(image) };
    Rect     part   = choose_part(size, &chance);
    uint8_t  table[3][256];

    choose_colors(table, &chance);
    if (!how.crop)
        part = (Rect){ 0, 0, size.width, size.height };

    Image *cut  = image_crop(image, part, TEXT("part"), false, err);
    Image *copy = cut ? image_copy(cut, err) : NULL;
    if (copy && ((how.flip && flip) || how.color))
        change_pixels(copy, how.flip && flip, how.color ? table : NULL);
    image_unref(cut);
    return copy;
}
