/*
 * wire_write - values as JSON: as they are, and by the kinds an output declares.
 */
#include "base/clock.h"
#include "base/text.h"
#include "value/detections.h"
#include "value/wire.h"
#include "value/wire_image.h"

void wire_write_secret(JsonWriter *w, Text secret)
{
    const char *end   = secret.at + secret.length;
    const char *left  = secret.at, *right = end;
    char        masked[32];

    if (utf8_length(secret) < 8) {
        json_write_string(w, "********");
        return;
    }
    for (int i = 0; i < 2; i++) {
        utf8_next(&left, end);
        do {
            right--;
        } while (right > left && ((unsigned char)*right & 0xC0) == 0x80);
    }
    snprintf(masked, sizeof(masked), "%.*s********%.*s", (int)(left - secret.at), secret.at,
             (int)(end - right), right);
    json_write_string(w, masked);
}

static void write_number_of(JsonWriter *w, const Array *array, int64_t i)
{
    switch (array->type) {
    case ARRAY_U8:  json_write_int(w, ((const uint8_t *)array->data)[i]); break;
    case ARRAY_I32: json_write_int(w, ((const int32_t *)array->data)[i]); break;
    case ARRAY_I64: json_write_int(w, ((const int64_t *)array->data)[i]); break;
    case ARRAY_F32: json_write_double(w, ((const float *)array->data)[i]); break;
    case ARRAY_F64: json_write_double(w, ((const double *)array->data)[i]); break;
    }
}

/* Nested lists, as the reference's encoder writes arrays. */
static void write_array(JsonWriter *w, const Array *array, int axis, int64_t *at)
{
    if (axis == array->rank) {
        write_number_of(w, array, (*at)++);
        return;
    }
    json_begin_array(w);
    for (int64_t i = 0; i < array->shape[axis]; i++) {
        write_array(w, array, axis + 1, at);
    }
    json_end_array(w);
}

static bool write_items(JsonWriter *w, Value value, Error *err)
{
    json_begin_array(w);
    for (uint32_t i = 0; i < value.count; i++) {
        if (!wire_write(w, value.as.items[i], err)) {
            return false;
        }
    }
    json_end_array(w);
    return true;
}

static bool write_pairs(JsonWriter *w, Value value, Error *err)
{
    json_begin_object(w);
    for (uint32_t i = 0; i < value.count; i++) {
        json_key_text(w, value.as.pairs[i].key);
        if (!wire_write(w, value.as.pairs[i].value, err)) {
            return false;
        }
    }
    json_end_object(w);
    return true;
}

bool wire_write(JsonWriter *w, Value value, Error *err)
{
    char    iso[CLOCK_ISO_SIZE];
    int64_t at = 0;

    switch ((ValueType)value.type) {
    case VALUE_NULL:       json_write_null(w); break;
    case VALUE_BOOL:       json_write_bool(w, value.as.boolean); break;
    case VALUE_INT:        json_write_int(w, value.as.integer); break;
    case VALUE_UINT:       json_write_uint(w, value.as.natural); break;
    case VALUE_DOUBLE:     json_write_double(w, value.as.number); break;
    case VALUE_STRING:     json_write_text(w, value_as_text(value)); break;
    case VALUE_BYTES:      json_write_base64(w, value.as.text, value.count); break;
    case VALUE_SECRET:     wire_write_secret(w, value_as_text(value)); break;
    case VALUE_LIST:
    case VALUE_TUPLE:      return write_items(w, value, err);
    case VALUE_DICT:       return write_pairs(w, value, err);
    case VALUE_ARRAY:      write_array(w, value.as.array, 0, &at); break;
    case VALUE_VIDEO:      wire_write_video(w, value.as.video); break;
    case VALUE_IMAGE:      return wire_write_image(w, value.as.image, err);
    case VALUE_DETECTIONS: return detections_write(w, value.as.detections, err);
    case VALUE_DETECTION:
        return fail(err, ERR_INVALID, "a single detection has no form on the wire");
    case VALUE_TIMESTAMP:
        clock_iso(iso, value.as.timestamp->microseconds, value.as.timestamp->offset);
        json_write_string(w, iso);
        break;
    }
    return true;
}

/* ---- by kind ---------------------------------------------------------------------------- */

typedef bool (*Writer)(JsonWriter *w, Value value, Error *err);

static bool wrong(Error *err, Value value, const char *wanted)
{
    return fail(err, ERR_INVALID, "expected %s, got %s", wanted, value_type_name(value.type));
}

static bool write_image(JsonWriter *w, Value value, Error *err)
{
    return value.type == VALUE_IMAGE ? wire_write(w, value, err) : wrong(err, value, "a picture");
}

static bool write_video(JsonWriter *w, Value value, Error *err)
{
    return value.type == VALUE_VIDEO ? wire_write(w, value, err)
                                     : wrong(err, value, "video metadata");
}

static bool write_detections(JsonWriter *w, Value value, Error *err)
{
    return value.type == VALUE_DETECTIONS ? detections_write(w, value.as.detections, err)
                                          : wrong(err, value, "detections");
}

static bool write_rle(JsonWriter *w, Value value, Error *err)
{
    return value.type == VALUE_DETECTIONS ? detections_write_rle(w, value.as.detections, err)
                                          : wrong(err, value, "detections");
}

static bool write_timestamp(JsonWriter *w, Value value, Error *err)
{
    return value.type == VALUE_TIMESTAMP ? wire_write(w, value, err)
                                         : wrong(err, value, "a timestamp");
}

static bool write_secret(JsonWriter *w, Value value, Error *err)
{
    if ((value.type == VALUE_LIST || value.type == VALUE_DICT) && value.count < 8) {
        json_write_string(w, "********");
        return true;
    }
    if (value.type != VALUE_STRING && value.type != VALUE_SECRET) {
        return wrong(err, value, "a text");
    }
    wire_write_secret(w, value_as_text(value));
    return true;
}

/* Whether a value is an action as it was read: these keys and no others, in order. */
static bool is_action(Value value)
{
    static const char *const keys[] = {
        "start_frame_idx", "end_frame_idx", "class", "confidence", "class_id",
    };
    uint32_t at = 0;

    for (size_t i = 0; i < COUNT_OF(keys) && value.type == VALUE_DICT; i++) {
        bool here = at < value.count && text_is(value.as.pairs[at].key, keys[i]);

        if (!here && i != 3) {
            return false;
        }
        at += here;
    }
    return value.type == VALUE_DICT && at == value.count;
}

static bool write_actions(JsonWriter *w, Value value, Error *err)
{
    bool actions = value.type == VALUE_LIST || value.type == VALUE_TUPLE;

    for (uint32_t i = 0; actions && i < value.count; i++) {
        actions = is_action(value.as.items[i]);
    }
    return actions ? wire_write(w, value, err) : wrong(err, value, "a list of recognised actions");
}

static const Writer writers[KIND_COUNT] = {
    [KIND_ANY] = wire_write,           [KIND_OVERLAPS] = wire_write,
    [KIND_IMAGE] = write_image,        [KIND_VIDEO_METADATA] = write_video,
    [KIND_OD] = write_detections,      [KIND_IS] = write_detections,
    [KIND_KP] = write_detections,      [KIND_QR] = write_detections,
    [KIND_BAR] = write_detections,     [KIND_RLE] = write_rle,
    [KIND_SEM] = write_rle,            [KIND_TIMESTAMP] = write_timestamp,
    [KIND_SECRET] = write_secret,      [KIND_ACT] = write_actions,
};

/* What a plain JSON encoder cannot write. */
static const char *not_plain(Value value)
{
    const char *found = NULL;

    switch ((ValueType)value.type) {
    case VALUE_IMAGE:
        return "a picture";
    case VALUE_DETECTIONS:
    case VALUE_DETECTION:
        return "detections";
    case VALUE_LIST:
    case VALUE_TUPLE:
        for (uint32_t i = 0; i < value.count && !found; i++) {
            found = not_plain(value.as.items[i]);
        }
        return found;
    case VALUE_DICT:
        for (uint32_t i = 0; i < value.count && !found; i++) {
            found = not_plain(value.as.pairs[i].value);
        }
        return found;
    default:
        return NULL;
    }
}

static bool write_plain(JsonWriter *w, Value value, Error *err)
{
    const char *found = not_plain(value);

    if (found) {
        return fail(err, ERR_UNSUPPORTED, "its kind has no form for %s; hand it through a step "
                                          "whose output is of kind '*'", found);
    }
    return wire_write(w, value, err);
}

/* Try one form; what it wrote before it failed is taken back. */
static bool try_write(JsonWriter *w, Value value, Writer writer, Error *err)
{
    JsonWriter before = *w;
    size_t     length = w->out->length;

    if (writer(w, value, err)) {
        return true;
    }
    *w = before;
    w->out->length = length;
    return false;
}

bool wire_write_kinds(JsonWriter *w, Value value, KindRefs kinds, Error *err)
{
    bool plain = kinds.count == 0;

    if (value_is_null(value)) {
        json_write_null(w);
        return true;
    }
    for (int i = 0; i < kinds.count; i++) {
        Writer writer = kinds.refs[i].id < 0 ? NULL : writers[kinds.refs[i].id];

        plain |= !writer;
        if (writer && try_write(w, value, writer, err)) {
            return true;
        }
        if (writer && err->kind != ERR_INVALID) {
            return false;
        }
    }
    return plain && write_plain(w, value, err);
}
