/*
 * module - the table that ocellus-codecs.so exports.
 *
 * The module is closed in itself: what it uses of the program's own code is
 * compiled into it once more, hidden, so that nothing but this table crosses
 * the border.
 */
#include <avif/avif.h>
#include <tiffio.h>

#include "codecs/decoders.h"
#include "codecs_stamp.h"

static void tell_versions(char *text, size_t size)
{
    /* "LIBTIFF, Version 4.5.0" and a copyright below it. */
    const char *tiff   = strstr(TIFFGetVersion(), "Version ");
    size_t      length = tiff ? strcspn(tiff + 8, "\n") : 0;

    snprintf(text, size, "libtiff %.*s, libavif %s", (int)length, tiff ? tiff + 8 : "",
             avifVersion());
}

__attribute__((visibility("default"))) const Codecs ocellus_codecs = {
    .stamp       = CODECS_STAMP,
    .tiff_probe  = tiff_file_probe,
    .tiff_decode = tiff_file_decode,
    .avif_probe  = avif_file_probe,
    .avif_decode = avif_file_decode,
    .versions    = tell_versions,
};
