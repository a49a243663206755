/*
 * image_blur - smooth a picture.
 *
 * Against noise before thresholds and contours, or to hide what should not be
 * read.  Gaussian and median kernels have a middle, so even sizes grow by one,
 * and sizes below 1 leave the picture as it is; the bilateral filter takes them
 * to mean the size its sigmas ask for, 225.
 */
#include "blocks/block.h"
#include "image/blur.h"

static const double bilateral_sigma = 75;     /* of colours and of space */

typedef struct Args {
    Image  *image;
    int     kind;
    int64_t size;
} Args;

static const Choice kinds[] = {
    { "average",   BLUR_AVERAGE },
    { "gaussian",  BLUR_GAUSSIAN },
    { "median",    BLUR_MEDIAN },
    { "bilateral", BLUR_BILATERAL },
    { 0 },
};

static const Field fields[] = {
    { "image", IMAGE(Args, image), .alias = "images",
      .help = "The picture to smooth." },

    { "blur_type", CHOICE(Args, kind, kinds), .kinds = KIND(STRING), .preset = "\"gaussian\"",
      .help = "How: by the plain mean, one weighted by distance, the median, or one weighted by "
              "likeness too, which keeps edges." },

    { "kernel_size", INTEGER(Args, size), .kinds = KIND(INTEGER), .preset = "5",
      .help = "Side of the square around each pixel that is looked at, in pixels." },

    { 0 },
};

enum { OUT_IMAGE };

static const Output outputs[] = {
    [OUT_IMAGE] = { "image", KIND(IMAGE), "The picture, smoothed." },
    { 0 },
};

/* The kernel that the arguments ask for; false when there is none. */
static bool blur_of(Call *call, int i, const Args *in, Blur *blur)
{
    int64_t size = in->size;

    switch (in->kind) {
    case BLUR_GAUSSIAN:
    case BLUR_MEDIAN:
        size = MAX(size, 1) | 1;
        break;
    case BLUR_BILATERAL:
        if (size >= INT32_MIN && size <= INT32_MAX) {
            size = MAX(0, MIN(size, LIMIT_BLUR_SIZE));     /* further away nothing has weight */
        }
        break;
    default:
        if (size < 1) {
            return call_fail(call, i, "error", "kernel_size: %lld is not above 0, as an average "
                             "needs; give at least 1", (long long)size);
        }
        break;
    }
    if (size < 0 || size > LIMIT_BLUR_SIZE) {
        return call_fail(call, i, "error", "kernel_size: %lld is beyond what a kernel may have; "
                         "give at most %d", (long long)in->size, LIMIT_BLUR_SIZE);
    }
    *blur = (Blur){ (BlurKind)in->kind, (int)size, bilateral_sigma, bilateral_sigma };
    return true;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in  = call_args(call, i);
        Error       err = { 0 };
        Blur        blur;

        if (!blur_of(call, i, in, &blur)) {
            return false;
        }

        Image *made = image_blur(in->image, blur, call->cancel, &err);
        if (!made) {
            return call_fail_error(call, i, &err);
        }
        emit_image(call, i, OUT_IMAGE, made);
    }
    return true;
}

const Block block_image_blur_v1 = {
    .type      = "roboflow_core/image_blur@v1",
    .title     = "Image Blur",
    .category  = CATEGORY_CLASSICAL_CV,
    .work      = WORK(IMAGE_FILTERING),
    .summary   = "Smooth a picture.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
