/*
 * value_unpack - reading the packed form, whatever it holds.
 *
 * Reading fails stickily: after the first thing that is not right every number is 0
 * and every text is none, so the code reads straight on and looks at its end.
 */
#include <math.h>

#include "base/clock.h"
#include "base/text.h"
#include "image/decode.h"
#include "value/detections.h"
#include "value/value_pack.h"

enum { FURTHEST = 1 << 30 };      /* of an offset or a size in pixels */

static bool broken(Unpacker *in)
{
    in->at = in->end = NULL;
    return false;
}

static bool is_broken(const Unpacker *in)
{
    return !in->end || arena_failed(in->arena);
}

const void *unpack_bytes(Unpacker *in, size_t length)
{
    const char *at = in->at;

    if (!in->end || length > (size_t)(in->end - at)) {
        broken(in);
        return NULL;
    }
    in->at += length;
    return at;
}

static int get_byte(Unpacker *in)
{
    const uint8_t *byte = unpack_bytes(in, 1);

    return byte ? *byte : 0;
}

static int64_t get_int(Unpacker *in)
{
    const void *bytes = unpack_bytes(in, sizeof(int64_t));
    int64_t     value = 0;

    if (bytes) {
        memcpy(&value, bytes, sizeof(value));
    }
    return value;
}

static double get_double(Unpacker *in)
{
    const void *bytes = unpack_bytes(in, sizeof(double));
    double      value = 0;

    if (bytes) {
        memcpy(&value, bytes, sizeof(value));
    }
    return value;
}

static int64_t get_within(Unpacker *in, int64_t least, int64_t most)
{
    int64_t value = get_int(in);

    if (value < least || value > most) {
        broken(in);
        return 0;
    }
    return value;
}

/* How many things follow that take at least `size` bytes each. */
static int get_count(Unpacker *in, size_t size, int64_t most)
{
    int64_t count = get_within(in, 0, most);

    if (in->end && (size_t)count > (size_t)(in->end - in->at) / size) {
        broken(in);
        return 0;
    }
    return (int)count;
}

/* `count` bytes copied with a NUL behind them. */
static Text get_chars(Unpacker *in, int64_t count, bool utf8)
{
    const char *bytes = count >= 0 ? unpack_bytes(in, (size_t)count) : NULL;
    Text        text  = { bytes, bytes ? (size_t)count : 0 };

    if (bytes && utf8 && !utf8_valid(text)) {
        broken(in);
        return (Text){ NULL, 0 };
    }
    return arena_text(in->arena, text);
}

static Text get_text(Unpacker *in)
{
    return get_chars(in, get_within(in, -1, INT32_MAX), true);
}

/* ---- parts of pictures ------------------------------------------------------------------ */

static Origin get_origin(Unpacker *in)
{
    Origin origin;

    origin.offset_x = get_within(in, -FURTHEST, FURTHEST);
    origin.offset_y = get_within(in, -FURTHEST, FURTHEST);
    origin.width    = get_within(in, 0, FURTHEST);
    origin.height   = get_within(in, 0, FURTHEST);
    return origin;
}

static Lineage get_lineage(Unpacker *in)
{
    Lineage lineage;

    lineage.parent_id = get_text(in);
    lineage.parent    = get_origin(in);
    lineage.root_id   = get_text(in);
    lineage.root      = get_origin(in);
    return lineage;
}

static const VideoMeta *get_video(Unpacker *in)
{
    VideoMeta *video = get_byte(in) ? arena_new(in->arena, VideoMeta) : NULL;

    if (video) {
        video->video_id         = get_text(in);
        video->frame_number     = get_int(in);
        video->timestamp        = get_int(in);
        video->timestamp_offset = (int32_t)get_within(in, INT32_MIN, 24 * 60);
        video->fps              = get_double(in);
        video->measured_fps     = get_double(in);
        video->from_file        = (int8_t)get_within(in, -1, 1);
        video->total_frames     = get_within(in, -1, INT64_MAX);
    }
    return video;
}

Image *unpack_pixels(Unpacker *in, int width, int height, int channels)
{
    size_t         row   = (size_t)width * (channels == 1 ? 1 : 4);
    const uint8_t *bytes = unpack_bytes(in, row * (size_t)height);
    Image         *image = bytes ? image_new(width, height, channels, TEXT(""), NULL) : NULL;

    for (int y = 0; image && y < height; y++) {
        memcpy(image_edit(image) + (size_t)y * image_stride(image), bytes + (size_t)y * row, row);
    }
    return image;
}

static Value get_image(Unpacker *in)
{
    int              width    = (int)get_within(in, 1, LIMIT_IMAGE_SIDE);
    int              height   = (int)get_within(in, 1, LIMIT_IMAGE_SIDE);
    int              channels = (int)get_within(in, 1, 4);
    Lineage          lineage  = get_lineage(in);
    const VideoMeta *video    = get_video(in);
    Text             source   = get_text(in);
    bool             possible = in->end && channels != 2 &&
                                (int64_t)width * height <= LIMIT_IMAGE_PIXELS;
    Image           *image    = possible ? in->pixels(in, width, height, channels) : NULL;
    bool             right    = image && image_width(image) == width &&
                                image_height(image) == height &&
                                image_channels(image) == channels &&
                                image_set_lineage(image, &lineage, NULL) &&
                                image_set_video(image, video, NULL) &&
                                (!source.at || image_set_source_text(image, source, NULL));

    if (!right) {
        image_unref(image);
        broken(in);
        return value_null();
    }
    image = image_keep(in->arena, image);
    return image ? value_image(image) : value_null();
}

static Value get_array(Unpacker *in)
{
    static const size_t sizes[] = { 1, 4, 8, 4, 8 };
    Array      *array = arena_new(in->arena, Array);
    int         type  = get_byte(in);
    size_t      size  = (unsigned)type < COUNT_OF(sizes) ? sizes[type] : 1;
    int64_t     count = 1;
    const void *bytes;
    void       *data;

    array->type = (ArrayType)type;
    array->rank = get_byte(in);
    if ((unsigned)type >= COUNT_OF(sizes) || array->rank > (int)COUNT_OF(array->shape)) {
        broken(in);
        return value_null();
    }
    for (int i = 0; i < array->rank; i++) {
        array->shape[i] = get_within(in, 0, INT32_MAX);
        count = count > INT32_MAX ? count : count * array->shape[i];
    }
    bytes = count <= INT32_MAX ? unpack_bytes(in, (size_t)count * size) : NULL;
    data  = bytes ? arena_try(in->arena, (size_t)MAX(count, 1), size) : NULL;
    if (!data) {
        broken(in);
        return value_null();
    }
    memcpy(data, bytes, (size_t)count * size);
    array->data = data;
    return (Value){ .type = VALUE_ARRAY, .as.array = array };
}

/* ---- detections ------------------------------------------------------------------------- */

static const void *get_numbers(Unpacker *in, int count)
{
    const void *bytes = get_byte(in) ? unpack_bytes(in, (size_t)count * 8) : NULL;
    int64_t    *copy  = bytes ? arena_array(in->arena, int64_t, count) : NULL;

    if (copy) {
        memcpy(copy, bytes, (size_t)count * 8);
    }
    return copy;
}

static const Text *get_texts(Unpacker *in, int count)
{
    Text *texts = get_byte(in) ? arena_array(in->arena, Text, count) : NULL;

    for (int i = 0; texts && i < count; i++) {
        texts[i] = get_text(in);
        texts[i] = texts[i].at ? texts[i] : TEXT("");
    }
    return texts;
}

static Mask get_mask(Unpacker *in, int64_t width, int64_t height)
{
    Mask mask;
    size_t count;
    const uint8_t *packed;
    uint8_t *bits;

    mask.x      = (int32_t)get_within(in, 0, LIMIT_IMAGE_SIDE);
    mask.y      = (int32_t)get_within(in, 0, LIMIT_IMAGE_SIDE);
    mask.width  = (int32_t)get_within(in, 0, LIMIT_IMAGE_SIDE);
    mask.height = (int32_t)get_within(in, 0, LIMIT_IMAGE_SIDE);
    count  = (size_t)mask.width * (size_t)mask.height;
    packed = unpack_bytes(in, (count + 7) / 8);
    if (count > 0 && (mask.x + mask.width > width || mask.y + mask.height > height)) {
        broken(in);
        return (Mask){ 0 };
    }
    bits = packed ? arena_array(in->arena, uint8_t, MAX(count, 1)) : NULL;
    for (size_t i = 0; bits && i < count; i++) {
        bits[i] = packed[i / 8] >> i % 8 & 1;
    }
    mask.bits = bits;
    return bits ? mask : (Mask){ 0 };
}

static const Mask *get_masks(Unpacker *in, const Detections *set)
{
    Mask   *masks = get_byte(in) ? arena_array(in->arena, Mask, set->count) : NULL;
    int64_t bytes = 0;

    for (int i = 0; masks && i < set->count && in->end; i++) {
        masks[i] = get_mask(in, set->image_width, set->image_height);
        bytes   += (int64_t)masks[i].width * masks[i].height;
        if (bytes > (int64_t)LIMIT_MASK_BYTES) {
            broken(in);
        }
    }
    return masks;
}

static KeyPoints get_points(Unpacker *in)
{
    int       count  = get_count(in, 40, LIMIT_KEYPOINTS);
    KeyPoint *points = arena_array(in->arena, KeyPoint, MAX(count, 1));

    for (int i = 0; points && i < count; i++) {
        points[i].x          = get_double(in);
        points[i].y          = get_double(in);
        points[i].confidence = get_double(in);
        points[i].class_id   = get_int(in);
        points[i].class_name = get_text(in);
    }
    return (KeyPoints){ points, points ? count : 0 };
}

static void get_rows(Unpacker *in, Detections *set)
{
    int        n = set->count;
    KeyPoints *keypoints;
    Lineage   *lineages;

    set->boxes       = get_byte(in) ? unpack_bytes(in, (size_t)n * sizeof(Box)) : NULL;
    if (set->boxes) {
        Box *boxes = arena_array(in->arena, Box, n);

        if (boxes) {
            memcpy(boxes, set->boxes, (size_t)n * sizeof(Box));
        }
        set->boxes = boxes;
    }
    set->confidences = get_numbers(in, n);
    set->class_ids   = get_numbers(in, n);
    set->class_names = get_texts(in, n);
    set->ids         = get_texts(in, n);
    set->tracker_ids = get_numbers(in, n);
    set->masks       = get_masks(in, set);
    keypoints = get_byte(in) ? arena_array(in->arena, KeyPoints, n) : NULL;
    for (int i = 0; keypoints && i < n; i++) {
        keypoints[i] = get_points(in);
    }
    set->keypoints = keypoints;
    lineages = get_byte(in) ? arena_array(in->arena, Lineage, n) : NULL;
    for (int i = 0; lineages && i < n; i++) {
        lineages[i] = get_lineage(in);
    }
    set->lineages = lineages;
    if (n > 0 && !(set->boxes && set->confidences && set->class_ids && set->class_names &&
                   set->ids)) {
        broken(in);
    }
}

static bool get_value(Unpacker *in, int depth, Value *out);

static const Value *get_values(Unpacker *in, int count, int depth)
{
    Value *values = arena_array(in->arena, Value, MAX(count, 1));

    for (int i = 0; values && i < count; i++) {
        if (!get_value(in, depth + 1, &values[i])) {
            return NULL;
        }
    }
    return values;
}

static Value get_detections(Unpacker *in, int depth)
{
    Detections      *set   = arena_new(in->arena, Detections);
    int              count = get_count(in, 8, LIMIT_DETECTIONS);
    DetectionColumn *columns;

    set->count           = count;
    set->lineage         = get_lineage(in);
    set->has_origin      = get_byte(in) != 0;
    set->unrelated       = get_byte(in) != 0;
    set->masks_as_rle    = get_byte(in) != 0;
    set->image_width     = get_within(in, -1, FURTHEST);
    set->image_height    = get_within(in, -1, FURTHEST);
    set->prediction_type = get_text(in);
    get_rows(in, set);
    set->column_count = get_count(in, 8, LIMIT_JSON_NODES);
    columns = arena_array(in->arena, DetectionColumn, MAX(set->column_count, 1));
    for (int i = 0; columns && i < set->column_count && in->end; i++) {
        columns[i].name   = get_text(in);
        columns[i].values = get_values(in, count, depth);
    }
    set->columns = columns;
    return value_detections(set);
}

/* ---- values ----------------------------------------------------------------------------- */

static Value get_dict(Unpacker *in, int depth)
{
    int        count = get_count(in, 9, INT32_MAX);
    ValuePair *pairs = arena_array(in->arena, ValuePair, MAX(count, 1));

    for (int i = 0; pairs && i < count; i++) {
        pairs[i].key = get_text(in);
        if (!get_value(in, depth + 1, &pairs[i].value)) {
            return value_null();
        }
    }
    return value_dict(pairs, pairs ? (size_t)count : 0);
}

static Value get_timestamp(Unpacker *in)
{
    Timestamp *timestamp = arena_new(in->arena, Timestamp);

    /* Year 1 to 9999, as Python's datetime has them. */
    timestamp->microseconds = get_within(in, INT64_C(-62135596800000000),
                                         INT64_C(253402300799999999));
    timestamp->offset       = (int32_t)get_within(in, INT32_MIN, 24 * 60);
    if (timestamp->offset != CLOCK_NAIVE && timestamp->offset < -24 * 60) {
        broken(in);
    }
    return (Value){ .type = VALUE_TIMESTAMP, .as.timestamp = timestamp };
}

static Value get_sequence(Unpacker *in, int type, int depth)
{
    int count = get_count(in, 1, INT32_MAX);

    return (Value){ .type = (uint8_t)type, .count = (uint32_t)count,
                    .as.items = get_values(in, count, depth) };
}

static bool get_value(Unpacker *in, int depth, Value *out)
{
    int  type = get_byte(in);
    Text text;

    *out = (Value){ .type = (uint8_t)type };
    if (depth > LIMIT_JSON_DEPTH * 2 || is_broken(in)) {
        return broken(in);
    }
    switch ((ValueType)type) {
    case VALUE_NULL:       break;
    case VALUE_BOOL:       out->as.boolean = get_byte(in) != 0; break;
    case VALUE_INT:        out->as.integer = get_int(in); break;
    case VALUE_UINT:       out->as.natural = (uint64_t)get_int(in); break;
    case VALUE_DOUBLE:     out->as.number = get_double(in); break;
    case VALUE_STRING:
    case VALUE_BYTES:
        text         = get_chars(in, get_within(in, 0, INT32_MAX), type == VALUE_STRING);
        out->count   = (uint32_t)text.length;
        out->as.text = text.at ? text.at : "";
        break;
    case VALUE_LIST:
    case VALUE_TUPLE:      *out = get_sequence(in, type, depth); break;
    case VALUE_DICT:       *out = get_dict(in, depth); break;
    case VALUE_TIMESTAMP:  *out = get_timestamp(in); break;
    case VALUE_ARRAY:      *out = get_array(in); break;
    case VALUE_IMAGE:      *out = get_image(in); break;
    case VALUE_DETECTIONS: *out = get_detections(in, depth); break;
    case VALUE_VIDEO:
        out->as.video = get_video(in);
        return out->as.video ? !is_broken(in) : broken(in);
    case VALUE_DETECTION:
    case VALUE_SECRET:
    default:               return broken(in);
    }
    return !is_broken(in);
}

bool value_unpack(Unpacker *in, Value *out, Error *err)
{
    if (get_value(in, 0, out)) {
        return true;
    }
    *out = value_null();
    return fail(err, ERR_INVALID, "the value is damaged");
}
