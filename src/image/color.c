/*
 * color - colour spaces, in the forms that 8 bits have in OpenCV.
 *
 * Everything but HSV to BGR is integers and tables that are made on first use.
 */
#include "image/color.h"

#include <math.h>
#include <pthread.h>

/* ---- HSV ------------------------------------------------------------------- */

enum { HSV_SHIFT = 12, HUES = 180, SECTORS = 6, GROUP = 32 };

static struct {
    int32_t saturation[256];    /* 255 / i */
    int32_t hue[256];           /* 180 / 6 i */
    uint8_t sector[256];
    float   within[256];        /* the place of a hue in its sector */
    float   share[256];         /* i / 255 */
} hsv;

static void make_hsv(void)
{
    for (int i = 0; i < 256; i++) {
        float place = (float)i * (float)(6 / 180.0);

        if (i > 0) {
            hsv.saturation[i] = (int32_t)lrint((255 << HSV_SHIFT) / (double)i);
            hsv.hue[i]        = (int32_t)lrint((HUES << HSV_SHIFT) / (6.0 * i));
        }
        hsv.sector[i] = (uint8_t)((int)floorf(place) % SECTORS);
        hsv.within[i] = place - floorf(place);
        hsv.share[i]  = (float)i * (float)(1 / 255.0);
    }
}

static int descale(int value, int shift)
{
    return (value + (1 << (shift - 1))) >> shift;
}

static void bgr_to_hsv(uint8_t *out, const uint8_t *in)
{
    int blue  = in[0], green = in[1], red = in[2];
    int value = MAX(MAX(blue, green), red), range = value - MIN(MIN(blue, green), red);
    int hue   = value == red   ? green - blue
              : value == green ? blue - red + 2 * range
                               : red - green + 4 * range;

    hue    = descale(hue * hsv.hue[range], HSV_SHIFT);
    out[0] = (uint8_t)(hue < 0 ? hue + HUES : hue);
    out[1] = (uint8_t)descale(range * hsv.saturation[value], HSV_SHIFT);
    out[2] = (uint8_t)value;
}

/* The whole groups of 32 pixels of a row are cut to bytes, the rest of it is
 * rounded: OpenCV's vectors do the one and its scalars the other. */
static void hsv_to_bgr(uint8_t *out, const uint8_t *in, bool round)
{
    /* Which of the four levels is blue, green, red. */
    static const uint8_t order[SECTORS][3] = {
        { 1, 3, 0 }, { 1, 0, 2 }, { 3, 0, 1 }, { 0, 2, 1 }, { 0, 1, 3 }, { 2, 1, 0 },
    };
    float hue   = hsv.within[in[0]], share = hsv.share[in[1]], value = hsv.share[in[2]];
    float level[4] = { value, value * (1 - share), value * fmaf(-share, hue, 1),
                       value * fmaf(-share, 1 - hue, 1) };
    const uint8_t *places = order[hsv.sector[in[0]]];

    for (int i = 0; i < 3; i++) {
        float scaled = level[places[i]] * 255;

        out[i] = (uint8_t)(round ? lrintf(scaled) : (long)scaled);
    }
}

/* ---- LAB ------------------------------------------------------------------- */

enum {
    XYZ_SHIFT = 12, ROOT_SHIFT = 15, GAMMA_SCALE = 8, ROOTS = 255 * GAMMA_SCALE * 3 / 2,
    BASE = 1 << 14, LINEAR_SHIFT = 14, LINEARS = 4096, LOWEST = -8145, CUBES = BASE * 9 / 4,
};

/* Linear RGB to XYZ and back, relative to the white point, in 1 / 4096. */
static const int32_t to_xyz[3][3] = { { 1777, 1541, 778 }, { 871, 2929, 296 }, { 73, 448, 3575 } };
static const int32_t to_rgb[3][3] = { { 12615, -6296, -2223 }, { -3773, 7684, 185 },
                                      { 217, -836, 4715 } };

static struct {
    uint16_t linear[256];       /* of sRGB, in 1 / (255 * 8) */
    uint16_t root[ROOTS + 1];   /* f() of X, Y and Z */
    uint8_t  srgb[LINEARS];     /* the way back */
    int32_t  y[256];            /* Y of L, and f(Y) */
    int32_t  fy[256];
    int32_t  cube[CUBES];       /* the inverse of f(), from LOWEST on */
} lab;

static void make_lab_forth(void)
{
    for (int i = 0; i < 256; i++) {
        double x = i / 255.0;

        x = x <= 0.04045 ? x / 12.92 : pow((x + 0.055) / 1.055, 2.4);
        lab.linear[i] = (uint16_t)lrint(255 * GAMMA_SCALE * x);
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
        lab.y[i]  = (int32_t)lrint(y * BASE);
        lab.fy[i] = (int32_t)lrint(fy * BASE);
    }
    for (int i = 0; i < CUBES; i++) {
        int at = i + LOWEST;

        lab.cube[i] = at <= 3390 ? at * 108 / 841 - BASE * 16 / 116 * 108 / 841
                                 : at * at / BASE * at / BASE;
    }
}

static int byte_of(int value)
{
    return MAX(0, MIN(value, 255));
}

static void bgr_to_lab(uint8_t *out, const uint8_t *in)
{
    int blue = lab.linear[in[0]], green = lab.linear[in[1]], red = lab.linear[in[2]];
    int root[3];

    for (int i = 0; i < 3; i++)
        root[i] = lab.root[descale(red * to_xyz[i][0] + green * to_xyz[i][1] +
                                   blue * to_xyz[i][2], XYZ_SHIFT)];

    int light = (116 * 255 + 50) / 100 * root[1] - (16 * 255 * (1 << ROOT_SHIFT) + 50) / 100;
    int a     = 500 * (root[0] - root[1]) + (128 << ROOT_SHIFT);
    int b     = 200 * (root[1] - root[2]) + (128 << ROOT_SHIFT);

    out[0] = (uint8_t)byte_of(descale(light, ROOT_SHIFT));
    out[1] = (uint8_t)byte_of(descale(a, ROOT_SHIFT));
    out[2] = (uint8_t)byte_of(descale(b, ROOT_SHIFT));
}

static int cube(int at)
{
    return lab.cube[MAX(0, MIN(at - LOWEST, CUBES - 1))];
}

static void lab_to_bgr(uint8_t *out, const uint8_t *in)
{
    /* a / 500 and b / 200 in BASE, from multiplications. */
    int a = ((5 * in[1] * 53687 + (1 << 7)) >> 13) - 128 * BASE / 500;
    int b = ((in[2] * 41943 + (1 << 4)) >> 9) - 128 * BASE / 200 + 1;
    int y = lab.y[in[0]], x = cube(lab.fy[in[0]] + a), z = cube(lab.fy[in[0]] - b);

    for (int i = 0; i < 3; i++) {
        int value = descale(to_rgb[i][0] * x + to_rgb[i][1] * y + to_rgb[i][2] * z, LINEAR_SHIFT);

        out[2 - i] = lab.srgb[MAX(0, MIN(value, LINEARS - 1))];
    }
}

/* ---- rows and pictures ----------------------------------------------------- */

static void make_tables(void)
{
    make_hsv();
    make_lab_forth();
    make_lab_back();
}

void color_row(uint8_t *out, const uint8_t *in, int count, ColorChange how)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, make_tables);
    for (int x = 0; x < count; x++, in += 4, out += 4) {
        uint8_t pixel[3];

        switch (how) {
        case COLOR_BGR_TO_HSV: bgr_to_hsv(pixel, in); break;
        case COLOR_HSV_TO_BGR: hsv_to_bgr(pixel, in, x >= count - count % GROUP); break;
        case COLOR_BGR_TO_LAB: bgr_to_lab(pixel, in); break;
        case COLOR_LAB_TO_BGR: lab_to_bgr(pixel, in); break;
        }
        memcpy(out, pixel, sizeof pixel);
        out[3] = 255;
    }
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
