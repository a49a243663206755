/*
 * value_pack - writing the packed form.
 *
 * Every part says its length before its content, so no two values share a form.
 */
#include "value/value_pack.h"

#include <math.h>

#include "value/detections.h"

static void put(const Packer *p, const void *bytes, size_t length)
{
    p->add(p->context, bytes, length);
}

static void put_byte(const Packer *p, int byte)
{
    uint8_t one = (uint8_t)byte;

    put(p, &one, 1);
}

static void put_int(const Packer *p, int64_t value)
{
    put(p, &value, sizeof(value));
}

static void put_double(const Packer *p, double value)
{
    double canonical = isnan(value) ? NAN : value;

    put(p, &canonical, sizeof(canonical));
}

/* A text that is none differs from one that is empty. */
static void put_text(const Packer *p, Text text)
{
    put_int(p, text.at ? (int64_t)text.length : -1);
    put(p, text.at, text.at ? text.length : 0);
}

static void put_origin(const Packer *p, const Origin *origin)
{
    put_int(p, origin->offset_x);
    put_int(p, origin->offset_y);
    put_int(p, origin->width);
    put_int(p, origin->height);
}

static void put_lineage(const Packer *p, const Lineage *lineage)
{
    put_text(p, lineage->parent_id);
    put_origin(p, &lineage->parent);
    put_text(p, lineage->root_id);
    put_origin(p, &lineage->root);
}

static void put_video(const Packer *p, const VideoMeta *video)
{
    put_byte(p, video != NULL);
    if (video) {
        put_text(p, video->video_id);
        put_int(p, video->frame_number);
        put_int(p, video->timestamp);
        put_int(p, video->timestamp_offset);
        put_double(p, video->fps);
        put_double(p, video->measured_fps);
        put_int(p, video->from_file);
        put_int(p, video->total_frames);
    }
}

void pack_pixels(const Packer *p, const Image *image)
{
    size_t         row  = (size_t)image_width(image) * (size_t)image_pixel_bytes(image);
    const uint8_t *from = image_pixels(image);
    uint32_t       some[1024];

    for (int y = 0; y < image_height(image); y++, from += image_stride(image)) {
        if (image_channels(image) != 3) {
            put(p, from, row);
            continue;
        }
        for (size_t at = 0; at < row; at += sizeof(some)) {
            size_t length = MIN(sizeof(some), row - at);

            memcpy(some, from + at, length);
            for (size_t i = 0; i < length / 4; i++) {
                some[i] |= 0xFF000000u;
            }
            put(p, some, length);
        }
    }
}

static bool put_image(const Packer *p, const Image *image)
{
    put_int(p, image_width(image));
    put_int(p, image_height(image));
    put_int(p, image_channels(image));
    put_lineage(p, image_lineage(image));
    put_video(p, image_video(image));
    put_text(p, image_source_text(image));
    return p->pixels(p->context, image);
}

static void put_array(const Packer *p, const Array *array)
{
    static const size_t sizes[] = {
        [ARRAY_U8] = 1, [ARRAY_I32] = 4, [ARRAY_I64] = 8, [ARRAY_F32] = 4, [ARRAY_F64] = 8,
    };
    size_t count = 1;

    put_byte(p, (int)array->type);
    put_byte(p, array->rank);
    for (int i = 0; i < array->rank; i++) {
        put_int(p, array->shape[i]);
        count *= (size_t)array->shape[i];
    }
    for (size_t i = 0; i < count && array->type == ARRAY_F64; i++) {
        put_double(p, ((const double *)array->data)[i]);
    }
    for (size_t i = 0; i < count && array->type == ARRAY_F32; i++) {
        float value = ((const float *)array->data)[i];

        value = isnan(value) ? NAN : value;
        put(p, &value, sizeof(value));
    }
    if (array->type != ARRAY_F64 && array->type != ARRAY_F32) {
        put(p, array->data, count * sizes[array->type]);
    }
}

/* ---- detections ------------------------------------------------------------------------- */

static bool put_column(const Packer *p, const Value *values, int count)
{
    for (int i = 0; i < count; i++) {
        if (!value_pack(p, values[i])) {
            return false;
        }
    }
    return true;
}

static void put_texts(const Packer *p, const Text *texts, int count)
{
    put_byte(p, texts && count > 0);
    for (int i = 0; texts && i < count; i++) {
        put_text(p, texts[i]);
    }
}

static void put_ints(const Packer *p, const int64_t *values, int count)
{
    put_byte(p, values && count > 0);
    put(p, values, values ? (size_t)count * sizeof(*values) : 0);
}

static void put_doubles(const Packer *p, const double *values, int count)
{
    put_byte(p, values && count > 0);
    for (int i = 0; values && i < count; i++) {
        put_double(p, values[i]);
    }
}

static void put_mask(const Packer *p, const Mask *mask)
{
    size_t  count = (size_t)mask->width * (size_t)mask->height;
    uint8_t some[256];

    put_int(p, mask->x);
    put_int(p, mask->y);
    put_int(p, mask->width);
    put_int(p, mask->height);
    for (size_t at = 0; at < count; at += 8 * sizeof(some)) {
        size_t bits = MIN(8 * sizeof(some), count - at);

        memset(some, 0, sizeof(some));
        for (size_t i = 0; i < bits; i++) {
            some[i / 8] |= (uint8_t)((mask->bits[at + i] & 1) << i % 8);
        }
        put(p, some, (bits + 7) / 8);
    }
}

static void put_keypoints(const Packer *p, const KeyPoints *of)
{
    put_int(p, of->count);
    for (int i = 0; i < of->count; i++) {
        put_double(p, of->points[i].x);
        put_double(p, of->points[i].y);
        put_double(p, of->points[i].confidence);
        put_int(p, of->points[i].class_id);
        put_text(p, of->points[i].class_name);
    }
}

static void put_rows(const Packer *p, const Detections *set)
{
    _Static_assert(sizeof(Box) == 4 * sizeof(double), "a box is four numbers");

    put_doubles(p, (const double *)set->boxes, 4 * set->count);
    put_doubles(p, set->confidences, set->count);
    put_ints(p, set->class_ids, set->count);
    put_texts(p, set->class_names, set->count);
    put_texts(p, set->ids, set->count);
    put_ints(p, set->tracker_ids, set->count);
    put_byte(p, set->masks && set->count > 0);
    for (int i = 0; set->masks && i < set->count; i++) {
        put_mask(p, &set->masks[i]);
    }
    put_byte(p, set->keypoints && set->count > 0);
    for (int i = 0; set->keypoints && i < set->count; i++) {
        put_keypoints(p, &set->keypoints[i]);
    }
    put_byte(p, set->lineages && set->count > 0);
    for (int i = 0; set->lineages && i < set->count; i++) {
        put_lineage(p, &set->lineages[i]);
    }
}

static bool put_detections(const Packer *p, const Detections *set)
{
    put_int(p, set->count);
    put_lineage(p, &set->lineage);
    put_byte(p, set->has_origin);
    put_byte(p, set->unrelated);
    put_byte(p, set->masks_as_rle);
    put_int(p, set->image_width);
    put_int(p, set->image_height);
    put_text(p, set->prediction_type);
    put_rows(p, set);
    put_int(p, set->column_count);
    for (int i = 0; i < set->column_count; i++) {
        put_text(p, set->columns[i].name);
        if (!put_column(p, set->columns[i].values, set->count)) {
            return false;
        }
    }
    return true;
}

/* ---- values ----------------------------------------------------------------------------- */

static bool put_pairs(const Packer *p, Value value)
{
    put_int(p, value.count);
    for (uint32_t i = 0; i < value.count; i++) {
        put_text(p, value.as.pairs[i].key);
        if (!value_pack(p, value.as.pairs[i].value)) {
            return false;
        }
    }
    return true;
}

bool value_pack(const Packer *p, Value value)
{
    put_byte(p, value.type);
    switch ((ValueType)value.type) {
    case VALUE_NULL:       break;
    case VALUE_BOOL:       put_byte(p, value.as.boolean); break;
    case VALUE_INT:        put_int(p, value.as.integer); break;
    case VALUE_UINT:       put_int(p, (int64_t)value.as.natural); break;
    case VALUE_DOUBLE:     put_double(p, value.as.number); break;
    case VALUE_STRING:
    case VALUE_BYTES:
        put_int(p, value.count);
        put(p, value.as.text, value.count);
        break;
    case VALUE_LIST:
    case VALUE_TUPLE:
        put_int(p, value.count);
        return put_column(p, value.as.items, (int)value.count);
    case VALUE_DICT:       return put_pairs(p, value);
    case VALUE_TIMESTAMP:
        put_int(p, value.as.timestamp->microseconds);
        put_int(p, value.as.timestamp->offset);
        break;
    case VALUE_ARRAY:      put_array(p, value.as.array); break;
    case VALUE_VIDEO:      put_video(p, value.as.video); break;
    case VALUE_IMAGE:      return put_image(p, value.as.image);
    case VALUE_DETECTIONS: return put_detections(p, value.as.detections);
    case VALUE_DETECTION:
    case VALUE_SECRET:     return false;
    }
    return true;
}
