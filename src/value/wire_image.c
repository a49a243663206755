/*
 * wire_image - pictures, their lineage and their video metadata as JSON.
 */
#include "value/wire_image.h"

#include <math.h>

#include "base/clock.h"
#include "base/text.h"
#include "value/wire.h"

/* ---- video metadata ----------------------------------------------------------- */

static bool optional_number(const Json *json, const char *key, double *out, Error *err)
{
    const Json *member = json_get(json, key);

    *out = json_double(member, NAN);
    if (member && !json_is(member, JSON_NULL) && !json_is_number(member)) {
        return fail(err, ERR_INVALID, "video_metadata.%s is not a number", key);
    }
    return true;
}

bool wire_read_video(const Json *json, VideoMeta *video, Error *err)
{
    const Json *id    = json_get(json, "video_identifier");
    const Json *frame = json_get(json, "frame_number");
    const Json *stamp = json_get(json, "frame_timestamp");
    const Json *file  = json_get(json, "comes_from_video_file");

    if (!json_is(json, JSON_OBJECT)) {
        return fail(err, ERR_INVALID, "video_metadata is not a dictionary");
    }
    if (!json_is(id, JSON_STRING)) {
        return fail(err, ERR_INVALID, "video_metadata.video_identifier is not a text");
    }
    if (!json_is(frame, JSON_INT)) {
        return fail(err, ERR_INVALID, "video_metadata.frame_number is not an integer");
    }
    if (!json_is(stamp, JSON_STRING) ||
        !clock_parse_iso(json_text(stamp), &video->timestamp, &video->timestamp_offset)) {
        return fail(err, ERR_INVALID, "video_metadata.frame_timestamp is not a point in time in "
                                      "ISO 8601");
    }
    if (file && !json_is(file, JSON_NULL) && !json_is(file, JSON_BOOL)) {
        return fail(err, ERR_INVALID, "video_metadata.comes_from_video_file is not a boolean");
    }
    video->video_id     = json_text(id);
    video->frame_number = json_int(frame, 0);
    video->from_file    = json_is(file, JSON_BOOL) ? json_bool(file, false) : -1;
    video->total_frames = json_int(json_get(json, "total_frames"), -1);
    return optional_number(json, "fps", &video->fps, err) &&
           optional_number(json, "measured_fps", &video->measured_fps, err);
}

static void write_number_or_null(JsonWriter *w, const char *key, double value)
{
    json_key(w, key);
    json_write_double(w, value);       /* NaN is null */
}

void wire_write_video(JsonWriter *w, const VideoMeta *video)
{
    char iso[CLOCK_ISO_SIZE];

    clock_iso(iso, video->timestamp, video->timestamp_offset);
    json_begin_object(w);
    json_key(w, "video_identifier");
    json_write_text(w, video->video_id);
    json_key(w, "frame_number");
    json_write_int(w, video->frame_number);
    json_key(w, "frame_timestamp");
    json_write_string(w, iso);
    write_number_or_null(w, "fps", video->fps);
    write_number_or_null(w, "measured_fps", video->measured_fps);
    json_key(w, "comes_from_video_file");
    if (video->from_file < 0) {
        json_write_null(w);
    } else {
        json_write_bool(w, video->from_file == 1);
    }
    json_key(w, "total_frames");
    if (video->total_frames < 0) {
        json_write_null(w);
    } else {
        json_write_int(w, video->total_frames);
    }
    json_end_object(w);
}

VideoMeta video_made_up(const Image *image, int64_t now)
{
    return (VideoMeta){
        .video_id = image_lineage(image)->parent_id, .timestamp = now,
        .timestamp_offset = CLOCK_NAIVE, .fps = 30, .measured_fps = NAN, .from_file = -1,
        .total_frames = -1,
    };
}

/* ---- lineage ------------------------------------------------------------------- */

bool wire_read_origin(const Json *json, const char *name, Origin *origin, Error *err)
{
    static const char *const keys[] = { "offset_x", "offset_y", "width", "height" };
    int64_t *const members[] = { &origin->offset_x, &origin->offset_y, &origin->width,
                                 &origin->height };

    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        const Json *number = json_get(json, keys[i]);

        double value;

        if (!wire_number(number, &value) || value != nearbyint(value) || fabs(value) > 1e15) {
            return fail(err, ERR_INVALID, "%s.%s is not a whole number", name, keys[i]);
        }
        *members[i] = (int64_t)value;
    }
    if (origin->width <= 0 || origin->height <= 0) {
        return fail(err, ERR_INVALID, "%s: width and height must be above 0", name);
    }
    return true;
}

void wire_write_origin(JsonWriter *w, const Origin *origin)
{
    json_begin_object(w);
    json_key(w, "offset_x");
    json_write_int(w, origin->offset_x);
    json_key(w, "offset_y");
    json_write_int(w, origin->offset_y);
    json_key(w, "width");
    json_write_int(w, origin->width);
    json_key(w, "height");
    json_write_int(w, origin->height);
    json_end_object(w);
}

/* Ids and origins that a request gives along with its picture. */
static bool read_lineage(const Json *json, Image *image, Error *err)
{
    const Json *parent_id     = json_get(json, "parent_id");
    const Json *root_id       = json_get(json, "root_parent_id");
    const Json *parent_origin = json_get(json, "parent_origin");
    const Json *root_origin   = json_get(json, "root_parent_origin");
    Lineage     lineage       = *image_lineage(image);

    if (!parent_id && !root_id && !parent_origin && !root_origin) {
        return true;
    }
    if (json_is(parent_id, JSON_STRING)) {
        lineage.parent_id = lineage.root_id = json_text(parent_id);
    }
    if (json_is(root_id, JSON_STRING)) {
        lineage.root_id = json_text(root_id);
    }
    if (json_is(parent_origin, JSON_OBJECT) &&
        !wire_read_origin(parent_origin, "parent_origin", &lineage.parent, err)) {
        return false;
    }
    if (json_is(root_origin, JSON_OBJECT) &&
        !wire_read_origin(root_origin, "root_parent_origin", &lineage.root, err)) {
        return false;
    }
    return image_set_lineage(image, &lineage, err);
}

/* ---- pictures ------------------------------------------------------------------ */

/* The length of "data:image/xxx;base64," at the start of a text, or 0. */
static size_t data_prefix(Text text)
{
    size_t at = strlen("data:image/");

    if (!text_starts(text, "data:image/")) {
        return 0;
    }
    while (at < text.length && text.at[at] >= 'a' && text.at[at] <= 'z') {
        at++;
    }
    return at > strlen("data:image/") &&
           text_starts((Text){ text.at + at, text.length - at }, ";base64,")
               ? at + strlen(";base64,") : 0;
}

/* Decode base64 of a picture; the bytes live only for the call, so they are
 * taken from malloc and not from the run's arena. */
static Image *decode_text(Text text, Text id, const Cancel *cancel, Error *err)
{
    size_t   prefix = data_prefix(text);
    Text     base64 = { text.at + prefix, text.length - prefix };
    uint8_t *bytes  = malloc((base64.length / 4 + 1) * 3);
    bool     canonical = false;
    int64_t  length;
    Image   *image = NULL;

    if (!bytes) {
        fail(err, ERR_MEMORY, "no memory for a picture of %zu bytes of base64", base64.length);
        return NULL;
    }
    length = base64_decode(bytes, base64, &canonical);
    if (length < 0) {
        fail(err, ERR_INVALID, "the picture's base64 text is incomplete: its padding is wrong");
    } else if (length == 0) {
        fail(err, ERR_INVALID, "the picture is empty: no base64 data was given");
    } else {
        image = image_decode(bytes, (size_t)length, id, cancel, err);
    }
    free(bytes);
    if (image && (prefix > 0 || !canonical) && !image_set_source_text(image, text, err)) {
        image_unref(image);
        image = NULL;
    }
    return image;
}

/* Lineage and video metadata that stand beside the picture's text. */
static bool read_beside(const Json *json, Image *image, Error *err)
{
    const Json *video = json_get(json, "video_metadata");
    VideoMeta   meta;

    if (!read_lineage(json, image, err)) {
        return false;
    }
    return !video || json_is(video, JSON_NULL) ||
           (wire_read_video(video, &meta, err) && image_set_video(image, &meta, err));
}

Image *wire_decode_image(const Json *json, Text id, const Cancel *cancel, Error *err)
{
    const Json *value = json_is(json, JSON_OBJECT) ? json_get(json, "value") : json;
    Text        text  = json_text(value), name = json_text(json_get(json, "parent_id"));
    Image      *image;

    if (!json_is(value, JSON_STRING)) {
        fail(err, ERR_INVALID, "a picture is given as {\"type\": \"base64\", \"value\": \"...\"}");
        return NULL;
    }
    if (text_starts(text, "http://") || text_starts(text, "https://")) {
        fail(err, ERR_INVALID, "this server does not fetch pictures from URLs; send the picture "
                               "itself as base64");
        return NULL;
    }
    image = decode_text(text, name.at ? name : id, cancel, err);
    if (image && !read_beside(json, image, err)) {
        image_unref(image);
        image = NULL;
    }
    return image;
}

bool wire_read_image(Arena *arena, const Json *json, Text id, const Cancel *cancel, Value *out,
                     Error *err)
{
    Image *image = wire_decode_image(json, id, cancel, err);

    if (!image) {
        return false;
    }
    image = image_keep(arena, image);
    if (!image) {
        return fail(err, ERR_MEMORY, "no memory for the picture");
    }
    *out = value_image(image);
    return true;
}

static bool write_pixels(JsonWriter *w, const Image *image, Error *err)
{
    Text   encoded = image_encoded(image);
    Text   source  = image_source_text(image);
    Buffer file;
    bool   ok;

    if (source.at) {
        json_write_text(w, source);
        return true;
    }
    if (encoded.at) {
        json_write_base64(w, encoded.at, encoded.length);
        return true;
    }
    buffer_init(&file, LIMIT_RESPONSE_BODY);
    ok = image_encode(image, w->pictures ? *w->pictures : as_jpeg(WIRE_QUALITY, NULL), &file, err);
    if (ok) {
        json_write_base64(w, file.data, file.length);
    }
    buffer_fini(&file);
    return ok;
}

bool wire_write_image(JsonWriter *w, const Image *image, Error *err)
{
    const Lineage   *lineage = image_lineage(image);
    const VideoMeta *video   = image_video(image);
    VideoMeta        made_up = video_made_up(image, clock_local());

    json_begin_object(w);
    json_key(w, "type");
    json_write_string(w, "base64");
    json_key(w, "value");
    if (!write_pixels(w, image, err)) {
        return false;
    }
    json_key(w, "video_metadata");
    wire_write_video(w, video ? video : &made_up);
    if (!text_equal(lineage->parent_id, lineage->root_id)) {
        json_key(w, "parent_id");
        json_write_text(w, lineage->parent_id);
        json_key(w, "parent_origin");
        wire_write_origin(w, &lineage->parent);
        json_key(w, "root_parent_id");
        json_write_text(w, lineage->root_id);
        json_key(w, "root_parent_origin");
        wire_write_origin(w, &lineage->root);
    }
    json_end_object(w);
    return true;
}
