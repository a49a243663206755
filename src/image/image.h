/*
 * image - a picture: pixels, where it came from, and how it arrived.
 *
 * An Image is reference counted and, once handed on, immutable: whoever wants
 * other pixels makes a new Image that shares what stays the same.  Pixels are
 * 8 bits with 1, 3 or 4 channels *as the reference sees them*.  Colour is
 * stored as BGRX (4 bytes a pixel, X = 255) or BGRA, gray as one byte.
 * A crop shares the pixels of its source: rows are `stride` bytes apart, which
 * may be more than the width.
 *
 * Pixel memory is charged to the process-wide budget (image/budget.h) before
 * it is allocated and returned when the last image that uses it is gone.
 *
 * Lineage says where in which picture this one was cut: `parent` is the picture
 * it was directly made from, `root` the workflow input at the very beginning.
 *
 * Ownership: functions that return an Image give the caller one reference,
 * to be returned with image_unref(), or handed to an arena with
 * image_keep(arena, image).  Arguments are borrowed.  Counting is thread safe.
 */
#ifndef OCELLUS_IMAGE_IMAGE_H
#define OCELLUS_IMAGE_IMAGE_H

#include "base/arena.h"
#include "base/cancel.h"
#include "base/error.h"

typedef struct Image Image;

/* A rectangle in whole pixels; x, y is the top left corner. */
typedef struct Rect {
    int x, y, width, height;
} Rect;

typedef struct Size {
    int width, height;
} Size;

/* A picture's place in another one: offset of its top left corner, and the
 * size of that other picture. */
typedef struct Origin {
    int64_t offset_x, offset_y;
    int64_t width, height;
} Origin;

typedef struct Lineage {
    Text   parent_id;     /* "image", "image.[0]", a detection's id ... */
    Origin parent;
    Text   root_id;
    Origin root;
} Lineage;

/* What is known about the video that a picture is a frame of.  Absent numbers
 * are NaN or -1, as said. */
typedef struct VideoMeta {
    Text    video_id;
    int64_t frame_number;
    int64_t timestamp;          /* microseconds; see clock_iso */
    int32_t timestamp_offset;   /* minutes, or CLOCK_NAIVE */
    double  fps;                /* NaN: absent */
    double  measured_fps;       /* NaN: absent */
    int8_t  from_file;          /* -1: absent, else 0 or 1 */
    int64_t total_frames;       /* -1: absent */
} VideoMeta;

/* ---- life cycle ----------------------------------------------------------- */

/* Decode a picture from encoded bytes (image/decode.h says which formats and
 * limits).  The bytes are copied and stay attached, so that an untouched
 * picture is handed on as it came.  `id` becomes parent and root id. */
Image *image_decode(const void *bytes, size_t length, Text id, const Cancel *cancel,
                    Error *err) MUST_USE;

/* The picture as it came, with its alpha and without regard to an orientation: decoded
 * once more if it is an untouched PNG, else `image` itself. */
Image *image_with_alpha(const Image *image, Error *err) MUST_USE;

/* A picture of the given size and channels (1, 3, 4) with pixels all zero
 * (X = 255 is the caller's duty when it writes colour).  */
Image *image_new(int width, int height, int channels, Text id, Error *err) MUST_USE;

Image *image_ref(const Image *image);
void   image_unref(Image *image);

/* Hand the caller's reference to the arena; returns its argument (NULL when
 * the arena is out of memory: the reference is then gone). */
Image *image_keep(Arena *arena, Image *image);

/* ---- looking -------------------------------------------------------------- */

int image_width(const Image *image);
int image_height(const Image *image);
int image_channels(const Image *image);      /* 1, 3 or 4 */

/* Bytes a pixel takes in memory: 1 for gray, else 4. */
int image_pixel_bytes(const Image *image);

/* First row, and the distance between rows in bytes. */
const uint8_t *image_pixels(const Image *image);
size_t         image_stride(const Image *image);

const Lineage   *image_lineage(const Image *image);
const VideoMeta *image_video(const Image *image);      /* NULL: none given */

/* The bytes this picture arrived as, when its pixels are still those; else
 * {NULL, 0}. */
Text image_encoded(const Image *image);

/* The very text (base64, perhaps with a data: prefix) it arrived as, when it
 * is not simply the base64 of image_encoded(); {NULL, 0} otherwise. */
Text image_source_text(const Image *image);

/* ---- deriving ------------------------------------------------------------- */

/* The part of `image` inside `rect`, which must lie inside the picture and not
 * be empty.  Shares pixels.  Its parent becomes `image` (offset of rect), its
 * parent id `id`; root offset grows, root id stays; video stays when
 * `keep_video`. */
Image *image_crop(const Image *image, Rect rect, Text id, bool keep_video, Error *err) MUST_USE;

/* A copy whose pixels nobody else sees, to be changed with image_edit() before
 * it is handed on.  Lineage and video stay; encoded bytes are dropped. */
Image *image_copy(const Image *image, Error *err) MUST_USE;

/* A picture with those pixels, to be changed with image_edit(), for when nobody will look
 * at `image` again (it is black from then on): the pixels change hands when nobody else
 * has them or the picture, else they are copied. */
Image *image_take(Image *image, Error *err) MUST_USE;

/* `image` itself, a new reference, to be changed with image_edit() where it is: whoever has
 * it sees the change, and so does who shares its pixels (crops, and what they were cut from;
 * not pictures that were remembered).  Only for who runs alone: nobody else may look, or hand
 * it on, meanwhile. */
Image *image_open(Image *image, Error *err) MUST_USE;

/* A picture like `image` for a memory that others may look into at any time: what is drawn
 * into open pictures from now on does not reach it. */
Image *image_remember(const Image *image, Error *err) MUST_USE;

/* A picture as its bytes hold it, without the turn that their EXIF orientation asked for;
 * `image` itself (a new reference) when there was none or the bytes are gone. */
Image *image_as_stored(const Image *image, Error *err) MUST_USE;

/* A picture of other size or channels in the place of `image`: zeroed pixels,
 * same lineage and video. */
Image *image_replace(const Image *image, int width, int height, int channels, Error *err) MUST_USE;

/* Writable pixels of a picture that was just made and not handed on yet: its
 * pixels are unshared (checked by assert). */
uint8_t *image_edit(Image *image);

/* Set lineage or video on a picture just made (texts are copied; NULL video
 * removes it), or the text it arrived as. */
bool image_set_lineage(Image *image, const Lineage *lineage, Error *err) MUST_USE;
bool image_set_video(Image *image, const VideoMeta *video, Error *err) MUST_USE;
bool image_set_source_text(Image *image, Text text, Error *err) MUST_USE;

#endif
