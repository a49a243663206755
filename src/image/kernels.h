/*
 * kernels - the parts that resizing is put together from.
 *
 * Private to image/; the tests look in here to compare a vector kernel with
 * its scalar twin.
 */
#ifndef OCELLUS_IMAGE_KERNELS_H
#define OCELLUS_IMAGE_KERNELS_H

#include "image/resize.h"

enum { WEIGHT_COPIES = 4 };

/* Where the columns of a row come from.  Weights are pairs, each there four
 * times over: once for every byte of a colour pixel. */
typedef struct Columns {
    int            count;      /* of destination pixels */
    int            pixel;      /* bytes */
    int            next;       /* bytes from the first source pixel to the second */
    const int32_t *at;         /* offset of the first source pixel, in bytes */
    const int16_t *weights;    /* 2 x WEIGHT_COPIES for each destination pixel */
} Columns;

/* The inner loops of linear interpolation. */
typedef struct LinearKernels {
    /* Mix neighbours in `row`: out[i] = (a * w0 + b * w1) >> 4. */
    void (*across)(int16_t *out, const uint8_t *row, const Columns *columns);

    /* The same, for pixels of 4 bytes that have a right neighbour. */
    void (*across_colour)(int16_t *out, const uint8_t *row, const Columns *columns);

    /* Mix two such rows of `count` values into bytes. */
    void (*down)(uint8_t *out, const int16_t *upper, const int16_t *lower, int w0, int w1,
                 int count);
} LinearKernels;

extern const LinearKernels linear_scalar;
void linear_across(int16_t *out, const uint8_t *row, const Columns *columns);
void linear_down(uint8_t *out, const int16_t *upper, const int16_t *lower, int w0, int w1,
                 int count);

/* The fastest for this machine; linear_scalar when there is nothing better. */
const LinearKernels *linear_kernels(void);

/* Vector kernels (AVX2 or NEON), or NULL where the machine has no such instructions. */
const LinearKernels *linear_vectors(void);

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

    /* Mix four such rows into bytes, in float. */
    void (*down)(uint8_t *out, const float *const rows[4], const int16_t weights[4], int count);
} CubicKernels;

extern const CubicKernels cubic_scalar;
void cubic_across(float *out, const uint8_t *row, const CubicColumns *columns);
void cubic_down(uint8_t *out, const float *const rows[4], const int16_t weights[4], int count);
const CubicKernels *cubic_kernels(void);
const CubicKernels *cubic_vectors(void);

/* `channels` of 4-byte pixels: 3 leaves the fourth byte 255. */
bool resize_cubic(const CubicKernels *kernels, Plane from, Plane to, int channels,
                  Error *err) MUST_USE;

/* Gray values of colour pixels. */
typedef void GrayKernel(uint8_t *out, const uint8_t *pixels, int count);
GrayKernel  gray_scalar;
GrayKernel *gray_vectors(void);         /* NULL: none here */

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
