/*
 * fonts - which fonts there are, and which one has a character.
 *
 * fontconfig gives the fonts in the order of preference; they are opened when first
 * needed and stay open.
 */
#include <fontconfig/fontconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "inside.h"

enum { NAMED_FONTS = 32 };

typedef struct Named {
    char  family[64];
    Font *font;
} Named;

static FT_Library library;
static FcConfig  *config;
static Font       fonts[LIMIT_TEXT_FONTS];
static int        font_count;
static Font       named_fonts[NAMED_FONTS];
static Named      named[NAMED_FONTS];
static int        named_count;

FT_Library fonts_library(void)
{
    return library;
}

int fonts_count(void)
{
    return font_count;
}

/* Take over what the pattern of a font file says. */
static bool read_pattern(FcPattern *pattern, Font *font, int number)
{
    FcChar8   *file;
    FcCharSet *covered;
    int        index = 0;

    if (FcPatternGetString(pattern, FC_FILE, 0, &file) != FcResultMatch) {
        return false;
    }
    (void)FcPatternGetInteger(pattern, FC_INDEX, 0, &index);
    *font = (Font){ .file = strdup((const char *)file), .index = index, .number = number };
    if (FcPatternGetCharSet(pattern, FC_CHARSET, 0, &covered) == FcResultMatch) {
        font->charset = FcCharSetCopy(covered);
    }
    return font->file != NULL;
}

static FcPattern *pattern_of(const char *family)
{
    FcPattern *pattern = FcPatternCreate();

    if (pattern) {
        FcPatternAddString(pattern, FC_FAMILY, (const FcChar8 *)family);
        FcConfigSubstitute(config, pattern, FcMatchPattern);
        FcDefaultSubstitute(pattern);
    }
    return pattern;
}

bool fonts_start(char *why, size_t size)
{
    FcPattern *pattern;
    FcFontSet *sorted = NULL;
    FcResult   result;

    config = FcInitLoadConfigAndFonts();
    if (!config || FT_Init_FreeType(&library) != 0) {
        snprintf(why, size, "fontconfig or FreeType does not start");
        return false;
    }
    pattern = pattern_of("sans-serif");
    sorted  = pattern ? FcFontSort(config, pattern, FcTrue, NULL, &result) : NULL;
    for (int i = 0; sorted && i < sorted->nfont && font_count < LIMIT_TEXT_FONTS; i++) {
        font_count += read_pattern(sorted->fonts[i], &fonts[font_count], font_count);
    }
    if (sorted) {
        FcFontSetDestroy(sorted);
    }
    if (pattern) {
        FcPatternDestroy(pattern);
    }
    if (!font_of_family(NULL)) {
        snprintf(why, size, "there is no font; install fonts-dejavu-core or another one");
        return false;
    }
    return true;
}

/* ---- opening ------------------------------------------------------------------------ */

/* The height of an H, as a share of the em. */
static double capital_of(FT_Face face)
{
    FT_UInt glyph = FT_Get_Char_Index(face, 'H');

    if (glyph == 0 || !FT_IS_SCALABLE(face) || face->units_per_EM == 0 ||
        FT_Load_Glyph(face, glyph, FT_LOAD_NO_SCALE) != 0 ||
        face->glyph->metrics.horiBearingY <= 0) {
        return 0.72;
    }
    return (double)face->glyph->metrics.horiBearingY / face->units_per_EM;
}

static bool font_open(Font *font)
{
    if (!font->face && !font->broken) {
        font->broken = FT_New_Face(library, font->file, font->index, &font->face) != 0;
        if (!font->broken) {
            font->strikes = !FT_IS_SCALABLE(font->face);
            font->capital = capital_of(font->face);
            font->ratio   = 1;
            font->broken  = font->strikes && font->face->num_fixed_sizes == 0;
        }
    }
    return !font->broken;
}

bool font_set_size(Font *font, double em)
{
    if (!font->strikes) {
        return FT_Set_Char_Size(font->face, 0, (FT_F26Dot6)(em * 64), 72, 72) == 0;
    }
    if (FT_Select_Size(font->face, 0) != 0 || font->face->available_sizes[0].y_ppem <= 0) {
        return false;
    }
    font->ratio = em * 64 / (double)font->face->available_sizes[0].y_ppem;
    return true;
}

/* ---- choosing ----------------------------------------------------------------------- */

static Font *first_font(void)
{
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < font_count; i++) {
            if (font_open(&fonts[i]) && (pass == 1 || !fonts[i].strikes)) {
                return &fonts[i];
            }
        }
    }
    return NULL;
}

static FcPattern *match(const char *family)
{
    FcPattern *wanted = pattern_of(family);
    FcPattern *found  = NULL;
    FcResult   result;

    if (wanted) {
        found = FcFontMatch(config, wanted, &result);
        FcPatternDestroy(wanted);
    }
    return found;
}

Font *font_of_family(const char *family)
{
    FcPattern *found;
    Font      *font;

    if (!family) {
        return first_font();
    }
    for (int i = 0; i < named_count; i++) {
        if (strcasecmp(named[i].family, family) == 0) {
            return named[i].font;
        }
    }
    if (named_count == NAMED_FONTS || strlen(family) >= sizeof(named[0].family)) {
        return first_font();
    }
    font  = &named_fonts[named_count];
    found = match(family);
    if (!found || !read_pattern(found, font, LIMIT_TEXT_FONTS + named_count) ||
        !font_open(font)) {
        font = first_font();
    }
    if (found) {
        FcPatternDestroy(found);
    }
    snprintf(named[named_count].family, sizeof(named[0].family), "%s", family);
    named[named_count++].font = font;
    return font;
}

bool font_family_name(const char *wanted, char *found, size_t size)
{
    FcPattern *pattern = match(wanted);
    FcChar8   *name;
    bool       ok = false;

    /* A font has its name in several languages. */
    for (int i = 0; pattern && FcPatternGetString(pattern, FC_FAMILY, i, &name) == FcResultMatch;
         i++) {
        if (!ok || strcasecmp((const char *)name, wanted) == 0) {
            snprintf(found, size, "%s", (const char *)name);
            ok = true;
        }
    }
    if (pattern) {
        FcPatternDestroy(pattern);
    }
    return ok;
}

static bool has(Font *font, uint32_t code)
{
    if (font->charset && !FcCharSetHasChar(font->charset, code)) {
        return false;
    }
    return font_open(font) && FT_Get_Char_Index(font->face, code) != 0;
}

Font *font_for(Font *first, uint32_t code)
{
    if (has(first, code)) {
        return first;
    }
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < font_count; i++) {
            /* Outlines before bitmaps, which have a size of their own. */
            if (has(&fonts[i], code) && fonts[i].strikes == (pass == 1)) {
                return &fonts[i];
            }
        }
    }
    return NULL;
}
