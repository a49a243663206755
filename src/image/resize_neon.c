/*
 * resize_neon - linear and cubic interpolation with the vectors of 64-bit ARM.
 *
 * The same numbers as the scalar kernels.  Every 64-bit ARM processor has these
 * instructions, so nothing is asked at run time.
 */
#include "image/kernels.h"

#ifdef __aarch64__
#include <arm_neon.h>

/* ---- linear ---------------------------------------------------------------- */

static void across_colour(int16_t *out, const uint8_t *row, const Columns *columns)
{
    for (int x = 0; x < columns->count; x++) {
        const int16_t *w    = columns->weights + (ptrdiff_t)x * 8;
        int16x8_t      pair = vreinterpretq_s16_u16(vmovl_u8(vld1_u8(row + columns->at[x])));
        int32x4_t      sum  = vmull_n_s16(vget_low_s16(pair), w[0]);

        sum = vmlal_n_s16(sum, vget_high_s16(pair), w[1]);
        vst1_s16(out + 4 * (ptrdiff_t)x, vshrn_n_s32(sum, 4));
    }
}

/* The upper halves of products. */
static inline int16x8_t scale(int16x8_t values, int16_t weight)
{
    return vcombine_s16(vshrn_n_s32(vmull_n_s16(vget_low_s16(values), weight), 16),
                        vshrn_n_s32(vmull_n_s16(vget_high_s16(values), weight), 16));
}

static void down(uint8_t *out, const int16_t *upper, const int16_t *lower, int w0, int w1,
                 int count)
{
    int i = 0;

    for (; i + 8 <= count; i += 8) {
        int16x8_t sum = vaddq_s16(scale(vld1q_s16(upper + i), (int16_t)w0),
                                  scale(vld1q_s16(lower + i), (int16_t)w1));

        vst1_u8(out + i, vqmovun_s16(vrshrq_n_s16(sum, 2)));
    }
    linear_down(out + i, upper + i, lower + i, w0, w1, count - i);
}

const LinearKernels linear_neon = { linear_across, across_colour, down };

/* ---- cubic ----------------------------------------------------------------- */

static void cubic_across_colour(float *out, const uint8_t *row, const CubicColumns *columns)
{
    for (int x = 0; x < columns->count; x++) {
        const int16_t *first = columns->first + 2 * (ptrdiff_t)x;
        const int16_t *last  = columns->last + 2 * (ptrdiff_t)x;
        uint8x16_t     four  = vld1q_u8(row + columns->at[x]);
        int16x8_t      left  = vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(four)));
        int16x8_t      right = vreinterpretq_s16_u16(vmovl_u8(vget_high_u8(four)));
        int32x4_t      sum   = vmull_n_s16(vget_low_s16(left), first[0]);

        sum = vmlal_n_s16(sum, vget_high_s16(left), first[1]);
        sum = vmlal_n_s16(sum, vget_low_s16(right), last[0]);
        sum = vmlal_n_s16(sum, vget_high_s16(right), last[1]);
        vst1q_f32(out + 4 * (ptrdiff_t)x, vcvtq_f32_s32(sum));
    }
}

/* Four values, rounded.  Products and sums stay apart, as in the scalar kernel. */
static inline int16x4_t mix(const float *const rows[4], const float share[4], int i)
{
    float32x4_t sum = vmulq_n_f32(vld1q_f32(rows[3] + i), share[3]);

    for (int k = 2; k >= 0; k--)
        sum = vaddq_f32(vmulq_n_f32(vld1q_f32(rows[k] + i), share[k]), sum);
    return vqmovn_s32(vcvtnq_s32_f32(sum));
}

static void cubic_mix_down(uint8_t *out, const float *const rows[4], const int16_t weights[4],
                           uint32_t ones, int count)
{
    const uint8x8_t set = vreinterpret_u8_u32(vdup_n_u32(ones));
    float           share[4];
    int             i = 0;

    for (int k = 0; k < 4; k++)
        share[k] = (float)weights[k] / (1 << 22);
    for (; i + 8 <= count; i += 8) {
        uint8x8_t bytes = vqmovun_s16(vcombine_s16(mix(rows, share, i), mix(rows, share, i + 4)));

        vst1_u8(out + i, vorr_u8(bytes, set));
    }
    cubic_down(out + i, (const float *const[]){ rows[0] + i, rows[1] + i, rows[2] + i,
               rows[3] + i }, weights, ones, count - i);
}

const CubicKernels cubic_neon = { cubic_across, cubic_across_colour, cubic_mix_down };

#endif
