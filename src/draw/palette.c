/*
 * palette - colours from text, and palettes of them.
 */
#include "draw/palette.h"

#include <ctype.h>
#include <strings.h>

#include "draw/palette_tables.h"

static const char default_colors[] =
    "A351FBFF4040FFA1A0FF7633FFB633D1D4354CFB1294CF1A40DE8A1B964000D6C12E9CAA00C4FF364797"
    "6675FF0019EF863AFF530087CD3AFFFF97CAFF39C9";
static const char roboflow_colors[] = "C28DFCA351FB8315F96706CE5905B34D049A";

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (tolower((unsigned char)c) - 'a') + 10;
}

static Color hex_color(const char *at)
{
    return (Color){ .red   = (uint8_t)(hex_digit(at[0]) * 16 + hex_digit(at[1])),
                    .green = (uint8_t)(hex_digit(at[2]) * 16 + hex_digit(at[3])),
                    .blue  = (uint8_t)(hex_digit(at[4]) * 16 + hex_digit(at[5])) };
}

static bool parse_hex(Text text, Color *out)
{
    char wide[6];

    for (size_t i = 1; i < text.length; i++) {
        if (!isxdigit((unsigned char)text.at[i])) {
            return false;
        }
    }
    if (text.length == 4) {
        for (size_t i = 0; i < sizeof(wide); i++) {
            wide[i] = text.at[1 + i / 2];
        }
        *out = hex_color(wide);
        return true;
    }
    if (text.length != 7 && text.length != 9) {
        return false;
    }
    *out = hex_color(text.at + 1);
    return true;
}

/* "rgb(1, 2, 3)" and "bgr(3, 2, 1)". */
static bool parse_triple(Text text, Color *out)
{
    char     copy[40], end;
    unsigned a, b, c;

    if (text.length >= sizeof(copy)) {
        return false;
    }
    memcpy(copy, text.at, text.length);
    copy[text.length] = '\0';
    if (sscanf(copy + 3, " ( %3u , %3u , %3u %c", &a, &b, &c, &end) != 4 || end != ')' ||
        a > 255 || b > 255 || c > 255) {
        return false;
    }
    *out = strncasecmp(copy, "rgb", 3) == 0
               ? (Color){ .red = (uint8_t)a, .green = (uint8_t)b, .blue = (uint8_t)c }
               : (Color){ .blue = (uint8_t)a, .green = (uint8_t)b, .red = (uint8_t)c };
    return true;
}

bool color_parse(Text text, Color *out, Error *err)
{
    static const struct { const char *name, *hex; } names[] = {
        { "WHITE", "FFFFFF" },  { "BLACK", "000000" },    { "GREY", "808080" },
        { "RED", "FF0000" },    { "GREEN", "00FF00" },    { "BLUE", "0000FF" },
        { "YELLOW", "FFFF00" }, { "ROBOFLOW", "A351FB" },
    };
    if (text.length > 0 && text.at[0] == '#' && parse_hex(text, out)) {
        return true;
    }
    if (text.length > 6 && (strncasecmp(text.at, "rgb", 3) == 0 ||
                            strncasecmp(text.at, "bgr", 3) == 0) && parse_triple(text, out)) {
        return true;
    }
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (text.length == strlen(names[i].name) &&
            strncasecmp(text.at, names[i].name, text.length) == 0) {
            *out = hex_color(names[i].hex);
            return true;
        }
    }
    return fail(err, ERR_INVALID, "'%.*s' is not a colour; give '#RRGGBB', 'rgb(r, g, b)' or a "
                "name such as WHITE", SHOW(text));
}

static bool take_hex(Arena *arena, const char *hex, int count, Palette *out, Error *err)
{
    Color *colors = arena_array(arena, Color, count);

    for (int i = 0; colors && i < count; i++) {
        colors[i] = hex_color(hex + (size_t)i * 6);
    }
    *out = (Palette){ colors, count };
    return colors || fail(err, ERR_MEMORY, "no memory for a palette");
}

/* Colour i of a palette of size n is entry int(i / (n - 1) * N) of the map. */
static bool sample(Arena *arena, const ColorMap *map, int64_t size, Palette *out, Error *err)
{
    Color *colors;

    if (size < 1 || size > 100000) {
        return fail(err, ERR_INVALID, "palette_size: %lld is not at least 1", (long long)size);
    }
    colors = arena_array(arena, Color, size);
    for (int64_t i = 0; colors && i < size; i++) {
        double place = size == 1 ? 0 : (double)i / (double)(size - 1);
        int    entry = MIN(map->count - 1, (int)(place * map->count));

        colors[i] = hex_color(map->colors + (size_t)entry * 6);
    }
    *out = (Palette){ colors, (int)size };
    return colors || fail(err, ERR_MEMORY, "no memory for a palette");
}

static bool custom_palette(Arena *arena, const Text *custom, int count, Palette *out, Error *err)
{
    Color *colors = arena_array(arena, Color, MAX(count, 1));

    for (int i = 0; colors && i < count; i++) {
        if (!color_parse(custom[i], &colors[i], err)) {
            return false;
        }
    }
    *out = (Palette){ colors, count };
    return colors || fail(err, ERR_MEMORY, "no memory for a palette");
}

bool palette_make(Arena *arena, Text name, int64_t size, const Text *custom, int custom_count,
                  Palette *out, Error *err)
{
    const char *map_name = name.at;

    if (text_is(name, "DEFAULT")) {
        return take_hex(arena, default_colors, (int)(sizeof(default_colors) / 6), out, err);
    }
    if (text_is(name, "ROBOFLOW")) {
        return take_hex(arena, roboflow_colors, (int)(sizeof(roboflow_colors) / 6), out, err);
    }
    if (text_is(name, "CUSTOM")) {
        return custom_palette(arena, custom, custom_count, out, err);
    }
    if (text_starts(name, "Matplotlib ")) {
        map_name += strlen("Matplotlib ");
    }
    for (const ColorMap *map = color_maps; map->name; map++) {
        if (strcasecmp(map->name, map_name) == 0) {
            return sample(arena, map, size, out, err);
        }
    }
    return fail(err, ERR_INVALID, "there is no palette '%.*s'", SHOW(name));
}

Color palette_color(const Palette *palette, int64_t index)
{
    return index < 0 || palette->count == 0 ? (Color){ 128, 128, 128 }
                                            : palette->colors[index % palette->count];
}
