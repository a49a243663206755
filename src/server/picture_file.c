/*
 * picture_file - answer with a picture on disk, as it is or as a thumbnail.
 */
#include "server/picture_file.h"

#include <math.h>

#include "base/file.h"
#include "image/decode.h"
#include "image/encode.h"
#include "image/resize.h"
#include "server/body.h"

enum { THUMBNAIL_LEAST = 16, THUMBNAIL_QUALITY = 85 };

/* Fit `image` into a square, never larger than it is. */
static Image *shrink(const Image *image, int size, Error *err)
{
    int    width = image_width(image), height = image_height(image);
    double scale = MIN(1, (double)size / MAX(width, height));

    return image_resize(image, (int)MAX(1, lround(width * scale)),
                        (int)MAX(1, lround(height * scale)), INTERPOLATE_AREA, err);
}

static bool thumbnail(const Buffer *bytes, int size, Request *request, Response *response,
                      Error *err)
{
    Image *image = image_decode(bytes->data, bytes->length, TEXT("image"), request->cancel, err);
    Image *small = image ? shrink(image, size, err) : NULL;
    bool   done  = small && image_encode(small, as_jpeg(THUMBNAIL_QUALITY, NULL), &response->buffer,
                                              err);

    image_unref(small);
    image_unref(image);
    response->content_type = "image/jpeg";
    return done;
}

/* 0: none was asked for; -1: a wrong one, and the answer is given. */
static int wanted_size(Request *request, Response *response)
{
    Text   text = request_query(request, "size");
    double size = 0;

    if (!text.at) {
        return 0;
    }
    if (!number_parse_text(text, &size) || size != floor(size) || size < THUMBNAIL_LEAST ||
        size > LIMIT_THUMBNAIL) {
        response_message(response, 400, "size: a whole number from %d to %d is wanted",
                         THUMBNAIL_LEAST, LIMIT_THUMBNAIL);
        return -1;
    }
    return (int)size;
}

void picture_answer(Request *request, Response *response, const char *path)
{
    int         size   = wanted_size(request, response);
    ImageHeader header = { 0 };
    Error       err    = { 0 };
    Buffer      bytes;
    bool        done;

    if (size < 0) {
        return;
    }
    buffer_init(&bytes, LIMIT_REQUEST_BODY);
    bytes.budget = &budget_pictures;
    done = file_read(path, LIMIT_REQUEST_BODY, &bytes, &err) &&
           image_probe(bytes.data, bytes.length, &header, &err);
    if (done && size > 0) {
        done = thumbnail(&bytes, size, request, response, &err);
    } else if (done) {
        response->content_type = image_format_mime(header.format);
        buffer_append(&response->buffer, bytes.data, bytes.length);
    }
    buffer_fini(&bytes);
    if (!done) {
        response_error(response, &err);
    } else {
        response_header(response, "Cache-Control", "private, max-age=60");
    }
}
