/*
 * morphological_transformation - grow and shrink what is bright.
 *
 * Erosion takes away specks, dilation closes gaps, and their combinations do one
 * without the other's harm or show what was lost.  The first version makes the picture
 * gray; the second works on its colours and leaves alpha alone.
 */
#include "blocks/gray.h"
#include "image/morphology.h"

typedef struct Args {
    Image  *image;
    int64_t size;
    int     operation;
} Args;

#define OPERATIONS_BOTH \
    { "Erosion", MORPH_ERODE }, { "Dilation", MORPH_DILATE }, { "Opening", MORPH_OPEN }, \
    { "Closing", MORPH_CLOSE }, { "Gradient", MORPH_GRADIENT }, { "Top Hat", MORPH_TOP_HAT }, \
    { "Black Hat", MORPH_BLACK_HAT }

static const Choice operations_v1[] = {
    OPERATIONS_BOTH,
    { 0 },
};

static const Choice operations_v2[] = {
    OPERATIONS_BOTH,
    { "Opening then Closing", MORPH_OPEN_CLOSE },
    { 0 },
};

#define FIELDS_BOTH \
    { "image", IMAGE(Args, image), .alias = "images", .help = "The picture to work on." }, \
    { "kernel_size", INTEGER(Args, size), .kinds = KIND(INTEGER), .preset = "5", \
      .help = "Side of the square around each pixel, in pixels; 0 is taken as 3." }

static const Field fields_v1[] = {
    FIELDS_BOTH,

    { "operation", CHOICE(Args, operation, operations_v1), .kinds = KIND(STRING),
      .preset = "\"Closing\"", .help = "What to do." },

    { 0 },
};

static const Field fields_v2[] = {
    FIELDS_BOTH,

    { "operation", CHOICE(Args, operation, operations_v2), .kinds = KIND(STRING),
      .preset = "\"Opening then Closing\"", .help = "What to do." },

    { 0 },
};

enum { OUT_IMAGE };

static const Output outputs[] = {
    [OUT_IMAGE] = { "image", KIND(IMAGE), "The picture after it." },
    { 0 },
};

/* Takes the reference to `from`. */
static bool transform(Call *call, int i, const Args *in, Image *from)
{
    int    size = in->size == 0 ? 3 : (int)in->size;
    Error  err  = { 0 };
    Image *made = image_morph(from, (Morphology)in->operation, size, call->cancel, &err);

    image_unref(from);
    if (!made) {
        return call_fail_error(call, i, &err);
    }
    emit_image(call, i, OUT_IMAGE, made);
    return true;
}

static bool size_fits(Call *call, int i, int64_t size)
{
    if (size < 0) {
        return call_fail(call, i, "ValueError", "kernel_size: %lld is below 0; give at least 1",
                         (long long)size);
    }
    if (size > LIMIT_BLUR_SIZE) {
        return call_fail(call, i, "error", "kernel_size: %lld is beyond what a kernel may have; "
                         "give at most %d", (long long)size, LIMIT_BLUR_SIZE);
    }
    return true;
}

static bool run_v1(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in   = call_args(call, i);
        Image      *gray = NULL;

        if (!gray_from_colour(call, i, in->image, &gray)) {
            return false;
        }
        if (!size_fits(call, i, in->size)) {
            image_unref(gray);
            return false;
        }
        if (!transform(call, i, in, gray)) {
            return false;
        }
    }
    return true;
}

static bool run_v2(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in     = call_args(call, i);
        bool        gray   = image_channels(in->image) == 1;
        Image      *colour = NULL;

        if (!size_fits(call, i, in->size)) {
            return false;
        }
        if (gray && !colour_image(call, i, in->image, &colour)) {
            return false;
        }
        if (!transform(call, i, in, gray ? colour : image_ref(in->image))) {
            return false;
        }
    }
    return true;
}

const Block block_morphological_transformation_v1 = {
    .type      = "roboflow_core/morphological_transformation@v1",
    .title     = "Morphological Transformation",
    .category  = CATEGORY_CLASSICAL_CV,
    .work      = WORK(IMAGE_FILTERING),
    .summary   = "Grow and shrink what is bright in a gray picture.",
    .args_size = sizeof(Args),
    .fields    = fields_v1,
    .outputs   = outputs,
    .run       = run_v1,
};

const Block block_morphological_transformation_v2 = {
    .type      = "roboflow_core/morphological_transformation@v2",
    .title     = "Morphological Transformation",
    .category  = CATEGORY_CLASSICAL_CV,
    .work      = WORK(IMAGE_FILTERING),
    .summary   = "Grow and shrink what is bright.",
    .args_size = sizeof(Args),
    .fields    = fields_v2,
    .outputs   = outputs,
    .run       = run_v2,
};
