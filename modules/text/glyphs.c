/*
 * glyphs - coverage of single glyphs, the latest of them kept.
 *
 * The cache holds LIMIT_GLYPH_CACHE bytes; when they are used up it starts afresh,
 * which costs less than keeping order.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "inside.h"
#include FT_OUTLINE_H

enum { SLOTS = 8192, PROBES = 16, KEPT_BYTES = 1 << 16 };

typedef struct Key {
    uint32_t index;
    int      font, em, shift, bold, hinted;
} Key;

typedef struct Slot {
    Key    key;
    Glyph *glyph;         /* NULL: free */
} Slot;

static Slot   slots[SLOTS];
static size_t used;
static Glyph *large;      /* the latest that was too large to keep */

static void forget_all(void)
{
    for (int i = 0; i < SLOTS; i++) {
        free(slots[i].glyph);
        slots[i].glyph = NULL;
    }
    used = 0;
}

static bool same(const Key *a, const Key *b)
{
    return a->index == b->index && a->font == b->font && a->em == b->em && a->shift == b->shift &&
           a->bold == b->bold && a->hinted == b->hinted;
}

static uint32_t place_of(const Key *key)
{
    uint32_t h = key->index * 2654435761u;

    h = (h ^ (uint32_t)key->font) * 2654435761u;
    h = (h ^ (uint32_t)key->em) * 2654435761u;
    h = (h ^ (uint32_t)(key->bold * 8 + key->shift * 2 + key->hinted)) * 2654435761u;
    return h >> 8;
}

/* The slot of a key, or a free one for it; NULL when its neighbourhood is full. */
static Slot *slot_of(const Key *key)
{
    uint32_t at = place_of(key);

    for (uint32_t i = 0; i < PROBES; i++) {
        Slot *slot = &slots[(at + i) % SLOTS];

        if (!slot->glyph || same(&slot->key, key)) {
            return slot;
        }
    }
    return NULL;
}

static Glyph *glyph_new(int left, int top, int width, int height)
{
    Glyph *glyph = calloc(1, sizeof(*glyph) + (size_t)width * (size_t)height);

    if (glyph) {
        *glyph = (Glyph){ left, top, width, height };
    }
    return glyph;
}

static Glyph *render_outline(FT_Face face, int shift, int bold)
{
    FT_GlyphSlot slot = face->glyph;
    Glyph       *glyph;

    if (slot->format != FT_GLYPH_FORMAT_OUTLINE) {
        return NULL;
    }
    if (bold > 0) {
        FT_Outline_Embolden(&slot->outline, bold);
        FT_Outline_Translate(&slot->outline, -bold / 2, -bold / 2);
    }
    FT_Outline_Translate(&slot->outline, shift * 16, 0);
    if (FT_Render_Glyph(slot, FT_RENDER_MODE_NORMAL) != 0) {
        return NULL;
    }
    glyph = glyph_new(slot->bitmap_left, slot->bitmap_top, (int)slot->bitmap.width,
                      (int)slot->bitmap.rows);
    for (int y = 0; glyph && y < glyph->height; y++) {
        memcpy(glyph->pixels + (size_t)y * (size_t)glyph->width,
               slot->bitmap.buffer + (ptrdiff_t)y * slot->bitmap.pitch, (size_t)glyph->width);
    }
    return glyph;
}

/* How much of the text's colour a pixel of a bitmap font gets: what is bright in a
 * picture is bright in white on a dark plate, and all of it can be seen. */
static double shade(const FT_Bitmap *bitmap, int x, int y)
{
    const uint8_t *row = bitmap->buffer + (ptrdiff_t)y * bitmap->pitch;

    switch (bitmap->pixel_mode) {
    case FT_PIXEL_MODE_GRAY: return row[x];
    case FT_PIXEL_MODE_MONO: return row[x / 8] & (0x80 >> x % 8) ? 255 : 0;
    case FT_PIXEL_MODE_BGRA:
        return row[4 * x + 3] * 0.25 +
               (0.114 * row[4 * x] + 0.587 * row[4 * x + 1] + 0.299 * row[4 * x + 2]) * 0.75;
    default: return 0;
    }
}

/* The mean of a rectangle of a bitmap. */
static double mean_shade(const FT_Bitmap *bitmap, double x1, double y1, double x2, double y2)
{
    int    left  = (int)x1, top = (int)y1;
    int    right = (int)fmin(fmax(ceil(x2), left + 1), bitmap->width);
    int    bottom = (int)fmin(fmax(ceil(y2), top + 1), bitmap->rows);
    double sum   = 0;
    int    count = 0;

    for (int y = top; y < bottom; y++) {
        for (int x = left; x < right; x++) {
            sum += shade(bitmap, x, y);
            count++;
        }
    }
    return count > 0 ? sum / count : 0;
}

static Glyph *render_strike(FT_Face face, double ratio)
{
    const FT_Bitmap *bitmap = &face->glyph->bitmap;
    int    width  = (int)fmin(ceil(bitmap->width * ratio), LIMIT_TEXT_SIZE);
    int    height = (int)fmin(ceil(bitmap->rows * ratio), LIMIT_TEXT_SIZE);
    Glyph *glyph  = glyph_new((int)lround(face->glyph->bitmap_left * ratio),
                              (int)lround(face->glyph->bitmap_top * ratio), width, height);

    for (int y = 0; glyph && y < height; y++) {
        for (int x = 0; x < width; x++) {
            glyph->pixels[(size_t)y * (size_t)width + (size_t)x] =
                (uint8_t)mean_shade(bitmap, x / ratio, y / ratio, (x + 1) / ratio,
                                    (y + 1) / ratio);
        }
    }
    return glyph;
}

static Glyph *render(Font *font, uint32_t index, const GlyphStyle *style, int shift)
{
    FT_Int32 flags = font->strikes ? FT_LOAD_COLOR
                   : FT_LOAD_NO_BITMAP | (style->hinted ? 0 : FT_LOAD_NO_HINTING);

    if (FT_Load_Glyph(font->face, index, flags) != 0) {
        return NULL;
    }
    return font->strikes ? render_strike(font->face, font->ratio)
                         : render_outline(font->face, shift, style->bold);
}

const Glyph *glyph_get(Font *font, uint32_t index, const GlyphStyle *style, int shift)
{
    Key    key  = { index, font->number, (int)(style->em * 64), shift, style->bold, style->hinted };
    Slot  *slot = slot_of(&key);
    Glyph *glyph;
    size_t bytes;

    if (slot && slot->glyph) {
        return slot->glyph;
    }
    glyph = render(font, index, style, shift);
    bytes = glyph ? sizeof(*glyph) + (size_t)glyph->width * (size_t)glyph->height : 0;
    if (!glyph || bytes > KEPT_BYTES) {
        free(large);
        large = glyph;
        return glyph;
    }
    if (!slot || used + bytes > LIMIT_GLYPH_CACHE) {
        forget_all();
        slot = slot_of(&key);
    }
    slot->key   = key;
    slot->glyph = glyph;
    used       += bytes;
    return glyph;
}
