/*
 * encode - which encoder writes what.
 */
#include "image/codec.h"

bool image_encode(const Image *image, ImageWriting how, Buffer *out, Error *err)
{
    static Encode *const encoders[] = {
        [CODING_JPEG] = jpeg_encode, [CODING_JPEG_444] = jpeg_encode,
        [CODING_PNG]  = png_encode,  [CODING_WEBP]     = webp_encode,
    };

    return encoders[how.coding](image, how, out, err);
}
