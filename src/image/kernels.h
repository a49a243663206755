/*
 * kernels - the parts that resizing is put together from.
 *
 * Private to image/; the tests look in here to compare a vector kernel with
 * its scalar twin.
 */
#ifndef OCELLUS_IMAGE_KERNELS_H
#define OCELLUS_IMAGE_KERNELS_H

#include "image/resize.h"
#include "image/simd.h"

/* Where the columns of a row come from, which never goes back.  Weights are pairs, each
 * there once for every byte of a pixel. */
typedef struct Columns {
    int            count;      /* of destination pixels */
    int            pixel;      /* bytes */
    int            next;       /* bytes from the first source pixel to the second */
    const int32_t *at;         /* offset of the first source pixel, in bytes */
    const int16_t *weights;    /* 2 x pixel for each destination pixel */
} Columns;

/* The inner loops of linear interpolation. */
typedef struct LinearKernels {
    /* Mix neighbours in `row`: out[i] = (a * w0 + b * w1) >> 4; pixels of one byte. */
    void (*across)(int16_t *out, const uint8_t *row, const Columns *columns);

    /* The same, for pixels of 4 bytes that have a right neighbour. */
    void (*across_colour)(int16_t *out, const uint8_t *row, const Columns *columns);

    /* Mix two such rows of `count` values into bytes. */
    void (*down)(uint8_t *out, const int16_t *upper, const int16_t *lower, int w0, int w1,
                 int count);
} LinearKernels;

extern const LinearKernels linear_scalar, linear_sse41, linear_avx2, linear_neon;
void linear_across(int16_t *out, const uint8_t *row, const Columns *columns);
void linear_down(uint8_t *out, const int16_t *upper, const int16_t *lower, int w0, int w1,
                 int count);

const LinearKernels *linear_kernels(SimdLevel level);

/* Where the columns of a cubic row come from, in a row whose edges are repeated. */
typedef struct CubicColumns {
    int            count;           /* of destination pixels */
    int            pixel;           /* bytes */
    const int32_t *at;              /* offset of the first of four pixels, in bytes */
    const int16_t *first, *last;    /* two weights each for every destination pixel */
} CubicColumns;

/* The inner loops of cubic interpolation. */
typedef struct CubicKernels {
    /* Sums of four neighbours, of any pixels and of those of 4 bytes: whole numbers
     * below 2^24, which are exact as float. */
    void (*across)(float *out, const uint8_t *row, const CubicColumns *columns);
    void (*across_colour)(float *out, const uint8_t *row, const CubicColumns *columns);

    /* Mix four such rows into bytes, in float, and set the bits of `ones` in every four. */
    void (*down)(uint8_t *out, const float *const rows[4], const int16_t weights[4],
                 uint32_t ones, int count);
} CubicKernels;

extern const CubicKernels cubic_scalar, cubic_sse41, cubic_avx2, cubic_neon;
void cubic_across(float *out, const uint8_t *row, const CubicColumns *columns);
void cubic_down(uint8_t *out, const float *const rows[4], const int16_t weights[4], uint32_t ones,
                int count);
const CubicKernels *cubic_kernels(SimdLevel level);

/* `channels` of 4-byte pixels: 3 leaves the fourth byte 255. */
bool resize_cubic(const CubicKernels *kernels, Plane from, Plane to, int channels,
                  Error *err) MUST_USE;

/* Gray values of colour pixels. */
typedef void GrayKernel(uint8_t *out, const uint8_t *pixels, int count);
GrayKernel *gray_kernel(SimdLevel level);

/* `spread` chooses the weights that area resizing enlarges with. */
bool resize_linear(const LinearKernels *kernels, Plane from, Plane to, bool spread,
                   Error *err) MUST_USE;
bool resize_area(Plane from, Plane to, Error *err) MUST_USE;
bool resize_nearest(Plane from, Plane to, Error *err) MUST_USE;

/* Source pixels for one destination pixel, exactly as OpenCV computes it:
 * rounding makes some whole ratios (1 / (1 / 49.0)) miss their number. */
static inline double resize_ratio(int from, int to)
{
    return 1.0 / ((double)to / from);
}

#endif
