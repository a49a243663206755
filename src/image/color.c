/*
 * color - colour spaces, in the forms that 8 bits have in OpenCV.
 *
 * Pixels go in groups, as numbers of 32 bits side by side, which compilers turn into
 * vectors; what stands in a table is looked up in loops of their own.
 */
#include "image/color.h"

#include <math.h>
#include <pthread.h>

#include "image/simd.h"

enum { GROUP = 32 };     /* pixels; that OpenCV does so many at once shows, see below */

/* What a group of pixels is made of on the way. */
typedef struct Group {
    int32_t first[GROUP], second[GROUP], third[GROUP];
} Group;

LOOP int descale(int value, int shift)
{
    return (value + (1 << (shift - 1))) >> shift;
}

LOOP int byte_of(int value)
{
    return MAX(0, MIN(value, 255));
}

LOOP int part(uint32_t pixel, int which)
{
    return (int)(pixel >> 8 * which & 255);
}

LOOP uint32_t pixel_of(int first, int second, int third)
{
    return (uint32_t)first | (uint32_t)second << 8 | (uint32_t)third << 16 | 0xFF000000;
}

/* One of two numbers that are there already: no branch stands in the way of vectors. */
LOOP int pick(bool first, int a, int b)
{
    return b ^ ((a ^ b) & -(int)first);
}

/* Half to even, for less than 2^22 either way: adding and taking away 1.5 * 2^23 does it. */
LOOP float rounded(float v)
{
    const float magic = 12582912.0f;

    return (v + magic) - magic;
}

/* ---- HSV ------------------------------------------------------------------- */

enum { HSV_SHIFT = 12, HUES = 180, SECTORS = 6 };

/* Shares of the range and of the value are multiplied by 255 / value and 30 / range in
 * 1 / 4096, whole numbers; all products stay below 2^24, which floats hold exactly. */
LOOP void bgr_to_hsv(uint32_t *pixels)
{
    const float hair = 1e-9f;    /* so that nothing is divided by 0; it changes no other number */

    for (int i = 0; i < GROUP; i++) {
        int   blue  = part(pixels[i], 0), green = part(pixels[i], 1), red = part(pixels[i], 2);
        int   larger = MAX(blue, green), smaller = MIN(blue, green);
        int   value = MAX(larger, red), range = value - MIN(smaller, red);
        int   not_red = (red - value) >> 31, not_green = (green - value) >> 31;
        int   away  = ((blue - red + 2 * range) & ~not_green) |
                      ((red - green + 4 * range) & not_green);
        int   hue   = ((green - blue) & ~not_red) | (away & not_red);
        float of_range = rounded((HUES / 6 << HSV_SHIFT) / ((float)range + hair));
        float of_value = rounded((255 << HSV_SHIFT) / ((float)value + hair));

        hue       = descale((int)((float)hue * of_range), HSV_SHIFT);
        hue      += HUES & hue >> 31;
        pixels[i] = pixel_of(hue, descale((int)((float)range * of_value), HSV_SHIFT), value);
    }
}

/* As good as fused: of all shares and hues there are, none comes out another way. */
LOOP float less_share(bool fused, float share, float part)
{
    return fused ? __builtin_fmaf(-share, part, 1) : (float)(1 - (double)share * (double)part);
}

LOOP int to_byte(float share, bool round)
{
    return (int)(round ? rounded(share * 255) : share * 255);
}

/* A whole group of a row is cut to bytes, the rest of it is rounded: OpenCV's vectors do
 * the one and its scalars the other. */
LOOP void hsv_to_bgr(uint32_t *pixels, bool round, bool fused)
{
    for (int i = 0; i < GROUP; i++) {
        float place  = (float)part(pixels[i], 0) * (float)(SECTORS / 180.0);
        float share  = (float)part(pixels[i], 1) * (float)(1 / 255.0);
        float value  = (float)part(pixels[i], 2) * (float)(1 / 255.0);
        int   sector = (int)place;
        float within = place - (float)sector;
        int   high   = to_byte(value, round), low = to_byte(value * (1 - share), round);
        int   down   = to_byte(value * less_share(fused, share, within), round);
        int   up     = to_byte(value * less_share(fused, share, 1 - within), round);

        sector -= pick(sector >= SECTORS, SECTORS, 0);

        int blue  = pick(sector < 2, low, pick(sector == 2, up, pick(sector == 5, down, high)));
        int green = pick(sector == 0, up, pick(sector < 3, high, pick(sector == 3, down, low)));
        int red   = pick(sector == 1, down, pick(sector == 4, up,
                                                 pick((sector & ~1) == 2, low, high)));

        pixels[i] = pixel_of(blue, green, red);
    }
}

/* ---- LAB ------------------------------------------------------------------- */

enum {
    XYZ_SHIFT = 12, ROOT_SHIFT = 15, GAMMA_SCALE = 8, ROOTS = 255 * GAMMA_SCALE * 3 / 2,
    BASE = 1 << 14, LINEAR_SHIFT = 14, LINEARS = 4096, LOWEST = -8145,
    HIGHEST = LOWEST + BASE * 9 / 4 - 1,
};

/* X, Y and Z side by side. */
typedef int32_t Four __attribute__((vector_size(16)));

/* Linear RGB to XYZ and back, relative to the white point, in 1 / 4096. */
static const int32_t to_xyz[3][3] = { { 1777, 1541, 778 }, { 871, 2929, 296 }, { 73, 448, 3575 } };
static const int32_t to_rgb[3][3] = { { 12615, -6296, -2223 }, { -3773, 7684, 185 },
                                      { 217, -836, 4715 } };

static struct {
    Four     blue[256];         /* what each makes of X, Y and Z, in 1 / (255 * 8 * 4096) */
    Four     green[256];
    Four     red[256];
    uint16_t root[ROOTS + 1];   /* f() of X, Y and Z */
    uint8_t  srgb[LINEARS];     /* the way back */
    uint32_t y[256];            /* of L: Y, and in the upper half f(Y) */
} lab;

static void make_lab_forth(void)
{
    for (int i = 0; i < 256; i++) {
        double x = i / 255.0;

        x = x <= 0.04045 ? x / 12.92 : pow((x + 0.055) / 1.055, 2.4);
        int32_t linear = (int32_t)lrint(255 * GAMMA_SCALE * x);
        for (int k = 0; k < 3; k++) {
            lab.red[i][k]   = linear * to_xyz[k][0];
            lab.green[i][k] = linear * to_xyz[k][1];
            lab.blue[i][k]  = linear * to_xyz[k][2] + (1 << (XYZ_SHIFT - 1));
        }
    }
    for (int i = 0; i <= ROOTS; i++) {
        double x = i / (255.0 * GAMMA_SCALE);

        x = x < 0.008856 ? x * 7.787 + 16 / 116.0 : cbrt(x);
        lab.root[i] = (uint16_t)lrint((1 << ROOT_SHIFT) * x);
    }

    /* Nearly half, and OpenCV has less than double precision. */
    lab.root[49]  = 9454;
    lab.root[628] = 22126;
}

static void make_lab_back(void)
{
    for (int i = 0; i < LINEARS; i++) {
        double x = i / (double)LINEARS;

        x = x <= 0.0031308 ? x * 12.92 : 1.055 * pow(x, 1 / 2.4) - 0.055;
        lab.srgb[i] = (uint8_t)lrint(255 * x);
    }
    for (int i = 0; i < 256; i++) {
        double light = i * 100 / 255.0, y = light / 903.3, fy = 7.787 * y + 16 / 116.0;

        if (light > 8) {
            fy = (light + 16) / 116;
            y  = fy * fy * fy;
        }
        lab.y[i] = (uint32_t)lrint(y * BASE) | (uint32_t)lrint(fy * BASE) << 16;
    }
}

/* f(X), f(Y) and f(Z) of pixels of 4 bytes. */
static void find_roots(Group *g, const uint8_t *in)
{
    for (int i = 0; i < GROUP; i++, in += 4) {
        Four sum = (lab.blue[in[0]] + lab.green[in[1]] + lab.red[in[2]]) >> XYZ_SHIFT;

        g->first[i]  = lab.root[sum[0]];
        g->second[i] = lab.root[sum[1]];
        g->third[i]  = lab.root[sum[2]];
    }
}

LOOP void roots_to_lab(const Group *g, uint32_t *pixels)
{
    for (int i = 0; i < GROUP; i++) {
        int x = g->first[i], y = g->second[i], z = g->third[i];
        int light = (116 * 255 + 50) / 100 * y - (16 * 255 * (1 << ROOT_SHIFT) + 50) / 100;
        int a     = 500 * (x - y) + (128 << ROOT_SHIFT);
        int b     = 200 * (y - z) + (128 << ROOT_SHIFT);

        pixels[i] = pixel_of(byte_of(descale(light, ROOT_SHIFT)), byte_of(descale(a, ROOT_SHIFT)),
                             byte_of(descale(b, ROOT_SHIFT)));
    }
}

/* The inverse of f().  The quotient of floats is cut where that of whole numbers is, as
 * they are too small to come so near the next one. */
LOOP int cube(int at)
{
    int place = MAX(LOWEST, MIN(at, HIGHEST)), large = MAX(place, 0);
    int small = (int)((float)(place * 108) / 841) - BASE * 16 / 116 * 108 / 841;

    return pick(place <= 3390, small, (large * large >> 14) * large >> 14);
}

/* Y and f(Y) stand in `first`; what becomes of it are places in the table of sRGB. */
LOOP void lab_to_linear(Group *g)
{
    for (int i = 0; i < GROUP; i++) {
        /* a / 500 and b / 200 in BASE, from multiplications. */
        int a = ((5 * g->second[i] * 53687 + (1 << 7)) >> 13) - 128 * BASE / 500;
        int b = ((g->third[i] * 41943 + (1 << 4)) >> 9) - 128 * BASE / 200 + 1;
        int y = g->first[i] & 0xFFFF, fy = g->first[i] >> 16;
        int x = cube(fy + a), z = cube(fy - b), value[3];

        for (int k = 0; k < 3; k++)
            value[k] = descale(to_rgb[k][0] * x + to_rgb[k][1] * y + to_rgb[k][2] * z,
                               LINEAR_SHIFT);
        g->first[i]  = MAX(0, MIN(value[2], LINEARS - 1));
        g->second[i] = MAX(0, MIN(value[1], LINEARS - 1));
        g->third[i]  = MAX(0, MIN(value[0], LINEARS - 1));
    }
}

static void look_up_lab(Group *g, const uint8_t *in)
{
    for (int i = 0; i < GROUP; i++, in += 4) {
        g->first[i]  = (int32_t)lab.y[in[0]];
        g->second[i] = in[1];
        g->third[i]  = in[2];
    }
}

static void look_up_srgb(const Group *g, uint8_t *out)
{
    for (int i = 0; i < GROUP; i++, out += 4) {
        out[0] = lab.srgb[g->first[i]];
        out[1] = lab.srgb[g->second[i]];
        out[2] = lab.srgb[g->third[i]];
        out[3] = 255;
    }
}

/* ---- rows and pictures ----------------------------------------------------- */

/* GROUP pixels; `whole`: they are not what is left of a row. */
LOOP void change_group(uint8_t *out, const uint8_t *in, ColorChange how, bool whole, bool fused)
{
    uint32_t pixels[GROUP];
    Group    g;

    memcpy(pixels, in, sizeof pixels);
    switch (how) {
    case COLOR_BGR_TO_HSV:
        bgr_to_hsv(pixels);
        break;
    case COLOR_HSV_TO_BGR:
        if (whole)
            hsv_to_bgr(pixels, false, fused);
        else
            hsv_to_bgr(pixels, true, fused);
        break;
    case COLOR_BGR_TO_LAB:
        find_roots(&g, in);
        roots_to_lab(&g, pixels);
        break;
    case COLOR_LAB_TO_BGR:
        look_up_lab(&g, in);
        lab_to_linear(&g);
        look_up_srgb(&g, out);
        return;
    }
    memcpy(out, pixels, sizeof pixels);
}

LOOP void change_row(uint8_t *out, const uint8_t *in, int count, ColorChange how, bool fused)
{
    uint8_t rest[4 * GROUP] = { 0 };
    int     x = 0;

    for (; x + GROUP <= count; x += GROUP)
        change_group(out + 4 * (ptrdiff_t)x, in + 4 * (ptrdiff_t)x, how, true, fused);
    if (x < count) {
        size_t bytes = 4 * (size_t)(count - x);

        memcpy(rest, in + 4 * (ptrdiff_t)x, bytes);
        change_group(rest, rest, how, false, fused);
        memcpy(out + 4 * (ptrdiff_t)x, rest, bytes);
    }
}

FOR_EVERY_LEVEL(change_row, (uint8_t *out, const uint8_t *in, int count, ColorChange how),
                (out, in, count, how, level == SIMD_256));

static void make_tables(void)
{
    make_lab_forth();
    make_lab_back();
}

void color_row(uint8_t *out, const uint8_t *in, int count, ColorChange how)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, make_tables);
    change_row_by[simd_level()](out, in, count, how);
}

Image *image_recolor(const Image *image, ColorChange how, Error *err)
{
    assert(image_channels(image) > 1);
    Image *made = image_replace(image, image_width(image), image_height(image), 3, err);

    for (int y = 0; made && y < image_height(image); y++)
        color_row(image_edit(made) + (size_t)y * image_stride(made),
                  image_pixels(image) + (size_t)y * image_stride(image), image_width(image), how);
    return made;
}
