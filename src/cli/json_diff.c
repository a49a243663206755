/*
 * json_diff - walking two trees at once.
 */
#include "cli/json_diff.h"

#include "base/text.h"
#include "image/image.h"
#include "value/wire.h"

typedef struct Diffing {
    Buffer *out;
    int     found, most;
    char    path[300];
} Diffing;

static void compare(Diffing *d, const Json *before, const Json *after);

/* ---- lines --------------------------------------------------------------------------- */

enum { SHOWN = 60 };

static void put_short(Buffer *out, const Json *json)
{
    Buffer     text;
    JsonWriter w;

    if (!json) {
        buffer_string(out, "nothing");
        return;
    }
    buffer_init(&text, LIMIT_RESPONSE_BODY);
    w = json_writer(&text);
    json_write(&w, json);
    buffer_printf(out, "%.*s%s", (int)MIN(text.length, SHOWN), text.data ? text.data : "",
                  text.length > SHOWN ? "..." : "");
    buffer_fini(&text);
}

static bool begin_line(Diffing *d)
{
    if (d->found++ >= d->most) {
        return false;
    }
    buffer_printf(d->out, "  %s: ", d->path);
    return true;
}

static void differ(Diffing *d, const Json *before, const Json *after)
{
    if (begin_line(d)) {
        put_short(d->out, before);
        buffer_string(d->out, " -> ");
        put_short(d->out, after);
        buffer_char(d->out, '\n');
    }
}

/* ---- pictures ------------------------------------------------------------------------ */

static bool is_picture(const Json *json)
{
    return json_is(json, JSON_OBJECT) && text_is(json_text(json_get(json, "type")), "base64") &&
           json_is(json_get(json, "value"), JSON_STRING);
}

/* How many pixels differ, and by how much at most. */
static void count_pixels(const Image *a, const Image *b, int64_t *count, int *most)
{
    int bytes = image_pixel_bytes(a), used = MIN(bytes, image_channels(a));

    for (int y = 0; y < image_height(a); y++) {
        const uint8_t *p = image_pixels(a) + (size_t)y * image_stride(a);
        const uint8_t *q = image_pixels(b) + (size_t)y * image_stride(b);

        for (int x = 0; x < image_width(a); x++, p += bytes, q += bytes) {
            bool same = true;

            for (int k = 0; k < used; k++) {
                *most = MAX(*most, abs(p[k] - q[k]));
                same  = same && p[k] == q[k];
            }
            *count += !same;
        }
    }
}

static void describe_pictures(Diffing *d, const Image *a, const Image *b)
{
    int64_t count = 0;
    int     most  = 0;

    if (image_width(a) != image_width(b) || image_height(a) != image_height(b) ||
        image_channels(a) != image_channels(b)) {
        buffer_printf(d->out, "picture of %dx%d -> %dx%d\n", image_width(a), image_height(a),
                      image_width(b), image_height(b));
        return;
    }
    count_pixels(a, b, &count, &most);
    buffer_printf(d->out, "%.2f %% of the pixels, by at most %d\n",
                  100.0 * (double)count / ((double)image_width(a) * image_height(a)), most);
}

static void compare_pictures(Diffing *d, const Json *before, const Json *after)
{
    Image *a, *b;

    if (text_equal(json_text(json_get(before, "value")), json_text(json_get(after, "value"))) ||
        !begin_line(d)) {
        return;
    }
    a = wire_decode_image(before, TEXT("before"), NULL, NULL);
    b = wire_decode_image(after, TEXT("after"), NULL, NULL);
    if (a && b) {
        describe_pictures(d, a, b);
    } else {
        buffer_string(d->out, "another picture\n");
    }
    image_unref(a);
    image_unref(b);
}

/* ---- trees --------------------------------------------------------------------------- */

static void compare_below(Diffing *d, const char *format, Text key, size_t index,
                          const Json *before, const Json *after)
{
    size_t length = strlen(d->path);

    if (format) {
        snprintf(d->path + length, sizeof(d->path) - length, format, index);
    } else {
        snprintf(d->path + length, sizeof(d->path) - length, ".%.*s", SHOW(key));
    }
    compare(d, before, after);
    d->path[length] = '\0';
}

static void compare_objects(Diffing *d, const Json *before, const Json *after)
{
    JsonWalk walk = json_walk(before);

    while (json_next(&walk)) {
        compare_below(d, NULL, walk.key, 0, walk.value, json_get_text(after, walk.key));
    }
    walk = json_walk(after);
    while (json_next(&walk)) {
        if (!json_get_text(before, walk.key)) {
            compare_below(d, NULL, walk.key, 0, NULL, walk.value);
        }
    }
}

static void compare_lists(Diffing *d, const Json *before, const Json *after)
{
    JsonWalk a = json_walk(before), b = json_walk(after);
    size_t   count = MAX(json_count(before), json_count(after));

    for (size_t i = 0; i < count; i++) {
        const Json *x = json_next(&a) ? a.value : NULL, *y = json_next(&b) ? b.value : NULL;

        compare_below(d, "[%zu]", TEXT(""), i, x, y);
    }
}

static bool same_leaf(const Json *before, const Json *after)
{
    if (json_type(before) != json_type(after)) {
        return false;
    }
    switch (json_type(before)) {
    case JSON_NULL:   return true;
    case JSON_BOOL:   return json_bool(before, false) == json_bool(after, false);
    case JSON_INT:    return json_int(before, 0) == json_int(after, 0);
    case JSON_UINT:   return json_uint(before) == json_uint(after);
    case JSON_DOUBLE: return json_double(before, 0) == json_double(after, 0);
    case JSON_STRING:
        return text_equal(json_text(before), json_text(after)) ||
               (uuid_valid(json_text(before)) && uuid_valid(json_text(after)));
    default:          return false;
    }
}

static void compare(Diffing *d, const Json *before, const Json *after)
{
    if (!before || !after) {
        differ(d, before, after);
    } else if (is_picture(before) && is_picture(after)) {
        compare_pictures(d, before, after);
    } else if (json_is(before, JSON_OBJECT) && json_is(after, JSON_OBJECT)) {
        compare_objects(d, before, after);
    } else if (json_is(before, JSON_ARRAY) && json_is(after, JSON_ARRAY)) {
        compare_lists(d, before, after);
    } else if (!same_leaf(before, after)) {
        differ(d, before, after);
    }
}

int json_diff(Buffer *out, const char *path, const Json *before, const Json *after, int most)
{
    Diffing d = { .out = out, .most = most };

    snprintf(d.path, sizeof(d.path), "%s", path);
    compare(&d, before, after);
    if (d.found > most) {
        buffer_printf(out, "  and %d more\n", d.found - most);
    }
    return d.found;
}
