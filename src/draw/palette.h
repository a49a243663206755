/*
 * palette - which colour an object is drawn in.
 *
 * A palette is a list of colours; an object takes the one of its index (its
 * place, class or track) modulo the list's length.  Negative indices are gray.
 */
#ifndef OCELLUS_DRAW_PALETTE_H
#define OCELLUS_DRAW_PALETTE_H

#include "base/arena.h"
#include "base/error.h"

typedef struct Color {
    uint8_t blue, green, red;
} Color;

typedef struct Palette {
    const Color *colors;
    int          count;
} Palette;

/* "#RGB", "#RRGGBB", "#RRGGBBAA" (alpha ignored), "rgb(r, g, b)", "bgr(b, g, r)"
 * or a name in any case. */
bool color_parse(Text text, Color *out, Error *err) MUST_USE;

/* DEFAULT, ROBOFLOW, CUSTOM (of `custom` colours) or a Matplotlib map, sampled
 * to `size` colours. */
bool palette_make(Arena *arena, Text name, int64_t size, const Text *custom, int custom_count,
                  Palette *out, Error *err) MUST_USE;

Color palette_color(const Palette *palette, int64_t index);

#endif
