/*
 * image_file - pictures on disk.
 */
#ifndef OCELLUS_IMAGE_IMAGE_FILE_H
#define OCELLUS_IMAGE_IMAGE_FILE_H

#include "image/image.h"

/* Read and decode a file of at most LIMIT_REQUEST_BODY bytes, as image_decode() does. */
Image *image_read(const char *path, Text id, const Cancel *cancel, Error *err) MUST_USE;

/* Does a file's name end as pictures do (".jpg", ".PNG" ...)? */
bool name_is_picture(const char *name);

#endif
