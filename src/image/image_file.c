/*
 * image_file - pictures on disk.
 */
#include "image/image_file.h"

#include <strings.h>

#include "base/file.h"

Image *image_read(const char *path, Text id, const Cancel *cancel, Error *err)
{
    Buffer bytes;
    Image *image = NULL;

    buffer_init(&bytes, LIMIT_REQUEST_BODY);
    if (file_read(path, LIMIT_REQUEST_BODY, &bytes, err))
        image = image_decode(bytes.data ? bytes.data : "", bytes.length, id, cancel, err);
    buffer_fini(&bytes);
    return image;
}

bool name_is_picture(const char *name)
{
    static const char *const endings[] = { ".jpg", ".jpeg", ".jfif", ".png", ".webp", ".bmp",
                                           ".gif", ".tif", ".tiff", ".avif" };
    const char *ending = strrchr(name, '.');

    for (size_t i = 0; ending && i < COUNT_OF(endings); i++) {
        if (strcasecmp(ending, endings[i]) == 0)
            return true;
    }
    return false;
}
