/*
 * blend_kernels - the inner loops of blending.
 *
 * Private to image/; the tests look in here to compare the loops of all levels.
 */
#ifndef OCELLUS_IMAGE_BLEND_KERNELS_H
#define OCELLUS_IMAGE_BLEND_KERNELS_H

#include "image/blend.h"
#include "image/resize.h"
#include "image/simd.h"

enum { MIX_LANES = 32 };

/* A Tint, laid out for pixels of 1 or 4 bytes: byte i becomes
 * fma(color, alpha, byte * beta), or when the colour comes last
 * fma(byte, beta, share), of which share is color * alpha. */
typedef struct Mix {
    int   pixel;
    bool  last;
    float color[MIX_LANES], alpha[MIX_LANES], beta[MIX_LANES], share[MIX_LANES];
} Mix;

Mix mix_of(Tint tint, int pixel);

/* Counts are bytes for `mix`, else pixels.  `bits` may be NULL. */
typedef struct BlendKernels {
    void (*mix)(uint8_t *out, const uint8_t *under, float alpha, float beta, int count);
    void (*tint)(uint8_t *out, const uint8_t *under, const uint8_t *bits, const Mix *mix,
                 int count);
    void (*copy)(uint8_t *out, const uint8_t *from, const uint8_t *bits, int count, int pixel);
} BlendKernels;

BlendKernels blend_kernels(SimdLevel level);

#endif
