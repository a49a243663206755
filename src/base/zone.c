/*
 * zone - time zone files.
 *
 * A file lists the moments at which the offset changed; after the last of them a
 * rule of POSIX's TZ form goes on for ever (zone_rule.c).  Files of version 1
 * have 32-bit moments and no rule; later ones repeat everything in 64 bits after
 * a part of that form.
 */
#include "base/zone.h"

#include "base/buffer.h"
#include "base/file.h"

#define ZONE_FOLDER "/usr/share/zoneinfo/"
#define HEADER_SIZE 44
#define LIMIT_ZONE  KIB(256)

/* The counts of a header, in the order of the file. */
typedef struct Counts {
    uint32_t isut, isstd, leap, time, type, chars;
} Counts;

static int64_t big_endian(const unsigned char *at, int bytes)
{
    uint64_t value = at[0] & 0x80 ? UINT64_MAX : 0;

    for (int i = 0; i < bytes; i++) {
        value = value << 8 | at[i];
    }
    return (int64_t)value;
}

static bool broken(Error *err)
{
    return fail(err, ERR_INVALID, "the time zone file is damaged");
}

static bool read_header(Text file, Counts *counts)
{
    const unsigned char *at = (const unsigned char *)file.at;
    uint32_t *const fields[] = { &counts->isut, &counts->isstd, &counts->leap, &counts->time,
                                 &counts->type, &counts->chars };

    if (file.length < HEADER_SIZE || memcmp(at, "TZif", 4) != 0) {
        return false;
    }
    for (int i = 0; i < 6; i++) {
        int64_t count = big_endian(at + 20 + 4 * i, 4);

        if (count < 0 || count > (int64_t)LIMIT_ZONE) {
            return false;
        }
        *fields[i] = (uint32_t)count;
    }
    return counts->type > 0;
}

/* The bytes that follow a header; `size` is that of a moment. */
static size_t body_size(const Counts *c, size_t size)
{
    return c->time * (size + 1) + (size_t)c->type * 6 + c->chars + c->leap * (size + 4) +
           c->isstd + c->isut;
}

/* The index of the last moment that is not after `seconds`, or -1. */
static int64_t find_moment(const unsigned char *moments, int64_t count, int size, int64_t seconds)
{
    int64_t low = -1, high = count;

    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;

        if (big_endian(moments + middle * size, size) <= seconds) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Offset number `index`; before the first moment the first one counts. */
static bool read_type(const unsigned char *types, const Counts *c, unsigned index, int32_t *offset,
                      Error *err)
{
    int64_t value = index < c->type ? big_endian(types + (size_t)index * 6, 4) : INT64_MAX;

    if (value < -86400 * 7 || value > 86400 * 7) {
        return broken(err);
    }
    *offset = (int32_t)value;
    return true;
}

/* The line of text at the end, without its line breaks. */
static Text footer(Text file, size_t from)
{
    Text rest = { file.at + from, file.length - from };

    if (rest.length < 2 || rest.at[0] != '\n' || rest.at[rest.length - 1] != '\n') {
        return (Text){ NULL, 0 };
    }
    return (Text){ rest.at + 1, rest.length - 2 };
}

bool zone_read(Text file, int64_t seconds, int32_t *offset, Error *err)
{
    Counts  c;
    int     size = 4;
    size_t  start = HEADER_SIZE;
    int64_t moment;
    Text    rule = { NULL, 0 };
    const unsigned char *moments;

    if (!read_header(file, &c)) {
        return broken(err);
    }
    if (file.at[4] >= '2') {
        size_t skip = HEADER_SIZE + body_size(&c, 4);

        if (skip > file.length ||
            !read_header((Text){ file.at + skip, file.length - skip }, &c)) {
            return broken(err);
        }
        start = skip + HEADER_SIZE;
        size  = 8;
    }
    if (start + body_size(&c, (size_t)size) > file.length) {
        return broken(err);
    }
    if (size == 8) {
        rule = footer(file, start + body_size(&c, 8));
    }
    moments = (const unsigned char *)file.at + start;
    moment  = find_moment(moments, c.time, size, seconds);
    if (moment == (int64_t)c.time - 1 && rule.length > 0) {
        return zone_rule(rule, seconds, offset, err);
    }
    return read_type(moments + (size_t)c.time * ((size_t)size + 1), &c,
                     moment < 0 ? 0 : moments[(size_t)c.time * (size_t)size + (size_t)moment],
                     offset, err);
}

bool zone_offset(const char *name, int64_t seconds, int32_t *offset, Error *err)
{
    char   path[256];
    Buffer file;
    bool   ok;

    *offset = 0;
    if (strcmp(name, "UTC") == 0) {
        return true;
    }
    if (strlen(name) > 200 || !path_is_safe(text_of(name))) {
        return fail(err, ERR_INVALID, "'%.60s' is no name of a time zone", name);
    }
    snprintf(path, sizeof(path), ZONE_FOLDER "%s", name);
    buffer_init(&file, LIMIT_ZONE);
    ok = file_read(path, LIMIT_ZONE, &file, err);
    if (!ok && err->kind == ERR_NOT_FOUND) {
        fail(err, ERR_MISSING, "the time zone %.60s is not installed here; install the package "
                               "tzdata", name);
    }
    ok = ok && zone_read((Text){ file.data, file.length }, seconds, offset, err);
    buffer_fini(&file);
    return ok;
}
