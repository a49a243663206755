/*
 * static_crop - boxes by centre and size, and cutting them out.
 */
#include "blocks/static_crop.h"

#include <math.h>

Corners corners_of(double x_center, double y_center, double width, double height)
{
    double x1 = nearbyint(x_center - width / 2), y1 = nearbyint(y_center - height / 2);
    double limit = 1e12;

    return (Corners){
        (int64_t)fmax(-limit, fmin(limit, x1)), (int64_t)fmax(-limit, fmin(limit, y1)),
        (int64_t)fmax(-limit, fmin(limit, nearbyint(x1 + width))),
        (int64_t)fmax(-limit, fmin(limit, nearbyint(y1 + height))),
    };
}

bool emit_crop(Call *call, int i, int output, const Image *image, Corners c, const char *prefix)
{
    char   id[37], name[120];
    Rect   rect;
    Error  err = { 0 };
    Image *crop;

    c.x2 = MIN(c.x2, image_width(image));
    c.y2 = MIN(c.y2, image_height(image));
    if (c.x1 < 0 || c.y1 < 0 || c.x1 >= c.x2 || c.y1 >= c.y2) {
        return true;
    }
    call->services->new_id(call->services->context, id);
    snprintf(name, sizeof(name), "%s.%s", prefix, id);
    rect = (Rect){ (int)c.x1, (int)c.y1, (int)(c.x2 - c.x1), (int)(c.y2 - c.y1) };
    crop = image_crop(image, rect, text_of(name), true, &err);
    if (!crop) {
        return call_fail_error(call, i, &err);
    }
    emit_image(call, i, output, crop);
    return true;
}
