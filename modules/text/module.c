/*
 * module - lines of text in any script.
 *
 * Every character gets a font, raqm brings them in order and into shape, and the
 * glyphs go into a mask of coverage.  FreeType's faces and the caches are for one
 * thread at a time, so one lock is around all of it.
 */
#include <hb.h>
#include <math.h>
#include <pthread.h>
#include <raqm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fontconfig/fontconfig.h>

#include "inside.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* A line with fonts chosen. */
typedef struct Shaping {
    raqm_t    *raqm;
    uint32_t  *codes;
    Font     **fonts;         /* one a character */
    size_t     count;
    GlyphStyle style;
} Shaping;

/* Characters that have no picture of their own, and follow the one before. */
static bool is_attached(uint32_t code)
{
    switch (hb_unicode_general_category(hb_unicode_funcs_get_default(), code)) {
    case HB_UNICODE_GENERAL_CATEGORY_FORMAT:
    case HB_UNICODE_GENERAL_CATEGORY_NON_SPACING_MARK:
    case HB_UNICODE_GENERAL_CATEGORY_ENCLOSING_MARK:
    case HB_UNICODE_GENERAL_CATEGORY_SPACING_MARK:
        return true;
    default:
        return false;
    }
}

/* A font for every character; a question mark for what no font has. */
static void choose_fonts(Shaping *s, const TextLine *line, Font *first)
{
    for (size_t i = 0; i < s->count; i++) {
        bool  attached = is_attached(line->codes[i]);
        Font *before   = i > 0 ? s->fonts[i - 1] : first;
        Font *font     = font_for(attached ? before : first, line->codes[i]);

        s->codes[i] = line->codes[i];
        s->fonts[i] = font ? font : attached ? before : first;
        if (!font && !attached) {
            s->codes[i] = '?';
        }
    }
}

static void shaping_close(Shaping *s)
{
    raqm_destroy(s->raqm);
    free(s->codes);
    free(s->fonts);
}

/* Runs of one font, each set to the size. */
static bool set_fonts(Shaping *s)
{
    for (size_t i = 0; i < s->count;) {
        size_t end = i + 1;

        while (end < s->count && s->fonts[end] == s->fonts[i]) {
            end++;
        }
        if (!font_set_size(s->fonts[i], s->style.em) ||
            !raqm_set_freetype_face_range(s->raqm, s->fonts[i]->face, i, end - i)) {
            return false;
        }
        i = end;
    }
    return true;
}

static bool shaping_open(Shaping *s, const TextLine *line)
{
    Font  *first = font_of_family(line->family);
    double em, capital;

    *s = (Shaping){ .count = line->count };
    if (!first || line->count == 0 || line->count > LIMIT_TEXT_POINTS || !(line->size > 0)) {
        return false;
    }
    em       = line->of_capital ? line->size / first->capital : line->size;
    em       = fmin(fmax(em, 1), LIMIT_TEXT_SIZE);
    capital  = em * first->capital;
    /* Strokes are about that wide as they are. */
    s->style = (GlyphStyle){ em, (int)(fmin(fmax(line->thickness - capital * 0.13, 0),
                                            capital / 4) * 64), !line->of_capital };
    s->raqm  = raqm_create();
    s->codes = calloc(s->count, sizeof(*s->codes));
    s->fonts = calloc(s->count, sizeof(Font *));
    if (s->raqm && s->codes && s->fonts) {
        choose_fonts(s, line, first);
        if (raqm_set_text(s->raqm, s->codes, s->count) && set_fonts(s) &&
            raqm_set_par_direction(s->raqm, RAQM_DIRECTION_DEFAULT) &&
            raqm_set_freetype_load_flags(s->raqm, FT_LOAD_COLOR | (s->style.hinted
                                                                   ? 0 : FT_LOAD_NO_HINTING)) &&
            raqm_layout(s->raqm)) {
            return true;
        }
    }
    shaping_close(s);
    return false;
}

static Font *font_of_face(const Shaping *s, const raqm_glyph_t *glyph)
{
    if (glyph->cluster < s->count && s->fonts[glyph->cluster]->face == glyph->ftface) {
        return s->fonts[glyph->cluster];
    }
    for (size_t i = 0; i < s->count; i++) {
        if (s->fonts[i]->face == glyph->ftface) {
            return s->fonts[i];
        }
    }
    return NULL;
}

/* Called with every glyph, whose origin is at (x, y). */
typedef void (*GlyphVisitor)(void *context, const Glyph *glyph, int x, int y);

/* Walk along the line from (x, y); the place behind it. */
static double walk(const Shaping *s, double x, double y, GlyphVisitor visit, void *context)
{
    size_t        count  = 0;
    raqm_glyph_t *glyphs = raqm_get_glyphs(s->raqm, &count);

    for (size_t i = 0; glyphs && i < count; i++) {
        Font        *font = font_of_face(s, &glyphs[i]);
        double       unit = font ? font->ratio / 64 : 0;
        double       at   = x + glyphs[i].x_offset * unit, whole = floor(at);
        const Glyph *glyph;

        if (!font || fabs(at) > 1e8) {
            continue;
        }
        glyph = glyph_get(font, glyphs[i].index, &s->style, (int)((at - whole) * 4));
        if (glyph) {
            visit(context, glyph, (int)whole, (int)lround(y - glyphs[i].y_offset * unit));
        }
        x += glyphs[i].x_advance * unit;
    }
    return x;
}

/* ---- measuring ---------------------------------------------------------------------- */

static void add_bounds(void *context, const Glyph *glyph, int x, int y)
{
    TextBounds *b     = context;
    bool        first = b->left == 0 && b->right == 0;
    double      left  = x + glyph->left, top = y - glyph->top;

    if (glyph->width == 0 || glyph->height == 0) {
        return;
    }
    b->left   = first ? left : fmin(b->left, left);
    b->right  = first ? left + glyph->width : fmax(b->right, left + glyph->width);
    b->top    = first ? top : fmin(b->top, top);
    b->bottom = first ? top + glyph->height : fmax(b->bottom, top + glyph->height);
}

static bool measure(const TextLine *line, TextBounds *bounds)
{
    Shaping s;
    bool    ok;

    *bounds = (TextBounds){ 0 };
    pthread_mutex_lock(&lock);
    ok = shaping_open(&s, line);
    if (ok) {
        bounds->advance = walk(&s, 0, 0, add_bounds, bounds);
        shaping_close(&s);
    }
    pthread_mutex_unlock(&lock);
    return ok;
}

/* ---- drawing ------------------------------------------------------------------------ */

static void add_coverage(void *context, const Glyph *glyph, int x, int y)
{
    const TextTarget *target = context;
    int left  = x + glyph->left - target->x, top = y - glyph->top - target->y;
    int from  = left < 0 ? -left : 0;
    int until = target->width - left < glyph->width ? target->width - left : glyph->width;

    for (int row = top < 0 ? -top : 0; row < glyph->height && top + row < target->height; row++) {
        const uint8_t *in  = glyph->pixels + (size_t)row * (size_t)glyph->width;
        uint8_t       *out = target->at + (size_t)(top + row) * (size_t)target->width;

        for (int k = from; k < until; k++) {
            if (in[k] > out[left + k]) {
                out[left + k] = in[k];
            }
        }
    }
}

static bool draw(const TextLine *line, double x, double y, const TextTarget *target)
{
    TextTarget into = *target;
    Shaping    s;
    bool       ok;

    pthread_mutex_lock(&lock);
    ok = shaping_open(&s, line);
    if (ok) {
        (void)walk(&s, x, y, add_coverage, &into);
        shaping_close(&s);
    }
    pthread_mutex_unlock(&lock);
    return ok;
}

/* ---- the table ---------------------------------------------------------------------- */

static bool start(char *why, size_t size)
{
    bool ok;

    pthread_mutex_lock(&lock);
    ok = fonts_start(why, size);
    pthread_mutex_unlock(&lock);
    return ok;
}

static bool family(const char *wanted, char *found, size_t size)
{
    bool ok;

    pthread_mutex_lock(&lock);
    ok = font_family_name(wanted, found, size);
    pthread_mutex_unlock(&lock);
    return ok;
}

static void describe(char *text, size_t size)
{
    FT_Int major, minor, patch;

    pthread_mutex_lock(&lock);
    FT_Library_Version(fonts_library(), &major, &minor, &patch);
    snprintf(text, size, "raqm %s, HarfBuzz %s, FreeType %d.%d.%d, %d fonts",
             raqm_version_string(), hb_version_string(), major, minor, patch, fonts_count());
    pthread_mutex_unlock(&lock);
}

extern const TextModule ocellus_text_module;

__attribute__((visibility("default"))) const TextModule ocellus_text_module = {
    .stamp    = OCELLUS_MODULE_STAMP,
    .start    = start,
    .measure  = measure,
    .draw     = draw,
    .family   = family,
    .describe = describe,
};
