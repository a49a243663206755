/*
 * codec - what the decoders and encoders share among themselves.
 */
#include "image/codec.h"

bool image_size_check(int64_t width, int64_t height, Error *err)
{
    long long w = width, h = height;

    if (width <= 0 || height <= 0)
        return fail(err, ERR_INVALID, "a picture of %lld x %lld pixels is empty", w, h);
    if (width > LIMIT_IMAGE_SIDE || height > LIMIT_IMAGE_SIDE)
        return fail(err, ERR_TOO_LARGE, "a picture of %lld x %lld pixels is too large: "
                    "a side may have %d at most", w, h, LIMIT_IMAGE_SIDE);
    if (width * height > LIMIT_IMAGE_PIXELS)
        return fail(err, ERR_TOO_LARGE, "a picture of %lld x %lld pixels is too large: "
                    "%lld million are the most", w, h, (long long)LIMIT_IMAGE_PIXELS / 1000000);
    return true;
}

/* The libraries say most things in words only. */
bool codec_fail(Error *err, ErrorKind kind, const char *what, const char *problem)
{
    if (strcasestr(problem, "memory"))
        kind = ERR_MEMORY;
    return fail(err, kind, "%s: %s", what, problem);
}
