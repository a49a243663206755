/*
 * answer_segment - masks of objects and classes of pixels, in answers.
 */
#include "server/answer.h"

#include "image/encode.h"

/* ---- parts ----------------------------------------------------------------------------- */

void answer_write_size(JsonWriter *w, const char *key, int width, int height)
{
    json_key(w, key);
    json_begin_object(w);
    json_key(w, "width");
    json_write_int(w, width);
    json_key(w, "height");
    json_write_int(w, height);
    json_end_object(w);
}

void answer_write_head(JsonWriter *w, const Reply *reply, Size size)
{
    json_key(w, "inference_id");
    json_write_text(w, reply->id);
    json_key(w, "time");
    json_write_double(w, reply->seconds);
    answer_write_size(w, "image", size.width, size.height);
}

/* ---- objects --------------------------------------------------------------------------- */

/* The border with most points, first of equals: not the largest, as in workflows. */
bool answer_find_outline(Arena *arena, const Mask *mask, Contour *out, Error *err)
{
    Contours all;

    *out = (Contour){ 0 };
    if (mask->width <= 0 || mask->height <= 0) {
        return true;
    }
    if (!contours_find(arena, mask->bits, mask->width, mask->height, (size_t)mask->width,
                       CONTOUR_OUTER, &all, err)) {
        return false;
    }
    for (int i = 0; i < all.count; i++) {
        if (all.items[i].count > out->count) {
            *out = all.items[i];
        }
    }
    return true;
}

static bool write_points(JsonWriter *w, const Mask *mask, Error *err)
{
    Contour outline;
    Arena   arena;
    bool    ok;

    arena_init(&arena, LIMIT_RUN_MEMORY);
    ok = answer_find_outline(&arena, mask, &outline, err);
    json_key(w, "points");
    json_begin_array(w);
    for (int i = 0; ok && i < outline.count; i++) {
        json_begin_object(w);
        json_key(w, "x");
        json_write_double(w, outline.points[i].x + mask->x);
        json_key(w, "y");
        json_write_double(w, outline.points[i].y + mask->y);
        json_end_object(w);
    }
    json_end_array(w);
    arena_fini(&arena);
    return ok;
}

Size answer_grid(const Reply *reply)
{
    Size grid = reply->found->grid;

    return grid.width > 0 ? grid
                          : (Size){ image_width(reply->image), image_height(reply->image) };
}

bool answer_write_mask(JsonWriter *w, const Reply *reply, int i, Error *err)
{
    const Mask *mask = &reply->found->masks[i];
    Size        size = answer_grid(reply);

    if (reply->question->masks_as_rle) {
        json_key(w, "rle");
        mask_write_rle(w, mask, size.width, size.height);
    } else if (!write_points(w, mask, err)) {
        return false;
    }
    json_key(w, "mask_format");
    json_write_string(w, reply->question->masks_as_rle ? "rle" : "polygon");
    return true;
}

void answer_write_grid(JsonWriter *w, const Reply *reply)
{
    int  width = image_width(reply->image), height = image_height(reply->image);
    Size size  = answer_grid(reply);

    answer_write_size(w, "original_image", width, height);
    json_key(w, "mask_metadata");
    json_begin_object(w);
    json_key(w, "coordinate_system");
    json_write_string(w, "mask_grid");
    json_key(w, "width");
    json_write_int(w, size.width);
    json_key(w, "height");
    json_write_int(w, size.height);
    json_key(w, "scale_x");
    json_write_double(w, (double)width / size.width);
    json_key(w, "scale_y");
    json_write_double(w, (double)height / size.height);
    json_end_object(w);
}

/* ---- classes of pixels ------------------------------------------------------------------- */

static bool write_png(JsonWriter *w, const char *key, const Image *mask, Error *err)
{
    Buffer png;
    bool   ok;

    buffer_init(&png, LIMIT_RESPONSE_BODY);
    ok = image_encode(mask, as_png(), &png, err) &&
         (!png.failed || fail(err, ERR_MEMORY, "no memory for the classes of pixels"));
    if (ok) {
        json_key(w, key);
        json_write_base64(w, png.data, png.length);
    }
    buffer_fini(&png);
    return ok;
}

static void write_class_map(JsonWriter *w, const Package *package)
{
    char key[12];

    json_key(w, "class_map");
    json_begin_object(w);
    for (int i = 0; i < package->class_count; i++) {
        snprintf(key, sizeof(key), "%d", i);
        json_key(w, key);
        json_write_text(w, package->classes[i]);
    }
    json_end_object(w);
}

static void write_present(JsonWriter *w, const Image *classes)
{
    bool present[256] = { false };

    for (int y = 0; y < image_height(classes); y++) {
        const uint8_t *row = image_pixels(classes) + (size_t)y * image_stride(classes);

        for (int x = 0; x < image_width(classes); x++) {
            present[row[x]] = true;
        }
    }
    json_key(w, "present_class_ids");
    json_begin_array(w);
    for (int i = 0; i < 256; i++) {
        if (present[i]) {
            json_write_int(w, i);
        }
    }
    json_end_array(w);
}

bool answer_write_classes(JsonWriter *w, const Reply *reply, Error *err)
{
    json_begin_object(w);
    answer_write_head(w, reply, (Size){ image_width(reply->image), image_height(reply->image) });
    json_key(w, "predictions");
    json_begin_object(w);
    if (!write_png(w, "segmentation_mask", reply->classes->classes, err)) {
        return false;
    }
    write_class_map(w, reply->package);
    if (!write_png(w, "confidence_mask", reply->classes->confidences, err)) {
        return false;
    }
    write_present(w, reply->classes->classes);
    json_end_object(w);
    json_end_object(w);
    return true;
}
