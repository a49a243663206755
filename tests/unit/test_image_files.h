/*
 * test_image_files - pictures for the tests, put together or changed.
 *
 * PNGs are made chunk by chunk.  JPEGs are written by our encoder, or come
 * from the fuzzer's corpus where it cannot write their kind.
 */
#ifndef OCELLUS_TESTS_TEST_IMAGE_FILES_H
#define OCELLUS_TESTS_TEST_IMAGE_FILES_H

#include "base/buffer.h"
#include "base/budget.h"
#include "image/decode.h"

/* PNG colour types. */
enum { GRAY = 0, RGB = 2, PALETTE = 3, GRAY_ALPHA = 4, RGBA = 6 };

enum { EXIF_SIZE = 26 };

void put32(Buffer *out, uint32_t value);
void put_chunk(Buffer *out, const char *type, const void *data, size_t length);

/* Signature and header chunk. */
void put_header(Buffer *out, uint32_t width, uint32_t height, uint8_t depth, uint8_t color);

/* Unfiltered rows of `row` bytes as one IDAT chunk or, with a sequence number
 * of 0 or more, as one fdAT chunk. */
void put_data(Buffer *out, const void *pixels, size_t row, size_t rows, int number);
void put_end(Buffer *out);

/* A TIFF structure with one entry, the orientation. */
void make_exif(uint8_t out[EXIF_SIZE], int orientation);

/* A baseline JPEG of noise in the place of what `out` holds. */
void make_jpeg(Buffer *out, int width, int height);

/* A file of tests/fuzz/corpus/image in the place of what `out` holds. */
void load_file(Buffer *out, const char *name);

/* Where a JPEG's frame header stands. */
size_t frame_of(const Buffer *file);

Image *decode_file(const Buffer *file, Error *err);

/* Decode and expect this kind of error, or none; nothing may be left charged. */
void check_kind(const Buffer *file, ErrorKind kind);
void check_pixel(const Image *image, int x, int y, int red, int green, int blue);

#endif
