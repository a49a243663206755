/*
 * uql_media - pictures, points in time, JSON and chance.
 */
#include <math.h>

#include "base/clock.h"
#include "base/text.h"
#include "image/encode.h"
#include "value/uql_inside.h"
#include "value/wire_image.h"

/* ---- frames ---------------------------------------------------------------------------- */

enum { FRAME_NUMBER, FRAME_TIMESTAMP, SECONDS_SINCE_START };

const char *const uql_frame_names[] = {
    "frame_number", "frame_timestamp", "seconds_since_start", NULL,
};

UQL_COMPILE(uql_compile_frame)
{
    (void)arena;
    args->mode = uql_compile_choice(json, "property_name", uql_frame_names, err);
    return args->mode >= 0;
}

static Value timestamp(Evaluation *e, const VideoMeta *video)
{
    Timestamp *stamp = arena_new(e->arena, Timestamp);

    *stamp = (Timestamp){ video->timestamp, video->timestamp_offset };
    return (Value){ .type = VALUE_TIMESTAMP, .as.timestamp = stamp };
}

UQL_APPLY(uql_frame)
{
    VideoMeta video;

    if (in.type != VALUE_IMAGE) {
        return uql_wrong_type(e, NULL, "a picture", in);
    }
    video = image_video(in.as.image) ? *image_video(in.as.image)
                                     : video_made_up(in.as.image, clock_local());
    if (args->mode == FRAME_NUMBER) {
        *out = value_int(video.frame_number);
    } else if (args->mode == FRAME_TIMESTAMP) {
        *out = timestamp(e, &video);
    } else if (!(video.fps != 0) || isnan(video.fps)) {
        return uql_fail(e, UQL_OPERATION, NULL, "the video has no fps, so the seconds since its "
                        "start are not known");
    } else {
        *out = value_double(((double)video.frame_number - 1) / video.fps);
    }
    return true;
}

UQL_APPLY(uql_iso)
{
    char text[CLOCK_ISO_SIZE];

    (void)args;
    if (in.type != VALUE_TIMESTAMP) {
        return uql_wrong_type(e, NULL, "a point in time", in);
    }
    clock_iso(text, in.as.timestamp->microseconds, in.as.timestamp->offset);
    *out = value_text(arena_text(e->arena, text_of(text)));
    return true;
}

/* ---- pictures -------------------------------------------------------------------------- */

enum { QUALITY = 95 };

UQL_COMPILE(uql_compile_quality)
{
    (void)arena;
    args->start = QUALITY;
    if (json_get(json, "compression_level") &&
        !uql_compile_integer(json_get(json, "compression_level"), "compression_level",
                             &args->start, err)) {
        return false;
    }
    return (args->start >= 1 && args->start <= 100) ||
           fail(err, ERR_INVALID, "compression_level: %lld is not from 1 to 100",
                (long long)args->start);
}

static bool encode(Evaluation *e, const Image *image, int quality, Buffer *out)
{
    Error err = { 0 };

    buffer_init(out, LIMIT_RESPONSE_BODY);
    if (image_encode(image, as_jpeg(quality, e->scope->pool), out, &err) && !out->failed) {
        return true;
    }
    buffer_fini(out);
    return uql_fail(e, UQL_STEP, "RuntimeError", "the picture cannot be encoded: %s", err.text);
}

UQL_APPLY(uql_to_jpeg)
{
    Buffer bytes;
    char  *kept;

    if (in.type != VALUE_IMAGE) {
        return uql_wrong_type(e, NULL, "a picture", in);
    }
    if (!encode(e, in.as.image, (int)args->start, &bytes)) {
        return false;
    }
    kept = arena_try(e->arena, bytes.length + 1, 1);
    if (kept) {
        memcpy(kept, bytes.data, bytes.length);
    }
    *out = (Value){ .type = VALUE_BYTES, .count = kept ? (uint32_t)bytes.length : 0,
                    .as.text = kept ? kept : "" };
    buffer_fini(&bytes);
    return kept || uql_out_of_memory(e);
}

/* The text it came as when nothing was changed, else a JPEG. */
UQL_APPLY(uql_to_base64)
{
    Buffer bytes = { 0 };
    Text   raw, source;
    char  *text;

    (void)args;
    if (in.type != VALUE_IMAGE) {
        return uql_wrong_type(e, NULL, "a picture", in);
    }
    raw    = image_encoded(in.as.image);
    source = image_source_text(in.as.image);
    if (source.at) {
        *out = value_text(arena_text(e->arena, source));
        return !arena_failed(e->arena) || uql_out_of_memory(e);
    }
    if (!raw.at) {
        if (!encode(e, in.as.image, QUALITY, &bytes)) {
            return false;
        }
        raw = (Text){ bytes.data, bytes.length };
    }
    text = arena_try(e->arena, base64_size(raw.length) + 1, 1);
    if (text) {
        base64_encode(text, raw.at, raw.length);
        *out = value_text((Text){ text, base64_size(raw.length) });
    }
    if (bytes.data) {
        buffer_fini(&bytes);
    }
    return text || uql_out_of_memory(e);
}

/* ---- chance ---------------------------------------------------------------------------- */

UQL_COMPILE(uql_compile_random)
{
    const Json *low = json_get(json, "min_value"), *high = json_get(json, "max_value");

    (void)arena;
    if ((low && !json_is_number(low)) || (high && !json_is_number(high))) {
        return fail(err, ERR_INVALID, "min_value and max_value are numbers");
    }
    args->low  = json_double(low, 0);
    args->high = json_double(high, 1);
    return true;
}

/* Evenly spread: 53 random bits. */
UQL_APPLY(uql_random)
{
    uint64_t bits;

    (void)e, (void)in;
    random_bytes(&bits, sizeof(bits));
    *out = value_double(args->low +
                        (args->high - args->low) * ((double)(bits >> 11) / 9007199254740992.0));
    return true;
}
