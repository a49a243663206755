/*
 * tiff - the first page of a TIFF, to BGRX.
 *
 * libtiff's own way to colours is OpenCV's too: 16 bits become 8, palettes,
 * CMYK, YCbCr and gray become RGB, unassociated alpha is multiplied in and
 * then dropped.  A page that is damaged comes out as far as it can be read,
 * the rest is black.
 *
 * libtiff is told nothing but our bytes, prints nothing, allocates no more at
 * once than the page needs, and only sees compressions that are allowed: the
 * others are rare and were never made for hostile files.
 */
#include <tiffio.h>

#include "codecs/decoders.h"

/* ---- the bytes as a file --------------------------------------------------- */

typedef struct File {
    const uint8_t *bytes;
    size_t         length;
    uint64_t       at;
    char           problem[160];    /* what libtiff said first */
} File;

static tmsize_t file_read(thandle_t handle, void *out, tmsize_t count)
{
    File  *file = (File *)handle;
    size_t left = file->at < file->length ? file->length - (size_t)file->at : 0;
    size_t n    = MIN(left, (size_t)MAX(count, 0));

    if (n > 0)
        memcpy(out, file->bytes + file->at, n);
    file->at += n;
    return (tmsize_t)n;
}

static tmsize_t file_write(thandle_t handle, void *from, tmsize_t count)
{
    (void)handle;
    (void)from;
    (void)count;
    return -1;
}

static toff_t file_seek(thandle_t handle, toff_t offset, int whence)
{
    File *file = (File *)handle;

    file->at = whence == SEEK_CUR ? file->at + offset
             : whence == SEEK_END ? file->length + offset : offset;
    return file->at;
}

static int file_close(thandle_t handle)
{
    (void)handle;
    return 0;
}

static toff_t file_size(thandle_t handle)
{
    return ((File *)handle)->length;
}

/* Nothing is mapped and freed: the bytes are there already. */
static int file_map(thandle_t handle, void **base, toff_t *size)
{
    File *file = (File *)handle;

    *base = (void *)file->bytes;
    *size = file->length;
    return 1;
}

static void file_unmap(thandle_t handle, void *base, toff_t size)
{
    (void)handle;
    (void)base;
    (void)size;
}

__attribute__((format(printf, 4, 0)))
static int on_error(TIFF *tiff, void *data, const char *module, const char *format, va_list args)
{
    File *file = data;

    (void)tiff;
    (void)module;
    if (!file->problem[0])
        vsnprintf(file->problem, sizeof file->problem, format, args);
    return 1;
}

__attribute__((format(printf, 4, 0)))
static int on_warning(TIFF *tiff, void *data, const char *module, const char *format, va_list args)
{
    (void)tiff;
    (void)data;
    (void)module;
    (void)format;
    (void)args;
    return 1;
}

/* Open for reading, without cutting long strips into many; no single
 * allocation of libtiff's may be larger than `most` bytes. */
static TIFF *open_file(File *file, size_t most, Error *err)
{
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();

    if (!options) {
        fail(err, ERR_MEMORY, "no memory for the TIFF decoder");
        return NULL;
    }
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)most);
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, file);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, file);
    TIFF *tiff = TIFFClientOpenExt("picture", "rC", (thandle_t)file, file_read, file_write,
                                   file_seek, file_close, file_size, file_map, file_unmap,
                                   options);
    TIFFOpenOptionsFree(options);
    if (!tiff)
        codec_fail(err, ERR_INVALID, "the TIFF cannot be read", file->problem);
    return tiff;
}

/* ---- the page -------------------------------------------------------------- */

typedef struct Page {
    uint32_t width, height;
    uint16_t bits, samples, planar, compression, format;
    int      orientation;
    size_t   scratch;       /* bytes that libtiff takes to decode it */
} Page;

static bool check_compression(uint16_t compression, Error *err)
{
    static const uint16_t known[] = {
        COMPRESSION_NONE, COMPRESSION_CCITTRLE, COMPRESSION_CCITTRLEW, COMPRESSION_CCITTFAX3,
        COMPRESSION_CCITTFAX4, COMPRESSION_LZW, COMPRESSION_JPEG, COMPRESSION_ADOBE_DEFLATE,
        COMPRESSION_DEFLATE, COMPRESSION_PACKBITS,
    };

    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (known[i] == compression)
            return true;
    }
    return fail(err, ERR_UNSUPPORTED, "TIFF with compression %d is not supported; save it with "
                "LZW or deflate, or as PNG", compression);
}

static bool check_pixels(const Page *page, Error *err)
{
    if (page->format == SAMPLEFORMAT_IEEEFP || page->format == SAMPLEFORMAT_COMPLEXINT ||
        page->format == SAMPLEFORMAT_COMPLEXIEEEFP || page->bits > 16)
        return fail(err, ERR_UNSUPPORTED, "TIFF with %d-bit %ss is not supported; save it with "
                    "8 or 16 bits", page->bits,
                    page->format == SAMPLEFORMAT_IEEEFP ? "floating-point number" : "sample");
    return true;
}

/* How many strips or tiles, and what one takes when it is decoded.  libtiff
 * holds one of each plane when planes are apart. */
static bool measure_pieces(TIFF *tiff, Page *page, Error *err)
{
    bool     tiled = TIFFIsTiled(tiff);
    uint32_t count = tiled ? TIFFNumberOfTiles(tiff) : TIFFNumberOfStrips(tiff);
    tmsize_t size  = tiled ? TIFFTileSize(tiff) : TIFFStripSize(tiff);

    if (count > LIMIT_TIFF_PIECES)
        return fail(err, ERR_TOO_LARGE, "the TIFF has %u strips or tiles; %d are the most", count,
                    LIMIT_TIFF_PIECES);
    if (size <= 0)
        return fail(err, ERR_INVALID, "the TIFF has strips or tiles without a size");

    uint64_t planes = page->planar == PLANARCONFIG_SEPARATE ? MIN(page->samples, 4) : 1;
    uint64_t most   = 16 * (uint64_t)LIMIT_IMAGE_PIXELS;
    if ((uint64_t)size > most / planes)
        return fail(err, ERR_TOO_LARGE, "the TIFF has strips or tiles of %lld bytes",
                    (long long)size);
    page->scratch = (size_t)((uint64_t)size * planes);
    return true;
}

static bool read_page(TIFF *tiff, Page *page, Error *err)
{
    uint16_t orientation = 1;

    *page = (Page){ 0 };
    if (!TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &page->width) ||
        !TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &page->height))
        return fail(err, ERR_INVALID, "the TIFF does not say how large it is");
    if (!image_size_check(page->width, page->height, err))
        return false;

    TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &page->bits);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &page->samples);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &page->planar);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &page->compression);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &page->format);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &orientation);
    page->orientation = orientation >= 1 && orientation <= 8 ? orientation : 1;
    return check_compression(page->compression, err) && check_pixels(page, err) &&
           measure_pieces(tiff, page, err);
}

/* Reading the directory takes little but the places of strips and tiles, of
 * which there may be as many as the limit or the file allow. */
static size_t directory_memory(size_t length)
{
    return MIN(MIB(1) + length, 8 * (size_t)LIMIT_TIFF_PIECES + MIB(1));
}

bool tiff_file_probe(const void *bytes, size_t length, ImageHeader *header, Error *err)
{
    File  file = { .bytes = bytes, .length = length };
    Page  page;
    char  reason[1024] = "";

    header->format = FORMAT_TIFF;
    TIFF *tiff = open_file(&file, directory_memory(length), err);
    if (!tiff)
        return false;

    bool sound = read_page(tiff, &page, err);
    if (sound && !TIFFRGBAImageOK(tiff, reason))
        sound = fail(err, ERR_UNSUPPORTED, "this kind of TIFF is not supported (%s)", reason);
    TIFFClose(tiff);
    if (!sound)
        return false;
    header->width       = (int)page.width;
    header->height      = (int)page.height;
    header->orientation = page.orientation;
    header->scratch     = page.scratch;
    return true;
}

/* ---- pixels ---------------------------------------------------------------- */

/* libtiff's pixels are R, G, B, A from the lowest byte up. */
static void to_bgrx(uint8_t *pixels, size_t count)
{
    for (uint8_t *p = pixels; p < pixels + 4 * count; p += 4) {
        uint8_t red = p[0];

        p[0] = p[2];
        p[2] = red;
        p[3] = 255;
    }
}

static bool read_pixels(TIFF *tiff, const Page *page, const File *file, uint8_t *pixels,
                        Error *err)
{
    TIFFRGBAImage image;
    char          reason[1024] = "";
    size_t        count = (size_t)page->width * page->height;

    if (!TIFFRGBAImageBegin(&image, tiff, 0, reason))
        return codec_fail(err, ERR_INVALID, "the TIFF cannot be decoded", reason);

    /* Pixels as they lie in the file; our own code turns them upright. */
    image.orientation     = ORIENTATION_TOPLEFT;
    image.req_orientation = ORIENTATION_TOPLEFT;
    memset(pixels, 0, 4 * count);
    bool done = TIFFRGBAImageGet(&image, (uint32_t *)(void *)pixels, page->width, page->height);
    TIFFRGBAImageEnd(&image);
    if (!done)
        return codec_fail(err, ERR_INVALID, "the TIFF cannot be decoded", file->problem);
    to_bgrx(pixels, count);
    return true;
}

bool tiff_file_decode(const void *bytes, size_t length, const ImageHeader *header,
                      uint8_t *pixels, Error *err)
{
    File  file = { .bytes = bytes, .length = length };
    Page  page;
    TIFF *tiff = open_file(&file, header->scratch + directory_memory(length), err);

    if (!tiff)
        return false;

    bool done = read_page(tiff, &page, err);
    if (done) {
        assert(page.width == (uint32_t)header->width && page.height == (uint32_t)header->height);
        done = read_pixels(tiff, &page, &file, pixels, err);
    }
    TIFFClose(tiff);
    return done;
}
