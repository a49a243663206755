/*
 * text_module - what the program and its `text` module agree on.
 *
 * The module (modules/text) draws what the stroke font cannot: it shapes text with
 * HarfBuzz and FriBidi, finds fonts with fontconfig and renders them with FreeType.
 * It is a shared object that calls nothing of the program and is opened when the first
 * such text is drawn.  The stamp keeps a program from a module of another build.
 * Every function may be called by any thread.
 */
#ifndef OCELLUS_DRAW_TEXT_MODULE_H
#define OCELLUS_DRAW_TEXT_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_MODULE_SYMBOL "ocellus_text_module"

/* One line of text, decoded: no control characters, at most LIMIT_TEXT_POINTS. */
typedef struct TextLine {
    const uint32_t *codes;
    size_t          count;
    const char     *family;      /* NULL: the system's sans-serif */
    double          size;        /* pixels: of a capital, or of the em */
    bool            of_capital;
    double          thickness;   /* strokes are at least this wide; 0: as they are */
} TextLine;

/* Of a line, in pixels from its origin on the baseline; y grows downwards. */
typedef struct TextBounds {
    double advance;
    double left, top, right, bottom;     /* of the ink; all 0 when there is none */
} TextBounds;

/* Coverage, a byte a pixel, of a rectangle whose top left pixel is (x, y). */
typedef struct TextTarget {
    uint8_t *at;
    int      x, y, width, height;
} TextTarget;

typedef struct TextModule {
    const char *stamp;

    /* Find the fonts; once, before anything else.  False with the reason. */
    bool (*start)(char *why, size_t size);

    bool (*measure)(const TextLine *line, TextBounds *bounds);
    bool (*draw)(const TextLine *line, double x, double y, const TextTarget *target);

    /* The family that stands for the wanted one: itself where it is installed. */
    bool (*family)(const char *wanted, char *found, size_t size);

    /* Versions and the number of fonts, for people. */
    void (*describe)(char *text, size_t size);
} TextModule;

#endif
