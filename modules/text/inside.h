/*
 * inside - what the files of the text module share.  Everything here is called with the
 * module's lock held.
 */
#ifndef OCELLUS_MODULES_TEXT_INSIDE_H
#define OCELLUS_MODULES_TEXT_INSIDE_H

#include <ft2build.h>
#include FT_FREETYPE_H

#include "base/limits.h"
#include "draw/text_module.h"

typedef struct Font {
    char        *file;
    int          index;
    void        *charset;         /* FcCharSet: what it covers; NULL: ask the face */
    FT_Face      face;            /* NULL: not opened yet */
    bool         broken;          /* it could not be opened */
    bool         strikes;         /* has bitmaps of fixed sizes only */
    double       capital;         /* height of a capital as a share of the em */
    double       ratio;           /* from the size it is set to, to the wanted one */
    int          number;          /* unlike that of every other font */
} Font;

/* ---- fonts.c ---------------------------------------------------------------- */

bool  fonts_start(char *why, size_t size);
int   fonts_count(void);

/* The family's font, or the system's first one that opens; NULL when none does. */
Font *font_of_family(const char *family);

/* `wanted` or what fontconfig takes for it. */
bool  font_family_name(const char *wanted, char *found, size_t size);

/* The best font that has the character: `first` if it does.  NULL: none. */
Font *font_for(Font *first, uint32_t code);

/* Set its size in pixels of the em. */
bool  font_set_size(Font *font, double em);

FT_Library fonts_library(void);

/* ---- glyphs.c --------------------------------------------------------------- */

/* Coverage of one glyph; the rows lie behind it. */
typedef struct Glyph {
    int     left, top, width, height;    /* top: rows above the baseline */
    uint8_t pixels[];
} Glyph;

/* How glyphs of a line look. */
typedef struct GlyphStyle {
    double em;           /* pixels */
    int    bold;         /* strokes are that many 64ths of a pixel wider */
    bool   hinted;       /* fitted to whole pixels, as Pillow has them */
} GlyphStyle;

/* The glyph moved right by `shift` quarters of a pixel.  Valid until the next call; NULL
 * when it cannot be had. */
const Glyph *glyph_get(Font *font, uint32_t index, const GlyphStyle *style, int shift);

#endif
