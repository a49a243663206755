/*
 * gray - colour pixels to gray, equal to OpenCV 4.12 to the last bit.
 *
 *     (3735 * B + 19235 * G + 9798 * R + 16384) >> 15
 */
#include "image/kernels.h"

void gray_scalar(uint8_t *out, const uint8_t *pixels, int count)
{
    for (int x = 0; x < count; x++, pixels += 4)
        out[x] = gray_of(pixels[0], pixels[1], pixels[2]);
}

#ifdef __x86_64__
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

/* Eight pixels as 32-bit numbers. */
AVX2 static inline __m256i eight(const uint8_t *pixels)
{
    const __m256i low = _mm256_set1_epi32(0x00FF00FF);
    __m256i       four = _mm256_loadu_si256((const void *)pixels);
    __m256i       blue_red = _mm256_and_si256(four, low);
    __m256i       green    = _mm256_and_si256(_mm256_srli_epi32(four, 8), low);
    __m256i       sum = _mm256_add_epi32(
        _mm256_madd_epi16(blue_red, _mm256_set1_epi32(9798 << 16 | 3735)),
        _mm256_madd_epi16(green, _mm256_set1_epi32(19235)));

    return _mm256_srli_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(16384)), 15);
}

AVX2 static void gray_avx2(uint8_t *out, const uint8_t *pixels, int count)
{
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    int           x     = 0;

    for (; x + 32 <= count; x += 32) {
        const uint8_t *at   = pixels + 4 * (ptrdiff_t)x;
        __m256i        low  = _mm256_packs_epi32(eight(at), eight(at + 32));
        __m256i        high = _mm256_packs_epi32(eight(at + 64), eight(at + 96));

        /* Packing works on the halves apart. */
        __m256i packed = _mm256_permutevar8x32_epi32(_mm256_packus_epi16(low, high), order);
        _mm256_storeu_si256((__m256i *)(void *)(out + x), packed);
    }
    gray_scalar(out + x, pixels + 4 * (ptrdiff_t)x, count - x);
}

GrayKernel *gray_vectors(void)
{
    return __builtin_cpu_supports("avx2") ? gray_avx2 : NULL;
}

#elif defined __aarch64__
#include <arm_neon.h>

static void gray_neon(uint8_t *out, const uint8_t *pixels, int count)
{
    int x = 0;

    for (; x + 8 <= count; x += 8) {
        uint8x8x4_t at    = vld4_u8(pixels + 4 * (ptrdiff_t)x);
        uint16x8_t  blue  = vmovl_u8(at.val[0]), green = vmovl_u8(at.val[1]);
        uint16x8_t  red   = vmovl_u8(at.val[2]);
        uint32x4_t  first = vmull_n_u16(vget_low_u16(blue), 3735);
        uint32x4_t  last  = vmull_n_u16(vget_high_u16(blue), 3735);

        first = vmlal_n_u16(first, vget_low_u16(green), 19235);
        last  = vmlal_n_u16(last, vget_high_u16(green), 19235);
        first = vmlal_n_u16(first, vget_low_u16(red), 9798);
        last  = vmlal_n_u16(last, vget_high_u16(red), 9798);
        vst1_u8(out + x, vmovn_u16(vcombine_u16(vrshrn_n_u32(first, 15), vrshrn_n_u32(last, 15))));
    }
    gray_scalar(out + x, pixels + 4 * (ptrdiff_t)x, count - x);
}

GrayKernel *gray_vectors(void)
{
    return gray_neon;
}

#else

GrayKernel *gray_vectors(void)
{
    return NULL;
}

#endif

void gray_row(uint8_t *out, const uint8_t *pixels, int count)
{
    GrayKernel *vectors = gray_vectors();

    (vectors ? vectors : gray_scalar)(out, pixels, count);
}
