/*
 * gray - colour pixels to gray, equal to OpenCV 4.12 to the last bit.
 *
 *     (3735 * B + 19235 * G + 9798 * R + 16384) >> 15
 */
#include "image/kernels.h"

static void gray_scalar(uint8_t *out, const uint8_t *pixels, int count)
{
    for (int x = 0; x < count; x++, pixels += 4)
        out[x] = gray_of(pixels[0], pixels[1], pixels[2]);
}

#ifdef __x86_64__
#include <immintrin.h>

/* Eight pixels as 32-bit numbers. */
AVX2 static inline __m256i eight(const uint8_t *pixels)
{
    const __m256i low = _mm256_set1_epi32(0x00FF00FF);
    __m256i       all = _mm256_loadu_si256((const void *)pixels);
    __m256i       blue_red = _mm256_and_si256(all, low);
    __m256i       green    = _mm256_and_si256(_mm256_srli_epi32(all, 8), low);
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

/* Four pixels as 32-bit numbers. */
SSE41 static inline __m128i four(const uint8_t *pixels)
{
    const __m128i low = _mm_set1_epi32(0x00FF00FF);
    __m128i       all = _mm_loadu_si128((const void *)pixels);
    __m128i       sum = _mm_add_epi32(
        _mm_madd_epi16(_mm_and_si128(all, low), _mm_set1_epi32(9798 << 16 | 3735)),
        _mm_madd_epi16(_mm_and_si128(_mm_srli_epi32(all, 8), low), _mm_set1_epi32(19235)));

    return _mm_srli_epi32(_mm_add_epi32(sum, _mm_set1_epi32(16384)), 15);
}

SSE41 static void gray_sse41(uint8_t *out, const uint8_t *pixels, int count)
{
    int x = 0;

    for (; x + 16 <= count; x += 16) {
        const uint8_t *at   = pixels + 4 * (ptrdiff_t)x;
        __m128i        low  = _mm_packs_epi32(four(at), four(at + 16));
        __m128i        high = _mm_packs_epi32(four(at + 32), four(at + 48));

        _mm_storeu_si128((void *)(out + x), _mm_packus_epi16(low, high));
    }
    gray_scalar(out + x, pixels + 4 * (ptrdiff_t)x, count - x);
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

#endif

GrayKernel *gray_kernel(SimdLevel level)
{
    static GrayKernel *const kernels[SIMD_LEVELS] = BY_LEVEL(gray_scalar, gray_sse41, gray_avx2,
                                                             gray_neon);

    return kernels[level];
}

void gray_row(uint8_t *out, const uint8_t *pixels, int count)
{
    gray_kernel(simd_level())(out, pixels, count);
}
