/*
 * codecs - the formats that live in a module of their own.
 *
 * TIFF and AVIF bring libraries along that few requests need, so their
 * decoders lie in a shared object beside the program that is opened when the
 * first such picture comes.  It exports one table.  Program and module are of
 * one build: the stamp says so before anything else of the table is believed.
 */
#ifndef OCELLUS_IMAGE_CODECS_H
#define OCELLUS_IMAGE_CODECS_H

#include "image/codec.h"

#define CODECS_FILE  "ocellus-codecs.so"
#define CODECS_TABLE "ocellus_codecs"

typedef struct Codecs {
    const char *stamp;          /* CODECS_STAMP of both */
    Probe      *tiff_probe, *avif_probe;
    Decode     *tiff_decode, *avif_decode;

    /* "libtiff 4.5.0, libavif 0.11.1" into `text` of `size` bytes. */
    void (*versions)(char *text, size_t size);
} Codecs;

extern const Codecs ocellus_codecs;

/* The module's table; NULL and ERR_MISSING when it cannot be opened. */
const Codecs *codecs_open(Error *err) MUST_USE;

#endif
