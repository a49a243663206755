/*
 * wire_image - the parts of the wire form that concern pictures.
 */
#ifndef OCELLUS_VALUE_WIRE_IMAGE_H
#define OCELLUS_VALUE_WIRE_IMAGE_H

#include "base/json.h"
#include "image/encode.h"

/* Read {"video_identifier", "frame_number", "frame_timestamp", ...}; texts are
 * borrowed from the JSON. */
bool wire_read_video(const Json *json, VideoMeta *video, Error *err) MUST_USE;
void wire_write_video(JsonWriter *w, const VideoMeta *video);

/* What the reference makes up for a picture that brought none: the id of the
 * parent, frame 0, now, 30 frames a second. */
VideoMeta video_made_up(const Image *image, int64_t now);

/* Of the JPEG that a picture is written as, where the writer does not say otherwise. */
enum { WIRE_QUALITY = 95 };

/* {"type": "base64", "value", "video_metadata", [lineage of a crop]}.  A picture that is as
 * it came is written as the bytes that it came in. */
bool wire_write_image(JsonWriter *w, const Image *image, Error *err) MUST_USE;

/* {"offset_x", "offset_y", "width", "height"} */
bool wire_read_origin(const Json *json, const char *name, Origin *origin, Error *err) MUST_USE;
void wire_write_origin(JsonWriter *w, const Origin *origin);

#endif
