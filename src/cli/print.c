/*
 * print - indented JSON, with pictures taken out into files.
 */
#include "cli/print.h"

#include "base/file.h"
#include "base/text.h"
#include "image/decode.h"

typedef struct Printing {
    Buffer     *out;
    bool        take_pictures;
    const char *folder, *prefix;
    int        *saved;
    Error      *err;
    char        where[200];       /* names on the way down, joined by '_' */
} Printing;

enum { SHORT_LIST = 8 };

static void indent(Buffer *out, int depth)
{
    buffer_char(out, '\n');
    for (int i = 0; i < depth; i++) {
        buffer_string(out, "  ");
    }
}

static void print_plain(Buffer *out, const Json *json)
{
    JsonWriter w = json_writer(out);

    json_write(&w, json);
}

/* A few numbers or texts stay on one line. */
static bool is_short(const Json *json)
{
    JsonWalk walk = json_walk(json);

    if (json_count(json) > SHORT_LIST) {
        return false;
    }
    while (json_next(&walk)) {
        if (json_is(walk.value, JSON_ARRAY) || json_is(walk.value, JSON_OBJECT) ||
            json_text(walk.value).length > 20) {
            return false;
        }
    }
    return true;
}

static bool is_picture(const Json *json)
{
    return json_is(json, JSON_OBJECT) && text_is(json_text(json_get(json, "type")), "base64") &&
           json_is(json_get(json, "value"), JSON_STRING);
}

void safe_name(char *name)
{
    for (; *name; name++) {
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", *name)) {
            *name = '_';
        }
    }
}

/* What files of a format are named; pictures that steps made are JPEG. */
static const char *extension(ImageFormat format)
{
    switch (format) {
    case FORMAT_PNG:
        return "png";
    case FORMAT_WEBP:
        return "webp";
    case FORMAT_BMP:
        return "bmp";
    case FORMAT_GIF:
        return "gif";
    case FORMAT_TIFF:
        return "tif";
    case FORMAT_AVIF:
        return "avif";
    default:
        return "jpg";
    }
}

static bool save_picture(Printing *p, Text base64, char *path, size_t size)
{
    const char *comma = memchr(base64.at, ',', MIN(base64.length, 64));
    Text        body  = comma ? (Text){ comma + 1, base64.length - (size_t)(comma + 1 - base64.at) }
                              : base64;
    uint8_t    *bytes = malloc((body.length / 4 + 1) * 3);
    int64_t     n     = bytes ? base64_decode(bytes, body, NULL) : -1;
    ImageHeader header;
    char        name[300];
    bool        ok;

    if (n < 0) {
        free(bytes);
        return fail(p->err, ERR_INTERNAL, "a picture of the answer cannot be read");
    }
    snprintf(name, sizeof(name), "%.90s_%.190s", p->prefix, p->where);
    safe_name(name);
    ok = image_probe(bytes, (size_t)n, &header, NULL);
    snprintf(path, size, "%s/%s.%s", p->folder, name, extension(ok ? header.format : FORMAT_JPEG));
    ok = file_write(path, bytes, (size_t)n, p->err);
    free(bytes);
    *p->saved += ok;
    return ok;
}

static bool print_picture(Printing *p, const Json *json)
{
    char       path[900];
    JsonWriter w = json_writer(p->out);

    if (!p->folder) {
        json_write_string(&w, "(a picture; --out DIR saves it, --json prints it)");
        return true;
    }
    if (!save_picture(p, json_text(json_get(json, "value")), path, sizeof(path))) {
        return false;
    }
    json_write_string(&w, path);
    return true;
}

static bool print_any(Printing *p, const Json *json, int depth);

static bool print_members(Printing *p, const Json *json, int depth)
{
    bool     object = json_is(json, JSON_OBJECT);
    JsonWalk walk   = json_walk(json);
    size_t   length = strlen(p->where);

    buffer_char(p->out, object ? '{' : '[');
    while (json_next(&walk)) {
        if (walk.index > 0) {
            buffer_char(p->out, ',');
        }
        indent(p->out, depth + 1);
        if (object) {
            JsonWriter w = json_writer(p->out);

            json_write_text(&w, walk.key);
            buffer_string(p->out, ": ");
            snprintf(p->where + length, sizeof(p->where) - length, "%s%.*s", length ? "_" : "",
                     SHOW(walk.key));
        } else if (depth > 0 || json_count(json) > 1) {
            snprintf(p->where + length, sizeof(p->where) - length, "%s%zu", length ? "_" : "",
                     walk.index);
        }
        if (!print_any(p, walk.value, depth + 1)) {
            return false;
        }
        p->where[length] = '\0';
    }
    indent(p->out, depth);
    buffer_char(p->out, object ? '}' : ']');
    return true;
}

static bool print_any(Printing *p, const Json *json, int depth)
{
    if (p->take_pictures && is_picture(json)) {
        return print_picture(p, json);
    }
    if ((json_is(json, JSON_ARRAY) && is_short(json)) || json_count(json) == 0) {
        print_plain(p->out, json);
        return true;
    }
    return print_members(p, json, depth);
}

void print_pretty(Buffer *out, const Json *json)
{
    Printing p = { .out = out };

    (void)print_any(&p, json, 0);
    buffer_char(out, '\n');
}

bool print_answer(Buffer *out, const Json *json, const char *folder, const char *prefix,
                  int *saved, Error *err)
{
    Printing p = { .out = out, .take_pictures = true, .folder = folder, .prefix = prefix,
                   .saved = saved, .err = err };

    if (!print_any(&p, json, 0)) {
        return false;
    }
    buffer_char(out, '\n');
    return true;
}

bool print_out(const Buffer *text, Error *err)
{
    if (text->failed) {
        return fail(err, ERR_MEMORY, "the answer is too large to print");
    }
    if ((text->length > 0 && fwrite(text->data, 1, text->length, stdout) != text->length) ||
        fflush(stdout) != 0) {
        return fail(err, ERR_INTERNAL, "the answer cannot be written to stdout");
    }
    return true;
}
