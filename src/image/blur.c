/*
 * blur - which kernel for which job.
 */
#include "image/blur_kernels.h"

static void copy_rows(const BlurJob *job)
{
    for (int y = 0; y < job->to.height; y++) {
        memcpy(job->to.at + (size_t)y * job->to.stride,
               job->from.at + (size_t)y * job->from.stride, (size_t)row_bytes(&job->from));
    }
}

bool plane_blur(Plane from, Plane to, int channels, Blur how, const Cancel *cancel, Error *err)
{
    BlurJob job = { from, to, channels, how.size, simd_level(), cancel };

    assert(from.pixel == to.pixel && from.width == to.width && from.height == to.height);
    assert(from.pixel == (channels == 1 ? 1 : 4) && from.width > 0 && from.height > 0);
    assert(how.size <= LIMIT_BLUR_SIZE);
    if (how.kind == BLUR_BILATERAL) {
        return blur_bilateral(&job, how.colour, how.space, err);
    }
    assert(how.size > 0);
    if (how.size == 1) {
        copy_rows(&job);
        return true;
    }
    switch (how.kind) {
    case BLUR_GAUSSIAN: return blur_gaussian(&job, err);
    case BLUR_MEDIAN:   return blur_median(&job, err);
    default:            return blur_average(&job, err);
    }
}

Image *image_blur(const Image *image, Blur how, const Cancel *cancel, Error *err)
{
    Image *made = image_replace(image, image_width(image), image_height(image),
                                image_channels(image), err);

    if (!made) {
        return NULL;
    }

    Plane to = image_plane(made);
    to.at    = image_edit(made);
    if (!plane_blur(image_plane(image), to, image_channels(image), how, cancel, err)) {
        image_unref(made);
        return NULL;
    }
    return made;
}
