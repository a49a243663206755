/*
 * font - lines of text in outline fonts, through the `text` module.
 */
#include "draw/font.h"

#include <math.h>
#include <pthread.h>
#include <unistd.h>

#include "base/log.h"
#include "base/module.h"
#include "base/text.h"
#include "image/raster.h"

static pthread_once_t    once = PTHREAD_ONCE_INIT;
static const TextModule *opened;       /* NULL: not to be had */
static Error             failure;

/* ---- the module --------------------------------------------------------------------- */

/* Where it lies: beside the program, or where `make install` puts it. */
static void *open_module(Error *err)
{
    static char beside[600], installed[600];
    const char *names[] = { beside, installed, NULL };
    char        program[512];
    ssize_t     length = readlink("/proc/self/exe", program, sizeof(program) - 1);
    char       *slash;

    program[MAX(length, 0)] = '\0';
    slash = strrchr(program, '/');
    if (!slash) {
        fail(err, ERR_MISSING, "the program's own folder is not known");
        return NULL;
    }
    *slash = '\0';
    snprintf(beside, sizeof(beside), "%s/ocellus-text.so", program);
    snprintf(installed, sizeof(installed), "%s/../lib/ocellus/ocellus-text.so", program);
    return module_open(names, "text beyond ASCII needs the module ocellus-text.so and the "
                              "packages libraqm0 and libfontconfig1", err);
}

static const TextModule *start_module(Error *err)
{
    void             *handle = open_module(err);
    const TextModule *module = handle ? module_symbol(handle, TEXT_MODULE_SYMBOL, err) : NULL;
    char              why[200];

    if (!module) {
        return NULL;
    }
    if (strcmp(module->stamp, OCELLUS_MODULE_STAMP) != 0) {
        fail(err, ERR_MISSING, "ocellus-text.so is of another build (%s); install the one that "
                               "came with this program", module->stamp);
        return NULL;
    }
    if (!module->start(why, sizeof(why))) {
        fail(err, ERR_MISSING, "text beyond ASCII: %s", why);
        return NULL;
    }
    return module;
}

static void open_once(void)
{
    opened = start_module(&failure);
    if (!opened) {
        log_line(LOG_WARNING, "draw", "%s; such characters are drawn as '?'", failure.text);
    }
}

static const TextModule *module_get(void)
{
    pthread_once(&once, open_once);
    return opened;
}

/* ---- lines -------------------------------------------------------------------------- */

/* The characters of a line: no controls, and an ellipsis where it is cut. */
static size_t decode(Text line, uint32_t codes[LIMIT_TEXT_POINTS])
{
    const char *at = line.at, *end = line.at + line.length;
    size_t      count = 0;

    while (at < end && count < LIMIT_TEXT_POINTS) {
        uint32_t code = utf8_next(&at, end);

        codes[count++] = code < 32 || (code >= 127 && code < 160) ? '?' : code;
    }
    if (at < end) {
        codes[count - 1] = 0x2026;
    }
    return count;
}

static bool line_of(Text text, const FontStyle *style, uint32_t codes[LIMIT_TEXT_POINTS],
                    TextLine *line)
{
    *line = (TextLine){ codes, text.length > 0 ? decode(text, codes) : 0, style->family,
                        style->size, style->of_capital, style->thickness };
    return line->count > 0;
}

bool font_measure(Text line, const FontStyle *style, TextBounds *bounds)
{
    const TextModule *module = module_get();
    uint32_t          codes[LIMIT_TEXT_POINTS];
    TextLine          decoded;

    *bounds = (TextBounds){ 0 };
    return module && line_of(line, style, codes, &decoded) && module->measure(&decoded, bounds);
}

/* The pixels that the ink can touch. */
static Rect box_of(const TextBounds *ink, int x, int y)
{
    double left = fmax(-1e6, ink->left - 2), right  = fmin(1e6, ink->right + 2);
    double top  = fmax(-1e6, ink->top - 2),  bottom = fmin(1e6, ink->bottom + 2);

    return (Rect){ x + (int)floor(left), y + (int)floor(top), (int)ceil(right - left),
                   (int)ceil(bottom - top) };
}

bool font_draw(Image *image, Text line, int x, int y, const FontStyle *style, Color color,
               Error *err)
{
    const TextModule *module = module_get();
    uint32_t          codes[LIMIT_TEXT_POINTS];
    TextLine          decoded;
    TextBounds        ink;
    Coverage          mask;
    bool              drawn;

    if (!module || !line_of(line, style, codes, &decoded) || !module->measure(&decoded, &ink) ||
        !coverage_open(&mask, image, box_of(&ink, x, y), err)) {
        return false;
    }
    drawn = !mask.at || module->draw(&decoded, x, y,
                                     &(TextTarget){ mask.at, mask.box.x, mask.box.y,
                                                    mask.box.width, mask.box.height });
    coverage_paint(&mask, image, color.blue, color.green, color.red);
    coverage_close(&mask);
    return drawn;
}

bool font_family(const char *wanted, char *found, size_t size)
{
    const TextModule *module = module_get();

    return module && module->family(wanted, found, size);
}

bool font_describe(char *text, size_t size, Error *err)
{
    const TextModule *module = module_get();

    if (!module) {
        *err = failure;
        return false;
    }
    module->describe(text, size);
    return true;
}
